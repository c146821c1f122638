"""Packages: search, detail, handover, shipping, labels, splitting and combining (reference section 5.6)."""

from __future__ import annotations

from typing import Any

from sandbox import packages
from sandbox.api.listing import listed
from sandbox.api.parameters import objects, one_of, text, texts
from sandbox.api.shop_orders import own_order
from sandbox.documents import PATH
from sandbox.errors import ApiError, ControlError, invalid_parameter
from sandbox.model import Order, Package
from sandbox.routing import Call, Endpoint

SCOPE = "seller.fulfillment.basic"
DAY = 86_400
STATUSES = ("PROCESSING", "FULFILLING", "COMPLETED", "CANCELLED")
DOCUMENTS = (
    *("SHIPPING_LABEL", "PACKING_SLIP", "SHIPPING_LABEL_AND_PACKING_SLIP", "SHIPPING_LABEL_PICTURE"),
    *("HAZMAT_LABEL", "INVOICE_LABEL"),
)
#: Markets with *Mark Package As Shipped*.
MARKED_AS_SHIPPED = ("US", "GB", "ES", "IE", "IT", "DE", "FR", "JP")
#: Markets in which all units of a SKU stay together.
SPLIT_BY_SKU = ("BR", "ID", "MY", "PH", "SG", "TH", "VN")


def search(call: Call) -> dict[str, Any]:
    wanted = one_of(call.body, "package_status", STATUSES)
    shown = [each for each in call.world.packages.values() if each.shop is call.shop and each.status != "TO_FULFILL"]
    found = [each for each in shown if wanted in (None, each.status)]
    page, rest = listed(call, found, ("create_time", "update_time"), low=1, high=50, default="DESC")
    return {"packages": [_in_list(call, each) for each in page], **rest}


def detail(call: Call) -> dict[str, Any]:
    package = _own(call)
    order = call.world.order(package.order_ids[0]) if package.lines else None
    shown = _in_list(call, package)
    status = shown.pop("status")
    return {
        **{"package_id": shown.pop("id"), "package_status": status, **shown},
        "delivery_option_id": order.fields["delivery_option_id"] if order else "",
        "delivery_option_name": order.fields["delivery_option_name"] if order else "",
        "shipping_type": order.fields["shipping_type"] if order else "",
        "split_and_combine_tag": package.tag,
        "has_multi_skus": len(package.lines) > 1,
        "note_tag": "BUYER_UNNOTED",
        **({"handover_method": package.handover_method} if package.handover_method else {}),
        **({"pickup_slot": package.pickup_slot} if package.pickup_slot else {}),
    }


def time_slots(call: Call) -> dict[str, Any]:
    _own(call)
    return {
        "can_pickup": True,
        "can_drop_off": True,
        "can_van_collection": call.shop.market.region == "GB",
        "drop_off_point_url": "",
        "pickup_slots": _slots(call),
    }


def ship(call: Call) -> dict[str, Any]:
    _ship(call, _own(call), call.body)
    return {}


def batch_ship(call: Call) -> dict[str, Any]:
    errors = []
    for entry in objects(call.body, "packages"):
        package_id = str(entry.get("id", ""))
        try:
            _ship(call, _own(call, package_id), entry)
        except ApiError as error:
            detail_ = {"package_id": package_id}
            errors.append({"code": error.code, "message": error.message, "detail": detail_})
    return {"errors": errors} if errors else {}


def documents(call: Call) -> dict[str, Any]:
    package = _own(call)
    if one_of(call.query, "document_type", DOCUMENTS) is None:
        raise invalid_parameter("document_type", "is required")
    one_of(call.query, "document_size", ("A6", "A5"))
    one_of(call.query, "document_format", ("PDF", "ZPL"))
    orders = [call.world.order(order_id) for order_id in package.order_ids]
    if any(order.fields["shipping_type"] == "SELLER" for order in orders):
        raise ApiError(11034002, "The package is shipped by the seller")
    if not package.is_arranged:
        raise ApiError(21023035, "The package is not shipped yet")
    if package.status != "PROCESSING":
        raise ApiError(21023046, "The package was collected already")
    if call.world.now() < package.shipped_at + call.world.settings.label_seconds:
        raise ApiError(11034037, "The document is being generated")
    url = f"{call.host_url}{PATH.lstrip('/')}/{call.world.label_token(package)}.pdf"
    return {"doc_url": url, "tracking_number": package.tracking_number}


def mark_as_shipped(call: Call) -> dict[str, Any]:
    order = own_order(call, call.path["order_id"])
    if call.shop.market.region not in MARKED_AS_SHIPPED:
        raise ApiError(21011004, "This market does not support it")
    if order.fields["shipping_type"] != "SELLER":
        raise ApiError(21011004, "The order is not shipped by the seller")
    _may_ship(order)
    line_ids = texts(call.body, "order_line_item_ids", 300)
    waiting = _waiting(call, order)
    if not line_ids or not set(line_ids) <= waiting:
        raise ApiError(21011006, "Some items are shipped already, or not of this order")
    tracking, provider = _own_shipment(call.body)
    package = call.packages.mark_as_shipped(order, line_ids, tracking, provider)
    return {"order_id": order.id, "package_id": package.id, "order_line_item_ids": line_ids}


def update_shipping_info(call: Call) -> dict[str, Any]:
    package = _own(call)
    if not package.is_arranged:
        raise ApiError(21011043, "The package is not shipped")
    if any(call.world.order(each).fields["shipping_type"] != "SELLER" for each in package.order_ids):
        raise ApiError(21011004, "The package is not shipped by the seller")
    if package.status == "COMPLETED":
        raise ApiError(21011030, "The package is delivered")
    if call.world.now() > package.shipped_at + 3 * DAY:
        raise ApiError(21011049, "72 hours are over")
    tracking, provider = _own_shipment(call.body)
    call.packages.correct(package, tracking, provider)
    return {}


def split(call: Call) -> dict[str, Any]:
    order = own_order(call, call.path["order_id"])
    groups = [texts(group, "order_line_item_ids", 300) for group in objects(call.body, "splittable_groups")]
    lines = [line for group in groups for line in group]
    _may_ship(order)
    if len(groups) < 2 or len(lines) != len(set(lines)) or set(lines) != _waiting(call, order):
        raise invalid_parameter("splittable_groups", "must hold every item that is not shipped, each once")
    if call.shop.market.region in SPLIT_BY_SKU:
        skus = [{packages.find_line(order, line)["sku_id"] for line in group} for group in groups]
        if any(one & other for number, one in enumerate(skus) for other in skus[number + 1 :]):
            raise ApiError(21001021, "This market splits orders by SKU")
    made = call.packages.split(order, groups)
    return {"packages": [{"id": each.id, "order_line_item_ids": list(each.lines)} for each in made]}


def split_attributes(call: Call) -> dict[str, Any]:
    ids = [part for part in call.query.get("order_ids", "").split(",") if part]
    if not ids:
        raise invalid_parameter("order_ids", "is required")
    found = []
    for order_id in ids:
        order = own_order(call, order_id)
        can = len(_waiting(call, order)) > 1 and order.status in ("AWAITING_SHIPMENT", "PARTIALLY_SHIPPING")
        found.append({"order_id": order.id, "can_split": can, "must_split": False})
    return {"split_attributes": found}


def combine(call: Call) -> dict[str, Any]:
    found = [_own(call, package_id) for package_id in texts(call.body, "combinable_packages", 50)]
    try:
        package = call.packages.combine(found)
    except ControlError as error:
        raise ApiError(21001022, str(error)) from None
    return {"packages": [{"id": package.id, "order_ids": package.order_ids}]}


def uncombine(call: Call) -> dict[str, Any]:
    try:
        made = call.packages.uncombine(_own(call))
    except ControlError as error:
        raise ApiError(21001023, str(error)) from None
    return {"packages": [{"id": each.id, "order_ids": each.order_ids} for each in made]}


def tracking(call: Call) -> dict[str, Any]:
    order = own_order(call, call.path["order_id"])
    events = [("rts_time", "Ready to ship"), ("collection_time", "Collected"), ("delivery_time", "Delivered")]
    shown = [
        {"description": words, "update_time_millis": order.fields[name] * 1000}
        for name, words in events
        if order.fields.get(name)
    ]
    return {"tracking": shown}


def _own(call: Call, package_id: str | None = None) -> Package:
    package = call.world.packages.get(call.path["package_id"] if package_id is None else package_id)
    if package is None or package.shop is not call.shop or package.status == "CANCELLED":
        raise ApiError(21011001, "The package does not exist")
    return package


def _may_ship(order: Order) -> None:
    if order.status == "ON_HOLD":
        raise ApiError(21011044, "The order is on hold")
    if order.fields["is_buyer_request_cancel"]:
        raise ApiError(21021010, "The buyer asks to cancel: answer that first")
    if order.status not in ("AWAITING_SHIPMENT", "PARTIALLY_SHIPPING"):
        raise ApiError(21011006, f"The order is {order.status}")


def _waiting(call: Call, order: Order) -> set[str]:
    """Lines that are not shipped."""
    shipped = {line for each in packages.of(call.world, order) if each.is_arranged for line in each.lines}
    return {line["id"] for line in packages.active_lines(order)} - shipped


def _ship(call: Call, package: Package, body: dict[str, Any]) -> None:
    if package.is_arranged:
        raise ApiError(21011006, "The package is shipped already")
    orders = [call.world.order(order_id) for order_id in package.order_ids]
    for order in orders:
        _may_ship(order)
    method = one_of(body, "handover_method", ("PICKUP", "DROP_OFF"))
    if any(order.fields["shipping_type"] == "SELLER" for order in orders):
        number_, provider = _own_shipment(body.get("self_shipment") or {})
        call.packages.ship(package, tracking_number=number_, provider=provider)
        return
    if body.get("self_shipment"):
        raise invalid_parameter("self_shipment", "is for orders that the seller ships")
    slot = body.get("pickup_slot")
    free = [{name: each[name] for name in ("start_time", "end_time")} for each in _slots(call) if each["avaliable"]]
    if slot is not None and (method == "DROP_OFF" or slot not in free):
        raise invalid_parameter("pickup_slot", "is none of those that are offered")
    call.packages.ship(package, handover_method=method or "DROP_OFF", pickup_slot=slot)


def _own_shipment(body: dict[str, Any]) -> tuple[str, dict[str, str]]:
    tracking_number, provider_id = text(body, "tracking_number") or "", text(body, "shipping_provider_id") or ""
    provider = next((each for each in packages.PROVIDERS if each["id"] == provider_id), None)
    if not tracking_number or provider is None:
        raise ApiError(21011022, "The tracking number or the shipping provider is invalid")
    return tracking_number, provider


def _slots(call: Call) -> list[dict[str, Any]]:
    """Three mornings from tomorrow on; the first is taken."""
    tomorrow = (call.world.now() // DAY + 1) * DAY
    return [
        {
            "start_time": tomorrow + day * DAY + 9 * 3600,
            "end_time": tomorrow + day * DAY + 12 * 3600,
            "avaliable": day > 0,
        }
        for day in range(3)
    ]


def _in_list(call: Call, package: Package) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": package.id,
        "status": package.status,
        "orders": [{"id": order_id} for order_id in package.order_ids],
        "order_line_item_ids": list(package.lines),
        "create_time": package.create_time,
        "update_time": package.update_time,
    }
    if package.is_arranged:
        shown |= {
            "tracking_number": package.tracking_number,
            "shipping_provider_id": package.provider["id"],
            "shipping_provider_name": package.provider["name"],
        }
    return shown


_PACKAGES = "/fulfillment/202309/packages"
_ONE = f"{_PACKAGES}/<package_id>"
_ORDER = "/fulfillment/202309/orders/<order_id>"
ENDPOINTS = [
    Endpoint(f"{_PACKAGES}/search", "POST", SCOPE, search),
    Endpoint(f"{_PACKAGES}/ship", "POST", SCOPE, batch_ship),
    Endpoint(f"{_PACKAGES}/combine", "POST", SCOPE, combine),
    Endpoint(_ONE, "GET", SCOPE, detail),
    Endpoint(f"{_ONE}/handover_time_slots", "GET", SCOPE, time_slots),
    Endpoint(f"{_ONE}/ship", "POST", SCOPE, ship),
    Endpoint(f"{_ONE}/uncombine", "POST", SCOPE, uncombine),
    Endpoint(f"{_ONE}/shipping_documents", "GET", SCOPE, documents),
    Endpoint(f"{_ONE}/shipping_info/update", "POST", SCOPE, update_shipping_info),
    Endpoint(f"{_ORDER}/packages", "POST", SCOPE, mark_as_shipped),
    Endpoint(f"{_ORDER}/split", "POST", SCOPE, split),
    Endpoint("/fulfillment/202309/orders/split_attributes", "GET", SCOPE, split_attributes),
    Endpoint(f"{_ORDER}/tracking", "GET", SCOPE, tracking),
]
