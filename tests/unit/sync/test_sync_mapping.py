"""The mapping as a spreadsheet: what is exported, what an edited file changes, and what is refused."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.builders import SHOP_ID, make_shop
from tests.unit.odoo.odoo_stubs import Call, Gateway
from worker.errors import ConfigurationError
from worker.state.catalog import Catalog, Choice, ListedProduct, ListedSku, Listing, choice_key
from worker.state.shops import Shop
from worker.sync.mapping import export_rows, listed_skus
from worker.sync.mapping_file import COLUMNS, read_sheet, write_sheet
from worker.sync.mapping_import import Plan, apply_import, check_import, choose, variant_for
from worker.sync.runtime import Runtime

ONE, SKU = "1729592969712207008", "1729592969712207123"
TWO, RED, BLUE = "1729592969712207555", "1729592969712207556", "1729592969712207557"
NEW = "1729592969712999999"


@dataclass
class OdooWithProducts(Gateway):
    """Answers for product variants: id → (reference, name, active, company)."""

    def __post_init__(self) -> None:
        self.variants: dict[int, tuple[str, str, bool, int | None]] = {
            11: ("A", "Crochet Dress", True, None),
            12: ("B", "Shirt (Red)", True, None),
            13: ("OLD", "Former Shirt", False, None),
            14: ("TWICE", "Chair", True, None),
            15: ("TWICE", "Other chair", True, None),
            16: ("OTHER", "Of another company", True, 9),
            17: ("-5", "Begins like a formula", True, 1),
        }
        self.answers["product.product.search_read"] = self._read

    def _read(self, call: Call) -> list[dict[str, Any]]:
        domain = call.arguments["domain"]
        asked = {name: value for name, operator, value in (each for each in domain if each != "|") if operator == "in"}
        records = []
        for one, (reference, name, active, company) in self.variants.items():
            if "id" in asked and one not in asked["id"] and reference not in asked["default_code"]:
                continue
            found = {"id": one, "default_code": reference or False, "display_name": name, "active": active}
            records.append({**found, "barcode": False, "company_id": [company, "C"] if company else False})
        return records


@pytest.fixture
def odoo(runtime: Runtime) -> OdooWithProducts:
    made = OdooWithProducts()
    runtime.__dict__["odoo"] = made
    return made


@pytest.fixture
def shop(runtime: Runtime, odoo: OdooWithProducts) -> Shop:
    """A shop that lists one product with one SKU, bound by a rule, and one with two, of which one is bound."""
    shop = runtime.shops.claim(make_shop())
    known = runtime.catalog(SHOP_ID)
    known.keep_products(
        [
            ListedProduct(id=ONE, title="Crochet dress", skus=[ListedSku(id=SKU, seller_sku="A")]),
            ListedProduct(id=TWO, title="=Shirt", skus=[ListedSku(id=RED, seller_sku="S-RED"), ListedSku(id=BLUE)]),
        ]
    )
    known.keep_listings(
        [
            Listing(
                sku_id=SKU, product_id=ONE, seller_sku="A", title="Crochet dress", variant_id=11, found_by="seller_sku"
            ),
            Listing(sku_id=RED, product_id=TWO, seller_sku="S-RED", title="=Shirt", variant_id=12, found_by="sku_id"),
            Listing(
                sku_id=BLUE, product_id=TWO, title="=Shirt", code="unknown_sku", message="No product.", remedy="Map it."
            ),
        ]
    )
    return shop


@pytest.fixture
def known(runtime: Runtime, shop: Shop) -> Catalog:
    return runtime.catalog(shop.id)


@pytest.fixture
def check(runtime: Runtime, shop: Shop, tmp_path: Path) -> Callable[..., Plan]:
    """Checks rows of a CSV file whose header is given with spaces between its names."""

    def check(header: Sequence[str], *rows: Sequence[str], shop_id: str | None = None) -> Plan:
        path = tmp_path / "mapping.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return check_import(runtime, read_sheet(path), shop_id)

    return check


USUAL = ("Item ID", "SKU ID", "Seller SKU", "Internal Reference", "Odoo ID", "Buffer", "Maximum")


def refusal(plan: Plan) -> str:
    """The one refusal of a plan that changes nothing."""
    (one,) = plan.refusals
    return str(one)


def due(runtime: Runtime, shop_id: str = SHOP_ID) -> dict[str, bool]:
    """Products that are due, and whether each is to be asked of TikTok."""
    claim = runtime.product_queue(shop_id).claim(50, 60)
    return {one: one in claim.forced for one in claim.ids}


def exported(runtime: Runtime) -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in export_rows(runtime, runtime.shops.all())]


def test_every_listed_sku_is_exported_with_how_it_is_mapped_or_why_not(runtime: Runtime, known: Catalog) -> None:
    known.set_choices({choice_key(sku_id=SKU): Choice(buffer=2)})
    dress, red, blue = exported(runtime)
    assert dress == {
        **{"Shop ID": SHOP_ID, "Item ID": ONE, "SKU ID": SKU, "Seller SKU": "A", "Product Name": "Crochet dress"},
        **{"Internal Reference": "A", "Odoo ID": 11, "Odoo Product": "Crochet Dress", "Buffer": 2, "Maximum": ""},
        **{"Mapping": "by seller SKU", "Problem": "", "Candidates": ""},
    }
    assert (red["Internal Reference"], red["Mapping"]) == ("B", "by SKU ID")
    assert (blue["Internal Reference"], blue["Odoo ID"], blue["Mapping"]) == ("", "", "not mapped")
    assert blue["Problem"] == "No product. Map it."
    assert "B Shirt (Red)" in blue["Candidates"]


def test_a_choice_is_exported_before_a_worker_has_bound_it(runtime: Runtime, known: Catalog) -> None:
    known.set_choices({choice_key(sku_id=SKU): Choice(variant_id=12)})
    dress, *_ = exported(runtime)
    assert (dress["Internal Reference"], dress["Odoo ID"], dress["Mapping"]) == ("B", 12, "chosen")


def test_choices_for_what_is_not_listed_are_exported_too(runtime: Runtime, known: Catalog) -> None:
    known.set_choices(
        {
            choice_key(product_id=NEW): Choice(variant_id=11),
            choice_key(sku_id="17"): Choice(maximum=5),
            choice_key(product_id=TWO): Choice(variant_id=12),
        }
    )
    _, _, _, *rows = exported(runtime)
    found = {(row["Item ID"], row["SKU ID"]): row for row in rows}
    assert set(found) == {(NEW, ""), ("", "17"), (TWO, "")}
    assert found[NEW, ""]["Internal Reference"] == "A"
    assert "not pulled yet" in found[NEW, ""]["Problem"]
    assert "several SKUs" in found[TWO, ""]["Problem"]


def test_what_no_worker_has_looked_at_is_listed_as_well(known: Catalog) -> None:
    known.keep_products([ListedProduct(id=NEW, title="Chair", skus=[ListedSku(id="99", seller_sku="C")])])
    (fresh,) = [listing for listing in listed_skus(known) if listing.sku_id == "99"]
    assert (fresh.code, fresh.title, fresh.seller_sku) == ("not_matched_yet", "Chair", "C")


def test_names_are_read_a_thousand_at_a_time_and_products_once(
    runtime: Runtime, odoo: OdooWithProducts, known: Catalog
) -> None:
    listings = [Listing(sku_id=str(n), product_id=ONE, variant_id=n, found_by="created") for n in range(100, 1600)]
    known.keep_listings(listings)
    assert len(exported(runtime)) == 1503
    assert len(odoo.calls) == 3


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_an_export_that_is_imported_again_changes_nothing(
    runtime: Runtime, odoo: OdooWithProducts, known: Catalog, tmp_path: Path, suffix: str
) -> None:
    """Whatever is odd about what is mapped now: archived, deleted, a reference that two products have."""
    odoo.variants[18] = ("", "Without reference", True, None)
    odoo.variants[19] = ("=1", "Like a formula", True, None)
    choices = {
        choice_key(sku_id=SKU): Choice(buffer=0, maximum=3),
        choice_key(sku_id=RED): Choice(variant_id=13),
        choice_key(sku_id=BLUE): Choice(variant_id=15, buffer=1),
        choice_key(product_id=NEW): Choice(variant_id=18),
        choice_key(product_id=TWO): Choice(variant_id=17),
        choice_key(sku_id="17"): Choice(variant_id=404),
        choice_key(sku_id="18"): Choice(variant_id=19),
    }
    known.set_choices(choices)
    file, again = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    write_sheet(file, export_rows(runtime, runtime.shops.all()))
    plan = check_import(runtime, read_sheet(file))
    assert (plan.refusals, plan.changes, plan.unchanged) == ([], [], 7)
    assert (plan.waiting, plan.unlisted) == (2, 2)
    assert apply_import(runtime, plan) == []
    assert known.choices() == choices
    assert due(runtime) == {}
    write_sheet(again, export_rows(runtime, runtime.shops.all()))
    assert [row.cells for row in read_sheet(again).rows] == [row.cells for row in read_sheet(file).rows]


def test_a_reference_becomes_a_choice_and_the_product_due(
    runtime: Runtime, known: Catalog, check: Callable[..., Plan]
) -> None:
    plan = check(USUAL, [TWO, BLUE, "", "A", "", "3", "9"])
    assert apply_import(runtime, plan) == [SHOP_ID]
    assert known.choices() == {choice_key(sku_id=BLUE): Choice(variant_id=11, buffer=3, maximum=9)}
    assert due(runtime) == {TWO: False}


def test_what_a_rule_has_bound_becomes_no_choice_when_the_file_says_the_same(check: Callable[..., Plan]) -> None:
    plan = check(USUAL, [ONE, SKU, "", "A", "", "", ""], [TWO, RED, "", "", "12", "", ""], [TWO, BLUE, *[""] * 5])
    assert (plan.changes, plan.unchanged, plan.refusals) == ([], 3, [])


def test_only_the_number_that_differs_is_chosen(runtime: Runtime, known: Catalog, check: Callable[..., Plan]) -> None:
    apply_import(runtime, check(USUAL, [ONE, SKU, "", "A", "11", "0", ""]))
    assert known.choices() == {choice_key(sku_id=SKU): Choice(buffer=0)}


def test_an_empty_product_takes_the_choice_back(runtime: Runtime, known: Catalog, check: Callable[..., Plan]) -> None:
    known.set_choices({choice_key(sku_id=SKU): Choice(variant_id=12, buffer=4)})
    apply_import(runtime, check(USUAL, [ONE, SKU, "", "", "", "4", ""]))
    assert known.choices() == {choice_key(sku_id=SKU): Choice(buffer=4)}


def test_a_choice_that_was_taken_back_can_be_made_again_before_a_worker_has_come_by(
    known: Catalog, check: Callable[..., Plan]
) -> None:
    known.keep_listings([Listing(sku_id=SKU, product_id=ONE, variant_id=12, found_by="choice")])
    (change,) = check(USUAL, [ONE, SKU, "", "B", "", "", ""]).changes
    assert change.after == Choice(variant_id=12)


def test_columns_that_a_file_does_not_have_change_nothing(known: Catalog, check: Callable[..., Plan]) -> None:
    known.set_choices({choice_key(sku_id=SKU): Choice(variant_id=12, buffer=4, maximum=8)})
    (change,) = check(("SKU ID", "Buffer"), [SKU, "5"]).changes
    assert change.after == Choice(variant_id=12, buffer=5, maximum=8)
    (change,) = check(("SKU ID", "Internal Reference"), [SKU, "A"]).changes
    assert change.after == Choice(variant_id=11, buffer=4, maximum=8)


def test_an_item_id_alone_is_enough_where_one_sku_can_be_meant(known: Catalog, check: Callable[..., Plan]) -> None:
    (change,) = check(("Item ID", "Internal Reference"), [ONE, "B"]).changes
    assert change.key == choice_key(sku_id=SKU)
    (change,) = check(("Item ID", "Seller SKU", "Internal Reference"), [TWO, "S-RED", "A"]).changes
    assert change.key == choice_key(sku_id=RED)


def test_an_item_id_alone_of_several_skus_is_refused(check: Callable[..., Plan]) -> None:
    plan = check(("Item ID", "SKU ID", "Seller SKU", "Internal Reference"), [TWO, "", "S-GREEN", "A"])
    assert refusal(plan).startswith("Row 2, SKU ID: The product has several SKUs: fill in the SKU ID")


def test_an_item_that_is_not_listed_yet_waits_for_its_sku_id(
    runtime: Runtime, known: Catalog, check: Callable[..., Plan]
) -> None:
    plan = check(
        USUAL, [NEW, "", "", "B", "", "", ""], ["", "17", "", "A", "", "", ""], [NEW, "18", "", "A", *[""] * 3]
    )
    assert (plan.waiting, plan.unlisted) == (1, 2)
    apply_import(runtime, plan)
    assert known.choices()[choice_key(product_id=NEW)] == Choice(variant_id=12)
    assert due(runtime) == {NEW: True}


def test_a_choice_for_a_sku_replaces_that_for_its_item_id(
    runtime: Runtime, known: Catalog, check: Callable[..., Plan]
) -> None:
    """A worker would move the older one to the SKU otherwise, over the newer."""
    known.set_choices({choice_key(product_id=ONE): Choice(variant_id=13), choice_key(product_id=NEW): Choice(buffer=1)})
    apply_import(runtime, check(USUAL, [ONE, SKU, "", "B", "", "", ""], [NEW, "17", "", "A", "", "", ""]))
    assert known.choices() == {
        choice_key(sku_id=SKU): Choice(variant_id=12),
        choice_key(sku_id="17"): Choice(variant_id=11),
    }


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ([ONE, SKU, "", "NONE", "", "", ""], "Internal Reference: No Odoo product has the Internal Reference NONE"),
        ([ONE, SKU, "", "OLD", "", "", ""], "Internal Reference: The Odoo product OLD (13) is archived"),
        ([ONE, SKU, "", "TWICE", "", "", ""], "2 Odoo products have the Internal Reference TWICE"),
        ([ONE, SKU, "", "", "13", "", ""], "Odoo ID: The Odoo product OLD (13) is archived"),
        ([ONE, SKU, "", "", "404", "", ""], "Odoo ID: Odoo has no product variant with the ID 404"),
        ([ONE, SKU, "", "", "99999999999", "", ""], "Odoo ID: '99999999999' is not a whole number"),
        ([ONE, SKU, "", "B", "11", "", ""], "In Odoo, 11 has the Internal Reference A and not B"),
        ([ONE, SKU, "", "A", "", "-1", ""], "Buffer: '-1' is not a whole number from 0"),
        ([ONE, SKU, "", "A", "", "", "1.5"], "Maximum: '1.5' is not a whole number from 0"),
        ([ONE, SKU, "", "A", "", "", "1,000"], "Maximum: '1,000' is not a whole number from 0"),
        (["12a", "", "", "A", "", "", ""], "Item ID: '12a' is not an id of TikTok's"),
        (["", "", "", "A", "", "", ""], "Item ID: Fill in the Item ID or the SKU ID"),
        ([TWO, SKU, "", "A", "", "", ""], f"Item ID: The SKU belongs to Item ID {ONE}"),
        (
            ["1.72959E+18", "", "", "A", "", "", ""],
            "Item ID: The spreadsheet rounded this id; format the column",
        ),
        (["1729592969712200000", "", "", "A", "", "", ""], "Item ID: The spreadsheet rounded this id"),
        ([ONE, "1729592969712200000", "", "A", "", "", ""], "SKU ID: The spreadsheet rounded this id"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_line_and_column(
    runtime: Runtime, known: Catalog, check: Callable[..., Plan], row: list[str], told: str
) -> None:
    plan = check(USUAL, [TWO, BLUE, "", "A", "", "", ""], row)
    assert refusal(plan).startswith("Row 3, ")
    assert told in refusal(plan)
    with pytest.raises(ConfigurationError, match="1 rows are refused"):
        apply_import(runtime, plan)
    assert known.choices() == {}
    assert due(runtime) == {}


def test_all_refusals_are_told(check: Callable[..., Plan]) -> None:
    rows = [[ONE, "", "", "X", "", "", ""], ["?", *[""] * 6], [TWO, RED, "", "A", "", "x", ""]]
    plan = check(USUAL, *rows)
    assert sorted(each.line for each in plan.refusals) == [2, 3, 4]


def test_an_id_that_ends_in_zeros_is_good_when_it_is_listed(known: Catalog, check: Callable[..., Plan]) -> None:
    known.keep_products([ListedProduct(id="1729592969712200000", skus=[ListedSku(id="17")])])
    assert check(USUAL, ["1729592969712200000", "", "", "A", "", "", ""]).refusals == []


def test_rows_for_one_sku_may_repeat_and_not_contradict(check: Callable[..., Plan]) -> None:
    plan = check(USUAL, [ONE, SKU, "", "B", "", "", ""], [ONE, "", "", "B", "", "", ""])
    assert (len(plan.changes), plan.refusals) == (1, [])
    plan = check(USUAL, [ONE, SKU, "", "B", "", "", ""], [ONE, "", "", "A", "", "", ""])
    assert refusal(plan) == "Row 3, Item ID: The row contradicts row 2, which is for the same SKU."


def test_odoo_id_chooses_where_two_products_have_the_reference(check: Callable[..., Plan]) -> None:
    (change,) = check(USUAL, [ONE, SKU, "", "TWICE", "15", "", ""]).changes
    assert change.after.variant_id == 15


def test_products_of_another_company_are_refused(runtime: Runtime, shop: Shop, check: Callable[..., Plan]) -> None:
    runtime.shops.save(shop.model_copy(update={"settings": shop.settings.model_copy(update={"company_id": 1})}))
    assert "of another company" in refusal(check(USUAL, [ONE, SKU, "", "OTHER", "", "", ""]))
    assert "of another company" in refusal(check(USUAL, [ONE, SKU, "", "", "16", "", ""]))
    assert check(USUAL, [ONE, SKU, "", "-5", "", "", ""]).refusals == []


HEADER = ("Shop ID", "SKU ID", "Internal Reference")


def test_the_shop_is_that_of_the_row_or_of_the_option_or_the_only_one(
    runtime: Runtime, check: Callable[..., Plan]
) -> None:
    runtime.shops.claim(make_shop("2"))
    plan = check(HEADER, [SHOP_ID, SKU, "B"], ["2", SKU, "B"])
    assert [change.shop_id for change in plan.changes] == [SHOP_ID, "2"]
    assert apply_import(runtime, plan) == ["2", SHOP_ID]
    assert runtime.catalog("2").choices() == {choice_key(sku_id=SKU): Choice(variant_id=12)}
    assert "There are several shops" in refusal(check(HEADER, ["", SKU, "B"]))
    assert "There is no shop 3" in refusal(check(HEADER, ["3", SKU, "B"]))
    assert check(HEADER, ["", RED, "A"], shop_id="2").changes[0].shop_id == "2"
    assert "The row is for shop 2" in refusal(check(HEADER, ["2", SKU, "B"], shop_id=SHOP_ID))
    with pytest.raises(ConfigurationError, match="no shop '3'"):
        check(HEADER, ["", SKU, "B"], shop_id="3")


SELLER_CENTER = ("product_id", "sku_id", "variation_value", "seller_sku")


def test_in_seller_centers_file_the_seller_sku_is_the_internal_reference(
    runtime: Runtime, known: Catalog, check: Callable[..., Plan]
) -> None:
    instructions = ["V4", "Sales_Information", "metric", ""]
    apply_import(runtime, check(SELLER_CENTER, instructions, [ONE, SKU, "", "A"], [TWO, BLUE, "Blue", "B"]))
    assert known.choices() == {choice_key(sku_id=BLUE): Choice(variant_id=12)}
    assert refusal(check(SELLER_CENTER, instructions, [ONE, SKU, "", "X"])).startswith("Row 3, seller_sku: No Odoo")


def test_seller_centers_empty_seller_skus_take_no_choice_back(known: Catalog, check: Callable[..., Plan]) -> None:
    """In most shops the column is empty altogether."""
    known.set_choices({choice_key(sku_id=BLUE): Choice(variant_id=12)})
    plan = check(SELLER_CENTER, [TWO, BLUE, "Blue", ""])
    assert (plan.changes, plan.unchanged) == ([], 1)


def test_odoo_is_asked_once_for_a_thousand_rows(odoo: OdooWithProducts, check: Callable[..., Plan]) -> None:
    rows = [("", str(10_000 + n), "A" if n % 2 else "B") for n in range(1500)]
    plan = check(HEADER, *rows)
    assert len(plan.changes) == 1500
    assert len(odoo.calls) == 1  # the second thousand names nothing new


def test_one_sku_is_chosen_by_hand(runtime: Runtime, shop: Shop, known: Catalog) -> None:
    known.set_choices({choice_key(product_id=ONE): Choice(variant_id=13, buffer=2)})
    assert variant_for(runtime, shop, "B").id == 12
    listing = choose(runtime, shop, SKU, 12)
    assert listing is not None
    assert known.choices() == {choice_key(sku_id=SKU): Choice(variant_id=12, buffer=2)}
    assert due(runtime) == {ONE: False}
    choose(runtime, shop, SKU, None)
    assert known.choices() == {choice_key(sku_id=SKU): Choice(buffer=2)}
    assert choose(runtime, shop, "404", 12) is None
    with pytest.raises(ConfigurationError, match="2 Odoo products"):
        variant_for(runtime, shop, "TWICE")
