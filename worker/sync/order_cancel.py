"""Orders cancelled on TikTok: cancelled in Odoo while nothing has shipped, else a question to a person."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from worker.errors import OrderError
from worker.odoo.sales import SalesOrders
from worker.tiktok.models import Order


def cancel_orders(sales: SalesOrders, orders: Sequence[Order], *, imported: Collection[str]) -> dict[str, OrderError]:
    """Bring Odoo in line with cancelled orders, of which ``imported`` were; answers what is in the way, by order id.

    An order that never came into Odoo has nothing to cancel. Never the other way round: what a person cancels in Odoo
    stays as it is on TikTok.
    """
    if not orders:
        return {}
    found = sales.find((order.id for order in orders), imported=imported)
    open_orders = {
        sale.id: (order, sale) for order in orders for sale in found.get(order.id, []) if sale.state != "cancel"
    }
    shipped = sales.shipped(sale for _, sale in open_orders.values())
    for odoo_id in shipped:
        order, sale = open_orders[odoo_id]
        sales.ask_a_person(
            odoo_id,
            "Cancelled on TikTok Shop after shipping",
            f"TikTok order {order.id} ({sale.name}) is cancelled but goods have left. Arrange the return and refund.",
        )
    refused = sales.cancel([odoo_id for odoo_id in open_orders if odoo_id not in shipped])
    return {
        open_orders[odoo_id][0].id: OrderError(
            f"{open_orders[odoo_id][1].name} is cancelled on TikTok but Odoo did not cancel it: {reason}",
            code="not_cancelled",
            remedy="Unlock the order in Odoo, or cancel it there by hand.",
        )
        for odoo_id, reason in refused.items()
    }
