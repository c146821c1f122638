"""``tiktok-odoo orders``: import, retry, parked and reconcile, on differences that are made for real."""

from __future__ import annotations

import json

from tests.merchant import cancel_sale
from tests.support import Command, World


def test_one_order_is_imported_by_its_id(world: World, command: Command) -> None:
    shop = world.link_shop()
    order_id = world.order(shop)
    command("orders", "import", order_id)  # there is one shop, so it needs no name
    world.catch_up(shop)
    assert world.sale(order_id)["state"] == "sale"


def test_a_wrong_order_id_and_a_missing_shop_are_refused_before_anything_is_done(
    world: World, command: Command
) -> None:
    first, _ = world.link_seller(["GB", "DE"])
    for arguments, named in (
        (("import", "--shop", first.shop.id, "not-an-id"), "digits only"),
        (("retry", "--shop", first.shop.id, "5764०"), "digits only"),
        (("retry", "--shop", first.shop.id), "--all"),
        (("import", "576400000000000001"), "--shop ID"),
        (("sync",), "--shop ID"),
    ):
        done = command("orders", *arguments, check=False)
        assert done.returncode == 2, arguments
        assert named in done.stderr
        assert "Traceback" not in done.stderr
    assert world.queue(first.shop).counts().due == 0


def test_all_orders_since_a_date_are_imported(world: World, command: Command) -> None:
    shop = world.link_shop()
    ids = [world.order(shop, notify=False) for _ in range(3)]
    world.import_orders(shop, *ids)
    late = world.order(shop, notify=False)
    done = command("orders", "sync", "--since", "2020-01-01")
    assert done.stdout.startswith("4 orders")  # seen before or not
    world.catch_up(shop)
    assert world.sale(late)["state"] == "sale"
    assert "not a date" in command("orders", "sync", "--since", "soon", check=False).stderr


def test_a_parked_order_is_listed_with_its_reason_and_comes_in_when_it_is_retried(
    world: World, command: Command
) -> None:
    shop = world.link_shop()
    sku = world.sell_unknown(shop)
    order_id = world.order(shop, (sku, 1))
    world.import_orders(shop, order_id)
    (row,) = json.loads(command("orders", "parked", "--json").stdout)
    assert (row["order"], row["code"]) == (order_id, "unknown_sku")
    assert sku in row["reason"]
    assert "Internal Reference" in row["remedy"]
    assert row["ship_by"]
    world.stack.add_products([(sku, "Found", 12, 0)])
    command("orders", "retry", "--all")
    world.catch_up(shop)
    assert world.sale(order_id)["state"] == "sale"
    assert "No order is parked" in command("orders", "parked").stdout


def test_an_order_deleted_in_odoo_comes_back_only_by_force(world: World, command: Command) -> None:
    shop = world.link_shop()
    order_id = world.order(shop)
    world.import_orders(shop, order_id)
    delete(world, order_id)
    command("orders", "import", order_id)
    world.catch_up(shop)
    assert world.sales(order_id) == []
    command("orders", "import", "--force", order_id)
    world.catch_up(shop)
    assert world.sale(order_id)["state"] == "sale"


def test_an_order_with_the_default_product_is_flagged_with_the_sku_that_it_stands_for(world: World) -> None:
    ((product,),) = world.stack.sql("SELECT id FROM product_product WHERE default_code = 'TIKTOK-UNKNOWN'")
    shop = world.link_shop(default_product_id=product)
    sku = world.sell_unknown(shop)
    order_id, plain = world.order(shop, (sku, 2), ("SKU-1", 1)), world.order(shop)
    world.import_orders(shop, order_id, plain)
    world.import_orders(shop, order_id)
    sale = world.sale(order_id)
    assert sale["state"] == "sale"
    assert sale["amount_total"] == world.total_on_tiktok(order_id)
    lines = world.stack.sql(
        "SELECT product_id, name, product_uom_qty FROM sale_order_line WHERE order_id = %s", sale["id"]
    )
    (substitute,) = [line for line in lines if line[0] == product]
    assert sku in substitute[1]
    assert substitute[2] == 2
    notes = "SELECT res_id FROM mail_message WHERE model = 'sale.order' AND res_id = ANY(%s) AND body LIKE %s"
    named = [f"%{sku}%default product%"]
    assert world.stack.sql(notes, [sale["id"], world.sale(plain)["id"]], *named) == [(sale["id"],)]  # once
    assert world.queue(shop).all_parked() == []


def test_orders_that_tiktok_fulfils_and_samples_come_in_by_the_shops_setting(world: World, command: Command) -> None:
    shop = world.link_shop()
    fulfilled = world.order(shop, fulfillment_type="FULFILLMENT_BY_TIKTOK")
    sample = world.order(shop, is_sample_order=True)
    world.import_orders(shop, fulfilled, sample)
    assert world.sales(fulfilled) == []
    assert world.sale(sample)["state"] == "sale"
    command("shops", "set", shop.id, "--import-fbt", "--skip-samples")
    another = world.order(shop, is_sample_order=True)
    command("orders", "sync", "--since", "2020-01-01")
    world.catch_up(shop)
    assert world.sale(fulfilled)["state"] == "sale"
    assert world.sales(another) == []
    assert world.reconcile(shop).differences == []


def delete(world: World, order_id: str) -> None:
    """As a person does it in Odoo."""
    sale = world.sale(order_id)["id"]
    cancel_sale(world.stack, sale)
    world.stack.admin().execute_kw("sale.order", "unlink", [[sale]])


def copy(world: World, order_id: str, reference: str) -> None:
    """A second sales order of the shop, under ``reference``."""
    values = {"client_order_ref": reference, "origin": world.sale(order_id)["origin"]}
    world.stack.admin().execute_kw("sale.order", "copy", [[world.sale(order_id)["id"]], values])


def test_reconcile_tells_every_kind_of_difference_and_agrees_when_there_is_none(world: World, command: Command) -> None:
    shop = world.link_shop()
    sku = world.sell_unknown(shop)
    good, deleted, doubled, total, state, gone = (world.order(shop) for _ in range(6))
    world.import_orders(shop, good, deleted, doubled, total, state, gone)
    world.tiktok.cancel(gone)
    world.import_orders(shop, gone)
    waiting = world.order(shop, status="ON_HOLD")
    agreed = command("orders", "reconcile")
    assert "Both sides agree." in agreed.stdout
    assert "7 on TikTok: 6 agree with Odoo, 1 wait for TikTok, 0 are not for Odoo, 0 differ" in agreed.stdout

    admin = world.stack.admin()
    missing, parked = world.order(shop), world.order(shop, (sku, 1))
    cancelled = world.order(shop)
    world.import_orders(shop, parked, cancelled)
    world.tiktok.cancel(cancelled)  # and nobody has looked at it since
    delete(world, deleted)
    copy(world, doubled, doubled)
    copy(world, good, "576400000000000042")
    ((line,),) = world.stack.sql("SELECT id FROM sale_order_line WHERE order_id = %s", world.sale(total)["id"])
    admin.execute_kw("sale.order.line", "write", [[line], {"price_unit": 1.23}])
    cancel_sale(world.stack, world.sale(state)["id"])
    done = command("orders", "reconcile", "--json", check=False)
    assert done.returncode == 1
    (report,) = json.loads(done.stdout)
    found = {difference["order_id"]: (difference["kind"], difference["text"]) for difference in report["differences"]}
    kinds = {order_id: kind for order_id, (kind, _) in found.items()}
    assert kinds == {
        missing: "missing",
        parked: "missing",
        deleted: "deleted",
        doubled: "duplicate",
        total: "total",
        state: "state",
        cancelled: "state",
        "576400000000000042": "unknown",
    }
    assert sku in found[parked][1]
    assert "1.23" in found[total][1]
    assert waiting not in found
    assert report["agreed"] == 2  # the good one, and the one cancelled on both sides
    text = command("orders", "reconcile", "--shop", shop.id, check=False)
    assert text.returncode == 1
    assert all(order_id in text.stdout for order_id in found)


def test_a_comparison_that_cannot_be_made_is_not_taken_for_agreement(world: World, command: Command) -> None:
    shop = world.link_shop()
    world.order(shop)
    world.tiktok.fail_next(50, "code", path="/orders/search", code=105005)
    done = command("orders", "reconcile", check=False)
    assert done.returncode == 1
    assert "seller.order.info" in done.stderr
    assert "agree" not in done.stdout
