"""Every documentation sample of an answer that the client reads goes through the client itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import responses

from worker.tiktok.auth import AppCredentials, exchange_code
from worker.tiktok.client import AccountClient, ShopClient
from worker.tiktok.models import PickupSlot, normalise_status
from worker.tiktok.transport import Transport

SAMPLES = Path(__file__).parents[1] / "samples"
API = "https://api.tiktok.example"


class Tokens:
    def access_token(self) -> str:
        return "ROW_token"

    def refreshed_after(self, stale_token: str) -> str:
        raise AssertionError("no sample refuses a token")


class NoLimit:
    def acquire(self, bucket: str) -> None:
        pass

    def penalize(self, bucket: str, seconds: float) -> None:
        raise AssertionError("no sample is a 429")


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def client(kind: type[Any] = ShopClient) -> Any:
    cipher = "GCP_cipher" if kind is ShopClient else None
    app = AppCredentials("key", "secret")
    return kind(Transport(API), app, Tokens(), NoLimit(), scope="7494049642642441621", cipher=cipher)


def answer(http: responses.RequestsMock, method: str, path: str, sample: str) -> None:
    body = (SAMPLES / f"{sample}.json").read_bytes()
    http.add(method, API + path, body=body, content_type="application/json")


def sent(http: responses.RequestsMock) -> Any:
    return json.loads(http.calls[0].request.body or b"null")


def request_sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.request.json").read_text())


def test_order_detail(http: responses.RequestsMock) -> None:
    answer(http, "GET", "/order/202507/orders", "order_detail.response")
    details = client().order_details(["576461413038785752", "999"])
    (order,) = details.orders
    assert (details.invalid, details.missing) == ([], ["999"])
    assert (order.id, order.status, order.fulfillment_type) == (
        "576461413038785752",
        "UNPAID",
        "FULFILLMENT_BY_SELLER",
    )
    assert order.payment.product_tax == Decimal("21.3")
    assert order.payment.currency == "IDR"
    assert order.create_time == datetime(2021, 4, 28, 12, 6, 1, tzinfo=UTC)
    (line,) = order.line_items
    assert (line.sku_id, line.seller_sku, line.display_status) == ("2729382476852921560", "red_iphone_256", "TO_SHIP")
    assert line.item_tax[0].tax_amount == Decimal("21.2")
    assert line.combined_listing_skus[0].seller_sku == "yellow-24-XL"
    address = order.recipient_address
    assert address is not None
    assert (address.name, address.address_line3, address.is_masked) == ("David Kong", "", False)
    assert address.district_info[0].address_name == "United Kingdom"


def test_order_search_sends_the_documented_filters_and_reads_the_same_orders(http: responses.RequestsMock) -> None:
    answer(http, "POST", "/order/202309/orders/search", "order_detail.response")
    moment = datetime.fromtimestamp(1623812664, tz=UTC)
    page = client().search_orders(
        status="UNPAID",
        create_time_ge=moment,
        create_time_lt=moment,
        update_time_ge=1623812664,
        update_time_lt=1623812664,
    )
    assert [(summary.id, summary.status) for summary in page.summaries] == [("576461413038785752", "UNPAID")]
    assert (page.next_page_token, page.invalid) == ("", [])
    filters = sent(http)
    assert filters == {name: value for name, value in request_sample("order_search").items() if name in filters}
    assert len(filters) == 5


def test_price_detail(http: responses.RequestsMock) -> None:
    answer(http, "GET", "/order/202407/orders/576461413032342720/price_detail", "order_price_detail.response")
    detail = client().price_detail("576461413032342720")
    assert (detail.currency, detail.total, detail.tax_rate) == ("USD", Decimal("122.00"), Decimal("0.021"))
    assert detail.line_items[0].sku_sale_price == Decimal("96.00")


def test_token_grant(http: responses.RequestsMock) -> None:
    answer(http, "GET", "/api/v2/token/get", "auth_token_get.response")
    grant = exchange_code(Transport(API), AppCredentials("key", "secret"), "the-code")
    assert grant.access_token.startswith("ROW_")
    assert grant.access_token_expires_at == datetime(2022, 8, 15, 9, 46, 23, tzinfo=UTC)
    assert (grant.seller_base_region, grant.user_type, grant.granted_scopes) == ("ID", 0, [])


def test_authorized_shops(http: responses.RequestsMock) -> None:
    answer(http, "GET", "/authorization/202309/shops", "authorization_shops.response")
    (shop,) = client(AccountClient).authorized_shops()
    assert (shop.id, shop.cipher, shop.region, shop.name) == (
        "7000714532876273420",
        "GCP_XF90igAAAABh00qsWgtvOiGFNqyubMt3",
        "GB",
        "Maomao beauty shop",
    )


def test_warehouses(http: responses.RequestsMock) -> None:
    answer(http, "GET", "/logistics/202309/warehouses", "logistics_warehouses.response")
    (warehouse,) = client().warehouses()
    assert (warehouse.id, warehouse.is_default, warehouse.takes_stock) == ("7000714532876273410", True, True)


def test_product_search(http: responses.RequestsMock) -> None:
    answer(http, "POST", "/product/202502/products/search", "product_search.response")
    page = client().search_products(seller_skus=["Color-Red-XM001"], update_time_ge=1694319208)
    (product,) = page.products
    assert (product.status, product.skus[0].seller_sku, page.total_count) == ("ACTIVATE", "Color-Red-XM01", 200)
    assert product.skus[0].price.sale_price == Decimal("121.11")
    assert product.skus[0].inventory[0].quantity == 999
    assert page.next_page_token == "b2Zmc2V0PTAK"
    assert sent(http) == {"status": "ALL", "seller_skus": ["Color-Red-XM001"], "update_time_ge": 1694319208}


def test_product_detail(http: responses.RequestsMock) -> None:
    answer(http, "GET", "/product/202309/products/1729592969712207008", "product_detail.response")
    product = client().product_detail("1729592969712207008")
    assert product.product_types == ["COMBINED_PRODUCT"]
    assert product.skus[0].identifier_code.code == "10000000000010"


def test_inventory_search(http: responses.RequestsMock) -> None:
    answer(http, "POST", "/product/202309/inventory/search", "inventory_search.response")
    (record,) = client().search_inventory(sku_ids=["1729388324987897824"])
    assert (record.product_id, record.sku_id, record.total_available_quantity) == (
        "1729592969712207008",
        "1729388324987897824",
        100,
    )
    assert record.warehouse_inventory[0].committed_quantity == 10
    assert sent(http) == {"sku_ids": request_sample("inventory_search")["sku_ids"]}


def test_inventory_update_tells_which_sku_was_refused(http: responses.RequestsMock) -> None:
    path = "/product/202309/products/1729592969712207008/inventory/update"
    answer(http, "POST", path, "inventory_update.response_with_errors")
    quantities = {"1729592969712207013": {"7068517275539719942": 999}}
    (error,) = client().update_inventory("1729592969712207008", quantities)
    assert (error.sku_id, error.code) == ("1729592969712207013", 12052990)
    assert error.detail.extra_errors[0].warehouse_id == "7068517275539719942"
    assert sent(http) == request_sample("inventory_update")


def test_webhooks(http: responses.RequestsMock) -> None:
    answer(http, "GET", "/event/202309/webhooks", "event_webhooks_get.response")
    (webhook,) = client().webhooks()
    assert (webhook.event_type, webhook.address) == ("ORDER_STATUS_CHANGE", "https://partner.tiktokshop.com")


def test_setting_a_webhook_sends_the_documented_body(http: responses.RequestsMock) -> None:
    http.add("PUT", f"{API}/event/202309/webhooks", json={"code": 0, "message": "Success", "data": {}})
    client().set_webhook("ORDER_STATUS_CHANGE", "https://partner.tiktokshop.com")
    assert sent(http) == request_sample("event_webhooks_update")


def test_package_search(http: responses.RequestsMock) -> None:
    answer(http, "POST", "/fulfillment/202309/packages/search", "package_search.response")
    page = client().search_packages(update_time_ge=1635338186)
    (package,) = page.packages
    assert (package.id, package.status, package.order_ids, package.line_item_ids) == (
        "577828281214600000",
        "PROCESSING",
        ["577828281214600000"],
        ["1729382476852921560"],
    )
    assert page.next_page_token.endswith("tFA")
    assert sent(http) == {"update_time_ge": 1635338186}
    assert "page_size=50" in str(http.calls[0].request.url)


def test_package_detail(http: responses.RequestsMock) -> None:
    answer(http, "GET", "/fulfillment/202309/packages/5433567853345", "package_detail.response")
    package = client().package_detail("5433567853345")
    assert (package.id, package.status, package.shipping_type) == ("5433567853345", "PROCESSING", "TIKTOK")
    assert (package.tracking_number, package.shipping_provider_name) == ("6617675021119438849", "TT Virtual express")
    assert "Zay" not in repr(package)


def test_handover_time_slots(http: responses.RequestsMock) -> None:
    path = "/fulfillment/202309/packages/1/handover_time_slots"
    answer(http, "GET", path, "package_handover_time_slots.response")
    slots = client().handover_time_slots("1")
    assert (slots.can_pickup, slots.can_drop_off, slots.can_van_collection) == (True, True, True)
    (slot,) = slots.pickup_slots
    assert slot.is_available
    assert slot.as_sent() == {"start_time": 1623812664, "end_time": 1623812664}


def test_shipping_document(http: responses.RequestsMock) -> None:
    path = "/fulfillment/202309/packages/1/shipping_documents"
    answer(http, "GET", path, "package_shipping_documents.response")
    document = client().shipping_document("1")
    assert document.doc_url.endswith("wsos641232")
    assert "wsos641232" not in repr(document)
    assert "document_type=SHIPPING_LABEL" in str(http.calls[0].request.url)


def test_shipping_a_package_sends_the_documented_body(http: responses.RequestsMock) -> None:
    http.add("POST", f"{API}/fulfillment/202309/packages/1/ship", json={"code": 0, "message": "Success", "data": {}})
    slot = PickupSlot.model_validate({"start_time": 1623812664, "end_time": 1623812664})
    client().ship_package(
        "1",
        handover_method="PICKUP",
        pickup_slot=slot,
        tracking_number="JX12345",
        shipping_provider_id="6617675021119438849",
    )
    assert sent(http) == request_sample("package_ship")


def test_marking_as_shipped(http: responses.RequestsMock) -> None:
    answer(http, "POST", "/fulfillment/202309/orders/9/packages", "order_mark_as_shipped.response")
    shipped = client().mark_as_shipped(
        "9",
        tracking_number="6617675021119438849",
        shipping_provider_id="12312312321323432",
        line_item_ids=["2321312321311"],
    )
    assert (shipped.package_id, shipped.line_item_ids) == ("32141235124234", ["31322412312312"])
    assert shipped.warning == "match more than one provider"
    assert sent(http) == request_sample("order_mark_as_shipped")


def test_correcting_a_tracking_number_sends_the_documented_body(http: responses.RequestsMock) -> None:
    path = "/fulfillment/202309/packages/1/shipping_info/update"
    http.add("POST", API + path, json={"code": 0, "message": "Success", "data": {}})
    client().update_shipping_info("1", tracking_number="576460868968549926", shipping_provider_id="6965352555291346690")
    assert sent(http) == request_sample("package_update_shipping_info")


def test_shipping_providers(http: responses.RequestsMock) -> None:
    path = "/logistics/202309/delivery_options/7/shipping_providers"
    answer(http, "GET", path, "logistics_shipping_providers.response")
    assert [(each.id, each.name) for each in client().shipping_providers("7")] == [("7117858858072016686", "USPS")]


def test_cancellations(http: responses.RequestsMock) -> None:
    answer(http, "POST", "/return_refund/202309/cancellations/search", "cancellation_search.response")
    page = client().search_cancellations(order_ids=["577087614418520388"])
    (case,) = page.cancellations
    assert (case.id, case.order_id, case.role) == ("4035318504086604100", "577087614418520388", "BUYER")
    assert (case.status, case.refund_total, case.currency) == (
        "CANCELLATION_REQUEST_PENDING",
        Decimal("1.23"),
        "USD",
    )
    assert case.line_item_ids == ["576468844534141348"]
    assert case.respond_by == datetime.fromtimestamp(1690554680, tz=UTC)
    assert sent(http) == {"order_ids": request_sample("cancellation_search")["order_ids"]}


def test_return_search_sends_the_documented_filters(http: responses.RequestsMock) -> None:
    row = {
        "return_id": 4035318504086604100,
        "order_id": "577686530908261117",
        "return_type": "REFUND",
        "return_status": "RETURN_OR_REFUND_REQUEST_CANCEL",
        "update_time": 1690340825,
        "next_return_id": "12",
        "return_line_items": [{"return_line_item_id": "1", "order_line_item_id": "2", "sku_id": "3"}],
    }
    data = {"return_orders": [row, {"return_id": "5"}], "next_page_token": ""}
    http.add("POST", f"{API}/return_refund/202309/returns/search", json={"code": 0, "message": "Success", "data": data})
    page = client().search_returns(
        order_ids=["577686530908261117"],
        return_ids=["4035318504086604100"],
        update_time_ge=1690340825,
        update_time_lt=1690340825,
    )
    (found,) = page.returns
    assert (found.id, found.status) == ("4035318504086604100", "RETURN_OR_REFUND_REQUEST_CANCEL")
    assert (found.is_replaced_by, found.lines[0].line_item_id, found.refund_total) == ("12", "2", None)
    assert [row_id for row_id, _ in page.invalid] == ["5"]
    filters = sent(http)
    assert filters == {name: value for name, value in request_sample("return_search").items() if name in filters}


def test_statements(http: responses.RequestsMock) -> None:
    answer(http, "GET", "/finance/202309/statements", "finance_statements.response")
    (statement,) = client().statements(statement_time_ge=1685548800).statements
    assert (statement.id, statement.currency, statement.payment_status) == ("7238804564097517339", "GBP", "PAID")
    assert (statement.settlement_amount, statement.fee_amount) == (Decimal(100), Decimal(-30))
    assert "sort_field=statement_time" in str(http.calls[0].request.url)


def test_statement_transactions_keep_fees_that_nobody_knows_yet(http: responses.RequestsMock) -> None:
    row = {
        "id": "1",
        "order_id": "2",
        "settlement_amount": "8.10",
        "fee_tax_amount": "-1.90",
        "fee_tax_breakdown": {
            "fee": {"referral_fee_amount": "-1.20", "fee_of_tomorrow_amount": "-0.50", "nothing_amount": "0"},
            "tax": {"vat_amount": "-0.20", "about": "Germany"},
        },
    }
    data = {"id": "9", "currency": "EUR", "total_settlement_amount": "8.10", "transactions": [row]}
    path = f"{API}/finance/202501/statements/9/statement_transactions"
    http.add("GET", path, json={"code": 0, "message": "Success", "data": data})
    page = client().statement_transactions("9")
    assert page.totals.total_settlement_amount == Decimal("8.10")
    assert page.transactions[0].parts() == {
        "referral_fee_amount": Decimal("-1.20"),
        "fee_of_tomorrow_amount": Decimal("-0.50"),
        "vat_amount": Decimal("-0.20"),
    }


def test_the_cancellation_samples_status_is_read_in_the_webhooks_spelling() -> None:
    event = json.loads((SAMPLES / "webhook_11_cancellation_status_change.event.json").read_text())
    sample = json.loads((SAMPLES / "cancellation_search.response.json").read_text())
    assert normalise_status(event["data"]["cancel_status"]) == normalise_status(
        sample["data"]["cancellations"][0]["cancel_status"]
    )
