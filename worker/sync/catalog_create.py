"""Makes Odoo products of TikTok products that match none, where the shop allows it."""

from __future__ import annotations

from worker.state.catalog import ListedProduct, Listing
from worker.state.shops import Shop
from worker.sync.runtime import Runtime
from worker.tiktok.client import ShopClient
from worker.tiktok.errors import TikTokPermanentError
from worker.tiktok.models import Product


class ProductDetails:
    """Details of products, each asked for once (*Get Product*)."""

    def __init__(self, client: ShopClient) -> None:
        self._client = client
        self._known: dict[str, Product] = {}

    def get(self, product_id: str) -> Product:
        """The detail of a product.

        :raises TikTokPermanentError: it is deleted, frozen, or of another shop.
        """
        if product_id not in self._known:
            self._known[product_id] = self._client.product_detail(product_id)
        return self._known[product_id]

    def find(self, product_id: str) -> Product | None:
        """The detail of a product; ``None`` where TikTok does not tell it."""
        try:
            return self.get(product_id)
        except TikTokPermanentError:
            return None


def create_missing(
    runtime: Runtime, shop: Shop, products: list[ListedProduct], listings: list[Listing], details: ProductDetails
) -> list[Listing]:
    return listings
