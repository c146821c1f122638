"""Which of Odoo's product variants each listed SKU is now, with the operators' choices, as rows of a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from worker.odoo.gateway import OdooGateway, relation_id, search_read
from worker.state.catalog import Catalog, Choice, FoundBy, ListedProduct, Listing, choice_key
from worker.state.shops import Shop
from worker.sync.candidates import candidates, products_for_sale
from worker.sync.mapping_file import Cell
from worker.sync.runtime import Runtime

_CHUNK = 1_000

_FOUND_BY: dict[FoundBy, str] = {
    **{"choice": "chosen", "seller_sku": "by seller SKU", "sku_id": "by SKU ID", "item_id": "by Item ID"},
    **{"barcode": "by barcode", "created": "created", "": "not mapped"},
}
_NOT_LISTED = "TikTok does not list it, or it was not pulled yet."

#: What a person has to do about an Item ID that stands for several SKUs.
SEVERAL_SKUS = "The product has several SKUs: fill in the SKU ID (`tiktok-odoo catalog export` has them)."


# What Odoo has


@dataclass(frozen=True)
class Variant:
    """A product variant of Odoo; ``name`` has its attributes, and not its Internal Reference."""

    id: int
    reference: str
    name: str
    active: bool
    company_id: int | None

    def __str__(self) -> str:
        return f"{self.reference or self.name} ({self.id})"


class Variants:
    """Product variants by id and by Internal Reference, archived ones too, read many at once and only once."""

    def __init__(self, gateway: OdooGateway) -> None:
        self._gateway = gateway
        self._by_id: dict[int, Variant | None] = {}
        self._by_reference: dict[str, list[Variant]] = {}

    def read(self, ids: Iterable[int | None], references: Iterable[str] = ()) -> None:
        """Read these, as far as they are not known. One call for up to 1,000 of each."""
        new_ids = sorted({one for one in ids if one is not None and one not in self._by_id})
        new_references = sorted({one for one in references if one and one not in self._by_reference})
        for start in range(0, max(len(new_ids), len(new_references)), _CHUNK):
            self._read(new_ids[start : start + _CHUNK], new_references[start : start + _CHUNK])

    def _read(self, ids: list[int], references: list[str]) -> None:
        domain = ["|", ("id", "in", ids), ("default_code", "in", references)]
        records = search_read(
            self._gateway,
            "product.product",
            domain,
            ["default_code", "display_name", "active", "company_id"],
            context={"active_test": False, "display_default_code": False},
        )
        self._by_id |= dict.fromkeys(ids)
        self._by_reference |= {reference: [] for reference in references}
        for record in records:
            variant = Variant(
                id=int(record["id"]),
                reference=(record["default_code"] or "").strip(),
                name=record["display_name"] or "",
                active=bool(record["active"]),
                company_id=relation_id(record["company_id"]),
            )
            self._by_id[variant.id] = variant
            if record["default_code"] in references:
                self._by_reference[record["default_code"]].append(variant)

    def find(self, variant_id: int | None) -> Variant | None:
        """The variant of that id, if Odoo has it; it was read before."""
        return None if variant_id is None else self._by_id.get(variant_id)

    def with_reference(self, reference: str) -> list[Variant]:
        """The variants of that Internal Reference; it was read before."""
        return self._by_reference[reference]


# What is mapped now


class Mapped:
    """A shop's catalogue with the operators' choices, read once."""

    def __init__(self, catalog: Catalog, shop: Shop) -> None:
        self.shop = shop
        self.products = catalog.products()
        self.listings = {listing.sku_id: listing for listing in listed_skus(catalog, self.products)}
        self.choices = catalog.choices()

    def choice(self, key: str, product_id: str) -> Choice:
        """The choice under ``key``; that for the Item ID alone is its only SKU's until a worker has moved it."""
        if key not in self.choices and self.alone(product_id):
            key = choice_key(product_id=product_id)
        return self.choices.get(key, Choice())

    def alone(self, product_id: str) -> bool:
        """Whether the product is listed and has one SKU."""
        product = self.products.get(product_id)
        return product is not None and len(product.skus) == 1

    def variant_id(self, choice: Choice, listing: Listing | None) -> int | None:
        """What the SKU is: what was chosen, or else what a rule has found."""
        found = listing.variant_id if listing is not None and listing.found_by != "choice" else None
        return choice.variant_id or found


def listed_skus(catalog: Catalog, products: dict[str, ListedProduct] | None = None) -> list[Listing]:
    """Every listed SKU of the shop, by Item ID and SKU ID, also those that no worker has looked at yet."""
    products = catalog.products() if products is None else products
    found = catalog.listings()
    for product in products.values():
        for sku in product.skus:
            if sku.id not in found:
                found[sku.id] = Listing(
                    sku_id=sku.id,
                    product_id=product.id,
                    seller_sku=sku.seller_sku,
                    title=product.title,
                    code="not_matched_yet",
                    message="No worker has looked at it yet.",
                )
    return sorted(found.values(), key=lambda listing: (listing.product_id, listing.sku_id))


def export_rows(runtime: Runtime, shops: Sequence[Shop]) -> Iterator[list[Cell]]:
    """Rows of the export, shop by shop: every listed SKU, then choices for what is not listed."""
    variants = Variants(runtime.odoo)
    for shop in shops:
        yield from _shop_rows(runtime, Mapped(runtime.catalog(shop.id), shop), variants)


def _shop_rows(runtime: Runtime, mapped: Mapped, variants: Variants) -> Iterator[list[Cell]]:
    unlisted = dict(mapped.choices)
    rows: list[tuple[Listing, Choice]] = []
    for listing in mapped.listings.values():
        unlisted.pop(choice_key(sku_id=listing.sku_id), None)
        if mapped.alone(listing.product_id):
            unlisted.pop(choice_key(product_id=listing.product_id), None)
        rows.append((listing, mapped.choice(choice_key(sku_id=listing.sku_id), listing.product_id)))
    for key, choice in unlisted.items():
        kind, _, one = key.partition(":")
        problem = SEVERAL_SKUS if kind == "item" and one in mapped.products else _NOT_LISTED
        ids = {"product_id": one, "sku_id": ""} if kind == "item" else {"product_id": "", "sku_id": one}
        rows.append((Listing(**ids, message=problem), choice))
    bound = [mapped.variant_id(choice, listing) for listing, choice in rows]
    variants.read(bound)
    unmapped = [listing for (listing, _), variant_id in zip(rows, bound, strict=True) if variant_id is None]
    unmapped = [listing for listing in unmapped if listing.title]
    company = mapped.shop.settings.company_id
    likely = candidates(unmapped, products_for_sale(runtime.odoo, company)) if unmapped else {}
    for (listing, choice), variant_id in zip(rows, bound, strict=True):
        variant = variants.find(variant_id)
        found_by: FoundBy = "choice" if choice.variant_id else listing.found_by if variant_id else ""
        yield [
            *(mapped.shop.id, listing.product_id, listing.sku_id, listing.seller_sku, listing.title),
            *(variant.reference if variant else "", variant_id or "", variant.name if variant else ""),
            *("" if number is None else number for number in (choice.buffer, choice.maximum)),
            *(_FOUND_BY[found_by], f"{listing.message} {listing.remedy}".strip()),
            "; ".join(str(each) for each in likely.get(listing.sku_id, [])),
        ]
