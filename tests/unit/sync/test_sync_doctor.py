"""The doctor: what each check says to what it finds, and that nothing that hangs or breaks holds up the others."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.unit.builders import SHOP_ID, add_account, make_settings, make_shop
from tests.unit.odoo.odoo_stubs import Gateway
from worker.errors import PermanentError
from worker.state.broker import QUEUES
from worker.sync.doctor import GROUPS, Finding, accounts, base, examine, odoo, queues, receiver, shops, well
from worker.sync.doctor.bounded import Group, run
from worker.sync.doctor.clocks import odoo_clock, skew, tiktok_clock
from worker.sync.doctor.finding import ok
from worker.sync.runtime import Runtime
from worker.tiktok.models import AuthorizedShop, TokenGrant
from worker.tiktok.scopes import SCOPES

ALL_SCOPES = [scope.id for scope in SCOPES if scope.id]


def by_name(findings: Iterator[Finding] | list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


@contextmanager
def server(answers: dict[str, tuple[int, dict[str, str], str]]) -> Iterator[str]:
    """A server that answers ``"GET /path"`` with (status, headers, body), and all else with 404."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, body = answers.get(f"{self.command} {self.path}", (404, {}, "no"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = _answer

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


# Groups beside each other


def test_what_hangs_is_given_up_and_what_it_found_until_then_is_told() -> None:
    for_ever = threading.Event()

    def hangs() -> Iterator[Finding]:
        yield ok("a.one", "Well.")
        for_ever.wait()

    begin = time.monotonic()
    found = run([Group("a.two", hangs, "Look there."), Group("b", lambda: [ok("b.one", "Well.")], "")], 0.2)
    assert time.monotonic() - begin < 2
    for_ever.set()
    assert [(each.name, each.state) for each in found] == [("a.one", "ok"), ("a.two", "fail"), ("b.one", "ok")]
    assert found[1].remedy == "Look there."


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PermanentError("Refused.", remedy="Do this."), "Refused."),
        (RedisConnectionError(), "Redis does not answer."),
        (ZeroDivisionError(), "The check itself failed: ZeroDivisionError."),
    ],
)
def test_a_check_that_breaks_is_a_finding_and_no_traceback(error: Exception, text: str) -> None:
    def breaks() -> Iterator[Finding]:
        raise error
        yield

    (found,) = run([Group("a.one", breaks, "")], 5)
    assert (found.state, found.text) == ("fail", text)
    assert found.remedy


def test_groups_are_told_in_their_order_and_only_those_that_were_asked_for(runtime: Runtime) -> None:
    found = examine(runtime, ("account", "settings"), seconds=5)
    assert [finding.group for finding in found] == ["settings", "settings", "account"]
    assert set(GROUPS) >= {finding.group for finding in found}
    assert not well(found)  # ODOO_PASSWORD is not set in these settings


# Settings and Redis


def test_a_key_that_does_not_open_what_is_stored_is_told(runtime: Runtime, redis: Any) -> None:
    add_account(runtime)
    assert by_name(base.secrets(runtime))["settings.secret_keys"].state == "ok"
    other = Runtime(make_settings())
    other.redis = redis
    found = by_name(base.secrets(other))["settings.secret_keys"]
    assert found.state == "fail"
    assert "key that was in use" in found.remedy


class Redis:
    """A Redis that tells what a test wants to hear."""

    def __init__(self, *, clock: float = 0.0, **info: Any) -> None:
        self._clock = clock
        self._info = {"redis_version": "7.4.1", "aof_enabled": 1, "maxmemory_policy": "noeviction", **info}

    def time(self) -> tuple[int, int]:
        now = time.time() + self._clock
        return int(now), int(now % 1 * 1_000_000)

    def info(self) -> dict[str, Any]:
        return self._info

    def config_get(self, name: str) -> dict[str, str]:
        return {name: str(self._info.get(name, "everysec"))}


@pytest.mark.parametrize(
    ("facts", "name", "state"),
    [
        ({}, "redis.server", "ok"),
        ({}, "redis.clock", "ok"),
        ({"redis_version": "5.0.7"}, "redis.server", "fail"),
        ({"aof_enabled": 0}, "redis.persistence", "warn"),
        ({"aof_last_write_status": "err"}, "redis.persistence", "fail"),
        ({"appendfsync": "no"}, "redis.persistence", "warn"),
        ({"maxmemory_policy": "allkeys-lru"}, "redis.eviction", "fail"),
        ({"used_memory": 95 << 20, "maxmemory": 100 << 20}, "redis.memory", "warn"),
        ({"used_memory": 9 << 20, "maxmemory": 100 << 20}, "redis.memory", "ok"),
        ({"clock": 60.0}, "redis.clock", "warn"),
    ],
)
def test_redis_must_keep_what_it_is_given(runtime: Runtime, facts: dict[str, Any], name: str, state: str) -> None:
    runtime.__dict__["redis"] = Redis(**facts)
    found = by_name(base.redis_server(runtime))
    assert len(found) == 5
    assert found[name].state == state
    assert bool(found[name].remedy) is (state != "ok")


def test_a_redis_that_is_away_is_one_finding_without_its_password() -> None:
    found = list(base.redis_server(Runtime(make_settings(redis_url="redis://:s3cret@127.0.0.1:1/0"))))
    assert [(each.name, each.state) for each in found] == [("redis.server", "fail")]
    assert "s3cret" not in str(found)


# Clocks


@pytest.mark.parametrize(("ahead", "state"), [(0, "ok"), (20, "warn"), (40, "fail"), (-200, "warn"), (-400, "fail")])
def test_tiktok_takes_a_clock_that_is_a_little_fast_or_up_to_five_minutes_slow(ahead: float, state: str) -> None:
    assert tiktok_clock("x", ahead).state == state


def test_a_clock_is_compared_as_exactly_as_whole_seconds_allow() -> None:
    headers = {"Date": formatdate(1000, usegmt=True)}
    assert skew(headers, 1000.1, 1000.4) == 0.0
    assert skew(headers, 1100.0, 1100.2) == 99.0
    assert skew(headers, 900.0, 900.2) == pytest.approx(-99.8)
    assert skew({}, 1.0, 1.0) is None
    assert skew({"Date": "yesterday"}, 1.0, 1.0) is None
    assert tiktok_clock("x", None).state == odoo_clock("x", None).state == "skipped"


# Celery


def test_without_a_broker_workers_are_not_asked(runtime: Runtime) -> None:
    found = by_name(queues.broker(runtime))
    assert (found["celery.broker"].state, found["celery.workers"].state) == ("fail", "skipped")


def test_beat_and_workers_are_away_until_a_heartbeat_comes_through(runtime: Runtime) -> None:
    (never,) = queues.heartbeat(runtime)
    assert (never.state, never.remedy) == ("fail", "Start `tiktok-odoo worker` and `tiktok-odoo beat`.")


@pytest.mark.parametrize(
    ("consumed", "states"),
    [
        ({}, {"celery.workers": "fail"}),
        ({"a@x": list(QUEUES)}, {"celery.workers": "ok", "celery.queues": "ok"}),
        ({"a@x": ["orders"], "b@x": ["auth"]}, {"celery.workers": "ok", "celery.queues": "fail"}),
    ],
)
def test_every_queue_needs_a_worker(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, consumed: dict[str, list[str]], states: dict[str, str]
) -> None:
    monkeypatch.setattr(queues, "active_queues", lambda _: consumed)
    found = by_name(queues._workers(runtime.settings))
    assert {name: finding.state for name, finding in found.items()} == states
    if states.get("celery.queues") == "fail":
        assert "--queues catalog,fulfillment,inventory" in found["celery.queues"].remedy


# Odoo's address


def versioned(version: int) -> dict[str, tuple[int, dict[str, str], str]]:
    result = {"server_version": f"{version}.0", "server_version_info": [version, 0]}
    return {"POST /web/webclient/version_info": (200, {}, json.dumps({"result": result}))}


@pytest.mark.parametrize(
    ("answers", "state", "said"),
    [
        (versioned(19), "ok", "Odoo 19.0"),
        (versioned(17), "warn", "Tested are Odoo 14, 16, 18, 19"),
        (
            {"POST /web/webclient/version_info": (301, {"Location": "https://odoo.example/web"}, "")},
            "fail",
            "https://odoo.example",
        ),
        ({"POST /web/webclient/version_info": (200, {}, "<html>")}, "fail", "not Odoo"),
    ],
)
def test_who_answers_at_odoos_address(
    runtime: Runtime, answers: dict[str, tuple[int, dict[str, str], str]], state: str, said: str
) -> None:
    with server(answers) as url:
        runtime.settings = runtime.settings.model_copy(update={"odoo_url": url})
        runtime.__dict__["odoo"] = Refusing()
        found = by_name(odoo.odoo(runtime))
    assert found["odoo.server"].state == state
    assert said in f"{found['odoo.server'].text} {found['odoo.server'].remedy}"
    assert found["odoo.login"].state == ("skipped" if state == "fail" else "fail")
    assert found["odoo.rights"].state == "skipped"


@pytest.mark.parametrize(
    ("email", "needed", "state"),
    [("bot@example.com", True, "ok"), (False, True, "fail"), (False, False, "ok")],
)
def test_the_bot_needs_an_email_address_where_odoo_asks_for_one(email: object, needed: bool, state: str) -> None:
    gateway = Gateway({"res.users.read": lambda _: [{"email": email}]})
    if needed:  # Odoo before 19, which is known by this field
        gateway.answers["stock.move.fields_get"] = lambda _: {"name": {"type": "char"}}
    assert odoo._email(gateway, 7).state == state


class Refusing:
    """An Odoo that refuses the bot user."""

    def call(self, *_: Any, **__: Any) -> Any:
        raise PermanentError("Odoo refuses 'tiktok-bot'.", remedy="Check ODOO_PASSWORD.")


# The way in

OURS = {
    "GET /healthz/live": (200, {}, '{"status":"ok"}'),
    "POST /tiktok/webhook": (401, {"X-Reason": "unsigned"}, ""),
    "GET /tiktok/return_from_authorization": (400, {}, "TikTok did not authorize the app"),
}


@pytest.mark.parametrize(
    ("changed", "failed"),
    [
        ({}, set()),
        ({"GET /healthz/live": (502, {}, "Bad gateway")}, {"receiver.live"}),
        ({"GET /healthz/live": (200, {}, "Welcome to nginx!")}, {"receiver.live"}),
        ({"POST /tiktok/webhook": (200, {}, "")}, {"receiver.webhook"}),
        ({"POST /tiktok/webhook": (401, {"WWW-Authenticate": "Basic"}, "")}, {"receiver.webhook"}),
        ({"GET /tiktok/return_from_authorization": (302, {"Location": "/login"}, "")}, {"receiver.redirect"}),
    ],
)
def test_the_public_address_must_lead_to_our_receiver(runtime: Runtime, changed: Any, failed: set[str]) -> None:
    with server({**OURS, **changed}) as url:
        runtime.settings = runtime.settings.model_copy(update={"public_url": url})
        found = by_name(receiver.receiver(runtime))
    assert {name for name, finding in found.items() if finding.state == "fail"} == failed
    assert all(found[name].remedy for name in failed)
    assert found["receiver.address"].state == "warn"  # a bare address with a port
    assert found["receiver.certificate"].state == "skipped"


@pytest.mark.parametrize(
    ("url", "state"),
    [
        ("https://sync.example.com", "ok"),
        ("http://sync.example.com", "warn"),
        ("https://sync.example.com:8443", "warn"),
        ("https://203.0.113.5", "warn"),
        ("https://localhost", "warn"),
    ],
)
def test_tiktok_takes_https_with_a_domain_name_and_no_port(url: str, state: str) -> None:
    assert receiver._address(url).state == state


# Accounts


class TikTok:
    """Tokens as stored, and a list of shops or an error."""

    def __init__(self, runtime: Runtime) -> None:
        self.tokens = runtime.tiktok.tokens
        self.shops: list[str] | PermanentError = [SHOP_ID]

    def account_client(self, _: Any) -> TikTok:
        return self

    def authorized_shops(self) -> list[AuthorizedShop]:
        if isinstance(self.shops, PermanentError):
            raise self.shops
        return [AuthorizedShop.model_validate({"id": each, "cipher": "c", "name": "Demo"}) for each in self.shops]


@pytest.fixture
def tiktok(runtime: Runtime) -> TikTok:
    add_account(runtime)
    runtime.shops.claim(make_shop())
    stub = TikTok(runtime)
    runtime.__dict__["tiktok"] = stub
    grant(runtime)
    return stub


def grant(runtime: Runtime, *, access_hours: float = 160, days: float = 300, scopes: list[str] | None = None) -> None:
    now = datetime.now(UTC)
    made = TokenGrant(
        access_token="the-access-token",
        access_token_expires_at=now + timedelta(hours=access_hours),
        refresh_token="the-refresh-token",
        refresh_token_expires_at=now + timedelta(days=days, minutes=1),
        obtained_at=now - timedelta(hours=168 - access_hours),
        granted_scopes=ALL_SCOPES if scopes is None else scopes,
    )
    runtime.tiktok.tokens.save("demo", made)


def account(runtime: Runtime) -> dict[str, Finding]:
    found = by_name(accounts.account(runtime, runtime.accounts.get("demo")))
    assert "the-access-token" not in str(found)
    return found


def test_an_account_that_is_well_is_well_in_every_respect(runtime: Runtime, tiktok: TikTok) -> None:
    found = account(runtime)
    assert {finding.state for finding in found.values()} == {"ok"}
    assert "300 more days" in found["account.tokens"].text


@pytest.mark.parametrize(("days", "state"), [(30, "warn"), (31, "ok"), (1, "warn"), (-1, "fail")])
def test_the_days_of_an_authorization_are_counted(runtime: Runtime, tiktok: TikTok, days: int, state: str) -> None:
    grant(runtime, days=days)
    found = account(runtime)["account.tokens"]
    assert found.state == state
    assert ("reauthorize demo" in found.remedy) is (state != "ok")


def test_an_access_token_that_was_not_renewed_in_time_is_told(runtime: Runtime, tiktok: TikTok) -> None:
    grant(runtime, access_hours=5)
    found = account(runtime)["account.tokens"]
    assert found.state == "warn"
    assert "beat" in found.remedy


def test_each_missing_scope_says_what_does_not_work_without_it(runtime: Runtime, tiktok: TikTok) -> None:
    grant(runtime, scopes=[each for each in ALL_SCOPES if each != "seller.product.write"])
    found = account(runtime)["account.scopes"]
    assert found.state == "warn"
    assert "Product Modify (seller.product.write) no stock can be pushed" in found.text
    grant(runtime, scopes=[each for each in ALL_SCOPES if each != "seller.order.info"])
    assert account(runtime)["account.scopes"].state == "fail"
    grant(runtime, scopes=[each for each in ALL_SCOPES if each != "seller.finance.info"])
    found = account(runtime)["account.scopes"]
    assert (found.state, "payout statements are not read" in found.text) == ("warn", True)
    grant(runtime, scopes=list(ALL_SCOPES))
    assert account(runtime)["account.scopes"].state == "ok"
    grant(runtime, scopes=[])
    assert account(runtime)["account.scopes"].state == "skipped"


def test_what_tiktok_refuses_is_told_with_the_remedy_of_its_code(runtime: Runtime, tiktok: TikTok) -> None:
    tiktok.shops = PermanentError("Refused.", code="bad_signature", remedy="Compare the App Secret.")
    found = account(runtime)["account.app"]
    assert (found.state, found.remedy, found.where) == ("fail", "Compare the App Secret.", "demo")


def test_an_account_that_waits_for_the_seller_is_not_asked_about(runtime: Runtime, tiktok: TikTok) -> None:
    runtime.accounts.set_authorization("demo", "none")
    assert [(name, each.state) for name, each in account(runtime).items()] == [("account.authorization", "warn")]
    runtime.accounts.set_authorization("demo", "needed", "The token has ended.")
    assert account(runtime)["account.authorization"].text == "The token has ended."


def test_a_shop_under_two_authorizations_and_one_that_is_lost_are_named(runtime: Runtime, tiktok: TikTok) -> None:
    add_account(runtime, "Other")
    runtime.shops.claim(make_shop("111", "other"))
    tiktok.shops = ["111"]
    found = [each for each in accounts.account(runtime, runtime.accounts.get("demo")) if each.name == "account.shops"]
    assert [each.state for each in found] == ["fail", "warn", "ok"]
    assert f"no longer covers shop {SHOP_ID}" in found[0].text
    assert "synchronised by account other" in found[1].text


# Shops


class Directory:
    """What Odoo has, by model; as the bot sees it."""

    def __init__(self) -> None:
        self.has: dict[str, list[dict[str, Any]]] = {
            "res.company": [{"id": 1, "name": "Ours", "currency_id": [1, "USD"]}],
            "product.pricelist": [{"id": 3, "name": "TikTok GBP", "currency_id": [2, "GBP"], "company_id": False}],
            "stock.warehouse": [{"id": 4, "name": "Main", "company_id": [1, "Ours"]}],
            "account.tax": [{"id": 5, "name": "VAT on top", "price_include": False}],
        }

    def call(self, model: str, method: str, **given: Any) -> list[dict[str, Any]]:
        assert method == "search_read"
        wanted = next((value for name, _, value in given["domain"] if name == "id"), None)
        return [each for each in self.has.get(model, []) if wanted is None or each["id"] in wanted]


def of_shop(runtime: Runtime, **settings: Any) -> list[Finding]:
    """Findings of a shop with these settings, as far as they are not well."""
    add_account(runtime)
    runtime.shops.claim(make_shop(**settings))
    runtime.__dict__.setdefault("odoo", Directory())
    return [each for each in shops.shops(runtime, odoo_is_well=True) if each.state == "fail"]


def test_a_shop_that_points_to_what_is_there_is_well(runtime: Runtime) -> None:
    assert of_shop(runtime, warehouse_id=4, pricelist_id=3, stock_warehouse_ids=[4]) == []


@pytest.mark.parametrize(
    ("chosen", "text", "remedy"),
    [
        ({"warehouse_id": 99}, "no warehouse with the id 99", "--warehouse NAME"),
        ({"stock_warehouse_ids": [4, 98]}, "no stock warehouse with the id 98", "--stock-warehouse NAME"),
        ({"default_carrier_id": 7}, "no default carrier with the id 7", "--default-carrier NAME"),
        ({"tax_id": 5}, "added on top of the price", "--tax NAME"),
        ({"company_id": 2, "warehouse_id": 4}, "of another company", "--warehouse NAME"),
        ({"warehouse_feeds": {"1": {"location_id": 77}}}, "with the id 77", "shops feed"),
    ],
)
def test_what_odoo_does_not_have_is_named_with_the_option_that_changes_it(
    runtime: Runtime, chosen: dict[str, Any], text: str, remedy: str
) -> None:
    found = of_shop(runtime, **chosen)
    assert any(text in each.text and remedy in each.remedy for each in found), found
    assert {each.where for each in found} == {SHOP_ID}


def test_a_shop_needs_a_pricelist_in_its_currency_or_a_company_that_has_it(runtime: Runtime) -> None:
    directory = Directory()
    runtime.__dict__["odoo"] = directory
    directory.has["product.pricelist"] = []
    (found,) = of_shop(runtime)
    assert (found.name, found.state) == ("shop.currency", "fail")
    assert "GBP" in found.remedy
    directory.has["res.company"][0]["currency_id"] = [2, "GBP"]
    assert [each for each in shops.shops(runtime, odoo_is_well=True) if each.state == "fail"] == []


def test_while_odoo_is_away_shops_are_looked_at_as_far_as_redis_knows_them(runtime: Runtime) -> None:
    add_account(runtime)
    runtime.shops.claim(make_shop())
    runtime.queue(SHOP_ID).mark(["576461413038785752"])
    found = by_name(shops.shops(runtime, odoo_is_well=False))
    assert found["shop.settings"].state == "skipped"
    assert found["shop.waiting"].state == "ok"
    assert found["shop.webhooks"].state == "ok"  # it was linked a moment ago
