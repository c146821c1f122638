"""The Python client of the control API, the part about products and stock, without a socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import BaseAdapter
from simulator_stubs import Api

from sandbox.client import SandboxControl, SandboxControlError


class TestClientAdapter(BaseAdapter):
    """Lets requests talk to Flask's test client."""

    __test__ = False

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._api = api

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        headers: Mapping[str, str] = request.headers
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        answer = self._api.http.open(path, method=str(request.method), data=request.body, headers=dict(headers))
        response = requests.Response()
        response.status_code = answer.status_code
        response._content = answer.data
        return response

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def control(api: Api) -> SandboxControl:
    found = SandboxControl("http://sandbox.test")
    found._session.mount("http://", TestClientAdapter(api))
    return found


def test_a_product_goes_through_its_life(control: SandboxControl, shop_id: str) -> None:
    sku, other = control.add_products(
        shop_id,
        [{"title": "Cup", "skus": [{"seller_sku": f"CUP-{n}", "price": "5.00", "quantity": 4} for n in range(2)]}],
        notify=True,
    )
    assert control.update_product(sku.product_id, title="Mug", images=1)["images"] == 1
    assert control.set_product_status(sku.product_id, "SELLER_DEACTIVATED")["status"] == "SELLER_DEACTIVATED"
    assert control.update_sku(sku.sku_id, seller_sku="MUG", barcode="4006381333931")["skus"][0]["seller_sku"] == "MUG"
    added = control.add_sku(sku.product_id, seller_sku="MUG-XL", price="8.00")
    assert [entry["id"] for entry in control.remove_sku(other.sku_id)["skus"]] == [sku.sku_id, added.sku_id]
    assert control.redeliver_product(sku.product_id) == 3
    product = control.products(shop_id)[-1]
    assert (product["id"], product["title"]) == (sku.product_id, "Mug")
    assert product["skus"][0]["barcode"] == "4006381333931"


def test_stock_is_edited_and_the_ledger_read_from_a_time_on(control: SandboxControl, shop_id: str, api: Api) -> None:
    (sku,) = control.add_products(shop_id, [{"title": "Cup", "seller_sku": "CUP", "price": "5.00"}])
    (shop,) = [shop for shop in control.shops() if shop.id == shop_id]
    control.set_stock(sku.sku_id, 3)
    api.clock.advance(0.5)
    product = control.set_stock(sku.sku_id, 4, warehouse_id=shop.warehouse_ids[0])
    assert product["skus"][0]["available"] == {shop.warehouse_ids[0]: 4}
    assert control.stock(shop_id)[sku.sku_id]["available"] == {shop.warehouse_ids[0]: 4}
    assert [move["quantity"] for move in control.stock_ledger(shop_id)] == [3, 4]
    (move,) = control.stock_ledger(shop_id, since=api.clock())
    assert (move["kind"], move["available_after"], move["order_id"]) == ("edit", 4, "")


def test_inventory_is_refused_and_accepted_again(control: SandboxControl, shop_id: str, api: Api) -> None:
    (sku,) = control.add_products(shop_id, [{"title": "Cup", "seller_sku": "CUP", "price": "5.00"}])
    path = f"/product/202309/products/{sku.product_id}/inventory/update"
    body = {"skus": [{"id": sku.sku_id, "inventory": [{"quantity": 1}]}]}
    control.refuse_inventory(sku.sku_id, 12052146, "Locked by a campaign")
    assert api.data("POST", path, body=body)["errors"][0]["code"] == 12052990
    control.accept_inventory(sku.sku_id)
    assert api.data("POST", path, body=body) == {}


def test_what_the_simulator_refuses_is_an_error_with_its_reason(control: SandboxControl, shop_id: str) -> None:
    (shop,) = [shop for shop in control.shops() if shop.id == shop_id]
    control.set_warehouse(shop.warehouse_ids[0], effect_status="DISABLED")
    with pytest.raises(SandboxControlError, match="no warehouse '1'"):
        control.set_warehouse("1", effect_status="DISABLED")
