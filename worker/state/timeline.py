"""What happened to each order, for the person who asks why: a short list per order that expires by itself.

An entry is one text, ``<milliseconds since the epoch>|<kind>|<text>``; webhooks add theirs in ``receive.lua``. No
personal data: ids, statuses, codes, amounts and Odoo's names. An order that came by webhook and went into Odoo has
three entries and takes about 500 bytes of Redis, all told; thirty entries take 2,200. Writing those of a batch of fifty
takes under a millisecond.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from worker.state.connection import RedisClient, key, script

#: Who or what wrote: TikTok's webhook, our poll, TikTok's answer, its hold, Odoo, something in the way, settings that
#: leave the order out, a person's wish to ignore it, a person, a side that failed, parcels and returns.
Kind = Literal[
    "webhook", "poll", "fetched", "waiting", "odoo", "parked", "skipped", "ignored", "operator", "error", "delivery"
]

#: The newest entries that are kept of one order.
ENTRIES_KEPT = 30
_LONGEST = 300
#: Orders of one call; each is a few commands inside Redis, which does nothing else meanwhile.
_ORDERS_AT_ONCE = 200


@dataclass(frozen=True)
class Entry:
    """One thing that happened, and when (UTC)."""

    at: datetime
    kind: str
    text: str


@dataclass(frozen=True)
class Line:
    """One thing to be told; ``at`` in seconds since the epoch."""

    kind: Kind
    text: str
    at: float


def timeline_key(shop_id: str, order_id: str) -> str:
    """The list of one order."""
    return key("timeline", shop_id, order_id)


class Timeline:
    """The timelines of the orders of the shop ``shop_id``.

    :param days: an order of which nothing was heard for so long is forgotten.
    """

    def __init__(self, redis: RedisClient, shop_id: str, *, days: int = 7) -> None:
        self._redis = redis
        self._shop_id = shop_id
        self._seconds = days * 86400
        self._add = script(redis, "timeline_add")

    def add(self, order_ids: Sequence[str], kind: Kind, text: str) -> None:
        """Tell the same of several orders, as of now."""
        line = Line(kind, text, time.time())
        self.write({order_id: [line] for order_id in order_ids})

    def write(self, lines: Mapping[str, Sequence[Line]]) -> None:
        """Tell these lines (by order id), in one call for a whole batch.

        A line that says what the last one said takes its place: a retry every few seconds must not push out what came
        before.
        """
        told = [(timeline_key(self._shop_id, order_id), _stored(of_one)) for order_id, of_one in lines.items()]
        for start in range(0, len(told), _ORDERS_AT_ONCE):
            part = told[start : start + _ORDERS_AT_ONCE]
            self._add(
                keys=[name for name, _ in part],
                args=[self._seconds, -ENTRIES_KEPT, *(text for _, text in part)],
            )

    def of(self, order_id: str) -> list[Entry]:
        """What happened to that order, oldest first."""
        entries = []
        for stored in self._redis.lrange(timeline_key(self._shop_id, order_id), 0, -1):
            stamp, kind, text = stored.split("|", 2)
            entries.append(Entry(datetime.fromtimestamp(int(stamp) / 1000, UTC), kind, text))
        return entries

    def drop(self) -> None:
        """Forget every order of the shop, as when it is removed."""
        names = list(self._redis.scan_iter(match=timeline_key(self._shop_id, "*"), count=1000))
        for start in range(0, len(names), 1000):
            self._redis.unlink(*names[start : start + 1000])


def _stored(lines: Sequence[Line]) -> str:
    return "\n".join(f"{int(line.at * 1000)}|{line.kind}|{' '.join(line.text.split())[:_LONGEST]}" for line in lines)
