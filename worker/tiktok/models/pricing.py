"""*Get Price Detail* (Order API 202407): how an order's amounts come about, for the order and for each unit."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from worker.tiktok.models.base import Currency, Id, OptionalAmount, TikTokModel


class PriceBreakdown(TikTokModel):
    """Amounts in major units of ``currency``; deductions are positive."""

    currency: Currency
    total: OptionalAmount = Decimal(0)
    payment: OptionalAmount = Decimal(0)
    sku_list_price: OptionalAmount = Decimal(0)
    sku_sale_price: OptionalAmount = Decimal(0)
    subtotal: OptionalAmount = Decimal(0)
    subtotal_deduction_seller: OptionalAmount = Decimal(0)
    subtotal_deduction_platform: OptionalAmount = Decimal(0)
    subtotal_tax_amount: OptionalAmount = Decimal(0)
    voucher_deduction_seller: OptionalAmount = Decimal(0)
    voucher_deduction_platform: OptionalAmount = Decimal(0)
    shipping_list_price: OptionalAmount = Decimal(0)
    shipping_sale_price: OptionalAmount = Decimal(0)
    shipping_fee_deduction_seller: OptionalAmount = Decimal(0)
    shipping_fee_deduction_platform: OptionalAmount = Decimal(0)
    shipping_fee_deduction_platform_voucher: OptionalAmount = Decimal(0)
    tax_amount: OptionalAmount = Decimal(0)
    tax_rate: OptionalAmount = Decimal(0)
    net_price_amount: OptionalAmount = Decimal(0)
    cod_fee: OptionalAmount = Decimal(0)
    cod_fee_net_amount: OptionalAmount = Decimal(0)


class LinePriceDetail(PriceBreakdown):
    """The breakdown of one unit, by its line item id."""

    id: Id


class PriceDetail(PriceBreakdown):
    """The breakdown of an order."""

    line_items: list[LinePriceDetail] = Field(default_factory=list)
