"""Spreads what is to be done for every shop over its interval, so that hundreds of shops do not come all at once.

Each shop has a moment of its own within the interval, by its id. Beat ticks several times in an interval; a tick takes
the shops whose moment has passed since the tick before. Nothing is stored for a shop: only when the last tick was.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from worker.state.connection import RedisClient, clock, key

_SHARE = 30
_SHORTEST, _LONGEST = 1.0, 60.0


def tick_of(interval: float) -> float:
    """Seconds between two ticks for what is done once in ``interval`` seconds."""
    return min(interval, max(_SHORTEST, min(_LONGEST, interval / _SHARE)))


def whose_turn(redis: RedisClient, kind: str, interval: float, shop_ids: Iterable[str]) -> list[str]:
    """Those of ``shop_ids`` whose moment has passed since this was last asked for ``kind``.

    Every shop comes once in ``interval`` seconds of Redis's clock; once, too, when nobody asked for longer than that.
    Whoever asks first of all gets none, and two who ask at once do not get the same.

    :param kind: what is to be done, such as ``orders.poll``.
    """
    now = clock(redis)
    before = redis.set(key("turns", kind), repr(now), get=True)
    passed = now - float(before) if before else 0.0
    return [shop_id for shop_id in shop_ids if (now - _moment(kind, shop_id) * interval) % interval < passed]


def _moment(kind: str, shop_id: str) -> float:
    """Where in the interval the shop comes, from 0 to 1."""
    return crc32(f"{kind} {shop_id}".encode()) / 2**32
