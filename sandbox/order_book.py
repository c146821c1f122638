"""A shop's orders, found by id and listed by creation or update time while they change."""

from __future__ import annotations

import bisect
from collections.abc import Iterator

from sandbox.model import Order

Key = tuple[int, int, str]
SORT_FIELDS = ("create_time", "update_time")


class OrderBook:
    """Two sorted lists of ``(time, sequence, id)`` beside a dictionary: a window in time is two bisections."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self._keys: dict[str, list[Key]] = {name: [] for name in SORT_FIELDS}

    def __len__(self) -> int:
        return len(self._orders)

    def __iter__(self) -> Iterator[Order]:
        return iter(self._orders.values())

    def get(self, order_id: str) -> Order | None:
        return self._orders.get(order_id)

    def put(self, order: Order) -> None:
        """Add an order."""
        self._orders[order.id] = order
        for name in SORT_FIELDS:
            bisect.insort(self._keys[name], self._key(order, name))

    def take(self, order: Order) -> None:
        """Take an order out, so that its times can be changed; ``put`` it back afterwards."""
        del self._orders[order.id]
        for name in SORT_FIELDS:
            keys = self._keys[name]
            del keys[bisect.bisect_left(keys, self._key(order, name))]

    def window(self, sort_field: str, start: int | None, end: int | None) -> list[Order]:
        """Orders with ``start <= time < end``, oldest first; a missing bound is open."""
        keys = self._keys[sort_field]
        first = 0 if start is None else bisect.bisect_left(keys, (start,))
        last = len(keys) if end is None else bisect.bisect_left(keys, (end,))
        return [self._orders[order_id] for _, _, order_id in keys[first:last]]

    @staticmethod
    def _key(order: Order, name: str) -> Key:
        return (order.fields[name], order.sequence if name == "update_time" else 0, order.id)
