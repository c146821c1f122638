"""What is kept: buyers' data not at all, tokens as long as a seller wants it, under keys that can be changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.client import SandboxControl
from sandbox.installation import Installation
from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack
from tests.support import World, linked_shop
from worker.state.connection import RedisClient, connect
from worker.state.orders import OrderQueue
from worker.state.secrets import generate_key
from worker.sync.backup import export_state
from worker.sync.linking import end_authorization

PERSON = {
    "name": "Wilhelmina Quartermain",
    "phone_number": "(+44)7700900321",
    "address_line1": "77 Zanzibar Crescent",
    "full_address": "77 Zanzibar Crescent, Leeds",
}
MESSAGE = "Please leave it with Mrs Abernathy"
NICKNAME = "quartermaster77"
PERSONAL = (*PERSON.values(), "Quartermain", "Zanzibar", "7700900321", "Abernathy", NICKNAME)


def everything_in(redis: RedisClient) -> str:
    """All keys with all they hold."""
    read = {
        "string": redis.get,
        "hash": redis.hgetall,
        "list": lambda key: redis.lrange(key, 0, -1),
        "set": redis.smembers,
        "zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
        "stream": redis.xrange,
        "none": lambda _: "",  # it expired since it was listed
    }
    return "\n".join(f"{key} {read[redis.type(key)](key)}" for key in redis.scan_iter())


def personal(**options: Any) -> dict[str, Any]:
    return {
        "address": PERSON,
        "buyer_message": MESSAGE,
        "patch": {"buyer_nickname": NICKNAME, "buyer_email": f"{NICKNAME}@example.com"},
        "shipping_type": "SELLER",
        **options,
    }


def test_nothing_of_a_buyer_stays_in_redis_whatever_becomes_of_the_order(world: World) -> None:
    shop = world.link_shop()
    imported, cancelled, moved = (world.order(shop, **personal()) for _ in range(3))
    parked = world.order(shop, (world.sell_unknown(shop), 1), **personal())
    held = world.order(shop, **personal(status="ON_HOLD"))
    world.poll(shop)
    world.follow(shop, imported, cancelled, moved, parked, held)
    world.tiktok.cancel(cancelled, by="BUYER", reason="Changed my mind")
    world.tiktok.change_address(moved, **{**PERSON, "address_line1": "78 Zanzibar Crescent"})
    world.follow(shop, cancelled, moved, parked)
    assert {order_id: world.sale(order_id)["state"] for order_id in (imported, cancelled, moved)} == {
        imported: "sale",
        cancelled: "cancel",
        moved: "sale",
    }
    assert world.queue(shop).parked(parked) is not None
    partners = world.stack.sql("SELECT count(*) FROM res_partner WHERE name = %s", PERSON["name"])
    assert partners[0][0] > 0, "Odoo has the buyer"
    kept = everything_in(world.runtime.redis)
    assert imported in kept, "the search looks where orders are"
    assert [text for text in PERSONAL if text in kept] == []


def test_nothing_of_a_buyer_stays_in_what_is_backed_up(world: World) -> None:
    shop = world.link_shop()
    parked = world.order(shop, (world.sell_unknown(shop), 1), **personal())
    world.import_orders(shop, parked)
    opened = world.runtime.box.decrypt(export_state(world.runtime).strip())
    assert parked in opened
    assert [text for text in PERSONAL if text in opened] == []


def test_nothing_of_a_buyer_stays_in_redis_of_webhooks_and_shipped_orders(
    stack: Stack, simulator: SandboxControl, installation: Callable[..., Installation]
) -> None:
    """Given the whole connector at work, when orders come by webhooks, are shipped and one is cancelled."""
    running = installation(SWEEP_INTERVAL="1", DELIVERY_INTERVAL="2", PACKAGE_INTERVAL="3")
    running.start_web("--workers", "1")
    running.start_worker()
    running.start_beat()
    shop_id = linked_shop(simulator, running)
    line = [{"seller_sku": "SKU-1", "quantity": 1}]
    shipped, cancelled = (simulator.place_order(shop_id, line, **personal())["id"] for _ in range(2))

    def states() -> dict[str, str]:
        rows = stack.sql(
            "SELECT client_order_ref, state FROM sale_order WHERE client_order_ref IN %s", (shipped, cancelled)
        )
        return dict(rows)

    wait_for(lambda: states() == {shipped: "sale", cancelled: "sale"}, 60, "the orders to be in Odoo")
    simulator.cancel(cancelled, by="BUYER", reason="Changed my mind")
    simulator.change_address(shipped, **{**PERSON, "address_line1": "78 Zanzibar Crescent"})
    simulator.set_status(shipped, "IN_TRANSIT")
    wait_for(lambda: states()[cancelled] == "cancel", 60, "the cancellation")
    redis = connect(stack.redis.url)
    queue = OrderQueue(redis, shop_id)
    wait_for(lambda: simulator.stats()["webhooks"]["pending"] == 0 and not queue.open_count(), 60, "nothing to be due")
    for database in (redis, connect(stack.redis.broker_url)):
        kept = everything_in(database)
        assert [text for text in PERSONAL if text in kept] == []
    assert shipped in everything_in(redis), "the search looks where orders are"
    assert len(running.cli_json("events", "list")) >= 4


def test_tokens_of_a_seller_who_takes_the_authorization_back_are_forgotten(world: World) -> None:
    """Given SELLER_DEAUTHORIZATION, when TikTok says so too, nothing that could open the shop is left."""
    (linked,) = world.link_seller(["GB"])
    account_id = linked.shop.account_id
    assert not end_authorization(world.runtime, linked.shop.id), "a webhook alone is not believed"
    assert world.runtime.tiktok.tokens.load(account_id) is not None
    world.tiktok.revoke(linked.username)
    assert end_authorization(world.runtime, linked.shop.id)
    assert world.runtime.tiktok.tokens.load(account_id) is None
    assert world.runtime.accounts.get(account_id).authorization == "needed"
    assert not end_authorization(world.runtime, linked.shop.id), "said twice"
    # The seller comes back: all goes on.
    world.authorize(account_id, linked.app, linked.username, linked.password)
    order_id = world.order(linked.shop)
    world.poll(linked.shop)
    world.import_orders(linked.shop, order_id)
    assert world.sale(order_id)["state"] == "sale"


def test_an_authorization_that_is_given_anew_at_the_same_moment_stays(world: World) -> None:
    (linked,) = world.link_seller(["GB"])
    old = world.runtime.tiktok.tokens.load(linked.shop.account_id)
    assert old is not None
    world.authorize(linked.shop.account_id, linked.app, linked.username, linked.password)
    assert not world.runtime.tiktok.tokens.delete_if(linked.shop.account_id, old)
    assert world.runtime.tiktok.tokens.load(linked.shop.account_id) is not None


def test_the_key_of_secrets_is_changed_while_orders_come_in(
    stack: Stack, simulator: SandboxControl, installation: Callable[..., Installation]
) -> None:
    """Given NEW,OLD and `keys rotate`, when NEW alone is left, the shop goes on; OLD alone opens nothing."""
    running = installation(SWEEP_INTERVAL="1")
    old, new = running.environment["SECRET_KEYS"], generate_key()
    running.start_worker()
    running.start_web("--workers", "1")
    running.start_beat()
    shop_id = linked_shop(simulator, running)

    def order_comes_in() -> None:
        order = simulator.place_order(shop_id, [{"seller_sku": "SKU-1", "quantity": 1}])["id"]
        query = "SELECT state FROM sale_order WHERE client_order_ref = %s"
        wait_for(lambda: stack.sql(query, order) == [("sale",)], 60, "the order to be in Odoo")

    def restart(keys: str) -> None:
        running.environment["SECRET_KEYS"] = keys
        running.process("worker-1").stop()
        running.process("web").stop()
        running.start_worker()
        running.start_web("--workers", "1")

    order_comes_in()
    restart(f"{new},{old}")
    order_comes_in()
    told = running.cli_json("keys", "rotate")
    assert told == {"accounts": 1, "tokens": 1}
    running.environment["SECRET_KEYS"] = old
    refused = running.cli("accounts", "list", check=False)
    assert refused.returncode == 1
    assert "SECRET_KEYS" in refused.stderr
    restart(new)
    order_comes_in()
