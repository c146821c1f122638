"""Products, their SKUs and their stock (Product API: *Search Products*, *Get Product*, *Inventory Search*)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from worker.tiktok.models.base import Id, OptionalAmount, OptionalTime, Status, TikTokModel


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) and value else value or []


class SkuPrice(TikTokModel):
    """``sale_price`` is what buyers see; ``tax_exclusive_price`` the same without tax."""

    currency: str = ""
    sale_price: OptionalAmount = Decimal(0)
    tax_exclusive_price: OptionalAmount = Decimal(0)


class SkuStock(TikTokModel):
    """Units for sale in one TikTok warehouse."""

    warehouse_id: Id
    quantity: int = 0


class IdentifierCode(TikTokModel):
    """The barcode of a SKU."""

    code: str = ""
    type: Status = ""


class SalesAttribute(TikTokModel):
    """What tells a SKU from the product's others, such as Color: Red."""

    name: str = ""
    value_name: str = ""


class Image(TikTokModel):
    """A picture of the product, at one or more addresses."""

    urls: list[str] = Field(default_factory=list)


class Sku(TikTokModel):
    """A variant that can be bought. ``seller_sku`` may be empty and need not be unique."""

    id: Id
    seller_sku: str = ""
    external_sku_id: str = ""
    price: SkuPrice = Field(default_factory=SkuPrice)
    inventory: list[SkuStock] = Field(default_factory=list)
    identifier_code: IdentifierCode = Field(default_factory=IdentifierCode)
    sales_attributes: list[SalesAttribute] = Field(default_factory=list)


class Product(TikTokModel):
    """A listed product; the status of a live one is ``ACTIVATE``."""

    id: Id
    title: str = ""
    status: Status = ""
    product_types: Annotated[list[str], BeforeValidator(_as_list)] = Field(default_factory=list)
    external_product_id: str = ""
    is_not_for_sale: bool = False
    create_time: OptionalTime = None
    update_time: OptionalTime = None
    skus: list[Sku] = Field(default_factory=list)
    main_images: list[Image] = Field(default_factory=list)


class WarehouseStock(TikTokModel):
    """``available_quantity`` is for sale, ``committed_quantity`` is in open orders."""

    warehouse_id: Id
    available_quantity: int = 0
    committed_quantity: int = 0


class InventoryRecord(TikTokModel):
    """Stock of one SKU in all its TikTok warehouses."""

    product_id: Id
    id: Id
    seller_sku: str = ""
    total_available_quantity: int = 0
    total_committed_quantity: int = 0
    warehouse_inventory: list[WarehouseStock] = Field(default_factory=list)

    @property
    def sku_id(self) -> str:
        """The SKU's id, which the API calls plain ``id``."""
        return self.id


class ProductInventory(TikTokModel):
    """Stock of one product as it comes over the wire; each of ``skus`` becomes an :class:`InventoryRecord`."""

    product_id: Id
    skus: list[dict[str, Any]] = Field(default_factory=list)


class WarehouseError(TikTokModel):
    """Why stock of one warehouse was not set."""

    code: int
    message: str = ""
    warehouse_id: str = ""


class InventoryErrorDetail(TikTokModel):
    """Which SKU it is about."""

    sku_id: str = ""
    extra_errors: list[WarehouseError] = Field(default_factory=list)


class InventoryError(TikTokModel):
    """Stock of one SKU was not set, though the call as a whole succeeded."""

    code: int
    message: str = ""
    detail: InventoryErrorDetail = Field(default_factory=InventoryErrorDetail)

    @property
    def sku_id(self) -> str:
        """The SKU that keeps its former stock."""
        return self.detail.sku_id
