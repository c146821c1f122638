"""TikTok's order list as a stand-in: it moves between pages, and its page tokens count rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from worker.tiktok.client import OrderDetails, OrderPage
from worker.tiktok.models import InvalidOrder, Order, OrderSummary


class MovingList:
    """A shop's order list, by update time. ``between`` runs after each page and may change it.

    :param broken: orders whose row cannot be read; ``""`` among them stands for a row without even an id.
    """

    def __init__(self, updates: dict[str, int], *, page_size: int = 100, broken: Sequence[str] = ()) -> None:
        self.updates = updates
        self.page_size = page_size
        self.broken = set(broken)
        self.between: Callable[[int], None] = lambda _: None
        self.calls = 0
        self.details: dict[str, Order] = {}

    def search_orders(
        self,
        *,
        update_time_ge: int = 0,
        update_time_lt: int = 2**40,
        create_time_ge: int = 0,
        page_size: int,
        page_token: str = "",
        sort_field: str,
        sort_order: str,
    ) -> OrderPage:
        assert sort_order == "ASC"
        self.calls += 1
        size = min(page_size, self.page_size)
        rows = sorted(
            (moment, order_id)
            for order_id, moment in self.updates.items()
            if update_time_ge <= moment < update_time_lt and moment >= create_time_ge
        )
        start = int(page_token or 0)
        page = rows[start : start + size]
        token = str(start + size) if start + size < len(rows) else ""
        good = [_summary(order_id, moment) for moment, order_id in page if order_id not in self.broken]
        bad = [
            InvalidOrder("" if order_id.startswith("nameless") else order_id, "update_time: Field required")
            for _, order_id in page
            if order_id in self.broken
        ]
        self.between(self.calls)
        return OrderPage(good, bad, token, len(rows), [])

    def order_details(self, order_ids: Sequence[str]) -> OrderDetails:
        orders = [self.details[order_id] for order_id in order_ids if order_id in self.details]
        return OrderDetails(orders, [], [order_id for order_id in order_ids if order_id not in self.details])


def _summary(order_id: str, moment: int) -> OrderSummary:
    time = datetime.fromtimestamp(moment, UTC)
    return OrderSummary(id=order_id, update_time=time, create_time=time, status="AWAITING_SHIPMENT")
