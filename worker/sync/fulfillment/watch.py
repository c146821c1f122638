"""Looks on both sides for orders to follow: what became ready, done or cancelled in Odoo, what moved on TikTok."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from worker.odoo.deliveries import Deliveries
from worker.odoo.sales import SalesOrders
from worker.state.fulfillment import Fulfillment
from worker.state.shops import Shop
from worker.sync.fulfillment.ship import due_states
from worker.sync.reporting import without_scope
from worker.sync.runtime import Runtime
from worker.tiktok.client import ShopClient

#: TikTok's lists are read again from this many seconds before what was seen last.
_OVERLAP = 600
#: Where nothing was read yet, the lists begin this many seconds ago.
_FIRST_LOOK = 30 * 86400


#: A row of a list: what it is (its id), the orders that it is about, when it changed.
_Row = tuple[str, Sequence[str], datetime | None]
#: Reads one page: its rows, and the token of the next page.
_Reader = Callable[..., tuple[list[_Row], str]]


def watch_odoo(runtime: Runtime, shop: Shop) -> bool:
    """Make those orders due that wait for TikTok and of which something happened in Odoo; answers whether any did.

    Each delivery in its state, and each cancelled order, is noticed once.

    :raises ConnectorError: Odoo does not answer.
    """
    settings = shop.settings
    memory = runtime.fulfillment(shop.id)
    waiting = memory.awaiting()
    due: set[str] = set()
    if waiting and settings.ship_when != "manual":
        found = Deliveries(runtime.odoo, shop.id, settings.company_id).states(waiting, due_states(settings))
        due |= _new(memory, {f"ready {delivery}": order for order, ids in found.items() for delivery in ids})
    if waiting and settings.cancel_on_tiktok:
        cancelled = SalesOrders(runtime.odoo, shop.id, settings.company_id).cancelled(waiting)
        due |= _new(memory, {f"cancelled {order}": order for order in cancelled})
    return bool(runtime.fulfillment_queue(shop.id).mark(sorted(due))) if due else False


def _new(memory: Fulfillment, seen: dict[str, str]) -> set[str]:
    """The orders of what is seen for the first time; it is noted at once: the dirty set keeps what follows."""
    known = memory.were_done(list(seen))
    return {order for what, order in seen.items() if what not in known and memory.first_time(what)}


def poll_tiktok(runtime: Runtime, shop: Shop) -> bool:
    """Make every order due whose packages, cancellations or returns changed since the last look; answers whether any
    did. What a webhook told and Odoo has no order of yet, the import brings here.

    :raises ConnectorError: TikTok does not answer.
    """
    client = runtime.shop_client(shop)
    lists: dict[str, _Reader] = {
        "packages": lambda **page: _packages(client, **page),
        "cancellations": lambda **page: _cancellations(client, **page),
    }
    if shop.settings.returns != "off":
        lists["returns"] = lambda **page: _returns(client, **page)
    marked = 0
    for name, reader in lists.items():
        if name == "packages":
            marked += _read(runtime, shop, name, reader)
            continue
        with without_scope(runtime, shop):
            marked += _read(runtime, shop, name, reader)
    return bool(marked)


def _packages(client: ShopClient, **page: Any) -> tuple[list[_Row], str]:
    found = client.search_packages(**page)
    return [(each.id, each.order_ids, each.update_time) for each in found.packages], found.next_page_token


def _cancellations(client: ShopClient, **page: Any) -> tuple[list[_Row], str]:
    found = client.search_cancellations(**page)
    return [(each.id, [each.order_id], each.update_time) for each in found.cancellations], found.next_page_token


def _returns(client: ShopClient, **page: Any) -> tuple[list[_Row], str]:
    found = client.search_returns(**page)
    return [(each.id, [each.order_id], each.update_time) for each in found.returns], found.next_page_token


def _read(runtime: Runtime, shop: Shop, name: str, reader: _Reader) -> int:
    """Read one list from its cursor on, and move the cursor behind what is due then.

    Which orders they are matters, not how they stand: those that were read before are due once more, at most.
    """
    memory = runtime.fulfillment(shop.id)
    cursor = memory.cursor(name)
    go_live = int(shop.settings.go_live.timestamp())
    start = max(go_live, int(time.time()) - _FIRST_LOOK) if cursor is None else max(go_live, cursor - _OVERLAP)
    marked = 0
    newest = start
    token = ""
    while True:
        seen, token = reader(update_time_ge=start, page_token=token)
        fresh = {
            order
            for one, ids, at in seen
            if memory.first_time(f"{name} {one} {int(at.timestamp()) if at else 0}")
            for order in ids
            if order
        }
        marked += runtime.fulfillment_queue(shop.id).mark(sorted(fresh)) if fresh else 0
        newest = max([newest, *(int(at.timestamp()) for _, _, at in seen if at is not None)])
        if not token:
            break
    memory.advance(name, newest)
    return marked
