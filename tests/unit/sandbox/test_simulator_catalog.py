"""What products look like to an app, what a seller can do with them, and the webhooks that tell of it."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any
from urllib.parse import urlsplit

import pytest
from simulator_stubs import Api, Clock, Deliveries

from sandbox.simulator import Simulator

SEARCH = "/product/202502/products/search"
SHIRT = {
    "title": "Shirt",
    "description": "<p>A <b>red</b> shirt</p>",
    "images": 2,
    "package_weight": "0.25",
    "skus": [
        {"seller_sku": "S-R-M", "price": "20.00", "attributes": {"Color": "Red", "Size": "M"}},
        {
            "seller_sku": "S-R-L",
            "price": "22.00",
            "attributes": {"Color": "Red", "Size": "L"},
            "barcode": "4006381333931",
        },
    ],
}
CUP = {"seller_sku": "CUP", "title": "Cup", "price": "5.00"}


@pytest.fixture
def shirt(api: Api, shop_id: str) -> list[dict[str, str]]:
    """The SKUs of a shirt in two sizes."""
    skus: list[dict[str, str]] = api.control(f"/shops/{shop_id}/products", {"products": [SHIRT]})["skus"]
    return skus


def detail(api: Api, product_id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.data("GET", f"/product/202309/products/{product_id}")
    return found


def told(simulator: Simulator, deliveries: Deliveries) -> list[tuple[int, dict[str, Any]]]:
    """Type and data of the webhooks since the last call."""
    deliveries.bodies.clear()
    simulator.webhooks.run_due()
    return [(payload["type"], payload["data"]) for payload in deliveries.payloads]


def test_the_detail_shows_description_weight_and_attributes_with_ids_that_stay(
    api: Api, shirt: list[dict[str, str]]
) -> None:
    product = detail(api, shirt[0]["product_id"])
    assert product["description"] == SHIRT["description"]
    assert product["package_weight"] == {"value": "0.25", "unit": "KILOGRAM"}
    medium, large = (sku["sales_attributes"] for sku in product["skus"])
    assert [(part["name"], part["value_name"]) for part in medium] == [("Color", "Red"), ("Size", "M")]
    assert medium[0] == large[0]
    assert medium[1]["id"] == large[1]["id"]
    assert medium[1]["value_id"] != large[1]["value_id"]


def test_a_sku_without_attributes_has_a_specification(api: Api, shop_id: str, simulator: Simulator) -> None:
    sku = simulator.world.skus_of(simulator.world.shops[shop_id])[0]
    (attribute,) = detail(api, sku.product.id)["skus"][0]["sales_attributes"]
    assert (attribute["name"], attribute["value_name"]) == ("Specification", "Default")


def test_a_barcode_is_in_the_detail_and_not_in_the_list(api: Api, shirt: list[dict[str, str]]) -> None:
    medium, large = detail(api, shirt[0]["product_id"])["skus"]
    assert "identifier_code" not in medium
    assert large["identifier_code"] == {"code": "4006381333931", "type": "GTIN"}
    listed = api.data("POST", SEARCH, {"page_size": "1"}, {})["products"][0]["skus"]
    assert not any("identifier_code" in sku for sku in listed)


def test_the_pictures_are_png_files_served_by_the_simulator(api: Api, shirt: list[dict[str, str]]) -> None:
    images = detail(api, shirt[0]["product_id"])["main_images"]
    assert len({image["uri"] for image in images}) == 2
    assert images[0]["urls"][0].startswith("http://localhost/_images/")
    answer = api.http.get(urlsplit(images[0]["urls"][0]).path)
    assert answer.mimetype == "image/png"
    assert answer.data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", answer.data[16:24]) == (images[0]["width"], images[0]["height"])
    length = struct.unpack(">I", answer.data[33:37])[0]
    assert len(zlib.decompress(answer.data[41 : 41 + length])) == 300 * (1 + 300 * 3)


def test_replaced_pictures_have_new_addresses_and_the_old_ones_are_gone(api: Api, shirt: list[dict[str, str]]) -> None:
    product_id = shirt[0]["product_id"]
    old = detail(api, product_id)["main_images"]
    api.control(f"/products/{product_id}/update", {"images": 1})
    (new,) = detail(api, product_id)["main_images"]
    assert new["urls"] not in [image["urls"] for image in old]
    assert api.http.get(urlsplit(new["urls"][0]).path).status_code == 200
    assert api.http.get(urlsplit(old[0]["urls"][0]).path).status_code == 404


def test_a_fault_can_hit_a_picture(api: Api, shirt: list[dict[str, str]]) -> None:
    path = urlsplit(detail(api, shirt[0]["product_id"])["main_images"][0]["urls"][0]).path
    for fault in ({"kind": "garbage"}, {"kind": "missing_field", "name": "id"}):
        api.control("/faults/fail_next", fault | {"path": "/_images/"})
    assert api.http.get(path).mimetype == "text/html"
    assert api.http.get(path).mimetype == "image/png"


@pytest.mark.parametrize(
    "change",
    [
        ("ACTIVATE", "SELLER_DEACTIVATED", "PRODUCT_STATUS_CHANGED", ""),
        ("ACTIVATE", "FREEZE", "PRODUCT_STATUS_CHANGED", "The listing violates a rule"),
        ("DRAFT", "ACTIVATE", "PRODUCT_FIRST_PASS_REVIEW", ""),
        ("PENDING", "FAILED", "PRODUCT_AUDIT_FAILURE", ""),
    ],
)
def test_a_change_of_the_status_is_told_with_type_5_and_an_integer(
    api: Api, shop_id: str, simulator: Simulator, deliveries: Deliveries, change: tuple[str, str, str, str]
) -> None:
    before, after, kind, reason = change
    (sku,) = api.control(f"/shops/{shop_id}/products", {"products": [CUP | {"status": before}]})["skus"]
    api.control(f"/products/{sku['product_id']}/set_status", {"status": after})
    api.control(f"/products/{sku['product_id']}/set_status", {"status": after})
    ((type_, data),) = told(simulator, deliveries)
    assert type_ == 5
    assert data.pop("update_time") == int(simulator.world.clock())
    assert data == {"product_id": int(sku["product_id"]), "status": kind, "suspended_reason": reason}


def test_an_app_that_deactivates_a_product_is_told_of_it(
    api: Api, shirt: list[dict[str, str]], simulator: Simulator, deliveries: Deliveries
) -> None:
    body = {"product_ids": [shirt[0]["product_id"]]}
    api.data("POST", "/product/202309/products/deactivate", body=body)
    assert [type_ for type_, _ in told(simulator, deliveries)] == [5]


def test_an_edit_of_a_live_product_is_told_with_type_15(
    api: Api, shirt: list[dict[str, str]], simulator: Simulator, deliveries: Deliveries, clock: Clock
) -> None:
    product_id = shirt[0]["product_id"]
    clock.advance(60)
    api.control(f"/products/{product_id}/update", {"title": "Blouse", "images": 1, "package_weight": 1})
    ((type_, data),) = told(simulator, deliveries)
    assert type_ == 15
    assert data == {
        "product_id": product_id,
        "change_source": "SELLER_CENTER",
        "changed_fields": ["title", "main_images", "others"],
        "update_time": int(clock()),
    }
    product = detail(api, product_id)
    assert (product["title"], product["update_time"]) == ("Blouse", int(clock()))


def test_an_edit_of_a_product_that_is_not_live_is_not_told(
    api: Api, shop_id: str, simulator: Simulator, deliveries: Deliveries
) -> None:
    (sku,) = api.control(f"/shops/{shop_id}/products", {"products": [CUP | {"status": "DRAFT"}]})["skus"]
    api.control(f"/products/{sku['product_id']}/update", {"title": "Mug"})
    assert told(simulator, deliveries) == []


def test_price_and_stock_are_never_told(
    api: Api, shirt: list[dict[str, str]], simulator: Simulator, deliveries: Deliveries
) -> None:
    api.control(f"/skus/{shirt[0]['sku_id']}/update", {"price": "21.00"})
    api.control(f"/skus/{shirt[0]['sku_id']}/set_stock", {"quantity": 3})
    assert told(simulator, deliveries) == []
    assert detail(api, shirt[0]["product_id"])["skus"][0]["price"]["sale_price"] == "21.00"


def test_new_products_are_told_with_type_16_only_when_that_is_wanted(
    api: Api, shop_id: str, simulator: Simulator, deliveries: Deliveries
) -> None:
    api.control(f"/shops/{shop_id}/products", {"products": [CUP]})
    assert told(simulator, deliveries) == []
    (sku,) = api.control(f"/shops/{shop_id}/products", {"products": [CUP], "notify": True})["skus"]
    ((type_, data),) = told(simulator, deliveries)
    assert (type_, data["product_id"], data["product_types"]) == (16, int(sku["product_id"]), [])


def test_product_webhooks_go_to_the_url_of_the_event_api_and_come_again(
    api: Api, shirt: list[dict[str, str]], simulator: Simulator, deliveries: Deliveries
) -> None:
    body = {"event_type": "PRODUCT_STATUS_CHANGE", "address": "https://erp.test/products"}
    api.data("PUT", "/event/202309/webhooks", body=body)
    api.control("/webhooks", {"lose": 1.0})
    product_id = shirt[0]["product_id"]
    api.control(f"/products/{product_id}/set_status", {"status": "FREEZE"})
    assert told(simulator, deliveries) == []
    assert api.control(f"/products/{product_id}/redeliver")["count"] == 1
    assert [data["product_id"] for _, data in told(simulator, deliveries)] == [int(product_id)]
    assert deliveries.urls == ["https://erp.test/products"]


def test_a_changed_seller_sku_is_found_under_its_new_name(api: Api, shop_id: str, shirt: list[dict[str, str]]) -> None:
    changes = {"seller_sku": "S-NEW", "barcode": "", "attributes": {"Color": "Blue", "Size": "L"}}
    api.control(f"/skus/{shirt[1]['sku_id']}/update", changes)
    order = api.control(f"/shops/{shop_id}/orders", {"lines": [{"seller_sku": "S-NEW"}]})
    assert order["line_items"][0]["sku_id"] == shirt[1]["sku_id"]
    assert "identifier_code" not in detail(api, shirt[0]["product_id"])["skus"][1]
    refused = api.http.post(f"/_sandbox/shops/{shop_id}/orders", json={"lines": [{"seller_sku": "S-R-L"}]})
    assert "no SKU with seller_sku" in refused.get_json()["error"]


def test_variants_come_and_go(api: Api, shop_id: str, shirt: list[dict[str, str]]) -> None:
    product_id = shirt[0]["product_id"]
    new = {"seller_sku": "S-R-XL", "price": "24.00", "attributes": {"Color": "Red", "Size": "XL"}, "quantity": 5}
    added = api.control(f"/products/{product_id}/add_sku", new)
    api.control(f"/skus/{shirt[0]['sku_id']}/remove")
    assert [sku["id"] for sku in detail(api, product_id)["skus"]] == [shirt[1]["sku_id"], added["sku_id"]]
    api.control(f"/skus/{added['sku_id']}/remove")
    last = api.http.post(f"/_sandbox/skus/{shirt[1]['sku_id']}/remove")
    assert "delete the product instead" in last.get_json()["error"]


def test_what_is_not_live_cannot_be_ordered(api: Api, shop_id: str, shirt: list[dict[str, str]]) -> None:
    api.control(f"/products/{shirt[0]['product_id']}/set_status", {"status": "SELLER_DEACTIVATED"})
    refused = api.http.post(f"/_sandbox/shops/{shop_id}/orders", json={"lines": [{"sku_id": shirt[0]["sku_id"]}]})
    assert "SELLER_DEACTIVATED" in refused.get_json()["error"]


def test_of_two_skus_with_one_seller_sku_the_live_one_is_ordered(
    api: Api, shop_id: str, shirt: list[dict[str, str]]
) -> None:
    (twin,) = api.control(f"/shops/{shop_id}/products", {"products": [CUP | {"seller_sku": "S-R-M"}]})["skus"]
    api.control(f"/products/{shirt[0]['product_id']}/set_status", {"status": "DELETED"})
    order = api.control(f"/shops/{shop_id}/orders", {"lines": [{"seller_sku": "S-R-M"}]})
    assert order["line_items"][0]["sku_id"] == twin["sku_id"]


@pytest.mark.parametrize("status", ["FREEZE", "DELETED"])
def test_a_hidden_product_is_listed_but_has_no_detail(api: Api, shirt: list[dict[str, str]], status: str) -> None:
    product_id = shirt[0]["product_id"]
    api.control(f"/products/{product_id}/set_status", {"status": status})
    found = api.data("POST", SEARCH, {"page_size": "100"}, {"status": status})["products"]
    assert [product["id"] for product in found] == [product_id]
    assert api.refusal("GET", f"/product/202309/products/{product_id}")[1] == 12052031


def test_a_window_of_the_update_time_includes_both_ends(
    api: Api, shop_id: str, shirt: list[dict[str, str]], clock: Clock
) -> None:
    clock.advance(100)
    api.control(f"/products/{shirt[0]['product_id']}/update", {"title": "Blouse"})
    now = int(clock())

    def titles(first: int, last: int) -> list[str]:
        window = {"update_time_ge": first, "update_time_le": last}
        return [product["title"] for product in api.data("POST", SEARCH, {"page_size": "100"}, window)["products"]]

    assert titles(now, now) == ["Blouse"]
    assert titles(now + 1, now + 9) == []
    assert len(titles(now - 100, now - 1)) == 10


def test_the_search_ends_after_ten_thousand_results_and_a_narrower_one_goes_on(
    api: Api, shop_id: str, clock: Clock
) -> None:
    clock.advance(100)
    products = [CUP | {"seller_sku": f"C-{n}"} for n in range(9_995)]
    api.control(f"/shops/{shop_id}/products", {"products": products})

    def page(offset: int, **body: Any) -> int:
        token = base64.b64encode(b"\xfb\xef\xff" + f"offset={offset}".encode()).decode()
        answer = api.call("POST", SEARCH, {"page_size": "100", "page_token": token}, body).get_json()
        return int(answer["code"])

    assert page(9_900) == 0
    assert page(9_950) == page(10_000) == 12052180
    assert page(9_950, update_time_ge=int(clock())) == 0


def test_the_truth_about_products_is_listed_by_shop(api: Api, shop_id: str, shirt: list[dict[str, str]]) -> None:
    products = api.http.get(f"/_sandbox/shops/{shop_id}/products").get_json()["products"]
    assert len(products) == 11
    assert products[-1]["title"] == "Shirt"
    assert products[-1]["images"] == 2
    large = products[-1]["skus"][1]
    assert (large["seller_sku"], large["price"], large["barcode"]) == ("S-R-L", "22.00", "4006381333931")
    assert large["attributes"] == {"Color": "Red", "Size": "L"}
    assert sum(large["available"].values()) == 1000


def test_the_page_for_people_shows_products_with_their_stock(api: Api, shirt: list[dict[str, str]]) -> None:
    page = api.http.get("/").text
    assert "11 products" in page
    assert "S-R-L" in page


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        ("/products/1/update", {"title": "x"}, "no product '1'"),
        ("/skus/1/update", {"price": 1}, "no SKU '1'"),
        ("/warehouses/1", {"effect_status": "DISABLED"}, "no warehouse '1'"),
        ("/products/{product}/update", {"titel": "x"}, "titel"),
        ("/products/{product}/explode", {}, "no action 'explode'"),
        ("/skus/{sku}/update", {"price": "1.001"}, "too exact"),
        ("/skus/{sku}/set_stock", {"quantity": 1, "warehouse_id": "1"}, "does not sell"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    api: Api, shirt: list[dict[str, str]], path: str, body: dict[str, Any], problem: str
) -> None:
    filled = path.format(product=shirt[0]["product_id"], sku=shirt[0]["sku_id"])
    answer = api.http.post(f"/_sandbox{filled}", json=body)
    assert answer.status_code == 400
    assert problem in answer.get_json()["error"]
