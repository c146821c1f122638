"""What Odoo's chatter says of an import: people's changes and our notes always, what the import sets on request."""

from __future__ import annotations

import pytest

from tests.support import World


def logged(world: World, model: str, record_id: int) -> int:
    """Entries that Odoo wrote into the chatter by itself."""
    query = "SELECT count(*) FROM mail_message WHERE model = %s AND res_id = %s AND message_type = 'notification'"
    return int(world.stack.sql(query, model, record_id)[0][0])


@pytest.mark.parametrize("wanted", [False, True])
def test_what_the_import_sets_is_logged_where_the_shop_wants_it(world: World, wanted: bool) -> None:
    """Given a shop, when an order is imported, Odoo's field tracking fills the chatter only with the setting on."""
    shop = world.link_shop(track_changes=wanted)
    order_id = world.order(shop)
    world.import_orders(shop, order_id)
    sale = world.sale(order_id)
    assert sale["state"] == "sale"
    assert bool(logged(world, "sale.order", sale["id"])) is wanted
    assert bool(logged(world, "res.partner", sale["partner_id"])) is wanted


def test_what_becomes_of_an_order_later_is_logged_in_any_case(world: World) -> None:
    """Given an order that was imported without a log, when TikTok cancels it, the chatter says so."""
    shop = world.link_shop()
    order_id = world.order(shop)
    world.import_orders(shop, order_id)
    world.tiktok.cancel(order_id)
    world.import_orders(shop, order_id)
    sale = world.sale(order_id)
    assert sale["state"] == "cancel"
    assert logged(world, "sale.order", sale["id"]) == 1
