"""Cancellations by unit and by request, returns, and the money that TikTok settles."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from simulator_stubs import Api, Clock, Deliveries

from sandbox.simulator import Simulator

CANCELLATIONS = "/return_refund/202309/cancellations"
RETURNS = "/return_refund/202309/returns/search"
REASON = "seller_cancel_reason_out_of_stock"
STATEMENTS = "/finance/202309/statements"


def place(api: Api, shop_id: str, units: int = 1, **options: Any) -> dict[str, Any]:
    lines = [{"seller_sku": "SKU-1", "quantity": units}]
    placed: dict[str, Any] = api.control(f"/shops/{shop_id}/orders", {"lines": lines, **options})
    return placed


def shown(api: Api, order_id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.data("GET", "/order/202507/orders", {"ids": order_id})["orders"][0]
    return found


def cases(api: Api, **body: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.data("POST", f"{CANCELLATIONS}/search", {"page_size": "50"}, body)[
        "cancellations"
    ]
    return found


def code(api: Api, method: str, path: str, body: Any = None, **query: str) -> int:
    return api.refusal(method, path, query, body)[1]


def test_a_unit_is_cancelled_alone_its_money_and_stock_go_back(
    api: Api, shop_id: str, simulator: Simulator, deliveries: Deliveries
) -> None:
    order = place(api, shop_id, units=3, shipping_fee="4.00")
    line = order["line_items"][0]["id"]
    api.control(f"/orders/{order['id']}/cancel", {"line_ids": [line], "by": "SELLER"})
    found = shown(api, order["id"])
    assert (found["status"], found["payment"]["sub_total"], found["payment"]["total_amount"]) == (
        "AWAITING_SHIPMENT",
        "20.00",
        "24.00",
    )
    assert [each["display_status"] for each in found["line_items"]].count("CANCELLED") == 1
    sku = simulator.world.skus[order["line_items"][0]["sku_id"]]
    assert (sku.total_available, sum(sku.committed.values())) == (98, 2)
    simulator.webhooks.run_due()
    types = [payload["type"] for payload in deliveries.payloads]
    assert types == [1, 11, 4]


def test_the_last_unit_that_is_cancelled_cancels_the_order(api: Api, shop_id: str) -> None:
    order = place(api, shop_id, units=2)
    for line in order["line_items"]:
        api.control(f"/orders/{order['id']}/cancel", {"line_ids": [line["id"]]})
    assert shown(api, order["id"])["status"] == "CANCELLED"


def test_a_buyers_request_waits_for_the_seller_until_its_deadline(api: Api, shop_id: str, clock: Clock) -> None:
    order = place(api, shop_id)
    api.control(f"/orders/{order['id']}/request_cancel")
    (case,) = cases(api, order_ids=[order["id"]])
    assert (case["cancel_status"], case["role"]) == ("CANCELLATION_REQUEST_PENDING", "BUYER")
    assert case["seller_next_action_response"] == [
        {"action": "SELLER_RESPOND_CANCEL", "deadline": int(clock.time) + 2 * 86_400}
    ]
    assert shown(api, order["id"])["is_buyer_request_cancel"]
    path = f"{CANCELLATIONS}/{case['cancel_id']}"
    assert code(api, "POST", f"{path}/reject", {"reject_reason": "no"}) == 36009004
    api.data("POST", f"{path}/reject", body={"reject_reason": "seller_reject_apply_shipped"})
    assert not shown(api, order["id"])["is_buyer_request_cancel"]
    # Found by one spelling, told in another.
    (case,) = cases(api, cancel_status=["CANCELLATION_REQUEST_CANCEL"])
    assert case["cancel_status"] == "CANCELLATION_REQUEST_CANCELLED"
    assert code(api, "POST", f"{path}/approve", {}) == 25001005


def test_an_approval_with_the_same_key_is_carried_out_once(api: Api, shop_id: str) -> None:
    order = place(api, shop_id)
    api.control(f"/orders/{order['id']}/request_cancel")
    path = f"{CANCELLATIONS}/{cases(api)[0]['cancel_id']}/approve"
    for _ in range(2):
        api.data("POST", path, {"idempotency_key": "k"}, {})
    assert code(api, "POST", path, {}, idempotency_key="another") == 25001005
    assert shown(api, order["id"])["status"] == "CANCELLED"


def test_a_seller_cancels_whole_orders_and_units_only_where_the_market_allows_it(
    api: Api, shop_id: str, simulator: Simulator
) -> None:
    order = place(api, shop_id, units=2)
    line = order["line_items"][0]["id"]
    body = {"order_id": order["id"], "cancel_reason": REASON}
    assert code(api, "POST", CANCELLATIONS, body | {"order_line_item_ids": [line]}) == 25001002
    assert code(api, "POST", CANCELLATIONS, body | {"cancel_reason": "because"}) == 36009004
    assert api.data("POST", CANCELLATIONS, body=body)["cancel_status"] == "CANCELLATION_REQUEST_COMPLETE"
    assert code(api, "POST", CANCELLATIONS, body) == 25001001


def request_return(api: Api, order_id: str, **body: Any) -> str:
    return str(api.control(f"/orders/{order_id}/request_return", {"type": "RETURN_AND_REFUND", **body})["id"])


def test_a_return_has_a_line_for_each_unit_and_moves_on(
    api: Api, shop_id: str, simulator: Simulator, deliveries: Deliveries
) -> None:
    order = place(api, shop_id, units=2, status="DELIVERED")
    return_id = request_return(api, order["id"])
    (found,) = api.data("POST", RETURNS, {"page_size": "10"}, {"order_ids": [order["id"]]})["return_orders"]
    assert (found["return_id"], found["return_status"], len(found["return_line_items"])) == (
        return_id,
        "RETURN_OR_REFUND_REQUEST_PENDING",
        2,
    )
    assert found["refund_amount"]["refund_total"] == "20.00"
    api.control(f"/returns/{return_id}/set_status", {"status": "RETURN_OR_REFUND_REQUEST_COMPLETE"})
    refused = api.http.post(f"/_sandbox/returns/{return_id}/set_status", json={"status": "AWAITING_BUYER_SHIP"})
    assert refused.status_code == 400
    simulator.webhooks.run_due()
    told = [payload["data"]["return_status"] for payload in deliveries.payloads if payload["type"] == 12]
    assert told == ["RETURN_OR_REFUND_REQUEST_PENDING", "RETURN_OR_REFUND_REQUEST_COMPLETE"]


def test_a_refund_of_all_completes_an_order_that_is_on_its_way(api: Api, shop_id: str) -> None:
    order = place(api, shop_id, status="IN_TRANSIT")
    return_id = request_return(api, order["id"], type="REFUND")
    api.control(f"/returns/{return_id}/set_status", {"status": "RETURN_OR_REFUND_REQUEST_COMPLETE"})
    assert shown(api, order["id"])["status"] == "COMPLETED"


@pytest.mark.parametrize("size", ["9", "51", "x"])
def test_returns_come_in_pages_of_ten_to_fifty(api: Api, shop_id: str, size: str) -> None:
    assert code(api, "POST", RETURNS, {}, page_size=size) == 36009004


def test_a_statement_is_the_exact_sum_of_its_transactions_and_these_of_their_parts(api: Api, shop_id: str) -> None:
    place(api, shop_id, units=3, status="DELIVERED", shipping_fee="4.90", platform_discount="1.01")
    place(api, shop_id, status="DELIVERED")
    api.control(f"/shops/{shop_id}/adjust", {"amount": "-0.37"})
    made = api.control(f"/shops/{shop_id}/settle")
    (statement,) = api.data("GET", STATEMENTS, {"page_size": "10", "sort_field": "statement_time"})["statements"]
    path = f"/finance/202501/statements/{made['id']}/statement_transactions"
    found = api.data("GET", path, {"page_size": "10", "sort_field": "order_create_time"})
    settled = [Decimal(each["settlement_amount"]) for each in found["transactions"]]
    assert sum(settled) == Decimal(statement["settlement_amount"]) == Decimal(found["total_settlement_amount"])
    for each in found["transactions"]:
        parts = ("revenue_amount", "shipping_cost_amount", "fee_tax_amount", "adjustment_amount")
        assert sum(Decimal(each[name]) for name in parts) == Decimal(each["settlement_amount"])
        breakdown = each["fee_tax_breakdown"]
        told = [Decimal(amount) for kind in breakdown.values() for amount in kind.values()]
        assert sum(told) == Decimal(each["fee_tax_amount"])
        assert ("order_id" in each) != ("adjustment_id" in each)
    assert api.http.post(f"/_sandbox/shops/{shop_id}/settle", json={}).status_code == 400


def test_finance_wants_its_sort_field_and_knows_its_own_statements_alone(api: Api, shop_id: str) -> None:
    assert code(api, "GET", STATEMENTS, page_size="10") == 36009004
    path = "/finance/202501/statements/1/statement_transactions"
    assert code(api, "GET", path, page_size="10", sort_field="order_create_time") == 38001001
    order = place(api, shop_id)
    path = f"/finance/202501/orders/{order['id']}/statement_transactions"
    assert code(api, "GET", path, sort_field="order_create_time") == 38001002
