"""What a person finds of product variants in Odoo: names, codes and quantities. Everything here only reads."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from worker.odoo.gateway import OdooGateway, search_read
from worker.odoo.stock import StockSource

#: In the order of :class:`Levels`.
_QUANTITIES = ("qty_available", "free_qty", "outgoing_qty", "incoming_qty", "virtual_available")


@dataclass(frozen=True)
class Levels:
    """Quantities as Odoo's product form has them, in the variant's own unit; fractions are possible.

    :param free: on hand less reserved.
    :param forecast: on hand plus incoming less outgoing.
    """

    on_hand: Decimal
    free: Decimal
    outgoing: Decimal
    incoming: Decimal
    forecast: Decimal


@dataclass(frozen=True)
class VariantLevels:
    """A variant and its quantities in one source of stock. ``name`` has its attributes and no Internal Reference."""

    id: int
    reference: str
    name: str
    barcode: str
    active: bool
    levels: Levels


def variant_levels(
    gateway: OdooGateway, variant_ids: Collection[int], source: StockSource | None
) -> dict[int, VariantLevels]:
    """These variants, archived ones too, by id; those that are deleted or not visible are left out.

    :param source: whose stock the quantities are of; ``None`` for all that the bot user sees.
    :raises ConnectorError: Odoo does not answer.
    """
    if not variant_ids:
        return {}
    context: dict[str, Any] = {} if source is None else dict(source.context)
    records = search_read(
        gateway,
        "product.product",
        [("id", "in", sorted(variant_ids))],
        ["default_code", "display_name", "barcode", "active", *_QUANTITIES],
        context={**context, "active_test": False, "display_default_code": False},
    )
    return {int(record["id"]): _variant(record) for record in records}


def _variant(record: dict[str, Any]) -> VariantLevels:
    return VariantLevels(
        id=int(record["id"]),
        reference=record["default_code"] or "",
        name=record["display_name"] or "",
        barcode=record["barcode"] or "",
        active=bool(record["active"]),
        levels=Levels(*(Decimal(repr(record[name])) for name in _QUANTITIES)),
    )
