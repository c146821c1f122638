"""Packages: who may ship what, how, and how orders follow; labels, splits and combines."""

from __future__ import annotations

from typing import Any

import pytest
from simulator_stubs import Api, Clock, Deliveries

from sandbox.simulator import Simulator

PACKAGES = "/fulfillment/202309/packages"
DHL = "7117858858072016687"


def place(api: Api, shop_id: str, units: int = 1, **options: Any) -> dict[str, Any]:
    lines = [{"seller_sku": "SKU-1", "quantity": units}]
    placed: dict[str, Any] = api.control(f"/shops/{shop_id}/orders", {"lines": lines, **options})
    return placed


def package_of(order: dict[str, Any]) -> str:
    return str(order["packages"][0]["id"])


def shown(api: Api, order_id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.data("GET", "/order/202507/orders", {"ids": order_id})["orders"][0]
    return found


def slots(api: Api, package: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.data("GET", f"{PACKAGES}/{package}/handover_time_slots")["pickup_slots"]
    return found


def free_slot(api: Api, package: str) -> dict[str, int]:
    slot = next(slot for slot in slots(api, package) if slot["avaliable"])
    return {"start_time": slot["start_time"], "end_time": slot["end_time"]}


def ship(api: Api, package: str, **body: Any) -> None:
    api.data("POST", f"{PACKAGES}/{package}/ship", body={"handover_method": "DROP_OFF", **body})


def code(api: Api, method: str, path: str, body: Any = None, **query: str) -> int:
    return api.refusal(method, path, query, body)[1]


def test_a_package_is_shipped_collected_and_delivered_and_its_order_follows(api: Api, shop_id: str) -> None:
    order = place(api, shop_id)
    package = package_of(order)
    ship(api, package, handover_method="PICKUP", pickup_slot=free_slot(api, package))
    found = shown(api, order["id"])
    line = found["line_items"][0]
    assert (found["status"], line["package_status"], line["display_status"]) == (
        "AWAITING_COLLECTION",
        "PROCESSING",
        "AWAITING_COLLECTION",
    )
    assert line["tracking_number"] == found["tracking_number"]
    for action, status in (("collect", "IN_TRANSIT"), ("deliver", "DELIVERED")):
        api.control(f"/packages/{package}/{action}")
        assert shown(api, order["id"])["status"] == status


def test_local_sellers_in_the_united_states_see_no_package_before_they_ship(api: Api, simulator: Simulator) -> None:
    shop = simulator.world.sellers["anna"].shops[1]
    api.control(f"/shops/{shop.id}/products", {"products": [{"seller_sku": "SKU-1", "title": "T", "price": "1"}]})
    assert place(api, shop.id)["packages"] == []


def test_a_pickup_slot_must_be_one_that_is_offered_and_free(api: Api, shop_id: str) -> None:
    package = package_of(place(api, shop_id))
    taken = {name: slots(api, package)[0][name] for name in ("start_time", "end_time")}
    for slot in (taken, {"start_time": 1, "end_time": 2}):
        body = {"handover_method": "PICKUP", "pickup_slot": slot}
        assert code(api, "POST", f"{PACKAGES}/{package}/ship", body) == 36009004


@pytest.mark.parametrize(
    ("options", "body", "refusal"),
    [
        ({"shipping_type": "SELLER"}, {}, 21011022),
        (
            {"shipping_type": "SELLER"},
            {"self_shipment": {"tracking_number": "1", "shipping_provider_id": "9"}},
            21011022,
        ),
        ({}, {"self_shipment": {"tracking_number": "1", "shipping_provider_id": DHL}}, 36009004),
        ({}, {"handover_method": "DRONE"}, 36009004),
    ],
)
def test_what_does_not_fit_how_the_order_ships_is_refused(
    api: Api, shop_id: str, options: dict[str, Any], body: dict[str, Any], refusal: int
) -> None:
    package = package_of(place(api, shop_id, **options))
    assert code(api, "POST", f"{PACKAGES}/{package}/ship", body) == refusal


def test_a_package_is_shipped_once(api: Api, shop_id: str) -> None:
    package = package_of(place(api, shop_id))
    ship(api, package)
    assert code(api, "POST", f"{PACKAGES}/{package}/ship", {}) == 21011006


def test_an_order_whose_buyer_asks_to_cancel_is_not_shipped(api: Api, shop_id: str) -> None:
    order = place(api, shop_id)
    api.control(f"/orders/{order['id']}/request_cancel")
    assert code(api, "POST", f"{PACKAGES}/{package_of(order)}/ship", {}) == 21021010


def test_packages_of_others_and_those_that_are_gone_are_unknown(api: Api, shop_id: str) -> None:
    order = place(api, shop_id, units=2)
    package = package_of(order)
    api.control(f"/orders/{order['id']}/split", {"groups": [[line["id"]] for line in order["line_items"]]})
    for gone in ("1", package):
        assert code(api, "GET", f"{PACKAGES}/{gone}") == 21011001


def test_a_label_is_a_pdf_between_shipping_and_collection(
    api: Api, shop_id: str, clock: Clock, simulator: Simulator
) -> None:
    simulator.world.settings.label_seconds = 30
    package = package_of(place(api, shop_id))
    path, query = f"{PACKAGES}/{package}/shipping_documents", {"document_type": "SHIPPING_LABEL"}
    assert code(api, "GET", path) == 36009004
    assert code(api, "GET", path, **query) == 21023035
    ship(api, package)
    assert code(api, "GET", path, **query) == 11034037
    clock.advance(31)
    document = api.data("GET", path, query)
    fetched = api.http.get(document["doc_url"])
    assert fetched.data.startswith(b"%PDF-")
    assert document["tracking_number"].encode() in fetched.data
    clock.advance(86_401)
    assert api.http.get(document["doc_url"]).status_code == 404
    api.control(f"/packages/{package}/collect")
    assert code(api, "GET", path, **query) == 21023046


def test_a_parcel_that_the_seller_ships_has_no_label(api: Api, shop_id: str) -> None:
    package = package_of(place(api, shop_id, shipping_type="SELLER"))
    path = f"{PACKAGES}/{package}/shipping_documents"
    assert code(api, "GET", path, document_type="SHIPPING_LABEL") == 11034002


def test_some_units_are_marked_as_shipped_and_make_a_package(api: Api, shop_id: str, clock: Clock) -> None:
    order = place(api, shop_id, units=2, shipping_type="SELLER")
    first, second = (line["id"] for line in order["line_items"])
    path = f"/fulfillment/202309/orders/{order['id']}/packages"
    body = {"tracking_number": "0034", "shipping_provider_id": DHL, "order_line_item_ids": [first]}
    package = api.data("POST", path, body=body)["package_id"]
    assert shown(api, order["id"])["status"] == "PARTIALLY_SHIPPING"
    assert code(api, "POST", path, body) == 21011006
    api.data("POST", path, body=body | {"order_line_item_ids": [second]})
    assert shown(api, order["id"])["status"] == "AWAITING_COLLECTION"
    update = f"{PACKAGES}/{package}/shipping_info/update"
    corrected = {"tracking_number": "0035", "shipping_provider_id": DHL}
    api.data("POST", update, body=corrected)
    assert shown(api, order["id"])["line_items"][0]["tracking_number"] == "0035"
    clock.advance(3 * 86_400 + 1)
    api.grant()
    assert code(api, "POST", update, corrected) == 21011049


def test_what_tiktok_ships_is_not_marked_as_shipped(api: Api, shop_id: str) -> None:
    order = place(api, shop_id)
    body = {"tracking_number": "1", "shipping_provider_id": DHL, "order_line_item_ids": [order["line_items"][0]["id"]]}
    assert code(api, "POST", f"/fulfillment/202309/orders/{order['id']}/packages", body) == 21011004


def test_a_split_must_hold_every_unit_once_and_is_told(
    api: Api, shop_id: str, simulator: Simulator, deliveries: Deliveries
) -> None:
    order = place(api, shop_id, units=3)
    ids = [line["id"] for line in order["line_items"]]
    path = f"/fulfillment/202309/orders/{order['id']}/split"

    def groups(*parts: list[str]) -> dict[str, Any]:
        return {"splittable_groups": [{"id": "1", "order_line_item_ids": part} for part in parts]}

    for parts in (([ids[0]], [ids[1]]), (ids, [ids[0]]), (ids,)):
        assert code(api, "POST", path, groups(*parts)) == 36009004
    made = api.data("POST", path, body=groups(ids[:1], ids[1:]))["packages"]
    assert [len(each["order_line_item_ids"]) for each in made] == [1, 2]
    assert shown(api, order["id"])["split_or_combine_tag"] == "SPLIT"
    simulator.webhooks.run_due()
    (told,) = [payload["data"] for payload in deliveries.payloads if payload["type"] == 4]
    assert (told["sc_type"], [each["package_id"] for each in told["package_list"]]) == (
        "SPLIT",
        [each["id"] for each in made],
    )


def test_orders_are_combined_into_one_package_and_taken_apart_again(api: Api, shop_id: str) -> None:
    orders = [place(api, shop_id) for _ in range(2)]
    ids = [package_of(order) for order in orders]
    (package,) = api.data("POST", f"{PACKAGES}/combine", body={"combinable_packages": ids})["packages"]
    assert sorted(package["order_ids"]) == sorted(order["id"] for order in orders)
    assert {package_of(shown(api, order["id"])) for order in orders} == {package["id"]}
    api.data("POST", f"{PACKAGES}/{package['id']}/uncombine", body={})
    assert len({package_of(shown(api, order["id"])) for order in orders}) == 2
    assert (
        code(api, "POST", f"{PACKAGES}/combine", {"combinable_packages": [package_of(shown(api, orders[0]["id"]))]})
        == 21001022
    )


def test_packages_are_searched_by_time_and_state(api: Api, shop_id: str, clock: Clock) -> None:
    shipped = [package_of(place(api, shop_id)) for _ in range(3)]
    for package in shipped:
        clock.advance(10)
        ship(api, package)
    query = {"page_size": "2", "sort_field": "update_time", "sort_order": "ASC"}
    page = api.data("POST", f"{PACKAGES}/search", query, {"package_status": "PROCESSING"})
    assert ([each["id"] for each in page["packages"]], page["total_count"]) == (shipped[:2], 3)
    rest = api.data("POST", f"{PACKAGES}/search", query | {"page_token": page["next_page_token"]}, {})
    assert [each["id"] for each in rest["packages"]] == shipped[2:]
    assert code(api, "POST", f"{PACKAGES}/search", {}, page_size="51") == 36009004
