"""Work that takes a worker minutes, asked for by a person who watches: orders from a date, catalogue, all stock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded

from worker.errors import ConnectorError
from worker.odoo.sales import odoo_datetime
from worker.state.progress import Progress, Work, WorkKind
from worker.state.shops import Shop
from worker.state.stock_plan import CHANGES_KEPT, PlannedChange, StockPlan, StockPlans
from worker.sync.catalog_pull import pull
from worker.sync.inventory_plan import Plan, SkuPlan
from worker.sync.inventory_reconcile import StockReport, preview, reconcile_stock
from worker.sync.mapping import Variants
from worker.sync.poll import sync_since
from worker.sync.runtime import Runtime
from worker.sync.shop_settings import fingerprint


class Tracker:
    """Tells how far one piece of work has come."""

    def __init__(self, progress: Progress, kind: WorkKind) -> None:
        self._progress = progress
        self._kind = kind
        self.work: Work = progress.begin(kind)

    def advance(self, done: int, total: int = 0, **news: Any) -> None:
        """So much is done, of so much (0: nobody knows)."""
        self.work = self._progress.keep(self._kind, self.work, done=done, total=total, **news)

    def finish(self, message: str) -> None:
        """It came to its end; ``message`` is the result, for people."""
        self.work = self._progress.keep(self._kind, self.work, state="done", message=message, remedy="")

    def fail(self, message: str, remedy: str) -> None:
        """It came to nothing."""
        self.work = self._progress.keep(self._kind, self.work, state="failed", message=message, remedy=remedy)


@contextmanager
def tracked(runtime: Runtime, shop_id: str, kind: WorkKind, *, too_slow: str = "") -> Iterator[Tracker]:
    """Show how the block comes on. What it raises is kept as the work's end, and raised again.

    :param too_slow: what a person can do when it takes longer than a task may.
    """
    tracker = Tracker(Progress(runtime.redis, shop_id), kind)
    try:
        yield tracker
    except ConnectorError as error:
        tracker.fail(error.message, error.remedy or "Try again.")
        raise
    except SoftTimeLimitExceeded:
        tracker.fail("It took longer than a worker may take.", too_slow or "Try again.")
        raise


def give_up(runtime: Runtime, shop_id: str, kind: WorkKind) -> None:
    """The shop is not synchronised now, so what was asked for is not done."""
    Tracker(Progress(runtime.redis, shop_id), kind).fail(
        "The shop is not synchronised now.", "Switch the shop and its account on, and link the account with TikTok."
    )


class _EnoughError(Exception):
    """This message's share of the work is done."""


def sync_orders(runtime: Runtime, shop: Shop, *, seconds: float) -> bool:
    """Make all orders due that changed since the date that was asked for; answers whether the list's end is reached.

    A long list is read in several shares of about ``seconds``, each going on at the update time that the last one came
    to. What shares that second is read twice, so that the number of orders is exact for one share only.

    :raises ConnectorError: TikTok does not answer. What was found so far is due all the same.
    """
    with tracked(runtime, shop.id, "orders") as tracker:
        options = tracker.work.options
        if "since" not in options:  # forgotten meanwhile
            tracker.finish("")
            return True
        start = datetime.fromisoformat(options.get("read_to") or options["since"])
        ends = time.monotonic() + seconds

        def advance(marked: int, read_to: datetime | None) -> None:
            known = tracker.work.options
            tracker.advance(
                tracker.work.done + marked,
                options=known if read_to is None else {**known, "read_to": read_to.isoformat()},
            )
            if time.monotonic() > ends and read_to is not None and read_to > start:
                raise _EnoughError

        try:
            sync_since(
                runtime.shop_client(shop),
                runtime.queue(shop.id),
                start,
                force=options.get("force") == "yes",
                advance=advance,
            )
        except _EnoughError:
            return False
        since = odoo_datetime(datetime.fromisoformat(options["since"]))
        tracker.finish(f"{tracker.work.done:,} orders changed since {since} UTC; each is looked at.")
    return True


def pull_catalog(runtime: Runtime, shop: Shop, *, seconds: float) -> bool:
    """Read the product list, for about ``seconds``, and show how it comes on; answers whether its end is reached.

    :raises ConnectorError: a side does not answer; the next attempt goes on.
    """
    with tracked(runtime, shop.id, "catalog") as tracker:
        pulled = pull(runtime, shop, seconds=seconds, advance=tracker.advance)
        if pulled.finished:
            tracker.finish(f"{pulled.listed:,} products are listed; what is new or not mapped is looked at.")
    return pulled.finished


def compare_stock(runtime: Runtime, shop: Shop) -> StockPlan:
    """Compute what a push of all stock would change, and keep it for a person to agree to. Changes nothing.

    :raises ConnectorError: a side does not answer.
    """
    slow = f"Compare on the command line, which may take its time: `tiktok-odoo inventory push --shop {shop.id}`"
    with tracked(runtime, shop.id, "compare", too_slow=slow) as tracker:
        catalog = runtime.catalog(shop.id)
        plans = list(preview(runtime, shop, catalog.products().values(), advance=tracker.advance))
        kept = _kept(runtime, plans, fingerprint(shop.settings))
        kept.unmapped = sum(1 for listing in catalog.listings().values() if listing.variant_id is None)
        StockPlans(runtime.redis).keep(shop.id, kept)
        tracker.finish(f"{kept.compared:,} SKUs compared, {kept.differing:,} differ.")
    return kept


def _kept(runtime: Runtime, plans: list[Plan], settings: str) -> StockPlan:
    changes = sorted((sku for plan in plans for sku in plan.changes), key=_sold_out_first)
    kept = StockPlan(
        settings=settings,
        compared=sum(len(plan.skus) for plan in plans),
        differing=len(changes),
        to_zero=sum(1 for sku in changes if not any(sku.wanted.values())),
        exact=all(plan.exact for plan in plans),
    )
    for reason in (reason for plan in plans for reason in plan.untracked.values()):
        kept.untracked[reason] = kept.untracked.get(reason, 0) + 1
    shown = changes[:CHANGES_KEPT]
    variants = Variants(runtime.odoo)
    variants.read(sku.listing.variant_id for sku in shown)
    for sku in shown:
        listing = sku.listing
        kept.changes.append(
            PlannedChange(
                sku_id=listing.sku_id,
                product_id=listing.product_id,
                seller_sku=listing.seller_sku,
                title=listing.title,
                product=str(variants.find(listing.variant_id or 0) or listing.variant_id),
                shown=sku.shown,
                wanted=sku.wanted,
            )
        )
    return kept


def _sold_out_first(sku: SkuPlan) -> tuple[bool, str, str, str]:
    """What a person should see first: SKUs that nobody could buy any more."""
    return any(sku.wanted.values()), sku.listing.title, sku.listing.seller_sku, sku.listing.sku_id


def reconcile_all_stock(runtime: Runtime, shop: Shop) -> StockReport:
    """Compare all stock, have repaired what drifted, and show how it comes on.

    :raises ConnectorError: a side does not answer.
    """
    slow = f"Compare on the command line, which may take its time: `tiktok-odoo inventory reconcile --shop {shop.id}`"
    with tracked(runtime, shop.id, "reconcile", too_slow=slow) as tracker:
        report = reconcile_stock(runtime, shop, advance=tracker.advance)
        again = ", and are pushed again" if report.drift else ""
        tracker.finish(f"{report.compared:,} SKUs compared, {len(report.drift):,} differed{again}.")
    return report
