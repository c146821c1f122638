"""The parcels of an order as TikTok has them, and which of Odoo's deliveries each belongs to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from worker.odoo.deliveries import Delivery
from worker.sync.order_amounts import active_items
from worker.tiktok.models import LineItem, Order

#: ``package_status`` of parcels whose shipping is arranged, and of those that the carrier has (Fulfillment API, *Get
#: Package Detail*).
_ARRANGED = {"PROCESSING", "FULFILLING", "COMPLETED"}
_COLLECTED = {"FULFILLING", "COMPLETED"}
#: Statuses, of an order or of one line, at which the carrier has the goods.
_LEFT = {"IN_TRANSIT", "DELIVERED", "COMPLETED"}
#: Statuses of a line at which its shipping is arranged, for markets that tell no package status.
_LINE_ARRANGED = {"AWAITING_COLLECTION", *_LEFT}


@dataclass(frozen=True)
class Parcel:
    """One package's part of one order; a package of several orders is a parcel of each.

    :param id: TikTok's package id; empty where TikTok has none (yet).
    """

    id: str
    items: tuple[LineItem, ...]
    is_arranged: bool
    has_left: bool
    tracking: str = ""
    provider: str = ""

    @property
    def item_ids(self) -> list[str]:
        """TikTok's ids of its units."""
        return [item.id for item in self.items]


def parcels_of(order: Order) -> list[Parcel]:
    """The order's parcels in the order of its lines; units without a package stand together in one of no id."""
    groups: dict[str, list[LineItem]] = {}
    for item in active_items(order):
        groups.setdefault(item.package_id, []).append(item)
    return [_parcel(order, package_id, items) for package_id, items in groups.items()]


def _parcel(order: Order, package_id: str, items: list[LineItem]) -> Parcel:
    statuses = {item.display_status or order.status for item in items}
    by_package = {item.package_status for item in items}
    left = statuses <= _LEFT or by_package <= _COLLECTED
    arranged = by_package <= _ARRANGED or statuses <= _LINE_ARRANGED
    tracking = next((item.tracking_number for item in items if item.tracking_number), "")
    provider = next((item.shipping_provider_name for item in items if item.shipping_provider_name), "")
    return Parcel(
        id=package_id,
        items=tuple(items),
        is_arranged=arranged or left,
        has_left=left,
        tracking=tracking or (order.tracking_number if len(items) == len(active_items(order)) else ""),
        provider=provider or order.shipping_provider,
    )


def units_of(items: Iterable[LineItem], variants: Mapping[str, int]) -> dict[int, Decimal] | None:
    """Units by Odoo's product variant; ``None`` when a SKU is bound to none."""
    units: Counter[int] = Counter()
    for item in items:
        if item.sku_id not in variants:
            return None
        units[variants[item.sku_id]] += 1
    return {variant: Decimal(number) for variant, number in units.items()}


def assign(
    parcels: Sequence[Parcel], deliveries: Sequence[Delivery], variants: Mapping[str, int]
) -> dict[str, Delivery]:
    """The delivery of each parcel, by package id: where there are several (a backorder), the one with the most of its
    goods that no parcel before it has taken.

    :param deliveries: oldest first, without cancelled ones.
    :param variants: Odoo's product variant of each SKU id; may lack some, whose goods then tell nothing.
    """
    if not deliveries:
        return {}
    left = {delivery.id: _demand(delivery) for delivery in deliveries}
    chosen: dict[str, Delivery] = {}
    # Parcels that have left come first: they belong to deliveries that were made first.
    for parcel in sorted(parcels, key=lambda each: (not each.has_left, not each.is_arranged)):
        wanted = Counter(variants[item.sku_id] for item in parcel.items if item.sku_id in variants)
        best = max(deliveries, key=lambda each: _shared(wanted, left[each.id]))  # of equals the first
        chosen[parcel.id] = best
        left[best.id].subtract(wanted)
    return chosen


def _demand(delivery: Delivery) -> Counter[int]:
    demand: Counter[int] = Counter()
    for move in delivery.moves:
        if move.state != "cancel":
            demand[move.product_id] += int(move.quantity if move.state == "done" else move.demand)
    return demand


def _shared(wanted: Counter[int], there: Counter[int]) -> int:
    return sum(min(number, max(0, there[variant])) for variant, number in wanted.items())
