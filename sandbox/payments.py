"""What an order costs: unit prices, discounts, shipping, tax and fees, so that the sums of an order always agree.

The relations are those of the reference, section 6.3; regional fees are part of ``total_amount``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.errors import ControlError
from sandbox.markets import decimals

FEES = (
    "small_order_fee",
    "retail_delivery_fee",
    "buyer_service_fee",
    "handling_fee",
    "shipping_insurance_fee",
    "item_insurance_fee",
)
LINE_FEES = ("small_order_fee", "retail_delivery_fee", "buyer_service_fee")
ZERO = Decimal(0)


@dataclass(frozen=True)
class Charges:
    """What an order costs besides its units; major units of the shop's currency, never negative.

    :param tax_rate: added on top of products and shipping; ``None`` where prices include the tax (``tax`` is 0 then).
    """

    seller_discount: Decimal = ZERO
    platform_discount: Decimal = ZERO
    shipping_fee: Decimal = ZERO
    shipping_fee_seller_discount: Decimal = ZERO
    shipping_fee_platform_discount: Decimal = ZERO
    tax_rate: Decimal | None = None
    fees: Mapping[str, Decimal] = field(default_factory=dict)


def format_amount(amount: Decimal, currency: str) -> str:
    """A decimal string in major units with the currency's decimals, as TikTok sends amounts: ``12.50``, ``120000``."""
    return f"{amount:.{decimals(currency)}f}"


def allocate(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Split an amount over lines in proportion to weights, in whole minor units, without losing one."""
    if not weights:
        return []
    unit = Decimal(1).scaleb(-decimals(currency))
    whole = sum(weights, ZERO) or Decimal(len(weights))
    parts: list[Decimal] = []
    weight_so_far, given = ZERO, ZERO
    for weight in weights:
        weight_so_far += weight if any(weights) else Decimal(1)
        upto = (total * weight_so_far / whole).quantize(unit, ROUND_HALF_UP)
        parts.append(upto - given)
        given = upto
    return parts


def price_order(
    prices: Sequence[Decimal], currency: str, charges: Charges
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The amounts of an order with one price for each unit.

    :return: for each unit the amount fields of its line item, and the order's ``payment`` object.
    :raises ControlError: when an amount is negative, too exact for the currency, or a discount exceeds its base.
    """
    _check(prices, currency, charges)
    product_total = sum(prices, ZERO)
    seller_parts = allocate(charges.seller_discount, prices, currency)
    after_seller = [price - part for price, part in zip(prices, seller_parts, strict=True)]
    platform_parts = allocate(charges.platform_discount, after_seller, currency)
    sale_prices = [price - part for price, part in zip(after_seller, platform_parts, strict=True)]
    shipping_fee = charges.shipping_fee - charges.shipping_fee_seller_discount - charges.shipping_fee_platform_discount
    taxes = [_tax(price, charges.tax_rate, currency) for price in sale_prices]
    shipping_tax = _tax(shipping_fee, charges.tax_rate, currency)
    product_tax = sum(taxes, ZERO)
    sub_total = sum(sale_prices, ZERO)
    fees = {name: charges.fees.get(name, ZERO) for name in FEES}
    amounts = {
        "original_total_product_price": product_total,
        "seller_discount": charges.seller_discount,
        "platform_discount": charges.platform_discount,
        "sub_total": sub_total,
        "original_shipping_fee": charges.shipping_fee,
        "shipping_fee_seller_discount": charges.shipping_fee_seller_discount,
        "shipping_fee_platform_discount": charges.shipping_fee_platform_discount,
        "shipping_fee": shipping_fee,
        "product_tax": product_tax,
        "shipping_fee_tax": shipping_tax,
        "tax": product_tax + shipping_tax,
        **{name: amount for name, amount in fees.items() if amount},
        "total_amount": sub_total + shipping_fee + product_tax + shipping_tax + sum(fees.values(), ZERO),
    }
    payment = {"currency": currency} | {key: format_amount(value, currency) for key, value in amounts.items()}
    line_fees = {name: allocate(fees[name], prices, currency) for name in LINE_FEES if fees[name]}
    lines = [
        _line(
            currency,
            {
                "original_price": price,
                "seller_discount": seller_parts[index],
                "platform_discount": platform_parts[index],
                "sale_price": sale_prices[index],
                **{name: parts[index] for name, parts in line_fees.items()},
            },
            taxes[index],
            charges.tax_rate,
        )
        for index, price in enumerate(prices)
    ]
    return lines, payment


def _line(currency: str, amounts: Mapping[str, Decimal], tax: Decimal, rate: Decimal | None) -> dict[str, Any]:
    line: dict[str, Any] = {"currency": currency}
    line |= {name: format_amount(amount, currency) for name, amount in amounts.items()}
    if rate is not None:
        line["item_tax"] = [
            {"tax_type": "SALES_TAX", "tax_amount": format_amount(tax, currency), "tax_rate": str(rate)}
        ]
    return line


def _tax(amount: Decimal, rate: Decimal | None, currency: str) -> Decimal:
    if rate is None:
        return ZERO
    return (amount * rate).quantize(Decimal(1).scaleb(-decimals(currency)), ROUND_HALF_UP)


def _check(prices: Sequence[Decimal], currency: str, charges: Charges) -> None:
    unknown = set(charges.fees) - set(FEES)
    if unknown:
        raise ControlError(f"unknown fees {sorted(unknown)}; known are {', '.join(FEES)}")
    given = {"a price": max(prices, default=ZERO), **{f"the {name}": fee for name, fee in charges.fees.items()}}
    for name in (
        "seller_discount",
        "platform_discount",
        "shipping_fee",
        "shipping_fee_seller_discount",
        "shipping_fee_platform_discount",
    ):
        given[f"the {name}"] = getattr(charges, name)
    for name, amount in [*given.items(), *(("a price", price) for price in prices)]:
        if amount < 0:
            raise ControlError(f"{name} must not be negative: {amount}")
        if amount != amount.quantize(Decimal(1).scaleb(-decimals(currency))):
            raise ControlError(f"{name} of {amount} has more decimals than {currency}")
    if charges.seller_discount + charges.platform_discount > sum(prices, ZERO):
        raise ControlError("the discounts exceed the price of the products")
    if charges.shipping_fee_seller_discount + charges.shipping_fee_platform_discount > charges.shipping_fee:
        raise ControlError("the shipping discounts exceed the shipping fee")
