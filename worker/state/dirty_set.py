"""A dirty set: which things of a shop to look at, since when, who is doing it, and what is in the way.

There is one of each kind for each shop: orders, products (the catalogue), inventory (products whose stock to push) and
fulfillment (orders whose packages, cancellation requests and returns to follow).
A sorted set holds id → due time. A webhook, a poll or a person *marks* a thing; a worker *claims* due things under a
lease and *settles* each: done, again later, or *parked* with a reason (and due again after a pause). A worker whose
lease has passed to another settles nothing. Ids and reasons are all there is: the thing itself is always fetched.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, Field

from worker.state.connection import RedisClient, clock, key, script

Kind = Literal["orders", "products", "inventory", "fulfillment"]
Outcome = Literal["done", "wait", "again", "park"]


class Parked(BaseModel):
    """Why a thing is not as it should be on the other side."""

    id: str = Field(validation_alias=AliasChoices("id", "order_id"))
    code: str
    message: str
    remedy: str = ""
    status: str = ""
    ship_by: datetime | None = None
    attempts: int = 1
    since: datetime = Field(default_factory=lambda: datetime.now(UTC))
    next_attempt: datetime | None = None


@dataclass(frozen=True)
class Claim:
    """Things leased to one worker. ``forced`` were asked for by name: look at them whatever is known of them."""

    token: str
    ids: list[str] = field(default_factory=list)
    forced: frozenset[str] = frozenset()
    crashes: dict[str, int] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)

    def seconds_due(self, one: str) -> float:
        """Since when that one was due, in seconds before now; attempts that came to nothing are part of it."""
        return max(0.0, time.time() - self.since[one]) if one in self.since else 0.0


@dataclass(frozen=True)
class Counts:
    """How many things of a shop are where.

    :param oldest_due: since how many seconds the one is due that waits longest, attempts that came to nothing
        included; 0 when nothing is late.
    """

    due: int = 0
    later: int = 0
    leased: int = 0
    parked: int = 0
    waiting: int = 0
    oldest_due: float = 0.0
    ignored: int = 0


def with_work(redis: RedisClient, kind: Kind, shop_ids: Sequence[str]) -> list[str]:
    """Those shops of which something is due, or leased to a worker whose lease has ended; many cost one round trip."""
    if not shop_ids:
        return []
    now = clock(redis)
    with redis.pipeline(transaction=False) as pipe:
        for shop_id in shop_ids:
            pipe.zcount(key(kind, "due", shop_id), "-inf", now)
            pipe.zcount(key(kind, "leased", shop_id), "-inf", now)
        counts = pipe.execute()
    return [shop_id for number, shop_id in enumerate(shop_ids) if counts[2 * number] or counts[2 * number + 1]]


#: Answers that :func:`ask_counts` brings.
COUNT_ANSWERS = 8


def ask_counts(pipe: RedisClient, kind: Kind, shop_id: str, now: float) -> None:
    """Ask on a pipeline for what :func:`read_counts` makes of its answers; many shops cost one round trip."""
    due = key(kind, "due", shop_id)
    pipe.zcount(due, "-inf", now)
    pipe.zcard(due)
    pipe.zcard(key(kind, "leased", shop_id))
    pipe.hlen(key(kind, "parked", shop_id))
    pipe.hlen(key(kind, "waiting", shop_id))
    pipe.hlen(key(kind, "ignored", shop_id))
    pipe.zrange(due, 0, 0, withscores=True)
    pipe.zrange(key(kind, "begun", shop_id), 0, 0, withscores=True)


def read_counts(answers: Sequence[Any], now: float) -> Counts:
    """The counts that :func:`ask_counts` asked for at the time ``now`` of Redis's clock."""
    due, all_due, leased, parked, waiting, ignored, *oldest = answers
    since = min((entry[0][1] for entry in oldest if entry), default=now)
    return Counts(due, all_due - due, leased, parked, waiting, max(0.0, now - since), ignored)


class DirtySet:
    """Things of one kind of the shop ``shop_id``."""

    def __init__(self, redis: RedisClient, kind: Kind, shop_id: str) -> None:
        self._redis = redis
        self.kind = kind
        self.shop_id = shop_id
        self._due = key(kind, "due", shop_id)
        self._leased = key(kind, "leased", shop_id)
        self._tokens = key(kind, "lease_tokens", shop_id)
        self._crashes = key(kind, "crashes", shop_id)
        self._force = key(kind, "force", shop_id)
        self._parked = key(kind, "parked", shop_id)
        self._waiting = key(kind, "waiting", shop_id)
        self._settled = key(kind, "settled", shop_id)
        self._units = key(kind, "units", shop_id)
        self._ignored = key(kind, "ignored", shop_id)
        self._begun = key(kind, "begun", shop_id)
        self._mark = script(redis, "dirty_mark")
        self._claim = script(redis, "dirty_claim")
        self._settle = script(redis, "dirty_settle")

    def mark(self, ids: Iterable[str], *, force: bool = False) -> int:
        """Make things due now; answers how many. ``force`` of an order also brings back what a person deleted."""
        ids = list(ids)
        for start in range(0, len(ids), 1000):
            self._mark(keys=[self._due, self._force], args=["", "1" if force else "0", *ids[start : start + 1000]])
        return len(ids)

    def claim(self, limit: int, lease: float) -> Claim:
        """Lease up to ``limit`` due things, oldest first, for ``lease`` seconds."""
        token = uuid.uuid4().hex
        keys = [self._due, self._leased, self._tokens, self._crashes, self._begun]
        answer = self._claim(keys=keys, args=[limit, lease, token])
        ids = [str(each) for each in answer[::3]]
        if not ids:
            return Claim(token)
        marks = self._redis.smismember(self._force, ids)
        crashes = {each: int(count) for each, count in zip(ids, answer[1::3], strict=True) if int(count)}
        since = {each: float(score) for each, score in zip(ids, answer[2::3], strict=True)}
        return Claim(token, ids, frozenset(i for i, forced in zip(ids, marks, strict=True) if forced), crashes, since)

    def done(self, claim: Claim, one: str, *, update_time: int | None = None) -> None:
        """The thing is as it should be. ``update_time`` (epoch seconds) tells later polls what was seen."""
        self._end(claim, one, "done", update_time=update_time)

    def all_done(self, claim: Claim, ids: Iterable[str]) -> None:
        """These are as they should be."""
        with self._redis.pipeline() as pipe:
            for one in ids:
                self._end(claim, one, "done", client=pipe)
            pipe.execute()

    def again(self, claim: Claim, ids: Iterable[str], pause: float, *, suspect: bool = False) -> None:
        """Due again in ``pause`` seconds.

        :param suspect: one of them may be what the attempt failed over. Suspects are soon claimed alone.
        """
        with self._redis.pipeline() as pipe:
            for one in ids:
                self._end(claim, one, "again", pause=pause, suspect=suspect, client=pipe)
            pipe.execute()

    def park(self, claim: Claim, parked: Parked, pause: float, *, update_time: int | None = None) -> None:
        """Keep the reason, and look at the thing again in ``pause`` seconds.

        :param update_time: the state on TikTok (epoch seconds) that was seen; polls bring it back when it changes.
        """
        self._end(claim, parked.id, "park", entry=parked.model_dump_json(), pause=pause, update_time=update_time)

    def _end(
        self,
        claim: Claim,
        one: str,
        outcome: Outcome,
        *,
        entry: str = "",
        pause: float | None = None,
        update_time: int | None = None,
        suspect: bool = False,
        client: RedisClient | None = None,
    ) -> None:
        keys = [self._due, self._leased, self._tokens, self._crashes]
        keys += [self._parked, self._waiting, self._force, self._settled, self._units, self._ignored, self._begun]
        args: list[str | float] = [claim.token, one, "" if pause is None else pause, outcome, entry]
        args += ["" if update_time is None else update_time, "1" if one in claim.forced else "0"]
        args.append("1" if suspect else "0")
        self._settle(keys=keys, args=args, client=client)

    def parked(self, one: str) -> Parked | None:
        """The reason why that one is parked, if it is."""
        stored = self._redis.hget(self._parked, one)
        return None if stored is None else Parked.model_validate_json(stored)

    def all_parked(self) -> list[Parked]:
        """Everything parked, longest parked first."""
        entries = [Parked.model_validate_json(stored) for stored in self._redis.hvals(self._parked)]
        return sorted(entries, key=lambda entry: entry.since)

    def count_parked(self) -> int:
        """How many are parked."""
        return int(self._redis.hlen(self._parked))

    def work_to_do(self) -> bool:
        """Whether something is due, or leased to a worker whose lease has ended."""
        return bool(with_work(self._redis, self.kind, [self.shop_id]))

    def is_at_hand(self, one: str) -> bool:
        """Whether that one is due now, or a worker has it."""
        due, leased = self._places(one)
        return leased is not None or (due is not None and due <= self._now())

    def is_open(self, one: str) -> bool:
        """Whether that one is due, now or later, or a worker has it."""
        return self._places(one) != (None, None)

    def _places(self, one: str) -> tuple[float | None, float | None]:
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.zscore(self._due, one)
            pipe.zscore(self._leased, one)
            due, leased = pipe.execute()
        return due, leased

    def at_work_count(self) -> int:
        """How many are due now, or leased."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.zcount(self._due, "-inf", self._now())
            pipe.zcard(self._leased)
            return sum(pipe.execute())

    def open_count(self) -> int:
        """How many are due, now or later, or leased."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.zcard(self._due)
            pipe.zcard(self._leased)
            return sum(pipe.execute())

    def unsettled(self) -> list[str]:
        """Everything that is due, worked on or parked; no poll need come by what TikTok leaves alone now."""
        with self._redis.pipeline() as pipe:
            pipe.zrange(self._due, 0, -1)
            pipe.zrange(self._leased, 0, -1)
            pipe.hkeys(self._parked)
            due, leased, parked = pipe.execute()
        return sorted({*due, *leased, *parked})

    def drop(self) -> None:
        """Forget everything, as when the shop is removed."""
        self._redis.delete(
            *(self._due, self._leased, self._tokens, self._crashes, self._force),
            *(self._parked, self._waiting, self._settled, self._units, self._ignored, self._begun),
        )

    def _now(self) -> float:
        return clock(self._redis)
