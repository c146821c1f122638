"""Products, inventory with partial failures, and logistics."""

from __future__ import annotations

from typing import Any

import pytest
from simulator_stubs import Api

from sandbox.model import Sku
from sandbox.simulator import Simulator

SEARCH = "/product/202502/products/search"


@pytest.fixture
def two_warehouses(api: Api, simulator: Simulator) -> Sku:
    """The SKU of a shop with two warehouses; the calls go to this shop."""
    spec = {"name": "Jakarta", "region": "ID", "warehouses": 2}
    api.control("/sellers", {"username": "budi", "password": "secret", "shops": [spec]})
    shop = simulator.world.sellers["budi"].shops[0]
    product = {"seller_sku": "KOPI", "title": "Kopi", "price": 120000, "quantity": 40}
    api.control(f"/shops/{shop.id}/products", {"products": [product]})
    api.cipher = shop.cipher
    api.grant("budi")
    return simulator.world.skus_of(shop)[0]


def update(api: Api, sku: Sku, inventory: Any, sku_id: str | None = None) -> list[dict[str, Any]]:
    body = {"skus": [{"id": sku_id or sku.id, "inventory": inventory}]}
    answer = api.data("POST", f"/product/202309/products/{sku.product.id}/inventory/update", body=body)
    errors: list[dict[str, Any]] = answer.get("errors", [])
    return errors


def levels(sku: Sku, *quantities: Any) -> list[dict[str, Any]]:
    return [{"warehouse_id": key, "quantity": n} for key, n in zip(sku.available, quantities, strict=False)]


def test_products_are_searched_newest_first_in_pages(api: Api, shop_id: str) -> None:
    first = api.data("POST", SEARCH, {"page_size": "6"}, {})
    second = api.data("POST", SEARCH, {"page_size": "6", "page_token": first["next_page_token"]}, {})
    titles = [product["title"] for product in first["products"] + second["products"]]
    assert titles == [f"Thing {n}" for n in reversed(range(10))]
    assert (first["total_count"], second["next_page_token"]) == (10, "")


def test_products_are_filtered(api: Api, shop_id: str) -> None:
    def titles(**body: Any) -> list[str]:
        return [product["title"] for product in api.data("POST", SEARCH, {"page_size": "100"}, body)["products"]]

    assert titles(seller_skus=["SKU-3", "SKU-4"]) == ["Thing 4", "Thing 3"]
    assert titles(status="DRAFT") == []
    assert titles(update_time_le=1) == []
    assert api.refusal("POST", SEARCH, {"page_size": "10"}, {"seller_skus": ["x"] * 11})[1] == 12019027


def test_the_product_of_another_shop_is_refused(
    api: Api, shop_id: str, two_warehouses: Sku, simulator: Simulator
) -> None:
    foreign = simulator.world.skus_of(simulator.world.shops[shop_id])[0].product.id
    assert api.refusal("GET", f"/product/202309/products/{foreign}")[1] == 12052048
    assert api.refusal("GET", "/product/202309/products/1729000000000000000")[1] == 12052031


def test_inventory_is_set_absolutely_and_reads_back(api: Api, two_warehouses: Sku) -> None:
    assert update(api, two_warehouses, levels(two_warehouses, 7, 0)) == []
    found = api.data("POST", "/product/202309/inventory/search", body={"sku_ids": [two_warehouses.id]})
    (sku,) = found["inventory"][0]["skus"]
    assert sku["total_available_quantity"] == 7
    assert [level["available_quantity"] for level in sku["warehouse_inventory"]] == [7, 0]


def test_leaving_a_warehouse_out_fails(api: Api, two_warehouses: Sku) -> None:
    assert update(api, two_warehouses, levels(two_warehouses, 7))[0]["code"] == 12019028
    assert two_warehouses.total_available == 40


@pytest.mark.parametrize(("quantity", "code"), [(-1, 12052055), (100_000, 12052055), ("5", 12019024), (1.5, 12019024)])
def test_a_bad_quantity_fails_for_its_warehouse(api: Api, two_warehouses: Sku, quantity: Any, code: int) -> None:
    (error,) = update(api, two_warehouses, levels(two_warehouses, quantity, 1))
    assert error["code"] == 12052990
    assert error["detail"]["sku_id"] == two_warehouses.id
    assert [extra["code"] for extra in error["detail"]["extra_errors"]] == [code]
    assert two_warehouses.total_available == 40


def test_an_unknown_warehouse_and_a_foreign_sku_fail(api: Api, two_warehouses: Sku) -> None:
    (error,) = update(api, two_warehouses, [{"warehouse_id": "1", "quantity": 1}])
    assert error["detail"]["extra_errors"][0]["code"] == 12052097
    assert update(api, two_warehouses, levels(two_warehouses, 1, 1), sku_id="1")[0]["code"] == 12052036


def test_zero_stock_is_accepted_or_refused_by_setting(api: Api, two_warehouses: Sku) -> None:
    assert update(api, two_warehouses, levels(two_warehouses, 0, 0)) == []
    api.control("/settings", {"zero_stock_allowed": False})
    assert update(api, two_warehouses, levels(two_warehouses, 0, 1))[0]["code"] == 12052990


def test_the_good_skus_of_an_update_are_done_although_others_fail(api: Api, two_warehouses: Sku) -> None:
    skus = [{"id": "1", "inventory": levels(two_warehouses, 1, 1)}]
    skus.append({"id": two_warehouses.id, "inventory": levels(two_warehouses, 3, 4)})
    path = f"/product/202309/products/{two_warehouses.product.id}/inventory/update"
    assert len(api.data("POST", path, body={"skus": skus})["errors"]) == 1
    assert two_warehouses.total_available == 7


def test_prices_are_written_as_amount_and_read_as_sale_price(api: Api, two_warehouses: Sku) -> None:
    product = f"/product/202309/products/{two_warehouses.product.id}"
    price = {"amount": "99000", "currency": "IDR"}
    api.data("POST", f"{product}/prices/update", body={"skus": [{"id": two_warehouses.id, "price": price}]})
    assert api.data("GET", product)["skus"][0]["price"]["sale_price"] == "99000"
    too_exact = {"skus": [{"id": two_warehouses.id, "price": price | {"amount": "99000.5"}}]}
    assert api.refusal("POST", f"{product}/prices/update", body=too_exact)[1] == 36009004


def test_products_are_deactivated_one_by_one(api: Api, two_warehouses: Sku) -> None:
    body = {"product_ids": [two_warehouses.product.id, "1"]}
    answer = api.data("POST", "/product/202309/products/deactivate", body=body)
    assert [error["detail"]["product_id"] for error in answer["errors"]] == ["1"]
    assert two_warehouses.product.status == "SELLER_DEACTIVATED"


def test_a_site_appears_as_sales_and_as_return_warehouse(api: Api, two_warehouses: Sku) -> None:
    found = api.data("GET", "/logistics/202309/warehouses")["warehouses"]
    assert [warehouse["type"] for warehouse in found] == ["SALES_WAREHOUSE", "SALES_WAREHOUSE", "RETURN_WAREHOUSE"]
    assert found[0]["entity_id"] == found[2]["entity_id"]
    assert found[0]["id"] != found[2]["id"]
    assert "distict" in found[0]["address"]


def test_shipping_providers_need_a_delivery_option(api: Api, two_warehouses: Sku) -> None:
    warehouse_id = next(iter(two_warehouses.available))
    options = api.data("GET", f"/logistics/202309/warehouses/{warehouse_id}/delivery_options")["delivery_options"]
    path = f"/logistics/202309/delivery_options/{options[0]['id']}/shipping_providers"
    assert api.data("GET", path)["shipping_providers"][0]["name"]
    assert api.refusal("GET", "/logistics/202309/delivery_options/1/shipping_providers")[1] == 36009004
