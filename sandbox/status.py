"""The life of an order: what each status changes in the order and in the stock (reference section 6.2)."""

from __future__ import annotations

from typing import Any

from sandbox import packages
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
DAY = 86_400


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
        for line in fields["line_items"]:
            packages.take_line(world, line)
            line |= {"display_status": CANCELLED, "package_status": CANCELLED}
        fields["packages"] = []
        return
    rank = FLOW.index(status)
    if rank >= FLOW.index("ON_HOLD"):
        _pay(fields, at)
    for line in packages.active_lines(order) if rank <= FLOW.index("AWAITING_SHIPMENT") else []:
        line["display_status"] = "UNPAID" if status == "UNPAID" else "AWAITING_SHIPMENT"
    if rank < FLOW.index("AWAITING_SHIPMENT"):
        for line in fields["line_items"]:
            line["package_status"] = "TO_FULFILL"
        return
    if packages.unpacked(order) and order.shop.market.region not in packages.PACKAGES_WHEN_SHIPPED:
        packages.pack(world, order)
    if rank >= FLOW.index("PARTIALLY_SHIPPING"):
        _move_packages(world, order, status, at)
    if rank >= FLOW.index("IN_TRANSIT"):
        fields.setdefault("collection_time", at)
        world.stock.ship(order.stock)
        order.stock = []
    if rank >= FLOW.index("DELIVERED"):
        fields.setdefault("delivery_time", at)
    packages.show(world, order)
    if status == "COMPLETED":
        for line in packages.active_lines(order):
            line["display_status"] = "COMPLETED"


def _move_packages(world: World, order: Order, status: str, at: int) -> None:
    """Arrange what is to be shipped (all but the first line where a part is), and move all of it on."""
    if status == "PARTIALLY_SHIPPING":
        _, *rest = packages.active_lines(order)
        if rest:
            for line in rest:
                packages.take_line(world, line)
            packages.arrange(world, packages.pack(world, order, rest, "SPLIT"), at=at)
        return
    if packages.unpacked(order):
        packages.pack(world, order)
    for package in packages.of(world, order):
        if not package.is_arranged:
            packages.arrange(world, package, at=at)
        if status in ("IN_TRANSIT", "DELIVERED", "COMPLETED"):
            package.status = "FULFILLING" if status == "IN_TRANSIT" else "COMPLETED"
            package.update_time = at


def _pay(fields: dict[str, Any], at: int) -> None:
    if "paid_time" not in fields:
        fields["paid_time"] = at
        fields["cancel_order_sla_time"] = at + 5 * DAY
        fields["rts_sla_time"] = fields["shipping_due_time"] = at + 2 * DAY
        fields["tts_sla_time"] = fields["collection_due_time"] = at + 3 * DAY
        fields["delivery_sla_time"] = fields["delivery_due_time"] = at + 10 * DAY
