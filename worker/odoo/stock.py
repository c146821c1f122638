"""How many units of a product variant are for sale, as Odoo knows it. Everything here only reads."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from worker.errors import ConfigurationError
from worker.odoo.features import features_of
from worker.odoo.gateway import OdooGateway, search_read
from worker.odoo.kits import reading_kits, rows, tracked_kits

_QUANTITIES = ("free_qty", "qty_available", "outgoing_qty", "virtual_available")
#: Variants of one call; 1,000 take Odoo a quarter of a second.
_CHUNK = 1_000


@dataclass(frozen=True)
class StockSource:
    """Whose stock is for sale: of these warehouses, or of a location with all within it.

    With neither it is that of all warehouses of the company; without a company, of every company of the bot user.
    """

    warehouse_ids: tuple[int, ...] = ()
    location_id: int | None = None
    company_id: int | None = None

    @property
    def context(self) -> dict[str, Any]:
        """The context in which Odoo computes quantities of this source. Odoo 19 ignores the older ``warehouse``."""
        context: dict[str, Any] = {}
        if self.company_id is not None:
            context["allowed_company_ids"] = [self.company_id]
        if self.warehouse_ids:
            context["warehouse_id"] = context["warehouse"] = list(self.warehouse_ids)
        if self.location_id is not None:
            context["location"] = self.location_id
        return context


@dataclass(frozen=True)
class Availability:
    """What Odoo says of the variants that were asked for; those in neither are deleted, archived or not visible.

    :param units: whole units for sale by variant id, never negative.
    :param untracked: variants of which Odoo keeps no count (services, goods without *Track Inventory*, kits of such):
        their number means nothing, and must never be shown as 0.
    """

    units: dict[int, int] = field(default_factory=dict)
    untracked: set[int] = field(default_factory=set)


def available(
    gateway: OdooGateway,
    variant_ids: Collection[int],
    source: StockSource,
) -> Availability:
    """Units for sale: the least of *free to use*, *on hand* less *outgoing*, and *forecasted*; rounded down.

    Measured on Odoo 19:

    * Free to use (on hand less reserved) alone is too much while demand is not reserved: with reservation by hand or by
      date, or after *Unreserve*. On hand less outgoing counts confirmed demand, reserved or not, whole; of an oversold
      product 0 is left.
    * On hand less outgoing alone is too much when goods are reserved for a transfer within the source: that is not
      outgoing. A planned transfer to elsewhere is. What is on its way counts nowhere until it arrives.
    * Deliveries in several steps have one open move at a time, whose final destination is the customer: it counts once,
      before and after the picking, for a warehouse and for its stock location.
    * Of a kit, Odoo takes the least over the components for each of the three, so that on hand less outgoing mixes
      components. Forecasted does not. What is left: a kit shows too much by a component's unreserved demand as far as
      the component has goods incoming, and never more than is free to use.

    Lots' expiry dates are not looked at.

    :raises ConfigurationError: a warehouse or the location is not there, of which Odoo would tell 0 or nothing.
    :raises OdooRejectedError: ``odoo_rights``: with the module ``mrp``, the bot may not read kits.
    """
    result = Availability()
    wanted = sorted(set(variant_ids))
    if not wanted:
        return result
    _check(gateway, source)
    storable, _, counted_as = features_of(gateway).storable
    fields = [*_QUANTITIES, storable]
    uncounted: dict[int, int] = {}
    with reading_kits(gateway):
        for start in range(0, len(wanted), _CHUNK):
            domain = [("id", "in", wanted[start : start + _CHUNK])]
            for record in rows(gateway, "product.product", domain, fields, context=source.context):
                counted = record[storable] == counted_as
                (result.units if counted else uncounted)[record["id"]] = _for_sale(record)
        kits = tracked_kits(gateway, uncounted)
    result.units.update({kit: uncounted[kit] for kit in kits})
    result.untracked.update(uncounted.keys() - kits)
    return result


def quotation_units(gateway: OdooGateway, variant_ids: Iterable[int], origin_prefix: str) -> dict[int, Decimal]:
    """Units of these variants in quotations, which reserve nothing, of orders whose *Source Document* begins so.

    Lines are taken to be in the product's own unit, as imported orders have them.

    :param origin_prefix: such as ``TikTok Shop ``.
    :returns: only variants with such units.
    """
    wanted = sorted(set(variant_ids))
    if not wanted:
        return {}
    domain = [
        ("order_id.state", "in", ["draft", "sent"]),
        ("order_id.origin", "=like", f"{origin_prefix}%"),
        ("product_id", "in", wanted),
    ]
    units: dict[int, Decimal] = {}
    for line in rows(gateway, "sale.order.line", domain, ["product_id", "product_uom_qty"]):
        quantity = Decimal(repr(line["product_uom_qty"]))
        units[line["product_id"]] = units.get(line["product_id"], Decimal()) + quantity
    return {variant: quantity for variant, quantity in units.items() if quantity}


def _for_sale(record: Mapping[str, Any]) -> int:
    # By way of repr: what Odoo rounded must not become 2.9999 by a subtraction.
    free, on_hand, outgoing, forecasted = (Decimal(repr(record[name])) for name in _QUANTITIES)
    return max(0, math.floor(min(free, on_hand - outgoing, forecasted)))


def _check(gateway: OdooGateway, source: StockSource) -> None:
    locations = () if source.location_id is None else (source.location_id,)
    for what, model, ids in (
        ("warehouse", "stock.warehouse", source.warehouse_ids),
        ("stock location", "stock.location", locations),
    ):
        if not ids:
            continue
        context = source.context
        found = {
            record["id"] for record in search_read(gateway, model, [("id", "in", list(ids))], ["id"], context=context)
        }
        missing = [str(each) for each in ids if each not in found]
        if missing:
            raise ConfigurationError(
                f"Odoo has no {what} with id {', '.join(missing)} in the company; it may be archived.",
                remedy="Choose what the shop sells from anew.",
            )
