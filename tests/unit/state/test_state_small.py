"""Cursors, heartbeats, problems, and the way to Redis."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.conftest import Clock
from worker.errors import ConfigurationError, RetryableError
from worker.state.connection import REDIS_AWAY, connect, key
from worker.state.cursors import Cursors, beat, heartbeat_age
from worker.state.problems import ODOO, Problems, shop_scope


def test_a_cursor_only_moves_forward(redis: Any) -> None:
    cursors = Cursors(redis)
    assert cursors.get("1") is None
    seen = []
    for update_time in (100, 90, 101):
        cursors.advance("1", update_time)
        seen.append(cursors.get("1"))
    assert seen == [100, 100, 101]
    assert cursors.get("2") is None


def test_a_dropped_cursor_begins_anew(redis: Any, clock: Clock) -> None:
    cursors = Cursors(redis)
    cursors.advance("1", 100)
    cursors.polled("1")
    assert cursors.last_poll("1") == int(clock.now)
    cursors.drop("1")
    assert (cursors.get("1"), cursors.last_poll("1")) == (None, None)


def test_the_newest_heartbeat_of_any_worker_counts(redis: Any, clock: Clock) -> None:
    assert heartbeat_age(redis) is None
    beat(redis, "one")
    clock.forward(30)
    beat(redis, "two")
    clock.forward(5)
    assert heartbeat_age(redis) == pytest.approx(5, abs=1)


def test_a_problem_pauses_its_scope_for_a_while(redis: Any, clock: Clock) -> None:
    problems = Problems(redis)
    scope = shop_scope("1")
    problems.report(scope, RetryableError("TikTok is away.", code="unavailable"), 15)
    assert problems.paused(ODOO, scope)
    assert not problems.paused(ODOO, shop_scope("2"))
    clock.forward(15.1)
    assert not problems.paused(ODOO, scope)
    assert [problem.scope for problem in problems.all()] == [scope]  # still shown until it works again


def test_a_problem_that_lasts_keeps_the_time_of_its_beginning(redis: Any) -> None:
    problems = Problems(redis)
    problems.report(ODOO, RetryableError("Away."), 15)
    (first,) = problems.all()
    problems.report(ODOO, ConfigurationError("Wrong key.", code="odoo_login", remedy="Renew it."), 60)
    (second,) = problems.all()
    assert second.since == first.since
    assert (second.code, second.message, second.remedy) == ("odoo_login", "Wrong key.", "Renew it.")


def test_a_success_clears_problem_and_pause(redis: Any) -> None:
    problems = Problems(redis)
    problems.report(ODOO, RetryableError("Away."), 15)
    problems.report(shop_scope("1"), RetryableError("Away."), 15)
    problems.clear(ODOO)
    assert not problems.paused(ODOO)
    assert [problem.scope for problem in problems.all()] == [shop_scope("1")]


def test_all_keys_are_below_our_prefix() -> None:
    assert key("orders", "due", "7") == "tts:orders:due:7"


@pytest.mark.parametrize("url", ["", "localhost:6379", "http://127.0.0.1", "redis://127.0.0.1:port/0"])
def test_an_address_that_is_no_redis_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"REDIS_URL is not the address of a Redis\. Write it as"):
        connect(url)


def test_a_redis_that_is_away_is_told_from_other_faults() -> None:
    with pytest.raises(REDIS_AWAY):
        connect("redis://127.0.0.1:1/0", timeout=0.5, retries=0).ping()
