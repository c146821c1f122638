"""The pages of products on the real parts: an order whose SKU nobody knew comes into Odoo at the press of a button."""

from __future__ import annotations

import io
import re
import secrets
from html import unescape
from typing import Any

import pytest

from tests.support import World
from tests.unit.web.web_stubs import Console, text_of
from worker.state.shops import Shop
from worker.sync.catalog_drain import CatalogDrain

HTMX = {"HX-Request": "true"}


class Stand:
    """A shop that lists one product which Odoo has under another name, and an operator before the console."""

    def __init__(self, world: World, console: Console) -> None:
        self.world = world
        self.console = console
        self.tag = secrets.token_hex(3).upper()
        self.shop: Shop = world.link_shop(products=False)
        self.reference = f"GOWN_{self.tag}"
        product = (self.reference, f"Mohair gown {self.tag}", 10.0, 12)
        self.variant = world.stack.add_products([product])[self.reference]
        listed = {"seller_sku": f"S-{self.tag}", "title": f"Mohair gown {self.tag}, free shipping", "price": "10.00"}
        self.listed: Any = world.tiktok.add_products(self.shop.id, [listed])[0]
        world.pull_catalog(self.shop)

    @property
    def sku_page(self) -> str:
        return f"/console/products/{self.shop.id}/skus/{self.listed.sku_id}"

    def part(self, path: str) -> str:
        answer = self.console.get(path, headers=HTMX)
        assert answer.status_code == 200, text_of(answer)
        return unescape(answer.get_data(as_text=True))

    def workers(self) -> None:
        """Celery's workers do what the console had sent for, and what follows from that."""
        sent = {task for task, *_ in self.console.sent.messages}
        if "catalog.drain" in sent:
            CatalogDrain(self.world.runtime, self.world.runtime.shops.get(self.shop.id)).run()
        if "orders.drain" in sent:
            self.world.drain_once(self.shop)


@pytest.fixture
def stand(world: World, console: Console) -> Stand:
    return Stand(world, console)


def test_given_an_order_parked_for_an_unknown_sku_when_an_operator_maps_it_then_the_order_is_in_odoo(
    stand: Stand,
) -> None:
    order_id = stand.world.order(stand.shop, (f"S-{stand.tag}", 2))
    stand.world.import_orders(stand.shop, order_id)
    assert [entry.code for entry in stand.world.queue(stand.shop).all_parked()] == ["unknown_sku"]
    assert "1 order waits" in stand.console.text(f"/console/products/unmapped?shop={stand.shop.id}")

    part = stand.part(f"/console/products/unmapped/candidates?shop={stand.shop.id}")
    assert f"Mohair gown {stand.tag}" in part
    assert re.search(rf'name="variant" value="{stand.variant}"', part)
    said = stand.console.press(f"{stand.sku_page}/map", variant=str(stand.variant))
    assert f"{stand.reference} ({stand.variant}) now. 1 order that waited for it: tried again now." in said

    stand.workers()
    assert stand.world.queue(stand.shop).all_parked() == []
    (sale,) = stand.world.sales(order_id)
    assert sale["state"] == "sale"
    assert "Mapped chosen" in stand.console.text(stand.sku_page)
    assert stand.world.reconcile(stand.shop).differences == []


@pytest.mark.parametrize("how", ["reference", "part", "name", "barcode"])
def test_odoo_is_searched_as_people_know_its_products(stand: Stand, how: str) -> None:
    barcode = f"40{secrets.randbelow(10**11):011}"
    stand.world.stack.admin().execute_kw("product.product", "write", [[stand.variant], {"barcode": barcode}])
    asked = {
        "reference": stand.reference.lower(),
        "part": f"_{stand.tag}",
        "name": f"gown {stand.tag}",
        "barcode": barcode,
    }[how]
    part = stand.part(f"{stand.sku_page}/options?q={asked}")
    assert re.findall(r'name="variant" value="(\d+)"', part) == [str(stand.variant)]
    assert re.findall(r'name="variant"', stand.part(f"{stand.sku_page}/options?q=GOWN%25{stand.tag}")) == []


def test_both_sides_of_a_product_are_shown_with_the_sum_and_the_drift(stand: Stand) -> None:
    stand.world.change(stand.shop, push_stock="on", stock_buffer=2)
    stand.console.press(f"{stand.sku_page}/map", variant=str(stand.variant))
    stand.workers()
    path = f"/console/products/{stand.shop.id}/{stand.listed.product_id}"
    part = text_of(stand.console.get(f"{path}/live", headers=HTMX))
    assert "12 on hand, 12 free, 0 outgoing, 0 incoming, 12 forecast" in part
    assert "For sale in Odoo 12" in part
    assert "TikTok should show 10" in part
    assert "differs" in part
    stand.console.press(f"{path}/push")
    stand.world.push_stock(stand.shop)
    part = text_of(stand.console.get(f"{path}/live", headers=HTMX))
    assert "TikTok shows 10" in part
    assert "differs" not in part
    names = stand.part(f"/console/products/names?shop={stand.shop.id}")
    assert f"{stand.reference}</a>" in names


def test_the_spreadsheet_is_downloaded_and_comes_back_unchanged(stand: Stand) -> None:
    answer = stand.console.get(f"/console/products/mapping/download?kind=xlsx&shop={stand.shop.id}")
    sent = stand.console.post("/console/products/mapping", file=(io.BytesIO(answer.data), "mapping.xlsx"))
    assert "Nothing would change" in text_of(stand.console.get(f"{sent.headers['Location']}/check", headers=HTMX))
