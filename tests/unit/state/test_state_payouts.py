"""Statements with their transactions, and what each order brought."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.conftest import Clock
from worker.state.payouts import Payouts, PayoutStatement, PayoutTransaction


@pytest.fixture
def payouts(redis: Any, clock: Clock) -> Payouts:
    return Payouts(redis, "1", days=10)


def statement(statement_id: str, clock: Clock, **fields: Any) -> PayoutStatement:
    at = datetime.fromtimestamp(clock.now, UTC)
    return PayoutStatement(id=statement_id, time=at, currency="EUR", settlement=Decimal("10.10"), **fields)


def transaction(number: str, statement_id: str, order_id: str = "", amount: str = "1.00") -> PayoutTransaction:
    return PayoutTransaction(id=number, statement_id=statement_id, order_id=order_id, settlement=Decimal(amount))


def test_amounts_come_back_as_they_were(payouts: Payouts, clock: Clock) -> None:
    payouts.keep(statement("s", clock), [transaction("1", "s", "57", "10.10")])
    found = payouts.find("s")
    assert found is not None
    assert str(found.settlement) == "10.10"
    assert [str(each.settlement) for each in payouts.transactions("s")] == ["10.10"]


def test_a_statement_that_is_read_again_replaces_what_was_read(payouts: Payouts, clock: Clock) -> None:
    payouts.keep(statement("s", clock), [transaction("1", "s", "57"), transaction("2", "s", "58")])
    payouts.keep(statement("s", clock), [transaction("1", "s", "57", "2.00")])
    assert [each.id for each in payouts.transactions("s")] == ["1"]
    assert [each.settlement for each in payouts.of_orders(["57"])["57"]] == [Decimal("2.00")]


def test_an_order_may_be_in_several_statements(payouts: Payouts, clock: Clock) -> None:
    payouts.keep(statement("sale", clock), [transaction("1", "sale", "57", "9.00")])
    clock.forward(86400)
    payouts.keep(statement("refund", clock), [transaction("2", "refund", "57", "-9.00")])
    assert sum(each.settlement for each in payouts.of_orders(["57"])["57"]) == 0
    assert [each.id for each in payouts.latest()] == ["refund", "sale"]
    assert payouts.of_orders(["58"]) == {}


def test_old_statements_are_forgotten_with_all_that_belongs_to_them(payouts: Payouts, clock: Clock, redis: Any) -> None:
    payouts.keep(statement("old", clock), [transaction("1", "old", "57")])
    clock.forward(9 * 86400)
    payouts.keep(statement("new", clock), [transaction("2", "new", "58")])
    clock.forward(2 * 86400)
    payouts.forget_old()
    assert [each.id for each in payouts.latest()] == ["new"]
    assert (payouts.find("old"), payouts.transactions("old"), payouts.of_orders(["57"])) == (None, [], {})
    payouts.drop()
    assert redis.keys("*") == []
