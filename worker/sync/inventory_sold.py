"""Units that are sold on TikTok and that Odoo's stock does not know of yet.

Setting an amount on TikTok is absolute: whoever pushes Odoo's stock while an order is on its way puts its units on sale
again. So the orders of the shop are asked for right before, and what Odoo does not have of them is subtracted. Parked
and waiting orders count in every shop that sells the same stock, and so do quotations in Odoo, which reserve nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from worker.errors import OrderError
from worker.odoo.sales import ORIGIN
from worker.odoo.stock import quotation_units
from worker.state.dirty_set import Parked
from worker.state.orders import Waiting
from worker.state.shops import Shop
from worker.sync.inventory_targets import Sold, feeds_of, share_stock
from worker.sync.order_policy import Action, decide
from worker.sync.poll import poll
from worker.sync.runtime import Runtime
from worker.tiktok.client import MAX_ORDER_IDS, ShopClient

#: With more orders on their way than this nothing is known exactly: amounts are only ever lowered then.
_MOST_OPEN = 2 * MAX_ORDER_IDS
#: Seconds before its cursor from which the order list is read right before a push.
_LOOK_BACK = 5.0


@dataclass
class OpenUnits:
    """Sold units of one shop that Odoo does not have, by SKU id and TikTok warehouse.

    :param exact: whether that is all; if not, no amount may be raised.
    :param found: how many orders had not been heard of before.
    """

    units: dict[str, Counter[str]] = field(default_factory=dict)
    exact: bool = True
    found: int = 0

    def add(self, units: Mapping[str, int], warehouse_id: str) -> None:
        """Count an order's units (by SKU id) in its warehouse."""
        for sku_id, amount in units.items():
            self.units.setdefault(sku_id, Counter())[warehouse_id] += amount

    def add_entry(self, entry: Parked | Waiting) -> None:
        """Count an order that is parked or waits; TikTok holds nothing for one that is cancelled."""
        if entry.status != "CANCELLED":
            self.add(entry.units, entry.warehouse_id)


def open_units(runtime: Runtime, shop: Shop, client: ShopClient) -> OpenUnits:
    """What the shop has sold and Odoo does not have, as TikTok knows it now.

    :raises ConnectorError: TikTok does not answer.
    """
    queue = runtime.queue(shop.id)
    result = OpenUnits()
    if runtime.cursors.last_poll(shop.id) is None:  # until the first poll has read everything, little is known
        result.exact = False
    else:
        result.found = poll(shop, client, queue, runtime.cursors, overlap=_LOOK_BACK)
    parked = {entry.id: entry for entry in queue.all_parked()}
    waiting = queue.all_waiting()
    unsettled = queue.unsettled()
    in_odoo = queue.was_imported(unsettled)
    to_ask = [
        order_id
        for order_id in unsettled
        if order_id not in in_odoo and not (order_id in parked and parked[order_id].units)
    ]
    if len(to_ask) > _MOST_OPEN:
        result.exact = False
    elif to_ask:
        _ask(result, shop, client, to_ask)
    asked = set(to_ask)
    entries: list[Parked | Waiting] = [*parked.values(), *waiting]
    for entry in entries:
        if entry.id not in in_odoo and entry.id not in asked:
            result.add_entry(entry)
    return result


def _ask(result: OpenUnits, shop: Shop, client: ShopClient, order_ids: list[str]) -> None:
    for start in range(0, len(order_ids), MAX_ORDER_IDS):
        details = client.order_details(order_ids[start : start + MAX_ORDER_IDS])
        result.exact = result.exact and not details.invalid
        for order in details.orders:
            try:
                action, _ = decide(order, shop.settings)
            except OrderError:  # a status that we do not know: it may hold units
                action = Action.WAIT
            if action in (Action.IMPORT, Action.WAIT):
                result.add(order.units, order.warehouse_id)


def sold_elsewhere(runtime: Runtime, shop: Shop, variant_ids: Collection[int]) -> Counter[int]:
    """Units of Odoo's variants that other shops of the same stock have sold in orders which are parked or wait, and
    that stand in quotations of any shop.

    :raises ConnectorError: Odoo does not answer.
    """
    total: Counter[int] = Counter()
    feeds = feeds_of(shop.settings)
    for other in runtime.shops.all():
        if other.id == shop.id or not share_stock(feeds, feeds_of(other.settings)):
            continue
        queue = runtime.queue(other.id)
        entries: list[Parked | Waiting] = [*queue.all_parked(), *queue.all_waiting()]
        in_odoo = queue.was_imported([entry.id for entry in entries])
        theirs = OpenUnits()
        for entry in entries:
            if entry.id not in in_odoo:
                theirs.add_entry(entry)
        for sku_id, listing in runtime.catalog(other.id).listings(sorted(theirs.units)).items():
            if listing.variant_id is not None:
                total[listing.variant_id] += theirs.units[sku_id].total()
    for variant, quantity in quotation_units(runtime.odoo, variant_ids, ORIGIN).items():
        total[variant] += int(quantity.to_integral_value(rounding="ROUND_CEILING"))
    return total


def sold(own: OpenUnits, sku_id: str, variant_id: int, elsewhere: Mapping[int, int]) -> Sold:
    """What is to be subtracted for one SKU."""
    return Sold(own.units.get(sku_id, {}), elsewhere.get(variant_id, 0))
