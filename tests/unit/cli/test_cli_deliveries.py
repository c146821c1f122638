"""``tiktok-odoo deliveries`` and ``payouts``: what they tell, and how they end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from cli_stubs import Messages, Run

from tests.unit.builders import SHOP_ID
from worker.state.dirty_set import Parked
from worker.state.fulfillment import CancelRequest, ReturnSeen
from worker.state.payouts import PayoutStatement, PayoutTransaction
from worker.sync.runtime import Runtime

pytestmark = pytest.mark.usefixtures("shop")
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def park(runtime: Runtime, order_id: str = "571", code: str = "no_tracking") -> None:
    queue = runtime.fulfillment_queue(SHOP_ID)
    queue.mark([order_id])
    queue.park(queue.claim(1, 60), Parked(id=order_id, code=code, message="No tracking.", remedy="Enter it."), 600)


def keep(runtime: Runtime, **fields: str) -> None:
    statement = PayoutStatement(id="7238", time=NOW, currency="EUR", settlement=Decimal("8.10"), **fields)
    transaction = PayoutTransaction(
        id="1", statement_id="7238", order_id="571", currency="EUR", settlement=Decimal("8.10")
    )
    runtime.payouts(SHOP_ID).keep(statement, [transaction])


def test_each_list_is_empty_in_words_and_in_json(run: Run) -> None:
    for name, words in (
        ("parked", "Nothing is in the way of any delivery."),
        ("requests", "No buyer waits for an answer."),
        ("returns", "Nothing has come back."),
    ):
        assert run("deliveries", name).out == f"{words}\n"
        assert json.loads(run("deliveries", name, "--json").out) == []


def test_what_is_known_is_told(run: Run, runtime: Runtime) -> None:
    park(runtime)
    memory = runtime.fulfillment(SHOP_ID)
    memory.keep_request(CancelRequest(order_id="572", cancel_id="4", reason="mistake", respond_by=NOW))
    seen = {"id": "9", "order_id": "573", "type": "REFUND", "status": "X", "updated_at": NOW, "amount": "1.10"}
    memory.keep_return(ReturnSeen.model_validate(seen))
    assert "no_tracking" in run("deliveries", "parked").out
    (request,) = json.loads(run("deliveries", "requests", "--json").out)
    assert (request["order"], request["answer_by"]) == ("572", "2026-11-20 09:00")
    (returned,) = json.loads(run("deliveries", "returns", "--json").out)
    assert (returned["return"], returned["amount"]) == ("9", "1.10")
    shown = json.loads(run("orders", "show", "571", "--json").out)
    assert shown["delivery"]["parked"]["code"] == "no_tracking"
    assert "What to do: Enter it." in run("orders", "show", "571").out


def test_a_retry_is_by_id_by_reason_or_of_all(run: Run, runtime: Runtime, sent: Messages) -> None:
    park(runtime, "571")
    park(runtime, "572", "ship_refused")
    assert json.loads(run("deliveries", "retry", "--reason", "no_tracking", "--json").out)["due"] == 1
    assert json.loads(run("deliveries", "retry", "--all", "--json").out)["due"] == 2
    assert run("deliveries", "retry", "573").code == 0
    assert sent == [("fulfillment.drain", SHOP_ID)]  # one is on its way


@pytest.mark.parametrize("arguments", [(), ("--all", "571"), ("57x",), ("--all", "--reason", "x")])
def test_wrong_usage_ends_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("deliveries", "retry", *arguments).code == 2


def test_statements_end_with_1_when_one_does_not_add_up(run: Run, runtime: Runtime) -> None:
    assert run("payouts", "list").out == "No statement was read yet.\n"
    keep(runtime)
    assert run("payouts", "list").code == 0
    keep(runtime, state="mismatch", code="statement_mismatch", reason="They come to 9.00.")
    ended = run("payouts", "list")
    assert (ended.code, "They come to 9.00." in ended.out) == (1, True)


def test_a_statement_is_shown_and_exported_and_no_file_is_overwritten_unasked(
    run: Run, runtime: Runtime, tmp_path: Path
) -> None:
    keep(runtime)
    assert "571" in run("payouts", "show", "7238").out
    file = tmp_path / "s.csv"
    assert "1 transactions, 8.10 EUR in all" in run("payouts", "export", "7238", str(file)).out
    assert "571" in file.read_text(encoding="utf-8")
    assert run("payouts", "export", "7238", str(file)).code == 1
    assert run("payouts", "export", "7238", str(file), "--force").code == 0
    assert run("payouts", "show", "1").code == 1
    assert "8.10 EUR in statement 7238" in run("orders", "show", "571").out


def test_payouts_that_are_switched_off_are_not_pulled(run: Run, runtime: Runtime) -> None:
    shop = runtime.shops.get(SHOP_ID)
    runtime.shops.save(shop.model_copy(update={"settings": shop.settings.model_copy(update={"payouts": "off"})}))
    ended = run("payouts", "pull")
    assert (ended.code, "--payouts record" in ended.err) == (1, True)
