"""Reading a shop's product list: whole, though it is long, moves and a worker may die over it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.builders import SHOP_ID
from tests.unit.conftest import Clock
from tests.unit.sync.stock_bench import Bench, TikTok, sku
from worker.errors import RetryableError
from worker.odoo.errors import OdooUnavailableError
from worker.state.catalog_walk import CatalogWalk
from worker.sync import catalog_pull
from worker.sync.catalog_pull import first_products, listed_product, pull
from worker.sync.shops import remove_shop
from worker.tiktok.errors import TikTokPermanentError
from worker.tiktok.models import Product


@pytest.fixture
def bench(runtime: Any, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Bench:
    bench = Bench(runtime, monkeypatch)
    bench.odoo.product(7)
    return bench


def fill(bench: Bench, count: int, *, second: int = 1_789_000_000, apart: int = 1) -> list[str]:
    """So many products, each a little newer than the one before."""
    ids = [str(1000 + number) for number in range(count)]
    for number, product_id in enumerate(ids):
        bench.tiktok.list(product_id, updated=second + number * apart)
    return ids


def walk(bench: Bench) -> CatalogWalk:
    return CatalogWalk(bench.runtime.redis, SHOP_ID)


def test_every_live_product_becomes_known_and_due(bench: Bench) -> None:
    ids = fill(bench, 7)
    bench.tiktok.list("9", status="DRAFT")
    bench.tiktok.page_size = 3
    done = pull(bench.runtime, bench.shop)
    assert (done.finished, done.listed, done.marked) == (True, 7, 7)
    assert bench.due() == dict.fromkeys(ids, False)
    assert sorted(bench.catalog.product_ids()) == ids
    assert bench.catalog.pulled() is not None
    assert walk(bench).load() is None


def test_what_is_kept_of_a_product_is_what_binds_it_and_what_it_costs() -> None:
    row = {**sku("1", "A", barcode="4006381333931", warehouses=["W1", "W2"]), "inventory": [{"warehouse_id": "W1"}]}
    product = Product.model_validate({"id": 5, "title": "Dress", "status": "activate", "skus": [row]})
    kept = listed_product(product, detailed=True)
    assert (kept.id, kept.title, kept.status, kept.detailed) == ("5", "Dress", "ACTIVATE", True)
    (only,) = kept.skus
    assert (only.seller_sku, only.price, only.currency) == ("A", Decimal("10.00"), "GBP")
    assert (only.warehouse_ids, only.barcode) == (["W1"], "4006381333931")


@pytest.mark.parametrize(
    ("price", "kept"), [({"tax_exclusive_price": "8.00"}, "8.00"), ({"sale_price": ""}, "0"), (None, "0")]
)
def test_a_price_that_tiktok_does_not_tell_is_the_one_without_tax_or_none(price: Any, kept: str) -> None:
    product = Product.model_validate({"id": "5", "skus": [{"id": "1", "price": price}]})
    assert listed_product(product).skus[0].price == Decimal(kept)


def test_unchanged_bound_products_cost_nothing(bench: Bench) -> None:
    for product_id in fill(bench, 5):
        bench.know(product_id, **{f"s{product_id}1": 7})
    done = pull(bench.runtime, bench.shop)
    assert (done.listed, done.marked, bench.due()) == (5, 0, {})
    assert bench.tiktok.calls == ["search_products"]  # no detail of any
    assert len(bench.odoo.calls) == 1  # one look whether Odoo still has what they are bound to


def test_what_is_unbound_is_looked_at_each_time_since_odoo_may_have_it_now(bench: Bench) -> None:
    bench.tiktok.list("1", sku("11"), sku("12"))
    bench.know("1", s11=7)
    assert pull(bench.runtime, bench.shop).marked == 1
    assert bench.due() == {"1": False}


def test_a_product_that_changed_is_looked_at_and_kept_as_it_is_now(bench: Bench) -> None:
    bench.tiktok.list("1", sku("11", "A"))
    bench.know("1", s11=7)
    bench.tiktok.list("1", sku("11", "B"), title="Renamed")
    pull(bench.runtime, bench.shop)
    assert bench.due() == {"1": False}
    assert bench.catalog.products()["1"].title == "Renamed"
    assert bench.bound() == {"11": 7}


def test_a_sku_that_is_gone_from_its_product_is_unbound(bench: Bench) -> None:
    bench.tiktok.list("1", sku("11"), sku("12"))
    bench.know("1", s11=7, s12=8)
    bench.odoo.product(8)
    bench.tiktok.list("1", sku("12"))
    pull(bench.runtime, bench.shop)
    assert bench.bound() == {"12": 8}
    assert bench.catalog.products_selling([7]) == set()


def test_a_product_that_vanished_is_looked_at_by_itself_before_it_is_unbound(bench: Bench) -> None:
    bench.tiktok.list("1")
    bench.tiktok.list("2")
    bench.know("1", s11=7)
    bench.know("2", s21=7)
    del bench.tiktok.products["1"], bench.tiktok.updated["1"]
    assert pull(bench.runtime, bench.shop).marked == 1
    assert bench.bound() == {"11": 7, "21": 7}
    assert bench.due() == {"1": True}


def test_a_product_whose_row_cannot_be_read_is_there_all_the_same(bench: Bench) -> None:
    bench.tiktok.list("1")
    bench.know("1", s11=7)
    bench.tiktok.unreadable = [("1", "skus: Input should be a list"), ("", "not an object")]
    done = pull(bench.runtime, bench.shop)
    assert (done.finished, done.listed, bench.due()) == (True, 0, {})


@pytest.mark.parametrize("odoo", ["archived", "deleted"])
def test_what_is_bound_to_a_product_that_odoo_no_longer_has_is_looked_at(bench: Bench, odoo: str) -> None:
    bench.tiktok.list("1")
    bench.tiktok.list("2")
    bench.know("1", s11=8)
    bench.know("2", s21=7)
    if odoo == "archived":
        bench.odoo.product(8, active=False)
    assert pull(bench.runtime, bench.shop).marked == 1
    assert bench.due() == {"1": False}


def test_an_empty_shop_is_pulled_too(bench: Bench) -> None:
    assert pull(bench.runtime, bench.shop).finished
    assert bench.catalog.pulled() is not None


def test_a_pull_stops_when_its_time_is_up_and_the_next_goes_on_from_there(bench: Bench) -> None:
    ids = fill(bench, 7)
    bench.tiktok.page_size = 3
    done = [pull(bench.runtime, bench.shop, seconds=-1) for _ in range(3)]
    assert [(each.finished, each.listed) for each in done] == [(False, 3), (False, 6), (True, 7)]
    assert [token for _, _, token in bench.tiktok.pages] == ["", "3", "6"]
    assert len({(start, end) for start, end, _ in bench.tiktok.pages}) == 1
    assert sorted(bench.due()) == ids  # and none is taken for vanished: forced ones would tell
    assert bench.catalog.pulled() is not None


def test_what_was_listed_before_a_break_is_not_taken_for_vanished(bench: Bench) -> None:
    for product_id in fill(bench, 7):
        bench.know(product_id, **{f"s{product_id}1": 7})
    bench.tiktok.page_size = 3
    while not pull(bench.runtime, bench.shop, seconds=-1).finished:
        pass
    assert bench.due() == {}


def test_a_pull_that_fails_loses_no_page(bench: Bench) -> None:
    fill(bench, 7)
    bench.tiktok.page_size = 3

    def fail_at_the_third(_: str) -> None:
        if len(bench.tiktok.pages) == 3:
            raise RetryableError("Away.")

    bench.tiktok.meanwhile = fail_at_the_third
    with pytest.raises(RetryableError):
        pull(bench.runtime, bench.shop)
    assert pull(bench.runtime, bench.shop).listed == 7
    assert [token for _, _, token in bench.tiktok.pages] == ["", "3", "6", "6"]


def test_a_list_that_was_read_is_not_read_again_because_odoo_was_away_at_its_end(bench: Bench) -> None:
    bench.tiktok.list("1")
    bench.know("1", s11=8)
    bench.odoo.error = OdooUnavailableError("Away.")
    with pytest.raises(OdooUnavailableError):
        pull(bench.runtime, bench.shop)
    assert bench.catalog.pulled() is None
    bench.odoo.error = None
    assert pull(bench.runtime, bench.shop).finished
    assert len(bench.tiktok.pages) == 1


def test_a_pull_that_was_left_lying_is_begun_anew(bench: Bench, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(bench, 7)
    bench.tiktok.page_size = 3
    pull(bench.runtime, bench.shop, seconds=-1)
    kept = walk(bench).load()
    assert kept is not None
    clock.now = kept.started.timestamp() + 6 * 3600 - 1
    pull(bench.runtime, bench.shop, seconds=-1)
    clock.forward(2)
    assert pull(bench.runtime, bench.shop).listed == 7
    assert [token for _, _, token in bench.tiktok.pages] == ["", "3", "", "3", "6"]


@pytest.mark.parametrize("refuses", [False, True])
def test_of_more_products_than_tiktok_lists_every_one_is_come_by(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, refuses: bool
) -> None:
    """Whether TikTok refuses the long list or counts it and tells its beginning: the windows are halved."""
    assert catalog_pull._MOST_LISTED == 10_000
    monkeypatch.setattr(catalog_pull, "_MOST_LISTED", 200)
    bench.tiktok.most, bench.tiktok.refuses_long_lists = 200, refuses
    ids = fill(bench, 450, second=1_755_000_000, apart=70_000)
    progress: list[tuple[int, int]] = []
    done = pull(bench.runtime, bench.shop, advance=lambda *numbers: progress.append(numbers))
    assert (done.finished, done.listed) == (True, len(ids))
    assert bench.catalog.product_ids() == set(ids)
    windows = sorted({(start, end) for start, end, _ in bench.tiktok.pages})
    whole = windows[0][0], max(end for _, end in windows)
    assert whole[0] == 0
    assert whole[1] > 1_790_000_000
    assert progress[-1][0] == len(ids)
    assert all(done <= total for done, total in progress)


def test_halved_windows_leave_no_second_out_and_have_none_twice(bench: Bench) -> None:
    bench.tiktok.most, bench.tiktok.refuses_long_lists = 5, True
    ids = fill(bench, 60, second=1_789_999_990)
    assert pull(bench.runtime, bench.shop).listed == len(ids)
    assert bench.catalog.product_ids() == set(ids)


def test_a_list_that_grows_too_long_while_it_is_read_is_begun_again_in_halves(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.tiktok.most, bench.tiktok.refuses_long_lists, bench.tiktok.page_size = 8, True, 3
    ids = fill(bench, 8, apart=50_000)

    def grow(_: str) -> None:
        if len(bench.tiktok.pages) == 2 and len(bench.tiktok.products) == 8:
            bench.tiktok.list("9999", updated=1_790_000_000)

    bench.tiktok.meanwhile = grow
    assert pull(bench.runtime, bench.shop).finished
    assert bench.catalog.product_ids() == {*ids, "9999"}


def test_a_single_second_with_too_many_products_is_not_halved_for_ever(bench: Bench) -> None:
    bench.tiktok.most, bench.tiktok.refuses_long_lists = 5, True
    fill(bench, 6, apart=0)
    with pytest.raises(TikTokPermanentError):
        pull(bench.runtime, bench.shop)


def test_a_shop_that_is_removed_leaves_no_pull_behind(bench: Bench) -> None:
    fill(bench, 7)
    bench.tiktok.page_size = 3
    pull(bench.runtime, bench.shop, seconds=-1)
    remove_shop(bench.runtime, SHOP_ID)
    assert [name for name in bench.runtime.redis.keys("*") if SHOP_ID in name] == []


def test_a_sku_that_is_gone_leaves_no_amounts_behind(bench: Bench) -> None:
    bench.tiktok.list("1", sku("11"), sku("12"))
    bench.know("1", s11=7, s12=7)
    inventory = bench.runtime.inventory(SHOP_ID)
    inventory.keep_confirmed({"11": {"W1": 5}, "12": {"W1": 5}})
    bench.tiktok.list("1", sku("12"))
    pull(bench.runtime, bench.shop)
    assert set(inventory.confirmed(["11", "12"])) == {"12"}


def test_a_page_token_that_tiktok_no_longer_takes_begins_the_list_anew(bench: Bench) -> None:
    ids = fill(bench, 7)
    bench.tiktok.page_size = 3
    pull(bench.runtime, bench.shop, seconds=-1)

    def refuse_the_old_token(_: str) -> None:
        if bench.tiktok.pages[-1][2] and len(bench.tiktok.pages) == 2:
            raise TikTokPermanentError("page_token is invalid.", code="invalid_request")

    bench.tiktok.meanwhile = refuse_the_old_token
    with pytest.raises(TikTokPermanentError):
        pull(bench.runtime, bench.shop)
    pull(bench.runtime, bench.shop)
    assert bench.tiktok.pages[2][2] == ""
    assert bench.catalog.product_ids() == set(ids)


def test_a_trial_reads_the_first_products_and_no_more(bench: Bench) -> None:
    fill(bench, 7)
    bench.tiktok.page_size = 3
    assert [each.id for each in first_products(bench.tiktok, 4)] == ["1000", "1001", "1002", "1003"]  # type: ignore[arg-type]
    assert len(bench.tiktok.pages) == 2
    assert len(first_products(bench.tiktok, None)) == 7  # type: ignore[arg-type]
    assert first_products(TikTok(), 5) == []  # type: ignore[arg-type]


def test_pulls_of_two_shops_do_not_disturb_each_other(bench: Bench) -> None:
    other = bench.other_shop()
    fill(bench, 4)
    bench.clients["2"].list("1")
    bench.tiktok.page_size = 3
    pull(bench.runtime, bench.shop, seconds=-1)
    assert pull(bench.runtime, other).listed == 1
    assert pull(bench.runtime, bench.shop).listed == 4
    assert bench.runtime.catalog("2").product_ids() == {"1"}
