"""The pages of accounts: an app is added, linked, changed and removed, and its secret is never shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from web_stubs import Console, text_of

from tests.unit.builders import APP_SECRET, SHOP_ID
from web.console.parts import runtime as page_runtime
from worker.state.accounts import Account
from worker.sync.runtime import Runtime
from worker.tiktok.models import TokenGrant

NEW = {
    "name": "Indonesia",
    "market": "ID",
    "service_id": " 7200",
    "app_key": "key2",
    "app_secret": "a secret of its own",
}


def parts(console: Console) -> Runtime:
    with console.desk.app.app_context():
        return page_runtime()


def account(console: Console, account_id: str = "demo") -> Account:
    return parts(console).accounts.get(account_id)


def grant(console: Console, *, days: float | None) -> None:
    now = datetime.now(UTC)
    ends = None if days is None else now + timedelta(days=days)
    parts(console).tiktok.tokens.save(
        "demo",
        TokenGrant(
            access_token="a",
            access_token_expires_at=now + timedelta(days=5),
            refresh_token="r",
            refresh_token_expires_at=ends,
        ),
    )


def test_accounts_and_marketplaces_are_listed_in_words(console: Console) -> None:
    text = console.text("/console/accounts")
    assert "Demo GB Authorized – On 1" in text
    assert f"Demo GB {SHOP_ID} GB On never waits for the first push" in text
    parts(console).accounts.set_authorization("demo", "needed", "TikTok refuses our tokens.")
    assert "Must be authorized again" in console.text("/console/accounts")
    assert "TikTok refuses our tokens." in console.text("/console/accounts/demo")


@pytest.mark.parametrize(
    ("days", "words"), [(100.5, "100 days"), (3.5, "3 days"), (-1, "Ended"), (None, "TikTok tells no end")]
)
def test_it_is_told_when_an_authorization_ends(console: Console, days: float | None, words: str) -> None:
    grant(console, days=days)
    assert words in console.text("/console/accounts")


def test_without_an_account_the_list_says_so(console: Console) -> None:
    parts(console).accounts.remove("demo")
    assert "There is no account yet." in console.text("/console/accounts")


def test_given_an_app_when_it_is_added_then_its_page_says_what_to_enter_in_partner_center(console: Console) -> None:
    page = console.press("/console/accounts/new", **NEW)
    assert "Account Indonesia is added." in page
    assert "http://127.0.0.1:8000/tiktok/return_from_authorization" in page
    assert "http://127.0.0.1:8000/tiktok/webhook" in page
    assert "Link with TikTok" in page
    added = account(console, "indonesia")
    assert (added.market, added.service_id, added.app_secret) == ("ID", "7200", "a secret of its own")
    assert console.audited()[0] == ("anna", "account.add", "indonesia")


def test_a_secret_is_shown_on_no_page(console: Console) -> None:
    pages = ["/console/accounts", "/console/accounts/new", "/console/accounts/demo", f"/console/shops/{SHOP_ID}"]
    shown = "".join(console.get(path).get_data(as_text=True) for path in pages)
    refused = console.post("/console/accounts/new", **{**NEW, "name": "Demo"})
    assert refused.status_code == 400
    for secret in (APP_SECRET, NEW["app_secret"]):
        assert secret not in shown + refused.get_data(as_text=True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": "Demo"}, "There is already an account"),
        ({"name": "!!!"}, "cannot be an account's name"),
        ({"app_secret": ""}, "This field is required"),
        ({"app_key": "  "}, "App Key must not be empty"),
        ({"market": "XX"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_an_account_is_refused_with_what_was_typed(
    console: Console, change: dict[str, str], reason: str
) -> None:
    answer = console.post("/console/accounts/new", **{**NEW, **change})
    assert answer.status_code == 400
    assert reason in text_of(answer)
    assert [each.id for each in parts(console).accounts.all()] == ["demo"]


def test_link_with_tiktok_leads_to_the_consent_page(console: Console) -> None:
    answer = console.post("/console/accounts/demo/link")
    assert answer.status_code == 303
    url = answer.headers["Location"]
    assert url.startswith("https://services.tiktokshop.com/open/authorize?service_id=7100&state=")
    assert parts(console).links.consume(url.partition("state=")[2]) == "demo"
    assert console.audited()[0] == ("anna", "account.reauthorize", "demo")


def test_the_address_for_the_seller_can_be_shown_instead_and_stands_in_no_cookie(console: Console) -> None:
    answer = console.post("/console/accounts/demo/link", show="yes")
    assert "It works once." in text_of(answer)
    assert "https://services.tiktokshop.com/open/authorize?service_id=7100" in text_of(answer)
    assert "state=" not in answer.headers.get("Set-Cookie", "")


def test_an_account_that_was_never_linked_is_linked_and_not_renewed(console: Console) -> None:
    assert "Re-Authorize App" in console.text("/console/accounts/demo")
    parts(console).accounts.set_authorization("demo", "none")
    page = console.text("/console/accounts/demo")
    assert "Link with TikTok" in page
    assert "Re-Authorize App" not in page


def test_name_and_secret_are_changed_and_the_secret_stays_when_none_is_typed(console: Console) -> None:
    assert "Saved: the name." in console.press(
        "/console/accounts/demo", name="Demo 2", service_id="7100", app_secret=""
    )
    assert (account(console).name, account(console).app_secret) == ("Demo 2", APP_SECRET)
    saved = console.press("/console/accounts/demo", name="Demo 2", service_id="7100", app_secret="another one")
    assert "Saved: the App Secret." in saved
    assert account(console).app_secret == "another one"
    nothing = console.press("/console/accounts/demo", name="Demo 2", service_id="7100", app_secret="")
    assert "Nothing was changed." in nothing


def test_an_account_is_switched_off_and_on_and_its_shops_catch_up(console: Console) -> None:
    assert "is switched off." in console.press("/console/accounts/demo/switch", on="no")
    assert not account(console).enabled
    assert "is switched on." in console.press("/console/accounts/demo/switch", on="yes")
    assert account(console).enabled
    assert ("orders.drain", SHOP_ID) in console.sent.messages


def test_it_is_said_what_stays_before_an_account_is_removed(console: Console) -> None:
    page = console.text("/console/accounts/demo/remove")
    assert "These stay: everything in Odoo" in page
    assert SHOP_ID in page
    assert "Account Demo and its 1 shops are removed." in console.press("/console/accounts/demo/remove")
    assert parts(console).accounts.all() == []
    assert console.audited()[0] == ("anna", "account.remove", "demo")


def test_an_account_that_is_not_there_is_a_page_that_says_so(console: Console) -> None:
    answer = console.get("/console/accounts/nobody")
    assert (answer.status_code, "There is no such account" in text_of(answer)) == (404, True)


def test_a_viewer_sees_the_page_and_its_buttons_are_greyed_out(viewer: Console) -> None:
    html = viewer.get("/console/accounts/demo").get_data(as_text=True)
    buttons = [part.split(">")[0] for part in html.partition("<main")[2].split("<button")[1:]]
    changing = [each for each in buttons if "data-copy" not in each]
    assert changing
    assert all("disabled" in each for each in changing)


def test_after_the_sellers_return_an_operator_finds_back_to_the_account(console: Console) -> None:
    link = parts(console).links.returned("demo", "the-code", 60)
    link.outcome, link.shops = "linked", ["Demo GB: synchronised"]
    parts(console).links.finish(link)
    page = console.get(f"/tiktok/link/{link.id}").get_data(as_text=True)
    assert 'href="/console/accounts/demo"' in page
