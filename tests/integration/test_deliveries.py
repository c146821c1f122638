"""What follows an order that is in Odoo, on the real parts: labels, tracking, shipping, deliveries that have left."""

from __future__ import annotations

import pytest

from sandbox.settings import Settings as SandboxSettings
from tests.support import World
from worker.state.shops import Shop
from worker.sync.fulfillment.transit import SHIPPED_NOT_IN_ODOO
from worker.sync.fulfillment.watch import poll_tiktok, watch_odoo
from worker.sync.runtime import Runtime


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop in Germany, where packages are there before they ship, with the simulator's labels as they are."""
    world.tiktok.configure(label_seconds=0, label_garbage=False)
    return world.link_shop(region="DE")


def lines_of(world: World, order_id: str) -> list[str]:
    return [line["id"] for line in world.tiktok.order(order_id)["line_items"]]


# Labels and tracking


def test_given_a_package_that_is_shipped_when_it_is_followed_then_label_and_tracking_are_on_the_delivery_once(
    world: World, shop: Shop
) -> None:
    order_id = world.order(shop, ("SKU-1", 2))
    world.follow(shop, order_id)
    assert world.labels(order_id) == []
    (package,) = world.tiktok.packages(order_id)
    package = world.tiktok.ship(package["id"])
    for _ in range(3):
        world.follow(shop, order_id)
    (delivery,) = world.deliveries(order_id)
    assert delivery["carrier_tracking_ref"] == package["tracking_number"]
    assert world.labels(order_id) == [(delivery["name"], f"label-{package['id']}.pdf")]


def test_the_label_is_there_once_also_when_redis_was_lost_in_between(world: World, shop: Shop) -> None:
    order_id = world.order(shop)
    world.follow(shop, order_id)
    world.tiktok.ship(world.tiktok.packages(order_id)[0]["id"])
    world.follow(shop, order_id)
    world.runtime.fulfillment(shop.id).drop()
    world.follow(shop, order_id)
    assert len(world.labels(order_id)) == 1


def test_a_label_that_is_being_made_is_waited_for(world: World, shop: Shop) -> None:
    world.tiktok.configure(label_seconds=3600)
    order_id = world.order(shop)
    world.follow(shop, order_id)
    world.tiktok.ship(world.tiktok.packages(order_id)[0]["id"])
    world.follow(shop, order_id)
    queue = world.runtime.fulfillment_queue(shop.id)
    assert (world.labels(order_id), queue.parked(order_id), queue.open_count()) == ([], None, 1)
    assert world.deliveries(order_id)[0]["carrier_tracking_ref"]
    world.tiktok.configure(label_seconds=0)
    world.follow(shop, order_id)
    assert len(world.labels(order_id)) == 1


def test_a_label_that_cannot_be_had_is_noted_as_a_link_and_tried_again(world: World, shop: Shop) -> None:
    world.tiktok.configure(label_garbage=True)
    order_id = world.order(shop)
    world.follow(shop, order_id)
    world.tiktok.ship(world.tiktok.packages(order_id)[0]["id"])
    world.follow(shop, order_id)
    world.follow(shop, order_id)
    parked = world.delivery_parked(shop, order_id)
    assert parked is not None
    assert parked.code == "label_not_fetched"
    notes = world.notes_of_delivery(order_id)
    assert sum("/_documents/" in note for note in notes) == 1
    world.tiktok.configure(label_garbage=False)
    world.follow(shop, order_id)
    assert (len(world.labels(order_id)), world.delivery_parked(shop, order_id)) == (1, None)


def test_a_package_of_two_orders_puts_its_label_on_both_deliveries(world: World, shop: Shop) -> None:
    first, second = world.order(shop), world.order(shop)
    world.follow(shop, first, second)
    package = world.tiktok.combine([world.tiktok.packages(each)[0]["id"] for each in (first, second)])
    world.tiktok.ship(package["id"])
    world.follow(shop, first, second)
    for order_id in (first, second):
        assert [name for _, name in world.labels(order_id)] == [f"label-{package['id']}.pdf"]
        assert (
            world.deliveries(order_id)[0]["carrier_tracking_ref"]
            == world.tiktok.packages(order_id)[0]["tracking_number"]
        )


def test_two_packages_of_one_delivery_have_their_numbers_side_by_side(world: World, shop: Shop) -> None:
    order_id = world.order(shop, ("SKU-1", 1), ("SKU-2", 1))
    world.follow(shop, order_id)
    one, two = world.tiktok.split(order_id, [[line] for line in lines_of(world, order_id)])
    numbers = [world.tiktok.ship(each["id"])["tracking_number"] for each in (one, two)]
    world.follow(shop, order_id)
    (delivery,) = world.deliveries(order_id)
    assert delivery["carrier_tracking_ref"] == ", ".join(numbers)
    assert len(world.labels(order_id)) == 2


def test_an_order_that_is_not_in_odoo_is_left_to_the_import(world: World, shop: Shop) -> None:
    order_id = world.order(shop)
    world.runtime.fulfillment_queue(shop.id).mark([order_id])
    world.tiktok.ship(world.tiktok.packages(order_id)[0]["id"])
    world.follow_due(shop)
    assert world.runtime.fulfillment_queue(shop.id).open_count() == 0
    world.follow(shop, order_id)
    assert len(world.labels(order_id)) == 1


def test_the_import_of_an_order_that_moved_on_has_it_followed(world: World, shop: Shop) -> None:
    order_id = world.order(shop)
    world.import_orders(shop, order_id)
    world.follow_due(shop)
    world.tiktok.ship(world.tiktok.packages(order_id)[0]["id"])
    world.import_orders(shop, order_id)
    world.follow_due(shop)
    assert len(world.labels(order_id)) == 1


def test_a_package_of_which_no_webhook_told_is_found_by_the_poll(world: World, shop: Shop) -> None:
    order_id = world.order(shop)
    world.import_orders(shop, order_id)
    world.tiktok.ship(world.tiktok.packages(order_id)[0]["id"])
    assert poll_tiktok(world.runtime, world.runtime.shops.get(shop.id))
    world.follow_due(shop)
    assert len(world.labels(order_id)) == 1
    assert not poll_tiktok(world.runtime, world.runtime.shops.get(shop.id))


# Shipping from Odoo


def watched(runtime: Runtime, shop: Shop) -> bool:
    return watch_odoo(runtime, runtime.shops.get(shop.id))


def test_given_ready_when_the_delivery_is_ready_then_the_package_is_shipped_and_labelled(
    world: World, shop: Shop
) -> None:
    world.change(shop, ship_when="ready")
    order_id = world.order(shop, ("SKU-1", 2))
    world.import_orders(shop, order_id)
    world.follow_due(shop)
    (package,) = world.tiktok.packages(order_id)
    assert (package["status"], package["handover_method"]) == ("PROCESSING", "PICKUP")
    assert world.tiktok.order(order_id)["status"] == "AWAITING_COLLECTION"
    assert len(world.labels(order_id)) == 1
    assert any("is to be shipped by pick-up" in note for note in world.notes_of_delivery(order_id))


def test_given_validated_when_a_person_validates_the_delivery_then_the_package_is_shipped(
    world: World, shop: Shop
) -> None:
    world.change(shop, ship_when="validated", handover="drop_off")
    order_id = world.order(shop)
    world.import_orders(shop, order_id)
    world.follow_due(shop)
    assert not watched(world.runtime, shop)
    assert world.tiktok.packages(order_id)[0]["status"] == "TO_FULFILL"
    world.validate(world.deliveries(order_id)[0]["id"])
    assert watched(world.runtime, shop)
    world.follow_due(shop)
    assert (
        world.tiktok.packages(order_id)[0] | {"handover_method": "DROP_OFF", "status": "PROCESSING"}
        == (world.tiktok.packages(order_id)[0])
    )
    assert not watched(world.runtime, shop)


def test_given_a_part_is_validated_then_the_package_is_split_and_that_part_shipped(world: World, shop: Shop) -> None:
    world.change(shop, ship_when="validated")
    order_id = world.order(shop, ("SKU-1", 2), ("SKU-2", 1))
    world.import_orders(shop, order_id)
    world.validate(world.deliveries(order_id)[0]["id"], {"SKU-1": 1})
    assert watched(world.runtime, shop)
    world.follow_due(shop)
    assert world.tiktok.order(order_id)["status"] == "PARTIALLY_SHIPPING"
    shipped = [each for each in world.tiktok.packages(order_id) if each["status"] == "PROCESSING"]
    assert [len(each["line_ids"]) for each in shipped] == [1]
    done, backorder = world.deliveries(order_id)
    assert (done["carrier_tracking_ref"], backorder["carrier_tracking_ref"]) == (shipped[0]["tracking_number"], None)
    world.validate(backorder["id"])
    assert watched(world.runtime, shop)
    world.follow_due(shop)
    assert world.tiktok.order(order_id)["status"] == "AWAITING_COLLECTION"
    assert len(world.labels(order_id)) == 2


def test_a_package_of_two_orders_is_shipped_when_both_are_validated(world: World, shop: Shop) -> None:
    world.change(shop, ship_when="validated")
    first, second = world.order(shop), world.order(shop)
    world.import_orders(shop, first, second)
    package = world.tiktok.combine([world.tiktok.packages(each)[0]["id"] for each in (first, second)])
    world.validate(world.deliveries(first)[0]["id"])
    assert watched(world.runtime, shop)
    world.follow_due(shop)
    assert world.tiktok.packages(first)[0]["status"] == "TO_FULFILL"
    world.validate(world.deliveries(second)[0]["id"])
    assert watched(world.runtime, shop)
    world.follow_due(shop)
    assert [each["status"] for each in world.tiktok.packages(first)] == ["PROCESSING"]
    world.follow(shop, first)
    for order_id in (first, second):
        assert [name for _, name in world.labels(order_id)] == [f"label-{package['id']}.pdf"]


def test_the_sellers_own_carrier_needs_a_tracking_number_and_a_name_that_tiktok_knows(world: World, shop: Shop) -> None:
    world.change(shop, ship_when="ready", shipping_provider="DHL")
    order_id = world.order(shop, shipping_type="SELLER")
    world.import_orders(shop, order_id)
    world.follow_due(shop)
    parked = world.delivery_parked(shop, order_id)
    assert parked is not None
    assert parked.code == "no_tracking"
    delivery = world.deliveries(order_id)[0]
    world.stack.admin().execute_kw("stock.picking", "write", [[delivery["id"]], {"carrier_tracking_ref": "00340434"}])
    world.change(shop, shipping_provider="Pigeon Post")
    world.follow(shop, order_id)
    parked = world.delivery_parked(shop, order_id)
    assert parked is not None
    assert (parked.code, "dhl" in parked.remedy) == ("unknown_provider", True)
    world.change(shop, shipping_provider="dhl")
    world.follow(shop, order_id)
    (package,) = world.tiktok.packages(order_id)
    assert (package["tracking_number"], package["provider"]) == ("00340434", "DHL")
    assert world.labels(order_id) == []


def test_what_tiktok_refuses_is_said_on_the_delivery_and_tried_again(world: World, shop: Shop) -> None:
    world.change(shop, ship_when="ready")
    order_id = world.order(shop)
    world.import_orders(shop, order_id)
    world.tiktok.fail_next(1, "code", path="/ship", code=21011055)
    world.follow_due(shop)
    parked = world.delivery_parked(shop, order_id)
    assert parked is not None
    assert parked.code == "ship_refused"
    assert any("21011055" in note for note in world.notes_of_delivery(order_id))
    world.follow(shop, order_id)
    assert world.tiktok.packages(order_id)[0]["status"] == "PROCESSING"


def test_a_ship_call_that_gave_no_answer_is_not_repeated(world: World, shop: Shop) -> None:
    world.change(shop, ship_when="ready")
    order_id = world.order(shop)
    world.import_orders(shop, order_id)
    before = world.tiktok.calls()["answered"].get(SHIP, 0)
    (package,) = world.tiktok.packages(order_id)
    world.tiktok.ship(package["id"])  # as if the call had been carried out and its answer lost
    world.follow(shop, order_id)
    assert world.tiktok.calls()["answered"].get(SHIP, 0) == before
    assert len(world.labels(order_id)) == 1


SHIP = "POST /fulfillment/202309/packages/<package_id>/ship"


def test_an_order_whose_buyer_asks_to_cancel_is_not_shipped(world: World, shop: Shop) -> None:
    world.change(shop, ship_when="ready")
    order_id = world.order(shop)
    world.tiktok.request_cancel(order_id)
    world.import_orders(shop, order_id)
    world.follow_due(shop)
    assert world.tiktok.packages(order_id)[0]["status"] == "TO_FULFILL"


# What has left


def test_given_flag_when_the_carrier_has_it_then_a_person_is_asked_once_until_it_is_done(
    world: World, shop: Shop
) -> None:
    order_id = world.order(shop)
    world.follow(shop, order_id)
    world.tiktok.set_status(order_id, "IN_TRANSIT")
    world.follow(shop, order_id)
    world.follow(shop, order_id)
    assert world.activities(order_id) == [SHIPPED_NOT_IN_ODOO]
    assert world.deliveries(order_id)[0]["state"] == "assigned"
    world.validate(world.deliveries(order_id)[0]["id"])
    world.follow(shop, order_id)
    assert world.activities(order_id) == []


def test_given_validate_when_the_carrier_has_it_then_the_delivery_is_done(world: World, shop: Shop) -> None:
    world.change(shop, shipped_on_tiktok="validate")
    order_id = world.order(shop, ("SKU-1", 2), ("SKU-2", 1))
    world.follow(shop, order_id)
    world.tiktok.set_status(order_id, "DELIVERED")
    world.follow(shop, order_id)
    assert [each["state"] for each in world.deliveries(order_id)] == ["done"]
    assert world.activities(order_id) == []


def test_given_validate_when_a_part_has_left_then_the_rest_is_a_backorder(world: World, shop: Shop) -> None:
    world.change(shop, shipped_on_tiktok="validate")
    order_id = world.order(shop, ("SKU-1", 1), ("SKU-2", 2))
    world.follow(shop, order_id)
    first, second, third = lines_of(world, order_id)
    one, two = world.tiktok.split(order_id, [[second], [first, third]])
    world.tiktok.ship(one["id"])
    world.tiktok.collect(one["id"])
    for _ in range(2):
        world.follow(shop, order_id)
    assert [each["state"] for each in world.deliveries(order_id)] == ["done", "assigned"]
    assert world.moved(order_id) == {"SKU-2": 1}
    world.tiktok.ship(two["id"])
    world.tiktok.collect(two["id"])
    world.follow(shop, order_id)
    assert [each["state"] for each in world.deliveries(order_id)] == ["done", "done"]
    assert world.moved(order_id) == {"SKU-1": 1, "SKU-2": 2}


def test_goods_that_odoo_has_not_are_not_validated_below_zero_but_shown_to_a_person(world: World, shop: Shop) -> None:
    world.change(shop, shipped_on_tiktok="validate")
    sku = f"NONE-{shop.id[-5:]}"
    world.stack.add_products([(sku, "Out of stock", 9.0, 0)])
    world.tiktok.add_products(shop.id, [{"seller_sku": sku, "title": "Out of stock", "price": "9", "quantity": 5}])
    order_id = world.order(shop, (sku, 1))
    world.follow(shop, order_id)
    world.tiktok.set_status(order_id, "IN_TRANSIT")
    world.follow(shop, order_id)
    parked = world.delivery_parked(shop, order_id)
    assert parked is not None
    assert (parked.code, world.activities(order_id)) == ("not_validated", [SHIPPED_NOT_IN_ODOO])


def test_a_kit_leaves_as_its_components(world: World, shop: Shop) -> None:
    world.change(shop, shipped_on_tiktok="validate")
    kit = f"KIT-{shop.id[-5:]}"
    one, two = world.stack.add_products([(f"{kit}-A", "A", 1.0, 50), (f"{kit}-B", "B", 1.0, 50)]).values()
    world.stack.add_kit(kit, "Kit", 20.0, [(one, 2), (two, 1)])
    world.tiktok.add_products(shop.id, [{"seller_sku": kit, "title": "Kit", "price": "20", "quantity": 5}])
    order_id = world.order(shop, (kit, 2))
    world.follow(shop, order_id)
    first, second = lines_of(world, order_id)
    package, _ = world.tiktok.split(order_id, [[first], [second]])
    world.tiktok.ship(package["id"])
    world.tiktok.collect(package["id"])
    world.follow(shop, order_id)
    assert world.moved(order_id) == {f"{kit}-A": 2, f"{kit}-B": 1}


def test_settings_of_the_simulator_are_as_before() -> None:
    """The two that these tests switch are off by default, so that other tests do not depend on the order."""
    assert (SandboxSettings().label_seconds, SandboxSettings().label_garbage) == (0, False)
