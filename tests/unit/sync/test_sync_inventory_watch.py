"""Looking at what changed in Odoo's stock: nothing is missed, nothing is done twice, and quiet times cost little."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.builders import SHOP_ID
from tests.unit.conftest import Clock
from tests.unit.sync.stock_bench import Bench, sku
from worker.errors import ConnectorError
from worker.odoo.errors import OdooLoginError, OdooUnavailableError
from worker.state.problems import ODOO
from worker.sync import inventory_watch
from worker.sync.inventory_watch import watch


@pytest.fixture
def bench(runtime: Any, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Bench:
    """Products 1 and 2, bound to variants 7 and 8, each with a quant of noon."""
    bench = Bench(runtime, monkeypatch, push_stock="on")
    for number, variant in ((1, 7), (2, 8)):
        bench.tiktok.list(str(number), sku(f"{number}1"))
        bench.know(str(number), **{f"s{number}1": variant})
        quant(bench, number, variant, "12:00:00")
    return bench


def quant(bench: Bench, one: int, variant: int, moment: str, units: float = 5.0) -> None:
    """A quant as it was last written, at a time of 20 November."""
    bench.odoo.has(
        "stock.quant",
        one,
        product_id=variant,
        write_date=f"2026-11-20 {moment}",
        quantity=units,
        reserved_quantity=0.0,
        **{"location_id.usage": "internal"},
    )


def look(bench: Bench, *shop_ids: str) -> dict[str, list[str]]:
    """What a look makes due, by shop."""
    marked = watch(bench.runtime)
    due = {shop_id: bench.stock_due(shop_id) for shop_id in (SHOP_ID, *shop_ids)}
    assert set(marked) == {shop_id for shop_id, products in due.items() if products}
    for shop_id in due:
        queue = bench.runtime.inventory_queue(shop_id)
        queue.drop()
    return due


@pytest.fixture
def looked(bench: Bench) -> Bench:
    """One look is done: the watermark is noon."""
    look(bench)
    bench.odoo.calls.clear()
    return bench


@pytest.mark.parametrize("push_stock", ["off", "ask"])
def test_where_no_stock_is_pushed_odoo_is_not_asked(bench: Bench, push_stock: str) -> None:
    bench.settle(push_stock=push_stock)
    assert watch(bench.runtime) == []
    assert bench.odoo.calls == []


def test_a_shop_that_is_switched_off_pushes_nothing(bench: Bench) -> None:
    bench.runtime.shops.save(bench.shop.model_copy(update={"enabled": False}))
    assert watch(bench.runtime) == []
    assert bench.odoo.calls == []


def test_the_first_look_makes_everything_due(bench: Bench) -> None:
    bench.other_shop()
    bench.runtime.catalog("2").keep_products([bench.catalog.products()["2"]])
    assert look(bench, "2") == {SHOP_ID: ["1", "2"], "2": ["2"]}
    watermark = bench.runtime.stock_watch.watermark()
    assert watermark is not None
    assert watermark.isoformat() == "2026-11-20T12:00:00+00:00"


def test_a_lost_watermark_makes_everything_due_again(looked: Bench) -> None:
    looked.runtime.stock_watch.drop()
    assert look(looked) == {SHOP_ID: ["1", "2"]}
    assert look(looked) == {SHOP_ID: []}  # what changed a moment before is part of it


def test_a_quiet_look_costs_two_calls_and_changes_nothing(looked: Bench) -> None:
    look(looked)
    looked.odoo.calls.clear()
    assert look(looked) == {SHOP_ID: []}
    assert [call.model for call in looked.odoo.calls] == ["stock.quant", "stock.move"]


def test_what_changed_is_due_where_it_is_sold(looked: Bench) -> None:
    look(looked)
    looked.other_shop()
    looked.runtime.catalog("2").keep_listings([looked.catalog.listings()["21"].model_copy(update={"product_id": "9"})])
    quant(looked, 2, 8, "12:01:00", 4.0)
    assert look(looked, "2") == {SHOP_ID: ["2"], "2": ["9"]}


def test_a_move_is_a_change_too(looked: Bench) -> None:
    look(looked)
    looked.odoo.has(
        "stock.move",
        5,
        product_id=7,
        write_date="2026-11-20 12:01:00",
        state="confirmed",
        product_uom_qty=3.0,
        quantity=0.0,
        location_id=1,
        location_dest_id=2,
    )
    assert look(looked) == {SHOP_ID: ["1"]}


def test_seen_rows_are_not_due_again_though_each_look_begins_before_the_last(looked: Bench) -> None:
    look(looked)
    quant(looked, 1, 7, "12:04:00", 4.0)
    assert look(looked) == {SHOP_ID: ["1"]}
    assert look(looked) == {SHOP_ID: []}


def test_a_row_written_twice_in_one_second_is_seen_twice(looked: Bench) -> None:
    look(looked)
    quant(looked, 1, 7, "12:04:00", 4.0)
    look(looked)
    quant(looked, 1, 7, "12:04:00", 3.0)
    assert look(looked) == {SHOP_ID: ["1"]}


def test_a_transaction_that_began_earlier_and_ended_later_is_not_missed(looked: Bench) -> None:
    look(looked)
    quant(looked, 1, 7, "12:10:00", 4.0)
    look(looked)
    quant(looked, 2, 8, "12:05:01", 4.0)  # 299 seconds before the newest change
    assert look(looked) == {SHOP_ID: ["2"]}


def test_in_quiet_times_only_the_last_second_is_looked_at_again(looked: Bench, clock: Clock) -> None:
    look(looked)
    for _ in range(2):
        clock.forward(looked.runtime.settings.stock_overlap + 1)
        look(looked)
    asked = looked.odoo.of("stock.quant.search_read")[-1].arguments["domain"]
    assert asked[0] == ("write_date", ">=", "2026-11-20 11:59:59")
    quant(looked, 1, 7, "12:00:00", 4.0)
    assert look(looked) == {SHOP_ID: ["1"]}
    quant(looked, 2, 8, "12:20:00", 4.0)
    assert look(looked) == {SHOP_ID: ["2"]}
    quant(looked, 1, 7, "12:15:30", 3.0)  # and from then on the whole overlap again
    assert look(looked) == {SHOP_ID: ["1"]}


def test_what_was_committed_while_nobody_looked_is_not_missed(looked: Bench, clock: Clock) -> None:
    """A transaction that began ten seconds before the newest change; then Odoo or the workers were away."""
    look(looked)
    quant(looked, 2, 8, "11:59:50", 4.0)
    clock.forward(looked.runtime.settings.stock_overlap + 1)
    assert look(looked) == {SHOP_ID: ["2"]}


def test_the_watermark_never_moves_back(looked: Bench) -> None:
    quant(looked, 1, 7, "12:10:00")
    look(looked)
    before = looked.runtime.stock_watch.watermark()
    looked.odoo.records["stock.quant"].clear()
    look(looked)
    assert looked.runtime.stock_watch.watermark() == before


def test_the_watermark_moves_only_after_marking(looked: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    look(looked)
    before = looked.runtime.stock_watch.watermark()
    quant(looked, 1, 7, "12:10:00", 4.0)

    def die(*_: object) -> list[str]:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(inventory_watch, "mark_variants", die)
        with pytest.raises(MemoryError):
            watch(looked.runtime)
    assert looked.runtime.stock_watch.watermark() == before
    assert look(looked) == {SHOP_ID: ["1"]}


def test_the_first_watermark_is_read_before_everything_is_marked_and_kept_after(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> bool:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(inventory_watch, "mark_all", die)
        with pytest.raises(MemoryError):
            watch(bench.runtime)
    assert bench.runtime.stock_watch.watermark() is None
    assert look(bench) == {SHOP_ID: ["1", "2"]}


@pytest.mark.parametrize("error", [OdooUnavailableError("Away."), OdooLoginError("Refused.")])
def test_an_odoo_that_is_away_is_reported_and_left_alone_and_its_changes_are_found_later(
    looked: Bench, clock: Clock, error: ConnectorError
) -> None:
    look(looked)
    quant(looked, 1, 7, "12:10:00", 4.0)
    looked.odoo.error = error
    assert watch(looked.runtime) == []
    assert looked.problems() == {ODOO: error.code}
    looked.odoo.error = None
    looked.odoo.calls.clear()
    assert watch(looked.runtime) == []
    assert looked.odoo.calls == []
    clock.forward(61)
    assert look(looked) == {SHOP_ID: ["1"]}


def test_an_odoo_that_is_back_is_no_problem_any_more_though_nothing_changed(looked: Bench, clock: Clock) -> None:
    look(looked)
    looked.odoo.error = OdooUnavailableError("Away.")
    watch(looked.runtime)
    looked.odoo.error = None
    clock.forward(61)
    assert watch(looked.runtime) == []
    assert looked.problems() == {}


def test_an_odoo_without_any_stock_does_not_have_everything_pushed_at_each_look(bench: Bench) -> None:
    bench.odoo.records["stock.quant"].clear()
    look(bench)
    assert look(bench) == {SHOP_ID: []}


def test_kits_of_what_changed_are_due_as_well(looked: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    look(looked)
    monkeypatch.setattr(inventory_watch, "kits_of", lambda odoo, variants: {8} if 99 in variants else set())
    quant(looked, 3, 99, "12:10:00")
    assert look(looked) == {SHOP_ID: ["2"]}


def test_a_change_of_what_no_shop_sells_makes_nothing_due_and_is_seen(looked: Bench) -> None:
    look(looked)
    quant(looked, 3, 99, "12:10:00")
    assert look(looked) == {SHOP_ID: []}
    watermark = looked.runtime.stock_watch.watermark()
    assert watermark is not None
    assert watermark.minute == 10
