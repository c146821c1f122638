"""The pages of a shop on the real parts: Odoo by name, the first push seen and agreed to, orders from a date."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest

from tests.support import World
from tests.unit.web.web_stubs import Console
from worker.odoo.gateway import search_read
from worker.state.shops import Shop
from worker.tasks import inventory, orders, triggers


class Stand:
    """A shop with one product of Odoo's, an operator before the console, and workers who do what the console sends."""

    def __init__(self, world: World, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = world
        self.console = console
        self.sku = f"PUSH-{secrets.token_hex(3).upper()}"
        self.shop: Shop = world.link_shop(products=False)
        world.stack.add_products([(self.sku, f"Product {self.sku}", 10.0, 12)])
        listed = {"seller_sku": self.sku, "title": f"Product {self.sku}", "price": "10.00", "quantity": 40}
        world.tiktok.add_products(self.shop.id, [listed])
        world.poll(self.shop)
        world.pull_catalog(self.shop)
        for module in (inventory, orders):
            monkeypatch.setattr(module, "get_runtime", lambda: world.runtime)
        monkeypatch.setattr(triggers.app, "send_task", lambda *_: None)

    @property
    def page(self) -> str:
        return f"/console/shops/{self.shop.id}"

    def form(self, path: str) -> dict[str, Any]:
        """A page's form as a browser would send it unchanged."""
        html = self.console.get(path).get_data(as_text=True).partition(f'action="{path}"')[2].partition("</form>")[0]
        fields: dict[str, Any] = {}
        for select in re.finditer(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
            chosen = re.search(r'<option selected value="([^"]*)"', select[2])
            fields[select[1]] = chosen[1] if chosen else ""
        for tag in re.findall(r"<input[^>]*>", html):
            given = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
            if given.get("type") == "checkbox":
                fields.setdefault(given["name"], [])
                fields[given["name"]] += [given["value"]] if " checked" in tag else []
            elif given["name"] != "csrf_token":
                fields[given["name"]] = unescape(given.get("value", ""))
        return fields


@pytest.fixture
def stand(world: World, console: Console, monkeypatch: pytest.MonkeyPatch) -> Stand:
    return Stand(world, console, monkeypatch)


def test_given_a_real_odoo_when_an_operator_opens_the_settings_then_its_records_are_there_by_name_and_are_saved(
    stand: Stand,
) -> None:
    path = f"{stand.page}/settings"
    warehouses = search_read(stand.world.odoo, "stock.warehouse", [], ["code", "name"])
    text = stand.console.text(path)
    for each in warehouses:
        assert f"{each['code']} {each['name']}" in text or each["name"] in text
    assert "may not" not in text
    assert "ids are shown" not in text

    assert "Nothing was changed." in stand.console.press(path, **stand.form(path))
    changed = {**stand.form(path), "warehouse_id": str(warehouses[0]["id"]), "default_product_id": stand.sku}
    said = stand.console.press(path, **changed)
    assert "Saved: Warehouse that delivers, Default product." in said
    assert f"Now: {stand.sku}." in said
    assert stand.world.runtime.shops.get(stand.shop.id).settings.warehouse_id == warehouses[0]["id"]
    assert "Nothing was changed." in stand.console.press(path, **stand.form(path))
    assert "Shows the stock of" in stand.console.text(f"{stand.page}/warehouses")


def test_given_stock_that_nobody_agreed_to_push_when_an_operator_has_seen_what_changes_and_agrees_then_it_is_pushed(
    stand: Stand,
) -> None:
    path = f"{stand.page}/stock"
    stand.console.press(f"{path}/compare")
    assert stand.console.sent.messages == [("inventory.plan", stand.shop.id)]
    inventory.plan(stand.shop.id)
    text = stand.console.text(path)
    assert "1 SKUs compared, 1 differ" in text
    assert re.search(rf"{stand.sku} {stand.sku} \(\d+\) 40 12", text), text
    assert stand.world.push_stock(stand.shop) == 0  # nobody has agreed

    (plan,) = re.findall(r'name="plan" value="(\w+)"', stand.console.get(path).get_data(as_text=True))
    assert "Push stock: 1 of 1 products to go" in stand.console.press(f"{path}/push", plan=plan)
    assert stand.world.push_stock(stand.shop) == 1
    assert "1 products are pushed; TikTok refused 0." in stand.console.text(path)
    stand.console.press(f"{path}/reconcile")
    inventory.reconcile(stand.shop.id)
    assert "1 SKUs compared, 0 differed" in stand.console.text(path)


def test_given_orders_from_before_when_an_operator_syncs_from_a_date_then_they_are_due_again(stand: Stand) -> None:
    order_id = stand.world.order(stand.shop, (stand.sku, 1))
    stand.world.import_orders(stand.shop, order_id)
    since = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M}"
    stand.console.press(f"{stand.page}/sync", since=since)
    orders.sync_since(stand.shop.id)
    assert "1 orders changed since" in stand.console.text(stand.page)
    assert stand.world.queue(stand.shop).claim(10, 60).ids == [order_id]
