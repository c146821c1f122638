"""What a person does with orders: done once, told in the timeline and the audit trail, and stock follows."""

from __future__ import annotations

import pytest

from tests.unit.builders import SHOP_ID, add_account, make_shop
from worker.errors import ConfigurationError
from worker.state.audit import Audit
from worker.state.catalog import ListedProduct, ListedSku, Listing
from worker.state.dirty_set import Parked
from worker.state.orders import OrderQueue, SoldUnits
from worker.state.shops import Shop
from worker.sync import order_actions
from worker.sync.order_actions import Asked
from worker.sync.runtime import Runtime

SKU, ITEM = "1729592969712207123", "1729592969712207008"


@pytest.fixture
def shop(runtime: Runtime) -> Shop:
    add_account(runtime)
    return runtime.shops.claim(make_shop(push_stock="on"))


@pytest.fixture
def queue(runtime: Runtime, shop: Shop) -> OrderQueue:
    return runtime.queue(shop.id)


def park(queue: OrderQueue, *order_ids: str, code: str = "unknown_sku") -> None:
    queue.mark(order_ids)
    claim = queue.claim(50, 60)
    for order_id in order_ids:
        queue.note_sold({order_id: SoldUnits(units={SKU: 1})})
        queue.park(claim, Parked(id=order_id, code=code, message="No product."), 3600)


def told(runtime: Runtime, order_id: str) -> list[tuple[str, str]]:
    return [(entry.kind, entry.text) for entry in runtime.timeline(SHOP_ID).of(order_id)]


def audited(runtime: Runtime) -> list[tuple[str, str, str, str]]:
    return [(entry.by, entry.action, entry.target, entry.detail) for entry in Audit(runtime.redis).latest()]


def test_a_retried_order_is_due_now(runtime: Runtime, shop: Shop, queue: OrderQueue) -> None:
    park(queue, "571", "572")
    assert order_actions.retry(runtime, shop, ["571"], by="anna") == Asked(1)
    assert queue.claim(10, 60).ids == ["571"]
    assert told(runtime, "571") == [("operator", "retry asked for by anna")]
    assert audited(runtime) == [("anna", "order.retry", "571", f"shop {SHOP_ID}")]


def test_a_group_is_retried_by_its_reason_and_told_once_in_the_audit_trail(
    runtime: Runtime, shop: Shop, queue: OrderQueue
) -> None:
    park(queue, "571", "572")
    park(queue, "573", code="total_mismatch")
    assert order_actions.retry_parked(runtime, shop, code="unknown_sku", by="anna").orders == 2
    assert sorted(queue.claim(10, 60).ids) == ["571", "572"]
    ((by, action, target, detail),) = audited(runtime)
    assert (by, action, target) == ("anna", "order.retry", "")
    assert "2 orders" in detail
    assert order_actions.retry_parked(runtime, shop, by="anna").orders == 3


def test_nothing_to_retry_leaves_no_trace(runtime: Runtime, shop: Shop) -> None:
    assert order_actions.retry_parked(runtime, shop, code="unknown_sku", by="anna") == Asked(0)
    assert order_actions.ignore(runtime, shop, [], note="n", by="anna") == Asked(0)
    assert audited(runtime) == []


def test_an_import_that_is_forced_says_so(runtime: Runtime, shop: Shop, queue: OrderQueue) -> None:
    order_actions.import_orders(runtime, shop, ["571"], force=True, by="cli:root")
    claim = queue.claim(10, 60)
    assert (claim.ids, claim.forced) == (["571"], {"571"})
    assert audited(runtime)[0][:3] == ("cli:root", "order.import_forced", "571")


def test_an_ignored_order_no_longer_counts_against_stock_and_its_products_are_pushed(
    runtime: Runtime, shop: Shop, queue: OrderQueue
) -> None:
    catalog = runtime.catalog(shop.id)
    catalog.keep_products([ListedProduct(id=ITEM, title="Shirt", skus=[ListedSku(id=SKU)])])
    catalog.keep_listings([Listing(sku_id=SKU, product_id=ITEM, variant_id=11)])
    park(queue, "571")
    asked = order_actions.ignore(runtime, shop, ["571"], note="  Refunded\nby hand ", by="anna")
    assert asked == Asked(1, (SHOP_ID,))
    assert runtime.inventory_queue(shop.id).claim(10, 60).ids == [ITEM]
    assert queue.sold() == {}
    assert queue.all_parked() == []
    assert queue.ignored.all()["571"].note == "Refunded by hand"
    assert told(runtime, "571") == [("operator", "ignored by anna: Refunded by hand")]
    assert audited(runtime) == [("anna", "order.ignore", "571", f"shop {SHOP_ID}; Refunded by hand")]


@pytest.mark.parametrize("end", ["retry", "import_orders", "stop_ignoring"])
def test_whatever_asks_for_an_ignored_order_ends_its_being_ignored(
    runtime: Runtime, shop: Shop, queue: OrderQueue, end: str
) -> None:
    order_actions.ignore(runtime, shop, ["571"], note="n", by="anna")
    getattr(order_actions, end)(runtime, shop, ["571"], by="bert")
    assert queue.ignored.all() == {}
    assert queue.claim(10, 60).ids == ["571"]


@pytest.mark.parametrize("note", ["", "  \n", "x" * 501])
def test_without_a_fitting_note_nothing_is_ignored(runtime: Runtime, shop: Shop, queue: OrderQueue, note: str) -> None:
    with pytest.raises(ConfigurationError, match="note"):
        order_actions.ignore(runtime, shop, ["571"], note=note, by="anna")
    assert queue.ignored.all() == {}
    assert audited(runtime) == []


@pytest.mark.parametrize(
    ("text", "fits"), [("571", True), ("", False), ("57x", False), ("٥٧", False), ("1" * 40, False)]
)
def test_an_order_id_is_digits(text: str, fits: bool) -> None:
    assert order_actions.is_order_id(text) is fits
