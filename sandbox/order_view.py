"""How an order is shown to an app: without its address before release, masked where TikTok masks it."""

from __future__ import annotations

import json
from typing import Any

from sandbox.model import Order
from sandbox.people import masked

_ADDRESS_WITHHELD = ("UNPAID", "ON_HOLD")


def shown(order: Order) -> dict[str, Any]:
    """The order object of the order API (reference section 6.3)."""
    fields = dict(order.fields)
    address = fields.get("recipient_address")
    if order.status in _ADDRESS_WITHHELD:
        fields.pop("recipient_address", None)
    elif address and _is_masked(order):
        fields["recipient_address"] = masked(address)
    return fields


def shown_json(order: Order) -> str:
    """The same as JSON text, kept until the order changes: lists of hundreds of orders cost no more than copying."""
    if order.rendered is None:
        order.rendered = json.dumps(shown(order), separators=(",", ":"), ensure_ascii=False)
    return order.rendered


def _is_masked(order: Order) -> bool:
    if order.shop.mask_addresses is not None:
        return order.shop.mask_addresses
    if order.status == "CANCELLED" and order.shop.market.region == "US":
        return True
    return (
        order.fields.get("shipping_type") == "TIKTOK" or order.fields.get("fulfillment_type") == "FULFILLMENT_BY_TIKTOK"
    )
