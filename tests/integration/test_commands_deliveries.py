"""Deliveries on the command line and in the console, on the real parts: parcels of both sides, and one followed now."""

from __future__ import annotations

import json

import pytest

from tests.support import Command, World
from tests.unit.web.web_stubs import Console, text_of
from worker.state.shops import Shop
from worker.sync.backup import export_state, restore_state
from worker.sync.fulfillment.watch import watch_odoo


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop in Germany, where packages are there before they ship, with the simulator's labels as they are."""
    world.tiktok.configure(label_seconds=0, label_garbage=False)
    return world.link_shop(region="DE")


def parcels(console: Console, shop: Shop, order_id: str) -> str:
    answer = console.get(f"/console/deliveries/{shop.id}/{order_id}/parcels", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return text_of(answer)


def test_an_orders_parcels_are_shown_as_both_sides_have_them(world: World, shop: Shop, console: Console) -> None:
    order_id = world.order(shop, ("SKU-1", 2))
    world.import_orders(shop, order_id)
    (delivery,) = world.deliveries(order_id)
    (package,) = world.tiktok.packages(order_id)
    told = parcels(console, shop, order_id)
    assert f"{package['id']} 2 to be shipped" in told
    assert f"not yet {delivery['name']} (ready)" in told
    package = world.tiktok.ship(package["id"])
    world.follow(shop, order_id)
    told = parcels(console, shop, order_id)
    assert "shipping is arranged" in told
    assert f"{package['tracking_number']} on the delivery {delivery['name']} (ready)" in told
    world.tiktok.collect(package["id"])
    assert "the carrier has it" in parcels(console, shop, order_id)


def test_two_parcels_stand_beside_a_delivery_and_its_backorder(world: World, shop: Shop, console: Console) -> None:
    world.change(shop, shipped_on_tiktok="validate")
    order_id = world.order(shop, ("SKU-1", 1), ("SKU-2", 1))
    world.follow(shop, order_id)
    lines = [line["id"] for line in world.tiktok.order(order_id)["line_items"]]
    one, two = world.tiktok.split(order_id, [[line] for line in lines])
    world.tiktok.ship(one["id"])
    world.tiktok.collect(one["id"])
    for _ in range(2):
        world.follow(shop, order_id)
    done, backorder = world.deliveries(order_id)
    told = parcels(console, shop, order_id)
    assert f"{done['name']} (done)" in told[: told.index(two["id"])]
    assert f"{backorder['name']} (ready)" in told[told.index(two["id"]) :]


def test_a_delivery_is_followed_at_once_and_its_label_told(world: World, shop: Shop, command: Command) -> None:
    order_id = world.order(shop)
    assert command("deliveries", "sync", order_id, check=False).returncode == 1  # it is not in Odoo
    world.import_orders(shop, order_id)
    (package,) = world.tiktok.packages(order_id)
    world.tiktok.ship(package["id"])
    done = command("deliveries", "sync", order_id)
    assert f"label of package {package['id']} attached" in done.stdout
    assert "TikTok and Odoo are in line." in done.stdout
    assert len(world.labels(order_id)) == 1
    shown = json.loads(command("orders", "show", order_id, "--compare", "--json").stdout)["parcels"]["parcels"]
    assert [(each["package"], each["state"], each["label"]) for each in shown] == [
        (package["id"], "arranged", "attached")
    ]


def test_what_is_in_the_way_is_told_by_its_code_until_it_is_put_right(
    world: World, shop: Shop, command: Command, console: Console
) -> None:
    world.change(shop, ship_when="ready", shipping_provider="DHL")
    order_id = world.order(shop, shipping_type="SELLER")
    world.import_orders(shop, order_id)
    ended = command("deliveries", "sync", order_id, check=False)
    assert (ended.returncode, ended.stdout.splitlines()[0].split(":")[0]) == (1, "no_tracking")
    (row,) = json.loads(command("deliveries", "list", "--state", "parked", "--json").stdout)
    assert (row["order"], row["code"]) == (order_id, "no_tracking")
    assert "no_tracking 1 order" in console.text("/console/parked")
    (status,) = json.loads(command("status", "--json", check=False).stdout)["shops"]
    assert status["deliveries_parked"] == 1
    delivery = world.deliveries(order_id)[0]["id"]
    world.stack.admin().execute_kw("stock.picking", "write", [[delivery], {"carrier_tracking_ref": "00340434"}])
    text = console.press(f"/console/deliveries/{shop.id}/{order_id}/retry", back="parked")
    assert f"The delivery of order {order_id} is looked at now." in text
    assert console.sent.messages == [("fulfillment.drain", shop.id)]
    world.follow_due(shop)
    assert world.tiktok.packages(order_id)[0]["tracking_number"] == "00340434"
    assert "No order is like this" in command("deliveries", "list", "--state", "parked").stdout


def test_a_buyer_who_asks_to_cancel_is_shown_everywhere_with_the_deadline(
    world: World, shop: Shop, command: Command, console: Console
) -> None:
    order_id = world.order(shop)
    world.tiktok.request_cancel(order_id)
    world.import_orders(shop, order_id)
    world.follow_due(shop)
    (row,) = json.loads(command("deliveries", "requests", "--json").stdout)
    assert row["order"] == order_id
    assert row["answer_by"]
    for path in ("/console/", "/console/deliveries", f"/console/orders/{shop.id}/{order_id}"):
        assert row["answer_by"] in console.text(path), path
    text = command("orders", "show", order_id).stdout
    assert f"answer by {row['answer_by']} UTC" in text
    assert command("status", check=False).returncode == 1


def test_after_redis_is_lost_a_backup_ships_what_had_still_to_be_shipped(world: World, shop: Shop) -> None:
    """TikTok leaves the order alone, so no poll comes by it: the delivery is validated after the loss."""
    world.change(shop, ship_when="validated", handover="drop_off")
    order_id = world.order(shop)
    world.import_orders(shop, order_id)
    world.follow_due(shop)
    backup = export_state(world.runtime)
    world.runtime.redis.flushdb()
    restore_state(world.runtime, backup)
    world.follow_due(shop)
    assert world.tiktok.packages(order_id)[0]["status"] == "TO_FULFILL"
    world.validate(world.deliveries(order_id)[0]["id"])
    assert watch_odoo(world.runtime, world.runtime.shops.get(shop.id))
    world.follow_due(shop)
    assert world.tiktok.packages(order_id)[0]["status"] == "PROCESSING"
    assert len(world.labels(order_id)) == 1
