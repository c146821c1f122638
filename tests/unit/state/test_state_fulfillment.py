"""What is remembered of parcels, requests and returns, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.conftest import Clock
from worker.state.fulfillment import CancelRequest, Fulfillment, ReturnSeen


@pytest.fixture
def memory(redis: Any, clock: Clock) -> Fulfillment:
    return Fulfillment(redis, "1", days=10)


def returned(return_id: str, clock: Clock, **fields: Any) -> ReturnSeen:
    at = datetime.fromtimestamp(clock.now, UTC)
    return ReturnSeen(id=return_id, order_id="57", type="REFUND", status="X", updated_at=at, **fields)


def test_orders_await_their_shipment_until_they_have_shipped(memory: Fulfillment) -> None:
    memory.await_shipment(["1", "2"])
    memory.no_longer_awaiting(["1", "9"])
    assert memory.awaiting() == ["2"]


def test_what_was_done_is_done_once_until_it_is_undone(memory: Fulfillment) -> None:
    assert [memory.first_time("label 1 2"), memory.first_time("label 1 2")] == [True, False]
    assert memory.were_done(["label 1 2", "label 1 3"]) == {"label 1 2"}
    memory.undo("label 1 2")
    assert memory.first_time("label 1 2")


def test_requests_come_with_the_first_deadline_first_and_end_once(memory: Fulfillment) -> None:
    now = datetime.now(UTC)
    memory.keep_request(CancelRequest(order_id="1"))
    memory.keep_request(CancelRequest(order_id="2", respond_by=now + timedelta(days=2)))
    memory.keep_request(CancelRequest(order_id="3", respond_by=now + timedelta(days=1)))
    assert [each.order_id for each in memory.requests()] == ["3", "2", "1"]
    assert memory.has_request(["1", "9"]) == {"1"}
    assert [memory.end_request("1"), memory.end_request("1")] == [True, False]


def test_returns_come_newest_first_with_their_exact_amounts(memory: Fulfillment, clock: Clock) -> None:
    memory.keep_return(returned("1", clock, amount=Decimal("10.10"), currency="EUR"))
    clock.forward(5)
    memory.keep_return(returned("2", clock))
    assert [(each.id, each.amount) for each in memory.returns()] == [("2", None), ("1", Decimal("10.10"))]
    assert [each.id for each in memory.returns(order_id="57")] == ["1", "2"]
    assert memory.returns(order_id="58") == []


def test_a_cursor_only_moves_forward(memory: Fulfillment) -> None:
    memory.advance("packages", 100)
    memory.advance("packages", 50)
    assert (memory.cursor("packages"), memory.cursor("returns")) == (100, None)


def test_what_nobody_touched_for_long_is_forgotten(memory: Fulfillment, clock: Clock) -> None:
    memory.await_shipment(["old"])
    memory.first_time("old")
    memory.keep_return(returned("old", clock))
    clock.forward(9 * 86400)
    memory.await_shipment(["new"])
    memory.keep_return(returned("new", clock))
    clock.forward(2 * 86400)
    memory.forget_old()
    assert (memory.awaiting(), [each.id for each in memory.returns()]) == (["new"], ["new"])
    assert memory.return_seen("old") is None
    assert memory.first_time("old")


def test_nothing_is_left_of_a_shop_that_is_removed(memory: Fulfillment, redis: Any, clock: Clock) -> None:
    memory.await_shipment(["1"])
    memory.first_time("x")
    memory.keep_request(CancelRequest(order_id="1"))
    memory.keep_return(returned("1", clock))
    memory.advance("packages", 1)
    memory.drop()
    assert redis.keys("*") == []
