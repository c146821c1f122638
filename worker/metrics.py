"""What this process counts and measures. No call goes to Redis for it: :func:`take` gives all that came together.

Here and not in ``worker.state``, since the adapters count too and know no Redis. Who hands it over:
``worker.state.metrics``. What is shown: ``web.metrics``; what each means: ``docs/monitoring/README.md``.
"""

from __future__ import annotations

import os
import re
import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

_CALL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_LATENCY_SECONDS = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)

#: Between the parts of a field in Redis.
SEPARATOR = "|"
#: The part of a histogram's field that holds the sum of what was measured, in microseconds.
SUM = "sum"
_LONGEST_LABEL = 80


@dataclass(frozen=True)
class Metric:
    """A counter, or a histogram of seconds when it has ``buckets``.

    :param labels: names of labels. Their values are this program's own words (codes, calls, names of tasks), never
        of shops, orders or people, so that their number is bounded.
    :param buckets: upper bounds, ascending; what is longer than the last is counted as well.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


TIKTOK_CALLS = Metric("tiktok_calls", "Calls of TikTok Shop's API; result is ok or an error code.", ("api", "result"))
TIKTOK_CALL_SECONDS = Metric("tiktok_call_seconds", "Seconds of a call of TikTok Shop's API.", (), _CALL_SECONDS)
ODOO_CALLS = Metric("odoo_calls", "Calls of Odoo's API; result is ok or an error code.", ("call", "result"))
ODOO_CALL_SECONDS = Metric("odoo_call_seconds", "Seconds of a call of Odoo's API.", (), _CALL_SECONDS)

ORDERS_IMPORTED = Metric("orders_imported", "Orders created in Odoo.")
ORDER_LATENCY = Metric(
    "order_latency_seconds", "Seconds from when a new order became due until Odoo had it.", (), _LATENCY_SECONDS
)
PARKED = Metric("parked", "Orders and products that were parked, each reason of each counted once.", ("kind", "code"))
POSTPONED = Metric("postponed_rounds", "Rounds given up because a whole side failed.", ("kind", "code"))
STOCK_UPDATES = Metric("stock_updates", "Products whose stock was set on TikTok; result is ok or refused.", ("result",))
STOCK_LATENCY = Metric(
    "stock_latency_seconds", "Seconds from when a product's stock became due until TikTok had it.", (), _LATENCY_SECONDS
)
CATALOG_SKUS = Metric("catalog_skus", "SKUs looked at by the catalogue: bound, created or unbound.", ("result",))

TASKS = Metric("tasks", "Celery tasks that ended; result is ok, failed or retry.", ("task", "result"))
TASK_SECONDS = Metric("task_seconds", "Seconds of a Celery task.", ("task",), _CALL_SECONDS)

ALL = (
    *(TIKTOK_CALLS, TIKTOK_CALL_SECONDS, ODOO_CALLS, ODOO_CALL_SECONDS),
    *(ORDERS_IMPORTED, ORDER_LATENCY, PARKED, POSTPONED, STOCK_UPDATES, STOCK_LATENCY, CATALOG_SKUS),
    *(TASKS, TASK_SECONDS),
)

_lock = threading.Lock()
_amounts: dict[str, int] = {}


def count(metric: Metric, amount: int = 1, **labels: str) -> None:
    """Raise a counter by ``amount``; 0 changes nothing."""
    if amount:
        give_back({_field(metric, labels): amount})


def observe(metric: Metric, seconds: float, **labels: str) -> None:
    """Measure that something took ``seconds``; less than none (clocks differ) counts as none."""
    seconds = max(0.0, seconds)
    field = _field(metric, labels)
    bucket = bisect_left(metric.buckets, seconds)
    give_back({f"{field}{SEPARATOR}{bucket}": 1, f"{field}{SEPARATOR}{SUM}": round(seconds * 1_000_000)})


def take() -> dict[str, int]:
    """All that came together since the last call, by field; the caller keeps it."""
    with _lock:
        taken = dict(_amounts)
        _amounts.clear()
    return taken


def pending() -> bool:
    """Whether :func:`take` would give anything."""
    return bool(_amounts)


def give_back(amounts: Mapping[str, int]) -> None:
    """Add what could not be kept; it is in the next :func:`take`."""
    with _lock:
        for field, amount in amounts.items():
            _amounts[field] = _amounts.get(field, 0) + amount


def _field(metric: Metric, labels: Mapping[str, str]) -> str:
    values = (re.sub(r"[|\s]+", " ", labels[name])[:_LONGEST_LABEL] for name in metric.labels)
    return SEPARATOR.join((metric.name, *values))


def _begin_anew() -> None:
    global _lock  # noqa: PLW0603 - a lock that another thread held at the fork would never be free
    _lock = threading.Lock()
    _amounts.clear()


os.register_at_fork(after_in_child=_begin_anew)  # what the parent counted, the parent hands over
