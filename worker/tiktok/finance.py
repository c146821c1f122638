"""Typed calls of the Finance API: statements, their transactions, and what one order brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from worker.tiktok.models import OrderSettlement, Statement, StatementTotals, StatementTransaction
from worker.tiktok.models.base import parse_each
from worker.tiktok.parsing import parse, rows
from worker.tiktok.signed import SignedClient
from worker.tiktok.times import ceiling, floor, page_token_of

_STATEMENTS = "/finance/202309/statements"
_TRANSACTIONS = "/finance/202501/statements/{statement_id}/statement_transactions"
_ORDER = "/finance/202501/orders/{order_id}/statement_transactions"


@dataclass(frozen=True)
class StatementPage:
    """One page of statements; ``invalid`` holds (id, reason). ``next_page_token`` is empty at the end."""

    statements: list[Statement]
    invalid: list[tuple[str, str]]
    next_page_token: str


@dataclass(frozen=True)
class TransactionPage:
    """One page of a statement's transactions, under the statement's own totals."""

    totals: StatementTotals
    transactions: list[StatementTransaction]
    invalid: list[tuple[str, str]]
    next_page_token: str


class FinanceCalls(SignedClient):
    """Calls for one shop. All raise the three errors of ``worker.tiktok.errors``."""

    def statements(
        self,
        *,
        statement_time_ge: datetime | int | None = None,
        statement_time_lt: datetime | int | None = None,
        page_size: int = 100,
        page_token: str = "",
    ) -> StatementPage:
        """One page of statements, oldest first (*Get Statements*).

        :param page_size: 1 to 100.
        """
        query = {
            **_paging("statement_time", page_size, page_token),
            "statement_time_ge": floor(statement_time_ge),
            "statement_time_lt": ceiling(statement_time_lt),
        }
        data = self._call("GET", _STATEMENTS, query=query)
        found, invalid = parse_each(Statement, rows(data, "statements", _STATEMENTS))
        return StatementPage(found, invalid, page_token_of(data))

    def statement_transactions(
        self, statement_id: str, *, page_size: int = 100, page_token: str = ""
    ) -> TransactionPage:
        """One page of a statement's transactions (*Get Statement Transactions*, 202501).

        :param page_size: 1 to 100.
        """
        query = _paging("order_create_time", page_size, page_token)
        data = self._call("GET", _TRANSACTIONS, ids={"statement_id": statement_id}, query=query)
        found, invalid = parse_each(StatementTransaction, rows(data, "transactions", _TRANSACTIONS))
        return TransactionPage(parse(StatementTotals, data, _TRANSACTIONS), found, invalid, page_token_of(data))

    def order_settlement(self, order_id: str) -> OrderSettlement:
        """What one order brought so far (*Get Order Statement Transactions*, 202501)."""
        query = _paging("order_create_time", 100, "")
        return parse(OrderSettlement, self._call("GET", _ORDER, ids={"order_id": order_id}, query=query), _ORDER)


def _paging(sort_field: str, page_size: int, page_token: str) -> dict[str, str | int | None]:
    return {"page_size": page_size, "page_token": page_token, "sort_field": sort_field, "sort_order": "ASC"}
