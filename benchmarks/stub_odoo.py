"""An Odoo that takes a set time for everything: for runs in which the connector is measured and not Odoo.

Speaks JSON-2, knows the few methods that an import calls, and keeps what it is told in memory. A method that it does
not know is refused by name. ``python -m benchmarks.stub_odoo PORT CODE…`` serves products with these Internal
References.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
from flask import Flask, Response, jsonify, request
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.stack.processes import Process, answers, free_port
from worker.odoo.products import SERVICE_CODES

#: Seconds of every call, and of each order that a call creates or confirms: a quick Odoo.
CALL_SECONDS, ORDER_SECONDS = 0.005, 0.01
#: Calls at once, as an Odoo with so many HTTP workers.
_WORKERS = 8

Body = dict[str, Any]


def _all_asked(body: Body) -> Body:
    return {name: {"type": "char"} for name in body["allfields"]}


class StubOdoo:
    """What it was told, and its answers by ``model.method``."""

    def __init__(self, codes: list[str]) -> None:
        self._ids = itertools.count(1)
        self._known: dict[str, int] = {}
        self._products = {code: number for number, code in enumerate([*codes, *SERVICE_CODES.values()], start=1)}
        self._orders: dict[int, Body] = {}
        self.confirmed: dict[str, float] = {}
        self._free = threading.Semaphore(_WORKERS)
        self._lock = threading.Lock()
        self.answers: dict[str, Callable[[Body], Any]] = {
            "product.product.search_read": self._product_search,
            "res.users.context_get": lambda _: {"uid": 2},
            "res.users.read": lambda _: [{"id": 2, "login": "bot"}],
            "product.product.fields_get": lambda _: {"is_storable": {"type": "boolean"}},
            "product.template.attribute.line.fields_get": _all_asked,
            "sale.order.fields_get": _all_asked,
            "sale.order.line.fields_get": _all_asked,
            "stock.move.fields_get": lambda _: {"picked": {"type": "boolean"}},
            "stock.picking.fields_get": _all_asked,
            "res.country.search_read": lambda body: [
                {"id": number, "code": code} for number, code in enumerate(body["domain"][0][2], start=1)
            ],
            "res.country.state.search_read": lambda _: [
                {"id": 1, "name": "No state", "code": "-", "country_id": [1, "A country"]}
            ],
            "res.partner.load": self._load,
            "res.partner.search_read": lambda _: [],
            "product.pricelist.search_read": lambda body: [
                {"id": number, "currency_id": [number, code]}
                for number, code in enumerate(body["domain"][0][2], start=1)
            ],
            "sale.order.search_read": self._order_search,
            "sale.order.load": self._order_load,
            "sale.order.read": lambda body: [self._orders[i] for i in body["ids"] if i in self._orders],
            "sale.order.action_confirm": self._confirm,
        }

    def call(self, name: str, body: Body) -> Any:
        """One call, in the time that it is to take."""
        orders = len(body["data"] if "data" in body else body["ids"]) if name in _HEAVY else 0
        with self._free:
            time.sleep(CALL_SECONDS + ORDER_SECONDS * orders)
            with self._lock:
                return self.answers[name](body)

    def _product_search(self, body: Body) -> list[Body]:
        wanted = {word for leaf in body["domain"] if isinstance(leaf, list) for word in _listed(leaf)}
        return [
            {"id": number, "default_code": code, "barcode": False, "active": True}
            for code, number in self._products.items()
            if code in wanted or number in wanted
        ]

    def _load(self, body: Body) -> Body:
        columns = body["fields"]
        made = []
        for row in body["data"]:
            cells = dict(zip(columns, row, strict=True))
            for name in (cells["id"], cells.get("child_ids/id", "")):
                if name:
                    self._known.setdefault(name, next(self._ids))
            if cells["id"]:
                made.append(self._known[cells["id"]])
        return {"ids": made, "messages": []}

    def _order_load(self, body: Body) -> Body:
        answer = self._load(body)
        if "client_order_ref" not in body["fields"]:
            return answer
        order: Body = {}
        for row in body["data"]:
            cells = dict(zip(body["fields"], row, strict=True))
            if cells["id"]:
                number = self._known[cells["id"]]
                order = self._orders.setdefault(number, _order(number, cells))
            order["total"] += Decimal(cells["order_line/price_unit"]) * int(cells["order_line/product_uom_qty"])
            order["amount_total"] = float(order["total"])
        return answer

    def _order_search(self, body: Body) -> list[Body]:
        wanted = {word for leaf in body["domain"] if isinstance(leaf, list) for word in _listed(leaf)}
        return [order for order in self._orders.values() if order["client_order_ref"] in wanted]

    def _confirm(self, body: Body) -> bool:
        for number in body["ids"]:
            order = self._orders[number]
            order["state"] = "sale"
            self.confirmed.setdefault(order["client_order_ref"], time.monotonic())
        return True


_HEAVY = {"sale.order.load", "sale.order.action_confirm"}


def _listed(leaf: list[Any]) -> list[Any]:
    return list(leaf[2]) if len(leaf) == 3 and leaf[1] == "in" else [leaf[2]] if len(leaf) == 3 else []


def _order(number: int, cells: dict[str, str]) -> Body:
    shipping = int(cells["partner_shipping_id/.id"])
    return {
        "id": number,
        "name": f"S{number}",
        "client_order_ref": cells["client_order_ref"],
        "state": "draft",
        "currency_id": [1, "GBP"],
        "partner_shipping_id": [shipping, "An address"],
        "date_order": cells["date_order"],
        "company_id": [1, "A company"],
        "picking_ids": [],
        "locked": False,
        "total": Decimal(0),
    }


def create_app(odoo: StubOdoo) -> Flask:
    """Odoo's addresses: JSON-2, the version, and beside them when which order was confirmed."""
    app = Flask(__name__)

    @app.post("/json/2/<model>/<method>")
    def call(model: str, method: str) -> Response | tuple[Response, int]:
        name = f"{model}.{method}"
        if name not in odoo.answers:
            print(f"unknown: {name} {request.get_data(as_text=True)[:300]}", file=sys.stderr, flush=True)
            return jsonify(name="builtins.AttributeError", message=f"The stub knows no {name}."), 404
        answer = odoo.call(name, request.get_json())
        return Response(json.dumps(answer, default=str), content_type="application/json")

    @app.get("/web/version")
    def version() -> Response:
        return jsonify(version_info=[19, 0, 0, "final", 0, ""])

    @app.get("/confirmed")
    def confirmed() -> Response:
        return jsonify(odoo.confirmed)

    return app


class StubOdooServer(Process):
    """The stub in a process of its own."""

    def __init__(self, folder: Path, codes: list[str]) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command: list[str | Path] = [sys.executable, "-m", "benchmarks.stub_odoo", str(port), *codes]
        super().__init__("stub of Odoo", command, log=folder / "stub-odoo.log", cwd=Path(__file__).parents[1])

    def environment(self) -> dict[str, str]:
        """Variables that point the connector here."""
        there = {"ODOO_URL": self.url, "ODOO_DB": "stub", "ODOO_USER": "bot", "ODOO_PASSWORD": "key"}
        return {**there, "ODOO_API": "json-2"}

    def __enter__(self) -> Self:
        super().__enter__()
        self.wait_until(lambda: answers(f"{self.url}/web/version"), 30)
        return self


class StubConfirmations:
    """As :class:`benchmarks.latency.Confirmations`, for the stub: it tells the moments itself."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def at(self) -> dict[str, float]:
        """When (``time.monotonic``, the same for all processes of a machine) each order was confirmed."""
        time.sleep(0.2)  # whoever waits for orders asks again and again
        return {str(name): float(at) for name, at in requests.get(f"{self._url}/confirmed", timeout=30).json().items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept

    def log_request(self, *_: object) -> None:
        pass


def main() -> int:
    """Serve until the end."""
    port, *codes = sys.argv[1:]
    app = create_app(StubOdoo(codes))
    make_server("127.0.0.1", int(port), app, threaded=True, request_handler=_Quiet).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
