"""A person has one delivery looked at now, and is told what came of it: in line, parked, later, or not in Odoo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.builders import SHOP_ID, add_account, make_shop
from worker.errors import ConfigurationError, RetryableError
from worker.state.dirty_set import Claim, DirtySet, Parked
from worker.state.problems import ODOO
from worker.state.shops import Shop
from worker.sync import delivery_follow
from worker.sync.delivery_follow import Followed, follow
from worker.sync.runtime import Runtime

#: What a round does with the claim that holds the order.
Act = Callable[[Runtime, DirtySet, Claim], None]


@pytest.fixture
def shop(runtime: Runtime) -> Shop:
    add_account(runtime)
    return runtime.shops.claim(make_shop())


@pytest.fixture
def followed(runtime: Runtime, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Callable[[Act], Followed]:
    """Follows order 571 with rounds that do nothing but ``act``."""

    def run(act: Act) -> Followed:
        class Round:
            def __init__(self, *_: Any) -> None:
                self.queue = runtime.fulfillment_queue(shop.id)

            def run(self) -> bool:
                claim = self.queue.claim(10, 60)
                if claim.ids:
                    act(runtime, self.queue, claim)
                return False

        monkeypatch.setattr(delivery_follow, "FulfillmentDrain", Round)
        monkeypatch.setattr(delivery_follow, "_PAUSE", 0.01)
        return follow(runtime, shop, "571", by="anna", patience=0.3)

    return run


def done(runtime: Runtime, queue: DirtySet, claim: Claim) -> None:
    runtime.timeline(SHOP_ID).add(claim.ids, "delivery", "tracking 1Z on WH/OUT/00007")
    queue.all_done(claim, claim.ids)


def park(_: Runtime, queue: DirtySet, claim: Claim) -> None:
    for one in claim.ids:
        queue.park(claim, Parked(id=one, code="no_tracking", message="x", remedy="y"), 600)


def wait(_: Runtime, queue: DirtySet, claim: Claim) -> None:
    queue.again(claim, claim.ids, 20)


def fail(runtime: Runtime, queue: DirtySet, claim: Claim) -> None:
    runtime.problems.report(ODOO, RetryableError("Odoo does not answer.", code="odoo_unavailable"), 15)
    wait(runtime, queue, claim)


def vanish(*_: Any) -> None:
    """Another worker has it, and says nothing."""


def test_what_is_in_line_is_told_with_what_was_done(runtime: Runtime, followed: Callable[[Act], Followed]) -> None:
    runtime.queue(SHOP_ID).remember_imported(["571"])
    runtime.timeline(SHOP_ID).add(["571"], "delivery", "label of package 1 attached")
    told = followed(done)
    assert told.outcome == "settled"
    assert [entry.text for entry in told.told if entry.kind == "delivery"][-1] == "tracking 1Z on WH/OUT/00007"
    assert any(entry.kind == "operator" for entry in runtime.timeline(SHOP_ID).of("571"))


def test_an_order_that_odoo_has_not_is_said_to_be_so(followed: Callable[[Act], Followed]) -> None:
    assert followed(done).outcome == "not_in_odoo"


def test_what_is_in_the_way_is_told(followed: Callable[[Act], Followed]) -> None:
    told = followed(park)
    assert told.parked is not None
    assert (told.outcome, told.parked.code) == ("parked", "no_tracking")


def test_a_label_that_is_still_being_made_comes_later_whatever_was_in_the_way_before(
    runtime: Runtime, followed: Callable[[Act], Followed]
) -> None:
    queue = runtime.fulfillment_queue(SHOP_ID)
    queue.mark(["571"])
    park(runtime, queue, queue.claim(1, 60))
    told = followed(wait)
    assert (told.outcome, told.parked, told.problem) == ("later", None, None)


def test_a_side_that_is_away_is_told_and_not_waited_for(followed: Callable[[Act], Followed]) -> None:
    told = followed(fail)
    assert told.problem is not None
    assert (told.outcome, told.problem.code) == ("later", "odoo_unavailable")


def test_whoever_waits_for_a_worker_that_has_it_waits_no_longer_than_said(
    followed: Callable[[Act], Followed],
) -> None:
    assert followed(vanish).outcome == "later"


def test_a_shop_that_is_off_is_refused_before_anything_is_done(runtime: Runtime, shop: Shop) -> None:
    runtime.shops.save(shop.model_copy(update={"enabled": False}))
    with pytest.raises(ConfigurationError, match="not synchronised"):
        follow(runtime, shop, "571", by="anna")
    assert not runtime.fulfillment_queue(shop.id).is_open("571")
