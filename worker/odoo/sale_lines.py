"""Lines of a sales order brought in line with what is left of it on TikTok, in one write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from worker.odoo.gateway import OdooGateway, search_read
from worker.odoo.sales import SalesOrder

_FIELDS = ("product_id", "product_uom_qty", "price_unit", "qty_delivered", "name")


@dataclass(frozen=True)
class WantedLine:
    """Units of a product at a price (major units) that are left on TikTok; 0 when all of them are cancelled."""

    product_id: int
    price: Decimal
    quantity: int


@dataclass(frozen=True)
class WantedExtra:
    """A line beside the goods (shipping, a fee, a tax) as TikTok has it now; ``product_id`` is its service product."""

    kind: str
    product_id: int
    text: str
    amount: Decimal


class SaleLines:
    """The lines of one shop's orders, in one company."""

    def __init__(self, gateway: OdooGateway, company_id: int | None) -> None:
        self._gateway = gateway
        self._context: dict[str, Any] = {} if company_id is None else {"allowed_company_ids": [company_id]}

    def bring_in_line(
        self,
        sale: SalesOrder,
        goods: Sequence[WantedLine],
        extras: Sequence[WantedExtra],
        services: Sequence[int],
        tax_id: int | None,
    ) -> bool:
        """Set quantities of goods and amounts of extras; whether anything had to be written. Lines of other products
        or at other prices are a person's, and left alone.

        :param services: every service product of ours: a line of one that TikTok has no more is set to 0.
        :param tax_id: tax of an extra that is added.
        :raises OdooRejectedError: Odoo does not allow it: the order is locked, or the goods are gone.
        """
        domain = [("order_id", "=", sale.id), ("display_type", "=", False)]
        lines = search_read(self._gateway, "sale.order.line", domain, _FIELDS, context=self._context)
        commands = [*_goods(lines, goods), *_extras(lines, extras, services, tax_id)]
        if not commands:
            return False
        self._gateway.call("sale.order", "write", ids=[sale.id], vals={"order_line": commands}, context=self._context)
        return True


def _goods(lines: Sequence[dict[str, Any]], goods: Sequence[WantedLine]) -> list[Any]:
    """What is to be written to the lines of goods: from the last line of a product and price to the first."""
    commands: list[Any] = []
    for wanted in goods:
        own = [line for line in lines if _product(line) == wanted.product_id and _price(line) == wanted.price]
        surplus = sum((_quantity(line) for line in own), Decimal(0)) - wanted.quantity
        for line in reversed(own):
            if surplus <= 0:
                break
            taken = min(surplus, _quantity(line))
            surplus -= taken
            if taken:
                # With another quantity alone Odoo takes the price from its pricelist again (seen in 19).
                values = {"product_uom_qty": float(_quantity(line) - taken), "price_unit": line["price_unit"]}
                commands.append([1, line["id"], values])
    return commands


def _extras(
    lines: Sequence[dict[str, Any]], extras: Sequence[WantedExtra], services: Sequence[int], tax_id: int | None
) -> list[Any]:
    """The first line of each text and product gets TikTok's amount; one that is missing is added."""
    commands: list[Any] = []
    open_lines = [line for line in lines if _product(line) in services]
    for extra in extras:
        line = next(
            (each for each in open_lines if _product(each) == extra.product_id and each["name"] == extra.text),
            next((each for each in open_lines if _product(each) == extra.product_id), None),
        )
        if line is None:
            tax = [[6, 0, [tax_id] if tax_id and extra.kind != "tax" else []]]
            values = {"product_id": extra.product_id, "name": extra.text, "product_uom_qty": 1}
            commands.append([0, 0, {**values, "price_unit": float(extra.amount), "tax_ids": tax}])
            continue
        open_lines.remove(line)
        if _price(line) != extra.amount or _quantity(line) != 1:
            commands.append([1, line["id"], {"product_uom_qty": 1, "price_unit": float(extra.amount)}])
    commands += [[1, line["id"], {"price_unit": 0}] for line in open_lines if _price(line)]
    return commands


def _product(line: dict[str, Any]) -> int | None:
    return line["product_id"][0] if line["product_id"] else None


def _price(line: dict[str, Any]) -> Decimal:
    return Decimal(repr(line["price_unit"]))


def _quantity(line: dict[str, Any]) -> Decimal:
    return Decimal(repr(line["product_uom_qty"]))
