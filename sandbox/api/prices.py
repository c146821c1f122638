"""Price detail of an order, derived from its payment and line items (reference section 5.2)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.api.shop_orders import own_order
from sandbox.payments import allocate, format_amount
from sandbox.routing import Call, Endpoint

_ORDER_LEVEL = {
    "sku_list_price": "original_total_product_price",
    "subtotal_deduction_seller": "seller_discount",
    "subtotal_deduction_platform": "platform_discount",
    "subtotal": "sub_total",
    "shipping_list_price": "original_shipping_fee",
    "shipping_fee_deduction_seller": "shipping_fee_seller_discount",
    "shipping_fee_deduction_platform": "shipping_fee_platform_discount",
    "shipping_sale_price": "shipping_fee",
    "tax_amount": "tax",
    "subtotal_tax_amount": "product_tax",
    "total": "total_amount",
}
_LINE_LEVEL = {
    "sku_list_price": "original_price",
    "subtotal_deduction_seller": "seller_discount",
    "subtotal_deduction_platform": "platform_discount",
    "subtotal": "sale_price",
}
_SHIPPING = ("shipping_list_price", "shipping_fee_deduction_seller", "shipping_fee_deduction_platform")
_ALWAYS_ZERO = (
    "voucher_deduction_platform",
    "voucher_deduction_seller",
    "shipping_fee_deduction_platform_voucher",
    "cod_fee",
    "sku_gift_original_price",
    "sku_gift_net_price",
)


def price_detail(call: Call) -> dict[str, Any]:
    """Amounts of the order and, with shipping shared out, of each line; the lines add up to the order but for fees."""
    order = own_order(call, call.path["order_id"])
    payment, items = order.fields["payment"], order.fields["line_items"]
    currency = payment["currency"]
    whole = {name: Decimal(payment[source]) for name, source in _ORDER_LEVEL.items()}
    weights = [Decimal(item["original_price"]) for item in items]
    shares = {name: allocate(whole[name], weights, currency) for name in _SHIPPING}
    tax_rate = next((tax["tax_rate"] for item in items for tax in item.get("item_tax", ())), "0")
    lines = []
    for index, item in enumerate(items):
        amounts = {name: Decimal(item[source]) for name, source in _LINE_LEVEL.items()}
        amounts |= {name: parts[index] for name, parts in shares.items()}
        list_price, by_seller, by_platform = (amounts[name] for name in _SHIPPING)
        amounts["shipping_sale_price"] = list_price - by_seller - by_platform
        tax = sum((Decimal(part["tax_amount"]) for part in item.get("item_tax", ())), Decimal(0))
        amounts["tax_amount"] = amounts["subtotal_tax_amount"] = tax
        amounts["total"] = amounts["subtotal"] + amounts["shipping_sale_price"] + tax
        line = _finish(amounts, currency, tax_rate)
        lines.append(line | {"id": item["id"], "cod_fee_amount": format_amount(Decimal(0), currency)})
    answer = _finish(whole, currency, tax_rate)
    return answer | {"cod_fee_net_amount": format_amount(Decimal(0), currency), "line_items": lines}


def _finish(amounts: dict[str, Decimal], currency: str, tax_rate: str) -> dict[str, Any]:
    amounts = amounts | {
        "payment": amounts["total"],
        "sku_sale_price": amounts["subtotal"],
        "net_price_amount": amounts["subtotal"],
    }
    amounts |= dict.fromkeys(_ALWAYS_ZERO, Decimal(0))
    texts = {name: format_amount(amount, currency) for name, amount in amounts.items()}
    return texts | {"currency": currency, "tax_rate": tax_rate}


ENDPOINTS = [Endpoint("/order/202407/orders/<order_id>/price_detail", "GET", "seller.order.info", price_detail)]
