"""The Open API by area; ``ENDPOINTS`` is every call that the simulator knows."""

from __future__ import annotations

from sandbox.api import (
    authorization,
    events,
    external_orders,
    finance,
    fulfillment,
    inventory,
    logistics,
    orders,
    prices,
    products,
    return_refund,
)
from sandbox.routing import Endpoint

ENDPOINTS: list[Endpoint] = [
    *authorization.ENDPOINTS,
    *events.ENDPOINTS,
    *orders.ENDPOINTS,
    *prices.ENDPOINTS,
    *external_orders.ENDPOINTS,
    *products.ENDPOINTS,
    *inventory.ENDPOINTS,
    *logistics.ENDPOINTS,
    *fulfillment.ENDPOINTS,
    *return_refund.ENDPOINTS,
    *finance.ENDPOINTS,
]
