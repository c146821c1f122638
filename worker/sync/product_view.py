"""What is known of products, for people: a search over all shops, what is not mapped, and one product.

Redis answers everything here. A page costs what is on it, and one look through the catalogue where it is narrowed down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from worker.state.catalog import Choice, ListedProduct, Listing, choice_key
from worker.state.catalog_search import BINDINGS, Binding, CatalogSearch, newest_first
from worker.state.dirty_set import Parked
from worker.state.inventory import Amounts
from worker.state.shops import Shop
from worker.sync.runtime import Runtime
from worker.sync.waiting_orders import orders_by_sku

#: Products of one page of the search, and SKUs of one page of what is not mapped.
PAGE = 25

#: What a search can ask for beside how a SKU is bound: not looked at by a worker yet, and stock that TikTok refused.
State = Literal["", "mapped", "unmapped", "choice", "seller_sku", "sku_id", "item_id", "barcode", "created"]
Wanted = State | Literal["not_looked_at", "refused"]
WANTED: tuple[Wanted, ...] = (*get_args(State), "not_looked_at", "refused")


@dataclass(frozen=True)
class SkuRow:
    """One SKU as it is known here.

    :param product: ``None`` when TikTok lists it no more, or it was not pulled yet.
    :param confirmed: units by TikTok warehouse that TikTok last confirmed; ``None`` when none ever were.
    :param refused: why TikTok did not take the stock of its product, if so.
    :param choice: what operators chose; empty when nothing.
    """

    shop: Shop
    listing: Listing
    product: ListedProduct | None = None
    confirmed: Amounts | None = None
    refused: Parked | None = None
    choice: Choice = field(default_factory=Choice)

    @property
    def looked_at(self) -> bool:
        """Whether a worker has looked at it."""
        return self.listing.variant_id is not None or bool(self.listing.code)


@dataclass(frozen=True)
class Found:
    """One page: products ``first`` to ``last`` of ``total``, counted from 1, with a row for each SKU."""

    rows: list[SkuRow]
    number: int
    first: int
    last: int
    total: int

    @property
    def more(self) -> bool:
        """Whether there is a next page."""
        return self.last < self.total


def search(
    runtime: Runtime, shops: Sequence[Shop], *, text: str = "", wanted: Wanted = "", page: int = 1, size: int = PAGE
) -> Found:
    """Listed products of these shops, newest first, shop by shop.

    :param text: part of a title, or of an Item ID, SKU ID or seller SKU.
    :param page: counted from 1; one behind the last is empty.
    """
    found: list[tuple[Shop, str, set[str] | None]] = []
    for shop in shops:
        found += [(shop, product_id, skus) for product_id, skus in _matching(runtime, shop, text.strip(), wanted)]
    start = (page - 1) * size
    part = found[start : start + size]
    rows: list[SkuRow] = []
    for shop in shops:
        of_shop = {product_id: skus for each, product_id, skus in part if each.id == shop.id}
        rows += _rows(runtime, shop, of_shop) if of_shop else []
    return Found(rows, page, start + 1 if part else 0, start + len(part), len(found))


def _matching(runtime: Runtime, shop: Shop, text: str, wanted: Wanted) -> Iterator[tuple[str, set[str] | None]]:
    """Product ids, newest first, each with the SKUs that fit; ``None`` for all of them."""
    index = CatalogSearch(runtime.redis, shop.id)
    if not text and not wanted:
        yield from ((product_id, None) for product_id in index.product_ids())
        return
    skus: dict[str, set[str]] = {}
    if wanted in BINDINGS:
        for listing in index.listings(_binding(wanted), text):
            skus.setdefault(listing.product_id, set()).add(listing.sku_id)
    else:
        for product in _products(runtime, index, shop, text, wanted):
            skus[product.id] = {sku.id for sku in product.skus}
    yield from ((product_id, skus[product_id]) for product_id in newest_first(skus))


def _binding(wanted: Wanted) -> Binding:
    return next(each for each in BINDINGS if each == wanted)


def _products(runtime: Runtime, index: CatalogSearch, shop: Shop, text: str, wanted: Wanted) -> Iterable[ListedProduct]:
    fitting = {product.id: product for product in index.products(text)} if text else None
    if wanted == "refused":
        refused = [entry.id for entry in runtime.inventory_queue(shop.id).all_parked()]
        known = runtime.catalog(shop.id).products(refused) if fitting is None else fitting
        return [known[product_id] for product_id in refused if product_id in known]
    if wanted == "not_looked_at":
        return (product for product in index.not_looked_at() if fitting is None or product.id in fitting)
    return (fitting or {}).values()


def _rows(runtime: Runtime, shop: Shop, wanted: dict[str, set[str] | None]) -> list[SkuRow]:
    """Rows of these products' SKUs, in the order given."""
    catalog = runtime.catalog(shop.id)
    products = catalog.products(list(wanted))
    skus = [
        (product, sku.id)
        for product in products.values()
        for sku in product.skus
        if (only := wanted[product.id]) is None or sku.id in only
    ]
    ids = [sku_id for _, sku_id in skus]
    listings = catalog.listings(ids)
    confirmed = runtime.inventory(shop.id).confirmed(ids)
    names = {choice_key(sku_id=sku_id) for sku_id in ids} | {choice_key(product_id=one) for one in products}
    choices = catalog.choices(sorted(names))
    refused = {entry.id: entry for entry in runtime.inventory_queue(shop.id).all_parked()}
    return [
        SkuRow(
            shop,
            listings.get(sku_id) or _unknown(product, sku_id),
            product,
            confirmed.get(sku_id),
            refused.get(product.id),
            _choice(choices, product, sku_id),
        )
        for product, sku_id in skus
    ]


def _choice(choices: dict[str, Choice], product: ListedProduct, sku_id: str) -> Choice:
    """What was chosen for the SKU; by its Item ID alone, until a worker has moved that to its only SKU."""
    by_item = choices.get(choice_key(product_id=product.id)) if len(product.skus) == 1 else None
    return choices.get(choice_key(sku_id=sku_id)) or by_item or Choice()


def _unknown(product: ListedProduct, sku_id: str) -> Listing:
    """A SKU that is listed and that no worker has looked at yet."""
    seller_sku = next((sku.seller_sku for sku in product.skus if sku.id == sku_id), "")
    return Listing(sku_id=sku_id, product_id=product.id, seller_sku=seller_sku, title=product.title)


def product_rows(runtime: Runtime, shop: Shop, product_id: str) -> list[SkuRow]:
    """A product's SKUs; none when TikTok does not list it, or it was not pulled yet."""
    return _rows(runtime, shop, {product_id: None})


def sku_row(runtime: Runtime, shop: Shop, sku_id: str) -> SkuRow:
    """One SKU; also one that TikTok lists no more, of which orders may still hold units."""
    catalog = runtime.catalog(shop.id)
    listing = catalog.listings([sku_id]).get(sku_id)
    product_id = listing.product_id if listing is not None else _product_of(runtime, shop, sku_id)
    for row in _rows(runtime, shop, {product_id: {sku_id}}) if product_id else []:
        return row
    name = choice_key(sku_id=sku_id)
    return SkuRow(shop, listing or _gone(sku_id), choice=catalog.choices([name]).get(name, Choice()))


def _product_of(runtime: Runtime, shop: Shop, sku_id: str) -> str:
    found = CatalogSearch(runtime.redis, shop.id).products(sku_id)
    return next((product.id for product in found if any(sku.id == sku_id for sku in product.skus)), "")


def _gone(sku_id: str) -> Listing:
    return Listing(
        sku_id=sku_id,
        product_id="",
        message="TikTok does not list it any more, or it was not pulled yet.",
        remedy="Map it all the same: that lets orders with it come in.",
    )


# What is not mapped


@dataclass(frozen=True)
class Unmapped:
    """One SKU that is no product of Odoo's, and the parked orders that wait for it."""

    row: SkuRow
    orders: list[str]


@dataclass(frozen=True)
class UnmappedPage:
    """One page of what is not mapped; first what most orders wait for."""

    skus: list[Unmapped]
    number: int
    total: int
    more: bool


def unmapped(runtime: Runtime, shops: Sequence[Shop], *, page: int = 1, size: int = PAGE) -> UnmappedPage:
    """SKUs of these shops that are bound to nothing, with those that TikTok lists no more and orders wait for."""
    found: list[tuple[int, Shop, str, str, list[str]]] = []
    for shop in shops:
        waiting = orders_by_sku(runtime, shop)
        index = CatalogSearch(runtime.redis, shop.id)
        unbound = list(index.listings("unmapped"))
        chosen = runtime.catalog(shop.id).choices([choice_key(sku_id=listing.sku_id) for listing in unbound])
        listed = {
            listing.sku_id: listing.product_id
            for listing in unbound
            # What was chosen a moment ago a worker is about to bind.
            if listing.code == "chosen_product_gone"
            or chosen.get(choice_key(sku_id=listing.sku_id), Choice()).variant_id is None
        }
        listed |= {sku.id: product.id for product in index.not_looked_at() for sku in product.skus}
        gone = dict.fromkeys(_unlisted(runtime, shop, waiting.keys() - listed.keys()), "")
        for sku_id, product_id in (listed | gone).items():
            orders = waiting.get(sku_id, [])
            found.append((len(orders), shop, product_id, sku_id, orders))
    found.sort(key=lambda each: (-each[0], each[1].id, -len(each[2]), each[2], each[3]))
    start = (page - 1) * size
    skus = [Unmapped(sku_row(runtime, shop, sku_id), orders) for _, shop, _, sku_id, orders in found[start:][:size]]
    return UnmappedPage(skus, page, len(found), start + size < len(found))


def _unlisted(runtime: Runtime, shop: Shop, sku_ids: Iterable[str]) -> list[str]:
    """Those SKUs that parked orders say are unknown, and that are not listed. (Orders hold SKUs that are well, too.)"""
    ids = sorted(sku_ids)
    unlisted = set(ids) - runtime.catalog(shop.id).listings(ids).keys()
    reasons = [entry.message for entry in runtime.queue(shop.id).all_parked()] if unlisted else []
    return sorted(sku_id for sku_id in unlisted if any(f"SKU ID {sku_id}," in reason for reason in reasons))
