"""TikTok Shop's data as checked, frozen models: money Decimal, times UTC, ids text, unknown fields kept."""

from __future__ import annotations

from worker.tiktok.models.address import District, RecipientAddress
from worker.tiktok.models.base import TikTokModel, faults, normalise_status
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
    "District",
    "ExternalLine",
    "ExternalOrder",
    "ExternalOrderReference",
    "InvalidOrder",
    "InventoryError",
    "InventoryRecord",
    "ItemError",
    "ItemTax",
    "LineItem",
    "LinePriceDetail",
    "Order",
    "OrderSummary",
    "Payment",
    "PriceDetail",
    "Product",
    "RecipientAddress",
    "Sku",
    "SkuStock",
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
