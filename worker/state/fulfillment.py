"""What is remembered of one shop's parcels, buyers' requests to cancel, and returns. No personal data.

None of it decides what happens: Odoo and TikTok do. It spares calls, feeds the console, and says what a person was
told already. Lost with Redis, it is found again by the next look at each order.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from pydantic import BaseModel, Field

from worker.state.connection import RedisClient, key


class CancelRequest(BaseModel):
    """A buyer asks to cancel and the seller has to answer in Seller Center, by ``respond_by``.

    :param reason: TikTok's word for it.
    """

    order_id: str
    cancel_id: str = ""
    reason: str = ""
    respond_by: datetime | None = None
    since: datetime = Field(default_factory=lambda: datetime.now(UTC))


def first_deadline(stored: Iterable[str]) -> datetime | None:
    """The first of the deadlines of requests as Redis has them; ``None`` when none has one."""
    deadlines = (CancelRequest.model_validate_json(text).respond_by for text in stored)
    return min((each for each in deadlines if each is not None), default=None)


class ReturnSeen(BaseModel):
    """A return as it was last seen on TikTok (*Search Returns*), and what was made of it in Odoo.

    :param type: REFUND, RETURN_AND_REFUND or REPLACEMENT.
    :param amount: the refund in major units of ``currency``.
    :param receipt: name of the draft receipt in Odoo.
    :param noted: the status that was last written into the order's chatter.
    """

    id: str
    order_id: str
    type: str
    status: str
    reason: str = ""
    units: int = 0
    amount: Decimal | None = None
    currency: str = ""
    respond_by: datetime | None = None
    updated_at: datetime
    receipt: str = ""
    noted: str = ""


class Fulfillment:
    """The memory of the shop ``shop_id``.

    :param days: what was not touched for so long is forgotten.
    """

    def __init__(self, redis: RedisClient, shop_id: str, *, days: float = 180) -> None:
        self._redis = redis
        self._seconds = days * 86400
        self._awaiting = key("fulfillment", "awaiting", shop_id)
        self._done = key("fulfillment", "done", shop_id)
        self._requests = key("fulfillment", "requests", shop_id)
        self._returns = key("fulfillment", "returns", shop_id)
        self._returns_at = key("fulfillment", "returns_at", shop_id)
        self._cursor = key("fulfillment", "cursor", shop_id)

    # Orders in Odoo that TikTok waits for

    def await_shipment(self, order_ids: Iterable[str]) -> None:
        """These are in Odoo and have still to be shipped."""
        now = time.time()
        if entries := dict.fromkeys(order_ids, now):
            self._redis.zadd(self._awaiting, entries)

    def no_longer_awaiting(self, order_ids: Collection[str]) -> None:
        """These have shipped, or never will."""
        if order_ids:
            self._redis.zrem(self._awaiting, *order_ids)

    def awaiting(self) -> list[str]:
        """Every order in Odoo that has still to be shipped, longest known first."""
        return list(self._redis.zrange(self._awaiting, 0, -1))

    # What was done once and need not be done again

    def first_time(self, what: str) -> bool:
        """Whether ``what`` (such as ``label <package> <delivery>``) was not noted before; it is from now on."""
        return bool(self._redis.zadd(self._done, {what: time.time()}, nx=True))

    def were_done(self, whats: Sequence[str]) -> set[str]:
        """Those that were noted."""
        if not whats:
            return set()
        scores = self._redis.zmscore(self._done, list(whats))
        return {what for what, score in zip(whats, scores, strict=True) if score is not None}

    def undo(self, what: str) -> None:
        """It did not happen after all, or holds no more."""
        self._redis.zrem(self._done, what)

    # Buyers' requests to cancel

    def keep_request(self, request: CancelRequest) -> None:
        """A buyer waits for an answer."""
        self._redis.hset(self._requests, request.order_id, request.model_dump_json())

    def end_request(self, order_id: str) -> bool:
        """Nobody waits for an answer any more; whether somebody did."""
        return bool(self._redis.hdel(self._requests, order_id))

    def has_request(self, order_ids: Sequence[str]) -> set[str]:
        """Those orders of which a request is known."""
        if not order_ids:
            return set()
        found = self._redis.hmget(self._requests, list(order_ids))
        return {order_id for order_id, entry in zip(order_ids, found, strict=True) if entry is not None}

    def requests(self) -> list[CancelRequest]:
        """Every open request, the first deadline first."""
        found = [CancelRequest.model_validate_json(text) for text in self._redis.hvals(self._requests)]
        return sorted(found, key=lambda each: (each.respond_by is None, each.respond_by or each.since))

    # Returns

    def return_seen(self, return_id: str) -> ReturnSeen | None:
        """What is known of a return."""
        stored = self._redis.hget(self._returns, return_id)
        return None if stored is None else ReturnSeen.model_validate_json(stored)

    def keep_return(self, seen: ReturnSeen) -> None:
        """Remember a return as it is now."""
        with self._redis.pipeline() as pipe:
            pipe.hset(self._returns, seen.id, seen.model_dump_json())
            pipe.zadd(self._returns_at, {seen.id: seen.updated_at.timestamp()})
            pipe.execute()

    def returns(self, *, limit: int = 100, order_id: str = "") -> list[ReturnSeen]:
        """The returns that changed last, newest first; or those of one order."""
        if order_id:
            texts = [text for text in self._redis.hvals(self._returns) if order_id in text]
            every = (ReturnSeen.model_validate_json(text) for text in texts)
            return sorted((each for each in every if each.order_id == order_id), key=lambda each: each.updated_at)
        ids = self._redis.zrevrange(self._returns_at, 0, limit - 1)
        stored = self._redis.hmget(self._returns, ids) if ids else []
        return [ReturnSeen.model_validate_json(text) for text in stored if text is not None]

    # How far TikTok's lists were read

    def cursor(self, of: str) -> int | None:
        """Up to which update time (epoch seconds) the list ``of`` (packages, cancellations, returns) was read."""
        stored = self._redis.hget(self._cursor, of)
        return None if stored is None else int(stored)

    def advance(self, of: str, update_time: int) -> None:
        """Move a cursor forward, after what lies before it is due."""
        if update_time > (self.cursor(of) or 0):
            self._redis.hset(self._cursor, of, update_time)

    def forget_old(self) -> None:
        """Drop what was not touched for a long time, so that Redis does not grow for ever."""
        oldest = time.time() - self._seconds
        self._redis.zremrangebyscore(self._awaiting, "-inf", oldest)
        self._redis.zremrangebyscore(self._done, "-inf", oldest)
        if gone := self._redis.zrangebyscore(self._returns_at, "-inf", oldest):
            self._redis.hdel(self._returns, *gone)
            self._redis.zrem(self._returns_at, *gone)

    def drop(self) -> None:
        """Forget everything, as when the shop is removed."""
        self._redis.delete(*(self._awaiting, self._done, self._requests, self._returns, self._returns_at, self._cursor))
