"""Faults on demand hit what an app calls, as often as asked, and never the control API."""

from __future__ import annotations

import pytest
from simulator_stubs import Api

WAREHOUSES = "/logistics/202309/warehouses"


def fail(api: Api, kind: str, n: int = 1, **options: object) -> None:
    api.control("/faults/fail_next", {"kind": kind, "n": n, **options})


def test_the_next_calls_fail_and_then_no_more(api: Api) -> None:
    fail(api, "500", n=2)
    assert [api.call("GET", WAREHOUSES).status_code for _ in range(3)] == [500, 500, 200]


@pytest.mark.parametrize(("kind", "status", "code"), [("429", 429, 36009002), ("500", 500, 36009003)])
def test_failures_come_in_tiktoks_envelope(api: Api, kind: str, status: int, code: int) -> None:
    fail(api, kind)
    assert api.refusal("GET", WAREHOUSES)[:2] == (status, code)


def test_overload_has_no_body(api: Api) -> None:
    fail(api, "503_empty")
    response = api.call("GET", WAREHOUSES)
    assert (response.status_code, response.data) == (503, b"")


def test_garbage_is_200_and_not_json(api: Api) -> None:
    fail(api, "garbage")
    response = api.call("GET", WAREHOUSES)
    assert response.status_code == 200
    assert response.get_json(silent=True) is None


def test_any_code_can_be_answered(api: Api) -> None:
    fail(api, "code", code=36009033, status=403)
    assert api.refusal("GET", WAREHOUSES)[:2] == (403, 36009033)


def test_a_field_can_be_missing_wherever_it_stands(api: Api) -> None:
    fail(api, "missing_field", name="address")
    assert all("address" not in warehouse for warehouse in api.data("GET", WAREHOUSES)["warehouses"])
    assert all("address" in warehouse for warehouse in api.data("GET", WAREHOUSES)["warehouses"])


def test_a_fault_can_be_for_one_path_only(api: Api) -> None:
    fail(api, "500", path="/token/")
    assert api.call("GET", WAREHOUSES).status_code == 200
    assert api.http.get("/api/v2/token/refresh").status_code == 500


def test_faults_are_counted_and_can_be_cleared(api: Api) -> None:
    fail(api, "503_empty", n=5)
    api.call("GET", WAREHOUSES)
    assert api.http.get("/_sandbox/calls").get_json()["faults"] == {"503_empty": 1}
    api.control("/faults/clear")
    assert api.call("GET", WAREHOUSES).status_code == 200


@pytest.mark.parametrize(
    "body", [{"kind": "flood"}, {"kind": "code"}, {"kind": "missing_field"}, {"kind": "500", "n": 0}]
)
def test_a_fault_that_makes_no_sense_is_refused(api: Api, body: dict[str, object]) -> None:
    response = api.http.post("/_sandbox/faults/fail_next", json=body)
    assert response.status_code == 400
    assert response.get_json()["error"]


def test_the_page_for_people_shows_orders_and_its_buttons_work(api: Api, shop_id: str) -> None:
    assert api.http.post(f"/_sandbox/page/shops/{shop_id}/place", data={"count": "2"}).status_code == 302
    page = api.http.get("/").text
    order_id = api.http.get(f"/_sandbox/shops/{shop_id}/orders").get_json()["orders"][0]["id"]
    assert order_id in page
    api.http.post(f"/_sandbox/page/orders/{order_id}/cancel")
    assert "CANCELLED" in api.http.get("/").text
    api.http.post("/_sandbox/page/webhooks", data={"lose": "on"})
    assert "checked" in api.http.get("/").text
