"""One round of stock: claim due products, compare, set on TikTok what differs, look again at what sold meanwhile."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from celery.exceptions import SoftTimeLimitExceeded

from worker import metrics
from worker.errors import ConnectorError, OrderError, RetryableError
from worker.odoo.errors import OdooLoginError, OdooUnavailableError
from worker.state.dirty_set import Claim
from worker.state.inbox import count
from worker.state.problems import ODOO, shop_stock_scope
from worker.state.shops import Shop
from worker.sync.inventory_plan import SkuPlan, amounts_of, make_plan, read_amounts
from worker.sync.parking import park
from worker.sync.reporting import UNAVAILABLE_PAUSE, report
from worker.sync.runtime import Runtime
from worker.tiktok.errors import TikTokPermanentError
from worker.tiktok.models import InventoryError

log = structlog.get_logger(__name__)

#: Products of one round: small enough that the amounts are still fresh when the last of them is set.
BATCH = 50


@dataclass
class Round:
    """What one round did.

    :param more: whether more products are due.
    :param orders_found: whether orders were found that nobody had heard of, so that a drain should be sent.
    :param catalog: whether the catalogue has something to look at.
    """

    more: bool = False
    orders_found: bool = False
    catalog: bool = False
    pushed: int = 0
    refused: list[str] = field(default_factory=list)


class InventoryPush:
    """Rounds for one shop."""

    def __init__(self, runtime: Runtime, shop: Shop) -> None:
        self.runtime = runtime
        self.shop = shop
        self.client = runtime.shop_client(shop)
        self.queue = runtime.inventory_queue(shop.id)

    def run(self) -> Round:
        """Work on one batch of due products.

        Never raises for TikTok or Odoo being away: the products stay due and the reason is reported.
        """
        result = Round()
        problems = self.runtime.problems
        scope = shop_stock_scope(self.shop.id)
        if problems.paused(ODOO, scope):
            return result
        lease = self.runtime.settings.stock_lease
        claim = self.queue.claim(BATCH, lease)
        if not claim.ids:
            return result
        started = time.monotonic()
        open_ids = dict.fromkeys(claim.ids)
        try:
            self._work(claim, open_ids, result, until=started + 0.75 * lease)
        except (ConnectorError, SoftTimeLimitExceeded) as failure:
            self._postpone(claim, list(open_ids), failure)
            return result
        problems.clear(ODOO)
        problems.clear(scope)
        result.more = len(claim.ids) >= BATCH or bool(claim.crashes) or self.queue.work_to_do()
        log.info(
            "inventory.pushed",
            shop=self.shop.id,
            products=len(claim.ids),
            skus=result.pushed,
            refused=len(result.refused),
            seconds=round(time.monotonic() - started, 3),
        )
        return result

    def _work(self, claim: Claim, open_ids: dict[str, None], result: Round, *, until: float) -> None:
        """:param until: monotonic time at which to stop: what another worker may have leased is not ours to set."""
        products = list(self.runtime.catalog(self.shop.id).products(claim.ids).values())
        plan = make_plan(self.runtime, self.shop, self.client, products)
        result.orders_found = bool(plan.orders_found)
        self._look_at_listing(plan.unlisted, result)
        inventory = self.runtime.inventory(self.shop.id)
        inventory.keep_confirmed({sku.listing.sku_id: sku.shown for sku in plan.skus if not sku.differs})
        by_product: dict[str, list[SkuPlan]] = {}
        for sku in plan.changes:
            by_product.setdefault(sku.listing.product_id, []).append(sku)
        changed = self._set(claim, by_product, open_ids, result, until=until)
        sold_meanwhile = self._confirm(changed)
        if plan.look_again is not None:  # amounts were only lowered
            self.queue.again(claim, open_ids, plan.look_again)
            open_ids.clear()
        self.queue.all_done(claim, open_ids)
        open_ids.clear()
        if sold_meanwhile:
            self.queue.mark(sold_meanwhile)

    def _set(
        self,
        claim: Claim,
        by_product: dict[str, list[SkuPlan]],
        open_ids: dict[str, None],
        result: Round,
        *,
        until: float,
    ) -> list[SkuPlan]:
        """One call for each product; answers what TikTok took."""
        taken: list[SkuPlan] = []
        late: list[str] = []
        for product_id, skus in by_product.items():
            if time.monotonic() > until:
                late.append(product_id)
                continue
            wanted = {sku.listing.sku_id: sku.wanted for sku in skus}
            try:
                errors = self.client.update_inventory(product_id, wanted)
            except TikTokPermanentError as error:
                if error.concerns_every_call:
                    raise
                metrics.count(metrics.STOCK_UPDATES, result="refused")
                self._park(claim, product_id, error, open_ids)
                self._look_at_listing({product_id}, result)
                result.refused += [str(sku) for sku in skus]
                continue
            metrics.count(metrics.STOCK_UPDATES, result="refused" if errors else "ok")
            refused = {error.sku_id for error in errors}
            if len(refused) < len(skus):
                metrics.observe(metrics.STOCK_LATENCY, claim.seconds_due(product_id))
            taken += [sku for sku in skus if sku.listing.sku_id not in refused]
            if errors:
                self._park(claim, product_id, refusal(skus, errors), open_ids)
                result.refused += [str(sku) for sku in skus if sku.listing.sku_id in refused]
        self.queue.again(claim, late, 0.0)
        for product_id in late:
            open_ids.pop(product_id, None)
        result.pushed += len(taken)
        count(self.runtime.redis, "inventory_pushed", len(taken))
        return taken

    def _confirm(self, changed: Sequence[SkuPlan]) -> set[str]:
        """Read back what was set. Where units were sold meanwhile, our amount may have put them on sale again: those
        products (answered) are looked at once more."""
        if not changed:
            return set()
        now = read_amounts(self.client, [sku.listing.sku_id for sku in changed])
        self.runtime.inventory(self.shop.id).keep_confirmed({sku: amounts_of(record) for sku, record in now.items()})
        return {
            sku.listing.product_id
            for sku in changed
            if (record := now.get(sku.listing.sku_id)) is not None and record.total_committed_quantity > sku.committed
        }

    def _look_at_listing(self, product_ids: set[str], result: Round) -> None:
        """TikTok does not treat these as listed: let the catalogue find out."""
        if product_ids:
            self.runtime.product_queue(self.shop.id).mark(sorted(product_ids), force=True)
            result.catalog = True

    def _park(self, claim: Claim, product_id: str, error: ConnectorError, open_ids: dict[str, None]) -> None:
        park(self.queue, claim, product_id, error, self.runtime.settings)
        open_ids.pop(product_id, None)
        log.warning("inventory.refused", shop=self.shop.id, product=product_id, code=error.code, reason=error.message)

    def _postpone(self, claim: Claim, ids: list[str], failure: ConnectorError | SoftTimeLimitExceeded) -> None:
        error = failure if isinstance(failure, ConnectorError) else _too_slow()
        everywhere = isinstance(error, OdooUnavailableError | OdooLoginError)
        scope = ODOO if everywhere else shop_stock_scope(self.shop.id)
        if (
            isinstance(error, RetryableError)
            and error.code == "rate_limited"
            and (error.retry_after or 0.0) < UNAVAILABLE_PAUSE
        ):
            # A call too many is over in a moment; stock must not wait longer than that.
            pause = max(1.0, error.retry_after or 0.0)
        else:
            pause = report(self.runtime, self.shop, scope, error)
        self.queue.again(claim, ids, pause)
        metrics.count(metrics.POSTPONED, kind="inventory", code=error.code)
        log.warning("inventory.postponed", shop=self.shop.id, products=len(ids), code=error.code, reason=str(error))


def refusal(skus: Sequence[SkuPlan], errors: Sequence[InventoryError]) -> OrderError:
    """Why TikTok did not take the amounts of some SKUs of a product (*Update Inventory*, ``data.errors``)."""
    names = {sku.listing.sku_id: sku for sku in skus}
    reasons = []
    for error in errors:
        sku = names.get(error.sku_id)
        places = [f"{each.message} ({each.code}, warehouse {each.warehouse_id})" for each in error.detail.extra_errors]
        wanted = "" if sku is None else f" {'/'.join(str(units) for units in sku.wanted.values())} units of"
        what = error.sku_id if sku is None else str(sku)
        reasons.append(f"TikTok did not take{wanted} {what}: {'; '.join(places) or f'{error.message} ({error.code})'}")
    return OrderError(
        ". ".join(reasons) + ".",
        code="stock_refused",
        remedy="Look at the product in Seller Center: a campaign, a warehouse that is off, or a listing that TikTok "
        "has stopped. It is tried again by itself.",
    )


def _too_slow() -> RetryableError:
    return RetryableError("Pushing stock took longer than a task may; it is tried again.", code="too_slow")
