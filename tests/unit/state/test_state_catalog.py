"""What a shop lists, what it is bound to, and what operators chose."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import fakeredis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.builders import SHOP_ID
from tests.unit.sync.stock_bench import listed
from worker.state.catalog import Catalog, Choice, ListedProduct, ListedSku, Listing, choice_key


@pytest.fixture
def catalog(redis: Any) -> Catalog:
    return Catalog(redis, SHOP_ID)


def listing(sku_id: str, product_id: str = "P1", variant_id: int | None = None, **fields: Any) -> Listing:
    return Listing(sku_id=sku_id, product_id=product_id, variant_id=variant_id, **fields)


def test_products_are_kept_as_they_are_listed(catalog: Catalog) -> None:
    product = ListedProduct(
        id="P1",
        title="Größe ✓",
        status="ACTIVATE",
        skus=[ListedSku(id="1", seller_sku="A", price=Decimal("9.90"), currency="GBP", warehouse_ids=["W1"])],
    )
    catalog.keep_products([product, listed("P2")])
    assert catalog.products(["P1", "unknown"]) == {"P1": product}
    assert catalog.products([]) == {}
    assert set(catalog.products()) == catalog.product_ids() == {"P1", "P2"}


def test_keeping_nothing_is_fine(catalog: Catalog) -> None:
    catalog.keep_products([])
    catalog.keep_listings([])
    catalog.forget_products([])
    catalog.set_choices({})
    assert (catalog.products(), catalog.listings(), catalog.choices()) == ({}, {}, {})


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"title": "Another"}, False),
        ({"status": "SELLER_DEACTIVATED"}, False),
        ({"skus": [ListedSku(id="1", seller_sku="B")]}, False),
        ({"skus": [ListedSku(id="1", price=Decimal(1))]}, False),
        ({"skus": [ListedSku(id="1", warehouse_ids=["W1"])]}, False),
        ({"skus": [ListedSku(id="1"), ListedSku(id="2")]}, False),
        ({"skus": []}, False),
        ({"skus": [ListedSku(id="1", barcode="4006381333931")]}, True),  # which the list does not tell
        ({"detailed": True}, True),
        ({}, True),
    ],
)
def test_a_product_is_as_before_when_nothing_that_matters_differs(change: dict[str, Any], same: bool) -> None:
    before = listed("P1", "1")
    assert before.model_copy(update=change).is_as(before) is same
    assert not before.is_as(None)


def test_the_order_of_skus_and_warehouses_does_not_matter() -> None:
    one = ListedProduct(id="P", skus=[ListedSku(id="1", warehouse_ids=["a", "b"]), ListedSku(id="2")])
    two = ListedProduct(id="P", skus=[ListedSku(id="2"), ListedSku(id="1", warehouse_ids=["b", "a"])])
    assert one.is_as(two)


def test_a_variant_is_found_in_every_product_that_sells_it(catalog: Catalog) -> None:
    catalog.keep_listings([listing("1", "P1", 7), listing("2", "P1", 7), listing("3", "P2", 7), listing("4", "P3", 8)])
    assert catalog.products_selling([7]) == {"P1", "P2"}
    assert catalog.products_selling([7, 8, 9]) == {"P1", "P2", "P3"}
    assert catalog.products_selling([]) == set()
    assert catalog.bound_variants() == {7, 8}


def test_a_sku_that_is_bound_anew_is_found_under_its_new_variant_alone(catalog: Catalog) -> None:
    catalog.keep_listings([listing("1", "P1", 7)])
    catalog.keep_listings([listing("1", "P1", 8)])
    assert (catalog.products_selling([7]), catalog.products_selling([8])) == (set(), {"P1"})
    catalog.keep_listings([listing("1", "P1", None, code="archived_product")])
    assert catalog.bound_variants() == set()
    assert catalog.listings(["1"])["1"].code == "archived_product"


def test_a_sku_that_moves_to_another_product_is_found_there_alone(catalog: Catalog) -> None:
    catalog.keep_listings([listing("1", "P1", 7)])
    catalog.keep_listings([listing("1", "P2", 7)])
    assert catalog.products_selling([7]) == {"P2"}


def test_an_id_that_is_the_beginning_of_another_is_not_taken_for_it(catalog: Catalog) -> None:
    catalog.keep_listings([listing("1", "P1", 7), listing("11", "P11", 7), listing("11", "P1", 7)])
    catalog.forget_skus([listing("1", "P1")])
    assert catalog.products_selling([7]) == {"P1"}
    assert set(catalog.listings()) == {"11"}


def test_products_that_are_listed_no_more_are_forgotten_with_their_skus(catalog: Catalog) -> None:
    catalog.keep_products([listed("P1", "1", "2"), listed("P2", "3")])
    catalog.keep_listings([listing("1", "P1", 7), listing("2", "P1", 8), listing("3", "P2", 7)])
    catalog.set_choices({choice_key(sku_id="1"): Choice(buffer=2)})
    catalog.forget_products(["P1", "unknown"])
    assert (catalog.product_ids(), set(catalog.listings())) == ({"P2"}, {"3"})
    assert (catalog.products_selling([7]), catalog.bound_variants()) == ({"P2"}, {7})
    assert catalog.choices() == {"sku:1": Choice(buffer=2)}  # should the product come back


def test_more_skus_than_one_call_takes_are_all_kept(catalog: Catalog) -> None:
    catalog.keep_listings(listing(str(number), f"P{number}", 7) for number in range(2500))
    assert len(catalog.products_selling([7])) == len(catalog.listings()) == 2500


VARIANTS = st.one_of(st.none(), st.sampled_from([1, 7, 2_147_483_647]))
STEPS = st.tuples(
    st.sampled_from(["keep", "forget_skus", "forget_products"]),
    st.lists(st.tuples(st.sampled_from(["1", "2", "11", "12"]), st.sampled_from(["P1", "P2"]), VARIANTS), max_size=4),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=12))
def test_after_any_history_the_index_says_what_the_listings_say(
    history: list[tuple[str, list[tuple[str, str, int | None]]]],
) -> None:
    catalog = Catalog(fakeredis.FakeRedis(decode_responses=True), SHOP_ID)
    model: dict[str, tuple[str, int | None]] = {}
    for action, entries in history:
        if action == "keep":
            catalog.keep_listings(listing(*entry) for entry in entries)
            model |= {sku_id: (product_id, variant) for sku_id, product_id, variant in entries}
            by_product = {
                product: [one for one, (owner, _) in model.items() if owner == product] for product in ("P1", "P2")
            }
            catalog.keep_products(listed(product, *skus) for product, skus in by_product.items())
        elif action == "forget_skus":
            catalog.forget_skus(listing(*entry) for entry in entries)
            for sku_id, _, _ in entries:
                model.pop(sku_id, None)
        else:
            gone = {product_id for _, product_id, _ in entries}
            catalog.forget_products(gone)
            model = {sku_id: entry for sku_id, entry in model.items() if entry[0] not in gone}
    assert {one: (each.product_id, each.variant_id) for one, each in catalog.listings().items()} == model
    assert catalog.bound_variants() == {variant for _, variant in model.values() if variant is not None}
    for variant in (1, 7, 2_147_483_647):
        assert catalog.products_selling([variant]) == {owner for owner, bound in model.values() if bound == variant}


def test_a_choice_that_is_empty_is_forgotten(catalog: Catalog) -> None:
    catalog.set_choices({"sku:1": Choice(variant_id=7), "sku:2": Choice(buffer=0), "item:P": Choice(maximum=5)})
    catalog.set_choices({"sku:1": Choice(), "sku:3": Choice()})
    assert catalog.choices() == {"item:P": Choice(maximum=5), "sku:2": Choice(buffer=0)}
    assert catalog.choices(["sku:2", "sku:1"]) == {"sku:2": Choice(buffer=0)}


def test_a_choice_keeps_back_no_negative_units() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        Choice(buffer=-1)


def test_a_choice_is_kept_under_its_sku_or_its_item_alone() -> None:
    assert choice_key(sku_id="1", product_id="P") == choice_key(sku_id="1") == "sku:1"
    assert choice_key(product_id="P") == "item:P"


def test_shops_have_nothing_in_common(catalog: Catalog, redis: Any) -> None:
    other = Catalog(redis, "2")
    for each in (catalog, other):
        each.keep_products([listed("P1", "1")])
        each.keep_listings([listing("1", "P1", 7)])
        each.set_choices({"sku:1": Choice(buffer=1)})
        each.note_pulled()
    assert catalog.pulled() is not None
    catalog.drop()
    assert (catalog.product_ids(), catalog.bound_variants(), catalog.pulled()) == (set(), set(), None)
    assert other.products_selling([7]) == {"P1"}
    assert other.choices() == {"sku:1": Choice(buffer=1)}
    assert other.pulled() is not None
    other.drop()
    assert redis.keys("*") == []
