"""Products made in the real Odoo by the bot: each once, with what TikTok tells, never against a person's changes."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from sandbox.stack.stack import Stack
from tests.merchant import Counting, Merchant, bot_of
from tests.support import since_odoo
from worker.odoo.errors import OdooRejectedError, OdooUnavailableError
from worker.odoo.features import features_of
from worker.odoo.gateway import OdooGateway
from worker.odoo.product_creation import Made, NewProduct, NewSku, ProductCreation

#: The smallest PNG there is: one transparent pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f6"
    "45400000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def bot(stack: Stack) -> Iterator[OdooGateway]:
    """The bot with the one group more that creating products needs."""
    stack.let_create_products()
    yield bot_of(stack)
    stack.let_create_products(False)


@pytest.fixture(scope="module")
def merchant(stack: Stack) -> Merchant:
    return Merchant(stack)


class Maker:
    """Makes products of a shop of its own, whose codes nobody else has."""

    def __init__(self, bot: OdooGateway, merchant: Merchant) -> None:
        self.bot = bot
        self.merchant = merchant
        self.shop_id = str(7 * 10**18 + secrets.randbelow(10**18))
        self.tag = secrets.token_hex(3).upper()

    def create(self, *products: NewProduct, gateway: OdooGateway | None = None) -> Made:
        return ProductCreation(gateway or self.bot, self.shop_id).create(products)

    def sku(
        self, sku_id: str, price: str = "10", barcode: str = "", seller_sku: str | None = None, **values: str
    ) -> Any:
        code = f"{sku_id}-{self.tag}" if seller_sku is None else seller_sku
        return NewSku(sku_id, code, Decimal(price), barcode, tuple(values.items()))

    def single(self, sku_id: str, *, image: bytes | None = None, **options: Any) -> NewProduct:
        return NewProduct(f"p{sku_id}", f"Thing {sku_id}", (self.sku(sku_id, **options),), image=image)

    def several(self, *skus: NewSku, title: str = "Shirt", product_id: str = "p") -> NewProduct:
        return NewProduct(product_id, title, skus, sole=False)

    def read(self, made: Made, *sku_ids: str) -> list[dict[str, Any]]:
        """The variants as an administrator sees them, in this order."""
        storable, _, counted = features_of(self.bot).storable
        fields = ["name", "display_name", "default_code", "barcode", "lst_price", "list_price", storable]
        fields += ["sale_ok", "taxes_id", "image_1920", "product_tmpl_id", "product_template_attribute_value_ids"]
        ids = [made.variants[sku_id] for sku_id in sku_ids or made.variants]
        rows: list[dict[str, Any]] = self.merchant.do("product.product", "read", ids, fields)
        return [row | {"is_storable": row[storable] == counted} for row in rows]

    def count(self) -> tuple[int, int]:
        """Templates and variants that carry this maker's mark, archived ones too."""
        mark = f"%{self.tag}%"
        sql = self.merchant.stack.sql
        [(variants,)] = sql("SELECT count(*) FROM product_product WHERE default_code LIKE %s", mark)
        [(templates,)] = sql(
            "SELECT count(*) FROM product_template t JOIN ir_model_data d ON d.res_id = t.id "
            "AND d.model = 'product.template' WHERE d.module = 'tiktok_shop' AND d.name LIKE %s",
            f"%\\_{self.shop_id}\\_%",
        )
        return templates, variants


@pytest.fixture
def maker(bot: OdooGateway, merchant: Merchant) -> Maker:
    return Maker(bot, merchant)


@pytest.fixture
def barcode() -> str:
    return f"29{secrets.randbelow(10**10):010d}"


# --- products of one SKU -----------------------------------------------------------------------------------------


def test_a_product_has_what_tiktok_tells(maker: Maker, barcode: str) -> None:
    made = maker.create(maker.single("1", price="9.99", barcode=barcode, image=PNG))
    (row,) = maker.read(made)
    assert (row["name"], row["default_code"], row["barcode"]) == ("Thing 1", f"1-{maker.tag}", barcode)
    assert (row["list_price"], row["is_storable"], row["sale_ok"], row["taxes_id"]) == (9.99, True, True, [])
    assert row["image_1920"]
    assert (made.refused, made.notes) == ({}, [])


def test_without_title_and_seller_sku_the_ids_stand_in(maker: Maker) -> None:
    made = maker.create(NewProduct("p1", "", (NewSku(f"17{maker.tag}", "", Decimal("1E+2")),)))
    (row,) = maker.read(made)
    assert (row["name"], row["default_code"], row["list_price"]) == ("TikTok product p1", f"17{maker.tag}", 100.0)


def test_a_very_long_title_is_kept(maker: Maker) -> None:
    made = maker.create(NewProduct("p1", "L" * 3000, (maker.sku("1"),)))
    assert maker.read(made)[0]["name"] == "L" * 3000


def test_products_of_one_sku_share_one_call(maker: Maker) -> None:
    counting = Counting(maker.bot)
    made = maker.create(*(maker.single(str(number)) for number in range(50)), gateway=counting)
    assert len(made.variants) == 50
    assert counting.calls == ["product.product.load", "product.product.search_read"]


def test_a_repeat_answers_the_same_and_leaves_a_persons_changes(maker: Maker, barcode: str) -> None:
    product = maker.single("1", barcode=barcode)
    first = maker.create(product)
    changed = {"name": "Renamed", "list_price": 99, "default_code": f"OTHER-{maker.tag}"}
    maker.merchant.do("product.product", "write", list(first.variants.values()), changed)
    again = maker.create(product)
    assert (again.variants, again.notes) == (first.variants, [])
    row = maker.read(again)[0]
    assert (row["name"], row["list_price"], row["barcode"]) == ("Renamed", 99, barcode)
    assert maker.count() == (1, 1)


# --- products of several SKUs ------------------------------------------------------------------------------------


def test_a_template_has_exactly_the_variants_that_tiktok_sells(maker: Maker) -> None:
    made = maker.create(
        maker.several(
            maker.sku("rs", Color="Red", Size="S"),
            maker.sku("rm", "12", Color="Red", Size="M"),
            maker.sku("bm", "12", Color="Blue", Size="M"),
        )
    )
    rows = maker.read(made, "rs", "rm", "bm")
    assert [row["display_name"].partition("] ")[2] for row in rows] == [
        "Shirt (Red, S)",
        "Shirt (Red, M)",
        "Shirt (Blue, M)",
    ]
    assert [row["lst_price"] for row in rows] == [10, 12, 12]
    assert all(row["is_storable"] and row["taxes_id"] == [] for row in rows)
    template = rows[0]["product_tmpl_id"][0]
    assert maker.merchant.do("product.product", "search_count", [("product_tmpl_id", "=", template)]) == 3
    assert maker.count() == (1, 3)


def test_a_sku_that_tiktok_adds_later_joins_the_others_at_its_own_price(maker: Maker) -> None:
    first = maker.create(
        maker.several(maker.sku("rs", Color="Red", Size="S"), maker.sku("rm", "12", Color="Red", Size="M"))
    )
    # Red has no extra price, so all of it must come from the new size; and M's extra price is there already.
    made = maker.create(maker.several(maker.sku("rxl", "16", Color="Red", Size="XL")))
    made.variants |= maker.create(maker.several(maker.sku("gm", "12", Color="Green", Size="M"))).variants
    rows = maker.read(made, "rxl", "gm")
    assert [row["lst_price"] for row in rows] == [16, 12]
    assert {row["product_tmpl_id"][0] for row in rows} == {maker.read(first)[0]["product_tmpl_id"][0]}
    assert maker.count() == (1, 4)


def test_what_people_changed_of_prices_stays_when_a_sku_is_added(maker: Maker) -> None:
    first = maker.create(maker.several(maker.sku("s", Size="S"), maker.sku("m", "12", Size="M")))
    (row,) = maker.read(first, "m")
    maker.merchant.do(
        "product.template.attribute.value", "write", row["product_template_attribute_value_ids"], {"price_extra": 5}
    )
    maker.merchant.do("product.template", "write", [row["product_tmpl_id"][0]], {"list_price": 20, "name": "Renamed"})
    made = maker.create(maker.several(maker.sku("m", "12", Size="M"), maker.sku("l", "13", Size="L")))
    m, large = maker.read(made, "m", "l")
    assert (m["lst_price"], m["name"], large["lst_price"]) == (25, "Renamed", 13)


def test_prices_that_no_attribute_alone_explains_are_said(maker: Maker) -> None:
    made = maker.create(
        maker.several(
            maker.sku("rs", "10", Color="Red", Size="S"),
            maker.sku("rm", "12", Color="Red", Size="M"),
            maker.sku("bs", "13", Color="Blue", Size="S"),
        )
    )
    assert {row["lst_price"] for row in maker.read(made)} == {10}
    assert "prices of 'Shirt' differ" in made.notes[0]


def test_a_price_that_is_not_known_gives_no_discount(maker: Maker) -> None:
    first = maker.create(maker.several(maker.sku("s", Size="S"), maker.sku("m", Size="M")))
    assert {row["lst_price"] for row in maker.read(first)} == {10}
    made = maker.create(maker.several(maker.sku("l", "0", Size="L")))
    assert maker.read(made)[0]["lst_price"] == 10


@since_odoo(18)
def test_dynamic_attributes_are_shared_whatever_their_case_and_others_are_not_used(maker: Maker) -> None:
    names = {mode: f"{mode}-{maker.tag}" for mode in ("dynamic", "always")}
    people = {
        mode: maker.merchant.do("product.attribute", "create", [{"name": name, "create_variant": mode}])[0]
        for mode, name in names.items()
    }
    value = {"name": "RED", "attribute_id": people["dynamic"], "default_extra_price": 7}
    red = maker.merchant.do("product.attribute.value", "create", [value])[0]
    both = {names["dynamic"].upper(): "Red", names["always"]: "x"}
    made = maker.create(maker.several(maker.sku("1", **both), maker.sku("2", **{**both, names["always"]: "y"})))
    rows = maker.read(made)
    used = maker.merchant.do(
        "product.template.attribute.value",
        "read",
        rows[0]["product_template_attribute_value_ids"],
        ["attribute_id", "product_attribute_value_id"],
    )
    attributes = {each["attribute_id"][0] for each in used}
    assert people["dynamic"] in attributes
    assert people["always"] not in attributes
    assert red in {each["product_attribute_value_id"][0] for each in used}
    assert [row["lst_price"] for row in rows] == [10, 10]  # not 17: the value's default is a person's, the price is not
    assert maker.count() == (1, 2)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"Color": "Red"}, {"Color": "red"}),
        ({}, {}),
        ({"Color": "Red"}, {"Size": "M"}),
        ({"Color": "Red"}, {"Color": ""}),
        ({"Color": "Red", "COLOR": "Blue"}, {"Color": "Red", "COLOR": "Green"}),
    ],
    ids=["same combination", "no attributes", "other attributes", "empty value", "one attribute twice"],
)
def test_skus_that_attributes_do_not_tell_apart_are_named_each(
    maker: Maker, first: dict[str, str], second: dict[str, str]
) -> None:
    made = maker.create(maker.several(maker.sku("1", **first), maker.sku("2", **second)))
    rows = maker.read(made, "1", "2")
    assert rows[0]["product_tmpl_id"] == rows[1]["product_tmpl_id"]
    assert rows[0]["display_name"] != rows[1]["display_name"]
    later = maker.create(maker.several(maker.sku("3", Color="Green")))
    assert maker.read(later)[0]["product_tmpl_id"] == rows[0]["product_tmpl_id"]


def test_a_second_sku_of_a_product_that_was_made_without_variants_is_a_product_of_its_own(maker: Maker) -> None:
    first = maker.create(NewProduct("p", "Shirt", (maker.sku("r", Color="Red"),)))
    made = maker.create(maker.several(maker.sku("b", Color="Blue", Size="M")))
    assert maker.read(made)[0]["name"] == "Shirt (Blue, M)"
    assert maker.read(first)[0]["name"] == "Shirt"


@pytest.mark.parametrize("values", [{"Color": "Red"}, {"Material": "Wool"}, {"Color": "Red", "Size": "S"}])
def test_a_sku_that_the_template_cannot_hold_is_a_product_of_its_own(maker: Maker, values: dict[str, str]) -> None:
    first = maker.create(maker.several(maker.sku("r", Color="Red"), maker.sku("b", Color="Blue")))
    late = maker.several(maker.sku("late", **values))
    made = maker.create(late)
    assert maker.create(late).variants == made.variants
    assert maker.read(made)[0]["name"] == f"Shirt ({', '.join(values.values())})"
    assert "product of its own" in made.notes[0]
    assert {row["product_tmpl_id"][1] for row in maker.read(first)} == {"Shirt"}
    assert maker.count() == (2, 3)


def test_of_skus_that_are_added_together_those_that_fit_join_the_others(maker: Maker) -> None:
    first = maker.create(maker.several(maker.sku("r", Color="Red"), maker.sku("b", Color="Blue")))
    late = [maker.sku("g", Color="Green"), maker.sku("g2", Color="GREEN"), maker.sku("x", Color="Green", Size="M")]
    made = maker.create(maker.several(*late))
    assert (made.refused, len(made.notes)) == ({}, 2)
    template = maker.read(first)[0]["product_tmpl_id"][0]
    assert [row["product_tmpl_id"][0] == template for row in maker.read(made, "g", "g2", "x")] == [True, False, False]
    assert maker.create(maker.several(*late)).variants == made.variants


# --- what Odoo or a person refuses -------------------------------------------------------------------------------


def test_a_barcode_that_another_product_has_is_left_out_and_said(maker: Maker, barcode: str) -> None:
    other = maker.merchant.do("product.product", "create", [{"name": "Other", "barcode": barcode}])[0]
    made = maker.create(maker.single("1", barcode=barcode, image=PNG), maker.single("2"))
    one, _ = maker.read(made, "1", "2")
    assert not one["barcode"]
    assert one["image_1920"]
    assert made.notes == [f"SKU 1-{maker.tag}: made without its barcode {barcode}, which product variant {other} has."]


def test_a_barcode_of_two_new_skus_goes_to_the_first(maker: Maker, barcode: str) -> None:
    made = maker.create(maker.single("1", barcode=barcode), maker.single("2", barcode=barcode))
    assert [row["barcode"] for row in maker.read(made, "1", "2")] == [barcode, False]
    assert "SKU ID 1 has" in made.notes[0]


@since_odoo(19)
def test_a_barcode_that_only_odoo_knows_to_be_taken_is_left_out_too(maker: Maker, barcode: str) -> None:
    product = maker.merchant.product()
    unit = maker.merchant.do("uom.uom", "search", [], limit=1)[0]
    maker.merchant.do("product.uom", "create", [{"product_id": product, "uom_id": unit, "barcode": barcode}])
    made = maker.create(maker.single("1", barcode=barcode, image=PNG), maker.single("2"))
    row = maker.read(made, "1")[0]
    assert not row["barcode"]
    assert row["image_1920"]
    assert "made without its barcode, which Odoo refused" in made.notes[0]


def test_an_image_that_odoo_cannot_read_is_left_out_and_said(maker: Maker, barcode: str) -> None:
    broken = PNG[:20] + b"broken"
    sizes = (maker.sku("3", Size="S"), maker.sku("4", Size="M"))
    made = maker.create(
        maker.single("1", image=broken, barcode=barcode),
        maker.single("2", image=PNG),
        NewProduct("p", "Shirt", sizes, sole=False, image=broken),
    )
    one, two, three, four = maker.read(made, "1", "2", "3", "4")
    assert [bool(row["image_1920"]) for row in (one, two, three, four)] == [False, True, False, False]
    assert one["barcode"] == barcode
    assert sum("without its image" in note for note in made.notes) == 2


@pytest.mark.parametrize("model", ["product.product", "product.template"])
def test_what_a_person_archived_is_neither_sold_nor_made_again(maker: Maker, model: str) -> None:
    single, shirt = maker.single("1"), maker.several(maker.sku("r", Color="Red"), maker.sku("b", Color="Blue"))
    made = maker.create(single, shirt)
    rows = maker.read(made, "1", "r", "b")
    archived = [row["id"] if model == "product.product" else row["product_tmpl_id"][0] for row in rows]
    maker.merchant.do(model, "write", archived, {"active": False})
    again = maker.create(single, shirt)
    assert again.variants == {}
    assert set(again.refused) == {"1", "r", "b"}
    assert all("archived" in reason for reason in again.refused.values())
    late = maker.create(maker.several(maker.sku("g", Color="Green")))
    assert ("archived" in late.refused.get("g", "")) == (model == "product.template")


def test_without_the_right_to_create_products_nothing_is_made(maker: Maker) -> None:
    stack = maker.merchant.stack
    stack.let_create_products(False)
    try:
        for product in (maker.single("1"), maker.several(maker.sku("r", Tone="Red"), maker.sku("b", Tone="Blue"))):
            with pytest.raises(OdooRejectedError) as caught:
                maker.create(product)
            assert caught.value.code == "odoo_rights"
    finally:
        stack.let_create_products()
    assert maker.count() == (0, 0)


# --- exactly once ------------------------------------------------------------------------------------------------


class Dying:
    """A gateway whose worker dies with the n-th call that changes something: Odoo does it, nobody hears of it."""

    def __init__(self, gateway: OdooGateway, dies_at: int) -> None:
        self._gateway = gateway
        self._left = dies_at
        self.died = False

    def call(self, model: str, method: str, **arguments: Any) -> Any:
        answer = self._gateway.call(model, method, **arguments)
        if method in ("load", "write"):
            self._left -= 1
            if self._left == 0:
                self.died = True
                raise OdooUnavailableError("no answer")
        return answer


def goods(maker: Maker) -> list[NewProduct]:
    """A product of one SKU and one of three, with attributes that nobody has."""
    values = [("S", "10"), ("M", "12"), ("L", "15")]
    skus = [maker.sku(size, price, **{f"Size {maker.tag}": size}) for size, price in values]
    return [maker.single("1"), maker.several(*skus)]


def test_a_worker_that_dies_after_any_call_leaves_what_the_next_one_finishes(
    bot: OdooGateway, merchant: Merchant
) -> None:
    dies_at, died = 1, True
    while died:
        maker = Maker(bot, merchant)
        dying = Dying(bot, dies_at)
        try:
            maker.create(*goods(maker), gateway=dying)
        except OdooUnavailableError:
            assert dying.died
        died = dying.died
        made = maker.create(*goods(maker))
        assert made.refused == {}
        assert [row["lst_price"] for row in maker.read(made, "1", "S", "M", "L")] == [10, 10, 12, 15]
        assert maker.count() == (2, 4), f"after call {dies_at}"
        dies_at += 1
    assert dies_at > 6  # attributes, values, template, two extra prices, variants, the product of one SKU


def together(work: Callable[[OdooGateway], Made], stack: Stack, count: int = 4) -> list[Made]:
    """The same work by several workers, which begin at the same moment."""
    barrier = threading.Barrier(count)
    made: list[Made] = []
    errors: list[Exception] = []

    def run() -> None:
        gateway = bot_of(stack)
        gateway.call("res.users", "search_count", domain=[])  # logged in
        barrier.wait()
        try:
            made.append(work(gateway))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    return made


def test_workers_that_make_the_same_at_once_make_it_once(maker: Maker, stack: Stack) -> None:
    made = together(lambda gateway: maker.create(*goods(maker), gateway=gateway), stack)
    assert [each.refused for each in made] == [{}] * 4
    assert len({tuple(sorted(each.variants.items())) for each in made}) == 1
    assert maker.count() == (2, 4)
    assert [row["lst_price"] for row in maker.read(made[0], "S", "M", "L")] == [10, 12, 15]


def test_workers_that_add_the_same_sku_at_once_add_it_once(maker: Maker, stack: Stack) -> None:
    _, shirt = goods(maker)
    maker.create(shirt)
    late = maker.several(maker.sku("XL", "17", **{f"Size {maker.tag}": "XL"}))
    made = together(lambda gateway: maker.create(late, gateway=gateway), stack)
    assert [each.refused for each in made] == [{}] * 4
    assert len({each.variants["XL"] for each in made}) == 1
    assert maker.count() == (1, 4)
    assert maker.read(made[0])[0]["lst_price"] == 17


# --- facts of Odoo that this rests on ----------------------------------------------------------------------------


@since_odoo(16)
def test_the_bot_cannot_give_a_product_that_exists_an_external_id(maker: Maker) -> None:
    """So only what the bot makes itself has one; what people made is found by its reference."""
    product = maker.merchant.product()
    for number, columns in enumerate((["id", ".id", "name"], [".id", "id", "name"])):
        cells = {"id": f"tiktok_shop.fact{number}_{maker.shop_id}", ".id": str(product), "name": "X"}
        row = [cells[column] for column in columns]
        answer = maker.bot.call("product.product", "load", fields=columns, data=[row])
        assert answer["ids"] != [product]  # `.id` is overlooked: a new product
    values = {"module": "tiktok_shop", "name": maker.tag, "model": "product.product", "res_id": product}
    with pytest.raises(OdooRejectedError, match="not allowed"):
        maker.bot.call("ir.model.data", "create", vals_list=[values])
    assert maker.bot.call("product.product", "get_external_id", ids=[product]) == {str(product): ""}


def test_loading_a_variant_gives_its_template_an_external_id_too(maker: Maker) -> None:
    made = maker.create(maker.single("1"))
    template = maker.read(made)[0]["product_tmpl_id"][0]
    names = maker.bot.call("product.template", "get_external_id", ids=[template])
    assert names == {str(template): f"tiktok_shop.sku_{maker.shop_id}_1_product_template"}
