"""The everyday: an order does not come into Odoo; an operator sees why, puts it right, and sees that it is right."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.chromium import Browser
from tests.browser.conftest import Login, Trade


def test_given_an_order_of_an_unknown_sku_when_its_product_is_chosen_then_it_is_in_odoo_with_tiktoks_total(
    browser: Browser, trade: Trade, enter: Callable[..., Login], picture: Callable[..., None]
) -> None:
    order_id = trade.misspelt_order("MUG-GREN")
    enter("olga")
    browser.click("Overview", leads_to="Overview")
    browser.see("London Mugs", "Berliner Tassen")
    picture("overview")

    browser.click("Parked", leads_to="Parked orders")
    browser.see("unknown_sku", order_id, "No Odoo product matches SKU MUG-GREN")
    picture("parked")

    browser.click("Map SKUs of London Mugs", leads_to="Not mapped")
    browser.see("Mug gren", "MUG-GREEN Mug green", reload=True)  # a worker pulls what the shop lists since just now
    picture("products")
    article = f"article[aria-labelledby='sku-{trade.sku_id('MUG-GREN')}']"
    browser.pick("MUG-GREEN", within=article)
    browser.click("Map to this", within=article)
    browser.see("Done.", "is MUG-GREEN", "1 order that waited for it: tried again now.")

    browser.click("Orders", leads_to="Orders")
    browser.fill("TikTok order id or Odoo's name", order_id)
    browser.click("Find", leads_to=f"Order {order_id}")
    browser.see("In Odoo since")  # without a click: the page looks by itself while a worker is at it
    browser.open(browser.path)
    amounts = browser.row("Total")
    assert amounts == ["Total", f"{trade.total(order_id)}", f"{trade.total(order_id)}", "agrees"]
    picture("order")

    browser.click("Health", leads_to="Health")
    picture("health", "#history")
