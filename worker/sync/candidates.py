"""Which of Odoo's products an unmapped SKU may be, for a person to choose from. Nothing is ever mapped by likeness."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, utils

from worker.odoo.gateway import OdooGateway, search_read
from worker.state.catalog import Listing

#: Scores below this are no help.
LEAST_SCORE = 60

#: With how many of the products that share most with a title it is compared in full.
_SHORTLIST = 60
#: What more products than this share says nothing about a title.
_COMMON = 500
_PAGE = 5_000


@dataclass(frozen=True)
class OdooProduct:
    """A product variant of Odoo that is for sale. ``name`` has its attributes, and not its Internal Reference."""

    id: int
    reference: str
    name: str
    barcode: str = ""


@dataclass(frozen=True)
class Candidate:
    """A product variant that a SKU may be; ``score`` is from 60 to 100."""

    product: OdooProduct
    score: int

    def __str__(self) -> str:
        return f"{self.product.reference} {self.product.name}".strip()


def products_for_sale(gateway: OdooGateway, company_id: int | None = None) -> list[OdooProduct]:
    """Every active product variant that is for sale in that company, or in any."""
    found: list[OdooProduct] = []
    last = 0
    while True:
        domain: list[object] = [("sale_ok", "=", True), ("id", ">", last)]
        if company_id is not None:
            domain.append(("company_id", "in", [False, company_id]))
        products = _read(gateway, domain, _PAGE)
        found += products
        if len(products) < _PAGE:
            return found
        last = found[-1].id


def find_products(gateway: OdooGateway, text: str, company_id: int | None = None, limit: int = 20) -> list[OdooProduct]:
    """Active product variants for sale by part of their Internal Reference or name, or by barcode.

    The one whose reference or barcode is ``text`` itself comes first.
    """
    text = text.strip()
    if not text:
        return []
    company: list[object] = [] if company_id is None else [("company_id", "in", [False, company_id])]
    exact: list[object] = ["|", ("default_code", "=ilike", _literally(text)), ("barcode", "=", text)]
    like: list[object] = ["|", ("default_code", "ilike", _literally(text)), ("name", "ilike", _literally(text))]
    found = {
        product.id: product
        for fitting in (exact, like)
        for product in _read(gateway, [("sale_ok", "=", True), *company, *fitting], limit)
    }
    return list(found.values())[:limit]


def _literally(text: str) -> str:
    """``text`` without what SQL's LIKE takes for wildcards."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def _read(gateway: OdooGateway, domain: list[object], limit: int) -> list[OdooProduct]:
    fields = ["default_code", "display_name", "barcode"]
    context = {"display_default_code": False}
    return [
        OdooProduct(
            id=int(record["id"]),
            reference=record["default_code"] or "",
            name=record["display_name"] or "",
            barcode=record["barcode"] or "",
        )
        for record in search_read(gateway, "product.product", domain, fields, context=context, limit=limit)
    ]


def candidates(
    listings: Iterable[Listing], odoo_products: Sequence[OdooProduct], limit: int = 3
) -> dict[str, list[Candidate]]:
    """The likeliest products of each SKU, by SKU id, best first; none below ``LEAST_SCORE``."""
    return Likeness(odoo_products).candidates(listings, limit)


class Likeness:
    """Finds what is like a text among many, by the runs of three characters that they share.

    Comparing every title with every product takes minutes where there are ten thousand of each. Characters and not
    words, since Thai, Chinese and Japanese put no spaces between theirs.
    """

    def __init__(self, products: Sequence[OdooProduct]) -> None:
        self._products = products
        self._names = [utils.default_process(product.name) for product in products]
        self._codes = [_code(product.reference) for product in products]
        self._by_code: dict[str, list[int]] = {}
        self._by_run: dict[str, list[int]] = {}
        for place, product in enumerate(products):
            for code in {self._codes[place], _code(product.barcode)} - {""}:
                self._by_code.setdefault(code, []).append(place)
            for run in _runs(f"{self._names[place]} {self._codes[place]}"):
                self._by_run.setdefault(run, []).append(place)

    def candidates(self, listings: Iterable[Listing], limit: int = 3) -> dict[str, list[Candidate]]:
        """The likeliest products of each SKU, by SKU id, best first; none below ``LEAST_SCORE``."""
        by_title: dict[tuple[str, str], list[Candidate]] = {}  # the SKUs of a product share its title
        answer: dict[str, list[Candidate]] = {}
        for listing in listings:
            asked = (listing.title, listing.seller_sku)
            if asked not in by_title:
                by_title[asked] = self.best(*asked, limit)
            answer[listing.sku_id] = by_title[asked]
        return answer

    def best(self, title: str, seller_sku: str, limit: int) -> list[Candidate]:
        """The ``limit`` products that are most like that title and code."""
        title, code = utils.default_process(title), _code(seller_sku)
        shared: Counter[int] = Counter()
        for run in _runs(f"{title} {code}"):
            places = self._by_run.get(run, [])
            if len(places) <= max(_COMMON, len(self._products) // 20):
                shared.update(places)
        shortlist = {place for place, _ in shared.most_common(_SHORTLIST)}
        same = self._by_code.get(code, []) if code else []
        scored = [(self._score(place, title, code), place) for place in shortlist.union(same)]
        scored.sort(key=lambda each: (-each[0], self._products[each[1]].id))
        return [
            Candidate(self._products[place], round(score)) for score, place in scored[:limit] if score >= LEAST_SCORE
        ]

    def _score(self, place: int, title: str, code: str) -> float:
        """0 to 100. A code that differs in a character is another product's: codes alone count when they are equal."""
        name = self._names[place]
        # What the name says is in the title, and how much of the title that is; sellers add words that say nothing.
        by_name = 0.75 * fuzz.token_set_ratio(title, name) + 0.25 * fuzz.token_sort_ratio(title, name)
        if not code:
            return by_name
        if place in self._by_code.get(code, []):
            return max(95.0, by_name)
        # Of products with like names, the one with the likest code comes first.
        likeness = max(0.0, fuzz.ratio(code, self._codes[place]) - LEAST_SCORE) / (100 - LEAST_SCORE)
        return by_name + (100 - by_name) * likeness if by_name >= LEAST_SCORE else by_name


def _code(text: str) -> str:
    """A code without what people write differently: case, spaces, hyphens."""
    return re.sub(r"[\W_]+", "", text).casefold()


def _runs(text: str) -> set[str]:
    return {text[place : place + 3] for place in range(len(text) - 2)}
