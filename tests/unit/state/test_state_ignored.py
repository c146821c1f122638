"""Ignored orders: out of every list, back by nobody's doing but a person's, whatever a worker does meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.builders import SHOP_ID
from tests.unit.conftest import Clock
from worker.state.dirty_set import Parked
from worker.state.ignored import IgnoredOrder
from worker.state.orders import OrderQueue, SoldUnits, Waiting

ENTRY = IgnoredOrder(note="Refunded by hand", by="anna")
UNITS = SoldUnits(units={"1729": 2})


@pytest.fixture
def queue(redis: Any, clock: Clock) -> OrderQueue:
    return OrderQueue(redis, SHOP_ID)


def nowhere(queue: OrderQueue, order_id: str) -> bool:
    counts = queue.counts()
    return (
        (counts.due, counts.later, counts.leased, counts.parked, counts.waiting) == (0, 0, 0, 0, 0)
        and queue.parked(order_id) is None
        and queue.sold() == {}
    )


def test_a_parked_order_is_parked_no_longer_and_holds_no_stock(queue: OrderQueue) -> None:
    queue.mark(["571"])
    claim = queue.claim(1, 60)
    queue.note_sold({"571": UNITS})
    queue.park(claim, Parked(id="571", code="unknown_sku", message="?"), 30)
    assert queue.sold() == {"571": UNITS}
    queue.ignored.put(["571"], ENTRY)
    assert nowhere(queue, "571")
    assert queue.ignored.all() == {"571": ENTRY}
    assert queue.counts().ignored == 1


def test_an_order_that_was_late_is_late_no_longer(queue: OrderQueue, clock: Clock) -> None:
    queue.mark(["571"])
    queue.again(queue.claim(1, 60), ["571"], 0)
    clock.forward(500)
    assert queue.counts().oldest_due >= 500
    queue.ignored.put(["571"], ENTRY)
    assert queue.counts().oldest_due == 0


def test_a_waiting_order_waits_no_longer(queue: OrderQueue) -> None:
    queue.mark(["571"])
    queue.wait(queue.claim(1, 60), Waiting(id="571", status="UNPAID"), update_time=5)
    queue.ignored.put(["571"], ENTRY)
    assert nowhere(queue, "571")


@pytest.mark.parametrize("outcome", ["park", "wait", "again", "suspect"])
def test_ignored_while_a_worker_has_it_the_order_does_not_come_back(queue: OrderQueue, outcome: str) -> None:
    queue.mark(["571"])
    claim = queue.claim(1, 60)
    queue.ignored.put(["571"], ENTRY)
    queue.note_sold({"571": UNITS})  # the worker learns what it holds, and does not know
    match outcome:
        case "park":
            queue.park(claim, Parked(id="571", code="unknown_sku", message="?"), 30)
        case "wait":
            queue.wait(claim, Waiting(id="571", status="UNPAID"), update_time=5)
        case _:
            queue.again(claim, ["571"], 30, suspect=outcome == "suspect")
    assert nowhere(queue, "571")
    queue.mark(["571"])
    assert queue.claim(1, 60).crashes == {}


def test_ignored_while_a_worker_has_it_the_lease_is_left_to_its_worker(queue: OrderQueue) -> None:
    queue.mark(["571"])
    claim = queue.claim(1, 60)
    queue.ignored.put(["571"], ENTRY)
    assert queue.counts().leased == 1
    queue.note_sold({"571": UNITS})  # the worker learns what it holds, and does not know
    assert queue.sold() == {}
    queue.done(claim, "571")
    assert nowhere(queue, "571")


def test_of_its_settled_state_a_poll_hears_nothing(queue: OrderQueue) -> None:
    queue.ignored.put(["571"], ENTRY)
    assert queue.unseen({"571": 100, "572": 100}) == ["572"]


def test_a_mark_alone_does_not_end_it_and_a_person_who_asks_does(queue: OrderQueue) -> None:
    queue.ignored.put(["571", "572"], ENTRY)
    queue.mark(["571"])
    assert set(queue.ignored.among(["571", "572", "573"])) == {"571", "572"}
    assert queue.ask_for(["571"], force=True) == 1
    assert set(queue.ignored.all()) == {"572"}
    claim = queue.claim(10, 60)
    assert (claim.ids, claim.forced) == (["571"], {"571"})


def test_a_force_from_before_is_forgotten(queue: OrderQueue) -> None:
    queue.mark(["571"], force=True)
    queue.ignored.put(["571"], ENTRY)
    queue.ask_for(["571"])
    assert queue.claim(1, 60).forced == frozenset()


def test_many_are_ignored_in_parts_and_a_removed_shop_forgets_them(queue: OrderQueue) -> None:
    ids = [str(number) for number in range(2500)]
    assert queue.ignored.put(ids, ENTRY) == 2500
    assert len(queue.ignored.all()) == 2500
    queue.drop()
    assert queue.ignored.all() == {}


def test_asking_for_nothing_does_nothing(queue: OrderQueue) -> None:
    assert queue.ask_for([]) == 0
    assert queue.ignored.among([]) == {}
