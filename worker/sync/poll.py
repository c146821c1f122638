"""Reads a shop's order list, so that a lost webhook loses nothing: every order that changed gets into the dirty set.

The list moves while it is read: an order that changes between two pages jumps to its end and shifts the others, and a
page token that counts would step over one. So pages are asked for by value: in ascending order of update time, each
request starts at the last time seen, and what moves can only move ahead of us, where we still come by. Only a second
that holds more orders than a page is walked by page token, again and again until a walk brings nothing new.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from worker.state.cursors import Cursors
from worker.state.orders import OrderQueue
from worker.state.shops import Shop
from worker.state.timeline import Timeline
from worker.tiktok.client import ShopClient
from worker.tiktok.models import InvalidOrder, OrderSummary

Keep = Callable[[list[OrderSummary], list[InvalidOrder]], int]

PAGE_SIZE = 100
_WALKS_OF_ONE_SECOND = 10


def poll(
    shop: Shop,
    client: ShopClient,
    queue: OrderQueue,
    cursors: Cursors,
    *,
    overlap: float,
    timeline: Timeline | None = None,
) -> int:
    """Mark every order that changed since the shop's cursor, and move the cursor behind them; answers how many.

    The cursor is a time of TikTok's, never of our clock, and moves only after the orders before it are in the dirty
    set. Each poll begins ``overlap`` seconds before it, for orders that TikTok lists late. Without a cursor (a new
    shop, or Redis was lost) the poll begins at the go-live date: an order created later was not updated earlier.

    :param timeline: where to tell what was found.
    """
    cursor = cursors.get(shop.id)
    go_live = int(shop.settings.go_live.timestamp())
    start = go_live if cursor is None else max(go_live, int(cursor - overlap))

    def keep(summaries: list[OrderSummary], invalid: list[InvalidOrder]) -> int:
        updates = {summary.id: int(summary.update_time.timestamp()) for summary in summaries}
        found = [*queue.unseen(updates), *_ids(invalid)]
        marked = queue.mark(found)
        if timeline is not None:
            timeline.add(found, "poll", "changed, as TikTok's order list tells")
        if updates:
            cursors.advance(shop.id, max(updates.values()))
        return marked

    marked = _walk(client, start, keep)
    cursors.polled(shop.id)
    return marked


def sync_since(
    client: ShopClient,
    queue: OrderQueue,
    since: datetime,
    *,
    force: bool = False,
    advance: Callable[[int, datetime | None], None] = lambda marked, read_to: None,
) -> int:
    """Mark every order that changed since ``since``, whether it was seen or not; answers how many.

    :param force: also bring back orders that a person deleted in Odoo.
    :param advance: told after each page how many orders it marked, and up to which update time all are marked
        (``None``: no row of the page tells). What it raises ends the reading.
    """

    def keep(summaries: list[OrderSummary], invalid: list[InvalidOrder]) -> int:
        marked = queue.mark([*(summary.id for summary in summaries), *_ids(invalid)], force=force)
        advance(marked, max((summary.update_time for summary in summaries), default=None))
        return marked

    return _walk(client, int(since.astimezone(UTC).timestamp()), keep)


def _ids(invalid: list[InvalidOrder]) -> list[str]:
    """Rows that cannot be read are looked at one by one, so that each is parked under its own reason."""
    return [row.id for row in invalid if row.id]


def _walk(client: ShopClient, start: int, keep: Keep) -> int:
    """Hand every order updated at or after ``start`` (epoch seconds) to ``keep``, at least once, oldest first."""
    total = 0
    known: set[str] = set()  # orders of the second at which the next request starts
    token = ""
    while True:
        page = client.search_orders(
            update_time_ge=start, page_size=PAGE_SIZE, page_token=token, sort_field="update_time", sort_order="ASC"
        )
        fresh = [summary for summary in page.summaries if summary.id not in known]
        if fresh or page.invalid:
            total += keep(fresh, page.invalid)
        token = page.next_page_token
        if not token:
            return total
        if not page.summaries:  # no row can be read, so no time is known from which to go on: the token must do
            continue
        token = ""
        last = max(int(summary.update_time.timestamp()) for summary in page.summaries)
        if last <= start:
            total += _walk_second(client, start, keep)
            last = start + 1
        known = {summary.id for summary in page.summaries if int(summary.update_time.timestamp()) == last}
        start = last


def _walk_second(client: ShopClient, second: int, keep: Keep) -> int:
    """An order that leaves the second while it is read shifts the rows behind it, and the next page steps over as many.

    So it is read again until nothing has left in between: TikTok counts the same rows from the first page to the last,
    and all of them were read.
    """
    total = 0
    seen: set[str] = set()
    for _ in range(_WALKS_OF_ONE_SECOND):
        before = len(seen)
        token = ""
        counted: set[int] = set()
        rows = 0
        while True:
            page = client.search_orders(
                update_time_ge=second,
                update_time_lt=second + 1,
                page_size=PAGE_SIZE,
                page_token=token,
                sort_field="update_time",
                sort_order="ASC",
            )
            counted.add(page.total_count)
            rows += len(page.summaries) + len(page.invalid)
            fresh = [summary for summary in page.summaries if summary.id not in seen]
            if fresh or page.invalid:
                total += keep(fresh, page.invalid)
                seen.update(summary.id for summary in fresh)
            token = page.next_page_token
            if not token:
                break
        nothing_left = counted == {rows} if any(counted) else len(seen) == before
        if nothing_left:
            break
    return total
