"""Work that people watch: it shows how far it is, goes on where it left off, and says how it ended."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from tests.unit.builders import SHOP_ID, make_order
from tests.unit.sync.stock_bench import Bench, sku
from worker.errors import RetryableError
from worker.odoo.errors import OdooUnavailableError
from worker.state.progress import Progress, Work
from worker.state.stock_plan import StockPlans
from worker.sync import inventory_reconcile
from worker.sync.long_work import compare_stock, give_up, pull_catalog, reconcile_all_stock, sync_orders
from worker.sync.runtime import Runtime
from worker.sync.shop_settings import fingerprint
from worker.tiktok.client import OrderPage
from worker.tiktok.models import OrderSummary

START = 1_790_000_000


@pytest.fixture
def bench(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(inventory_reconcile, "_PAUSE", 0)
    bench = Bench(runtime, monkeypatch)
    bench.tiktok.list("1", sku("11", "A"), title="Dress")
    bench.tiktok.list("2", sku("21", "B"), title="Shirt")
    bench.tiktok.list("3", sku("31", "C"), title="Zebra")
    bench.odoo.product(5, "REF-A", units=5, display_name="Dress in Odoo")
    bench.odoo.product(6, "REF-B", units=0, display_name="Shirt in Odoo")
    bench.know("1", s11=5)
    bench.know("2", s21=6)
    bench.know("3")
    return bench


def work(bench: Bench, kind: str) -> Work:
    found = Progress(bench.runtime.redis, SHOP_ID).get(kind)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_a_comparison_keeps_what_would_change_with_what_sells_out_first_and_changes_nothing(bench: Bench) -> None:
    bench.tiktok.stock |= {"11": {"W1": 9}, "21": {"W1": 4}}
    compare_stock(bench.runtime, bench.shop)
    plan = StockPlans(bench.runtime.redis).get(SHOP_ID)
    assert plan is not None
    assert (plan.compared, plan.differing, plan.to_zero, plan.unmapped) == (2, 2, 1, 1)
    assert [(each.title, each.product, each.shown, each.wanted) for each in plan.changes] == [
        ("Shirt", "REF-B (6)", {"W1": 4}, {"W1": 0}),
        ("Dress", "REF-A (5)", {"W1": 9}, {"W1": 5}),
    ]
    assert plan.settings == fingerprint(bench.shop.settings)
    assert (bench.tiktok.pushed, bench.stock_due()) == ([], [])
    known = work(bench, "compare")
    assert (known.state, known.done, known.total) == ("done", 3, 3)
    assert known.message == "2 SKUs compared, 2 differ."


def test_of_many_changes_the_first_are_kept_and_all_are_counted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.sync.long_work.CHANGES_KEPT", 1)
    bench.tiktok.stock |= {"11": {"W1": 9}, "21": {"W1": 4}}
    plan = compare_stock(bench.runtime, bench.shop)
    assert (plan.differing, [each.title for each in plan.changes]) == (2, ["Shirt"])


def test_a_comparison_that_fails_says_why_and_leaves_no_plan(bench: Bench) -> None:
    bench.odoo.error = OdooUnavailableError("Odoo does not answer.", remedy="Start it.")
    with pytest.raises(OdooUnavailableError):
        compare_stock(bench.runtime, bench.shop)
    known = work(bench, "compare")
    assert (known.state, known.message, known.remedy) == ("failed", "Odoo does not answer.", "Start it.")
    assert StockPlans(bench.runtime.redis).get(SHOP_ID) is None


def test_a_comparison_that_takes_longer_than_a_task_may_says_what_takes_its_time(bench: Bench) -> None:
    def too_slow(_: str) -> None:
        raise SoftTimeLimitExceeded

    bench.tiktok.meanwhile = too_slow
    with pytest.raises(SoftTimeLimitExceeded):
        compare_stock(bench.runtime, bench.shop)
    assert work(bench, "compare").state == "failed"
    assert f"tiktok-odoo inventory push --shop {SHOP_ID}" in work(bench, "compare").remedy


def test_a_reconciliation_tells_what_it_found(bench: Bench) -> None:
    bench.settle(push_stock="on")
    bench.tiktok.stock |= {"11": {"W1": 9}}
    report = reconcile_all_stock(bench.runtime, bench.shop)
    assert len(report.drift) == 1
    assert work(bench, "reconcile").message == "2 SKUs compared, 1 differed, and are pushed again."


def test_a_walk_through_the_catalogue_shows_how_far_it_is_over_several_messages(bench: Bench) -> None:
    bench.tiktok.page_size = 1
    assert not pull_catalog(bench.runtime, bench.shop, seconds=-1)
    known = work(bench, "catalog")
    assert (known.state, known.done, known.total) == ("running", 1, 3)
    while not pull_catalog(bench.runtime, bench.shop, seconds=-1):
        pass
    assert (work(bench, "catalog").id, work(bench, "catalog").state) == (known.id, "done")
    assert work(bench, "catalog").message.startswith("3 products are listed")


class Pages:
    """An order list of one order a page, one second apart; each page is a second of somebody's time."""

    def __init__(self, bench: Bench, count: int) -> None:
        self.bench = bench
        self.updates = [START + number for number in range(count)]
        self.asked: list[int] = []

    def search_orders(self, *, update_time_ge: int, **_: object) -> OrderPage:
        self.asked.append(update_time_ge)
        left = [update for update in self.updates if update >= update_time_ge][:2]
        rows = [
            OrderSummary.model_validate(
                {"id": f"57{update}", "update_time": update, "create_time": update, "status": "AWAITING_SHIPMENT"}
            )
            for update in left
        ]
        return OrderPage(rows, [], "more" if left and left[-1] != self.updates[-1] else "", len(left), [])


def ask(bench: Bench, **options: str) -> None:
    since = datetime.fromtimestamp(START, UTC).isoformat()
    assert Progress(bench.runtime.redis, SHOP_ID).ask("orders", by="anna", since=since, **options) is not None


def test_orders_from_a_date_are_made_due_in_shares_that_go_on_where_the_last_one_ended(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = Pages(bench, 5)
    monkeypatch.setattr(bench.runtime, "shop_client", lambda _: pages)
    ask(bench, force="yes")
    assert not sync_orders(bench.runtime, bench.shop, seconds=-1)
    known = work(bench, "orders")
    assert (known.state, known.options["read_to"]) == ("running", datetime.fromtimestamp(START + 1, UTC).isoformat())
    pages.asked.clear()
    while not sync_orders(bench.runtime, bench.shop, seconds=-1):
        pass
    assert pages.asked[0] == START + 1
    claim = bench.orders.claim(100, 60)
    assert set(claim.ids) == claim.forced == {f"57{START + number}" for number in range(5)}
    assert work(bench, "orders").state == "done"
    assert "orders changed since 2026-09-21" in work(bench, "orders").message


def test_orders_from_a_date_are_not_forced_unless_somebody_said_so(bench: Bench) -> None:
    bench.tiktok.orders["571"] = make_order("571", update_time=START + 5)
    ask(bench, force="no")
    assert sync_orders(bench.runtime, bench.shop, seconds=60)
    claim = bench.orders.claim(100, 60)
    assert (claim.ids, claim.forced) == (["571"], frozenset())
    assert work(bench, "orders").message.startswith("1 orders changed since ")


def test_orders_from_a_date_end_with_tiktoks_reason_and_keep_what_was_found(bench: Bench) -> None:
    bench.tiktok.errors["search_orders"] = RetryableError("TikTok does not answer.")
    ask(bench)
    with pytest.raises(RetryableError):
        sync_orders(bench.runtime, bench.shop, seconds=60)
    known = work(bench, "orders")
    assert (known.state, known.message, known.remedy) == ("failed", "TikTok does not answer.", "Try again.")


def test_a_message_that_comes_after_its_work_was_forgotten_does_nothing(bench: Bench) -> None:
    assert sync_orders(bench.runtime, bench.shop, seconds=60)
    assert bench.tiktok.calls == []


def test_work_for_a_shop_that_is_not_synchronised_says_so(bench: Bench) -> None:
    ask(bench)
    give_up(bench.runtime, SHOP_ID, "orders")
    assert (work(bench, "orders").state, "not synchronised" in work(bench, "orders").message) == ("failed", True)
