"""How many units TikTok should show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import ConfigurationError
from worker.odoo.stock import StockSource
from worker.state.inventory import Amounts, KnownWarehouse
from worker.state.shops import Feed, ShopSettings
from worker.sync.inventory_targets import (
    MOST_UNITS,
    Feeds,
    Sold,
    feeds_of,
    lower_only,
    refuse_double_feeds,
    share_stock,
    target,
)

ALL = StockSource()
ONE = [KnownWarehouse(id="W1", is_default=True)]
TWO = [*ONE, KnownWarehouse(id="W2")]


def amounts(units: int, sold: Sold | None = None, *, buffer: int = 0, maximum: int | None = None) -> Amounts:
    return target(["W1"], ONE, Feeds(default=ALL), {ALL: units}, sold or Sold(), buffer=buffer, maximum=maximum)


def test_tiktok_shows_what_odoo_has() -> None:
    assert amounts(7) == {"W1": 7}


def test_what_is_sold_and_not_in_odoo_yet_is_subtracted() -> None:
    assert amounts(7, Sold({"W1": 2, "": 1}, 3)) == {"W1": 1}


def test_nothing_goes_below_zero() -> None:
    assert amounts(1, Sold({"W1": 5}, 9), buffer=4) == {"W1": 0}


def test_the_buffer_is_kept_back_and_the_maximum_is_not_exceeded() -> None:
    assert amounts(10, buffer=3) == {"W1": 7}
    assert amounts(10, maximum=4) == {"W1": 4}
    assert amounts(10, maximum=0) == {"W1": 0}


def test_tiktok_takes_no_more_than_99999_units() -> None:
    assert amounts(250_000) == {"W1": MOST_UNITS}
    assert amounts(250_000, maximum=200_000) == {"W1": MOST_UNITS}


def test_without_feeds_all_stock_goes_to_the_default_warehouse_and_the_others_show_nothing() -> None:
    shown = target(["W2", "W1"], TWO, Feeds(default=ALL), {ALL: 5}, Sold(), buffer=0, maximum=None)
    assert shown == {"W2": 0, "W1": 5}


def test_a_sku_that_the_default_warehouse_does_not_sell_gets_its_stock_elsewhere() -> None:
    assert target(["W2"], TWO, Feeds(default=ALL), {ALL: 5}, Sold(), buffer=0, maximum=None) == {"W2": 5}


def test_a_warehouse_that_is_switched_off_is_not_chosen() -> None:
    known = [KnownWarehouse(id="W1", takes_stock=False), KnownWarehouse(id="W2")]
    shown = target(["W1", "W2"], known, Feeds(default=ALL), {ALL: 5}, Sold(), buffer=0, maximum=None)
    assert shown == {"W1": 0, "W2": 5}


def test_each_warehouse_shows_what_feeds_it() -> None:
    a, b = StockSource(warehouse_ids=(1,)), StockSource(warehouse_ids=(2,))
    feeds = Feeds({"W1": a, "W2": b})
    shown = target(["W1", "W2", "W3"], TWO, feeds, {a: 5, b: 8}, Sold({"W2": 1}, 6), buffer=0, maximum=None)
    assert shown == {"W1": 0, "W2": 6, "W3": 0}  # what is sold elsewhere is taken from the default first


def test_amounts_are_only_lowered_while_something_is_unknown() -> None:
    assert lower_only({"W1": 5, "W2": 1}, {"W1": 3, "W2": 4}) == {"W1": 3, "W2": 1}


@given(
    st.integers(0, 50),
    st.dictionaries(st.sampled_from(["W1", "W2", ""]), st.integers(0, 20)),
    st.integers(0, 20),
    st.integers(0, 5),
)
def test_never_more_is_for_sale_than_odoo_has_less_what_is_sold(
    units: int, here: dict[str, int], elsewhere: int, buffer: int
) -> None:
    shown = target(
        ["W1", "W2"], TWO, Feeds(default=ALL), {ALL: units}, Sold(here, elsewhere), buffer=buffer, maximum=None
    )
    assert sum(shown.values()) == max(0, units - sum(here.values()) - elsewhere - buffer)


@pytest.mark.parametrize(
    ("settings", "source"),
    [
        ({}, StockSource()),
        ({"company_id": 3}, StockSource(company_id=3)),
        ({"warehouse_id": 4}, StockSource(warehouse_ids=(4,))),
        ({"warehouse_id": 4, "stock_warehouse_ids": [6, 5]}, StockSource(warehouse_ids=(5, 6))),
        ({"stock_warehouse_ids": [5], "stock_location_id": 9}, StockSource(location_id=9)),
    ],
)
def test_what_is_for_sale_by_default(settings: dict[str, object], source: StockSource) -> None:
    assert feeds_of(ShopSettings.model_validate(settings)).sources == [source]


def test_feeds_of_warehouses_replace_the_default() -> None:
    settings = ShopSettings(warehouse_feeds={"W1": Feed(warehouse_ids=[2, 1]), "W2": Feed(location_id=8)})
    assert feeds_of(settings) == Feeds({"W1": StockSource(warehouse_ids=(1, 2)), "W2": StockSource(location_id=8)})


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (StockSource(), StockSource(warehouse_ids=(1,)), True),
        (StockSource(warehouse_ids=(1, 2)), StockSource(warehouse_ids=(2,)), True),
        (StockSource(warehouse_ids=(1,)), StockSource(warehouse_ids=(2,)), False),
        (StockSource(location_id=5), StockSource(warehouse_ids=(1,)), True),
        (StockSource(location_id=5), StockSource(location_id=5), True),
        (StockSource(location_id=5), StockSource(location_id=6), False),
        (StockSource(company_id=1), StockSource(company_id=2), False),
        (StockSource(company_id=1), StockSource(), True),
    ],
)
def test_shops_share_stock_unless_they_certainly_do_not(one: StockSource, other: StockSource, shared: bool) -> None:
    assert share_stock(Feeds(default=one), Feeds(default=other)) is shared
    assert share_stock(Feeds(default=other), Feeds(default=one)) is shared


def test_no_stock_feeds_two_warehouses() -> None:
    with pytest.raises(ConfigurationError, match="for sale twice"):
        refuse_double_feeds({"W1": Feed(warehouse_ids=[1]), "W2": Feed(warehouse_ids=[2, 1])})
    refuse_double_feeds({"W1": Feed(warehouse_ids=[1]), "W2": Feed(warehouse_ids=[2], location_id=1)})
