"""The console without a mouse."""

from __future__ import annotations

from selenium.webdriver.common.keys import Keys

from sandbox.installation import Installation
from tests.browser.chromium import Browser
from tests.browser.conftest import Trade


def test_a_parked_order_is_retried_with_nothing_but_tab_and_enter(
    browser: Browser, connector: Installation, trade: Trade
) -> None:
    password = connector.add_operator("keys")
    browser.open("/console/login?next=/console/audit")
    assert browser.focused == browser.field("Name")
    browser.keys("keys", Keys.TAB)
    browser.keys(password, Keys.ENTER)
    browser.on("Audit trail")

    browser.tab_to("Skip to the content")
    assert browser.focused.is_displayed()
    browser.keys(Keys.ENTER)
    assert browser.focused.get_attribute("id") == "content"

    browser.open("/console/audit")
    browser.tab_to("Parked")
    browser.keys(Keys.ENTER)
    browser.on("Parked orders")
    browser.tab_to(f"Retry order {trade.parked}")
    assert browser.script("return getComputedStyle(document.activeElement).outlineStyle") != "none"
    browser.keys(Keys.ENTER)
    browser.see("Done.", f"Order {trade.parked} is looked at now.")
    assert browser.heading == "Parked orders"
