"""The private stack itself: what the demo and every other integration test stand on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import odoorpc
import pytest
import redis
import requests

from sandbox.stack.debian import debian_sources, unpack_packages
from sandbox.stack.paths import StackError
from sandbox.stack.processes import Process, free_port, wait_for
from sandbox.stack.provision import BOT_GROUPS, CURRENCIES
from sandbox.stack.stack import GIVEN, Stack

pytestmark = pytest.mark.integration
needs_own_odoo = pytest.mark.skipif("ODOO_URL" in os.environ, reason="looks into the private Odoo; ODOO_URL is set")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack("test-stack", workers=2) as running:
        yield running


@pytest.fixture(scope="module")
def bot(stack: Stack) -> Any:
    environment = stack.environment()
    return stack.login(environment["ODOO_USER"], environment["ODOO_PASSWORD"])


def new_partner(stack: Stack) -> int:
    partner: int = stack.admin().execute_kw("res.partner", "create", [{"name": "Buyer"}])
    return partner


@needs_own_odoo
def test_the_bot_has_the_stated_groups_and_what_they_imply_and_no_other(stack: Stack) -> None:
    env = stack.admin().env
    bot = env["res.users"].search([("login", "=", stack.credentials.bot_login)])
    groups = env["res.users"].read(bot, ["group_ids", "all_group_ids"])[0]
    stated = {env.ref(name).id for name in BOT_GROUPS}
    assert set(groups["group_ids"]) == stated
    assert env.ref("base.group_system").id not in groups["all_group_ids"]
    assert env.ref("stock.group_stock_user").id not in groups["all_group_ids"]


def test_the_bot_makes_a_buyer_and_confirms_an_order_that_gets_a_delivery(stack: Stack, bot: Any) -> None:
    product = stack.add_products([("STACK-1", "Mug", 12.5, 40)])["STACK-1"]
    partner = bot.execute_kw("res.partner", "create", [{"name": "Buyer"}])
    line = (0, 0, {"product_id": product, "product_uom_qty": 2, "tax_ids": [(6, 0, [])]})
    order = bot.execute_kw("sale.order", "create", [{"partner_id": partner, "order_line": [line]}])
    bot.execute_kw("sale.order", "action_confirm", [[order]])
    [read] = bot.execute_kw("sale.order", "read", [[order], ["state", "amount_total", "picking_ids"]])
    [picking] = bot.execute_kw("stock.picking", "read", [read["picking_ids"], ["state"]])
    assert (read["state"], read["amount_total"], picking["state"]) == ("sale", 25.0, "assigned")
    [stock] = bot.execute_kw("product.product", "read", [[product], ["qty_available", "free_qty"]])
    assert (stock["qty_available"], stock["free_qty"]) == (40, 38)


@pytest.mark.parametrize(
    ("model", "method", "arguments"),
    [
        ("product.product", "create", [{"name": "Not mine to make"}]),
        ("ir.model.data", "search", [[]]),
        ("res.users", "create", [{"name": "Twin", "login": "twin"}]),
        ("stock.quant", "create", [{"product_id": 1, "location_id": 1, "quantity": 1}]),
        ("res.users", "write", [[2], {"password": "mine now"}]),
        ("res.groups", "write", [[1], {"name": "Everybody"}]),
        ("ir.config_parameter", "search_read", [[]]),
        ("ir.model.access", "write", [[1], {"perm_write": True}]),
        ("ir.rule", "write", [[1], {"active": False}]),
        ("ir.cron", "create", [{"name": "Every minute", "model_id": 1}]),
        ("ir.actions.server", "create", [{"name": "Run it", "model_id": 1, "state": "code"}]),
        ("ir.mail_server", "search_read", [[]]),
        ("res.company", "write", [[1], {"name": "Mine"}]),
        ("account.move", "create", [{"move_type": "out_invoice"}]),
        ("account.payment", "create", [{"amount": 1}]),
        ("product.template", "unlink", [[1]]),
        ("stock.location", "write", [[1], {"active": False}]),
    ],
)
def test_the_bot_is_refused_what_it_does_not_need(bot: Any, model: str, method: str, arguments: list[Any]) -> None:
    with pytest.raises(odoorpc.error.RPCError) as refused:
        bot.execute_kw(model, method, arguments)
    assert refused.value.info["data"]["name"] == "odoo.exceptions.AccessError"


def test_the_bot_installs_no_module(bot: Any) -> None:
    with pytest.raises(odoorpc.error.RPCError) as refused:
        bot.execute_kw("ir.module.module", "button_immediate_install", [[1]])
    assert refused.value.info["data"]["name"] == "odoo.exceptions.AccessDenied"


@needs_own_odoo
def test_the_api_key_opens_json2_and_the_password_does_not(stack: Stack) -> None:
    url = f"{stack.odoo.url}/json/2/sale.order/search_count"

    def call(secret: str) -> int:
        headers = {"Authorization": f"bearer {secret}", "X-Odoo-Database": stack.database}
        return requests.post(url, json={"domain": []}, headers=headers, timeout=30).status_code

    assert call(stack.credentials.bot_api_key) == 200
    assert call(stack.credentials.bot_password) == 401


@needs_own_odoo
def test_the_template_holds_what_the_connector_asks_of_a_merchant(stack: Stack) -> None:
    lists = stack.sql(
        "select c.name from product_pricelist p join res_currency c on c.id = p.currency_id where c.active"
    )
    assert {name for (name,) in lists} == set(CURRENCIES)
    products = stack.sql("select default_code from product_product where default_code like 'TIKTOK-%%'")
    assert {code for (code,) in products} == {"TIKTOK-SHIPPING", "TIKTOK-FEE", "TIKTOK-TAX", "TIKTOK-UNKNOWN"}
    assert stack.sql("select code from stock_warehouse order by id") == [("WH",), ("TTW",)]
    taxes = stack.sql("select amount from account_tax where price_include_override = 'tax_included'")
    assert [float(amount) for (amount,) in taxes] == [20.0]


@needs_own_odoo
def test_the_login_page_opens_with_its_style_sheet_and_its_icon_font(stack: Stack) -> None:
    page = requests.get(f"{stack.odoo.url}/web/login", timeout=60)
    assert page.status_code == 200
    assert 'name="password"' in page.text
    style_sheets = re.findall(r'href="(/web/assets/[^"]+\.css)"', page.text)
    assert style_sheets
    for path in style_sheets:
        sheet = requests.get(stack.odoo.url + path, timeout=60)
        assert sheet.status_code == 200
        assert len(sheet.content) > 100_000
        assert "css_error_message" not in sheet.text
    font = requests.get(f"{stack.odoo.url}/web/static/src/libs/fontawesome/fonts/fontawesome-webfont.woff2", timeout=30)
    assert font.content[:4] == b"wOF2"


@needs_own_odoo
def test_a_fresh_database_takes_about_a_second_and_shares_nothing_with_the_first(stack: Stack) -> None:
    new_partner(stack)
    begin = time.monotonic()
    stack.odoo.create_database("second")
    seconds = time.monotonic() - begin
    try:
        count = "select count(*) from res_partner where name = 'Buyer'"
        assert stack.sql(count)[0][0] > 0
        assert stack.sql(count, database="second") == [(0,)]
        session = stack.login(stack.credentials.bot_login, stack.credentials.bot_api_key, "second")
        assert session.execute_kw("sale.order", "search_count", [[]]) == 0
        assert seconds < 5, f"{seconds:.1f} s; about 1 s on an idle machine"
    finally:
        stack.odoo.drop_database("second")


@needs_own_odoo
def test_a_killed_odoo_comes_back_on_the_same_port_with_its_data(stack: Stack, bot: Any) -> None:
    partner = new_partner(stack)
    url = stack.odoo.url
    stack.odoo.kill()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/web/health", timeout=5)
    stack.odoo.restart()
    assert stack.odoo.url == url
    assert bot.execute_kw("res.partner", "search_count", [[("id", "=", partner)]]) == 1


@needs_own_odoo
def test_a_killed_postgresql_comes_back_with_what_was_committed(stack: Stack, bot: Any) -> None:
    partner = new_partner(stack)
    stack.odoo.postgres.kill()
    stack.odoo.postgres.restart()
    assert stack.sql("select count(*) from res_partner where id = %s", partner) == [(1,)]

    def served_again() -> bool:
        try:
            return bool(bot.execute_kw("res.partner", "search_count", [[("id", "=", partner)]]))
        except odoorpc.error.RPCError:  # each worker finds out about its lost connection with one failed call
            return False

    wait_for(served_again, 20, "Odoo to use the restarted PostgreSQL")


def test_a_stopped_redis_comes_back_with_its_append_only_file(stack: Stack) -> None:
    client = redis.Redis.from_url(stack.redis.url, decode_responses=True)
    client.set("kept", "yes")
    stack.redis.restart()
    assert client.get("kept") == "yes"
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_an_incomplete_odoo_of_ones_own_is_refused_by_the_names_of_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in GIVEN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ODOO_URL", "http://odoo.example")
    with pytest.raises(StackError, match="ODOO_DB, ODOO_USER, ODOO_PASSWORD"):
        Stack("never-started")


def test_a_process_that_dies_while_it_is_waited_for_is_reported_with_its_log(tmp_path: Path) -> None:
    failing = Process("failing", ["sh", "-c", "echo the reason; exit 3"], log=tmp_path / "log")
    with failing, pytest.raises(StackError, match=r"(?s)ended with code 3.*the reason"):
        failing.wait_until(lambda: False, 30)


def test_stopping_a_process_ends_its_children_too(tmp_path: Path) -> None:
    child = tmp_path / "child"
    with Process("parent", ["sh", "-c", f"sleep 600 & echo $! > {child}; wait"], log=tmp_path / "log") as parent:
        parent.wait_until(lambda: child.exists() and child.read_text().strip(), 10)
        pid = int(child.read_text())
    wait_for(lambda: not is_running(pid), 10, "the child's end")


def test_no_process_survives_a_killed_python(tmp_path: Path) -> None:
    child, started = tmp_path / "child", tmp_path / "started"
    # A grandchild that ignores the polite signal, started from a thread that is long gone: the hardest case.
    program = f"""
import pathlib, signal, threading
from sandbox.stack.processes import Process
command = ["sh", "-c", "trap '' TERM; sleep 600 & echo $! > {child}; wait"]
thread = threading.Thread(target=Process("stubborn", command, log=pathlib.Path({str(tmp_path / "log")!r})).start)
thread.start()
thread.join()
pathlib.Path({str(started)!r}).touch()
signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", program]) as python:
        wait_for(lambda: started.exists() and child.exists() and child.read_text().strip(), 20, "the grandchild")
        pid = int(child.read_text())
        assert is_running(pid)
        python.send_signal(signal.SIGKILL)
    wait_for(lambda: not is_running(pid), 15, "the grandchild's end")


def is_running(pid: int) -> bool:
    """Whether the process exists and is not a zombie that nobody reaps."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_no_port_is_handed_out_twice() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "sources.list",
            "deb https://repository.example/apt bookworm main\n"
            "# deb http://commented.example/debian bookworm main\n"
            "deb [arch=amd64 signed-by=/usr/share/keyrings/debian.gpg] http://mirror.example/debian bookworm main\n"
            "deb http://mirror.example/debian-security bookworm-security main\n",
        ),
        (
            "sources.list.d/debian.sources",
            "Types: deb\nURIs: https://other.example/apt\nSuites: stable\nComponents: stable\n\n"
            "# the archive\nTypes: deb deb-src\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\n"
            "Components: main\nArchitectures: amd64\nSigned-By: /usr/share/keyrings/debian.gpg\n\n"
            "Types: deb\nURIs: http://mirror.example/debian-security\nSuites: bookworm-security\nComponents: main\n",
        ),
    ],
)
def test_odoo_comes_from_the_archive_that_the_machine_itself_uses(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / name).write_text(text)
    first = debian_sources(tmp_path, "bookworm", ("sid",))[0]
    assert sorted(first.splitlines()) == [
        "Architectures: amd64",
        "Components: main",
        "Signed-By: /usr/share/keyrings/debian.gpg",
        "Suites: sid",
        "Types: deb",
        "Uris: http://mirror.example/debian",
    ]


def test_a_package_that_debian_carries_no_more_is_taken_from_a_folder(tmp_path: Path) -> None:
    for given in (None, tmp_path):
        with pytest.raises(StackError, match=r"put odoo-18_\*\.deb.*ODOO_PACKAGES"):
            unpack_packages(["odoo-18"], (), tmp_path / "root", given=given)
    control = tmp_path / "package" / "DEBIAN" / "control"
    control.parent.mkdir(parents=True)
    control.write_text("Package: odoo-18\nVersion: 18.0\nArchitecture: all\nMaintainer: a <a@b.c>\nDescription: x\n")
    (tmp_path / "package" / "usr").mkdir()
    (tmp_path / "package" / "usr" / "odoo").write_text("here")
    deb = tmp_path / "odoo-18_18.0_all.deb"
    subprocess.run(["dpkg-deb", "--build", tmp_path / "package", deb], check=True, capture_output=True)
    unpack_packages(["odoo-18"], (), tmp_path / "root", given=tmp_path)
    assert (tmp_path / "root" / "usr" / "odoo").read_text() == "here"
