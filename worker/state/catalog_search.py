"""Finds products and SKUs of one shop's catalogue by what people type, among ten thousand of them.

To read all of a catalogue as models takes a third of a second. So what Redis keeps is looked through as text first,
and only what fits is read; the text decides nothing by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from worker.state.catalog import ListedProduct, ListedSku, Listing
from worker.state.connection import RedisClient, key

#: What a search can ask for: bound at all, bound in one of the ways, or bound to nothing.
Binding = Literal["mapped", "unmapped", "choice", "seller_sku", "sku_id", "item_id", "barcode", "created"]
BINDINGS: tuple[Binding, ...] = get_args(Binding)
_IDS = re.compile(r'"id":"(\d+)"')


class CatalogSearch:
    """Searches the catalogue of the shop ``shop_id``."""

    def __init__(self, redis: RedisClient, shop_id: str) -> None:
        self._redis = redis
        self._products = key("catalog", "products", shop_id)
        self._skus = key("catalog", "skus", shop_id)

    def product_ids(self) -> list[str]:
        """Every listed product, newest first."""
        return newest_first(self._redis.hkeys(self._products))

    def products(self, text: str) -> Iterator[ListedProduct]:
        """Products with ``text`` in their title, or as Item ID, SKU ID or seller SKU (or part of one), in any case.

        Of a product of which only SKUs fit, only these are answered.
        """
        wanted = text.casefold()
        for stored in self._texts(self._products, [_as_kept(text)]):
            product = ListedProduct.model_validate_json(stored)
            if wanted in product.title.casefold() or wanted in product.id:
                yield product
                continue
            skus = [sku for sku in product.skus if _sku_fits(sku, wanted)]
            if skus:
                yield product.model_copy(update={"skus": skus})

    def not_looked_at(self) -> Iterator[ListedProduct]:
        """Products with SKUs that no worker has looked at yet, with these SKUs alone."""
        known = set(self._redis.hkeys(self._skus))
        for stored in self._texts(self._products, []):
            if known.issuperset(_IDS.findall(stored)[1:]):  # the first is the product's own
                continue
            product = ListedProduct.model_validate_json(stored)
            skus = [sku for sku in product.skus if sku.id not in known]
            if skus:
                yield product.model_copy(update={"skus": skus})

    def listings(self, binding: Binding, text: str = "") -> Iterator[Listing]:
        """SKUs that a worker has looked at and that are bound so, narrowed down by ``text`` as in :meth:`products`."""
        wanted = text.casefold()
        marks = [_as_kept(text)]
        if binding == "unmapped":
            marks.append('"variant_id":null')
        elif binding != "mapped":
            marks.append(f'"found_by":"{binding}"')
        for stored in self._texts(self._skus, marks):
            listing = Listing.model_validate_json(stored)
            words = (listing.title, listing.product_id, listing.sku_id, listing.seller_sku)
            if _is_so(listing, binding) and any(wanted in word.casefold() for word in words):
                yield listing

    def _texts(self, name: str, marks: list[str]) -> Iterator[str]:
        for stored in self._redis.hvals(name):
            folded = stored.casefold() if marks else ""
            if all(mark in folded for mark in marks):
                yield stored


def newest_first(ids: Iterable[str]) -> list[str]:
    """TikTok's ids, the latest first: they grow, also in length."""
    return sorted(ids, key=lambda one: (len(one), one), reverse=True)


def _as_kept(text: str) -> str:
    """``text`` as it stands in JSON, in lower case."""
    return json.dumps(text, ensure_ascii=False)[1:-1].casefold()


def _sku_fits(sku: ListedSku, wanted: str) -> bool:
    return wanted in sku.id or wanted in sku.seller_sku.casefold()


def _is_so(listing: Listing, binding: Binding) -> bool:
    bound = listing.variant_id is not None
    if binding in ("mapped", "unmapped"):
        return bound is (binding == "mapped")
    return bound and listing.found_by == binding
