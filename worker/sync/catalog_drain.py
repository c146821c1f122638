"""One round of a shop's catalogue: claim due products, find each SKU's product variant in Odoo, bind or say why not."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from celery.exceptions import SoftTimeLimitExceeded

from worker.errors import ConnectorError, RetryableError
from worker.metrics import CATALOG_SKUS, POSTPONED, count
from worker.odoo.errors import OdooLoginError, OdooUnavailableError
from worker.state.catalog import ListedProduct, Listing
from worker.state.dirty_set import Claim
from worker.state.problems import ODOO, shop_catalog_scope
from worker.state.shops import Shop
from worker.sync.catalog_create import ProductDetails, create_missing
from worker.sync.catalog_match import match_products
from worker.sync.catalog_pull import listed_product
from worker.sync.inventory_marks import mark_products
from worker.sync.parking import park
from worker.sync.reporting import report
from worker.sync.runtime import Runtime
from worker.sync.waiting_orders import waiting_orders
from worker.tiktok.errors import TikTokPermanentError

log = structlog.get_logger(__name__)

#: Products of one round; with a detail call each it stays well below a task's time limit.
BATCH = 50
#: Errors of Get Product that mean: not listed for buyers (deleted, frozen, another shop's).
_NOT_LISTED = {"not_found", "refused"}


@dataclass
class CatalogRound:
    """What one round did.

    :param more: whether more products are due.
    :param push: whether stock became due.
    :param orders: whether orders became due that had waited for a binding.
    :param listings: the SKUs that were looked at.
    """

    more: bool = False
    push: bool = False
    orders: bool = False
    bound: int = 0
    created: int = 0
    unbound: int = 0
    gone: list[str] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)


class CatalogDrain:
    """Rounds for one shop."""

    def __init__(self, runtime: Runtime, shop: Shop) -> None:
        self.runtime = runtime
        self.shop = shop
        self.queue = runtime.product_queue(shop.id)
        self.catalog = runtime.catalog(shop.id)
        self.details = ProductDetails(runtime.shop_client(shop))

    def run(self, limit: int = BATCH) -> CatalogRound:
        """Work on up to ``limit`` due products.

        Never raises for TikTok or Odoo being away: the products stay due and the reason is reported.
        """
        result = CatalogRound()
        problems = self.runtime.problems
        scope = shop_catalog_scope(self.shop.id)
        if problems.paused(ODOO, scope):
            return result
        claim = self.queue.claim(limit, self.runtime.settings.catalog_lease)
        if not claim.ids:
            return result
        started = time.monotonic()
        open_ids = dict.fromkeys(claim.ids)
        try:
            self._work(claim, open_ids, result)
        except (ConnectorError, SoftTimeLimitExceeded) as failure:
            self._postpone(claim, list(open_ids), failure)
            return result
        problems.clear(ODOO)
        problems.clear(scope)
        result.more = len(claim.ids) >= limit or bool(claim.crashes)
        log.info(
            "catalog.matched",
            shop=self.shop.id,
            products=len(claim.ids),
            bound=result.bound,
            created=result.created,
            unbound=result.unbound,
            gone=len(result.gone),
            seconds=round(time.monotonic() - started, 3),
        )
        return result

    def _work(self, claim: Claim, open_ids: dict[str, None], result: CatalogRound) -> None:
        products = self._read(claim, open_ids, result)
        before = self.catalog.listings([sku.id for product in products for sku in product.skus])
        listings = find_variants(self.runtime, self.shop, products, self.details)
        found = create_missing(self.runtime, self.shop, products, listings, self.details)
        self.catalog.keep_products(products)
        # Before, should this worker end right after the next line; and after, for who looked in between.
        self._spread(before, found, result)
        self.catalog.keep_listings(found)
        result.created = sum(1 for listing in found if listing.found_by == "created") - sum(
            1 for listing in before.values() if listing.found_by == "created"
        )
        result.listings = found
        result.bound = sum(1 for listing in found if listing.variant_id is not None)
        result.unbound = len(found) - result.bound
        count(CATALOG_SKUS, result.bound, result="bound")
        count(CATALOG_SKUS, max(0, result.created), result="created")
        count(CATALOG_SKUS, result.unbound, result="unbound")
        self._spread(before, found, result)
        self.queue.all_done(claim, list(open_ids))
        open_ids.clear()

    def _read(self, claim: Claim, open_ids: dict[str, None], result: CatalogRound) -> list[ListedProduct]:
        """The claimed products that are listed: as they are now where that was asked for, else as last listed."""
        known = self.catalog.products(claim.ids)
        products = []
        for product_id in claim.ids:
            if product_id in known and product_id not in claim.forced:
                products.append(known[product_id])
                continue
            detail = None
            try:
                detail = self.details.get(product_id)
            except TikTokPermanentError as error:
                if error.concerns_every_call:
                    raise
                if error.code not in _NOT_LISTED:  # an answer that cannot be used must not stop the other products
                    self._park(claim, product_id, error, open_ids)
                    continue
            if detail is None or detail.status != "ACTIVATE":
                result.gone.append(product_id)
                continue
            products.append(listed_product(detail, detailed=True))
        for product in products:
            skus = {sku.id for sku in product.skus}
            former = known.get(product.id)
            removed = [sku.id for sku in former.skus if sku.id not in skus] if former else []
            self.catalog.forget_skus(self.catalog.listings(removed).values())
            self.runtime.inventory(self.shop.id).forget_confirmed(removed)
        self._forget(result.gone, known)
        return products

    def _forget(self, product_ids: list[str], known: dict[str, ListedProduct]) -> None:
        skus = [sku.id for product_id in product_ids if product_id in known for sku in known[product_id].skus]
        self.runtime.inventory(self.shop.id).forget_confirmed(skus)
        self.catalog.forget_products(product_ids)
        for product_id in product_ids:
            log.info("catalog.unlisted", shop=self.shop.id, product=product_id)

    def _spread(self, before: dict[str, Listing], now: Sequence[Listing], result: CatalogRound) -> None:
        """What is newly bound has its stock pushed, and orders that waited for it are looked at again."""
        changed = [
            listing
            for listing in now
            if listing.variant_id is not None
            and (listing.sku_id not in before or before[listing.sku_id].variant_id != listing.variant_id)
        ]
        result.push = mark_products(self.runtime, self.shop, {listing.product_id for listing in changed})
        skus = {listing.sku_id for listing in changed}
        waiting = waiting_orders(self.runtime, self.shop, skus)
        result.orders = bool(self.runtime.queue(self.shop.id).mark(waiting))

    def _park(self, claim: Claim, product_id: str, error: ConnectorError, open_ids: dict[str, None]) -> None:
        park(self.queue, claim, product_id, error, self.runtime.settings, long=True)
        open_ids.pop(product_id, None)
        log.warning("catalog.unusable", shop=self.shop.id, product=product_id, code=error.code, reason=error.message)

    def _postpone(self, claim: Claim, ids: list[str], failure: ConnectorError | SoftTimeLimitExceeded) -> None:
        slow = RetryableError("The catalogue took longer than a task may; it goes on from there.", code="too_slow")
        error = failure if isinstance(failure, ConnectorError) else slow
        everywhere = isinstance(error, OdooUnavailableError | OdooLoginError)
        scope = ODOO if everywhere else shop_catalog_scope(self.shop.id)
        self.queue.again(claim, ids, report(self.runtime, self.shop, scope, error))
        count(POSTPONED, kind="products", code=error.code)
        log.warning("catalog.postponed", shop=self.shop.id, products=len(ids), code=error.code, reason=str(error))


def find_variants(
    runtime: Runtime, shop: Shop, products: list[ListedProduct], details: ProductDetails, *, settle: bool = True
) -> list[Listing]:
    """A listing for every SKU. What no reference finds is tried by barcode, which only the product's detail tells;
    ``products`` then hold it.

    :param settle: see :func:`worker.sync.catalog_match.match_products`.
    :raises ConnectorError: a side does not answer.
    """
    company = shop.settings.company_id
    listings = match_products(runtime.odoo, runtime.catalog(shop.id), products, company_id=company, settle=settle)
    unknown = {listing.product_id for listing in listings if listing.code == "unknown_sku"}
    asked = []
    for index, product in enumerate(products):
        if product.id in unknown and not product.detailed and (detail := details.find(product.id)) is not None:
            products[index] = listed_product(detail, detailed=True)
            asked.append(products[index])
    if not any(sku.barcode for product in asked for sku in product.skus):
        return listings
    again = match_products(runtime.odoo, runtime.catalog(shop.id), asked, company_id=company, settle=settle)
    by_sku = {listing.sku_id: listing for listing in again}
    return [by_sku.get(listing.sku_id, listing) for listing in listings]
