"""A search through the catalogue finds what people type, whatever they type, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.builders import SHOP_ID
from worker.state.catalog import Catalog, ListedProduct, ListedSku, Listing
from worker.state.catalog_search import CatalogSearch, newest_first


@pytest.fixture
def index(redis: Any) -> CatalogSearch:
    catalog = Catalog(redis, SHOP_ID)
    titles = {"9": 'The "best" shirt\\hat', "10": "Größe ÄÖ 帽子", "11": '"variant_id":null,"found_by":"choice"'}
    catalog.keep_products(
        ListedProduct(id=one, title=title, skus=[ListedSku(id=f"{one}1", seller_sku=f"s-{one}")])
        for one, title in titles.items()
    )
    catalog.keep_listings(
        [
            Listing(sku_id="91", product_id="9", title=titles["9"], variant_id=5, found_by="choice"),
            Listing(sku_id="111", product_id="11", title=titles["11"], variant_id=6, found_by="barcode"),
        ]
    )
    return CatalogSearch(redis, SHOP_ID)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"best"', ["9"]),
        ("\\hat", ["9"]),
        ("größe äö", ["10"]),
        ("帽子", ["10"]),
        ("S-1", ["10", "11"]),
        ("seller_sku", []),
        ("0", ["10"]),
        ("{", []),
        ("", ["9", "10", "11"]),
    ],
)
def test_what_is_typed_is_looked_for_as_it_is(index: CatalogSearch, text: str, found: list[str]) -> None:
    assert sorted((each.id for each in index.products(text)), key=int) == found


def test_a_title_that_looks_like_a_state_is_taken_for_none(index: CatalogSearch) -> None:
    assert list(index.listings("unmapped")) == []
    assert [each.sku_id for each in index.listings("choice")] == ["91"]
    assert {each.sku_id for each in index.listings("mapped")} == {"91", "111"}


def test_what_no_worker_has_looked_at_is_found(index: CatalogSearch) -> None:
    assert [each.id for each in index.not_looked_at()] == ["10"]


def test_longer_ids_are_newer() -> None:
    assert newest_first(["9", "10", "11", "2"]) == ["11", "10", "9", "2"]
