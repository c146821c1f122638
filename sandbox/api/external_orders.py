"""External order references: an ERP's order number kept with TikTok's order (reference section 5.2, version 202406)."""

from __future__ import annotations

from typing import Any

from sandbox.api.parameters import objects
from sandbox.api.shop_orders import own_order
from sandbox.errors import ApiError, invalid_parameter
from sandbox.routing import Call, Endpoint

SCOPE = "seller.order.info"
MAX_ORDERS = 100
PLATFORMS = (
    "SHOPIFY",
    "WOOCOMMERCE",
    "BIGCOMMERCE",
    "MAGENTO",
    "SALESFORCE_COMMERCE_CLOUD",
    "CHANNEL_ADVISOR",
    "AMAZON",
    "ORDER_MANAGEMENT_SYSTEM",
    "WAREHOUSE_MANAGEMENT_SYSTEM",
    "ERP_SYSTEM",
)


def add(call: Call) -> dict[str, Any]:
    """Keep a reference per order and platform; orders that fail are in ``errors``, the others are done."""
    orders = objects(call.body, "orders")
    if len(orders) > MAX_ORDERS:
        raise invalid_parameter("orders", f"has more than {MAX_ORDERS} entries")
    errors = []
    for entry in orders:
        order_id, external = str(entry.get("id", "")), entry.get("external_order")
        checked = _checked(external)
        try:
            order = own_order(call, order_id)
            _check_lines({line["id"] for line in order.fields.get("line_items", ())}, checked)
        except ApiError as error:
            detail = {"order_id": order_id, "external_order": {key: checked[key] for key in ("id", "platform")}}
            errors.append({"code": error.code, "message": error.message, "detail": detail})
            continue
        others = [known for known in order.external_orders if known["platform"] != checked["platform"]]
        order.external_orders = [*others, checked]
    return {"errors": errors} if errors else {}


def of_order(call: Call) -> dict[str, Any]:
    order = own_order(call, call.path["order_id"])
    platform = _platform(call.query)
    return {"external_orders": [known for known in order.external_orders if known["platform"] == platform]}


def search(call: Call) -> dict[str, Any]:
    platform, wanted = _platform(call.query), call.query.get("external_order_id", "")
    if not wanted:
        raise invalid_parameter("external_order_id", "is required")
    found = [
        {"id": order.id, "external_order": known}
        for order in call.world.orders[call.shop.id]
        for known in order.external_orders
        if known["platform"] == platform and known["id"] == wanted
    ]
    return {"orders": found}


def _platform(values: dict[str, Any]) -> str:
    platform = values.get("platform")
    if platform not in PLATFORMS:
        raise invalid_parameter("platform", f"must be one of {', '.join(PLATFORMS)}")
    return str(platform)


def _checked(external: Any) -> dict[str, Any]:
    if not isinstance(external, dict) or not isinstance(external.get("id"), str) or not external["id"]:
        raise invalid_parameter("external_order", "needs an id (string), a platform and line_items")
    lines = external.get("line_items", [])
    if not isinstance(lines, list) or not all(
        isinstance(line, dict) and isinstance(line.get("id"), str) and isinstance(line.get("origin_id"), str)
        for line in lines
    ):
        raise invalid_parameter("external_order.line_items", "must be a list of {id, origin_id}, both strings")
    kept = [{"id": line["id"], "origin_id": line["origin_id"]} for line in lines]
    return {"id": external["id"], "platform": _platform(external), "line_items": kept}


def _check_lines(line_ids: set[str], external: dict[str, Any]) -> None:
    """One of ``id`` and ``origin_id`` must be a line of the order; sources disagree on which, so either will do."""
    for line in external["line_items"]:
        if not line_ids & set(line.values()):
            raise ApiError(98001004, f"line_items: neither {line['id']} nor {line['origin_id']} is a line of the order")


ENDPOINTS = [
    Endpoint("/order/202406/orders/external_orders", "POST", SCOPE, add),
    Endpoint("/order/202406/orders/<order_id>/external_orders", "GET", SCOPE, of_order),
    Endpoint("/order/202406/orders/external_order_search", "POST", SCOPE, search),
]
