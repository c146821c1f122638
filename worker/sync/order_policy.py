"""What is to happen with an order, by its status, its kind and the shop's settings. Pure."""

from __future__ import annotations

from enum import Enum

from worker.errors import OrderError
from worker.state.shops import ShopSettings
from worker.tiktok.models import Order


class Action(Enum):
    """What to do with an order now."""

    IMPORT = "import"
    CANCEL = "cancel"
    WAIT = "wait"
    SKIP = "skip"


#: Statuses (Order API, *Get Order Detail*) at which a paid order is the seller's to fulfil, or is fulfilled already.
#: An order that shipped while we were down is imported as well: the go-live date decides, not the status.
_IMPORTED = {
    "AWAITING_SHIPMENT",
    "PARTIALLY_SHIPPING",
    "AWAITING_COLLECTION",
    "IN_TRANSIT",
    "DELIVERED",
    "COMPLETED",
}
#: Not paid yet, or paid and held for about an hour in which the buyer may cancel and the address is withheld.
_WAITING = {"UNPAID", "ON_HOLD"}


def decide(order: Order, settings: ShopSettings, *, wanted: bool = False) -> tuple[Action, str]:
    """The action for ``order`` and, for ``SKIP`` and ``WAIT``, the reason in a word.

    :param wanted: the order is in Odoo already, or a person asked for it: the settings do not leave it out.
    :raises OrderError: ``unknown_status``: TikTok has a status that we do not know; guessing could lose an order.
    """
    left_out = "" if wanted else _left_out(order, settings)
    if left_out:
        return Action.SKIP, left_out
    if order.status in _WAITING:
        return Action.WAIT, order.status.lower()
    if order.status == "CANCELLED":
        return Action.CANCEL, ""
    if order.status in _IMPORTED:
        return Action.IMPORT, ""
    raise OrderError(
        f"TikTok reports the status {order.status!r}, which this version does not know.",
        code="unknown_status",
        remedy="Update tiktok-odoo-sync; the order is looked at again by itself.",
    )


def _left_out(order: Order, settings: ShopSettings) -> str:
    if order.create_time < settings.go_live:
        return "before_go_live"
    if order.fulfillment_type not in ("", "FULFILLMENT_BY_SELLER") and not settings.import_fbt:
        return "fulfilled_by_tiktok"
    if order.is_sample_order and not settings.import_samples:
        return "sample"
    return ""
