"""The life of an order: what each status changes in the order and in the stock (reference section 6.2)."""

from __future__ import annotations

from typing import Any

from sandbox.errors import ControlError
from sandbox.model import Order
from sandbox.world import World

FLOW = (
    "UNPAID",
    "ON_HOLD",
    "AWAITING_SHIPMENT",
    "PARTIALLY_SHIPPING",
    "AWAITING_COLLECTION",
    "IN_TRANSIT",
    "DELIVERED",
    "COMPLETED",
)
CANCELLED = "CANCELLED"
ORDER_STATUSES = (*FLOW, CANCELLED)
PROVIDER = {"id": "7117858858072016686", "name": "TT Virtual express"}
DAY = 86_400
# Local sellers of these markets see no packages before they ship (reference section 5.6).
_PACKAGES_WHEN_SHIPPED = ("US", "GB")


def check_step(current: str, wanted: str) -> None:
    """Refuse what TikTok never does: going back, leaving CANCELLED, cancelling what was delivered.

    :raises ControlError: with the reason.
    """
    if wanted not in ORDER_STATUSES:
        raise ControlError(f"no order status {wanted!r}; there are {', '.join(ORDER_STATUSES)}")
    if current == CANCELLED or (wanted == CANCELLED and current in ("DELIVERED", "COMPLETED")):
        raise ControlError(f"an order cannot go from {current} to {wanted}")
    if wanted != CANCELLED and current in FLOW and FLOW.index(wanted) <= FLOW.index(current):
        raise ControlError(f"an order cannot go from {current} to {wanted}")


def enter_status(world: World, order: Order, status: str, *, at: int) -> None:
    """Put an order into a status: its times, packages, lines and stock follow. ``update_time`` is left alone.

    :param at: epoch seconds at which it happened.
    """
    fields = order.fields
    fields["status"] = status
    if status == CANCELLED:
        fields.setdefault("cancel_time", at)
        fields["is_buyer_request_cancel"] = False
        world.stock.give_back(order.stock, order.id)
        order.stock = []
        _set_lines(order, CANCELLED, CANCELLED)
        return
    rank = FLOW.index(status)
    if rank >= FLOW.index("ON_HOLD"):
        _pay(fields, at)
    if rank >= FLOW.index("AWAITING_SHIPMENT") and order.shop.market.region not in _PACKAGES_WHEN_SHIPPED:
        _pack(world, fields)
    if rank >= FLOW.index("AWAITING_COLLECTION"):
        _pack(world, fields)
        _arrange_shipping(world, fields, at)
    if rank >= FLOW.index("IN_TRANSIT"):
        fields.setdefault("collection_time", at)
        world.stock.ship(order.stock)
        order.stock = []
    if rank >= FLOW.index("DELIVERED"):
        fields.setdefault("delivery_time", at)
    _set_lines(order, status, _package_status(rank))
    if status == "PARTIALLY_SHIPPING":
        _set_lines(order, "AWAITING_SHIPMENT", "TO_FULFILL", first=1)


def _pay(fields: dict[str, Any], at: int) -> None:
    if "paid_time" not in fields:
        fields["paid_time"] = at
        fields["cancel_order_sla_time"] = at + 5 * DAY
        fields["rts_sla_time"] = fields["shipping_due_time"] = at + 2 * DAY
        fields["tts_sla_time"] = fields["collection_due_time"] = at + 3 * DAY
        fields["delivery_sla_time"] = fields["delivery_due_time"] = at + 10 * DAY


def _pack(world: World, fields: dict[str, Any]) -> None:
    if not fields["packages"]:
        fields["packages"] = [{"id": world.ids.new("package")}]
    for line in fields["line_items"]:
        line["package_id"] = fields["packages"][0]["id"]


def _arrange_shipping(world: World, fields: dict[str, Any], at: int) -> None:
    if "tracking_number" in fields:
        return
    fields["rts_time"] = at
    fields["shipping_provider"] = PROVIDER["name"]
    fields["shipping_provider_id"] = PROVIDER["id"]
    fields["tracking_number"] = f"JX{world.ids.new('package')[-10:]}"
    for line in fields["line_items"]:
        line["rts_time"] = at
        line["tracking_number"] = fields["tracking_number"]
        line["shipping_provider_id"] = PROVIDER["id"]
        line["shipping_provider_name"] = PROVIDER["name"]


def _package_status(rank: int) -> str:
    if rank < FLOW.index("AWAITING_COLLECTION"):
        return "TO_FULFILL"
    return {"AWAITING_COLLECTION": "PROCESSING", "IN_TRANSIT": "FULFILLING"}.get(FLOW[rank], "COMPLETED")


def _set_lines(order: Order, display_status: str, package_status: str, first: int = 0) -> None:
    shown = {"ON_HOLD": "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING": "AWAITING_COLLECTION"}
    for line in order.fields["line_items"][first:]:
        line["display_status"] = shown.get(display_status, display_status)
        line["package_status"] = package_status
