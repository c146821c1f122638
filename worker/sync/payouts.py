"""Reads a shop's payout statements, checks them to the cent, and books them in Odoo where the shop is set to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import structlog

from worker.errors import ConnectorError, RetryableError
from worker.odoo.errors import OdooLoginError, OdooUnavailableError
from worker.odoo.payouts import BookLine, Books
from worker.state.payouts import PayoutStatement, PayoutTransaction
from worker.state.shops import Shop
from worker.sync.runtime import Runtime
from worker.tiktok.client import ShopClient
from worker.tiktok.models import Statement, StatementTotals, StatementTransaction

log = structlog.get_logger(__name__)

#: A statement's payment changes from PROCESSING to PAID or FAILED within days: so far back they are read again.
_LOOK_BACK = timedelta(days=14)
#: The first pull of a shop reads this many days, or since its go-live date where that is later.
_FIRST_PULL = timedelta(days=60)
ZERO = Decimal(0)


@dataclass
class Pulled:
    """What a pull did: statements that are new or changed, and whether it came to its end."""

    statements: list[PayoutStatement] = field(default_factory=list)
    finished: bool = True


def pull_payouts(runtime: Runtime, shop: Shop, *, seconds: float | None = None) -> Pulled:
    """Read the shop's statements since the newest that is known, those whose payment was open again, and book them.

    :param seconds: end after so long, between two statements; the next pull goes on from there.
    :raises ConnectorError: TikTok does not answer, or Odoo as a whole does not.
    """
    started = time.monotonic()
    kept = runtime.payouts(shop.id)
    client = runtime.shop_client(shop)
    newest = kept.newest()
    since = max(shop.settings.go_live, (newest or datetime.now(UTC) - _FIRST_PULL + _LOOK_BACK) - _LOOK_BACK)
    result = Pulled()
    token = ""
    while True:
        page = client.statements(statement_time_ge=since, page_token=token)
        for statement in page.statements:
            if seconds is not None and time.monotonic() - started > seconds:
                result.finished = False
                return result
            known = kept.find(statement.id)
            if known is None or known.state == "mismatch" or _has_changed(known, statement):
                known = _read(runtime, shop, client, statement, known)
                result.statements.append(known)
            if known.state in ("read", "refused"):
                _book(runtime, shop, known)
        token = page.next_page_token
        if not token:
            return result


def _has_changed(known: PayoutStatement, now: Statement) -> bool:
    return (known.payment_status, known.settlement) != (now.payment_status, now.settlement_amount)


def _read(
    runtime: Runtime, shop: Shop, client: ShopClient, statement: Statement, known: PayoutStatement | None
) -> PayoutStatement:
    totals, found = _transactions(client, statement.id)
    transactions = [_kept(each, statement) for each in found]
    orders = sorted({each.order_id for each in transactions if each.order_id})
    imported = runtime.queue(shop.id).was_imported(orders)
    fault = _fault(statement, totals, transactions)
    result = PayoutStatement(
        id=statement.id,
        time=statement.statement_time,
        currency=statement.currency,
        settlement=statement.settlement_amount,
        revenue=sum((each.revenue for each in transactions), ZERO),
        fees=sum((each.fees for each in transactions), ZERO),
        shipping=sum((each.shipping for each in transactions), ZERO),
        adjustments=sum((each.adjustment for each in transactions), ZERO),
        payment_status=statement.payment_status,
        paid_at=statement.payment_time,
        transactions=len(transactions),
        unknown_orders=len(orders) - len(imported),
    )
    if fault:
        result.state, result.code, result.reason = "mismatch", "statement_mismatch", fault
    if known is not None and known.booked and not fault:
        result.state, result.booked = "booked", known.booked
    runtime.payouts(shop.id).keep(result, transactions)
    log.info("payouts.read", shop=shop.id, statement=statement.id, transactions=len(transactions), fault=bool(fault))
    return result


def _transactions(client: ShopClient, statement_id: str) -> tuple[StatementTotals, list[StatementTransaction]]:
    found: list[StatementTransaction] = []
    token = ""
    while True:
        page = client.statement_transactions(statement_id, page_token=token)
        if page.invalid:
            row, reason = page.invalid[0]
            raise RetryableError(
                f"A transaction ({row or 'without an id'}) of statement {statement_id} cannot be read: {reason}.",
                code="unexpected_answer",
                remedy="TikTok may have changed this API: update the connector, or report it with this message.",
            )
        found += page.transactions
        token = page.next_page_token
        if not token:
            return page.totals, found


def _kept(each: StatementTransaction, statement: Statement) -> PayoutTransaction:
    return PayoutTransaction(
        id=each.id,
        statement_id=statement.id,
        type=each.type,
        order_id=each.order_id,
        adjustment_id=each.adjustment_id,
        currency=statement.currency,
        settlement=each.settlement_amount,
        revenue=each.revenue_amount,
        fees=each.fee_tax_amount,
        shipping=each.shipping_cost_amount,
        adjustment=each.adjustment_amount,
        parts=each.parts(),
    )


def _fault(statement: Statement, totals: StatementTotals, transactions: Sequence[PayoutTransaction]) -> str:
    """What does not add up, in words; empty when all does, to the cent."""
    settled = sum((each.settlement for each in transactions), ZERO)
    if settled != statement.settlement_amount:
        return (
            f"Its {len(transactions)} transactions come to {settled} {statement.currency}, the statement to "
            f"{statement.settlement_amount}."
        )
    if totals.total_settlement_amount != statement.settlement_amount:
        return f"TikTok tells {statement.settlement_amount} and {totals.total_settlement_amount} for it."
    for each in transactions:
        parts = each.revenue + each.fees + each.shipping + each.adjustment
        if parts != each.settlement:
            return f"The parts of transaction {each.id} come to {parts}, the transaction to {each.settlement}."
    return ""


def _book(runtime: Runtime, shop: Shop, statement: PayoutStatement) -> None:
    """Book one statement, once; what is in the way is kept with it, and tried again by the next pull.

    :raises ConnectorError: Odoo as a whole does not answer.
    """
    settings = shop.settings
    if settings.payouts not in ("bill", "bank"):
        return
    transactions = runtime.payouts(shop.id).transactions(statement.id)
    books = Books(runtime.odoo, shop.id, settings.company_id)
    try:
        if settings.payouts == "bill":
            if settings.payout_partner_id is None:
                raise _missing("The vendor of TikTok's bills is not chosen.", "--payout-partner")
            wanted = -(statement.fees + statement.shipping + statement.adjustments)
            booked = books.bill(
                statement.id,
                cost_lines(transactions),
                partner_id=settings.payout_partner_id,
                currency=statement.currency,
                day=statement.time.date(),
            )
        else:
            if settings.payout_journal_id is None:
                raise _missing("The bank journal of payouts is not chosen.", "--payout-journal")
            wanted = statement.settlement
            booked = books.bank_lines(
                statement.id,
                bank_lines(transactions),
                journal_id=settings.payout_journal_id,
                currency=statement.currency,
                day=statement.time.date(),
            )
    except (OdooUnavailableError, OdooLoginError):
        raise
    except ConnectorError as error:
        statement.state, statement.code = "refused", error.code
        statement.reason = str(error)
    else:
        statement.state, statement.booked = "booked", booked.name
        statement.code = statement.reason = ""
        if booked.amount != wanted:
            statement.state, statement.code = "refused", "booked_mismatch"
            statement.reason = (
                f"{booked.name} comes to {booked.amount} in Odoo, the statement to {wanted}. Correct it there; it was "
                "changed, or a tax was added."
            )
    runtime.payouts(shop.id).update(statement)


def _missing(message: str, option: str) -> ConnectorError:
    return ConnectorError(
        message, code="payout_setting", remedy=f"Choose it: `tiktok-odoo shops set SHOP {option} NAME`."
    )


def cost_lines(transactions: Sequence[PayoutTransaction]) -> list[BookLine]:
    """What TikTok keeps of a statement by its own names, costs positive: fees and taxes, shipping, adjustments."""
    sums: dict[str, Decimal] = {}
    for each in transactions:
        told = sum(each.parts.values(), ZERO)
        parts = {**each.parts, "other_fees_and_taxes": each.fees - told}
        for name, amount in {**parts, "shipping_cost": each.shipping, "adjustments": each.adjustment}.items():
            sums[name] = sums.get(name, ZERO) - amount
    return [BookLine(_words(name), amount) for name, amount in sums.items() if amount]


def bank_lines(transactions: Sequence[PayoutTransaction]) -> list[BookLine]:
    """A line for each transaction that moves money."""
    return [
        BookLine(
            f"TikTok order {each.order_id}" if each.order_id else f"TikTok adjustment {each.adjustment_id}",
            each.settlement,
            each.id,
        )
        for each in transactions
        if each.settlement
    ]


def _words(name: str) -> str:
    return name.removesuffix("_amount").replace("_", " ").capitalize()
