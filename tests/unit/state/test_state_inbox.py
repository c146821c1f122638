"""Webhooks kept once, their orders made due, and at most one drain on its way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.builders import SHOP_ID, make_shop
from tests.unit.conftest import Clock
from worker.state import inbox as inbox_module
from worker.state.dirty_set import DirtySet
from worker.state.inbox import REMEMBER_SECONDS, TRIGGER_SECONDS, Inbox, Received, count, counters, may_trigger
from worker.state.inbox import trigger_arrived as arrived
from worker.state.orders import OrderQueue
from worker.state.shops import Shops
from worker.state.timeline import ENTRIES_KEPT, Timeline, timeline_key


@pytest.fixture
def inbox(redis: Any, clock: Clock) -> Inbox:
    Shops(redis).claim(make_shop())
    return Inbox(redis)


def receive(inbox: Inbox, number: int = 1, **values: Any) -> Received:
    given = {
        "shop_id": SHOP_ID,
        "topic": "1",
        "notification_id": f"73{number}",
        "body": f'{{"number":{number}}}',
        "account_ids": ["demo"],
        "order_ids": [f"57{number}"],
        **values,
    }
    return inbox.receive(**given)


def due(redis: Any, shop_id: str = SHOP_ID) -> list[str]:
    return sorted(OrderQueue(redis, shop_id).claim(100, 60).ids)


def test_a_webhook_is_kept_and_its_orders_are_due(inbox: Inbox, redis: Any) -> None:
    received = receive(inbox, order_ids=["571", "572"])
    assert (received.outcome, received.tasks) == ("stored", ("orders.drain",))
    assert due(redis) == ["571", "572"]
    (event,) = inbox.latest()
    assert (event.shop_id, event.topic, event.outcome, event.body) == (SHOP_ID, "1", "stored", '{"number":1}')
    assert counters(redis) == {"webhooks_stored": 1}


def test_a_webhook_that_came_before_changes_nothing(inbox: Inbox, redis: Any) -> None:
    receive(inbox)
    due(redis)
    again = receive(inbox)
    assert (again.outcome, again.tasks) == ("duplicate", ())
    assert due(redis) == []
    assert len(inbox.latest()) == 1
    assert counters(redis) == {"webhooks_duplicate": 1, "webhooks_stored": 1}


def test_without_a_notification_id_the_body_tells_duplicates(inbox: Inbox) -> None:
    outcomes = [receive(inbox, notification_id="", body=body).outcome for body in ("a", "a", "b")]
    assert outcomes == ["stored", "duplicate", "stored"]


def test_the_same_notification_id_of_two_shops_is_two_webhooks(inbox: Inbox, redis: Any) -> None:
    Shops(redis).claim(make_shop("2"))
    assert receive(inbox).outcome == receive(inbox, shop_id="2").outcome == "stored"


def test_a_notification_is_remembered_longer_than_tiktok_delivers_it_again(inbox: Inbox, clock: Clock) -> None:
    receive(inbox)
    clock.forward(15.6 * 3600)  # TikTok's last retry
    assert receive(inbox).outcome == "duplicate"
    clock.forward(REMEMBER_SECONDS)
    assert receive(inbox).outcome == "stored"


def test_a_webhook_of_an_unknown_shop_is_kept_and_nothing_is_due(inbox: Inbox, redis: Any) -> None:
    received = receive(inbox, shop_id="999")
    assert (received.outcome, received.tasks) == ("unknown_shop", ())
    assert due(redis, "999") == []
    assert [event.outcome for event in inbox.latest()] == ["unknown_shop"]
    assert counters(redis) == {"webhooks_unknown_shop": 1}


@pytest.mark.parametrize("account_ids", [[], ["other"], ["dem"], ["demo2", "xdemo"]])
def test_an_account_cannot_speak_for_another_accounts_shop(inbox: Inbox, redis: Any, account_ids: list[str]) -> None:
    assert receive(inbox, account_ids=account_ids).outcome == "unknown_shop"
    assert due(redis) == []


def test_one_of_several_accounts_of_an_app_is_enough(inbox: Inbox) -> None:
    assert receive(inbox, account_ids=["other", "demo"]).outcome == "stored"


def test_at_most_one_drain_is_on_its_way(inbox: Inbox, redis: Any, clock: Clock) -> None:
    assert [bool(receive(inbox, number).tasks) for number in range(5)] == [True, False, False, False, False]
    assert not may_trigger(redis, SHOP_ID)
    arrived(redis, SHOP_ID)
    assert receive(inbox, 6).tasks
    clock.forward(TRIGGER_SECONDS + 1)  # its message was lost
    assert receive(inbox, 7).tasks
    assert len(due(redis)) == 7


def test_a_webhook_about_no_order_starts_no_drain(inbox: Inbox, redis: Any) -> None:
    assert receive(inbox, topic="15", order_ids=[]) == Received("stored", "0")
    assert may_trigger(redis, SHOP_ID)


def products_due(redis: Any, shop_id: str = SHOP_ID) -> dict[str, bool]:
    """Products that the catalogue is to look at, and whether TikTok is to be asked how they are now."""
    claim = DirtySet(redis, "products", shop_id).claim(100, 60)
    return {one: one in claim.forced for one in claim.ids}


def test_products_of_a_webhook_are_due_and_what_is_known_of_them_counts_as_outdated(inbox: Inbox, redis: Any) -> None:
    received = receive(inbox, topic="15", order_ids=[], product_ids=["1729", "1730"])
    assert (received.outcome, received.tasks) == ("stored", ("catalog.drain",))
    assert products_due(redis) == {"1729": True, "1730": True}
    assert due(redis) == []
    assert may_trigger(redis, SHOP_ID)  # of the orders


def test_orders_and_products_of_one_webhook_are_told_apart(inbox: Inbox, redis: Any) -> None:
    received = receive(inbox, order_ids=["571", "572"], product_ids=["1729"])
    assert received.tasks == ("orders.drain", "catalog.drain")
    assert due(redis) == ["571", "572"]
    assert products_due(redis) == {"1729": True}


def test_at_most_one_drain_of_the_catalogue_is_on_its_way(inbox: Inbox, redis: Any, clock: Clock) -> None:
    sent = [receive(inbox, number, order_ids=[], product_ids=[f"{number}"]).tasks for number in range(3)]
    assert sent == [("catalog.drain",), (), ()]
    arrived(redis, SHOP_ID, "products")
    assert receive(inbox, 5, order_ids=[], product_ids=["5"]).tasks == ("catalog.drain",)
    clock.forward(TRIGGER_SECONDS + 1)
    assert receive(inbox, 6, order_ids=[], product_ids=["6"]).tasks == ("catalog.drain",)
    assert len(products_due(redis)) == 5


@pytest.mark.parametrize("values", [{"shop_id": "999"}, {"account_ids": ["other"]}])
def test_no_stranger_makes_products_due(inbox: Inbox, redis: Any, values: dict[str, Any]) -> None:
    assert receive(inbox, order_ids=[], product_ids=["1729"], **values).tasks == ()
    assert products_due(redis) == products_due(redis, "999") == {}


def test_products_of_a_webhook_that_came_before_are_not_due_again(inbox: Inbox, redis: Any) -> None:
    receive(inbox, order_ids=[], product_ids=["1729"])
    products_due(redis)
    assert receive(inbox, order_ids=[], product_ids=["1729"]).tasks == ()
    assert products_due(redis) == {}


def test_only_where_stock_is_pushed_in_several_shops_a_sale_is_looked_at_at_once(inbox: Inbox, redis: Any) -> None:
    shops = Shops(redis)
    one, two = make_shop(push_stock="on"), make_shop("2", push_stock="on")
    shops.save(one)
    assert receive(inbox, 1).tasks == ("orders.drain",)
    arrived(redis, SHOP_ID)
    shops.claim(two)
    assert receive(inbox, 2).tasks == ("orders.drain", "inventory.note_sold")
    assert receive(inbox, 3).tasks == ()
    arrived(redis, SHOP_ID, "sold")
    assert receive(inbox, 4).tasks == ("inventory.note_sold",)
    arrived(redis, SHOP_ID, "sold")
    assert "inventory.note_sold" not in receive(inbox, 5, order_ids=[], product_ids=["1729"]).tasks
    shops.save(two.model_copy(update={"enabled": False}))
    assert "inventory.note_sold" not in receive(inbox, 6).tasks


def test_a_shop_that_may_trigger_once_may_not_at_once_again(redis: Any, clock: Clock) -> None:
    assert may_trigger(redis, "a")
    assert not may_trigger(redis, "a")
    assert may_trigger(redis, "b")
    clock.forward(TRIGGER_SECONDS + 1)
    assert may_trigger(redis, "a")


def test_an_order_that_is_due_later_is_due_now_and_one_that_is_due_stays(inbox: Inbox, redis: Any) -> None:
    queue = OrderQueue(redis, SHOP_ID)
    queue.mark(["571"])
    queue.again(queue.claim(1, 60), ["571"], 3600)
    receive(inbox, order_ids=["571"])
    assert due(redis) == ["571"]


def test_the_newest_webhooks_come_first(inbox: Inbox, clock: Clock) -> None:
    for number in range(5):
        receive(inbox, number)
        clock.forward(1)
    assert [event.body for event in inbox.latest(2)] == ['{"number":4}', '{"number":3}']


def test_counters_add_up(redis: Any) -> None:
    count(redis, "webhooks_unsigned")
    count(redis, "webhooks_unsigned", 2)
    count(redis, "a")
    assert counters(redis) == {"a": 1, "webhooks_unsigned": 3}


def timeline(redis: Any, order_id: str = "571", shop_id: str = SHOP_ID) -> list[tuple[str, str]]:
    return [(entry.kind, entry.text) for entry in Timeline(redis, shop_id).of(order_id)]


def test_a_webhook_is_told_in_the_timeline_of_each_of_its_orders(inbox: Inbox, redis: Any, clock: Clock) -> None:
    receive(inbox, order_ids=["571", "572"], summary="ORDER_STATUS_CHANGE UNPAID")
    (event,) = inbox.latest()
    told = [("webhook", f"ORDER_STATUS_CHANGE UNPAID, event {event.id}")]
    assert timeline(redis, "571") == timeline(redis, "572") == told
    (entry,) = Timeline(redis, SHOP_ID).of("571")
    assert entry.at == event.at == datetime.fromtimestamp(int(clock.now * 1000) / 1000, UTC)


def test_a_webhook_that_came_before_or_of_an_unknown_shop_is_in_no_timeline(inbox: Inbox, redis: Any) -> None:
    receive(inbox)
    receive(inbox)
    assert len(timeline(redis)) == 1
    receive(inbox, shop_id="999")
    assert timeline(redis, shop_id="999") == []


def test_a_timeline_keeps_the_newest_entries_and_ends_by_itself(redis: Any, inbox: Inbox) -> None:
    inbox = Inbox(redis, timeline_days=3)
    for number in range(ENTRIES_KEPT + 5):
        receive(inbox, number, order_ids=["571"], summary=f"number {number}")
    texts = [text.partition(",")[0] for _, text in timeline(redis)]
    assert texts == [f"number {number}" for number in range(5, ENTRIES_KEPT + 5)]
    assert redis.ttl(timeline_key(SHOP_ID, "571")) == 3 * 86400


def test_an_event_tells_what_it_is_about(inbox: Inbox) -> None:
    receive(inbox, order_ids=["571", "572"], product_ids=["1729"], notification_id="738")
    receive(inbox, order_ids=[], notification_id="739")
    quiet, event = inbox.latest()
    assert (event.notification_id, event.order_ids, event.product_ids) == ("738", ("571", "572"), ("1729",))
    assert (quiet.order_ids, quiet.product_ids) == ((), ())


def test_an_event_that_an_older_version_kept_is_read_all_the_same(inbox: Inbox, redis: Any) -> None:
    redis.xadd("tts:events", {"shop_id": SHOP_ID, "topic": "1", "outcome": "stored", "body": "{}"})
    (event,) = inbox.latest()
    assert (event.notification_id, event.order_ids, event.product_ids) == ("", (), ())


def test_every_kept_event_is_read_newest_first_over_any_number_of_portions(
    inbox: Inbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "_CHUNK", 3)
    for number in range(10):
        receive(inbox, number)
        clock.forward(0.001 if number % 2 else 0)
    ids = [event.id for event in inbox.newest_first()]
    assert len(ids) == len(set(ids)) == inbox.kept() == 10
    assert [event.id for event in inbox.newest_first(before=ids[4])] == ids[5:]
    since = next(event for event in inbox.latest() if event.id == ids[3]).at
    assert {event.id for event in inbox.newest_first(since=since)} >= set(ids[:4])
    assert all(event.at >= since for event in inbox.newest_first(since=since))


def test_one_event_is_found_by_its_id(inbox: Inbox) -> None:
    receive(inbox)
    (event,) = inbox.latest()
    assert inbox.find(event.id) == event
    assert inbox.find("1-1") is None


def test_what_comes_after_an_event_is_told_oldest_first(inbox: Inbox) -> None:
    for number in range(3):
        receive(inbox, number)
    newest, middle, oldest = inbox.latest()
    assert inbox.after(oldest.id, 0.01) == [middle, newest]
    assert inbox.after(newest.id, 0.01) == []


def test_old_webhooks_are_forgotten_by_their_age(inbox: Inbox, clock: Clock) -> None:
    receive(inbox, notification_id="1", order_ids=["571"])
    clock.forward(10 * 86400)
    receive(inbox, notification_id="2", order_ids=["572"])
    assert inbox.forget_before(datetime.fromtimestamp(clock.now, UTC) - timedelta(days=9)) == 1
    assert [event.order_ids for event in inbox.latest()] == [("572",)]


def test_a_shops_webhooks_can_be_forgotten_and_the_others_stay(inbox: Inbox) -> None:
    for number in range(3):
        receive(inbox, number, notification_id=f"{number}")
    receive(inbox, shop_id="999", notification_id="9")
    inbox.drop(SHOP_ID)
    assert [event.shop_id for event in inbox.latest()] == ["999"]
