"""TikTok's payouts on the real parts: checked to the cent, booked once, shown and written to a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support import Command, World, since_odoo
from worker.state.shops import Shop
from worker.sync.payouts import pull_payouts


@pytest.fixture
def shop(world: World) -> Shop:
    return world.link_shop(region="DE")


@pytest.fixture
def accountant(world: World) -> Iterator[None]:
    """The bot may write bills and bank statement lines, for a while."""
    groups = (
        "account.group_account_invoice",
        "account.group_account_basic" if world.is_new else "account.group_account_user",
    )
    for group in groups:
        world.stack.let_bot(group)
    yield
    for group in reversed(groups):  # before Odoo 19 a group that another one implies would come back
        world.stack.let_bot(group, allowed=False)


def delivered(world: World, shop: Shop, *lines: tuple[str, int], **options: str) -> str:
    order_id = world.order(shop, *lines, **options)
    world.import_orders(shop, order_id)
    world.tiktok.set_status(order_id, "DELIVERED")
    return order_id


def pull(world: World, shop: Shop) -> list[str]:
    return [each.id for each in pull_payouts(world.runtime, world.runtime.shops.get(shop.id)).statements]


def refund(world: World, order_id: str) -> None:
    return_id = world.tiktok.request_return(order_id, type="REFUND")
    world.tiktok.set_return_status(return_id, "RETURN_OR_REFUND_REQUEST_COMPLETE")


def test_a_statement_adds_up_to_the_cent_with_refunds_and_adjustments(world: World, shop: Shop) -> None:
    first = delivered(world, shop, ("SKU-1", 3), shipping_fee="4.90", platform_discount="1.00")
    second = delivered(world, shop, ("SKU-2", 1), seller_discount="0.37")
    one = world.tiktok.settle(shop.id)
    refund(world, second)
    world.tiktok.adjust(shop.id, "-7.35", "A lost parcel")
    two = world.tiktok.settle(shop.id)
    assert pull(world, shop) == [one["id"], two["id"]]
    payouts = world.runtime.payouts(shop.id)
    newest, oldest = payouts.latest()
    for statement, told in ((oldest, one), (newest, two)):
        assert (statement.state, str(statement.settlement)) == ("read", told["settlement"])
        parts = statement.revenue + statement.fees + statement.shipping + statement.adjustments
        assert parts == statement.settlement == sum(each.settlement for each in payouts.transactions(statement.id))
    assert newest.adjustments == Decimal("-7.35")
    assert (oldest.unknown_orders, newest.unknown_orders) == (0, 0)
    (sale,) = payouts.of_orders([first])[first]
    assert (sale.revenue, sale.parts["referral_fee_amount"]) == (Decimal("33.00"), Decimal("-1.65"))
    settled, back = payouts.of_orders([second])[second]
    assert (settled.statement_id, back.statement_id, settled.revenue + back.revenue) == (one["id"], two["id"], 0)


def test_a_statement_is_read_once_until_its_payment_changes(world: World, shop: Shop) -> None:
    delivered(world, shop)
    statement = world.tiktok.settle(shop.id)["id"]
    assert pull(world, shop) == [statement]
    assert pull(world, shop) == []
    world.tiktok.pay(statement)
    assert pull(world, shop) == [statement]
    found = world.runtime.payouts(shop.id).find(statement)
    assert found is not None
    assert (found.payment_status, found.paid_at is not None) == ("PAID", True)


def test_a_pull_that_has_no_time_goes_on_with_the_next_one(world: World, shop: Shop) -> None:
    made = []
    for _ in range(3):
        delivered(world, shop)
        made.append(world.tiktok.settle(shop.id)["id"])
    current = world.runtime.shops.get(shop.id)
    assert not pull_payouts(world.runtime, current, seconds=0).finished
    assert pull(world, shop) == made


def test_what_does_not_add_up_is_flagged_and_never_booked(
    world: World, shop: Shop, command: Command, accountant: None
) -> None:
    vendor = world.stack.add_company_contact("TikTok Shop")
    world.change(shop, payouts="bill", payout_partner_id=vendor)
    delivered(world, shop)
    statement = world.tiktok.settle(shop.id)["id"]
    world.tiktok.fail_next(1, "missing_field", path="/statement_transactions", name="settlement_amount")
    pull(world, shop)
    found = world.runtime.payouts(shop.id).find(statement)
    assert found is not None
    assert (found.state, found.code, found.booked) == ("mismatch", "statement_mismatch", "")
    assert command("payouts", "list", "--shop", shop.id, check=False).returncode == 1
    assert world.stack.sql("SELECT count(*) FROM account_move WHERE ref LIKE %s", f"%{statement}") == [(0,)]
    assert pull(world, shop) == [statement]
    assert command("payouts", "list", "--shop", shop.id).returncode == 0


def test_a_bill_of_what_tiktok_keeps_is_a_draft_once(world: World, shop: Shop, accountant: None) -> None:
    vendor = world.stack.add_company_contact("TikTok Shop")
    world.change(shop, payouts="bill", payout_partner_id=vendor)
    delivered(world, shop, ("SKU-1", 2), shipping_fee="1.00")
    statement = world.tiktok.settle(shop.id)["id"]
    pull(world, shop)
    world.runtime.payouts(shop.id).drop()
    pull(world, shop)
    found = world.runtime.payouts(shop.id).find(statement)
    assert found is not None
    assert found.state == "booked"
    moves = world.stack.sql(
        "SELECT m.state, m.move_type, m.amount_total, c.name FROM account_move m JOIN res_currency c "
        "ON c.id = m.currency_id WHERE m.ref LIKE %s",
        f"%{statement}",
    )
    wanted = -(found.fees + found.shipping + found.adjustments)
    assert moves == [("draft", "in_invoice", wanted, "EUR")]


@since_odoo(16)  # before 16 a line must belong to a statement
def test_bank_statement_lines_come_to_the_settlement_once(world: World, shop: Shop, accountant: None) -> None:
    journal = world.stack.add_bank_journal("TikTok EUR", "EUR")
    world.change(shop, payouts="bank", payout_journal_id=journal)
    delivered(world, shop)
    delivered(world, shop, ("SKU-2", 2))
    world.tiktok.adjust(shop.id, "2.50")
    statement = world.tiktok.settle(shop.id)
    pull(world, shop)
    world.runtime.payouts(shop.id).drop()
    pull(world, shop)
    rows = world.stack.sql(
        "SELECT count(*), sum(l.amount) FROM account_bank_statement_line l JOIN account_move m ON m.id = l.move_id "
        "WHERE m.journal_id = %s",
        journal,
    )
    assert rows == [(3, Decimal(statement["settlement"]))]


def test_what_odoo_does_not_take_is_said_and_tried_again(world: World, shop: Shop, command: Command) -> None:
    vendor = world.stack.add_company_contact("TikTok Shop")
    world.change(shop, payouts="bill", payout_partner_id=vendor)
    delivered(world, shop)
    statement = world.tiktok.settle(shop.id)["id"]
    pull(world, shop)
    found = world.runtime.payouts(shop.id).find(statement)
    assert found is not None
    assert (found.state, found.code) == ("refused", "odoo_rights")
    assert command("payouts", "list", "--shop", shop.id, check=False).returncode == 1
    world.change(shop, payouts="record")
    world.change(shop, payouts="bank")
    pull(world, shop)
    found = world.runtime.payouts(shop.id).find(statement)
    assert found is not None
    assert found.code == "payout_setting"


def test_a_statement_is_shown_and_written_to_a_file_whose_sums_are_its_own(
    world: World, shop: Shop, command: Command, tmp_path: Path
) -> None:
    delivered(world, shop, ("SKU-1", 2))
    statement = world.tiktok.settle(shop.id)
    done = json.loads(command("payouts", "pull", "--shop", shop.id, "--json").stdout)
    assert done["statements"] == [statement["id"]]
    document = json.loads(command("payouts", "show", statement["id"], "--json").stdout)
    assert document["settlement"] == statement["settlement"]
    assert statement["id"] in command("payouts", "show", statement["id"]).stdout
    file = tmp_path / "statement.csv"
    command("payouts", "export", statement["id"], str(file))
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert sum(Decimal(row["settlement_amount"]) for row in rows) == Decimal(statement["settlement"])
    assert {"referral_fee_amount", "vat_amount"} <= set(rows[0])
    assert command("payouts", "export", statement["id"], str(file), check=False).returncode == 1
