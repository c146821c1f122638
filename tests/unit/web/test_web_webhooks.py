"""Webhooks: the good ones kept before they are acknowledged, each bad one answered with its reason."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_stubs import PATH, Desk, event, signed

from tests.unit.builders import APP_KEY, APP_SECRET, SHOP_ID, W0, W1, W2, make_shop
from worker.state.accounts import Accounts
from worker.state.dirty_set import DirtySet
from worker.state.orders import OrderQueue
from worker.state.secrets import SecretBox
from worker.state.shops import Shops
from worker.state.timeline import Timeline


def add_app(desk: Desk, name: str, app_key: str, app_secret: str) -> str:
    box = SecretBox(desk.parts.settings.secret_keys.get_secret_value())
    accounts = Accounts(desk.redis, box)
    return accounts.add(name=name, market="GB", service_id="7", app_key=app_key, app_secret=app_secret).id


@pytest.mark.parametrize("path", ["/tiktok/webhook", "/tokopedia/webhook"])
def test_a_good_webhook_is_kept_and_acknowledged_with_an_empty_body(desk: Desk, path: str) -> None:
    response = desk.tell(path)
    assert (response.status_code, response.data) == (200, b"")
    assert desk.due() == ["576653688135258178"]
    assert desk.sent.messages == [("orders.drain", SHOP_ID)]
    assert [(kept.topic, kept.outcome) for kept in desk.events()] == [("1", "stored")]
    assert desk.counted() == {"webhooks_stored": 1}


VECTORS = {
    W0: "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05",
    W1: "97ea7c1f121d0e3ad79ef2de59d002ea8bfdac3ccbf35bf001c5a90a2759b206",
    W2: "8faafe0953f87378cc62849d257f80560857ca94f4126439660c4efbd118c6af",
}


@pytest.mark.parametrize(
    ("body", "app", "shop_id", "due"),
    [
        (W0, ("abcdef", "123"), SHOP_ID, 1),
        (W1, (APP_KEY, APP_SECRET), "7494049642642441621", 1),
        (W2, (APP_KEY, APP_SECRET), "7494049642642441621", 0),
    ],
    ids=["W0 official", "W1", "W2 with spaces, umlauts and a newline at the end"],
)
def test_the_published_vectors_are_accepted(
    desk: Desk, body: bytes, app: tuple[str, str], shop_id: str, due: int
) -> None:
    account = "demo" if app[0] == APP_KEY else add_app(desk, "Official", *app)
    Shops(desk.redis).remove(shop_id)
    Shops(desk.redis).claim(make_shop(shop_id, account))
    response = desk.client.post(PATH, data=body, headers={"Authorization": VECTORS[body]})
    assert (response.status_code, len(desk.due(shop_id))) == (200, due)
    kept, sent = json.loads(desk.events()[0].body), json.loads(body)
    assert kept["data"].pop("note", "…") == "…"  # of W2; whatever people write stays out
    sent["data"].pop("note", None)
    assert kept == sent


def test_an_unsigned_webhook_is_refused(desk: Desk) -> None:
    response = desk.client.post(PATH, data=W0)
    assert (response.status_code, response.data) == (401, b"")  # TikTok's documentation asks for an empty body
    assert response.headers["X-Reason"] == "the Authorization header is missing"
    assert desk.counted() == {"webhooks_unsigned": 1}
    assert desk.events() == []


@pytest.mark.parametrize(
    "header",
    ["0" * 64, "Bearer x", "", " ", "\x00", "ß" * 32, "é", "a" * 5000, "null"],
    ids=lambda text: repr(text[:8]),
)
def test_a_wrongly_signed_webhook_is_refused(desk: Desk, header: str) -> None:
    environ = {"HTTP_AUTHORIZATION": header.encode().decode("latin-1")}
    response = desk.client.post(PATH, data=W0, environ_overrides=environ)
    assert (response.status_code, response.data) == (401, b"")
    assert desk.due() == []
    assert sum(desk.counted().values()) == 1


def test_a_webhook_signed_with_another_secret_is_refused(desk: Desk) -> None:
    response = desk.client.post(PATH, data=W0, headers=signed(W0, app_secret="another"))
    assert response.status_code == 401
    assert desk.counted() == {"webhooks_bad_signature": 1}


@pytest.mark.parametrize("body", [W0 + b" ", W0.replace(b"UNPAID", b"ON_HOLD"), W0[:-1], W1])
def test_a_webhook_that_was_changed_on_its_way_is_refused(desk: Desk, body: bytes) -> None:
    assert desk.client.post(PATH, data=body, headers=signed(W0)).status_code == 401
    assert desk.events() == []


def test_an_app_that_is_added_is_believed_without_a_restart(desk: Desk) -> None:
    desk.tell()  # the secrets are in memory now
    account = add_app(desk, "Second", "key2", "secret2")
    Shops(desk.redis).claim(make_shop("2", account))
    body = json.dumps(event(shop_id="2")).encode()
    desk.parts._loaded_at -= 2  # an unknown signature makes it read the accounts again, at most once a second
    response = desk.client.post(PATH, data=body, headers=signed(body, app_key="key2", app_secret="secret2"))
    assert response.status_code == 200
    assert desk.due("2") == ["576653688135258178"]


def test_an_app_that_is_removed_is_believed_no_more(desk: Desk) -> None:
    box = SecretBox(desk.parts.settings.secret_keys.get_secret_value())
    desk.tell()
    Accounts(desk.redis, box).remove("demo")
    desk.tell(tts_notification_id="2")  # tells of the newer accounts
    assert desk.tell(tts_notification_id="3").status_code == 401


def test_a_flood_of_wrong_signatures_does_not_read_the_accounts_each_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.tell()
    reads = []
    real = desk.parts.accounts.all
    monkeypatch.setattr(desk.parts.accounts, "all", lambda: reads.append(1) or real())
    for _ in range(20):
        desk.client.post(PATH, data=W0, headers={"Authorization": "0" * 64})
    assert len(reads) <= 1


def test_an_account_cannot_speak_for_another_accounts_shop(desk: Desk) -> None:
    add_app(desk, "Stranger", "key2", "secret2")
    body = json.dumps(event()).encode()
    response = desk.client.post(PATH, data=body, headers=signed(body, app_key="key2", app_secret="secret2"))
    assert response.status_code == 200  # it is a webhook of TikTok's, but not about a shop of this account
    assert desk.due() == []
    assert desk.counted() == {"webhooks_unknown_shop": 1}


def test_two_accounts_of_one_app_each_have_their_shops(desk: Desk) -> None:
    Shops(desk.redis).claim(make_shop("2", add_app(desk, "Second seller", APP_KEY, APP_SECRET)))
    assert desk.tell().status_code == desk.tell(shop_id="2").status_code == 200
    assert desk.due() == desk.due("2") == ["576653688135258178"]


def oversized(desk: Desk) -> bytes:
    return json.dumps(event(note="x" * desk.parts.settings.webhook_max_bytes)).encode()


def test_an_oversized_webhook_is_refused(desk: Desk) -> None:
    response = desk.post(oversized(desk))
    assert response.status_code == 413
    assert response.text == "the body is larger than 65536 bytes\n"
    assert desk.counted() == {"webhooks_too_large": 1}


def test_an_oversized_webhook_that_does_not_tell_its_length_is_refused(desk: Desk) -> None:
    body = oversized(desk)
    response = desk.client.post(
        PATH,
        input_stream=io.BytesIO(body),
        headers={**signed(body), "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},  # as gunicorn says of a chunked request
    )
    assert response.status_code == 413


def test_a_chunked_webhook_of_a_fair_size_is_kept(desk: Desk) -> None:
    response = desk.client.post(
        PATH,
        input_stream=io.BytesIO(W0),
        headers={**signed(W0), "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == 200
    assert desk.due() == ["576653688135258178"]


def test_a_webhook_just_below_the_limit_is_kept(desk: Desk) -> None:
    room = desk.parts.settings.webhook_max_bytes - len(json.dumps(event(note="")))
    assert desk.tell(note="x" * room).status_code == 200
    assert desk.tell(note="x" * (room + 1)).status_code == 413


@pytest.mark.parametrize(
    ("body", "counted", "reason"),
    [
        (b"", "empty", "the body is empty"),
        (b"hello", "not_json", "the body is not JSON in UTF-8"),
        (b'{"type":1', "not_json", "the body is not JSON in UTF-8"),
        (b"\xff\xfe{}", "not_json", "the body is not JSON in UTF-8"),
        ('{"type":1,"shop_id":"ö"}'.encode("latin-1"), "not_json", "the body is not JSON in UTF-8"),
        ('{"type":1}'.encode("utf-16"), "not_json", "the body is not JSON in UTF-8"),
        (b'{"type":' + b"9" * 5000 + b"}", "not_json", "the body is not JSON in UTF-8"),
        (b"[" * 30_000 + b"]" * 30_000, "too_deep", "the body is nested too deeply"),
        (b'{"data":' * 5000 + b"1" + b"}" * 5000, "too_deep", "the body is nested too deeply"),
        (b"[]", "bad_envelope", "the body is not a webhook of TikTok Shop"),
        (b"null", "bad_envelope", "the body is not a webhook of TikTok Shop"),
        (b'"text"', "bad_envelope", "the body is not a webhook of TikTok Shop"),
        (b'{"type":1,"shop_id":"1","data":"text"}', "bad_envelope", "the body is not a webhook of TikTok Shop"),
        (b'{"type":1,"shop_id":"1","data":[1]}', "bad_envelope", "the body is not a webhook of TikTok Shop"),
        (b"{}", "bad_envelope", "shop_id and type are needed"),
        (b'{"type":1,"data":{}}', "bad_envelope", "shop_id and type are needed"),
        (b'{"shop_id":"1","data":{}}', "bad_envelope", "shop_id and type are needed"),
        (b'{"shop_id":"","type":1}', "bad_envelope", "shop_id and type are needed"),
        (b'{"shop_id":{"a":1},"type":1}', "bad_envelope", "shop_id and type are needed"),
        (b'{"shop_id":["1"],"type":1}', "bad_envelope", "shop_id and type are needed"),
        (b'{"shop_id":true,"type":1}', "bad_envelope", "shop_id and type are needed"),
        (b'{"shop_id":"1","type":null}', "bad_envelope", "shop_id and type are needed"),
        (b'{"shop_id":"1","type":1.5}', "bad_envelope", "shop_id and type are needed"),
        (b'{"shop_id":"1\\n2","type":1}', "bad_envelope", "shop_id and type are needed"),
        (b'{"shop_id":"\\ud800","type":1}', "bad_envelope", "shop_id and type are needed"),
        (b'{"shop_id":"' + b"1" * 500 + b'","type":1}', "bad_envelope", "shop_id and type are needed"),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else "",
)
def test_a_signed_webhook_that_makes_no_sense_is_refused_with_the_reason(
    desk: Desk, body: bytes, counted: str, reason: str
) -> None:
    response = desk.post(body)
    assert (response.status_code, response.text) == (400, f"{reason}\n")
    assert desk.counted() == {f"webhooks_{counted}": 1}
    assert desk.events() == []


def test_no_depth_of_nesting_is_a_fault_of_ours(desk: Desk) -> None:
    """Reading and writing JSON reach Python's limit at different depths; in between nothing may break."""
    limit = sys.getrecursionlimit()
    statuses = set()
    for depth in range(limit - 120, limit + 20, 2):
        body = b'{"type":1,"shop_id":"%s","data":{"x":' % SHOP_ID.encode() + b"[" * depth + b"]" * depth + b"}}"
        statuses.add(desk.post(body).status_code)
    assert statuses == {200, 400}


def test_ids_that_come_as_integers_are_ids(desk: Desk) -> None:
    response = desk.tell(
        shop_id=int(SHOP_ID), tts_notification_id=7380066284010030890, data={"order_id": 576653688135258178}
    )
    assert response.status_code == 200
    assert desk.due() == ["576653688135258178"]
    assert desk.tell(tts_notification_id="7380066284010030890").status_code == 200
    assert desk.counted() == {"webhooks_duplicate": 1, "webhooks_stored": 1}


@pytest.mark.parametrize(
    "order_id", [None, "", "abc", "57 1", "-5", "1e5", 5.5, True, [], {}, "5" * 33, "５７", "571\n", {"id": "571"}]
)
def test_what_is_no_order_id_never_gets_into_the_dirty_set(desk: Desk, order_id: Any) -> None:
    assert desk.tell(data={"order_id": order_id}).status_code == 200
    assert desk.due() == []


@pytest.mark.parametrize(
    ("topic", "data", "due"),
    [
        (3, {"order_id": "571"}, ["571"]),
        (4, {"package_list": [{"order_id_list": ["571", 572]}, {"order_id_list": None}, "odd"]}, ["571", "572"]),
        (11, {"order_id": "571", "cancel_id": "9"}, ["571"]),
        (12, {"order_id": "571", "return_id": "9"}, ["571"]),
        (36, {"order_ids": ["571", "572"]}, ["571", "572"]),
        (15, {"product_id": "1729592969712207008"}, []),
        (5, {"product_id": 1729592969712207008}, []),
        (4, {"package_list": "odd"}, []),
        (36, {"order_ids": "571"}, []),
    ],
)
def test_every_topic_that_names_orders_makes_them_due(desk: Desk, topic: int, data: Any, due: list[str]) -> None:
    assert desk.tell(type=topic, data=data).status_code == 200
    assert desk.due() == due


def products_due(desk: Desk, shop_id: str = SHOP_ID) -> dict[str, bool]:
    """Products that the catalogue is to look at, and whether TikTok is to be asked how they are now."""
    claim = DirtySet(desk.redis, "products", shop_id).claim(1000, 60)
    return {one: one in claim.forced for one in claim.ids}


@pytest.mark.parametrize("topic", [5, 15, 16, 37, "15"])
@pytest.mark.parametrize("product_id", ["1729592969712207008", 1729592969712207008])
def test_a_topic_of_the_catalogue_has_its_product_looked_at_as_it_is_now(
    desk: Desk, topic: Any, product_id: Any
) -> None:
    assert desk.tell(type=topic, data={"product_id": product_id}).status_code == 200
    assert products_due(desk) == {"1729592969712207008": True}
    assert desk.due() == []
    assert desk.sent.messages == [("catalog.drain", SHOP_ID)]


def test_a_burst_of_products_starts_one_drain_of_the_catalogue(desk: Desk) -> None:
    for number in range(30):
        desk.tell(type=15, tts_notification_id=str(number), data={"product_id": f"17{number}"})
    assert desk.sent.messages == [("catalog.drain", SHOP_ID)]
    assert len(products_due(desk)) == 30


@pytest.mark.parametrize("product_id", [None, "", "abc", "-5", 5.5, True, [], {}, "1" * 33, "５７"])
def test_what_is_no_product_id_makes_nothing_due(desk: Desk, product_id: Any) -> None:
    assert desk.tell(type=15, data={"product_id": product_id}).status_code == 200
    assert (products_due(desk), desk.sent.messages) == ({}, [])


@pytest.mark.parametrize("topic", [1, 4, 12, 38, 99])
def test_a_product_that_another_topic_names_by_the_way_makes_nothing_due(desk: Desk, topic: int) -> None:
    desk.tell(type=topic, data={"product_id": "1729592969712207008"})
    assert (products_due(desk), desk.sent.messages) == ({}, [])


def test_a_stranger_makes_no_product_due(desk: Desk) -> None:
    assert desk.tell(type=15, shop_id="999", data={"product_id": "1729592969712207008"}).status_code == 200
    assert (products_due(desk, "999"), desk.sent.messages) == ({}, [])


def test_a_sale_is_told_to_the_other_shops_whose_stock_is_pushed(desk: Desk) -> None:
    shops = Shops(desk.redis)
    shops.save(make_shop(push_stock="on"))
    shops.claim(make_shop("2", push_stock="on"))
    desk.tell()
    assert desk.sent.messages == [("orders.drain", SHOP_ID), ("inventory.note_sold", SHOP_ID)]


def test_a_replayed_webhook_is_acknowledged_and_changes_nothing(desk: Desk) -> None:
    desk.tell()
    desk.due()
    response = desk.tell()
    assert (response.status_code, response.data) == (200, b"")
    assert desk.due() == []
    assert len(desk.events()) == 1
    assert desk.sent.messages == [("orders.drain", SHOP_ID)]


def test_a_webhook_of_an_unknown_shop_is_kept_and_acknowledged(desk: Desk) -> None:
    assert desk.tell(shop_id="999").status_code == 200
    assert [(kept.shop_id, kept.outcome) for kept in desk.events()] == [("999", "unknown_shop")]
    assert desk.sent.messages == []


@pytest.mark.parametrize("topic", [99, "BRAND_NEW", 0])
def test_an_unknown_topic_is_kept_and_acknowledged(desk: Desk, topic: Any) -> None:
    assert desk.tell(type=topic, data={"whatever": [1, {"a": None}]}).status_code == 200
    (kept,) = desk.events()
    assert (kept.topic, kept.outcome) == (str(topic), "stored")
    assert json.loads(kept.body)["data"] == {"whatever": [1, {"a": None}]}


@pytest.mark.parametrize("data", [None, {}])
def test_a_topic_without_data_is_kept(desk: Desk, data: Any) -> None:
    assert desk.post(json.dumps({**event(type=7), "data": data}).encode()).status_code == 200
    assert len(desk.events()) == 1


def test_a_topic_of_the_seller_carries_the_sellers_id(desk: Desk) -> None:
    assert desk.tell(type=24, shop_id=None, seller_open_id="7010736057180325637").status_code == 200
    assert desk.events()[0].shop_id == "7010736057180325637"


@pytest.mark.parametrize("topic", [13, 14, 33, "14"])
def test_what_people_write_to_each_other_is_not_kept(desk: Desk, topic: Any) -> None:
    desk.tell(type=topic, data={"content": "My phone is 0171 234567", "conversation_id": "5"})
    (kept,) = desk.events()
    assert "0171" not in kept.body
    assert "data" not in json.loads(kept.body)


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({"order_id": "57", "order_status": "UNPAID", "is_on_hold_order": False, "update_time": 5}, None),
        ({"package_list": [{"package_id": "1", "order_id_list": ["2", "3"]}], "sc_type": "COMBINE"}, None),
        ({"product_id": 7, "changed_fields": ["title", "main_images"]}, None),
        ({"order_id": "57", "buyer_nickname": "anna77"}, {"order_id": "57", "buyer_nickname": "…"}),
        ({"recipient_address": {"phone": "0171234567"}}, {"recipient_address": "…"}),
        ({"order_id": "57", "whatever": "Anna Smith"}, {"order_id": "57", "whatever": "…"}),
        ({"list": [{"deep": "Königstraße 5"}]}, {"list": [{"deep": "…"}]}),
        ({"Anna Smith": 1}, {}),
    ],
)
def test_of_a_webhook_ids_states_and_times_are_kept_and_nothing_that_may_be_about_a_person(
    desk: Desk, data: dict[str, Any], kept: dict[str, Any] | None
) -> None:
    assert desk.tell(data=data).status_code == 200
    assert json.loads(desk.events()[0].body)["data"] == (data if kept is None else kept)


@pytest.mark.parametrize("text", ["\\ud83d", "\\udc00 and \\ud800", "\\u0000", "\\ud83d\\ude00"])
def test_a_text_cut_within_an_emoji_does_no_harm(desk: Desk, text: str) -> None:
    body = json.dumps(event(type=15)).encode().replace(b'"UNPAID"', f'"{text}"'.encode())
    assert desk.post(body).status_code == 200
    assert json.loads(desk.events()[0].body)["data"]["order_status"] == "…"
    assert desk.tell().status_code == 200  # the same notification: told as a duplicate


def test_a_broken_text_without_a_notification_id_is_kept_as_well(desk: Desk) -> None:
    body = json.dumps(event(tts_notification_id=None)).encode().replace(b'"UNPAID"', b'"\\ud83d"')
    assert desk.post(body).status_code == 200
    assert desk.post(body).status_code == 200
    assert desk.counted() == {"webhooks_duplicate": 1, "webhooks_stored": 1}


def test_a_seller_who_ends_the_authorization_is_looked_at_at_once(desk: Desk) -> None:
    assert desk.tell(type=6, data={"message": "deauthorized"}).status_code == 200
    assert desk.sent.messages == [("auth.deauthorized", SHOP_ID)]


def test_a_burst_of_webhooks_starts_one_drain(desk: Desk) -> None:
    for number in range(30):
        desk.tell(tts_notification_id=str(number), data={"order_id": f"57{number}"})
    assert desk.sent.messages == [("orders.drain", SHOP_ID)]
    assert len(desk.due()) == 30


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_post_is_taken(desk: Desk, method: str) -> None:
    assert getattr(desk.client, method)(PATH).status_code == 405


@pytest.mark.parametrize(
    ("body", "headers", "told"),
    [
        (W0, {}, ("unsigned", 401)),
        (W0, {"Authorization": "0" * 64}, ("bad_signature", 401)),
        (b"", {}, ("empty", 400)),
        (b"not JSON", signed(b"not JSON"), ("not_json", 400)),
        (b"x" * 70_000, {}, ("too_large", 413)),
    ],
)
def test_a_refused_webhook_is_noted_for_operators_and_nothing_of_what_it_held(
    desk: Desk, dump: Callable[[], str], body: bytes, headers: dict[str, str], told: tuple[str, int]
) -> None:
    environ = {"REMOTE_ADDR": "203.0.113.77"}
    assert desk.client.post(PATH, data=body, headers=headers, environ_overrides=environ).status_code == told[1]
    (noted,) = desk.parts.refusals.latest()
    assert (noted.name, noted.status) == told
    assert (noted.size or 0) == len(body)
    assert noted.network == "203.0.113.0/24"
    stored = dump()
    assert "203.0.113.77" not in stored
    assert not body or body.decode() not in stored
    assert not headers or headers["Authorization"] not in stored


def test_a_flood_of_refused_webhooks_does_not_fill_redis(desk: Desk) -> None:
    for _ in range(50):
        assert desk.client.post(PATH, data=W0).status_code == 401
    counted = desk.counted()
    assert counted["webhooks_unsigned"] == 50
    assert len(desk.parts.refusals.latest()) == 50 - counted["webhooks_refused_not_noted"] <= 15


def test_an_orders_timeline_tells_of_its_webhooks(desk: Desk) -> None:
    desk.tell()
    (entry,) = Timeline(desk.redis, SHOP_ID).of("576653688135258178")
    assert (entry.kind, entry.text) == ("webhook", f"ORDER_STATUS_CHANGE UNPAID, event {desk.events()[0].id}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
HEADERS = st.dictionaries(
    st.sampled_from(["Authorization", "Content-Type", "Content-Length", "Content-Encoding", "Host", "X-Odd"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=80),
)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(body=st.binary(max_size=300), headers=HEADERS)
def test_random_bytes_and_headers_are_never_a_fault_of_ours(desk: Desk, body: bytes, headers: dict[str, str]) -> None:
    response = desk.client.post(PATH, data=body, headers=headers)
    assert response.status_code < 500


@QUICK
@given(body=st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_random_bodies_of_tiktoks_own_are_never_a_fault_of_ours(desk: Desk, body: bytes) -> None:
    assert desk.post(body).status_code in (200, 400)


@QUICK
@given(
    fields=st.dictionaries(
        st.sampled_from(["type", "tts_notification_id", "shop_id", "seller_open_id", "timestamp", "data", "odd"]), JSON
    )
)
def test_random_envelopes_are_never_a_fault_of_ours(desk: Desk, fields: dict[str, Any]) -> None:
    assert desk.post(json.dumps({**event(), **fields}).encode()).status_code in (200, 400)


@QUICK
@given(data=st.dictionaries(st.sampled_from(["order_id", "order_ids", "package_list", "order_id_list"]), JSON))
def test_random_contents_make_only_order_ids_due(desk: Desk, data: dict[str, Any]) -> None:
    for name in desk.redis.scan_iter("tts:seen:*"):
        desk.redis.delete(name)
    OrderQueue(desk.redis, SHOP_ID).drop()
    assert desk.post(json.dumps({**event(), "data": data}).encode()).status_code == 200
    assert all(order_id.isdigit() for order_id in desk.due())
