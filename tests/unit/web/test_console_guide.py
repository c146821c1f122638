"""The set-up guide: what is to be copied is there, each step says how it stands, and it ends with the link."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from web_stubs import Console, text_of

import web.console.guide as guide_page
from tests.unit.builders import SHOP_ID
from worker.errors import RetryableError
from worker.state.accounts import Accounts
from worker.state.catalog import Catalog, Listing
from worker.state.cursors import beat
from worker.state.secrets import SecretBox
from worker.state.shops import Shops
from worker.state.tokens import TokenStore
from worker.sync.doctor import Finding
from worker.sync.doctor.finding import fail, ok, warn
from worker.tiktok.models import TokenGrant
from worker.tiktok.scopes import SCOPES

WELL = [
    ok("odoo.server", "Odoo 19.0 answers."),
    ok("odoo.rights", "The bot user may do all."),
    ok("receiver.live", "The address leads to the receiver."),
    ok("receiver.webhook", "The webhook's path leads here."),
    ok("receiver.redirect", "The redirect's path leads here."),
]


@pytest.fixture
def box(console: Console) -> SecretBox:
    return SecretBox(console.desk.parts.settings.secret_keys.get_secret_value())


@pytest.fixture
def accounts(console: Console, box: SecretBox) -> Accounts:
    return Accounts(console.redis, box)


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What the doctor finds; a test may change it."""
    findings = list(WELL)
    monkeypatch.setattr(guide_page, "examine", lambda *_, **__: findings)
    return findings


def states(console: Console, address: str = "/console/guide/state") -> dict[str, str]:
    """What each step says, by its key."""
    page = console.get(address).get_data(as_text=True)
    parts = re.findall(r'<div id="state-(\w+)"[^>]*>(.*?)</div>\s*(?=<div id="state-|$)', page, re.DOTALL)
    return {key: " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split()) for key, text in parts}


def grant(console: Console, box: SecretBox, scopes: list[str]) -> None:
    made = TokenGrant(
        access_token="a",
        access_token_expires_at=datetime.now(UTC) + timedelta(days=5),
        refresh_token="r",
        granted_scopes=scopes,
    )
    TokenStore(console.redis, box, TokenGrant).save("demo", made)


def test_what_partner_center_asks_for_is_ready_to_copy(console: Console) -> None:
    page = console.get("/console/guide/").get_data(as_text=True)
    url = console.desk.parts.settings.public_url
    assert f'<code id="redirect-url">{url}/tiktok/return_from_authorization</code>' in page
    assert f'<code id="webhook-url">{url}/tiktok/webhook</code>' in page
    assert page.count("data-copy=") == 2
    for scope in SCOPES:
        assert scope.name in page
    assert "Order Status Change" in page
    assert page.count("<h2") == 8


def test_the_page_waits_for_nobody_and_has_the_rest_loaded(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: Any, **__: Any) -> list[Finding]:
        raise AssertionError("the page itself asks nobody outside")

    monkeypatch.setattr(guide_page, "examine", asked)
    page = console.get("/console/guide/").get_data(as_text=True)
    assert 'hx-get="/console/guide/state?account=demo"' in page
    assert "looking" in page


def test_without_javascript_the_page_looks_at_once_when_asked_to(console: Console) -> None:
    text = console.text("/console/guide/?check=1")
    assert "Odoo 19.0 answers." in text
    assert "of 8 steps are done" in text


def test_before_there_is_an_account_it_leads_to_the_form(console: Console, accounts: Accounts) -> None:
    accounts.remove("demo")
    beat(console.redis, "worker")
    found = states(console)
    assert found["keys"].startswith("to do")
    assert found["app"].startswith("to do")
    assert found["odoo"].startswith("done")
    assert "Enter the app's keys first" in found["link"]
    assert "1 of 8 steps are done" in text_of(console.get("/console/guide/state"))
    assert "Link with TikTok</button>" not in console.get("/console/guide/").get_data(as_text=True)


def test_a_failed_check_is_shown_at_its_step_with_the_remedy(console: Console, found: list[Finding]) -> None:
    found[1] = fail("odoo.rights", "The bot user may not create sale.order.", "Give it the groups.")
    found[4] = fail("receiver.redirect", "It answers 404.", "Let the proxy pass it.")
    shown = states(console)
    assert "may not create sale.order" in shown["odoo"]
    assert "What to do: Give it the groups." in shown["odoo"]
    assert "Let the proxy pass it." in shown["app"]


def test_a_warning_does_not_undo_a_step_and_is_shown(console: Console, found: list[Finding]) -> None:
    found.append(warn("odoo.administrator", "The bot user is an administrator.", "Make a bot user."))
    shown = states(console)["odoo"]
    assert shown.startswith("done")
    assert "Make a bot user." in shown


def test_scopes_are_judged_by_what_was_granted(console: Console, box: SecretBox) -> None:
    grant(console, box, ["seller.order.info", "seller.authorization.info"])
    shown = states(console)["scopes"]
    assert "Product Modify" in shown
    assert "Re-Authorize App" in shown
    grant(console, box, [scope.id for scope in SCOPES])
    assert states(console)["scopes"].startswith("done")


def test_the_webhook_is_done_when_one_of_tiktoks_came(console: Console) -> None:
    assert states(console)["webhook"].startswith("to do")
    assert console.desk.tell().status_code == 200
    assert states(console)["webhook"].startswith("done")


def test_the_link_leads_to_tiktok_and_is_written_down(console: Console, accounts: Accounts) -> None:
    beat(console.redis, "worker")
    accounts.set_authorization("demo", "none")
    page = console.get("/console/guide/").get_data(as_text=True)
    assert 'action="/console/guide/link/demo"' in page
    answer = console.post("/console/guide/link/demo")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(console.desk.parts.settings.tiktok_consent_url)
    assert console.audited()[0] == ("anna", "account.link", "demo")


def test_a_viewer_may_read_and_not_link(viewer: Console, accounts: Accounts) -> None:
    accounts.set_authorization("demo", "none")
    assert "disabled" in viewer.get("/console/guide/").get_data(as_text=True)
    assert viewer.post("/console/guide/link/demo").status_code == 403


def test_without_a_worker_the_link_is_not_offered_as_the_next_step(console: Console, accounts: Accounts) -> None:
    accounts.set_authorization("demo", "none")
    assert "Start tiktok-odoo worker" in states(console)["link"]


def test_the_last_step_is_done_when_the_first_push_was_agreed_to(console: Console) -> None:
    shops = Shops(console.redis)
    shop = shops.get(SHOP_ID)
    assert "nothing is listed yet" in states(console)["catalogue"]
    Catalog(console.redis, SHOP_ID).keep_listings([Listing(sku_id="1", product_id="2", variant_id=7)])
    assert "1 of 1 SKUs are mapped. The first push of stock is to be agreed to" in states(console)["catalogue"]
    shops.save(shop.model_copy(update={"settings": shop.settings.model_copy(update={"push_stock": "on"})}))
    assert states(console)["catalogue"].startswith("done")


def test_when_too_many_pages_look_at_once_this_one_asks_again(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> Any:
        raise RetryableError("Too many pages.", code="console_busy")

    monkeypatch.setattr(guide_page, "outside", busy)
    page = console.get("/console/guide/state").get_data(as_text=True)
    assert 'hx-trigger="load delay:3s"' in page
