"""One shop's catalogue: what TikTok lists, which product variant of Odoo each SKU is, and what operators chose.

What TikTok lists and what the rules find is read again by the next pull. Only the operators' choices exist nowhere
else, so they are in every backup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field

from worker.state.connection import RedisClient, key, script

#: How a SKU found its product variant.
FoundBy = Literal["choice", "seller_sku", "sku_id", "item_id", "barcode", "created", ""]


class ListedSku(BaseModel):
    """A SKU as TikTok lists it. ``barcode`` is only in the product's detail; until that is read it is empty."""

    id: str
    seller_sku: str = ""
    price: Decimal = Decimal(0)
    currency: str = ""
    warehouse_ids: list[str] = Field(default_factory=list)
    barcode: str = ""


class ListedProduct(BaseModel):
    """A product as TikTok lists it (the guide's *Item ID* is its ``id``)."""

    id: str
    title: str = ""
    status: str = ""
    skus: list[ListedSku] = Field(default_factory=list)
    detailed: bool = False

    def is_as(self, other: ListedProduct | None) -> bool:
        """Whether nothing that matters here differs; TikTok's update time moves with every push of ours."""
        return other is not None and self._essence() == other._essence()

    def _essence(self) -> tuple[object, ...]:
        skus = {(sku.id, sku.seller_sku, sku.price, frozenset(sku.warehouse_ids)) for sku in self.skus}
        return self.title, self.status, skus


class Listing(BaseModel):
    """One listed SKU and the product variant that it is bound to, or why it is bound to none."""

    sku_id: str
    product_id: str
    seller_sku: str = ""
    title: str = ""
    variant_id: int | None = None
    found_by: FoundBy = ""
    code: str = ""
    message: str = ""
    remedy: str = ""


class Choice(BaseModel):
    """What an operator chose for one SKU, by hand or by spreadsheet.

    :param variant_id: Odoo's product.product; ``None`` leaves it to the rules.
    :param buffer: units to keep back; ``None`` takes the shop's.
    :param maximum: most units to show; ``None`` takes the shop's.
    """

    variant_id: int | None = None
    buffer: int | None = Field(None, ge=0)
    maximum: int | None = Field(None, ge=0)

    def is_empty(self) -> bool:
        return self == Choice()


class Catalog:
    """The catalogue of the shop ``shop_id``."""

    def __init__(self, redis: RedisClient, shop_id: str) -> None:
        self._redis = redis
        self.shop_id = shop_id
        self._products = key("catalog", "products", shop_id)
        self._skus = key("catalog", "skus", shop_id)
        self._variants = key("catalog", "variants", shop_id)
        self._choices = key("catalog", "choices", shop_id)
        self._pulled = key("catalog", "pulled", shop_id)
        self._unbound = key("catalog", "unbound", shop_id)
        self._save = script(redis, "catalog_save")

    # What TikTok lists

    def products(self, product_ids: Sequence[str] | None = None) -> dict[str, ListedProduct]:
        """Listed products by id: those asked for, or all."""
        stored = self._some(self._products, product_ids)
        return {one: ListedProduct.model_validate_json(text) for one, text in stored.items()}

    def product_ids(self) -> set[str]:
        """Ids of all products that are known to be listed."""
        return set(self._redis.hkeys(self._products))

    def keep_products(self, products: Iterable[ListedProduct]) -> None:
        """Remember how TikTok lists these."""
        stored = {product.id: product.model_dump_json() for product in products}
        if stored:
            self._redis.hset(self._products, mapping=stored)

    def forget_products(self, product_ids: Iterable[str]) -> None:
        """TikTok lists these no more: their SKUs are unbound. Products in Odoo and choices stay as they are."""
        gone = set(product_ids)
        if not gone:
            return
        skus = [sku.id for product in self.products(sorted(gone)).values() for sku in product.skus]
        self.forget_skus(self.listings(skus).values())
        self._redis.hdel(self._products, *gone)

    # What each SKU is bound to

    def listings(self, sku_ids: Sequence[str] | None = None) -> dict[str, Listing]:
        """Listed SKUs by id: those asked for, or all."""
        stored = self._some(self._skus, sku_ids)
        return {one: Listing.model_validate_json(text) for one, text in stored.items()}

    def keep_listings(self, listings: Iterable[Listing]) -> None:
        """Remember what these SKUs are bound to, or why to nothing."""
        self._write((listing, listing.model_dump_json()) for listing in listings)

    def forget_skus(self, listings: Iterable[Listing]) -> None:
        """These SKUs are no longer listed."""
        self._write((listing, "") for listing in listings)

    def _write(self, entries: Iterable[tuple[Listing, str]]) -> None:
        words: list[str] = []
        for listing, entry in entries:
            words += [listing.sku_id, listing.product_id, str(listing.variant_id or ""), entry]
        for start in range(0, len(words), 4000):
            self._save(keys=[self._skus, self._variants, self._unbound], args=words[start : start + 4000])

    def products_selling(self, variant_ids: Iterable[int]) -> set[str]:
        """TikTok's products of which a SKU is bound to one of Odoo's product variants."""
        return products_selling(self._redis, [self.shop_id], variant_ids).get(self.shop_id, set())

    def bound_variants(self) -> set[int]:
        """Odoo's product variants that are sold in this shop."""
        return {int(field) for field in self._redis.hkeys(self._variants)}

    # What operators chose

    def choices(self, names: Sequence[str] | None = None) -> dict[str, Choice]:
        """Choices by ``choice_key``: those asked for, or all."""
        stored = self._some(self._choices, names)
        return {name: Choice.model_validate_json(text) for name, text in sorted(stored.items())}

    def _some(self, name: str, fields: Sequence[str] | None) -> dict[str, str]:
        """Fields of a hash: those asked for that are there, or all."""
        if fields is None:
            return dict(self._redis.hgetall(name))
        found = self._redis.hmget(name, list(fields)) if fields else []
        return {one: text for one, text in zip(fields, found, strict=True) if text is not None}

    def set_choices(self, choices: Mapping[str, Choice]) -> None:
        """Keep choices by ``choice_key``; an empty one is forgotten."""
        kept = {name: choice.model_dump_json() for name, choice in choices.items() if not choice.is_empty()}
        dropped = [name for name, choice in choices.items() if choice.is_empty()]
        with self._redis.pipeline() as pipe:
            if kept:
                pipe.hset(self._choices, mapping=kept)
            if dropped:
                pipe.hdel(self._choices, *dropped)
            pipe.execute()

    # Reports

    def pulled(self) -> datetime | None:
        """When the last pull came to its end, UTC."""
        stored = self._redis.get(self._pulled)
        return None if stored is None else datetime.fromtimestamp(float(stored), UTC)

    def note_pulled(self) -> None:
        """A pull came to its end now."""
        self._redis.set(self._pulled, str(datetime.now(UTC).timestamp()))

    def drop(self) -> None:
        """Forget everything, as when the shop is removed."""
        self._redis.delete(
            *(self._products, self._skus, self._variants, self._choices, self._pulled, self._unbound),
        )


def products_selling(redis: RedisClient, shop_ids: Sequence[str], variant_ids: Iterable[int]) -> dict[str, set[str]]:
    """TikTok's products, by shop, of which a SKU is bound to one of Odoo's product variants; one round trip."""
    fields = [str(variant) for variant in variant_ids]
    if not fields or not shop_ids:
        return {}
    with redis.pipeline(transaction=False) as pipe:
        for shop_id in shop_ids:
            pipe.hmget(key("catalog", "variants", shop_id), fields)
        answers = pipe.execute()
    found = {shop_id: _product_ids(words) for shop_id, words in zip(shop_ids, answers, strict=True)}
    return {shop_id: products for shop_id, products in found.items() if products}


def _product_ids(found: Iterable[str | None]) -> set[str]:
    return {word.partition(":")[0] for words in found if words for word in words.split()}


def ask_catalog_counts(pipe: RedisClient, shop_id: str) -> None:
    """Ask on a pipeline how many SKUs the shop lists, and of how many it is not known what they are in Odoo."""
    pipe.hlen(key("catalog", "skus", shop_id))
    pipe.scard(key("catalog", "unbound", shop_id))


def choice_key(*, sku_id: str = "", product_id: str = "") -> str:
    """Under which a choice is kept: the SKU, or the Item ID alone while the SKU ID is not known yet."""
    return f"sku:{sku_id}" if sku_id else f"item:{product_id}"
