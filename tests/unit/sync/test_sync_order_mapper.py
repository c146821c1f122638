"""From a TikTok order to what Odoo should hold."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.builders import PLACED_AT, SHOP_ID, address, item, make_order, make_shop
from worker.errors import OrderError
from worker.sync.order_mapper import Contact, OrderDraft, draft_of

BUYER_ID = f"tiktok_shop.partner_{SHOP_ID}_7021436810468230477"


def draft(shop: dict[str, Any] | None = None, **fields: Any) -> OrderDraft:
    return draft_of(make_order(**fields), make_shop(**(shop or {})))


def goods(found: OrderDraft) -> list[tuple[str, int, str]]:
    return [(line.seller_sku, line.quantity, str(line.price)) for line in found.goods]


def delivery(**fields: Any) -> Contact:
    contact = draft(recipient_address=address(**fields)).address
    assert contact is not None
    return contact


def test_an_orders_identity_is_its_shop_and_its_id() -> None:
    found = draft()
    assert found.external_id == f"tiktok_shop.order_{SHOP_ID}_576461413038785752"
    assert (found.order_id, found.currency, found.total) == ("576461413038785752", "GBP", Decimal("10.00"))
    assert (found.placed_at, found.status) == (PLACED_AT, "AWAITING_SHIPMENT")


def test_units_of_a_sku_at_one_price_are_one_line() -> None:
    found = draft(items=[item(1), item(2, "10.0"), item(3)])
    assert goods(found) == [("SKU-1", 3, "10.00")]
    assert found.goods[0].item_ids == tuple(unit["id"] for unit in (item(1), item(2), item(3)))


def test_units_of_a_sku_at_two_prices_are_two_lines() -> None:
    assert goods(draft(items=[item(1, "10.00"), item(2, "9.99"), item(3, "10.00")])) == [
        ("SKU-1", 2, "10.00"),
        ("SKU-1", 1, "9.99"),
    ]


def test_two_skus_with_the_same_seller_sku_are_two_lines() -> None:
    assert len(draft(items=[item(1), item(2, sku_id="2729382476852921561")]).goods) == 2


def test_a_gift_is_a_line_of_its_own_that_says_so() -> None:
    found = draft(items=[item(1, "0.00", is_gift=True), item(2, "0.00"), item(3, "5.00")])
    assert goods(found) == [("SKU-1", 1, "0.00"), ("SKU-1", 1, "0.00"), ("SKU-1", 1, "5.00")]
    assert ["Gift" in line.text for line in found.goods] == [True, False, False]


def test_a_unit_is_priced_by_the_shops_basis() -> None:
    items = [item(1, "8.00", original_price="12.00", seller_discount="1.00", platform_discount="3.00")]
    payment = {"sub_total": "8.00", "platform_discount": "3.00", "seller_discount": "1.00", "total_amount": "8.00"}
    revenue = draft(items=items, payment=payment)
    assert (goods(revenue), revenue.total) == ([("SKU-1", 1, "11.00")], Decimal("11.00"))
    assert "List price 12.00, less your discount 1.00" in revenue.goods[0].text
    assert "3.00 a unit paid by TikTok" in revenue.goods[0].text
    paid = draft({"total": "buyer_paid"}, items=items, payment=payment)
    assert (goods(paid), paid.total) == ([("SKU-1", 1, "8.00")], Decimal("8.00"))
    assert "paid by TikTok" not in paid.goods[0].text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "Crochet dress - Red"),
        ({"sku_name": "Default"}, "Crochet dress"),
        ({"product_name": "", "sku_name": ""}, "SKU-1"),
        ({"product_name": "", "sku_name": "", "seller_sku": ""}, "2729382476852921560"),
    ],
)
def test_a_line_is_named_by_the_best_that_tiktok_tells(fields: dict[str, Any], text: str) -> None:
    assert draft(items=[item(1, **fields)]).goods[0].text == text


def test_cancelled_items_are_left_out() -> None:
    items = [item(1, "10.00"), item(2, "3.00", display_status="CANCELLED")]
    found = draft(items=items, payment={"sub_total": "13.00", "total_amount": "13.00"})
    assert (goods(found), found.total) == ([("SKU-1", 1, "10.00")], Decimal("10.00"))


def test_an_order_whose_items_are_all_cancelled_is_refused() -> None:
    with pytest.raises(OrderError, match="no items") as refused:
        draft(items=[item(1, display_status="CANCELLED")])
    assert refused.value.code == "no_items"


def test_an_order_in_two_currencies_is_refused() -> None:
    with pytest.raises(OrderError, match="EUR, GBP") as refused:
        draft(items=[item(1), item(2, currency="EUR")])
    assert refused.value.code == "mixed_currencies"


def test_the_buyer_is_one_contact_and_each_address_another() -> None:
    found = draft()
    assert found.buyer.external_id == BUYER_ID
    assert found.buyer.fields == {
        "name": "david.k",
        "ref": "7021436810468230477",
        "email": "v2b2V5@chat.seller.tiktok.com",
        "type": "contact",
    }
    assert found.address is not None
    assert found.address.external_id.startswith(f"tiktok_shop.address_{SHOP_ID}_7021436810468230477_")
    assert found.address.fields == {
        "name": "David Kong",
        "street": "12 Borough High Street",
        "street2": "Flat 3",
        "zip": "SE1 9QG",
        "city": "London",
        "phone": "(+44)20 7946 0000",
        "type": "delivery",
    }
    assert (found.address.country_code, found.address.state_name, found.address.masked) == ("GB", "England", False)


def test_the_same_address_is_the_same_contact_and_another_one_is_not() -> None:
    ids = [delivery().external_id, delivery().external_id, delivery(address_line2="Flat 4").external_id]
    ids.append(delivery(region_code="IE").external_id)
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_a_buyer_without_id_is_nobody_elses_contact() -> None:
    first, second = (draft(order_id=order_id, user_id="") for order_id in ("571", "572"))
    assert first.buyer.external_id == f"tiktok_shop.partner_{SHOP_ID}_of_571"
    assert first.buyer.external_id != second.buyer.external_id
    assert first.address is not None
    assert second.address is not None
    assert first.address.external_id != second.address.external_id


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "david.k"),
        ({"buyer_nickname": ""}, "David Kong"),
        ({"buyer_nickname": "", "recipient_address": None}, "TikTok Shop buyer"),
    ],
)
def test_a_buyer_always_has_a_name(fields: dict[str, Any], name: str) -> None:
    assert draft(**fields).buyer.fields["name"] == name


@pytest.mark.parametrize("missing", [None, {}, {"region_code": "GB"}, {"name": "", "full_address": ""}])
def test_without_an_address_there_is_no_second_contact(missing: dict[str, str] | None) -> None:
    assert draft(recipient_address=missing).address is None


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "D*** K***"},
        {"full_address": "*** ***"},
        {"address_line1": "***"},
        {"address_detail": "U***"},
        {"postal_code": "SE***"},
    ],
)
def test_a_masked_address_is_known_as_masked(fields: dict[str, str]) -> None:
    assert delivery(**fields).masked


def test_a_masked_phone_alone_does_not_make_an_address_worthless() -> None:
    contact = delivery(phone_number="(+44)20-***-0000")
    assert not contact.masked


def test_only_a_first_name_is_a_name() -> None:
    assert delivery(name="", first_name="Sari").fields["name"] == "Sari"


def test_an_address_in_one_text_goes_into_the_street() -> None:
    contact = delivery(address_line1="", address_line2="", full_address="Jl. Sudirman 1, Jakarta", address_detail="")
    assert contact.fields["street"] == "Jl. Sudirman 1, Jakarta"


def test_further_lines_of_an_address_are_not_lost() -> None:
    contact = delivery(address_line3="Building C", address_line4='""')
    assert contact.fields["street2"] == "Flat 3, Building C"


def districts(*names: tuple[str, str, str]) -> list[dict[str, str]]:
    keys = ("address_level", "address_level_name", "address_name")
    return [dict(zip(keys, name, strict=True)) for name in names]


@pytest.mark.parametrize(
    ("levels", "post_town", "state", "city"),
    [
        (districts(("L1", "State", "California"), ("L2", "City", "San Jose")), "", "California", "San Jose"),
        (districts(("L1", "Province", "Bali"), ("L2", "Regency", "Badung")), "", "Bali", "Badung"),
        (districts(("L1", "State", "TX"), ("L2", "County", "Travis"), ("L3", "City", "Austin")), "", "TX", "Austin"),
        (districts(("L1", "Nation", "England"), ("L2", "County", "Kent")), "Margate", "England", "Margate"),
        ([], "Margate", "", "Margate"),
        ([], "", "", ""),
    ],
)
def test_state_and_city_are_found_however_the_market_names_its_levels(
    levels: list[dict[str, str]], post_town: str, state: str, city: str
) -> None:
    contact = delivery(district_info=levels, post_town=post_town)
    assert (contact.state_name, contact.fields["city"]) == (state, city)


def test_the_ship_by_date_is_tiktoks_and_may_be_missing() -> None:
    moment = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert draft(rts_sla_time=int(moment.timestamp())).ship_by == moment
    assert draft(shipping_due_time=int(moment.timestamp())).ship_by == moment
    assert draft(rts_sla_time=0).ship_by is None


def test_no_personal_data_is_in_the_identity_of_an_address() -> None:
    text = delivery().external_id
    assert not any(part in text for part in ("Kong", "Borough", "SE1", "7946"))
