"""Whether anything follows from an order that Odoo has. Pure, but for what it remembers."""

from __future__ import annotations

from collections.abc import Sequence

from worker.state.shops import Shop, ShopSettings
from worker.sync.fulfillment.parcels import parcels_of
from worker.sync.runtime import Runtime
from worker.tiktok.models import Order

#: Statuses at which something has still to be shipped by the seller.
TO_SHIP = {"AWAITING_SHIPMENT", "PARTIALLY_SHIPPING"}
_ON_ITS_WAY = {"PARTIALLY_SHIPPING", "AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED", "COMPLETED"}


def is_the_sellers(order: Order) -> bool:
    """Whether the seller sends it; of what TikTok sends from its own warehouses no delivery is followed."""
    return order.fulfillment_type in ("", "FULFILLMENT_BY_SELLER")


def needs_a_look(order: Order, settings: ShopSettings, *, has_request: bool) -> bool:
    """Whether the order's parcels, requests or returns may have to be followed.

    :param has_request: a buyer's request to cancel it is known; it may be over.
    """
    if not is_the_sellers(order):
        return order.status in _ON_ITS_WAY  # its returns alone
    if order.status in _ON_ITS_WAY or order.is_buyer_request_cancel or has_request:
        return True
    if order.status not in TO_SHIP:
        return False
    shipped = any(parcel.is_arranged for parcel in parcels_of(order))
    return shipped or settings.ship_when != "manual" or settings.cancel_on_tiktok


def follow_up(runtime: Runtime, shop: Shop, orders: Sequence[Order]) -> bool:
    """These orders are in Odoo as they are now: have followed what follows from them; answers whether anything does."""
    if not orders:
        return False
    memory = runtime.fulfillment(shop.id)
    own = [order for order in orders if is_the_sellers(order)]
    memory.await_shipment(order.id for order in own if order.status in TO_SHIP)
    memory.no_longer_awaiting([order.id for order in orders if order.status not in TO_SHIP])
    requested = memory.has_request([order.id for order in orders])
    due = [order.id for order in orders if needs_a_look(order, shop.settings, has_request=order.id in requested)]
    return bool(runtime.fulfillment_queue(shop.id).mark(due)) if due else False
