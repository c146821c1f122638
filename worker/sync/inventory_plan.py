"""What TikTok shows, what it should show: the amounts of some of a shop's products, compared. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from worker.odoo.stock import Availability, available
from worker.state.catalog import Choice, ListedProduct, Listing, choice_key
from worker.state.inventory import Amounts, KnownWarehouse
from worker.state.shops import Shop
from worker.sync.inventory_sold import OpenUnits, open_units, sold, sold_elsewhere
from worker.sync.inventory_targets import feeds_of, lower_only, target
from worker.sync.runtime import Runtime
from worker.tiktok.client import MAX_INVENTORY_SKUS, ShopClient
from worker.tiktok.models import InventoryRecord


@dataclass(frozen=True)
class SkuPlan:
    """One bound SKU: what TikTok shows in each warehouse (``shown``), and what it should show (``wanted``)."""

    listing: Listing
    shown: Amounts
    wanted: Amounts
    committed: int = 0

    @property
    def differs(self) -> bool:
        return self.shown != self.wanted

    def __str__(self) -> str:
        return f"{self.listing.seller_sku or 'without seller SKU'} (SKU ID {self.listing.sku_id})"


@dataclass
class Plan:
    """Bound SKUs of some products.

    :param untracked: SKUs whose Odoo product keeps no stock (a service, goods that are not tracked) or is gone, by the
        reason; TikTok's amount is left alone.
    :param unlisted: TikTok product ids of which TikTok told no stock: no longer listed, most likely.
    :param look_again: seconds after which to look again, when not all orders on their way were known; no amount is
        raised then.
    :param orders_found: orders that nobody had heard of before.
    """

    skus: list[SkuPlan] = field(default_factory=list)
    untracked: dict[str, str] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    look_again: float | None = None
    orders_found: int = 0

    @property
    def exact(self) -> bool:
        """Whether all orders on their way were known."""
        return self.look_again is None

    @property
    def changes(self) -> list[SkuPlan]:
        """SKUs of which TikTok shows something else than it should."""
        return [sku for sku in self.skus if sku.differs]


def read_amounts(client: ShopClient, sku_ids: Sequence[str]) -> dict[str, InventoryRecord]:
    """TikTok's stock of any number of SKUs, by SKU id."""
    records = {}
    for start in range(0, len(sku_ids), MAX_INVENTORY_SKUS):
        for record in client.search_inventory(sku_ids=sku_ids[start : start + MAX_INVENTORY_SKUS]):
            records[record.sku_id] = record
    return records


def amounts_of(record: InventoryRecord) -> Amounts:
    """Units for sale by TikTok warehouse."""
    return {place.warehouse_id: place.available_quantity for place in record.warehouse_inventory}


def known_warehouses(
    runtime: Runtime, shop: Shop, client: ShopClient, used: Iterable[str] = ()
) -> list[KnownWarehouse]:
    """TikTok's warehouses of the shop; asked for anew when one of ``used`` is not among them."""
    inventory = runtime.inventory(shop.id)
    known = inventory.warehouses()
    if not known or not set(used) <= {each.id for each in known}:
        known = [
            KnownWarehouse(id=each.id, name=each.name, is_default=each.is_default, takes_stock=each.takes_stock)
            for each in client.warehouses()
            if each.type == "SALES_WAREHOUSE"
        ]
        others = set(used) - {each.id for each in known}
        known += [KnownWarehouse(id=each, takes_stock=False, for_sales=False) for each in sorted(others)]
        inventory.keep_warehouses(known)
    return known


def make_plan(runtime: Runtime, shop: Shop, client: ShopClient, products: Sequence[ListedProduct]) -> Plan:
    """Compare what TikTok shows of ``products`` with what it should show.

    The order of the questions matters. TikTok's stock comes first, so that whoever pushes can tell by the committed
    units whether something was sold meanwhile. Then the orders on their way, and Odoo's stock last: an order that comes
    into Odoo in between is subtracted twice for a moment, never not at all.

    :raises ConnectorError: a side does not answer.
    """
    catalog = runtime.catalog(shop.id)
    listings = {
        sku_id: listing
        for sku_id, listing in catalog.listings([sku.id for product in products for sku in product.skus]).items()
        if listing.variant_id is not None
    }
    plan = Plan()
    if not listings:
        return plan
    records = read_amounts(client, sorted(listings))
    plan.unlisted = {listing.product_id for sku_id, listing in listings.items() if sku_id not in records}
    listings = {sku_id: listing for sku_id, listing in listings.items() if sku_id in records}
    used = {place.warehouse_id for record in records.values() for place in record.warehouse_inventory}
    known_warehouses(runtime, shop, client, used)
    own = open_units(runtime, shop, client)
    plan.look_again, plan.orders_found = own.look_again, own.found
    _compare(runtime, shop, plan, [(listing, records[sku_id]) for sku_id, listing in sorted(listings.items())], own)
    return plan


def _compare(
    runtime: Runtime, shop: Shop, plan: Plan, pairs: Sequence[tuple[Listing, InventoryRecord]], own: OpenUnits
) -> None:
    warehouses = runtime.inventory(shop.id).warehouses()
    choices = runtime.catalog(shop.id).choices([choice_key(sku_id=listing.sku_id) for listing, _ in pairs])
    variants = sorted({listing.variant_id for listing, _ in pairs if listing.variant_id is not None})
    elsewhere = sold_elsewhere(runtime, shop, variants)
    feeds = feeds_of(shop.settings)
    stock = {source: available(runtime.odoo, variants, source) for source in feeds.sources}
    for listing, record in pairs:
        variant = listing.variant_id or 0
        reason = next(filter(None, (why_not(levels, variant) for levels in stock.values())), "")
        if reason:
            plan.untracked[listing.sku_id] = reason
            continue
        shown = amounts_of(record)
        choice = choices.get(choice_key(sku_id=listing.sku_id), Choice())
        wanted = target(
            list(shown),
            warehouses,
            feeds,
            {source: levels.units[variant] for source, levels in stock.items()},
            sold(own, listing.sku_id, variant, elsewhere),
            buffer=shop.settings.stock_buffer if choice.buffer is None else choice.buffer,
            maximum=shop.settings.stock_maximum if choice.maximum is None else choice.maximum,
        )
        wanted = wanted if own.exact else lower_only(wanted, shown)
        plan.skus.append(SkuPlan(listing, shown, wanted, record.total_committed_quantity))


def why_not(levels: Availability, variant: int) -> str:
    """Why nothing is said of a variant's stock; empty when its units are known."""
    if variant in levels.units:
        return ""
    if variant in levels.untracked:
        return "Odoo keeps no count of it: Track Inventory is off, or it is a service."
    return "Odoo has it no more, or it is archived."
