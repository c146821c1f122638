"""Writes Odoo's order numbers back to TikTok as external order references, so that each side can name the other."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from worker.errors import ConnectorError
from worker.tiktok.client import ShopClient
from worker.tiktok.models import ExternalOrderReference, Order

log = structlog.get_logger(__name__)


def write_references(client: ShopClient, names: Mapping[str, str], orders: Mapping[str, Order]) -> None:
    """Tell TikTok the Odoo names (by order id) of orders that were just imported.

    A convenience, not a promise: the identity that counts is the external ID in Odoo. So an app without the scope, or
    a TikTok that does not answer, costs a log line and never an order.
    """
    references = [
        ExternalOrderReference(
            order_id=order_id, external_id=name, line_item_ids=[item.id for item in orders[order_id].line_items]
        )
        for order_id, name in names.items()
    ]
    if not references:
        return
    try:
        client.add_external_order_references(references)
    except ConnectorError as error:
        log.warning("orders.references_not_written", orders=len(references), code=error.code, reason=error.message)
