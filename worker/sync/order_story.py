"""What one round did with its orders, gathered in words and written to their timelines in one call."""

from __future__ import annotations

import time
from collections.abc import Iterable

from worker.errors import ConnectorError
from worker.odoo.sales import SalesOrder
from worker.state.timeline import Kind, Line, Timeline
from worker.sync.order_amounts import with_decimals_of
from worker.tiktok.models import Order


class Story:
    """The story of one batch.

    What TikTok answered is told only with what came of it: while a side is away, or the same thing stays in the way,
    the same answer every few seconds would push out all that came before.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._fetched: dict[str, Line] = {}
        self._lines: dict[str, list[Line]] = {}

    def fetched(self, orders: Iterable[Order]) -> None:
        """TikTok told these orders."""
        for order in orders:
            total = f"{order.payment.total_amount} {order.payment.currency}"
            text = f"{order.status}, {total}, {_counted(len(order.line_items), 'unit')}"
            self._fetched[order.id] = Line("fetched", text, time.time())

    def tell(self, order_id: str, kind: Kind, text: str, *, again: bool = False) -> None:
        """What came of one order.

        :param again: it is what came of it the last time.
        """
        lines = self._lines.setdefault(order_id, [])
        fetched = self._fetched.pop(order_id, None)
        if fetched is not None and not again:
            lines.append(fetched)
        lines.append(Line(kind, text, time.time()))

    def postponed(self, order_ids: Iterable[str], error: ConnectorError) -> None:
        """A side failed, so these are looked at again."""
        for order_id in order_ids:
            self.tell(order_id, "error", f"{error.code}: {error.message}", again=True)

    def write(self) -> None:
        """Write what was told so far."""
        lines, self._lines = self._lines, {}
        if lines:
            self._timeline.write(lines)


def imported_text(order: Order, sale: SalesOrder, *, created: bool, confirmed: bool) -> str:
    """What was done with an order in Odoo."""
    if created:
        done = "created and confirmed" if confirmed else "created as a quotation"
    else:
        done = "confirmed" if confirmed else f"looked at, it is {STATES.get(sale.state, sale.state)}"
    total = with_decimals_of(order.payment.total_amount, sale.total)
    return f"{sale.name} {done}, {total} {sale.currency}"


#: Odoo's states of a sales order (``sale.order``), as its pages call them.
STATES = {"draft": "a quotation", "sent": "a quotation", "sale": "a sales order", "cancel": "cancelled"}


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
