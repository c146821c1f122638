"""Orders that a person wants left alone: not imported whatever comes in about them, and not counted against stock.

A person's decision is found nowhere else, so it does not expire, and it is part of the backup. About 200 bytes an
order. The dirty set knows of it (``dirty_settle.lua``): an order that is ignored while a worker has it does not come
back, whatever the worker found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, Field

from worker.state.connection import RedisClient, key, script

_AT_ONCE = 1000


class IgnoredOrder(BaseModel):
    """Why an order is left alone (``note``, in the words of the person), who said so (``by``), and when."""

    note: str
    by: str
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class Ignored:
    """The ignored orders of the shop ``shop_id``."""

    def __init__(self, redis: RedisClient, shop_id: str) -> None:
        self._redis = redis
        self._hash = key("orders", "ignored", shop_id)
        self._places = [self._hash]
        self._places += [
            key("orders", place, shop_id)
            for place in ("due", "parked", "waiting", "units", "force", "crashes", "begun")
        ]
        self._put = script(redis, "orders_ignore")

    def put(self, order_ids: Iterable[str], entry: IgnoredOrder) -> int:
        """Leave these orders alone from now on, wherever they are; answers how many.

        A lease stays with its worker: what it does within these seconds may still reach Odoo, but the order is neither
        parked nor due afterwards.
        """
        ids = list(order_ids)
        for start in range(0, len(ids), _AT_ONCE):
            self._put(keys=self._places, args=[entry.model_dump_json(), *ids[start : start + _AT_ONCE]])
        return len(ids)

    def end(self, order_ids: Sequence[str], *, client: RedisClient | None = None) -> None:
        """Ignore these no longer. :meth:`worker.state.orders.OrderQueue.ask_for` makes them due as well."""
        if order_ids:
            (client or self._redis).hdel(self._hash, *order_ids)

    def among(self, order_ids: Sequence[str]) -> dict[str, IgnoredOrder]:
        """Those of ``order_ids`` that are ignored."""
        if not order_ids:
            return {}
        stored = self._redis.hmget(self._hash, list(order_ids))
        return {
            order_id: IgnoredOrder.model_validate_json(text)
            for order_id, text in zip(order_ids, stored, strict=True)
            if text is not None
        }

    def all(self) -> dict[str, IgnoredOrder]:
        """Every ignored order, by id."""
        stored = self._redis.hgetall(self._hash)
        return {order_id: IgnoredOrder.model_validate_json(text) for order_id, text in sorted(stored.items())}

    def restore(self, entries: Mapping[str, IgnoredOrder]) -> None:
        """Put entries back, as from a backup."""
        for order_id, entry in entries.items():
            self.put([order_id], entry)
