"""The pages of products: what they tell, what each button does, and what a spreadsheet may change."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any

import openpyxl
import pytest
from web_stubs import Console, text_of

from tests.unit.builders import SHOP_ID, make_shop
from tests.unit.sync.stock_bench import Bench, not_listed, second_warehouse, sku
from web.console.parts import runtime as page_runtime
from worker.odoo.errors import OdooUnavailableError
from worker.state.audit import Audit
from worker.state.catalog import Choice, ListedProduct, ListedSku, Listing, choice_key
from worker.state.dirty_set import Parked
from worker.state.orders import SoldUnits

DRESS, DRESS_SKU, SHIRT, RED, BLUE = "11", "111", "22", "221", "222"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def bench(console: Console, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A shop with a dress that is mapped and a shirt of two SKUs that are not, between a TikTok and an Odoo."""
    with console.desk.app.app_context():
        bench = Bench(page_runtime(), monkeypatch)
    bench.odoo.product(5, "A-1", units=7, name="Crochet Dress", display_name="Crochet Dress", sale_ok=True)
    bench.odoo.product(6, "B-RED", units=3, name="Summer Shirt", display_name="Summer Shirt (Red)", sale_ok=True)
    bench.odoo.product(8, "OLD", name="Former Shirt", display_name="Former Shirt", sale_ok=True, active=False)
    for record in bench.odoo.records["product.product"].values():
        record["incoming_qty"] = 0.0
    bench.tiktok.list(DRESS, sku(DRESS_SKU, "A-1"), title="Crochet dress")
    bench.tiktok.list(SHIRT, sku(RED, "S/RED"), sku(BLUE), title="Summer shirt, free shipping")
    bench.know(DRESS, s111=5)
    bench.know(SHIRT)
    return bench


def hold(bench: Bench, order_id: str, *sku_ids: str, code: str = "unknown_sku") -> None:
    """An order that is parked for want of a product for these SKUs."""
    bench.orders.mark([order_id])
    claim = bench.orders.claim(1, 60)
    bench.orders.note_sold({order_id: SoldUnits(units=dict.fromkeys(sku_ids, 1))})
    reason = f"No Odoo product matches SKU S/RED (SKU ID {sku_ids[0]}, Item ID {SHIRT})."
    bench.orders.park(claim, Parked(id=order_id, code=code, message=reason), 3600)


def refuse(bench: Bench, product_id: str) -> None:
    """TikTok refused the product's stock."""
    bench.inventory.mark([product_id])
    entry = Parked(id=product_id, code="stock_refused", message="TikTok did not take 7 units.", remedy="Look there.")
    bench.inventory.park(bench.inventory.claim(1, 60), entry, 3600)


def page(console: Console, path: str, **options: Any) -> str:
    answer = console.get(path, **options)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.get_data(as_text=True)


# The list


def test_skus_are_listed_with_how_they_are_mapped_and_what_tiktok_confirmed(console: Console, bench: Bench) -> None:
    bench.runtime.inventory(SHOP_ID).keep_confirmed({DRESS_SKU: {"W1": 7}, RED: {"W1": 1, "W2": 2}})
    text = console.text("/console/products")
    assert "Products 1 to 2 of 2" in text
    assert "Crochet dress A-1 111 Mapped by seller SKU ID 5 7" in text
    assert "S/RED 221 Not mapped unknown_sku – W1: 1, W2: 2" in text


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("q=CROCHET", {DRESS_SKU}),
        ("q=s/red", {RED}),
        ("q=222", {BLUE}),
        ("q=22", {RED, BLUE}),
        ("q=summer+shirt,", {RED, BLUE}),
        ("q=nothing+like+it", set()),
        ("q=%22title%22", set()),
        ("state=mapped", {DRESS_SKU}),
        ("state=seller_sku", {DRESS_SKU}),
        ("state=choice", set()),
        ("state=unmapped", {RED, BLUE}),
        ("state=unmapped&q=s/r", {RED}),
        ("state=refused", {DRESS_SKU}),
        ("state=not_looked_at", {"331"}),
        ("state=refused&q=shirt", set()),
        ("state=evil", {DRESS_SKU, RED, BLUE, "331"}),
        (f"shop={SHOP_ID}&q=hat", {"331"}),
        ("page=2", set()),
        ("page=x", {DRESS_SKU, RED, BLUE, "331"}),
    ],
)
def test_a_search_shows_what_fits(console: Console, bench: Bench, asked: str, shown: set[str]) -> None:
    refuse(bench, DRESS)
    bench.catalog.keep_products([ListedProduct(id="33", title="A hat", skus=[ListedSku(id="331")])])
    found = re.findall(r"/skus/(\d+)\"><code>", page(console, f"/console/products?{asked}"))
    assert set(found) == shown


def test_long_lists_have_pages_and_every_product_is_on_one(console: Console, bench: Bench) -> None:
    new = [ListedProduct(id=str(1000 + n), title="A hat", skus=[ListedSku(id=str(9000 + n))]) for n in range(60)]
    bench.catalog.keep_products(new)
    seen: list[str] = []
    path: str | None = "/console/products?q=hat"
    while path:
        html = page(console, path)
        seen += re.findall(r"/skus/(\d+)\"><code>", html)
        older = re.search(r'href="([^"]+)" rel="next"', html)
        path = older[1].replace("&amp;", "&") if older else None
    assert seen == [str(9000 + n) for n in reversed(range(60))]


def test_names_in_odoo_come_with_the_part_and_their_absence_is_told(console: Console, bench: Bench) -> None:
    part = page(console, "/console/products/names", headers=HTMX)
    assert "<html" not in part
    assert re.search(r"A-1</a>\s*<br><small>Crochet Dress", part)
    assert "<html" in page(console, "/console/products/names")
    bench.odoo.error = OdooUnavailableError("Odoo does not answer.")
    part = page(console, "/console/products/names", headers=HTMX)
    assert "Odoo does not answer." in part
    assert "ID 5</a>" in part


# What is not mapped


def test_unmapped_skus_come_with_reason_and_first_what_orders_wait_for(console: Console, bench: Bench) -> None:
    bench.catalog.keep_listings(
        [Listing(sku_id=BLUE, product_id=SHIRT, title="Summer shirt", code="unknown_sku", message="No match.")]
    )
    hold(bench, "571", BLUE)
    hold(bench, "572", BLUE, DRESS_SKU)
    text = console.text("/console/products/unmapped")
    assert "2 SKUs are no product of Odoo's" in text
    assert text.index(f"SKU ID {BLUE}") < text.index(f"SKU ID {RED}")
    assert f"SKU ID {BLUE} · the product 2 orders wait" in text
    assert "No match." in text
    assert DRESS_SKU not in text


def test_a_sku_that_tiktok_lists_no_more_is_there_while_an_order_waits_for_it(console: Console, bench: Bench) -> None:
    hold(bench, "571", "999", DRESS_SKU)
    text = console.text("/console/products/unmapped")
    assert "SKU 999" in text
    assert "1 order waits" in text
    assert f"SKU ID {DRESS_SKU}" not in text


def test_candidates_are_offered_and_one_is_chosen(console: Console, bench: Bench) -> None:
    part = page(console, "/console/products/unmapped/candidates", headers=HTMX)
    assert "Summer Shirt (Red)" in part
    assert "Former Shirt" not in part
    path = re.search(r'action="([^"]+/221/map)"', part)
    assert path is not None
    text = console.press(path[1], variant="6", back="unmapped")
    assert f"SKU ID {RED} is B-RED (6) now." in text
    assert bench.catalog.choices() == {choice_key(sku_id=RED): Choice(variant_id=6)}
    assert bench.due() == {SHIRT: False}
    assert console.audited()[0] == ("anna", "sku.map", RED)
    assert ("catalog.drain", SHOP_ID) in console.sent.messages
    # A worker is about to bind it: there is nothing more to choose.
    assert f"SKU ID {RED}" not in console.text("/console/products/unmapped").replace(f"SKU ID {RED} is", "")


def test_odoo_being_away_leaves_the_list_and_tells_so(console: Console, bench: Bench) -> None:
    bench.odoo.error = OdooUnavailableError("Odoo does not answer.", remedy="Start it.")
    part = page(console, "/console/products/unmapped/candidates", headers=HTMX)
    assert "Odoo does not answer." in part
    assert f"/skus/{RED}" in part


def test_odoos_products_are_read_once_for_many_pages(console: Console, bench: Bench) -> None:
    for _ in range(3):
        page(console, "/console/products/unmapped/candidates", headers=HTMX)
    assert len(bench.odoo.of("product.product.search_read")) == 1


def test_a_link_from_a_parked_order_leads_to_its_sku(console: Console, bench: Bench) -> None:
    answer = console.get(f"/console/products/unmapped?shop={SHOP_ID}&sku={RED}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/console/products/{SHOP_ID}/skus/{RED}")


# One SKU


SKU_PAGE = f"/console/products/{SHOP_ID}/skus/{RED}"


def test_given_orders_that_wait_when_their_sku_is_mapped_then_they_are_tried_at_once(
    console: Console, bench: Bench
) -> None:
    hold(bench, "571", RED)
    hold(bench, "572", BLUE)
    hold(bench, "573", RED, code="total_mismatch")
    text = console.press(f"{SKU_PAGE}/map", variant="6")
    assert "1 order that waited for it: tried again now." in text
    assert bench.orders.claim(10, 60).ids == ["571"]
    assert set(console.sent.messages) == {("catalog.drain", SHOP_ID), ("orders.drain", SHOP_ID)}
    (entry,) = bench.runtime.timeline(SHOP_ID).of("571")[-1:]
    assert entry.text == f"tried again: SKU ID {RED} was mapped by anna"


def test_a_sku_that_is_not_listed_can_be_mapped_for_its_orders(console: Console, bench: Bench) -> None:
    hold(bench, "571", "999")
    text = console.press(f"/console/products/{SHOP_ID}/skus/999/map", variant="6")
    assert "1 order that waited" in text
    assert "TikTok does not list it" in text
    assert bench.orders.claim(10, 60).ids == ["571"]


@pytest.mark.parametrize(("asked", "found"), [("B-RED", "Summer Shirt"), ("summer", "Summer Shirt"), ("B_RED", "")])
def test_odoo_is_searched_by_reference_and_name(console: Console, bench: Bench, asked: str, found: str) -> None:
    part = page(console, f"{SKU_PAGE}/options?q={asked}", headers=HTMX)
    assert ('value="6"' in part) is bool(found)
    assert found in part


def test_a_choice_is_taken_back(console: Console, bench: Bench) -> None:
    bench.catalog.set_choices({choice_key(sku_id=RED): Choice(variant_id=6, buffer=2)})
    assert "Take the choice back" in console.text(SKU_PAGE)
    assert "is left to the rules now" in console.press(f"{SKU_PAGE}/map", variant="")
    assert bench.catalog.choices() == {choice_key(sku_id=RED): Choice(buffer=2)}
    assert console.audited()[0] == ("anna", "sku.unmap", RED)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"variant": "8"}, "is archived"),
        ({"variant": "404"}, "no product variant with the ID 404"),
        ({"variant": "6; DROP"}, "is not a whole number"),
        ({"variant": "99999999999"}, "is not a whole number"),
        ({}, "No product was chosen"),
    ],
)
def test_what_cannot_be_chosen_is_refused_with_the_reason(
    console: Console, bench: Bench, fields: dict[str, str], told: str
) -> None:
    answer = console.post(f"{SKU_PAGE}/map", **fields)
    assert answer.status_code == 409
    assert told in text_of(answer)
    assert bench.catalog.choices() == {}
    assert console.sent.messages == []


def test_buffer_and_maximum_are_kept_and_pushed(console: Console, bench: Bench) -> None:
    bench.settle(push_stock="on")
    path = f"/console/products/{SHOP_ID}/skus/{DRESS_SKU}"
    text = console.press(f"{path}/limits", buffer="2", maximum="")
    assert "Its stock is pushed now." in text
    assert bench.catalog.choices() == {choice_key(sku_id=DRESS_SKU): Choice(buffer=2)}
    assert bench.stock_due() == [DRESS]
    assert console.sent.messages == [("inventory.push", SHOP_ID)]
    console.press(f"{path}/limits", buffer="", maximum="")
    assert bench.catalog.choices() == {}
    assert console.post(f"{path}/limits", buffer="-1").status_code == 409
    assert console.audited()[0] == ("anna", "sku.limits", DRESS_SKU)


# One product


PRODUCT = f"/console/products/{SHOP_ID}/{DRESS}"


def test_the_sum_of_the_units_for_sale_is_shown_with_what_tiktok_shows(console: Console, bench: Bench) -> None:
    bench.settle(stock_buffer=1, stock_maximum=5)
    bench.tiktok.stock[DRESS_SKU] = {"W1": 4}
    bench.orders.mark(["571"])
    bench.orders.note_sold({"571": SoldUnits(units={DRESS_SKU: 2}, warehouse_id="W1")})
    part = text_of(console.get(f"{PRODUCT}/live", headers=HTMX))
    assert "A-1 agrees" in part
    assert "7 on hand, 7 free, 0 outgoing, 0 incoming, 7 forecast" in part
    for line in ("For sale in Odoo 7", "not in Odoo yet −2", "(buffer) −1", "at most 5", "should show 4", "shows 4"):
        assert line in part
    bench.tiktok.stock[DRESS_SKU] = {"W1": 9}
    assert "A-1 differs" in text_of(console.get(f"{PRODUCT}/live", headers=HTMX))


def test_looking_at_a_product_changes_nothing(console: Console, bench: Bench) -> None:
    bench.settle(push_stock="on")
    before = bench.runtime.cursors.last_poll(SHOP_ID)
    page(console, f"{PRODUCT}/live")
    assert (bench.tiktok.pushed, bench.stock_due(), console.sent.messages) == ([], [], [])
    assert bench.runtime.cursors.last_poll(SHOP_ID) == before
    assert "search_orders" not in bench.tiktok.calls


def test_every_warehouse_has_its_own_sum(console: Console, bench: Bench) -> None:
    bench.tiktok.places.append(second_warehouse())
    bench.tiktok.stock[DRESS_SKU] = {"W1": 7, "W2": 1}
    part = text_of(console.get(f"{PRODUCT}/live", headers=HTMX))
    assert "For sale in Odoo 7 no stock goes there" in part
    assert "TikTok should show 7 0 TikTok shows 7 1" in part
    assert "A-1 differs" in part


def test_a_side_that_does_not_answer_leaves_what_the_other_says(console: Console, bench: Bench) -> None:
    bench.runtime.inventory(SHOP_ID).keep_confirmed({DRESS_SKU: {"W1": 7}})
    bench.tiktok.errors["product_detail"] = not_listed()
    part = text_of(console.get(f"{PRODUCT}/live", headers=HTMX))
    assert "TikTok Shop refused it." in part
    assert "should show 7" in part
    del bench.tiktok.errors["product_detail"]
    bench.odoo.error = OdooUnavailableError("Odoo does not answer.")
    part = text_of(console.get(f"{PRODUCT}/live", headers=HTMX))
    assert "Odoo does not answer." in part
    assert "Price 10.00 GBP" in part


def test_untracked_stock_is_explained(console: Console, bench: Bench) -> None:
    bench.odoo.records["product.product"][5]["is_storable"] = False
    assert "Track Inventory is off" in text_of(console.get(f"{PRODUCT}/live", headers=HTMX))


def test_stock_is_pushed_at_the_press_of_a_button_once_somebody_agreed(console: Console, bench: Bench) -> None:
    answer = console.post(f"{PRODUCT}/push")
    assert (answer.status_code, console.sent.messages) == (409, [])
    assert "nobody has agreed yet" in text_of(answer)
    bench.settle(push_stock="on")
    assert "A worker pushes its stock now." in console.press(f"{PRODUCT}/push")
    assert (bench.stock_due(), console.sent.messages) == ([DRESS], [("inventory.push", SHOP_ID)])
    assert console.audited()[0] == ("anna", "stock.push", DRESS)


def test_tiktok_is_asked_again_and_odoo_gets_what_it_lacks_where_that_is_allowed(
    console: Console, bench: Bench
) -> None:
    assert "A worker asks TikTok" in console.press(f"{PRODUCT}/look-again")
    assert bench.due() == {DRESS: True}
    shirt = f"/console/products/{SHOP_ID}/{SHIRT}"
    assert "Create in Odoo" not in console.text("/console/products/unmapped")
    assert "does not let products be created" in text_of(console.post(f"{shirt}/create"))
    bench.settle(create_products=True)
    assert "Create in Odoo" in console.text("/console/products/unmapped")
    assert "A worker creates in Odoo" in console.press(f"{shirt}/create")
    assert bench.due() == {SHIRT: True}
    assert [each[1] for each in console.audited()[:2]] == ["product.create", "product.look_again"]


@pytest.mark.parametrize(
    "path", [f"/console/products/{SHOP_ID}/999", "/console/products/1/11", "/console/products/x/y/live"]
)
def test_what_is_not_listed_has_no_page(console: Console, bench: Bench, path: str) -> None:
    assert console.get(path).status_code == 404


# Refused stock


def test_refused_stock_is_listed_with_reason_and_tried_again(console: Console, bench: Bench) -> None:
    assert "TikTok has refused nothing." in console.text("/console/products/refused")
    bench.settle(push_stock="on")
    refuse(bench, DRESS)
    refuse(bench, SHIRT)
    text = console.text("/console/products/refused")
    assert "Crochet dress TikTok did not take 7 units. stock_refused Look there." in text
    assert "1 product is tried again now." in console.press(
        "/console/products/refused/retry", shop=SHOP_ID, product=DRESS
    )
    assert bench.stock_due() == [DRESS]
    assert "2 products are tried again now." in console.press("/console/products/refused/retry", shop="")
    assert bench.stock_due() == [SHIRT]  # the other one a worker has
    assert [Audit(console.redis).latest()[0].detail] == [f"shop {SHOP_ID}; 2 products"]


# The spreadsheet


def sheet(*rows: tuple[Any, ...], header: tuple[str, ...] = ("SKU ID", "Internal Reference", "Buffer")) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def send(console: Console, data: bytes, name: str = "mapping.csv", **fields: str) -> Any:
    return console.post("/console/products/mapping", file=(io.BytesIO(data), name), **fields)


def sent_to(console: Console, data: bytes, **fields: str) -> str:
    """The page to which an upload leads."""
    answer = send(console, data, **fields)
    assert answer.status_code == 303, text_of(answer)
    return str(answer.headers["Location"])


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_mapping_goes_round(console: Console, bench: Bench, kind: str) -> None:
    answer = console.get(f"/console/products/mapping/download?kind={kind}")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=mapping-{SHOP_ID}.{kind}"
    path = sent_to(console, answer.data)
    assert "all 3 rows say what is so already" in text_of(console.get(f"{path}/check", headers=HTMX))


def test_an_upload_is_shown_first_and_then_taken_over(console: Console, bench: Bench) -> None:
    bench.settle(push_stock="on")
    hold(bench, "571", RED)
    path = sent_to(console, sheet((RED, "B-RED", ""), (DRESS_SKU, "A-1", "2")))
    assert "What mapping.csv would change" in console.text(path)
    text = text_of(console.get(f"{path}/check", headers=HTMX))
    assert "2 would change, 0 stay as they are." in text
    assert f"2 SKU ID {RED} product: none → B-RED (6)" in text
    assert f"3 SKU ID {DRESS_SKU} buffer: none → 2" in text
    assert bench.catalog.choices() == {}
    text = console.press(f"{path}/apply")
    assert "2 changed, 0 unchanged. 1 order that waited for it: tried again now." in text
    assert bench.catalog.choices() == {
        choice_key(sku_id=RED): Choice(variant_id=6),
        choice_key(sku_id=DRESS_SKU): Choice(buffer=2),
    }
    assert bench.due() == {DRESS: False, SHIRT: False}
    assert bench.stock_due() == [DRESS]
    assert bench.orders.claim(5, 60).ids == ["571"]
    assert {name for name, _ in console.sent.messages} == {"catalog.drain", "inventory.push", "orders.drain"}
    assert console.audited()[0] == ("anna", "catalog.import", SHOP_ID)
    assert "no longer kept" in text_of(console.post(f"{path}/apply"))


def test_one_refused_row_stops_all_and_every_refusal_is_told(console: Console, bench: Bench) -> None:
    path = sent_to(console, sheet((RED, "B-RED", ""), (BLUE, "NONE", ""), (DRESS_SKU, "OLD", "x")))
    text = text_of(console.get(f"{path}/check", headers=HTMX))
    assert "Rows refused: 2. Nothing is changed." in text
    assert "3 Internal Reference No Odoo product has the Internal Reference NONE" in text
    assert "4 Buffer 'x' is not a whole number" in text
    assert "Take it over" not in text
    assert "Rows refused since you looked: 2." in console.press(f"{path}/apply")
    assert bench.catalog.choices() == {}


def test_an_upload_is_its_operators_alone_and_a_newer_one_takes_its_place(console: Console, bench: Bench) -> None:
    path = sent_to(console, sheet((RED, "B-RED", "")))
    other = Console(console.desk, "otto", "operator")
    assert other.get(path).status_code == 409
    sent_to(console, sheet((RED, "A-1", "")))
    assert "no longer kept" in text_of(console.post(f"{path}/apply"))
    assert bench.catalog.choices() == {}
    assert all(0 < console.redis.ttl(name) <= 900 for name in console.redis.keys("tts:upload:*"))


def test_a_file_larger_than_a_webhook_may_be_is_taken_and_one_beyond_all_measure_is_not(
    console: Console, bench: Bench
) -> None:
    assert send(console, sheet((RED, "B-RED", "")) + b"\n" * 1_000_000).status_code == 303
    answer = send(console, b"x" * 10_100_000)
    assert answer.status_code == 413
    assert "The file is too large" in text_of(answer)


def test_only_who_may_change_something_may_send_a_large_body(desk: Any, viewer: Console, bench: Bench) -> None:
    large = sheet((RED, "B-RED", "")) + b"\n" * 1_000_000
    assert send(viewer, large).status_code == 413
    stranger = desk.app.test_client()
    assert stranger.post("/console/products/mapping", data={"file": (io.BytesIO(large), "m.csv")}).status_code == 413


def test_a_file_that_unpacks_to_more_than_there_is_room_for_is_refused(console: Console, bench: Bench) -> None:
    book = openpyxl.Workbook()
    packed = io.BytesIO()
    book.save(packed)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet2.xml", b"0" * 160_000_000)
    assert len(packed.getvalue()) < 1_000_000
    path = sent_to(console, packed.getvalue())
    assert "too large to be checked" in text_of(console.get(f"{path}/check", headers=HTMX))


@pytest.mark.parametrize(
    ("data", "name", "told"),
    [
        (b"Dear Sir", "letter.xlsx", "letter.xlsx has no header"),
        (b"", "empty.csv", "empty.csv is empty"),
        (b"PK\x03\x04 broken", "../../etc/passwd", "is not a spreadsheet"),
        (b"Dear Sir", "..", "The file has no header"),
    ],
)
def test_what_is_no_spreadsheet_is_told_so(console: Console, bench: Bench, data: bytes, name: str, told: str) -> None:
    path = str(send(console, data, name).headers["Location"])
    assert told in text_of(console.get(f"{path}/check", headers=HTMX))


def test_no_file_is_told_so(console: Console, bench: Bench) -> None:
    assert "No file was chosen." in text_of(console.post("/console/products/mapping"))


# Several shops, viewers


def test_a_second_shop_is_shown_beside_and_alone(console: Console, bench: Bench) -> None:
    bench.runtime.shops.claim(make_shop("2"))
    bench.runtime.catalog("2").keep_products([ListedProduct(id="44", title="A cap", skus=[ListedSku(id="441")])])
    assert "of 3" in console.text("/console/products")
    assert "of 1" in console.text("/console/products?shop=2")


def test_a_viewer_sees_all_and_can_press_nothing(viewer: Console, console: Console, bench: Bench) -> None:
    for path in ("/console/products", "/console/products/unmapped", SKU_PAGE, PRODUCT, "/console/products/mapping"):
        posting = re.findall(r'<form method="post".*?</form>', page(viewer, path), re.DOTALL)
        own = [form for form in posting if "/console/logout" in form]
        assert len(own) == 1
        assert all(re.search(r"<button[^>]* disabled", form) for form in posting if form not in own), path
    assert viewer.post(f"{SKU_PAGE}/map", variant="6").status_code == 403
    assert bench.catalog.choices() == {}
