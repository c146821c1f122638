"""Requests a second for each app, shop and API, as a token bucket with one second's worth of burst."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable


class RateLimit:
    """Buckets that fill with ``rate`` tokens a second.

    :param clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[Hashable, tuple[float, float]] = {}

    def allow(self, key: Hashable, rate: float) -> bool:
        """Take one token of the bucket; ``False`` when there is none."""
        burst = max(1.0, rate)
        with self._lock:
            now = self._clock()
            tokens, since = self._buckets.get(key, (burst, now))
            tokens = min(burst, tokens + max(0.0, now - since) * rate)
            allowed = tokens >= 1
            self._buckets[key] = (tokens - allowed, now)
            return allowed

    def clear(self) -> None:
        with self._lock:
            self._buckets.clear()
