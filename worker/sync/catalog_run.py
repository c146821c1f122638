"""A pull of one shop's catalogue from beginning to end, for a person who waits; or a trial that changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from worker.errors import ConnectorError
from worker.state.catalog import Listing
from worker.state.problems import ODOO, shop_catalog_scope
from worker.state.shops import Shop
from worker.sync.catalog_create import ProductDetails
from worker.sync.catalog_drain import BATCH, CatalogDrain, find_variants
from worker.sync.catalog_pull import first_products, pull
from worker.sync.runtime import Runtime

#: Told how many more are done, and how many there are in all.
Advance = Callable[[int, int], None]

_FOUND = {
    "choice": "mapped as chosen",
    "seller_sku": "mapped by seller SKU",
    "sku_id": "mapped by SKU ID",
    "item_id": "mapped by Item ID",
    "barcode": "mapped by barcode",
    "created": "mapped to a product that was created",
    "": "mapped",
}


@dataclass
class PullReport:
    """What came of a pull.

    :param listings: the SKUs that were looked at.
    :param push: whether stock became due; ``orders``: whether orders did.
    """

    listed: int = 0
    listings: dict[str, Listing] = field(default_factory=dict)
    gone: int = 0
    push: bool = False
    orders: bool = False
    problem: str = ""

    def results(self, *, creates: bool = False) -> Counter[str]:
        """How many SKUs came to which end."""
        return Counter(result_of(listing, creates=creates) for listing in self.listings.values())


def result_of(listing: Listing, *, creates: bool = False) -> str:
    """What became of a SKU, in words.

    :param creates: say of a SKU that no product matches that one would be created.
    """
    if listing.variant_id is not None:
        return _FOUND[listing.found_by]
    return "to be created" if creates and listing.code == "unknown_sku" else f"not mapped ({listing.code})"


def run(runtime: Runtime, shop: Shop, *, limit: int | None = None, advance: Advance = lambda _, __: None) -> PullReport:
    """Read the list (or its first ``limit`` products) and bind what is in it.

    :raises ConnectorError: TikTok does not answer; the next run goes on from there.
    """
    report = PullReport()
    catalog, queue = runtime.catalog(shop.id), runtime.product_queue(shop.id)
    if limit is None:
        report.listed = pull(runtime, shop, advance=advance).listed
    else:
        products = first_products(runtime.shop_client(shop), limit)
        catalog.keep_products(products)
        report.listed = queue.mark([product.id for product in products])
        advance(report.listed, report.listed)
    drain = CatalogDrain(runtime, shop)
    while queue.work_to_do():
        done = drain.run()
        report.gone += len(done.gone)
        report.push, report.orders = report.push or done.push, report.orders or done.orders
        report.listings |= {listing.sku_id: listing for listing in done.listings}
        scopes = (ODOO, shop_catalog_scope(shop.id))
        if runtime.problems.paused(*scopes):
            report.problem = next((f"{p.message} {p.remedy}" for p in runtime.problems.all() if p.scope in scopes), "")
            break
        if not done.more:
            break
    return report


def trial(
    runtime: Runtime, shop: Shop, *, limit: int | None = None, advance: Advance = lambda _, __: None
) -> PullReport:
    """What a pull would bind; changes nothing, neither here nor in Odoo.

    :raises ConnectorError: a side does not answer.
    """
    report = PullReport()
    client = runtime.shop_client(shop)
    products = first_products(client, limit)
    report.listed = len(products)
    details = ProductDetails(client)
    for start in range(0, len(products), BATCH):
        try:
            listings = find_variants(runtime, shop, products[start : start + BATCH], details, settle=False)
        except ConnectorError as error:
            report.problem = str(error)
            break
        report.listings |= {listing.sku_id: listing for listing in listings}
        advance(min(start + BATCH, len(products)), len(products))
    return report
