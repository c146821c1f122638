"""Order search and order detail (reference section 5.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.api.parameters import flag, next_page, number, one_of, page_offset, page_size, text, texts
from sandbox.envelope import JsonText, dump
from sandbox.errors import ApiError, invalid_parameter
from sandbox.model import Order
from sandbox.order_book import SORT_FIELDS
from sandbox.order_view import shown_json
from sandbox.routing import Call, Endpoint
from sandbox.status import ORDER_STATUSES

SCOPE = "seller.order.info"
MAX_IDS = 50
Condition = Callable[[Order], bool]


def search(call: Call) -> JsonText:
    """The list as it is now: an order that changes between two pages moves, and the pages with it."""
    size, offset = page_size(call.query), page_offset(call.query)
    # A misspelt sort_field silently falls back to the default, as on TikTok.
    sort_field = call.query.get("sort_field", "create_time")
    sort_field = sort_field if sort_field in SORT_FIELDS else "create_time"
    order = one_of(call.query, "sort_order", ("ASC", "DESC")) or "DESC"
    bounds = {name: _bounds(call.body, name) for name in SORT_FIELDS}
    orders = call.world.orders[call.shop.id].window(sort_field, *bounds[sort_field])
    conditions = _conditions(call.body)
    other = "update_time" if sort_field == "create_time" else "create_time"
    if bounds[other] != (None, None):
        conditions.append(_between(other, *bounds[other]))
    for holds in conditions:
        orders = [order for order in orders if holds(order)]
    if order == "DESC":
        orders.reverse()
    page = ",".join(shown_json(found) for found in orders[offset : offset + size])
    following = dump(next_page(offset, size, len(orders)))
    return JsonText(f'{{"orders":[{page}],"next_page_token":{following},"total_count":{len(orders)}}}')


def detail(call: Call) -> JsonText:
    """Up to 50 orders by id. Ids of another shop are refused; unknown ones are left out or refused by setting."""
    ids = [part for part in call.query.get("ids", "").split(",") if part]
    if not 1 <= len(ids) <= MAX_IDS:
        raise invalid_parameter("ids", f"must be 1 to {MAX_IDS} order ids, joined by commas")
    book = call.world.orders[call.shop.id]
    found = []
    for order_id in dict.fromkeys(ids):
        order = book.get(order_id)
        if order is not None:
            found.append(shown_json(order))
        elif any(other.get(order_id) for other in call.world.orders.values()):
            raise ApiError(21008111, "The order does not belong to this shop")
        elif call.world.settings.unknown_order_ids == "error":
            raise ApiError(21008111, f"The order {order_id} does not exist")
    return JsonText(f'{{"orders":[{",".join(found)}]}}')


def _conditions(body: dict[str, Any]) -> list[Condition]:
    wanted = {
        "status": one_of(body, "order_status", ORDER_STATUSES),
        "shipping_type": one_of(body, "shipping_type", ("TIKTOK", "SELLER", "TIKTOK_DIGITAL")),
        "user_id": text(body, "buyer_user_id"),
        "is_buyer_request_cancel": flag(body, "is_buyer_request_cancel"),
    }
    conditions = [_equals(name, value) for name, value in wanted.items() if value is not None]
    warehouses = texts(body, "warehouse_ids", 100)
    if warehouses:
        conditions.append(lambda order: order.fields.get("warehouse_id") in warehouses)
    return conditions


def _equals(name: str, value: Any) -> Condition:
    return lambda order: bool(order.fields.get(name) == value)


def _between(name: str, start: int | None, end: int | None) -> Condition:
    return lambda order: (start is None or order.fields[name] >= start) and (end is None or order.fields[name] < end)


def _bounds(body: dict[str, Any], name: str) -> tuple[int | None, int | None]:
    return number(body, f"{name}_ge"), number(body, f"{name}_lt")


ENDPOINTS = [
    Endpoint("/order/202309/orders/search", "POST", SCOPE, search),
    Endpoint("/order/202309/orders", "GET", SCOPE, detail),
    Endpoint("/order/202507/orders", "GET", SCOPE, detail),
]
