"""What is in the way of an order or a product, kept with a pause that doubles from one attempt to the next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from worker.errors import ConnectorError
from worker.metrics import PARKED, count
from worker.settings import Settings
from worker.state.dirty_set import Claim, DirtySet, Parked


def park(
    queue: DirtySet,
    claim: Claim,
    one: str,
    error: ConnectorError,
    settings: Settings,
    *,
    long: bool = False,
    longest: float | None = None,
    update_time: int | None = None,
    **facts: Any,
) -> Parked:
    """Park one thing of a claim under ``error``; the time since when stays that of the first reason.

    :param long: wait the longest pause at once, for what will hardly pass by itself.
    :param longest: longest pause in seconds, where the setting's is too long.
    :param update_time: TikTok's, as it was seen; without it the next poll brings the order back before its time.
    :param facts: further fields of :class:`worker.state.dirty_set.Parked`.
    """
    known = queue.parked(one)
    attempts = known.attempts + 1 if known is not None and known.code == error.code else 1
    most = settings.retry_longest if longest is None else min(longest, settings.retry_longest)
    pause = min(settings.retry_first * 2 ** min(attempts - 1, 30), most)
    if long:
        pause = settings.retry_longest
    now = datetime.now(UTC)
    entry = Parked(
        id=one,
        code=error.code,
        message=error.message,
        remedy=error.remedy,
        attempts=attempts,
        since=known.since if known is not None else now,
        next_attempt=now + timedelta(seconds=pause),
        **facts,
    )
    queue.park(claim, entry, pause, update_time=update_time)
    if attempts == 1:
        count(PARKED, kind=queue.kind, code=error.code)
    return entry
