"""Sales orders in Odoo: find, create with lines, confirm, date, readdress, cancel. Every step may be repeated."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from worker.odoo import activities
from worker.odoo.errors import OdooRejectedError
from worker.odoo.features import features_of
from worker.odoo.gateway import OdooGateway, relation_id, search_read
from worker.odoo.load import UNTRACKED, Loaded, Row, create_if_absent, external_id, overwrite

_FIELDS = (
    *("name", "client_order_ref", "state", "amount_total", "currency_id", "partner_shipping_id", "date_order"),
    *("company_id", "picking_ids"),
)
#: The state of an order that is locked, before Odoo 17.
_LOCKED_STATE = "done"


@dataclass(frozen=True)
class SalesOrder:
    """What Odoo holds. ``state`` is Odoo's: ``draft``, ``sent``, ``sale`` or ``cancel``; ``total`` in major units."""

    id: int
    name: str
    order_id: str
    state: str
    total: Decimal
    currency: str
    shipping_partner_id: int | None
    company_id: int | None
    picking_ids: tuple[int, ...]
    locked: bool
    placed_at: datetime | None


#: Orders that are asked for in one call.
_AT_ONCE = 500
#: How the *Source Document* of all our orders begins.
ORIGIN = "TikTok Shop "


def origin_of(shop_id: str) -> str:
    """The *Source Document* of a shop's orders, by which they are found again."""
    return f"{ORIGIN}{shop_id}"


def odoo_datetime(moment: datetime) -> str:
    """``moment`` in the only form that Odoo takes: UTC without a zone."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _state(record: Mapping[str, Any]) -> str:
    return "sale" if record["state"] == _LOCKED_STATE else str(record["state"])


def _sales_order(record: Mapping[str, Any]) -> SalesOrder:
    placed = record["date_order"]
    return SalesOrder(
        id=record["id"],
        name=record["name"],
        order_id=record["client_order_ref"] or "",
        state=_state(record),
        total=Decimal(repr(record["amount_total"])),
        currency=record["currency_id"][1] if record["currency_id"] else "",
        shipping_partner_id=relation_id(record["partner_shipping_id"]),
        company_id=relation_id(record["company_id"]),
        picking_ids=tuple(record["picking_ids"]),
        locked=bool(record.get("locked")) or record["state"] == _LOCKED_STATE,
        placed_at=datetime.strptime(placed, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) if placed else None,
    )


class SalesOrders:
    """The sales orders of one shop, in one company.

    :param track_changes: whether Odoo logs in the chatter what :meth:`create`, :meth:`confirm` and :meth:`set_dates`
        set. All other changes, and notes, are there in any case.
    """

    def __init__(
        self, gateway: OdooGateway, shop_id: str, company_id: int | None, *, track_changes: bool = True
    ) -> None:
        self._gateway = gateway
        self._shop_id = shop_id
        self._context: dict[str, Any] = {} if company_id is None else {"allowed_company_ids": [company_id]}
        self._importing = self._context | ({} if track_changes else UNTRACKED)

    def find(self, order_ids: Iterable[str], *, imported: Collection[str] = ()) -> dict[str, list[SalesOrder]]:
        """The sales orders of TikTok's ``order_ids``; more than one for the same id is a duplicate.

        :param imported: ids known to have been imported. Where a person has changed the customer reference of one, it
            is found by its external ID, one call each.
        """
        wanted = sorted(order_ids)
        domain = [("client_order_ref", "in", wanted), ("origin", "=", origin_of(self._shop_id))]
        found = self._by_order(search_read(self._gateway, "sale.order", domain, self._fields(), context=self._context))
        for order_id in wanted:
            if order_id in imported and order_id not in found:
                odoo_id = self._by_identity(order_id)
                if odoo_id is not None and (held := list(self.read([odoo_id]).values())):
                    found[order_id] = held
        return found

    def _by_identity(self, order_id: str) -> int | None:
        module, name = external_id("order", self._shop_id, order_id).split(".", 1)
        try:
            found = self._gateway.call("ir.model.data", "check_object_reference", module=module, xml_id=name)
        except OdooRejectedError as error:
            if "External ID not found" in error.message:
                return None
            raise
        return int(found[1]) if found[1] else None

    def cancelled(self, order_ids: Sequence[str]) -> set[str]:
        """Those of TikTok's ``order_ids`` whose only sales order is cancelled in Odoo."""
        states: dict[str, set[str]] = {}
        for start in range(0, len(order_ids), _AT_ONCE):
            part = list(order_ids[start : start + _AT_ONCE])
            domain = [("client_order_ref", "in", part), ("origin", "=", origin_of(self._shop_id))]
            fields = ["client_order_ref", "state"]
            for record in search_read(self._gateway, "sale.order", domain, fields, context=self._context):
                states.setdefault(record["client_order_ref"], set()).add(record["state"])
        return {order_id for order_id, found in states.items() if found == {"cancel"}}

    def of_shop(self, since: datetime) -> dict[str, list[SalesOrder]]:
        """All sales orders of the shop that were placed at or after ``since``."""
        domain = [("origin", "=", origin_of(self._shop_id)), ("date_order", ">=", odoo_datetime(since))]
        return self._by_order(search_read(self._gateway, "sale.order", domain, self._fields(), context=self._context))

    def read(self, ids: Sequence[int]) -> dict[int, SalesOrder]:
        """The sales orders of those database ids that still exist."""
        records = self._gateway.call("sale.order", "read", ids=ids, fields=self._fields(), context=self._context)
        return {record["id"]: _sales_order(record) for record in records}

    def _fields(self) -> list[str]:
        return [*_FIELDS, "locked"] if features_of(self._gateway).locks else [*_FIELDS]

    def create(self, rows: Sequence[Row]) -> Loaded:
        """Create the orders that do not exist yet, each with its lines and identity in one transaction."""
        return create_if_absent(self._gateway, "sale.order", rows, context=self._importing)

    def confirm(self, ids: Sequence[int]) -> dict[int, str]:
        """Confirm quotations, which makes their deliveries; answers Odoo's reason for those that it refused.

        Several workers may confirm the same order: who comes second finds it confirmed.

        :param ids: of orders that were quotations a moment ago.
        """

        def confirm(part: Sequence[int]) -> None:
            if part:
                self._gateway.call("sale.order", "action_confirm", ids=part, context=self._importing)

        def confirm_quotations(part: Sequence[int]) -> None:
            states = self._states(part)
            confirm([order_id for order_id in part if states.get(order_id) in ("draft", "sent")])

        try:
            confirm(ids)
        except OdooRejectedError:  # of one's own accord, or since another worker has confirmed some: their states tell
            return self._isolating(ids, confirm_quotations, {"sale"})
        return {}

    def cancel(self, ids: Sequence[int]) -> dict[int, str]:
        """Cancel orders and their open deliveries; answers Odoo's reason for those that it refused.

        The caller has made sure that nothing was delivered: Odoo 19 cancels an order whose goods are gone, too.
        """

        # Odoo 15 to 18 otherwise ask in a wizard, and cancel nothing.
        context = {**self._context, "disable_cancel_warning": True}

        def cancel(part: Sequence[int]) -> None:
            answer = self._gateway.call("sale.order", "action_cancel", ids=part, context=context)
            if isinstance(answer, dict):
                raise OdooRejectedError(f"Odoo wants a person to decide ({answer.get('res_model', '')}).")

        return self._isolating(ids, cancel, {"cancel"})

    def set_dates(self, dates: Mapping[str, datetime]) -> Loaded:
        """Write TikTok's order date (external id → UTC) back: confirming sets Odoo's to now."""
        rows = [Row(name, {"date_order": odoo_datetime(moment)}) for name, moment in dates.items()]
        return overwrite(self._gateway, "sale.order", rows, context=self._importing)

    def set_address(self, order: SalesOrder, partner_id: int) -> None:
        """Deliver to another address; open deliveries follow."""
        self._gateway.call(
            "sale.order",
            "write",
            ids=[order.id],
            vals={"partner_shipping_id": partner_id},
            context={**self._context, "update_delivery_shipping_partner": True},
        )
        open_pickings = self._open_pickings(order)
        if open_pickings:
            self._gateway.call("stock.picking", "write", ids=open_pickings, vals={"partner_id": partner_id})

    def shipped(self, orders: Iterable[SalesOrder]) -> set[int]:
        """Those orders (database ids) of which a delivery is done."""
        owners = {picking: order.id for order in orders for picking in order.picking_ids}
        if not owners:
            return set()
        domain = [("id", "in", sorted(owners)), ("state", "=", "done")]
        done = search_read(self._gateway, "stock.picking", domain, ["state"], context=self._context)
        return {owners[picking["id"]] for picking in done}

    def note(self, order_id: int, text: str) -> None:
        """Leave a note in the order's chatter."""
        body = features_of(self._gateway).message(text)
        self._gateway.call("sale.order", "message_post", ids=[order_id], body=body, context=self._context)

    def ask_a_person(self, order_id: int, summary: str, note: str, *, deadline: date | None = None) -> None:
        """Leave an activity on the order, once: an open one with the same summary is enough."""
        record = ("sale.order", order_id)
        activities.ask_a_person(self._gateway, record, summary, note, deadline=deadline, context=self._context)

    def answered(self, order_id: int, summary: str) -> None:
        """The activity of that summary, if there is one, is no longer needed."""
        activities.answered(self._gateway, ("sale.order", order_id), summary, context=self._context)

    def _open_pickings(self, order: SalesOrder) -> list[int]:
        domain = [("id", "in", list(order.picking_ids)), ("state", "not in", ["done", "cancel"])]
        return [picking["id"] for picking in search_read(self._gateway, "stock.picking", domain, ["state"])]

    def _isolating(self, ids: Sequence[int], act: Callable[[Sequence[int]], None], wanted: set[str]) -> dict[int, str]:
        """Do ``act`` for all at once; when Odoo refuses, halve until the culprits stand alone."""
        if not ids:
            return {}
        try:
            act(ids)
        except OdooRejectedError as error:
            if len(ids) == 1:
                # Somebody else may have done it meanwhile: the state tells, not the error.
                return {} if self._states(ids).get(ids[0]) in wanted else {ids[0]: error.message}
            middle = len(ids) // 2
            return self._isolating(ids[:middle], act, wanted) | self._isolating(ids[middle:], act, wanted)
        return {}

    def _states(self, ids: Sequence[int]) -> dict[int, str]:
        records = self._gateway.call("sale.order", "read", ids=ids, fields=["state"], context=self._context)
        return {record["id"]: _state(record) for record in records}

    @staticmethod
    def _by_order(records: Iterable[Mapping[str, Any]]) -> dict[str, list[SalesOrder]]:
        found: dict[str, list[SalesOrder]] = {}
        for record in records:
            order = _sales_order(record)
            found.setdefault(order.order_id, []).append(order)
        return found
