"""Orders of the Order API (*Get Order List* 202309, *Get Order Detail* 202507). Each unit is a line of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import ConfigDict, Field, field_validator

from worker.tiktok.models.address import RecipientAddress
from worker.tiktok.models.base import (
    Amount,
    Currency,
    Id,
    OptionalAmount,
    OptionalTime,
    Status,
    TikTokModel,
    Time,
    parse_each,
)


class Payment(TikTokModel):
    """Amounts of an order, in major units of ``currency``."""

    currency: Currency
    total_amount: Amount
    sub_total: OptionalAmount = Decimal(0)
    original_total_product_price: OptionalAmount = Decimal(0)
    seller_discount: OptionalAmount = Decimal(0)
    platform_discount: OptionalAmount = Decimal(0)
    payment_platform_discount: OptionalAmount = Decimal(0)
    payment_discount_service_fee: OptionalAmount = Decimal(0)
    original_shipping_fee: OptionalAmount = Decimal(0)
    shipping_fee: OptionalAmount = Decimal(0)
    shipping_fee_seller_discount: OptionalAmount = Decimal(0)
    shipping_fee_platform_discount: OptionalAmount = Decimal(0)
    shipping_fee_cofunded_discount: OptionalAmount = Decimal(0)
    tax: OptionalAmount = Decimal(0)
    product_tax: OptionalAmount = Decimal(0)
    shipping_fee_tax: OptionalAmount = Decimal(0)
    small_order_fee: OptionalAmount = Decimal(0)
    retail_delivery_fee: OptionalAmount = Decimal(0)
    buyer_service_fee: OptionalAmount = Decimal(0)
    handling_fee: OptionalAmount = Decimal(0)
    shipping_insurance_fee: OptionalAmount = Decimal(0)
    item_insurance_fee: OptionalAmount = Decimal(0)
    item_insurance_tax: OptionalAmount = Decimal(0)
    distance_fee: OptionalAmount = Decimal(0)
    distance_shipping_fee: OptionalAmount = Decimal(0)


class ItemTax(TikTokModel):
    """Tax on one unit, on top of its price."""

    tax_type: Status = ""
    tax_amount: OptionalAmount = Decimal(0)
    tax_rate: OptionalAmount = Decimal(0)


class BundleComponent(TikTokModel):
    """A product inside a bundle, ``sku_count`` times for each unit of the bundle."""

    sku_id: Id
    sku_count: int = 1
    product_id: str = ""
    seller_sku: str = ""


class LineItem(TikTokModel):
    """One unit of one SKU. ``sale_price`` is ``original_price`` after both discounts."""

    id: Id
    sku_id: Id
    sale_price: Amount
    original_price: Amount
    product_id: str = ""
    seller_sku: str = ""
    product_name: str = ""
    sku_name: str = ""
    currency: str = ""
    seller_discount: OptionalAmount = Decimal(0)
    platform_discount: OptionalAmount = Decimal(0)
    item_tax: list[ItemTax] = Field(default_factory=list)
    display_status: Status = ""
    package_id: str = ""
    package_status: Status = ""
    shipping_provider_id: str = ""
    shipping_provider_name: str = ""
    tracking_number: str = ""
    rts_time: OptionalTime = None
    is_gift: bool = False
    cancel_user: Status = ""
    cancel_reason: str = ""
    combined_listing_skus: list[BundleComponent] = Field(default_factory=list)
    small_order_fee: OptionalAmount = Decimal(0)
    retail_delivery_fee: OptionalAmount = Decimal(0)
    buyer_service_fee: OptionalAmount = Decimal(0)


class Package(TikTokModel):
    """A parcel that holds lines of the order."""

    id: Id


class OrderSummary(TikTokModel):
    """What polling needs of an order; the rest of the row is dropped."""

    model_config = ConfigDict(extra="ignore")

    id: Id
    update_time: Time
    create_time: Time
    status: Status


class Order(OrderSummary):
    """A whole order. ``repr`` shows id and status only, since the rest is personal data."""

    model_config = ConfigDict(extra="allow")

    payment: Payment
    line_items: list[LineItem] = Field(min_length=1)
    recipient_address: RecipientAddress | None = None
    user_id: str = ""
    buyer_email: str = ""
    buyer_nickname: str = ""
    buyer_message: str = ""
    seller_note: str = ""
    order_type: Status = ""
    fulfillment_type: Status = ""
    shipping_type: Status = ""
    delivery_type: Status = ""
    commerce_platform: Status = ""
    split_or_combine_tag: Status = ""
    delivery_option_id: str = ""
    delivery_option_name: str = ""
    shipping_provider_id: str = ""
    shipping_provider: str = ""
    tracking_number: str = ""
    warehouse_id: str = ""
    packages: list[Package] = Field(default_factory=list)
    payment_method_name: str = ""
    replaced_order_id: str = ""
    cancel_reason: str = ""
    cancellation_initiator: Status = ""
    is_on_hold_order: bool = False
    is_buyer_request_cancel: bool = False
    is_cod: bool = False
    is_sample_order: bool = False
    is_replacement_order: bool = False
    is_exchange_order: bool = False
    has_updated_recipient_address: bool = False
    paid_time: OptionalTime = None
    rts_time: OptionalTime = None
    rts_sla_time: OptionalTime = None
    tts_sla_time: OptionalTime = None
    shipping_due_time: OptionalTime = None
    collection_time: OptionalTime = None
    collection_due_time: OptionalTime = None
    delivery_time: OptionalTime = None
    delivery_due_time: OptionalTime = None
    release_date: OptionalTime = None
    request_cancel_time: OptionalTime = None
    cancel_time: OptionalTime = None

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return [("id", self.id), ("status", self.status)]

    @property
    def units(self) -> dict[str, int]:
        """Units by SKU id: each line item is one. Lines that are cancelled alone take nothing."""
        return dict(Counter(line.sku_id for line in self.line_items if line.display_status != "CANCELLED"))

    @field_validator("recipient_address", mode="before")
    @classmethod
    def _empty_address_is_none(cls, value: Any) -> Any:
        """TikTok withholds the address of unpaid and held orders: absent, or present with nothing in it."""
        return (value if any(value.values()) else None) if isinstance(value, dict) else value


@dataclass(frozen=True)
class InvalidOrder:
    """An order that could not be read, and why (fields, never values). ``id`` is empty when not even that was there."""

    id: str
    reason: str


def parse_orders(rows: Iterable[Any]) -> tuple[list[Order], list[InvalidOrder]]:
    """Orders of an answer, one by one."""
    orders, invalid = parse_each(Order, rows)
    return orders, [InvalidOrder(*pair) for pair in invalid]


def parse_summaries(rows: Iterable[Any]) -> tuple[list[OrderSummary], list[InvalidOrder]]:
    """The same orders, no deeper than polling needs."""
    summaries, invalid = parse_each(OrderSummary, rows)
    return summaries, [InvalidOrder(*pair) for pair in invalid]
