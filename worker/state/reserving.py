"""Who is confirming orders of which product variants in Odoo, so that two workers do not get in each other's way.

Confirming reserves stock. Of two transactions that reserve the same product at the same time, Odoo throws one away,
waits up to two seconds and does it all again; with batches of fifty orders that is the rule and not the exception. So
each worker confirms those of its orders first whose products nobody else is confirming. Nothing depends on it but
speed: who has waited in vain confirms all the same, and Odoo sees to the rest.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Collection, Generator, Mapping

from worker.state.connection import RedisClient, clock, key, script

#: Seconds after which what a vanished worker holds is free.
_HELD = 120.0
#: Seconds for which a worker waits for its orders' products before it confirms all the same.
_PATIENCE = 5.0
#: Few orders at once cost Odoo more for each than many; so many are waited for, for so many seconds.
_WORTHWHILE, _WAIT_FOR_MORE = 8, 0.5
#: So many at most, so that a large batch does not keep others from its products for long.
_MOST = 25
_PAUSE = (0.02, 0.06)


class Reserving:
    """Product variants that are being reserved in Odoo now, by all workers together."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._hash = key("reserving")
        self._take = script(redis, "reserve")
        self._end = script(redis, "reserve_end")

    def in_turn(self, orders: Mapping[str, Collection[int]]) -> Generator[list[str], None, None]:
        """``orders`` (id → Odoo's product variants) in parts that share no product with what others confirm meanwhile.

        Parts are small enough to be over soon.

        A part's products are held until the next part is asked for. Every order comes once.
        """
        token = uuid.uuid4().hex
        left = dict(orders)
        since = time.monotonic()
        while left:
            waited = time.monotonic() - since
            least = 1 if waited > _WAIT_FOR_MORE else min(_WORTHWHILE, len(left))
            part = self._granted(token, left, least) if waited < _PATIENCE else list(left)
            if not part:
                time.sleep(random.uniform(*_PAUSE))  # noqa: S311 - spreads retries, keeps no secret
                continue
            try:
                yield part
            finally:
                variants = {variant for one in part for variant in left[one]}
                if variants:
                    self._end(keys=[self._hash], args=[token, *variants])
            for one in part:
                del left[one]
            since = time.monotonic()

    def _granted(self, token: str, orders: Mapping[str, Collection[int]], least: int) -> list[str]:
        words: list[str] = []
        for one, variants in orders.items():
            words += [one, str(len(variants)), *map(str, variants)]
        now = clock(self._redis)
        return list(self._take(keys=[self._hash], args=[token, f"{now:.3f}", _HELD, least, _MOST, *words]))
