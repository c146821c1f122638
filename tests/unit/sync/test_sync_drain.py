"""One round of the dirty set: each order settled as it deserves, and no order in the way of another."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from tests.unit.builders import SHOP_ID, add_account, item, make_order, make_shop
from tests.unit.conftest import Clock
from worker import metrics
from worker.errors import ConnectorError, OrderError, PermanentError, ReauthorizeError, RetryableError
from worker.odoo.errors import OdooLoginError, OdooRejectedError, OdooUnavailableError
from worker.odoo.gateway import OdooGateway
from worker.odoo.sales import SalesOrder
from worker.state.ignored import IgnoredOrder
from worker.state.orders import OrderQueue
from worker.state.problems import ODOO, shop_in_odoo_scope, shop_scope
from worker.state.reserving import Reserving
from worker.state.timeline import Timeline
from worker.sync import drain as drain_module
from worker.sync.batch_size import BatchSize
from worker.sync.drain import Drain
from worker.sync.order_import import Imported
from worker.sync.order_mapper import OrderDraft
from worker.sync.runtime import Runtime
from worker.tiktok.client import OrderDetails
from worker.tiktok.models import InvalidOrder, Order


class TikTok:
    """Answers with the orders that it was given."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.invalid: list[InvalidOrder] = []
        self.extra: list[Order] = []
        self.error: ConnectorError | None = None
        self.asked: list[list[str]] = []
        self.references: list[str] = []

    def order_details(self, ids: Sequence[str]) -> OrderDetails:
        self.asked.append(list(ids))
        if self.error is not None:
            raise self.error
        found = [self.orders[order_id] for order_id in ids if order_id in self.orders]
        unread = {row.id for row in self.invalid}
        missing = [order_id for order_id in ids if order_id not in self.orders and order_id not in unread]
        return OrderDetails(found + self.extra, self.invalid, missing)

    def add_external_order_references(self, references: Sequence[Any]) -> list[Any]:
        self.references += [reference.external_id for reference in references]
        return []


class Odoo:
    """Takes batches of drafts; ``refuses`` makes it refuse a whole call, ``problems`` single orders."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.cancelled: list[str] = []
        self.problems: dict[str, OrderError] = {}
        self.refuses: set[str] = set()
        self.error: Exception | None = None
        self.once_imported: set[str] = set()
        self.already_noted: set[str] = set()

    def importer(self, *_: Any, memory: OdooGateway, reserving: Reserving) -> Odoo:
        return self

    def run(self, drafts: Sequence[OrderDraft], *, once_imported: set[str], already_noted: set[str]) -> Imported:
        ids = [draft.order_id for draft in drafts]
        self.batches.append(ids)
        if self.error is not None:
            raise self.error
        if self.refuses & set(ids):
            raise OdooRejectedError("Odoo refused stock.picking.write: Wrong company.")
        self.once_imported, self.already_noted = once_imported, already_noted
        problems = {order_id: self.problems[order_id] for order_id in ids if order_id in self.problems}
        orders = {draft.order_id: _sale(draft) for draft in drafts if draft.order_id not in problems}
        return Imported(orders, set(orders), problems)

    def cancel(self, _: Any, orders: Sequence[Order], *, imported: set[str]) -> dict[str, OrderError]:
        self.cancelled += [order.id for order in orders]
        return {order.id: self.problems[order.id] for order in orders if order.id in self.problems}


def _sale(draft: OrderDraft) -> SalesOrder:
    name = f"S{draft.order_id}"
    return SalesOrder(1, name, draft.order_id, "sale", draft.total, "GBP", None, None, (), False, draft.placed_at)


class Bench:
    """A drain between a TikTok and an Odoo that a test arranges."""

    def __init__(self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        add_account(runtime)
        self.runtime = runtime
        self.shop = runtime.shops.claim(make_shop())
        self.queue: OrderQueue = runtime.queue(SHOP_ID)
        self.tiktok = TikTok()
        self.odoo = Odoo()
        monkeypatch.setattr(runtime, "shop_client", lambda _: self.tiktok)
        monkeypatch.setattr(drain_module, "OrderImport", self.odoo.importer)
        monkeypatch.setattr(drain_module, "cancel_orders", self.odoo.cancel)

    def place(self, *order_ids: str, **fields: Any) -> None:
        for order_id in order_ids:
            self.tiktok.orders[order_id] = make_order(order_id, **fields)

    def drain(self, *order_ids: str, force: bool = False) -> bool:
        self.queue.mark(order_ids, force=force)
        return Drain(self.runtime, self.shop).run()

    def parked(self) -> dict[str, str]:
        return {entry.id: entry.code for entry in self.queue.all_parked()}

    def problem(self) -> tuple[str, str]:
        (problem,) = self.runtime.problems.all()
        return problem.scope, problem.code


@pytest.fixture
def bench(runtime: Runtime, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Bench:
    return Bench(runtime, monkeypatch)


def everything_settled(bench: Bench) -> bool:
    counts = bench.queue.counts()
    return (counts.due, counts.later, counts.leased) == (0, 0, 0)


def test_a_paid_order_goes_to_odoo_and_its_name_back_to_tiktok(bench: Bench) -> None:
    bench.place("571", "572")
    assert bench.drain("571", "572") is False
    assert [sorted(batch) for batch in bench.odoo.batches] == [["571", "572"]]
    assert sorted(bench.tiktok.references) == ["S571", "S572"]
    assert everything_settled(bench)
    assert bench.queue.was_imported(["571", "572", "573"]) == {"571", "572"}


def test_nothing_due_asks_nobody(bench: Bench) -> None:
    assert bench.drain() is False
    assert bench.tiktok.asked == []


def test_a_full_batch_says_that_there_may_be_more(bench: Bench) -> None:
    ids = [str(number) for number in range(1000, 1055)]
    bench.place(*ids)
    assert bench.drain(*ids) is True
    assert [len(asked) for asked in bench.tiktok.asked] == [50]
    assert bench.drain() is False
    assert everything_settled(bench)


def test_a_full_batch_calls_another_worker_before_it_begins(bench: Bench) -> None:
    ids = [str(number) for number in range(1000, 1060)]
    bench.place(*ids)
    bench.queue.mark(ids)
    left: list[list[str]] = []
    Drain(bench.runtime, bench.shop).run(on_more=lambda: left.append(bench.queue.claim(50, 60).ids))
    assert [len(batch) for batch in left] == [10]


def test_each_status_is_settled_in_its_own_way(bench: Bench) -> None:
    bench.place("571")
    bench.place("572", status="ON_HOLD")
    bench.place("573", status="CANCELLED")
    bench.place("574", fulfillment_type="FULFILLMENT_BY_TIKTOK")
    bench.place("575", status="TELEPORTED")
    bench.drain("571", "572", "573", "574", "575", "576")
    assert bench.odoo.batches == [["571"]]
    assert bench.odoo.cancelled == ["573"]
    assert [entry.id for entry in bench.queue.all_waiting()] == ["572"]
    assert bench.parked() == {"575": "unknown_status", "576": "unknown_order"}
    assert bench.queue.counts().later == 2


def test_an_order_that_cannot_be_read_is_parked_and_the_others_go_on(bench: Bench) -> None:
    bench.place("571")
    bench.tiktok.invalid = [InvalidOrder("572", "payment: Field required")]
    bench.drain("571", "572")
    assert bench.odoo.batches == [["571"]]
    parked = bench.queue.parked("572")
    assert parked is not None
    assert parked.code == "invalid_order"
    assert "payment: Field required" in parked.message


def test_a_row_without_an_id_parks_no_phantom(bench: Bench) -> None:
    bench.place("571")
    bench.tiktok.invalid = [InvalidOrder("", "record: not an object")]
    bench.drain("571", "572")
    assert bench.parked() == {"572": "invalid_order"}


def test_an_order_that_nobody_asked_for_is_left_alone(bench: Bench) -> None:
    bench.place("571")
    bench.tiktok.extra = [make_order("999")]
    bench.drain("571")
    assert bench.odoo.batches == [["571"]]


def test_figures_that_do_not_add_up_park_one_order(bench: Bench) -> None:
    bench.place("571")
    bench.place("572", payment={"sub_total": "10.00", "total_amount": "10.01"}, rts_sla_time=1_790_100_000)
    bench.drain("571", "572")
    assert bench.odoo.batches == [["571"]]
    parked = bench.queue.parked("572")
    assert parked is not None
    assert (parked.code, parked.status) == ("total_mismatch", "AWAITING_SHIPMENT")
    assert parked.ship_by == datetime.fromtimestamp(1_790_100_000, UTC)
    assert parked.next_attempt is not None


def test_a_fault_of_ours_in_one_order_parks_it_without_its_data(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = drain_module.draft_of

    def fail(order: Order, shop: Any) -> OrderDraft:
        if order.id == "572":
            raise KeyError("David Kong, 12 Borough High Street")
        return real(order, shop)

    monkeypatch.setattr(drain_module, "draft_of", fail)
    bench.place("571", "572")
    bench.drain("571", "572")
    assert bench.odoo.batches == [["571"]]
    parked = bench.queue.parked("572")
    assert parked is not None
    assert parked.code == "internal"
    assert "KeyError in test_sync_drain.py:" in parked.message
    assert "Kong" not in parked.model_dump_json()


def test_a_parked_order_is_tried_again_after_pauses_that_double(bench: Bench, clock: Clock) -> None:
    bench.odoo.problems["571"] = OrderError("No product.", code="unknown_sku", remedy="Make one.")
    bench.place("571")
    bench.queue.mark(["571"])
    pauses = []
    for _ in range(4):
        bench.drain()
        before = clock.now
        while not bench.queue.work_to_do():
            clock.forward(1)
        pauses.append(round(clock.now - before))
    parked = bench.queue.parked("571")
    assert parked is not None
    assert (pauses, parked.attempts) == ([30, 60, 120, 240], 4)


def test_a_poll_that_comes_by_a_parked_order_again_does_not_try_it_before_its_time(bench: Bench) -> None:
    bench.odoo.problems["571"] = OrderError("No product.", code="unknown_sku", remedy="Make one.")
    updated = int(time.time()) - 60
    bench.place("571", update_time=updated)
    bench.drain("571")
    assert bench.queue.unseen({"571": updated}) == []
    assert bench.queue.unseen({"571": updated + 1}) == ["571"], "what changed on TikTok is looked at all the same"


def test_no_pause_is_longer_than_the_longest(bench: Bench, clock: Clock) -> None:
    bench.odoo.problems["571"] = OrderError("No product.", code="unknown_sku")
    bench.place("571")
    for _ in range(40):
        bench.drain("571")
    longest = bench.runtime.settings.retry_longest
    clock.forward(longest - 1)
    assert not bench.queue.work_to_do()
    clock.forward(2)
    assert bench.queue.work_to_do()


def test_another_reason_counts_its_attempts_anew_and_keeps_the_beginning(bench: Bench) -> None:
    bench.place("571")
    since = set()
    for code in ("unknown_sku", "unknown_sku", "total_mismatch"):
        bench.odoo.problems["571"] = OrderError("?", code=code)
        bench.drain("571")
        parked = bench.queue.parked("571")
        assert parked is not None
        since.add(parked.since)
    assert (parked.code, parked.attempts, len(since)) == ("total_mismatch", 1, 1)


def test_a_parked_order_that_succeeds_is_parked_no_more(bench: Bench) -> None:
    bench.place("571")
    bench.odoo.problems["571"] = OrderError("?", code="unknown_sku")
    bench.drain("571")
    bench.odoo.problems.clear()
    bench.drain("571")
    assert bench.parked() == {}
    assert everything_settled(bench)


@pytest.mark.parametrize("code", ["total_mismatch", "wrong_currency"])
def test_what_was_noted_in_odoo_once_is_not_noted_again(bench: Bench, code: str) -> None:
    bench.place("571", "572")
    bench.odoo.problems["571"] = OrderError("?", code=code)
    bench.drain("571", "572")
    assert bench.odoo.already_noted == set()
    bench.drain("571", "572")
    assert bench.odoo.already_noted == {"571"}


def test_an_order_that_a_person_deleted_is_settled_and_not_parked(bench: Bench) -> None:
    bench.place("571")
    bench.odoo.problems["571"] = OrderError("Deleted.", code="deleted_in_odoo")
    bench.drain("571")
    assert bench.parked() == {}
    assert everything_settled(bench)


def test_a_forced_order_is_not_taken_for_deleted(bench: Bench) -> None:
    bench.place("571", "572")
    bench.queue.remember_imported(["571", "572"])
    bench.drain("571")
    assert bench.odoo.once_imported == {"571"}
    bench.drain("572", force=True)
    assert bench.odoo.once_imported == set()


@pytest.mark.parametrize(
    ("error", "pause"),
    [(RetryableError("Away."), 2), (RetryableError("Slow down.", retry_after=40.0), 40), (PermanentError("No."), 60)],
)
def test_while_tiktok_fails_the_orders_stay_due_and_nobody_tries(
    bench: Bench, clock: Clock, error: ConnectorError, pause: float
) -> None:
    bench.place("571")
    bench.tiktok.error = error
    assert bench.drain("571") is False
    assert bench.problem() == (shop_scope(SHOP_ID), error.code)
    assert bench.parked() == {}
    clock.forward(pause - 1)
    bench.drain()
    assert len(bench.tiktok.asked) == 1
    bench.tiktok.error = None
    clock.forward(2)
    bench.drain()
    assert bench.odoo.batches == [["571"]]
    assert bench.runtime.problems.all() == []


def test_only_the_seller_can_help_with_a_refused_authorization(bench: Bench) -> None:
    bench.place("571")
    bench.tiktok.error = ReauthorizeError("The seller ended the authorization.")
    bench.drain("571")
    account = bench.runtime.accounts.get("demo")
    assert account.authorization == "needed"
    assert "ended the authorization" in account.authorization_reason


def test_one_shop_that_is_not_covered_does_not_stop_its_account(bench: Bench) -> None:
    bench.tiktok.error = ReauthorizeError("Not this shop.", code="shop_not_authorized")
    bench.drain("571")
    assert bench.runtime.accounts.get("demo").authorization == "authorized"


def test_while_odoo_is_away_the_orders_stay_due_and_no_shop_tries(bench: Bench, clock: Clock) -> None:
    bench.place("571")
    bench.odoo.error = OdooUnavailableError("Odoo is away.")
    bench.drain("571")
    assert bench.problem() == (ODOO, "odoo_unavailable")
    other = bench.runtime.shops.claim(make_shop("2"))
    bench.runtime.queue("2").mark(["571"])
    Drain(bench.runtime, other).run()
    assert len(bench.odoo.batches) == 1
    bench.odoo.error = None
    clock.forward(16)
    bench.drain()
    assert everything_settled(bench)
    assert bench.runtime.problems.all() == []


def test_an_odoo_that_fails_over_these_orders_alone_makes_them_suspects(
    bench: Bench, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Alive:
        def call(self, *_: Any, **__: Any) -> int:
            return 0

    monkeypatch.setattr(bench.runtime, "odoo_probe", Alive())
    bench.odoo.error = OdooUnavailableError("Odoo did not answer sale.order.load: timed out.")
    bench.place("571", "572")
    bench.drain("571", "572")
    assert bench.problem() == (shop_in_odoo_scope(SHOP_ID), "odoo_unavailable")  # no other shop is held up
    for _ in range(12):
        bench.runtime.problems.clear(shop_in_odoo_scope(SHOP_ID))
        bench.drain(*({"571", "572"} - set(bench.parked())))
    assert [sorted(batch) for batch in bench.odoo.batches[:2]] == [["571", "572"]] * 2
    assert {len(batch) for batch in bench.odoo.batches[2:]} == {1}
    assert bench.parked() == {"571": "poison", "572": "poison"}


def test_a_batch_without_work_for_odoo_does_not_declare_it_well(bench: Bench, clock: Clock) -> None:
    bench.runtime.problems.report(ODOO, OdooUnavailableError("Away."), 15)
    clock.forward(16)
    bench.place("571", status="ON_HOLD")
    bench.drain("571")
    assert bench.problem() == (ODOO, "odoo_unavailable")


def test_a_call_that_odoo_refuses_for_one_order_parks_only_that_one(bench: Bench) -> None:
    ids = [str(number) for number in range(571, 579)]
    bench.place(*ids)
    bench.odoo.refuses = {"575"}
    bench.drain(*ids)
    assert bench.parked() == {"575": "odoo_refused"}
    assert bench.queue.was_imported(ids) == set(ids) - {"575"}
    assert bench.runtime.problems.all() == []


@pytest.mark.parametrize(
    ("error", "scope", "code"),
    [
        (OdooRejectedError("No right.", code="odoo_rights"), shop_in_odoo_scope(SHOP_ID), "odoo_rights"),
        (OdooRejectedError("No module.", code="odoo_module"), shop_in_odoo_scope(SHOP_ID), "odoo_module"),
        (OdooLoginError("The key has ended."), ODOO, "odoo_login"),
        (SoftTimeLimitExceeded(), ODOO, "too_slow"),
    ],
)
def test_what_concerns_every_order_parks_none_and_pauses_whom_it_concerns(
    bench: Bench, error: Exception, scope: str, code: str
) -> None:
    bench.place("571", "572")
    bench.odoo.error = error
    bench.drain("571", "572")
    assert len(bench.odoo.batches) == 1
    assert bench.parked() == {}
    assert bench.problem() == (scope, code)
    counts = bench.queue.counts()
    assert (counts.due, counts.later, counts.leased) == (0, 2, 0)


def test_an_order_over_which_workers_vanish_is_set_aside(bench: Bench, clock: Clock) -> None:
    bench.place("571", "572")
    bench.queue.mark(["571"])
    for _ in range(5):
        assert bench.queue.claim(1, 10).ids == ["571"]
        clock.forward(11)
    bench.queue.mark(["572"])
    assert bench.drain() is True  # the suspect came alone; the others are still due
    assert bench.odoo.batches == []
    assert bench.parked() == {"571": "poison"}
    bench.drain()
    assert bench.odoo.batches == [["572"]]
    clock.forward(bench.runtime.settings.retry_longest - 1)
    assert not bench.queue.work_to_do()  # not soon again


def test_what_was_seen_is_not_polled_again_unless_it_changed_in_the_same_second(bench: Bench, clock: Clock) -> None:
    now = int(time.time())
    for order_id, update_time in (("571", now - 60), ("572", now)):
        bench.place(order_id, update_time=update_time, items=[item()])
        bench.drain(order_id)
    assert bench.queue.unseen({"571": now - 60, "572": now}) == ["572"]


def story(bench: Bench, order_id: str = "571") -> list[tuple[str, str]]:
    return [(entry.kind, entry.text) for entry in bench.runtime.timeline(SHOP_ID).of(order_id)]


IGNORED = IgnoredOrder(note="Refunded by hand", by="anna")


def test_an_ignored_order_is_neither_asked_for_nor_imported_whatever_brings_it(bench: Bench) -> None:
    bench.place("571", "572")
    bench.queue.ignored.put(["571"], IGNORED)
    bench.drain("571", "572")
    assert bench.tiktok.asked == [["572"]]
    assert bench.odoo.batches == [["572"]]
    assert everything_settled(bench)
    assert bench.queue.was_imported(["571"]) == set()


def test_a_batch_of_ignored_orders_declares_nobody_well(bench: Bench, clock: Clock) -> None:
    bench.tiktok.error = RetryableError("TikTok does not answer.")
    bench.drain("572")
    clock.forward(20)
    bench.queue.ignored.put(["571", "572"], IGNORED)
    bench.drain("571")
    assert bench.problem() == (shop_scope(SHOP_ID), "temporary")


def test_an_order_that_is_ignored_while_it_is_worked_on_is_not_parked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.place("571")
    bench.odoo.problems["571"] = OrderError("No product X.", code="unknown_sku")
    real = bench.odoo.run

    def run(*arguments: Any, **named: Any) -> Imported:
        bench.queue.ignored.put(["571"], IGNORED)
        return real(*arguments, **named)

    monkeypatch.setattr(bench.odoo, "run", run)
    bench.drain("571")
    assert bench.parked() == {}
    assert everything_settled(bench)
    assert bench.queue.sold() == {}


def test_an_ignored_order_over_which_workers_vanished_is_not_parked(bench: Bench, clock: Clock) -> None:
    bench.queue.mark(["571"])
    for _ in range(5):
        bench.queue.claim(1, 10)
        clock.forward(20)
    bench.queue.ignored.put(["571"], IGNORED)
    bench.drain()
    assert bench.parked() == {}
    assert everything_settled(bench)


def test_the_timeline_tells_what_came_of_each_order(bench: Bench) -> None:
    bench.place("571")
    bench.place("572", status="ON_HOLD")
    bench.place("573", status="CANCELLED")
    bench.place("574", fulfillment_type="FULFILLMENT_BY_TIKTOK")
    bench.place("576")
    bench.odoo.problems["576"] = OrderError("No product X.", code="unknown_sku")
    bench.queue.ignored.put(["577"], IGNORED)
    bench.drain("571", "572", "573", "574", "575", "576", "577")
    fetched = ("fetched", "AWAITING_SHIPMENT, 10.00 GBP, 1 unit")
    assert story(bench, "571") == [fetched, ("odoo", "S571 created as a quotation, 10.00 GBP")]
    assert story(bench, "572")[-1] == ("waiting", "ON_HOLD: TikTok has to move first")
    assert story(bench, "573")[-1] == ("odoo", "cancelled on TikTok, and not open in Odoo")
    assert story(bench, "574")[-1] == ("skipped", "left out by the shop's settings: fulfilled_by_tiktok")
    assert story(bench, "575") == [("parked", "unknown_order: TikTok does not know this order, or not for this shop.")]
    assert story(bench, "576") == [fetched, ("parked", "unknown_sku: No product X.")]
    assert story(bench, "577") == [("ignored", "left alone, as a person asked")]


def test_neither_a_long_outage_nor_many_attempts_push_out_what_came_before(bench: Bench, clock: Clock) -> None:
    bench.place("571")
    bench.runtime.timeline(SHOP_ID).add(["571"], "webhook", "came")
    bench.odoo.error = OdooUnavailableError("Odoo does not answer.")
    bench.queue.mark(["571"])
    for _ in range(50):
        bench.drain()
        clock.forward(60)
    bench.odoo.error = None
    bench.odoo.problems["571"] = OrderError("No product X.", code="unknown_sku")
    for _ in range(50):
        bench.drain("571")
        clock.forward(60)
    bench.odoo.problems = {}
    bench.drain("571")
    assert [kind for kind, _ in story(bench)] == ["webhook", "error", "fetched", "parked", "fetched", "odoo"]


def test_the_timeline_of_a_whole_batch_is_one_call(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = Timeline.write

    def write(self: Timeline, lines: Any) -> None:
        calls.append(len(lines))
        real(self, lines)

    monkeypatch.setattr(Timeline, "write", write)
    ids = [str(number) for number in range(1000, 1050)]
    bench.place(*ids)
    bench.drain(*ids)
    assert calls == [50]


def test_no_buyer_is_in_the_timeline(bench: Bench, dump: Any) -> None:
    bench.place("571")
    bench.odoo.problems["572"] = OrderError("No product X.", code="unknown_sku")
    bench.place("572")
    bench.drain("571", "572")
    assert "timeline" in dump()
    assert not any(secret in dump() for secret in ("David", "Borough", "SE1", "7021436810468230477"))


def test_imports_are_counted_and_their_latency_begins_when_they_first_became_due(bench: Bench, clock: Clock) -> None:
    """Given an Odoo that is away at first, the time until it is back is part of the latency."""
    metrics.take()
    bench.place("571")
    bench.odoo.error = OdooUnavailableError("Odoo does not answer.")
    bench.drain("571")
    clock.forward(100)
    bench.odoo.error = None
    bench.runtime.problems.clear(ODOO)
    Drain(bench.runtime, bench.shop).run()
    counted = metrics.take()
    assert counted["orders_imported"] == counted["postponed_rounds|orders|odoo_unavailable"] == 1
    assert counted["order_latency_seconds|sum"] == pytest.approx(100_000_000, abs=1_000_000)


def test_what_is_parked_is_counted_once_for_each_reason(bench: Bench, clock: Clock) -> None:
    metrics.take()
    bench.place("571")
    bench.odoo.problems["571"] = OrderError("No product.", code="unknown_sku")
    for _ in range(3):
        bench.drain("571")
        clock.forward(3600)
    bench.odoo.problems["571"] = OrderError("Another total.", code="total_mismatch")
    bench.drain("571")
    counted = metrics.take()
    assert counted["parked|orders|unknown_sku"] == counted["parked|orders|total_mismatch"] == 1
    assert "order_latency_seconds|sum" not in counted


# How many at once


def test_an_odoo_that_takes_too_long_over_a_batch_gets_smaller_ones(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four seconds an order, and twenty for a call: six are too many, three will do."""
    ids = [f"57{number:016}" for number in range(12)]
    bench.place(*ids)
    bench.runtime.order_batch = BatchSize(6, seconds=20)
    drain = Drain(bench.runtime, bench.shop)
    run = bench.odoo.run

    def slowly(drafts: Sequence[OrderDraft], **known: Any) -> Imported:
        drain.gateway.longest = 4.0 * len(drafts)
        return run(drafts, **known)

    monkeypatch.setattr(bench.odoo, "run", slowly)
    bench.queue.mark(ids)
    while drain.run():
        pass
    assert [len(batch) for batch in bench.odoo.batches] == [6, 3, 3]
    assert bench.queue.was_imported(ids) == set(ids)
