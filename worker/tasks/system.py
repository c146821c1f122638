"""Tasks about ourselves: a heartbeat that proves the whole chain, and keeping Redis small."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

from worker.app import app
from worker.state.cursors import beat
from worker.sync.runtime import get_runtime


@app.task(name="system.heartbeat")
def heartbeat() -> None:
    """Completed means: beat sends, the broker delivers and a worker works."""
    beat(get_runtime().redis, socket.gethostname())


@app.task(name="system.forget_old_orders")
def forget_old_orders() -> None:
    """Drop the memory of orders that TikTok no longer changes."""
    runtime = get_runtime()
    oldest = datetime.now(UTC) - timedelta(days=runtime.settings.imported_days)
    for shop in runtime.shops.all():
        runtime.queue(shop.id).forget_before(oldest)
