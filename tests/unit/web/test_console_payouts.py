"""Payouts: each statement with its sums, what does not add up, its file, and what an order brought."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from web_stubs import Console

from tests.unit.builders import SHOP_ID
from worker.state.payouts import Payouts, PayoutStatement, PayoutTransaction

PAGE = "/console/payouts"
ORDER = "576653688135258178"


def keep(console: Console, **fields: Any) -> None:
    statement = PayoutStatement(
        id="7238",
        time=datetime(2026, 11, 20, tzinfo=UTC),
        currency="GBP",
        settlement=Decimal("8.10"),
        revenue=Decimal("10.00"),
        fees=Decimal("-1.90"),
        transactions=1,
        **fields,
    )
    transaction = PayoutTransaction(
        id="3459",
        statement_id="7238",
        order_id=ORDER,
        currency="GBP",
        settlement=Decimal("8.10"),
        revenue=Decimal("10.00"),
        fees=Decimal("-1.90"),
        parts={"referral_fee_amount": Decimal("-1.90")},
    )
    Payouts(console.redis, SHOP_ID).keep(statement, [transaction])


def test_a_statement_is_listed_shown_and_downloaded(console: Console) -> None:
    keep(console)
    assert "2026-11-20 8.10 GBP 10.00 -1.90" in console.text(PAGE)
    assert f"3459 {ORDER} 8.10 10.00 -1.90" in console.text(f"{PAGE}/{SHOP_ID}/7238")
    answer = console.get(f"{PAGE}/{SHOP_ID}/7238.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="statement-7238.csv"'
    head, row = answer.get_data(as_text=True).splitlines()
    assert head.endswith("adjustment_amount,referral_fee_amount")
    assert row.endswith(f"{ORDER},,GBP,8.10,10.00,-1.90,0,0,-1.90")


@pytest.mark.parametrize(
    ("fields", "badge"),
    [
        ({}, "adds up"),
        ({"state": "mismatch", "reason": "They come to 9.00."}, "does not add up"),
        ({"state": "booked", "booked": "Draft Bill"}, "in Odoo Draft Bill"),
        ({"state": "refused", "reason": "No right."}, "not in Odoo"),
    ],
)
def test_what_became_of_a_statement_is_said_with_the_reason(
    console: Console, fields: dict[str, Any], badge: str
) -> None:
    keep(console, **fields)
    assert badge in console.text(PAGE)
    assert str(fields.get("reason", "")) in console.text(f"{PAGE}/{SHOP_ID}/7238")


def test_a_button_has_the_statements_read_now(console: Console) -> None:
    assert "A worker reads the statements now." in console.press(f"{PAGE}/pull")
    assert ("finance.pull", SHOP_ID) in console.sent.messages
    assert console.audited()[0] == (console.name, "payouts.pull", SHOP_ID)


def test_an_order_tells_what_it_brought(console: Console) -> None:
    page = f"/console/orders/{SHOP_ID}/{ORDER}"
    assert "Settlement" not in console.text(page)
    keep(console)
    assert "7238 8.10 GBP 10.00 -1.90" in console.text(page)


def test_a_statement_that_nobody_knows_is_not_found(console: Console) -> None:
    for path in (f"{PAGE}/{SHOP_ID}/1", f"{PAGE}/1/1.csv"):
        assert console.get(path).status_code == 404
