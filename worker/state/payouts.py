"""TikTok's payout statements of one shop, their transactions, and what each order brought. No personal data.

A transaction takes about 400 bytes, twice: under its statement and under its order. What is older than the days that
orders are remembered for is forgotten.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field

from worker.state.connection import RedisClient, key

#: ``read``: its transactions add up to it. ``mismatch``: they do not. ``booked``: it is in Odoo's books. ``refused``:
#: Odoo did not take it.
State = Literal["read", "mismatch", "booked", "refused"]


_GRACE = 30 * 86400


class PayoutStatement(BaseModel):
    """A statement (Finance API, *Get Statements*); amounts in major units of ``currency``, costs negative.

    :param unknown_orders: orders in it that were never imported here.
    :param booked: what Odoo has of it, by name.
    :param reason: what is in the way, and what to do.
    """

    id: str
    time: datetime
    currency: str
    settlement: Decimal
    revenue: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    adjustments: Decimal = Decimal(0)
    payment_status: str = ""
    paid_at: datetime | None = None
    transactions: int = 0
    unknown_orders: int = 0
    state: State = "read"
    booked: str = ""
    code: str = ""
    reason: str = ""


class PayoutTransaction(BaseModel):
    """One order's or adjustment's part of a statement; amounts in major units, costs negative.

    :param parts: fees and taxes by TikTok's names.
    """

    id: str
    statement_id: str
    type: str = ""
    order_id: str = ""
    adjustment_id: str = ""
    currency: str = ""
    settlement: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    adjustment: Decimal = Decimal(0)
    parts: dict[str, Decimal] = Field(default_factory=dict)


class Payouts:
    """The payouts of the shop ``shop_id``.

    :param days: for how long they are kept.
    """

    def __init__(self, redis: RedisClient, shop_id: str, *, days: float = 180) -> None:
        self._redis = redis
        self._shop_id = shop_id
        self._seconds = days * 86400
        self._statements = key("payouts", "statements", shop_id)
        self._times = key("payouts", "times", shop_id)
        self._orders = key("payouts", "orders", shop_id)

    def keep(self, statement: PayoutStatement, transactions: Sequence[PayoutTransaction]) -> None:
        """Keep a statement as it was read, with its transactions; the same again replaces it."""
        name = self._transactions(statement.id)
        by_order: dict[str, list[PayoutTransaction]] = {}
        for each in transactions:
            if each.order_id:
                by_order.setdefault(each.order_id, []).append(each)
        known = self.of_orders(list(by_order))
        with self._redis.pipeline() as pipe:
            pipe.delete(name)
            if transactions:
                pipe.hset(name, mapping={each.id: each.model_dump_json() for each in transactions})
                pipe.expire(name, int(self._seconds) + _GRACE)  # if nobody forgets them in order
            for order_id, own in by_order.items():
                others = [each for each in known.get(order_id, []) if each.statement_id != statement.id]
                entries = [each.model_dump(mode="json") for each in (*others, *own)]
                pipe.hset(self._orders, order_id, json.dumps(entries))
            pipe.hset(self._statements, statement.id, statement.model_dump_json())
            pipe.zadd(self._times, {statement.id: statement.time.timestamp()})
            pipe.execute()

    def update(self, statement: PayoutStatement) -> None:
        """Keep what became of a statement."""
        self._redis.hset(self._statements, statement.id, statement.model_dump_json())

    def find(self, statement_id: str) -> PayoutStatement | None:
        """The statement of that id."""
        stored = self._redis.hget(self._statements, statement_id)
        return None if stored is None else PayoutStatement.model_validate_json(stored)

    def latest(self, limit: int = 100) -> list[PayoutStatement]:
        """The newest statements, newest first."""
        ids = self._redis.zrevrange(self._times, 0, limit - 1)
        stored = self._redis.hmget(self._statements, ids) if ids else []
        return [PayoutStatement.model_validate_json(text) for text in stored if text is not None]

    def transactions(self, statement_id: str) -> list[PayoutTransaction]:
        """A statement's transactions, by id."""
        stored = self._redis.hgetall(self._transactions(statement_id))
        return [PayoutTransaction.model_validate_json(stored[name]) for name in sorted(stored)]

    def of_orders(self, order_ids: Iterable[str]) -> dict[str, list[PayoutTransaction]]:
        """What is known of the settlement of these orders, by order id."""
        ids = list(order_ids)
        stored = self._redis.hmget(self._orders, ids) if ids else []
        return {
            order_id: [PayoutTransaction.model_validate(each) for each in json.loads(text)]
            for order_id, text in zip(ids, stored, strict=True)
            if text is not None
        }

    def newest(self) -> datetime | None:
        """When the newest statement was made."""
        found = self.latest(1)
        return found[0].time if found else None

    def forget_old(self) -> None:
        """Drop what is older than it is kept for."""
        oldest = time.time() - self._seconds
        gone = self._redis.zrangebyscore(self._times, "-inf", oldest)
        if not gone:
            return
        orders = {each.order_id for statement in gone for each in self.transactions(statement) if each.order_id}
        for order_id, own in self.of_orders(orders).items():
            left = [each.model_dump(mode="json") for each in own if each.statement_id not in gone]
            if left:
                self._redis.hset(self._orders, order_id, json.dumps(left))
            else:
                self._redis.hdel(self._orders, order_id)
        self._redis.hdel(self._statements, *gone)
        self._redis.zrem(self._times, *gone)
        self._redis.delete(*(self._transactions(statement) for statement in gone))

    def drop(self) -> None:
        """Forget everything, as when the shop is removed."""
        names = [self._transactions(statement) for statement in self._redis.hkeys(self._statements)]
        self._redis.delete(*names, self._statements, self._times, self._orders)

    def _transactions(self, statement_id: str) -> str:
        return key("payouts", "transactions", self._shop_id, statement_id)
