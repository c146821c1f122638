"""When a backlog of orders will be gone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.builders import make_shop
from worker.state.dirty_set import Counts
from worker.state.history import Sample
from worker.state.metrics import parse
from worker.state.standing import RedisStanding, ShopStanding, Standing
from worker.sync.backlog import Backlog, backlog_of

NOW = 1_800_000_000


def standing(due: int, leased: int = 0) -> Standing:
    none = Counts()
    shop = ShopStanding(
        shop=make_shop(),
        orders=Counts(due=due, leased=leased),
        stock=none,
        products=none,
        fulfillment=none,
        requests=0,
        answer_by=None,
        skus=0,
        unmapped=0,
        last_poll=None,
        reconciled=None,
    )
    return Standing(
        at=NOW,
        shops=[shop],
        problems=[],
        workers={},
        queues={},
        redis=RedisStanding(),
        broker=None,
        measured=parse({}),
        counters={},
    )


def test_few_orders_are_no_backlog() -> None:
    assert backlog_of(standing(40, 9), [Sample(at=NOW - 120, due=1000)]) is None


def test_a_backlog_that_gets_fewer_says_when_it_is_gone() -> None:
    found = backlog_of(standing(550, 50), [Sample(at=NOW - 120, due=1000), Sample(at=NOW - 60, due=700)])
    assert found == Backlog(600, 200.0, datetime.fromtimestamp(NOW + 180, UTC))


def test_one_that_grows_or_stands_still_has_no_end() -> None:
    assert backlog_of(standing(600), [Sample(at=NOW - 60, due=540)]) == Backlog(600, -60.0)
    assert backlog_of(standing(600), [Sample(at=NOW - 60, due=600)]) == Backlog(600, 0.0)


@pytest.mark.parametrize("age", [5, 59, 601, 4000])
def test_what_was_just_now_or_long_ago_tells_no_pace(age: int) -> None:
    assert backlog_of(standing(600), [Sample(at=NOW - age, due=5000)]) == Backlog(600)
