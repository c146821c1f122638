"""The mapping by spreadsheet, with a real Odoo and workers that bind what was chosen."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.support import World
from worker.state.catalog import Choice, Listing, choice_key
from worker.state.shops import Shop
from worker.sync.candidates import candidates, products_for_sale
from worker.sync.catalog_drain import CatalogDrain
from worker.sync.mapping import export_rows, listed_skus
from worker.sync.mapping_file import COLUMNS, read_sheet, write_sheet
from worker.sync.mapping_import import Plan, apply_import, check_import


class Desk:
    """An operator with a spreadsheet program: one shop, products of its own on TikTok and in Odoo."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.tag = secrets.token_hex(3).upper()
        self.shop: Shop = world.link_shop(products=False)
        self.file = folder / "mapping.xlsx"

    def code(self, name: str) -> str:
        return f"{name}-{self.tag}"

    def in_odoo(self, name: str, title: str = "A product") -> int:
        return self.world.stack.add_products([(self.code(name), title, 10.0, 0)])[self.code(name)]

    def on_tiktok(self, name: str, title: str = "A product") -> Any:
        listed = {"seller_sku": self.code(name), "title": title, "price": "10.00"}
        return self.world.tiktok.add_products(self.shop.id, [listed])[0]

    def admin(self, model: str, method: str, *arguments: Any) -> Any:
        return self.world.stack.admin().execute_kw(model, method, list(arguments))

    def rows(self) -> dict[str, dict[str, Any]]:
        """The export, by SKU ID."""
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in export_rows(self.world.runtime, [self.shop])]
        return {row["SKU ID"]: row for row in rows}

    def write(self, header: Sequence[str], *rows: Sequence[Any]) -> None:
        book = openpyxl.Workbook()
        for row in (header, *rows):
            book.active.append(list(row))
        book.save(self.file)

    def check(self) -> Plan:
        return check_import(self.world.runtime, read_sheet(self.file))

    def take_over(self) -> Plan:
        """Import the file, and let the workers do their part."""
        plan = self.check()
        assert apply_import(self.world.runtime, plan) in ([], [self.shop.id])
        while CatalogDrain(self.world.runtime, self.world.runtime.shops.get(self.shop.id)).run().more:
            pass
        return plan

    def listing(self, sku_id: str) -> Listing:
        return self.world.runtime.catalog(self.shop.id).listings([sku_id])[sku_id]


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Desk:
    return Desk(world, tmp_path)


def test_an_export_is_edited_and_imported_and_then_says_what_odoo_has(desk: Desk) -> None:
    dress = desk.in_odoo("DRESS", "Crochet Dress")
    desk.in_odoo("SAME")
    same, lost = desk.on_tiktok("SAME"), desk.on_tiktok("LOST", "Summer crochet dress, free shipping")
    desk.world.pull_catalog(desk.shop)
    before = desk.rows()
    assert before[same.sku_id]["Mapping"] == "by seller SKU"
    assert before[lost.sku_id]["Mapping"] == "not mapped"
    assert before[lost.sku_id]["Problem"]
    assert f"{desk.code('DRESS')} Crochet Dress" in before[lost.sku_id]["Candidates"]

    write_sheet(desk.file, export_rows(desk.world.runtime, [desk.shop]))
    book = openpyxl.load_workbook(desk.file)
    place = next(row[0].row for row in book.active.iter_rows() if row[2].value == lost.sku_id)
    book.active.cell(place, 1 + list(COLUMNS).index("Internal Reference")).value = desk.code("DRESS")
    book.active.cell(place, 1 + list(COLUMNS).index("Buffer")).value = 3
    book.save(desk.file)
    plan = desk.take_over()
    assert (len(plan.changes), plan.unchanged) == (1, 1)
    assert (desk.listing(lost.sku_id).variant_id, desk.listing(lost.sku_id).found_by) == (dress, "choice")
    after = desk.rows()
    shown = {name: after[lost.sku_id][name] for name in ("Odoo ID", "Odoo Product", "Buffer", "Mapping", "Problem")}
    assert shown == {
        **{"Odoo ID": dress, "Odoo Product": "Crochet Dress", "Buffer": 3},
        **{"Mapping": "chosen", "Problem": ""},
    }
    assert after[same.sku_id] == before[same.sku_id]

    write_sheet(desk.file, export_rows(desk.world.runtime, [desk.shop]))
    assert (desk.check().changes, desk.check().refusals) == ([], [])


def test_every_row_that_odoo_does_not_bear_out_is_refused_and_nothing_changes(desk: Desk) -> None:
    good, archived, gone = (desk.in_odoo(name) for name in ("GOOD", "ARCHIVED", "GONE"))
    first, second = desk.in_odoo("TWICE"), desk.in_odoo("OTHER")
    desk.admin("product.product", "write", [second], {"default_code": desk.code("TWICE")})
    desk.admin("product.product", "write", [archived], {"active": False})
    desk.admin("product.product", "unlink", [gone])
    sku = desk.on_tiktok("LOST")
    desk.world.pull_catalog(desk.shop)
    header = ["Item ID", "Internal Reference", "Odoo ID"]
    desk.write(
        header,
        [sku.product_id, desk.code("GOOD"), good],
        ["1", desk.code("ARCHIVED"), None],
        ["2", None, gone],
        ["3", desk.code("TWICE"), None],
        ["4", desk.code("NONE"), None],
        ["5", desk.code("GOOD"), first],
        ["6", desk.code("TWICE"), second],
    )
    plan = desk.check()
    told = {refusal.line: refusal.reason for refusal in plan.refusals}
    assert sorted(told) == [3, 4, 5, 6, 7]
    assert "is archived" in told[3]
    assert "no product variant with the ID" in told[4]
    assert f"({first}, {second})" in told[5]
    assert "No Odoo product has" in told[6]
    assert "correct one of the two" in told[7]
    assert desk.world.runtime.catalog(desk.shop.id).choices() == {}


def test_an_item_that_tiktok_lists_later_is_bound_as_it_was_chosen(desk: Desk) -> None:
    """As the guide has it for a new database: Item IDs first, SKU IDs when the catalogue has been read."""
    variant = desk.in_odoo("DRESS")
    item = desk.on_tiktok("UNLIKE")
    desk.write(["Item ID", "Internal Reference"], [item.product_id, desk.code("DRESS")])
    assert desk.check().waiting == 1
    desk.take_over()
    assert (desk.listing(item.sku_id).variant_id, desk.listing(item.sku_id).found_by) == (variant, "choice")
    expected = {choice_key(sku_id=item.sku_id): Choice(variant_id=variant)}
    assert desk.world.runtime.catalog(desk.shop.id).choices() == expected


def test_a_variant_is_named_with_its_attributes_and_without_its_reference(desk: Desk) -> None:
    attribute = desk.admin("product.attribute", "create", {"name": f"Colour {desk.tag}"})
    values = [
        desk.admin("product.attribute.value", "create", {"name": name, "attribute_id": attribute})
        for name in ("Red", "Blue")
    ]
    template = desk.admin(
        "product.template",
        "create",
        {
            "name": f"Mohair Gown {desk.tag}",
            "attribute_line_ids": [(0, 0, {"attribute_id": attribute, "value_ids": [(6, 0, values)]})],
        },
    )
    red, blue = desk.admin("product.template", "read", [template], ["product_variant_ids"])[0]["product_variant_ids"]
    desk.admin("product.product", "write", [blue], {"default_code": desk.code("GOWN-B")})
    sku = desk.on_tiktok("LOST", f"Blue mohair gown {desk.tag}")
    desk.world.pull_catalog(desk.shop)
    (listing,) = listed_skus(desk.world.runtime.catalog(desk.shop.id))
    best, second, *_ = candidates([listing], products_for_sale(desk.world.odoo))[sku.sku_id]
    assert (best.product.id, second.product.id) == (blue, red)
    assert str(best) == f"{desk.code('GOWN-B')} Mohair Gown {desk.tag} (Blue)"

    desk.write(["SKU ID", "Odoo ID"], [sku.sku_id, red])
    desk.take_over()
    assert desk.rows()[sku.sku_id]["Odoo Product"] == f"Mohair Gown {desk.tag} (Red)"
    assert desk.rows()[sku.sku_id]["Internal Reference"] == ""
