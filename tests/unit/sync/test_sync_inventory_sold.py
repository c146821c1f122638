"""Units that are sold on TikTok and that Odoo does not know of: counted once, in every shop of the same stock."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.builders import SHOP_ID, item, make_order
from tests.unit.conftest import Clock
from tests.unit.sync.stock_bench import Bench, sku
from worker.errors import RetryableError
from worker.odoo.sales import ORIGIN
from worker.state.dirty_set import Parked
from worker.state.orders import SoldUnits
from worker.state.problems import shop_scope
from worker.sync.inventory_sold import (
    OpenUnits,
    held_by,
    look_at_new_orders,
    note_sold,
    open_units,
    sold,
    sold_elsewhere,
    variants_of,
)
from worker.sync.inventory_targets import Sold
from worker.tasks import inventory as tasks
from worker.tasks import triggers
from worker.tiktok.models import Order


@pytest.fixture
def bench(runtime: Any, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Bench:
    bench = Bench(runtime, monkeypatch, push_stock="on")
    bench.tiktok.list("1", sku("11"), sku("12"))
    bench.know("1", s11=7, s12=8)
    return bench


def order(order_id: str, *sku_ids: str, **fields: Any) -> Order:
    """An order of one unit of each SKU."""
    lines = [item(number, sku_id=sku_id, product_id="1") for number, sku_id in enumerate(sku_ids or ("11",))]
    return make_order(order_id, items=lines, **fields)


def place(bench: Bench, *orders: Order) -> None:
    """Orders that TikTok has and that are due here."""
    bench.tiktok.orders |= {each.id: each for each in orders}
    bench.orders.mark([each.id for each in orders])


def units(bench: Bench) -> dict[str, dict[str, int]]:
    found = open_units(bench.runtime, bench.shop, bench.tiktok).units  # type: ignore[arg-type]
    return {sku_id: dict(places) for sku_id, places in found.items()}


@pytest.mark.parametrize(
    ("fields", "held"),
    [
        ({"status": "AWAITING_SHIPMENT"}, {"11": 2, "12": 1}),
        ({"status": "UNPAID"}, {"11": 2, "12": 1}),
        ({"status": "ON_HOLD"}, {"11": 2, "12": 1}),
        ({"status": "TELEPORTED"}, {"11": 2, "12": 1}),  # a status that we do not know: it may hold units
        ({"status": "CANCELLED"}, {}),
        ({"fulfillment_type": "FULFILLMENT_BY_TIKTOK"}, {}),
        ({"create_time": 1_600_000_000}, {}),  # before the shop went live
    ],
)
def test_an_order_holds_units_as_long_as_it_may_come_into_odoo(
    bench: Bench, fields: dict[str, Any], held: dict[str, int]
) -> None:
    given = order("571", "11", "11", "12", warehouse_id="W1", **fields)
    assert held_by(given, bench.shop) == SoldUnits(units=held, warehouse_id="W1")


def test_a_line_that_is_cancelled_alone_holds_nothing(bench: Bench) -> None:
    lines = [item(1, sku_id="11"), item(2, sku_id="12", display_status="CANCELLED")]
    assert held_by(make_order("571", items=lines), bench.shop).units == {"11": 1}


def test_what_is_noted_once_is_not_news_again(bench: Bench) -> None:
    given = order("571", "11", "12")
    bench.orders.mark(["571"])
    assert note_sold(bench.shop, bench.orders, [given]) == [given]
    assert note_sold(bench.shop, bench.orders, [given]) == []
    assert bench.orders.sold() == {"571": SoldUnits(units={"11": 1, "12": 1})}


def test_an_order_that_odoo_has_holds_nothing(bench: Bench) -> None:
    bench.orders.mark(["571"])
    bench.orders.remember_imported(["571"])
    assert note_sold(bench.shop, bench.orders, [order("571")]) == []
    assert bench.orders.sold() == {}


def test_an_order_that_is_cancelled_gives_its_units_back(bench: Bench) -> None:
    bench.orders.mark(["571"])
    note_sold(bench.shop, bench.orders, [order("571")])
    cancelled = order("571", status="CANCELLED")
    assert note_sold(bench.shop, bench.orders, [cancelled]) == [cancelled]
    assert bench.orders.sold() == {}


def test_an_order_that_is_settled_holds_nothing_and_is_not_noted_late(bench: Bench) -> None:
    bench.orders.mark(["571"])
    note_sold(bench.shop, bench.orders, [order("571")])
    bench.orders.done(bench.orders.claim(1, 60), "571")
    assert bench.orders.sold() == {}
    note_sold(bench.shop, bench.orders, [order("571")])
    assert bench.orders.sold() == {}


def test_an_order_that_tiktok_gives_to_a_warehouse_is_held_there(bench: Bench) -> None:
    place(bench, order("571", status="UNPAID"))
    note_sold(bench.shop, bench.orders, [order("571", status="UNPAID")])
    note_sold(bench.shop, bench.orders, [order("571", warehouse_id="W2")])
    assert units(bench) == {"11": {"W2": 1}}


# In this shop, right before a push


def test_orders_are_counted_by_sku_and_warehouse(bench: Bench) -> None:
    place(bench, order("571", "11", "12", warehouse_id="W1"), order("572", "11"), order("573", "11", warehouse_id="W1"))
    assert units(bench) == {"11": {"W1": 2, "": 1}, "12": {"W1": 1}}


def test_an_order_that_nobody_has_heard_of_is_found(bench: Bench) -> None:
    bench.tiktok.orders["571"] = order("571")
    found = open_units(bench.runtime, bench.shop, bench.tiktok)  # type: ignore[arg-type]
    assert (found.found, found.exact, dict(found.units["11"])) == (1, True, {"": 1})
    assert bench.orders.claim(10, 60).ids == ["571"]


def test_an_order_is_asked_for_once(bench: Bench) -> None:
    place(bench, order("571"))
    bench.runtime.cursors.advance(SHOP_ID, 1_900_000_000)
    units(bench)
    bench.tiktok.calls.clear()
    assert units(bench) == {"11": {"": 1}}
    assert bench.tiktok.calls == ["search_orders"]


def test_parked_orders_hold_their_units(bench: Bench) -> None:
    place(bench, order("571"))
    bench.orders.park(bench.orders.claim(1, 60), Parked(id="571", code="unknown_sku", message="?"), 3600)
    assert units(bench) == {"11": {"": 1}}


def test_orders_in_odoo_are_not_asked_for(bench: Bench) -> None:
    place(bench, order("571"))
    bench.runtime.cursors.advance(SHOP_ID, 1_900_000_000)
    bench.orders.remember_imported(["571"])
    assert units(bench) == {}
    assert bench.tiktok.calls == ["search_orders"]


def test_before_the_first_poll_nothing_is_exact(bench: Bench) -> None:
    bench.runtime.cursors.drop(SHOP_ID)
    found = open_units(bench.runtime, bench.shop, bench.tiktok)  # type: ignore[arg-type]
    assert (found.exact, bench.tiktok.calls) == (False, [])


def test_of_a_flood_of_orders_nothing_is_exact_until_they_were_looked_at(bench: Bench) -> None:
    many = [order(str(5000 + number)) for number in range(101)]
    place(bench, *many)
    bench.runtime.cursors.advance(SHOP_ID, 1_900_000_000)
    assert not open_units(bench.runtime, bench.shop, bench.tiktok).exact  # type: ignore[arg-type]
    assert "order_details" not in bench.tiktok.calls
    look_at_new_orders(bench.runtime, bench.shop)
    found = open_units(bench.runtime, bench.shop, bench.tiktok)  # type: ignore[arg-type]
    assert (found.exact, found.units["11"].total()) == (True, 101)


def test_an_order_that_cannot_be_read_may_hold_anything(bench: Bench) -> None:
    place(bench, order("571"))
    bench.orders.mark(["572"])
    bench.tiktok.unreadable_orders = {"572"}
    found = open_units(bench.runtime, bench.shop, bench.tiktok)  # type: ignore[arg-type]
    assert (found.exact, dict(found.units["11"])) == (False, {"": 1})


def test_an_order_that_tiktok_does_not_know_holds_nothing(bench: Bench) -> None:
    bench.orders.mark(["999"])
    found = open_units(bench.runtime, bench.shop, bench.tiktok)  # type: ignore[arg-type]
    assert (found.exact, found.units) == (True, {})


def test_many_parked_orders_that_hold_nothing_do_not_keep_amounts_from_being_raised(bench: Bench) -> None:
    ids = [str(9000 + number) for number in range(101)]
    bench.orders.mark(ids)
    claim = bench.orders.claim(200, 60)
    for order_id in ids:
        bench.orders.park(claim, Parked(id=order_id, code="unknown_order", message="?"), 3600)
    assert open_units(bench.runtime, bench.shop, bench.tiktok).exact  # type: ignore[arg-type]


# In other shops


def hold_elsewhere(bench: Bench, shop_id: str = "2", **held: int) -> None:
    """An order of another shop that holds units of SKUs (``s`` + id) bound to variant 7."""
    queue = bench.runtime.queue(shop_id)
    queue.mark([f"{shop_id}571"])
    queue.note_sold({f"{shop_id}571": SoldUnits(units={name[1:]: count for name, count in held.items()})})
    bench.runtime.catalog(shop_id).keep_listings(
        listing.model_copy(update={"sku_id": name[1:]}) for name in held for listing in [bench.catalog.listings()["11"]]
    )


def test_what_another_shop_has_sold_of_the_same_variant_counts_whatever_its_sku(bench: Bench) -> None:
    bench.other_shop()
    hold_elsewhere(bench, s91=2, s92=1)
    assert sold_elsewhere(bench.runtime, bench.shop, [7, 8]) == {7: 3}


def test_what_this_shop_has_sold_counts_elsewhere_and_not_here(bench: Bench) -> None:
    other = bench.other_shop()
    bench.orders.mark(["571"])
    note_sold(bench.shop, bench.orders, [order("571", "11", "12")])
    assert sold_elsewhere(bench.runtime, bench.shop, [7, 8]) == {}
    assert sold_elsewhere(bench.runtime, other, [7, 8]) == {7: 1, 8: 1}


def test_a_shop_with_stock_of_its_own_does_not_count(bench: Bench) -> None:
    bench.settle(stock_warehouse_ids=[1])
    bench.other_shop(stock_warehouse_ids=[2])
    hold_elsewhere(bench, s91=2)
    assert sold_elsewhere(bench.runtime, bench.shop, [7]) == {}


def test_quotations_of_any_shop_count_since_they_reserve_nothing(bench: Bench) -> None:
    for number, (origin, quantity) in enumerate([(f"{ORIGIN}571", 2.0), (f"{ORIGIN}572", 0.5), ("By phone", 9.0)]):
        bench.odoo.has(
            "sale.order.line",
            number + 1,
            product_id=7,
            product_uom_qty=quantity,
            **{"order_id.state": "draft", "order_id.origin": origin},
        )
    assert sold_elsewhere(bench.runtime, bench.shop, [7, 8]) == {7: 3}


def test_what_is_subtracted_for_a_sku_is_its_own_and_that_of_others() -> None:
    own = OpenUnits()
    own.add(SoldUnits(units={"11": 2, "12": 1}, warehouse_id="W1"))
    own.add(SoldUnits(units={"11": 1}, warehouse_id="W1"))
    assert sold(own, "11", 7, {7: 4}) == Sold({"W1": 3}, 4)
    assert sold(own, "99", 8, {7: 4}) == Sold({}, 0)


# Told before Odoo has it


def test_new_orders_make_the_stock_due_in_every_other_shop_that_sells_the_same(bench: Bench) -> None:
    """Where it was sold, TikTok has taken it from what is shown itself."""
    bench.other_shop()
    bench.runtime.catalog("2").keep_listings([bench.catalog.listings()["12"].model_copy(update={"product_id": "9"})])
    place(bench, order("571", "12"))
    assert variants_of(bench.runtime, bench.shop, [order("571", "12", "77")]) == {8}
    assert look_at_new_orders(bench.runtime, bench.shop) == ["2"]
    assert (bench.stock_due("2"), bench.stock_due()) == (["9"], [])
    assert look_at_new_orders(bench.runtime, bench.shop) == []
    assert bench.tiktok.calls == ["order_details"]


def test_orders_are_only_noted_and_stay_due(bench: Bench) -> None:
    place(bench, order("571"))
    look_at_new_orders(bench.runtime, bench.shop)
    assert bench.orders.claim(10, 60).ids == ["571"]


@pytest.fixture
def sent(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Celery messages of the look at what was sold."""
    messages: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks, "get_runtime", lambda: bench.runtime)
    monkeypatch.setattr("worker.tasks.triggers.app.send_task", lambda name, ids=(): messages.append((name, *ids)))
    return messages


def test_a_sale_is_pushed_elsewhere_as_soon_as_it_is_seen(bench: Bench, sent: list[tuple[str, ...]]) -> None:
    bench.other_shop()
    bench.runtime.catalog("2").keep_listings([bench.catalog.listings()["11"]])
    place(bench, order("571"))
    tasks.note_sold(SHOP_ID)
    tasks.note_sold("unknown")
    assert sent == [("inventory.push", "2")]


def test_while_the_shop_is_away_nobody_looks(bench: Bench, sent: list[tuple[str, ...]]) -> None:
    place(bench, order("571"))
    bench.tiktok.errors["order_details"] = RetryableError("Away.")
    tasks.note_sold(SHOP_ID)
    tasks.note_sold(SHOP_ID)
    assert bench.tiktok.calls == ["order_details"]
    assert bench.problems() == {shop_scope(SHOP_ID): "temporary"}


def test_only_where_another_shop_may_sell_the_same_it_must_hear_of_a_sale_at_once(
    bench: Bench, sent: list[tuple[str, ...]]
) -> None:
    triggers.trigger_sold(bench.runtime, SHOP_ID)
    assert sent == []
    bench.other_shop()
    triggers.trigger_sold(bench.runtime, SHOP_ID)
    triggers.trigger_sold(bench.runtime, SHOP_ID)
    assert sent == [("inventory.note_sold", SHOP_ID)]


def test_where_no_stock_is_pushed_nobody_is_told_to_look_at_odoo(bench: Bench, sent: list[tuple[str, ...]]) -> None:
    bench.settle(push_stock="ask")
    triggers.trigger_watch(bench.runtime)
    assert sent == []


def test_at_most_one_look_at_odoo_is_on_its_way(bench: Bench, sent: list[tuple[str, ...]]) -> None:
    triggers.trigger_watch(bench.runtime)
    triggers.trigger_watch(bench.runtime)
    assert sent == [("inventory.watch",)]
    tasks.watch()
    triggers.trigger_watch(bench.runtime)
    assert sent.count(("inventory.watch",)) == 2
