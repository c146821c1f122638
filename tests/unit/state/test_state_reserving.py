"""Workers confirm at the same time what shares no product; nobody waits for ever, and nothing is left out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.conftest import Clock
from worker.state import reserving
from worker.state.reserving import Reserving


class Watch:
    """The process's own clock, which pauses move."""

    def __init__(self) -> None:
        self.now = 50.0
        self.pauses = 0

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses += 1


@pytest.fixture(autouse=True)
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(reserving.time, "monotonic", lambda: watch.now)
    monkeypatch.setattr(reserving.time, "sleep", watch.sleep)
    return watch


@pytest.fixture
def workers(redis: Any, clock: Clock) -> tuple[Reserving, Reserving]:
    return Reserving(redis), Reserving(redis)


def test_who_is_alone_confirms_all_at_once(workers: tuple[Reserving, Reserving]) -> None:
    orders = {"a": {1, 2}, "b": {2, 3}, "c": ()}
    assert list(workers[0].in_turn(orders)) == [["a", "b", "c"]]


def test_a_large_batch_comes_in_parts_and_lets_others_in_between(workers: tuple[Reserving, Reserving]) -> None:
    one, other = workers
    parts = one.in_turn({f"a{number:02}": {number} for number in range(40)})
    assert next(parts) == [f"a{number:02}" for number in range(25)]
    assert list(other.in_turn({"b": {39}})) == [["b"]]
    assert [len(part) for part in parts] == [15]


def test_nothing_to_confirm_is_no_part(workers: tuple[Reserving, Reserving]) -> None:
    assert list(workers[0].in_turn({})) == []


def test_orders_of_other_products_come_first_and_the_others_when_they_are_free(
    workers: tuple[Reserving, Reserving],
) -> None:
    one, other = workers
    first = one.in_turn({"a": {1, 2}})
    assert next(first) == ["a"]
    parts = other.in_turn({"b": {2, 3}, "c": {4}, "d": {5}})
    assert next(parts) == ["c", "d"]
    assert list(first) == []  # the first worker is through, and gives its products back
    assert list(parts) == [["b"]]


def test_a_few_orders_are_not_worth_a_call_while_more_may_soon_be_free(
    workers: tuple[Reserving, Reserving], watch: Watch
) -> None:
    one, other = workers
    first = one.in_turn({"a": {1}})
    next(first)
    parts = other.in_turn({"b": {2}, **{f"c{number}": {1} for number in range(20)}})
    assert next(parts) == ["b"]
    assert 0.5 < watch.now - 50.0 < 0.7


def test_who_has_waited_in_vain_confirms_all_the_same(workers: tuple[Reserving, Reserving], watch: Watch) -> None:
    one, other = workers
    first = one.in_turn({"a": {1}})
    next(first)
    assert list(other.in_turn({"b": {1}})) == [["b"]]
    assert 5.0 <= watch.now - 50.0 < 5.2
    assert list(first) == []


def test_what_a_vanished_worker_holds_is_free_in_the_end(
    workers: tuple[Reserving, Reserving], watch: Watch, clock: Clock
) -> None:
    one, other = workers
    lost = one.in_turn({"a": {1}})
    next(lost)
    clock.forward(121)
    assert list(other.in_turn({"b": {1}})) == [["b"]]
    assert watch.pauses == 0


def test_an_error_while_confirming_gives_the_products_back(workers: tuple[Reserving, Reserving], watch: Watch) -> None:
    one, other = workers
    parts = one.in_turn({"a": {1}})
    next(parts)
    with pytest.raises(ValueError, match="refused"):
        parts.throw(ValueError("refused"))
    assert list(other.in_turn({"b": {1}})) == [["b"]]
    assert watch.pauses == 0


def test_nobody_gives_back_what_another_holds(workers: tuple[Reserving, Reserving], watch: Watch) -> None:
    one, other = workers
    slow = one.in_turn({"a": {1}})
    next(slow)
    impatient = other.in_turn({"b": {1}})
    next(impatient)  # after five seconds, holding nothing
    assert list(impatient) == []
    third = other.in_turn({"c": {1}})
    before = watch.pauses
    next(third)
    assert watch.pauses > before  # the first still holds it
