"""The page of deliveries, their part of an order's page and of what is parked: what they tell, and what buttons do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from web_stubs import Console, text_of

from tests.unit.builders import SHOP_ID, make_shop
from web.console import deliveries as pages
from web.console.parts import runtime as page_runtime
from worker.errors import RetryableError
from worker.odoo.deliveries import Delivery
from worker.state.dirty_set import DirtySet, Parked
from worker.state.fulfillment import CancelRequest, Fulfillment, ReturnSeen
from worker.state.orders import OrderQueue
from worker.state.shops import Shops
from worker.sync.delivery_live import LiveDelivery, LiveParcel

OTHER = "7495540735365777999"
LIST, PARKED = "/console/deliveries", "/console/parked"
ORDER = f"/console/orders/{SHOP_ID}/571"
ONE = f"{LIST}/{SHOP_ID}/571"
DAY = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.fixture
def queue(redis: Any) -> DirtySet:
    return DirtySet(redis, "fulfillment", SHOP_ID)


@pytest.fixture
def memory(redis: Any) -> Fulfillment:
    return Fulfillment(redis, SHOP_ID)


def park(queue: DirtySet, order_id: str, code: str = "no_tracking", **fields: Any) -> None:
    queue.mark([order_id])
    entry = Parked(id=order_id, code=code, message=f"{order_id} has none.", remedy="Enter it in `Odoo`.", **fields)
    queue.park(queue.claim(1, 60), entry, 900)


def returned(**fields: Any) -> ReturnSeen:
    given = {"type": "RETURN_AND_REFUND", "status": "BUYER_SHIPPED_ITEM", "units": 2, "updated_at": DAY, **fields}
    return ReturnSeen(id="9001", order_id="571", amount=Decimal("9.50"), currency="GBP", receipt="WH/IN/00003", **given)


def delivery(state: str = "assigned") -> Delivery:
    return Delivery(7, "WH/OUT/00007", state, 1, None, "", "", None, ())


def live(**fields: Any) -> LiveDelivery:
    """An order with one parcel."""
    given = {"id": "1152", "units": 2, "state": "arranged", "tracking": "1Z999", "carrier": "DHL", "label": "attached"}
    return LiveDelivery("AWAITING_COLLECTION", [LiveParcel(**{**given, "delivery": delivery(), **fields})])


# The page


def test_a_quiet_day_says_so_in_each_part(console: Console) -> None:
    text = console.text(LIST)
    for words in (
        "No buyer waits for an answer.",
        "Nothing is in the way of any delivery.",
        "No order that is in Odoo has still to be shipped.",
        "Nothing has come back.",
    ):
        assert words in text


def test_buyers_who_ask_to_cancel_stand_with_their_deadline_and_the_way_to_seller_center(
    console: Console, memory: Fulfillment
) -> None:
    memory.keep_request(CancelRequest(order_id="572", respond_by=DAY + timedelta(days=1)))
    memory.keep_request(CancelRequest(order_id="571", reason="<b>CHANGED_MIND", respond_by=DAY))
    answer = console.get(LIST)
    text = text_of(answer)
    assert "Buyers who ask to cancel 2" in text
    assert text.index("571 Demo GB 2026-12-01 09:00:00") < text.index("572 Demo GB 2026-12-02 09:00:00")
    html = answer.get_data(as_text=True)
    assert "&lt;b&gt;changed mind" in html
    assert "https://seller-uk.tiktok.com/order/detail?order_no=571&amp;shop_region=GB" in html


def test_what_is_in_the_way_and_what_comes_back_is_told(console: Console, queue: DirtySet, memory: Fulfillment) -> None:
    park(queue, "571", ship_by=DAY)
    memory.keep_return(returned())
    text = console.text(LIST)
    assert "571 Demo GB no_tracking 571 has none. Enter it in Odoo . 2026-12-01 09:00:00 1" in text
    assert "9001 571 Demo GB return and refund buyer shipped item 2 9.50 GBP WH/IN/00003" in text


def test_what_has_still_to_be_shipped_is_listed_up_to_a_number(
    console: Console, memory: Fulfillment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_SHOWN", 2)
    memory.await_shipment(["571", "572", "573"])
    text = console.text(LIST)
    assert "3 orders in Odoo wait" in text
    assert "571 Demo GB by hand, in Seller Center" in text
    assert "1 more: narrow the lists down, or tiktok-odoo deliveries list --state awaiting" in text


def test_one_shop_of_several_can_be_chosen(console: Console, queue: DirtySet, redis: Any) -> None:
    assert "<select" not in console.get(LIST).get_data(as_text=True)
    Shops(redis).claim(make_shop(OTHER))
    park(queue, "571")
    Fulfillment(redis, OTHER).await_shipment(["901"])
    assert "571" in console.text(LIST)
    only = console.text(f"{LIST}?shop={OTHER}")
    assert "571" not in only
    assert "901" in only
    assert "571" in console.text(f"{LIST}?shop=unknown")


# One order


def test_an_orders_page_tells_its_request_its_reason_and_its_returns(
    console: Console, queue: DirtySet, memory: Fulfillment
) -> None:
    park(queue, "571")
    memory.keep_request(
        CancelRequest(order_id="571", reason="ecom_order_to_ship_canceled_reason_created_by_mistakes", respond_by=DAY)
    )
    memory.keep_return(returned())
    text = console.text(ORDER)
    for words in (
        "The buyer asks to cancel, answer by 2026-12-01 09:00 UTC, reason: created by mistakes.",
        "571 has none. What to do: Enter it in Odoo",
        "Reason no_tracking Attempts 1",
        "Retry the delivery",
        "9001 return and refund buyer shipped item 2 9.50 GBP WH/IN/00003",
    ):
        assert words in text


def test_an_order_that_is_not_in_odoo_has_no_delivery_and_one_that_is_loads_its_parcels(
    console: Console, redis: Any
) -> None:
    assert "Delivery and returns" not in console.text(ORDER)
    OrderQueue(redis, SHOP_ID).remember_imported(["571"])
    html = console.get(ORDER).get_data(as_text=True)
    assert f'hx-get="{ONE}/parcels"' in html
    assert "Look at the delivery now" in html


def test_parcels_stand_beside_their_deliveries(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "look_now", lambda *_: live())
    part = console.get(f"{ONE}/parcels", headers={"HX-Request": "true"})
    text = text_of(part)
    assert "1152 2 shipping is arranged DHL 1Z999 on the delivery WH/OUT/00007 (ready)" in text
    html = part.get_data(as_text=True)
    assert "http://127.0.0.1:8069/odoo/deliveries/7" in html
    assert "<html" not in html
    assert "Parcels of order 571" in console.text(f"{ONE}/parcels")  # a page of its own without JavaScript


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            live(id="", state="to_ship", tracking="", carrier="", label="missing"),
            "none yet 2 to be shipped – – not yet",
        ),
        (live(state="left", label="none", delivery=None), "the carrier has it DHL 1Z999 none: you ship it none"),
        (LiveDelivery("CANCELLED"), "Nothing of it is ordered any more"),
        (LiveDelivery("CANCELLED", loose=[delivery("done")]), "Deliveries in Odoo: WH/OUT/00007 (done)."),
        (
            LiveDelivery("IN_TRANSIT", live().parcels, [delivery("waiting")]),
            "to which no parcel belongs: WH/OUT/00007 (waiting for another).",
        ),
        (LiveDelivery(), "TikTok does not know this order, or not for this shop."),
    ],
)
def test_every_state_has_its_words(
    console: Console, monkeypatch: pytest.MonkeyPatch, found: LiveDelivery, words: str
) -> None:
    monkeypatch.setattr(pages, "look_now", lambda *_: found)
    assert words in console.text(f"{ONE}/parcels")


def test_a_side_that_does_not_answer_is_told_in_its_place(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> LiveDelivery:
        raise RetryableError("Odoo does not answer.", remedy="Wait.")

    monkeypatch.setattr(pages, "look_now", fail)
    answer = console.get(f"{ONE}/parcels", headers={"HX-Request": "true"})
    assert (answer.status_code, text_of(answer)) == (200, "Odoo does not answer. What to do: Wait.")


@pytest.mark.parametrize("path", [f"{LIST}/{OTHER}/571", f"{LIST}/{SHOP_ID}/57x"])
def test_an_order_of_no_shop_is_no_page(console: Console, path: str) -> None:
    assert console.get(f"{path}/parcels").status_code == 404
    assert console.post(f"{path}/retry").status_code == 404


# Buttons


@pytest.mark.parametrize(
    ("back", "leads_to"), [("", ORDER), ("deliveries", LIST), ("parked", PARKED), ("https://elsewhere", ORDER)]
)
def test_a_retry_makes_the_delivery_due_tells_a_worker_and_leads_back(
    console: Console, queue: DirtySet, back: str, leads_to: str
) -> None:
    park(queue, "571")
    assert console.post(f"{ONE}/retry", back=back).headers["Location"] == leads_to
    assert console.sent.messages == [("fulfillment.drain", SHOP_ID)]
    assert queue.claim(10, 60).ids == ["571"]
    assert console.audited()[0] == ("anna", "delivery.retry", "571")


def test_all_are_retried_or_a_group_in_one_shop_or_every(console: Console, queue: DirtySet, redis: Any) -> None:
    Shops(redis).claim(make_shop(OTHER))
    other = DirtySet(redis, "fulfillment", OTHER)
    park(queue, "571")
    park(queue, "572", "ship_refused")
    park(other, "901")
    assert "2 deliveries are tried again." in console.press(f"{LIST}/retry", code="no_tracking")
    assert (queue.claim(10, 60).ids, other.claim(10, 60).ids) == (["571"], ["901"])
    assert console.sent.messages == [("fulfillment.drain", SHOP_ID), ("fulfillment.drain", OTHER)]
    assert "1 delivery is tried again." in console.press(f"{LIST}/retry", shop=OTHER)
    assert "0 deliveries are tried again." in console.press(f"{LIST}/retry", code="nonsense")


def test_parked_deliveries_stand_by_reason_below_parked_orders(console: Console, queue: DirtySet) -> None:
    assert "Retry all deliveries" not in console.text(PARKED)
    park(queue, "571")
    park(queue, "572")
    park(queue, "573", "ship_refused")
    text = console.text(PARKED)
    assert "No order is parked." in text
    assert "no_tracking 2 orders What to do: Enter it in Odoo" in text
    assert "ship_refused 1 order " in text
    html = console.get(PARKED).get_data(as_text=True)
    assert f'action="{ONE}/retry"' in html
    assert 'aria-label="Retry the delivery of order 571"' in html
    answer = console.post(f"{LIST}/retry", code="no_tracking", back="parked")
    assert answer.headers["Location"] == PARKED
    assert sorted(queue.claim(10, 60).ids) == ["571", "572"]


def test_a_viewer_sees_all_and_presses_nothing(viewer: Console, queue: DirtySet) -> None:
    park(queue, "571")
    for path in (LIST, ORDER, PARKED):
        assert "571 has none." in viewer.text(path)
    for path in (f"{LIST}/retry", f"{ONE}/retry"):
        assert viewer.post(path).status_code == 403
    assert queue.claim(10, 60).ids == []


def test_pages_ask_redis_alone(console: Console, queue: DirtySet) -> None:
    """Odoo's and TikTok's addresses of these tests lead nowhere, and no page waits for them."""
    park(queue, "571")
    for path in (LIST, ORDER, PARKED):
        console.text(path)
    with console.desk.app.test_request_context():
        assert "odoo" not in page_runtime().__dict__


def test_the_overview_counts_what_is_in_the_way_and_who_waits(
    console: Console, queue: DirtySet, memory: Fulfillment
) -> None:
    park(queue, "571")
    memory.keep_request(CancelRequest(order_id="572", respond_by=datetime.now(UTC) + timedelta(hours=30)))
    text = console.text("/console/")
    assert "1 deliveries with something in the way" in text
    assert "1 buyers ask to cancel , the first answer is due in 30 h" in text
    assert "deliveries_parked" in text
    health = console.text("/console/health/")
    assert "Deliveries with something in the way 1" in health
    assert "Buyers who ask to cancel 1 first answer due in 30 h" in health
