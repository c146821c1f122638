"""One order's parcels side by side with Odoo's deliveries: what is arranged, labelled and sent, and where."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.builders import add_account, item, make_order, make_shop
from tests.unit.odoo.odoo_stubs import Call, Gateway
from worker.errors import RetryableError
from worker.state.catalog import ListedProduct, ListedSku, Listing
from worker.state.shops import Shop
from worker.sync.delivery_live import LiveDelivery, delivery_address, look_now
from worker.sync.runtime import Runtime
from worker.tiktok.client import OrderDetails
from worker.tiktok.models import Order

RED, BLUE = "2729382476852921560", "2729382476852921561"
SENT = {"package_status": "PROCESSING", "tracking_number": "1Z999", "shipping_provider_name": "DHL"}


class Sides:
    """TikTok and Odoo as a test arranges them: one order with two units, and its only delivery."""

    def __init__(self) -> None:
        self.order: Order | None = self.of([item(1, package_id="A", **SENT), item(2, package_id="A", **SENT)])
        self.sales = [self.sale()]
        self.pickings = [self.picking(7)]
        self.moves = [self.move(1, 7, 11, 2.0)]
        self.labels: list[tuple[str, int]] = [("label-A.pdf", 7)]
        self.odoo = Gateway(
            {
                "sale.order.search_read": lambda _: self.sales,
                "stock.picking.fields_get": lambda _: {"carrier_id": {}, "carrier_tracking_ref": {}},
                "stock.picking.search_read": lambda _: self.pickings,
                "stock.move.search_read": lambda _: self.moves,
                "ir.attachment.search_read": self._labels,
                "product.product.search_read": self._products,
                "ir.model.data.check_object_reference": lambda _: [False, False],
            }
        )

    @staticmethod
    def of(items: list[dict[str, Any]], **fields: Any) -> Order:
        return make_order("571", items=items, **fields)

    @staticmethod
    def sale() -> dict[str, Any]:
        return {
            **{"id": 1, "name": "S00001", "client_order_ref": "571", "state": "sale", "amount_total": 20.0},
            **{"currency_id": [1, "GBP"], "partner_shipping_id": [5, "x"], "date_order": "2026-11-20 08:30:00"},
            **{"company_id": [1, "YourCompany"], "picking_ids": [7, 8], "locked": False},
        }

    @staticmethod
    def picking(odoo_id: int, state: str = "assigned") -> dict[str, Any]:
        return {
            **{"id": odoo_id, "name": f"WH/OUT/{odoo_id:05}", "state": state, "sale_id": [1, "S00001"]},
            **{"company_id": [1, "YourCompany"], "carrier_id": False, "carrier_tracking_ref": False},
        }

    @staticmethod
    def move(odoo_id: int, picking: int, product: int, units: float) -> dict[str, Any]:
        return {
            **{"id": odoo_id, "picking_id": [picking, "x"], "product_id": [product, "x"], "state": "assigned"},
            **{"product_uom_qty": units, "quantity": units, "sale_line_id": False},
        }

    def order_details(self, _: Any) -> OrderDetails:
        return OrderDetails([self.order] if self.order else [], [], [])

    def _labels(self, call: Call) -> list[dict[str, Any]]:
        wanted = next(value for field, _, value in call.arguments["domain"] if field == "res_id")
        return [
            {"id": number, "name": name, "res_id": picking}
            for number, (name, picking) in enumerate(self.labels)
            if picking in wanted
        ]

    def _products(self, _: Call) -> list[dict[str, Any]]:
        common = {"barcode": False, "active": True, "company_id": False, "default_code": False}
        return [{"id": number, "display_name": f"[{number}]", **common} for number in (11, 12)]


@pytest.fixture
def shop(runtime: Runtime) -> Shop:
    add_account(runtime)
    shop = runtime.shops.claim(make_shop())
    catalog = runtime.catalog(shop.id)
    skus = [ListedSku(id=RED), ListedSku(id=BLUE)]
    catalog.keep_products([ListedProduct(id="1729582718312380123", title="Dress", skus=skus)])
    catalog.keep_listings(
        [Listing(sku_id=sku, product_id="1729582718312380123", variant_id=v) for sku, v in ((RED, 11), (BLUE, 12))]
    )
    return shop


@pytest.fixture
def sides(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Sides:
    sides = Sides()
    runtime.__dict__["odoo"] = sides.odoo
    monkeypatch.setattr(type(runtime), "shop_client", lambda *_: sides)
    return sides


def told(live: LiveDelivery) -> list[tuple[str, str, str, str | None]]:
    return [(each.id, each.state, each.label, each.delivery.name if each.delivery else None) for each in live.parcels]


def test_a_parcel_stands_beside_its_delivery_with_label_and_tracking(
    runtime: Runtime, shop: Shop, sides: Sides
) -> None:
    live = look_now(runtime, shop, "571")
    (parcel,) = live.parcels
    assert told(live) == [("A", "arranged", "attached", "WH/OUT/00007")]
    assert (parcel.units, parcel.tracking, parcel.carrier, live.loose) == (2, "1Z999", "DHL", [])


@pytest.mark.parametrize(
    ("status", "shipping_type", "labels", "state", "label"),
    [
        ("TO_FULFILL", "TIKTOK", [], "to_ship", "missing"),
        ("PROCESSING", "TIKTOK", [], "arranged", "missing"),
        ("PROCESSING", "TIKTOK", [("invoice.pdf", 7), ("label-B.pdf", 7)], "arranged", "missing"),
        ("FULFILLING", "TIKTOK", [("label-A.pdf", 7)], "left", "attached"),
        ("PROCESSING", "SELLER", [], "arranged", "none"),
    ],
)
def test_every_state_of_a_parcel_and_its_label(
    runtime: Runtime,
    shop: Shop,
    sides: Sides,
    *,
    status: str,
    shipping_type: str,
    labels: list[tuple[str, int]],
    state: str,
    label: str,
) -> None:
    sides.order = sides.of([item(1, package_id="A", package_status=status)], shipping_type=shipping_type)
    sides.labels = labels
    assert told(look_now(runtime, shop, "571")) == [("A", state, label, "WH/OUT/00007")]


def test_two_parcels_stand_beside_two_deliveries_by_what_is_in_them(runtime: Runtime, shop: Shop, sides: Sides) -> None:
    sides.order = sides.of([item(1, package_id="A", sku_id=BLUE), item(2, package_id="B", sku_id=RED)])
    sides.pickings = [sides.picking(7), sides.picking(8)]
    sides.moves = [sides.move(1, 7, 11, 1.0), sides.move(2, 8, 12, 1.0)]
    assert [(package, delivery) for package, *_, delivery in told(look_now(runtime, shop, "571"))] == [
        ("A", "WH/OUT/00008"),
        ("B", "WH/OUT/00007"),
    ]


def test_a_delivery_to_which_no_parcel_belongs_is_told_apart(runtime: Runtime, shop: Shop, sides: Sides) -> None:
    sides.pickings = [sides.picking(7), sides.picking(8)]
    sides.moves = [sides.move(1, 7, 11, 2.0), sides.move(2, 8, 12, 1.0)]
    live = look_now(runtime, shop, "571")
    assert [each.name for each in live.loose] == ["WH/OUT/00008"]


def test_an_order_that_odoo_has_not_has_parcels_without_deliveries(runtime: Runtime, shop: Shop, sides: Sides) -> None:
    sides.sales = []
    assert told(look_now(runtime, shop, "571")) == [("A", "arranged", "missing", None)]


def test_an_order_that_tiktok_does_not_know_shows_odoos_side(runtime: Runtime, shop: Shop, sides: Sides) -> None:
    sides.order = None
    live = look_now(runtime, shop, "571")
    assert (live.status, live.parcels, [each.name for each in live.loose]) == ("", [], ["WH/OUT/00007"])


def test_a_side_that_does_not_answer_is_an_error(
    runtime: Runtime, shop: Shop, sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Any) -> OrderDetails:
        raise RetryableError("TikTok does not answer.")

    monkeypatch.setattr(sides, "order_details", away)
    with pytest.raises(RetryableError):
        look_now(runtime, shop, "571")


def test_nothing_is_written_and_no_buyer_is_in_it(runtime: Runtime, shop: Shop, sides: Sides) -> None:
    live = look_now(runtime, shop, "571")
    assert {call.method for call in sides.odoo.calls} <= {"search_read", "fields_get", "read", "check_object_reference"}
    assert "David" not in repr(live)


def test_where_odoo_shows_a_delivery(runtime: Runtime) -> None:
    assert delivery_address(runtime, 7) == "http://127.0.0.1:8069/odoo/deliveries/7"
