"""Deliveries: who asks to cancel, what is in the way, what comes back; on its own page and on the order's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from web_stubs import Console

from tests.unit.builders import SHOP_ID
from worker.state.dirty_set import DirtySet, Parked
from worker.state.fulfillment import CancelRequest, Fulfillment, ReturnSeen
from worker.sync.health import SHIP_SOON

PAGE = "/console/deliveries"
ORDER = "576653688135258178"


@pytest.fixture
def memory(console: Console) -> Fulfillment:
    return Fulfillment(console.redis, SHOP_ID)


def park(console: Console) -> DirtySet:
    queue = DirtySet(console.redis, "fulfillment", SHOP_ID)
    queue.mark([ORDER])
    entry = Parked(id=ORDER, code="no_tracking", message="WH/OUT/1 has no tracking.", remedy="Enter it.")
    queue.park(queue.claim(1, 60), entry, 600)
    return queue


def ask(memory: Fulfillment, *, within: timedelta) -> CancelRequest:
    request = CancelRequest(order_id=ORDER, cancel_id="4", reason="mistake", respond_by=datetime.now(UTC) + within)
    memory.keep_request(request)
    return request


def come_back(memory: Fulfillment) -> None:
    seen = ReturnSeen(
        id="4036",
        order_id=ORDER,
        type="RETURN_AND_REFUND",
        status="AWAITING_BUYER_SHIP",
        units=2,
        amount=Decimal("20.50"),
        currency="GBP",
        updated_at=datetime.now(UTC),
        receipt="WH/IN/00007",
    )
    memory.keep_return(seen)


def test_without_anything_to_do_the_page_says_so(console: Console) -> None:
    text = console.text(PAGE)
    assert "No buyer waits for an answer." in text
    assert "Nothing is in the way of any delivery." in text
    assert "Nothing has come back." in text


def test_what_is_parked_is_shown_with_its_remedy_and_tried_again_by_a_button(console: Console) -> None:
    queue = park(console)
    text = console.text(PAGE)
    assert "no_tracking WH/OUT/1 has no tracking. Enter it." in text
    assert "is looked at now" in console.press(f"{PAGE}/{SHOP_ID}/{ORDER}/retry")
    assert queue.claim(9, 60).ids == [ORDER]
    assert ("fulfillment.drain", SHOP_ID) in console.sent.messages
    assert console.audited()[0] == (console.name, "delivery.retry", ORDER)


def test_all_that_is_parked_is_tried_again_by_one_button(console: Console) -> None:
    park(console)
    assert "1 delivery is tried again." in console.press(f"{PAGE}/retry")
    assert "0 deliveries are tried again." not in console.text(PAGE)


def test_of_many_parked_those_that_must_ship_first_are_shown_and_a_reason_narrows_them_down(console: Console) -> None:
    queue = DirtySet(console.redis, "fulfillment", SHOP_ID)
    now = datetime.now(UTC)
    urgent = [f"5766536881352590{number:02}" for number in range(100)]
    for order_id in [ORDER, *urgent]:
        queue.mark([order_id])
        soon = now + timedelta(days=1 if order_id in urgent else 2)
        code = "no_tracking" if order_id in urgent else "ship_refused"
        entry = Parked(id=order_id, code=code, message="It is so.", remedy="Do so.", ship_by=soon)
        queue.park(queue.claim(1, 60), entry, 600)
    page = console.text(PAGE)
    assert ORDER not in page
    assert "1 more: narrow the lists down, or tiktok-odoo deliveries parked ." in page
    narrowed = console.text(f"{PAGE}?code=ship_refused")
    assert ORDER in narrowed
    assert urgent[0] not in narrowed
    assert "1 delivery is tried again." in console.press(f"{PAGE}/retry", code="ship_refused")
    assert queue.claim(200, 60).ids == [ORDER]


def test_a_request_is_shown_with_its_deadline_and_leads_to_seller_center(console: Console, memory: Fulfillment) -> None:
    request = ask(memory, within=timedelta(days=2))
    page = console.get(PAGE).get_data(as_text=True)
    assert request.respond_by is not None
    assert f"{request.respond_by:%Y-%m-%d %H:%M}" in page
    assert 'rel="external noopener noreferrer">Seller Center' in page


@pytest.mark.parametrize("within", [SHIP_SOON - timedelta(hours=1), SHIP_SOON + timedelta(hours=1)])
def test_a_request_whose_deadline_is_near_needs_a_person_now(
    console: Console, memory: Fulfillment, within: timedelta
) -> None:
    ask(memory, within=within)
    page = console.get("/console/").get_data(as_text=True)
    assert "1 buyer asks to cancel." in page
    assert f'href="{PAGE}?shop={SHOP_ID}"' in page


def test_returns_are_listed_with_their_receipt(console: Console, memory: Fulfillment) -> None:
    come_back(memory)
    text = console.text(PAGE)
    assert "4036" in text
    assert "return and refund awaiting buyer ship 2 20.50 GBP WH/IN/00007" in text


def test_the_orders_page_has_its_part_of_it(console: Console, memory: Fulfillment) -> None:
    page = f"/console/orders/{SHOP_ID}/{ORDER}"
    assert "Delivery and returns" not in console.text(page)
    park(console)
    ask(memory, within=timedelta(days=1))
    come_back(memory)
    text = console.text(page)
    assert "The buyer asks to cancel, answer by" in text
    assert "WH/OUT/1 has no tracking." in text
    assert "Retry the delivery" in text
    assert "WH/IN/00007" in text


def test_an_order_or_shop_that_cannot_be_is_not_found(console: Console) -> None:
    for path in (f"{PAGE}/1/{ORDER}/retry", f"{PAGE}/{SHOP_ID}/abc/retry"):
        assert console.post(path).status_code == 404
