"""Where orders are, newest first, page by page, none twice and none left out."""

from __future__ import annotations

import random
from itertools import islice
from typing import Any

import pytest

from tests.unit.builders import SHOP_ID
from tests.unit.conftest import Clock
from worker.state.dirty_set import Parked
from worker.state.ignored import IgnoredOrder
from worker.state.order_index import Mark, OrderIndex, Place
from worker.state.orders import OrderQueue, Waiting


@pytest.fixture
def queue(redis: Any, clock: Clock) -> OrderQueue:
    return OrderQueue(redis, SHOP_ID)


@pytest.fixture
def index(redis: Any) -> OrderIndex:
    return OrderIndex(redis, SHOP_ID)


def ids(places: Any) -> list[str]:
    return [place.order_id for place in places]


def state_of(index: OrderIndex, order_id: str) -> tuple[str, bool, bool]:
    place = index.places([order_id])[order_id]
    return place.state, place.at_work, place.in_odoo


def test_each_order_is_in_the_state_that_tells_most(queue: OrderQueue, index: OrderIndex) -> None:
    queue.mark(["1", "2", "3", "4", "5", "6"])
    claim = queue.claim(6, 300)
    assert state_of(index, "1") == ("due", True, False)
    queue.park(claim, Parked(id="1", code="unknown_sku", message="?"), 30)
    assert state_of(index, "1") == ("parked", False, False)  # and due for its next attempt
    queue.wait(claim, Waiting(id="2", status="UNPAID"), update_time=5)
    assert state_of(index, "2") == ("waiting", False, False)
    queue.remember_imported(["3"])
    queue.done(claim, "3", update_time=5)
    assert state_of(index, "3") == ("in_odoo", False, True)
    queue.mark(["3"])
    assert state_of(index, "3") == ("due", False, True)
    queue.done(claim, "4", update_time=5)
    assert state_of(index, "4") == ("left_out", False, False)
    queue.ignored.put(["5"], IgnoredOrder(note="n", by="anna"))
    assert state_of(index, "5") == ("ignored", True, False)
    assert index.places(["6", "7"]).keys() == {"6"}
    assert index.places([]) == {}


def test_the_newest_come_first_whatever_their_state(queue: OrderQueue, index: OrderIndex, clock: Clock) -> None:
    for order_id in ("9", "1", "5", "3"):
        queue.mark([order_id])
        clock.forward(1)
    claim = queue.claim(2, 300)  # 9 and 1
    queue.park(claim, Parked(id="9", code="unknown_sku", message="?"), 30)
    queue.remember_imported(["1"])
    queue.done(claim, "1")
    found = ids(index.newest_first())
    assert set(found) == {"9", "1", "5", "3"}
    assert found.index("3") < found.index("5")
    assert ids(index.newest_first("due")) == ["3", "5"]
    assert ids(index.newest_first("parked")) == ["9"]
    assert ids(index.newest_first("in_odoo")) == ["1"]
    assert ids(index.newest_first("ignored")) == []


def test_an_order_at_work_that_is_due_again_is_told_once(queue: OrderQueue, index: OrderIndex) -> None:
    queue.mark(["1"])
    queue.claim(1, 300)
    assert ids(index.newest_first()) == ["1"]
    queue.mark(["1"])
    assert ids(index.newest_first()) == ["1"]
    assert ids(index.newest_first("due")) == ["1"]


def pages(index: OrderIndex, size: int) -> list[Place]:
    found: list[Place] = []
    before = None
    while page := list(islice(index.newest_first(before=before), size)):
        found += page
        before = Mark.read(str(page[-1].mark))
    return found


def test_pages_hold_every_order_once_though_many_came_in_the_same_moment(
    queue: OrderQueue, index: OrderIndex, redis: Any
) -> None:
    """A batch is remembered under one time, a page of the order list is marked in one: 50 may stand at one score."""
    chance = random.Random(4)
    scores = [1_790_000_000 + chance.random() for _ in range(7)]
    expected = {str(number): chance.choice(scores) for number in range(1000, 1700)}
    for order_id, score in expected.items():
        redis.zadd(f"tts:orders:{chance.choice(['due', 'imported'])}:{SHOP_ID}", {order_id: score})
    queue.ignored.put([str(number) for number in range(2000, 2060)], IgnoredOrder(note="n", by="anna"))
    found = pages(index, 50)
    assert len(found) == len(set(ids(found))) == 760
    marks = [place.mark for place in found]
    assert marks == sorted(marks, reverse=True)
    assert {place.order_id: place.score for place in found if place.state != "ignored"} == expected


@pytest.mark.parametrize("text", ["", "_1", "yesterday_1", "x", "nan_1", "inf_1"])
def test_a_place_that_nobody_wrote_is_none(text: str) -> None:
    assert Mark.read(text) is None


def test_a_place_survives_being_written() -> None:
    mark = Mark(1_790_000_000.1234567, "576461413038785752")
    assert Mark.read(str(mark)) == mark
