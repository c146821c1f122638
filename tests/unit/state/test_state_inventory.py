"""What is known of TikTok's stock and of Odoo's changes, and how far a pull has come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.builders import SHOP_ID
from tests.unit.conftest import Clock
from worker.state.catalog_walk import CatalogWalk, Walk
from worker.state.inventory import Inventory, KnownWarehouse, Reconciled, StockWatch

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def inventory(redis: Any) -> Inventory:
    return Inventory(redis, SHOP_ID)


@pytest.fixture
def watch(redis: Any) -> StockWatch:
    return StockWatch(redis)


def test_amounts_are_known_by_sku_until_they_are_forgotten(inventory: Inventory) -> None:
    inventory.keep_confirmed({"1": {"W1": 5, "W2": 0}, "2": {"W1": 1}})
    inventory.keep_confirmed({"2": {"W1": 3}})
    inventory.keep_confirmed({})
    assert inventory.confirmed(["1", "2", "3"]) == {"1": {"W1": 5, "W2": 0}, "2": {"W1": 3}}
    assert inventory.confirmed([]) == {}
    inventory.forget_confirmed(["1", "3"])
    inventory.forget_confirmed([])
    assert inventory.confirmed(["1", "2"]) == {"2": {"W1": 3}}


def test_warehouses_that_tiktok_no_longer_tells_are_forgotten(inventory: Inventory) -> None:
    assert inventory.warehouses() == []
    two = [KnownWarehouse(id="W2"), KnownWarehouse(id="W1", name="Main", is_default=True, takes_stock=False)]
    inventory.keep_warehouses(two)
    assert inventory.warehouses() == two[::-1]
    inventory.keep_warehouses(two[:1])
    assert inventory.warehouses() == two[:1]
    inventory.keep_warehouses([])
    assert inventory.warehouses() == []


def test_the_last_comparison_is_kept(inventory: Inventory) -> None:
    assert inventory.reconciled() is None
    inventory.note_reconciled(Reconciled(compared=10, drifted=1))
    result = Reconciled(compared=12, drifted=0)
    inventory.note_reconciled(result)
    assert inventory.reconciled() == result


def test_a_removed_shop_leaves_nothing_and_another_keeps_its_own(inventory: Inventory, redis: Any) -> None:
    other = Inventory(redis, "2")
    for each in (inventory, other):
        each.keep_confirmed({"1": {"W1": 5}})
        each.keep_warehouses([KnownWarehouse(id="W1")])
        each.note_reconciled(Reconciled(compared=1, drifted=0))
    inventory.drop()
    assert inventory.confirmed(["1"]) == {}
    assert other.confirmed(["1"]) == {"1": {"W1": 5}}
    other.drop()
    assert redis.keys("*") == []


def test_changes_are_fresh_until_they_were_worked_on(watch: StockWatch) -> None:
    assert watch.watermark() is None
    assert watch.fresh({}) == set()
    assert watch.fresh({"a": NOON, "b": NOON}) == {"a", "b"}
    watch.advance({"a": NOON}, NOON, forget_before=NOON - timedelta(minutes=5))
    assert watch.watermark() == NOON
    assert watch.fresh({"a": NOON, "b": NOON}) == {"b"}


def test_changes_are_remembered_for_as_long_as_they_are_asked_for(watch: StockWatch) -> None:
    overlap = timedelta(minutes=5)
    watch.advance({"edge": NOON, "old": NOON - timedelta(seconds=1)}, NOON, forget_before=NOON - overlap)
    later = NOON + overlap
    watch.advance({}, later, forget_before=later - overlap)
    assert watch.fresh({"edge": NOON, "old": NOON}) == {"old"}


def test_it_is_known_for_how_long_the_watermark_has_stood_still(watch: StockWatch, clock: Clock) -> None:
    assert watch.still_for() == 0
    watch.advance({}, NOON, forget_before=NOON)
    clock.forward(60)
    watch.advance({"a": NOON}, NOON, forget_before=NOON)
    assert watch.still_for() == pytest.approx(60)
    watch.advance({}, NOON + timedelta(seconds=1), forget_before=NOON)
    assert watch.still_for() == pytest.approx(0)


def test_a_look_that_begins_anew_knows_nothing(watch: StockWatch, redis: Any) -> None:
    watch.advance({"a": NOON}, NOON, forget_before=NOON)
    watch.drop()
    assert watch.watermark() is None
    assert redis.keys("*") == []


def test_a_pull_is_gone_on_with_where_it_was_kept(redis: Any) -> None:
    store = CatalogWalk(redis, SHOP_ID)
    assert store.load() is None
    walk = Walk(windows=[(0, 100), (101, 200)])
    store.begin(walk)
    walk.token, walk.listed = "next", 2
    store.keep(walk, ["1", "2"])
    store.keep(walk, [])
    store.keep(walk, ["2", "3"])
    assert store.load() == walk
    assert store.seen() == {"1", "2", "3"}
    assert CatalogWalk(redis, "2").load() is None
    store.begin(Walk(windows=[(0, 5)]))
    assert store.seen() == set()
    store.keep(walk, ["1"])
    store.end()
    assert (store.load(), store.seen(), redis.keys("*")) == (None, set(), [])
