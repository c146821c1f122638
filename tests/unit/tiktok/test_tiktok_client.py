"""Signed, typed calls: what goes over the wire, tokens that end, limits, lists that hold foreign ids."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses
from tiktok_stubs import API, APP_SECRET, Limiter, Tokens, envelope

from worker.tiktok.auth import AppCredentials
from worker.tiktok.client import AccountClient, ShopClient
from worker.tiktok.errors import TikTokPermanentError, TikTokReauthorizeError, TikTokRetryableError
from worker.tiktok.models import ExternalOrderReference
from worker.tiktok.signing import sign_request
from worker.tiktok.transport import Transport

WAREHOUSES = f"{API}/logistics/202309/warehouses"
ORDERS = f"{API}/order/202507/orders"
SEARCH = f"{API}/order/202309/orders/search"


@pytest.fixture
def client(transport: Transport, credentials: AppCredentials, tokens: Tokens, limiter: Limiter) -> ShopClient:
    clock = itertools.count(1700000000, 7).__next__
    return ShopClient(transport, credentials, tokens, limiter, scope="749", cipher="GCP_cipher", clock=clock)


def params(call: int = 0) -> dict[str, str]:
    request: Any = responses.calls[call].request
    return dict(request.params)


def is_signed(request: requests.PreparedRequest) -> bool:
    query: dict[str, str] = dict(request.params)  # type: ignore[attr-defined]
    body = request.body if isinstance(request.body, bytes) else b""
    return query["sign"] == sign_request(APP_SECRET, (request.path_url or "").partition("?")[0], query, body)


@responses.activate
def test_a_call_is_signed_and_carries_token_cipher_and_key(client: ShopClient, limiter: Limiter) -> None:
    responses.add("POST", SEARCH, json=envelope({"orders": [], "total_count": 0}))
    client.search_orders(page_token="aGk+/w==", status="AWAITING_SHIPMENT")
    request = responses.calls[0].request
    assert is_signed(request)
    assert request.headers["x-tts-access-token"] == "ROW_first"
    assert request.headers["content-type"] == "application/json"
    query = params()
    assert query.pop("sign")
    assert query == {
        "app_key": "6demoappkey01",
        "timestamp": "1700000000",
        "shop_cipher": "GCP_cipher",
        "page_size": "100",
        "page_token": "aGk+/w==",
        "sort_field": "update_time",
        "sort_order": "ASC",
    }
    assert request.body == b'{"order_status":"AWAITING_SHIPMENT"}'
    assert limiter.acquired == ["6demoappkey01:749:POST /order/202309/orders/search"]


@responses.activate
def test_empty_parameters_are_not_sent(client: ShopClient) -> None:
    responses.add("POST", SEARCH, json=envelope({}))
    page = client.search_orders()
    assert "page_token" not in params()
    assert (page.summaries, page.next_page_token, page.total_count) == ([], "", 0)


@responses.activate
def test_calls_for_the_whole_account_carry_no_cipher(
    transport: Transport, credentials: AppCredentials, tokens: Tokens, limiter: Limiter
) -> None:
    responses.add("GET", f"{API}/authorization/202309/shops", json=envelope({"shops": []}))
    assert AccountClient(transport, credentials, tokens, limiter, scope="acme").authorized_shops() == []
    assert "shop_cipher" not in params()


@responses.activate
def test_each_attempt_is_signed_anew_with_a_new_timestamp_and_counts(client: ShopClient, limiter: Limiter) -> None:
    responses.add("GET", WAREHOUSES, status=500, body="oops")
    responses.add("GET", WAREHOUSES, json=envelope({"warehouses": []}))
    assert client.warehouses() == []
    assert [params(call)["timestamp"] for call in (0, 1)] == ["1700000000", "1700000007"]
    assert params(0)["sign"] != params(1)["sign"]
    assert all(is_signed(call.request) for call in responses.calls)
    assert len(limiter.acquired) == 2


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [(200, 105002, "Expired credentials"), (401, 105002, ""), (401, 36009004, "Invalid x-tts-access-token")],
)
@responses.activate
def test_an_ended_token_is_renewed_once_and_the_call_made_once_more(
    client: ShopClient, tokens: Tokens, status: int, code: int, message: str
) -> None:
    responses.add("GET", WAREHOUSES, status=status, json=envelope(code=code, message=message))
    responses.add("GET", WAREHOUSES, json=envelope({"warehouses": []}))
    assert client.warehouses() == []
    assert tokens.renewals == ["ROW_first"]
    used = [call.request.headers["x-tts-access-token"] for call in responses.calls]
    assert used == ["ROW_first", "ROW_renewed1"]


@responses.activate
def test_a_token_that_is_refused_even_when_new_needs_the_seller(client: ShopClient, tokens: Tokens) -> None:
    responses.add("GET", WAREHOUSES, status=401, json=envelope(code=105002, message="Expired credentials"))
    with pytest.raises(TikTokReauthorizeError):
        client.warehouses()
    assert (len(tokens.renewals), len(responses.calls)) == (1, 2)


@responses.activate
def test_a_shop_that_is_not_covered_is_not_helped_by_a_renewal(client: ShopClient, tokens: Tokens) -> None:
    responses.add("GET", WAREHOUSES, json=envelope(code=101000, message="no"))
    with pytest.raises(TikTokReauthorizeError):
        client.warehouses()
    assert (tokens.renewals, len(responses.calls)) == ([], 1)


@pytest.mark.parametrize(("headers", "seconds"), [({"Retry-After": "4"}, 4.0), ({}, 1.0)])
@responses.activate
def test_a_429_holds_all_workers_back(
    client: ShopClient, limiter: Limiter, headers: dict[str, str], seconds: float
) -> None:
    responses.add("GET", WAREHOUSES, status=429, json=envelope(code=36009002), headers=headers)
    responses.add("GET", WAREHOUSES, json=envelope({"warehouses": []}))
    client.warehouses()
    assert limiter.penalties == [("6demoappkey01:749:GET /logistics/202309/warehouses", seconds)]


@responses.activate
def test_no_message_of_a_failed_call_holds_token_secret_or_query(client: ShopClient) -> None:
    responses.add(
        "GET", WAREHOUSES, body=requests.ConnectionError(f"GET {WAREHOUSES}?sign=abc&app_secret={APP_SECRET}")
    )
    with pytest.raises(TikTokRetryableError) as caught:
        client.warehouses()
    assert caught.value.__context__ is None
    for secret in (APP_SECRET, "ROW_first", "sign=", "GCP_cipher"):
        assert secret not in str(caught.value)


def whole(order_id: str, **changes: Any) -> dict[str, Any]:
    line = {"id": f"{order_id}1", "sku_id": "2", "sale_price": "1", "original_price": "1"}
    return {
        "id": order_id,
        "status": "AWAITING_SHIPMENT",
        "create_time": 1,
        "update_time": 2,
        "payment": {"currency": "USD", "total_amount": "1"},
        "line_items": [line],
        **changes,
    }


@responses.activate
def test_details_of_several_orders_take_one_call(client: ShopClient) -> None:
    responses.add("GET", ORDERS, json=envelope({"orders": [whole("1"), whole("2", payment=None)]}))
    details = client.order_details(["1", "2", "3", "1"])
    assert params()["ids"] == "1,2,3"
    assert [order.id for order in details.orders] == ["1"]
    assert [(bad.id, bad.reason) for bad in details.invalid] == [("2", "payment: Field required")]
    assert details.missing == ["3"]


@responses.activate
def test_one_foreign_order_spoils_none_of_the_others(client: ShopClient) -> None:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        ids = request.params["ids"].split(",")
        if "13" in ids:
            return 200, {}, json.dumps(envelope(code=21008111, message="Order does not belong to the shop"))
        return 200, {}, json.dumps(envelope({"orders": [whole(order_id) for order_id in ids]}))

    responses.add_callback("GET", ORDERS, callback=answer)
    wanted = [str(number) for number in range(50)]
    details = client.order_details(wanted)
    assert sorted(order.id for order in details.orders) == sorted(set(wanted) - {"13"})
    assert details.missing == ["13"]
    assert len(responses.calls) <= 13


@responses.activate
def test_an_error_that_concerns_all_orders_is_raised(client: ShopClient) -> None:
    responses.add("GET", ORDERS, status=403, json=envelope(code=105005, message="Access denied"))
    with pytest.raises(TikTokPermanentError) as caught:
        client.order_details(["1", "2"])
    assert "seller.order.info" in str(caught.value)
    assert len(responses.calls) == 1


@responses.activate
def test_a_listed_order_that_cannot_be_read_does_not_hide_the_others(client: ShopClient) -> None:
    rows = [whole("1"), whole("2", update_time=None), "junk"]
    responses.add("POST", SEARCH, json=envelope({"orders": rows, "next_page_token": "more", "total_count": 3}))
    page = client.search_orders(
        update_time_ge=datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC),
        update_time_lt=datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC),
    )
    assert [summary.id for summary in page.summaries] == ["1"]
    assert [bad.id for bad in page.invalid] == ["2", ""]
    assert (page.next_page_token, page.total_count, len(page.raw)) == ("more", 3, 3)
    body = json.loads(responses.calls[0].request.body or b"")
    assert body == {"update_time_ge": 1700000000, "update_time_lt": 1700000001}


@pytest.mark.parametrize(
    "data", [{"warehouses": [{}]}, {"warehouses": "none"}, {"warehouses": ["x"]}, {"warehouses": [{"id": None}]}]
)
@responses.activate
def test_an_answer_that_lacks_what_is_needed_says_so(client: ShopClient, data: object) -> None:
    responses.add("GET", WAREHOUSES, json=envelope(data))
    with pytest.raises(TikTokPermanentError) as caught:
        client.warehouses()
    assert caught.value.code == "unexpected_answer"
    assert "/logistics/202309/warehouses" in str(caught.value)


@responses.activate
def test_our_references_are_written_and_read_back(client: ShopClient) -> None:
    responses.add("POST", f"{API}/order/202406/orders/external_orders", json=envelope({}))
    external = {"id": "S00042", "platform": "ERP_SYSTEM", "line_items": [{"id": "11", "origin_id": "11"}]}
    responses.add(
        "GET", f"{API}/order/202406/orders/576/external_orders", json=envelope({"external_orders": [external]})
    )
    reference = ExternalOrderReference(order_id="576", external_id="S00042", line_item_ids=["11"])
    assert client.add_external_order_references([reference]) == []
    assert json.loads(responses.calls[0].request.body or b"") == {"orders": [{"id": "576", "external_order": external}]}
    (read,) = client.external_order_references("576")
    assert (read.id, read.line_items[0].origin_id) == ("S00042", "11")
    assert params(1)["platform"] == "ERP_SYSTEM"


@responses.activate
def test_deleting_a_webhook_signs_the_body_of_the_delete(client: ShopClient) -> None:
    responses.add("DELETE", f"{API}/event/202309/webhooks", json=envelope({}))
    client.delete_webhook("ORDER_STATUS_CHANGE")
    assert responses.calls[0].request.body == b'{"event_type":"ORDER_STATUS_CHANGE"}'
    assert is_signed(responses.calls[0].request)


@responses.activate
def test_an_id_cannot_lead_to_another_path(client: ShopClient) -> None:
    responses.add("GET", f"{API}/product/202309/products/..%2F..%2Forders", json=envelope({"id": "1"}))
    assert client.product_detail("../../orders").id == "1"
    assert is_signed(responses.calls[0].request)


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.order_details([str(number) for number in range(51)]),
        lambda client: client.search_inventory(),
        lambda client: client.search_inventory(product_ids=["1"], sku_ids=["2"]),
        lambda client: client.search_inventory(sku_ids=["1"] * 601),
        lambda client: client.update_inventory("1", {"2": {"3": -1}}),
        lambda client: client.search_orders(update_time_ge=datetime(2026, 1, 1)),  # noqa: DTZ001
    ],
    ids=["51 orders", "no stock asked for", "products and SKUs", "601 SKUs", "stock below zero", "a naive time"],
)
@responses.activate
def test_what_tiktok_would_refuse_is_not_even_asked(client: ShopClient, call: Callable[[ShopClient], object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        call(client)
    assert len(responses.calls) == 0


@responses.activate
def test_no_orders_take_no_call(client: ShopClient) -> None:
    assert client.order_details([]).orders == []
    assert len(responses.calls) == 0
