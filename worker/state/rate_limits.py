"""Call rates that all workers keep together: one token bucket in Redis for each app, shop and API."""

from __future__ import annotations

import time
from collections.abc import Callable

from worker.errors import RetryableError
from worker.state.connection import RedisClient, key, script

_MICROSECONDS = 1_000_000


class RateLimits:
    """Token buckets by name (``app_key:shop_id:api``), on Redis' clock.

    :param per_second: calls a second, on average.
    :param burst: calls that may come at once after a pause; by default a second's worth.
    :param max_wait: seconds that :meth:`acquire` sleeps at most.
    """

    def __init__(
        self,
        redis: RedisClient,
        *,
        per_second: float,
        burst: int | None = None,
        max_wait: float = 20.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = max(1, round(_MICROSECONDS / per_second))
        self._burst = burst if burst is not None else max(1, int(per_second))
        self._max_wait = max_wait
        self._sleep = sleep
        self._script = script(redis, "rate_limit")

    def acquire(self, bucket: str) -> None:
        """Wait until one more call is due; callers are served in the order in which they ask.

        :raises RetryableError: that would take longer than ``max_wait`` (``rate_limited``); nothing was taken.
        """
        wait = self._run(bucket, penalty=0.0)
        if wait > self._max_wait:
            raise RetryableError(
                f"The call rate of {bucket.partition(':')[2]} is used up for {wait:.0f} seconds.",
                code="rate_limited",
                retry_after=wait,
            )
        if wait > 0:
            self._sleep(wait)

    def penalize(self, bucket: str, seconds: float) -> None:
        """TikTok said 429: nobody starts another call for ``seconds``, and then one by one."""
        if seconds > 0:
            self._run(bucket, penalty=seconds)

    def _run(self, bucket: str, *, penalty: float) -> float:
        arguments = [self._interval, self._burst, round(self._max_wait * _MICROSECONDS), round(penalty * _MICROSECONDS)]
        return int(self._script(keys=[key("rate", bucket)], args=arguments)) / _MICROSECONDS
