"""``tiktok-odoo accounts|shops|odoo|backup|keys`` against a real Odoo: what they do, what they say to mistakes."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.installation import TIKTOK_ODOO
from tests.support import Command, World, in_english


@pytest.fixture
def refused(command: Command) -> Callable[..., str]:
    """Run ``tiktok-odoo``; answers what it says when it does not do what was asked, which is never a traceback."""

    def run(*arguments: str, code: int = 1) -> str:
        done = command(*arguments, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        return " ".join(done.stderr.split())

    return run


def settings_in_odoo(world: World, order_id: str) -> dict[str, Any]:
    """Names of what the order refers to, read by SQL."""
    columns = {
        "warehouse": "(SELECT code FROM stock_warehouse WHERE id = s.warehouse_id)",
        "team": f"(SELECT {in_english('name')} FROM crm_team WHERE id = s.team_id)",
        "pricelist": f"(SELECT {in_english('name')} FROM product_pricelist WHERE id = s.pricelist_id)",
        "carrier": f"(SELECT {in_english('name')} FROM delivery_carrier WHERE id = s.carrier_id)",
        "taxes": f"(SELECT string_agg(DISTINCT {in_english('t.name')}, ',') FROM sale_order_line l "
        "JOIN account_tax_sale_order_line_rel r ON r.sale_order_line_id = l.id "
        "JOIN account_tax t ON t.id = r.account_tax_id WHERE l.order_id = s.id)",
        "products": "(SELECT string_agg(p.default_code, ',') FROM sale_order_line l "
        "JOIN product_product p ON p.id = l.product_id WHERE l.order_id = s.id)",
        "state": "s.state",
    }
    query = f"SELECT {', '.join(columns.values())} FROM sale_order s WHERE client_order_ref = %s"
    (row,) = world.stack.sql(query, order_id)
    return dict(zip(columns, row, strict=True))


def test_what_a_shop_is_set_to_by_names_is_what_its_orders_get(world: World, command: Command) -> None:
    shop = world.link_shop()
    world.tiktok.add_products(shop.id, [{"seller_sku": "NOT-IN-ODOO", "title": "Unknown", "price": "12"}])
    done = command(
        *("shops", "set", shop.id, "--warehouse", "TTW", "--sales-team", "TikTok Shop", "--pricelist", "TikTok GBP"),
        *("--tax", "VAT 20% included", "--default-product", "TIKTOK-UNKNOWN", "--default-carrier", "TikTok Shipping"),
        *("--go-live", "2026-01-31T10:00+02:00", "--leave-quotations", "--total", "buyer_paid", "--import-fbt"),
    )
    assert "go_live = 2026-01-31 08:00:00+00:00" in done.stdout
    assert "the next poll reads the list from the go-live date" in done.stdout
    shown = json.loads(command("shops", "show", shop.id, "--json").stdout)
    assert {row["setting"]: row["value"] for row in shown}["confirm_orders"] is False
    order_id = world.order(shop, ("NOT-IN-ODOO", 1), fulfillment_type="FULFILLMENT_BY_TIKTOK", platform_discount="2")
    world.import_orders(shop, order_id)
    assert settings_in_odoo(world, order_id) == {
        "warehouse": "TTW",
        "team": "TikTok Shop",
        "pricelist": "TikTok GBP",
        "carrier": "TikTok Shipping",
        "taxes": "VAT 20% included",
        "products": "TIKTOK-UNKNOWN",
        "state": "draft",
    }
    paid = world.tiktok.order(order_id)["payment"]["total_amount"]
    assert str(world.sale(order_id)["amount_total"]) == paid
    assert world.reconcile(shop).differences == []


def test_an_empty_name_leaves_the_choice_to_odoo_again(world: World, command: Command) -> None:
    shop = world.link_shop(warehouse_id=999_999)
    command("shops", "set", shop.id, "--warehouse", "")
    assert world.runtime.shops.get(shop.id).settings.warehouse_id is None


@pytest.mark.parametrize(
    ("option", "value", "listed"),
    [
        ("--warehouse", "Nowhere", "TTW"),
        ("--sales-team", "Nobody", "TikTok Shop"),
        ("--pricelist", "TikTok XXX", "TikTok GBP"),
        ("--tax", "VAT 99%", "VAT 20% included"),
        ("--default-product", "NO-SUCH", "TIKTOK-SHIPPING"),
        ("--default-product", "99999999999999999999", "TIKTOK-SHIPPING"),
        ("--default-carrier", "Pigeons", "TikTok Shipping"),
        ("--company", "Nobody Ltd", "Company"),
    ],
)
def test_a_name_that_odoo_does_not_have_is_answered_with_those_that_it_has(
    world: World, refused: Callable[..., str], option: str, value: str, listed: str
) -> None:
    shop = world.link_shop()
    text = refused("shops", "set", shop.id, option, value)
    assert repr(value) in text
    assert listed in text
    assert "False" not in text
    assert world.runtime.shops.get(shop.id).settings == shop.settings


def test_a_tax_on_top_of_the_price_is_refused(world: World, refused: Callable[..., str]) -> None:
    tax = world.tax_on_top()
    name = world.stack.admin().execute_kw("account.tax", "read", [[tax], ["name"]])[0]["name"]
    shop = world.link_shop()
    text = refused("shops", "set", shop.id, "--tax", str(tax))
    assert name in text
    assert "included in the price" in text
    assert world.runtime.shops.get(shop.id).settings.tax_id is None


def test_mistakes_in_commands_are_told_in_one_line(world: World, refused: Callable[..., str]) -> None:
    shop = world.link_shop()
    assert "Write 2026-01-31" in refused("shops", "set", shop.id, "--go-live", "yesterday")
    assert "Nothing to set" in refused("shops", "set", shop.id, code=2)
    assert "shops list" in refused("shops", "disable", "749")
    assert "accounts list" in refused("accounts", "link", "nobody")
    account = ("accounts", "add", "--market", "GB", "--service-id", "1", "--app-key", "k", "--app-secret", "s")
    taken = world.runtime.accounts.all()[0].name
    assert "Choose another name" in refused(*account, "--name", taken)
    assert "letters and digits" in refused(*account, "--name", "!!!")


def test_a_shop_is_switched_off_and_on_and_removed_for_another_account(world: World, command: Command) -> None:
    shop = world.link_shop()
    order_id = world.order(shop)
    command("shops", "disable", shop.id)
    assert json.loads(command("shops", "list", "--json").stdout)[0]["sync"] == "off"
    world.queue(shop).mark([order_id])
    command("shops", "enable", shop.id)
    assert json.loads(command("shops", "list", "--json").stdout)[0]["due"] == 1  # kept meanwhile
    command("shops", "remove", shop.id, "--yes")
    assert "There is no shop yet" in command("shops", "list").stdout
    command("accounts", "remove", shop.account_id, "--yes")
    assert "There is no account yet" in command("accounts", "list").stdout
    left = [name for name in world.runtime.redis.keys("tts:*") if world.runtime.redis.ttl(name) == -1]
    assert [name for name in left if shop.id in name or shop.account_id in name] == []
    assert not any(shop.id in str(world.runtime.redis.hgetall(name)) for name in ("tts:shops", "tts:shop_owners"))


def test_odoo_check_is_well_on_an_odoo_that_is_set_up(command: Command) -> None:
    findings = json.loads(command("odoo", "check", "--json").stdout)
    assert {row["result"] for row in findings} == {"ok"}
    assert {"sale.order", "res.partner", "stock.picking"} <= {row["what"] for row in findings}


def test_odoo_check_tells_a_refused_login(world: World, tmp_path: Path) -> None:
    wrong = world.with_settings(odoo_user="nobody")
    done = wrong.command_line(tmp_path)("odoo", "check", check=False)
    assert done.returncode == 1
    assert "ODOO_USER" in done.stdout
    assert "Traceback" not in done.stderr


def test_odoo_prepare_makes_the_service_product_that_check_misses(
    world: World, command: Command, refused: Callable[..., str], tmp_path: Path
) -> None:
    admin, credentials = world.stack.admin(), world.stack.credentials
    ((product,),) = world.stack.sql("SELECT id FROM product_product WHERE default_code = 'TIKTOK-TAX'")
    assert "Everything is there" in command("odoo", "prepare").stdout
    admin.execute_kw("product.product", "write", [[product], {"default_code": "MOVED-AWAY"}])
    try:
        done = command("odoo", "check", check=False)
        assert done.returncode == 1
        assert "TIKTOK-TAX" in done.stdout
        assert "tiktok-odoo odoo prepare" in done.stdout
        assert "docs/setup.md" in refused("odoo", "prepare")  # the bot may not create products
        own = {"SECRET_KEYS": world.runtime.settings.secret_keys.get_secret_value()}
        prepared = subprocess.run(
            [TIKTOK_ODOO, "odoo", "prepare", "--user", credentials.admin_login],
            env={**os.environ, **world.stack.environment(), **own},
            input=f"{credentials.admin_password}\n",
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,  # without a terminal, the password is read from the input
        )
        assert prepared.returncode == 0, prepared.stderr
        assert "Created: TIKTOK-TAX" in prepared.stdout
        assert credentials.admin_password not in prepared.stdout + prepared.stderr
        assert command("odoo", "check").returncode == 0
    finally:
        made = admin.execute_kw("product.product", "search", [[("default_code", "=", "TIKTOK-TAX")]])
        admin.execute_kw("product.product", "unlink", [made])
        admin.execute_kw("product.product", "write", [[product], {"default_code": "TIKTOK-TAX"}])


def test_a_backup_restores_a_redis_that_was_lost(
    world: World, command: Command, refused: Callable[..., str], tmp_path: Path
) -> None:
    (linked,) = world.link_seller(["GB"])
    shop, file = linked.shop, tmp_path / "backup"
    order_id = world.order(shop)
    command("backup", "export", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for hidden in (linked.app.app_secret, linked.app.app_key, shop.id):
        assert hidden not in file.read_text()
    assert "--yes" in refused("backup", "restore", str(file))
    world.runtime.redis.flushall()
    assert "1 accounts and 1 shops" in command("backup", "restore", str(file)).stdout
    assert world.runtime.shops.get(shop.id).settings == shop.settings
    world.poll(shop)
    world.catch_up(shop)
    assert world.sale(order_id)["state"] == "sale"


def test_a_backup_that_cannot_be_read_or_written_says_why(
    world: World, command: Command, refused: Callable[..., str], tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    command("backup", "export", str(file))
    other = command("keys", "generate").stdout.strip()
    stranger = world.with_settings(secret_keys=type(world.runtime.settings.secret_keys)(other))
    done = stranger.command_line(tmp_path)("backup", "restore", str(file), check=False)
    assert done.returncode == 1
    assert "SECRET_KEYS" in done.stderr
    file.write_bytes(b"\x00\xff no backup")
    assert "not a backup" in refused("backup", "restore", str(file))
    assert "No such file" in refused("backup", "export", str(tmp_path / "nowhere" / "backup"))


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("ODOO_URL", "odoo.example.com", "must start with http"),
        ("ORDER_BATCH_SIZE", "500", "ORDER_BATCH_SIZE"),
        ("SECRET_KEYS", "", "keys generate"),
        ("SECRET_KEYS", "not-a-key", "keys generate"),
        ("REDIS_URL", "redis://127.0.0.1:9/0", "REDIS_URL"),
    ],
)
def test_a_setting_that_cannot_be_is_named_with_its_remedy(world: World, variable: str, value: str, named: str) -> None:
    own = {"SECRET_KEYS": world.runtime.settings.secret_keys.get_secret_value()}
    environment = {**os.environ, **world.stack.environment(), **own, variable: value}
    done = subprocess.run(
        [TIKTOK_ODOO, "accounts", "list"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert named in done.stderr
    assert "Traceback" not in done.stderr
