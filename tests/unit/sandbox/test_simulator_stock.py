"""Stock in several warehouses, the ledger of its changes, and inventory updates that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from simulator_stubs import Api, Clock

from sandbox.model import Shop, Sku
from sandbox.simulator import Simulator


@pytest.fixture
def shop(api: Api, simulator: Simulator) -> Shop:
    """A shop with two warehouses; the calls go to this shop."""
    spec = {"name": "Jakarta", "region": "ID", "warehouses": 2}
    api.control("/sellers", {"username": "budi", "password": "secret", "shops": [spec]})
    found = simulator.world.sellers["budi"].shops[0]
    api.cipher = found.cipher
    api.grant("budi")
    return found


@pytest.fixture
def sku(api: Api, shop: Shop, simulator: Simulator) -> Sku:
    """A SKU with two pieces in the first warehouse and five in the second."""
    product = {"seller_sku": "KOPI", "title": "Kopi", "price": 120000, "quantities": [2, 5]}
    api.control(f"/shops/{shop.id}/products", {"products": [product]})
    return simulator.world.skus_of(shop)[0]


def place(api: Api, sku: Sku, quantity: int, **options: Any) -> str:
    lines = [{"sku_id": sku.id, "quantity": quantity}]
    return str(api.control(f"/shops/{sku.product.shop.id}/orders", {"lines": lines, **options})["id"])


def ledger(api: Api, shop: Shop, since: str = "0") -> list[dict[str, Any]]:
    path = f"/_sandbox/shops/{shop.id}/stock_ledger"
    moves: list[dict[str, Any]] = api.http.get(path, query_string={"since": since}).get_json()["moves"]
    return moves


def brief(moves: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    return [(move["kind"], move["quantity"], move["available_after"]) for move in moves]


def update(api: Api, sku: Sku, *quantities: int) -> list[dict[str, Any]]:
    inventory = [{"warehouse_id": key, "quantity": n} for key, n in zip(sku.available, quantities, strict=True)]
    body = {"skus": [{"id": sku.id, "inventory": inventory}]}
    answer = api.data("POST", f"/product/202309/products/{sku.product.id}/inventory/update", body=body)
    errors: list[dict[str, Any]] = answer.get("errors", [])
    return errors


def test_quantities_are_put_into_the_warehouses_in_order(api: Api, shop: Shop, sku: Sku) -> None:
    assert list(sku.available) == [warehouse.id for warehouse in shop.sales_warehouses]
    assert list(sku.available.values()) == [2, 5]
    too_many = {"seller_sku": "TEH", "title": "Teh", "price": 90000, "quantities": [1, 2, 3]}
    answer = api.http.post(f"/_sandbox/shops/{shop.id}/products", json={"products": [too_many]})
    assert "3 quantities" in answer.get_json()["error"]


def test_the_ledger_has_every_change_in_order(api: Api, shop: Shop, sku: Sku, clock: Clock) -> None:
    first, second = sku.available
    clock.advance(0.25)
    order_id = place(api, sku, 3)
    clock.advance(0.25)
    api.control(f"/orders/{order_id}/cancel")
    update(api, sku, 7, 8)
    api.control(f"/skus/{sku.id}/set_stock", {"quantity": 1, "warehouse_id": second})
    moves = ledger(api, shop)
    assert brief(moves) == [
        ("order", 2, 0),
        ("order", 1, 4),
        ("cancel", 2, 2),
        ("cancel", 1, 5),
        ("update", 7, 7),
        ("update", 8, 8),
        ("edit", 1, 1),
    ]
    assert [move["warehouse_id"] for move in moves] == [first, second, first, second, first, second, second]
    assert [move["order_id"] for move in moves] == [order_id] * 4 + [""] * 3
    assert {move["sku_id"] for move in moves} == {sku.id}
    assert moves[0]["time"] == clock() - 0.25
    assert brief(ledger(api, shop, repr(clock()))) == brief(moves[2:])


def test_the_ledger_of_another_shop_stays_empty(api: Api, shop_id: str, sku: Sku, simulator: Simulator) -> None:
    place(api, sku, 1)
    assert ledger(api, simulator.world.shops[shop_id]) == []


def test_an_order_that_is_refused_takes_nothing_and_is_counted(api: Api, shop: Shop, sku: Sku) -> None:
    lines = {"lines": [{"sku_id": sku.id, "quantity": 8}]}
    answer = api.http.post(f"/_sandbox/shops/{shop.id}/orders", json=lines)
    assert "only 7 of KOPI" in answer.get_json()["error"]
    assert ledger(api, shop) == []
    assert api.http.get("/_sandbox/stats").get_json()["orders_refused_for_stock"] == 1


def test_shipping_frees_what_was_committed_and_is_no_change_of_what_is_available(
    api: Api, shop: Shop, sku: Sku
) -> None:
    order_id = place(api, sku, 3)
    assert sum(sku.committed.values()) == 3
    api.control(f"/orders/{order_id}/set_status", {"status": "IN_TRANSIT"})
    assert (sum(sku.committed.values()), sku.total_available) == (0, 4)
    assert [move["kind"] for move in ledger(api, shop)] == ["order", "order"]
    api.control(f"/orders/{order_id}/cancel")
    assert (sum(sku.committed.values()), sku.total_available) == (0, 4)


def test_an_update_leaves_what_orders_hold_alone(api: Api, sku: Sku) -> None:
    order_id = place(api, sku, 3)
    update(api, sku, 10, 0)
    assert (sku.total_available, sum(sku.committed.values())) == (10, 3)
    api.control(f"/orders/{order_id}/cancel")
    assert (sku.total_available, sum(sku.committed.values())) == (13, 0)


def test_an_injected_refusal_hits_one_sku_until_it_is_taken_back(
    api: Api, shop: Shop, sku: Sku, simulator: Simulator
) -> None:
    api.control(f"/products/{sku.product.id}/add_sku", {"seller_sku": "KOPI-2", "price": 120000, "quantity": 1})
    other = sku.product.skus[1]
    api.control(f"/skus/{sku.id}/refuse_inventory", {"code": 12052146, "message": "Locked by a campaign"})
    (error,) = update(api, sku, 9, 9)
    assert (error["code"], error["detail"]["sku_id"]) == (12052990, sku.id)
    assert error["detail"]["extra_errors"] == [
        {"warehouse_id": key, "code": 12052146, "message": "Locked by a campaign"} for key in sku.available
    ]
    assert sku.total_available == 7
    assert update(api, other, 9, 9) == []
    api.control(f"/skus/{sku.id}/refuse_inventory", {"code": 0})
    assert update(api, sku, 9, 9) == []
    api.control(f"/skus/{sku.id}/refuse_inventory", {"code": 12052146})
    api.control("/faults/clear")
    assert update(api, sku, 8, 8) == []


@pytest.mark.parametrize("status", ["FREEZE", "DELETED"])
def test_the_inventory_of_a_hidden_product_cannot_be_updated(api: Api, sku: Sku, status: str) -> None:
    api.control(f"/products/{sku.product.id}/set_status", {"status": status})
    body = {"skus": [{"id": sku.id, "inventory": [{"warehouse_id": key, "quantity": 1} for key in sku.available]}]}
    path = f"/product/202309/products/{sku.product.id}/inventory/update"
    assert api.refusal("POST", path, body=body)[1] == 12052037


@pytest.mark.parametrize("status", ["ACTIVATE", "SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED", "DRAFT"])
def test_the_inventory_of_any_other_product_can_be_updated(api: Api, sku: Sku, status: str) -> None:
    api.control(f"/products/{sku.product.id}/set_status", {"status": status})
    assert update(api, sku, 1, 1) == []


def test_an_update_moves_the_products_update_time(api: Api, sku: Sku, clock: Clock) -> None:
    for change in (lambda: update(api, sku, 1, 1), lambda: api.control(f"/skus/{sku.id}/set_stock", {"quantity": 4})):
        clock.advance(10)
        change()
        assert sku.product.update_time == int(clock())


def test_a_sku_that_was_removed_cannot_be_updated(api: Api, sku: Sku) -> None:
    api.control(f"/products/{sku.product.id}/add_sku", {"seller_sku": "KOPI-2", "price": 120000})
    api.control(f"/skus/{sku.id}/remove")
    assert update(api, sku, 1, 1)[0]["code"] == 12052036


def test_a_warehouse_shows_the_state_that_was_set(api: Api, shop: Shop) -> None:
    second = shop.sales_warehouses[1]
    api.control(f"/warehouses/{second.id}", {"effect_status": "RESTRICTED"})
    found = api.data("GET", "/logistics/202309/warehouses")["warehouses"]
    assert [warehouse["effect_status"] for warehouse in found] == ["ENABLED", "RESTRICTED", "ENABLED"]
