"""A payout statement as a file: one row a transaction, TikTok's names for the columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from worker.state.payouts import PayoutTransaction

_COLUMNS = (
    *("statement_id", "transaction_id", "type", "order_id", "adjustment_id", "currency"),
    *("settlement_amount", "revenue_amount", "fee_tax_amount", "shipping_cost_amount", "adjustment_amount"),
)


def as_csv(transactions: Sequence[PayoutTransaction]) -> str:
    """The transactions as CSV; each fee and tax of TikTok's has a column after those that are always there."""
    fees = sorted({name for each in transactions for name in each.parts})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_COLUMNS, *fees])
    for each in transactions:
        amounts = (each.settlement, each.revenue, each.fees, each.shipping, each.adjustment)
        writer.writerow(
            [
                *(each.statement_id, each.id, each.type, each.order_id, each.adjustment_id, each.currency),
                *amounts,
                *(each.parts.get(name, "") for name in fees),
            ]
        )
    return text.getvalue()
