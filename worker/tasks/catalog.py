"""Catalogue tasks: read a shop's product list once a day, bind what is new to Odoo's products."""

from __future__ import annotations

from worker.app import app
from worker.state.dirty_set import with_work
from worker.state.inbox import trigger_arrived
from worker.state.problems import shop_catalog_scope
from worker.sync.catalog_drain import CatalogDrain
from worker.sync.long_work import give_up, pull_catalog
from worker.sync.reporting import reporting
from worker.sync.runtime import get_runtime
from worker.sync.shops import active_shop, active_shops, next_shops
from worker.tasks.triggers import trigger_catalog, trigger_drain, trigger_push

#: Seconds of one message's share of a long list; well below a task's time limit.
_SHARE = 60.0


@app.task(name="catalog.pull_all")
def pull_all() -> None:
    """Pull the catalogues of the shops whose turn has come, one message each."""
    runtime = get_runtime()
    for shop in next_shops(runtime, "catalog.pull", runtime.settings.catalog_interval):
        pull.delay(shop.id)


@app.task(name="catalog.pull")
def pull(shop_id: str) -> None:
    """Read the shop's product list; a long one in several messages, each going on where the last left off."""
    runtime = get_runtime()
    shop = active_shop(runtime, shop_id)
    if shop is None:
        give_up(runtime, shop_id, "catalog")
        return
    with reporting(runtime, shop, shop_catalog_scope(shop_id)):
        finished = pull_catalog(runtime, shop, seconds=_SHARE)
        trigger_catalog(runtime, shop_id)
        if not finished:
            pull.delay(shop_id)


@app.task(name="catalog.drain")
def drain(shop_id: str) -> None:
    """Bind one batch of the shop's due products."""
    runtime = get_runtime()
    trigger_arrived(runtime.redis, shop_id, "products")
    shop = active_shop(runtime, shop_id)
    if shop is None:
        return
    done = CatalogDrain(runtime, shop).run()
    if done.more:
        trigger_catalog(runtime, shop_id)
    if done.push:
        trigger_push(runtime, shop_id)
    if done.orders:
        trigger_drain(runtime, shop_id)


@app.task(name="catalog.sweep")
def sweep() -> None:
    """Send a drain to every shop with products that are due or whose worker has vanished."""
    runtime = get_runtime()
    shop_ids = [shop.id for shop in active_shops(runtime)]
    for shop_id in with_work(runtime.redis, "products", shop_ids):
        trigger_catalog(runtime, shop_id)
