"""One product as TikTok and Odoo have it now, and how the units for sale of each SKU come about. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from worker.errors import ConnectorError
from worker.odoo.directory import names_of
from worker.odoo.stock import Availability, StockSource, available
from worker.odoo.stock_levels import VariantLevels, variant_levels
from worker.state.inventory import Amounts, KnownWarehouse
from worker.state.shops import Shop
from worker.sync.inventory_plan import amounts_of, read_amounts, why_not
from worker.sync.inventory_sold import OpenUnits, sold, sold_elsewhere
from worker.sync.inventory_targets import Share, feeds_of, shares
from worker.sync.product_view import SkuRow
from worker.sync.runtime import Runtime
from worker.tiktok.models import Product, Sku


@dataclass(frozen=True)
class LiveSku:
    """One SKU on both sides.

    :param tiktok: the SKU as TikTok tells it; ``None`` when it does not.
    :param shown: units by TikTok warehouse that TikTok shows now; else what it last confirmed; ``None``: not known.
    :param committed: units that TikTok keeps for its open orders.
    :param variants: the Odoo product, once for each source of stock, with its quantities there.
    :param untracked: why nothing is said of its stock; empty when its units are known.
    """

    row: SkuRow
    tiktok: Sku | None = None
    shown: Amounts | None = None
    committed: int = 0
    variants: dict[StockSource, VariantLevels] = field(default_factory=dict)
    untracked: str = ""
    shares: list[Share] = field(default_factory=list)

    @property
    def variant(self) -> VariantLevels | None:
        """The Odoo product, if Odoo has it."""
        return next(iter(self.variants.values()), None)

    @property
    def drifted(self) -> bool:
        """Whether TikTok shows something else than it should, as far as both are known."""
        if self.shown is None or not self.shares:
            return False
        return self.shown != {share.warehouse_id: share.units for share in self.shares}


@dataclass
class LiveProduct:
    """A product on both sides; a side that does not answer leaves its error and what was known before.

    :param tiktok: ``None`` when TikTok does not tell it.
    :param exact: whether it is known what all orders on their way hold; a push only lowers amounts until then.
    :param sources: the stock that the shop sells from, by what people call it.
    :param warehouses: TikTok's warehouses by id, by name.
    """

    tiktok: Product | None = None
    skus: list[LiveSku] = field(default_factory=list)
    problems: list[ConnectorError] = field(default_factory=list)
    exact: bool = True
    sources: dict[StockSource, str] = field(default_factory=dict)
    warehouses: dict[str, str] = field(default_factory=dict)


def ask(runtime: Runtime, shop: Shop, rows: Sequence[SkuRow]) -> LiveProduct:
    """Ask both sides about one product's SKUs (``rows``). Never raises for a side that does not answer.

    Unlike a push, this asks for no new orders: what is sold is what is known here.
    """
    live = LiveProduct(skus=[LiveSku(row, shown=row.confirmed) for row in rows])
    if not rows:
        return live
    try:
        _ask_tiktok(runtime, shop, live)
    except ConnectorError as error:
        live.problems.append(error)
    known = runtime.inventory(shop.id).warehouses()
    live.warehouses = {each.id: each.name or each.id for each in known}
    try:
        _ask_odoo(runtime, shop, live)
    except ConnectorError as error:
        live.problems.append(error)
    return live


def _ask_tiktok(runtime: Runtime, shop: Shop, live: LiveProduct) -> None:
    client = runtime.shop_client(shop)
    product_id = live.skus[0].row.listing.product_id
    live.tiktok = client.product_detail(product_id)
    told = {sku.id: sku for sku in live.tiktok.skus}
    records = read_amounts(client, [sku.row.listing.sku_id for sku in live.skus])
    for place, sku in enumerate(live.skus):
        record = records.get(sku.row.listing.sku_id)
        live.skus[place] = replace(
            sku,
            tiktok=told.get(sku.row.listing.sku_id),
            shown=amounts_of(record) if record is not None else sku.shown,
            committed=record.total_committed_quantity if record is not None else 0,
        )


@dataclass(frozen=True)
class _Knowledge:
    """What Odoo tells, and what is sold that it does not know of."""

    shop: Shop
    warehouses: list[KnownWarehouse]
    levels: Mapping[StockSource, Mapping[int, VariantLevels]]
    stock: Mapping[StockSource, Availability]
    own: OpenUnits
    elsewhere: Mapping[int, int]

    def of(self, sku: LiveSku) -> LiveSku:
        """The SKU with what is known of its variant."""
        variant, choice, settings = sku.row.listing.variant_id, sku.row.choice, self.shop.settings
        if variant is None:
            return sku
        found = {source: each[variant] for source, each in self.levels.items() if variant in each}
        untracked = next(filter(None, (why_not(each, variant) for each in self.stock.values())), "")
        parts: list[Share] = []
        if not untracked and sku.shown is not None:
            parts = shares(
                list(sku.shown),
                self.warehouses,
                feeds_of(settings),
                {source: each.units[variant] for source, each in self.stock.items()},
                sold(self.own, sku.row.listing.sku_id, variant, self.elsewhere),
                buffer=settings.stock_buffer if choice.buffer is None else choice.buffer,
                maximum=settings.stock_maximum if choice.maximum is None else choice.maximum,
            )
        return replace(sku, variants=found, untracked=untracked, shares=parts)


def _ask_odoo(runtime: Runtime, shop: Shop, live: LiveProduct) -> None:
    variants = sorted({sku.row.listing.variant_id for sku in live.skus if sku.row.listing.variant_id is not None})
    if not variants:
        return
    sources = feeds_of(shop.settings).sources
    queue = runtime.queue(shop.id)
    own = OpenUnits()
    for sold_units in queue.sold().values():
        own.add(sold_units)
    unsettled = queue.unsettled()
    live.exact = {*queue.was_imported(unsettled), *queue.looked_at()} >= set(unsettled)
    live.sources = {source: _name_of(runtime, source) for source in sources}
    knowledge = _Knowledge(
        shop,
        runtime.inventory(shop.id).warehouses(),
        {source: variant_levels(runtime.odoo, variants, source) for source in sources},
        {source: available(runtime.odoo, variants, source) for source in sources},
        own,
        sold_elsewhere(runtime, shop, variants),
    )
    live.skus = [knowledge.of(sku) for sku in live.skus]


def _name_of(runtime: Runtime, source: StockSource) -> str:
    if source.location_id is not None:
        return ", ".join(names_of(runtime.odoo, "stock_location", [source.location_id]))
    if source.warehouse_ids:
        return ", ".join(names_of(runtime.odoo, "warehouse", source.warehouse_ids))
    return "all warehouses"


def product_address(runtime: Runtime, variant_id: int) -> str:
    """Where Odoo shows a product variant (18 and newer: its web client opens ``/odoo/<model>/<id>``)."""
    return f"{runtime.settings.odoo_url}/odoo/product.product/{variant_id}"
