"""The demo's parcels: labels and tracking reach Odoo, what has left is validated, goods come back, TikTok pays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sandbox.client import SandboxControl, SandboxShop
from sandbox.installation import Installation
from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack

#: Orders whose shipping is arranged, and of these those that arrive.
_SHIPPED, _DELIVERED = 6, 3


class Parcels:
    """One shop's parcels."""

    def __init__(
        self, stack: Stack, control: SandboxControl, installation: Installation, say: Callable[[str], None]
    ) -> None:
        self._stack = stack
        self._control = control
        self._installation = installation
        self._say = say

    def run(self, shop: SandboxShop) -> None:
        """Ship, deliver, take back and settle some of the shop's orders."""
        cli = self._installation.cli
        cli("shops", "set", shop.id, "--shipped-on-tiktok", "validate", "--returns", "picking")
        orders = self._control.orders(shop.id)
        waiting = [
            each for each in orders if (each["status"], each["shipping_type"]) == ("AWAITING_SHIPMENT", "TIKTOK")
        ]
        shipped = [order["id"] for order in waiting[-_SHIPPED:]]
        self._say(f"The seller arranges shipping of {len(shipped)} orders in Seller Center")
        for order_id in shipped:
            self._control.set_status(order_id, "AWAITING_COLLECTION")
        wait_for(lambda: self._labels(shipped) == len(shipped), 60, "the labels in Odoo")
        self._say(f"{len(shipped)} labels (PDF) and tracking numbers are on the deliveries in Odoo")
        arrived = shipped[:_DELIVERED]
        for order_id in arrived:
            self._control.set_status(order_id, "DELIVERED")
        wait_for(lambda: self._done(arrived) == len(arrived), 60, "the deliveries to be done in Odoo")
        self._say(f"{len(arrived)} parcels arrive: their deliveries are validated in Odoo")
        return_id = self._control.request_return(arrived[0])
        self._control.set_return_status(return_id, "BUYER_SHIPPED_ITEM")
        wait_for(lambda: self._receipts(return_id) == 1, 60, "the draft receipt")
        self._say("A buyer sends goods back: a draft receipt waits for them in Odoo")
        self._control.request_cancel(shipped[-1])
        statement = self._control.settle(shop.id)
        cli("payouts", "pull", "--shop", shop.id)
        self._say(
            f"TikTok settles {statement['settlement']} {shop.currency}: the statement adds up to its transactions"
        )

    def _find(self, model: str, domain: Sequence[Any]) -> list[int]:
        return list(self._stack.admin().execute_kw(model, "search", [list(domain)]))

    def _pickings(self, orders: Sequence[str]) -> list[int]:
        return self._find(
            "stock.picking",
            [("sale_id.client_order_ref", "in", list(orders)), ("picking_type_code", "=", "outgoing")],
        )

    def _labels(self, orders: Sequence[str]) -> int:
        domain = [("res_model", "=", "stock.picking"), ("res_id", "in", self._pickings(orders))]
        return len(self._find("ir.attachment", [*domain, ("mimetype", "=", "application/pdf")]))

    def _done(self, orders: Sequence[str]) -> int:
        return len(self._find("stock.picking", [("id", "in", self._pickings(orders)), ("state", "=", "done")]))

    def _receipts(self, return_id: str) -> int:
        return len(self._find("stock.picking", [("origin", "like", return_id), ("state", "=", "draft")]))
