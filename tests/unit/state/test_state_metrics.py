"""What is counted reaches Redis in one go, is lost to no outage, and is read back as it was."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from worker import metrics
from worker.metrics import ODOO_CALL_SECONDS, ORDER_LATENCY, PARKED, TIKTOK_CALLS, Metric, count, observe
from worker.state.metrics import Histogram, hand_over, metrics_key, parse, quantile, read


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    metrics.take()
    yield
    metrics.take()


def test_counting_calls_no_redis_and_handing_over_calls_it_once(redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pipelines: list[object] = []
    pipeline = redis.pipeline
    monkeypatch.setattr(redis, "pipeline", lambda *a, **k: pipelines.append(1) or pipeline(*a, **k))
    for _ in range(3):
        count(TIKTOK_CALLS, api="GET /order/202309/orders", result="ok")
        observe(ODOO_CALL_SECONDS, 0.3)
    assert redis.keys("*") == []
    hand_over(redis)
    hand_over(redis)
    assert len(pipelines) == 1
    assert read(redis).total(TIKTOK_CALLS) == 3
    assert read(redis).histogram(ODOO_CALL_SECONDS).total == 3


def test_several_processes_add_up(redis: Any) -> None:
    for _ in range(2):
        count(PARKED, kind="orders", code="unknown_sku")
        count(PARKED, 2, kind="inventory", code="stock_refused")
        hand_over(redis)
    found = read(redis)
    assert found.total(PARKED) == 6
    assert found.total(PARKED, kind="orders") == found.total(PARKED, code="unknown_sku") == 2


def test_a_duration_falls_into_the_first_bucket_that_holds_it(redis: Any) -> None:
    for seconds in (0.5, 0.6, 7200.0, -3.0):
        observe(ORDER_LATENCY, seconds)
    hand_over(redis)
    histogram = read(redis).histogram(ORDER_LATENCY)
    assert (histogram.counts[0], histogram.counts[1], histogram.counts[-1]) == (2, 1, 1)
    assert histogram.seconds == pytest.approx(7201.1)


def test_while_redis_is_away_nothing_is_lost(redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise RedisConnectionError

    count(TIKTOK_CALLS, api="x", result="ok")
    with monkeypatch.context() as patched:
        patched.setattr(redis, "pipeline", away)
        hand_over(redis)
    count(TIKTOK_CALLS, api="x", result="ok")
    hand_over(redis)
    assert read(redis).total(TIKTOK_CALLS, result="ok") == 2


def test_a_forked_process_does_not_hand_over_what_its_parent_counted() -> None:
    count(TIKTOK_CALLS, api="x", result="ok")
    child = os.fork()
    if child == 0:
        os._exit(len(metrics.take()))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(metrics.take()) == 1


def test_labels_cannot_break_the_fields_apart(redis: Any) -> None:
    count(TIKTOK_CALLS, api="GET /a|b\n", result="x" * 500)
    hand_over(redis)
    ((api, result),) = read(redis).counters[TIKTOK_CALLS]
    assert api == "GET /a b "
    assert len(result) == 80


def test_what_another_version_counted_is_left_out() -> None:
    stored = {"gone|x": "1", "tiktok_calls|one_label": "1", "order_latency_seconds|99": "1", "orders_imported": "4"}
    found = parse(stored)
    assert found.total(metrics.ORDERS_IMPORTED) == 4
    assert found.total(TIKTOK_CALLS) == found.histogram(ORDER_LATENCY).total == 0


def test_no_label_can_hold_a_shop_an_order_or_a_person() -> None:
    assert {name for metric in metrics.ALL for name in metric.labels} == {
        *("api", "call", "result", "kind", "code", "task"),
    }


def test_a_missing_label_is_an_error() -> None:
    with pytest.raises(KeyError):
        count(Metric("x", "x", ("label",)))


@pytest.mark.parametrize(
    ("counts", "share", "seconds"),
    [
        ((0, 0, 0), 0.5, None),
        ((10, 0, 0), 0.5, 0.5),
        ((5, 5, 0), 0.5, 1.0),
        ((5, 5, 0), 0.75, 1.5),
        ((0, 0, 4), 0.95, 2.0),  # longer than every bound: the last one is all that is known
    ],
)
def test_quantiles_are_estimated_as_prometheus_does(
    counts: tuple[int, ...], share: float, seconds: float | None
) -> None:
    assert quantile((1.0, 2.0), counts, share) == seconds


def test_a_histogram_knows_how_many_it_holds() -> None:
    assert Histogram((1.0,), (2, 3), 9.0).total == 5


def test_the_key_is_below_ours() -> None:
    assert metrics_key().startswith("tts:")
