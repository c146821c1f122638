"""Which parked orders wait for a SKU to be bound to a product of Odoo's."""

from __future__ import annotations

from collections.abc import Collection

from worker.state.shops import Shop
from worker.sync.runtime import Runtime

#: Reasons for which an order is parked that a new binding may have settled.
_WAITING_FOR_A_BINDING = {"unknown_sku", "ambiguous_sku", "archived_product", "chosen_product_gone"}


def waiting_orders(runtime: Runtime, shop: Shop, sku_ids: Collection[str]) -> list[str]:
    """Orders that hold one of these SKUs and are parked for want of a binding, by id."""
    wanted = set(sku_ids)
    return [order_id for order_id, skus in _waiting(runtime, shop).items() if wanted & skus] if wanted else []


def orders_by_sku(runtime: Runtime, shop: Shop) -> dict[str, list[str]]:
    """Every SKU of orders that are parked for want of a binding, with these orders."""
    found: dict[str, list[str]] = {}
    for order_id, skus in _waiting(runtime, shop).items():
        for sku_id in skus:
            found.setdefault(sku_id, []).append(order_id)
    return found


def _waiting(runtime: Runtime, shop: Shop) -> dict[str, set[str]]:
    queue = runtime.queue(shop.id)
    parked = [entry.id for entry in queue.all_parked() if entry.code in _WAITING_FOR_A_BINDING]
    held = queue.sold() if parked else {}
    return {order_id: set(held[order_id].units) for order_id in parked if order_id in held}
