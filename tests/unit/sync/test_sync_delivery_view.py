"""What people see of deliveries, and what they do: deadlines first, one list or one order, retried and told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.builders import SHOP_ID, add_account, make_shop
from worker.state.audit import Audit
from worker.state.dirty_set import DirtySet, Parked
from worker.state.fulfillment import CancelRequest, ReturnSeen
from worker.state.shops import Shop
from worker.sync import delivery_actions
from worker.sync.delivery_view import Deliveries, look, of_order, parked_groups, rows
from worker.sync.runtime import Runtime

DAY = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def shop(runtime: Runtime) -> Shop:
    add_account(runtime)
    return runtime.shops.claim(make_shop())


@pytest.fixture
def queue(runtime: Runtime, shop: Shop) -> DirtySet:
    return runtime.fulfillment_queue(shop.id)


def park(queue: DirtySet, order_id: str, code: str = "no_tracking", **fields: Any) -> None:
    queue.mark([order_id])
    queue.park(queue.claim(1, 60), Parked(id=order_id, code=code, message="x", remedy=f"Mend {code}.", **fields), 900)


def returned(return_id: str, order_id: str, days: int) -> ReturnSeen:
    at = DAY + timedelta(days=days)
    return ReturnSeen(id=return_id, order_id=order_id, type="REFUND", status="REFUND_SUCCESS", updated_at=at)


def all_of(runtime: Runtime) -> Deliveries:
    return look(runtime, runtime.shops.all())


def test_deadlines_come_first_and_what_came_back_last_comes_first(
    runtime: Runtime, shop: Shop, queue: DirtySet
) -> None:
    other = runtime.shops.claim(make_shop("2"))
    park(queue, "571", since=DAY)
    park(runtime.fulfillment_queue(other.id), "572", ship_by=DAY + timedelta(days=2))
    park(queue, "573", ship_by=DAY + timedelta(days=1))
    for shop_id, order_id, days in ((SHOP_ID, "574", 3), ("2", "575", 1)):
        runtime.fulfillment(shop_id).keep_request(
            CancelRequest(order_id=order_id, respond_by=DAY + timedelta(days=days))
        )
    runtime.fulfillment(SHOP_ID).keep_return(returned("1", "576", 0))
    runtime.fulfillment("2").keep_return(returned("2", "577", 1))
    found = all_of(runtime)
    assert [(owner.id, entry.id) for owner, entry in found.parked] == [(SHOP_ID, "573"), ("2", "572"), (SHOP_ID, "571")]
    assert [each.order_id for _, each in found.requests] == ["575", "574"]
    assert [each.id for _, each in found.returns] == ["2", "1"]


def test_one_list_names_each_order_in_each_part_and_can_be_narrowed_down(
    runtime: Runtime, shop: Shop, queue: DirtySet
) -> None:
    memory = runtime.fulfillment(shop.id)
    memory.await_shipment(["571", "572"])
    memory.keep_request(CancelRequest(order_id="571", reason="CHANGED_MIND", respond_by=DAY))
    park(queue, "572", ship_by=DAY)
    memory.keep_return(returned("1", "573", 0))
    found = rows(all_of(runtime))
    assert [(row.state, row.order_id, row.code) for row in found] == [
        ("requests", "571", ""),
        ("parked", "572", "no_tracking"),
        ("awaiting", "571", ""),
        ("awaiting", "572", ""),
        ("returns", "573", "REFUND_SUCCESS"),
    ]
    assert [row.until for row in found] == [DAY, DAY, None, None, None]
    assert [row.order_id for row in rows(all_of(runtime), "awaiting")] == ["571", "572"]


def test_what_is_in_the_way_stands_by_reason_and_what_must_ship_first_is_first(
    runtime: Runtime, shop: Shop, queue: DirtySet
) -> None:
    park(queue, "571", "ship_refused")
    park(queue, "572")
    park(queue, "573", ship_by=DAY)
    groups = parked_groups(runtime, runtime.shops.all())
    assert [(group.code, group.remedy, group.ship_by) for group in groups] == [
        ("no_tracking", "Mend no_tracking.", DAY),
        ("ship_refused", "Mend ship_refused.", None),
    ]
    assert [place.order_id for place in groups[0].orders] == ["573", "572"]


def test_one_order_is_told_with_all_that_is_its_own(runtime: Runtime, shop: Shop, queue: DirtySet) -> None:
    memory = runtime.fulfillment(shop.id)
    assert of_order(runtime, shop, "571").is_quiet
    memory.keep_request(CancelRequest(order_id="572"))
    memory.keep_return(returned("1", "5710", 0))
    assert of_order(runtime, shop, "571").is_quiet
    park(queue, "571")
    memory.keep_request(CancelRequest(order_id="571"))
    memory.keep_return(returned("2", "571", 0))
    known = of_order(runtime, shop, "571")
    assert known.parked is not None
    assert known.request is not None
    assert (known.parked.code, known.request.order_id, [each.id for each in known.returns]) == (
        *("no_tracking", "571"),
        ["2"],
    )


def test_a_retry_makes_the_order_due_and_is_told_in_timeline_and_audit_trail(
    runtime: Runtime, shop: Shop, queue: DirtySet
) -> None:
    park(queue, "571")
    assert delivery_actions.retry(runtime, shop, ["571"], by="anna") == 1
    assert queue.claim(10, 60).ids == ["571"]
    (entry,) = Audit(runtime.redis).latest()
    assert (entry.by, entry.action, entry.target, entry.detail) == ("anna", "delivery.retry", "571", f"shop {SHOP_ID}")
    assert [(each.kind, each.text) for each in runtime.timeline(shop.id).of("571")] == [
        ("operator", "delivery looked at again, asked for by anna")
    ]


def test_a_group_is_retried_by_its_reason_and_nothing_leaves_no_trace(
    runtime: Runtime, shop: Shop, queue: DirtySet
) -> None:
    park(queue, "571")
    park(queue, "572", "ship_refused")
    assert delivery_actions.retry_parked(runtime, shop, code="nonsense", by="anna") == 0
    assert Audit(runtime.redis).latest() == []
    assert delivery_actions.retry_parked(runtime, shop, code="ship_refused", by="anna") == 1
    assert queue.claim(10, 60).ids == ["572"]
    assert delivery_actions.retry_parked(runtime, shop, by="anna") == 2
