"""The part of the control API about products and stock: list, edit, (de)activate, restock, look at the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from flask import Blueprint, Response, jsonify, request

from sandbox.catalog_specs import (
    NewProductsSpec,
    ProductChange,
    ProductStatusSpec,
    RefusalSpec,
    SkuChange,
    SkuSpec,
    StockSpec,
    WarehouseSpec,
)
from sandbox.control_body import json_answer, read_body
from sandbox.errors import ControlError
from sandbox.model import Product, Sku
from sandbox.product_view import truth
from sandbox.simulator import Simulator

T = TypeVar("T")


def catalog_routes(blueprint: Blueprint, simulator: Simulator) -> None:
    """Add the routes to the control API."""
    _products(blueprint, simulator)
    _stock(blueprint, simulator)
    _reports(blueprint, simulator)


def _products(blueprint: Blueprint, simulator: Simulator) -> None:
    world, desk = simulator.world, simulator.products
    actions: dict[str, Callable[[Product, dict[str, Any]], Any]] = {
        "set_status": lambda product, body: truth(desk.set_status(product, ProductStatusSpec(**body).status)),
        "update": lambda product, body: truth(desk.update(product, ProductChange(**body))),
        "add_sku": lambda product, body: _named(desk.add_sku(product, SkuSpec(**body))),
        "redeliver": lambda product, body: {"count": simulator.webhooks.redeliver(product.id)},
    }

    @blueprint.post("/shops/<shop_id>/products")
    def add_products(shop_id: str) -> Response:
        spec = NewProductsSpec(**read_body())
        with world.lock:
            shop = world.shop(shop_id)
            products = [desk.add(shop, product, notify=spec.notify) for product in spec.products]
        return json_answer({"skus": [_named(sku) for product in products for sku in product.skus]})

    @blueprint.post("/products/<product_id>/<action>")
    def change_product(product_id: str, action: str) -> Response:
        with world.lock:
            return json_answer(_action(actions, action, "products")(world.product(product_id), read_body()))


def _stock(blueprint: Blueprint, simulator: Simulator) -> None:
    world, desk = simulator.world, simulator.products

    def set_stock(sku: Sku, body: dict[str, Any]) -> Product:
        spec = StockSpec(**body)
        return desk.set_stock(sku, spec.quantity, spec.warehouse_id)

    def refuse_inventory(sku: Sku, body: dict[str, Any]) -> Product:
        spec = RefusalSpec(**body)
        if spec.code:
            world.inventory_refusals[sku.id] = (spec.code, spec.message)
        else:
            world.inventory_refusals.pop(sku.id, None)
        return sku.product

    actions: dict[str, Callable[[Sku, dict[str, Any]], Product]] = {
        "update": lambda sku, body: desk.update_sku(sku, SkuChange(**body)),
        "remove": lambda sku, body: desk.remove_sku(sku),
        "set_stock": set_stock,
        "refuse_inventory": refuse_inventory,
    }

    @blueprint.post("/skus/<sku_id>/<action>")
    def change_sku(sku_id: str, action: str) -> Response:
        with world.lock:
            return json_answer(truth(_action(actions, action, "SKUs")(world.sku(sku_id), read_body())))

    @blueprint.post("/warehouses/<warehouse_id>")
    def change_warehouse(warehouse_id: str) -> Response:
        spec = WarehouseSpec(**read_body())
        with world.lock:
            warehouse = world.warehouse(warehouse_id)
            warehouse.effect_status = spec.effect_status
            return jsonify(asdict(warehouse))


def _reports(blueprint: Blueprint, simulator: Simulator) -> None:
    world = simulator.world

    @blueprint.get("/shops/<shop_id>/products")
    def products(shop_id: str) -> Response:
        with world.lock:
            return json_answer({"products": [truth(product) for product in world.catalogs[world.shop(shop_id).id]]})

    @blueprint.get("/shops/<shop_id>/stock")
    def stock(shop_id: str) -> Response:
        with world.lock:
            found = {
                sku.id: {
                    "seller_sku": sku.seller_sku,
                    "available": dict(sku.available),
                    "committed": dict(sku.committed),
                }
                for sku in world.skus_of(world.shop(shop_id))
            }
        return json_answer({"stock": found})

    @blueprint.get("/shops/<shop_id>/stock_ledger")
    def stock_ledger(shop_id: str) -> Response:
        try:
            since = float(request.args.get("since", "0"))
        except ValueError:
            raise ControlError("since must be a time in epoch seconds") from None
        with world.lock:
            moves = world.stock.ledger(world.shop(shop_id), since)
        return json_answer({"moves": [vars(move) for move in moves]})


def _named(sku: Sku) -> dict[str, str]:
    return {"product_id": sku.product.id, "sku_id": sku.id, "seller_sku": sku.seller_sku}


def _action(actions: dict[str, T], name: str, things: str) -> T:
    try:
        return actions[name]
    except KeyError:
        raise ControlError(f"no action {name!r} on {things}; there are {', '.join(actions)}") from None
