"""Tasks about ourselves: a heartbeat that proves the whole chain, the history, and keeping Redis small."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

from worker.app import app
from worker.state.append_only import mend_append_only_file
from worker.state.cursors import beat
from worker.sync.health import take_sample
from worker.sync.runtime import get_runtime


@app.task(name="system.heartbeat", bind=True)
def heartbeat(self: Any) -> None:
    """Completed means: beat sends, the broker delivers and a worker works. Beat sends one through each queue."""
    worker = str(self.request.hostname or socket.gethostname())
    queue = str((self.request.delivery_info or {}).get("routing_key") or "")
    redis = get_runtime().redis
    beat(redis, worker, queue)
    mend_append_only_file(redis)  # soon after a disk was full, since Redis may end at any time


@app.task(name="system.sample")
def sample() -> None:
    """Keep how everything stands now, once a minute, for the charts of the last day."""
    take_sample(get_runtime())


@app.task(name="system.forget_old_orders")
def forget_old_orders() -> None:
    """Drop the memory of orders that TikTok no longer changes, and of webhooks that are old."""
    runtime = get_runtime()
    now = datetime.now(UTC)
    runtime.inbox.forget_before(now - timedelta(days=runtime.settings.event_days))
    oldest = now - timedelta(days=runtime.settings.imported_days)
    for shop in runtime.shops.all():
        runtime.queue(shop.id).forget_before(oldest)
        runtime.fulfillment(shop.id).forget_old()
        runtime.payouts(shop.id).forget_old()
