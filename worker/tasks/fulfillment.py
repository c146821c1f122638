"""Fulfillment tasks: follow parcels, labels, requests to cancel and returns of orders that are in Odoo."""

from __future__ import annotations

from worker.app import app
from worker.state.dirty_set import with_work
from worker.state.inbox import trigger_arrived
from worker.state.problems import shop_fulfillment_scope
from worker.sync.fulfillment.drain import FulfillmentDrain
from worker.sync.fulfillment.watch import poll_tiktok, watch_odoo
from worker.sync.reporting import reporting
from worker.sync.runtime import get_runtime
from worker.sync.shops import active_shop, active_shops, next_shops
from worker.tasks.triggers import trigger_fulfillment


@app.task(name="fulfillment.drain")
def drain(shop_id: str) -> None:
    """Follow one batch of the shop's due orders."""
    runtime = get_runtime()
    trigger_arrived(runtime.redis, shop_id, "fulfillment")
    shop = active_shop(runtime, shop_id)
    if shop is not None and FulfillmentDrain(runtime, shop).run():
        trigger_fulfillment(runtime, shop_id)


@app.task(name="fulfillment.sweep")
def sweep() -> None:
    """Send a drain to every shop with orders to follow that are due or whose worker has vanished."""
    runtime = get_runtime()
    shop_ids = [shop.id for shop in active_shops(runtime)]
    for shop_id in with_work(runtime.redis, "fulfillment", shop_ids):
        trigger_fulfillment(runtime, shop_id)


@app.task(name="fulfillment.watch_all")
def watch_all() -> None:
    """Look at Odoo's deliveries for the shops that ship from Odoo and whose turn has come, one message each."""
    runtime = get_runtime()
    for shop in next_shops(runtime, "fulfillment.watch", runtime.settings.delivery_interval):
        if shop.settings.ship_when != "manual" or shop.settings.cancel_on_tiktok:
            watch.delay(shop.id)


@app.task(name="fulfillment.watch")
def watch(shop_id: str) -> None:
    """See which deliveries became ready or done in Odoo, and which orders were cancelled there."""
    runtime = get_runtime()
    shop = active_shop(runtime, shop_id)
    if shop is None:
        return
    with reporting(runtime, shop, shop_fulfillment_scope(shop_id)):
        if watch_odoo(runtime, shop):
            trigger_fulfillment(runtime, shop_id)


@app.task(name="fulfillment.poll_all")
def poll_all() -> None:
    """Read the lists of packages, cancellations and returns of the shops whose turn has come, one message each."""
    runtime = get_runtime()
    for shop in next_shops(runtime, "fulfillment.poll", runtime.settings.package_interval):
        poll.delay(shop.id)


@app.task(name="fulfillment.poll")
def poll(shop_id: str) -> None:
    """Read what changed in the shop's lists of packages, cancellations and returns."""
    runtime = get_runtime()
    shop = active_shop(runtime, shop_id)
    if shop is None:
        return
    with reporting(runtime, shop, shop_fulfillment_scope(shop_id)):
        if poll_tiktok(runtime, shop):
            trigger_fulfillment(runtime, shop_id)
