"""The pages of one shop: its buttons, its settings by Odoo's names, its warehouses, and the first push of its stock."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from web_stubs import Console, text_of

from tests.unit.builders import SHOP_ID, make_shop
from tests.unit.sync.stock_bench import Odoo, TikTok, second_warehouse, sku
from web.console.parts import runtime as page_runtime
from worker.odoo.errors import OdooRejectedError, OdooUnavailableError
from worker.state.catalog import ListedProduct, ListedSku, Listing
from worker.state.progress import Progress, Work
from worker.state.shops import Feed, ShopSettings
from worker.state.stock_plan import PlannedChange, StockPlan, StockPlans
from worker.sync.catalog_pull import listed_product
from worker.sync.long_work import compare_stock
from worker.sync.runtime import Runtime
from worker.sync.shop_settings import fingerprint
from worker.tiktok.models import Warehouse

SHOP = f"/console/shops/{SHOP_ID}"
#: Settings as a browser sends them; check boxes that are off are left out.
FORM: dict[str, Any] = {
    "go_live": "2026-01-01T00:00:00",
    "confirm_orders": "y",
    "total": "seller_revenue",
    "import_samples": "y",
    "stock_buffer": "0",
    "ship_when": "manual",
    "handover": "pickup",
    "label_size": "A6",
    "shipped_on_tiktok": "flag",
    "cancel_reason": "seller_cancel_reason_out_of_stock",
    "returns": "note",
    "payouts": "record",
}


@pytest.fixture
def parts(console: Console) -> Runtime:
    """The pages' runtime, between an Odoo and a TikTok that a test arranges."""
    with console.desk.app.app_context():
        return page_runtime()


@pytest.fixture
def odoo(parts: Runtime) -> Odoo:
    odoo = Odoo()
    parts.__dict__["odoo"] = odoo
    for one, (code, name) in enumerate([("WH", "Main"), ("NORTH", "North")], start=1):
        odoo.has("stock.warehouse", one, code=code, name=name, company_id=[1, "Demo Ltd"])
    odoo.has("stock.location", 8, complete_name="WH/Stock/Shelf", name="Shelf", usage="internal", company_id=False)
    odoo.has("stock.location", 9, complete_name="Customers", name="Customers", usage="customer", company_id=False)
    odoo.has("res.company", 1, name="Demo Ltd")
    odoo.has("account.tax", 3, name="VAT 20 %", type_tax_use="sale", price_include=True, company_id=[1, "Demo Ltd"])
    odoo.has("account.tax", 4, name="On top", type_tax_use="sale", price_include=False, company_id=[1, "Demo Ltd"])
    odoo.product(5, "REF-A", units=5, name="Dress")
    return odoo


@pytest.fixture
def tiktok(parts: Runtime, monkeypatch: pytest.MonkeyPatch) -> TikTok:
    tiktok = TikTok()
    monkeypatch.setattr(parts, "shop_client", lambda _: tiktok)
    return tiktok


def settings(parts: Runtime) -> ShopSettings:
    return parts.shops.get(SHOP_ID).settings


def settle(parts: Runtime, **changes: Any) -> None:
    shop = parts.shops.get(SHOP_ID)
    parts.shops.save(shop.model_copy(update={"settings": shop.settings.model_copy(update=changes)}))


def list_product(parts: Runtime, product_id: str = "1") -> None:
    parts.catalog(SHOP_ID).keep_products([ListedProduct(id=product_id, skus=[ListedSku(id=f"{product_id}1")])])


def work(parts: Runtime, kind: Any) -> Work:
    found = Progress(parts.redis, SHOP_ID).get(kind)
    assert found is not None
    return found


# The overview


def test_a_shop_is_shown_at_a_glance(console: Console, parts: Runtime) -> None:
    text = console.text(SHOP)
    assert "Last order synchronization never" in text
    assert "Waits until somebody agrees to the first push." in text
    parts.cursors.polled(SHOP_ID)
    parts.accounts.set_authorization("demo", "needed")
    text = console.text(SHOP)
    assert "Last order synchronization 20" in text
    assert "Its account is not authorized" in text


@pytest.mark.parametrize("page", ["", "/stock", "/settings", "/warehouses", "/remove", "/work"])
def test_a_shop_that_is_not_there_is_a_page_that_says_so(console: Console, page: str) -> None:
    answer = console.get(f"/console/shops/5{page}")
    assert (answer.status_code, "There is no such shop" in text_of(answer)) == (404, True)


def test_sync_orders_reads_what_changed_since_the_last_time(console: Console) -> None:
    assert "A worker reads the order list of Demo GB now." in console.press(f"{SHOP}/poll")
    assert console.sent.messages == [("orders.poll", SHOP_ID)]
    assert console.audited()[0] == ("anna", "order.sync", SHOP_ID)


def test_sync_orders_from_a_date_is_done_by_a_worker_and_shown(console: Console, parts: Runtime) -> None:
    page = console.press(f"{SHOP}/sync", since="2026-02-01T08:30", force="y")
    assert "Sync orders: waits for a worker" in page
    assert console.sent.messages == [("orders.sync_since", SHOP_ID)]
    assert work(parts, "orders").options == {"since": "2026-02-01T08:30:00+00:00", "force": "yes"}
    read_to = "2026-02-03T00:00:00+00:00"
    Progress(parts.redis, SHOP_ID).keep(
        "orders", work(parts, "orders"), state="running", done=1240, options={"read_to": read_to}
    )
    assert "1,240 orders so far, read up to 2026-02-03 00:00 UTC" in console.text(SHOP)


def test_work_that_is_under_way_is_not_begun_twice(console: Console) -> None:
    console.press(f"{SHOP}/sync", since="2026-02-01T08:30")
    assert "under way already" in console.press(f"{SHOP}/sync", since="2026-03-01T08:30")
    assert len(console.sent.messages) == 1


@pytest.mark.parametrize("since", ["", "yesterday"])
def test_what_is_no_date_is_refused(console: Console, since: str) -> None:
    answer = console.post(f"{SHOP}/sync", since=since)
    assert answer.status_code == 400
    assert console.sent.messages == []


def test_the_catalogue_is_read_by_a_worker_and_its_walk_is_shown(console: Console, parts: Runtime) -> None:
    assert "Sync product catalogue: waits for a worker" in console.press(f"{SHOP}/pull")
    assert console.sent.messages == [("catalog.pull", SHOP_ID)]
    Progress(parts.redis, SHOP_ID).keep("catalog", work(parts, "catalog"), state="running", done=1240, total=10_000)
    page = console.get(SHOP).get_data(as_text=True)
    assert "1,240 of 10,000 products" in page
    assert 'value="1240" max="10000"' in page
    parts.product_queue(SHOP_ID).mark(["1", "2"])
    assert "2 products to look at" in console.text(SHOP)


def test_the_live_part_says_nothing_while_nothing_moves_and_reloads_the_page_at_the_end(
    console: Console, parts: Runtime
) -> None:
    page = console.press(f"{SHOP}/pull")
    assert page
    (address,) = re.findall(r'hx-get="([^"]+)"', console.get(SHOP).get_data(as_text=True))
    address = address.replace("&amp;", "&")
    assert console.get(address).status_code == 204
    Progress(parts.redis, SHOP_ID).keep("catalog", work(parts, "catalog"), state="running", done=5)
    moved = console.get(address)
    assert (moved.status_code, "5 products so far" in text_of(moved)) == (200, True)
    Progress(parts.redis, SHOP_ID).keep("catalog", work(parts, "catalog"), state="done", message="All read.")
    ended = console.get(address)
    assert (ended.status_code, ended.headers["HX-Refresh"]) == (204, "true")
    done = console.get(SHOP).get_data(as_text=True)
    assert "All read." in done
    assert "hx-get" not in done


def test_work_that_failed_says_why_and_what_to_do(console: Console, parts: Runtime) -> None:
    failed = Work(by="anna", state="failed", message="TikTok does not answer.", remedy="Wait.")
    Progress(parts.redis, SHOP_ID).keep("orders", failed)
    text = console.text(SHOP)
    assert "Sync orders: TikTok does not answer." in text
    assert "What to do: Wait." in text


def test_a_shop_is_switched_off_and_on(console: Console, parts: Runtime) -> None:
    assert "is switched off. What comes in meanwhile is kept" in console.press(f"{SHOP}/switch", on="no")
    assert not parts.shops.get(SHOP_ID).enabled
    assert "is switched on. Orders that came in" in console.press(f"{SHOP}/switch", on="yes")
    assert console.sent.messages == [("orders.drain", SHOP_ID)]


def test_it_is_said_what_stays_before_a_shop_is_removed(console: Console, parts: Runtime) -> None:
    assert "These stay: everything in Odoo" in console.text(f"{SHOP}/remove")
    assert "Demo GB is removed." in console.press(f"{SHOP}/remove")
    assert parts.shops.find(SHOP_ID) is None


# Settings


def test_the_form_shows_odoos_records_by_name(console: Console, odoo: Odoo, parts: Runtime) -> None:
    settle(parts, warehouse_id=2, default_product_id=5)
    html = console.get(f"{SHOP}/settings").get_data(as_text=True)
    assert '<option selected value="2">NORTH North</option>' in html
    assert '<option value="1">WH Main</option>' in html
    assert "WH/Stock/Shelf" in html
    assert "Customers" not in html
    assert "VAT 20 %" in html
    assert "On top" not in html
    assert "Now: REF-A." in html
    assert "ids are shown" not in html


def test_given_odoo_is_away_then_the_form_shows_ids_says_so_and_asks_only_once(
    console: Console, odoo: Odoo, parts: Runtime
) -> None:
    settle(parts, warehouse_id=2, stock_warehouse_ids=[1])
    odoo.error = OdooUnavailableError("Odoo does not answer.")
    html = console.get(f"{SHOP}/settings").get_data(as_text=True)
    assert "ids are shown: Odoo does not answer." in html
    assert '<option selected value="2">2 (Odoo does not tell its name)</option>' in html
    assert 'checked id="stock_warehouse_ids-0"' in html
    page = console.press(
        f"{SHOP}/settings",
        form_at=f"{SHOP}/settings",
        **FORM,
        **seen(parts),
        warehouse_id="2",
        stock_warehouse_ids="1",
        stock_maximum="7",
    )
    assert "Saved: Maximum." in page
    assert (settings(parts).stock_maximum, settings(parts).warehouse_id) == (7, 2)


def test_given_a_right_is_missing_then_that_field_says_so_and_the_others_have_names(
    console: Console, odoo: Odoo
) -> None:
    def refused(_: Any) -> None:
        raise OdooRejectedError("The bot may not read crm.team.")

    odoo.answers["crm.team.search_read"] = refused
    text = console.text(f"{SHOP}/settings")
    assert "The bot may not read crm.team." in text
    assert "WH Main" in text


def seen(parts: Runtime) -> dict[str, str]:
    return {"seen": fingerprint(settings(parts))}


def test_what_is_saved_is_named_with_what_follows(console: Console, odoo: Odoo, parts: Runtime) -> None:
    settle(parts, push_stock="on")
    list_product(parts)
    page = console.press(
        f"{SHOP}/settings", **{**FORM, **seen(parts), "stock_buffer": "3", "warehouse_id": "2", "tax_id": "3"}
    )
    assert "Saved: Warehouse that delivers, Tax, Buffer. All stock of the shop is compared and pushed anew." in page
    assert (settings(parts).stock_buffer, settings(parts).warehouse_id, settings(parts).tax_id) == (3, 2, 3)
    assert console.sent.messages == [("inventory.push", SHOP_ID)]
    assert console.audited()[0] == ("anna", "shop.set", SHOP_ID)


def test_a_form_that_is_saved_as_it_is_changes_nothing(console: Console, odoo: Odoo, parts: Runtime) -> None:
    settle(
        parts, **{"go_live": datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), "default_product_id": 5, "company_id": 1}
    )
    before = settings(parts)
    filled = {**FORM, **seen(parts), "go_live": "2026-01-02T03:04:05", "default_product_id": "5", "company_id": "1"}
    assert "Nothing was changed." in console.press(f"{SHOP}/settings", **filled)
    assert settings(parts) == before
    assert [action for _, action, _ in console.audited()] == ["login"]


def test_boxes_that_are_not_checked_are_off_and_several_warehouses_may_be_chosen(
    console: Console, odoo: Odoo, parts: Runtime
) -> None:
    boxes = ("confirm_orders", "import_samples")
    filled = {name: value for name, value in FORM.items() if name not in boxes}
    filled |= {"go_live": "2025-12-01T00:00", "total": "buyer_paid", "import_fbt": "y"}
    page = console.press(f"{SHOP}/settings", **filled, **seen(parts), stock_warehouse_ids=["1", "2"])
    now = settings(parts)
    assert (now.confirm_orders, now.import_samples, now.import_fbt, now.total) == (False, False, True, "buyer_paid")
    assert now.stock_warehouse_ids == [1, 2]
    assert now.go_live == datetime(2025, 12, 1, tzinfo=UTC)
    assert "the next poll reads the list from the go-live date" in page


def test_the_default_product_is_found_by_its_reference(console: Console, odoo: Odoo, parts: Runtime) -> None:
    console.press(f"{SHOP}/settings", **FORM, **seen(parts), default_product_id=" REF-A ")
    assert settings(parts).default_product_id == 5
    console.press(f"{SHOP}/settings", **FORM, **seen(parts), default_product_id="")
    assert settings(parts).default_product_id is None


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"stock_buffer": "-1"}, (400, "Number must be between 0")),
        ({"stock_buffer": "many"}, (400, "Not a valid integer")),
        ({"go_live": ""}, (400, "Give a date.")),
        ({"warehouse_id": "abc"}, (400, "Invalid Choice")),
        ({"warehouse_id": "99"}, (409, "Odoo has no warehouse 99.")),
        ({"tax_id": "4"}, (409, "added on top of the price")),
        ({"default_product_id": "nothing"}, (409, "Odoo has no default product called 'nothing'")),
        ({"stock_warehouse_ids": "1", "stock_location_id": "8"}, (409, "not in both")),
    ],
)
def test_what_cannot_be_is_said_beside_what_was_typed_and_changes_nothing(
    console: Console, odoo: Odoo, parts: Runtime, change: dict[str, str], refusal: tuple[int, str]
) -> None:
    status, reason = refusal
    before = settings(parts)
    answer = console.post(f"{SHOP}/settings", **{**FORM, **seen(parts), "stock_maximum": "77", **change})
    assert (answer.status_code, reason in text_of(answer)) == (status, True)
    assert 'value="77"' in answer.get_data(as_text=True)
    assert settings(parts) == before


def test_what_somebody_else_saved_meanwhile_is_not_overwritten(console: Console, odoo: Odoo, parts: Runtime) -> None:
    old = seen(parts)
    settle(parts, stock_buffer=9)
    for given in (old, {}):
        answer = console.post(f"{SHOP}/settings", **FORM, **given)
        assert (answer.status_code, "Somebody changed these settings" in text_of(answer)) == (409, True)
    assert settings(parts).stock_buffer == 9


def test_a_viewer_may_look_at_the_settings(viewer: Console) -> None:
    html = viewer.get(f"{SHOP}/settings").get_data(as_text=True)
    assert "<fieldset disabled>" in html


# Warehouses


def test_warehouses_are_shown_with_whose_stock_they_show(
    console: Console, odoo: Odoo, tiktok: TikTok, parts: Runtime
) -> None:
    tiktok.places = [
        *tiktok.places,
        second_warehouse(),
        Warehouse.model_validate({"id": "R1", "name": "Returns", "type": "RETURN_WAREHOUSE"}),
    ]
    text = console.text(f"{SHOP}/warehouses")
    assert "Site W1 Default TikTok's id W1 Shows the stock of all warehouses of the company" in text
    assert "Site W2 TikTok's id W2 Shows the stock of nothing" in text
    assert "Returns" not in text
    settle(parts, warehouse_feeds={"W1": Feed(location_id=8), "W2": Feed(warehouse_ids=[1, 2])})
    text = console.text(f"{SHOP}/warehouses")
    assert "location WH/Stock/Shelf" in text
    assert "WH Main, NORTH North" in text


def test_tiktoks_warehouses_are_asked_for_anew_only_when_somebody_wishes(
    console: Console, odoo: Odoo, tiktok: TikTok
) -> None:
    console.text(f"{SHOP}/warehouses")
    console.text(f"{SHOP}/warehouses")
    assert tiktok.calls == ["warehouses"]
    tiktok.places = [*tiktok.places, second_warehouse()]
    assert "TikTok has 2 sales warehouses of Demo GB." in console.press(f"{SHOP}/warehouses/refresh")
    assert tiktok.calls == ["warehouses", "warehouses"]


def test_given_tiktok_is_away_then_the_page_says_so_and_keeps_what_is_known(
    console: Console, odoo: Odoo, tiktok: TikTok, parts: Runtime
) -> None:
    console.text(f"{SHOP}/warehouses")
    tiktok.errors["warehouses"] = OdooUnavailableError("No answer.")
    answer = console.post(f"{SHOP}/warehouses/refresh")
    assert answer.status_code == 503
    assert [each.id for each in parts.inventory(SHOP_ID).warehouses()] == ["W1"]
    parts.inventory(SHOP_ID).keep_warehouses([])
    assert "No answer." in console.text(f"{SHOP}/warehouses")


def test_a_warehouse_of_tiktok_is_fed_and_no_longer_fed(
    console: Console, odoo: Odoo, tiktok: TikTok, parts: Runtime
) -> None:
    settle(parts, push_stock="on")
    list_product(parts)
    path = f"{SHOP}/warehouses/W1"
    page = console.press(path, **{"wW1-warehouses": ["1", "2"]})
    assert "Site W1 (W1) is fed now. All stock of the shop is compared and pushed anew." in page
    assert settings(parts).warehouse_feeds == {"W1": Feed(warehouse_ids=[1, 2])}
    assert console.sent.messages == [("inventory.push", SHOP_ID)]
    assert "is fed now" in console.press(path, **{"wW1-location": "8"})
    assert "is not fed by itself now" in console.press(path)
    assert settings(parts).warehouse_feeds == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"wW1-warehouses": "1", "wW1-location": "8"},
        {"wW1-warehouses": "abc"},
        {"wW1-location": "77"},
        {"wW1-warehouses": "99"},
    ],
)
def test_a_feed_that_cannot_be_is_refused(
    console: Console, odoo: Odoo, tiktok: TikTok, parts: Runtime, fields: dict[str, str]
) -> None:
    assert console.post(f"{SHOP}/warehouses/W1", **fields).status_code == 409
    assert settings(parts).warehouse_feeds == {}


# Stock


def plan(parts: Runtime, **fields: Any) -> StockPlan:
    change = PlannedChange(
        sku_id="11", product_id="1", seller_sku="A", title="Dress", product="REF-A", shown={"W1": 9}, wanted={"W1": 5}
    )
    given = {"settings": fingerprint(settings(parts)), "compared": 2, "differing": 1, "changes": [change], **fields}
    made = StockPlan.model_validate(given)
    StockPlans(parts.redis).keep(SHOP_ID, made)
    return made


def test_a_first_push_is_computed_by_a_worker_shown_and_agreed_to(
    console: Console, odoo: Odoo, tiktok: TikTok, parts: Runtime
) -> None:
    tiktok.list("1", sku("11", "A"), title="Dress")
    parts.catalog(SHOP_ID).keep_products([listed_product(tiktok.products["1"])])
    parts.catalog(SHOP_ID).keep_listings(
        [Listing(sku_id="11", product_id="1", seller_sku="A", title="Dress", variant_id=5, found_by="seller_sku")]
    )
    tiktok.stock["11"] = {"W1": 9}
    odoo.records["product.product"][5]["display_name"] = "Dress in Odoo"
    parts.cursors.polled(SHOP_ID)
    assert "Compare stock: waits for a worker" in console.press(f"{SHOP}/stock/compare")
    assert console.sent.messages == [("inventory.plan", SHOP_ID)]
    compare_stock(parts, parts.shops.get(SHOP_ID))  # as the task does it
    text = console.text(f"{SHOP}/stock")
    assert "1 SKUs compared, 1 differ, 0 of them would be sold out." in text
    assert "Dress A REF-A (5) 9 5" in text
    assert (tiktok.pushed, settings(parts).push_stock) == ([], "ask")
    found = StockPlans(parts.redis).get(SHOP_ID)
    assert found is not None
    page = console.press(f"{SHOP}/stock/push", plan=found.id)
    assert "All stock is pushed now." in page
    assert "Push stock: 1 of 1 products to go" in page
    assert settings(parts).push_stock == "on"
    assert console.sent.messages[1:] == [("inventory.push", SHOP_ID)]
    assert console.audited()[0] == ("anna", "inventory.push", SHOP_ID)


def test_progress_of_a_push_is_counted_down(console: Console, parts: Runtime) -> None:
    queue = parts.inventory_queue(SHOP_ID)
    queue.mark(["1", "2", "3"])
    Progress(parts.redis, SHOP_ID).keep("push", Work(by="anna", options={"products": "3"}))
    claim = queue.claim(1, 60)
    queue.all_done(claim, claim.ids)
    assert "2 of 3 products to go" in console.text(f"{SHOP}/stock")
    claim = queue.claim(2, 60)
    queue.all_done(claim, claim.ids)
    assert "3 products are pushed; TikTok refused 0." in console.text(f"{SHOP}/stock")


@pytest.mark.parametrize("what", ["none", "another", "settings", "off"])
def test_nothing_is_pushed_that_nobody_has_looked_at(console: Console, parts: Runtime, what: str) -> None:
    list_product(parts)
    seen = plan(parts).id
    if what == "none":
        StockPlans(parts.redis).drop(SHOP_ID)
    elif what == "another":
        plan(parts)
    elif what == "settings":
        settle(parts, stock_buffer=5)
        assert "settings were changed since" in console.text(f"{SHOP}/stock")
    else:
        settle(parts, push_stock="off")
        seen = plan(parts).id
        assert "Push this to TikTok" not in console.text(f"{SHOP}/stock")
    answer = console.post(f"{SHOP}/stock/push", plan=seen)
    assert answer.status_code == 409
    assert settings(parts).push_stock != "on"
    assert (console.sent.messages, parts.inventory_queue(SHOP_ID).open_count()) == ([], 0)


def test_of_many_changes_it_is_said_that_not_all_are_shown(console: Console, parts: Runtime) -> None:
    plan(parts, differing=900, to_zero=3, exact=False, untracked={"It is a service.": 2}, unmapped=4)
    text = console.text(f"{SHOP}/stock")
    for words in (
        "900 differ, 3 of them would be sold out",
        "The first 500 are shown",
        "amounts are only lowered",
        "2 SKUs are left alone. It is a service.",
        "4 SKUs are not mapped",
    ):
        assert words in text


def test_an_empty_comparison_says_what_to_do_first(console: Console, parts: Runtime) -> None:
    plan(parts, compared=0, differing=0, changes=[])
    text = console.text(f"{SHOP}/stock")
    assert "Sync the product catalogue first." in text
    assert "Push this to TikTok" not in text


def test_pushing_is_stopped_and_asks_before_it_begins_again(console: Console, parts: Runtime) -> None:
    settle(parts, push_stock="on")
    assert "is not pushed any more" in console.press(f"{SHOP}/stock/mode", mode="off")
    assert settings(parts).push_stock == "off"
    console.press(f"{SHOP}/stock/mode", mode="ask")
    assert settings(parts).push_stock == "ask"
    console.press(f"{SHOP}/stock/mode", mode="on")
    assert settings(parts).push_stock == "ask"


def test_stock_is_reconciled_by_a_worker(console: Console, parts: Runtime) -> None:
    assert "Reconcile stock" not in console.text(f"{SHOP}/stock")
    settle(parts, push_stock="on")
    assert "Reconcile stock" in console.text(f"{SHOP}/stock")
    assert "A worker compares all stock of Demo GB now." in console.press(f"{SHOP}/stock/reconcile")
    assert console.sent.messages == [("inventory.reconcile", SHOP_ID)]


def test_a_shop_of_these_tests_asks_before_its_first_push() -> None:
    assert make_shop().settings.push_stock == "ask"
