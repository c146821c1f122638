"""Finding one order of the calling shop."""

from __future__ import annotations

from sandbox.errors import ApiError
from sandbox.model import Order
from sandbox.routing import Call


def own_order(call: Call, order_id: str) -> Order:
    """The order, if it is the shop's.

    :raises ApiError: 21008111.
    """
    order = call.world.orders[call.shop.id].get(order_id)
    if order is None:
        raise ApiError(21008111, "The order does not belong to this shop")
    return order
