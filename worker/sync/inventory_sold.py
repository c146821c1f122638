"""Units that are sold on TikTok and that Odoo's stock does not know of yet.

Setting an amount on TikTok is absolute: whoever pushes Odoo's stock while an order is on its way puts its units on sale
again. So the orders of the shop are asked for right before, and what Odoo does not have of them is subtracted. In every
other shop that sells the same stock they count as soon as a drain has seen them, long before Odoo has confirmed them;
so do parked and waiting orders for as long as they are, and quotations in Odoo, which reserve nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from worker.errors import OrderError
from worker.odoo.gateway import chunks
from worker.odoo.sales import ORIGIN
from worker.odoo.stock import quotation_units
from worker.state.orders import OrderQueue, SoldUnits
from worker.state.shops import Shop
from worker.sync.inventory_marks import mark_variants
from worker.sync.inventory_targets import Sold, feeds_of, share_stock
from worker.sync.order_policy import Action, decide
from worker.sync.poll import poll
from worker.sync.runtime import Runtime
from worker.tiktok.client import MAX_ORDER_IDS, ShopClient
from worker.tiktok.models import Order

#: With more orders on their way than this nothing is known exactly: amounts are only ever lowered then.
_MOST_OPEN = 2 * MAX_ORDER_IDS
#: Seconds after which to look again: drains are at work on the orders; or an order cannot be read.
_SOON, _LATER = 5.0, 60.0
#: Seconds before its cursor from which the order list is read right before a push.
_LOOK_BACK = 5.0


@dataclass
class OpenUnits:
    """Sold units of one shop that Odoo does not have, by SKU id and TikTok warehouse.

    :param look_again: seconds after which to look again when that is not all; no amount may be raised until then.
    :param found: how many orders had not been heard of before.
    """

    units: dict[str, Counter[str]] = field(default_factory=dict)
    look_again: float | None = None
    found: int = 0

    @property
    def exact(self) -> bool:
        """Whether that is all."""
        return self.look_again is None

    def add(self, sold: SoldUnits) -> None:
        """Count what an order holds."""
        for sku_id, amount in sold.units.items():
            self.units.setdefault(sku_id, Counter())[sold.warehouse_id] += amount


def held_by(order: Order, shop: Shop) -> SoldUnits:
    """What an order takes from stock, as long as Odoo does not have it; nothing when it is cancelled or left out."""
    try:
        action, _ = decide(order, shop.settings)
    except OrderError:  # a status that we do not know: it may hold units
        action = Action.WAIT
    units = order.units if action in (Action.IMPORT, Action.WAIT) else {}
    return SoldUnits(units=units, warehouse_id=order.warehouse_id)


def note_sold(shop: Shop, queue: OrderQueue, orders: Iterable[Order]) -> list[Order]:
    """Note what these orders hold, except those that Odoo has; answers those of which it was not known."""
    orders = list(orders)
    in_odoo = queue.was_imported([order.id for order in orders])
    known = queue.looked_at()
    held = {order.id: held_by(order, shop) for order in orders if order.id not in in_odoo}
    queue.note_sold({order_id: sold for order_id, sold in held.items() if known.get(order_id) != sold})
    changed = {order_id for order_id, sold in held.items() if known.get(order_id, _NOTHING).units != sold.units}
    return [order for order in orders if order.id in changed]


_NOTHING = SoldUnits(units={})
#: Orders of one look; a flood takes several.
_LOOK = 200


def variants_of(runtime: Runtime, shop: Shop, orders: Iterable[Order]) -> set[int]:
    """Odoo's product variants that these orders' SKUs are bound to."""
    skus = {line.sku_id for order in orders for line in order.line_items}
    listings = runtime.catalog(shop.id).listings(sorted(skus))
    return {listing.variant_id for listing in listings.values() if listing.variant_id is not None}


def look_at_new_orders(runtime: Runtime, shop: Shop) -> list[str]:
    """Note what due orders hold that no drain has come to yet; answers the shops in which stock became due.

    In a flood of orders drains are busy with Odoo for minutes; the other shops must not wait for that.

    :raises ConnectorError: TikTok does not answer.
    """
    queue, client = runtime.queue(shop.id), runtime.shop_client(shop)
    orders = []
    for order_ids in chunks(queue.not_looked_at(_LOOK), MAX_ORDER_IDS):
        orders += client.order_details(order_ids).orders
    new = note_sold(shop, queue, orders)
    return mark_variants(runtime, variants_of(runtime, shop, new), but=shop.id)


def open_units(runtime: Runtime, shop: Shop, client: ShopClient) -> OpenUnits:
    """What the shop has sold and Odoo does not have, as TikTok knows it now.

    :raises ConnectorError: TikTok does not answer.
    """
    queue = runtime.queue(shop.id)
    result = OpenUnits()
    if runtime.cursors.last_poll(shop.id) is None:  # until the first poll has read everything, little is known
        result.look_again = _SOON
    else:
        timeline = runtime.timeline(shop.id)
        result.found = poll(shop, client, queue, runtime.cursors, overlap=_LOOK_BACK, timeline=timeline)
    unsettled = queue.unsettled()
    known = {*queue.was_imported(unsettled), *queue.looked_at()}
    known |= {entry.id for entry in queue.all_parked() if entry.code == "unknown_order"}
    to_ask = [order_id for order_id in unsettled if order_id not in known]
    if len(to_ask) > _MOST_OPEN:
        result.look_again = _SOON
    else:
        for order_ids in chunks(to_ask, MAX_ORDER_IDS):
            details = client.order_details(order_ids)
            note_sold(shop, queue, details.orders)
            queue.note_sold(dict.fromkeys(details.missing, _NOTHING))
            if details.invalid:  # nobody can tell what they hold until they can be read
                result.look_again = _LATER
    for sold_units in queue.sold().values():
        result.add(sold_units)
    return result


def sold_elsewhere(runtime: Runtime, shop: Shop, variant_ids: Collection[int]) -> Counter[int]:
    """Units of Odoo's variants that other shops of the same stock have sold and Odoo does not have, and that stand in
    quotations of any shop.

    :raises ConnectorError: Odoo does not answer.
    """
    total: Counter[int] = Counter()
    feeds = feeds_of(shop.settings)
    for other in runtime.shops.all():
        if other.id == shop.id or not share_stock(feeds, feeds_of(other.settings)):
            continue
        theirs = OpenUnits()
        for sold_units in runtime.queue(other.id).sold().values():
            theirs.add(sold_units)
        for sku_id, listing in runtime.catalog(other.id).listings(sorted(theirs.units)).items():
            if listing.variant_id is not None:
                total[listing.variant_id] += theirs.units[sku_id].total()
    for variant, quantity in quotation_units(runtime.odoo, variant_ids, ORIGIN).items():
        total[variant] += int(quantity.to_integral_value(rounding="ROUND_CEILING"))
    return total


def sold(own: OpenUnits, sku_id: str, variant_id: int, elsewhere: Mapping[int, int]) -> Sold:
    """What is to be subtracted for one SKU."""
    return Sold(own.units.get(sku_id, {}), elsewhere.get(variant_id, 0))
