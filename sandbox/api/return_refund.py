"""Cancellations and returns (reference sections 5.7 and 5.8)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox import packages
from sandbox.after_sale_desk import PENDING, REPLACEMENT_STATUSES, RETURN_STATUSES, RETURN_TYPES
from sandbox.api.listing import listed
from sandbox.api.parameters import text, texts
from sandbox.api.shop_orders import own_order
from sandbox.errors import ApiError, ControlError, invalid_parameter
from sandbox.model import CancelCase, Order, ReturnCase
from sandbox.payments import format_amount
from sandbox.routing import Call, Endpoint

SCOPE = "seller.return_refund.basic"
REASONS = (
    *("seller_cancel_reason_out_of_stock", "seller_cancel_reason_wrong_price"),
    *("seller_cancel_paid_reason_address_not_deliver", "seller_cancel_paid_reason_buyer_requested_cancellation"),
)
REJECT_REASONS = ("seller_reject_apply_product_has_been_packed", "seller_reject_apply_shipped")
#: The search knows a status by another name than answers do.
_CANCEL_STATUSES = (
    PENDING,
    "CANCELLATION_REQUEST_SUCCESS",
    "CANCELLATION_REQUEST_CANCEL",
    "CANCELLATION_REQUEST_COMPLETE",
)
_BY_UNIT = ("US", "GB")
_SORT = ("create_time", "update_time")


def search_cancellations(call: Call) -> dict[str, Any]:
    body = call.body
    wanted = {
        "id": texts(body, "cancel_ids", 50),
        "order_id": texts(body, "order_ids", 50),
        "type": _each_of(body, "cancel_types", ("CANCEL", "BUYER_CANCEL")),
        "status": _each_of(body, "cancel_status", _CANCEL_STATUSES),
    }
    cases = [case for case in call.world.cancellations.values() if case.order.shop is call.shop]
    found = [case for case in cases if _fits(case, wanted)]
    page, rest = listed(call, found, _SORT, low=1, high=50, default="ASC")
    return {"cancellations": [_cancellation(case) for case in page], **rest}


def cancel(call: Call) -> dict[str, Any]:
    order = own_order(call, text(call.body, "order_id") or "")
    reason = text(call.body, "cancel_reason")
    if reason not in REASONS:
        raise invalid_parameter("cancel_reason", f"must be one of {', '.join(REASONS)}")
    lines = texts(call.body, "order_line_item_ids", 300)
    if lines and call.shop.market.region not in _BY_UNIT:
        raise ApiError(25001002, "This market cancels whole orders only")
    everything = [line["id"] for line in packages.active_lines(order)]
    if order.status not in ("UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING", "AWAITING_COLLECTION"):
        raise ApiError(25001001, f"An order that is {order.status} cannot be cancelled")
    if call.after_sale.pending(order) is not None:
        raise ApiError(25001003, "The buyer asks to cancel: answer that")
    try:
        case = call.after_sale.cancel_lines(order, lines or everything, by="SELLER", reason=str(reason))
    except ControlError as error:
        raise ApiError(25001001, str(error)) from None
    return {"cancel_id": case.id, "cancel_status": case.status}


def approve(call: Call) -> dict[str, Any]:
    return _decide(call, approve=True)


def reject(call: Call) -> dict[str, Any]:
    if text(call.body, "reject_reason") not in REJECT_REASONS:
        raise invalid_parameter("reject_reason", f"must be one of {', '.join(REJECT_REASONS)}")
    return _decide(call, approve=False)


def _decide(call: Call, *, approve: bool) -> dict[str, Any]:
    case = call.world.cancellations.get(call.path["cancel_id"])
    if case is None or case.order.shop is not call.shop:
        raise ApiError(25001004, "There is no such cancellation")
    key = call.query.get("idempotency_key", "")
    if len(key) > 255:
        raise invalid_parameter("idempotency_key", "is longer than 255")
    if key and call.world.idempotency_keys.get(key) == (case.id, approve):
        return {}
    if case.status != PENDING:
        raise ApiError(25001005, f"The cancellation is {case.status}")
    call.after_sale.decide(case, approve=approve)
    if key:
        call.world.idempotency_keys[key] = (case.id, approve)
    return {}


def reject_reasons(call: Call) -> dict[str, Any]:
    if not call.query.get("return_or_cancel_id"):
        raise invalid_parameter("return_or_cancel_id", "is required")
    return {"reasons": [{"name": name, "text": name.replace("_", " ")} for name in REJECT_REASONS]}


def search_returns(call: Call) -> dict[str, Any]:
    body = call.body
    wanted = {
        "id": texts(body, "return_ids", 50),
        "order_id": texts(body, "order_ids", 50),
        "type": _each_of(body, "return_types", RETURN_TYPES),
        "status": _each_of(body, "return_status", (*RETURN_STATUSES, *REPLACEMENT_STATUSES)),
    }
    cases = [case for case in call.world.returns.values() if case.order.shop is call.shop]
    found = [case for case in cases if _fits(case, wanted)]
    page, rest = listed(call, found, _SORT, low=10, high=50, default="ASC")
    return {"return_orders": [_return(case) for case in page], **rest}


def _each_of(body: dict[str, Any], name: str, allowed: tuple[str, ...]) -> list[str]:
    values = texts(body, name, 50)
    if not set(values) <= set(allowed):
        raise invalid_parameter(name, f"must be of {', '.join(allowed)}")
    return values


def _fits(case: CancelCase | ReturnCase, wanted: dict[str, list[str]]) -> bool:
    own = {"id": case.id, "order_id": case.order.id, "type": case.type, "status": case.status}
    return all(not values or own[name] in values for name, values in wanted.items())


def _amount(order: Order, line_ids: tuple[str, ...]) -> dict[str, str]:
    currency = order.fields["payment"]["currency"]
    lines = [packages.find_line(order, line_id) for line_id in line_ids]
    goods = sum((Decimal(line["sale_price"]) for line in lines), Decimal(0))
    tax = sum((Decimal(each["tax_amount"]) for line in lines for each in line.get("item_tax", [])), Decimal(0))
    return {
        "currency": currency,
        "refund_subtotal": format_amount(goods, currency),
        "refund_shipping_fee": format_amount(Decimal(0), currency),
        "refund_tax": format_amount(tax, currency),
        "refund_total": format_amount(goods + tax, currency),
    }


def _lines(case: CancelCase | ReturnCase, name: str) -> list[dict[str, Any]]:
    found = [packages.find_line(case.order, line_id) for line_id in case.line_ids]
    return [
        {
            name: f"{case.id[:-6]}{number:06}",
            "order_line_item_id": line["id"],
            "product_name": line["product_name"],
            "seller_sku": line["seller_sku"],
            "sku_id": line["sku_id"],
            "sku_name": line["sku_name"],
            "refund_amount": _amount(case.order, (line["id"],)),
        }
        for number, line in enumerate(found, 1)
    ]


def _case(case: CancelCase | ReturnCase, action: str) -> dict[str, Any]:
    return {
        "order_id": case.order.id,
        "role": case.role,
        "refund_amount": _amount(case.order, case.line_ids),
        "seller_next_action_response": [{"action": action, "deadline": case.respond_by}] if case.respond_by else [],
        "create_time": case.create_time,
        "update_time": case.update_time,
    }


def _cancellation(case: CancelCase) -> dict[str, Any]:
    status = case.status + ("LED" if case.status.endswith("_CANCEL") else "")
    return {
        "cancel_id": case.id,
        "cancel_type": case.type,
        "cancel_status": status,
        "cancel_reason": case.reason,
        "cancel_reason_text": case.reason.replace("_", " "),
        "cancel_line_items": _lines(case, "cancel_line_item_id"),
        **_case(case, "SELLER_RESPOND_CANCEL"),
    }


def _return(case: ReturnCase) -> dict[str, Any]:
    return {
        "return_id": case.id,
        "return_type": case.type,
        "return_status": case.status,
        "return_reason": case.reason,
        "return_reason_text": case.reason.replace("_", " "),
        "return_line_items": _lines(case, "return_line_item_id"),
        "can_buyer_keep_item": case.keeps_item,
        "shipment_type": "PLATFORM",
        **_case(case, "SELLER_RESPOND_RETURN"),
    }


_CANCELLATIONS = "/return_refund/202309/cancellations"
ENDPOINTS = [
    Endpoint(f"{_CANCELLATIONS}/search", "POST", SCOPE, search_cancellations),
    Endpoint(_CANCELLATIONS, "POST", SCOPE, cancel),
    Endpoint(f"{_CANCELLATIONS}/<cancel_id>/approve", "POST", SCOPE, approve),
    Endpoint(f"{_CANCELLATIONS}/<cancel_id>/reject", "POST", SCOPE, reject),
    Endpoint("/return_refund/202309/reject_reasons", "GET", SCOPE, reject_reasons),
    Endpoint("/return_refund/202309/returns/search", "POST", SCOPE, search_returns),
]
