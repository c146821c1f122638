"""The poll reads a list that moves and misses nothing; its cursor never passes an order by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import fakeredis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.builders import SHOP_ID, make_shop
from tests.unit.sync.moving_list import MovingList
from worker.errors import RetryableError
from worker.state.cursors import Cursors
from worker.state.ignored import IgnoredOrder
from worker.state.orders import OrderQueue
from worker.state.timeline import Timeline
from worker.sync.poll import poll, sync_since

START = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())


class Poller:
    """A shop that went live at ``START``, polled on a Redis of its own."""

    def __init__(self, redis: Any) -> None:
        self.shop = make_shop(go_live=datetime.fromtimestamp(START, UTC))
        self.queue = OrderQueue(redis, SHOP_ID)
        self.cursors = Cursors(redis)

    def poll(self, orders: MovingList, overlap: float = 600) -> int:
        return poll(self.shop, orders, self.queue, self.cursors, overlap=overlap)  # type: ignore[arg-type]

    def due(self) -> set[str]:
        return set(self.queue.claim(10_000, 60).ids)


@pytest.fixture
def poller(redis: Any) -> Poller:
    return Poller(redis)


def orders(count: int, *, per_second: int = 1) -> dict[str, int]:
    return {f"{number:05}": START + number // per_second for number in range(count)}


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_every_order_is_due_and_the_cursor_is_the_last_ones_time(poller: Poller, count: int) -> None:
    found = MovingList(orders(count))
    assert poller.poll(found) == count
    assert poller.due() == set(found.updates)
    assert poller.cursors.get(SHOP_ID) == (START + count - 1 if count else None)
    assert poller.cursors.last_poll(SHOP_ID) is not None


def test_a_first_poll_begins_at_the_go_live_date(poller: Poller) -> None:
    poller.poll(MovingList({"old": START - 1, "new": START}))
    assert poller.due() == {"new"}


def test_a_later_poll_begins_before_its_cursor(poller: Poller) -> None:
    found = MovingList({"1": START + 5000})
    poller.poll(found)
    found.updates["listed late"] = START + 4500
    found.updates["too old"] = START + 4300
    poller.poll(found)
    assert poller.due() == {"1", "listed late"}


def test_a_second_poll_makes_nothing_due_that_was_settled(poller: Poller) -> None:
    found = MovingList({"1": START, "2": START})
    poller.poll(found)
    claim = poller.queue.claim(2, 60)
    for order_id in claim.ids:
        poller.queue.done(claim, order_id, update_time=START)
    assert poller.poll(found) == 0
    found.updates["2"] += 1
    assert poller.poll(found) == 1
    assert poller.due() == {"2"}


@pytest.mark.parametrize("per_second", [100, 101, 250, 1000])
def test_a_second_with_more_orders_than_a_page_is_read_whole(poller: Poller, per_second: int) -> None:
    found = MovingList(orders(1000, per_second=per_second))
    poller.poll(found)
    assert poller.due() == set(found.updates)


def test_a_full_second_that_loses_orders_between_its_pages_is_read_whole(poller: Poller) -> None:
    """Orders that are updated leave the second and shift the rest over the page's edge; they come up again later."""
    found = MovingList(orders(300, per_second=300))

    def leave(call: int) -> None:
        if call <= 4:
            for order_id in sorted(i for i, moment in found.updates.items() if moment == START)[:20]:
                found.updates[order_id] = START + 50

    found.between = leave
    poller.poll(found)
    assert poller.due() == set(found.updates)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_nothing_is_missed_whatever_moves_between_the_pages(data: st.DataObject) -> None:
    poller = Poller(fakeredis.FakeRedis(decode_responses=True))
    gaps = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=60))
    updates, moment = {}, START
    for number, gap in enumerate(gaps):
        moment += gap
        updates[f"{number:05}"] = moment
    found = MovingList(updates, page_size=data.draw(st.integers(2, 10)))

    def change(call: int) -> None:
        if call > 30:
            return
        newest = max(found.updates.values())
        for order_id in data.draw(st.lists(st.sampled_from(sorted(found.updates)), max_size=4)):
            found.updates[order_id] = newest + data.draw(st.integers(0, 1))
        if data.draw(st.booleans()):
            found.updates[f"new{call:03}"] = newest + 1

    found.between = change
    poller.poll(found)
    cursor = poller.cursors.get(SHOP_ID) or 0
    due = poller.due()
    assert {order_id for order_id, moment in found.updates.items() if moment < cursor} <= due
    found.between = lambda _: None
    poller.poll(found, overlap=0)  # what changed behind the last page lies at the cursor or ahead of it
    assert due | poller.due() == set(found.updates)


def test_a_poll_that_breaks_off_keeps_its_cursor_behind_what_it_kept(poller: Poller) -> None:
    found = MovingList(orders(250))

    def fail(call: int) -> None:
        if call == 2:
            raise RetryableError("TikTok is away.")

    found.between = fail
    with pytest.raises(RetryableError):
        poller.poll(found)
    assert poller.cursors.get(SHOP_ID) == START + 99
    assert poller.cursors.last_poll(SHOP_ID) is None
    found.between = lambda _: None
    poller.poll(found)
    assert poller.due() == set(found.updates)


def test_rows_that_cannot_be_read_are_looked_at_one_by_one_and_stop_nothing(poller: Poller) -> None:
    found = MovingList(orders(250), broken=["00003", "00100", "00249"])
    poller.poll(found)
    assert poller.due() == set(found.updates)


@pytest.mark.parametrize("page_size", [10, 100])
def test_a_page_on_which_no_row_can_be_read_does_not_end_the_poll(poller: Poller, page_size: int) -> None:
    """Given TikTok that changed its rows for some of the orders, the others are still found."""
    broken = [f"{number:05}" for number in range(20, 160)]
    found = MovingList(orders(250), page_size=page_size, broken=broken)
    poller.poll(found)
    assert poller.due() == set(found.updates)
    assert poller.cursors.get(SHOP_ID) == START + 249


def test_unreadable_rows_of_a_full_second_are_not_passed_over(poller: Poller) -> None:
    found = MovingList(orders(300, per_second=300), broken=[f"{number:05}" for number in range(100, 200)])
    poller.poll(found)
    assert poller.due() == set(found.updates)


def test_sync_since_takes_settled_orders_too_and_leaves_the_cursor_alone(poller: Poller) -> None:
    found = MovingList(orders(5))
    poller.poll(found)
    claim = poller.queue.claim(5, 60)
    for order_id in claim.ids:
        poller.queue.done(claim, order_id, update_time=START + 10)
    cursor = poller.cursors.get(SHOP_ID)
    since = datetime.fromtimestamp(START + 2, UTC)
    assert sync_since(found, poller.queue, since) == 3  # type: ignore[arg-type]
    assert poller.cursors.get(SHOP_ID) == cursor
    assert poller.due() == {"00002", "00003", "00004"}


def test_sync_since_with_force_brings_back_what_was_deleted(poller: Poller) -> None:
    found = MovingList(orders(2))
    sync_since(found, poller.queue, datetime.fromtimestamp(START, UTC), force=True)  # type: ignore[arg-type]
    assert poller.queue.claim(5, 60).forced == {"00000", "00001"}


def test_what_a_poll_found_is_told_once_and_ignored_orders_are_not_found(poller: Poller, redis: Any) -> None:
    timeline = Timeline(redis, SHOP_ID)
    poller.queue.ignored.put(["00001"], IgnoredOrder(note="n", by="anna"))
    found = MovingList(orders(3))
    marked = poll(
        *(poller.shop, found, poller.queue, poller.cursors),  # type: ignore[arg-type]
        overlap=600,
        timeline=timeline,
    )
    assert (marked, poller.due()) == (2, {"00000", "00002"})
    assert [entry.kind for entry in timeline.of("00000")] == ["poll"]
    assert timeline.of("00001") == []
