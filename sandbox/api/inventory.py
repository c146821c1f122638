"""Inventory search and update (reference section 5.4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.api.parameters import objects, texts
from sandbox.api.products import HIDDEN, own_product
from sandbox.errors import ApiError, invalid_parameter
from sandbox.model import Product, Sku
from sandbox.routing import Call, Endpoint

READ, WRITE = "seller.product.basic", "seller.product.write"
MAX_QUANTITY = 99_999
MAX_SKUS = 300


def search(call: Call) -> dict[str, Any]:
    """By product or by SKU ids (these win); foreign and unknown ids are left out."""
    product_ids = texts(call.body, "product_ids", 100, 12019120)
    sku_ids = texts(call.body, "sku_ids", 600, 12019087)
    if sku_ids:
        found: Iterable[Sku] = (call.world.skus[key] for key in dict.fromkeys(sku_ids) if key in call.world.skus)
    elif product_ids:
        products = call.world.products
        found = (sku for key in dict.fromkeys(product_ids) if key in products for sku in products[key].skus)
    else:
        raise invalid_parameter("product_ids or sku_ids", "is required")
    by_product: dict[str, list[dict[str, Any]]] = {}
    for sku in found:
        if sku.product.shop is call.shop:
            by_product.setdefault(sku.product.id, []).append(_sku(sku))
    return {"inventory": [{"product_id": product_id, "skus": skus} for product_id, skus in by_product.items()]}


def update(call: Call) -> dict[str, Any]:
    """Sets what is available for sale. SKUs that fail are in ``errors`` with their warehouses; the others are done."""
    product = own_product(call, call.path["product_id"])
    if product.status in HIDDEN:
        raise ApiError(12052037, f"The product is {product.status}, its inventory cannot be updated")
    entries = objects(call.body, "skus")
    if len(entries) > MAX_SKUS:
        raise ApiError(12019015, f"skus has more than {MAX_SKUS} entries")
    errors = []
    for entry in entries:
        sku_id = str(entry.get("id", ""))
        try:
            _update_sku(call, product, sku_id, objects(entry, "inventory"))
        except ApiError as error:
            errors.append({"code": error.code, "message": error.message, "detail": {"sku_id": sku_id}})
        except _WarehouseErrors as refused:
            detail = {"sku_id": sku_id, "extra_errors": refused.errors}
            errors.append({"code": 12052990, "message": "batch update inventory error", "detail": detail})
    return {"errors": errors} if errors else {}


class _WarehouseErrors(Exception):
    """What is wrong with single warehouses of one SKU."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors)
        self.errors = errors


def _update_sku(call: Call, product: Product, sku_id: str, entries: list[dict[str, Any]]) -> None:
    sku = next((sku for sku in product.skus if sku.id == sku_id), None)
    if sku is None:
        raise ApiError(12052036, "SKU id is missing or not of this product")
    quantities: dict[str, int] = {}
    errors = []
    for entry in entries:
        warehouse_id = entry.get("warehouse_id")
        if warehouse_id is None and len(sku.available) == 1:
            warehouse_id = next(iter(sku.available))
        problem = _problem(call, sku, warehouse_id, entry.get("quantity"))
        if problem:
            errors.append({"warehouse_id": str(warehouse_id or ""), "code": problem[0], "message": problem[1]})
        else:
            quantities[str(warehouse_id)] = entry["quantity"]
    if errors:
        raise _WarehouseErrors(errors)
    if set(quantities) != set(sku.available):
        raise ApiError(12019028, "All warehouses of the SKU must be listed")
    refusal = call.world.inventory_refusals.get(sku.id)
    if refusal is not None:
        code, message = refusal
        raise _WarehouseErrors([{"warehouse_id": key, "code": code, "message": message} for key in quantities])
    call.products.update_stock(sku, quantities)


def _problem(call: Call, sku: Sku, warehouse_id: Any, quantity: Any) -> tuple[int, str] | None:
    if warehouse_id is None:
        return 12019022, "warehouse_id is required, there are several warehouses"
    if warehouse_id not in sku.available:
        return 12052097, "The warehouse does not exist or does not sell this SKU"
    if not isinstance(quantity, int) or isinstance(quantity, bool):
        return 12019024, "The stock count must be an integer"
    lowest = 0 if call.world.settings.zero_stock_allowed else 1
    if not lowest <= quantity <= MAX_QUANTITY:
        return 12052055, f"The stock count must be from {lowest} to {MAX_QUANTITY}"
    return None


def _sku(sku: Sku) -> dict[str, Any]:
    return {
        "id": sku.id,
        "seller_sku": sku.seller_sku,
        "total_available_quantity": sku.total_available,
        "total_committed_quantity": sum(sku.committed.values()),
        "total_available_inventory_distribution": {"in_shop_inventory": {"quantity": sku.total_available}},
        "warehouse_inventory": [
            {"warehouse_id": key, "available_quantity": quantity, "committed_quantity": sku.committed.get(key, 0)}
            for key, quantity in sku.available.items()
        ],
    }


ENDPOINTS = [
    Endpoint("/product/202309/inventory/search", "POST", READ, search),
    Endpoint("/product/202309/products/<product_id>/inventory/update", "POST", WRITE, update),
]
