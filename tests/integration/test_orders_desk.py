"""What a person does with orders at the desk: look one up, compare its totals, leave it alone, take it up again."""

from __future__ import annotations

import json
from typing import Any

from tests.support import Command, World
from worker.sync import order_actions
from worker.sync.order_compare import compare
from worker.sync.order_view import find, story_of


def shown(command: Command, order: str, *options: str, check: bool = True) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(command("orders", "show", order, *options, "--json", check=check).stdout)
    return document


def test_an_order_parked_for_an_unknown_sku_and_then_ignored_is_brought_in_by_nothing_and_reconcile_is_clean(
    world: World, command: Command
) -> None:
    shop = world.link_shop()
    sku = world.sell_unknown(shop)
    order_id, other = world.order(shop, (sku, 1)), world.order(shop)
    world.import_orders(shop, order_id, other)
    assert world.queue(shop).parked(order_id) is not None
    assert world.reconcile(shop).differences != []

    command("orders", "ignore", order_id, "--note", "Refunded by hand")
    world.stack.add_products([(sku, "Found", 12, 0)])  # nothing would be in its way any more
    world.queue(shop).mark([order_id])  # as a webhook does
    world.poll(shop)
    world.catch_up(shop)
    assert world.sales(order_id) == []
    assert world.queue(shop).all_parked() == []
    assert world.queue(shop).sold() == {}
    done = command("orders", "reconcile")
    assert "Both sides agree." in done.stdout
    assert "1 are ignored" in done.stdout
    assert "Refunded by hand" in done.stdout

    command("orders", "retry", order_id)
    world.catch_up(shop)
    assert world.sale(order_id)["state"] == "sale"
    assert [entry["kind"] for entry in shown(command, order_id)["timeline"]][-1] == "odoo"
    assert world.reconcile(shop).ignored == []


def test_an_order_is_found_by_odoos_name_and_its_amounts_agree_part_by_part(world: World, command: Command) -> None:
    shop = world.link_shop()
    order_id = world.order(shop, ("SKU-1", 2), ("SKU-3", 1))
    world.import_orders(shop, order_id)
    name = world.sale(order_id)["name"]
    (place,) = find(world.runtime, name.lower())
    assert (place.shop_id, place.order_id, place.state) == (shop.id, order_id, "in_odoo")
    document = shown(command, name, "--compare")
    comparison = document["comparison"]
    assert document["order"] == order_id
    assert comparison["agrees"] is True
    assert [sale["name"] for sale in comparison["sales_orders"]] == [name]
    assert [delivery["state"] for delivery in comparison["deliveries"]] == ["assigned"]
    amounts = {row["label"]: (row["tiktok"], row["odoo"]) for row in comparison["amounts"]}
    assert float(amounts["Goods"][0]) == float(amounts["Goods"][1]) == 2 * 11 + 13
    assert float(amounts["Total"][1]) == float(world.total_on_tiktok(order_id))
    assert {entry["kind"] for entry in document["timeline"]} >= {"fetched", "odoo"}


def test_a_line_that_was_changed_in_odoo_differs_and_the_command_ends_with_1(world: World, command: Command) -> None:
    shop = world.link_shop()
    order_id = world.order(shop)
    world.import_orders(shop, order_id)
    ((line,),) = world.stack.sql("SELECT id FROM sale_order_line WHERE order_id = %s", world.sale(order_id)["id"])
    world.stack.admin().execute_kw("sale.order.line", "write", [[line], {"price_unit": 1.23}])
    rows = {row.label: row.differs for row in compare(world.runtime, shop, order_id).rows}
    assert (rows["Goods"], rows["Total"]) == (True, True)
    assert command("orders", "show", order_id, "--compare", check=False).returncode == 1


def test_shipping_and_tax_stand_apart_from_the_goods(world: World) -> None:
    shop = world.link_shop("US")
    order_id = world.order(shop, shipping_fee="4.99")  # in the US TikTok adds its tax
    world.import_orders(shop, order_id)
    comparison = compare(world.runtime, world.runtime.shops.get(shop.id), order_id)
    rows = {row.label: (row.tiktok, row.odoo) for row in comparison.rows}
    assert comparison.agrees, comparison
    assert rows["Shipping"][0] == rows["Shipping"][1]
    assert rows["Tax collected by TikTok"][0] == rows["Tax collected by TikTok"][1]


def test_an_order_that_is_ignored_while_a_worker_is_at_it_does_not_come_back(world: World) -> None:
    shop = world.link_shop()
    order_id = world.order(shop, (world.sell_unknown(shop), 1))
    queue = world.queue(shop)
    queue.mark([order_id])
    claim = queue.claim(10, 60)
    order_actions.ignore(world.runtime, shop, [order_id], note="Refunded by hand", by="anna")
    queue.again(claim, [order_id], 0)
    assert (queue.counts().due, queue.counts().leased, queue.counts().ignored) == (0, 0, 1)
    story = story_of(world.runtime, shop, order_id)
    assert story.place is not None
    assert story.place.state == "ignored"
