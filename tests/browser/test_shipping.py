"""An order cannot be shipped from Odoo; an operator sees why, puts it right, and sees the parcel on its way."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.stack.stack import Stack
from tests.browser.chromium import Browser
from tests.browser.conftest import AfterSale, Login


def test_given_a_delivery_without_a_tracking_number_when_it_is_entered_and_retried_then_the_parcel_is_shipped(
    browser: Browser,
    after_sale: AfterSale,
    stack: Stack,
    enter: Callable[..., Login],
    picture: Callable[..., None],
) -> None:
    enter("olga")
    browser.click("Overview", leads_to="Overview")
    browser.see("buyers ask to cancel", "deliveries with something in the way")

    browser.click("Deliveries", leads_to="Deliveries")
    browser.see(after_sale.asks, after_sale.returned, "no_tracking", "What to do: approve or reject each")
    picture("deliveries")
    browser.click(after_sale.untracked, leads_to=f"Order {after_sale.untracked}")
    browser.see("has no tracking reference", "Enter the Tracking Reference on the delivery in Odoo.", "to be shipped")

    query = (
        "SELECT p.id FROM stock_picking p JOIN sale_order s ON s.id = p.sale_id "
        "WHERE s.client_order_ref = %s AND p.state <> 'cancel'"
    )
    ((delivery,),) = stack.sql(query, after_sale.untracked)
    stack.admin().execute_kw("stock.picking", "write", [[delivery], {"carrier_tracking_ref": "00340434161094042557"}])
    browser.click("Retry the delivery", leads_to=f"Order {after_sale.untracked}")
    browser.see(f"The delivery of order {after_sale.untracked} is looked at now.")
    browser.see("shipping is arranged", "00340434161094042557", "none: you ship it", reload=True)
