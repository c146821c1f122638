"""Placing an order: stock is taken, amounts are worked out, and the order gets the shape of the order API."""

from __future__ import annotations

import random
from typing import Any

from sandbox.catalog import LIVE
from sandbox.errors import ControlError
from sandbox.model import Order, Shop, Sku
from sandbox.payments import Charges, price_order
from sandbox.people import random_buyer, recipient_address
from sandbox.specs import LineSpec, OrderSpec
from sandbox.status import enter_status
from sandbox.stock import Held, OutOfStock
from sandbox.world import World

DELIVERY_OPTION = {"id": "7091146663229654785", "name": "Standard shipping"}
Unit = tuple[Sku, LineSpec]


def merge_patch(target: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7396) applied to a copy: ``None`` deletes, objects merge, the rest replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def check_patch(patch: dict[str, Any]) -> None:
    """Refuse a patch that would make the order unfindable; a ``missing_field`` fault can hide such a field.

    :raises ControlError: naming the field.
    """
    for name in ("id", "status", "create_time", "update_time"):
        if name in patch and (name == "id" or patch[name] is None):
            raise ControlError(
                f"a patch cannot change the order's {name!r} like that; use fail_next(kind='missing_field')"
            )


def place_order(world: World, shop: Shop, spec: OrderSpec) -> Order:
    """Place one order and keep it in the shop's book; nobody is notified here.

    :raises ControlError: for an unknown SKU, a product that is not live, too little stock (counted) or amounts that
        cannot be.
    """
    check_patch(spec.patch)
    units = [(sku, line) for line in spec.lines for sku in [_find_sku(world, shop, line)] * line.quantity]
    currency = spec.currency or shop.currency
    charges = Charges(
        seller_discount=spec.seller_discount,
        platform_discount=spec.platform_discount,
        shipping_fee=spec.shipping_fee,
        shipping_fee_seller_discount=spec.shipping_fee_seller_discount,
        shipping_fee_platform_discount=spec.shipping_fee_platform_discount,
        tax_rate=shop.market.tax_rate if spec.tax_rate is None else spec.tax_rate,
        fees=spec.fees,
    )
    prices = [sku.price if line.price is None else line.price for sku, line in units]
    amounts, payment = price_order(prices, currency, charges)
    order_id = world.ids.new("order")
    stock = _take_stock(world, [sku for sku, _ in units], order_id)
    now = world.now()
    created = spec.create_time if spec.create_time is not None else now
    chance = random.Random(world.ids.new("buyer"))
    buyer = random_buyer(shop.market, chance, world.ids.new("buyer")) | spec.buyer
    fields = _fixed_fields(shop, spec, buyer) | {
        "id": order_id,
        "create_time": created,
        "update_time": spec.update_time if spec.update_time is not None else created,
        "warehouse_id": stock[0][1],
        "payment": payment,
        "recipient_address": recipient_address(shop.market, buyer) | spec.address,
        "line_items": [
            _line_item(world.ids.new("line"), unit, line_amounts)
            for unit, line_amounts in zip(units, amounts, strict=True)
        ],
    }
    order = Order(shop, fields, next(world.sequence), stock)
    enter_status(world, order, spec.status, at=created)
    order.fields = merge_patch(order.fields, spec.patch)
    world.orders[shop.id].put(order)
    world.counters["orders_placed"] += 1
    return order


def _find_sku(world: World, shop: Shop, line: LineSpec) -> Sku:
    if line.sku_id:
        sku = world.skus.get(line.sku_id)
        if sku is not None and sku.product.shop is shop:
            return sku
        raise ControlError(f"shop {shop.id} has no SKU {line.sku_id!r}")
    sku = world.catalogs[shop.id].by_seller_sku(line.seller_sku)
    if sku is None:
        raise ControlError(f"shop {shop.id} has no SKU with seller_sku {line.seller_sku!r}; add the product first")
    return sku


def _take_stock(world: World, skus: list[Sku], order_id: str) -> Held:
    for product in {sku.product.id: sku.product for sku in skus}.values():
        if product.status != LIVE:
            raise ControlError(f"product {product.id} is {product.status}; buyers can order only what is {LIVE}")
    try:
        return world.stock.take(skus, order_id)
    except OutOfStock:
        world.counters["orders_refused_for_stock"] += 1
        raise


def _fixed_fields(shop: Shop, spec: OrderSpec, buyer: dict[str, Any]) -> dict[str, Any]:
    return {
        "user_id": buyer["user_id"],
        "buyer_email": buyer["email"],
        "buyer_message": spec.buyer_message,
        "seller_note": spec.seller_note,
        "cpf": "",
        "cpf_name": "",
        "commerce_platform": "TIKTOK_SHOP",
        "order_type": "NORMAL",
        "is_sample_order": spec.is_sample_order,
        "is_replacement_order": False,
        "is_exchange_order": False,
        "is_cod": spec.is_cod,
        "is_on_hold_order": spec.is_on_hold_order or spec.status == "ON_HOLD",
        "is_buyer_request_cancel": False,
        "has_updated_recipient_address": False,
        "fulfillment_type": spec.fulfillment_type,
        "shipping_type": spec.shipping_type,
        "delivery_type": "HOME_DELIVERY",
        "delivery_option_id": DELIVERY_OPTION["id"],
        "delivery_option_name": DELIVERY_OPTION["name"],
        "payment_method_name": "CCDC",
        "need_upload_invoice": "UNKNOWN" if shop.market.region != "BR" else "NEED_INVOICE",
        "packages": [],
    }


def _line_item(line_id: str, unit: Unit, amounts: dict[str, Any]) -> dict[str, Any]:
    sku, line = unit
    return amounts | {
        "id": line_id,
        "product_id": sku.product.id,
        "product_name": sku.product.title,
        "sku_id": sku.id,
        "sku_name": sku.name,
        "sku_image": "",
        "sku_type": "NORMAL",
        "seller_sku": sku.seller_sku,
        "is_gift": line.is_gift,
    }
