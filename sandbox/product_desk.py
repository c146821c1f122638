"""What happens to products, with the webhooks that tell of it: listed, edited, (de)activated, restocked by a person."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from sandbox.catalog import LIVE
from sandbox.catalog_specs import ProductChange, ProductSpec, SkuChange, SkuSpec
from sandbox.errors import ControlError
from sandbox.markets import quantize
from sandbox.model import Product, Shop, Sku
from sandbox.notifications import Notifier
from sandbox.world import World

# The changes that TikTok names in webhook type 15; all else is "others". Price and stock are not told at all.
_TOLD_AS = {"title": "title", "description": "description", "images": "main_images"}
_NEVER_TOLD = ("price",)


class ProductDesk:
    """Every change of a product goes through here, so that ``update_time``, look-ups and webhooks follow."""

    def __init__(self, world: World, notifier: Notifier) -> None:
        self._world = world
        self._notifier = notifier

    def add(self, shop: Shop, spec: ProductSpec, *, notify: bool = False) -> Product:
        """List a product with its SKUs and their stock; type 16 is sent with ``notify``.

        :raises ControlError: when a price is too exact for the shop's currency, or there are too many quantities.
        """
        world = self._world
        with world.lock:
            now = world.now()
            description = f"<p>{spec.title}</p>" if spec.description is None else spec.description
            images = tuple(range(1, spec.images + 1))
            product = Product(world.ids.new("product"), shop, spec.title, spec.status, now, now)
            product.description, product.images, product.package_weight = description, images, spec.package_weight
            product.skus = [self._new_sku(product, sku) for sku in spec.skus]
            world.products[product.id] = product
            world.skus.update((sku.id, sku) for sku in product.skus)
            world.catalogs[shop.id].put(product)
            if notify:
                self._notifier.product_created(product)
            return product

    def set_status(self, product: Product, status: str) -> Product:
        """Put a product into any status; type 5 is sent unless it has that status already."""
        with self._world.lock:
            if status != product.status:
                before, product.status = product.status, status
                product.update_time = self._world.now()
                self._notifier.product_status(product, before)
            return product

    def update(self, product: Product, change: ProductChange) -> Product:
        """Edit a product in Seller Center; type 15 is sent when it is live."""
        with self._world.lock:
            changes = change.model_dump(exclude_none=True)
            changed = list(changes)
            count = changes.pop("images", None)
            if count is not None:
                # New pictures get new numbers, and so new addresses, as on TikTok.
                first = max(product.images, default=0) + 1
                changes["images"] = tuple(range(first, first + count))
            vars(product).update(changes)
            self._edited(product, changed)
            return product

    def update_sku(self, sku: Sku, change: SkuChange) -> Product:
        """Edit a SKU in Seller Center; type 15 is sent when its product is live, but not for the price alone.

        :raises ControlError: when the price is too exact for the shop's currency.
        """
        product = sku.product
        with self._world.lock:
            changes = change.model_dump(exclude_none=True)
            _check_price(product.shop, sku.seller_sku, changes.get("price", sku.price))
            catalog = self._world.catalogs[product.shop.id]
            catalog.forget(sku)
            vars(sku).update(changes)
            catalog.index(sku)
            self._edited(product, list(changes))
            return product

    def add_sku(self, product: Product, spec: SkuSpec) -> Sku:
        """Add a variant to a product; type 15 is sent when it is live.

        :raises ControlError: as ``add``.
        """
        with self._world.lock:
            sku = self._new_sku(product, spec)
            product.skus.append(sku)
            self._world.skus[sku.id] = sku
            self._world.catalogs[product.shop.id].index(sku)
            self._edited(product, ["skus"])
            return sku

    def remove_sku(self, sku: Sku) -> Product:
        """Take a variant away for good; type 15 is sent when its product is live.

        :raises ControlError: when it is the product's only SKU.
        """
        product = sku.product
        with self._world.lock:
            if len(product.skus) == 1:
                raise ControlError(f"{sku.id} is the only SKU of product {product.id}; delete the product instead")
            product.skus.remove(sku)
            del self._world.skus[sku.id]
            self._world.catalogs[product.shop.id].forget(sku)
            self._edited(product, ["skus"])
            return product

    def set_stock(self, sku: Sku, quantity: int, warehouse_id: str = "") -> Product:
        """A person sets in Seller Center what is available; '' is the default warehouse. TikTok tells nobody.

        :raises ControlError: when the warehouse does not sell this SKU.
        """
        with self._world.lock:
            warehouse_id = warehouse_id or sku.product.shop.sales_warehouses[0].id
            if warehouse_id not in sku.available:
                raise ControlError(f"warehouse {warehouse_id!r} does not sell SKU {sku.id}")
            self._set_stock("edit", sku, {warehouse_id: quantity})
            return sku.product

    def update_stock(self, sku: Sku, quantities: dict[str, int]) -> None:
        """An app sets what is available, by warehouse id."""
        self._set_stock("update", sku, quantities)

    def update_prices(self, product: Product, prices: list[tuple[Sku, Decimal]]) -> None:
        """An app sets prices."""
        for sku, price in prices:
            sku.price = price
        product.update_time = self._world.now()

    def _set_stock(self, kind: Literal["update", "edit"], sku: Sku, quantities: dict[str, int]) -> None:
        self._world.stock.set(kind, sku, quantities)
        sku.product.update_time = self._world.now()

    def _edited(self, product: Product, changed: list[str]) -> None:
        product.update_time = self._world.now()
        told = [_TOLD_AS.get(name, "others") for name in changed if name not in _NEVER_TOLD]
        if told and product.status == LIVE:
            self._notifier.product_information(product, list(dict.fromkeys(told)))

    def _new_sku(self, product: Product, spec: SkuSpec) -> Sku:
        shop = product.shop
        _check_price(shop, spec.seller_sku, spec.price)
        warehouses = [warehouse.id for warehouse in shop.sales_warehouses]
        quantities = spec.quantities or (spec.quantity,)
        if len(quantities) > len(warehouses):
            raise ControlError(f"{spec.seller_sku} has {len(quantities)} quantities; warehouses: {len(warehouses)}")
        nothing = dict.fromkeys(warehouses, 0)
        available = nothing | dict(zip(warehouses, quantities, strict=False))
        name = spec.name
        if spec.attributes and "name" not in spec.model_fields_set:
            name = ", ".join(spec.attributes.values())
        sku = Sku(self._world.ids.new("sku"), spec.seller_sku, name, spec.price, available, nothing, product)
        sku.attributes, sku.barcode, sku.barcode_type = spec.attributes, spec.barcode, spec.barcode_type
        return sku


def _check_price(shop: Shop, seller_sku: str, price: Decimal) -> None:
    if price != quantize(price, shop.currency):
        raise ControlError(f"price {price} of {seller_sku} is too exact for {shop.currency}")
