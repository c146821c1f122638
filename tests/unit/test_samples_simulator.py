"""The simulator answers in the shapes of TikTok's published samples: no key of its own, and the needed ones there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.app import create_app
from sandbox.settings import Settings
from sandbox.signing import request_signature
from sandbox.simulator import Simulator

SAMPLES = Path(__file__).parents[1] / "samples"
KEY, SECRET = "6demoappkey01", "9f1c0d2e4b6a"

# Keys that the API has and the samples, which are older or of another state of the thing, lack (reference sections
# 2.3, 4.3, 5.2, 5.3, 6.3 and 6.6).
NEWER = {
    "data.granted_scopes",
    "data.granted_scopes[]",
    "data.next_page_token",
    "data.total_count",
    "data.orders[].cpf_name",
    "data.orders[].is_exchange_order",
    "data.orders[].recipient_address.district_info[].iso_code",
    "data.orders[].line_items[].cancel_user",
    "data.warehouses[].entity_id",
    "data.warehouses[].address.address_line1",
    "data.sales_regions",
    "data.sales_regions[]",
    "tts_notification_id",
}
# The sample has a string where the API documents a list.
FLAWED = {"data.product_types"}

ORDER = (
    "id status create_time update_time paid_time user_id buyer_email fulfillment_type shipping_type warehouse_id "
    "is_sample_order is_on_hold_order is_buyer_request_cancel tracking_number shipping_provider rts_time "
    "payment.currency payment.total_amount payment.sub_total payment.tax payment.shipping_fee payment.seller_discount "
    "payment.platform_discount payment.original_total_product_price payment.retail_delivery_fee "
    "line_items[].id line_items[].sku_id line_items[].product_id line_items[].seller_sku line_items[].sale_price "
    "line_items[].original_price line_items[].currency line_items[].display_status line_items[].package_id "
    "line_items[].item_tax[].tax_amount line_items[].item_tax[].tax_type recipient_address.name "
    "recipient_address.phone_number recipient_address.region_code recipient_address.postal_code "
    "recipient_address.district_info[].address_name packages[].id"
)

# Sample: the required key paths below ``data`` (webhooks: below the body).
REQUIRED = {
    "auth_token_get.response": "access_token access_token_expire_in refresh_token refresh_token_expire_in open_id "
    "seller_name seller_base_region user_type",
    "authorization_shops.response": "shops[].id shops[].cipher shops[].code shops[].name shops[].region "
    "shops[].seller_type",
    "event_webhooks_get.response": "total_count webhooks[].address webhooks[].event_type webhooks[].create_time",
    "inventory_search.response": "inventory[].product_id inventory[].skus[].id inventory[].skus[].seller_sku "
    "inventory[].skus[].total_available_quantity inventory[].skus[].warehouse_inventory[].available_quantity "
    "inventory[].skus[].warehouse_inventory[].committed_quantity",
    "inventory_update.response_with_errors": "errors[].code errors[].message errors[].detail.sku_id "
    "errors[].detail.extra_errors[].warehouse_id errors[].detail.extra_errors[].code",
    "logistics_warehouses.response": "warehouses[].id warehouses[].type warehouses[].address.distict "
    "warehouses[].is_default warehouses[].effect_status",
    "logistics_delivery_options.response": "delivery_options[].id delivery_options[].name delivery_options[].type",
    "logistics_shipping_providers.response": "shipping_providers[].id shipping_providers[].name",
    "order_detail.response": " ".join(f"orders[].{path}" for path in ORDER.split()),
    "order_price_detail.response": "total payment currency tax_amount line_items[].id line_items[].total "
    "line_items[].shipping_sale_price",
    "product_search.response": "total_count products[].id products[].title products[].status products[].skus[].id "
    "products[].skus[].price.sale_price products[].skus[].inventory[].quantity next_page_token",
    "product_detail.response": "id title status skus[].id skus[].seller_sku skus[].price.currency "
    "skus[].inventory[].warehouse_id category_chains[].id",
    "package_search.response": "packages[].id packages[].status packages[].orders[].id packages[].order_line_item_ids "
    "packages[].tracking_number packages[].shipping_provider_name packages[].update_time total_count",
    "package_detail.response": "package_id package_status orders[].id order_line_item_ids shipping_type "
    "tracking_number shipping_provider_name split_and_combine_tag delivery_option_id",
    "package_handover_time_slots.response": "can_pickup can_drop_off pickup_slots[].avaliable "
    "pickup_slots[].start_time pickup_slots[].end_time",
    "cancellation_search.response": "cancellations[].cancel_id cancellations[].order_id cancellations[].cancel_status "
    "cancellations[].role cancellations[].refund_amount.refund_total cancellations[].update_time total_count "
    "cancellations[].cancel_line_items[].order_line_item_id",
    "finance_statements.response": "statements[].id statements[].settlement_amount statements[].currency "
    "statements[].statement_time statements[].payment_status",
    "webhook_04_package_update.event": "data.sc_type data.role_type data.package_list[].package_id "
    "data.package_list[].order_id_list data.update_time",
    "webhook_01_order_status_change.event": "data.order_id data.order_status data.is_on_hold_order data.update_time",
    "webhook_06_seller_deauthorization.event": "data.message",
    "webhook_11_cancellation_status_change.event": "data.order_id data.cancellations_role data.cancel_status "
    "data.cancel_id data.create_time",
}


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """What the simulator says for each sample: a shop in the United States with a delivered and a cancelled order."""
    told: list[dict[str, Any]] = []
    simulator = Simulator(Settings(), sender=lambda url, body, headers: told.append(json.loads(body)) or 200)
    http = create_app(simulator=simulator).test_client()

    def control(path: str, body: Any) -> Any:
        response = http.get(f"/_sandbox{path}") if body is None else http.post(f"/_sandbox{path}", json=body)
        assert response.status_code == 200, response.text
        return response.get_json()

    urls = {"redirect_url": "https://erp.test/back", "webhook_url": "https://erp.test/hook"}
    control("/apps", {"app_key": KEY, "app_secret": SECRET, "service_id": "1", **urls})
    shops = [{"name": "Austin", "region": "US"}]
    shop = control("/sellers", {"username": "anna", "password": "secret", "shops": shops})["shops"][0]
    product = {"seller_sku": "A", "title": "Thing", "price": "12.34"}
    sku = control(f"/shops/{shop['id']}/products", {"products": [product] * 2})["skus"][0]
    consent = control("/consent", {"service_id": "1", "username": "anna", "password": "secret"})["redirect_url"]
    code = parse_qs(urlsplit(consent).query)["code"][0]
    login = {"app_key": KEY, "app_secret": SECRET, "auth_code": code, "grant_type": "authorized_code"}
    grant = http.get("/api/v2/token/get", query_string=login).get_json()
    lines = [{"sku_id": sku["sku_id"], "quantity": 2}]
    fees = {"retail_delivery_fee": "0.28", "small_order_fee": "1", "buyer_service_fee": "1", "handling_fee": "1"}
    order = control(f"/shops/{shop['id']}/orders", {"lines": lines, "fees": fees, "status": "DELIVERED"})
    cancelled = control(f"/shops/{shop['id']}/orders", {"lines": lines})
    shipped = control(f"/shops/{shop['id']}/orders", {"lines": lines, "status": "AWAITING_COLLECTION"})
    package_id = control(f"/orders/{shipped['id']}/packages", None)["packages"][0]["id"]
    split = control(f"/shops/{shop['id']}/orders", {"lines": lines})
    control(f"/orders/{split['id']}/split", {"groups": [[line["id"]] for line in split["line_items"]]})
    control(f"/shops/{shop['id']}/settle", {})
    control(f"/orders/{cancelled['id']}/request_cancel", {})
    control(f"/orders/{cancelled['id']}/cancel", {"by": "BUYER"})

    def call(method: str, path: str, body: Any = None, cipher: str = shop["cipher"], **query: str) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        query |= {"app_key": KEY, "timestamp": str(simulator.world.now())} | ({"shop_cipher": cipher} if cipher else {})
        query["sign"] = request_signature(SECRET, path, query, body=data)
        headers = {"x-tts-access-token": grant["data"]["access_token"], "Content-Type": "application/json"}
        return http.open(path, method=method, query_string=query, data=data, headers=headers).get_json()

    url = {"event_type": "ORDER_STATUS_CHANGE", "address": "https://erp.test/hook"}
    call("PUT", "/event/202309/webhooks", url)
    wrong = {"skus": [{"id": sku["sku_id"], "inventory": [{"warehouse_id": "1", "quantity": 1}]}]}
    warehouse, product_path = shop["warehouse_ids"][0], f"/product/202309/products/{sku['product_id']}"
    options = call("GET", f"/logistics/202309/warehouses/{warehouse}/delivery_options")
    option_id = options["data"]["delivery_options"][0]["id"]
    answers = {
        "auth_token_get.response": grant,
        "authorization_shops.response": call("GET", "/authorization/202309/shops", cipher=""),
        "event_webhooks_get.response": call("GET", "/event/202309/webhooks"),
        "inventory_search.response": call("POST", "/product/202309/inventory/search", {"sku_ids": [sku["sku_id"]]}),
        "inventory_update.response_with_errors": call("POST", f"{product_path}/inventory/update", wrong),
        "logistics_warehouses.response": call("GET", "/logistics/202309/warehouses"),
        "logistics_delivery_options.response": options,
        "logistics_shipping_providers.response": call(
            "GET", f"/logistics/202309/delivery_options/{option_id}/shipping_providers"
        ),
        "order_detail.response": call("GET", "/order/202309/orders", ids=f"{order['id']},{cancelled['id']}"),
        "order_search.response": call("POST", "/order/202309/orders/search", {}, page_size="1", sort_order="ASC"),
        "order_price_detail.response": call("GET", f"/order/202407/orders/{order['id']}/price_detail"),
        "product_search.response": call("POST", "/product/202502/products/search", {}, page_size="1"),
        "product_detail.response": call("GET", product_path),
        "package_search.response": call("POST", "/fulfillment/202309/packages/search", {}, page_size="1"),
        "package_detail.response": call("GET", f"/fulfillment/202309/packages/{package_id}"),
        "package_handover_time_slots.response": call(
            "GET", f"/fulfillment/202309/packages/{package_id}/handover_time_slots"
        ),
        "cancellation_search.response": call(
            "POST", "/return_refund/202309/cancellations/search", {}, page_size="1", sort_order="ASC"
        ),
        "finance_statements.response": call(
            "GET", "/finance/202309/statements", page_size="1", sort_field="statement_time"
        ),
    }
    control("/revoke", {"username": "anna"})
    simulator.webhooks.run_due()
    by_type = {payload["type"]: payload for payload in told}
    return answers | {
        "webhook_01_order_status_change.event": by_type[1],
        "webhook_04_package_update.event": by_type[4],
        "webhook_06_seller_deauthorization.event": by_type[6],
        "webhook_11_cancellation_status_change.event": by_type[11],
    }


def key_paths(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every key path of a JSON value with the name of its type; items of lists share one path."""
    if path:
        yield path, type(value).__name__
    if isinstance(value, dict):
        for key, item in value.items():
            yield from key_paths(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from key_paths(item, f"{path}[]")


def sample(name: str) -> dict[str, str]:
    return dict(key_paths(json.loads((SAMPLES / f"{name}.json").read_text())))


@pytest.mark.parametrize("name", REQUIRED)
def test_every_key_is_in_the_sample_and_has_its_type(name: str, answers: dict[str, Any]) -> None:
    known = sample(name)
    for path, kind in key_paths(answers[name]):
        if path in NEWER or path in FLAWED:
            continue
        assert path in known, f"{path} is not in TikTok's sample"
        assert known[path] == kind, f"{path} is {known[path]} in TikTok's sample"


@pytest.mark.parametrize("name", REQUIRED)
def test_every_key_that_a_connector_needs_is_there(name: str, answers: dict[str, Any]) -> None:
    prefix = "" if name.startswith("webhook") else "data."
    found = dict(key_paths(answers[name]))
    assert [path for path in REQUIRED[name].split() if f"{prefix}{path}" not in found] == []
    assert name.startswith("webhook") or answers[name]["code"] == 0


def test_order_search_answers_the_same_order_objects_as_order_detail(answers: dict[str, Any]) -> None:
    page = answers["order_search.response"]["data"]
    assert page["orders"][0] in answers["order_detail.response"]["data"]["orders"]
    assert page["total_count"] == 4
    assert page["next_page_token"]
