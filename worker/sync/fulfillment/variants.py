"""Odoo's product variants of the SKUs of some orders: as the catalogue has bound them, else as an import finds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from worker.errors import OrderError
from worker.odoo.gateway import OdooGateway
from worker.odoo.products import ProductMatches
from worker.state.catalog import Catalog
from worker.state.shops import Shop
from worker.sync.catalog_match import skus_of_orders
from worker.tiktok.models import Order


class Variants:
    """Asked for only where an order has several deliveries, or goods that come back; Odoo is asked once for a batch."""

    def __init__(self, gateway: OdooGateway, shop: Shop, catalog: Catalog, orders: Sequence[Order]) -> None:
        self._gateway = gateway
        self._shop = shop
        self._catalog = catalog
        self._orders = orders
        self._found: dict[str, int] | None = None
        self._faults: dict[str, OrderError] = {}

    def known(self, order: Order) -> Mapping[str, int]:
        """Odoo's product variant by SKU id; SKUs that are bound to none are left out.

        :raises OdooUnavailableError: Odoo does not answer.
        """
        found = self._look()
        return {item.sku_id: found[item.sku_id] for item in order.line_items if item.sku_id in found}

    def all_of(self, order: Order) -> Mapping[str, int]:
        """The same, where every SKU must be bound.

        :raises OrderError: ``unknown_sku`` and the like: which one is not.
        """
        known = self.known(order)
        for item in order.line_items:
            if item.sku_id not in known:
                raise self._faults[item.sku_id]
        return known

    def _look(self) -> dict[str, int]:
        if self._found is not None:
            return self._found
        lines = {item.sku_id: (item.seller_sku, item.product_id) for each in self._orders for item in each.line_items}
        skus = skus_of_orders(self._catalog, lines)
        settings = self._shop.settings
        matches = ProductMatches(self._gateway, skus.values(), company_id=settings.company_id)
        found: dict[str, int] = {}
        for sku_id, sku in skus.items():
            try:
                found[sku_id], _ = matches.product_for(sku, settings.default_product_id)
            except OrderError as error:
                self._faults[sku_id] = error
        self._found = found
        return found
