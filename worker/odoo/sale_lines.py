"""Lines of a sales order brought in line with what is left of it on TikTok, in one write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from worker.odoo.features import features_of
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
        taxes = features_of(self._gateway).line_taxes
        commands = [*_goods(lines, goods), *_extras(lines, extras, services, {taxes: tax_id})]
        if not commands:
            return False
        fewer = _fewer(lines, commands)
        before = {} if features_of(self._gateway).deliveries_follow else self._open_moves(fewer)
        self._gateway.call("sale.order", "write", ids=[sale.id], vals={"order_line": commands}, context=self._context)
        if before:
            self._take_from_deliveries(before, fewer)
        return True

    def _open_moves(self, lines: Iterable[int]) -> dict[tuple[int, int], list[dict[str, Any]]]:
        """What is still to be delivered for these lines, by line and product (of a kit, its components)."""
        domain = [
            ("sale_line_id", "in", sorted(lines)),
            ("picking_type_id.code", "=", "outgoing"),
            ("state", "not in", ["done", "cancel"]),
        ]
        fields = ("sale_line_id", "product_id", "product_uom_qty", "picking_id")
        found: dict[tuple[int, int], list[dict[str, Any]]] = {}
        for move in search_read(self._gateway, "stock.move", domain, fields, context=self._context):
            found.setdefault((move["sale_line_id"][0], move["product_id"][0]), []).append(move)
        return found

    def _take_from_deliveries(
        self, before: Mapping[tuple[int, int], list[dict[str, Any]]], fewer: Mapping[int, Fraction]
    ) -> None:
        """Take from open deliveries what Odoo left in them, and reserve the rest again. May be repeated only after
        another change: a crash in between leaves the delivery as it was, and the note that Odoo makes of it."""
        after = self._open_moves({line for line, _ in before})
        pickings = set()
        for (line, product), moves in before.items():
            wanted = sum(Fraction(_quantity(move)) for move in moves) * fewer[line]
            now = after.get((line, product), [])
            surplus = sum(Fraction(_quantity(move)) for move in now) - wanted
            for move in reversed(now):
                taken = min(surplus, Fraction(_quantity(move)))
                if taken <= 0:
                    break
                surplus -= taken
                values = {"product_uom_qty": float(Fraction(_quantity(move)) - taken)}
                self._gateway.call("stock.move", "write", ids=[move["id"]], vals=values, context=self._context)
                pickings.add(move["picking_id"][0])
        if pickings:
            self._gateway.call("stock.picking", "action_assign", ids=sorted(pickings), context=self._context)


def _fewer(lines: Sequence[dict[str, Any]], commands: Sequence[Any]) -> dict[int, Fraction]:
    """Lines of which fewer units are wanted, and the share that is left of what was not delivered yet."""
    known = {line["id"]: line for line in lines}
    fewer = {}
    for _, line_id, values in commands:
        if line_id in known and "product_uom_qty" in values:
            line, wanted = known[line_id], Fraction(values["product_uom_qty"])
            open_units = Fraction(_quantity(line)) - Fraction(repr(line["qty_delivered"]))
            surplus = Fraction(_quantity(line)) - wanted
            if 0 < surplus <= open_units:
                fewer[line_id] = 1 - surplus / open_units
    return fewer


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
    lines: Sequence[dict[str, Any]],
    extras: Sequence[WantedExtra],
    services: Sequence[int],
    tax: Mapping[str, int | None],
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
            values: dict[str, Any] = {"product_id": extra.product_id, "name": extra.text, "product_uom_qty": 1}
            for name, tax_id in tax.items():
                values[name] = [[6, 0, [tax_id] if tax_id and extra.kind != "tax" else []]]
            commands.append([0, 0, {**values, "price_unit": float(extra.amount)}])
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
