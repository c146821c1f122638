"""Goods that come back: a draft receipt for each of TikTok's returns, made exactly once by its external ID."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from worker.odoo.deliveries import Delivery, Move, units_by_move
from worker.odoo.errors import OdooRejectedError
from worker.odoo.features import features_of
from worker.odoo.gateway import OdooGateway, search_read
from worker.odoo.load import Row, create_if_absent, external_id
from worker.odoo.sales import SalesOrder

#: How the *Source Document* of a receipt begins.
ORIGIN = "TikTok return "


class Returns:
    """Receipts of the returns of one shop's orders, in one company."""

    def __init__(self, gateway: OdooGateway, shop_id: str, company_id: int | None) -> None:
        self._gateway = gateway
        self._shop_id = shop_id
        self._context: dict[str, Any] = {} if company_id is None else {"allowed_company_ids": [company_id]}

    def draft(self, sale: SalesOrder, return_id: str, units: Mapping[int, Decimal], sent: Sequence[Delivery]) -> str:
        """The name of the draft receipt of a return; it is made where there is none yet.

        :param units: what comes back, by product variant as it was sold.
        :param sent: deliveries of the order that are done: the goods come back from where they went.
        :raises OdooRejectedError: Odoo does not make it, or such goods never left.
        """
        name = external_id("return", self._shop_id, return_id)
        first = sent[0]
        kind = self._picking_type(first.id)
        lines = self._lines(units, sent, kind)
        cells = {
            "picking_type_id/.id": str(kind["id"]),
            "partner_id/.id": str(sale.shipping_partner_id or ""),
            "origin": f"{ORIGIN}{return_id} of {sale.name}",
            "location_id/.id": str(kind["customers"]),
            "location_dest_id/.id": str(kind["stock"]),
        }
        features = features_of(self._gateway)
        if features.return_id:
            cells["return_id/.id"] = str(first.id)
        lines = [{f"{features.move_ids}/{name}": text for name, text in line.items()} for line in lines]
        loaded = create_if_absent(self._gateway, "stock.picking", [Row(name, cells, lines)], context=self._context)
        if name in loaded.refused:
            raise OdooRejectedError(f"Odoo did not make the receipt: {loaded.refused[name]}")
        fields = ["name", "state"]
        records = self._gateway.call(
            "stock.picking", "read", ids=[loaded.ids[name]], fields=fields, context=self._context
        )
        return str(records[0]["name"]) if records else ""

    def cancel(self, return_ids: Iterable[str]) -> list[str]:
        """Cancel the receipts of these returns that are not done; answers their names."""
        cancelled = []
        for return_id in return_ids:
            domain = [
                ("origin", "=like", f"{ORIGIN}{return_id} of %"),
                ("picking_type_code", "=", "incoming"),
                ("state", "not in", ["done", "cancel"]),
            ]
            for picking in search_read(self._gateway, "stock.picking", domain, ["name"], context=self._context):
                self._gateway.call("stock.picking", "action_cancel", ids=[picking["id"]], context=self._context)
                cancelled.append(str(picking["name"]))
        return cancelled

    def _picking_type(self, delivery_id: int) -> dict[str, Any]:
        """The type of receipts that take back what a delivery brought, and the two places."""
        (picking,) = self._gateway.call(
            "stock.picking",
            "read",
            ids=[delivery_id],
            fields=["picking_type_id", "location_id", "location_dest_id"],
            context=self._context,
        )
        fields = ["return_picking_type_id", "warehouse_id"]
        (kind,) = self._gateway.call(
            "stock.picking.type", "read", ids=[picking["picking_type_id"][0]], fields=fields, context=self._context
        )
        back = kind["return_picking_type_id"]
        if not back:
            domain = [("code", "=", "incoming"), ("warehouse_id", "=", kind["warehouse_id"][0])]
            found = search_read(self._gateway, "stock.picking.type", domain, ["name"], limit=1, context=self._context)
            if not found:
                raise OdooRejectedError("Odoo has no type of receipts for the warehouse that delivered.")
            back = [found[0]["id"]]
        (receipts,) = self._gateway.call(
            "stock.picking.type", "read", ids=[back[0]], fields=["default_location_dest_id"], context=self._context
        )
        stock = receipts["default_location_dest_id"] or picking["location_id"]
        return {"id": back[0], "customers": picking["location_dest_id"][0], "stock": stock[0]}

    def _lines(
        self, units: Mapping[int, Decimal], sent: Sequence[Delivery], kind: Mapping[str, Any]
    ) -> list[dict[str, str]]:
        """A line for each move that brought such goods; of a kit, its components come back in their proportion."""
        moves = {move.id: move for delivery in sent for move in delivery.moves if move.state == "done"}
        back = units_by_move(self._gateway, list(moves.values()), units, self._context)
        return self._with_units([_line(moves[move_id], number, kind) for move_id, number in back.items()])

    def _with_units(self, lines: list[dict[str, str]]) -> list[dict[str, str]]:
        """Odoo wants each move's unit of measure: the product's own."""
        ids = sorted({int(line["product_id/.id"]) for line in lines})
        fields = ["uom_id", "display_name"]
        records = self._gateway.call("product.product", "read", ids=ids, fields=fields, context=self._context)
        products = {record["id"]: record for record in records}
        for line in lines:
            product = products[int(line["product_id/.id"])]
            line["product_uom/.id"] = str(product["uom_id"][0])
            features = features_of(self._gateway)
            if features.move_names:
                line["name"] = product["display_name"]
            if features.to_refund:  # the default in Odoo 19 alone
                line["to_refund"] = "1"
        return lines


def _line(move: Move, units: Decimal, kind: Mapping[str, Any]) -> dict[str, str]:
    return {
        "product_id/.id": str(move.product_id),
        "product_uom_qty": f"{units.normalize():f}",
        "location_id/.id": str(kind["customers"]),
        "location_dest_id/.id": str(kind["stock"]),
        "origin_returned_move_id/.id": str(move.id),
        "sale_line_id/.id": str(move.sale_line_id or ""),  # shows it at the order, as Odoo's own returns
    }
