"""The dirty set of one shop's orders: which to look at, since when, who is doing it, and what is in the way.

A sorted set holds order id → due time. A webhook, poll or person *marks* an order; a worker *claims* due orders under
a lease and *settles* each: done, again later, or *parked* with a reason (and due again after a pause). A worker whose
lease has passed to another settles nothing. Order ids and reasons are all there is: the order itself is always fetched
from TikTok.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, Field

from worker.state.connection import RedisClient, key, script

Outcome = Literal["done", "wait", "again", "park"]


class Parked(BaseModel):
    """Why an order is not in Odoo as it should be."""

    order_id: str
    code: str
    message: str
    remedy: str = ""
    status: str = ""
    ship_by: datetime | None = None
    attempts: int = 1
    since: datetime = Field(default_factory=lambda: datetime.now(UTC))
    next_attempt: datetime | None = None


class Waiting(BaseModel):
    """An order that will be imported when TikTok moves it on; ``ON_HOLD`` is paid and counts against stock."""

    order_id: str
    status: str
    since: datetime = Field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class Claim:
    """Orders leased to one worker."""

    token: str
    order_ids: list[str] = field(default_factory=list)
    forced: frozenset[str] = frozenset()
    crashes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Counts:
    """How many orders of a shop are where; ``oldest_due`` in seconds of lateness, 0 when nothing is late."""

    due: int
    later: int
    leased: int
    parked: int
    waiting: int
    oldest_due: float


class OrderQueue:
    """The dirty set of the shop ``shop_id``."""

    def __init__(self, redis: RedisClient, shop_id: str) -> None:
        self._redis = redis
        self.shop_id = shop_id
        self._due = key("orders", "due", shop_id)
        self._leased = key("orders", "leased", shop_id)
        self._tokens = key("orders", "lease_tokens", shop_id)
        self._crashes = key("orders", "crashes", shop_id)
        self._force = key("orders", "force", shop_id)
        self._parked = key("orders", "parked", shop_id)
        self._waiting = key("orders", "waiting", shop_id)
        self._settled = key("orders", "settled", shop_id)
        self._imported = key("orders", "imported", shop_id)
        self._mark = script(redis, "orders_mark")
        self._claim = script(redis, "orders_claim")
        self._settle = script(redis, "orders_settle")

    def mark(self, order_ids: Iterable[str], *, force: bool = False) -> int:
        """Make orders due now. ``force`` also brings back an order that a person deleted in Odoo."""
        ids = list(order_ids)
        for start in range(0, len(ids), 1000):
            self._mark(keys=[self._due, self._force], args=["", "1" if force else "0", *ids[start : start + 1000]])
        return len(ids)

    def claim(self, limit: int, lease: float) -> Claim:
        """Lease up to ``limit`` due orders, oldest first, for ``lease`` seconds."""
        token = uuid.uuid4().hex
        answer = self._claim(keys=[self._due, self._leased, self._tokens, self._crashes], args=[limit, lease, token])
        ids = [str(order_id) for order_id in answer[::2]]
        if not ids:
            return Claim(token)
        marks = self._redis.smismember(self._force, ids)
        crashes = {order_id: int(count) for order_id, count in zip(ids, answer[1::2], strict=True) if int(count)}
        return Claim(token, ids, frozenset(i for i, forced in zip(ids, marks, strict=True) if forced), crashes)

    def done(self, claim: Claim, order_id: str, *, update_time: int | None = None) -> None:
        """The order is as it should be. ``update_time`` (epoch seconds) tells later polls what was seen."""
        self._end(claim, order_id, "done", update_time=update_time)

    def wait(self, claim: Claim, order_id: str, status: str, *, update_time: int) -> None:
        """TikTok has to move first: the webhook or the poll that tells so makes the order due again."""
        entry = Waiting(order_id=order_id, status=status)
        self._end(claim, order_id, "wait", entry=entry.model_dump_json(), update_time=update_time)

    def again(self, claim: Claim, order_ids: Iterable[str], pause: float, *, suspect: bool = False) -> None:
        """Due again in ``pause`` seconds.

        :param suspect: one of the orders may be what the attempt failed over. Suspects are soon claimed alone.
        """
        with self._redis.pipeline() as pipe:
            for order_id in order_ids:
                self._end(claim, order_id, "again", pause=pause, suspect=suspect, client=pipe)
            pipe.execute()

    def park(self, claim: Claim, parked: Parked, pause: float) -> None:
        """Keep the reason, and look at the order again in ``pause`` seconds."""
        self._end(claim, parked.order_id, "park", entry=parked.model_dump_json(), pause=pause)

    def _end(
        self,
        claim: Claim,
        order_id: str,
        outcome: Outcome,
        *,
        entry: str = "",
        pause: float | None = None,
        update_time: int | None = None,
        suspect: bool = False,
        client: RedisClient | None = None,
    ) -> None:
        keys = [self._due, self._leased, self._tokens, self._crashes]
        keys += [self._parked, self._waiting, self._force, self._settled]
        args: list[str | float] = [claim.token, order_id, "" if pause is None else pause, outcome, entry]
        args += ["" if update_time is None else update_time, "1" if order_id in claim.forced else "0"]
        args.append("1" if suspect else "0")
        self._settle(keys=keys, args=args, client=client)

    def parked(self, order_id: str) -> Parked | None:
        """The reason why that order is parked, if it is."""
        stored = self._redis.hget(self._parked, order_id)
        return None if stored is None else Parked.model_validate_json(stored)

    def all_parked(self) -> list[Parked]:
        """Every parked order, longest parked first."""
        entries = [Parked.model_validate_json(stored) for stored in self._redis.hvals(self._parked)]
        return sorted(entries, key=lambda entry: entry.since)

    def all_waiting(self) -> list[Waiting]:
        """Every order that waits for TikTok (``UNPAID``, ``ON_HOLD``)."""
        return [Waiting.model_validate_json(stored) for stored in self._redis.hvals(self._waiting)]

    def remember_imported(self, order_ids: Iterable[str]) -> None:
        """These orders are in Odoo; if one is missing later, a person has deleted it."""
        now = datetime.now(UTC).timestamp()
        entries = dict.fromkeys(order_ids, now)
        if entries:
            self._redis.zadd(self._imported, entries)

    def was_imported(self, order_ids: Sequence[str]) -> set[str]:
        """Those of ``order_ids`` that were once imported."""
        if not order_ids:
            return set()
        scores = self._redis.zmscore(self._imported, list(order_ids))
        return {order_id for order_id, score in zip(order_ids, scores, strict=True) if score is not None}

    def unseen(self, updates: dict[str, int]) -> list[str]:
        """Those of ``updates`` (order id → TikTok's update time, epoch seconds) that were not settled at that state."""
        if not updates:
            return []
        scores = self._redis.zmscore(self._settled, list(updates))
        return [
            order_id
            for (order_id, update_time), seen in zip(updates.items(), scores, strict=True)
            if seen is None or int(seen) < update_time
        ]

    def forget_seen(self) -> None:
        """Let the next poll make every order due that it comes by, as when settings now cover more orders."""
        self._redis.delete(self._settled)

    def forget_before(self, oldest: datetime) -> None:
        """Drop the memory of orders settled or imported before ``oldest``, so that Redis does not grow for ever."""
        self._redis.zremrangebyscore(self._settled, "-inf", oldest.timestamp())
        self._redis.zremrangebyscore(self._imported, "-inf", oldest.timestamp())

    def work_to_do(self) -> bool:
        """Whether an order is due, or leased to a worker whose lease has ended."""
        now = self._now()
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.zcount(self._due, "-inf", now)
            pipe.zcount(self._leased, "-inf", now)
            due, lost = pipe.execute()
        return bool(due or lost)

    def counts(self) -> Counts:
        """How many orders are where."""
        now = self._now()
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.zcount(self._due, "-inf", now)
            pipe.zcard(self._due)
            pipe.zcard(self._leased)
            pipe.hlen(self._parked)
            pipe.hlen(self._waiting)
            pipe.zrange(self._due, 0, 0, withscores=True)
            due, all_due, leased, parked, waiting, oldest = pipe.execute()
        late = max(0.0, now - oldest[0][1]) if oldest else 0.0
        return Counts(due, all_due - due, leased, parked, waiting, late)

    def unsettled(self) -> list[str]:
        """Every order that is due, worked on or parked; no poll need come by those that TikTok leaves alone now."""
        with self._redis.pipeline() as pipe:
            pipe.zrange(self._due, 0, -1)
            pipe.zrange(self._leased, 0, -1)
            pipe.hkeys(self._parked)
            due, leased, parked = pipe.execute()
        return sorted({*due, *leased, *parked})

    def drop(self) -> None:
        """Forget everything about this shop's orders, as when the shop is removed."""
        self._redis.delete(
            *(self._due, self._leased, self._tokens, self._crashes, self._force),
            *(self._parked, self._waiting, self._settled, self._imported),
        )

    def _now(self) -> float:
        seconds, micros = self._redis.time()
        return float(seconds) + float(micros) / 1_000_000
