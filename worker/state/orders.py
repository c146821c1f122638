"""The dirty set of one shop's orders, and what is remembered of those that are settled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from pydantic import AliasChoices, BaseModel, Field

from worker.state.connection import RedisClient, key, script
from worker.state.dirty_set import Claim, Counts, DirtySet, ask_counts, read_counts
from worker.state.ignored import Ignored


class Waiting(BaseModel):
    """An order that will be imported when TikTok moves it on."""

    id: str = Field(validation_alias=AliasChoices("id", "order_id"))
    status: str
    since: datetime = Field(default_factory=lambda: datetime.now(UTC))


class SoldUnits(BaseModel):
    """What an order takes from stock: units by SKU id, and TikTok's warehouse that is to send them."""

    units: dict[str, int]
    warehouse_id: str = ""


class OrderQueue(DirtySet):
    """The dirty set of the orders of the shop ``shop_id``."""

    def __init__(self, redis: RedisClient, shop_id: str) -> None:
        super().__init__(redis, "orders", shop_id)
        self._imported = key("orders", "imported", shop_id)
        self.ignored = Ignored(redis, shop_id)
        self._note_sold = script(redis, "orders_sold")

    def ask_for(self, ids: Iterable[str], *, force: bool = False) -> int:
        """A person asks for these orders: due now, and ignored no longer. All or nothing; answers how many."""
        ids = list(ids)
        if ids:
            with self._redis.pipeline() as pipe:
                self.ignored.end(ids, client=pipe)
                self._mark(keys=[self._due, self._force], args=["", "1" if force else "0", *ids], client=pipe)
                pipe.execute()
        return len(ids)

    def wait(self, claim: Claim, waiting: Waiting, *, update_time: int) -> None:
        """TikTok has to move first: the webhook or the poll that tells so makes the order due again."""
        self._end(claim, waiting.id, "wait", entry=waiting.model_dump_json(), update_time=update_time)

    def all_waiting(self) -> list[Waiting]:
        """Every order that waits for TikTok (``UNPAID``, ``ON_HOLD``)."""
        return [Waiting.model_validate_json(stored) for stored in self._redis.hvals(self._waiting)]

    def note_sold(self, orders: Mapping[str, SoldUnits]) -> None:
        """What these orders (by id) hold of which Odoo does not know; nothing, where there are no units.

        They count against the stock of every shop until the order is done, also while it is parked or waits.
        """
        words = [word for order_id, sold in orders.items() for word in (order_id, sold.model_dump_json())]
        for start in range(0, len(words), 2000):
            keys = [self._due, self._leased, self._parked, self._waiting, self._units, self._ignored]
            self._note_sold(keys=keys, args=words[start : start + 2000])

    def sold(self) -> dict[str, SoldUnits]:
        """Orders that hold units of which Odoo does not know, by order id."""
        return {order_id: sold for order_id, sold in self.looked_at().items() if sold.units}

    def looked_at(self) -> dict[str, SoldUnits]:
        """What is known of orders that are not settled and not in Odoo, by order id; some hold nothing."""
        stored = dict(self._redis.hgetall(self._units))
        in_odoo = self.was_imported(list(stored))
        return {
            order_id: SoldUnits.model_validate_json(text)
            for order_id, text in stored.items()
            if order_id not in in_odoo
        }

    def not_looked_at(self, limit: int) -> list[str]:
        """Due orders, oldest first, of which it is not known what they hold."""
        due = list(self._redis.zrange(self._due, 0, limit - 1))
        known = self._redis.hmget(self._units, due) if due else []
        in_odoo = self.was_imported(due)
        return [
            order_id for order_id, units in zip(due, known, strict=True) if units is None and order_id not in in_odoo
        ]

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
        """Those of ``updates`` (order id → TikTok's update time, epoch seconds) that were not settled at that state.

        Ignored orders are never among them.
        """
        if not updates:
            return []
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.zmscore(self._settled, list(updates))
            pipe.hmget(self._ignored, list(updates))
            scores, ignored = pipe.execute()
        return [
            order_id
            for (order_id, update_time), seen, note in zip(updates.items(), scores, ignored, strict=True)
            if note is None and (seen is None or int(seen) < update_time)
        ]

    def forget_seen(self) -> None:
        """Let the next poll make every order due that it comes by, as when settings now cover more orders."""
        self._redis.delete(self._settled)

    def forget_before(self, oldest: datetime) -> None:
        """Drop the memory of orders settled or imported before ``oldest``, so that Redis does not grow for ever."""
        self._redis.zremrangebyscore(self._settled, "-inf", oldest.timestamp())
        self._redis.zremrangebyscore(self._imported, "-inf", oldest.timestamp())

    def counts(self) -> Counts:
        """How many orders are where."""
        now = self._now()
        with self._redis.pipeline(transaction=False) as pipe:
            ask_counts(pipe, "orders", self.shop_id, now)
            return read_counts(pipe.execute(), now)

    def drop(self) -> None:
        """Forget everything about this shop's orders."""
        super().drop()
        self._redis.delete(self._imported)
