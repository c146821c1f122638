"""Looks on both sides for orders to follow: what became ready, done or cancelled in Odoo, what moved on TikTok."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from worker.odoo.deliveries import Deliveries
from worker.odoo.sales import SalesOrders
from worker.state.fulfillment import Fulfillment
from worker.state.shops import Shop
from worker.sync.runtime import Runtime

#: TikTok's lists are read again from this many seconds before what was seen last.
_OVERLAP = 600
#: Where nothing was read yet, the lists begin this many seconds ago.
_FIRST_LOOK = 30 * 86400


class _Page(Protocol):
    next_page_token: str


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
        states = {"done"} if settings.ship_when == "validated" else {"assigned", "done"}
        found = Deliveries(runtime.odoo, shop.id, settings.company_id).ready(waiting, states)
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
    memory = runtime.fulfillment(shop.id)
    lists: dict[str, tuple[Callable[..., Any], Callable[[Any], Iterable[tuple[Sequence[str], datetime | None]]]]] = {
        "packages": (
            client.search_packages,
            lambda page: ((each.order_ids, each.update_time) for each in page.packages),
        ),
        "cancellations": (
            client.search_cancellations,
            lambda page: (([each.order_id], each.update_time) for each in page.cancellations),
        ),
    }
    if shop.settings.returns != "off":
        lists["returns"] = (
            client.search_returns,
            lambda page: (([each.order_id], each.update_time) for each in page.returns),
        )
    marked = 0
    for name, (search, rows) in lists.items():
        marked += _read(runtime, shop, memory, name, search, rows)
    return bool(marked)


def _read(
    runtime: Runtime,
    shop: Shop,
    memory: Fulfillment,
    name: str,
    search: Callable[..., Any],
    rows: Callable[[Any], Iterable[tuple[Sequence[str], datetime | None]]],
) -> int:
    """Read one list from its cursor on, and move the cursor behind what is due then.

    Which orders they are matters, not how they stand: those that were read before are due once more, at most.
    """
    cursor = memory.cursor(name)
    go_live = int(shop.settings.go_live.timestamp())
    start = max(go_live, int(time.time()) - _FIRST_LOOK) if cursor is None else max(go_live, cursor - _OVERLAP)
    marked = 0
    newest = start
    token = ""
    while True:
        page = search(update_time_ge=start, page_token=token)
        seen = list(rows(page))
        found = {f"seen {name} {ids} {at}": ids for ids, at in seen if ids}
        fresh = {order for what, ids in found.items() if memory.first_time(what) for order in ids}
        marked += runtime.fulfillment_queue(shop.id).mark(sorted(fresh)) if fresh else 0
        newest = max([newest, *(int(at.timestamp()) for _, at in seen if at is not None)])
        token = page.next_page_token
        if not token:
            break
    memory.advance(name, newest)
    return marked
