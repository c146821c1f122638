"""Money of one order: what Odoo's total must be, and the lines beside the goods that make it so. Pure, and exact.

TikTok's ``payment`` (Order API, *Get Order Detail*) says what the buyer paid but not, for every market, which of the
fees and taxes that it lists are part of it: in the US tax comes on top, in tax-inclusive markets it does not; regional
fees are documented incompletely. So the amounts are not guessed from a formula: the fees and taxes that are part of
``total_amount`` are those with which the sum comes out to the last digit. When no choice does, the order says so
instead of getting a plug line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Literal

from worker.errors import OrderError
from worker.tiktok.models import LineItem, Order, Payment

Basis = Literal["seller_revenue", "buyer_paid"]
ZERO = Decimal(0)

#: Fields of ``payment`` that may or may not be part of ``total_amount``, with the text of their line in Odoo.
_TAX = ("tax", "Tax collected by TikTok Shop")
_FEES = (
    ("retail_delivery_fee", "Retail delivery fee"),
    ("small_order_fee", "Small order fee"),
    ("buyer_service_fee", "Buyer service fee"),
    ("handling_fee", "Handling fee"),
    ("shipping_insurance_fee", "Shipping insurance"),
    ("item_insurance_fee", "Item insurance"),
    ("item_insurance_tax", "Tax on item insurance"),
    ("distance_shipping_fee", "Distance shipping fee"),
    ("distance_fee", "Distance fee"),
    ("payment_discount_service_fee", "Payment discount service fee"),
)
_PAYMENT_DISCOUNT = "payment_platform_discount"


@dataclass(frozen=True)
class ExtraLine:
    """A line beside the goods; ``kind`` chooses its service product in Odoo."""

    kind: Literal["shipping", "fee", "tax"]
    text: str
    amount: Decimal


@dataclass(frozen=True)
class Amounts:
    """``total`` is what Odoo must come to, in ``currency``; goods are priced by :func:`unit_price`."""

    currency: str
    total: Decimal
    extras: list[ExtraLine]


def active_items(order: Order) -> list[LineItem]:
    """The order's items (one per unit) that were not cancelled one by one."""
    return [item for item in order.line_items if item.display_status != "CANCELLED"]


def unit_price(item: LineItem, basis: Basis) -> Decimal:
    """What one unit brings: the buyer's price, with ``seller_revenue`` plus the discount that TikTok pays for."""
    return item.sale_price + (item.platform_discount if basis == "seller_revenue" else ZERO)


def amounts(order: Order, basis: Basis) -> Amounts:
    """The order's total and its lines for shipping, fees and taxes.

    :raises OrderError: ``total_mismatch``: TikTok's own figures do not add up.
    """
    payment = order.payment
    items = active_items(order)
    cancelled = [item for item in order.line_items if item.display_status == "CANCELLED"]
    if payment.sub_total == _paid(order.line_items):
        gone = cancelled  # TikTok's figures still hold the cancelled items
    elif payment.sub_total == _paid(items):
        gone = []
    else:
        raise OrderError(
            f"TikTok's items add up to {_paid(order.line_items)} {payment.currency} but its sub_total is "
            f"{payment.sub_total}.",
            code="total_mismatch",
            remedy="Compare the order in Seller Center; import it by hand if TikTok's figures are right.",
        )
    parts = _parts_of_total(payment)
    extras = _extras(payment, parts, basis)
    total = payment.total_amount - _paid(gone)
    if basis == "seller_revenue":
        total += payment.platform_discount - sum((item.platform_discount for item in gone), ZERO)
        total += payment.shipping_fee_platform_discount
        total += payment.payment_platform_discount if _PAYMENT_DISCOUNT in parts else ZERO
    if gone and _TAX[0] in parts:
        gone_tax = sum((tax.tax_amount for item in gone for tax in item.item_tax), ZERO)
        total -= gone_tax
        extras = [
            ExtraLine(line.kind, line.text, line.amount - gone_tax) if line.kind == "tax" else line for line in extras
        ]
    return Amounts(payment.currency, total, [line for line in extras if line.amount])


def _paid(items: Sequence[LineItem]) -> Decimal:
    return sum((item.sale_price for item in items), ZERO)


def _parts_of_total(payment: Payment) -> frozenset[str]:
    rest = payment.total_amount - payment.sub_total - payment.shipping_fee
    signed = {name: getattr(payment, name) for name, _ in (_TAX, *_FEES)}
    signed[_PAYMENT_DISCOUNT] = -payment.payment_platform_discount
    signed = {name: amount for name, amount in signed.items() if amount}
    for names in _most_first(list(signed)):
        if sum((signed[name] for name in names), ZERO) == rest:
            return frozenset(names)
    listed = ", ".join(f"{name} {amount}" for name, amount in signed.items()) or "none"
    raise OrderError(
        f"TikTok's total {payment.total_amount} {payment.currency} is not explained by sub_total {payment.sub_total}, "
        f"shipping fee {payment.shipping_fee} and its fees and taxes ({listed}).",
        code="total_mismatch",
        remedy="Compare the order in Seller Center and tell us the market, so that the fee can be learned.",
    )


def _most_first(names: list[str]) -> Iterator[tuple[str, ...]]:
    for size in range(len(names), -1, -1):
        yield from combinations(names, size)


def _extras(payment: Payment, parts: frozenset[str], basis: Basis) -> list[ExtraLine]:
    shipping = payment.shipping_fee
    if basis == "seller_revenue":
        shipping += payment.shipping_fee_platform_discount
    lines = [ExtraLine("shipping", "Shipping fee", shipping)]
    lines += [ExtraLine("fee", text, getattr(payment, name)) for name, text in _FEES if name in parts]
    if _TAX[0] in parts:
        lines.append(ExtraLine("tax", _TAX[1], payment.tax))
    if _PAYMENT_DISCOUNT in parts and basis == "buyer_paid":
        text = "Payment discount funded by TikTok"
        lines.append(ExtraLine("fee", text, -payment.payment_platform_discount))
    return lines


def with_decimals_of(model: Decimal, amount: Decimal) -> Decimal:
    """``amount`` with as many decimals as ``model`` has; unchanged where that would round it.

    Odoo's amounts are JSON numbers, which have no zeros at their end; TikTok's are texts, which do.
    """
    written = amount.quantize(model)
    return written if written == amount else amount
