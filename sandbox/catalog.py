"""A shop's products, listed newest first and found by ``seller_sku`` without looking at those of other shops."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sandbox.model import Product, Sku

LIVE = "ACTIVATE"
Condition = Callable[[Product], bool]


class Catalog:
    """The products of one shop. A SKU whose ``seller_sku`` changes is taken out and put back."""

    def __init__(self) -> None:
        self._products: dict[str, Product] = {}
        self._by_seller_sku: dict[str, list[Sku]] = {}

    def __len__(self) -> int:
        return len(self._products)

    def __iter__(self) -> Iterator[Product]:
        """Oldest first."""
        return iter(self._products.values())

    def newest_first(self, conditions: list[Condition]) -> list[Product]:
        """The products that fulfil all conditions; in the order of their listing, whatever was changed since."""
        found = list(self._products.values())
        for holds in conditions:
            found = [product for product in found if holds(product)]
        found.reverse()
        return found

    def put(self, product: Product) -> None:
        """Add a product with its SKUs."""
        self._products[product.id] = product
        for sku in product.skus:
            self.index(sku)

    def index(self, sku: Sku) -> None:
        """Let a new or changed SKU be found by its ``seller_sku``."""
        self._by_seller_sku.setdefault(sku.seller_sku, []).append(sku)

    def forget(self, sku: Sku) -> None:
        """No longer find a SKU by its ``seller_sku``; to be called before that changes."""
        self._by_seller_sku[sku.seller_sku].remove(sku)

    def skus(self) -> list[Sku]:
        return [sku for product in self._products.values() for sku in product.skus]

    def by_seller_sku(self, seller_sku: str) -> Sku | None:
        """The first SKU with this ``seller_sku``, which need not be unique; one that can be bought goes first."""
        found = self._by_seller_sku.get(seller_sku, [])
        return next((sku for sku in found if sku.product.status == LIVE), found[0] if found else None)
