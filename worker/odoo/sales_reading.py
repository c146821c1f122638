"""Reads sales orders for people who ask: by Odoo's name, and how the amounts of one come about. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from worker.odoo.gateway import OdooGateway, search_read
from worker.odoo.products import SERVICE_CODES
from worker.odoo.sales import ORIGIN, SalesOrder

LineKind = Literal["goods", "shipping", "fee", "tax"]
_MOST_OF_A_NAME = 50
_KINDS: dict[str, LineKind] = {
    SERVICE_CODES["shipping"]: "shipping",
    SERVICE_CODES["fee"]: "fee",
    SERVICE_CODES["tax"]: "tax",
}


@dataclass(frozen=True)
class Picking:
    """A delivery; ``state`` is Odoo's: ``draft``, ``waiting``, ``confirmed``, ``assigned``, ``done`` or ``cancel``."""

    name: str
    state: str


@dataclass(frozen=True)
class SaleAmounts:
    """How a sales order's total comes about, in major units of its currency.

    :param by_kind: the lines' amounts with tax, together by what they stand for.
    """

    untaxed: Decimal
    tax: Decimal
    by_kind: dict[LineKind, Decimal]
    pickings: list[Picking]


def named(gateway: OdooGateway, name: str) -> list[tuple[str, str]]:
    """Shop id and TikTok order id of our sales orders of that name (``S00042``), in any case; companies may share one.

    :raises ConnectorError: Odoo does not answer.
    """
    domain = [("name", "=ilike", name.replace("%", "")), ("origin", "=like", f"{ORIGIN}%")]
    fields = ["origin", "client_order_ref"]
    records = search_read(gateway, "sale.order", domain, fields, limit=_MOST_OF_A_NAME, order="id desc")
    return [
        (record["origin"].removeprefix(ORIGIN), record["client_order_ref"])
        for record in records
        if record["client_order_ref"]
    ]


def read_amounts(gateway: OdooGateway, sale: SalesOrder) -> SaleAmounts:
    """The amounts and deliveries of one sales order.

    :raises ConnectorError: Odoo does not answer.
    """
    context: dict[str, Any] = {} if sale.company_id is None else {"allowed_company_ids": [sale.company_id]}
    (record,) = gateway.call(
        "sale.order", "read", ids=[sale.id], fields=["amount_untaxed", "amount_tax"], context=context
    )
    lines = search_read(
        *(gateway, "sale.order.line", [("order_id", "=", sale.id), ("display_type", "=", False)]),
        ["product_id", "price_total"],
        context=context,
    )
    codes = _codes(gateway, lines, context)
    by_kind: dict[LineKind, Decimal] = {}
    for line in lines:
        kind = _KINDS.get(codes.get(line["product_id"][0], ""), "goods") if line["product_id"] else "goods"
        by_kind[kind] = by_kind.get(kind, Decimal(0)) + _money(line["price_total"])
    pickings = []
    if sale.picking_ids:
        domain = [("id", "in", list(sale.picking_ids))]
        pickings = search_read(gateway, "stock.picking", domain, ["name", "state"], context=context)
    return SaleAmounts(
        untaxed=_money(record["amount_untaxed"]),
        tax=_money(record["amount_tax"]),
        by_kind=by_kind,
        pickings=[Picking(each["name"], each["state"]) for each in pickings],
    )


def _codes(gateway: OdooGateway, lines: list[dict[str, Any]], context: Mapping[str, Any]) -> dict[int, str]:
    ids = sorted({line["product_id"][0] for line in lines if line["product_id"]})
    if not ids:
        return {}
    products = gateway.call("product.product", "read", ids=ids, fields=["default_code"], context=context)
    return {product["id"]: product["default_code"] or "" for product in products}


def _money(value: float) -> Decimal:
    return Decimal(repr(value))
