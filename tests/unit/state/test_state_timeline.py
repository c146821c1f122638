"""An order's timeline: short, in order, and gone by itself."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.unit.builders import SHOP_ID
from tests.unit.conftest import Clock
from worker.state.timeline import ENTRIES_KEPT, Line, Timeline, timeline_key


@pytest.fixture
def timeline(redis: Any, clock: Clock) -> Timeline:
    return Timeline(redis, SHOP_ID, days=3)


def told(timeline: Timeline, order_id: str = "571") -> list[tuple[str, str]]:
    return [(entry.kind, entry.text) for entry in timeline.of(order_id)]


def test_entries_are_told_in_order_with_their_times(timeline: Timeline, clock: Clock) -> None:
    timeline.add(["571", "572"], "poll", "changed")
    clock.forward(1.5)
    timeline.write({"571": [Line("fetched", "AWAITING_SHIPMENT", time.time()), Line("odoo", "S00001", time.time())]})
    assert told(timeline) == [("poll", "changed"), ("fetched", "AWAITING_SHIPMENT"), ("odoo", "S00001")]
    assert told(timeline, "572") == [("poll", "changed")]
    assert told(timeline, "573") == []
    first, _, last = timeline.of("571")
    assert (last.at - first.at).total_seconds() == 1.5


def test_a_text_with_lines_and_bars_stays_one_entry(timeline: Timeline) -> None:
    timeline.add(["571"], "parked", "refused: a | b\nand\tmore")
    assert told(timeline) == [("parked", "refused: a | b and more")]


def test_a_very_long_text_is_cut(timeline: Timeline) -> None:
    timeline.add(["571"], "parked", "x" * 5000)
    assert len(told(timeline)[0][1]) == 300


def test_only_the_newest_entries_are_kept(timeline: Timeline) -> None:
    for number in range(ENTRIES_KEPT + 5):
        timeline.add(["571"], "poll", str(number))
    assert told(timeline) == [("poll", str(number)) for number in range(5, ENTRIES_KEPT + 5)]


def test_what_is_said_again_takes_the_place_of_the_last_entry(timeline: Timeline, clock: Clock) -> None:
    """An outage retries every few seconds; what came before it must not be pushed out."""
    timeline.add(["571"], "webhook", "came")
    for _ in range(100):
        clock.forward(15)
        timeline.add(["571"], "error", "odoo_unavailable: no answer")
    assert told(timeline) == [("webhook", "came"), ("error", "odoo_unavailable: no answer")]
    assert timeline.of("571")[-1].at.timestamp() == pytest.approx(clock.now, abs=0.001)


def test_it_expires_when_nothing_happened_for_the_given_days(timeline: Timeline, redis: Any) -> None:
    timeline.add(["571"], "poll", "changed")
    assert redis.ttl(timeline_key(SHOP_ID, "571")) == 3 * 86400


def test_more_orders_than_one_call_takes_are_all_told(timeline: Timeline) -> None:
    ids = [str(number) for number in range(450)]
    timeline.add(ids, "poll", "changed")
    assert all(told(timeline, order_id) == [("poll", "changed")] for order_id in ids)


def test_a_removed_shop_leaves_nothing_and_takes_nothing_of_others(timeline: Timeline, redis: Any) -> None:
    other = Timeline(redis, "2")
    timeline.add(["571", "572"], "poll", "changed")
    other.add(["571"], "poll", "changed")
    timeline.drop()
    assert redis.keys("*") == [timeline_key("2", "571")]
