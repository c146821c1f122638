"""The dirty set against a plain model of it, over random histories: no order is ever lost, none has two owners."""

from __future__ import annotations

import time
from unittest import mock

import fakeredis
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from worker.state.dirty_set import Claim, Parked
from worker.state.orders import OrderQueue

LEASE = 100.0
IDS = st.sampled_from([str(number) for number in range(6)])


class DirtySet(RuleBasedStateMachine):
    """``due`` and ``leases`` are what should be; after each step the queue is compared with them."""

    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_790_000_000.0
        self.patch = mock.patch.object(time, "time", self._time)
        self.patch.start()
        self.queue = OrderQueue(fakeredis.FakeRedis(decode_responses=True), "shop")
        self.due: dict[str, float] = {}
        self.leases: dict[str, tuple[str, float]] = {}
        self.crashes: dict[str, int] = {}
        self.reasons: dict[str, str] = {}

    def _time(self) -> float:
        return self.now

    def teardown(self) -> None:
        self.patch.stop()

    def _due(self, order_id: str, when: float) -> None:
        self.due[order_id] = min(when, self.due.get(order_id, when))

    @rule(ids=st.lists(IDS, min_size=1, max_size=4))
    def mark(self, ids: list[str]) -> None:
        self.queue.mark(ids)
        for order_id in ids:
            self._due(order_id, self.now)

    @rule(seconds=st.sampled_from([1.0, 30.0, LEASE + 1]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule(target=claims, limit=st.integers(1, 4))
    def claim(self, limit: int) -> Claim:
        claim = self.queue.claim(limit, LEASE)
        for order_id, (_, ends) in list(self.leases.items()):
            if ends <= self.now:
                del self.leases[order_id]
                self.crashes[order_id] = self.crashes.get(order_id, 0) + 1
                self._due(order_id, self.now)
        free = {i for i, when in self.due.items() if when <= self.now and i not in self.leases}
        assert set(claim.ids) <= free
        assert len(claim.ids) <= limit
        assert bool(claim.ids) == bool(free)  # whoever asks gets work when there is any
        assert claim.crashes == {i: self.crashes[i] for i in claim.ids if self.crashes.get(i)}
        suspects = [i for i in claim.ids if self.crashes.get(i, 0) >= 2]
        assert not suspects or claim.ids == suspects[:1]
        for order_id in claim.ids:
            del self.due[order_id]
            self.leases[order_id] = (claim.token, self.now + LEASE)
        return claim

    def _ends(self, claim: Claim, order_id: str) -> bool:
        """Whether the claim still holds the order; its lease ends."""
        if self.leases.get(order_id, ("", 0.0))[0] != claim.token:
            return False
        del self.leases[order_id]
        self.crashes.pop(order_id, None)
        return True

    @rule(claim=consumes(claims))
    def done(self, claim: Claim) -> None:
        for order_id in claim.ids:
            self.queue.done(claim, order_id)
            if self._ends(claim, order_id):
                self.reasons.pop(order_id, None)

    @rule(claim=consumes(claims), pause=st.sampled_from([0.0, 20.0]))
    def again(self, claim: Claim, pause: float) -> None:
        self.queue.again(claim, claim.ids, pause)
        for order_id in claim.ids:
            if self._ends(claim, order_id):
                self._due(order_id, self.now + pause)

    @rule(claim=consumes(claims), reason=st.sampled_from(["unknown_sku", "total_mismatch"]))
    def park(self, claim: Claim, reason: str) -> None:
        for order_id in claim.ids:
            self.queue.park(claim, Parked(id=order_id, code=reason, message="?"), 20)
            if self._ends(claim, order_id):
                self.reasons[order_id] = reason
                self._due(order_id, self.now + 20)

    @invariant()
    def the_queue_is_what_it_should_be(self) -> None:
        counts = self.queue.counts()
        due = sum(when <= self.now for when in self.due.values())
        assert (counts.due, counts.later, counts.leased) == (due, len(self.due) - due, len(self.leases))
        assert {entry.id: entry.code for entry in self.queue.all_parked()} == self.reasons

    @invariant()
    def a_parked_order_is_due_or_worked_on(self) -> None:
        assert set(self.reasons) <= self.due.keys() | self.leases.keys()


DirtySet.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestDirtySet = DirtySet.TestCase
