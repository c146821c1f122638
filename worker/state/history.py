"""The last day, minute by minute: one sample a minute in a capped stream. About 500 bytes each, 0.7 MB in all.

A sample holds counters as they stood; what happened in between is the difference of two (:func:`points`), so that a
missed minute falsifies nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

from pydantic import BaseModel, Field
from redis.exceptions import ResponseError

from worker.metrics import ORDER_LATENCY
from worker.state.connection import RedisClient, key
from worker.state.metrics import quantile

#: Samples that are kept: a day of minutes.
SAMPLES = 1440
MINUTE = 60
#: Of these the highest is kept where several samples become one.
_PEAKS = (
    *("lag", "due", "parked", "waiting", "stock_due", "stock_refused", "unmapped"),
    *("deliveries_due", "deliveries_parked", "requests"),
)


class Sample(BaseModel):
    """How all stood at ``at`` (epoch seconds).

    :param totals: counters since Redis was new, by name.
    :param latency: how many orders fell into each bucket of ``order_latency_seconds``, since Redis was new.
    """

    at: int
    lag: float = 0.0
    due: int = 0
    parked: int = 0
    waiting: int = 0
    ship_soon: int = 0
    stock_due: int = 0
    stock_refused: int = 0
    unmapped: int = 0
    deliveries_due: int = 0
    deliveries_parked: int = 0
    requests: int = 0
    queues: dict[str, int] = Field(default_factory=dict)
    totals: dict[str, int] = Field(default_factory=dict)
    latency: list[int] = Field(default_factory=list)


@dataclass(frozen=True)
class Point:
    """What one chart shows of the time from one sample to the next.

    :param rates: how often each counter was raised, per minute.
    :param median: half of the orders took at most so many seconds, and ``slow`` tells it of 95 of 100; ``None`` when
        none was imported.
    """

    sample: Sample
    rates: dict[str, float] = field(default_factory=dict)
    median: float | None = None
    slow: float | None = None

    @property
    def at(self) -> datetime:
        """The end of that time, UTC."""
        return datetime.fromtimestamp(self.sample.at, UTC)


class History:
    """Samples of the last day."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._stream = key("history")

    def add(self, sample: Sample) -> bool:
        """Keep the sample of its minute; ``False`` when that minute, or a later one, has one already."""
        minute = sample.at - sample.at % MINUTE
        try:
            self._redis.xadd(
                self._stream,
                {"sample": sample.model_dump_json(exclude_defaults=True)},
                id=f"{minute * 1000}-1",
                maxlen=SAMPLES,
                approximate=False,
            )
        except ResponseError as error:
            if "equal or smaller" not in str(error):
                raise
            return False
        return True

    def latest(self) -> Sample | None:
        """The newest sample."""
        return next(iter(self._read(self._redis.xrevrange(self._stream, count=1))), None)

    def since(self, moment: float) -> list[Sample]:
        """Samples from ``moment`` (epoch seconds) on, oldest first."""
        return self._read(self._redis.xrange(self._stream, min=str(max(0, int(moment * 1000)))))

    def _read(self, entries: Sequence[tuple[str, dict[str, str]]]) -> list[Sample]:
        return [Sample.model_validate_json(fields["sample"]) for _, fields in entries]


def points(samples: Sequence[Sample]) -> list[Point]:
    """One point for each sample but the first, which has nothing to be compared with."""
    found = []
    for before, now in pairwise(samples):
        minutes = max((now.at - before.at) / MINUTE, 1 / MINUTE)
        rates = {name: _grown(before.totals.get(name, 0), total) / minutes for name, total in now.totals.items()}
        earlier = before.latency or [0] * len(now.latency)
        counts = [_grown(old, new) for old, new in zip(earlier, now.latency, strict=False)]
        median, slow = (quantile(ORDER_LATENCY.buckets, counts, share) for share in (0.5, 0.95))
        found.append(Point(now, rates, median, slow))
    return found


def thin(samples: Sequence[Sample], most: int) -> list[Sample]:
    """At most ``most`` samples for a long time: neighbours become one, with their worst and their last totals."""
    size = max(1, math.ceil(len(samples) / most))
    groups = (samples[start : start + size] for start in range(0, len(samples), size))
    return [_worst(group) for group in groups]


def _worst(group: Sequence[Sample]) -> Sample:
    names = {name for sample in group for name in sample.queues}
    return group[-1].model_copy(
        update={
            **{name: max(getattr(sample, name) for sample in group) for name in _PEAKS},
            "queues": {name: max(sample.queues.get(name, 0) for sample in group) for name in names},
        }
    )


def _grown(before: int, now: int) -> int:
    """How much a counter has grown; one that is smaller than before began anew, since Redis was lost."""
    return now - before if now >= before else now
