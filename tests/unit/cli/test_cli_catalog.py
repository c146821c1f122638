"""``tiktok-odoo catalog``: what operators read, and how each command ends."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from cli_stubs import Messages, Run, document

from tests.unit.builders import SHOP_ID, make_shop
from tests.unit.odoo.odoo_stubs import Call, Gateway
from worker.state.audit import Audit
from worker.state.catalog import Catalog, Choice, ListedProduct, ListedSku, Listing, choice_key
from worker.state.dirty_set import Parked
from worker.state.inbox import trigger_arrived
from worker.state.orders import SoldUnits
from worker.sync.runtime import Runtime

ITEM, SKU, OTHER = "1729592969712207008", "1729592969712207123", "1729592969712207124"
#: That the shop's due products are to be looked at.
DRAIN = ("catalog.drain", SHOP_ID)

VARIANTS = {11: ("A", "Crochet Dress", True), 12: ("B", "Shirt", True), 13: ("OLD", "Former Shirt", False)}


def variants(call: Call) -> list[dict[str, Any]]:
    """Odoo's product variants that are asked for."""
    domain = call.arguments["domain"]
    asked = {name: value for name, operator, value in (each for each in domain if each != "|") if operator == "in"}
    return [
        {"id": one, "default_code": code, "display_name": name, "active": on, "company_id": False, "barcode": False}
        for one, (code, name, on) in VARIANTS.items()
        if (one in asked["id"] or code in asked["default_code"] if "id" in asked else on)
    ]


@pytest.fixture(autouse=True)
def listed(runtime: Runtime, shop: None, sent: Messages) -> None:
    """The shop lists one product of two SKUs, of which one is mapped."""
    runtime.__dict__["odoo"] = Gateway({"product.product.search_read": variants})
    skus = [ListedSku(id=SKU, seller_sku="A"), ListedSku(id=OTHER)]
    catalog = runtime.catalog(SHOP_ID)
    catalog.keep_products([ListedProduct(id=ITEM, title="Summer shirt", skus=skus)])
    catalog.keep_listings(
        [
            Listing(sku_id=SKU, product_id=ITEM, title="Summer shirt", variant_id=11, found_by="seller_sku"),
            Listing(
                sku_id=OTHER,
                product_id=ITEM,
                title="Summer shirt",
                code="unknown_sku",
                message="Nothing matches.",
                remedy="Map it.",
            ),
        ]
    )


@pytest.fixture
def catalog(runtime: Runtime) -> Catalog:
    return runtime.catalog(SHOP_ID)


def write(*rows: tuple[str, ...]) -> str:
    """A file with these rows below the usual header."""
    with Path("mapping.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("Item ID", "SKU ID", "Internal Reference", "Buffer"), *rows])
    return "mapping.csv"


def test_each_shop_is_shown_with_its_numbers(run: Run, runtime: Runtime, catalog: Catalog) -> None:
    runtime.shops.claim(make_shop("2"))
    catalog.set_choices({choice_key(sku_id=SKU): Choice(buffer=1)})
    catalog.note_pulled()
    ended = run("catalog", "list", "--json")
    empty, full = document(ended)
    assert (empty["shop"], empty["skus"], empty["last_pull_utc"]) == ("2", 0, None)
    counts = {name: full[name] for name in ("products", "skus", "mapped", "not_mapped", "choices")}
    assert counts == {"products": 1, "skus": 2, "mapped": 1, "not_mapped": 1, "choices": 1}
    assert full["last_pull_utc"]
    assert len(document(run("catalog", "list", "--shop", SHOP_ID, "--json"))) == 1


def test_an_unmapped_sku_is_shown_with_its_reason_and_what_it_may_be(run: Run) -> None:
    (row,) = document(run("catalog", "unmapped", "--json"))
    assert (row["item"], row["sku"], row["code"], row["reason"]) == (ITEM, OTHER, "unknown_sku", "Nothing matches.")
    assert row["remedy"] == "Map it."
    assert [each["odoo_id"] for each in row["candidates"]] == [12]
    assert "B Shirt (" in run("catalog", "unmapped").out


def test_when_all_is_mapped_odoo_is_not_asked(run: Run, runtime: Runtime, catalog: Catalog) -> None:
    catalog.keep_listings([Listing(sku_id=OTHER, product_id=ITEM, variant_id=12, found_by="choice")])
    assert run("catalog", "unmapped").out == "Every listed SKU is mapped.\n"
    assert runtime.odoo.calls == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["mapping.csv", "mapping.XLSX"])
def test_an_export_goes_round(run: Run, catalog: Catalog, sent: Messages, name: str) -> None:
    assert run("catalog", "export", name).out == f"2 SKUs are written to {name}.\n"
    assert run("catalog", "import", name).out == "0 changed, 2 unchanged.\n"
    assert catalog.choices() == {}
    assert sent == []


def test_an_export_overwrites_only_by_force(run: Run) -> None:
    Path("mapping.csv").write_text("mine")
    ended = run("catalog", "export", "mapping.csv")
    assert (ended.code, ended.err) == (1, "Error: mapping.csv is there already. Add --force to overwrite it.\n")
    assert Path("mapping.csv").read_text() == "mine"
    assert run("catalog", "export", "mapping.csv", "--force").code == 0


def test_an_export_that_cannot_be_written_is_one_line(run: Run) -> None:
    assert "neither CSV nor XLSX" in run("catalog", "export", "mapping.txt").err
    ended = run("catalog", "export", "nowhere/mapping.csv")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "No such file or directory" in ended.err


def test_an_import_changes_choices_and_tells_a_worker(
    run: Run, runtime: Runtime, catalog: Catalog, sent: Messages
) -> None:
    ended = run(
        "catalog",
        "import",
        write((ITEM, OTHER, "B", "2"), (ITEM, SKU, "A", ""), ("99", "", "A", ""), ("", "17", "A", "")),
    )
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("3 changed, 1 unchanged.\n1 wait for their SKU ID")
    assert "1 are not listed" in ended.out
    assert catalog.choices()[choice_key(sku_id=OTHER)] == Choice(variant_id=12, buffer=2)
    assert sent == [DRAIN]
    assert runtime.product_queue(SHOP_ID).open_count() == 2


def test_a_dry_run_shows_what_would_change(run: Run, runtime: Runtime, catalog: Catalog, sent: Messages) -> None:
    catalog.set_choices({choice_key(sku_id=SKU): Choice(variant_id=13, buffer=1)})
    ended = run("catalog", "import", "--dry-run", write((ITEM, SKU, "B", ""), ("99", "", "A", "")))
    assert ended.out.splitlines() == [
        f"Row 2, shop {SHOP_ID}, SKU ID {SKU}: product OLD (13) -> B (12), buffer 1 -> none",
        f"Row 3, shop {SHOP_ID}, Item ID 99: product none -> A (11)",
        "2 would change, 0 unchanged.",
        "1 wait for their SKU ID: they have an Item ID alone, which no pull has found yet.",
    ]
    assert catalog.choices() == {choice_key(sku_id=SKU): Choice(variant_id=13, buffer=1)}
    assert sent == []
    assert runtime.product_queue(SHOP_ID).open_count() == 0


def test_one_refused_row_stops_all(run: Run, catalog: Catalog, sent: Messages) -> None:
    ended = run("catalog", "import", write((ITEM, OTHER, "B", ""), (ITEM, SKU, "OLD", "")))
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == [
        "Row 3, Internal Reference: The Odoo product OLD (13) is archived; unarchive it, or choose another.",
        "Rows refused: 1. Nothing is changed.",
    ]
    assert catalog.choices() == {}
    assert sent == []


def test_many_refusals_are_counted_and_not_all_printed(run: Run) -> None:
    ended = run("catalog", "import", write(*((ITEM, str(number), "NONE", "") for number in range(250))))
    assert len(ended.err.splitlines()) == 102
    assert ended.err.splitlines()[-2:] == ["... and 150 more.", "Rows refused: 250. Nothing is changed."]


def test_a_file_that_is_no_spreadsheet_is_one_line(run: Run) -> None:
    Path("letter.xlsx").write_text("Dear Sir")
    ended = run("catalog", "import", "letter.xlsx")
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert ended.err.startswith("Error: letter.xlsx has no header")


def test_one_sku_is_mapped_by_hand_and_left_to_the_rules_again(
    run: Run, runtime: Runtime, catalog: Catalog, sent: Messages
) -> None:
    assert run("catalog", "map", OTHER, "B").out == f"SKU ID {OTHER} is B (12) now.\n"
    assert catalog.choices() == {choice_key(sku_id=OTHER): Choice(variant_id=12)}
    assert sent == [DRAIN]
    trigger_arrived(runtime.redis, SHOP_ID, "products")
    assert run("catalog", "map", OTHER, "").out == f"SKU ID {OTHER} is left to the rules now.\n"
    assert catalog.choices() == {}
    assert sent == [DRAIN, DRAIN]


def test_a_sku_that_is_not_listed_may_be_mapped_ahead(run: Run, catalog: Catalog, sent: Messages) -> None:
    ended = run("catalog", "map", "17", "A")
    assert ended.code == 0
    assert "does not list that SKU" in ended.out
    assert catalog.choices() == {choice_key(sku_id="17"): Choice(variant_id=11)}
    assert sent == []


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("map", OTHER, "NONE"), 1, "Error: No Odoo product has the Internal Reference NONE; correct or create it.\n"),
        (("map", OTHER, "OLD"), 1, "is archived"),
        (("map", "12x", "A"), 2, "'12x' is not a SKU ID"),
        (("map", "--shop", "3", OTHER, "A"), 1, "There is no shop '3'"),
        (("import", "nowhere.csv"), 2, "does not exist"),
        (("export", "--shop", "3", "a.csv"), 1, "There is no shop '3'"),
    ],
)
def test_what_cannot_be_is_refused(
    run: Run, catalog: Catalog, arguments: tuple[str, ...], code: int, told: str
) -> None:
    ended = run("catalog", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert told in ended.err
    assert catalog.choices() == {}


def test_products_are_found_by_what_people_know_of_them(run: Run, runtime: Runtime) -> None:
    runtime.inventory(SHOP_ID).keep_confirmed({SKU: {"W1": 3, "W2": 4}})
    rows = document(run("catalog", "find", "summer", "--json"))
    assert [(row["sku"], row["odoo_id"], row["code"], row["on_tiktok"]) for row in rows] == [
        (SKU, 11, "", 7),
        (OTHER, None, "unknown_sku", None),
    ]
    assert [row["sku"] for row in document(run("catalog", "find", "--state", "unmapped", "--json"))] == [OTHER]
    assert run("catalog", "find", "hat").out == "No product is like this.\n"
    assert run("catalog", "find", "--state", "evil").code == 2


def test_orders_that_wait_for_a_sku_are_tried_again_when_it_is_mapped(
    run: Run, runtime: Runtime, sent: Messages
) -> None:
    orders = runtime.queue(SHOP_ID)
    orders.mark(["571"])
    claim = orders.claim(1, 60)
    orders.note_sold({"571": SoldUnits(units={OTHER: 1})})
    orders.park(claim, Parked(id="571", code="unknown_sku", message="No product."), 3600)
    assert "1 order that waited for it: tried again now." in run("catalog", "map", OTHER, "B").out
    assert (orders.claim(5, 60).ids, sent) == (["571"], [("orders.drain", SHOP_ID), DRAIN])
    (entry,) = Audit(runtime.redis).latest()
    assert (entry.by[:4], entry.action, entry.target) == ("cli:", "sku.map", OTHER)
    assert entry.detail == f"shop {SHOP_ID}; to B (12); 1 orders tried again"
