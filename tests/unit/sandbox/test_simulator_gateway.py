"""The gateway's refusals, one by one, in TikTok's order."""

from __future__ import annotations

import pytest
from simulator_stubs import APP_SECRET, Api, Clock

from sandbox.model import ALL_SCOPES
from sandbox.simulator import Simulator

SEARCH = "/order/202309/orders/search"
SHOPS = "/authorization/202309/shops"
PAGE = {"page_size": "10"}


def test_a_good_call_is_answered(api: Api) -> None:
    answer = api.call("POST", SEARCH, PAGE, {}).get_json()
    assert (answer["code"], answer["message"]) == (0, "Success")
    assert answer["request_id"]


def test_an_unknown_path_is_refused_before_anything_else(api: Api) -> None:
    assert api.refusal("GET", "/order/209901/orders", drop=("app_key", "sign"))[:2] == (404, 36009009)


@pytest.mark.parametrize("app_key", ["", "somebody-else"])
def test_an_unknown_app_key_is_refused_before_the_signature(api: Api, app_key: str) -> None:
    status, code, message = api.refusal("POST", SEARCH, PAGE | {"app_key": app_key}, {}, drop=("sign",))
    assert (status, code) == (400, 36009004)
    assert "app_key" in message


def test_a_missing_signature_is_refused(api: Api) -> None:
    _, code, message = api.refusal("POST", SEARCH, PAGE, {}, drop=("sign",))
    assert code == 36009004
    assert "signature" in message


def test_a_signature_with_another_secret_is_refused(api: Api) -> None:
    assert api.refusal("POST", SEARCH, PAGE, {}, secret="other")[:2] == (401, 106001)


def test_a_signature_over_another_body_is_refused(api: Api) -> None:
    good = api.call("POST", SEARCH, PAGE, {"order_status": "UNPAID"})
    sign = good.request.args["sign"]
    assert api.refusal("POST", SEARCH, PAGE | {"sign": sign}, {"order_status": "ON_HOLD"})[1] == 106001


def test_the_signature_covers_the_exact_bytes_of_the_body(api: Api) -> None:
    assert api.call("POST", SEARCH, PAGE, raw='{ "buyer_user_id" : "Größe ✓" }'.encode()).get_json()["code"] == 0


@pytest.mark.parametrize(("skew", "accepted"), [(-300, True), (-301, False), (30, True), (31, False)])
def test_the_clock_may_be_5_minutes_slow_or_30_seconds_fast(api: Api, clock: Clock, skew: int, accepted: bool) -> None:
    answer = api.call("POST", SEARCH, PAGE | {"timestamp": str(int(clock()) + skew)}, {}).get_json()
    assert (answer["code"] == 0) is accepted
    assert accepted or (answer["code"] == 36009004 and "timestamp" in answer["message"])


def test_a_timestamp_in_milliseconds_is_refused(api: Api, clock: Clock) -> None:
    assert api.refusal("POST", SEARCH, PAGE | {"timestamp": str(int(clock() * 1000))}, {})[1] == 36009004


def test_an_unknown_token_is_refused(api: Api) -> None:
    _, code, message = api.refusal("POST", SEARCH, PAGE, {}, headers={"x-tts-access-token": "ROW_invented"})
    assert code == 36009004
    assert "x-tts-access-token" in message


def test_an_expired_token_is_refused(api: Api, clock: Clock) -> None:
    clock.advance(7 * 86_400)
    assert api.refusal("POST", SEARCH, PAGE, {})[1] == 105002


def test_a_token_of_another_app_is_refused(api: Api) -> None:
    api.control("/apps", {"app_key": "other", "app_secret": APP_SECRET})
    assert api.refusal("POST", SEARCH, PAGE | {"app_key": "other"}, {})[1] == 36009004


def test_a_missing_scope_is_refused_and_named(api: Api, simulator: Simulator) -> None:
    app = next(iter(simulator.world.apps.values()))
    app.scopes = tuple(scope for scope in ALL_SCOPES if scope != "seller.order.info")
    api.grant()
    _, code, message = api.refusal("POST", SEARCH, PAGE, {})
    assert code == 105005
    assert "seller.order.info" in message


def test_a_missing_shop_cipher_is_refused(api: Api) -> None:
    assert api.refusal("POST", SEARCH, PAGE, {}, drop=("shop_cipher",))[1] == 106013


def test_a_shop_cipher_where_none_belongs_is_refused(api: Api) -> None:
    _, code, message = api.refusal("GET", SHOPS)
    assert code == 36009004
    assert "shop_cipher" in message
    assert "not required" in message


def test_the_shop_cipher_of_another_seller_is_refused(api: Api, simulator: Simulator) -> None:
    shops = [{"name": "Elsewhere", "region": "GB"}]
    api.control("/sellers", {"username": "bob", "password": "secret", "shops": shops})
    api.cipher = simulator.world.sellers["bob"].shops[0].cipher
    assert api.refusal("POST", SEARCH, PAGE, {})[1] == 101000


def test_another_content_type_is_refused(api: Api) -> None:
    assert api.refusal("POST", SEARCH, PAGE, {}, content_type="text/plain")[1] == 36009022


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff\xfe", b"[" * 200_000])
def test_a_body_that_is_no_json_object_is_refused(api: Api, raw: bytes) -> None:
    assert api.refusal("POST", SEARCH, PAGE, raw=raw)[1] == 36009023


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    api.control("/settings", {"max_body_bytes": 100})
    assert api.refusal("POST", SEARCH, PAGE, raw=b" " * 101)[:2] == (413, 36009021)


def test_another_method_is_refused(api: Api) -> None:
    assert api.refusal("PUT", SEARCH, PAGE, {})[1] == 36009010


def test_more_than_the_allowed_rate_is_refused_with_retry_after_and_per_api(api: Api) -> None:
    api.control("/settings", {"requests_per_second": 2})
    answers = [api.call("POST", SEARCH, PAGE, {}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].get_json()["code"] == 36009002
    assert answers[-1].headers["Retry-After"] == "1"
    assert api.call("GET", "/logistics/202309/warehouses").status_code == 200


def test_refusals_and_answers_are_counted_by_api_and_reason(api: Api) -> None:
    api.call("POST", SEARCH, PAGE, {})
    api.call("POST", SEARCH, PAGE, {}, secret="other")
    counts = api.http.get("/_sandbox/calls").get_json()
    assert counts["answered"][f"POST {SEARCH}"] == 1
    assert counts["refused"][f"POST {SEARCH} refused 106001"] == 1
