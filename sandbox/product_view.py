"""How a product is shown to an app: short in lists, whole in its detail (reference sections 6.4 and 6.5)."""

from __future__ import annotations

from typing import Any

from sandbox.ids import id_of_name
from sandbox.images import HEIGHT, PATH, WIDTH
from sandbox.model import Product, Shop, Sku
from sandbox.payments import format_amount


def summary(product: Product) -> dict[str, Any]:
    """The product object of the product search."""
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


def detail(product: Product, host_url: str) -> dict[str, Any]:
    """The product object of *Get Product*.

    :param host_url: where the pictures are, with a slash at the end.
    """
    return summary(product) | {
        "description": product.description,
        "category_chains": [{"id": "853000", "parent_id": "0", "local_name": "Home", "is_leaf": True}],
        "brand": {"id": "7082427311584347905", "name": "Sandbox"},
        "main_images": [_image(product, number, host_url) for number in product.images],
        "package_weight": {"value": str(product.package_weight), "unit": "KILOGRAM"},
        "package_dimensions": {"length": "10", "width": "10", "height": "10", "unit": "CENTIMETER"},
        "product_types": [],
        "is_cod_allowed": False,
        "external_product_id": "",
        "skus": [_sku_detail(product.shop, sku) for sku in product.skus],
    }


def truth(product: Product) -> dict[str, Any]:
    """All that the simulator knows of a product, for the control API."""
    skus = [
        {
            "id": sku.id,
            "seller_sku": sku.seller_sku,
            "name": sku.name,
            "price": str(sku.price),
            "attributes": sales_attributes(sku),
            "barcode": sku.barcode,
            "available": dict(sku.available),
            "committed": dict(sku.committed),
        }
        for sku in product.skus
    ]
    names = ("id", "title", "status", "description", "create_time", "update_time")
    return {name: getattr(product, name) for name in names} | {"images": len(product.images), "skus": skus}


def sales_attributes(sku: Sku) -> dict[str, str]:
    """What buyers choose by: attribute name to value. A SKU without any has a *Specification*."""
    return sku.attributes or {"Specification": sku.name}


def _sku(shop: Shop, sku: Sku) -> dict[str, Any]:
    price = format_amount(sku.price, shop.currency)
    return {
        "id": sku.id,
        "seller_sku": sku.seller_sku,
        "price": {"currency": shop.currency, "sale_price": price, "tax_exclusive_price": price},
        "inventory": [{"warehouse_id": key, "quantity": quantity} for key, quantity in sku.available.items()],
    }


def _sku_detail(shop: Shop, sku: Sku) -> dict[str, Any]:
    shown = _sku(shop, sku) | {
        "external_sku_id": "",
        "sales_attributes": [
            {"id": id_of_name(name), "name": name, "value_id": id_of_name(name, value), "value_name": value}
            for name, value in sales_attributes(sku).items()
        ],
    }
    if sku.barcode:
        shown["identifier_code"] = {"code": sku.barcode, "type": sku.barcode_type}
    return shown


def _image(product: Product, number: int, host_url: str) -> dict[str, Any]:
    url = f"{host_url.rstrip('/')}{PATH}/{product.id}/{number}.png"
    return {
        "uri": f"tos-sandbox/{product.id}-{number}",
        "urls": [url],
        "thumb_urls": [url],
        "width": WIDTH,
        "height": HEIGHT,
    }
