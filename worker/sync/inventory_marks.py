"""Which products' stock is to be looked at: of every shop that sells a variant, or all of one shop."""

from __future__ import annotations

from collections.abc import Collection

from worker.state.catalog import products_selling
from worker.state.shops import Shop
from worker.sync.runtime import Runtime
from worker.sync.shops import active_shops


def mark_variants(runtime: Runtime, variant_ids: Collection[int], *, but: str = "") -> list[str]:
    """Make the products due that sell one of Odoo's variants, wherever stock is pushed; answers the shops.

    :param but: a shop that is left out: where something was sold, TikTok has taken it from what is shown itself.
    """
    pushing = runtime.shops.pushing() - {but} if variant_ids else set()
    if not pushing:
        return []
    shop_ids = [shop.id for shop in active_shops(runtime) if shop.id in pushing]
    selling = products_selling(runtime.redis, shop_ids, variant_ids)
    for shop_id, products in selling.items():
        runtime.inventory_queue(shop_id).mark(sorted(products))
    return list(selling)


def mark_products(runtime: Runtime, shop: Shop, product_ids: Collection[str]) -> bool:
    """Make these products of one shop due, if its stock is pushed; answers whether."""
    if shop.settings.push_stock != "on" or not product_ids:
        return False
    runtime.inventory_queue(shop.id).mark(sorted(product_ids))
    return True


def mark_all(runtime: Runtime, shop: Shop) -> bool:
    """Make every product of a shop due, as after a change of its warehouses, its buffer or its authorization."""
    return mark_products(runtime, shop, runtime.catalog(shop.id).product_ids())
