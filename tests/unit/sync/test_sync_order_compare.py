"""One order's amounts side by side: each part, the total, and nothing that identifies a buyer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.builders import SHOP_ID, add_account, item, make_order, make_shop
from tests.unit.odoo.odoo_stubs import Call, Gateway
from worker.errors import RetryableError
from worker.state.shops import Shop
from worker.sync.order_compare import Comparison, compare, odoo_address, seller_center_address
from worker.sync.runtime import Runtime
from worker.tiktok.client import OrderDetails
from worker.tiktok.models import InvalidOrder, Order

GOODS, SHIPPING = 11, 12
PAYMENT = {
    "sub_total": "18.00",
    "shipping_fee": "3.50",
    "total_amount": "21.50",
    "platform_discount": "2.00",
    "seller_discount": "1.00",
}


class Sides:
    """TikTok and Odoo as a test arranges them."""

    def __init__(self) -> None:
        self.order: Order | None = make_order(
            "571",
            items=[item(1, "9.00", platform_discount="1.00"), item(2, "9.00", platform_discount="1.00")],
            payment=PAYMENT,
        )
        self.invalid: list[InvalidOrder] = []
        self.sales = [self.sale(1)]
        self.lines = [(GOODS, 20.0), (SHIPPING, 3.5)]
        self.odoo = Gateway(
            {
                "sale.order.search_read": lambda _: self.sales,
                "sale.order.read": lambda _: [{"id": 1, "amount_untaxed": 19.58, "amount_tax": 3.92}],
                "sale.order.line.search_read": self._lines,
                "product.product.read": self._products,
                "stock.picking.search_read": lambda _: [{"id": 7, "name": "WH/OUT/00007", "state": "assigned"}],
                "ir.model.data.check_object_reference": lambda _: [False, False],
            }
        )

    @staticmethod
    def sale(odoo_id: int, total: float = 23.5) -> dict[str, Any]:
        return {
            "id": odoo_id,
            "name": f"S{odoo_id:05}",
            "client_order_ref": "571",
            "state": "sale",
            "amount_total": total,
            "currency_id": [1, "GBP"],
            "partner_shipping_id": [5, "David Kong"],
            "date_order": "2026-11-20 08:30:00",
            "company_id": [1, "YourCompany"],
            "picking_ids": [7],
            "locked": False,
        }

    def order_details(self, _: Any) -> OrderDetails:
        return OrderDetails([self.order] if self.order else [], self.invalid, [])

    def _lines(self, _: Call) -> list[dict[str, Any]]:
        return [
            {"id": n, "product_id": [product, "name"], "price_total": amount}
            for n, (product, amount) in enumerate(self.lines)
        ]

    def _products(self, call: Call) -> list[dict[str, Any]]:
        return [{"id": i, "default_code": "TIKTOK-SHIPPING" if i == SHIPPING else False} for i in call.ids or []]


@pytest.fixture
def sides() -> Sides:
    return Sides()


@pytest.fixture
def shop(runtime: Runtime, sides: Sides, monkeypatch: pytest.MonkeyPatch) -> Shop:
    add_account(runtime)
    monkeypatch.setattr(runtime, "shop_client", lambda _: sides)
    runtime.__dict__["odoo"] = sides.odoo
    return runtime.shops.claim(make_shop())


def amounts(comparison: Comparison) -> dict[str, tuple[str | None, str | None, bool]]:
    return {row.label: (_text(row.tiktok), _text(row.odoo), row.differs) for row in comparison.rows}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.2f}"


def test_an_order_that_agrees_has_the_same_amounts_on_both_sides(runtime: Runtime, shop: Shop) -> None:
    comparison = compare(runtime, shop, "571")
    assert comparison.agrees
    assert (comparison.currency, comparison.tiktok_status) == ("GBP", "AWAITING_SHIPMENT")
    assert [(sale.name, sale.state) for sale in comparison.sales] == [("S00001", "sale")]
    assert [(picking.name, picking.state) for picking in comparison.pickings] == [("WH/OUT/00007", "assigned")]
    assert amounts(comparison) == {
        "Goods": ("20.00", "20.00", False),
        "Shipping": ("3.50", "3.50", False),
        "Total": ("23.50", "23.50", False),
        "Seller's discount, already off": ("1.00", None, False),
        "Discount that TikTok pays for": ("2.00", None, False),
        "Paid by the buyer": ("21.50", None, False),
        "Untaxed amount in Odoo": (None, "19.58", False),
        "Taxes in Odoo": (None, "3.92", False),
    }


def test_what_the_order_amounts_to_is_the_shops_setting(runtime: Runtime, shop: Shop) -> None:
    settings = shop.settings.model_copy(update={"total": "buyer_paid"})
    comparison = compare(runtime, shop.model_copy(update={"settings": settings}), "571")
    assert amounts(comparison)["Total"] == ("21.50", "23.50", True)
    assert not comparison.agrees


def test_a_part_that_differs_is_named(runtime: Runtime, shop: Shop, sides: Sides) -> None:
    sides.lines = [(GOODS, 19.0), (SHIPPING, 4.5)]
    comparison = compare(runtime, shop, "571")
    assert amounts(comparison)["Goods"] == ("20.00", "19.00", True)
    assert amounts(comparison)["Shipping"] == ("3.50", "4.50", True)
    assert amounts(comparison)["Total"][2] is False
    assert not comparison.agrees


def test_an_order_that_odoo_does_not_have_shows_what_it_would_come_to(
    runtime: Runtime, shop: Shop, sides: Sides
) -> None:
    sides.sales = []
    comparison = compare(runtime, shop, "571")
    assert not comparison.agrees
    assert amounts(comparison)["Total"] == ("23.50", None, False)


def test_a_second_sales_order_is_no_agreement(runtime: Runtime, shop: Shop, sides: Sides) -> None:
    sides.sales = [sides.sale(1), sides.sale(2)]
    assert not compare(runtime, shop, "571").agrees


def test_figures_that_do_not_add_up_say_so_and_odoos_are_shown(runtime: Runtime, shop: Shop, sides: Sides) -> None:
    sides.order = make_order("571", payment={"sub_total": "10.00", "total_amount": "10.01"})
    comparison = compare(runtime, shop, "571")
    assert "not explained" in comparison.problem
    assert amounts(comparison)["Total"] == (None, "23.50", False)


def test_an_order_that_tiktok_does_not_know_or_cannot_tell_says_so(runtime: Runtime, shop: Shop, sides: Sides) -> None:
    sides.order = None
    assert "does not know" in compare(runtime, shop, "571").problem
    sides.invalid = [InvalidOrder("571", "payment: Field required")]
    assert "payment: Field required" in compare(runtime, shop, "571").problem


def test_an_order_without_items_left_has_no_figures_to_compare(runtime: Runtime, shop: Shop, sides: Sides) -> None:
    sides.order = make_order("571", status="CANCELLED", items=[item(1, display_status="CANCELLED")])
    comparison = compare(runtime, shop, "571")
    assert (comparison.tiktok_status, amounts(comparison)["Total"]) == ("CANCELLED", (None, "23.50", False))


def test_no_buyer_is_in_it(runtime: Runtime, shop: Shop) -> None:
    assert not any(word in repr(compare(runtime, shop, "571")) for word in ("David", "Borough", "@"))


def test_a_side_that_does_not_answer_is_an_error_and_no_comparison(
    runtime: Runtime, shop: Shop, sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any) -> OrderDetails:
        raise RetryableError("TikTok does not answer.")

    monkeypatch.setattr(sides, "order_details", fail)
    with pytest.raises(RetryableError):
        compare(runtime, shop, "571")


def test_where_each_side_shows_the_order(runtime: Runtime) -> None:
    assert odoo_address(runtime, 42) == "http://127.0.0.1:8069/odoo/sales/42"
    assert seller_center_address("US", "571") == "https://seller-us.tiktok.com/order/detail?order_no=571&shop_region=US"
    assert seller_center_address("GB", "571").startswith("https://seller-uk.tiktok.com/")
    assert SHOP_ID not in seller_center_address("US", "571")
