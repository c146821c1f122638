"""Sales orders: culprits isolated, races with other workers and with people survived."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from odoo_stubs import Call, Gateway

from worker.odoo.errors import OdooRejectedError, OdooUnavailableError
from worker.odoo.load import Row
from worker.odoo.sales import SalesOrders, odoo_datetime, origin_of


class Shelf(Gateway):
    """Orders by id with their states; a refused one refuses the whole call, as in Odoo."""

    def __init__(self, **states: str) -> None:
        super().__init__()
        self.states = {int(name.removeprefix("s")): state for name, state in states.items()}
        self.refused: dict[int, str] = {}
        self.locked_by_conflict = 0
        self.answers = {
            "sale.order.read": self._read,
            "sale.order.action_confirm": lambda call: self._move(call, "sale"),
            "sale.order.action_cancel": lambda call: self._move(call, "cancel"),
        }

    def _read(self, call: Call) -> list[dict[str, Any]]:
        return [{"id": i, "state": self.states[i]} for i in call.ids or [] if i in self.states]

    def _move(self, call: Call, state: str) -> bool:
        ids = call.ids or []
        for order_id in ids:
            if order_id not in self.states:
                raise OdooRejectedError("Record does not exist or has been deleted.")
            if order_id in self.refused:
                raise OdooRejectedError(self.refused[order_id])
            if state == "sale" and self.states[order_id] not in ("draft", "sent"):
                raise OdooRejectedError("Some orders are not in a state requiring confirmation.")
        self.states |= dict.fromkeys(ids, state)
        return True


def sales(gateway: Gateway, company_id: int | None = None) -> SalesOrders:
    return SalesOrders(gateway, "749", company_id)


def shelf(count: int, state: str = "draft") -> Shelf:
    return Shelf(**{f"s{number}": state for number in range(1, count + 1)})


def test_quotations_are_confirmed_in_one_call() -> None:
    odoo = shelf(20)
    assert sales(odoo).confirm(range(1, 21)) == {}
    assert set(odoo.states.values()) == {"sale"}
    assert len(odoo.of("sale.order.action_confirm")) == 1


@pytest.mark.parametrize("tracked", [True, False])
def test_what_the_import_sets_is_logged_by_odoo_only_where_the_shop_wants_it(tracked: bool) -> None:
    odoo = shelf(2)
    odoo.answers["sale.order.load"] = lambda call: {"ids": [1], "messages": []}
    odoo.answers["sale.order.action_cancel"] = lambda call: True
    orders = SalesOrders(odoo, "749", 3, track_changes=tracked)
    orders.create([Row("tiktok_shop.order_749_1", {"client_order_ref": "1"})])
    orders.confirm([1])
    orders.set_dates({"tiktok_shop.order_749_1": datetime(2026, 11, 1, tzinfo=UTC)})
    importing = [*odoo.of("sale.order.load"), *odoo.of("sale.order.action_confirm")]
    assert len(importing) == 3
    assert all((call.context or {}).get("tracking_disable", False) is not tracked for call in importing)
    assert all((call.context or {})["allowed_company_ids"] == [3] for call in importing)


def test_a_cancellation_is_always_logged_by_odoo() -> None:
    odoo = shelf(1)
    SalesOrders(odoo, "749", None, track_changes=False).cancel([1])
    assert "tracking_disable" not in (odoo.of("sale.order.action_cancel")[0].context or {})


def test_nobody_asks_for_states_while_odoo_refuses_nothing() -> None:
    """The caller has just read them; each question costs as much as creating a contact."""
    odoo = shelf(3)
    sales(odoo).confirm([1, 2, 3])
    assert [f"{call.model}.{call.method}" for call in odoo.calls] == ["sale.order.action_confirm"]


def test_nothing_to_confirm_asks_nobody() -> None:
    odoo = shelf(0)
    assert sales(odoo).confirm([]) == {}
    assert odoo.calls == []


def test_culprits_are_found_by_halving_and_the_others_confirmed() -> None:
    odoo = shelf(20)
    odoo.refused = {7: "The period is closed.", 20: "The partner is blocked."}
    assert sales(odoo).confirm(list(range(1, 21))) == odoo.refused
    assert {order_id for order_id, state in odoo.states.items() if state != "sale"} == {7, 20}
    assert len(odoo.of("sale.order.action_confirm")) < 20  # fewer than one by one


def test_an_order_that_is_confirmed_already_is_left_alone() -> None:
    odoo = Shelf(s1="sale", s2="sent", s3="draft")
    assert sales(odoo).confirm([1, 2, 3]) == {}
    assert odoo.of("sale.order.action_confirm")[-1].ids == [2, 3]


def test_who_comes_second_in_a_race_finds_the_order_confirmed() -> None:
    """Another worker confirms between our look at the states and our call."""
    odoo = shelf(3)
    confirm = odoo.answers["sale.order.action_confirm"]

    def after_another(call: Call) -> Any:
        odoo.states[2] = "sale"
        return confirm(call)

    odoo.answers["sale.order.action_confirm"] = after_another
    assert sales(odoo).confirm([1, 2, 3]) == {}
    assert odoo.states == {1: "sale", 2: "sale", 3: "sale"}


def test_an_order_that_a_person_deleted_meanwhile_stops_nobody() -> None:
    odoo = shelf(2)
    assert sales(odoo).confirm([1, 99, 2]) == {}
    assert odoo.states == {1: "sale", 2: "sale"}


def test_an_odoo_that_goes_away_is_not_taken_for_a_refusal() -> None:
    odoo = shelf(4)

    def away(_: Call) -> Any:
        raise OdooUnavailableError("Odoo is away.")

    odoo.answers["sale.order.action_confirm"] = away
    with pytest.raises(OdooUnavailableError):
        sales(odoo).confirm([1, 2, 3, 4])


def test_orders_are_cancelled_and_the_locked_one_told_with_odoos_reason() -> None:
    odoo = shelf(5, "sale")
    odoo.refused = {3: "You cannot cancel a locked order."}
    assert sales(odoo).cancel([1, 2, 3, 4, 5]) == odoo.refused
    assert {i for i, state in odoo.states.items() if state == "cancel"} == {1, 2, 4, 5}


def test_an_order_that_a_person_cancelled_first_is_cancelled() -> None:
    odoo = Shelf(s1="cancel")
    odoo.refused = {1: "It is cancelled."}
    assert sales(odoo).cancel([1]) == {}


RECORD = {
    "id": 5,
    "name": "S00005",
    "client_order_ref": "571",
    "state": "sale",
    "amount_total": 29.97,
    "currency_id": [1, "GBP"],
    "partner_shipping_id": [8, "David"],
    "date_order": "2026-11-20 08:30:00",
    "company_id": [2, "Demo Ltd"],
    "picking_ids": [31, 32],
    "locked": False,
}


def test_orders_are_found_by_tiktoks_ids_within_their_shop_and_company() -> None:
    odoo = Gateway({"sale.order.search_read": lambda _: [RECORD, {**RECORD, "id": 6}]})
    found = sales(odoo, company_id=2).find(iter(["572", "571"]))
    assert [order.id for order in found["571"]] == [5, 6]  # a duplicate is told, not hidden
    (call,) = odoo.calls
    assert call.arguments["domain"] == [("client_order_ref", "in", ["571", "572"]), ("origin", "=", origin_of("749"))]
    assert call.context == {"allowed_company_ids": [2]}
    order = found["571"][0]
    assert (order.order_id, order.total, order.currency) == ("571", Decimal("29.97"), "GBP")
    assert (order.shipping_partner_id, order.company_id, order.picking_ids) == (8, 2, (31, 32))
    assert order.placed_at == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "total"), [(0.1 + 0.2 - 0.2, "0.1"), (1234567.89, "1234567.89"), (120000, "120000"), (0.0, "0")]
)
def test_a_total_is_read_as_odoo_means_it(amount: float, total: str) -> None:
    odoo = Gateway({"sale.order.read": lambda _: [{**RECORD, "amount_total": round(amount, 2)}]})
    assert sales(odoo).read([5])[5].total == Decimal(total)


def test_empty_fields_of_odoo_are_nothing() -> None:
    empty = dict.fromkeys(("client_order_ref", "currency_id", "partner_shipping_id", "date_order", "company_id"), False)
    odoo = Gateway({"sale.order.read": lambda _: [{**RECORD, **empty, "picking_ids": []}]})
    order = sales(odoo).read([5])[5]
    assert (order.order_id, order.currency, order.shipping_partner_id, order.placed_at) == ("", "", None, None)


def test_times_go_to_odoo_in_utc_without_a_zone() -> None:
    moment = datetime(2026, 11, 20, 15, 30, 5, tzinfo=timezone(timedelta(hours=7)))
    assert odoo_datetime(moment) == "2026-11-20 08:30:05"


def test_an_order_of_which_one_delivery_is_done_has_shipped() -> None:
    odoo = Gateway({"sale.order.read": lambda _: [RECORD, {**RECORD, "id": 6, "picking_ids": [33]}]})
    odoo.answers["stock.picking.search_read"] = lambda _: [{"id": 32, "state": "done"}]
    orders = sales(odoo).read([5, 6]).values()
    assert sales(odoo).shipped(orders) == {5}
    assert sales(odoo).shipped([]) == set()


def test_a_person_is_asked_once() -> None:
    odoo = Gateway({"mail.activity.search_read": lambda _: [], "sale.order.activity_schedule": lambda _: [1]})
    sales(odoo).ask_a_person(5, "Cancelled after shipping", "Arrange the return.")
    odoo.answers["mail.activity.search_read"] = lambda _: [{"id": 1, "summary": "x"}]
    sales(odoo).ask_a_person(5, "Cancelled after shipping", "Arrange the return.")
    assert len(odoo.of("sale.order.activity_schedule")) == 1


def test_a_new_address_reaches_the_open_deliveries_only() -> None:
    odoo = Gateway({"sale.order.read": lambda _: [RECORD], "sale.order.write": lambda _: True})
    odoo.answers |= {"stock.picking.search_read": lambda _: [{"id": 32}], "stock.picking.write": lambda _: True}
    sales(odoo).set_address(sales(odoo).read([5])[5], 77)
    (order,), (picking,) = odoo.of("sale.order.write"), odoo.of("stock.picking.write")
    assert (order.ids, order.arguments["vals"]) == ([5], {"partner_shipping_id": 77})
    assert (picking.ids, picking.arguments["vals"]) == ([32], {"partner_id": 77})
    assert odoo.of("stock.picking.search_read")[0].arguments["domain"][1] == ("state", "not in", ["done", "cancel"])


def older(**answers: Any) -> Gateway:
    """An Odoo before 17."""
    odoo = Gateway({name.replace("__", "."): answer for name, answer in answers.items()})
    fields = {model: dict[str, Any]() for model in ("sale.order", "sale.order.line", "stock.move")}
    odoo.answers |= {f"{model}.fields_get": lambda _, known=known: known for model, known in fields.items()}
    return odoo


def test_before_odoo_17_a_locked_order_has_a_state_of_its_own() -> None:
    odoo = older(sale_order__read=lambda _: [])
    odoo.answers["sale.order.read"] = lambda _: [
        {**{name: value for name, value in RECORD.items() if name != "locked"}, "state": "done"}
    ]
    order = sales(odoo).read([5])[5]
    assert (order.state, order.locked) == ("sale", True)
    assert "locked" not in odoo.of("sale.order.read")[0].arguments["fields"]


def test_an_odoo_that_asks_in_a_wizard_has_not_cancelled() -> None:
    odoo = Gateway({"sale.order.action_cancel": lambda _: {"res_model": "sale.order.cancel"}})
    odoo.answers["sale.order.read"] = lambda _: [RECORD]
    assert "sale.order.cancel" in sales(odoo).cancel([5])[5]
    assert odoo.of("sale.order.action_cancel")[0].context == {"disable_cancel_warning": True}


def test_before_odoo_17_a_note_is_escaped() -> None:
    odoo = older()
    odoo.answers["sale.order.message_post"] = lambda _: 1
    sales(odoo).note(5, "A < B")
    assert odoo.of("sale.order.message_post")[0].arguments["body"] == "A &lt; B"
