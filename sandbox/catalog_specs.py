"""What the control API accepts about products, SKUs, stock and warehouses, checked."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sandbox.specs import Amount, Spec

ProductStatus = Literal[
    "DRAFT", "PENDING", "FAILED", "ACTIVATE", "SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED", "FREEZE", "DELETED"
]
BarcodeType = Literal["GTIN", "EAN", "UPC", "ISBN", "JAN"]
SellerSku = Annotated[str, Field(max_length=50)]
ImageCount = Annotated[int, Field(ge=0, le=9)]
Quantity = Annotated[int, Field(ge=0)]


class SkuSpec(Spec):
    """``price`` per unit in major units; ``quantity`` is put into the default warehouse.

    :param quantities: units in each sales warehouse, in the shop's order; wins over ``quantity``, missing ones are 0.
    :param attributes: sales attributes by name; without any there is one, *Specification*, with ``name`` as its value.
    """

    seller_sku: SellerSku
    price: Amount
    quantity: Quantity = 1000
    quantities: tuple[Quantity, ...] = ()
    name: str = "Default"
    attributes: dict[str, str] = Field(default_factory=dict)
    barcode: str = ""
    barcode_type: BarcodeType = "GTIN"


class ProductSpec(Spec):
    """A product of several ``skus``, or in short of one: ``seller_sku``, ``price``, ``quantity`` beside the title.

    :param description: HTML; by default the title in a paragraph.
    :param images: how many main pictures; the simulator itself serves them.
    :param package_weight: kilograms.
    """

    title: str
    status: ProductStatus = "ACTIVATE"
    description: str | None = None
    images: ImageCount = 0
    package_weight: Amount = Decimal("0.5")
    skus: tuple[SkuSpec, ...] = Field(min_length=1, max_length=300)

    @model_validator(mode="before")
    @classmethod
    def _one_sku_in_short(cls, data: Any) -> Any:
        if isinstance(data, dict) and "skus" not in data:
            product = {key: value for key, value in data.items() if key in cls.model_fields}
            return product | {"skus": [{key: value for key, value in data.items() if key not in product}]}
        return data


class NewProductsSpec(Spec):
    """Products to list; ``notify`` sends a webhook for each."""

    products: tuple[ProductSpec, ...] = ()
    notify: bool = False


class ProductStatusSpec(Spec):
    status: ProductStatus


class ProductChange(Spec):
    """Changes of a product; what is ``None`` stays. ``images`` replaces all pictures by so many new ones."""

    title: str | None = None
    description: str | None = None
    images: ImageCount | None = None
    package_weight: Amount | None = None


class SkuChange(Spec):
    """Changes of a SKU; what is ``None`` stays, and ``barcode`` '' takes the barcode away."""

    seller_sku: SellerSku | None = None
    price: Amount | None = None
    name: str | None = None
    attributes: dict[str, str] | None = None
    barcode: str | None = None
    barcode_type: BarcodeType | None = None


class StockSpec(Spec):
    """Units for sale in one warehouse; '' is the shop's default one."""

    quantity: Quantity
    warehouse_id: str = ""


class RefusalSpec(Spec):
    """The error of each warehouse of a SKU when its inventory is updated; ``code`` 0 ends it."""

    code: int = 0
    message: str = ""


class WarehouseSpec(Spec):
    effect_status: Literal["ENABLED", "DISABLED", "RESTRICTED"]
