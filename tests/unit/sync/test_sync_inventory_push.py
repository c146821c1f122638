"""One round of stock: what differs is set, nothing else, and nothing that was just sold is put on sale again."""

from __future__ import annotations

import time
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from tests.unit.builders import SHOP_ID, item, long_since_any_turn, make_order
from tests.unit.conftest import Clock
from tests.unit.sync.stock_bench import Bench, second_warehouse, sku
from worker import metrics
from worker.errors import ConfigurationError, ConnectorError, ReauthorizeError, RetryableError
from worker.odoo.errors import OdooLoginError, OdooUnavailableError
from worker.odoo.features import features_of
from worker.state.catalog import Choice, choice_key
from worker.state.inbox import counters
from worker.state.problems import ODOO, shop_scope, shop_stock_scope
from worker.sync.inventory_marks import mark_all, mark_products, mark_variants
from worker.sync.inventory_plan import make_plan
from worker.sync.inventory_push import InventoryPush, Round
from worker.tasks import inventory as tasks
from worker.tiktok.errors import TikTokPermanentError
from worker.tiktok.models import InventoryError


@pytest.fixture
def bench(runtime: Any, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Bench:
    """Product 1 of two SKUs and product 2 of one, bound to variants with 5, 6 and 7 units."""
    bench = Bench(runtime, monkeypatch, push_stock="on")
    for variant, units in ((5, 5), (6, 6), (7, 7)):
        bench.odoo.product(variant, units=units)
    bench.tiktok.list("1", sku("11", "A"), sku("12", "B"))
    bench.tiktok.list("2", sku("21", "C"))
    bench.know("1", s11=5, s12=6)
    bench.know("2", s21=7)
    return bench


def push(bench: Bench, *product_ids: str) -> Round:
    bench.inventory.mark(product_ids)
    return InventoryPush(bench.runtime, bench.shop).run()


def shown(bench: Bench) -> dict[str, int]:
    """Units that TikTok shows, by SKU."""
    return {one: sum(places.values()) for one, places in sorted(bench.tiktok.stock.items())}


def refusal(sku_id: str, message: str = "In a campaign.") -> InventoryError:
    extra = [{"code": 12019117, "message": message, "warehouse_id": "W1"}]
    return InventoryError.model_validate(
        {"code": 12019099, "message": "failed", "detail": {"sku_id": sku_id, "extra_errors": extra}}
    )


def test_tiktok_shows_what_odoo_has_after_one_call_for_each_product(bench: Bench) -> None:
    done = push(bench, "1", "2")
    assert shown(bench) == {"11": 5, "12": 6, "21": 7}
    assert sorted(product_id for product_id, _ in bench.tiktok.pushed) == ["1", "2"]
    assert (done.pushed, done.refused, done.more, done.catalog) == (3, [], False, False)
    assert bench.inventory.open_count() == 0
    assert counters(bench.runtime.redis)["inventory_pushed"] == 3
    assert bench.runtime.inventory(SHOP_ID).confirmed(["11", "21"]) == {"11": {"W1": 5}, "21": {"W1": 7}}


def test_only_differences_are_set(bench: Bench) -> None:
    bench.tiktok.stock |= {"11": {"W1": 5}, "21": {"W1": 7}}
    push(bench, "1", "2")
    assert bench.tiktok.pushed == [("1", {"12": {"W1": 6}})]
    assert bench.runtime.inventory(SHOP_ID).confirmed(["11", "21"]) == {"11": {"W1": 5}, "21": {"W1": 7}}


def test_nothing_differs_and_nothing_is_set_or_read_again(bench: Bench) -> None:
    push(bench, "1", "2")
    bench.tiktok.pushed.clear()
    bench.tiktok.calls.clear()
    assert push(bench, "1", "2").pushed == 0
    assert bench.tiktok.pushed == []
    assert bench.tiktok.calls.count("search_inventory") == 1


def test_nothing_due_asks_nobody(bench: Bench) -> None:
    assert push(bench) == Round()
    assert (bench.tiktok.calls, bench.odoo.calls) == ([], [])


def test_the_stock_of_a_batch_is_read_with_one_call_to_each_side(bench: Bench) -> None:
    features_of(bench.odoo)  # kept for an hour
    bench.odoo.calls.clear()
    push(bench, "1", "2")
    assert [f"{call.model}" for call in bench.odoo.calls] == ["sale.order.line", "product.product"]
    assert bench.tiktok.calls.count("search_inventory") == 2  # before, and to confirm


def test_what_is_unbound_is_never_touched(bench: Bench) -> None:
    bench.know("1", s11=5)
    bench.tiktok.stock["12"] = {"W1": 99}
    push(bench, "1")
    assert bench.tiktok.pushed == [("1", {"11": {"W1": 5}})]


@pytest.mark.parametrize("what", ["untracked", "archived", "deleted"])
def test_what_odoo_does_not_count_is_left_alone_and_never_shown_as_sold_out(bench: Bench, what: str) -> None:
    bench.tiktok.stock["21"] = {"W1": 99}
    if what == "untracked":
        bench.odoo.product(7, is_storable=False)
    elif what == "archived":
        bench.odoo.product(7, active=False)
    else:
        del bench.odoo.records["product.product"][7]
    push(bench, "2")
    assert shown(bench)["21"] == 99
    assert bench.inventory.open_count() == 0


def test_the_shops_buffer_and_maximum_hold_unless_a_choice_says_otherwise(bench: Bench) -> None:
    bench.settle(stock_buffer=2, stock_maximum=4)
    bench.catalog.set_choices({choice_key(sku_id="12"): Choice(buffer=0), choice_key(sku_id="21"): Choice(maximum=50)})
    push(bench, "1", "2")
    assert shown(bench) == {"11": 3, "12": 4, "21": 5}


def test_every_warehouse_of_a_sku_is_in_the_call(bench: Bench) -> None:
    bench.tiktok.places = [*bench.tiktok.places, second_warehouse("W2")]
    bench.tiktok.stock["21"] = {"W1": 1, "W2": 3}
    push(bench, "2")
    assert bench.tiktok.pushed == [("2", {"21": {"W1": 7, "W2": 0}})]


def test_warehouses_are_asked_for_once_and_again_when_there_is_a_new_one(bench: Bench) -> None:
    push(bench, "1")
    push(bench, "2")
    assert bench.tiktok.calls.count("warehouses") == 1
    bench.tiktok.places = [*bench.tiktok.places, second_warehouse("W2")]
    bench.tiktok.stock["21"] = {"W2": 0}
    push(bench, "2")
    push(bench, "2")
    assert bench.tiktok.calls.count("warehouses") == 2


def test_stock_in_a_warehouse_that_is_not_ours_to_fill_costs_no_call_each_time(bench: Bench) -> None:
    bench.tiktok.stock["21"] = {"W1": 0, "FBT": 3}
    push(bench, "2")
    push(bench, "2")
    push(bench, "2")
    assert bench.tiktok.calls.count("warehouses") <= 2


# What TikTok refuses


def test_a_partial_refusal_parks_its_product_with_the_reason_and_lets_the_others_through(bench: Bench) -> None:
    bench.tiktok.refusals["11"] = refusal("11")
    done = push(bench, "1", "2")
    assert shown(bench) == {"11": 0, "12": 6, "21": 7}
    (parked,) = bench.inventory.all_parked()
    assert (parked.id, parked.code, parked.attempts) == ("1", "stock_refused", 1)
    assert "did not take 5 units of A (SKU ID 11): In a campaign. (12019117, warehouse W1)" in parked.message
    assert parked.remedy
    assert (done.pushed, done.refused) == (2, ["A (SKU ID 11)"])
    assert bench.problems() == {}
    assert bench.runtime.inventory(SHOP_ID).confirmed(["11", "12"]) == {"12": {"W1": 6}}


@pytest.mark.parametrize("sku_id", ["", "77"])
def test_a_refusal_that_names_no_sku_of_ours_parks_the_product_all_the_same(bench: Bench, sku_id: str) -> None:
    bench.tiktok.refusals["11"] = InventoryError.model_validate(
        {"code": 12019099, "message": "Try later", "detail": {"sku_id": sku_id}}
    )
    push(bench, "1")
    (parked,) = bench.inventory.all_parked()
    assert "Try later (12019099)" in parked.message


@pytest.mark.parametrize("code", ["refused", "not_found"])
def test_a_product_that_is_refused_whole_is_parked_and_the_catalogue_looks_at_it(bench: Bench, code: str) -> None:
    bench.tiktok.errors["1"] = TikTokPermanentError("Frozen.", code=code, remedy="See Seller Center.")
    done = push(bench, "1", "2")
    assert shown(bench) == {"11": 0, "12": 0, "21": 7}
    assert [(each.id, each.code) for each in bench.inventory.all_parked()] == [("1", code)]
    assert (done.catalog, bench.due()) == (True, {"1": True})
    assert sorted(done.refused) == ["A (SKU ID 11)", "B (SKU ID 12)"]


def test_a_refused_product_is_tried_again_after_pauses_that_double(bench: Bench, clock: Clock) -> None:
    bench.tiktok.refusals["11"] = refusal("11")
    push(bench, "1")
    pauses = []
    for _ in range(3):
        before = clock.now
        while not bench.inventory.work_to_do():
            clock.forward(1)
        pauses.append(round(clock.now - before))
        push(bench)
    assert pauses == [30, 60, 120]
    bench.tiktok.refusals.clear()
    push(bench, "1")
    assert bench.inventory.count_parked() == 0
    assert shown(bench)["11"] == 5


@pytest.mark.parametrize("code", ["too_many", "invalid_request", "unexpected_answer"])
def test_one_product_that_tiktok_will_never_take_does_not_keep_the_others_from_being_pushed(
    bench: Bench, clock: Clock, code: str
) -> None:
    bench.tiktok.errors["1"] = TikTokPermanentError("Not like this.", code=code)
    push(bench, "1", "2")
    for _ in range(5):
        clock.forward(61)
        push(bench)
    assert shown(bench)["21"] == 7


@pytest.mark.parametrize("code", ["scope_missing", "shop_inactive"])
def test_a_refusal_of_every_call_is_a_problem_of_the_shop_and_of_no_product(bench: Bench, code: str) -> None:
    bench.tiktok.errors["1"] = TikTokPermanentError("No.", code=code)
    push(bench, "1")
    assert bench.problems() == {shop_stock_scope(SHOP_ID): code}
    assert bench.inventory.count_parked() == 0


def test_a_product_of_which_tiktok_tells_no_stock_is_looked_at_by_the_catalogue(bench: Bench) -> None:
    del bench.tiktok.products["1"]
    done = push(bench, "1", "2")
    assert (done.catalog, bench.due(), bench.inventory.open_count()) == (True, {"1": True}, 0)
    assert shown(bench)["21"] == 7


# When a side fails


@pytest.mark.parametrize("call", ["search_inventory", "warehouses", "search_orders", "update_inventory"])
@pytest.mark.parametrize("pause", [15, 40])
def test_while_tiktok_fails_all_stays_due_and_only_this_shops_stock_pauses(
    bench: Bench, clock: Clock, call: str, pause: int
) -> None:
    bench.tiktok.errors[call] = RetryableError("Slow down.", retry_after=float(pause))
    assert push(bench, "1", "2").more is False
    assert bench.problems() == {shop_stock_scope(SHOP_ID): "temporary"}
    assert not bench.runtime.problems.paused(ODOO, shop_scope(SHOP_ID))
    assert (bench.inventory.open_count(), bench.inventory.count_parked()) == (2, 0)
    asked = len(bench.tiktok.calls)
    clock.forward(pause - 1)
    push(bench, "1")
    assert len(bench.tiktok.calls) == asked
    bench.tiktok.errors.clear()
    clock.forward(2)
    push(bench)
    assert shown(bench) == {"11": 5, "12": 6, "21": 7}
    assert bench.problems() == {}


@pytest.mark.parametrize(("told", "pause"), [(None, 1), (0.2, 1), (7.0, 7)])
def test_a_call_too_many_is_over_in_a_moment_and_no_problem(
    bench: Bench, clock: Clock, told: float | None, pause: int
) -> None:
    bench.tiktok.errors["update_inventory"] = RetryableError("Slow down.", code="rate_limited", retry_after=told)
    push(bench, "1", "2")
    assert bench.problems() == {}
    bench.tiktok.errors.clear()
    clock.forward(pause - 0.1)
    assert not bench.inventory.work_to_do()
    clock.forward(0.2)
    push(bench)
    assert shown(bench) == {"11": 5, "12": 6, "21": 7}


@pytest.mark.parametrize("error", [OdooUnavailableError("Away."), OdooLoginError("Refused.")])
def test_an_odoo_that_is_away_changes_no_amount_and_is_away_for_every_shop(
    bench: Bench, clock: Clock, error: ConnectorError
) -> None:
    bench.odoo.error = error
    push(bench, "1", "2")
    assert (bench.problems(), bench.tiktok.pushed) == ({ODOO: error.code}, [])
    bench.odoo.error = None
    clock.forward(61)
    push(bench)
    assert shown(bench)["21"] == 7
    assert bench.problems() == {}


def test_stock_of_a_warehouse_that_is_gone_from_odoo_is_never_shown_as_none(bench: Bench) -> None:
    bench.settle(stock_warehouse_ids=[9])
    bench.tiktok.stock["21"] = {"W1": 7}
    push(bench, "2")
    assert bench.problems() == {shop_stock_scope(SHOP_ID): ConfigurationError.code}
    assert shown(bench)["21"] == 7


def test_only_the_seller_can_help_with_a_refused_authorization(bench: Bench) -> None:
    bench.tiktok.errors["search_inventory"] = ReauthorizeError("Ended.")
    push(bench, "1")
    assert bench.runtime.accounts.get("demo").authorization == "needed"


def test_a_round_that_takes_too_long_is_gone_on_with(bench: Bench, clock: Clock) -> None:
    def slow(name: str) -> None:
        if name == "update_inventory":
            raise SoftTimeLimitExceeded

    bench.tiktok.meanwhile = slow
    push(bench, "1", "2")
    assert bench.problems() == {shop_stock_scope(SHOP_ID): "too_slow"}
    assert bench.inventory.open_count() == 2


def test_when_the_lease_runs_out_the_rest_is_left_to_others(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another worker may have leased meanwhile is not ours to set: our amount is the older one."""
    monotonic = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: monotonic)

    def take_long(name: str) -> None:
        nonlocal monotonic
        if name == "update_inventory":
            monotonic += 0.8 * bench.runtime.settings.stock_lease

    bench.tiktok.meanwhile = take_long
    done = push(bench, "1", "2")
    assert [product_id for product_id, _ in bench.tiktok.pushed] == ["1"]
    assert done.more is True
    assert bench.inventory.claim(10, 1).ids == ["2"]


def test_a_worker_whose_lease_has_passed_to_another_settles_nothing(bench: Bench, clock: Clock) -> None:
    other: list[list[str]] = []

    def lose_the_lease(name: str) -> None:
        if name == "update_inventory" and not other:
            clock.forward(bench.runtime.settings.stock_lease + 1)
            other.append(bench.inventory.claim(10, 60).ids)

    bench.tiktok.meanwhile = lose_the_lease
    push(bench, "1")
    assert other == [["1"]]
    assert bench.inventory.open_count() == 1  # it is the other's


def test_a_round_takes_so_many_products_and_says_that_there_are_more(bench: Bench) -> None:
    ids = [str(number) for number in range(100, 155)]
    for product_id in ids:
        bench.tiktok.list(product_id)
        bench.know(product_id, **{f"s{product_id}1": 7})
    assert push(bench, *ids).more is True
    assert len(bench.tiktok.pushed) == 50
    assert push(bench).more is False
    assert bench.inventory.open_count() == 0


# What sells meanwhile


def test_what_is_sold_while_it_is_pushed_is_looked_at_again(bench: Bench) -> None:
    """An absolute amount puts on sale again what was sold since it was read; the committed units tell."""

    def sell(name: str) -> None:
        if name == "update_inventory":
            bench.tiktok.committed["11"] = 1
            bench.tiktok.meanwhile = lambda _: None

    bench.tiktok.meanwhile = sell
    assert push(bench, "1", "2").more is True
    assert bench.inventory.claim(10, 1).ids == ["1"]


def test_units_that_were_committed_before_make_nothing_due(bench: Bench) -> None:
    bench.tiktok.committed["11"] = 3
    assert push(bench, "1").more is False


def test_an_order_on_its_way_is_not_put_on_sale_again(bench: Bench) -> None:
    lines = [item(1, sku_id="11", product_id="1"), item(2, sku_id="11", product_id="1")]
    bench.tiktok.orders["571"] = make_order("571", items=lines)
    done = push(bench, "1")
    assert shown(bench) == {"11": 3, "12": 6, "21": 0}
    assert done.orders_found is True
    assert bench.orders.work_to_do()
    bench.orders.remember_imported(["571"])
    push(bench, "1")
    assert shown(bench)["11"] == 5


def test_odoo_is_asked_last_so_that_an_order_may_count_twice_and_never_not_at_all(bench: Bench) -> None:
    asked: list[str] = []
    bench.tiktok.meanwhile = asked.append
    odoo = bench.odoo._search
    bench.odoo._search = lambda call: asked.append(call.model) or odoo(call)  # type: ignore[method-assign,func-returns-value]
    push(bench, "2")
    assert asked.index("search_inventory") < asked.index("search_orders") < asked.index("product.product")


def test_inexact_knowledge_only_lowers_and_is_looked_at_again_soon(bench: Bench, clock: Clock) -> None:
    bench.runtime.cursors.drop(SHOP_ID)  # no poll has read the order list yet
    bench.tiktok.stock |= {"11": {"W1": 9}, "12": {"W1": 2}}
    push(bench, "1")
    assert shown(bench) == {"11": 5, "12": 2, "21": 0}
    assert not bench.inventory.work_to_do()
    bench.runtime.cursors.polled(SHOP_ID)
    clock.forward(6)
    assert bench.inventory.work_to_do()
    push(bench)
    assert shown(bench)["12"] == 6
    assert bench.inventory.open_count() == 0


def test_one_order_that_cannot_be_read_does_not_freeze_the_shops_stock_for_ever(bench: Bench, clock: Clock) -> None:
    bench.tiktok.unreadable_orders = {"571"}
    bench.orders.mark(["571"])
    looks = 0
    for _ in range(60):
        looks += bench.inventory.work_to_do() or not looks
        push(bench, *([] if looks > 1 else ["2"]))
        clock.forward(10)
    assert looks < 20 or shown(bench)["21"] == 7


def test_a_plan_says_what_it_would_change_and_changes_nothing(bench: Bench) -> None:
    bench.tiktok.stock["11"] = {"W1": 5}
    products = list(bench.catalog.products().values())
    plan = make_plan(bench.runtime, bench.shop, bench.tiktok, products)  # type: ignore[arg-type]
    assert {str(each): (each.shown, each.wanted) for each in plan.changes} == {
        "B (SKU ID 12)": ({"W1": 0}, {"W1": 6}),
        "C (SKU ID 21)": ({"W1": 0}, {"W1": 7}),
    }
    assert (len(plan.skus), plan.exact, bench.tiktok.pushed) == (3, True, [])


def test_products_without_a_bound_sku_need_no_call(bench: Bench) -> None:
    bench.know("1")
    products = [bench.catalog.products()["1"]]
    assert make_plan(bench.runtime, bench.shop, bench.tiktok, products).skus == []  # type: ignore[arg-type]
    assert bench.tiktok.calls == []


# Marks


def test_a_variant_is_due_in_every_shop_that_sells_it_and_is_pushed(bench: Bench) -> None:
    other = bench.other_shop()
    bench.other_shop("3")
    bench.runtime.shops.save(other.model_copy(update={"enabled": False}))
    listings = list(bench.catalog.listings().values())
    for shop_id in ("2", "3"):
        bench.runtime.catalog(shop_id).keep_listings(listings)
    assert mark_variants(bench.runtime, {5, 7}) == ["3", SHOP_ID]
    assert [bench.stock_due(shop_id) for shop_id in (SHOP_ID, "2", "3")] == [["1", "2"], [], ["1", "2"]]
    assert mark_variants(bench.runtime, {5, 7}, but=SHOP_ID) == ["3"]
    assert mark_variants(bench.runtime, set()) == mark_variants(bench.runtime, {99}) == []


@pytest.mark.parametrize("push_stock", ["off", "ask"])
def test_nothing_is_due_where_no_stock_is_pushed(bench: Bench, push_stock: str) -> None:
    bench.settle(push_stock=push_stock)
    assert mark_variants(bench.runtime, {5}) == []
    assert not mark_all(bench.runtime, bench.shop)
    assert not mark_products(bench.runtime, bench.shop, ["1"])
    assert bench.stock_due() == []


def test_all_of_a_shop_can_be_made_due(bench: Bench) -> None:
    assert mark_all(bench.runtime, bench.shop)
    assert bench.stock_due() == ["1", "2"]
    assert not mark_products(bench.runtime, bench.shop, [])


# The tasks around it


@pytest.fixture
def sent(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Celery messages of the stock tasks."""
    messages: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks, "get_runtime", lambda: bench.runtime)
    monkeypatch.setattr("worker.tasks.triggers.app.send_task", lambda name, ids=(): messages.append((name, *ids)))
    monkeypatch.setattr(tasks.reconcile, "delay", lambda *ids: messages.append(("inventory.reconcile", *ids)))
    return messages


def test_a_push_that_finds_orders_and_unlisted_products_sends_for_both(
    bench: Bench, sent: list[tuple[str, ...]]
) -> None:
    bench.tiktok.orders["571"] = make_order("571")
    del bench.tiktok.products["1"]
    bench.inventory.mark(["1", "2"])
    tasks.push(SHOP_ID)
    assert sent == [("orders.drain", SHOP_ID), ("catalog.drain", SHOP_ID)]


def test_a_push_with_more_to_do_queues_up_again(bench: Bench, sent: list[tuple[str, ...]]) -> None:
    bench.inventory.mark(str(number) for number in range(55))
    tasks.push(SHOP_ID)
    assert sent == [("inventory.push", SHOP_ID)]
    tasks.push(SHOP_ID)
    assert len(sent) == 1


@pytest.mark.parametrize("push_stock", ["off", "ask"])
def test_stock_that_nobody_agreed_to_push_is_not_pushed_though_it_is_due(
    bench: Bench, sent: list[tuple[str, ...]], push_stock: str
) -> None:
    bench.settle(push_stock=push_stock)
    bench.inventory.mark(["1"])
    tasks.push(SHOP_ID)
    tasks.sweep()
    long_since_any_turn(bench.runtime)
    tasks.reconcile_all()
    tasks.reconcile(SHOP_ID)
    assert (sent, bench.tiktok.calls) == ([], [])


def test_a_sweep_sends_a_push_where_something_is_due(bench: Bench, sent: list[tuple[str, ...]]) -> None:
    tasks.sweep()
    assert sent == []
    bench.inventory.mark(["1"])
    tasks.sweep()
    tasks.sweep()
    assert sent == [("inventory.push", SHOP_ID)]


def test_a_look_at_odoo_sends_a_push_to_each_shop_that_sells_what_changed(
    bench: Bench, sent: list[tuple[str, ...]]
) -> None:
    bench.other_shop()
    bench.runtime.catalog("2").keep_products(bench.catalog.products().values())
    tasks.watch()
    assert sent == [("inventory.push", "2"), ("inventory.push", SHOP_ID)]


def test_each_shop_is_compared_by_a_message_of_its_own(bench: Bench, sent: list[tuple[str, ...]]) -> None:
    bench.other_shop()
    long_since_any_turn(bench.runtime)
    tasks.reconcile_all()
    assert sent == [("inventory.reconcile", "2"), ("inventory.reconcile", SHOP_ID)]


def test_a_comparison_that_finds_drift_sends_a_push(
    bench: Bench, sent: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.sync.inventory_reconcile._PAUSE", 0)
    tasks.reconcile(SHOP_ID)
    tasks.push(SHOP_ID)
    tasks.reconcile(SHOP_ID)
    assert sent == [("inventory.push", SHOP_ID)]
    bench.tiktok.errors["search_inventory"] = RetryableError("Away.")
    tasks.reconcile(SHOP_ID)
    assert bench.problems() == {shop_stock_scope(SHOP_ID): "temporary"}


def test_pushes_are_counted_and_their_latency_is_measured(bench: Bench, clock: Clock) -> None:
    metrics.take()
    bench.tiktok.refusals["11"] = refusal("11")
    bench.inventory.mark(["1", "2"])
    clock.forward(4)
    push(bench)
    counted = metrics.take()
    assert counted["stock_updates|ok"] == counted["stock_updates|refused"] == 1
    assert counted["parked|inventory|stock_refused"] == 1
    assert counted["stock_latency_seconds|sum"] == pytest.approx(
        8_000_000, abs=500_000
    )  # of product 1, SKU 12 was taken
