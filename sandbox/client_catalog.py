"""Python client of the control API, the part about products and stock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.control_session import ControlSession


@dataclass(frozen=True)
class SandboxSku:
    product_id: str
    sku_id: str
    seller_sku: str


class CatalogControl(ControlSession):
    """What a seller does in Seller Center with products and stock, and the truth about both.

    A product is answered as ``{id, title, status, description, images, create_time, update_time, skus: [{id,
    seller_sku, name, price, attributes, barcode, available: {warehouse: n}, committed: {warehouse: n}}]}``.
    """

    def add_products(self, shop_id: str, products: list[dict[str, Any]], *, notify: bool = False) -> list[SandboxSku]:
        """List products ``{seller_sku, title, price, quantity?}`` or ``{title, skus: [{seller_sku, price, …}]}``.

        ``sandbox.catalog_specs`` has all options: description, images, attributes, barcode, quantities, …

        :param notify: send webhook type 16 for each.
        :return: their SKUs in the given order.
        """
        answer = self._post(f"/shops/{shop_id}/products", {"products": products, "notify": notify})
        return [SandboxSku(**sku) for sku in answer["skus"]]

    def products(self, shop_id: str) -> list[dict[str, Any]]:
        """All products of a shop as they are, the oldest first: the truth to compare with."""
        return list(self._get(f"/shops/{shop_id}/products")["products"])

    def set_product_status(self, product_id: str, status: str) -> dict[str, Any]:
        """Put a product into any status (ACTIVATE, SELLER_DEACTIVATED, FREEZE, DELETED, …); webhook type 5."""
        return self._post(f"/products/{product_id}/set_status", {"status": status})

    def update_product(self, product_id: str, **changes: Any) -> dict[str, Any]:
        """Change ``title``, ``description``, ``images`` (how many new ones) or ``package_weight``; webhook type 15."""
        return self._post(f"/products/{product_id}/update", changes)

    def add_sku(self, product_id: str, **sku: Any) -> SandboxSku:
        """Add a variant to a product: ``seller_sku, price, quantity?, attributes?, barcode?``; webhook type 15."""
        return SandboxSku(**self._post(f"/products/{product_id}/add_sku", sku))

    def update_sku(self, sku_id: str, **changes: Any) -> dict[str, Any]:
        """Change ``seller_sku, price, name, attributes, barcode, barcode_type``; webhook type 15.

        A change of the price alone sends none.

        :return: its product.
        """
        return self._post(f"/skus/{sku_id}/update", changes)

    def remove_sku(self, sku_id: str) -> dict[str, Any]:
        """Take a variant away, which must not be the last one; webhook type 15.

        :return: the product it was of.
        """
        return self._post(f"/skus/{sku_id}/remove")

    def redeliver_product(self, product_id: str) -> int:
        """Send all kept webhooks of a product again, lost ones too, with their old notification ids.

        :return: how many.
        """
        return int(self._post(f"/products/{product_id}/redeliver")["count"])

    def stock(self, shop_id: str) -> dict[str, Any]:
        """SKU id to ``{seller_sku, available: {warehouse: n}, committed: {warehouse: n}}``."""
        return dict(self._get(f"/shops/{shop_id}/stock")["stock"])

    def set_stock(self, sku_id: str, quantity: int, *, warehouse_id: str = "") -> dict[str, Any]:
        """A person sets what is available in Seller Center; nobody is told. '' is the default warehouse.

        :return: its product.
        """
        return self._post(f"/skus/{sku_id}/set_stock", {"quantity": quantity, "warehouse_id": warehouse_id})

    def stock_ledger(self, shop_id: str, since: float = 0.0) -> list[dict[str, Any]]:
        """Every change of what is available at or after ``since`` (epoch seconds), oldest first.

        :return: ``{time, kind, sku_id, warehouse_id, quantity, available_after, order_id}``: see
            ``sandbox.stock.StockMove``.
        """
        return list(self._get(f"/shops/{shop_id}/stock_ledger?since={since!r}")["moves"])

    def refuse_inventory(self, sku_id: str, code: int, message: str = "") -> None:
        """From now on an update of this SKU's inventory fails for each of its warehouses with this error."""
        self._post(f"/skus/{sku_id}/refuse_inventory", {"code": code, "message": message})

    def accept_inventory(self, sku_id: str) -> None:
        """End ``refuse_inventory``; so does ``clear_faults``, for all SKUs."""
        self._post(f"/skus/{sku_id}/refuse_inventory", {"code": 0})

    def set_warehouse(self, warehouse_id: str, *, effect_status: str) -> None:
        """Make a warehouse ENABLED, DISABLED or RESTRICTED."""
        self._post(f"/warehouses/{warehouse_id}", {"effect_status": effect_status})
