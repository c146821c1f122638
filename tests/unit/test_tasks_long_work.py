"""Tasks that a person asked for in the console: they end with a reason, go on in the next message, and tell workers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.builders import SHOP_ID, make_order
from tests.unit.sync.stock_bench import Bench, sku
from worker.odoo.errors import OdooUnavailableError
from worker.state.progress import Progress, Work, WorkKind
from worker.sync import inventory_reconcile
from worker.sync.runtime import Runtime
from worker.tasks import catalog, inventory, orders, triggers


@pytest.fixture
def bench(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Bench:
    for module in (catalog, inventory, orders):
        monkeypatch.setattr(module, "get_runtime", lambda: runtime)
    monkeypatch.setattr(inventory_reconcile, "_PAUSE", 0)
    bench = Bench(runtime, monkeypatch, push_stock="on")
    bench.tiktok.list("1", sku("11", "A"))
    bench.odoo.product(5, "A", units=5)
    bench.know("1", s11=5)
    return bench


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    messages: list[tuple[Any, ...]] = []
    monkeypatch.setattr(triggers.app, "send_task", lambda name, ids=(): messages.append((name, *ids)))
    monkeypatch.setattr(orders.sync_since, "delay", lambda *ids: messages.append(("orders.sync_since", *ids)))
    monkeypatch.setattr(catalog.pull, "delay", lambda *ids: messages.append(("catalog.pull", *ids)))
    return messages


def work(bench: Bench, kind: WorkKind) -> Work:
    found = Progress(bench.runtime.redis, SHOP_ID).get(kind)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        (inventory.plan, "compare"),
        (inventory.reconcile, "reconcile"),
        (orders.sync_since, "orders"),
        (catalog.pull, "catalog"),
    ],
)
def test_work_for_a_shop_that_is_switched_off_ends_with_that_reason(
    bench: Bench, sent: list[Any], task: Any, kind: WorkKind
) -> None:
    bench.runtime.shops.save(bench.shop.model_copy(update={"enabled": False}))
    Progress(bench.runtime.redis, SHOP_ID).ask(kind, by="anna")
    task(SHOP_ID)
    assert work(bench, kind).state == "failed"
    assert (sent, bench.tiktok.calls) == ([], [])


def test_a_comparison_that_fails_pauses_no_push_and_tells_the_person_who_waits(bench: Bench) -> None:
    bench.odoo.error = OdooUnavailableError("Odoo does not answer.")
    inventory.plan(SHOP_ID)
    assert work(bench, "compare").message == "Odoo does not answer."
    assert bench.problems() == {}


def test_what_drifted_is_pushed_again(bench: Bench, sent: list[Any]) -> None:
    bench.tiktok.stock["11"] = {"W1": 9}
    inventory.reconcile(SHOP_ID)
    assert sent == [("inventory.push", SHOP_ID)]
    assert work(bench, "reconcile").state == "done"


@pytest.mark.parametrize(
    ("finished", "messages"), [(True, ["orders.drain"]), (False, ["orders.drain", "orders.sync_since"])]
)
def test_orders_from_a_date_are_drained_after_each_share(
    bench: Bench, sent: list[Any], monkeypatch: pytest.MonkeyPatch, finished: bool, messages: list[str]
) -> None:
    bench.tiktok.orders["571"] = make_order("571")
    since = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    Progress(bench.runtime.redis, SHOP_ID).ask("orders", by="anna", since=since)
    if not finished:
        monkeypatch.setattr(orders, "_SHARE", -1.0)
    orders.sync_since(SHOP_ID)
    assert [name for name, *_ in sent] == messages
    assert bench.orders.claim(10, 60).ids == ["571"]
