"""Authorization: the seller's pages, single-use codes, refresh and revocation."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from simulator_stubs import SERVICE_ID, Api, Clock, Deliveries
from werkzeug.test import TestResponse

from sandbox.simulator import Simulator

LINK = {"service_id": SERVICE_ID, "state": "csrf/+ 1"}


def log_in(api: Api, link: dict[str, str]) -> TestResponse:
    form = {"username": "anna", "password": "secret"}
    return api.http.post("/open/login", query_string=link, data=form, follow_redirects=True)


def decide(api: Api, link: dict[str, str], decision: str) -> dict[str, list[str]]:
    response = api.http.post("/open/authorize", query_string=link, data={"decision": decision})
    assert response.status_code == 302
    assert response.location.startswith("https://erp.test/back?")
    return parse_qs(urlsplit(response.location).query)


def test_the_seller_logs_in_sees_the_scopes_and_authorizes(api: Api) -> None:
    assert "Log in" in api.http.get("/open/authorize", query_string=LINK).text
    page = log_in(api, LINK).text
    assert "seller.order.info" in page
    assert "Berlin" in page
    answer = decide(api, LINK, "authorize")
    assert answer["state"] == ["csrf/+ 1"]
    assert answer["shop_region"] == ["DE"]
    granted = api.token_call("get", auth_code=answer["code"][0], grant_type="authorized_code")
    assert granted["message"] == "success"
    assert granted["data"]["user_type"] == 0


def test_a_wrong_password_is_refused(api: Api) -> None:
    response = api.http.post("/open/login", query_string=LINK, data={"username": "anna", "password": "no"})
    assert response.status_code == 401
    assert "wrong" in response.text


def test_nobody_authorizes_without_a_login(api: Api) -> None:
    response = api.http.post("/open/authorize", query_string=LINK, data={"decision": "authorize"})
    assert "/open/authorize" in response.location


def test_a_refusal_goes_back_as_auth_denied(api: Api) -> None:
    log_in(api, LINK)
    answer = decide(api, LINK, "refuse")
    assert (answer["code"], answer["error"], answer["state"]) == (["null"], ["auth_denied"], ["csrf/+ 1"])


def test_a_seller_from_the_app_store_carries_no_state(api: Api) -> None:
    response = api.http.get(f"/appstore/{SERVICE_ID}")
    link = {name: values[0] for name, values in parse_qs(urlsplit(response.location).query).items()}
    log_in(api, link)
    assert "state" not in decide(api, link, "authorize")


def test_an_unknown_service_id_is_told_in_words(api: Api) -> None:
    response = api.http.get("/open/authorize", query_string={"service_id": "1"})
    assert response.status_code == 400
    assert "service id" in response.text


def test_a_code_works_once(api: Api) -> None:
    code = api.new_code()
    assert api.token_call("get", auth_code=code, grant_type="authorized_code")["code"] == 0
    assert api.token_call("get", auth_code=code, grant_type="authorized_code")["code"] == 36004004


def test_a_code_ends_after_30_minutes(api: Api, clock: Clock) -> None:
    code = api.new_code()
    clock.advance(1800)
    assert api.token_call("get", auth_code=code, grant_type="authorized_code")["code"] == 36004004


def test_the_grant_type_is_tiktoks_own(api: Api) -> None:
    assert api.token_call("get", auth_code=api.new_code(), grant_type="authorization_code")["code"] == 36009004


def test_a_wrong_app_secret_gets_no_token(api: Api) -> None:
    query = {
        "auth_code": api.new_code(),
        "grant_type": "authorized_code",
        "app_secret": "x",
        "app_key": "6demoappkey01",
    }
    assert api.http.get("/api/v2/token/get", query_string=query).get_json()["code"] == 36009004


@pytest.mark.parametrize("path", ["/api/v2/token/get", "/api/v2/token/refresh"])
def test_the_token_host_answers_404_to_post(api: Api, path: str) -> None:
    assert api.http.post(path).status_code == 404


def test_expiry_times_are_absolute(api: Api, clock: Clock) -> None:
    grant = api.grant()
    assert grant["access_token_expire_in"] == int(clock()) + 7 * 86_400
    assert grant["refresh_token_expire_in"] == int(clock()) + 365 * 86_400


def test_a_refresh_replaces_both_tokens_and_the_old_ones_die(api: Api) -> None:
    old = api.grant()
    new = api.token_call("refresh", refresh_token=old["refresh_token"], grant_type="refresh_token")["data"]
    assert api.refusal("GET", "/logistics/202309/warehouses")[1] == 36009004
    api.token = new["access_token"]
    assert api.data("GET", "/logistics/202309/warehouses")["warehouses"]
    again = api.token_call("refresh", refresh_token=old["refresh_token"], grant_type="refresh_token")
    assert again["code"] == 36004005


def test_an_expired_refresh_token_is_refused(api: Api, clock: Clock) -> None:
    old = api.grant()
    clock.advance(365 * 86_400)
    answer = api.token_call("refresh", refresh_token=old["refresh_token"], grant_type="refresh_token")
    assert answer["code"] == 36004001


def test_authorizing_again_replaces_the_old_grant(api: Api) -> None:
    old = api.token
    api.grant()
    assert api.token != old
    assert api.refusal("GET", "/logistics/202309/warehouses", headers={"x-tts-access-token": old})[1] == 36009004


def test_one_token_covers_all_shops_of_the_seller(api: Api) -> None:
    shops = api.data("GET", "/authorization/202309/shops", drop=("shop_cipher",))["shops"]
    assert [(shop["name"], shop["region"]) for shop in shops] == [("Berlin", "DE"), ("Austin", "US")]


def test_an_access_token_can_be_expired_on_demand(api: Api) -> None:
    assert api.control("/expire_access_token")["count"] == 1
    assert api.refusal("GET", "/logistics/202309/warehouses")[1] == 105002


def test_a_revoked_grant_is_told_by_webhook_and_its_tokens_are_unknown(
    api: Api, simulator: Simulator, deliveries: Deliveries
) -> None:
    grant = api.grant()
    assert api.control("/revoke", {"username": "anna"})["count"] == 1
    simulator.webhooks.run_due()
    assert [payload["type"] for payload in deliveries.payloads] == [6, 6]
    assert api.refusal("GET", "/logistics/202309/warehouses")[1] == 36009004
    answer = api.token_call("refresh", refresh_token=grant["refresh_token"], grant_type="refresh_token")
    assert answer["code"] == 36004005
