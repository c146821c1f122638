"""How long work comes on, and when it counts as lost; the plan of a push that a person may agree to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from worker.state import progress as module
from worker.state.progress import Progress, Work
from worker.state.stock_plan import StockPlan, StockPlans


@pytest.fixture
def progress(redis: Any) -> Progress:
    return Progress(redis, "1")


def test_work_is_asked_for_once_while_it_is_under_way(progress: Progress) -> None:
    asked = progress.ask("orders", by="anna", since="2026-01-01")
    assert asked is not None
    assert progress.ask("orders", by="bert") is None
    assert progress.ask("compare", by="bert") is not None
    known = progress.get("orders")
    assert known is not None
    assert (known.by, known.options, known.state) == ("anna", {"since": "2026-01-01"}, "asked")


def test_what_was_asked_for_is_begun_moved_and_ended_as_the_same_work(progress: Progress) -> None:
    asked = progress.ask("orders", by="anna", force="yes")
    work = progress.begin("orders")
    assert asked is not None
    assert (work.id, work.state, work.options) == (asked.id, "running", {"force": "yes"})
    progress.keep("orders", work, done=5, total=9)
    known = progress.begin("orders")  # the next share of the same work
    assert (known.done, known.total) == (5, 9)
    progress.keep("orders", known, state="done", message="All done.")
    assert progress.ask("orders", by="bert") is not None


def test_a_worker_that_begins_by_itself_begins_anew(progress: Progress) -> None:
    ended = progress.keep("catalog", progress.begin("catalog"), state="done", done=7)
    work = progress.begin("catalog")
    assert work.id != ended.id
    assert (work.by, work.done) == ("", 0)


def test_work_that_has_not_moved_for_minutes_is_lost_and_may_be_asked_for_again(
    progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress.ask("orders", by="anna")
    later = datetime.now(UTC) + timedelta(minutes=6)
    monkeypatch.setattr(module, "_now", lambda: later)
    known = progress.get("orders")
    assert known is not None
    assert (known.under_way, known.lost) == (False, True)
    assert progress.ask("orders", by="bert") is not None


def test_all_work_of_a_shop_is_told_and_forgotten_after_a_day(progress: Progress, redis: Any) -> None:
    progress.ask("orders", by="anna")
    progress.ask("push", by="anna")
    assert set(progress.all()) == {"orders", "push"}
    assert 0 < redis.ttl("tts:progress:orders:1") <= 86_400
    progress.drop()
    assert progress.all() == {}


def test_work_that_ended_is_neither_under_way_nor_lost() -> None:
    for state in ("done", "failed"):
        work = Work(by="", state=state)  # type: ignore[arg-type]
        assert (work.under_way, work.lost) == (False, False)


def test_a_plan_is_too_old_to_agree_to_after_an_hour(redis: Any) -> None:
    plans = StockPlans(redis)
    plan = StockPlan(compared=3)
    plans.keep("1", plan)
    assert plans.get("1") == plan
    assert plans.get("2") is None
    assert 0 < redis.ttl("tts:inventory:plan:1") <= 3600
    plans.drop("1")
    assert plans.get("1") is None
