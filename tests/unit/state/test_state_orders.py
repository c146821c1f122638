"""The dirty set of orders: due, leased, parked, waiting."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import fakeredis
import pytest

from tests.unit.builders import SHOP_ID
from tests.unit.conftest import Clock
from worker.state.dirty_set import Claim, Parked, with_work
from worker.state.orders import OrderQueue, Waiting

LEASE = 300.0


@pytest.fixture
def queue(redis: Any, clock: Clock) -> OrderQueue:
    return OrderQueue(redis, SHOP_ID)


def claimed(queue: OrderQueue, limit: int = 50) -> list[str]:
    return queue.claim(limit, LEASE).ids


def test_a_marked_order_is_claimed_once(queue: OrderQueue) -> None:
    assert queue.mark(["1"]) == 1
    assert claimed(queue) == ["1"]
    assert claimed(queue) == []


def test_many_marks_of_an_order_are_one(queue: OrderQueue) -> None:
    for _ in range(10):
        queue.mark(["1", "1"])
    assert claimed(queue) == ["1"]


def test_more_marks_than_one_script_takes_are_all_kept(queue: OrderQueue) -> None:
    ids = [str(number) for number in range(2500)]
    assert queue.mark(ids) == 2500
    assert set(claimed(queue, 3000)) == set(ids)


def test_the_longest_due_come_first_and_no_more_than_asked_for(queue: OrderQueue, clock: Clock) -> None:
    for order_id in ("3", "1", "2"):
        queue.mark([order_id])
        clock.forward(1)
    assert claimed(queue, 2) == ["3", "1"]
    assert claimed(queue, 2) == ["2"]


def test_a_claim_of_nothing_leases_nothing(queue: OrderQueue) -> None:
    claim = queue.claim(50, LEASE)
    assert (claim.ids, claim.crashes, claim.forced) == ([], {}, frozenset())
    assert claim.token


def test_a_done_order_is_not_due_again(queue: OrderQueue, clock: Clock) -> None:
    queue.mark(["1"])
    queue.done(queue.claim(1, LEASE), "1")
    clock.forward(10 * LEASE)
    assert claimed(queue) == []
    assert not queue.work_to_do()


def test_an_order_marked_while_it_is_worked_on_is_looked_at_again(queue: OrderQueue) -> None:
    queue.mark(["1"])
    claim = queue.claim(1, LEASE)
    queue.mark(["1"])
    assert claimed(queue) == []  # by nobody else at the same time
    queue.done(claim, "1")
    assert claimed(queue) == ["1"]


def test_again_makes_due_after_the_pause(queue: OrderQueue, clock: Clock) -> None:
    queue.mark(["1", "2"])
    queue.again(queue.claim(2, LEASE), ["1", "2"], 15)
    clock.forward(14.9)
    assert claimed(queue) == []
    clock.forward(0.2)
    assert set(claimed(queue)) == {"1", "2"}


def test_what_came_to_nothing_keeps_its_place_in_the_line(queue: OrderQueue, clock: Clock) -> None:
    """Given orders that were tried while Odoo was away, when it is back, they come before those that arrived later."""
    queue.mark(["first"])
    clock.forward(1)
    queue.mark(["second"])
    queue.again(queue.claim(1, LEASE), ["first"], 15)
    clock.forward(1)
    queue.mark(["third"])
    assert queue.claim(1, LEASE).ids == ["second"], "its pause is not over"
    clock.forward(20)
    queue.mark(["fourth"])
    assert queue.claim(10, LEASE).ids == ["first", "third", "fourth"]


def test_orders_of_a_vanished_worker_keep_their_place_in_the_line(queue: OrderQueue, clock: Clock) -> None:
    queue.mark(["first"])
    queue.claim(1, LEASE)
    clock.forward(1)
    queue.mark(["second"])
    clock.forward(LEASE)
    assert queue.claim(10, LEASE).ids == ["first", "second"]


def test_an_earlier_due_time_stays(queue: OrderQueue, clock: Clock) -> None:
    queue.mark(["1"])
    claim = queue.claim(1, LEASE)
    queue.mark(["1"])
    queue.again(claim, ["1"], 3600)
    assert claimed(queue) == ["1"]
    assert queue.counts().later == 0


def test_a_mark_brings_a_parked_order_forward(queue: OrderQueue) -> None:
    queue.mark(["1"])
    queue.park(queue.claim(1, LEASE), Parked(id="1", code="unknown_sku", message="?"), 3600)
    assert claimed(queue) == []
    queue.mark(["1"])
    assert claimed(queue) == ["1"]


def test_a_parked_order_keeps_its_reason_and_is_due_after_the_pause(queue: OrderQueue, clock: Clock) -> None:
    queue.mark(["1"])
    entry = Parked(
        order_id="1", code="unknown_sku", message="No product for X.", remedy="Make one.", ship_by=datetime.now(UTC)
    )
    queue.park(queue.claim(1, LEASE), entry, 30)
    assert queue.parked("1") == entry
    assert queue.all_parked() == [entry]
    clock.forward(31)
    claim = queue.claim(1, LEASE)
    assert claim.ids == ["1"]
    assert queue.parked("1") == entry  # the reason holds until the order is as it should be
    queue.done(claim, "1")
    assert queue.parked("1") is None


def test_parked_orders_are_listed_longest_parked_first(queue: OrderQueue) -> None:
    now = datetime.now(UTC)
    queue.mark(["1", "2", "3"])
    claim = queue.claim(3, LEASE)
    for order_id, age in (("1", 5), ("2", 50), ("3", 20)):
        entry = Parked(id=order_id, code="x", message="x", since=now - timedelta(minutes=age))
        queue.park(claim, entry, 30)
    assert [entry.id for entry in queue.all_parked()] == ["2", "3", "1"]


def test_a_waiting_order_is_not_due_and_leaves_the_list_when_done(queue: OrderQueue, clock: Clock) -> None:
    queue.mark(["1"])
    queue.wait(queue.claim(1, LEASE), Waiting(id="1", status="ON_HOLD"), update_time=100)
    assert [(entry.id, entry.status) for entry in queue.all_waiting()] == [("1", "ON_HOLD")]
    clock.forward(10 * LEASE)
    assert claimed(queue) == []
    queue.mark(["1"])
    queue.done(queue.claim(1, LEASE), "1")
    assert queue.all_waiting() == []


def test_an_order_is_waiting_or_parked_and_never_both(queue: OrderQueue) -> None:
    """Both count against stock: an order in both lists would count twice."""
    queue.mark(["1"])
    queue.wait(queue.claim(1, LEASE), Waiting(id="1", status="ON_HOLD"), update_time=100)
    queue.mark(["1"])
    queue.park(queue.claim(1, LEASE), Parked(id="1", code="unknown_sku", message="?"), 30)
    assert (queue.counts().waiting, queue.counts().parked) == (0, 1)
    queue.mark(["1"])
    queue.wait(queue.claim(1, LEASE), Waiting(id="1", status="ON_HOLD"), update_time=101)
    assert (queue.counts().waiting, queue.counts().parked) == (1, 0)


def test_orders_of_a_vanished_worker_are_due_again_and_the_crash_is_counted(queue: OrderQueue, clock: Clock) -> None:
    queue.mark(["1", "2"])
    assert len(claimed(queue)) == 2
    assert not queue.work_to_do()
    clock.forward(LEASE - 0.1)
    assert claimed(queue) == []
    clock.forward(0.2)
    assert queue.work_to_do()
    claim = queue.claim(50, LEASE)
    assert set(claim.ids) == {"1", "2"}
    assert claim.crashes == {"1": 1, "2": 1}


def test_an_order_that_was_settled_has_a_clean_record(queue: OrderQueue, clock: Clock) -> None:
    queue.mark(["1"])
    claimed(queue)
    clock.forward(LEASE + 1)
    queue.again(queue.claim(1, LEASE), ["1"], 0)
    assert queue.claim(1, LEASE).crashes == {}


def test_an_order_over_which_two_workers_vanished_is_claimed_alone(queue: OrderQueue, clock: Clock) -> None:
    queue.mark(["1"])
    for _ in range(2):
        claimed(queue)
        clock.forward(LEASE + 1)
    queue.mark(["2", "3"])
    suspect = queue.claim(50, LEASE)
    assert (suspect.ids, suspect.crashes) == (["1"], {"1": 2})
    assert set(claimed(queue)) == {"2", "3"}


def test_suspects_are_claimed_one_by_one_and_the_others_together(queue: OrderQueue, clock: Clock) -> None:
    queue.mark(["1", "2", "3"])
    for _ in range(2):
        while claimed(queue):
            pass
        clock.forward(LEASE + 1)
    queue.mark(["4", "5"])
    groups = []
    while ids := claimed(queue):
        groups.append(set(ids))
    assert {"4", "5"} in groups
    assert [group for group in groups if group - {"4", "5"}] == [{"1"}, {"2"}, {"3"}]


def lost_lease(queue: OrderQueue, clock: Clock) -> tuple[Claim, Claim]:
    """A worker that took too long, and the one that has its order now."""
    queue.mark(["1"])
    slow = queue.claim(1, LEASE)
    clock.forward(LEASE + 1)
    return slow, queue.claim(1, LEASE)


def test_done_after_a_lost_lease_does_nothing(queue: OrderQueue, clock: Clock) -> None:
    slow, other = lost_lease(queue, clock)
    queue.park(other, Parked(id="1", code="unknown_sku", message="?"), 30)
    queue.done(slow, "1", update_time=999)
    assert queue.parked("1") is not None
    assert queue.unseen({"1": 999}) == ["1"]
    clock.forward(31)
    assert claimed(queue) == ["1"]


def test_parking_after_a_lost_lease_does_nothing(queue: OrderQueue, clock: Clock) -> None:
    slow, other = lost_lease(queue, clock)
    queue.done(other, "1")
    queue.park(slow, Parked(id="1", code="odoo_refused", message="?"), 30)
    assert queue.all_parked() == []
    clock.forward(31)
    assert claimed(queue) == []


def test_waiting_after_a_lost_lease_does_nothing(queue: OrderQueue, clock: Clock) -> None:
    slow, other = lost_lease(queue, clock)
    queue.done(other, "1", update_time=200)
    queue.wait(slow, Waiting(id="1", status="ON_HOLD"), update_time=100)
    assert queue.all_waiting() == []
    assert queue.unseen({"1": 200}) == []


def test_again_after_a_lost_lease_leaves_the_other_worker_alone(queue: OrderQueue, clock: Clock) -> None:
    slow, other = lost_lease(queue, clock)
    queue.again(slow, ["1"], 0)
    assert claimed(queue) == []
    queue.done(other, "1")
    assert claimed(queue) == []


def test_a_settled_order_cannot_be_settled_twice(queue: OrderQueue) -> None:
    queue.mark(["1"])
    claim = queue.claim(1, LEASE)
    queue.done(claim, "1")
    queue.park(claim, Parked(id="1", code="x", message="x"), 0)
    assert queue.all_parked() == []
    assert claimed(queue) == []


def test_force_holds_until_the_order_is_done(queue: OrderQueue) -> None:
    queue.mark(["1", "2"])
    queue.mark(["1"], force=True)
    claim = queue.claim(2, LEASE)
    assert claim.forced == {"1"}
    queue.park(claim, Parked(id="1", code="unknown_sku", message="?"), 0)
    queue.done(claim, "2")
    claim = queue.claim(2, LEASE)
    assert claim.forced == {"1"}
    queue.done(claim, "1")
    queue.mark(["1"])
    assert queue.claim(1, LEASE).forced == frozenset()


def test_a_force_that_comes_while_the_order_is_worked_on_is_not_lost(queue: OrderQueue) -> None:
    queue.mark(["1"])
    claim = queue.claim(1, LEASE)
    queue.mark(["1"], force=True)
    queue.done(claim, "1")
    assert queue.claim(1, LEASE).forced == {"1"}


def test_two_claimers_never_share_an_order(server: fakeredis.FakeServer) -> None:
    ids = {str(number) for number in range(300)}
    OrderQueue(fakeredis.FakeRedis(server=server, decode_responses=True), SHOP_ID).mark(ids)
    barrier = threading.Barrier(6)
    taken: list[str] = []

    def work() -> None:
        own = OrderQueue(fakeredis.FakeRedis(server=server, decode_responses=True), SHOP_ID)
        barrier.wait()
        while got := own.claim(7, LEASE).ids:
            taken.extend(got)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(ids)


def test_a_poll_takes_only_what_changed_since_it_was_settled(queue: OrderQueue) -> None:
    queue.mark(["1", "2", "3"])
    claim = queue.claim(3, LEASE)
    for order_id in ("1", "2"):
        queue.done(claim, order_id, update_time=100)
    queue.again(claim, ["3"], 0)
    assert queue.unseen({"1": 100, "2": 101, "3": 100, "4": 100}) == ["2", "3", "4"]
    assert queue.unseen({}) == []
    queue.forget_seen()
    assert queue.unseen({"1": 100}) == ["1"]


def test_imported_orders_are_remembered_for_as_long_as_asked(queue: OrderQueue, clock: Clock) -> None:
    queue.remember_imported([])
    queue.remember_imported(["1"])
    assert queue.was_imported(["1", "2"]) == {"1"}
    assert queue.was_imported([]) == set()
    queue.forget_before(datetime.now(UTC) - timedelta(days=1))
    assert queue.was_imported(["1"]) == {"1"}
    queue.forget_before(datetime.now(UTC) + timedelta(seconds=1))
    assert queue.was_imported(["1"]) == set()


def test_counts_tell_where_each_order_is(queue: OrderQueue, clock: Clock) -> None:
    queue.mark([str(number) for number in range(6)])
    claim = queue.claim(4, LEASE)
    first, second, third, _ = claim.ids
    queue.park(claim, Parked(id=first, code="x", message="x"), 60)
    queue.wait(claim, Waiting(id=second, status="UNPAID"), update_time=1)
    queue.done(claim, third)
    clock.forward(7)
    counts = queue.counts()
    assert (counts.due, counts.later, counts.leased, counts.parked, counts.waiting) == (2, 1, 1, 1, 1)
    assert counts.oldest_due == pytest.approx(7, abs=0.01)


def test_unsettled_orders_are_those_that_are_due_worked_on_or_parked(queue: OrderQueue) -> None:
    queue.mark(["1", "2", "3", "4"])
    claim = queue.claim(4, LEASE)
    queue.done(claim, "1")
    queue.wait(claim, Waiting(id="2", status="ON_HOLD"), update_time=1)
    queue.park(claim, Parked(id="3", code="x", message="x"), 60)
    queue.mark(["5"])
    assert queue.unsettled() == ["3", "4", "5"]


def test_a_removed_shop_leaves_nothing_behind(queue: OrderQueue, redis: Any) -> None:
    queue.mark(["1", "2", "3", "4"], force=True)
    claim = queue.claim(3, LEASE)
    queue.park(claim, Parked(id="1", code="x", message="x"), 60)
    queue.wait(claim, Waiting(id="2", status="UNPAID"), update_time=1)
    queue.remember_imported(["9"])
    queue.drop()
    queue.done(claim, "3", update_time=5)  # a worker that was still at it
    assert redis.keys("*") == []


def test_shops_do_not_see_each_others_orders(redis: Any, queue: OrderQueue) -> None:
    queue.mark(["1"])
    assert claimed(OrderQueue(redis, "other")) == []
    assert claimed(queue) == ["1"]


def test_since_when_an_order_is_due_outlives_attempts_and_vanished_workers(queue: OrderQueue, clock: Clock) -> None:
    queue.mark(["1"])
    marked = clock.now
    first = queue.claim(50, LEASE)
    queue.again(first, ["1"], 15)
    clock.forward(20)
    assert queue.claim(50, LEASE).since == {"1": pytest.approx(marked)}  # and this worker vanishes
    clock.forward(LEASE + 1)
    last = queue.claim(50, LEASE)
    assert last.seconds_due("1") == queue.counts().oldest_due == pytest.approx(LEASE + 21)
    queue.done(last, "1")
    assert queue.counts().oldest_due == 0
    queue.mark(["1"])
    assert queue.claim(50, LEASE).seconds_due("1") == 0


def test_what_was_taken_out_by_another_way_is_not_late_for_ever(queue: OrderQueue, redis: Any, clock: Clock) -> None:
    redis.zadd(f"tts:orders:begun:{SHOP_ID}", {"gone": clock.now - 5000})
    queue.mark(["1"])
    claim = queue.claim(50, LEASE)
    queue.done(claim, "1")
    assert queue.counts().oldest_due == 0


def test_which_shops_have_work_is_one_question_for_all(redis: Any, clock: Clock) -> None:
    due, lost, later, quiet = (OrderQueue(redis, shop) for shop in ("1", "2", "3", "4"))
    due.mark(["a"])
    lost.mark(["b"])
    lost.claim(1, 60)
    later.mark(["c"])
    claim = later.claim(1, 60)
    later.again(claim, ["c"], 600)
    assert with_work(redis, "orders", ["1", "2", "3", "4"]) == ["1"]
    clock.forward(61)
    assert with_work(redis, "orders", ["1", "2", "3", "4"]) == ["1", "2"]
    assert with_work(redis, "orders", []) == []
    assert not quiet.work_to_do()
