"""What all processes have counted and measured since Redis was new: one hash, raised by one pipeline at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog
from redis.exceptions import RedisError

from worker import metrics
from worker.metrics import SEPARATOR, SUM, Metric
from worker.state.connection import RedisClient, key

log = structlog.get_logger(__name__)

_BY_NAME = {metric.name: metric for metric in metrics.ALL}


def metrics_key() -> str:
    """The hash: field → amount. A histogram has a field for each bucket (not cumulative) and one for its sum."""
    return key("metrics")


@dataclass(frozen=True)
class Histogram:
    """How often a duration fell into each bucket, the last being what is longer than all bounds."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """How many were measured."""
        return sum(self.counts)


@dataclass
class Measured:
    """Counters and histograms by their labels' values, in the order of ``Metric.labels``."""

    counters: dict[Metric, dict[tuple[str, ...], int]] = field(default_factory=dict)
    histograms: dict[Metric, dict[tuple[str, ...], Histogram]] = field(default_factory=dict)

    def total(self, metric: Metric, **labels: str) -> int:
        """Sum of a counter over all labels but those given."""
        wanted = {metric.labels.index(name): value for name, value in labels.items()}
        found = self.counters.get(metric, {})
        return sum(
            amount for values, amount in found.items() if all(values[at] == value for at, value in wanted.items())
        )

    def histogram(self, metric: Metric) -> Histogram:
        """A histogram that has no labels."""
        return self.histograms.get(metric, {}).get((), Histogram(metric.buckets, (0,) * (len(metric.buckets) + 1)))


def hand_over(redis: RedisClient) -> None:
    """Add what this process has counted since it last did this; one round trip, none when there is nothing.

    Never fails: while Redis is away the amounts stay with the process. An answer that is lost on the way makes them
    count twice, which is no harm to figures like these.
    """
    amounts = metrics.take()
    if not amounts:
        return
    try:
        with redis.pipeline() as pipe:
            for name, amount in amounts.items():
                pipe.hincrby(metrics_key(), name, amount)
            pipe.execute()
    except RedisError as error:
        metrics.give_back(amounts)
        log.debug("metrics.not_kept", reason=type(error).__name__)


def parse(stored: Mapping[str, str]) -> Measured:
    """The hash as it was read. What another version has counted and this one does not know is left out."""
    measured = Measured()
    buckets: dict[tuple[Metric, tuple[str, ...]], list[int]] = {}
    sums: dict[tuple[Metric, tuple[str, ...]], float] = {}
    for name, amount in stored.items():
        first, *values = name.split(SEPARATOR)
        metric = _BY_NAME.get(first)
        if metric is None or len(values) != len(metric.labels) + bool(metric.buckets):
            continue
        if not metric.buckets:
            measured.counters.setdefault(metric, {})[tuple(values)] = int(amount)
            continue
        *labels, part = values
        place = metric, tuple(labels)
        if part == SUM:
            sums[place] = int(amount) / 1_000_000
        elif part.isdigit() and int(part) <= len(metric.buckets):
            buckets.setdefault(place, [0] * (len(metric.buckets) + 1))[int(part)] = int(amount)
    for (metric, labels_of), counts in buckets.items():
        histogram = Histogram(metric.buckets, tuple(counts), sums.get((metric, labels_of), 0.0))
        measured.histograms.setdefault(metric, {})[labels_of] = histogram
    return measured


def read(redis: RedisClient) -> Measured:
    """All counters and histograms."""
    return parse(redis.hgetall(metrics_key()))


def quantile(bounds: tuple[float, ...], counts: tuple[int, ...] | list[int], share: float) -> float | None:
    """The duration that ``share`` (0 to 1) of those counted did not exceed, as Prometheus' ``histogram_quantile``
    estimates it; ``None`` when there are none. What is longer than every bound is told as the last one."""
    total = sum(counts)
    if not total:
        return None
    rank, below = share * total, 0
    for at, inside in enumerate(counts[: len(bounds)]):
        if inside and below + inside >= rank:
            lower = bounds[at - 1] if at else 0.0
            return lower + (bounds[at] - lower) * (rank - below) / inside
        below += inside
    return bounds[-1]
