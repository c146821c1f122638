"""``tiktok-odoo accounts`` and ``shops``: what operators read, and what the commands change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cli_stubs import ADD, Messages, Run, document, one_line

from tests.unit.builders import APP_KEY, APP_SECRET, SHOP_ID
from worker.sync.runtime import Runtime


def test_an_account_is_added_and_what_to_enter_in_partner_center_is_said(run: Run, runtime: Runtime) -> None:
    ended = run(*ADD, "--app-secret", APP_SECRET)
    assert (ended.code, ended.err) == (0, "")
    assert "Redirect URL  https://sync.example/tiktok/return_from_authorization" in ended.out
    assert "Webhook URL   https://sync.example/tiktok/webhook" in ended.out
    assert "tiktok-odoo accounts link demo" in ended.out
    assert APP_SECRET not in ended.out
    account = runtime.accounts.get("demo")
    assert (account.market, account.app_key, account.app_secret) == ("GB", APP_KEY, APP_SECRET)


def test_a_secret_may_be_typed_and_is_not_shown(run: Run, runtime: Runtime) -> None:
    ended = run(*ADD, typed=f"{APP_SECRET}\n")
    assert ended.code == 0
    assert APP_SECRET not in ended.out + ended.err
    assert runtime.accounts.get("demo").app_secret == APP_SECRET


def test_a_secret_may_come_from_the_environment(run: Run, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOK_APP_SECRET", f" {APP_SECRET} ")
    assert run(*ADD).code == 0
    assert runtime.accounts.get("demo").app_secret == APP_SECRET


def test_an_account_whose_name_is_taken_is_refused(run: Run, shop: None) -> None:
    assert "There is already an account 'demo'" in one_line(run(*ADD, "--app-secret", APP_SECRET))


def test_an_account_without_a_secret_is_refused(run: Run, runtime: Runtime) -> None:
    assert "App Secret must not be empty" in one_line(run(*ADD, "--app-secret", " "))
    assert runtime.accounts.all() == []


def test_an_unknown_market_is_wrong_usage(run: Run, runtime: Runtime) -> None:
    ended = run(*(word if word != "gb" else "xx" for word in ADD), "--app-secret", APP_SECRET)
    assert ended.code == 2
    assert "'xx' is not one of" in ended.err
    assert runtime.accounts.all() == []


def test_accounts_are_listed_without_secrets(run: Run, shop: None) -> None:
    for arguments in (("accounts", "list"), ("accounts", "list", "--json")):
        ended = run(*arguments)
        assert ended.code == 0
        assert APP_SECRET not in ended.out
    (row,) = document(ended)
    assert (row["account"], row["authorization"], row["shops"]) == ("demo", "authorized", 1)


def test_a_link_is_the_only_line_on_standard_output(run: Run, runtime: Runtime, shop: None) -> None:
    ended = run("accounts", "link", "demo")
    assert ended.code == 0
    assert ended.out.startswith("https://services.tiktokshop.com/open/authorize?service_id=7100&state=")
    assert ended.out.count("\n") == 1
    assert "within 30 minutes" in ended.err
    assert runtime.links.consume(ended.out.strip().partition("state=")[2]) == "demo"
    assert run("accounts", "reauthorize", "demo").out != ended.out


@pytest.mark.parametrize(
    "arguments",
    [("accounts", "link", "nobody"), ("accounts", "remove", "nobody", "--yes"), ("accounts", "reauthorize", "nobody")],
)
def test_an_unknown_account_is_one_line(run: Run, runtime: Runtime, arguments: tuple[str, ...]) -> None:
    assert "There is no account 'nobody'. `tiktok-odoo accounts list` shows them." in one_line(run(*arguments))


def test_an_account_is_removed_only_when_a_person_says_so(run: Run, runtime: Runtime, shop: None) -> None:
    ended = run("accounts", "remove", "demo", typed="n\n")
    assert (ended.code, len(runtime.accounts.all())) == (130, 1)
    assert "stop its 1 shops" in ended.err
    assert run("accounts", "remove", "demo", typed="y\n").code == 0
    assert (runtime.accounts.all(), runtime.shops.all()) == ([], [])


def test_settings_of_a_shop_are_changed_and_shown(run: Run, runtime: Runtime, shop: None) -> None:
    ended = run("shops", "set", SHOP_ID, "--total", "buyer_paid", "--leave-quotations", "--go-live", "2026-02-01")
    assert (ended.code, ended.err) == (0, "")
    settings = runtime.shops.get(SHOP_ID).settings
    assert (settings.total, settings.confirm_orders) == ("buyer_paid", False)
    assert settings.go_live == datetime(2026, 2, 1, tzinfo=UTC)
    shown = {row["setting"]: row["value"] for row in document(run("shops", "show", SHOP_ID, "--json"))}
    assert (shown["total"], shown["confirm_orders"]) == ("buyer_paid", False)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T08:00", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("2026-01-31T08:00+07:00", datetime(2026, 1, 31, 1, tzinfo=UTC)),
        ("2026-01-31T08:00Z", datetime(2026, 1, 31, 8, tzinfo=UTC)),
    ],
)
def test_a_date_without_a_zone_is_utc(run: Run, runtime: Runtime, shop: None, given: str, stored: datetime) -> None:
    assert run("shops", "set", SHOP_ID, "--go-live", given).code == 0
    assert runtime.shops.get(SHOP_ID).settings.go_live == stored


@pytest.mark.parametrize("given", ["", "yesterday", "2026-13-01", "31.01.2026", "0001-01-01T00:00+10:00"])
def test_what_is_no_date_is_one_line_and_changes_nothing(run: Run, runtime: Runtime, shop: None, given: str) -> None:
    before = runtime.shops.get(SHOP_ID)
    assert "is not a date. Write 2026-01-31" in one_line(run("shops", "set", SHOP_ID, "--go-live", given))
    assert runtime.shops.get(SHOP_ID) == before


@pytest.mark.parametrize(
    ("arguments", "read_again"),
    [
        (("--go-live", "2025-06-01"), True),
        (("--import-fbt",), True),
        (("--go-live", "2026-06-01"), False),
        (("--skip-samples",), False),
        (("--total", "buyer_paid"), False),
    ],
)
def test_settings_that_cover_more_orders_make_the_next_poll_find_them(
    run: Run, runtime: Runtime, shop: None, arguments: tuple[str, ...], read_again: bool
) -> None:
    """An order that was skipped was seen: without forgetting that, the poll would pass it by for ever."""
    queue = runtime.queue(SHOP_ID)
    queue.mark(["571"])
    queue.done(queue.claim(1, 60), "571", update_time=100)
    runtime.cursors.advance(SHOP_ID, 100)
    assert run("shops", "set", SHOP_ID, *arguments).code == 0
    assert (queue.unseen({"571": 100}) == ["571"]) is read_again
    assert (runtime.cursors.get(SHOP_ID) is None) is read_again


def test_a_shop_is_switched_off_and_on(run: Run, runtime: Runtime, shop: None, sent: Messages) -> None:
    assert run("shops", "disable", SHOP_ID).code == 0
    assert not runtime.shops.get(SHOP_ID).enabled
    assert run("shops", "enable", SHOP_ID).code == 0
    assert runtime.shops.get(SHOP_ID).enabled
    assert sent == [("orders.drain", SHOP_ID)]
