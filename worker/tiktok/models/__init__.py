"""TikTok Shop's data as checked, frozen models: money Decimal, times UTC, ids text, unknown fields kept."""

from __future__ import annotations

from worker.tiktok.models.address import District, RecipientAddress
from worker.tiktok.models.after_sale import Cancellation, CancelLine, NextAction, RefundAmount, Return, ReturnLine
from worker.tiktok.models.base import TikTokModel, faults, normalise_status
from worker.tiktok.models.finance import (
    OrderSettlement,
    SkuSettlement,
    Statement,
    StatementTotals,
    StatementTransaction,
)
from worker.tiktok.models.fulfillment import (
    HandoverSlots,
    PackageDetail,
    PickupSlot,
    ShippedPackage,
    ShippingDocument,
    ShippingProvider,
)
from worker.tiktok.models.order import (
    BundleComponent,
    InvalidOrder,
    ItemTax,
    LineItem,
    Order,
    OrderSummary,
    Payment,
    parse_orders,
    parse_summaries,
)
from worker.tiktok.models.pricing import LinePriceDetail, PriceDetail
from worker.tiktok.models.product import InventoryError, InventoryRecord, Product, Sku, SkuStock, WarehouseStock
from worker.tiktok.models.shop import (
    AuthorizedShop,
    ExternalLine,
    ExternalOrder,
    ExternalOrderReference,
    ItemError,
    TokenGrant,
    Warehouse,
    Webhook,
)

__all__ = [
    "AuthorizedShop",
    "BundleComponent",
    "CancelLine",
    "Cancellation",
    "District",
    "ExternalLine",
    "ExternalOrder",
    "ExternalOrderReference",
    "HandoverSlots",
    "InvalidOrder",
    "InventoryError",
    "InventoryRecord",
    "ItemError",
    "ItemTax",
    "LineItem",
    "LinePriceDetail",
    "NextAction",
    "Order",
    "OrderSettlement",
    "OrderSummary",
    "PackageDetail",
    "Payment",
    "PickupSlot",
    "PriceDetail",
    "Product",
    "RecipientAddress",
    "RefundAmount",
    "Return",
    "ReturnLine",
    "ShippedPackage",
    "ShippingDocument",
    "ShippingProvider",
    "Sku",
    "SkuSettlement",
    "SkuStock",
    "Statement",
    "StatementTotals",
    "StatementTransaction",
    "TikTokModel",
    "TokenGrant",
    "Warehouse",
    "WarehouseStock",
    "Webhook",
    "faults",
    "normalise_status",
    "parse_orders",
    "parse_summaries",
]
