"""Celery's beat, on RedBeat, outlives its Redis.

RedBeat (2.4) keeps the schedule and a lock in Redis, so that of several beats one sends, and ends with an error when
Redis is away at its start, goes away, is full, or has given the lock to another. Where no process manager starts it
again there are no polls and no sweeps from then on. Here beat waits, and goes on once Redis answers and the lock is its
own.
"""

from __future__ import annotations

import contextlib
from types import SimpleNamespace
from typing import Any

import structlog
from celery.signals import beat_init
from redbeat.schedulers import RedBeatScheduler, acquire_distributed_beat_lock
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

#: What redis-py and the system raise while Redis is away or refuses to write.
_UNWELL = (RedisError, OSError)
#: Seconds until beat tries again.
_PAUSE = 2.0

beat_init.disconnect(acquire_distributed_beat_lock)  # at each tick instead


class Scheduler(RedBeatScheduler):
    """Sends what is due while it holds the lock."""

    _written = False

    def setup_schedule(self) -> None:
        """Nothing yet: :meth:`tick` writes the schedule once it holds the lock. Beat can be ended while it waits."""

    def tick(self, *args: Any, **options: Any) -> float:
        """Send what is due.

        :returns: seconds until there is more to do.
        """
        try:
            if self.lock is None or not self.lock.owned():
                self._written = False  # a Redis that has lost the lock may have lost the schedule, too
                acquire_distributed_beat_lock(sender=SimpleNamespace(scheduler=self))  # waits while another beat sends
            if not self._written:
                super().setup_schedule()
                self._written = True
            return float(super().tick(*args, **options))
        except _UNWELL as error:
            log.warning("beat.waits_for_redis", reason=type(error).__name__)
            return _PAUSE

    def close(self) -> None:
        """Give the lock back; where Redis is away it ends by itself."""
        with contextlib.suppress(*_UNWELL):
            super().close()
