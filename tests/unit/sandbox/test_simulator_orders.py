"""Order search and detail, the life of an order, and stock that follows."""

from __future__ import annotations

from typing import Any

import pytest
from simulator_stubs import Api, Clock

from sandbox.simulator import Simulator

SEARCH, DETAIL = "/order/202309/orders/search", "/order/202507/orders"
ASCENDING = {"page_size": "2", "sort_field": "update_time", "sort_order": "ASC"}


def place(api: Api, shop_id: str, **options: Any) -> str:
    lines = options.pop("lines", [{"seller_sku": "SKU-1"}])
    return str(api.control(f"/shops/{shop_id}/orders", {"lines": lines, **options})["id"])


def place_five(api: Api, shop_id: str, clock: Clock) -> list[str]:
    placed = []
    for _ in range(5):
        clock.advance(10)
        placed.append(place(api, shop_id))
    return placed


def ids(page: dict[str, Any]) -> list[str]:
    return [order["id"] for order in page["orders"]]


def search(api: Api, query: dict[str, str] | None = None, **body: Any) -> list[str]:
    return ids(api.data("POST", SEARCH, {"page_size": "100"} | (query or {}), body))


def show(api: Api, order_id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.data("GET", DETAIL, {"ids": order_id})["orders"][0]
    return found


def test_pages_follow_each_other_until_the_token_is_empty(api: Api, shop_id: str, clock: Clock) -> None:
    placed = place_five(api, shop_id, clock)
    seen: list[str] = []
    query = dict(ASCENDING)
    while True:
        page = api.data("POST", SEARCH, query, {})
        assert page["total_count"] == 5
        seen += ids(page)
        if not page["next_page_token"]:
            break
        query["page_token"] = page["next_page_token"]
    assert seen == placed


def test_an_order_that_changes_between_two_pages_shifts_the_next_page(api: Api, shop_id: str, clock: Clock) -> None:
    placed = place_five(api, shop_id, clock)
    first = api.data("POST", SEARCH, ASCENDING, {})
    assert ids(first) == placed[:2]
    api.control(f"/orders/{placed[0]}/touch")
    second = api.data("POST", SEARCH, ASCENDING | {"page_token": first["next_page_token"]}, {})
    assert ids(second) == placed[3:5], "the third order slid onto the first page and is not seen"


def test_a_page_token_needs_percent_encoding_and_is_checked(api: Api, shop_id: str, clock: Clock) -> None:
    place_five(api, shop_id, clock)
    token = api.data("POST", SEARCH, ASCENDING, {})["next_page_token"]
    assert set("+/=") & set(token)
    assert api.refusal("POST", SEARCH, ASCENDING | {"page_token": token.replace("+", " ")}, {})[1] == 36009004


@pytest.mark.parametrize("size", ["", "0", "101", "-1", "ten", "²"])
def test_the_page_size_is_required_from_1_to_100(api: Api, size: str) -> None:
    status, code, message = api.refusal("POST", SEARCH, {"page_size": size}, {})
    assert (status, code) == (400, 36009004)
    assert "page_size" in message


def test_the_default_is_newest_creation_first_and_a_misspelt_sort_field_is_ignored(
    api: Api, shop_id: str, clock: Clock
) -> None:
    placed = place_five(api, shop_id, clock)
    api.control(f"/orders/{placed[0]}/touch")
    assert search(api) == placed[::-1]
    assert search(api, {"sort_field": "updated"}) == placed[::-1]
    assert search(api, {"sort_field": "update_time"})[0] == placed[0]


def test_time_windows_include_their_start_and_exclude_their_end(api: Api, shop_id: str, clock: Clock) -> None:
    start = int(clock())
    placed = place_five(api, shop_id, clock)
    oldest_first = {"sort_order": "ASC"}
    assert search(api, oldest_first, create_time_ge=start + 20, create_time_lt=start + 40) == placed[1:3]
    clock.advance(100)
    api.control(f"/orders/{placed[0]}/touch")
    assert search(api, oldest_first, update_time_ge=start + 50) == [placed[0], placed[4]]
    assert search(api, oldest_first, update_time_ge=start + 50, create_time_lt=start + 50) == [placed[0]]


def test_every_filter_filters(api: Api, shop_id: str, simulator: Simulator) -> None:
    plain = place(api, shop_id)
    unpaid = place(api, shop_id, status="UNPAID")
    seller = place(api, shop_id, shipping_type="SELLER", buyer={"user_id": "7021000000000000001"})
    api.control(f"/orders/{plain}/request_cancel")
    assert search(api, order_status="UNPAID") == [unpaid]
    assert search(api, shipping_type="SELLER") == [seller]
    assert search(api, buyer_user_id="7021000000000000001") == [seller]
    assert search(api, is_buyer_request_cancel=True) == [plain]
    warehouse_id = simulator.world.shops[shop_id].sales_warehouses[0].id
    assert len(search(api, warehouse_ids=[warehouse_id])) == 3
    assert search(api, warehouse_ids=["1"]) == []


@pytest.mark.parametrize(
    "body",
    [
        {"order_status": "CANCEL"},
        {"update_time_ge": "1700000000"},
        {"warehouse_ids": "1"},
        {"is_buyer_request_cancel": 1},
    ],
)
def test_filters_of_a_wrong_type_or_value_are_refused(api: Api, body: dict[str, Any]) -> None:
    assert api.refusal("POST", SEARCH, {"page_size": "10"}, body)[1] == 36009004


def test_an_order_has_one_line_item_for_each_unit(api: Api, shop_id: str) -> None:
    lines = [{"seller_sku": "SKU-1", "quantity": 3}, {"seller_sku": "SKU-2"}]
    order = show(api, place(api, shop_id, lines=lines))
    assert [line["seller_sku"] for line in order["line_items"]] == ["SKU-1"] * 3 + ["SKU-2"]
    assert len({line["id"] for line in order["line_items"]}) == 4
    assert len(order["id"]) == 18


def test_detail_takes_at_most_50_ids(api: Api) -> None:
    assert api.refusal("GET", DETAIL, {"ids": ",".join(str(n) for n in range(51))})[1] == 36009004
    assert api.refusal("GET", DETAIL)[1] == 36009004


def test_unknown_ids_are_left_out_or_refused_by_setting(api: Api, shop_id: str) -> None:
    order_id = place(api, shop_id)
    wanted = {"ids": f"{order_id},576400000000000000"}
    assert ids(api.data("GET", DETAIL, wanted)) == [order_id]
    api.control("/settings", {"unknown_order_ids": "error"})
    assert api.refusal("GET", DETAIL, wanted)[1] == 21008111


def test_the_order_of_another_shop_is_refused(api: Api, shop_id: str, simulator: Simulator) -> None:
    order_id = place(api, shop_id)
    api.cipher = simulator.world.sellers["anna"].shops[1].cipher
    assert api.refusal("GET", DETAIL, {"ids": order_id})[1] == 21008111


@pytest.mark.parametrize("status", ["UNPAID", "ON_HOLD"])
def test_there_is_no_address_before_the_order_is_released(api: Api, shop_id: str, status: str) -> None:
    order_id = place(api, shop_id, status=status, shipping_type="SELLER")
    assert "recipient_address" not in show(api, order_id)
    api.control(f"/orders/{order_id}/set_status", {"status": "AWAITING_SHIPMENT"})
    assert show(api, order_id)["recipient_address"]["name"]


def test_addresses_are_masked_when_tiktok_ships_and_plain_when_the_seller_does(api: Api, shop_id: str) -> None:
    buyer = {"first_name": "John", "last_name": "Doe", "phone_number": "(+1)2135551234"}
    masked = show(api, place(api, shop_id, buyer=buyer))["recipient_address"]
    assert masked["name"] == "J*** D***"
    assert masked["phone_number"] == "(+1)213-***-1234"
    plain = show(api, place(api, shop_id, buyer=buyer, shipping_type="SELLER"))["recipient_address"]
    assert plain["name"] == "John Doe"
    assert plain["phone_number"] == "(+1)2135551234"
    assert masked["region_code"] == plain["region_code"] == "DE"


def test_statuses_only_go_forward_and_set_their_times(api: Api, shop_id: str, clock: Clock) -> None:
    order_id = place(api, shop_id, status="UNPAID")
    assert "paid_time" not in show(api, order_id)
    for status, time_field in (
        ("ON_HOLD", "paid_time"),
        ("AWAITING_SHIPMENT", "rts_sla_time"),
        ("AWAITING_COLLECTION", "rts_time"),
        ("IN_TRANSIT", "collection_time"),
        ("DELIVERED", "delivery_time"),
        ("COMPLETED", "delivery_time"),
    ):
        clock.advance(60)
        api.control(f"/orders/{order_id}/set_status", {"status": status})
        order = show(api, order_id)
        assert (order["status"], order["update_time"]) == (status, int(clock()))
        assert order[time_field] <= int(clock()) + 3 * 86_400
    assert order["tracking_number"]
    back = api.http.post(f"/_sandbox/orders/{order_id}/set_status", json={"status": "UNPAID"})
    assert back.status_code == 400
    assert api.http.post(f"/_sandbox/orders/{order_id}/cancel").status_code == 400


def stock_of(api: Api, shop_id: str, seller_sku: str = "SKU-1") -> tuple[int, int]:
    stock = api.http.get(f"/_sandbox/shops/{shop_id}/stock").get_json()["stock"].values()
    entry = next(entry for entry in stock if entry["seller_sku"] == seller_sku)
    return sum(entry["available"].values()), sum(entry["committed"].values())


def test_stock_is_committed_by_an_order_and_leaves_when_it_ships(api: Api, shop_id: str) -> None:
    order_id = place(api, shop_id, lines=[{"seller_sku": "SKU-1", "quantity": 3}], status="UNPAID")
    assert stock_of(api, shop_id) == (97, 3)
    api.control(f"/orders/{order_id}/set_status", {"status": "IN_TRANSIT"})
    assert stock_of(api, shop_id) == (97, 0)


def test_a_cancelled_order_gives_its_stock_back(api: Api, shop_id: str) -> None:
    order_id = place(api, shop_id, lines=[{"seller_sku": "SKU-1", "quantity": 3}])
    api.control(f"/orders/{order_id}/cancel")
    assert stock_of(api, shop_id) == (100, 0)


def test_more_than_there_is_cannot_be_ordered_and_is_counted(api: Api, shop_id: str) -> None:
    lines = [{"seller_sku": "SKU-1", "quantity": 60}, {"seller_sku": "SKU-1", "quantity": 41}]
    response = api.http.post(f"/_sandbox/shops/{shop_id}/orders", json={"lines": lines})
    assert response.status_code == 400
    assert "only 100 of SKU-1" in response.get_json()["error"]
    assert stock_of(api, shop_id) == (100, 0)
    assert api.http.get("/_sandbox/stats").get_json()["orders_refused_for_stock"] == 1


def test_an_order_can_be_patched_into_whatever_tiktok_might_send(api: Api, shop_id: str) -> None:
    order_id = place(api, shop_id, patch={"status": "TELEPORTED", "payment": {"currency": None}, "order_type": None})
    order = show(api, order_id)
    assert order["status"] == "TELEPORTED"
    assert "currency" not in order["payment"]
    assert "order_type" not in order
    api.control(f"/orders/{order_id}/patch", {"payment": {"total_amount": "1.00"}})
    assert show(api, order_id)["payment"]["total_amount"] == "1.00"


def test_random_orders_are_the_same_for_the_same_seed(api: Api, shop_id: str) -> None:
    def totals() -> list[str]:
        answer = api.control(f"/shops/{shop_id}/traffic", {"count": 10, "seed": 5})
        return [show(api, order_id)["payment"]["total_amount"] for order_id in answer["order_ids"]]

    assert totals() == totals()


def test_random_orders_have_several_units_and_returning_buyers(api: Api, shop_id: str) -> None:
    order_ids = api.control(f"/shops/{shop_id}/traffic", {"count": 40, "seed": 3})["order_ids"]
    orders = [show(api, order_id) for order_id in order_ids]
    assert any(len(order["line_items"]) > 2 for order in orders)
    assert 1 < len({order["user_id"] for order in orders}) < 40
    assert any(order["payment"]["platform_discount"] != "0.00" for order in orders)


def test_a_misspelt_option_is_refused(api: Api, shop_id: str) -> None:
    response = api.http.post(f"/_sandbox/shops/{shop_id}/orders", json={"lines": [{"seller_sku": "SKU-1"}], "stats": 1})
    assert response.status_code == 400
    assert "stats" in response.get_json()["error"]


def test_external_references_are_kept_found_and_replaced(api: Api, shop_id: str) -> None:
    order_id = place(api, shop_id)
    line_id = show(api, order_id)["line_items"][0]["id"]

    def add(reference: str, order: str = order_id) -> Any:
        external = {"id": reference, "platform": "ERP_SYSTEM", "line_items": [{"id": line_id, "origin_id": "1"}]}
        body = {"orders": [{"id": order, "external_order": external}]}
        return api.data("POST", "/order/202406/orders/external_orders", body=body)

    assert add("S00001") == {}
    assert add("S00002") == {}
    assert add("S00003", order="576400000000000000")["errors"][0]["code"] == 21008111
    kept = api.data("GET", f"/order/202406/orders/{order_id}/external_orders", {"platform": "ERP_SYSTEM"})
    assert [reference["id"] for reference in kept["external_orders"]] == ["S00002"]
    query = {"platform": "ERP_SYSTEM", "external_order_id": "S00002"}
    found = api.data("POST", "/order/202406/orders/external_order_search", query)
    assert [order["id"] for order in found["orders"]] == [order_id]
