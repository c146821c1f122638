"""Translates a TikTok order into what Odoo should hold, in TikTok's ids and plain values. Pure: no call, no lookup."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from worker.errors import OrderError
from worker.odoo.load import external_id
from worker.state.shops import Shop
from worker.sync.order_amounts import Basis, ExtraLine, active_items, amounts, unit_price
from worker.tiktok.models import LineItem, Order, RecipientAddress


@dataclass(frozen=True)
class GoodsLine:
    """Units of one SKU at one price. ``item_ids`` are TikTok's ids of the units, needed to ship or cancel them."""

    sku_id: str
    seller_sku: str
    product_id: str
    text: str
    quantity: int
    price: Decimal
    item_ids: tuple[str, ...]


@dataclass(frozen=True)
class Contact:
    """A buyer, or one of the buyer's delivery addresses; ``fields`` are columns of ``res.partner``."""

    external_id: str
    fields: dict[str, str]
    country_code: str = ""
    state_name: str = ""
    masked: bool = False


@dataclass(frozen=True)
class OrderDraft:
    """One order as Odoo should hold it. ``total`` is in ``currency``'s major units; times are UTC.

    :param gone: units that were cancelled one by one; they are part neither of ``goods`` nor of ``total``.
    """

    order_id: str
    external_id: str
    buyer: Contact
    address: Contact | None
    goods: list[GoodsLine]
    extras: list[ExtraLine]
    currency: str
    total: Decimal
    placed_at: datetime
    ship_by: datetime | None
    status: str
    gone: list[GoodsLine] = field(default_factory=list)


def order_external_id(shop_id: str, order_id: str) -> str:
    """The identity of an order in Odoo, unique by PostgreSQL's own constraint."""
    return external_id("order", shop_id, order_id)


def draft_of(order: Order, shop: Shop) -> OrderDraft:
    """The draft of ``order``.

    :raises OrderError: the order has no items, several currencies, or figures that do not add up.
    """
    if not active_items(order):
        raise OrderError(
            "TikTok lists no items that are still ordered.",
            code="no_items",
            remedy="Compare the order in Seller Center; it is looked at again by itself.",
        )
    currencies = {order.payment.currency} | {item.currency for item in order.line_items if item.currency}
    if len(currencies) > 1:
        raise OrderError(
            f"The order mixes currencies: {', '.join(sorted(currencies))}.",
            code="mixed_currencies",
            remedy="Compare the order in Seller Center, and enter it in Odoo by hand.",
        )
    money = amounts(order, shop.settings.total)
    return OrderDraft(
        order_id=order.id,
        external_id=order_external_id(shop.id, order.id),
        buyer=_buyer(order, shop),
        address=_address(order, shop),
        goods=_goods(active_items(order), shop.settings.total),
        extras=money.extras,
        currency=money.currency,
        total=money.total,
        placed_at=order.create_time,
        ship_by=order.rts_sla_time or order.shipping_due_time,
        status=order.status,
        gone=_goods([item for item in order.line_items if item.display_status == "CANCELLED"], shop.settings.total),
    )


def _goods(units: Sequence[LineItem], basis: Basis) -> list[GoodsLine]:
    groups: dict[tuple[str, Decimal, bool], list[LineItem]] = {}
    for item in units:
        groups.setdefault((item.sku_id, unit_price(item, basis), item.is_gift), []).append(item)
    return [
        GoodsLine(
            sku_id=sku_id,
            seller_sku=items[0].seller_sku,
            product_id=items[0].product_id,
            text=_text(items[0], basis),
            quantity=len(items),
            price=price,
            item_ids=tuple(item.id for item in items),
        )
        for (sku_id, price, _), items in groups.items()
    ]


def _text(item: LineItem, basis: Basis) -> str:
    variant = "" if item.sku_name == "Default" else item.sku_name  # what TikTok calls the only variant
    lines = [" - ".join(part for part in (item.product_name, variant) if part) or item.seller_sku or item.sku_id]
    if item.is_gift:
        lines.append("Gift")
    if item.seller_discount:
        lines.append(f"List price {item.original_price}, less your discount {item.seller_discount}")
    if item.platform_discount and basis == "seller_revenue":
        lines.append(f"{item.platform_discount} a unit paid by TikTok")
    return "\n".join(lines)


def _buyer(order: Order, shop: Shop) -> Contact:
    address = order.recipient_address
    name = order.buyer_nickname or (address.name if address else "") or "TikTok Shop buyer"
    buyer_id = order.user_id or f"of_{order.id}"
    fields = {"name": name, "ref": order.user_id, "email": order.buyer_email, "type": "contact"}
    return Contact(external_id("partner", shop.id, buyer_id), fields)


def _address(order: Order, shop: Shop) -> Contact | None:
    address = order.recipient_address
    if address is None or not (address.name or address.full_address or address.address_line1):
        return None
    street, street2 = _streets(address)
    fields = {
        "name": address.name or " ".join(part for part in (address.first_name, address.last_name) if part),
        "street": street,
        "street2": street2,
        "zip": address.postal_code,
        "city": _district(address, "city") or address.post_town or _district(address, level="L2"),
        "phone": address.phone_number,
        "type": "delivery",
    }
    fields["name"] = fields["name"] or order.buyer_nickname or "TikTok Shop buyer"
    country = address.region_code
    # Not by the phone: TikTok masks it later on, which makes no other address.
    place = [text for name, text in fields.items() if name != "phone"]
    digest = hashlib.sha256("\n".join([*place, country]).encode()).hexdigest()[:16]
    return Contact(
        external_id("address", shop.id, order.user_id or f"of_{order.id}", digest),
        fields,
        country_code=country,
        state_name=_district(address, "state") or _district(address, "province") or _district(address, level="L1"),
        masked=address.is_masked,
    )


def _streets(address: RecipientAddress) -> tuple[str, str]:
    lines = [address.address_line1, address.address_line2, address.address_line3, address.address_line4]
    lines = [line for line in lines if line] or [
        line for line in (address.address_detail, address.full_address) if line
    ]
    return (lines[0] if lines else "", ", ".join(lines[1:]))


def _district(address: RecipientAddress, name: str = "", *, level: str = "") -> str:
    """The district whose level is called ``name`` (``city``) or is ``level``; markets name their levels differently."""
    for district in address.district_info:
        is_wanted = district.address_level == level if level else district.address_level_name.lower() == name
        if is_wanted and district.address_name:
            return district.address_name
    return ""
