"""Which product variant of Odoo each SKU of some TikTok products is. Reads Odoo once for all; changes nothing.

In this order: what an operator chose, what it was bound to before, seller SKU, SKU ID and Item ID as Internal
Reference, barcode. What fits two products, or an archived one, is reported and never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from worker.errors import OrderError
from worker.odoo.gateway import OdooGateway
from worker.odoo.products import Match, ProductMatches, Sku
from worker.state.catalog import Catalog, Choice, FoundBy, ListedProduct, ListedSku, Listing, choice_key


def match_products(
    gateway: OdooGateway,
    catalog: Catalog,
    products: Sequence[ListedProduct],
    *,
    company_id: int | None,
    settle: bool = True,
) -> list[Listing]:
    """A listing for every SKU of ``products``: bound, or with the reason why not.

    :param settle: keep the SKU IDs of choices that named an Item ID alone; not in a trial.
    :raises OdooUnavailableError: Odoo does not answer.
    """
    known = catalog.listings([sku.id for product in products for sku in product.skus])
    choices = item_choices(catalog, products, settle=settle)
    asked = [
        (product, sku, _as_asked(product, sku, known.get(sku.id), choices.get(choice_key(sku_id=sku.id))))
        for product in products
        for sku in product.skus
    ]
    matches = ProductMatches(gateway, [question for _, _, question in asked], company_id=company_id)
    return [
        _bind(matches, _blank(product, sku), question, known.get(sku.id), choices.get(choice_key(sku_id=sku.id)))
        for product, sku, question in asked
    ]


def item_choices(catalog: Catalog, products: Sequence[ListedProduct], *, settle: bool) -> dict[str, Choice]:
    """The operators' choices for these products; one for an Item ID alone gets its SKU ID, if there is one SKU."""
    names = [choice_key(sku_id=sku.id) for product in products for sku in product.skus]
    names += [choice_key(product_id=product.id) for product in products]
    choices = catalog.choices(names)
    settled: dict[str, Choice] = {}
    for product in products:
        by_item = choices.pop(choice_key(product_id=product.id), None)
        if by_item is not None and len(product.skus) == 1:
            settled[choice_key(product_id=product.id)] = Choice()
            by_sku = choice_key(sku_id=product.skus[0].id)
            if by_sku not in choices:  # that one is newer
                settled[by_sku] = by_item
    if settled and settle:
        catalog.set_choices(settled)
    return choices | {name: choice for name, choice in settled.items() if not choice.is_empty()}


def _as_asked(product: ListedProduct, sku: ListedSku, known: Listing | None, choice: Choice | None) -> Sku:
    chosen = choice.variant_id if choice is not None else None
    return Sku(
        sku_id=sku.id,
        seller_sku=sku.seller_sku,
        product_id=product.id,
        barcode=sku.barcode,
        alone=len(product.skus) == 1,
        variant_id=chosen or _bound_before(known),
        chosen=chosen is not None,
    )


def _bound_before(listing: Listing | None) -> int | None:
    """What a SKU was bound to by the rules; by a choice that has been taken back it is bound no more."""
    return listing.variant_id if listing is not None and listing.found_by != "choice" else None


def _blank(product: ListedProduct, sku: ListedSku) -> Listing:
    return Listing(sku_id=sku.id, product_id=product.id, seller_sku=sku.seller_sku, title=product.title)


def _bind(
    matches: ProductMatches, listing: Listing, question: Sku, known: Listing | None, choice: Choice | None
) -> Listing:
    chosen = choice is not None and choice.variant_id is not None
    try:
        match = matches.match(question)
    except OrderError as error:
        return listing.model_copy(update={"code": error.code, "message": error.message, "remedy": error.remedy})
    return listing.model_copy(
        update={"variant_id": match.variant_id, "found_by": "choice" if chosen else _found_by(match, known)}
    )


def _found_by(match: Match, known: Listing | None) -> FoundBy:
    if match.found_by == "binding":
        return known.found_by if known is not None else ""
    return cast(FoundBy, match.found_by)


def skus_of_orders(catalog: Catalog, lines: Mapping[str, tuple[str, str]]) -> dict[str, Sku]:
    """Order lines' SKUs as questions to Odoo, with what the catalogue knows of them.

    :param lines: SKU id → (seller SKU, product id) as the order tells them.
    """
    listings = catalog.listings(list(lines))
    products = catalog.products(sorted({product_id for _, product_id in lines.values() if product_id}))
    names = [choice_key(sku_id=sku_id) for sku_id in lines]
    choices = catalog.choices([*names, *(choice_key(product_id=product_id) for product_id in products)])
    result = {}
    for sku_id, (seller_sku, product_id) in lines.items():
        listing, choice = listings.get(sku_id), choices.get(choice_key(sku_id=sku_id))
        product = products.get(product_id)
        if choice is None and product is not None and len(product.skus) == 1:
            choice = choices.get(choice_key(product_id=product_id))
        chosen = choice.variant_id if choice is not None else None
        result[sku_id] = Sku(
            sku_id=sku_id,
            seller_sku=seller_sku,
            product_id=product_id,
            alone=product is None or len(product.skus) == 1,
            variant_id=chosen or _bound_before(listing),
            chosen=chosen is not None,
        )
    return result
