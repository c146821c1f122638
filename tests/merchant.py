"""A merchant's people at work in Odoo, and the bot beside them: for tests of what the connector reads of stock."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.stack.stack import Stack
from worker.odoo.connect import connect_odoo
from worker.odoo.features import features_of
from worker.odoo.gateway import OdooGateway
from worker.odoo.rpc import OdooRpc
from worker.settings import get_settings


class Counting:
    """A gateway that counts, but for the hourly look at what fields Odoo has."""

    def __init__(self, gateway: OdooGateway) -> None:
        self.wrapped = gateway
        self.calls: list[str] = []

    def call(self, model: str, method: str, **arguments: Any) -> Any:
        if method != "fields_get":
            self.calls.append(f"{model}.{method}")
        return self.wrapped.call(model, method, **arguments)


def rpc(stack: Stack, user: str, password: str, database: str | None = None) -> OdooRpc:
    """Any user of the stack's Odoo."""
    return OdooRpc(
        url=stack.environment()["ODOO_URL"],
        database=database or stack.database,
        user=user,
        password=password,
        timeout=60,
    )


def bot_of(stack: Stack, database: str | None = None) -> OdooGateway:
    """The bot user, with no other rights than the documented ones, over the API of ``ODOO_API``."""
    return connect_odoo(
        api=get_settings().odoo_api,
        url=stack.environment()["ODOO_URL"],
        database=database or stack.database,
        user=stack.credentials.bot_login,
        password=stack.credentials.bot_api_key,
        timeout=60,
    )


def cancel_sale(stack: Stack, sale: int) -> None:
    """As a person does who says yes to what Odoo asks back before 19."""
    context = {"disable_cancel_warning": True}
    stack.admin().execute_kw("sale.order", "action_cancel", [[sale]], {"context": context})


class Merchant:
    """What people do in Odoo, as an administrator."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.warehouses = {
            row["code"]: row
            for row in self.do("stock.warehouse", "search_read", [], ["code", "lot_stock_id", "view_location_id"])
        }
        self.features = features_of(bot_of(stack))
        self._moves = self.features.move_ids
        self._buyer = self.do("res.partner", "create", {"name": "Buyer"})

    def _move(self, product: int) -> dict[str, Any]:
        if not self.features.move_names:
            return {"product_id": product}
        unit = self.do("product.product", "read", [product], ["uom_id"])[0]["uom_id"][0]
        return {"product_id": product, "name": "Goods", "product_uom": unit}

    def uncounted(self, *products: int) -> None:
        """Have Odoo keep no count of these products any more."""
        values = {"is_storable": False} if self.features.is_storable else {"type": "consu"}
        self.do("product.product", "write", list(products), values)

    def do(self, model: str, method: str, *arguments: Any, **keywords: Any) -> Any:
        return self.stack.admin().execute_kw(model, method, list(arguments), keywords)

    def product(self, quantity: float = 0, *, warehouse: str | None = None) -> int:
        [product] = self.products(quantity if warehouse is None else 0)
        if warehouse is not None:
            self.stack.set_quantity(product, quantity, warehouse=warehouse)
        return product

    def products(self, *quantities: float) -> list[int]:
        """New products with so many units in the first warehouse; quicker than one by one."""
        codes = [f"STOCK-{secrets.token_hex(4)}" for _ in quantities]
        rows = [(code, code, 10, units) for code, units in zip(codes, quantities, strict=True)]
        made = self.stack.add_products(rows)
        return [made[code] for code in codes]

    def kit(self, *components: tuple[int, float]) -> int:
        code = f"KIT-{secrets.token_hex(4)}"
        return self.stack.add_kit(code, code, 10, components)

    def order(self, *lines: tuple[int, float], origin: str | bool = False, confirm: bool = True) -> int:
        values = {
            "partner_id": self._buyer,
            "origin": origin,
            "warehouse_id": self.warehouses["WH"]["id"],
            "order_line": [(0, 0, {"product_id": product, "product_uom_qty": units}) for product, units in lines],
        }
        order: int = self.do("sale.order", "create", [values])[0]
        if confirm:
            self.do("sale.order", "action_confirm", [order])
        return order

    def pickings(self, product: int) -> list[int]:
        """Deliveries and transfers of the product that are ready."""
        found: list[int] = self.do(
            "stock.picking", "search", [(f"{self._moves}.product_id", "=", product), ("state", "=", "assigned")]
        )
        return found

    def transfer(self, product: int, units: float, source: int, destination: int) -> int:
        """An internal transfer, marked as to do."""
        kind = self.do(
            "stock.picking.type", "search", [("code", "=", "internal")], limit=1, context={"active_test": False}
        )
        places = {"location_id": source, "location_dest_id": destination}
        move = {**self._move(product), "product_uom_qty": units, **places}
        picking = self.do(
            "stock.picking", "create", [{"picking_type_id": kind[0], self._moves: [(0, 0, move)], **places}]
        )
        self.do("stock.picking", "action_confirm", picking)
        if not self.features.picked:  # newer ones do it by themselves
            self.do("stock.picking", "action_assign", picking)
        return int(picking[0])

    def validate(self, *pickings: int) -> None:
        """All of it is done."""
        if not self.features.picked:  # before Odoo 17 a person types in what is done
            fields = ["product_uom_qty"]
            for move in self.do("stock.move", "search_read", [("picking_id", "in", list(pickings))], fields):
                self.do("stock.move", "write", [move["id"]], {"quantity_done": move["product_uom_qty"]})
        assert self.do("stock.picking", "button_validate", list(pickings)) is True

    def expect(self, product: int, units: float) -> None:
        """Goods that a supplier is about to deliver."""
        warehouse = self.warehouses["WH"]
        supplier = self.do("stock.location", "search", [("usage", "=", "supplier")], limit=1)[0]
        places = {"location_id": supplier, "location_dest_id": warehouse["lot_stock_id"][0]}
        kind = self.do(
            "stock.picking.type", "search", [("code", "=", "incoming"), ("warehouse_id", "=", warehouse["id"])], limit=1
        )
        move = {**self._move(product), "product_uom_qty": units, **places}
        picking = self.do(
            "stock.picking", "create", [{"picking_type_id": kind[0], self._moves: [(0, 0, move)], **places}]
        )
        self.do("stock.picking", "action_confirm", picking)

    def stock_location(self, code: str) -> int:
        return int(self.warehouses[code]["lot_stock_id"][0])

    @contextlib.contextmanager
    def deliveries(self, warehouse: str, **settings: Any) -> Iterator[None]:
        """Settings of the warehouse's delivery operation, for a while; skips the test where Odoo has no such."""
        if len(self.do("stock.picking.type", "fields_get", list(settings))) < len(settings):
            pytest.skip(f"This Odoo has no {', '.join(settings)}.")
        domain = [("code", "=", "outgoing"), ("warehouse_id", "=", self.warehouses[warehouse]["id"])]
        kinds = self.do("stock.picking.type", "search", domain)
        [before] = self.do("stock.picking.type", "read", kinds[:1], list(settings))
        self.do("stock.picking.type", "write", kinds, settings)
        try:
            yield
        finally:
            self.do("stock.picking.type", "write", kinds, {name: before[name] for name in settings})
