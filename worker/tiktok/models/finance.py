"""Statements and settlements of the Finance API, in major units; costs are negative."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import AliasChoices, Field

from worker.tiktok.models.base import Currency, Id, OptionalAmount, OptionalTime, Status, TikTokModel, Time


class Statement(TikTokModel):
    """What was settled on one day (*Get Statements*); TikTok makes it at 00:00 UTC for the day before.

    ``payment_status`` is PAID, FAILED or PROCESSING and changes later.
    """

    id: Id
    statement_time: Time
    currency: Currency
    settlement_amount: OptionalAmount = Decimal(0)
    revenue_amount: OptionalAmount = Decimal(0)
    net_sales_amount: OptionalAmount = Decimal(0)
    fee_amount: OptionalAmount = Decimal(0)
    adjustment_amount: OptionalAmount = Decimal(0)
    shipping_cost_amount: OptionalAmount = Decimal(0)
    payment_id: str = ""
    payment_status: Status = ""
    payment_time: OptionalTime = None


class StatementTransaction(TikTokModel):
    """One order's or one adjustment's part of a statement (*Get Statement Transactions*, 202501).

    Exactly one of ``order_id`` and ``adjustment_id`` is there. Breakdowns are kept as TikTok sends them: its list of
    fees and taxes grows; :meth:`parts` reads them.
    """

    id: Id
    type: Status = ""
    order_id: str = ""
    adjustment_id: str = ""
    settlement_amount: OptionalAmount = Decimal(0)
    revenue_amount: OptionalAmount = Decimal(0)
    shipping_cost_amount: OptionalAmount = Decimal(0)
    fee_tax_amount: OptionalAmount = Decimal(0)
    adjustment_amount: OptionalAmount = Decimal(0)
    reserve_amount: OptionalAmount = Decimal(0)
    revenue_breakdown: dict[str, Any] = Field(default_factory=dict)
    shipping_cost_breakdown: dict[str, Any] = Field(default_factory=dict)
    fee_tax_breakdown: dict[str, Any] = Field(default_factory=dict)

    def parts(self) -> dict[str, Decimal]:
        """Fees and taxes by TikTok's name, those of 0 left out."""
        found: dict[str, Decimal] = {}
        for name, amount in _amounts(self.fee_tax_breakdown):
            found[name] = found.get(name, Decimal(0)) + amount
        return {name: amount for name, amount in found.items() if amount}


def _amounts(tree: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _amounts(value)
        elif isinstance(value, str | int):
            try:
                yield name, Decimal(value)
            except InvalidOperation:
                continue


class StatementBreakdown(TikTokModel):
    """What a statement's settlement is made of."""

    total_revenue_amount: OptionalAmount = Decimal(0)
    total_shipping_cost_amount: OptionalAmount = Decimal(0)
    total_fee_tax_amount: OptionalAmount = Decimal(0)
    total_adjustment_amount: OptionalAmount = Decimal(0)


class StatementTotals(TikTokModel):
    """The head of a page of transactions; ``payable_amount`` is the settlement and what is held in reserve."""

    id: str = ""
    status: Status = ""
    currency: str = ""
    payable_amount: OptionalAmount = Decimal(0)
    total_settlement_amount: OptionalAmount = Decimal(0)
    total_settlement_breakdown: StatementBreakdown = Field(default_factory=StatementBreakdown)


class SkuSettlement(TikTokModel):
    """One SKU's part of what an order brought."""

    sku_id: str = ""
    sku_name: str = ""
    statement_id: str = ""
    quantity: int = 0
    settlement_amount: OptionalAmount = Decimal(0)
    revenue_amount: OptionalAmount = Decimal(0)
    shipping_cost_amount: OptionalAmount = Decimal(0)
    fee_tax_amount: OptionalAmount = Decimal(0)


class OrderSettlement(TikTokModel):
    """What one order brought (*Get Order Statement Transactions*, 202501)."""

    order_id: Id
    currency: str = ""
    revenue_amount: OptionalAmount = Decimal(0)
    fee_and_tax_amount: OptionalAmount = Field(
        Decimal(0), validation_alias=AliasChoices("fee_and_tax_amount", "fee_tax_amount")
    )
    shipping_cost_amount: OptionalAmount = Decimal(0)
    settlement_amount: OptionalAmount = Decimal(0)
    skus: list[SkuSettlement] = Field(default_factory=list, validation_alias=AliasChoices("skus", "sku_transactions"))
