"""Events in the console: what came in, what was refused, and *Replay*."""

from __future__ import annotations

import json
from typing import Any

import pytest
from web_stubs import PATH, Console, event

from tests.unit.builders import SHOP_ID, W0, make_shop
from worker.state.inbox import Event, Inbox
from worker.state.orders import OrderQueue
from worker.state.shops import Shops

PAGE = "/console/events"
ORDER = "576653688135258178"


def receive(console: Console, **fields: Any) -> Event:
    """A webhook came in; its orders are worked off, and no task is on its way."""
    console.desk.tell(**fields)
    queue = OrderQueue(console.redis, SHOP_ID)
    queue.all_done(claim := queue.claim(100, 60), claim.ids)
    for name in console.redis.keys("tts:trigger:*"):
        console.redis.delete(name)
    console.sent.messages.clear()
    return Inbox(console.redis).latest(1)[0]


def test_events_are_listed_and_their_orders_lead_to_their_pages(console: Console) -> None:
    kept = receive(console)
    html = console.get(PAGE).get_data(as_text=True)
    assert f'href="/console/orders/{SHOP_ID}/{ORDER}"' in html
    assert f'href="{PAGE}/{kept.id}"' in html
    text = console.text(PAGE)
    assert "ORDER_STATUS_CHANGE" in text
    assert "Demo GB" in text
    assert "verified" in text


def test_an_empty_list_says_where_to_look(console: Console) -> None:
    assert "No webhook has come yet." in console.text(PAGE)
    assert "No event is like that." in console.text(f"{PAGE}?order=1")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("order=" + ORDER, True),
        ("order=1", False),
        ("topic=1", True),
        ("topic=15", False),
        ("outcome=unknown_shop", False),
        (f"shop={SHOP_ID}", True),
        ("shop=999", False),
        ("since=2020-01-01", True),
        ("since=2100-01-01", False),
        ("since=nonsense", True),
    ],
)
def test_the_list_is_narrowed_down_and_remembers_by_what(console: Console, query: str, shown: bool) -> None:
    kept = receive(console)
    html = console.get(f"{PAGE}?{query}").get_data(as_text=True)
    assert (f"{PAGE}/{kept.id}" in html) is shown
    value = query.partition("=")[2]
    assert f'value="{value}"' in html or f"<option selected>{value}" in html


def test_the_first_page_renews_itself_with_the_table_alone(console: Console) -> None:
    receive(console)
    assert f'hx-get="{PAGE}?topic=1"' in console.get(f"{PAGE}?topic=1").get_data(as_text=True)
    part = console.get(f"{PAGE}?topic=1", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert ORDER in part
    assert "<form" not in part
    assert "<html" not in part


def test_older_events_are_on_the_next_page_which_stands_still(console: Console) -> None:
    for number in range(60):
        receive(console, tts_notification_id=str(number), data={"order_id": f"57{number:02}"})
    first = console.get(PAGE).get_data(as_text=True)
    assert (">5759<" in first, ">5709<" in first) == (True, False)
    older = first.partition(f'href="{PAGE}?before=')[2].partition('"')[0]
    second = console.get(f"{PAGE}?before={older}").get_data(as_text=True)
    assert (">5709<" in second, ">5710<" in second) == (True, False)
    assert "hx-get" not in second


def test_an_event_is_shown_with_its_body_escaped(console: Console) -> None:
    kept = receive(console, data={"order_id": ORDER})
    stored = kept.body.replace(ORDER, "<script>alert(1)</script>")  # as a release before this one kept it
    console.desk.redis.xadd(
        "tts:events", {**console.desk.redis.xrange("tts:events")[0][1], "body": stored}, id="9999999999999-1"
    )
    html = console.get(f"{PAGE}/9999999999999-1").get_data(as_text=True)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "7380066284010030890" in html


@pytest.mark.parametrize("path", ["/1-1", "/nonsense", "/+", "?before=nonsense", "/refused?before=nonsense"])
def test_what_is_no_event_is_a_page_that_says_so(console: Console, path: str) -> None:
    assert console.get(PAGE + path).status_code == 404


def test_a_replay_makes_the_orders_due_and_is_in_the_audit_trail(console: Console) -> None:
    kept = receive(console)
    assert "1 orders and 0 products are due" in console.press(f"{PAGE}/{kept.id}/replay")
    assert console.desk.due() == [ORDER]
    assert console.sent.messages == [("orders.drain", SHOP_ID)]
    assert console.audited()[0] == ("anna", "event.replay", kept.id)


def test_a_replay_of_a_product_asks_the_catalogue(console: Console) -> None:
    kept = receive(console, type=15, data={"product_id": "1729"})
    console.press(f"{PAGE}/{kept.id}/replay")
    assert console.sent.messages == [("catalog.drain", SHOP_ID)]


def test_where_several_shops_share_stock_a_replay_is_looked_at_for_what_it_sold(console: Console) -> None:
    shops = Shops(console.redis)
    shops.save(make_shop(push_stock="on"))
    shops.claim(make_shop("2", push_stock="on"))
    kept = receive(console)
    console.press(f"{PAGE}/{kept.id}/replay")
    assert console.sent.messages == [("inventory.note_sold", SHOP_ID), ("orders.drain", SHOP_ID)]


def test_an_event_of_an_unknown_shop_says_what_to_do_and_is_replayed_once_it_is_linked(console: Console) -> None:
    kept = receive(console, shop_id="999")
    page = console.text(f"{PAGE}/{kept.id}")
    assert "The shop is not linked" in page
    assert f"/console/orders/999/{ORDER}" not in console.get(PAGE).get_data(as_text=True)
    assert "Not done." in console.press(f"{PAGE}/{kept.id}/replay")
    Shops(console.redis).claim(make_shop("999"))
    assert "Done." in console.press(f"{PAGE}/{kept.id}/replay")
    assert console.desk.due("999") == [ORDER]


def test_an_event_that_names_nothing_has_no_replay(console: Console) -> None:
    kept = receive(console, type=7, data={"message": "soon"})
    assert "/replay" not in console.get(f"{PAGE}/{kept.id}").get_data(as_text=True)


def test_a_viewer_sees_everything_and_replays_nothing(viewer: Console) -> None:
    kept = receive(viewer)
    assert viewer.get(f"{PAGE}/{kept.id}").status_code == 200
    assert viewer.post(f"{PAGE}/{kept.id}/replay").status_code == 403
    assert viewer.desk.due() == []


def test_a_replay_without_the_forms_token_is_refused(console: Console) -> None:
    kept = receive(console)
    assert console.client.post(f"{PAGE}/{kept.id}/replay").status_code == 400
    assert console.desk.due() == []


def test_what_was_refused_is_listed_with_its_reason_and_network(console: Console) -> None:
    assert "Nothing was refused." in console.text(f"{PAGE}/refused")
    console.desk.client.post(PATH, data=W0, environ_overrides={"REMOTE_ADDR": "203.0.113.77"})
    page = console.text(f"{PAGE}/refused")
    assert "not signed 401" in page
    assert "203.0.113.0/24" in page


@pytest.mark.parametrize("path", ["", "/refused", "/1-1"])
def test_strangers_are_sent_to_the_login(console: Console, path: str) -> None:
    answer = console.desk.app.test_client().get(PAGE + path)
    assert answer.status_code in (302, 303)
    assert "/console/login" in answer.headers["Location"]


def test_every_reason_of_a_refusal_has_words(console: Console) -> None:
    """The reasons are those of ``web/webhooks.py``: each ``Refused(status, name, reason)``."""
    import inspect
    import re

    import web.console.events
    import web.webhooks

    names = set(re.findall(r'Refused\(\s*\d+,\s*"(\w+)"', inspect.getsource(web.webhooks)))
    assert len(names) >= 6
    assert names == set(web.console.events._REFUSED)


def test_a_body_is_shown_whatever_was_in_it(console: Console) -> None:
    body = json.dumps(event(type=15)).encode().replace(b'"UNPAID"', b'"\\ud83d"')
    console.desk.post(body)
    kept = Inbox(console.redis).latest(1)[0]
    assert console.get(f"{PAGE}/{kept.id}").status_code == 200
