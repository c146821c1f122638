"""Makes Odoo products of TikTok products that match none, where the shop allows it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal

import structlog
from redis.exceptions import LockError

from worker.errors import ConnectorError, RetryableError
from worker.odoo.errors import OdooRejectedError
from worker.odoo.gateway import relation_id, search_read
from worker.odoo.product_creation import NewProduct, NewSku, ProductCreation
from worker.state.catalog import ListedProduct, Listing
from worker.state.connection import key
from worker.state.shops import Shop
from worker.sync.catalog_match import match_products
from worker.sync.runtime import Runtime
from worker.tiktok.client import ShopClient
from worker.tiktok.errors import TikTokPermanentError
from worker.tiktok.images import fetch_image
from worker.tiktok.models import Product

log = structlog.get_logger(__name__)

#: Seconds after which a worker that creates products is taken for dead, and for which another waits for it.
_LOCK = 180.0
_LOCK_WAIT = 20.0


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
    """``listings``, with those bound that no product matches and for which one could be made.

    One worker creates at a time, and looks once more before: shops that sell the same are often linked together, and
    what the first has created the second must find. An Odoo user who may not create products is no reason to bind
    nothing: those SKUs say so.

    :raises ConnectorError: a side does not answer, or another worker is creating; the next round goes on from there.
    """
    if not shop.settings.create_products or not any(listing.code == "unknown_sku" for listing in listings):
        return listings
    lock = runtime.redis.lock(key("catalog", "creating"), timeout=_LOCK, blocking_timeout=_LOCK_WAIT)
    if not lock.acquire():
        raise RetryableError("Another worker is creating products; this one waits.", code="creation_busy")
    try:
        listings = match_products(
            runtime.odoo, runtime.catalog(shop.id), products, company_id=shop.settings.company_id, settle=False
        )
        return _create(runtime, shop, products, listings, details)
    finally:
        with suppress(LockError):  # it has run out meanwhile
            lock.release()


def _create(
    runtime: Runtime, shop: Shop, products: list[ListedProduct], listings: list[Listing], details: ProductDetails
) -> list[Listing]:
    unknown = {listing.sku_id for listing in listings if listing.code == "unknown_sku"}
    new, twins = _new_products(runtime, shop, products, unknown, details)
    creation = ProductCreation(runtime.odoo, shop.id, company_id=shop.settings.company_id)
    try:
        made = creation.create(new)
    except OdooRejectedError as error:
        if error.code != "odoo_rights":
            raise
        return [_refused(listing, error, shop.id) if listing.sku_id in unknown else listing for listing in listings]
    for note in made.notes:
        log.info("catalog.note", shop=shop.id, text=note)
    variants = made.variants | {sku: made.variants[first] for sku, first in twins.items() if first in made.variants}
    return [_after(listing, variants, made.refused) for listing in listings]


def _new_products(
    runtime: Runtime, shop: Shop, products: list[ListedProduct], unknown: set[str], details: ProductDetails
) -> tuple[list[NewProduct], dict[str, str]]:
    """What to make, and SKUs that share the seller SKU of another one of them, by which they are the same thing."""
    currency = _company_currency(runtime, shop)
    by_seller_sku: dict[str, str] = {}
    twins: dict[str, str] = {}
    new = []
    for product in products:
        wanted = [sku for sku in product.skus if sku.id in unknown]
        for sku in wanted:
            if sku.seller_sku and by_seller_sku.setdefault(sku.seller_sku, sku.id) != sku.id:
                twins[sku.id] = by_seller_sku[sku.seller_sku]
        detail = details.find(product.id) if any(sku.id not in twins for sku in wanted) else None
        if detail is None:
            continue
        told = {sku.id: sku for sku in detail.skus}
        skus = tuple(
            NewSku(
                sku_id=sku.id,
                seller_sku=sku.seller_sku,
                price=sku.price if sku.currency in ("", currency) else Decimal(0),
                barcode=sku.barcode,
                attributes=tuple((each.name, each.value_name) for each in told[sku.id].sales_attributes),
            )
            for sku in wanted
            if sku.id not in twins and sku.id in told
        )
        if skus:
            image = _image(runtime, shop, detail)
            new.append(NewProduct(product.id, product.title, skus, sole=len(product.skus) == 1, image=image))
    return new, twins


def _company_currency(runtime: Runtime, shop: Shop) -> str:
    """List prices are in the company's currency: in another one TikTok's would be wrong."""
    domain = [] if shop.settings.company_id is None else [("id", "=", shop.settings.company_id)]
    companies = search_read(runtime.odoo, "res.company", domain, ["currency_id"], limit=1)
    if not companies or relation_id(companies[0]["currency_id"]) is None:
        return ""
    return str(companies[0]["currency_id"][1])


def _image(runtime: Runtime, shop: Shop, product: Product) -> bytes | None:
    """The first main image. A product without one is better than none, so whatever is wrong with it is only noted."""
    url = next((url for image in product.main_images for url in image.urls), "")
    if not url:
        return None
    hosts = [host.strip() for host in runtime.settings.image_hosts.split(",")]
    try:
        return fetch_image(url, hosts, timeout=runtime.settings.tiktok_timeout)
    except ConnectorError as error:
        log.warning("catalog.no_image", shop=shop.id, product=product.id, code=error.code, reason=error.message)
        return None


def _after(listing: Listing, variants: Mapping[str, int], refused: Mapping[str, str]) -> Listing:
    if listing.sku_id in variants:
        bound = {"variant_id": variants[listing.sku_id], "found_by": "created", "code": "", "message": "", "remedy": ""}
        return listing.model_copy(update=bound)
    if listing.sku_id in refused:
        return listing.model_copy(
            update={
                "code": "product_refused",
                "message": f"Odoo refused to create it: {refused[listing.sku_id]}",
                "remedy": "Unarchive what was made for it, or create it by hand with the seller SKU as its Internal "
                "Reference.",
            }
        )
    return listing


def _refused(listing: Listing, error: OdooRejectedError, shop_id: str) -> Listing:
    remedy = (
        "Give the bot user the group Products: Create (docs/setup.md), or leave products to people: "
        f"tiktok-odoo shops set {shop_id} --map-only."
    )
    return listing.model_copy(update={"code": error.code, "message": error.message, "remedy": remedy})
