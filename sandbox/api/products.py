"""Product search, detail, prices and (de)activation (reference section 5.3)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.api.parameters import next_page, number, objects, one_of, page_offset, page_size, texts
from sandbox.errors import ApiError, invalid_parameter
from sandbox.markets import quantize
from sandbox.model import Product, Shop, Sku
from sandbox.payments import format_amount
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
    bounds = {name: (number(body, f"{name}_ge"), number(body, f"{name}_le")) for name in ("create_time", "update_time")}
    found = [
        product
        for product in products_of(call)
        if status in ("ALL", product.status)
        and (not seller_skus or any(sku.seller_sku in seller_skus for sku in product.skus))
        and (not sku_ids or any(sku.id in sku_ids for sku in product.skus))
        and all(_within(getattr(product, name), *limits) for name, limits in bounds.items())
    ]
    if offset + size > MAX_RESULTS:
        raise ApiError(12052180, "More than 10000 results. Narrow the search, for example by update_time")
    found.reverse()
    return {
        "products": [_summary(product) for product in found[offset : offset + size]],
        "next_page_token": next_page(offset, size, len(found)),
        "total_count": len(found),
    }


def detail(call: Call) -> dict[str, Any]:
    product = own_product(call, call.path["product_id"])
    if product.status in HIDDEN:
        raise ApiError(12052031, f"The product is {product.status}")
    shown = _summary(product) | {
        "description": f"<p>{product.title}</p>",
        "category_chains": [{"id": "853000", "parent_id": "0", "local_name": "Home", "is_leaf": True}],
        "brand": {"id": "7082427311584347905", "name": "Sandbox"},
        "main_images": [],
        "package_weight": {"value": "0.5", "unit": "KILOGRAM"},
        "package_dimensions": {"length": "10", "width": "10", "height": "10", "unit": "CENTIMETER"},
        "product_types": [],
        "is_cod_allowed": False,
        "external_product_id": "",
    }
    shown["skus"] = [
        _sku(product.shop, sku)
        | {
            "external_sku_id": "",
            "sales_attributes": [
                {"id": "100000", "name": "Specification", "value_id": sku.id[-9:], "value_name": sku.name}
            ],
        }
        for sku in product.skus
    ]
    return shown


def update_prices(call: Call) -> dict[str, Any]:
    """Written as ``price.amount``, read back as ``price.sale_price``."""
    product = own_product(call, call.path["product_id"])
    if product.status != "ACTIVATE":
        raise ApiError(12052038, f"The product is {product.status}; only live products can be priced")
    changes = []
    for entry in objects(call.body, "skus"):
        sku = next((sku for sku in product.skus if sku.id == entry.get("id")), None)
        if sku is None:
            raise ApiError(12052036, "SKU id is missing or not of this product")
        changes.append((sku, _price(entry.get("price"), product.shop.currency)))
    for sku, price in changes:
        sku.price = price
    product.update_time = call.world.now()
    return {}


def activate(call: Call) -> dict[str, Any]:
    return _set_status(call, "ACTIVATE")


def deactivate(call: Call) -> dict[str, Any]:
    return _set_status(call, "SELLER_DEACTIVATED")


def products_of(call: Call) -> list[Product]:
    return [product for product in call.world.products.values() if product.shop is call.shop]


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
        product.status, product.update_time = status, call.world.now()
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


def _summary(product: Product) -> dict[str, Any]:
    return {
        "id": product.id,
        "title": product.title,
        "status": product.status,
        "sales_regions": [product.shop.market.region],
        "is_not_for_sale": False,
        "create_time": product.create_time,
        "update_time": product.update_time,
        "skus": [_sku(product.shop, sku) for sku in product.skus],
    }


def _sku(shop: Shop, sku: Sku) -> dict[str, Any]:
    price = format_amount(sku.price, shop.currency)
    return {
        "id": sku.id,
        "seller_sku": sku.seller_sku,
        "price": {"currency": shop.currency, "sale_price": price, "tax_exclusive_price": price},
        "inventory": [{"warehouse_id": key, "quantity": quantity} for key, quantity in sku.available.items()],
    }


def _within(value: int, start: int | None, end: int | None) -> bool:
    return (start is None or value >= start) and (end is None or value <= end)


ENDPOINTS = [
    *(Endpoint(f"/product/{version}/products/search", "POST", READ, search) for version in (202309, 202312, 202502)),
    Endpoint("/product/202309/products/<product_id>", "GET", READ, detail),
    Endpoint("/product/202309/products/<product_id>/prices/update", "POST", WRITE, update_prices),
    Endpoint("/product/202309/products/activate", "POST", WRITE, activate),
    Endpoint("/product/202309/products/deactivate", "POST", WRITE, deactivate),
]
