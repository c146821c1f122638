"""Products for SKUs: in the order of the guide, never guessed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from odoo_stubs import Call, Gateway

from worker.errors import ConfigurationError, OrderError
from worker.odoo.directory import check_tax, find_id
from worker.odoo.products import ProductMatches, Sku

SKU = Sku(sku_id="27293", seller_sku="RED-S", product_id="17295")


def product(number: int, code: Any = False, *, barcode: Any = False, active: bool = True) -> dict[str, Any]:
    return {"id": number, "default_code": code, "barcode": barcode, "active": active}


def matches(*records: dict[str, Any], skus: tuple[Sku, ...] = (SKU,), company_id: int | None = None) -> ProductMatches:
    return ProductMatches(
        Gateway({"product.product.search_read": lambda _: list(records)}), skus, company_id=company_id
    )


def test_the_seller_sku_comes_first() -> None:
    records = [product(4, "17295"), product(3, "27293"), product(2, barcode="RED-S"), product(1, "RED-S")]
    assert matches(*records).product_for(SKU) == (1, False)
    assert matches(*records[:3]).product_for(SKU) == (3, False)
    assert matches(records[0], records[2]).product_for(SKU) == (4, False)
    assert matches(records[2]).product_for(SKU) == (2, False)


@pytest.mark.parametrize("default", [None, 99])
def test_two_products_with_the_reference_are_never_chosen_between(default: int | None) -> None:
    found = matches(product(1, "RED-S"), product(2, "RED-S"))
    with pytest.raises(
        OrderError, match=r"2 Odoo products have the reference 'RED-S' of SKU RED-S \(SKU ID 27293"
    ) as no:
        found.product_for(SKU, default)
    assert no.value.code == "ambiguous_sku"


def test_an_archived_twin_is_no_ambiguity() -> None:
    found = matches(product(1, "RED-S", active=False), product(2, "RED-S"))
    assert found.product_for(SKU) == (2, False)


def test_an_archived_product_is_told_as_archived() -> None:
    with pytest.raises(OrderError, match=r"of SKU RED-S .* is archived") as refused:
        matches(product(1, "RED-S", active=False)).product_for(SKU)
    assert refused.value.code == "archived_product"


def test_an_unknown_sku_is_named() -> None:
    with pytest.raises(
        OrderError, match=r"No Odoo product matches SKU RED-S \(SKU ID 27293, Item ID 17295\)"
    ) as refused:
        matches(product(1, "OTHER")).product_for(SKU)
    assert refused.value.code == "unknown_sku"
    assert "Internal Reference" in refused.value.remedy


def test_upper_and_lower_case_are_two_references() -> None:
    with pytest.raises(OrderError):
        matches(product(1, "red-s")).product_for(SKU)


@pytest.mark.parametrize("records", [[], [product(1, "RED-S", active=False)]])
def test_the_default_product_stands_in_and_says_that_it_does(records: list[dict[str, Any]]) -> None:
    assert matches(*records).product_for(SKU, 99) == (99, True)


def test_a_sku_without_a_seller_sku_matches_no_product_without_a_reference() -> None:
    sku = Sku("27293", "", "17295")
    found = matches(product(1), product(2, barcode=False), skus=(sku,))
    with pytest.raises(OrderError, match="SKU without seller SKU"):
        found.product_for(sku)


def test_all_skus_of_a_batch_are_looked_for_in_one_call() -> None:
    odoo = Gateway({"product.product.search_read": lambda _: []})
    ProductMatches(odoo, (SKU, Sku("27294", "", "17295")), company_id=2)
    (call,) = odoo.calls
    company, either, codes, barcodes = call.arguments["domain"]
    assert (company, either) == (("company_id", "in", [False, 2]), "|")
    assert set(codes[2]) == {"RED-S", "27293", "27294", "17295", "TIKTOK-SHIPPING", "TIKTOK-FEE", "TIKTOK-TAX"}
    assert barcodes[0] == "barcode"
    assert call.context == {"active_test": False}


def found_by(records: list[dict[str, Any]], sku: Sku = SKU) -> tuple[int, str]:
    match = matches(*records, skus=(sku,)).match(sku)
    return match.variant_id, match.found_by


def test_it_is_told_by_what_a_sku_was_found() -> None:
    sku = replace(SKU, barcode="4006381333931", variant_id=6)
    records = [
        product(6),
        product(1, "RED-S"),
        product(3, "27293"),
        product(4, "17295"),
        product(5, barcode="4006381333931"),
        product(2, barcode="RED-S"),
    ]
    rules = ["binding", "seller_sku", "sku_id", "item_id", "barcode", "barcode"]
    for number, rule in enumerate(rules):
        assert found_by(records[number:], sku) == (records[number]["id"], rule)


def test_what_a_sku_was_bound_to_is_asked_for_by_id_and_beats_every_reference() -> None:
    odoo = Gateway({"product.product.search_read": lambda _: [product(1, "RED-S"), product(9, "RENAMED")]})
    sku = replace(SKU, variant_id=9)
    assert ProductMatches(odoo, [sku, replace(SKU, variant_id=8)]).match(sku).variant_id == 9
    assert ("id", "in", [8, 9]) in odoo.calls[0].arguments["domain"]


def test_a_binding_to_a_product_that_is_gone_leaves_the_sku_to_its_references() -> None:
    assert found_by([product(1, "RED-S")], replace(SKU, variant_id=9)) == (1, "seller_sku")
    assert found_by([product(1, "RED-S"), product(9, active=False)], replace(SKU, variant_id=9)) == (1, "seller_sku")


def test_a_binding_to_an_archived_product_is_told_as_archived_where_no_reference_fits() -> None:
    with pytest.raises(OrderError) as refused:
        found_by([product(9, active=False)], replace(SKU, variant_id=9))
    assert refused.value.code == "archived_product"


def test_a_binding_is_for_its_own_sku_alone() -> None:
    bound, other = replace(SKU, variant_id=9), Sku("27294", "", "17296")
    with pytest.raises(OrderError) as refused:
        matches(product(9), skus=(bound, other)).match(other)
    assert refused.value.code == "unknown_sku"


def test_an_item_id_says_nothing_of_a_product_with_several_skus() -> None:
    several = replace(SKU, alone=False)
    with pytest.raises(OrderError) as refused:
        found_by([product(4, "17295")], several)
    assert refused.value.code == "unknown_sku"
    assert found_by([product(4, "17295"), product(3, "27293")], several) == (3, "sku_id")


def test_a_barcode_that_two_products_have_is_never_chosen_between() -> None:
    sku = replace(SKU, barcode="4006381333931")
    twins = [product(1, barcode="4006381333931"), product(2, barcode="4006381333931")]
    with pytest.raises(OrderError, match="reference '4006381333931'") as refused:
        found_by(twins, sku)
    assert refused.value.code == "ambiguous_sku"
    assert found_by([*twins, product(3, "27293")], sku) == (3, "sku_id")


def test_a_barcode_is_no_internal_reference() -> None:
    with pytest.raises(OrderError):
        found_by([product(1, "4006381333931")], replace(SKU, barcode="4006381333931"))


def test_a_sku_without_a_barcode_matches_no_product_without_one() -> None:
    with pytest.raises(OrderError):
        found_by([product(1, barcode=False), product(2, barcode="")])


def test_a_missing_service_product_is_named_with_the_command_that_makes_it() -> None:
    found = matches(product(1, "TIKTOK-SHIPPING"), product(2, "TIKTOK-FEE", active=False))
    assert found.service("shipping") == 1
    with pytest.raises(OrderError, match=r"Internal Reference TIKTOK-FEE.*odoo prepare") as refused:
        found.service("fee")
    assert refused.value.code == "missing_service_product"


class Directory(Gateway):
    """Records of any model, found by conditions on their fields."""

    def __init__(self, *records: dict[str, Any]) -> None:
        super().__init__()
        self.records = records
        for model in ("stock.warehouse", "res.company", "product.product", "account.tax"):
            self.answers[f"{model}.search_read"] = self._search

    def _search(self, call: Call) -> list[dict[str, Any]]:
        def fits(record: dict[str, Any], name: str, operator: str, value: object) -> bool:
            return (record.get(name) == value) == (operator == "=")

        return [record for record in self.records if all(fits(record, *part) for part in call.arguments["domain"])]


def test_a_warehouse_is_found_by_id_code_or_name() -> None:
    odoo = Directory({"id": 3, "code": "WH", "name": "Main"}, {"id": 4, "code": "2", "name": "Second"})
    assert [find_id(odoo, "warehouse", text) for text in ("3", "WH", "Main", "2")] == [3, 3, 3, 4]


def test_a_reference_of_many_digits_is_not_taken_for_an_id() -> None:
    """Odoo's ids end at 2^31; asking for a larger one is an error in PostgreSQL."""
    odoo = Directory({"id": 5, "default_code": "1729592969712207008", "name": "Dress"})
    assert find_id(odoo, "default_product", "1729592969712207008") == 5
    assert all(domain[0] != "id" for call in odoo.calls for domain in call.arguments["domain"])


@pytest.mark.parametrize("text", ["²", "٣"])
def test_digits_of_other_scripts_are_names(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no warehouse called"):
        find_id(Directory({"id": 3, "code": "WH", "name": "Main"}), "warehouse", text)


def test_a_name_that_two_records_have_is_refused_with_their_ids() -> None:
    odoo = Directory({"id": 3, "name": "Demo"}, {"id": 4, "name": "Demo"})
    with pytest.raises(ConfigurationError, match=r"more than one company called 'Demo'\. Give an id: 3, 4\."):
        find_id(odoo, "company", "Demo")


def test_an_unknown_name_is_refused_with_what_there_is() -> None:
    odoo = Directory({"id": 3, "code": "WH", "name": "Main"})
    with pytest.raises(ConfigurationError, match=r"no warehouse called 'X'\. There is: WH"):
        find_id(odoo, "warehouse", "X")


def test_a_tax_on_top_of_the_price_is_refused() -> None:
    odoo = Directory(
        {"id": 1, "name": "20%", "price_include": False}, {"id": 2, "name": "20% incl", "price_include": True}
    )
    check_tax(odoo, 2)
    with pytest.raises(ConfigurationError, match="'20%' is added on top of the price"):
        check_tax(odoo, 1)
