"""``tiktok-odoo events``: what came in, following it, and replaying it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cli_stubs import Run, document

from tests.unit.builders import SHOP_ID, make_shop
from worker.state.inbox import Event, Inbox
from worker.state.refused import Refusals
from worker.sync.runtime import Runtime


def receive(runtime: Runtime, number: int = 1, **values: Any) -> Event:
    """A webhook came in."""
    given = {
        "shop_id": SHOP_ID,
        "topic": "1",
        "notification_id": f"73{number}",
        "body": json.dumps({"number": number}),
        "account_ids": ["demo"],
        "order_ids": [f"57{number}"],
        **values,
    }
    runtime.inbox.receive(**given)
    return runtime.inbox.latest(1)[0]


def settle(runtime: Runtime) -> None:
    """The shop's due orders are worked off, and no task is on its way."""
    queue = runtime.queue(SHOP_ID)
    claim = queue.claim(100, 60)
    queue.all_done(claim, claim.ids)
    for name in runtime.redis.keys("tts:trigger:*"):
        runtime.redis.delete(name)


def test_events_are_listed_newest_first_and_narrowed_down(run: Run, runtime: Runtime, shop: None) -> None:
    first = receive(runtime)
    second = receive(runtime, 2, topic="15", order_ids=[], product_ids=["1729"])
    rows = document(run("events", "list", "--json"))
    assert [row["event"] for row in rows] == [second.id, first.id]
    assert (rows[1]["topic"], rows[1]["outcome"], rows[1]["orders"]) == ("ORDER_STATUS_CHANGE", "stored", ["571"])
    for narrowed in (("--order", "571"), ("--topic", "1"), ("--limit", "1", "--topic", "order_status_change")):
        assert [row["event"] for row in document(run("events", "list", *narrowed, "--json"))] == [first.id]
    assert document(run("events", "list", "--shop", "999", "--json")) == []
    assert document(run("events", "list", "--outcome", "unknown_shop", "--json")) == []
    assert document(run("events", "list", "--since", "2100-01-01", "--json")) == []
    assert "571" in run("events", "list").out
    assert run("events", "list", "--outcome", "duplicate").code == 2


def test_an_event_is_shown_with_its_body(run: Run, runtime: Runtime, shop: None) -> None:
    event = receive(runtime)
    found = document(run("events", "show", event.id, "--json"))
    assert (found["event"], found["body"], found["notification"]) == (event.id, {"number": 1}, "731")
    assert run("events", "show", event.id).out.endswith('{\n  "number": 1\n}\n')
    assert "There is no event '1-1'" in run("events", "show", "1-1").err


def test_a_body_that_was_cut_within_an_emoji_is_shown_all_the_same(run: Run, runtime: Runtime, shop: None) -> None:
    event = receive(runtime, body='{"title":"\\ud83d"}')
    assert document(run("events", "show", event.id, "--json"))["body"] == {"title": "\ud83d"}
    assert '"title": "\\ud83d"' in run("events", "show", event.id).out


def test_the_tail_shows_the_newest_events_oldest_first(run: Run, runtime: Runtime, shop: None) -> None:
    ids = [receive(runtime, number).id for number in range(5)]
    lines = run("events", "tail", "--lines", "3", "--json").out.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ids[2:]


def test_following_shows_what_comes_in_until_ctrl_c_which_ends_well(
    run: Run, runtime: Runtime, shop: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = receive(runtime)
    came: list[str] = []

    def after(inbox: Inbox, event_id: str, wait: float) -> list[Event]:
        if len(came) == 2:
            raise KeyboardInterrupt
        came.append(receive(runtime, 2 + len(came)).id)
        return real(inbox, event_id, 0.01)

    real = Inbox.after
    monkeypatch.setattr(Inbox, "after", after)
    ended = run("events", "tail", "--follow", "--json")
    assert (ended.code, ended.err) == (0, "")
    assert [json.loads(line)["event"] for line in ended.out.splitlines()] == [before.id, *came]


def test_a_replay_makes_the_orders_due_and_tells_a_worker(
    run: Run, runtime: Runtime, shop: None, sent: list[tuple[str, ...]]
) -> None:
    event = receive(runtime)
    settle(runtime)
    done = document(run("events", "replay", event.id, "--json"))
    assert done == {"events": 1, "orders": {SHOP_ID: ["571"]}, "products": {}, "left_out": {}}
    assert runtime.queue(SHOP_ID).claim(10, 60).ids == ["571"]
    assert sent == [("orders.drain", SHOP_ID)]


def test_everything_since_a_date_is_replayed(
    run: Run, runtime: Runtime, shop: None, sent: list[tuple[str, ...]]
) -> None:
    for number in range(3):
        receive(runtime, number)
    receive(runtime, 5, topic="15", order_ids=[], product_ids=["1729"])
    settle(runtime)
    ended = run("events", "replay", "--since", "2020-01-01")
    assert (ended.code, ended.out) == (0, "4 events were replayed: 3 orders and 1 products are due.\n")
    assert sent == [("orders.drain", SHOP_ID), ("catalog.drain", SHOP_ID)]


def test_a_replay_of_a_shop_that_is_not_linked_does_nothing_and_ends_with_1(
    run: Run, runtime: Runtime, shop: None, sent: list[tuple[str, ...]]
) -> None:
    event = receive(runtime, shop_id="999")
    ended = run("events", "replay", event.id)
    assert ended.code == 1
    assert "the shop is not linked" in ended.out
    runtime.shops.claim(make_shop("999"))
    assert run("events", "replay", event.id).code == 0
    assert sent == [("orders.drain", "999")]


@pytest.mark.parametrize(
    "arguments", [(), ("1-1", "--since", "2026-01-01"), ("1-1", "--topic", "1"), ("--topic", "1"), ("--outcome", "x")]
)
def test_a_replay_needs_to_know_of_what(run: Run, shop: None, arguments: tuple[str, ...]) -> None:
    assert run("events", "replay", *arguments).code == 2


def test_what_was_refused_is_shown(run: Run, runtime: Runtime) -> None:
    Refusals(runtime.redis).note("bad_signature", status=401, size=None, address="203.0.113.77")
    (row,) = document(run("events", "refused", "--json"))
    assert (row["reason"], row["status"], row["bytes"], row["network"]) == (
        "bad_signature",
        401,
        None,
        "203.0.113.0/24",
    )
