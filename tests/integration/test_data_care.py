"""Buyers' personal data goes from TikTok to Odoo: nothing of it stays in Redis, whatever becomes of the order."""

from __future__ import annotations

from typing import Any

from tests.support import World
from worker.state.connection import RedisClient
from worker.sync.backup import export_state

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
