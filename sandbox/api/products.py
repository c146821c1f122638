"""Product search, detail, prices and (de)activation (reference section 5.3)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from math import inf
from typing import Any

from sandbox import product_view
from sandbox.api.parameters import next_page, number, objects, one_of, page_offset, page_size, texts
from sandbox.catalog import LIVE, Condition
from sandbox.errors import ApiError, invalid_parameter
from sandbox.markets import quantize
from sandbox.model import Product
from sandbox.routing import Call, Endpoint

READ, WRITE = "seller.product.basic", "seller.product.write"
STATUSES = (
    "ALL",
    "DRAFT",
    "PENDING",
    "FAILED",
    "ACTIVATE",
    "SELLER_DEACTIVATED",
    "PLATFORM_DEACTIVATED",
    "FREEZE",
    "DELETED",
)
MAX_RESULTS = 10_000
HIDDEN = ("FREEZE", "DELETED")


def search(call: Call) -> dict[str, Any]:
    """Newest first. ``_le`` bounds are inclusive, unlike those of orders; nothing past 10 000 results."""
    size, offset = page_size(call.query), page_offset(call.query)
    body = call.body
    status = one_of(body, "status", STATUSES) or "ALL"
    seller_skus = set(texts(body, "seller_skus", 10, 12019027))
    sku_ids = set(texts(body, "sku_ids", 10, 12019087))
    conditions: list[Condition] = []
    if status != "ALL":
        conditions.append(lambda product: product.status == status)
    for name in ("create_time", "update_time"):
        start, end = number(body, f"{name}_ge"), number(body, f"{name}_le")
        if start is not None or end is not None:
            conditions.append(_within(name, start, end))
    if seller_skus:
        conditions.append(lambda product: any(sku.seller_sku in seller_skus for sku in product.skus))
    if sku_ids:
        conditions.append(lambda product: any(sku.id in sku_ids for sku in product.skus))
    found = call.world.catalogs[call.shop.id].newest_first(conditions)
    if min(offset + size, len(found)) > MAX_RESULTS:
        raise ApiError(12052180, "More than 10000 results. Narrow the search, for example by update_time")
    return {
        "products": [product_view.summary(product) for product in found[offset : offset + size]],
        "next_page_token": next_page(offset, size, len(found)),
        "total_count": len(found),
    }


def detail(call: Call) -> dict[str, Any]:
    product = own_product(call, call.path["product_id"])
    if product.status in HIDDEN:
        raise ApiError(12052031, f"The product is {product.status}")
    return product_view.detail(product, call.host_url)


def update_prices(call: Call) -> dict[str, Any]:
    """Written as ``price.amount``, read back as ``price.sale_price``."""
    product = own_product(call, call.path["product_id"])
    if product.status != LIVE:
        raise ApiError(12052038, f"The product is {product.status}; only live products can be priced")
    changes = []
    for entry in objects(call.body, "skus"):
        sku = next((sku for sku in product.skus if sku.id == entry.get("id")), None)
        if sku is None:
            raise ApiError(12052036, "SKU id is missing or not of this product")
        changes.append((sku, _price(entry.get("price"), product.shop.currency)))
    call.products.update_prices(product, changes)
    return {}


def activate(call: Call) -> dict[str, Any]:
    return _set_status(call, LIVE)


def deactivate(call: Call) -> dict[str, Any]:
    return _set_status(call, "SELLER_DEACTIVATED")


def own_product(call: Call, product_id: str) -> Product:
    """A product of the calling shop.

    :raises ApiError: 12052031 for an unknown id, 12052048 for one of another shop.
    """
    product = call.world.products.get(product_id)
    if product is None:
        raise ApiError(12052031, "The product does not exist")
    if product.shop is not call.shop:
        raise ApiError(12052048, "The product does not belong to this shop")
    return product


def _set_status(call: Call, status: str) -> dict[str, Any]:
    errors = []
    for product_id in texts(call.body, "product_ids", 20, 12019120):
        try:
            product = own_product(call, product_id)
            if product.status in HIDDEN:
                raise ApiError(12052037, f"The product is {product.status}")
        except ApiError as error:
            errors.append({"code": error.code, "message": error.message, "detail": {"product_id": product_id}})
            continue
        call.products.set_status(product, status)
    return {"errors": errors} if errors else {}


def _price(price: Any, currency: str) -> Decimal:
    if not isinstance(price, dict) or price.get("currency") != currency:
        raise invalid_parameter("price", f"needs amount and currency ({currency} in this shop)")
    try:
        amount = Decimal(str(price.get("amount")))
        valid = amount > 0 and amount == quantize(amount, currency)
    except InvalidOperation:
        valid = False
    if not valid:
        raise invalid_parameter("price.amount", f"is not an amount in {currency}")
    return amount


def _within(name: str, start: int | None, end: int | None) -> Condition:
    lowest = -inf if start is None else start
    highest = inf if end is None else end
    return lambda product: lowest <= getattr(product, name) <= highest


ENDPOINTS = [
    *(Endpoint(f"/product/{version}/products/search", "POST", READ, search) for version in (202309, 202312, 202502)),
    Endpoint("/product/202309/products/<product_id>", "GET", READ, detail),
    Endpoint("/product/202309/products/<product_id>/prices/update", "POST", WRITE, update_prices),
    Endpoint("/product/202309/products/activate", "POST", WRITE, activate),
    Endpoint("/product/202309/products/deactivate", "POST", WRITE, deactivate),
]
