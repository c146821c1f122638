"""What a change of a shop makes due, what is refused, and what the audit trail keeps of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.builders import SHOP_ID
from tests.unit.sync.stock_bench import Bench, second_warehouse, sku
from worker.errors import ConfigurationError
from worker.odoo.errors import OdooUnavailableError
from worker.state.audit import Audit
from worker.state.shops import Feed
from worker.state.stock_plan import StockPlan, StockPlans
from worker.sync.runtime import Runtime
from worker.sync.shop_settings import (
    agree_to_push,
    change_settings,
    feed_warehouse,
    fingerprint,
    switch_shop,
    take_out_shop,
)


@pytest.fixture
def bench(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A shop that pushes its stock, with two products; one SKU is no product of Odoo's."""
    bench = Bench(runtime, monkeypatch, push_stock="on")
    bench.tiktok.list("1", sku("11", "A"))
    bench.tiktok.list("2", sku("21", "B"))
    bench.odoo.product(5, "A", units=5)
    bench.know("1", s11=5)
    bench.know("2")
    bench.odoo.has("stock.warehouse", 1, code="WH", name="Main")
    bench.odoo.has("stock.warehouse", 2, code="NORTH", name="North")
    bench.odoo.has("stock.location", 8, complete_name="WH/Stock/Shelf", name="Shelf")
    return bench


def audited(bench: Bench) -> list[tuple[str, str, str, str]]:
    entries = Audit(bench.runtime.redis).latest()
    return [(entry.by, entry.action, entry.target, entry.detail) for entry in entries]


def test_given_a_setting_about_stock_when_changed_then_all_stock_is_due(bench: Bench) -> None:
    done = change_settings(bench.runtime, SHOP_ID, {"stock_buffer": 3, "total": "seller_revenue"}, by="anna")
    assert (done.names, done.due) == (("stock_buffer",), ("inventory",))
    assert done.values == {"stock_buffer": 3, "total": "seller_revenue"}
    assert done.follows == ("All stock of the shop is compared and pushed anew.",)
    assert bench.stock_due() == ["1", "2"]
    assert audited(bench) == [("anna", "shop.set", SHOP_ID, "stock_buffer = 3")]


def test_given_the_same_values_when_saved_again_then_nothing_follows_and_nobody_is_named(bench: Bench) -> None:
    done = change_settings(bench.runtime, SHOP_ID, {"stock_buffer": 0, "push_stock": "on"}, by="anna")
    assert (done.names, done.follows, done.due) == ((), (), ())
    assert (audited(bench), bench.stock_due()) == ([], [])


def test_given_an_earlier_go_live_date_then_the_next_poll_begins_there(bench: Bench) -> None:
    bench.runtime.cursors.advance(SHOP_ID, 100)
    done = change_settings(bench.runtime, SHOP_ID, {"go_live": datetime(2025, 1, 1, tzinfo=UTC)}, by="anna")
    assert "the next poll reads the list from the go-live date" in done.follows[0]
    assert bench.runtime.cursors.get(SHOP_ID) is None


def test_given_products_may_be_created_then_what_matches_none_is_looked_at_again(bench: Bench) -> None:
    done = change_settings(bench.runtime, SHOP_ID, {"create_products": True}, by="anna")
    assert done.due == ("products",)
    assert bench.due() == {"2": False}


def test_of_a_location_and_warehouses_the_one_clears_the_other_and_both_are_refused(bench: Bench) -> None:
    change_settings(bench.runtime, SHOP_ID, {"stock_warehouse_ids": [1, 2]}, by="anna")
    done = change_settings(bench.runtime, SHOP_ID, {"stock_location_id": 8}, by="anna")
    settings = bench.runtime.shops.get(SHOP_ID).settings
    assert (settings.stock_location_id, settings.stock_warehouse_ids) == (8, [])
    assert done.values == {"stock_location_id": 8, "stock_warehouse_ids": []}
    with pytest.raises(ConfigurationError, match="not in both"):
        change_settings(bench.runtime, SHOP_ID, {"stock_location_id": 8, "stock_warehouse_ids": [1]}, by="anna")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"warehouse_id": 99}, "Odoo has no warehouse 99."),
        ({"stock_warehouse_ids": [1, 98]}, "Odoo has no warehouse 98."),
        ({"stock_buffer": -1}, "stock_buffer: Input should be greater than or equal to 0"),
        ({"total": "guess"}, "total: Input should be"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(
    bench: Bench, changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        change_settings(bench.runtime, SHOP_ID, changes, by="anna")
    assert bench.runtime.shops.get(SHOP_ID).settings == bench.shop.settings
    assert audited(bench) == []


def test_given_a_tax_on_top_of_the_price_then_it_is_refused(bench: Bench) -> None:
    bench.odoo.has("account.tax", 3, name="VAT 20 %", price_include=False)
    with pytest.raises(ConfigurationError, match="added on top"):
        change_settings(bench.runtime, SHOP_ID, {"tax_id": 3}, by="anna")


def test_given_odoo_is_away_then_what_concerns_no_record_of_its_is_changed_all_the_same(bench: Bench) -> None:
    bench.settle(warehouse_id=1)
    bench.odoo.error = OdooUnavailableError("Odoo does not answer.")
    done = change_settings(bench.runtime, SHOP_ID, {"warehouse_id": 1, "stock_buffer": 2}, by="anna")
    assert done.names == ("stock_buffer",)
    with pytest.raises(OdooUnavailableError):
        change_settings(bench.runtime, SHOP_ID, {"warehouse_id": 2}, by="anna")


def test_given_somebody_else_changed_the_settings_meanwhile_then_nothing_is_overwritten(bench: Bench) -> None:
    seen = fingerprint(bench.runtime.shops.get(SHOP_ID).settings)
    change_settings(bench.runtime, SHOP_ID, {"stock_buffer": 3}, by="anna", seen=seen)
    with pytest.raises(ConfigurationError, match="Somebody changed these settings"):
        change_settings(bench.runtime, SHOP_ID, {"stock_buffer": 9}, by="bert", seen=seen)
    assert bench.runtime.shops.get(SHOP_ID).settings.stock_buffer == 3


def test_a_warehouse_of_tiktok_is_fed_once_and_told_in_words(bench: Bench) -> None:
    bench.tiktok.places = [*bench.tiktok.places, second_warehouse("W2")]
    done = feed_warehouse(bench.runtime, SHOP_ID, "W1", Feed(warehouse_ids=[1]), by="anna")
    assert done.follows == ("Site W1 (W1) is fed now.", "All stock of the shop is compared and pushed anew.")
    assert audited(bench)[0] == ("anna", "shop.feed", SHOP_ID, "warehouse_feeds")
    with pytest.raises(ConfigurationError, match="for sale twice"):
        feed_warehouse(bench.runtime, SHOP_ID, "W2", Feed(warehouse_ids=[1]), by="anna")
    with pytest.raises(ConfigurationError, match="Odoo has no stock location 77"):
        feed_warehouse(bench.runtime, SHOP_ID, "W2", Feed(location_id=77), by="anna")
    with pytest.raises(ConfigurationError, match="no sales warehouse 'W9'"):
        feed_warehouse(bench.runtime, SHOP_ID, "W9", None, by="anna")
    assert bench.runtime.shops.get(SHOP_ID).settings.warehouse_feeds == {"W1": Feed(warehouse_ids=[1])}
    feed_warehouse(bench.runtime, SHOP_ID, "W1", None, by="anna")
    assert bench.runtime.shops.get(SHOP_ID).settings.warehouse_feeds == {}


def test_given_nobody_agreed_yet_when_somebody_agrees_then_all_stock_is_due_and_kept_pushed(bench: Bench) -> None:
    bench.settle(push_stock="ask")
    done = agree_to_push(bench.runtime, SHOP_ID, by="anna")
    assert done.due == ("inventory",)
    assert bench.runtime.shops.get(SHOP_ID).settings.push_stock == "on"
    assert bench.stock_due() == ["1", "2"]
    assert audited(bench) == [("anna", "inventory.push", SHOP_ID, "push_stock = on")]


def test_given_stock_is_pushed_already_when_somebody_agrees_again_then_all_of_it_is_due_anew(bench: Bench) -> None:
    assert agree_to_push(bench.runtime, SHOP_ID, by="anna").due == ("inventory",)
    assert bench.stock_due() == ["1", "2"]


def test_given_pushing_is_switched_off_then_nobody_agrees_by_the_way(bench: Bench) -> None:
    bench.settle(push_stock="off")
    with pytest.raises(ConfigurationError, match="switched off"):
        agree_to_push(bench.runtime, SHOP_ID, by="anna")
    assert bench.stock_due() == []


def test_a_shop_that_is_switched_on_again_catches_up(bench: Bench) -> None:
    assert switch_shop(bench.runtime, SHOP_ID, False, by="anna").due == ()
    assert not bench.runtime.shops.get(SHOP_ID).enabled
    assert switch_shop(bench.runtime, SHOP_ID, True, by="anna").due == ("orders", "inventory")
    assert [action for _, action, _, _ in audited(bench)] == ["shop.enable", "shop.disable"]


def test_a_removed_shop_leaves_no_plan_and_no_progress(bench: Bench) -> None:
    StockPlans(bench.runtime.redis).keep(SHOP_ID, StockPlan())
    take_out_shop(bench.runtime, SHOP_ID, by="anna")
    assert bench.runtime.shops.find(SHOP_ID) is None
    assert StockPlans(bench.runtime.redis).get(SHOP_ID) is None
    assert audited(bench) == [("anna", "shop.remove", SHOP_ID, "Demo GB")]
