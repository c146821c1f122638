"""One round of the catalogue: each product bound or told why not, and everybody told who waited for it."""

from __future__ import annotations

from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from tests.unit.builders import SHOP_ID, long_since_any_turn
from tests.unit.conftest import Clock
from tests.unit.sync.stock_bench import Bench, not_listed, sku
from worker.errors import ConnectorError, ReauthorizeError, RetryableError
from worker.odoo.errors import OdooLoginError, OdooRejectedError, OdooUnavailableError
from worker.state.catalog import Choice, choice_key
from worker.state.dirty_set import Parked
from worker.state.orders import SoldUnits
from worker.state.problems import ODOO, shop_catalog_scope, shop_scope
from worker.sync import catalog_drain, catalog_run
from worker.sync.catalog_drain import CatalogDrain, CatalogRound, find_variants
from worker.sync.catalog_pull import listed_product
from worker.tasks import catalog as tasks
from worker.tiktok.errors import TikTokPermanentError


@pytest.fixture
def bench(runtime: Any, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Bench:
    bench = Bench(runtime, monkeypatch, push_stock="on")
    bench.odoo.product(7, "A")
    bench.tiktok.list("1", sku("11", "A"))
    return bench


def drain(bench: Bench, *product_ids: str, force: bool = False) -> CatalogRound:
    bench.products.mark(product_ids, force=force)
    return CatalogDrain(bench.runtime, bench.shop).run()


def park_order(bench: Bench, order_id: str, sku_id: str, code: str = "unknown_sku") -> None:
    """An order that waits for a SKU."""
    bench.orders.mark([order_id])
    bench.orders.note_sold({order_id: SoldUnits(units={sku_id: 1})})
    bench.orders.park(bench.orders.claim(1, 60), Parked(id=order_id, code=code, message="?"), 3600)


def test_a_new_product_is_bound_and_its_stock_is_due(bench: Bench) -> None:
    done = drain(bench, "1")
    assert (done.bound, done.unbound, done.push, done.more) == (1, 0, True, False)
    assert bench.bound() == {"11": 7}
    assert bench.stock_due() == ["1"]
    assert bench.products.open_count() == 0
    assert "1" in bench.catalog.product_ids()


def test_nothing_due_asks_nobody(bench: Bench) -> None:
    assert drain(bench) == CatalogRound()
    assert (bench.tiktok.calls, bench.odoo.calls) == ([], [])


def test_a_product_as_it_was_listed_needs_no_call_to_tiktok(bench: Bench) -> None:
    bench.catalog.keep_products([listed_product(bench.tiktok.products["1"])])
    drain(bench, "1")
    assert bench.tiktok.calls == []
    assert bench.bound() == {"11": 7}


def test_a_forced_product_is_looked_at_as_it_is_now(bench: Bench) -> None:
    bench.know("1", s11=7)
    bench.tiktok.list("1", sku("11", "A"), title="Renamed")
    drain(bench, "1", force=True)
    assert bench.catalog.products()["1"].title == "Renamed"
    drain(bench, "1")
    assert bench.tiktok.asked == ["1"]  # once is enough


@pytest.mark.parametrize("status", ["SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED", "FREEZE", "DELETED", "DRAFT"])
def test_a_product_that_is_not_live_any_more_is_unbound(bench: Bench, status: str) -> None:
    bench.know("1", s11=7)
    bench.runtime.inventory(SHOP_ID).keep_confirmed({"11": {"W1": 5}})
    bench.tiktok.list("1", sku("11", "A"), status=status)
    done = drain(bench, "1", force=True)
    assert done.gone == ["1"]
    assert (bench.bound(), bench.catalog.product_ids()) == ({}, set())
    assert bench.runtime.inventory(SHOP_ID).confirmed(["11"]) == {}
    assert bench.products.open_count() == 0


@pytest.mark.parametrize("code", ["not_found", "refused"])
def test_a_product_that_tiktok_does_not_tell_is_unbound_and_the_others_go_on(bench: Bench, code: str) -> None:
    bench.tiktok.list("2", sku("21", "A"))
    bench.know("1", s11=7)
    bench.tiktok.errors["1"] = not_listed(code)
    done = drain(bench, "1", "2", force=True)
    assert done.gone == ["1"]
    assert bench.bound() == {"21": 7}


def test_a_choice_outlives_its_product(bench: Bench) -> None:
    choice = {choice_key(sku_id="11"): Choice(variant_id=7)}
    bench.catalog.set_choices(choice)
    bench.know("1", s11=7)
    bench.tiktok.errors["1"] = not_listed()
    drain(bench, "1", force=True)
    assert bench.catalog.choices() == choice


def test_a_sku_that_left_its_product_is_unbound(bench: Bench) -> None:
    bench.tiktok.list("1", sku("11", "A"), sku("12", "A"))
    bench.know("1", s11=7, s12=7)
    inventory = bench.runtime.inventory(SHOP_ID)
    inventory.keep_confirmed({"11": {"W1": 5}, "12": {"W1": 5}})
    bench.tiktok.list("1", sku("11", "A"))
    drain(bench, "1", force=True)
    assert bench.bound() == {"11": 7}
    assert set(inventory.confirmed(["11", "12"])) == {"11"}


def test_what_odoo_does_not_have_is_told_and_not_parked(bench: Bench) -> None:
    bench.tiktok.list("2", sku("21", "NEW"))
    done = drain(bench, "2")
    assert (done.bound, done.unbound, done.push) == (0, 1, False)
    assert bench.catalog.listings()["21"].code == "unknown_sku"
    assert (bench.products.count_parked(), bench.products.open_count()) == (0, 0)


def test_what_no_reference_finds_is_tried_by_barcode_which_only_the_detail_tells(bench: Bench) -> None:
    bench.odoo.product(8, barcode="4006381333931")
    bench.tiktok.list("2", sku("21", "NEW", barcode="4006381333931"))
    bench.catalog.keep_products([listed_product(bench.tiktok.products["2"]).model_copy(update={"detailed": False})])
    stored = bench.catalog.products()["2"]
    stored.skus[0].barcode = ""
    bench.catalog.keep_products([stored])
    drain(bench, "2")
    assert bench.tiktok.asked == ["2"]
    assert bench.catalog.listings()["21"].found_by == "barcode"
    assert bench.catalog.products()["2"].detailed


def test_a_detail_that_was_read_is_not_asked_for_again(bench: Bench) -> None:
    bench.tiktok.list("2", sku("21", "NEW", barcode="4006381333931"))
    for _ in range(3):
        drain(bench, "2")
    assert bench.tiktok.asked == ["2"]


def test_a_detail_that_tiktok_does_not_tell_leaves_the_sku_unmapped(bench: Bench) -> None:
    bench.tiktok.list("2", sku("21", "NEW"))
    product = listed_product(bench.tiktok.products["2"])
    bench.tiktok.errors["2"] = not_listed()
    details = CatalogDrain(bench.runtime, bench.shop).details
    (listing,) = find_variants(bench.runtime, bench.shop, [product], details)
    assert listing.code == "unknown_sku"


# Who is told


def test_an_unchanged_binding_tells_nobody(bench: Bench) -> None:
    bench.know("1", s11=7)
    done = drain(bench, "1")
    assert (done.push, done.orders, bench.stock_due()) == (False, False, [])


def test_another_binding_has_the_stock_pushed_anew(bench: Bench) -> None:
    bench.odoo.product(8)
    bench.know("1", s11=7)
    bench.catalog.set_choices({choice_key(sku_id="11"): Choice(variant_id=8)})
    assert drain(bench, "1").push is True
    assert bench.stock_due() == ["1"]


@pytest.mark.parametrize("push_stock", ["off", "ask"])
def test_no_stock_is_due_where_none_is_pushed(bench: Bench, push_stock: str) -> None:
    bench.settle(push_stock=push_stock)
    assert drain(bench, "1").push is False
    assert bench.stock_due() == []


def test_a_new_binding_frees_the_orders_that_waited_for_it(bench: Bench) -> None:
    park_order(bench, "571", "11")
    park_order(bench, "572", "11", "ambiguous_sku")
    park_order(bench, "573", "11", "archived_product")
    park_order(bench, "574", "11", "total_mismatch")
    park_order(bench, "575", "99")
    assert drain(bench, "1").orders is True
    assert sorted(bench.orders.claim(10, 60).ids) == ["571", "572", "573"]


def test_what_stays_unbound_frees_no_order(bench: Bench) -> None:
    bench.tiktok.list("2", sku("21", "NEW"))
    park_order(bench, "571", "21")
    assert drain(bench, "2").orders is False
    assert not bench.orders.work_to_do()


def test_a_worker_that_ends_right_after_binding_leaves_nobody_untold(
    bench: Bench, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    park_order(bench, "571", "11")

    def end(*_: object) -> bool:
        raise SoftTimeLimitExceeded

    with monkeypatch.context() as patch:
        patch.setattr(catalog_drain, "mark_products", end)
        drain(bench, "1")
    clock.forward(60)
    done = drain(bench)
    assert (done.push, done.orders) == (True, True)


# When a side fails


@pytest.mark.parametrize(
    ("error", "scope", "pause"),
    [
        (RetryableError("Away."), shop_catalog_scope(SHOP_ID), 2),
        (RetryableError("Slow down.", retry_after=40.0), shop_catalog_scope(SHOP_ID), 40),
        (TikTokPermanentError("No scope.", code="scope_missing"), shop_catalog_scope(SHOP_ID), 60),
    ],
)
def test_while_tiktok_fails_the_products_stay_due_and_the_orders_go_on(
    bench: Bench, clock: Clock, error: ConnectorError, scope: str, pause: int
) -> None:
    bench.tiktok.errors["product_detail"] = error
    done = drain(bench, "1", force=True)
    assert (done.more, bench.problems()) == (False, {scope: error.code})
    assert not bench.runtime.problems.paused(ODOO, shop_scope(SHOP_ID))
    if isinstance(error, TikTokPermanentError):
        return
    clock.forward(pause - 1)
    drain(bench)
    assert len(bench.tiktok.asked) == 1
    bench.tiktok.errors.clear()
    clock.forward(2)
    assert drain(bench).bound == 1
    assert bench.problems() == {}


def test_nothing_is_unbound_because_tiktok_is_away(bench: Bench) -> None:
    bench.know("1", s11=7)
    bench.tiktok.errors["product_detail"] = RetryableError("Away.")
    drain(bench, "1", force=True)
    assert bench.bound() == {"11": 7}


@pytest.mark.parametrize("error", [OdooUnavailableError("Away."), OdooLoginError("Refused.")])
def test_an_odoo_that_is_away_is_away_for_every_shop(bench: Bench, error: ConnectorError) -> None:
    bench.know("1", s11=7)
    bench.odoo.error = error
    drain(bench, "1")
    assert bench.problems() == {ODOO: error.code}
    assert bench.bound() == {"11": 7}
    bench.odoo.error = None
    other = bench.other_shop()
    bench.runtime.product_queue("2").mark(["5"])
    CatalogDrain(bench.runtime, other).run()
    assert bench.clients["2"].calls == []


def test_an_odoo_that_refuses_this_shops_question_holds_up_no_other(bench: Bench) -> None:
    bench.odoo.error = OdooRejectedError("No access.", code="odoo_rights")
    drain(bench, "1")
    assert bench.problems() == {shop_catalog_scope(SHOP_ID): "odoo_rights"}


def test_only_the_seller_can_help_with_a_refused_authorization(bench: Bench) -> None:
    bench.tiktok.errors["product_detail"] = ReauthorizeError("Ended.")
    drain(bench, "1", force=True)
    assert bench.runtime.accounts.get("demo").authorization == "needed"


def test_an_answer_that_cannot_be_read_parks_its_product_and_the_others_go_on(bench: Bench) -> None:
    bench.tiktok.list("2", sku("21", "A"))
    bench.tiktok.errors["1"] = TikTokPermanentError("title: Field required", code="unexpected_answer")
    drain(bench, "1", "2", force=True)
    assert bench.bound() == {"21": 7}
    (parked,) = bench.products.all_parked()
    assert (parked.id, parked.code) == ("1", "unexpected_answer")


def test_a_round_that_takes_too_long_is_gone_on_with(bench: Bench, clock: Clock) -> None:
    def slow(name: str) -> None:
        raise SoftTimeLimitExceeded

    bench.tiktok.meanwhile = slow
    drain(bench, "1", force=True)
    assert bench.problems() == {shop_catalog_scope(SHOP_ID): "too_slow"}
    bench.tiktok.meanwhile = lambda _: None
    clock.forward(16)
    assert drain(bench).bound == 1


def test_a_round_takes_so_many_products_and_says_that_there_are_more(bench: Bench) -> None:
    ids = [str(number) for number in range(100, 155)]
    for product_id in ids:
        bench.tiktok.list(product_id, sku(f"{product_id}1", "A"))
    assert drain(bench, *ids).more is True
    assert drain(bench).more is False
    assert len(bench.bound()) == 55


# The tasks around it


@pytest.fixture
def sent(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Celery messages of the catalogue's tasks."""
    messages: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks, "get_runtime", lambda: bench.runtime)
    monkeypatch.setattr("worker.tasks.triggers.app.send_task", lambda name, ids=(): messages.append((name, *ids)))
    monkeypatch.setattr(tasks.pull, "delay", lambda *ids: messages.append(("catalog.pull", *ids)))
    return messages


def test_a_drain_that_binds_sends_for_stock_and_orders(bench: Bench, sent: list[tuple[str, ...]]) -> None:
    park_order(bench, "571", "11")
    bench.products.mark(["1"])
    tasks.drain(SHOP_ID)
    assert sent == [("inventory.push", SHOP_ID), ("orders.drain", SHOP_ID)]


def test_a_drain_that_changes_nothing_sends_nothing(bench: Bench, sent: list[tuple[str, ...]]) -> None:
    tasks.drain(SHOP_ID)
    tasks.drain("unknown")
    assert sent == []


def test_a_long_list_is_read_in_several_messages(
    bench: Bench, sent: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        bench.tiktok.list(str(number))
    bench.tiktok.page_size = 3
    monkeypatch.setattr(tasks, "_SHARE", -1.0)
    tasks.pull(SHOP_ID)
    assert sent == [("catalog.drain", SHOP_ID), ("catalog.pull", SHOP_ID)]
    tasks.pull(SHOP_ID)
    assert sent[2:] == []  # a drain is on its way already, and the list is at its end


def test_a_pull_that_fails_is_told_as_the_catalogues_problem(bench: Bench, sent: list[tuple[str, ...]]) -> None:
    bench.tiktok.errors["search_products"] = RetryableError("Away.")
    tasks.pull(SHOP_ID)
    assert bench.problems() == {shop_catalog_scope(SHOP_ID): "temporary"}
    bench.tiktok.errors.clear()
    tasks.pull(SHOP_ID)
    assert bench.problems() == {}


def test_every_shop_that_is_on_is_pulled_and_swept(bench: Bench, sent: list[tuple[str, ...]]) -> None:
    other = bench.other_shop()
    bench.runtime.shops.save(other.model_copy(update={"enabled": False}))
    bench.runtime.product_queue("2").mark(["9"])
    long_since_any_turn(bench.runtime)
    tasks.pull_all()
    tasks.sweep()
    assert sent == [("catalog.pull", SHOP_ID)]
    bench.products.mark(["1"])
    tasks.sweep()
    tasks.sweep()
    assert sent[1:] == [("catalog.drain", SHOP_ID)]


# For a person who waits


def test_a_pull_by_hand_binds_everything_and_says_how(bench: Bench) -> None:
    for number in range(60):
        bench.tiktok.list(f"9{number}", sku(f"9{number}1", "A" if number else "NEW"))
    report = catalog_run.run(bench.runtime, bench.shop)
    assert report.listed == 61
    assert dict(report.results()) == {"mapped by seller SKU": 60, "not mapped (unknown_sku)": 1}
    assert dict(report.results(creates=True)) == {"mapped by seller SKU": 60, "to be created": 1}
    assert (report.push, report.orders, report.gone, report.problem) == (True, False, 0, "")


def test_a_pull_by_hand_may_take_the_first_products_alone(bench: Bench) -> None:
    for number in range(5):
        bench.tiktok.list(f"9{number}", sku(f"9{number}1", "A"))
    report = catalog_run.run(bench.runtime, bench.shop, limit=3)
    assert (report.listed, len(report.listings)) == (3, 3)


def test_a_pull_by_hand_ends_with_the_reason_when_odoo_is_away(bench: Bench) -> None:
    bench.odoo.error = OdooUnavailableError("Odoo does not answer.", remedy="Start it.")
    assert catalog_run.run(bench.runtime, bench.shop, limit=1).problem == "Odoo does not answer. Start it."


def test_a_trial_changes_nothing(bench: Bench) -> None:
    before = bench.runtime.redis.keys("*")
    report = catalog_run.trial(bench.runtime, bench.shop)
    assert (report.listed, dict(report.results())) == (1, {"mapped by seller SKU": 1})
    assert bench.runtime.redis.keys("*") == before
    bench.odoo.error = OdooUnavailableError("Away.")
    assert catalog_run.trial(bench.runtime, bench.shop).problem == "Away."
