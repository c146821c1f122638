"""Products that an unmapped SKU may be."""

from __future__ import annotations

import random
import string
import time
from typing import Any

from tests.unit.odoo.odoo_stubs import Call, Gateway
from worker.state.catalog import Listing
from worker.sync import candidates as candidates_module
from worker.sync.candidates import OdooProduct, candidates, products_for_sale

PRODUCTS = [
    OdooProduct(1, "DRESS-R", "Crochet Dress (Red)"),
    OdooProduct(2, "DRESS-B", "Crochet Dress (Blue)"),
    OdooProduct(3, "CHAIR-9", "Wooden Chair", barcode="4006381333931"),
    OdooProduct(4, "TH-1", "เดรสถักโครเชต์"),
    OdooProduct(5, "", "Steel Table"),
]


def found(title: str, seller_sku: str = "", **options: Any) -> list[tuple[int, int]]:
    """Ids and scores for one SKU."""
    listing = Listing(sku_id="7", product_id="9", title=title, seller_sku=seller_sku)
    return [(each.product.id, each.score) for each in candidates([listing], PRODUCTS, **options)["7"]]


def test_a_title_full_of_other_words_finds_its_product() -> None:
    (first, score), *_ = found("2026 NEW women summer crochet dress, red! free shipping")
    assert first == 1
    assert 60 <= score <= 100


def test_what_is_like_nothing_has_no_candidates() -> None:
    assert found("Phone case") == []
    assert found("") == []
    assert candidates([], PRODUCTS) == {}
    assert candidates([Listing(sku_id="7", product_id="9", title="Dress")], []) == {"7": []}


def test_a_code_written_differently_is_the_same_code() -> None:
    assert found("something else", "dress b")[0][0] == 2
    assert found("something else", "400-6381-333931")[0] == (3, 95)


def test_a_code_that_is_only_similar_is_another_products() -> None:
    assert found("something else", "CHAIR-8") == []


def test_the_code_decides_between_names_that_are_alike() -> None:
    assert found("Crochet dress", "DRESS-BL")[0][0] == 2
    assert found("Crochet dress", "DRESS-RD")[0][0] == 1


def test_languages_without_spaces_find_theirs() -> None:
    assert found("ชุดเดรสถักโครเชต์สีแดง")[0][0] == 4


def test_the_best_come_first_and_no_more_than_asked_for() -> None:
    scores = [score for _, score in found("Crochet Dress Red")]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 2
    assert len(found("Crochet Dress Red", limit=1)) == 1


def test_a_candidate_reads_as_reference_and_name() -> None:
    listing = Listing(sku_id="7", product_id="9", title="Steel table")
    (best,) = candidates([listing], PRODUCTS)["7"]
    assert str(best) == "Steel Table"
    assert str(candidates([listing.model_copy(update={"title": "Wooden Chair"})], PRODUCTS)["7"][0]) == (
        "CHAIR-9 Wooden Chair"
    )


def test_ten_thousand_products_and_a_hundred_skus_take_seconds() -> None:
    words = random.Random(1)
    pool = ["".join(words.choices(string.ascii_lowercase, k=words.randint(4, 9))) for _ in range(3000)]
    products = [OdooProduct(n, f"REF-{n}", " ".join(words.choices(pool, k=4))) for n in range(1, 10_001)]
    listings = [
        Listing(sku_id=str(n), product_id="9", title=f"{' '.join(words.choices(pool, k=8))} {products[n].name}")
        for n in range(100)
    ]
    started = time.perf_counter()
    answer = candidates(listings, products)
    assert time.perf_counter() - started < 10
    assert all(answer[str(n)][0].product.id == products[n].id for n in range(100))


def test_products_for_sale_are_read_page_by_page(monkeypatch: Any) -> None:
    monkeypatch.setattr(candidates_module, "_PAGE", 2)
    ids = [3, 5, 8]

    def answer(call: Call) -> list[dict[str, Any]]:
        last = next(value for name, operator, value in call.arguments["domain"] if (name, operator) == ("id", ">"))
        page = [one for one in ids if one > last][: call.arguments["limit"]]
        return [{"id": one, "default_code": False, "display_name": f"P{one}", "barcode": False} for one in page]

    gateway = Gateway({"product.product.search_read": answer})
    assert [product.id for product in products_for_sale(gateway, 7)] == ids
    domain = gateway.calls[0].arguments["domain"]
    assert ("sale_ok", "=", True) in domain
    assert ("company_id", "in", [False, 7]) in domain
    assert len(gateway.calls) == 2
