"""``tiktok-odoo orders``: what operators read, what scripts read, and how each command ends."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from cli_stubs import Messages, Run, document

from tests.unit.builders import SHOP_ID, make_shop
from worker.cli import order_pages
from worker.cli import orders as commands
from worker.state.audit import Audit
from worker.state.dirty_set import Parked
from worker.state.orders import OrderQueue
from worker.sync.delivery_live import LiveDelivery
from worker.sync.order_compare import AmountRow, Comparison
from worker.sync.reconcile import Difference, Report
from worker.sync.runtime import Runtime

SINCE = datetime(2026, 11, 1, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("shop")


@pytest.fixture
def queue(runtime: Runtime) -> OrderQueue:
    return runtime.queue(SHOP_ID)


def park(queue: OrderQueue, order_id: str, code: str = "unknown_sku") -> None:
    queue.mark([order_id])
    entry = Parked(id=order_id, code=code, message="Odoo has no product X.", remedy="Map the SKU.", ship_by=SINCE)
    queue.park(queue.claim(1, 60), entry, 3600)


def audited(runtime: Runtime) -> list[tuple[str, str]]:
    return [(entry.action, entry.target) for entry in Audit(runtime.redis).latest()]


def test_orders_are_listed_by_state(run: Run, queue: OrderQueue) -> None:
    park(queue, "571")
    queue.mark(["572", "573"])
    listed = document(run("orders", "list", "--json"))
    assert {(row["order"], row["state"], row["code"]) for row in listed} == {
        ("571", "parked", "unknown_sku"),
        ("572", "due", None),
        ("573", "due", None),
    }
    assert [row["order"] for row in document(run("orders", "list", "--state", "parked", "--json"))] == ["571"]
    assert document(run("orders", "list", "--until", "2020-01-01", "--json")) == []
    assert run("orders", "list", "--state", "ignored").out == "No order is like this.\n"


def test_a_list_that_is_cut_off_says_so_beside_its_answer(run: Run, queue: OrderQueue) -> None:
    queue.mark(["571", "572"])
    ended = run("orders", "list", "--limit", "1", "--json")
    assert len(document(ended)) == 1
    assert "--limit" in ended.err


def test_one_order_is_shown_with_its_reason_and_its_timeline(run: Run, runtime: Runtime, queue: OrderQueue) -> None:
    park(queue, "571")
    runtime.timeline(SHOP_ID).add(["571"], "parked", "unknown_sku: Odoo has no product X.")
    text = run("orders", "show", "571")
    assert text.code == 0
    assert "What to do: Map the SKU." in text.out
    assert "Must ship by 2026-11-01 00:00:00 UTC" in text.out
    assert "parked     unknown_sku: Odoo has no product X." in text.out
    shown = document(run("orders", "show", "571", "--json"))
    assert (shown["state"], shown["parked"]["code"]) == ("parked", "unknown_sku")
    assert [entry["kind"] for entry in shown["timeline"]] == ["parked"]
    assert "comparison" not in shown


def test_an_order_that_nobody_knows_is_said_to_be_unknown(run: Run) -> None:
    assert "nothing is known of it" in run("orders", "show", "571").out
    assert document(run("orders", "show", "571", "--json"))["state"] is None


@pytest.mark.parametrize(("odoo", "code"), [("23.50", 0), ("23.49", 1)])
def test_a_comparison_ends_with_1_when_the_totals_differ(
    run: Run, monkeypatch: pytest.MonkeyPatch, odoo: str, code: int
) -> None:
    rows = [AmountRow("Total", Decimal("23.50"), Decimal(odoo), role="total")]
    sale = type("Sale", (), {"id": 7, "name": "S00007", "state": "sale"})()
    comparison = Comparison("GBP", "IN_TRANSIT", [sale], rows=rows)
    monkeypatch.setattr(order_pages, "compare", lambda *_: comparison)
    monkeypatch.setattr(order_pages, "look_now", lambda *_: LiveDelivery("IN_TRANSIT"))
    text = run("orders", "show", "571", "--compare")
    assert text.code == code
    assert ("differ" in text.out) is (code == 1)
    assert "/odoo/sales/7" in text.out
    ended = run("orders", "show", "571", "--compare", "--json")
    (row,) = document(ended)["comparison"]["amounts"]
    assert (ended.code, row["tiktok"], row["odoo"], row["differs"]) == (code, "23.50", odoo, code == 1)


def test_a_retry_is_by_id_by_reason_or_of_all(run: Run, runtime: Runtime, queue: OrderQueue, sent: Messages) -> None:
    for order_id, code in (("571", "unknown_sku"), ("572", "unknown_sku"), ("573", "total_mismatch")):
        park(queue, order_id, code)
    assert run("orders", "retry", "--reason", "unknown_sku").out == "2 orders are tried again.\n"
    assert sorted(queue.claim(10, 60).ids) == ["571", "572"]
    assert sent == [("orders.drain", SHOP_ID)]
    assert document(run("orders", "retry", "--all", "--json")) == {"shop": SHOP_ID, "due": 3}
    assert run("orders", "retry", "571").code == 0
    assert audited(runtime) == [("order.retry", "571"), ("order.retry", ""), ("order.retry", "")]


def test_a_retry_of_nothing_sends_nobody(run: Run, sent: Messages) -> None:
    assert run("orders", "retry", "--reason", "nonsense").out == "0 orders are tried again.\n"
    assert sent == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("retry",),
        ("retry", "571", "--all"),
        ("retry", "--all", "--reason", "x"),
        ("ignore", "571"),
        ("ignore", "--note", "x"),
        ("ignore", "57x", "--note", "x"),
        ("list", "--state", "lost"),
        ("show",),
    ],
)
def test_wrong_usage_ends_with_2_and_changes_nothing(
    run: Run, runtime: Runtime, sent: Messages, arguments: tuple[str, ...]
) -> None:
    assert run("orders", *arguments).code == 2
    assert (sent, audited(runtime)) == ([], [])


def test_an_order_is_ignored_with_a_note_until_it_is_retried(
    run: Run, runtime: Runtime, queue: OrderQueue, sent: Messages
) -> None:
    park(queue, "571")
    assert document(run("orders", "ignore", "571", "--note", "Refunded", "--json"))["ignored"] == 1
    assert run("orders", "parked").out == "No order is parked.\n"
    (row,) = document(run("orders", "list", "--state", "ignored", "--json"))
    assert row["reason"].startswith("Refunded (cli:")
    shown = document(run("orders", "show", "571", "--json"))
    assert (shown["state"], shown["ignored"]["note"]) == ("ignored", "Refunded")
    assert "Refunded" in run("orders", "show", "571").out
    run("orders", "retry", "571")
    assert queue.ignored.all() == {}
    assert queue.claim(10, 60).ids == ["571"]


def test_an_empty_note_is_an_error_in_one_line(run: Run) -> None:
    ended = run("orders", "ignore", "571", "--note", " ")
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)


def test_import_and_sync_answer_in_json_too(
    run: Run, runtime: Runtime, sent: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "sync_since", lambda *_, force: 4)
    assert document(run("orders", "import", "571", "--json")) == {"shop": SHOP_ID, "due": 1, "forced": False}
    assert document(run("orders", "sync", "--json")) == {"shop": SHOP_ID, "asked": True}
    assert document(run("orders", "sync", "--since", "2026-01-01", "--json")) == {"shop": SHOP_ID, "due": 4}
    assert sent[:2] == [("orders.drain", SHOP_ID), ("orders.poll", SHOP_ID)]
    assert audited(runtime)[-1] == ("order.import", "571")


@pytest.mark.parametrize("differs", [False, True])
def test_ignored_orders_are_told_and_do_not_count_as_differences(
    run: Run, monkeypatch: pytest.MonkeyPatch, differs: bool
) -> None:
    report = Report(SHOP_ID, SINCE, on_tiktok=2, ignored=[Difference("ignored", "571", "Refunded (anna, 2026-11-20)")])
    if differs:
        report.differences.append(Difference("missing", "572", "not in Odoo"))
    monkeypatch.setattr(commands, "reconcile", lambda *_, advance: report)
    text = run("orders", "reconcile")
    assert text.code == int(differs)
    assert "1 are ignored" in text.out
    assert "ignored   571  Refunded (anna, 2026-11-20)" in text.out
    (told,) = document(run("orders", "reconcile", "--json"))
    assert [each["order_id"] for each in told["ignored"]] == ["571"]


def test_orders_are_made_due_by_id_and_a_worker_is_told(run: Run, runtime: Runtime, sent: Messages) -> None:
    ended = run("orders", "import", "571", "572", "--force")
    assert (ended.code, ended.err) == (0, "")
    claim = runtime.queue(SHOP_ID).claim(10, 60)
    assert set(claim.ids) == claim.forced == {"571", "572"}
    assert sent == [("orders.drain", SHOP_ID)]


def test_with_two_shops_one_has_to_be_named(run: Run, runtime: Runtime, sent: Messages) -> None:
    runtime.shops.claim(make_shop("2"))
    ended = run("orders", "import", "571")
    assert (ended.code, ended.out) == (2, "")
    assert "--shop ID" in ended.err
    assert run("orders", "import", "--shop", "2", "571").code == 0
    assert (runtime.queue(SHOP_ID).counts().due, runtime.queue("2").counts().due) == (0, 1)


def test_parked_orders_are_tried_again(run: Run, runtime: Runtime, sent: Messages) -> None:
    queue = runtime.queue(SHOP_ID)
    queue.mark(["571", "572"])
    claim = queue.claim(2, 60)
    for order_id in claim.ids:
        queue.park(claim, Parked(id=order_id, code="unknown_sku", message="?"), 3600)
    assert run("orders", "retry", "571").code == 0
    assert queue.counts().due == 1
    assert "2 orders are tried again" in run("orders", "retry", "--all").out
    assert queue.counts().due == 2
