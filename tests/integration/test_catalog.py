"""The catalogue on a real Odoo: what TikTok lists is bound to a product, or made one, or named with the reason."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import World
from worker.odoo.features import features_of
from worker.state.catalog import Listing
from worker.state.shops import Shop
from worker.sync.catalog_drain import CatalogDrain
from worker.sync.catalog_pull import pull
from worker.sync.catalog_run import trial


class Assortment:
    """One shop and products whose codes nobody else has."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.shop: Shop = world.link_shop("US", products=False)  # list prices are in the company's currency
        self.tag = secrets.token_hex(3).upper()

    def code(self, name: str) -> str:
        return f"{name}-{self.tag}"

    def in_odoo(self, *names: str) -> dict[str, int]:
        made = self.world.stack.add_products([(self.code(name), f"Odoo {name}", 10.0, 0) for name in names])
        return {name: made[self.code(name)] for name in names}

    def list(self, *names: str, **options: Any) -> list[str]:
        """Products of one SKU; answers their SKU ids."""
        listed = [
            {"seller_sku": self.code(name), "title": f"TikTok {name}", "price": "10.00", **options} for name in names
        ]
        return [sku.sku_id for sku in self.world.tiktok.add_products(self.shop.id, listed)]

    def list_variants(self, title: str, *skus: dict[str, Any]) -> list[str]:
        made = self.world.tiktok.add_products(self.shop.id, [{"title": title, "images": 1, "skus": list(skus)}])
        return [sku.sku_id for sku in made]

    def pull(self) -> dict[str, Listing]:
        self.world.pull_catalog(self.shop)
        return self.listings()

    def listings(self) -> dict[str, Listing]:
        """By seller SKU, without the tag."""
        found = self.world.runtime.catalog(self.shop.id).listings()
        return {listing.seller_sku.removesuffix(f"-{self.tag}"): listing for listing in found.values()}

    def variants(self, *codes: str) -> list[dict[str, Any]]:
        storable, _, counted = features_of(self.world.odoo).storable
        fields = [
            "default_code",
            "name",
            "lst_price",
            "barcode",
            storable,
            "taxes_id",
            "product_tmpl_id",
            "image_1920",
        ]
        fields += ["product_template_attribute_value_ids"]
        domain = [("default_code", "in", [self.code(code) for code in codes])]
        found: list[dict[str, Any]] = self.world.stack.admin().execute_kw(
            "product.product", "search_read", [domain, fields], {"order": "id"}
        )
        return [row | {"is_storable": row[storable] == counted} for row in found]

    def allow_creation(self) -> None:
        self.shop = self.world.change(self.shop, create_products=True)


@pytest.fixture
def goods(world: World) -> Iterator[Assortment]:
    assortment = Assortment(world)
    world.stack.let_create_products()
    yield assortment
    world.stack.let_create_products(False)


def test_skus_find_their_products_in_the_promised_order(goods: Assortment) -> None:
    odoo = goods.in_odoo("BY-SKU", "CHOSEN")
    by_sku, by_item, by_barcode = (goods.list(name)[0] for name in ("BY-SKU", "BY-ITEM", "BY-BARCODE"))
    admin = goods.world.stack.admin()
    products = {p["skus"][0]["id"]: p["id"] for p in goods.world.tiktok.products(goods.shop.id)}
    item = admin.execute_kw("product.product", "create", [[{"name": "By Item ID", "default_code": products[by_item]}]])[
        0
    ]
    barcode = f"29{secrets.randbelow(10**10):010d}"
    coded = admin.execute_kw("product.product", "create", [[{"name": "By barcode", "barcode": barcode}]])[0]
    goods.world.tiktok.update_sku(by_barcode, barcode=barcode)
    found = goods.pull()
    assert {name: (each.variant_id, each.found_by) for name, each in found.items()} == {
        "BY-SKU": (odoo["BY-SKU"], "seller_sku"),
        "BY-ITEM": (item, "item_id"),
        "BY-BARCODE": (coded, "barcode"),
    }
    assert found["BY-SKU"].sku_id == by_sku


def test_what_fits_twice_or_is_archived_is_named_and_never_guessed(goods: Assortment) -> None:
    goods.in_odoo("TWICE")
    goods.in_odoo("TWICE")
    archived = goods.in_odoo("GONE")["GONE"]
    goods.world.stack.admin().execute_kw("product.product", "write", [[archived], {"active": False}])
    goods.list("TWICE", "GONE", "NOWHERE")
    goods.allow_creation()
    found = goods.pull()
    assert {name: each.code for name, each in found.items()} == {
        "TWICE": "ambiguous_sku",
        "GONE": "archived_product",
        "NOWHERE": "",  # created
    }


def test_a_second_pull_asks_only_for_the_list(goods: Assortment) -> None:
    goods.in_odoo("A", "B")
    goods.list("A", "B")
    goods.pull()
    before = goods.world.tiktok.calls()["answered"]
    assert pull(goods.world.runtime, goods.shop).marked == 0
    after = goods.world.tiktok.calls()["answered"]
    changed = {path for path in after if after[path] != before.get(path)}
    assert {path for path in changed if "product" in path} == {path for path in changed if "search" in path}


def test_without_permission_nothing_is_created(goods: Assortment) -> None:
    goods.list("NEW")
    assert goods.pull()["NEW"].code == "unknown_sku"
    assert goods.variants("NEW") == []


def test_a_product_of_one_sku_is_created_with_all_that_tiktok_tells(goods: Assortment) -> None:
    barcode = f"29{secrets.randbelow(10**10):010d}"
    (sku_id,) = goods.list("NEW", barcode=barcode, images=1, quantity=7)
    goods.allow_creation()
    assert goods.pull()["NEW"].found_by == "created"
    (made,) = goods.variants("NEW")
    assert (made["name"], made["barcode"], made["is_storable"]) == ("TikTok NEW", barcode, True)
    assert made["taxes_id"] == []
    assert made["image_1920"]
    external = goods.world.odoo.call("product.product", "get_external_id", ids=[made["id"]])
    assert external[str(made["id"])] == f"tiktok_shop.sku_{goods.shop.id}_{sku_id}"


def test_variants_are_exactly_those_that_tiktok_sells(goods: Assortment) -> None:
    colors = [("RED-S", "Red", "S", "10.00"), ("RED-M", "Red", "M", "12.00"), ("BLUE-M", "Blue", "M", "12.00")]
    goods.list_variants(
        f"Shirt {goods.tag}",
        *(
            {"seller_sku": goods.code(code), "attributes": {"Color": color, "Size": size}, "price": price}
            for code, color, size, price in colors
        ),
    )
    goods.allow_creation()
    assert {each.found_by for each in goods.pull().values()} == {"created"}
    made = goods.variants("RED-S", "RED-M", "BLUE-M")
    assert len({tuple(each["product_tmpl_id"]) for each in made}) == 1
    template = made[0]["product_tmpl_id"][0]
    total = goods.world.stack.sql("SELECT count(*) FROM product_product WHERE product_tmpl_id = %s", template)
    assert total == [(3,)]
    assert all(len(each["product_template_attribute_value_ids"]) == 2 for each in made)
    assert all(each["image_1920"] for each in made)
    assert [each["lst_price"] for each in made] == [10.0, 12.0, 12.0]  # the size makes the price


def test_a_variant_that_tiktok_adds_later_joins_the_others(goods: Assortment) -> None:
    goods.list_variants(
        f"Cap {goods.tag}",
        {"seller_sku": goods.code("CAP-S"), "attributes": {"Size": "S"}, "price": "5.00"},
        {"seller_sku": goods.code("CAP-M"), "attributes": {"Size": "M"}, "price": "6.00"},
    )
    goods.allow_creation()
    goods.pull()
    product = goods.world.tiktok.products(goods.shop.id)[0]["id"]
    goods.world.tiktok.add_sku(product, seller_sku=goods.code("CAP-L"), attributes={"Size": "L"}, price="7.00")
    assert goods.pull()["CAP-L"].found_by == "created"
    made = goods.variants("CAP-S", "CAP-M", "CAP-L")
    assert len({tuple(each["product_tmpl_id"]) for each in made}) == 1
    assert len(made) == 3


def test_two_workers_create_a_product_once(goods: Assortment) -> None:
    goods.list("ONE", "TWO", "THREE")
    goods.allow_creation()
    pull(goods.world.runtime, goods.shop)
    queue = goods.world.runtime.product_queue(goods.shop.id)
    ids = list(goods.world.runtime.catalog(goods.shop.id).product_ids())

    def work() -> None:
        world = goods.world.with_settings()  # a worker of its own: other connections
        queue.mark(ids)
        CatalogDrain(world.runtime, world.runtime.shops.get(goods.shop.id)).run()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    goods.pull()
    assert len(goods.variants("ONE", "TWO", "THREE")) == 3


def test_shops_that_sell_the_same_share_what_is_created(goods: Assortment) -> None:
    goods.list("SHARED")
    goods.allow_creation()
    other = goods.world.link_shop(products=False)
    goods.world.tiktok.add_products(other.id, [{"seller_sku": goods.code("SHARED"), "title": "Same", "price": "9.00"}])
    other = goods.world.change(other, create_products=True)
    goods.pull()
    goods.world.pull_catalog(other)
    (listing,) = goods.world.runtime.catalog(other.id).listings().values()
    assert (listing.variant_id, listing.found_by) == (goods.listings()["SHARED"].variant_id, "seller_sku")
    assert len(goods.variants("SHARED")) == 1


def test_a_bot_that_may_not_create_products_binds_the_others_and_says_so(goods: Assortment) -> None:
    goods.world.stack.let_create_products(False)
    goods.in_odoo("KNOWN")
    goods.list("KNOWN", "NEW")
    goods.allow_creation()
    found = goods.pull()
    assert (found["KNOWN"].found_by, found["NEW"].code) == ("seller_sku", "odoo_rights")
    assert "Products: Create" in found["NEW"].remedy


def test_a_listing_that_disappears_is_unbound_and_its_product_kept(goods: Assortment) -> None:
    odoo = goods.in_odoo("A", "B")
    goods.list("A", "B")
    goods.pull()
    gone = next(p["id"] for p in goods.world.tiktok.products(goods.shop.id) if p["title"] == "TikTok A")
    goods.world.tiktok.set_product_status(gone, "SELLER_DEACTIVATED")
    assert set(goods.pull()) == {"B"}
    assert goods.world.runtime.catalog(goods.shop.id).bound_variants() == {odoo["B"]}
    assert len(goods.variants("A")) == 1
    goods.world.tiktok.set_product_status(gone, "ACTIVATE")
    assert goods.pull()["A"].variant_id == odoo["A"]


def test_an_order_uses_the_binding_and_a_new_binding_frees_parked_orders(goods: Assortment) -> None:
    world = goods.world
    goods.list("LATER")
    goods.pull()
    order_id = world.order(goods.shop, (goods.code("LATER"), 1))
    world.import_orders(goods.shop, order_id)
    parked = world.queue(goods.shop).parked(order_id)
    assert parked is not None
    assert parked.code == "unknown_sku"
    goods.in_odoo("LATER")
    assert goods.pull()["LATER"].found_by == "seller_sku"
    world.catch_up(goods.shop)
    assert world.sale(order_id)["state"] == "sale"


def test_a_trial_changes_nothing(goods: Assortment) -> None:
    goods.in_odoo("A")
    goods.list("A", "NEW")
    goods.allow_creation()
    report = trial(goods.world.runtime, goods.shop)
    assert report.results(creates=True) == {"mapped by seller SKU": 1, "to be created": 1}
    assert goods.listings() == {}
    assert goods.variants("NEW") == []
