"""The doctor and the warnings of what ends, on the real parts: all well, and each way in which it is not."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from sandbox.installation import Installation
from sandbox.stack.processes import wait_for
from tests.support import World
from worker.odoo.activities import PREFIX
from worker.state.cursors import heartbeat_age
from worker.state.problems import authorization_scope
from worker.sync.doctor import Finding, examine
from worker.sync.expiry import ODOO_KEY_SCOPE, warn


def look(world: World, *groups: str) -> dict[str, Finding]:
    """Findings by name; of several with a name the last."""
    return {finding.name: finding for finding in examine(world.runtime, groups, seconds=15)}


def test_a_whole_installation_is_well(world: World, tmp_path: Path) -> None:
    redis, secret = world.runtime.redis, world.runtime.settings.secret_keys.get_secret_value()
    environment = {**world.stack.environment(), "SECRET_KEYS": secret}
    with Installation(tmp_path, environment, world.tiktok.base_url) as running:
        running.start_beat()  # first, since its first heartbeats come after ten seconds
        running.start_worker("worker-1", "--concurrency", "1")
        running.start_web("--workers", "1")
        shop = world.link_shop()
        wait_for(lambda: heartbeat_age(redis) is not None, 30, "a heartbeat")
        done = running.cli("doctor", "--json", check=False)
    found = {each["what"]: f"{each['result']} {each['where']}".strip() for each in json.loads(done.stdout)}
    assert done.returncode == 0, done.stdout
    # The simulator has no domain name, and this shop has sold nothing yet.
    warned = {name for name, state in found.items() if state.startswith("warn")}
    assert warned <= {"receiver.address", "shop.waiting"}
    assert found["account.app"] == f"ok {shop.account_id}"
    assert found["shop.settings"] == f"ok {shop.id}"
    assert {"celery.queues", "celery.beat", "odoo.rights", "receiver.webhook", "receiver.redirect"} <= found.keys()


def test_a_stopped_odoo_is_told_in_one_line_and_the_rest_is_skipped(world: World) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        away = world.with_settings(odoo_url=f"http://127.0.0.1:{free.getsockname()[1]}")
        found = look(away, "odoo")
    assert found["odoo.server"].state == "fail"
    assert "ODOO_URL" in found["odoo.server"].remedy
    assert {found[name].state for name in ("odoo.login", "odoo.rights", "odoo.prepare")} == {"skipped"}


def test_an_odoo_that_takes_connections_and_never_answers_holds_nobody_up(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hole:
        begin = time.monotonic()
        silent = world.with_settings(odoo_url=f"http://127.0.0.1:{hole.getsockname()[1]}")
        findings = examine(silent.runtime, ("odoo",), seconds=2)
    assert time.monotonic() - begin < 5
    assert [(finding.name, finding.state) for finding in findings] == [("odoo.server", "fail")]
    assert "No end within 2 seconds" in findings[0].text


def test_a_wrong_password_is_told_with_its_remedy(world: World) -> None:
    found = look(world.with_settings(odoo_password=SecretStr("wrong")), "odoo")
    assert found["odoo.server"].state == "ok"
    assert found["odoo.login"].state == "fail"
    assert "ODOO_PASSWORD" in found["odoo.login"].remedy
    assert found["odoo.rights"].state == "skipped"


@pytest.fixture
def clerk(world: World) -> Iterator[World]:
    """The connector as a user who may next to nothing in Odoo."""
    admin = world.stack.admin()
    group = admin.execute_kw("ir.model.data", "check_object_reference", ["base", "group_user"])[1]
    values = {"name": "Clerk", "login": "clerk", "password": "a-clerk's-password", "group_ids": [(6, 0, [group])]}
    user = admin.execute_kw("res.users", "create", [values])
    password = SecretStr("a-clerk's-password")  # which JSON-2 does not take
    yield world.with_settings(odoo_user="clerk", odoo_password=password, odoo_api="json-rpc")
    admin.execute_kw("res.users", "write", [[user], {"active": False, "login": f"clerk-{time.monotonic_ns()}"}])


def test_missing_rights_are_named_and_a_password_is_advised_against(clerk: World) -> None:
    found = look(clerk, "odoo")
    assert found["odoo.login"].state == "ok"
    assert found["odoo.rights"].state == "fail"
    assert "create sale.order" in found["odoo.rights"].text
    assert "docs/setup.md" in found["odoo.rights"].remedy
    assert found["odoo.api_key"].state == "warn"


def test_an_administrator_as_bot_is_advised_against(world: World) -> None:
    login = world.stack.credentials
    found = look(
        world.with_settings(
            odoo_user=login.admin_login, odoo_password=SecretStr(login.admin_password), odoo_api="json-rpc"
        ),
        "odoo",
    )
    assert found["odoo.administrator"].state == "warn"
    assert found["odoo.rights"].state == "ok"


def test_what_a_shop_is_set_to_and_odoo_does_not_have_is_named(world: World) -> None:
    wrong = world.link_shop("GB", warehouse_id=999_999, pricelist_id=world.pricelist("TikTok EUR"))
    findings = [each for each in examine(world.runtime, ("shop",)) if each.state == "fail"]
    assert {each.where for each in findings} == {wrong.id}
    assert {each.name for each in findings} == {"shop.settings", "shop.currency"}
    assert any("999999" in each.text and "--warehouse" in each.remedy for each in findings)
    assert any("EUR" in each.text and "GBP" in each.text for each in findings)


def test_a_secret_that_was_reset_at_tiktok_is_told(world: World) -> None:
    shop = world.link_shop()
    account = world.runtime.accounts.get(shop.account_id)
    world.runtime.accounts.save(account.model_copy(update={"app_secret": "0" * 40}))
    found = look(world, "account")
    assert found["account.app"].state == "fail"
    assert "App Secret" in found["account.app"].remedy
    assert "0" * 40 not in str(found)


def activities(world: World) -> list[str]:
    """Open activities of ours, read by SQL."""
    rows = world.stack.sql(
        "SELECT a.summary FROM mail_activity a JOIN res_users u ON u.id = a.user_id "
        "WHERE a.active AND u.login = %s AND a.summary LIKE %s ORDER BY a.id",
        world.stack.credentials.admin_login,
        f"{PREFIX}%",
    )
    return [str(summary).removeprefix(PREFIX) for (summary,) in rows]


def test_a_lost_authorization_is_one_activity_until_it_is_renewed(world: World) -> None:
    told = world.with_settings(odoo_alert_user=world.stack.credentials.admin_login)
    (linked,) = world.link_seller(["GB"])
    account_id = linked.shop.account_id
    world.runtime.accounts.set_authorization(account_id, "needed", "TikTok Shop refused the refresh token.")
    warn(told.runtime)
    warn(told.runtime)
    assert activities(world) == [f"renew the authorization of account {account_id}"]
    world.authorize(account_id, linked.app, linked.username, linked.password)
    warn(told.runtime)
    assert activities(world) == []
    assert world.runtime.problems.all() == []


def test_an_api_key_that_ends_soon_is_a_problem_until_there_is_another(world: World) -> None:
    set_end = (
        "UPDATE res_users_apikeys SET expiration_date = {} WHERE user_id = (SELECT id FROM res_users WHERE login = %s)"
    )
    bot = world.runtime.settings.odoo_user
    world.stack.sql(set_end.format("now() at time zone 'utc' + interval '6 days 12 hours'"), bot)
    try:
        warn(world.runtime)
        (problem,) = world.runtime.problems.all()
        assert (problem.scope, problem.code) == (ODOO_KEY_SCOPE, "odoo_key_ends")
        assert "within 7 days" in problem.message
        assert look(world, "odoo")["odoo.api_key"].state == "warn"
        assert not world.runtime.problems.paused(ODOO_KEY_SCOPE)
    finally:
        world.stack.sql(set_end.format("NULL"), bot)
    warn(world.runtime)
    assert world.runtime.problems.all() == []


def test_the_end_of_an_authorization_is_told_in_time_and_nothing_stops(world: World) -> None:
    shop = world.link_shop()
    tokens = world.runtime.tiktok.tokens
    grant = tokens.load(shop.account_id)
    assert grant is not None
    ends = datetime.fromtimestamp(time.time() + 13.5 * 86400, UTC)
    tokens.save(shop.account_id, grant.model_copy(update={"refresh_token_expires_at": ends}))
    warn(world.runtime)
    (problem,) = world.runtime.problems.all()
    assert problem.scope == authorization_scope(shop.account_id)
    assert "within 14 days" in problem.message
    order_id = world.order(shop)
    world.import_orders(shop, order_id)
    assert world.sale(order_id)["state"] == "sale"
