"""Asks Odoo which stock changed since the last look, and makes the products due that sell it, in every shop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from worker.errors import ConnectorError
from worker.odoo.kits import kits_of
from worker.odoo.stock_changes import changes
from worker.state.problems import ODOO
from worker.sync.inventory_marks import mark_all, mark_variants
from worker.sync.reporting import pause_after
from worker.sync.runtime import Runtime
from worker.sync.shops import active_shops

log = structlog.get_logger(__name__)

#: The watermark where Odoo has no stock at all yet.
_BEFORE_ALL = datetime(2000, 1, 1, tzinfo=UTC)
#: Odoo tells times in whole seconds.
_A_SECOND = timedelta(seconds=1)


def watch(runtime: Runtime) -> list[str]:
    """One look at Odoo; answers the shops in which something became due.

    Three calls when nothing changed, none when no shop's stock is pushed. Never raises for Odoo being away: that is
    reported, and the next look finds the same changes. Without a watermark (the first look, or Redis was lost)
    everything becomes due.
    """
    shops = [shop for shop in active_shops(runtime) if shop.settings.push_stock == "on"]
    if not shops or runtime.problems.paused(ODOO):
        return []
    try:
        marked = _look(runtime)
    except ConnectorError as error:
        runtime.problems.report(ODOO, error, pause_after(error, runtime.problems.lasted(ODOO)))
        log.warning("stock.not_read", code=error.code, reason=str(error))
        return []
    runtime.problems.clear(ODOO)
    return marked


def _look(runtime: Runtime) -> list[str]:
    state = runtime.stock_watch
    overlap = timedelta(seconds=runtime.settings.stock_overlap)
    watermark = state.watermark()
    if watermark is None:
        return _begin(runtime, overlap)
    # Whatever began before the newest change has ended once that is longer ago than any transaction takes.
    look_back = _A_SECOND if state.still_for() > overlap.total_seconds() else overlap
    found = changes(runtime.odoo, watermark - look_back)
    rows = {row.key: row for row in found.rows}
    fresh = state.fresh({name: row.changed_at for name, row in rows.items()})
    marked = []
    if fresh:
        variants = {rows[name].variant_id for name in fresh}
        variants |= kits_of(runtime.odoo, variants)
        marked = mark_variants(runtime, variants)
        log.info("stock.changed", rows=len(fresh), variants=len(variants), shops=len(marked))
    newest = max(watermark, found.newest or watermark)
    state.advance({name: rows[name].changed_at for name in fresh}, newest, forget_before=newest - overlap)
    return marked


def _begin(runtime: Runtime, overlap: timedelta) -> list[str]:
    """Everything is to be compared; what changed a moment ago is part of it, and need not be looked at again."""
    newest = changes(runtime.odoo, None).newest or _BEFORE_ALL
    recent = changes(runtime.odoo, newest - overlap).rows
    marked = [shop.id for shop in active_shops(runtime) if mark_all(runtime, shop)]
    seen = {row.key: row.changed_at for row in recent}
    runtime.stock_watch.advance(seen, newest, forget_before=newest - overlap)
    log.info("stock.read_anew", shops=len(marked))
    return marked
