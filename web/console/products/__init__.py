"""``/console/products``: what the shops list, which of Odoo's products each SKU is, what TikTok shows."""

from web.console.products import listing, mapping, product, sheet, stock
from web.console.products.base import blueprint

__all__ = ["blueprint", "listing", "mapping", "product", "sheet", "stock"]
