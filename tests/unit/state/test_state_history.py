"""The last day, minute by minute: one sample a minute, differences between them, never more than a day."""

from __future__ import annotations

from typing import Any

import pytest

from worker.metrics import ORDER_LATENCY
from worker.state import history
from worker.state.history import History, Sample, points, thin

NOON = 1_790_000_000 // 60 * 60


def sample(minute: int, **values: Any) -> Sample:
    return Sample(at=NOON + 60 * minute, **values)


def test_a_minute_has_one_sample_however_often_it_is_taken(redis: Any) -> None:
    kept = History(redis)
    assert kept.add(Sample(at=NOON + 3, due=1))
    assert not kept.add(Sample(at=NOON + 40, due=2))
    assert not kept.add(Sample(at=NOON - 60, due=3))
    assert [each.due for each in kept.since(0)] == [1]
    assert kept.add(sample(1, due=4))
    assert kept.latest() == sample(1, due=4)


def test_no_more_than_a_day_is_kept(redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert history.SAMPLES == 24 * 60
    monkeypatch.setattr(history, "SAMPLES", 3)
    for minute in range(5):
        History(redis).add(sample(minute))
    assert [each.at for each in History(redis).since(0)] == [NOON + 120, NOON + 180, NOON + 240]


def test_samples_since_a_moment(redis: Any) -> None:
    for minute in range(5):
        History(redis).add(sample(minute, due=minute))
    assert [each.due for each in History(redis).since(NOON + 180)] == [3, 4]
    assert History(redis).since(NOON + 9999) == []


def test_rates_are_differences_per_minute_whatever_was_missed() -> None:
    first, second = points([sample(0, totals={"a": 10}), sample(1, totals={"a": 16}), sample(3, totals={"a": 20})])
    assert (first.rates, second.rates) == ({"a": 6.0}, {"a": 2.0})


def test_a_counter_that_began_anew_makes_no_negative_rate() -> None:
    (point,) = points([sample(0, totals={"a": 1000}), sample(1, totals={"a": 4})])
    assert point.rates == {"a": 4.0}


def test_a_counter_that_is_new_counts_from_zero() -> None:
    (point,) = points([sample(0), sample(1, totals={"a": 4}, latency=[0] * len(ORDER_LATENCY.buckets) + [0])])
    assert (point.rates, point.median) == ({"a": 4.0}, None)


def test_latency_is_that_of_the_minute_and_not_of_all_times() -> None:
    bounds = len(ORDER_LATENCY.buckets)
    fast, slow = [1000, *([0] * bounds)], [1000, *([0] * (bounds - 1)), 10]
    (point,) = points([sample(0, latency=fast), sample(1, latency=slow)])
    assert point.median == ORDER_LATENCY.buckets[-1]


def test_a_long_time_is_thinned_out_without_losing_a_peak_or_a_count() -> None:
    samples = [sample(minute, lag=90.0 if minute == 4 else 0.0, totals={"a": minute}) for minute in range(10)]
    thinned = thin(samples, 3)
    assert [each.lag for each in thinned] == [0.0, 90.0, 0.0]
    assert [each.totals["a"] for each in thinned] == [3, 7, 9]
    assert thin(samples, 100) == samples
    assert thin([], 3) == []


def test_one_sample_alone_has_nothing_to_be_compared_with() -> None:
    assert points([sample(0)]) == points([]) == []
