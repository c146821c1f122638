"""How odd, new and missing things in TikTok's data are read."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from worker.tiktok.models import Order, OrderSummary, TokenGrant, normalise_status, parse_orders, parse_summaries
from worker.tiktok.models.product import Product

ORDER: dict[str, Any] = {
    "id": "576461413038785752",
    "status": "AWAITING_SHIPMENT",
    "create_time": 1700000000,
    "update_time": 1700000100,
    "payment": {"currency": "USD", "total_amount": "12.30"},
    "line_items": [
        {"id": "1", "sku_id": "2", "sale_price": "6.15", "original_price": "7", "seller_sku": "A-1 "},
        {"id": "3", "sku_id": "2", "sale_price": "6.15", "original_price": "7", "seller_sku": ""},
    ],
    "recipient_address": {"name": "Jane Roe", "phone_number": "(+1)213-***-1234", "address_line1": "1 Main St"},
}


def order(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(ORDER), **changes}


def read(**changes: Any) -> Order:
    return Order.model_validate(order(**changes))


def test_money_is_decimal_and_times_are_utc() -> None:
    parsed = read(paid_time=1700000050)
    assert parsed.payment.total_amount == Decimal("12.30")
    assert isinstance(parsed.line_items[0].sale_price, Decimal)
    assert parsed.create_time == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert parsed.paid_time == datetime(2023, 11, 14, 22, 14, 10, tzinfo=UTC)


def test_ids_above_two_to_the_53_that_come_as_numbers_stay_exact() -> None:
    assert read(id=576461413038785753).id == "576461413038785753"


@pytest.mark.parametrize("absent", [0, "", "0", None])
def test_a_moment_that_has_not_come_is_none(absent: object) -> None:
    assert read(paid_time=absent, cancel_time=absent).paid_time is None


def test_empty_and_null_amounts_are_zero() -> None:
    payment = {"currency": "THB", "total_amount": "5", "shipping_fee": "", "small_order_fee": None}
    parsed = read(payment=payment).payment
    assert (parsed.shipping_fee, parsed.small_order_fee, parsed.seller_discount) == (0, 0, 0)


def test_seller_skus_are_trimmed_and_may_be_empty() -> None:
    assert [item.seller_sku for item in read().line_items] == ["A-1", ""]


def test_unknown_fields_are_kept_and_unknown_statuses_pass() -> None:
    parsed = read(status=" brand_new ", tomorrow={"a": 1})
    assert parsed.status == "BRAND_NEW"
    assert parsed.model_extra is not None
    assert parsed.model_extra["tomorrow"] == {"a": 1}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("CANCEL", "CANCELLED"),
        ("cancelled", "CANCELLED"),
        ("CANCELED", "CANCELLED"),
        ("CANCELLATION_REQUEST_CANCEL", "CANCELLATION_REQUEST_CANCELLED"),
        ("BUYER_CANCEL", "BUYER_CANCELLED"),
        (" In_Transit", "IN_TRANSIT"),
        ("CANCELLATION_REQUEST_PENDING", "CANCELLATION_REQUEST_PENDING"),
    ],
)
def test_cancel_and_cancelled_are_one_status(written: str, meant: str) -> None:
    assert normalise_status(written) == meant


@pytest.mark.parametrize("withheld", [{}, None, {"name": "", "district_info": []}])
def test_an_address_that_is_withheld_is_no_address(withheld: object) -> None:
    assert read(recipient_address=withheld).recipient_address is None


def test_a_masked_address_is_told_from_one_whose_phone_alone_is_masked() -> None:
    plain = read().recipient_address
    masked = read(recipient_address={"name": "J*** R**", "phone_number": "***"}).recipient_address
    assert plain is not None
    assert masked is not None
    assert (plain.is_masked, plain.has_masked_phone) == (False, True)
    assert (masked.is_masked, masked.has_masked_phone) == (True, True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"payment": None}, "payment"),
        ({"payment": {"total_amount": "1"}}, "payment.currency"),
        ({"payment": {"currency": "USD", "total_amount": ""}}, "payment.total_amount"),
        ({"payment": {"currency": "USD", "total_amount": "NaN"}}, "payment.total_amount"),
        ({"payment": {"currency": "USD", "total_amount": "1e400"}}, "payment.total_amount"),
        ({"payment": {"currency": "DOLLARS", "total_amount": "1"}}, "payment.currency"),
        ({"line_items": []}, "line_items"),
        ({"line_items": [{"id": "1", "sale_price": "1", "original_price": "1"}]}, "line_items.0.sku_id"),
        ({"create_time": 0}, "create_time"),
        ({"create_time": 10**30}, "create_time"),
        ({"create_time": True}, "create_time"),
        ({"status": None}, "status"),
    ],
)
def test_an_order_that_lacks_something_is_set_aside_with_the_fields_name_and_the_others_go_on(
    changes: dict[str, Any], field: str
) -> None:
    orders, invalid = parse_orders([order(id="1"), order(id="2", **changes), order(id="3")])
    assert [parsed.id for parsed in orders] == ["1", "3"]
    assert [bad.id for bad in invalid] == ["2"]
    assert field in invalid[0].reason


@pytest.mark.parametrize("row", [None, "text", 7, [], {}, {"id": ""}])
def test_a_row_that_is_no_order_at_all_is_set_aside_without_an_id(row: object) -> None:
    orders, invalid = parse_orders([row, order()])
    assert len(orders) == 1
    assert invalid[0].id == ""
    assert invalid[0].reason


def test_polling_needs_only_id_status_and_times() -> None:
    summaries, invalid = parse_summaries([order(payment=None, line_items="broken"), {"id": "9"}])
    assert [type(summary) for summary in summaries] == [OrderSummary]
    assert summaries[0].update_time == datetime(2023, 11, 14, 22, 15, tzinfo=UTC)
    assert invalid[0].id == "9"


def test_neither_repr_nor_error_tells_personal_data() -> None:
    assert "Jane" not in repr(read())
    assert "Jane" not in repr(read().recipient_address)
    _, invalid = parse_orders([order(recipient_address={"name": ["Jane Roe"]}, create_time="Jane Roe")])
    assert "Jane" not in invalid[0].reason
    with pytest.raises(ValidationError) as caught:
        read(create_time="Jane Roe")
    assert "Jane" not in str(caught.value)


def test_product_types_come_as_list_or_as_text() -> None:
    assert Product.model_validate({"id": "1", "product_types": "COMBINED_PRODUCT"}).product_types == [
        "COMBINED_PRODUCT"
    ]
    assert Product.model_validate({"id": "1", "product_types": ["A", "B"]}).product_types == ["A", "B"]
    assert Product.model_validate({"id": "1", "product_types": ""}).product_types == []


def test_a_grant_survives_being_stored() -> None:
    wire = {
        "access_token": "ROW_secret",
        "access_token_expire_in": 1800000000,
        "refresh_token": "refresh-secret",
        "refresh_token_expire_in": 1900000000,
        "granted_permissions": ["seller.order.info"],
    }
    grant = TokenGrant.model_validate(wire)
    assert grant.access_token_expires_at == datetime(2027, 1, 15, 8, tzinfo=UTC)
    assert grant.granted_scopes == ["seller.order.info"]
    assert TokenGrant.model_validate_json(grant.model_dump_json()) == grant
    assert "secret" not in repr(grant)
