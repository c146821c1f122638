"""The pages of orders and of what is parked: what they tell, what each button does, and who may press it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from web_stubs import Console, text_of

from tests.unit.builders import SHOP_ID, make_shop
from web.console import orders as pages
from web.console.parts import runtime as page_runtime
from worker.errors import RetryableError
from worker.odoo.sales import SalesOrder
from worker.odoo.sales_reading import Picking
from worker.state.dirty_set import Parked
from worker.state.order_index import Place
from worker.state.orders import OrderQueue, SoldUnits, Waiting
from worker.state.shops import Shops
from worker.state.timeline import Timeline
from worker.sync.order_compare import AmountRow, Comparison

OTHER = "7495540735365777999"
ORDER = f"/console/orders/{SHOP_ID}/571"


@pytest.fixture
def queue(redis: Any) -> OrderQueue:
    return OrderQueue(redis, SHOP_ID)


def park(queue: OrderQueue, order_id: str, code: str = "unknown_sku", **fields: Any) -> None:
    queue.mark([order_id])
    entry = Parked(id=order_id, code=code, message=f"No product for {order_id}.", remedy="Map the SKU.", **fields)
    queue.park(queue.claim(1, 60), entry, 3600)


def test_the_newest_orders_are_listed_with_state_and_reason(console: Console, queue: OrderQueue) -> None:
    assert "No order has come yet" in console.text("/console/orders")
    park(queue, "571")
    queue.mark(["572"])
    text = console.text("/console/orders")
    assert "571 Demo GB Parked" in text
    assert "No product for 571." in text
    assert "572 Demo GB Due" in text
    only = console.text("/console/orders?state=parked")
    assert "571" in only
    assert "572 " not in only
    assert "No order is like this" in console.text(f"/console/orders?state=ignored&shop={SHOP_ID}")


def test_pages_lead_to_older_orders_and_back(console: Console, queue: OrderQueue) -> None:
    queue.mark([f"57{number:03}" for number in range(60)])
    first = console.get("/console/orders?state=due").get_data(as_text=True)
    assert first.count('scope="row"') == 50
    (older,) = [part.split('"')[0] for part in first.split('href="') if 'rel="next"' in part[:200]]
    second = console.get(older.replace("&amp;", "&")).get_data(as_text=True)
    assert second.count('scope="row"') == 10
    assert "Newer" in second
    assert "Older" not in second


@pytest.mark.parametrize("query", ["since=2026-02-30", "before=nonsense", "state=lost", "shop=unknown", "until=x"])
def test_a_filter_that_makes_no_sense_is_no_error(console: Console, queue: OrderQueue, query: str) -> None:
    queue.mark(["571"])
    assert "571" in console.text(f"/console/orders?{query}")


def test_days_narrow_the_list_down_and_the_last_one_counts(console: Console, queue: OrderQueue) -> None:
    queue.mark(["571"])
    today = datetime.now(UTC).date()
    assert "571" in console.text(f"/console/orders?since={today}&until={today}")
    assert "571" not in console.text(f"/console/orders?until={today - timedelta(days=1)}")


def test_an_id_leads_to_the_orders_page(console: Console, queue: OrderQueue) -> None:
    queue.mark(["571"])
    answer = console.get("/console/orders?q=571")
    assert (answer.status_code, answer.headers["Location"]) == (303, ORDER)


def test_an_id_that_nobody_knows_can_be_asked_for_in_any_shop(console: Console, redis: Any) -> None:
    Shops(redis).claim(make_shop(OTHER))
    answer = console.get("/console/orders?q=571")
    assert "Nothing is known of the order 571" in text_of(answer)
    assert ORDER in answer.get_data(as_text=True)
    assert f"/console/orders/{OTHER}/571" in answer.get_data(as_text=True)


def test_odoos_name_is_asked_of_odoo_and_its_silence_is_told(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(_: Any, text: str, **__: Any) -> list[Place]:
        if text == "S00001":
            return [Place(SHOP_ID, "571", "in_odoo", 0.0)]
        raise RetryableError("Odoo does not answer.", remedy="Start it.")

    monkeypatch.setattr(pages.order_view, "find", find)
    assert console.get("/console/orders?q=S00001").headers["Location"] == ORDER
    assert "Odoo does not answer. What to do: Start it." in console.text("/console/orders?q=S00002")


def test_a_parked_orders_page_tells_why_and_what_to_do(console: Console, queue: OrderQueue, redis: Any) -> None:
    park(queue, "571", ship_by=datetime(2026, 12, 1, 9, tzinfo=UTC))
    Timeline(redis, SHOP_ID).add(["571"], "webhook", "<b>Order</b> Status Change")
    answer = console.get(ORDER)
    text = text_of(answer)
    for words in ("Parked", "No product for 571.", "What to do: Map the SKU.", "2026-12-01 09:00:00", "Retry now"):
        assert words in text
    html = answer.get_data(as_text=True)
    assert "&lt;b&gt;Order" in html  # escaped
    assert "https://seller-uk.tiktok.com/order/detail?order_no=571&amp;shop_region=GB" in html
    assert f'hx-get="{ORDER}/totals"' in html


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda queue: None, "Nothing is known of this order here."),
        (lambda queue: queue.mark(["571"]), "Due"),
        (
            lambda queue: (
                queue.mark(["571"]),
                queue.wait(queue.claim(1, 60), Waiting(id="571", status="ON_HOLD"), update_time=1),
            ),
            "TikTok says ON_HOLD",
        ),
        (lambda queue: queue.remember_imported(["571"]), "In Odoo"),
        (
            lambda queue: (queue.mark(["571"]), queue.done(queue.claim(1, 60), "571", update_time=1)),
            "Not for Odoo",
        ),
    ],
)
def test_every_state_has_its_words(console: Console, queue: OrderQueue, prepare: Any, words: str) -> None:
    prepare(queue)
    assert words in console.text(ORDER)


@pytest.mark.parametrize("path", [f"/console/orders/{OTHER}/571", f"/console/orders/{SHOP_ID}/57x"])
def test_an_order_of_no_shop_is_no_page(console: Console, path: str) -> None:
    for suffix in ("", "/totals", "/progress"):
        assert console.get(path + suffix).status_code == 404
    for action in ("retry", "ignore", "stop-ignoring", "import"):
        assert console.post(f"{path}/{action}", note="x").status_code == 404


def test_while_a_worker_is_at_it_the_page_looks_again_and_then_stops(console: Console, queue: OrderQueue) -> None:
    queue.mark(["571"])
    claim = queue.claim(1, 60)
    html = console.get(ORDER).get_data(as_text=True)
    (again,) = [part.split('"')[0] for part in html.split('hx-get="') if "/progress" in part[:100]]
    again = again.replace("&amp;", "&")
    assert console.get(again).status_code == 204
    queue.remember_imported(["571"])
    Timeline(console.redis, SHOP_ID).add(["571"], "odoo", "S00042 created and confirmed")
    queue.done(claim, "571", update_time=1)
    answer = console.get(again, headers={"HX-Request": "true"})
    assert "In Odoo" in text_of(answer)
    assert 'id="timeline" hx-swap-oob="true"' in answer.get_data(as_text=True)
    assert "S00042 created and confirmed" in text_of(answer)
    assert "<html" not in answer.get_data(as_text=True)
    assert "hx-get" not in answer.get_data(as_text=True)


def test_a_retry_makes_the_order_due_and_tells_a_worker(console: Console, queue: OrderQueue) -> None:
    park(queue, "571")
    assert 'hx-trigger="every' not in console.get(ORDER).get_data(as_text=True)
    text = console.press(f"{ORDER}/retry")
    assert "Order 571 is looked at now" in text
    assert "Parked looked at in a moment" in text
    assert 'hx-trigger="every' in console.get(ORDER).get_data(as_text=True)  # until the worker is through
    assert console.sent.messages == [("orders.drain", SHOP_ID)]
    assert queue.claim(10, 60).ids == ["571"]
    assert console.audited()[0] == ("anna", "order.retry", "571")


def test_an_order_is_imported_though_the_settings_leave_it_out(console: Console, queue: OrderQueue) -> None:
    assert "Import all the same" in console.text(ORDER)
    console.press(f"{ORDER}/import")
    assert queue.claim(10, 60).forced == {"571"}
    assert console.sent.messages == [("orders.drain", SHOP_ID)]
    assert console.audited()[0] == ("anna", "order.import_forced", "571")


def test_an_order_is_ignored_with_a_note_and_comes_back_when_that_ends(console: Console, queue: OrderQueue) -> None:
    queue.mark(["571"])
    queue.note_sold({"571": SoldUnits(units={"1729": 1})})
    text = console.press(f"{ORDER}/ignore", note="Refunded by hand")
    assert "Order 571 is ignored." in text
    assert "Ignored: Refunded by hand" in text
    assert "By anna" in text
    assert queue.claim(10, 60).ids == []
    assert queue.sold() == {}
    console.press(f"{ORDER}/stop-ignoring")
    assert queue.ignored.all() == {}
    assert queue.claim(10, 60).ids == ["571"]
    assert [action for _, action, _ in console.audited()[:2]] == ["order.stop_ignoring", "order.ignore"]


def test_without_a_note_nothing_is_ignored_and_the_page_says_why(console: Console, queue: OrderQueue) -> None:
    answer = console.post(f"{ORDER}/ignore", note="  ")
    assert (answer.status_code, "with a note that says why" in text_of(answer)) == (409, True)
    assert queue.ignored.all() == {}


def test_totals_stand_side_by_side(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = datetime(2026, 11, 20, tzinfo=UTC)
    sale = SalesOrder(7, "S00007", "571", "sale", Decimal("23.49"), "GBP", 5, 1, (7,), False, placed)
    rows = [
        AmountRow("Goods", Decimal("20.00"), Decimal("20.00")),
        AmountRow("Total", Decimal("23.50"), Decimal("23.49"), role="total"),
        AmountRow("Paid by the buyer", Decimal("1023.50"), None, role="note"),
    ]
    comparison = Comparison("GBP", "IN_TRANSIT", [sale], [Picking("WH/OUT/00007", "assigned")], rows)
    monkeypatch.setattr(pages, "compare", lambda *_: comparison)
    part = console.get(f"{ORDER}/totals", headers={"HX-Request": "true"})
    text = text_of(part)
    assert "Total 23.50 23.49 differs" in text
    assert "Paid by the buyer 1,023.50 –" in text
    assert "WH/OUT/00007 (ready)" in text
    assert "http://127.0.0.1:8069/odoo/sales/7" in part.get_data(as_text=True)
    assert "<html" not in part.get_data(as_text=True)
    assert "Totals of order 571" in console.text(f"{ORDER}/totals")  # a page of its own without JavaScript


def test_a_side_that_does_not_answer_is_told_in_its_place(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Comparison:
        raise RetryableError("TikTok does not answer.", remedy="Wait.")

    monkeypatch.setattr(pages, "compare", fail)
    answer = console.get(f"{ORDER}/totals", headers={"HX-Request": "true"})
    assert (answer.status_code, text_of(answer)) == (200, "TikTok does not answer. What to do: Wait.")


def test_parked_orders_stand_by_reason_with_the_remedy(console: Console, queue: OrderQueue) -> None:
    assert "No order is parked" in console.text("/console/parked")
    park(queue, "571")
    park(queue, "572")
    park(queue, "573", "total_mismatch")
    text = console.text("/console/parked")
    assert "unknown_sku 2 orders What to do: Map the SKU." in text
    assert "total_mismatch 1 order " in text
    assert "Retry order 571" not in text  # a label for who does not see the table
    assert 'aria-label="Retry order 571"' in console.get("/console/parked").get_data(as_text=True)


def test_a_group_is_retried_or_all_in_one_shop_or_every(console: Console, queue: OrderQueue, redis: Any) -> None:
    Shops(redis).claim(make_shop(OTHER))
    other = OrderQueue(redis, OTHER)
    park(queue, "571")
    park(queue, "572", "total_mismatch")
    park(other, "901")
    assert "2 orders are tried again." in console.press("/console/parked/retry", code="unknown_sku")
    assert (queue.claim(10, 60).ids, other.claim(10, 60).ids) == (["571"], ["901"])
    assert console.sent.messages == [("orders.drain", SHOP_ID), ("orders.drain", OTHER)]
    assert "2 orders are tried again." in console.press("/console/parked/retry", shop=SHOP_ID)
    assert "0 orders are tried again." in console.press("/console/parked/retry", code="nonsense")


def test_one_order_is_retried_from_the_list_and_one_stays_there(console: Console, queue: OrderQueue) -> None:
    park(queue, "571")
    answer = console.post(f"{ORDER}/retry", back="parked")
    assert answer.headers["Location"] == "/console/parked"


def test_a_viewer_sees_all_and_presses_nothing(viewer: Console, queue: OrderQueue) -> None:
    park(queue, "571")
    for path in ("/console/orders", ORDER, "/console/parked"):
        assert "571" in viewer.text(path)
    for path in (f"{ORDER}/retry", f"{ORDER}/ignore", f"{ORDER}/import", "/console/parked/retry"):
        assert viewer.post(path, note="x").status_code == 403
    assert queue.ignored.all() == {}
    assert queue.claim(10, 60).ids == []


def test_pages_ask_redis_alone(console: Console, queue: OrderQueue) -> None:
    """Odoo's and TikTok's addresses of these tests lead nowhere, and no page waits for them."""
    park(queue, "571")
    for path in ("/console/orders", ORDER, "/console/parked"):
        console.text(path)
    with console.desk.app.test_request_context():
        assert "odoo" not in page_runtime().__dict__
