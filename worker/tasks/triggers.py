"""Sends a shop's task unless one is on its way. Losing the message loses nothing: the sweeps come by.

By name, so that tasks of one kind can start those of another without importing each other.
"""

from __future__ import annotations

from worker.app import app
from worker.state.inbox import Trigger, may_trigger
from worker.sync.runtime import Runtime

#: At most one look at Odoo's stock is on its way to a worker; it concerns every shop.
EVERY_SHOP = "all"


def trigger_drain(runtime: Runtime, shop_id: str) -> None:
    """Bring the shop's due orders into Odoo soon."""
    if may_trigger(runtime.redis, shop_id):
        app.send_task("orders.drain", [shop_id])


def trigger_sold(runtime: Runtime, shop_id: str) -> None:
    """Look soon at what the shop's new orders hold, where another shop may sell the same stock."""
    if runtime.shops.pushing_stock() > 1 and may_trigger(runtime.redis, shop_id, "sold"):
        app.send_task("inventory.note_sold", [shop_id])


def trigger_catalog(runtime: Runtime, shop_id: str) -> None:
    """Look at the shop's due products soon."""
    if may_trigger(runtime.redis, shop_id, "products"):
        app.send_task("catalog.drain", [shop_id])


def trigger_push(runtime: Runtime, shop_id: str) -> None:
    """Push the stock of the shop's due products soon."""
    if may_trigger(runtime.redis, shop_id, "inventory"):
        app.send_task("inventory.push", [shop_id])


def trigger_fulfillment(runtime: Runtime, shop_id: str) -> None:
    """Follow the parcels and returns of the shop's due orders soon."""
    if may_trigger(runtime.redis, shop_id, "fulfillment"):
        app.send_task("fulfillment.drain", [shop_id])


def trigger_watch(runtime: Runtime) -> None:
    """Look at Odoo's stock soon, as after a batch of orders, where any shop's stock is pushed."""
    if runtime.shops.pushing_stock() and may_trigger(runtime.redis, EVERY_SHOP, "inventory"):
        app.send_task("inventory.watch")


def trigger(runtime: Runtime, kind: Trigger, shop_id: str) -> None:
    """Have a worker look at the shop's dirty set of that kind soon."""
    {
        "orders": trigger_drain,
        "products": trigger_catalog,
        "inventory": trigger_push,
        "fulfillment": trigger_fulfillment,
        "sold": trigger_sold,
    }[kind](runtime, shop_id)
