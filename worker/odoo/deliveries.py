"""Deliveries (outgoing ``stock.picking``) of our sales orders: read, labelled, tracked, validated. All repeatable.

Only the last step of a warehouse counts: a picking of type *outgoing*; what is picked and packed before is Odoo's own.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from worker.odoo import activities
from worker.odoo.errors import OdooRejectedError
from worker.odoo.features import features_of
from worker.odoo.gateway import Context, OdooGateway, chunks, relation_id, search_read
from worker.odoo.load import Row, create_if_absent, external_id
from worker.odoo.sales import SalesOrder, origin_of

_FIELDS = ("name", "state", "sale_id", "company_id")
#: Fields of a module that need not be there.
_CARRIER_FIELDS = ("carrier_id", "carrier_tracking_ref")
_MOVE_FIELDS = ("picking_id", "product_id", "product_uom_qty", "state", "sale_line_id")
#: What is reserved of a move, and what has left: the same field from Odoo 17 on.
_QUANTITIES = ("quantity",)
_QUANTITIES_BEFORE_17 = ("reserved_availability", "quantity_done")
#: Orders that are asked for in one call.
_AT_ONCE = 500


@dataclass(frozen=True)
class Move:
    """Units of one product in a delivery.

    :param quantity: reserved; of a move that is done, what left.
    :param sale_line_id: the line of the sales order that it is for.
    """

    id: int
    product_id: int
    demand: Decimal
    quantity: Decimal
    state: str
    sale_line_id: int | None = None


@dataclass(frozen=True)
class Delivery:
    """A delivery; ``state`` is Odoo's: ``draft``, ``waiting``, ``confirmed``, ``assigned`` or ``done``."""

    id: int
    name: str
    state: str
    sale_id: int
    carrier_id: int | None
    carrier_name: str
    tracking: str
    company_id: int | None
    moves: tuple[Move, ...]

    @property
    def is_reserved(self) -> bool:
        """Whether every unit is reserved: Odoo calls a delivery *ready* that has but a part."""
        return all(move.quantity >= move.demand for move in self.moves if move.state != "cancel")


class Deliveries:
    """The deliveries of one shop's orders, in one company."""

    def __init__(self, gateway: OdooGateway, shop_id: str, company_id: int | None) -> None:
        self._gateway = gateway
        self._shop_id = shop_id
        self._context: dict[str, Any] = {} if company_id is None else {"allowed_company_ids": [company_id]}

    def of(self, sales: Iterable[SalesOrder]) -> dict[int, list[Delivery]]:
        """Deliveries by sales order, oldest first, backorders included and cancelled ones left out: two calls."""
        ids = sorted({picking for sale in sales for picking in sale.picking_ids})
        if not ids:
            return {}
        domain = [("id", "in", ids), ("picking_type_code", "=", "outgoing"), ("state", "!=", "cancel")]
        fields = (*_FIELDS, *(_CARRIER_FIELDS if features_of(self._gateway).carriers else ()))
        pickings = search_read(self._gateway, "stock.picking", domain, fields, context=self._context)
        domain = [("picking_id", "in", [picking["id"] for picking in pickings])]
        moves: dict[int, list[Move]] = {}
        for record in self._read_moves(domain):
            moves.setdefault(record["picking_id"][0], []).append(_move(record))
        found: dict[int, list[Delivery]] = {}
        for picking in pickings:
            delivery = _delivery(picking, moves.get(picking["id"], []))
            found.setdefault(delivery.sale_id, []).append(delivery)
        return found

    def _read_moves(self, domain: Sequence[Any]) -> list[dict[str, Any]]:
        fields = (*_MOVE_FIELDS, *(_QUANTITIES if features_of(self._gateway).picked else _QUANTITIES_BEFORE_17))
        return search_read(self._gateway, "stock.move", domain, fields, context=self._context)

    def states(self, order_ids: Iterable[str], among: Collection[str]) -> dict[str, dict[int, str]]:
        """The states of those deliveries of TikTok's ``order_ids`` whose state is ``among`` these, by order id and
        delivery; two calls for 500 orders."""
        found: dict[str, dict[int, str]] = {}
        for part in chunks(order_ids, _AT_ONCE):
            sales = [("client_order_ref", "in", part), ("origin", "=", origin_of(self._shop_id))]
            records = search_read(self._gateway, "sale.order", sales, ["client_order_ref"], context=self._context)
            orders = {record["id"]: record["client_order_ref"] for record in records}
            domain = [
                ("sale_id", "in", list(orders)),
                ("picking_type_code", "=", "outgoing"),
                ("state", "in", sorted(among)),
            ]
            fields = ["sale_id", "state"]
            for picking in search_read(self._gateway, "stock.picking", domain, fields, context=self._context):
                found.setdefault(orders[picking["sale_id"][0]], {})[picking["id"]] = picking["state"]
        return found

    def set_tracking(self, delivery: Delivery, tracking: str, carrier_id: int | None) -> None:
        """Write a tracking reference, and a carrier where the delivery has none; one that a person chose stays."""
        values: dict[str, Any] = {}
        if tracking != delivery.tracking:
            values["carrier_tracking_ref"] = tracking
        if carrier_id is not None and delivery.carrier_id is None:
            values["carrier_id"] = carrier_id
        if values and features_of(self._gateway).carriers:
            self._gateway.call("stock.picking", "write", ids=[delivery.id], vals=values, context=self._context)

    def attach_label(self, delivery: Delivery, package_id: str, filename: str, pdf: bytes) -> bool:
        """Attach a shipping label and show it in the delivery's chatter; ``True`` when it was not there before.

        The attachment has an external ID of shop, package and delivery, so there is one of it however often this is
        done.

        :raises OdooRejectedError: Odoo does not take it.
        """
        name = external_id("label", self._shop_id, package_id, str(delivery.id))
        known = self._attachments([delivery.id])
        cells = {
            "name": filename,
            "datas": base64.b64encode(pdf).decode(),
            "mimetype": "application/pdf",
            "res_model": "stock.picking",
            "res_id": str(delivery.id),
        }
        loaded = create_if_absent(self._gateway, "ir.attachment", [Row(name, cells)], context=self._context)
        if name in loaded.refused:
            raise OdooRejectedError(f"Odoo did not take the label: {loaded.refused[name]}")
        attachment = loaded.ids[name]
        # Only what was not there before is told; a crash in between costs the message, never the label.
        if attachment in {each for each, _, _ in known}:
            return False
        body = features_of(self._gateway).message(f"Shipping label of TikTok Shop package {package_id}")
        self._gateway.call(
            "stock.picking",
            "message_post",
            ids=[delivery.id],
            body=body,
            attachment_ids=[attachment],
            context=self._context,
        )
        return True

    def labelled(self, delivery_ids: Sequence[int]) -> set[tuple[str, int]]:
        """(file name, delivery) of every PDF on these deliveries: one call."""
        return {(name, delivery) for _, name, delivery in self._attachments(delivery_ids)}

    def _attachments(self, delivery_ids: Sequence[int]) -> list[tuple[int, str, int]]:
        if not delivery_ids:
            return []
        domain = [
            ("res_model", "=", "stock.picking"),
            ("res_id", "in", list(delivery_ids)),
            ("mimetype", "=", "application/pdf"),
        ]
        records = search_read(self._gateway, "ir.attachment", domain, ["name", "res_id"], context=self._context)
        return [(record["id"], record["name"], record["res_id"]) for record in records]

    def note(self, delivery: Delivery, text: str) -> None:
        """Leave a note in the delivery's chatter."""
        body = features_of(self._gateway).message(text)
        self._gateway.call("stock.picking", "message_post", ids=[delivery.id], body=body, context=self._context)

    def ask_a_person(self, delivery: Delivery, summary: str, note: str, *, deadline: date | None = None) -> None:
        """Leave an activity on the delivery, once: an open one with the same summary is enough."""
        record = ("stock.picking", delivery.id)
        activities.ask_a_person(self._gateway, record, summary, note, deadline=deadline, context=self._context)

    def answered(self, delivery: Delivery, summary: str) -> None:
        """The activity of that summary, if there is one, is no longer needed."""
        activities.answered(self._gateway, ("stock.picking", delivery.id), summary, context=self._context)

    def validate(self, delivery: Delivery, quantities: Mapping[int, Decimal] | None = None) -> None:
        """Validate a delivery; what is left of it becomes a backorder. One that is done already is fine.

        :param quantities: units by product variant as sold, when only these have left. Of a kit its components leave.
        :raises OdooRejectedError: Odoo does not validate it, with its reason; or goods are to leave that are not
            reserved, which would make Odoo's stock negative: that a person decides.
        """
        if delivery.state != "done":
            self._pick(delivery, quantities)
        # Without skip_sms the module stock_sms asks in a wizard whether the buyer is to get a text message: TikTok's
        # buyers hear from TikTok.
        context = {**self._context, "skip_backorder": True, "skip_sms": True}
        answer = self._gateway.call("stock.picking", "button_validate", ids=[delivery.id], context=context)
        if self._state(delivery.id) == "done":
            return
        wizard = answer.get("res_model", "") if isinstance(answer, dict) else ""
        raise OdooRejectedError(
            f"Odoo wants a person to decide ({wizard})." if wizard else f"{delivery.name} stays open in Odoo."
        )

    def _pick(self, delivery: Delivery, quantities: Mapping[int, Decimal] | None) -> None:
        """Set what leaves on each move. Odoo 17 and newer take what is reserved where nothing is set."""
        open_moves = [move for move in delivery.moves if move.state not in ("done", "cancel")]
        if quantities is None:
            left = {move.id: move.demand for move in open_moves}
        else:
            left = units_by_move(self._gateway, open_moves, quantities, self._context)
        if _missing(open_moves, left):
            # In stock, but not reserved: by hand, by date, or a backorder of Odoo 14.
            self._gateway.call("stock.picking", "action_assign", ids=[delivery.id], context=self._context)
            domain = [("id", "in", [move.id for move in open_moves])]
            open_moves = [_move(record) for record in self._read_moves(domain)]
        if missing := _missing(open_moves, left):
            raise OdooRejectedError(
                f"{missing.normalize():f} units of {delivery.name} are not reserved in Odoo's stock."
            )
        picked = features_of(self._gateway).picked
        if quantities is None and picked:
            return
        for move in open_moves:
            units = left.get(move.id, Decimal(0))
            values = {"quantity": float(units), "picked": bool(units)} if picked else {"quantity_done": float(units)}
            self._gateway.call("stock.move", "write", ids=[move.id], vals=values, context=self._context)

    def _state(self, delivery_id: int) -> str:
        records = self._gateway.call(
            "stock.picking", "read", ids=[delivery_id], fields=["state"], context=self._context
        )
        return str(records[0]["state"]) if records else "gone"


class Carriers:
    """Odoo's carriers (``delivery.carrier``) by the names that TikTok has for them."""

    def __init__(self, gateway: OdooGateway) -> None:
        self._gateway = gateway
        self._found: dict[str, int | None] = {}

    def named(self, name: str, default_id: int | None) -> int | None:
        """The carrier of that name, in any case; else a copy of the default, where the bot may make one; else the
        default. ``None`` without a default, or without the module ``delivery``.
        """
        known = name.casefold()
        if known not in self._found:
            self._found[known] = self._look(name, default_id)
        return self._found[known]

    def _look(self, name: str, default_id: int | None) -> int | None:
        try:
            domain = [("name", "=ilike", name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"))]
            found = search_read(self._gateway, "delivery.carrier", domain, ["name"], limit=1)
        except OdooRejectedError:  # no such model, or no right to read it
            return default_id
        if found:
            return int(found[0]["id"])
        if default_id is None:
            return None
        try:
            copied = self._gateway.call("delivery.carrier", "copy", ids=[default_id], default={"name": name})
        except OdooRejectedError:  # salespeople may not make carriers
            return default_id
        return int(copied[0] if isinstance(copied, list) else copied)


def units_by_move(
    gateway: OdooGateway, moves: Sequence[Move], quantities: Mapping[int, Decimal], context: Context
) -> dict[int, Decimal]:
    """What of each move makes up ``quantities`` (units by product variant as sold); of a kit, its components in their
    proportion.

    :raises OdooRejectedError: there is more of something than the moves hold.
    """
    rest = dict(quantities)
    kits = {move.sale_line_id for move in moves if move.product_id not in quantities and move.sale_line_id is not None}
    sold = _sold_as(gateway, kits, context)
    shares: dict[int, Decimal] = {}  # of each line that is a kit: which part of it
    result: dict[int, Decimal] = {}
    for move in moves:
        held = move.quantity if move.state == "done" else move.demand
        line = move.sale_line_id or 0
        if move.product_id in quantities:
            units = min(rest[move.product_id], held)
            rest[move.product_id] -= units
            result[move.id] = units
        elif line in sold:
            product, ordered = sold[line]
            if line not in shares:
                units = min(rest.get(product, Decimal(0)), ordered)
                shares[line] = units / ordered if ordered else Decimal(0)
                if product in rest:
                    rest[product] -= units
            result[move.id] = held * shares[line]
    if missing := {product: units for product, units in rest.items() if units}:
        told = ", ".join(f"{units.normalize():f} of product {product}" for product, units in sorted(missing.items()))
        raise OdooRejectedError(f"Odoo's moves hold less than that: {told}.")
    return {move: units for move, units in result.items() if units}


def _sold_as(gateway: OdooGateway, line_ids: Collection[int], context: Context) -> dict[int, tuple[int, Decimal]]:
    """Product and units of lines of sales orders, by line."""
    if not line_ids:
        return {}
    fields = ["product_id", "product_uom_qty"]
    records = gateway.call("sale.order.line", "read", ids=sorted(line_ids), fields=fields, context=context)
    return {
        record["id"]: (record["product_id"][0], Decimal(repr(record["product_uom_qty"])))
        for record in records
        if record["product_id"]
    }


def _missing(moves: Iterable[Move], left: Mapping[int, Decimal]) -> Decimal:
    """Units that are to leave and are not reserved."""
    return sum((max(left.get(move.id, Decimal(0)) - move.quantity, Decimal(0)) for move in moves), Decimal(0))


def _move(record: Mapping[str, Any]) -> Move:
    return Move(
        id=record["id"],
        product_id=record["product_id"][0],
        demand=Decimal(repr(record["product_uom_qty"])),
        quantity=Decimal(repr(record[_quantity_of(record)])),
        state=record["state"],
        sale_line_id=relation_id(record["sale_line_id"]),
    )


def _quantity_of(record: Mapping[str, Any]) -> str:
    if "quantity" in record:
        return "quantity"
    return "quantity_done" if record["state"] == "done" else "reserved_availability"


def _delivery(record: Mapping[str, Any], moves: Sequence[Move]) -> Delivery:
    carrier = record.get("carrier_id")
    return Delivery(
        id=record["id"],
        name=record["name"],
        state=record["state"],
        sale_id=relation_id(record["sale_id"]) or 0,
        carrier_id=relation_id(carrier),
        carrier_name=carrier[1] if carrier else "",
        tracking=record.get("carrier_tracking_ref") or "",
        company_id=relation_id(record["company_id"]),
        moves=tuple(moves),
    )
