"""The proof that TikTok shows what Odoo has: what drifted is told and set right, what is just moving is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.builders import SHOP_ID
from tests.unit.conftest import Clock
from tests.unit.sync.stock_bench import Bench, listed, sku
from worker.errors import RetryableError
from worker.odoo.errors import OdooUnavailableError
from worker.state.dirty_set import Parked
from worker.state.inbox import counters
from worker.sync import inventory_reconcile
from worker.sync.inventory_reconcile import StockReport, batches, preview, reconcile_stock


@pytest.fixture
def bench(runtime: Any, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Bench:
    """Three products that show what Odoo has."""
    monkeypatch.setattr(inventory_reconcile, "_PAUSE", 0)
    bench = Bench(runtime, monkeypatch, push_stock="on")
    for number in (1, 2, 3):
        bench.odoo.product(number, units=number)
        bench.tiktok.list(str(number), sku(f"{number}1"))
        bench.know(str(number), **{f"s{number}1": number})
        bench.tiktok.stock[f"{number}1"] = {"W1": number}
    return bench


def compare(bench: Bench, **options: Any) -> StockReport:
    return reconcile_stock(bench.runtime, bench.shop, **options)


def drift(report: StockReport) -> list[str]:
    return [each.listing.sku_id for each in report.drift]


def looks(bench: Bench) -> int:
    return bench.tiktok.calls.count("search_inventory")


def test_both_sides_agree(bench: Bench) -> None:
    report = compare(bench)
    assert (report.shop_id, report.compared, drift(report)) == (SHOP_ID, 3, [])
    assert (looks(bench), bench.stock_due()) == (1, [])
    kept = bench.runtime.inventory(SHOP_ID).reconciled()
    assert kept is not None
    assert (kept.compared, kept.drifted) == (3, 0)
    assert counters(bench.runtime.redis) == {"inventory_drift": 0}


def test_what_differs_at_every_look_has_drifted_and_is_due(bench: Bench) -> None:
    bench.tiktok.stock["21"] = {"W1": 9}
    report = compare(bench)
    assert drift(report) == ["21"]
    (found,) = report.drift
    assert (found.shown, found.wanted) == ({"W1": 9}, {"W1": 2})
    assert (looks(bench), bench.stock_due()) == (3, ["2"])
    kept = bench.runtime.inventory(SHOP_ID).reconciled()
    assert kept is not None
    assert kept.drifted == counters(bench.runtime.redis)["inventory_drift"] == 1


@pytest.mark.parametrize("agrees_at", [2, 3])
def test_what_agrees_at_a_later_look_was_only_moving(bench: Bench, agrees_at: int) -> None:
    bench.tiktok.stock |= {"11": {"W1": 9}, "21": {"W1": 9}}

    def catch_up(name: str) -> None:
        if name == "search_inventory" and looks(bench) == agrees_at:
            bench.tiktok.stock["21"] = {"W1": 2}

    bench.tiktok.meanwhile = catch_up
    assert drift(compare(bench)) == ["11"]
    assert bench.stock_due() == ["1"]


def test_what_comes_to_differ_only_later_has_not_drifted(bench: Bench) -> None:
    bench.tiktok.stock["11"] = {"W1": 9}

    def sell(name: str) -> None:
        if name == "search_inventory" and looks(bench) == 2:
            bench.tiktok.stock |= {"11": {"W1": 1}, "21": {"W1": 0}}

    bench.tiktok.meanwhile = sell
    assert drift(compare(bench)) == []


def test_only_what_differs_is_looked_at_again(bench: Bench) -> None:
    bench.tiktok.stock["21"] = {"W1": 9}
    asked: list[list[str]] = []
    search = bench.tiktok.search_inventory
    bench.tiktok.search_inventory = lambda *, sku_ids: asked.append(list(sku_ids)) or search(sku_ids=sku_ids)  # type: ignore[method-assign,func-returns-value]
    compare(bench)
    assert asked == [["11", "21", "31"], ["21"], ["21"]]


def test_a_report_alone_makes_nothing_due(bench: Bench) -> None:
    bench.tiktok.stock["21"] = {"W1": 9}
    assert drift(compare(bench, repair=False)) == ["21"]
    assert bench.stock_due() == []


def test_a_report_tells_what_was_not_compared_and_why(bench: Bench) -> None:
    bench.odoo.product(1, is_storable=False)
    bench.tiktok.list("4")
    bench.know("4")
    del bench.tiktok.products["3"]
    bench.inventory.mark(["2"])
    bench.inventory.park(bench.inventory.claim(1, 60), Parked(id="2", code="stock_refused", message="In a sale."), 60)
    report = compare(bench)
    assert (report.compared, report.unmapped, drift(report)) == (1, 1, [])
    assert set(report.untracked) == {"11"}
    assert "Track Inventory is off" in report.untracked["11"]
    assert (report.unlisted, report.parked) == ({"3"}, {"2": "In a sale."})


@pytest.mark.parametrize("side", ["tiktok", "odoo"])
def test_a_comparison_that_is_not_whole_is_worth_nothing(bench: Bench, side: str) -> None:
    if side == "tiktok":
        bench.tiktok.errors["search_inventory"] = RetryableError("Away.")
    else:
        bench.odoo.error = OdooUnavailableError("Away.")
    with pytest.raises(RetryableError):
        compare(bench)
    assert bench.runtime.inventory(SHOP_ID).reconciled() is None


def test_an_empty_catalogue_agrees(bench: Bench) -> None:
    bench.catalog.drop()
    assert compare(bench).compared == 0
    assert bench.tiktok.calls == []


def test_who_waits_is_told_how_far_it_is(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    compare(bench, advance=lambda *numbers: told.append(numbers))
    assert told == [(3, 3)]
    products = list(bench.catalog.products().values())
    assert [len(plan.skus) for plan in preview(bench.runtime, bench.shop, products)] == [3]


@given(st.lists(st.integers(0, 8), max_size=30), st.integers(1, 10))
def test_batches_hold_every_product_once_in_order_and_not_too_many_skus(sizes: list[int], most: int) -> None:
    products = [listed(str(number), *map(str, range(size))) for number, size in enumerate(sizes)]
    found = list(batches(products, most))
    assert [product for batch in found for product in batch] == products
    assert all(len(batch) == 1 or sum(len(product.skus) for product in batch) <= most for batch in found)
    assert all(found)
