"""How many units of a SKU TikTok should show in each warehouse. Pure.

Odoo's stock is the truth, less what is sold but not yet in Odoo, less the buffer, never below zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from worker.errors import ConfigurationError
from worker.odoo.stock import StockSource
from worker.state.inventory import Amounts, KnownWarehouse
from worker.state.shops import Feed, ShopSettings

#: Most units that TikTok takes (Product API, *Update Inventory*).
MOST_UNITS = 99_999


@dataclass(frozen=True)
class Feeds:
    """Which stock of Odoo goes to which TikTok warehouse. ``default`` goes wherever no other feed does."""

    by_warehouse: Mapping[str, StockSource] = field(default_factory=dict)
    default: StockSource | None = None

    @property
    def sources(self) -> list[StockSource]:
        """Every source once."""
        default = [self.default] if self.default is not None else []
        return list(dict.fromkeys([*self.by_warehouse.values(), *default]))


def feeds_of(settings: ShopSettings) -> Feeds:
    """The feeds that a shop's settings ask for."""
    company = settings.company_id
    if settings.warehouse_feeds:
        return Feeds(
            {
                warehouse: StockSource(
                    warehouse_ids=tuple(sorted(feed.warehouse_ids)), location_id=feed.location_id, company_id=company
                )
                for warehouse, feed in sorted(settings.warehouse_feeds.items())
            }
        )
    if settings.stock_location_id is not None:
        return Feeds(default=StockSource(location_id=settings.stock_location_id, company_id=company))
    chosen = settings.stock_warehouse_ids or ([settings.warehouse_id] if settings.warehouse_id else [])
    return Feeds(default=StockSource(warehouse_ids=tuple(sorted(chosen)), company_id=company))


def refuse_double_feeds(feeds: Mapping[str, Feed]) -> None:
    """No stock may be shown twice in one shop.

    :raises ConfigurationError: two TikTok warehouses are fed by the same warehouse or location of Odoo.
    """
    fed: dict[tuple[str, int], str] = {}
    for warehouse, feed in feeds.items():
        sources = [("warehouse", each) for each in feed.warehouse_ids]
        if feed.location_id is not None:
            sources.append(("location", feed.location_id))
        for source in sources:
            if source in fed:
                raise ConfigurationError(
                    f"Odoo's {source[0]} {source[1]} would feed TikTok's warehouses {fed[source]} and {warehouse}: its "
                    "stock would be for sale twice.",
                    remedy="Let each warehouse and location of Odoo feed one warehouse of TikTok.",
                )
            fed[source] = warehouse


def share_stock(one: Feeds, other: Feeds) -> bool:
    """Whether two shops may sell the same units. In doubt they do; two locations are taken to be apart."""
    return any(_overlap(a, b) for a in one.sources for b in other.sources)


def _overlap(a: StockSource, b: StockSource) -> bool:
    if None not in (a.company_id, b.company_id) and a.company_id != b.company_id:
        return False
    if a.location_id is not None or b.location_id is not None:
        return a.location_id == b.location_id or None in (a.location_id, b.location_id)
    return not a.warehouse_ids or not b.warehouse_ids or bool(set(a.warehouse_ids) & set(b.warehouse_ids))


@dataclass(frozen=True)
class Sold:
    """Units of one SKU that are sold and that Odoo's stock does not know of.

    :param here: in this shop, by TikTok warehouse; '' where the order names none.
    :param elsewhere: in other shops that sell the same stock, and in quotations in Odoo, which reserve nothing.
    """

    here: Mapping[str, int] = field(default_factory=dict)
    elsewhere: int = 0


@dataclass(frozen=True)
class Share:
    """How the units of a SKU in one TikTok warehouse come about: the sum that ends in ``units``.

    :param source: which stock of Odoo goes there; ``None``: none does, so nothing is shown.
    :param in_odoo: units for sale in that stock.
    :param sold_here: sold in this shop from this warehouse, and not in Odoo.
    :param sold_beside: sold elsewhere, or here from no warehouse that is fed; counted where there is enough.
    :param units: what is left; never below zero, never more than ``maximum``.
    """

    warehouse_id: str
    source: StockSource | None = None
    in_odoo: int = 0
    sold_here: int = 0
    sold_beside: int = 0
    buffer: int = 0
    maximum: int | None = None
    units: int = 0


def shares(
    sku_warehouses: Sequence[str],
    known: Sequence[KnownWarehouse],
    feeds: Feeds,
    available: Mapping[StockSource, int],
    sold: Sold,
    *,
    buffer: int,
    maximum: int | None,
) -> list[Share]:
    """How many units to show in every TikTok warehouse of the SKU (each must be in the call, *Update Inventory*).

    :param sku_warehouses: ids of the warehouses in which TikTok holds stock of the SKU.
    :param available: units for sale in Odoo, by source.
    :param buffer: units kept back in each warehouse that is fed.
    """
    fed = dict(feeds.by_warehouse)
    main = _main_warehouse(sku_warehouses, known)
    if feeds.default is not None and main is not None:
        fed.setdefault(main, feeds.default)
    found = {warehouse: Share(warehouse) for warehouse in sku_warehouses}
    order = sorted((each for each in sku_warehouses if each in fed), key=lambda each: (each != main, each))
    rest = sold.elsewhere + sum(units for place, units in sold.here.items() if place not in order)
    for warehouse in order:
        in_odoo, sold_here = available.get(fed[warehouse], 0), sold.here.get(warehouse, 0)
        taken = max(0, min(in_odoo - sold_here, rest))
        rest -= taken
        left = max(0, in_odoo - sold_here - taken - buffer)
        units = min(left, MOST_UNITS if maximum is None else min(maximum, MOST_UNITS))
        found[warehouse] = Share(warehouse, fed[warehouse], in_odoo, sold_here, taken, buffer, maximum, units)
    return list(found.values())


def target(
    sku_warehouses: Sequence[str],
    known: Sequence[KnownWarehouse],
    feeds: Feeds,
    available: Mapping[StockSource, int],
    sold: Sold,
    *,
    buffer: int,
    maximum: int | None,
) -> Amounts:
    """Units to show in every TikTok warehouse of the SKU; see :func:`shares`."""
    found = shares(sku_warehouses, known, feeds, available, sold, buffer=buffer, maximum=maximum)
    return {share.warehouse_id: share.units for share in found}


def _main_warehouse(sku_warehouses: Sequence[str], known: Sequence[KnownWarehouse]) -> str | None:
    """Where stock goes that no feed directs: TikTok's default warehouse, or the only or first one that takes stock."""
    takes = {each.id for each in known if each.takes_stock}
    default = [each.id for each in known if each.is_default and each.id in sku_warehouses]
    usable = [each for each in sku_warehouses if each in takes] or list(sku_warehouses)
    return next(iter([*default, *usable]), None)


def lower_only(wanted: Amounts, shown: Amounts) -> Amounts:
    """``wanted``, but nowhere more than TikTok shows now: for when it is not known what else was sold."""
    return {warehouse: min(units, shown.get(warehouse, 0)) for warehouse, units in wanted.items()}
