"""How long one order takes from its webhook to its confirmation in Odoo: on an idle system, and at a steady rate."""

from __future__ import annotations

import contextlib
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

import psycopg2

from benchmarks.webhooks import Sent, WebhookSender
from sandbox.scene import Seller
from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack

_CONFIRMED = "SELECT client_order_ref FROM sale_order WHERE state = 'sale' AND id > %s AND client_order_ref IS NOT NULL"


class Watch(Protocol):
    """A context manager that tells when each order was confirmed, by ``time.monotonic``."""

    @property
    def at(self) -> dict[str, float]:
        """The moments so far, by TikTok's order id."""
        ...

    def __enter__(self) -> Self:
        """Begin to watch."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        ...


class Confirmations:
    """A context manager that watches Odoo's database: ``at`` has the moment (``time.monotonic``) at which each order
    was first seen confirmed, that is, after Odoo's commit."""

    def __init__(self, stack: Stack, *, every: float) -> None:
        """:param every: seconds between two looks."""
        self.at: dict[str, float] = {}
        self._every = every
        self._after = stack.sql("SELECT coalesce(max(id), 0) FROM sale_order")[0][0]
        self._dsn = stack.odoo.postgres.dsn(stack.database)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="confirmations", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        with contextlib.closing(psycopg2.connect(self._dsn)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not self._ended.wait(self._every):
                cursor.execute(_CONFIRMED, (self._after,))
                now = time.monotonic()
                for (order_id,) in cursor.fetchall():
                    self.at.setdefault(order_id, now)


def one_by_one(stack: Stack, seller: Seller, orders: Sequence[tuple[str, str]]) -> list[float]:
    """Seconds of each ``(shop, order)``, the next one only when the one before is there and all is quiet again."""
    sender = WebhookSender(seller.app)
    took = []
    with Confirmations(stack, every=0.002) as seen:
        for shop_id, order_id in orders:
            sent = sender.send(shop_id, order_id)
            wait_for(lambda order_id=order_id: order_id in seen.at, 30, f"order {order_id}")  # type: ignore[misc]
            took.append(seen.at[order_id] - sent.at)
            time.sleep(0.5)  # what follows the confirmation belongs to this order, not to the next one's time
    return took


def at_rate(watch: Watch, seller: Seller, orders: Sequence[tuple[str, str]], rate: float) -> list[float]:
    """Seconds of each ``(shop, order)`` when ``rate`` of them come a second."""
    with watch as seen:
        return _seconds(seen, WebhookSender(seller.app).send_all(orders, rate))


def new_at_rate(
    watch: Watch, seller: Seller, shop_ids: Sequence[str], place: Callable[[str], str], rate: float
) -> list[float]:
    """The same for orders that are placed at the moment at which their webhooks are sent, one at each of the shops."""
    with watch as seen:
        return _seconds(seen, WebhookSender(seller.app).send_new(shop_ids, place, rate))


def _seconds(seen: Watch, sent: Sequence[Sent]) -> list[float]:
    wanted = {each.order_id for each in sent}
    wait_for(lambda: wanted <= seen.at.keys(), 300, "all orders")
    at = seen.at
    return [at[each.order_id] - each.at for each in sent]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of ``values`` are."""
    return statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1]
