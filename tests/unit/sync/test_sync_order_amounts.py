"""An order's money: what Odoo must come to, and the lines that make it so, exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.markets import MARKETS
from sandbox.payments import FEES, Charges, price_order
from tests.unit.builders import item, make_order
from worker.errors import OrderError
from worker.sync.order_amounts import Amounts, Basis, active_items, amounts, unit_price, with_decimals_of
from worker.tiktok.models import Order

D = Decimal


def lines_total(order: Order, basis: Basis, money: Amounts) -> Decimal:
    """What the lines in Odoo add up to."""
    goods = sum((unit_price(unit, basis) for unit in active_items(order)), D(0))
    return goods + sum((line.amount for line in money.extras), D(0))


def extras(money: Amounts) -> dict[str, str]:
    return {line.text: str(line.amount) for line in money.extras}


def priced(region: str, prices: list[str], **charges: Any) -> Order:
    """An order as the simulator of that market prices it."""
    market = MARKETS[region]
    fees = {name: D(amount) for name, amount in market.fees}
    given_charges = {name: D(amount) for name, amount in charges.items()}
    lines, payment = price_order(
        [D(price) for price in prices], market.currency, Charges(tax_rate=market.tax_rate, fees=fees, **given_charges)
    )
    return make_order(items=[item(number, **line) for number, line in enumerate(lines)], payment=payment)


def test_the_example_of_the_documentation() -> None:
    """docs/amounts.md: list price 25.00, 3.00 and 2.00 off, shipping 4.00 of which TikTok funds 1.50."""
    unit = item(original_price="25.00", sale_price="20.00", seller_discount="3.00", platform_discount="2.00")
    payment = {"sub_total": "20.00", "seller_discount": "3.00", "platform_discount": "2.00", "total_amount": "22.50"}
    payment |= {"original_shipping_fee": "4.00", "shipping_fee": "2.50", "shipping_fee_platform_discount": "1.50"}
    order = make_order(items=[unit], payment=payment)
    paid, revenue = amounts(order, "buyer_paid"), amounts(order, "seller_revenue")
    assert (paid.total, extras(paid)) == (D("22.50"), {"Shipping fee": "2.50"})
    assert (revenue.total, extras(revenue)) == (D("26.00"), {"Shipping fee": "4.00"})
    assert [unit_price(order.line_items[0], basis) for basis in ("buyer_paid", "seller_revenue")] == [D(20), D(22)]


@pytest.mark.parametrize(
    ("region", "prices", "shown"),
    [
        ("US", ["10.00", "5.50"], {"Tax collected by TikTok Shop": "1.28", "Retail delivery fee": "0.28"}),
        ("TH", ["390.00"], {"Small order fee": "5.00"}),
        ("ID", ["120000"], {"Buyer service fee": "1000", "Handling fee": "1250"}),
        ("JP", ["2400"], {}),
        ("VN", ["250000"], {}),
        ("GB", ["18.99", "18.99"], {}),
        ("DE", ["25.00"], {}),
    ],
)
def test_each_markets_fees_and_taxes_have_lines_of_their_own(
    region: str, prices: list[str], shown: dict[str, str]
) -> None:
    order = priced(region, prices)
    money = amounts(order, "buyer_paid")
    assert money.total == order.payment.total_amount
    assert extras(money) == shown
    assert lines_total(order, "buyer_paid", money) == money.total


@given(data=st.data())
def test_the_lines_add_up_to_the_total_in_every_market_and_on_both_bases(data: st.DataObject) -> None:
    market = data.draw(st.sampled_from(sorted(MARKETS.values(), key=lambda market: market.region)))
    decimals = 0 if market.currency in ("IDR", "JPY", "VND") else 2
    unit = D(1).scaleb(-decimals)

    def money(most: int) -> Decimal:
        return unit * data.draw(st.integers(0, most))

    prices = [money(50_000) + unit for _ in range(data.draw(st.integers(1, 5)))]
    half = int(sum(prices) / unit / 2)
    shipping = money(2000)
    part = int(shipping / unit / 2)
    charges = Charges(
        seller_discount=money(half),
        platform_discount=money(half),
        shipping_fee=shipping,
        shipping_fee_seller_discount=money(part),
        shipping_fee_platform_discount=money(part),
        tax_rate=market.tax_rate,
        fees={name: money(300) for name in data.draw(st.sets(st.sampled_from(FEES)))},
    )
    lines, payment = price_order(prices, market.currency, charges)
    order = make_order(items=[item(number, **line) for number, line in enumerate(lines)], payment=payment)
    paid, revenue = amounts(order, "buyer_paid"), amounts(order, "seller_revenue")
    assert paid.total == order.payment.total_amount
    assert revenue.total == paid.total + charges.platform_discount + charges.shipping_fee_platform_discount
    assert lines_total(order, "buyer_paid", paid) == paid.total
    assert lines_total(order, "seller_revenue", revenue) == revenue.total


def test_a_tax_that_is_listed_but_included_makes_no_line() -> None:
    order = make_order(payment={"sub_total": "10.00", "tax": "1.67", "total_amount": "10.00"})
    assert extras(amounts(order, "seller_revenue")) == {}


def test_only_the_fees_that_are_part_of_the_total_make_lines() -> None:
    payment = {"sub_total": "10.00", "handling_fee": "1.10", "buyer_service_fee": "2.30", "small_order_fee": "0.40"}
    order = make_order(payment={**payment, "total_amount": "12.70"})
    assert extras(amounts(order, "buyer_paid")) == {"Small order fee": "0.40", "Buyer service fee": "2.30"}


def test_a_discount_on_the_payment_lowers_what_the_buyer_paid_and_not_the_revenue() -> None:
    payment = {"sub_total": "10.00", "payment_platform_discount": "1.50", "total_amount": "8.50"}
    order = make_order(payment=payment)
    paid, revenue = amounts(order, "buyer_paid"), amounts(order, "seller_revenue")
    assert (paid.total, extras(paid)) == (D("8.50"), {"Payment discount funded by TikTok": "-1.50"})
    assert (revenue.total, extras(revenue)) == (D("10.00"), {})
    assert lines_total(order, "buyer_paid", paid) == paid.total


@pytest.mark.parametrize("basis", ["seller_revenue", "buyer_paid"])
def test_a_total_that_nothing_explains_is_refused_and_no_line_is_made_up(basis: Basis) -> None:
    order = make_order(payment={"sub_total": "10.00", "tax": "1.00", "total_amount": "10.99"})
    with pytest.raises(OrderError, match=r"total 10\.99 GBP is not explained by .*\(tax 1\.00\)") as refused:
        amounts(order, basis)
    assert refused.value.code == "total_mismatch"
    assert refused.value.remedy


def test_items_that_do_not_add_up_to_the_sub_total_are_refused() -> None:
    order = make_order(items=[item(1), item(2)], payment={"sub_total": "19.99", "total_amount": "19.99"})
    with pytest.raises(OrderError, match=r"items add up to 20\.00 GBP but its sub_total is 19\.99") as refused:
        amounts(order, "seller_revenue")
    assert refused.value.code == "total_mismatch"


def cancelled_item(**fields: Any) -> dict[str, Any]:
    return item(2, "8.00", display_status="CANCELLED", **fields)


@pytest.mark.parametrize("basis", ["seller_revenue", "buyer_paid"])
@pytest.mark.parametrize("figures", ["18.00", "10.00"], ids=["TikTok still counts it", "TikTok left it out"])
def test_a_cancelled_item_is_left_out_with_its_price(basis: Basis, figures: str) -> None:
    items = [item(1, "10.00"), cancelled_item()]
    order = make_order(items=items, payment={"sub_total": figures, "total_amount": figures})
    money = amounts(order, basis)
    assert [unit.id for unit in active_items(order)] == [items[0]["id"]]
    assert money.total == D("10.00") == lines_total(order, basis, money)


def test_a_cancelled_item_is_left_out_with_its_discount_and_its_tax() -> None:
    kept = item(1, "9.00", platform_discount="1.00", item_tax=[{"tax_amount": "0.90"}])
    gone = cancelled_item(platform_discount="2.00", item_tax=[{"tax_amount": "0.50"}, {"tax_amount": "0.30"}])
    payment = {"sub_total": "17.00", "platform_discount": "3.00", "shipping_fee": "4.00", "tax": "1.70"}
    order = make_order(items=[kept, gone], payment={**payment, "total_amount": "22.70"})
    paid, revenue = amounts(order, "buyer_paid"), amounts(order, "seller_revenue")
    assert (paid.total, revenue.total) == (D("13.90"), D("14.90"))
    assert extras(paid) == {"Shipping fee": "4.00", "Tax collected by TikTok Shop": "0.90"}
    assert lines_total(order, "buyer_paid", paid) == paid.total
    assert lines_total(order, "seller_revenue", revenue) == revenue.total


def test_discounts_that_do_not_add_up_cannot_pass_unseen() -> None:
    """TikTok's payment says 5.00, its items 4.00: Odoo comes to less than the total, so the quotation says why."""
    order = make_order(
        items=[item(platform_discount="4.00")],
        payment={"sub_total": "10.00", "platform_discount": "5.00", "total_amount": "10.00"},
    )
    money = amounts(order, "seller_revenue")
    assert lines_total(order, "seller_revenue", money) != money.total


@pytest.mark.parametrize(
    ("model", "amount", "written"),
    [("9.50", "9.5", "9.50"), ("950", "950.0", "950"), ("9.50", "9.505", "9.505"), ("0.00", "45.0", "45.00")],
)
def test_an_amount_of_odoos_is_written_with_tiktoks_decimals_but_never_rounded(
    model: str, amount: str, written: str
) -> None:
    assert str(with_decimals_of(Decimal(model), Decimal(amount))) == written
