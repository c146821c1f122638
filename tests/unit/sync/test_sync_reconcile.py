"""A comparison that is whole, or none: what TikTok lists and does not tell is a difference, too."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.builders import PLACED_AT, SHOP_ID, make_order, make_shop
from tests.unit.sync.moving_list import MovingList
from worker.errors import PermanentError
from worker.odoo.sales import SalesOrder
from worker.state.dirty_set import Parked
from worker.state.ignored import IgnoredOrder
from worker.state.orders import OrderQueue
from worker.sync import reconcile as module
from worker.sync.reconcile import Report, reconcile

SINCE = datetime(2026, 11, 1, tzinfo=UTC)


class Bench:
    """TikTok's list against what Odoo holds."""

    def __init__(self, redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tiktok = MovingList({})
        self.sales: dict[str, list[SalesOrder]] = {}
        self.queue = OrderQueue(redis, SHOP_ID)
        self.shop = make_shop()
        monkeypatch.setattr(module, "SalesOrders", lambda *_: self)

    def find(self, order_ids: list[str], *, imported: set[str]) -> dict[str, list[SalesOrder]]:
        return {order_id: self.sales[order_id] for order_id in order_ids if order_id in self.sales}

    def of_shop(self, since: datetime) -> dict[str, list[SalesOrder]]:
        return self.sales

    def place(self, order_id: str, **fields: Any) -> None:
        self.tiktok.updates[order_id] = int(PLACED_AT.timestamp())
        self.tiktok.details[order_id] = make_order(order_id, **fields)

    def sell(self, order_id: str, state: str = "sale", total: str = "10.00") -> None:
        held = self.sales.setdefault(order_id, [])
        name = f"S{order_id}{'ab'[len(held)]}"
        odoo_id = 1 + sum(len(sales) for sales in self.sales.values())
        sale = SalesOrder(odoo_id, name, order_id, state, Decimal(total), "GBP", None, None, (), False, PLACED_AT)
        held.append(sale)

    def compare(self) -> Report:
        return reconcile(self.shop, self.tiktok, None, self.queue, SINCE)  # type: ignore[arg-type]

    def differences(self) -> list[tuple[str, str]]:
        return [(difference.kind, difference.order_id) for difference in self.compare().differences]


@pytest.fixture
def bench(redis: Any, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(redis, monkeypatch)


def test_orders_that_are_in_odoo_as_they_should_be_agree(bench: Bench) -> None:
    for number in range(120):
        bench.place(f"57{number:03}")
        bench.sell(f"57{number:03}")
    report = bench.compare()
    assert (report.on_tiktok, report.agreed, report.differences) == (120, 120, [])


def test_what_is_not_for_odoo_now_is_no_difference(bench: Bench) -> None:
    bench.place("571", status="UNPAID")
    bench.place("572", status="CANCELLED")
    bench.place("573", fulfillment_type="FULFILLMENT_BY_TIKTOK")
    report = bench.compare()
    assert (report.on_tiktok, report.agreed, report.waiting, report.skipped) == (3, 0, 1, 2)
    assert report.differences == []


def test_each_kind_of_difference_is_found(bench: Bench) -> None:
    for order_id in ("571", "572", "573", "574", "576"):
        bench.place(order_id)
    bench.place("575", status="CANCELLED")
    bench.sell("572")
    bench.sell("572")
    bench.sell("573", total="9.99")
    bench.sell("574", state="cancel")
    bench.sell("575")
    bench.queue.remember_imported(["576"])
    bench.sell("579")
    assert sorted(bench.differences(), key=lambda pair: pair[1]) == [
        ("missing", "571"),
        ("duplicate", "572"),
        ("total", "573"),
        ("state", "574"),
        ("state", "575"),
        ("deleted", "576"),
        ("unknown", "579"),
    ]


def test_a_parked_order_is_missing_with_its_reason(bench: Bench) -> None:
    bench.place("571")
    bench.queue.mark(["571"])
    bench.queue.park(bench.queue.claim(1, 60), Parked(id="571", code="unknown_sku", message="No product X."), 30)
    (difference,) = bench.compare().differences
    assert difference.text == "parked (unknown_sku): No product X."


def test_an_order_that_tiktok_lists_and_does_not_tell_is_a_difference(bench: Bench) -> None:
    bench.tiktok.updates["571"] = int(PLACED_AT.timestamp())
    bench.sell("571")
    assert bench.differences() == [("unknown", "571")]


def test_a_row_that_cannot_be_read_is_compared_all_the_same(bench: Bench) -> None:
    bench.place("571")
    bench.tiktok.broken = {"571"}
    assert bench.differences() == [("missing", "571")]


def test_a_row_without_an_id_ends_the_comparison(bench: Bench) -> None:
    bench.place("571")
    bench.tiktok.updates["nameless"] = int(PLACED_AT.timestamp())
    bench.tiktok.broken = {"nameless"}
    with pytest.raises(PermanentError, match="without an id"):
        bench.compare()


def test_a_quotation_is_enough_where_orders_are_not_confirmed(bench: Bench) -> None:
    bench.shop = make_shop(confirm_orders=False)
    for order_id, state in (("571", "draft"), ("572", "sent"), ("573", "sale"), ("574", "cancel")):
        bench.place(order_id)
        bench.sell(order_id, state)
    assert bench.differences() == [("state", "574")]


def test_an_ignored_order_is_told_apart_and_is_no_difference_whatever_odoo_has(bench: Bench) -> None:
    for order_id in ("571", "572", "573"):
        bench.place(order_id)
    bench.sell("572", total="9.99")
    bench.sell("573")
    bench.sell("579")  # TikTok does not know it
    entry = IgnoredOrder(note="Refunded by hand", by="anna", at=PLACED_AT)
    bench.queue.ignored.put(["571", "572", "579"], entry)
    report = bench.compare()
    assert (report.on_tiktok, report.agreed, report.differences) == (3, 1, [])
    text = "Refunded by hand (anna, 2026-11-20)"
    assert [(each.kind, each.order_id, each.text) for each in report.ignored] == [
        ("ignored", "571", text),
        ("ignored", "572", text),
    ]


def test_a_comparison_tells_how_far_it_is(bench: Bench) -> None:
    for number in range(120):
        bench.place(f"57{number:03}")
    told: list[tuple[int, int]] = []
    advance = lambda done, total: told.append((done, total))  # noqa: E731
    reconcile(bench.shop, bench.tiktok, None, bench.queue, SINCE, advance=advance)  # type: ignore[arg-type]
    assert told == [(50, 120), (100, 120), (120, 120)]
