"""What the console's pages share: the flows' runtime, who is logged in, Celery messages, and the audit trail.

No view needs to ask who may do this: ``web.console.access`` lets viewers look and nobody but operators change.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import flash, g, request

from web.receiver import receiver
from worker.errors import ConnectorError, RetryableError
from worker.state.audit import Audit
from worker.state.inbox import Trigger, may_trigger
from worker.state.operators import Operator
from worker.state.shops import Shop
from worker.sync.runtime import Runtime

#: Seconds that a page waits for Odoo or TikTok; somebody is looking at it.
_PATIENCE = 8.0
#: Pages of one process that may wait for Odoo or TikTok at once. The other threads stay free for webhooks.
_AT_ONCE = 3

_TASKS: dict[Trigger, str] = {
    "orders": "orders.drain",
    "products": "catalog.drain",
    "inventory": "inventory.push",
    "fulfillment": "fulfillment.drain",
    "sold": "inventory.note_sold",
}
_local = threading.local()
_waiting = threading.BoundedSemaphore(_AT_ONCE)


def runtime() -> Runtime:
    """The flows' parts, made once for each thread, with short time-outs for Odoo and TikTok."""
    settings = receiver().settings
    found: tuple[Any, Runtime] | None = getattr(_local, "runtime", None)
    if found is None or found[0] is not settings:
        patient = {"odoo_timeout": min(_PATIENCE, settings.odoo_timeout)}
        patient["tiktok_timeout"] = min(_PATIENCE, settings.tiktok_timeout)
        made = Runtime(settings.model_copy(update=patient))
        # Their time-outs are the receiver's: a page without Redis fails at once.
        made.redis, made.broker = receiver().redis, receiver().broker
        found = _local.runtime = (settings, made)
    return found[1]


def operator() -> Operator:
    """Who is logged in. Every page of the console is closed to others, so there always is somebody."""
    found: Operator = g.operator
    return found


def note(action: str, target: str = "", detail: str = "") -> None:
    """Write into the audit trail what the operator has just done."""
    Audit(receiver().redis).note(operator().name, action, target, detail)


def send(task: str, *ids: str) -> None:
    """Have a worker run the task of that name."""
    receiver().sender.send(task, *ids)


def trigger(kind: Trigger, shop_id: str) -> None:
    """Have a worker look at the shop's dirty set of that kind, unless such a message is on its way already."""
    if may_trigger(receiver().redis, shop_id, kind):
        send(_TASKS[kind], shop_id)


def chosen_shop() -> Shop | None:
    """The shop that the page is narrowed down to by ``?shop=``; ``None`` for all."""
    shop_id = request.args.get("shop", "")
    return runtime().shops.find(shop_id) if shop_id else None


@contextmanager
def outside() -> Iterator[None]:
    """Around what asks Odoo or TikTok while a page waits.

    :raises RetryableError: too many pages of this process do so already (``console_busy``).
    """
    if not _waiting.acquire(timeout=1.0):
        raise RetryableError(
            "Too many pages wait for Odoo or TikTok now.", code="console_busy", remedy="Try again in a few seconds."
        )
    try:
        yield
    finally:
        _waiting.release()


def tell(error: ConnectorError) -> None:
    """Show on the next page what went wrong and what to do."""
    flash(str(error), "failed")
