"""Compares all of a shop's stock on TikTok with Odoo's, and has pushed again what drifted apart."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from worker.state.catalog import ListedProduct
from worker.state.inbox import count
from worker.state.inventory import Reconciled
from worker.state.shops import Shop
from worker.sync.inventory_plan import Plan, SkuPlan, make_plan
from worker.sync.runtime import Runtime

#: SKUs of one comparison: as many as TikTok tells in one call.
_SKUS = 600
#: A difference counts as drift when it is still there after so many looks; what is just being sold agrees by then.
_LOOKS = 3
_PAUSE = 1.0


#: Told how many products are done, and how many there are.
Advance = Callable[[int, int], None]


@dataclass
class StockReport:
    """What was compared: ``drift`` holds SKUs of which TikTok shows something else than it should."""

    shop_id: str
    compared: int = 0
    drift: list[SkuPlan] = field(default_factory=list)
    untracked: dict[str, str] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    parked: dict[str, str] = field(default_factory=dict)
    unmapped: int = 0


def batches(products: Iterable[ListedProduct], most: int = _SKUS) -> Iterator[list[ListedProduct]]:
    """Products in lists of at most ``most`` SKUs together."""
    batch: list[ListedProduct] = []
    skus = 0
    for product in products:
        if batch and skus + len(product.skus) > most:
            yield batch
            batch, skus = [], 0
        batch.append(product)
        skus += len(product.skus)
    if batch:
        yield batch


def preview(
    runtime: Runtime,
    shop: Shop,
    products: Iterable[ListedProduct],
    *,
    advance: Advance = lambda _, __: None,
) -> Iterator[Plan]:
    """What a push would do, for all of ``products``; changes nothing.

    :param advance: told after each comparison how many products are done, of how many.
    :raises ConnectorError: a side does not answer.
    """
    client = runtime.shop_client(shop)
    products = list(products)
    done = 0
    for batch in batches(products):
        yield make_plan(runtime, shop, client, batch)
        done += len(batch)
        advance(done, len(products))


def reconcile_stock(
    runtime: Runtime, shop: Shop, *, repair: bool = True, advance: Advance = lambda _, __: None
) -> StockReport:
    """Compare all of a shop's bound SKUs.

    :param repair: make what drifted due, so that the next push sets it right.
    :raises ConnectorError: a side does not answer; a comparison that is not whole is worth nothing.
    """
    catalog = runtime.catalog(shop.id)
    products = catalog.products()
    report = StockReport(shop.id)
    report.parked = {entry.id: entry.message for entry in runtime.inventory_queue(shop.id).all_parked()}
    report.unmapped = sum(1 for listing in catalog.listings().values() if listing.variant_id is None)
    drifted: dict[str, SkuPlan] = {}
    for plan in preview(runtime, shop, products.values(), advance=advance):
        report.compared += len(plan.skus)
        report.untracked |= plan.untracked
        report.unlisted |= plan.unlisted
        drifted |= {sku.listing.sku_id: sku for sku in plan.changes}
    for _ in range(_LOOKS - 1):
        if not drifted:
            break
        time.sleep(_PAUSE)  # stock that is sold right now differs for a moment
        again = [products[product_id] for product_id in sorted({sku.listing.product_id for sku in drifted.values()})]
        still = {sku.listing.sku_id: sku for plan in preview(runtime, shop, again) for sku in plan.changes}
        drifted = {sku_id: still[sku_id] for sku_id in drifted if sku_id in still}
    report.drift = list(drifted.values())
    runtime.inventory(shop.id).note_reconciled(Reconciled(compared=report.compared, drifted=len(report.drift)))
    count(runtime.redis, "inventory_drift", len(report.drift))
    if repair and report.drift:
        runtime.inventory_queue(shop.id).mark(sorted({sku.listing.product_id for sku in report.drift}))
    return report
