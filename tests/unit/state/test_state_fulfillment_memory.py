"""What is remembered of parcels, requests to cancel and returns: enough to spare calls and to show; not for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.builders import SHOP_ID
from tests.unit.conftest import Clock
from worker.state.fulfillment import CancelRequest, Fulfillment, ReturnSeen, first_deadline

DAY = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def memory(redis: Any) -> Fulfillment:
    return Fulfillment(redis, SHOP_ID, days=180)


def seen(return_id: str, order_id: str = "571", **fields: Any) -> ReturnSeen:
    given = {"type": "REFUND", "status": "REFUND_SUCCESS", "updated_at": DAY, **fields}
    return ReturnSeen(id=return_id, order_id=order_id, **given)


def test_orders_await_shipment_until_they_have_shipped(memory: Fulfillment, clock: Clock) -> None:
    memory.await_shipment(["571"])
    clock.forward(1)
    memory.await_shipment(["572"])
    memory.await_shipment([])
    assert memory.awaiting() == ["571", "572"]
    memory.no_longer_awaiting(["571", "unknown"])
    memory.no_longer_awaiting([])
    assert memory.awaiting() == ["572"]


def test_what_was_done_is_known_until_it_is_undone(memory: Fulfillment) -> None:
    assert (memory.first_time("label 1 2"), memory.first_time("label 1 2")) == (True, False)
    assert memory.were_done(["label 1 2", "label 1 3"]) == {"label 1 2"}
    assert memory.were_done([]) == set()
    memory.undo("label 1 2")
    assert memory.first_time("label 1 2")


def test_requests_are_told_by_their_deadline_and_those_without_one_last(memory: Fulfillment) -> None:
    for order_id, days in (("571", 3), ("572", None), ("573", 1)):
        respond_by = None if days is None else DAY + timedelta(days=days)
        memory.keep_request(CancelRequest(order_id=order_id, respond_by=respond_by))
    assert [each.order_id for each in memory.requests()] == ["573", "571", "572"]
    assert memory.has_request(["571", "9"]) == {"571"}
    assert memory.has_request([]) == set()
    assert (memory.end_request("573"), memory.end_request("573")) == (True, False)
    assert [each.order_id for each in memory.requests()] == ["571", "572"]


def test_the_first_deadline_is_that_of_requests_that_have_one() -> None:
    stored = [CancelRequest(order_id="1"), CancelRequest(order_id="2", respond_by=DAY)]
    assert first_deadline([each.model_dump_json() for each in stored]) == DAY
    assert first_deadline([stored[0].model_dump_json()]) is None
    assert first_deadline([]) is None


def test_returns_are_newest_first_and_money_stays_exact(memory: Fulfillment) -> None:
    memory.keep_return(seen("1", amount=Decimal("9.50"), currency="GBP"))
    memory.keep_return(seen("2", "572", updated_at=DAY + timedelta(days=1)))
    assert [each.id for each in memory.returns()] == ["2", "1"]
    assert [each.id for each in memory.returns(limit=1)] == ["2"]
    assert [each.id for each in memory.returns(order_id="571")] == ["1"]
    kept = memory.return_seen("1")
    assert kept is not None
    assert (str(kept.amount), kept.currency) == ("9.50", "GBP")
    assert memory.return_seen("3") is None


def test_a_cursor_never_goes_back(memory: Fulfillment) -> None:
    assert memory.cursor("packages") is None
    memory.advance("packages", 100)
    memory.advance("packages", 50)
    assert (memory.cursor("packages"), memory.cursor("returns")) == (100, None)


def test_what_is_old_is_forgotten_and_what_is_not_stays(memory: Fulfillment, clock: Clock) -> None:
    memory.await_shipment(["571"])
    memory.first_time("label 1 2")
    memory.keep_return(seen("1", updated_at=datetime.fromtimestamp(clock.now, UTC)))
    clock.forward(100 * 86400)
    memory.await_shipment(["572"])
    memory.keep_return(seen("2", updated_at=datetime.fromtimestamp(clock.now, UTC)))
    clock.forward(100 * 86400)
    memory.forget_old()
    assert memory.awaiting() == ["572"]
    assert memory.were_done(["label 1 2"]) == set()
    assert [each.id for each in memory.returns()] == ["2"]
    assert memory.return_seen("1") is None


def test_a_shop_that_is_removed_leaves_nothing_behind(memory: Fulfillment, redis: Any) -> None:
    memory.await_shipment(["571"])
    memory.first_time("label 1 2")
    memory.keep_request(CancelRequest(order_id="571"))
    memory.keep_return(seen("1"))
    memory.advance("packages", 1)
    memory.drop()
    assert redis.keys("*") == []
