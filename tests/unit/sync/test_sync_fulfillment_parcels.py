"""Which parcel belongs to which delivery, and which of its units are due to be shipped."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.builders import item, make_order
from worker.odoo.deliveries import Delivery, Move
from worker.sync.fulfillment.parcels import Parcel, assign, parcels_of, units_of
from worker.sync.fulfillment.ship import shares_of
from worker.tiktok.models import Order

RED, BLUE = "2729382476852921560", "2729382476852921561"
VARIANTS = {RED: 7, BLUE: 8}


def unit(number: int, sku: str = RED, package: str = "", **fields: Any) -> dict[str, Any]:
    return item(number, sku_id=sku, package_id=package, **fields)


def order_of(*units: dict[str, Any], **fields: Any) -> Order:
    return make_order(items=list(units), **fields)


def delivery(number: int, goods: dict[int, int], *, state: str = "assigned", reserved: bool = True) -> Delivery:
    moves = tuple(
        Move(variant, variant, Decimal(units), Decimal(units if reserved else 0), state)
        for variant, units in goods.items()
    )
    return Delivery(number, f"WH/OUT/{number:05}", state, 1, None, "", "", None, moves)


def ids(parcel: Parcel) -> list[str]:
    return [each[-1] for each in parcel.item_ids]


def test_units_stand_together_by_package() -> None:
    order = order_of(unit(1, package="A"), unit(2, package="B"), unit(3, package="A"))
    assert [(parcel.id, ids(parcel)) for parcel in parcels_of(order)] == [("A", ["1", "3"]), ("B", ["2"])]


def test_cancelled_units_are_in_no_parcel() -> None:
    order = order_of(unit(1, package="A"), unit(2, package="A", display_status="CANCELLED"))
    assert [ids(parcel) for parcel in parcels_of(order)] == [["1"]]


def test_units_without_a_package_are_a_parcel_without_an_id() -> None:
    (parcel,) = parcels_of(order_of(unit(1), unit(2)))
    assert (parcel.id, parcel.is_arranged, parcel.has_left) == ("", False, False)


@pytest.mark.parametrize(
    ("package_status", "display_status", "arranged", "left"),
    [
        ("", "AWAITING_SHIPMENT", False, False),
        ("TO_FULFILL", "AWAITING_SHIPMENT", False, False),
        ("PROCESSING", "AWAITING_COLLECTION", True, False),
        ("FULFILLING", "AWAITING_COLLECTION", True, True),
        ("FULFILLING", "IN_TRANSIT", True, True),
        ("", "AWAITING_COLLECTION", True, False),
        ("COMPLETED", "DELIVERED", True, True),
        ("", "COMPLETED", True, True),
        ("", "A_NEW_ONE", False, False),
    ],
)
def test_how_far_a_parcel_is(package_status: str, display_status: str, *, arranged: bool, left: bool) -> None:
    order = order_of(unit(1, package="A", package_status=package_status, display_status=display_status))
    (parcel,) = parcels_of(order)
    assert (parcel.is_arranged, parcel.has_left) == (arranged, left)


def test_a_parcel_of_which_a_part_has_left_has_not() -> None:
    order = order_of(
        unit(1, package="A", display_status="IN_TRANSIT"), unit(2, package="A", display_status="AWAITING_COLLECTION")
    )
    (parcel,) = parcels_of(order)
    assert (parcel.is_arranged, parcel.has_left) == (True, False)


def test_an_orders_own_tracking_number_is_its_only_parcels() -> None:
    one = order_of(unit(1, package="A"), tracking_number="T-1")
    assert parcels_of(one)[0].tracking == "T-1"
    two = order_of(unit(1, package="A"), unit(2, package="B", tracking_number="T-2"), tracking_number="T-1")
    assert [parcel.tracking for parcel in parcels_of(two)] == ["", "T-2"]


def test_one_delivery_takes_every_parcel_and_no_sku_need_be_known() -> None:
    parcels = parcels_of(order_of(unit(1, package="A"), unit(2, BLUE, package="B")))
    only = delivery(1, {7: 1, 8: 1})
    assert assign(parcels, [only], {}) == {"A": only, "B": only}


def test_of_several_deliveries_each_parcel_takes_the_one_with_its_goods() -> None:
    parcels = parcels_of(order_of(unit(1, package="A"), unit(2, BLUE, package="B")))
    blue, red = delivery(1, {8: 1}), delivery(2, {7: 1})
    assert assign(parcels, [blue, red], VARIANTS) == {"A": red, "B": blue}


def test_what_left_first_belongs_to_the_delivery_that_was_made_first() -> None:
    order = order_of(unit(1, package="A"), unit(2, package="B", display_status="IN_TRANSIT"))
    first, backorder = delivery(1, {7: 1}, state="done"), delivery(2, {7: 1})
    assert assign(parcels_of(order), [first, backorder], VARIANTS) == {"B": first, "A": backorder}


def test_without_a_delivery_nothing_is_assigned() -> None:
    assert assign(parcels_of(order_of(unit(1))), [], VARIANTS) == {}


def test_units_are_counted_by_variant_and_unknown_skus_make_no_count() -> None:
    order = order_of(unit(1), unit(2), unit(3, BLUE))
    assert units_of(order.line_items, VARIANTS) == {7: Decimal(2), 8: Decimal(1)}
    assert units_of(order.line_items, {RED: 7}) is None


def test_a_part_of_a_parcel_is_due_when_a_part_of_it_is_delivered() -> None:
    parcels = parcels_of(order_of(unit(1, package="A"), unit(2, package="A"), unit(3, BLUE, package="A")))
    (share,) = shares_of(parcels, [delivery(1, {7: 1, 8: 1}, state="done")], VARIANTS)
    assert [each.id[-1] for each in share.items] == ["1", "3"]


def test_what_has_shipped_before_is_not_due_again() -> None:
    parcels = parcels_of(
        order_of(unit(1, package="A", package_status="PROCESSING"), unit(2, package="B"), unit(3, package="B"))
    )
    done = [delivery(1, {7: 1}, state="done"), delivery(2, {7: 1}, state="done")]
    (share,) = shares_of(parcels, done, VARIANTS)
    assert (share.parcel.id, [each.id[-1] for each in share.items], share.delivery) == ("B", ["2"], done[1])


def test_goods_of_another_product_are_no_share() -> None:
    parcels = parcels_of(order_of(unit(1, package="A")))
    assert shares_of(parcels, [delivery(1, {99: 1}, state="done")], VARIANTS) == []
