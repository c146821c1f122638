"""Order tasks: drain a shop's dirty set, poll its order list, sweep for what nobody works on."""

from __future__ import annotations

from worker.app import app
from worker.odoo.features import features_of
from worker.state.dirty_set import with_work
from worker.state.inbox import trigger_arrived
from worker.sync.drain import Drain
from worker.sync.long_work import give_up, sync_orders
from worker.sync.poll import poll
from worker.sync.reporting import reporting
from worker.sync.runtime import get_runtime
from worker.sync.shops import active_shop, active_shops, next_shops
from worker.tasks.triggers import trigger_drain, trigger_fulfillment, trigger_push, trigger_sold, trigger_watch

#: Seconds of one message's share of a long list: drains wait in the same queue.
_SHARE = 20.0


@app.task(name="orders.drain")
def drain(shop_id: str) -> None:
    """Bring one batch of the shop's due orders into Odoo."""
    runtime = get_runtime()
    trigger_arrived(runtime.redis, shop_id)
    shop = active_shop(runtime, shop_id)
    if shop is None:
        return
    # One batch a message: a shop with a long backlog queues up behind the others again.
    round_ = Drain(runtime, shop)

    def push() -> None:
        for other in sorted(round_.shops_to_push):
            trigger_push(runtime, other)

    if round_.run(on_more=lambda: trigger_drain(runtime, shop_id), on_sold=push):
        trigger_drain(runtime, shop_id)
    push()
    if round_.to_follow:
        trigger_fulfillment(runtime, shop_id)
    if round_.touched_stock and features_of(runtime.odoo).kits:  # kits and components that share what was sold
        trigger_watch(runtime)


@app.task(name="orders.sweep")
def sweep() -> None:
    """Send a drain to every shop with orders that are due or whose worker has vanished."""
    runtime = get_runtime()
    shop_ids = [shop.id for shop in active_shops(runtime)]
    for shop_id in with_work(runtime.redis, "orders", shop_ids):
        trigger_drain(runtime, shop_id)


@app.task(name="orders.poll_all")
def poll_all() -> None:
    """Poll the order lists of the shops whose turn has come, one message each."""
    runtime = get_runtime()
    for shop in next_shops(runtime, "orders.poll", runtime.settings.poll_interval):
        poll_shop.delay(shop.id)


@app.task(name="orders.poll")
def poll_shop(shop_id: str) -> None:
    """Read what changed in the shop's order list since its cursor."""
    runtime = get_runtime()
    shop = active_shop(runtime, shop_id)
    if shop is None:
        return
    with reporting(runtime, shop):
        marked = poll(
            shop,
            runtime.shop_client(shop),
            runtime.queue(shop_id),
            runtime.cursors,
            overlap=runtime.settings.poll_overlap,
            timeline=runtime.timeline(shop_id),
        )
        if marked:
            trigger_sold(runtime, shop_id)
            trigger_drain(runtime, shop_id)


@app.task(name="orders.sync_since")
def sync_since(shop_id: str) -> None:
    """Look at every order that changed since a date that a person gave; a long list in several messages."""
    runtime = get_runtime()
    shop = active_shop(runtime, shop_id)
    if shop is None:
        give_up(runtime, shop_id, "orders")
        return
    with reporting(runtime, shop):
        finished = sync_orders(runtime, shop, seconds=_SHARE)
        trigger_sold(runtime, shop_id)
        trigger_drain(runtime, shop_id)
        if not finished:
            sync_since.delay(shop_id)
