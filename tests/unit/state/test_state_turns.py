"""Turns: every shop comes once in an interval, spread over it, whatever ticks are late, lost or doubled."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from worker.state import turns
from worker.state.connection import RedisClient
from worker.state.turns import tick_of, whose_turn

SHOPS = [f"749500{number:06}" for number in range(500)]
INTERVAL = 300.0


class Watch:
    """Redis's clock, and ticks by it."""

    def __init__(self, redis: RedisClient) -> None:
        self.redis = redis
        self.now = 1_790_000_000.0

    def tick(self, after: float, kind: str = "orders.poll") -> list[str]:
        self.now += after
        return whose_turn(self.redis, kind, INTERVAL, SHOPS)


@pytest.fixture
def watch(redis: RedisClient, monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch(redis)
    monkeypatch.setattr(turns, "clock", lambda _: watch.now)
    watch.tick(0)
    return watch


def test_every_shop_comes_once_in_an_interval_and_no_tick_takes_many(watch: Watch) -> None:
    ticks = [watch.tick(10) for _ in range(30)]
    assert Counter(shop for tick in ticks for shop in tick) == Counter(SHOPS)
    assert max(map(len, ticks)) < 3 * len(SHOPS) / len(ticks)


def test_ticks_that_come_late_leave_out_none_and_take_none_twice(watch: Watch) -> None:
    chance = random.Random(7)
    begun = watch.now
    taken: Counter[str] = Counter()
    while watch.now < begun + 3 * INTERVAL - 60:
        taken.update(watch.tick(chance.uniform(0.5, 60)))
    taken.update(watch.tick(begun + 3 * INTERVAL - watch.now))
    assert taken == Counter(dict.fromkeys(SHOPS, 3))


def test_after_a_long_silence_every_shop_comes_once(watch: Watch) -> None:
    assert sorted(watch.tick(10 * INTERVAL)) == SHOPS


def test_two_ticks_at_once_do_not_take_the_same(watch: Watch) -> None:
    assert watch.tick(60)
    assert watch.tick(0) == []
    assert watch.tick(-1) == []  # a tick that was overtaken


def test_the_first_tick_of_all_takes_none_so_that_a_new_start_is_no_stampede(redis: RedisClient) -> None:
    assert whose_turn(redis, "catalog.pull", INTERVAL, SHOPS) == []


def test_kinds_have_their_own_moments(watch: Watch) -> None:
    watch.tick(0, "fulfillment.poll")
    polled = watch.tick(30)
    assert set(polled) != set(watch.tick(0, "fulfillment.poll"))


@pytest.mark.parametrize(("interval", "tick"), [(86400, 60), (300, 10), (20, 1), (0.5, 0.5)])
def test_a_tick_is_short_enough_to_spread_and_never_longer_than_the_interval(interval: float, tick: float) -> None:
    assert tick_of(interval) == tick
