"""The first day: from a console into which nobody can log in to a seller's linked shops."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sandbox.client import SandboxControl
from sandbox.installation import Installation
from tests.browser.chromium import Browser
from worker.state.connection import connect
from worker.state.operators import Operators


def test_from_nobody_can_log_in_to_linked_shops(
    browser: Browser, connector: Installation, simulator: SandboxControl, picture: Callable[..., None]
) -> None:
    assert connector.cli_json("accounts", "list") == [], "this test comes before those that link a shop"
    operators = Operators(connect(connector.environment["REDIS_URL"]))
    for each in operators.all():
        operators.remove(each.name)

    browser.open("/console/")
    browser.see("Nobody can log in yet", "tiktok-odoo operators add NAME --role operator")
    password = connector.add_operator("anna", "operator")
    browser.driver.refresh()
    assert "Nobody can log in yet" not in browser.text
    browser.fill("Name", "anna")
    browser.fill("Password", password)
    browser.click("Log in", leads_to="Set-up guide")
    picture("guide")

    # In Partner Center, with the addresses that the guide tells.
    copied = {
        name: browser.script("return document.getElementById(arguments[0]).innerText", name)
        for name in ("redirect-url", "webhook-url")
    }
    app = simulator.create_app(
        name="Odoo Connector", redirect_url=copied["redirect-url"], webhook_url=copied["webhook-url"]
    )
    seller, seller_password = f"seller-{secrets.token_hex(4)}", secrets.token_hex(8)
    simulator.create_seller(
        seller,
        seller_password,
        [{"name": "Teapot House", "region": "GB"}, {"name": "Théières Réunies", "region": "FR"}],
    )

    browser.click("Enter them: New account", leads_to="New account")
    browser.fill("Name", "Teapots")
    browser.choose("Market", "GB (GBP)")
    browser.fill("Service ID", app.service_id)
    browser.fill("App Key", app.app_key)
    browser.fill("App Secret", app.app_secret)
    browser.click("Add account", leads_to="Teapots")
    browser.see("Not linked yet")
    assert app.app_secret not in browser.driver.page_source

    browser.click("Link with TikTok", leads_to="Log in to TikTok Shop")
    browser.fill("User name", seller)
    browser.fill("Password", seller_password)
    browser.click("Log in", leads_to="Authorize Odoo Connector?")
    browser.click("Authorize", leads_to="Linked with TikTok")
    browser.see("Teapot House", "Théières Réunies")

    browser.open("/console/accounts/teapots")
    browser.see("Authorized", "Teapot House", "Théières Réunies")
    done = {(entry["by"], entry["action"]) for entry in connector.cli_json("audit")}
    assert {("anna", "login"), ("anna", "account.add"), ("anna", "account.link")} <= done
