"""Statements, their transactions, and what an order brought (reference section 5.10)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.api.parameters import next_page, one_of, page_offset, page_size
from sandbox.api.shop_orders import own_order
from sandbox.errors import ApiError, invalid_parameter
from sandbox.finance import Statement, Transaction
from sandbox.payments import format_amount
from sandbox.routing import Call, Endpoint

SCOPE = "seller.finance.info"


def statements(call: Call) -> dict[str, Any]:
    """Oldest first unless asked otherwise; no ``total_count``, as TikTok tells none."""
    _needs_sort(call, "statement_time")
    start, end = _seconds(call, "statement_time_ge"), _seconds(call, "statement_time_lt")
    status = one_of(call.query, "payment_status", ("PAID", "FAILED", "PROCESSING"))
    found = [
        each
        for each in call.ledger.of(call.shop)
        if (start is None or each.time >= start)
        and (end is None or each.time < end)
        and status in (None, each.payment_status)
    ]
    rows, rest = _page(call, found)
    return {"statements": [_statement(each) for each in rows], "next_page_token": rest["next_page_token"]}


def transactions(call: Call) -> dict[str, Any]:
    """Under the statement's own totals."""
    _needs_sort(call, "order_create_time")
    statement = call.ledger.statements.get(call.path["statement_id"])
    if statement is None or statement.shop is not call.shop:
        raise ApiError(38001001, "There is no such statement")
    currency = call.shop.currency
    rows, rest = _page(call, statement.transactions)
    breakdown = {
        "total_revenue_amount": statement.total("revenue"),
        "total_shipping_cost_amount": statement.total("shipping"),
        "total_fee_tax_amount": statement.total("fee_tax"),
        "total_adjustment_amount": statement.total("adjustment"),
    }
    settled = format_amount(statement.total("settlement"), currency)
    return {
        "id": statement.id,
        "create_time": statement.time,
        "status": "SETTLED",
        "currency": currency,
        "payable_amount": settled,
        "total_settlement_amount": settled,
        "total_settlement_breakdown": _amounts(breakdown, currency),
        "transactions": [_transaction(each, currency) for each in rows],
        **rest,
    }


def of_order(call: Call) -> dict[str, Any]:
    """What an order brought over all statements."""
    _needs_sort(call, "order_create_time")
    order = own_order(call, call.path["order_id"])
    currency = call.shop.currency
    found = [
        (statement, each)
        for statement in call.ledger.of(call.shop)
        for each in statement.transactions
        if each.order is order
    ]
    if not found:
        raise ApiError(38001002, "The order is not settled")
    sums = {
        "revenue_amount": sum((each.revenue for _, each in found), Decimal(0)),
        "fee_and_tax_amount": sum((each.fee_tax for _, each in found), Decimal(0)),
        "shipping_cost_amount": sum((each.shipping for _, each in found), Decimal(0)),
        "settlement_amount": sum((each.settlement for _, each in found), Decimal(0)),
    }
    return {
        "order_id": order.id,
        "order_create_time": order.fields["create_time"],
        "currency": currency,
        **_amounts(sums, currency),
        "sku_transactions": [
            {
                "statement_id": statement.id,
                "sku_id": order.fields["line_items"][0]["sku_id"],
                "quantity": str(len(order.fields["line_items"])),
                **_amounts({"settlement_amount": each.settlement, "revenue_amount": each.revenue}, currency),
            }
            for statement, each in found
        ],
        "total_count": len(found),
    }


def _statement(each: Statement) -> dict[str, Any]:
    amounts = {
        "settlement_amount": each.total("settlement"),
        "revenue_amount": each.total("revenue"),
        "net_sales_amount": each.total("revenue"),
        "fee_amount": each.total("fee_tax"),
        "adjustment_amount": each.total("adjustment"),
        "shipping_cost_amount": each.total("shipping"),
    }
    shown: dict[str, Any] = {
        "id": each.id,
        "statement_time": each.time,
        "currency": each.shop.currency,
        "payment_status": each.payment_status,
        **_amounts(amounts, each.shop.currency),
    }
    if each.payment_id:
        shown |= {"payment_id": each.payment_id, "payment_time": each.payment_time}
    return shown


def _transaction(each: Transaction, currency: str) -> dict[str, Any]:
    about = {"order_id": each.order.id} if each.order else {"adjustment_id": each.adjustment_id}
    amounts = {
        "settlement_amount": each.settlement,
        "revenue_amount": each.revenue,
        "shipping_cost_amount": each.shipping,
        "fee_tax_amount": each.fee_tax,
        "adjustment_amount": each.adjustment,
    }
    carrier = {"customer_paid_shipping_fee_amount": each.paid_shipping, "actual_shipping_fee_amount": each.carrier}
    return {
        "id": each.id,
        "type": "ORDER" if each.order else "ADJUSTMENT",
        **about,
        **_amounts(amounts, currency),
        "shipping_cost_breakdown": _amounts(carrier, currency),
        "fee_tax_breakdown": {"fee": _amounts(each.fees, currency), "tax": _amounts(each.taxes, currency)},
    }


def _amounts(amounts: dict[str, Decimal], currency: str) -> dict[str, str]:
    return {name: format_amount(amount, currency) for name, amount in amounts.items()}


def _page(call: Call, things: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    size, offset = page_size(call.query), page_offset(call.query)
    order = one_of(call.query, "sort_order", ("ASC", "DESC")) or "ASC"
    found = things if order == "ASC" else list(reversed(things))
    rest = {"next_page_token": next_page(offset, size, len(found)), "total_count": len(found)}
    return found[offset : offset + size], rest


def _needs_sort(call: Call, name: str) -> None:
    if call.query.get("sort_field") != name:
        raise invalid_parameter("sort_field", f"is required: {name}")


def _seconds(call: Call, name: str) -> int | None:
    text = call.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise invalid_parameter(name, "must be a time in epoch seconds")
    return int(text)


ENDPOINTS = [
    Endpoint("/finance/202309/statements", "GET", SCOPE, statements),
    Endpoint("/finance/202501/statements/<statement_id>/statement_transactions", "GET", SCOPE, transactions),
    Endpoint("/finance/202501/orders/<order_id>/statement_transactions", "GET", SCOPE, of_order),
]
