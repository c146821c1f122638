"""Reads all live products of a shop, page by page, and makes those due in which something is new.

The list moves while it is read: a product that is switched off between two pages shifts the others, and one may be
stepped over. That costs nothing: what was known and not come by is looked at by itself before it is unbound.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from worker.odoo.gateway import search_read
from worker.state.catalog import ListedProduct, ListedSku
from worker.state.catalog_walk import CatalogWalk, Walk
from worker.state.shops import Shop
from worker.sync.runtime import Runtime
from worker.tiktok.client import ProductPage, ShopClient
from worker.tiktok.errors import TikTokPermanentError
from worker.tiktok.models import Product

log = structlog.get_logger(__name__)

_PAGE = 100
#: TikTok lists no more products than this of one search (*Search Products*); beyond, windows of update time are used.
_MOST_LISTED = 10_000
#: A pull that was left lying is not gone on with, but begun anew.
_STALE = timedelta(hours=6)
_VARIANTS = 1000


@dataclass(frozen=True)
class Pulled:
    """How a pull stands: whether the list is read to its end, products listed so far, and products made due."""

    finished: bool
    listed: int
    marked: int


def listed_product(product: Product, *, detailed: bool = False) -> ListedProduct:
    """What the catalogue keeps of a product. Barcodes are in the detail only."""
    skus = [
        ListedSku(
            id=sku.id,
            seller_sku=sku.seller_sku,
            price=sku.price.sale_price or sku.price.tax_exclusive_price or 0,
            currency=sku.price.currency,
            warehouse_ids=[stock.warehouse_id for stock in sku.inventory],
            barcode=sku.identifier_code.code,
        )
        for sku in product.skus
    ]
    return ListedProduct(id=product.id, title=product.title, status=product.status, skus=skus, detailed=detailed)


def pull(
    runtime: Runtime,
    shop: Shop,
    *,
    seconds: float = float("inf"),
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> Pulled:
    """Read the list, or go on where the last attempt left off.

    :param seconds: stop after about so long; the next call goes on.
    :param advance: told the products listed so far and in all after each page.
    :raises ConnectorError: TikTok or Odoo does not answer; the next call goes on.
    """
    client = runtime.shop_client(shop)
    store = CatalogWalk(runtime.redis, shop.id)
    walk = store.load()
    now = int(time.time())
    if walk is None or time.time() - walk.started.timestamp() > _STALE.total_seconds():
        walk = Walk(windows=[(0, now + 86_400)])  # a day ahead, should our clock be behind
        store.begin(walk)
    ends = time.monotonic() + seconds
    marked = 0
    while walk.windows:
        try:
            page = _page(client, walk)
        except TikTokPermanentError:
            store.end()  # a page token that is no longer taken: the next pull begins anew
            raise
        if page is None:
            store.keep(walk, [])
            continue
        products = [listed_product(product) for product in page.products]
        marked += _mark_new(runtime, shop, products)
        walk.listed += len(products)
        walk.token = page.next_page_token
        if not walk.token:
            walk.windows = walk.windows[1:]
        store.keep(walk, [product.id for product in products] + [row_id for row_id, _ in page.invalid if row_id])
        for row_id, reason in page.invalid:
            log.warning("catalog.row_unusable", shop=shop.id, product=row_id, reason=reason)
        advance(walk.listed, max(page.total_count, walk.listed))
        if time.monotonic() > ends and walk.windows:
            return Pulled(False, walk.listed, marked)
    marked += _finish(runtime, shop, store)
    log.info("catalog.pulled", shop=shop.id, products=walk.listed, due=marked)
    return Pulled(True, walk.listed, marked)


def first_products(client: ShopClient, limit: int | None) -> list[ListedProduct]:
    """The first ``limit`` live products of the list (all that one search tells, without a limit), for a trial."""
    most = _MOST_LISTED if limit is None else min(limit, _MOST_LISTED)
    products: list[ListedProduct] = []
    token = ""
    while len(products) < most:
        page = client.search_products(status="ACTIVATE", page_size=min(_PAGE, most), page_token=token)
        products += [listed_product(product) for product in page.products]
        token = page.next_page_token
        if not token:
            break
    return products[:most]


def _page(client: ShopClient, walk: Walk) -> ProductPage | None:
    """The next page; ``None`` when the window holds too many products and was halved instead."""
    start, end = walk.windows[0]
    try:
        page = client.search_products(
            status="ACTIVATE", update_time_ge=start, update_time_le=end, page_size=_PAGE, page_token=walk.token
        )
    except TikTokPermanentError as error:
        if error.code != "too_many_results" or end <= start:
            raise
    else:
        if page.total_count <= _MOST_LISTED or end <= start:
            return page
    middle = (start + end) // 2
    walk.windows = [(start, middle), (middle + 1, end), *walk.windows[1:]]
    walk.token = ""
    return None


def _mark_new(runtime: Runtime, shop: Shop, products: Sequence[ListedProduct]) -> int:
    """Make those due that differ from what is known, or of which a SKU is bound to nothing: Odoo may have it now."""
    catalog = runtime.catalog(shop.id)
    known = catalog.products([product.id for product in products])
    listings = catalog.listings([sku.id for product in products for sku in product.skus])
    changed = [product for product in products if not product.is_as(known.get(product.id))]
    unbound = [
        product
        for product in products
        if any(sku.id not in listings or listings[sku.id].variant_id is None for sku in product.skus)
    ]
    gone = [
        listing
        for product in changed
        if product.id in known
        for listing in catalog.listings(
            [sku.id for sku in known[product.id].skus if sku.id not in {own.id for own in product.skus}]
        ).values()
    ]
    catalog.forget_skus(gone)
    runtime.inventory(shop.id).forget_confirmed([listing.sku_id for listing in gone])
    catalog.keep_products(changed)
    return runtime.product_queue(shop.id).mark(dict.fromkeys(each.id for each in (*changed, *unbound)))


def _finish(runtime: Runtime, shop: Shop, store: CatalogWalk) -> int:
    """Look at what was known and is not listed, and at what is bound to a product that Odoo no longer has."""
    catalog = runtime.catalog(shop.id)
    queue = runtime.product_queue(shop.id)
    marked = queue.mark(sorted(catalog.product_ids() - store.seen()), force=True)
    bound = sorted(catalog.bound_variants())
    alive: set[int] = set()
    for start in range(0, len(bound), _VARIANTS):
        domain = [("id", "in", bound[start : start + _VARIANTS])]
        alive |= {int(row["id"]) for row in search_read(runtime.odoo, "product.product", domain, ["id"])}
    marked += queue.mark(sorted(catalog.products_selling(set(bound) - alive)))
    catalog.note_pulled()
    store.end()
    return marked
