"""What is asked of Odoo when products are made: names, cells, calls, prices, and what is said of what it refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odoo_stubs import Call, LoadingOdoo

from worker.odoo.attributes import extra_prices
from worker.odoo.errors import OdooRejectedError, OdooUnavailableError
from worker.odoo.product_creation import Made, NewProduct, NewSku, ProductCreation, named, told_apart

PICTURE = b"\xff\xd8\xff picture"
NAME = "tiktok_shop.sku_7_{}"


class Products(LoadingOdoo):
    """``product.product`` in which nobody has a barcode, and no template of ours is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(model="product.product", **options)
        self.archived: set[int] = set()
        self.barcodes: dict[str, int] = {}
        self.answers |= {
            "product.product.search_read": self._search_read,
            "ir.model.data.check_object_reference": self._no_template,
        }

    def _search_read(self, call: Call) -> list[dict[str, Any]]:
        [(field, _, values)] = call.arguments["domain"]
        if field == "barcode":
            return [{"id": self.barcodes[code], "barcode": code} for code in values if code in self.barcodes]
        return [{"id": each, "active": True} for each in values if each not in self.archived]

    @staticmethod
    def _no_template(_: Call) -> None:
        raise OdooRejectedError("External ID not found in the system: x")

    def loads(self) -> list[list[dict[str, str]]]:
        """Rows of each load, with empty cells left out."""
        return [
            [
                {name: cell for name, cell in zip(call.arguments["fields"], row, strict=True) if cell}
                for row in call.arguments["data"]
            ]
            for call in self.of("product.product.load")
        ]


def sku(sku_id: str = "1", price: str = "9.90", barcode: str = "", code: str = "A-1", **values: str) -> NewSku:
    return NewSku(sku_id, code, Decimal(price), barcode, tuple(values.items()))


def create(odoo: Products, *products: NewProduct, **options: Any) -> Made:
    return ProductCreation(odoo, "7", **options).create(products)


def single(one: NewSku, title: str = "Cup", **options: Any) -> NewProduct:
    return NewProduct(f"p{one.sku_id}", title, (one,), **options)


# --- cells and calls ---------------------------------------------------------------------------------------------


def test_the_cells_of_a_product_of_one_sku() -> None:
    odoo = Products()
    made = create(odoo, single(sku(barcode="4006381333931"), image=b"ab"), company_id=3)
    assert odoo.loads() == [
        [
            {
                "id": NAME.format(1),
                "name": "Cup",
                "default_code": "A-1",
                "barcode": "4006381333931",
                "list_price": "9.90",
                "type": "consu",
                "is_storable": "1",
                "company_id/.id": "3",
                "image_1920": "YWI=",
            }
        ]
    ]
    load = odoo.of("product.product.load")[0]
    assert "taxes_id/.id" in load.arguments["fields"]  # empty: no tax; left out it would be the company's default
    assert made == Made(variants={"1": 1000})


def test_odoo_17_and_older_have_another_word_for_storable() -> None:
    odoo = Products()
    odoo.answers["product.product.fields_get"] = lambda _: {}
    create(odoo, single(sku()))
    row = odoo.loads()[0][0]
    assert row["type"] == "product"
    assert "is_storable" not in row


@pytest.mark.parametrize(
    ("product", "name", "code"),
    [
        (single(sku()), "Cup", "A-1"),
        (single(sku(), title=""), "TikTok product p1", "A-1"),
        (single(sku(code="")), "Cup", "1"),
        (single(sku(Color="Red", Size="M")), "Cup", "A-1"),
        (single(sku(Color="Red", Size="M"), sole=False), "Cup (Red, M)", "A-1"),
        (single(sku(Color="", Size="M"), sole=False), "Cup (M)", "A-1"),
        (single(sku(), sole=False), "Cup (A-1)", "A-1"),
        (single(sku(code=""), title="", sole=False), "TikTok product p1 (1)", "1"),
    ],
)
def test_names_and_references_of_products_of_one_sku(product: NewProduct, name: str, code: str) -> None:
    odoo = Products()
    create(odoo, product)
    row = odoo.loads()[0][0]
    assert (row["name"], row["default_code"]) == (name, code)


def test_a_price_is_written_in_plain_digits() -> None:
    odoo = Products()
    create(odoo, single(sku(price="1E+5")))
    assert odoo.loads()[0][0]["list_price"] == "100000"


def test_large_images_are_spread_over_several_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.odoo.product_creation._IMAGES_PER_CALL", 40)
    odoo = Products()
    made = create(odoo, *(single(sku(str(number)), image=bytes(15)) for number in range(5)))  # 20 characters each
    assert [len(rows) for rows in odoo.loads()] == [2, 2, 1]
    assert len(made.variants) == 5


def test_nothing_to_make_asks_nothing() -> None:
    odoo = Products()
    assert create(odoo) == Made()
    assert odoo.calls == []


# --- what is refused ---------------------------------------------------------------------------------------------


class Picky(Products):
    """Refuses rows that have a cell in ``disliked``."""

    def __init__(self, **disliked: str) -> None:
        super().__init__()
        self.disliked = disliked
        self.answers["product.product.load"] = self._picky

    def _picky(self, call: Call) -> dict[str, Any]:
        self.bad = {}
        for row in call.arguments["data"]:
            cells = dict(zip(call.arguments["fields"], row, strict=True))
            for name, reason in self.disliked.items():
                if cells.get(name):
                    self.bad[row[0]] = reason
        return self._load(call)


@pytest.mark.parametrize(
    ("disliked", "note"),
    [
        ({"barcode": "In use."}, "SKU A-1: made without its barcode, which Odoo refused: In use."),
        ({"image_1920": "No image."}, "SKU A-1: made without its image, which Odoo refused: No image."),
        (
            {"image_1920": "No image.", "barcode": "In use."},
            "SKU A-1: made without its barcode and image, which Odoo refused: In use.",
        ),
    ],
)
def test_a_product_is_made_without_what_odoo_refuses(disliked: dict[str, str], note: str) -> None:
    odoo = Picky(**disliked)
    made = create(odoo, single(sku(barcode="1"), image=PICTURE), single(sku("2", code="A-2"), image=None))
    assert set(made.variants) == {"1", "2"}
    assert (made.refused, made.notes[:1]) == ({}, [note])
    kept = {"barcode", "image_1920"} - set(disliked)
    assert kept == {"barcode", "image_1920"} & set(odoo.loads()[-1][0])


def test_what_odoo_refuses_in_any_case_has_its_reason_and_the_others_are_made() -> None:
    odoo = Products(bad={NAME.format(1): "A rule of this Odoo."})
    made = create(odoo, single(sku(barcode="1"), image=PICTURE), single(sku("2")))
    assert made == Made(variants={"2": 1000}, refused={"1": "A rule of this Odoo."})


def test_a_barcode_is_given_to_one_only_and_who_has_it_is_said() -> None:
    odoo = Products()
    odoo.barcodes = {"11": 500}
    made = create(odoo, *(single(sku(str(n), barcode=code)) for n, code in enumerate(("11", "22", "22"), 1)))
    assert [row.get("barcode") for row in odoo.loads()[0]] == [None, "22", None]
    assert made.notes == [
        "SKU A-1: made without its barcode 11, which product variant 500 has.",
        "SKU A-1: made without its barcode 22, which SKU ID 2 has.",
    ]


def test_nothing_is_said_of_a_barcode_that_the_variant_has_itself() -> None:
    odoo = Products(existing={NAME.format(1): 500})
    odoo.barcodes = {"11": 500}
    assert create(odoo, single(sku(barcode="11"))) == Made(variants={"1": 500})


def test_an_archived_variant_is_refused() -> None:
    odoo = Products(existing={NAME.format(1): 500})
    odoo.archived = {500}
    made = create(odoo, single(sku()))
    assert made.variants == {}
    assert made.refused == {"1": "Product variant 500 was made for it before and is archived now."}


def test_a_missing_right_is_the_bots_and_no_products() -> None:
    odoo = Products(bad={NAME.format(1): "You are not allowed"}, may_create=False)
    with pytest.raises(OdooRejectedError) as caught:
        create(odoo, single(sku()))
    assert caught.value.code == "odoo_rights"


def test_an_odoo_that_is_away_is_nobodys_refusal() -> None:
    def away(_: Call) -> None:
        raise OdooUnavailableError("no answer")

    odoo = Products()
    odoo.answers["ir.model.data.check_object_reference"] = away
    with pytest.raises(OdooUnavailableError):
        create(odoo, NewProduct("p", "Cup", (sku("1"), sku("2")), sole=False))


def test_a_product_with_a_fault_stops_no_other() -> None:
    def hidden(_: Call) -> list[Any]:
        return ["product.template", False]

    odoo = Products()
    odoo.answers["ir.model.data.check_object_reference"] = hidden
    made = create(odoo, NewProduct("p", "Cup", (sku("1"), sku("2")), sole=False), single(sku("3")))
    assert set(made.refused) == {"1", "2"}
    assert set(made.variants) == {"3"}


# --- attributes --------------------------------------------------------------------------------------------------


def test_attributes_that_tell_all_apart_are_tiktoks() -> None:
    skus = [sku("1", Color="Red", Size="M"), sku("2", Size="S", COLOR="red")]
    assert told_apart(skus) == skus


@pytest.mark.parametrize(
    ("skus", "values"),
    [
        ([sku("1", Color="Red"), sku("2", Color="RED")], ["Red", "RED (2)"]),
        ([sku("1", Color="Red"), sku("2", Size="M")], ["Red", "M"]),
        ([sku("1", Color="Red"), sku("2")], ["Red", "A-1"]),
        ([sku("1"), sku("2", code="")], ["A-1", "2"]),
        ([sku("1"), sku("2")], ["A-1", "A-1 (2)"]),
        (
            [sku("1", Color="Red (3)"), sku("2", Color="Red"), sku("3", Color="RED")],
            ["Red (3)", "Red", "RED (3) (3)"],
        ),
    ],
)
def test_others_are_named_each_by_one_attribute(skus: list[NewSku], values: list[str]) -> None:
    assert [each.attributes for each in told_apart(skus)] == [(("Variant", value),) for value in values]


_TEXT = st.sampled_from(["", "Red", "RED", "red (2)", "1", "M"])
_SKUS = st.lists(
    st.builds(
        NewSku,
        sku_id=st.integers(1, 9).map(str),
        seller_sku=_TEXT,
        price=st.just(Decimal(1)),
        attributes=st.lists(st.tuples(st.sampled_from(["Color", "color", "Size"]), _TEXT), max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda each: each.sku_id,
)


@given(_SKUS)
def test_no_two_variants_are_the_same_and_all_have_the_same_attributes(skus: list[NewSku]) -> None:
    for made in (told_apart(skus), named(skus)):
        assert [each.sku_id for each in made] == [each.sku_id for each in skus]
        combinations = {frozenset((n.casefold(), v.casefold()) for n, v in each.attributes) for each in made}
        assert len(combinations) == len(skus)
        assert len({frozenset(n.casefold() for n, _ in each.attributes) for each in made}) == 1
        assert all(v for each in made for _, v in each.attributes)


# --- prices ------------------------------------------------------------------------------------------------------

RED, BLUE, S, M = 1, 2, 3, 4


def prices(*amounts: str) -> dict[str, Decimal]:
    return {str(number): Decimal(amount) for number, amount in enumerate(amounts)}


def chosen(*values: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return {str(number): each for number, each in enumerate(values)}


def test_one_attribute_that_sets_the_price_is_found_at_any_place() -> None:
    variants = chosen((RED, S), (RED, M), (BLUE, M))
    assert extra_prices(prices("0", "2", "2"), variants) == {S: 0, M: 2}
    assert extra_prices(prices("0", "0", "3"), variants) == {RED: 0, BLUE: 3}


def test_equal_prices_need_no_extra() -> None:
    assert extra_prices(prices("0", "0"), chosen((RED,), (BLUE,))) == {}
    assert extra_prices({}, {}) == {}


def test_two_attributes_that_set_the_price_together_are_not_guessed_at() -> None:
    assert extra_prices(prices("0", "1", "2"), chosen((RED, S), (BLUE, S), (RED, M))) is None


def test_values_in_use_get_no_other_price() -> None:
    assert extra_prices(prices("2"), chosen((RED, M)), {RED}) == {M: 2}
    assert extra_prices(prices("2"), chosen((RED, M)), {RED, M}) is None
    assert extra_prices(prices("0", "2"), chosen((RED, S), (RED, M)), {S, RED}) == {M: 2}


@given(
    st.dictionaries(
        st.tuples(st.sampled_from([RED, BLUE]), st.sampled_from([S, M])), st.integers(-2, 2), min_size=1, max_size=4
    ),
    st.sets(st.sampled_from([RED, BLUE, S, M])),
)
def test_whatever_extras_are_found_make_every_price_right(rest: dict[tuple[int, int], int], used: set[int]) -> None:
    amounts = {str(pair): Decimal(amount) for pair, amount in rest.items()}
    extras = extra_prices(amounts, {str(pair): pair for pair in rest}, used)
    if extras is not None:
        assert not used & set(extras)
        for pair in rest:
            assert sum((extras.get(value, Decimal()) for value in pair), Decimal()) == amounts[str(pair)]
