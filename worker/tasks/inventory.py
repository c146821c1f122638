"""Stock tasks: look at what changed in Odoo, push what is due to TikTok, compare everything once a day."""

from __future__ import annotations

from contextlib import suppress

from worker.app import app
from worker.errors import ConnectorError
from worker.state.dirty_set import with_work
from worker.state.inbox import trigger_arrived
from worker.state.problems import shop_scope, shop_stock_scope
from worker.sync.inventory_push import InventoryPush
from worker.sync.inventory_sold import look_at_new_orders
from worker.sync.inventory_watch import watch as look_at_odoo
from worker.sync.long_work import compare_stock, give_up, reconcile_all_stock
from worker.sync.reporting import reporting
from worker.sync.runtime import get_runtime
from worker.sync.shops import active_shop, active_shops, next_shops
from worker.tasks.triggers import EVERY_SHOP, trigger_catalog, trigger_drain, trigger_push


@app.task(name="inventory.watch")
def watch() -> None:
    """See which stock changed in Odoo, and push it to every shop that sells it."""
    runtime = get_runtime()
    trigger_arrived(runtime.redis, EVERY_SHOP, "inventory")
    for shop_id in look_at_odoo(runtime):
        trigger_push(runtime, shop_id)


@app.task(name="inventory.note_sold")
def note_sold(shop_id: str) -> None:
    """See what the shop's new orders hold, so that other shops of the same stock show less before Odoo has them."""
    runtime = get_runtime()
    trigger_arrived(runtime.redis, shop_id, "sold")
    shop = active_shop(runtime, shop_id)
    if shop is None or runtime.problems.paused(shop_scope(shop_id)):
        return
    with reporting(runtime, shop):
        for other in look_at_new_orders(runtime, shop):
            trigger_push(runtime, other)


@app.task(name="inventory.push")
def push(shop_id: str) -> None:
    """Push one batch of the shop's due products."""
    runtime = get_runtime()
    trigger_arrived(runtime.redis, shop_id, "inventory")
    shop = active_shop(runtime, shop_id)
    if shop is None or shop.settings.push_stock != "on":
        return
    done = InventoryPush(runtime, shop).run()
    if done.orders_found:
        trigger_drain(runtime, shop_id)
    if done.catalog:
        trigger_catalog(runtime, shop_id)
    # One batch a message: a first push of a whole catalogue queues up behind the others again.
    if done.more:
        trigger_push(runtime, shop_id)


@app.task(name="inventory.sweep")
def sweep() -> None:
    """Send a push to every shop with products whose stock is due or whose worker has vanished."""
    runtime = get_runtime()
    shop_ids = [shop.id for shop in active_shops(runtime) if shop.settings.push_stock == "on"]
    for shop_id in with_work(runtime.redis, "inventory", shop_ids):
        trigger_push(runtime, shop_id)


@app.task(name="inventory.reconcile_all")
def reconcile_all() -> None:
    """Compare the stock of the shops whose turn has come with Odoo's, one message each."""
    runtime = get_runtime()
    for shop in next_shops(runtime, "inventory.reconcile", runtime.settings.stock_reconcile_interval):
        if shop.settings.push_stock == "on":
            reconcile.delay(shop.id)


@app.task(name="inventory.reconcile")
def reconcile(shop_id: str) -> None:
    """Compare all of a shop's stock on TikTok with Odoo's, and push again what drifted apart."""
    runtime = get_runtime()
    shop = active_shop(runtime, shop_id)
    if shop is None or shop.settings.push_stock != "on":
        give_up(runtime, shop_id, "reconcile")
        return
    with reporting(runtime, shop, shop_stock_scope(shop_id)):
        if reconcile_all_stock(runtime, shop).drift:
            trigger_push(runtime, shop_id)


@app.task(name="inventory.plan")
def plan(shop_id: str) -> None:
    """See what a push of all the shop's stock would change, for a person to agree to."""
    runtime = get_runtime()
    shop = active_shop(runtime, shop_id)
    if shop is None:
        give_up(runtime, shop_id, "compare")
        return
    with suppress(ConnectorError):  # the person who waits for it reads why
        compare_stock(runtime, shop)
