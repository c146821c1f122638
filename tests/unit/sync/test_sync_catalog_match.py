"""Which product variant of Odoo a SKU is: choices beat bindings, bindings beat rules, and nothing is guessed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.builders import SHOP_ID
from tests.unit.sync.stock_bench import Odoo
from worker.errors import OrderError
from worker.odoo.errors import OdooUnavailableError
from worker.odoo.products import ProductMatches
from worker.state.catalog import Catalog, Choice, FoundBy, ListedProduct, ListedSku, Listing, choice_key
from worker.sync.catalog_match import item_choices, match_products, skus_of_orders


@pytest.fixture
def catalog(redis: Any) -> Catalog:
    return Catalog(redis, SHOP_ID)


@pytest.fixture
def odoo() -> Odoo:
    return Odoo()


def product(product_id: str, *skus: ListedSku, title: str = "Dress") -> ListedProduct:
    return ListedProduct(id=product_id, title=title, skus=list(skus) or [ListedSku(id=f"{product_id}1")])


def bind(
    odoo: Odoo, catalog: Catalog, *products: ListedProduct, company_id: int | None = None, settle: bool = True
) -> dict[str, Listing]:
    """Match and keep, as a drain does."""
    listings = match_products(odoo, catalog, products, company_id=company_id, settle=settle)
    if settle:
        catalog.keep_listings(listings)
    return {listing.sku_id: listing for listing in listings}


def one(odoo: Odoo, catalog: Catalog, listed: ListedProduct) -> tuple[int | None, str]:
    """The variant of a product's only SKU, and how it was found or why not."""
    (listing,) = bind(odoo, catalog, listed).values()
    return listing.variant_id, listing.found_by or listing.code


@pytest.mark.parametrize(
    ("fields", "found_by"),
    [
        ({"code": "A"}, "seller_sku"),
        ({"code": "11"}, "sku_id"),
        ({"code": "1"}, "item_id"),
        ({"barcode": "4006381333931"}, "barcode"),
        ({"barcode": "A"}, "barcode"),
    ],
)
def test_each_rule_finds_a_product_and_says_so(
    odoo: Odoo, catalog: Catalog, fields: dict[str, Any], found_by: str
) -> None:
    odoo.product(7, **fields)
    sku = ListedSku(id="11", seller_sku="A", barcode="4006381333931")
    assert one(odoo, catalog, product("1", sku)) == (7, found_by)


def test_a_listing_tells_what_people_need_to_know_the_sku_by(odoo: Odoo, catalog: Catalog) -> None:
    (listing,) = bind(odoo, catalog, product("1", ListedSku(id="11", seller_sku="A"), title="Summer dress")).values()
    assert (listing.product_id, listing.seller_sku, listing.title) == ("1", "A", "Summer dress")
    assert (listing.variant_id, listing.found_by, listing.code) == (None, "", "unknown_sku")
    assert "SKU A (SKU ID 11, Item ID 1)" in listing.message
    assert "Internal Reference" in listing.remedy


def test_a_product_with_several_skus_is_not_matched_by_its_item_id(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(7, "1")
    found = bind(odoo, catalog, product("1", ListedSku(id="11"), ListedSku(id="12")))
    assert [listing.code for listing in found.values()] == ["unknown_sku", "unknown_sku"]


def test_two_products_with_a_reference_are_reported_and_not_chosen_between(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(7, "A")
    odoo.product(8, "A")
    assert one(odoo, catalog, product("1", ListedSku(id="11", seller_sku="A"))) == (None, "ambiguous_sku")


def test_an_archived_product_is_reported(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(7, "A", active=False)
    assert one(odoo, catalog, product("1", ListedSku(id="11", seller_sku="A"))) == (None, "archived_product")


def test_one_sku_in_trouble_does_not_stop_the_others(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(7, "A")
    odoo.product(8, "A")
    odoo.product(9, "B")
    products = [product(str(number), ListedSku(id=f"{number}1", seller_sku=code)) for number, code in enumerate("AXB")]
    found = bind(odoo, catalog, *products)
    assert [found[f"{number}1"].code for number in range(3)] == ["ambiguous_sku", "unknown_sku", ""]
    assert found["21"].variant_id == 9


def test_odoo_is_read_once_for_any_number_of_products(odoo: Odoo, catalog: Catalog) -> None:
    bind(odoo, catalog, *(product(str(number)) for number in range(50)))
    assert len(odoo.calls) == 1


def test_the_shops_company_alone_is_looked_in(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(7, "A", company_id=2)
    listed = product("1", ListedSku(id="11", seller_sku="A"))
    assert bind(odoo, catalog, listed, company_id=1)["11"].code == "unknown_sku"
    assert bind(odoo, catalog, listed, company_id=2)["11"].variant_id == 7


def test_an_odoo_that_is_away_binds_and_changes_nothing(odoo: Odoo, catalog: Catalog) -> None:
    odoo.error = OdooUnavailableError("Away.")
    with pytest.raises(OdooUnavailableError):
        bind(odoo, catalog, product("1"))


# Bindings


def test_what_is_bound_stays_bound_though_its_references_change(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(7, "A")
    listed = product("1", ListedSku(id="11", seller_sku="A"))
    bind(odoo, catalog, listed)
    odoo.product(7, "RENAMED")
    odoo.product(8, "A")
    renamed = product("1", ListedSku(id="11", seller_sku="Z"))
    assert one(odoo, catalog, listed) == (7, "seller_sku")
    assert one(odoo, catalog, renamed) == (7, "seller_sku")


@pytest.mark.parametrize("found_by", ["seller_sku", "sku_id", "item_id", "barcode", "created"])
def test_how_it_was_bound_is_remembered(odoo: Odoo, catalog: Catalog, found_by: FoundBy) -> None:
    odoo.product(7)
    catalog.keep_listings([Listing(sku_id="11", product_id="1", variant_id=7, found_by=found_by)])
    assert one(odoo, catalog, product("1")) == (7, found_by)


def test_a_bound_product_that_is_archived_is_reported_and_the_one_in_its_place_is_taken(
    odoo: Odoo, catalog: Catalog
) -> None:
    odoo.product(7, "A")
    listed = product("1", ListedSku(id="11", seller_sku="A"))
    bind(odoo, catalog, listed)
    odoo.product(7, "A", active=False)
    assert one(odoo, catalog, listed) == (None, "archived_product")
    odoo.product(8, "A")
    assert one(odoo, catalog, listed) == (8, "seller_sku")


# Choices


def test_a_choice_beats_rules_and_bindings(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(7, "A")
    odoo.product(8, "OTHER")
    listed = product("1", ListedSku(id="11", seller_sku="A"))
    assert one(odoo, catalog, listed) == (7, "seller_sku")
    catalog.set_choices({choice_key(sku_id="11"): Choice(variant_id=8)})
    assert one(odoo, catalog, listed) == (8, "choice")
    assert one(odoo, catalog, listed) == (8, "choice")


def test_a_choice_settles_what_is_ambiguous(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(7, "A")
    odoo.product(8, "A")
    catalog.set_choices({choice_key(sku_id="11"): Choice(variant_id=8)})
    assert one(odoo, catalog, product("1", ListedSku(id="11", seller_sku="A"))) == (8, "choice")


def test_a_choice_that_is_taken_back_leaves_the_sku_to_the_rules(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(7, "A")
    odoo.product(8)
    listed = product("1", ListedSku(id="11", seller_sku="A"))
    catalog.set_choices({choice_key(sku_id="11"): Choice(variant_id=8)})
    bind(odoo, catalog, listed)
    catalog.set_choices({choice_key(sku_id="11"): Choice()})
    assert one(odoo, catalog, listed) == (7, "seller_sku")


def test_a_choice_of_units_alone_leaves_the_product_to_the_rules(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(7, "A")
    catalog.set_choices({choice_key(sku_id="11"): Choice(buffer=3)})
    assert one(odoo, catalog, product("1", ListedSku(id="11", seller_sku="A"))) == (7, "seller_sku")


def test_a_chosen_product_that_is_archived_is_reported_and_never_replaced(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(7, "A")
    odoo.product(8, active=False)
    catalog.set_choices({choice_key(sku_id="11"): Choice(variant_id=8)})
    assert one(odoo, catalog, product("1", ListedSku(id="11", seller_sku="A"))) == (None, "chosen_product_gone")


@pytest.mark.parametrize("archived", [True, False])
def test_a_chosen_product_that_is_gone_is_reported_as_such_where_no_rule_fits(
    odoo: Odoo, catalog: Catalog, archived: bool
) -> None:
    if archived:
        odoo.product(8, active=False)
    catalog.set_choices({choice_key(sku_id="11"): Choice(variant_id=8)})
    assert one(odoo, catalog, product("1", ListedSku(id="11", seller_sku="A"))) == (None, "chosen_product_gone")


def test_a_choice_for_an_item_gets_its_sku_id(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(8)
    choice = Choice(variant_id=8, buffer=2)
    catalog.set_choices({choice_key(product_id="1"): choice})
    assert one(odoo, catalog, product("1")) == (8, "choice")
    assert catalog.choices() == {choice_key(sku_id="11"): choice}


def test_a_choice_for_an_item_with_several_skus_waits(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(8)
    choice = {choice_key(product_id="1"): Choice(variant_id=8)}
    catalog.set_choices(choice)
    found = bind(odoo, catalog, product("1", ListedSku(id="11"), ListedSku(id="12")))
    assert [listing.variant_id for listing in found.values()] == [None, None]
    assert catalog.choices() == choice


def test_a_choice_for_the_sku_is_newer_than_one_for_its_item(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(8)
    odoo.product(9)
    by_sku = {choice_key(sku_id="11"): Choice(variant_id=9)}
    catalog.set_choices({choice_key(product_id="1"): Choice(variant_id=8), **by_sku})
    assert one(odoo, catalog, product("1")) == (9, "choice")
    assert catalog.choices() == by_sku


def test_a_trial_says_what_a_choice_would_do_and_keeps_it_as_it_is(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(8)
    choice = {choice_key(product_id="1"): Choice(variant_id=8)}
    catalog.set_choices(choice)
    assert bind(odoo, catalog, product("1"), settle=False)["11"].variant_id == 8
    assert catalog.choices() == choice
    assert catalog.listings() == {}


def test_choices_for_other_products_are_left_alone(catalog: Catalog) -> None:
    choices = {choice_key(product_id="2"): Choice(variant_id=8), choice_key(sku_id="31"): Choice(buffer=1)}
    catalog.set_choices(choices)
    assert item_choices(catalog, [product("1")], settle=True) == {}
    assert catalog.choices() == choices


# Orders


def asked(
    catalog: Catalog, sku_id: str = "11", seller_sku: str = "A", product_id: str = "1"
) -> tuple[int | None, bool]:
    sku = skus_of_orders(catalog, {sku_id: (seller_sku, product_id)})[sku_id]
    assert (sku.sku_id, sku.seller_sku, sku.product_id) == (sku_id, seller_sku, product_id)
    return sku.variant_id, sku.alone


def test_an_order_is_told_what_the_catalogue_knows(catalog: Catalog) -> None:
    catalog.keep_products([product("1"), product("2", ListedSku(id="21"), ListedSku(id="22"))])
    catalog.keep_listings([Listing(sku_id="11", product_id="1", variant_id=7, found_by="seller_sku")])
    assert asked(catalog) == (7, True)
    assert asked(catalog, "21", "B", "2") == (None, False)
    assert asked(catalog, "99", "C", "9") == (None, True)  # TikTok's product is not known yet
    assert skus_of_orders(catalog, {}) == {}


def test_an_order_goes_by_a_choice_before_the_catalogue_has_been_bound_by_it(catalog: Catalog) -> None:
    catalog.keep_listings([Listing(sku_id="11", product_id="1", variant_id=7, found_by="seller_sku")])
    catalog.set_choices({choice_key(sku_id="11"): Choice(variant_id=8)})
    assert asked(catalog)[0] == 8


def test_an_order_goes_no_more_by_a_choice_that_was_taken_back(catalog: Catalog) -> None:
    catalog.keep_listings([Listing(sku_id="11", product_id="1", variant_id=8, found_by="choice")])
    assert asked(catalog)[0] is None


def test_an_order_goes_by_a_choice_for_its_item_that_no_pull_has_come_by_yet(catalog: Catalog) -> None:
    catalog.keep_products([product("1")])
    catalog.set_choices({choice_key(product_id="1"): Choice(variant_id=8)})
    assert asked(catalog)[0] == 8


def test_an_order_is_not_given_another_product_than_the_chosen_one(odoo: Odoo, catalog: Catalog) -> None:
    odoo.product(7, "A")
    odoo.product(8, active=False)
    catalog.set_choices({choice_key(sku_id="11"): Choice(variant_id=8)})
    sku = skus_of_orders(catalog, {"11": ("A", "1")})["11"]
    with pytest.raises(OrderError) as refused:
        ProductMatches(odoo, [sku]).match(sku)
    assert refused.value.code == "chosen_product_gone"
