"""Cancellations, whole and by unit, from either side, and returns, on the real parts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.merchant import cancel_sale
from tests.support import World
from worker.odoo.features import features_of
from worker.state.shops import Shop
from worker.sync.fulfillment.requests import ASKS_TO_CANCEL
from worker.sync.fulfillment.watch import poll_tiktok, watch_odoo
from worker.sync.order_adjust import CANCELLED_AFTER_SHIPPING


@pytest.fixture
def shop(world: World) -> Shop:
    return world.link_shop(region="DE")


def lines_of(world: World, order_id: str) -> list[str]:
    return [line["id"] for line in world.tiktok.order(order_id)["line_items"]]


def ordered(world: World, order_id: str) -> dict[str, int]:
    """Units that Odoo's order still holds of goods, by Internal Reference."""
    rows = world.stack.sql(
        "SELECT pp.default_code, sum(l.product_uom_qty) FROM sale_order_line l JOIN sale_order s ON s.id = l.order_id "
        "JOIN product_product pp ON pp.id = l.product_id WHERE s.client_order_ref = %s "
        "AND pp.default_code NOT LIKE 'TIKTOK-%%' GROUP BY 1",
        order_id,
    )
    return {code: int(units) for code, units in rows if units}


def reserved(world: World, order_id: str) -> dict[str, int]:
    """Units that the order's open deliveries reserve."""
    rows = world.stack.sql(
        f"SELECT pp.default_code, sum({world.moved_column}) FROM stock_move m "
        "JOIN stock_picking p ON p.id = m.picking_id "
        "JOIN sale_order s ON s.id = p.sale_id JOIN product_product pp ON pp.id = m.product_id "
        "WHERE s.client_order_ref = %s AND m.state NOT IN ('done', 'cancel') GROUP BY 1",
        order_id,
    )
    return {code: int(units) for code, units in rows if units}


# Units that are cancelled one by one


@pytest.mark.parametrize("total", ["seller_revenue", "buyer_paid"])
def test_a_unit_that_is_cancelled_is_taken_from_order_and_delivery_and_the_totals_agree(
    world: World, shop: Shop, total: str
) -> None:
    world.change(shop, total=total)
    order_id = world.order(
        shop, ("SKU-1", 3), ("SKU-2", 1), shipping_fee="4.90", platform_discount="2.00", seller_discount="1.50"
    )
    world.import_orders(shop, order_id)
    first, _, _, other = lines_of(world, order_id)
    world.tiktok.cancel_lines(order_id, [first, other])
    for _ in range(2):
        world.import_orders(shop, order_id)
    assert ordered(world, order_id) == reserved(world, order_id) == {"SKU-1": 2}
    sale = world.sale(order_id)
    paid = Decimal(world.tiktok.order(order_id)["payment"]["total_amount"])
    wanted = world.total_on_tiktok(order_id) if total == "seller_revenue" else paid
    assert (sale["state"], sale["amount_total"]) == ("sale", wanted)
    assert world.queue(shop).parked(order_id) is None
    assert world.reconcile(shop).differences == []


def test_units_that_were_cancelled_before_the_import_never_come_in(world: World, shop: Shop) -> None:
    order_id = world.order(shop, ("SKU-1", 2))
    world.tiktok.cancel_lines(order_id, lines_of(world, order_id)[:1])
    world.import_orders(shop, order_id)
    assert ordered(world, order_id) == {"SKU-1": 1}


def test_all_units_cancelled_one_by_one_cancel_the_order(world: World, shop: Shop) -> None:
    order_id = world.order(shop, ("SKU-1", 2))
    world.import_orders(shop, order_id)
    for line in lines_of(world, order_id):
        world.tiktok.cancel_lines(order_id, [line])
        world.import_orders(shop, order_id)
    assert world.sale(order_id)["state"] == "cancel"


def test_a_unit_cancelled_after_it_was_delivered_is_a_persons(world: World, shop: Shop) -> None:
    order_id = world.order(shop, ("SKU-1", 2))
    world.import_orders(shop, order_id)
    world.validate(world.deliveries(order_id)[0]["id"])
    world.tiktok.cancel_lines(order_id, lines_of(world, order_id)[:1])
    for _ in range(2):
        world.import_orders(shop, order_id)
    parked = world.queue(shop).parked(order_id)
    assert parked is not None
    assert (parked.code, world.activities(order_id)) == ("partly_cancelled", [CANCELLED_AFTER_SHIPPING])
    assert ordered(world, order_id) == {"SKU-1": 2}


def test_what_a_person_added_to_the_order_stays(world: World, shop: Shop) -> None:
    order_id = world.order(shop, ("SKU-1", 2))
    world.import_orders(shop, order_id)
    product = world.stack.products["SKU-3"]  # type: ignore[attr-defined]
    admin = world.stack.admin()
    values: dict[str, Any] = {
        "product_id": product,
        "product_uom_qty": 1,
        "price_unit": 0,
        features_of(world.odoo).line_taxes: [[6, 0, []]],
    }
    admin.execute_kw("sale.order", "write", [[world.sale(order_id)["id"]], {"order_line": [[0, 0, values]]}])
    world.tiktok.cancel_lines(order_id, lines_of(world, order_id)[:1])
    world.import_orders(shop, order_id)
    assert ordered(world, order_id) == {"SKU-1": 1, "SKU-3": 1}


# Buyers' requests, and cancellations in Odoo


def test_a_buyers_request_is_shown_with_its_deadline_until_it_is_answered(world: World, shop: Shop) -> None:
    order_id = world.order(shop)
    world.follow(shop, order_id)
    cancel_id = world.tiktok.request_cancel(order_id)
    for _ in range(2):
        world.follow(shop, order_id)
    memory = world.runtime.fulfillment(shop.id)
    (request,) = memory.requests()
    assert (request.cancel_id, request.order_id) == (cancel_id, order_id)
    assert request.respond_by is not None
    assert world.activities(order_id) == [ASKS_TO_CANCEL]
    ((deadline,),) = world.stack.sql(
        "SELECT a.date_deadline FROM mail_activity a JOIN sale_order s ON s.id = a.res_id "
        "WHERE a.res_model = 'sale.order' AND s.client_order_ref = %s",
        order_id,
    )
    assert deadline == request.respond_by.date()
    world.tiktok.decide_cancellation(cancel_id, approve=False)
    world.follow(shop, order_id)
    assert (memory.requests(), world.activities(order_id), world.sale(order_id)["state"]) == ([], [], "sale")


def test_a_request_that_is_approved_cancels_the_order_and_is_shown_no_more(world: World, shop: Shop) -> None:
    order_id = world.order(shop)
    world.follow(shop, order_id)
    cancel_id = world.tiktok.request_cancel(order_id)
    world.follow(shop, order_id)
    world.tiktok.decide_cancellation(cancel_id, approve=True)
    world.follow(shop, order_id)
    assert (world.sale(order_id)["state"], world.activities(order_id)) == ("cancel", [])
    assert world.runtime.fulfillment(shop.id).requests() == []


def cancel_in_odoo(world: World, order_id: str) -> None:
    cancel_sale(world.stack, world.sale(order_id)["id"])


def test_cancelled_in_odoo_is_not_cancelled_on_tiktok_unless_the_shop_is_set_to(world: World, shop: Shop) -> None:
    order_id = world.order(shop)
    world.follow(shop, order_id)
    cancel_in_odoo(world, order_id)
    assert not watch_odoo(world.runtime, world.runtime.shops.get(shop.id))
    world.follow(shop, order_id)
    assert world.tiktok.order(order_id)["status"] == "AWAITING_SHIPMENT"
    changed = world.change(shop, cancel_on_tiktok=True)
    assert watch_odoo(world.runtime, changed)
    world.follow_due(shop)
    assert world.tiktok.order(order_id)["status"] == "CANCELLED"
    assert world.tiktok.cancellations(order_id)[0]["role"] == "SELLER"
    world.follow(shop, order_id)
    assert not watch_odoo(world.runtime, changed)


def test_cancelled_in_odoo_approves_what_the_buyer_asked_for(world: World, shop: Shop) -> None:
    world.change(shop, cancel_on_tiktok=True)
    order_id = world.order(shop)
    world.follow(shop, order_id)
    world.tiktok.request_cancel(order_id)
    cancel_in_odoo(world, order_id)
    world.follow(shop, order_id)
    assert world.tiktok.order(order_id)["status"] == "CANCELLED"
    assert [each["role"] for each in world.tiktok.cancellations(order_id)] == ["BUYER"]


def test_a_cancellation_that_tiktok_refuses_is_parked_with_its_reason(world: World, shop: Shop) -> None:
    world.change(shop, cancel_on_tiktok=True, cancel_reason="because")
    order_id = world.order(shop)
    world.follow(shop, order_id)
    cancel_in_odoo(world, order_id)
    world.follow(shop, order_id)
    parked = world.delivery_parked(shop, order_id)
    assert parked is not None
    assert parked.code == "cancel_refused"


# Returns


def receipts(world: World, order_id: str) -> list[tuple[str, str]]:
    """(state, Source Document) of the order's receipts that are not cancelled."""
    return world.stack.sql(
        "SELECT p.state, p.origin FROM stock_picking p JOIN sale_order s ON s.client_order_ref = %s "
        "JOIN stock_picking_type t ON t.id = p.picking_type_id "
        "WHERE t.code = 'incoming' AND p.state <> 'cancel' AND p.origin LIKE '%%' || s.name ORDER BY p.id",
        order_id,
    )


def delivered(world: World, shop: Shop, *lines: tuple[str, int], **settings: Any) -> str:
    world.change(shop, shipped_on_tiktok="validate", **settings)
    order_id = world.order(shop, *lines)
    world.follow(shop, order_id)
    world.tiktok.set_status(order_id, "DELIVERED")
    world.follow(shop, order_id)
    assert [each["state"] for each in world.deliveries(order_id)] == ["done"]
    return order_id


def test_a_return_is_a_note_with_reason_and_amount_once_for_each_state(world: World, shop: Shop) -> None:
    order_id = delivered(world, shop, ("SKU-1", 2))
    return_id = world.tiktok.request_return(order_id, lines_of(world, order_id)[:1])
    for _ in range(2):
        world.follow(shop, order_id)
    notes = [note for note in world.notes("sale.order", world.sale(order_id)["id"]) if return_id in note]
    assert len(notes) == 1
    assert "1 unit, 11.00 EUR" in notes[0]
    assert "defective item" in notes[0]
    assert receipts(world, order_id) == []
    (seen,) = world.runtime.fulfillment(shop.id).returns()
    assert (seen.id, seen.units, seen.amount, seen.status) == (
        return_id,
        1,
        Decimal("11.00"),
        "RETURN_OR_REFUND_REQUEST_PENDING",
    )


def test_given_picking_an_approved_return_is_a_draft_receipt_once_of_what_comes_back(world: World, shop: Shop) -> None:
    order_id = delivered(world, shop, ("SKU-1", 2), ("SKU-2", 1), returns="picking")
    first, _, third = lines_of(world, order_id)
    return_id = world.tiktok.request_return(order_id, [first, third])
    world.follow(shop, order_id)
    assert receipts(world, order_id) == []
    world.tiktok.set_return_status(return_id, "AWAITING_BUYER_SHIP")
    for _ in range(2):
        world.follow(shop, order_id)
    world.runtime.fulfillment(shop.id).drop()
    world.follow(shop, order_id)
    ((state, origin),) = receipts(world, order_id)
    assert (state, return_id in origin) == ("draft", True)
    rows = world.stack.sql(
        "SELECT pp.default_code, m.product_uom_qty, m.origin_returned_move_id IS NOT NULL FROM stock_move m "
        "JOIN stock_picking p ON p.id = m.picking_id JOIN product_product pp ON pp.id = m.product_id "
        "WHERE p.origin = %s ORDER BY 1",
        origin,
    )
    assert [(code, int(units), linked) for code, units, linked in rows] == [("SKU-1", 1, True), ("SKU-2", 1, True)]


def test_a_receipt_that_a_person_confirms_and_validates_brings_the_stock_back(world: World, shop: Shop) -> None:
    order_id = delivered(world, shop, ("SKU-4", 1), returns="picking")
    return_id = world.tiktok.request_return(order_id)
    world.tiktok.set_return_status(return_id, "BUYER_SHIPPED_ITEM")
    world.follow(shop, order_id)
    admin = world.stack.admin()
    found = admin.execute_kw("stock.picking", "search", [[("origin", "like", return_id)]])
    admin.execute_kw("stock.picking", "action_confirm", [found])
    world.validate(found[0])
    (line,) = world.stack.sql(
        "SELECT l.qty_delivered FROM sale_order_line l JOIN sale_order s ON s.id = l.order_id "
        "WHERE s.client_order_ref = %s",
        order_id,
    )
    assert (receipts(world, order_id)[0][0], int(line[0])) == ("done", 0)
    world.tiktok.set_return_status(return_id, "RETURN_OR_REFUND_REQUEST_COMPLETE")
    world.follow(shop, order_id)
    assert [state for state, _ in receipts(world, order_id)] == ["done"]


@pytest.mark.parametrize("end", ["RETURN_OR_REFUND_REQUEST_CANCEL", "REFUND_OR_RETURN_REQUEST_REJECT"])
def test_a_return_that_comes_to_nothing_takes_its_receipt_away(world: World, shop: Shop, end: str) -> None:
    order_id = delivered(world, shop, ("SKU-1", 1), returns="picking")
    return_id = world.tiktok.request_return(order_id)
    world.tiktok.set_return_status(return_id, "AWAITING_BUYER_SHIP")
    world.follow(shop, order_id)
    assert len(receipts(world, order_id)) == 1
    world.tiktok.set_return_status(return_id, end)
    world.follow(shop, order_id)
    assert receipts(world, order_id) == []


def test_a_refund_without_goods_is_a_note_alone(world: World, shop: Shop) -> None:
    order_id = delivered(world, shop, ("SKU-1", 1), returns="picking")
    return_id = world.tiktok.request_return(order_id, type="REFUND")
    world.tiktok.set_return_status(return_id, "RETURN_OR_REFUND_REQUEST_COMPLETE")
    world.follow(shop, order_id)
    assert receipts(world, order_id) == []
    assert any(return_id in note for note in world.notes("sale.order", world.sale(order_id)["id"]))


def test_goods_that_come_back_before_odoo_sent_them_wait_for_a_person(world: World, shop: Shop) -> None:
    world.change(shop, returns="picking")
    order_id = world.order(shop)
    world.follow(shop, order_id)
    world.tiktok.set_status(order_id, "DELIVERED")
    return_id = world.tiktok.request_return(order_id)
    world.tiktok.set_return_status(return_id, "BUYER_SHIPPED_ITEM")
    world.follow(shop, order_id)
    parked = world.delivery_parked(shop, order_id)
    assert parked is not None
    assert parked.code == "not_delivered"
    world.validate(world.deliveries(order_id)[0]["id"])
    world.follow(shop, order_id)
    assert [state for state, _ in receipts(world, order_id)] == ["draft"]


def test_a_return_of_which_no_webhook_told_is_found_by_the_poll(world: World, shop: Shop) -> None:
    order_id = delivered(world, shop, ("SKU-1", 1))
    poll_tiktok(world.runtime, world.runtime.shops.get(shop.id))
    world.follow_due(shop)
    return_id = world.tiktok.request_return(order_id)
    assert poll_tiktok(world.runtime, world.runtime.shops.get(shop.id))
    world.follow_due(shop)
    assert [each.id for each in world.runtime.fulfillment(shop.id).returns()] == [return_id]
