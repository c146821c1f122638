"""What an operator does with webhooks: find them, look at one, replay."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.builders import SHOP_ID, add_account, make_shop
from tests.unit.conftest import Clock
from worker.errors import ConfigurationError
from worker.state.audit import Audit
from worker.state.inbox import Event
from worker.sync import event_actions
from worker.sync.event_actions import Wanted, find, find_all, get, pretty, replay, replay_all
from worker.sync.runtime import Runtime


@pytest.fixture
def linked(runtime: Runtime, clock: Clock) -> Runtime:
    """One linked shop."""
    add_account(runtime)
    runtime.shops.claim(make_shop())
    return runtime


def receive(runtime: Runtime, number: int = 1, **values: Any) -> Event:
    """A webhook came in."""
    given = {
        "shop_id": SHOP_ID,
        "topic": "1",
        "notification_id": f"73{number}",
        "body": json.dumps({"number": number, "name": "Größe"}),
        "account_ids": ["demo"],
        "order_ids": [f"57{number}"],
        **values,
    }
    runtime.inbox.receive(**given)
    return runtime.inbox.latest(1)[0]


def due(runtime: Runtime, shop_id: str = SHOP_ID) -> list[str]:
    """The shop's due orders; they are worked off with that."""
    queue = runtime.queue(shop_id)
    claim = queue.claim(100, 60)
    queue.all_done(claim, claim.ids)
    return sorted(claim.ids)


@pytest.fixture
def mixed(linked: Runtime, clock: Clock) -> list[Event]:
    """Three events, a second apart: an order's, a product's, an unknown shop's."""
    events = []
    for number, values in enumerate(
        [{}, {"topic": "15", "order_ids": [], "product_ids": ["1729"]}, {"shop_id": "999"}], 1
    ):
        events.append(receive(linked, number, **values))
        clock.forward(1)
    return events


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, [3, 2, 1]),
        ({"shop_id": SHOP_ID}, [2, 1]),
        ({"topic": "15"}, [2]),
        ({"topic": "product_information_change"}, [2]),
        ({"topic": "PRODUCT"}, []),
        ({"outcome": "unknown_shop"}, [3]),
        ({"order_id": "571"}, [1]),
        ({"order_id": "57"}, []),
        ({"since": datetime.fromtimestamp(1_790_000_001.25, UTC)}, [3, 2]),
        ({"shop_id": SHOP_ID, "topic": "1", "outcome": "stored"}, [1]),
    ],
)
def test_events_are_narrowed_down_by_what_they_are_about(
    linked: Runtime, mixed: list[Event], wanted: dict[str, Any], numbers: list[int]
) -> None:
    expected = [mixed[number - 1] for number in numbers]
    assert find(linked, Wanted(**wanted), limit=10).events == expected
    assert find_all(linked, Wanted(**wanted), limit=10) == expected


def test_a_search_goes_on_where_it_ended(linked: Runtime) -> None:
    events = [receive(linked, number) for number in range(5)]
    first = find(linked, Wanted(), limit=2)
    assert first.events == [events[4], events[3]]
    second = find(linked, Wanted(), limit=2, before=first.older)
    assert second.events == [events[2], events[1]]
    last = find(linked, Wanted(), limit=2, before=second.older)
    assert (last.events, last.older) == ([events[0]], "")


def test_a_search_for_what_is_rare_reads_so_much_at_once_and_goes_on(
    linked: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_actions, "_MOST_READ", 3)
    rare = receive(linked, 0, order_ids=["1"])
    for number in range(1, 5):
        receive(linked, number)
    first = find(linked, Wanted(order_id="1"), limit=2)
    assert (first.events, bool(first.older)) == ([], True)
    assert find(linked, Wanted(order_id="1"), limit=2, before=first.older).events == [rare]


@pytest.mark.parametrize("event_id", ["1-1", "", "x", "1", "1-", "9" * 30 + "-1", "+", "-"])
def test_an_event_that_is_none_is_said(linked: Runtime, event_id: str) -> None:
    with pytest.raises(ConfigurationError, match="There is no event") as error:
        get(linked, event_id)
    assert error.value.code == "no_event"


def test_an_event_is_shown_as_it_was_kept(linked: Runtime) -> None:
    event = receive(linked)
    assert get(linked, event.id) == event
    assert pretty(event) == '{\n  "number": 1,\n  "name": "Größe"\n}'


def test_a_replay_makes_the_orders_due_again_and_is_told_in_timeline_and_audit_trail(linked: Runtime) -> None:
    event = receive(linked, order_ids=["571", "572"])
    assert due(linked) == ["571", "572"]
    done = replay(linked, event, by="ann")
    assert due(linked) == ["571", "572"]
    assert done.orders == {SHOP_ID: {"571", "572"}}
    assert done.text() == "1 events were replayed: 2 orders and 0 products are due."
    told = linked.timeline(SHOP_ID).of("572")[-1]
    assert (told.kind, told.text) == ("operator", "webhook replayed by ann")
    (noted,) = Audit(linked.redis).latest()
    assert (noted.by, noted.action, noted.target) == ("ann", "event.replay", event.id)
    assert linked.inbox.latest() == [event]  # the same event, under the same id


def test_a_replay_has_tiktok_asked_about_the_products(linked: Runtime) -> None:
    event = receive(linked, topic="15", order_ids=[], product_ids=["1729"])
    queue = linked.product_queue(SHOP_ID)
    queue.all_done(claim := queue.claim(10, 60), claim.ids)
    assert replay(linked, event, by="ann").products == {SHOP_ID: {"1729"}}
    assert queue.claim(10, 60).forced == {"1729"}


def test_events_of_an_unknown_shop_are_replayed_once_it_is_linked(linked: Runtime) -> None:
    event = receive(linked, shop_id="999")
    before = replay(linked, event, by="ann")
    assert (before.events, before.left_out) == (0, {"the shop is not linked": 1})
    assert before.text().endswith("1 were left out: the shop is not linked.")
    linked.shops.claim(make_shop("999"))
    assert replay(linked, event, by="ann").events == 1
    assert due(linked, "999") == ["571"]


def test_all_events_since_a_time_are_replayed_and_each_order_is_due_once(
    linked: Runtime, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_actions, "_PORTION", 2)
    receive(linked, 1)
    clock.forward(60)
    since = datetime.fromtimestamp(clock.now, UTC)
    for number in range(2, 6):
        receive(linked, number, order_ids=[f"57{number}", "579"])
    receive(linked, 6, topic="7", order_ids=[])
    due(linked)
    told: list[tuple[int, int]] = []
    done = replay_all(linked, Wanted(since=since), by="ann", advance=lambda at, of: told.append((at, of)))
    assert due(linked) == ["572", "573", "574", "575", "579"]
    assert (done.events, done.left_out) == (4, {"no order or product is named": 1})
    assert [entry.text for entry in linked.timeline(SHOP_ID).of("579")].count("webhook replayed by ann") == 1
    assert told[-1] == (5, 5)
    (noted,) = Audit(linked.redis).latest()
    assert noted.target.startswith("since 2026-")


def test_a_replay_of_many_is_narrowed_down_as_a_search_is(linked: Runtime, mixed: list[Event]) -> None:
    due(linked)
    done = replay_all(linked, Wanted(topic="15"), by="ann")
    assert (done.events, due(linked)) == (1, [])
