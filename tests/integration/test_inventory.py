"""Stock from a real Odoo to a strict TikTok: what is for sale in Odoo is for sale on TikTok, and never more."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.support import World
from worker.state.shops import Feed, Shop
from worker.sync.inventory_marks import mark_all
from worker.sync.inventory_reconcile import preview, reconcile_stock


class Stand:
    """One shop, and products of its own in Odoo and on TikTok."""

    def __init__(self, world: World, shop: Shop) -> None:
        self.world = world
        self.shop = shop
        self.tag = secrets.token_hex(3).upper()
        self.variants: dict[str, int] = {}

    def sku(self, name: str) -> str:
        return f"{name}-{self.tag}"

    def stock(self, name: str, units: float, *, on_tiktok: int = 0) -> int:
        """A product with ``units`` in Odoo, listed on TikTok with another number."""
        code = self.sku(name)
        self.variants[name] = self.world.stack.add_products([(code, f"Product {name}", 10.0, units)])[code]
        self.list(name, on_tiktok=on_tiktok)
        return self.variants[name]

    def list(self, name: str, *, shop: Shop | None = None, on_tiktok: int = 0) -> None:
        listed = {"seller_sku": self.sku(name), "title": f"Product {name}", "price": "10.00", "quantity": on_tiktok}
        self.world.tiktok.add_products((shop or self.shop).id, [listed])

    def start(self) -> None:
        """Bind everything, agree to the first push, and push."""
        self.world.poll(self.shop)
        self.world.pull_catalog(self.shop)
        self.shop = self.world.change(self.shop, push_stock="on")
        self.world.watch_stock()
        mark_all(self.world.runtime, self.shop)
        self.world.push_stock(self.shop)

    def shown(self, name: str, shop: Shop | None = None) -> int:
        return self.world.on_tiktok(shop or self.shop)[self.sku(name)]

    def sync(self) -> int:
        """What the next minute brings; answers how many SKUs were set."""
        self.world.watch_stock()
        return self.world.push_stock(self.shop)

    def recount(self, name: str, units: float) -> None:
        self.world.stack.set_quantity(self.variants[name], units)


@pytest.fixture
def stand(world: World) -> Iterator[Stand]:
    return Stand(world, world.link_shop(products=False))


def test_tiktok_shows_what_odoo_has(stand: Stand) -> None:
    stand.stock("A", 12, on_tiktok=500)
    stand.stock("B", 0, on_tiktok=500)
    stand.start()
    assert (stand.shown("A"), stand.shown("B")) == (12, 0)


def test_a_change_in_odoo_is_pushed_once(stand: Stand) -> None:
    stand.stock("A", 12)
    stand.stock("B", 3)
    stand.start()
    stand.recount("A", 7)
    assert stand.sync() == 1
    assert (stand.shown("A"), stand.shown("B")) == (7, 3)
    assert stand.sync() == 0


def test_nothing_is_pushed_before_somebody_agreed(stand: Stand) -> None:
    stand.stock("A", 12, on_tiktok=500)
    stand.world.pull_catalog(stand.shop)
    assert stand.sync() == 0
    assert not mark_all(stand.world.runtime, stand.shop)
    (plan,) = preview(stand.world.runtime, stand.shop, stand.world.runtime.catalog(stand.shop.id).products().values())
    assert [(sum(sku.shown.values()), sum(sku.wanted.values())) for sku in plan.changes] == [(500, 12)]
    assert stand.shown("A") == 500


def test_an_order_lowers_the_stock_of_every_shop_that_sells_the_product(world: World) -> None:
    first, second = (linked.shop for linked in world.link_seller(["GB", "US"], products=False))
    stand = Stand(world, first)
    stand.stock("A", 5)
    stand.list("A", shop=second)
    stand.start()
    other = Stand(world, second)
    other.tag = stand.tag
    other.start()
    assert (stand.shown("A"), stand.shown("A", second)) == (5, 5)
    world.import_orders(first, world.order(first, (stand.sku("A"), 2)))
    assert world.push_stock(second) == 1
    assert (stand.shown("A"), stand.shown("A", second)) == (3, 3)


def test_an_order_that_nobody_has_heard_of_is_not_put_on_sale_again(stand: Stand) -> None:
    stand.stock("A", 5)
    stand.start()
    world = stand.world
    world.poll(stand.shop)
    world.order(stand.shop, (stand.sku("A"), 1), notify=False)
    mark_all(world.runtime, world.runtime.shops.get(stand.shop.id))
    world.push_stock(stand.shop)
    assert stand.shown("A") == 4  # Odoo still has 5 free


def test_parked_orders_count_in_every_shop(world: World) -> None:
    first, second = (linked.shop for linked in world.link_seller(["GB", "US"], products=False))
    stand = Stand(world, first)
    stand.stock("A", 5)
    stand.list("A", shop=second)
    stand.start()
    world.tiktok.add_products(first.id, [{"seller_sku": "NOBODY-KNOWS", "title": "?", "price": "1.00", "quantity": 9}])
    other = Stand(world, second)
    other.tag = stand.tag
    other.start()
    order_id = world.order(first, (stand.sku("A"), 2), ("NOBODY-KNOWS", 1))
    world.import_orders(first, order_id)
    parked = world.queue(first).parked(order_id)
    assert parked is not None
    assert parked.code == "unknown_sku"
    for shop in (first, second):
        mark_all(world.runtime, world.runtime.shops.get(shop.id))
        world.push_stock(shop)
        assert stand.shown("A", shop) == 3


def test_held_and_unpaid_orders_count(stand: Stand) -> None:
    stand.stock("A", 5)
    stand.start()
    world = stand.world
    held = world.order(stand.shop, (stand.sku("A"), 1), status="ON_HOLD")
    unpaid = world.order(stand.shop, (stand.sku("A"), 1), status="UNPAID")
    world.import_orders(stand.shop, held, unpaid)
    stand.recount("A", 6)
    stand.sync()
    assert stand.shown("A") == 4
    world.tiktok.cancel(unpaid)
    world.import_orders(stand.shop, unpaid)
    mark_all(world.runtime, world.runtime.shops.get(stand.shop.id))
    world.push_stock(stand.shop)
    assert stand.shown("A") == 5


def test_quotations_reserve_nothing_and_count_all_the_same(stand: Stand) -> None:
    stand.stock("A", 5)
    stand.shop = stand.world.change(stand.shop, confirm_orders=False)
    stand.start()
    order_id = stand.world.order(stand.shop, (stand.sku("A"), 2))
    stand.world.import_orders(stand.shop, order_id)
    assert stand.world.sale(order_id)["state"] == "draft"
    stand.sync()
    assert stand.shown("A") == 3


def test_a_cancelled_order_gives_its_units_back(stand: Stand) -> None:
    stand.stock("A", 5)
    stand.start()
    order_id = stand.world.order(stand.shop, (stand.sku("A"), 2))
    stand.world.import_orders(stand.shop, order_id)
    stand.sync()
    assert stand.shown("A") == 3
    stand.world.tiktok.cancel(order_id)
    stand.world.import_orders(stand.shop, order_id)
    stand.sync()
    assert stand.shown("A") == 5


def test_kits_follow_their_components(stand: Stand) -> None:
    world = stand.world
    bottle, cap = stand.stock("BOTTLE", 7), stand.stock("CAP", 9)
    world.stack.add_kit(stand.sku("KIT"), "Kit", 20.0, [(bottle, 2), (cap, 1)])
    stand.list("KIT")
    stand.start()
    assert stand.shown("KIT") == 3
    stand.recount("BOTTLE", 4)
    stand.sync()
    assert (stand.shown("BOTTLE"), stand.shown("KIT")) == (4, 2)
    world.import_orders(stand.shop, world.order(stand.shop, (stand.sku("KIT"), 1)))
    stand.sync()
    assert (stand.shown("BOTTLE"), stand.shown("CAP"), stand.shown("KIT")) == (2, 8, 1)


def test_a_product_without_stock_keeping_is_left_alone(stand: Stand) -> None:
    code = stand.sku("SERVICE")
    stand.world.stack.admin().execute_kw(
        "product.product", "create", [[{"name": "Engraving", "default_code": code, "type": "service"}]]
    )
    stand.list("SERVICE", on_tiktok=50)
    stand.start()
    assert stand.shown("SERVICE") == 50
    report = reconcile_stock(stand.world.runtime, stand.world.runtime.shops.get(stand.shop.id))
    assert (report.drift, len(report.untracked)) == ([], 1)


def test_buffer_and_maximum_of_the_shop(stand: Stand) -> None:
    stand.stock("A", 5)
    stand.stock("B", 500)
    stand.shop = stand.world.change(stand.shop, stock_buffer=2, stock_maximum=20)
    stand.start()
    assert (stand.shown("A"), stand.shown("B")) == (3, 20)


def test_each_warehouse_of_tiktok_is_fed_by_its_own(world: World) -> None:
    remote = world.link_seller(["GB"], products=False, shop={"warehouses": 2})[0]
    stand = Stand(world, remote.shop)
    variant = stand.stock("A", 5)
    world.stack.set_quantity(variant, 3, warehouse="TTW")
    main, second = world.warehouses(remote.shop)
    ids = {
        row["code"]: row["id"] for row in world.odoo.call("stock.warehouse", "search_read", domain=[], fields=["code"])
    }
    world.change(
        remote.shop,
        warehouse_feeds={main: Feed(warehouse_ids=[ids["WH"]]), second: Feed(warehouse_ids=[ids["TTW"]])},
    )
    stand.start()
    (stock,) = world.tiktok.stock(remote.shop.id).values()
    assert stock["available"] == {main: 5, second: 3}
    world.change(world.runtime.shops.get(remote.shop.id), warehouse_feeds={second: Feed(warehouse_ids=[ids["WH"]])})
    mark_all(world.runtime, world.runtime.shops.get(remote.shop.id))
    world.push_stock(remote.shop)
    (stock,) = world.tiktok.stock(remote.shop.id).values()
    assert stock["available"] == {main: 0, second: 5}


def test_drift_is_found_listed_and_repaired(stand: Stand) -> None:
    stand.stock("A", 5)
    stand.stock("B", 6)
    stand.start()
    world, shop = stand.world, stand.world.runtime.shops.get(stand.shop.id)
    assert reconcile_stock(world.runtime, shop).drift == []
    sku_id = next(sku for sku, each in world.tiktok.stock(shop.id).items() if each["seller_sku"] == stand.sku("A"))
    world.tiktok.set_stock(sku_id, 77)
    report = reconcile_stock(world.runtime, shop)
    assert [(sku.listing.seller_sku, sku.shown, sku.wanted) for sku in report.drift] == [
        (stand.sku("A"), {world.warehouses(shop)[0]: 77}, {world.warehouses(shop)[0]: 5})
    ]
    assert world.push_stock(shop) == 1
    assert reconcile_stock(world.runtime, shop).drift == []


def test_one_sku_that_tiktok_refuses_stops_no_other(stand: Stand) -> None:
    world = stand.world
    skus = [{"seller_sku": stand.sku(name), "price": "10.00", "quantity": 1, "name": name} for name in "AB"]
    world.tiktok.add_products(stand.shop.id, [{"title": "Two", "skus": skus}])
    for name in "AB":
        code = stand.sku(name)
        stand.variants[name] = world.stack.add_products([(code, name, 10.0, 9)])[code]
    refused = next(s for s, each in world.tiktok.stock(stand.shop.id).items() if each["seller_sku"] == stand.sku("A"))
    world.tiktok.refuse_inventory(refused, 12052146, "below the campaign's stock")
    stand.start()
    assert (stand.shown("A"), stand.shown("B")) == (1, 9)
    (parked,) = world.runtime.inventory_queue(stand.shop.id).all_parked()
    assert parked.code == "stock_refused"
    assert stand.sku("A") in parked.message
    assert "campaign" in parked.message
    world.tiktok.refuse_inventory(refused, 0, "")
    mark_all(world.runtime, world.runtime.shops.get(stand.shop.id))
    world.push_stock(stand.shop)
    assert stand.shown("A") == 9
    assert world.runtime.inventory_queue(stand.shop.id).all_parked() == []


def test_where_tiktok_takes_no_zero_the_product_is_parked_and_not_shown_as_one(stand: Stand) -> None:
    stand.world.tiktok.configure(zero_stock_allowed=False)
    try:
        stand.stock("A", 0, on_tiktok=5)
        stand.start()
        assert stand.shown("A") == 5
        (parked,) = stand.world.runtime.inventory_queue(stand.shop.id).all_parked()
        assert "did not take 0 units" in parked.message
    finally:
        stand.world.tiktok.configure(zero_stock_allowed=True)


def test_while_tiktok_is_away_nothing_is_lost(stand: Stand) -> None:
    stand.stock("A", 5)
    stand.start()
    stand.recount("A", 9)
    world = stand.world
    world.tiktok.fail_next(20, "500", path="inventory")
    stand.sync()
    assert stand.shown("A") == 5
    problems = {problem.scope for problem in world.runtime.problems.all()}
    assert problems == {f"shop {stand.shop.id} stock"}
    world.tiktok.clear_faults()
    world.runtime.problems.clear(f"shop {stand.shop.id} stock")
    mark_all(world.runtime, world.runtime.shops.get(stand.shop.id))
    world.push_stock(stand.shop)
    assert stand.shown("A") == 9


def test_a_lost_redis_has_everything_compared_anew(stand: Stand) -> None:
    stand.stock("A", 5)
    stand.start()
    stand.recount("A", 2)
    stand.world.runtime.stock_watch.drop()
    assert stand.sync() == 1
    assert stand.shown("A") == 2


def test_units_sold_while_we_push_are_not_put_on_sale_again(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    stand.stock("A", 5)
    stand.start()
    world = stand.world
    world.poll(stand.shop)
    stand.recount("A", 6)
    client = type(world.runtime.shop_client(stand.shop))
    update, sold = client.update_inventory, []

    def sell_first(self, product_id, quantities):  # type: ignore[no-untyped-def]
        if not sold:
            sold.append(world.order(stand.shop, (stand.sku("A"), 2), notify=False))
        return update(self, product_id, quantities)

    monkeypatch.setattr(client, "update_inventory", sell_first)
    stand.sync()
    assert stand.shown("A") == 4  # 6 in Odoo, less the 2 that nobody but TikTok knew of


def test_an_order_of_before_the_go_live_date_counts_only_as_far_as_odoo_knows_it(world: World) -> None:
    """An order from before the go-live date is handled by hand in Odoo: it is not subtracted."""
    shop = world.link_shop(products=False, go_live=datetime.now(UTC) + timedelta(hours=1))
    stand = Stand(world, shop)
    stand.stock("A", 5)
    stand.start()
    world.import_orders(shop, world.order(shop, (stand.sku("A"), 1)))
    mark_all(world.runtime, world.runtime.shops.get(shop.id))
    world.push_stock(shop)
    assert stand.shown("A") == 5
