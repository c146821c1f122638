"""Webhooks: who gets them, what they say, the retry ladder, and the faults that can be switched on."""

from __future__ import annotations

import pytest
from simulator_stubs import APP_KEY, APP_SECRET, Api, Clock, Deliveries

from sandbox.signing import webhook_signature
from sandbox.simulator import Simulator

LINES = {"lines": [{"seller_sku": "SKU-1", "quantity": 2}]}


def place(api: Api, shop_id: str, **options: object) -> str:
    return str(api.control(f"/shops/{shop_id}/orders", LINES | options)["id"])


def test_a_new_order_is_told_with_a_signature_over_the_raw_body(
    api: Api, shop_id: str, simulator: Simulator, deliveries: Deliveries, clock: Clock
) -> None:
    order_id = place(api, shop_id)
    simulator.webhooks.run_due()
    (payload,) = deliveries.payloads
    assert payload["type"] == 1
    assert payload["shop_id"] == shop_id
    assert payload["tts_notification_id"].isdigit()
    assert payload["data"] == {
        "order_id": order_id,
        "order_status": "AWAITING_SHIPMENT",
        "is_on_hold_order": False,
        "update_time": int(clock()),
    }
    assert deliveries.signatures == [webhook_signature(APP_KEY, APP_SECRET, deliveries.bodies[0])]
    assert deliveries.urls == ["https://erp.test/hook"]


def test_a_cancellation_says_cancel_in_the_webhook_and_cancelled_in_the_api(
    api: Api, shop_id: str, simulator: Simulator, deliveries: Deliveries
) -> None:
    order_id = place(api, shop_id)
    api.control(f"/orders/{order_id}/request_cancel")
    api.control(f"/orders/{order_id}/cancel", {"by": "BUYER", "reason": "Change of mind"})
    simulator.webhooks.run_due()
    told = [(payload["type"], payload["data"]) for payload in deliveries.payloads]
    assert [type_ for type_, _ in told] == [1, 11, 11, 1]
    assert told[1][1]["cancel_status"] == "CANCELLATION_REQUEST_PENDING"
    assert told[2][1]["cancellations_role"] == "BUYER"
    assert told[3][1]["order_status"] == "CANCEL"
    order = api.data("GET", "/order/202507/orders", {"ids": order_id})["orders"][0]
    assert (order["status"], order["cancellation_initiator"]) == ("CANCELLED", "BUYER")


def test_an_address_change_is_told_with_type_3(
    api: Api, shop_id: str, simulator: Simulator, deliveries: Deliveries
) -> None:
    order_id = place(api, shop_id, shipping_type="SELLER")
    api.control(f"/orders/{order_id}/change_address", {"address_line1": "9 New Street"})
    simulator.webhooks.run_due()
    assert deliveries.payloads[-1]["type"] == 3
    order = api.data("GET", "/order/202507/orders", {"ids": order_id})["orders"][0]
    assert order["recipient_address"]["address_line1"] == "9 New Street"
    assert order["has_updated_recipient_address"]


def test_partially_shipping_is_never_told(api: Api, shop_id: str, simulator: Simulator, deliveries: Deliveries) -> None:
    order_id = place(api, shop_id, notify=False)
    api.control(f"/orders/{order_id}/set_status", {"status": "PARTIALLY_SHIPPING"})
    simulator.webhooks.run_due()
    assert deliveries.bodies == []


def test_the_url_of_the_event_api_goes_before_the_apps(
    api: Api, shop_id: str, simulator: Simulator, deliveries: Deliveries
) -> None:
    body = {"event_type": "ORDER_STATUS_CHANGE", "address": "https://erp.test/orders"}
    assert api.data("PUT", "/event/202309/webhooks", body=body) == {}
    assert api.data("GET", "/event/202309/webhooks")["webhooks"][0]["address"] == "https://erp.test/orders"
    place(api, shop_id)
    assert api.data("DELETE", "/event/202309/webhooks", body={"event_type": "ORDER_STATUS_CHANGE"}) == {}
    place(api, shop_id)
    simulator.webhooks.run_due()
    assert deliveries.urls == ["https://erp.test/orders", "https://erp.test/hook"]


@pytest.mark.parametrize("status", [0, 201, 302, 404, 500, 503])
def test_what_is_not_200_is_sent_again_after_2_min_30_min_3_h_and_12_h_and_then_no_more(
    api: Api, shop_id: str, deliveries: Deliveries, clock: Clock, status: int
) -> None:
    webhooks = api.simulator.webhooks
    deliveries.status = status
    place(api, shop_id)
    assert webhooks.run_due() == 1
    for wait in (120, 1800, 10_800, 43_200):
        clock.advance(wait - 1)
        assert webhooks.run_due() == 0
        clock.advance(1)
        assert webhooks.run_due() == 1
    clock.advance(10**6)
    assert webhooks.run_due() == 0
    assert len(deliveries.bodies) == 5
    assert len(set(deliveries.bodies)) == 1
    assert webhooks.stats()["given_up"] == 1


@pytest.mark.parametrize("status", [200, 401])
def test_200_and_401_are_final(api: Api, shop_id: str, deliveries: Deliveries, clock: Clock, status: int) -> None:
    webhooks = api.simulator.webhooks
    deliveries.status = status
    place(api, shop_id)
    webhooks.run_due()
    clock.advance(10**6)
    assert webhooks.run_due() == 0
    assert webhooks.stats()["pending"] == 0


def test_a_redelivery_has_the_same_notification_id_also_when_the_first_was_lost(
    api: Api, shop_id: str, simulator: Simulator, deliveries: Deliveries
) -> None:
    api.control("/webhooks", {"lose": 1.0})
    order_id = place(api, shop_id)
    assert simulator.webhooks.run_due() == 0
    for _ in range(2):
        assert api.control(f"/orders/{order_id}/redeliver")["count"] == 1
    simulator.webhooks.run_due()
    assert len({payload["tts_notification_id"] for payload in deliveries.payloads}) == 1
    assert len(deliveries.payloads) == 2


def test_webhooks_can_be_doubled(
    api: Api, shop_id: str, simulator: Simulator, deliveries: Deliveries, clock: Clock
) -> None:
    api.control("/webhooks", {"duplicate": 1.0})
    place(api, shop_id)
    clock.advance(60)
    simulator.webhooks.run_due()
    assert len(deliveries.bodies) == 2
    assert len(set(deliveries.bodies)) == 1


def test_reordered_webhooks_come_in_another_order_and_all(
    api: Api, shop_id: str, simulator: Simulator, deliveries: Deliveries, clock: Clock
) -> None:
    api.control("/webhooks", {"reorder": 0.5, "seed": 7})
    placed = [place(api, shop_id) for _ in range(20)]
    clock.advance(60)
    simulator.webhooks.run_due()
    told = [payload["data"]["order_id"] for payload in deliveries.payloads]
    assert told != placed
    assert sorted(told) == sorted(placed)


def test_the_same_seed_loses_the_same_webhooks(api: Api, shop_id: str, deliveries: Deliveries) -> None:
    def delivered() -> list[int]:
        deliveries.bodies.clear()
        api.control("/webhooks", {"lose": 0.3, "seed": 42})
        placed = [place(api, shop_id) for _ in range(25)]
        api.simulator.webhooks.run_due()
        return [placed.index(payload["data"]["order_id"]) for payload in deliveries.payloads]

    first = delivered()
    assert 0 < len(first) < 25
    assert delivered() == first


def test_paused_webhooks_wait(api: Api, shop_id: str, simulator: Simulator, deliveries: Deliveries) -> None:
    api.control("/webhooks", {"paused": True})
    place(api, shop_id)
    assert simulator.webhooks.run_due() == 0
    assert simulator.webhooks.stats()["pending"] == 1
    api.control("/webhooks", {"paused": False})
    assert simulator.webhooks.run_due() == 1
    assert len(deliveries.bodies) == 1
