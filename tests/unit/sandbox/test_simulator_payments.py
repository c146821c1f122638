"""The sums of an order agree to the last minor unit, for every currency (reference section 6.3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import ControlError
from sandbox.markets import MARKETS, decimals
from sandbox.payments import FEES, Charges, price_order

CURRENCIES = sorted({market.currency for market in MARKETS.values()})


@st.composite
def orders(draw: st.DrawFn) -> tuple[list[Decimal], str, Charges]:
    currency = draw(st.sampled_from(CURRENCIES))
    unit = Decimal(1).scaleb(-decimals(currency))
    prices = [unit * draw(st.integers(0, 500_000)) for _ in range(draw(st.integers(1, 8)))]
    total = int(sum(prices) / unit)
    by_seller = draw(st.integers(0, total))
    shipping = draw(st.integers(0, 50_000))
    shipping_by_seller = draw(st.integers(0, shipping))
    charges = Charges(
        seller_discount=unit * by_seller,
        platform_discount=unit * draw(st.integers(0, total - by_seller)),
        shipping_fee=unit * shipping,
        shipping_fee_seller_discount=unit * shipping_by_seller,
        shipping_fee_platform_discount=unit * draw(st.integers(0, shipping - shipping_by_seller)),
        tax_rate=draw(st.sampled_from([None, Decimal("0.0825"), Decimal("0.2")])),
        fees={name: unit * draw(st.integers(0, 5000)) for name in draw(st.sets(st.sampled_from(FEES)))},
    )
    return prices, currency, charges


@given(orders())
def test_the_relations_of_an_order_hold_exactly(order: tuple[list[Decimal], str, Charges]) -> None:
    prices, currency, charges = order
    lines, payment = price_order(prices, currency, charges)
    amount = {key: Decimal(value) for key, value in payment.items() if key != "currency"}
    assert amount["sub_total"] == (
        amount["original_total_product_price"] - amount["seller_discount"] - amount["platform_discount"]
    )
    assert amount["shipping_fee"] == (
        amount["original_shipping_fee"]
        - amount["shipping_fee_seller_discount"]
        - amount["shipping_fee_platform_discount"]
    )
    assert amount["tax"] == amount["product_tax"] + amount["shipping_fee_tax"]
    fees = sum((amount.get(name, Decimal(0)) for name in FEES), Decimal(0))
    assert amount["total_amount"] == amount["sub_total"] + amount["shipping_fee"] + amount["tax"] + fees
    assert _sum(lines, "original_price") == amount["original_total_product_price"]
    assert _sum(lines, "seller_discount") == amount["seller_discount"]
    assert _sum(lines, "platform_discount") == amount["platform_discount"]
    assert _sum(lines, "sale_price") == amount["sub_total"]
    assert all(Decimal(line["sale_price"]) >= 0 for line in lines)
    assert (charges.tax_rate is None) == all("item_tax" not in line for line in lines)
    taxes = (Decimal(tax["tax_amount"]) for line in lines for tax in line.get("item_tax", ()))
    assert sum(taxes, Decimal(0)) == amount["product_tax"]
    shown = {value for key, value in payment.items() if key != "currency"}
    assert {len(value.partition(".")[2]) for value in shown} == {decimals(currency)}


def test_us_tax_comes_on_top_of_the_shown_prices() -> None:
    charges = Charges(tax_rate=Decimal("0.0825"), shipping_fee=Decimal("4.99"))
    _, payment = price_order([Decimal("10.00"), Decimal("10.00")], "USD", charges)
    assert (payment["product_tax"], payment["shipping_fee_tax"], payment["total_amount"]) == ("1.66", "0.41", "27.06")


def test_rupiah_have_no_decimals_and_their_fees_are_part_of_the_total() -> None:
    fees = {"buyer_service_fee": Decimal(1000), "handling_fee": Decimal(1250)}
    _, payment = price_order([Decimal(100000)], "IDR", Charges(platform_discount=Decimal(5000), fees=fees))
    assert payment["total_amount"] == "97250"
    assert payment["tax"] == "0"


@pytest.mark.parametrize(
    ("prices", "currency", "charges"),
    [
        (["10.001"], "EUR", Charges()),
        (["10.5"], "JPY", Charges()),
        (["-1"], "EUR", Charges()),
        (["10"], "EUR", Charges(seller_discount=Decimal("6"), platform_discount=Decimal("5"))),
        (["10"], "EUR", Charges(shipping_fee_seller_discount=Decimal("1"))),
        (["10"], "EUR", Charges(fees={"tip": Decimal(1)})),
    ],
)
def test_amounts_that_cannot_be_are_refused(prices: list[str], currency: str, charges: Charges) -> None:
    with pytest.raises(ControlError):
        price_order([Decimal(price) for price in prices], currency, charges)


def _sum(lines: list[dict[str, Any]], name: str) -> Decimal:
    return sum((Decimal(line[name]) for line in lines), Decimal(0))
