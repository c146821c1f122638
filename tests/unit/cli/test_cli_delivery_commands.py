"""``tiktok-odoo deliveries``, and deliveries in ``orders show``: what people and scripts read, and how each ends."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from cli_stubs import Messages, Run, document

from tests.unit.builders import SHOP_ID, make_shop
from worker.cli import deliveries as commands
from worker.cli import order_pages
from worker.odoo.deliveries import Delivery
from worker.state.audit import Audit
from worker.state.dirty_set import DirtySet, Parked
from worker.state.fulfillment import CancelRequest, ReturnSeen
from worker.state.problems import Problem
from worker.state.timeline import Entry
from worker.sync.delivery_follow import Followed
from worker.sync.delivery_live import LiveDelivery, LiveParcel
from worker.sync.order_compare import Comparison
from worker.sync.runtime import Runtime

DAY = datetime(2026, 12, 1, 9, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("shop")


@pytest.fixture
def queue(runtime: Runtime) -> DirtySet:
    return runtime.fulfillment_queue(SHOP_ID)


@pytest.fixture
def everything(runtime: Runtime, queue: DirtySet) -> None:
    """One order in each list."""
    memory = runtime.fulfillment(SHOP_ID)
    memory.keep_request(CancelRequest(order_id="571", cancel_id="77", reason="CHANGED_MIND", respond_by=DAY, since=DAY))
    park(queue, "572")
    memory.await_shipment(["573"])
    memory.keep_return(
        ReturnSeen(
            **{"id": "9001", "order_id": "574", "type": "RETURN_AND_REFUND", "status": "AWAITING_BUYER_SHIP"},
            **{"reason": "DAMAGED", "units": 1, "amount": Decimal("9.50"), "currency": "GBP"},
            **{"receipt": "WH/IN/00003", "updated_at": DAY},
        )
    )


def park(queue: DirtySet, order_id: str, code: str = "no_tracking") -> None:
    queue.mark([order_id])
    entry = Parked(id=order_id, code=code, message="It has none.", remedy="Enter it.", ship_by=DAY)
    queue.park(queue.claim(1, 60), entry, 900)


@pytest.mark.usefixtures("everything")
def test_one_list_has_each_order_with_what_is_known_of_it(run: Run) -> None:
    listed = document(run("deliveries", "list", "--json"))
    assert [(row["order"], row["state"], row["until"], row["code"], row["reason"]) for row in listed] == [
        ("571", "requests", "2026-12-01 09:00", None, "CHANGED_MIND"),
        ("572", "parked", "2026-12-01 09:00", "no_tracking", "It has none."),
        ("573", "awaiting", None, None, None),
        ("574", "returns", None, "AWAITING_BUYER_SHIP", "DAMAGED"),
    ]
    (row,) = document(run("deliveries", "list", "--state", "awaiting", "--json"))
    assert (row["order"], row["shop"]) == ("573", SHOP_ID)


def test_an_empty_list_says_so(run: Run) -> None:
    assert run("deliveries", "list").out == "No order is like this.\n"
    assert run("deliveries", "parked").out == "Nothing is in the way of any delivery.\n"
    assert run("deliveries", "requests").out == "No buyer waits for an answer.\n"
    assert run("deliveries", "returns").out == "Nothing has come back.\n"


@pytest.mark.usefixtures("everything")
def test_each_list_has_a_command_with_all_of_its_columns(run: Run) -> None:
    (parked,) = document(run("deliveries", "parked", "--json"))
    assert (parked["order"], parked["remedy"], parked["ship_by"]) == ("572", "Enter it.", "2026-12-01 09:00")
    (request,) = document(run("deliveries", "requests", "--json"))
    assert (request["order"], request["request"], request["answer_by"]) == ("571", "77", "2026-12-01 09:00")
    (returned,) = document(run("deliveries", "returns", "--json"))
    assert (returned["return"], returned["amount"], returned["receipt"]) == ("9001", "9.50", "WH/IN/00003")


def test_a_shop_can_be_chosen(run: Run, runtime: Runtime) -> None:
    runtime.shops.claim(make_shop("2"))
    runtime.fulfillment("2").await_shipment(["901"])
    assert len(document(run("deliveries", "list", "--json"))) == 1
    assert document(run("deliveries", "list", "--shop", SHOP_ID, "--json")) == []


def test_a_retry_is_by_id_by_reason_or_of_all(run: Run, runtime: Runtime, queue: DirtySet, sent: Messages) -> None:
    park(queue, "571")
    park(queue, "572", "ship_refused")
    ended = document(run("deliveries", "retry", "--reason", "ship_refused", "--json"))
    assert ended == {"shop": SHOP_ID, "due": 1}
    assert queue.claim(10, 60).ids == ["572"]
    assert sent == [("fulfillment.drain", SHOP_ID)]
    assert document(run("deliveries", "retry", "--all", "--json"))["due"] == 2
    assert run("deliveries", "retry", "571").code == 0
    assert [(entry.action, entry.target) for entry in Audit(runtime.redis).latest()] == [
        ("delivery.retry", "571"),
        ("delivery.retry", ""),
        ("delivery.retry", "572"),
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("retry",),
        ("retry", "571", "--all"),
        ("retry", "--all", "--reason", "x"),
        ("retry", "57x"),
        ("list", "--state", "lost"),
        ("sync",),
        ("sync", "571", "--wait", "-1"),
    ],
)
def test_wrong_usage_ends_with_2_and_changes_nothing(
    run: Run, runtime: Runtime, sent: Messages, arguments: tuple[str, ...]
) -> None:
    assert run("deliveries", *arguments).code == 2
    assert (sent, Audit(runtime.redis).latest()) == ([], [])


def test_a_retry_of_nothing_sends_nobody(run: Run, sent: Messages) -> None:
    assert document(run("deliveries", "retry", "--all", "--json"))["due"] == 0
    assert sent == []


@pytest.mark.parametrize(
    ("followed", "code", "words"),
    [
        (
            Followed("settled", told=[Entry(DAY, "delivery", "label attached")]),
            0,
            "label attached\nTikTok and Odoo are",
        ),
        (
            Followed("parked", Parked(id="571", code="no_tracking", message="It has none.", remedy="Enter it.")),
            *(1, "no_tracking: It has none.\nWhat to do: Enter it.\n"),
        ),
        (
            Followed("later", problem=Problem(scope="odoo", code="x", message="Odoo is away.", remedy="Start it.")),
            *(1, "It is looked at later: Odoo is away. Start it.\n"),
        ),
        (Followed("later"), 1, "a label is still being made"),
        (Followed("not_in_odoo"), 1, "not in Odoo"),
    ],
    ids=["settled", "parked", "away", "later", "not_in_odoo"],
)
def test_a_delivery_is_followed_and_what_came_of_it_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, followed: Followed, code: int, words: str
) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(commands, "follow", lambda *a, **k: asked.append((a[2], k["patience"])) or followed)
    ended = run("deliveries", "sync", "571", "--wait", "5")
    assert (ended.code, asked) == (code, [("571", 5.0)])
    assert words in ended.out
    told = document(run("deliveries", "sync", "571", "--json"))
    assert (told["order"], told["outcome"]) == ("571", followed.outcome)
    assert bool(told["parked"]) is (followed.outcome == "parked")


def test_an_order_is_shown_with_its_delivery(run: Run, runtime: Runtime, queue: DirtySet) -> None:
    shown = document(run("orders", "show", "571", "--json"))
    assert shown["delivery"] == {"parked": None, "cancel_request": None, "returns": []}
    park(queue, "571")
    memory = runtime.fulfillment(SHOP_ID)
    memory.keep_request(CancelRequest(order_id="571", respond_by=DAY))
    seen = {"type": "REFUND", "status": "REFUND_SUCCESS", "amount": Decimal("9.50"), "currency": "GBP"}
    memory.keep_return(ReturnSeen(id="9001", order_id="571", receipt="WH/IN/00003", updated_at=DAY, units=1, **seen))
    text = run("orders", "show", "571").out
    for words in (
        "The buyer asks to cancel, answer by 2026-12-01 09:00 UTC.",
        "Delivery: no_tracking: It has none.",
        "What to do: Enter it.",
        "Return 9001: REFUND, REFUND_SUCCESS, units 1, 9.50 GBP, receipt WH/IN/00003",
    ):
        assert words in text
    shown = document(run("orders", "show", "571", "--json"))["delivery"]
    assert (shown["parked"]["code"], shown["cancel_request"]["order_id"]) == ("no_tracking", "571")
    assert [each["id"] for each in shown["returns"]] == ["9001"]


def test_a_comparison_tells_the_parcels_of_both_sides(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = Delivery(7, "WH/OUT/00007", "assigned", 1, None, "", "", None, ())
    sent = LiveParcel("1152", 2, "arranged", tracking="1Z999", carrier="DHL", label="attached", delivery=delivery)
    open_ = LiveParcel("", 1, "to_ship", tracking="", carrier="", label="missing", delivery=None)
    sale = type("Sale", (), {"id": 7, "name": "S00007", "state": "sale"})()
    monkeypatch.setattr(order_pages, "compare", lambda *_: Comparison("GBP", "AWAITING_COLLECTION", [sale]))
    monkeypatch.setattr(order_pages, "look_now", lambda *_: LiveDelivery("AWAITING_COLLECTION", [sent, open_], []))
    text = run("orders", "show", "571", "--compare").out
    line = "Package 1152: shipping is arranged, units 2, DHL 1Z999, delivery WH/OUT/00007 (assigned), label attached\n"
    assert line in text
    assert "Package none yet: to be shipped, units 1, no delivery in Odoo\n" in text
    shown = document(run("orders", "show", "571", "--compare", "--json"))["parcels"]
    assert shown["parcels"][0]["delivery"] == {
        "name": "WH/OUT/00007",
        "state": "assigned",
        "url": "http://127.0.0.1:8069/odoo/deliveries/7",
    }
    assert (shown["parcels"][1]["package"], shown["parcels"][1]["delivery"]) == (None, None)
