"""What an edited mapping spreadsheet would change, why it may not, and changing it.

An import writes operators' choices and nothing else; workers bind what it touched. What a rule has bound becomes a
choice only when the file says otherwise, so that a file that was only looked at changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from worker.errors import ConfigurationError
from worker.state.catalog import Choice, Listing, choice_key
from worker.state.shops import Shop
from worker.sync.mapping import SEVERAL_SKUS, Mapped, Variant, Variants
from worker.sync.mapping_file import ROUNDED, Field, Row, Sheet
from worker.sync.runtime import Runtime

_CHUNK = 1_000
#: PostgreSQL's largest integer, the type of Odoo's ids.
_LARGEST_ID = 2**31 - 1
_MOST_UNITS = 999_999_999


@dataclass(frozen=True)
class Refusal:
    """Why a row is refused, with its number and column as the spreadsheet shows them."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"Row {self.line}, {self.column}: {self.reason}"


@dataclass(frozen=True)
class Change:
    """A choice that a row changes.

    :param key: under which it is kept (``choice_key``).
    :param product_id: the TikTok product that a worker looks at then; '' when it is not known.
    :param listed: whether the catalogue has that product; one that it does not have is asked of TikTok.
    :param replaces: a choice for the Item ID alone that this one replaces.
    """

    line: int
    shop_id: str
    key: str
    before: Choice
    after: Choice
    product_id: str
    listed: bool
    replaces: str = ""


@dataclass
class Plan:
    """What a spreadsheet would change, or why it may not.

    :param waiting: choices for an Item ID alone, of products that are not listed yet.
    :param unlisted: choices for SKU IDs that are not listed.
    """

    variants: Variants
    changes: list[Change] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    unchanged: int = 0
    waiting: int = 0
    unlisted: int = 0


def check_import(runtime: Runtime, sheet: Sheet, shop_id: str | None = None) -> Plan:
    """Compare a spreadsheet with the catalogue and with Odoo. Changes nothing.

    :param shop_id: the shop of rows that name none.
    :raises ConfigurationError: there is no such shop, or the file cannot be read to its end.
    """
    checked = _Import(runtime, sheet, shop_id)
    while rows := list(islice(sheet.rows, _CHUNK)):
        checked.take(rows)
    return checked.plan


def apply_import(runtime: Runtime, plan: Plan) -> list[str]:
    """Keep the changed choices and make their products due; answers the ids of the shops concerned.

    :raises ConfigurationError: the plan has refusals.
    """
    if plan.refusals:
        raise ConfigurationError(f"{len(plan.refusals)} rows are refused.", remedy="Correct them and import again.")
    shops = sorted({change.shop_id for change in plan.changes})
    for shop_id in shops:
        changes = [change for change in plan.changes if change.shop_id == shop_id]
        choices = {change.replaces: Choice() for change in changes if change.replaces}
        runtime.catalog(shop_id).set_choices(choices | {change.key: change.after for change in changes})
        queue = runtime.product_queue(shop_id)
        for listed in (True, False):
            ids = {change.product_id for change in changes if change.listed is listed and change.product_id}
            queue.mark(sorted(ids), force=not listed)
    return shops


def choose(runtime: Runtime, shop: Shop, sku_id: str, variant_id: int | None) -> Listing | None:
    """Keep an operator's choice of a variant for one SKU (``None`` leaves it to the rules) and make its product due.

    Answers the SKU as it is listed, if it is.
    """
    catalog = runtime.catalog(shop.id)
    mapped = Mapped(catalog, shop)
    listing = mapped.listings.get(sku_id)
    product_id = listing.product_id if listing is not None else ""
    key, item_key = choice_key(sku_id=sku_id), choice_key(product_id=product_id)
    replaced = {item_key: Choice()} if item_key in mapped.choices else {}
    chosen = mapped.choice(key, product_id).model_copy(update={"variant_id": variant_id})
    catalog.set_choices(replaced | {key: chosen})
    if listing is not None:
        runtime.product_queue(shop.id).mark([product_id])
    return listing


class _RefusedError(Exception):
    """A row is refused, for its cell of ``field``."""

    def __init__(self, field: Field, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


@dataclass(frozen=True)
class _Wish:
    """What a row says, before Odoo is asked. ``says_variant``: it chooses a variant, or none."""

    row: Row
    mapped: Mapped
    key: str
    product_id: str
    listing: Listing | None
    before: Choice
    says_variant: bool
    odoo_id: int | None
    reference: str
    numbers: dict[str, int | None]

    @property
    def now(self) -> int | None:
        return self.mapped.variant_id(self.before, self.listing)


class _Import:
    """Checks a spreadsheet, some rows at a time."""

    def __init__(self, runtime: Runtime, sheet: Sheet, shop_id: str | None) -> None:
        self._runtime = runtime
        self._sheet = sheet
        self._shops = {shop.id: shop for shop in runtime.shops.all()}
        self._named = runtime.shops.get(shop_id).id if shop_id else None
        self._mapped: dict[str, Mapped] = {}
        self._seen: dict[tuple[str, str], tuple[int, Choice]] = {}
        # A file that says nothing else, as Seller Center's, has the Internal Reference as Seller SKU.
        says = {"reference", "odoo_id", "buffer", "maximum"}.intersection(sheet.header)
        self._reference: Field = "reference" if says else "seller_sku"
        self.plan = Plan(Variants(runtime.odoo))

    def take(self, rows: Sequence[Row]) -> None:
        """Check these rows, with one call to Odoo for all."""
        wishes = []
        for row in rows:
            try:
                wishes.append(self._wish(row))
            except _RefusedError as refused:
                self._refuse(row, refused)
        ids = [each for wish in wishes for each in (wish.odoo_id, wish.now)]
        self.plan.variants.read(ids, [wish.reference for wish in wishes])
        for wish in wishes:
            try:
                self._settle(wish)
            except _RefusedError as refused:
                self._refuse(wish.row, refused)

    def _refuse(self, row: Row, refused: _RefusedError) -> None:
        self.plan.refusals.append(Refusal(row.line, self._sheet.title(refused.field), refused.reason))

    # What a row says

    def _wish(self, row: Row) -> _Wish:
        read: list[Field] = ["shop_id", "product_id", "sku_id", self._reference, "odoo_id", "buffer", "maximum"]
        for each in read:
            if each in row.damaged:
                raise _RefusedError(each, row.damaged[each])
        mapped = self._shop_of(row)
        product_id, sku_id = _tiktok_id(row, "product_id"), _tiktok_id(row, "sku_id")
        listing = self._listing(row, mapped, product_id, sku_id)
        if listing is not None:
            product_id, sku_id = listing.product_id, listing.sku_id
        key = choice_key(sku_id=sku_id, product_id=product_id)
        reference, odoo_id = row.text(self._reference), _number(row, "odoo_id", _LARGEST_ID)
        # An empty cell takes a choice back, but Seller Center's own column of Seller SKUs is empty in most shops.
        empty_says_none = bool({"reference", "odoo_id"}.intersection(self._sheet.header))
        numbers: list[Field] = ["buffer", "maximum"]
        return _Wish(
            row=row,
            mapped=mapped,
            key=key,
            product_id=product_id,
            listing=listing,
            before=mapped.choice(key, product_id),
            says_variant=bool(reference or odoo_id is not None or empty_says_none),
            odoo_id=odoo_id,
            reference=reference,
            numbers={each: _number(row, each, _MOST_UNITS) for each in numbers if each in self._sheet.header},
        )

    def _shop_of(self, row: Row) -> Mapped:
        named = row.text("shop_id")
        if named and self._named and named != self._named:
            raise _RefusedError(
                "shop_id", f"The row is for shop {named}, --shop says {self._named}; leave out --shop for all rows."
            )
        shop_id = named or self._named or (next(iter(self._shops)) if len(self._shops) == 1 else "")
        if not shop_id:
            raise _RefusedError("shop_id", "There are several shops; fill in the shop's ID, or use --shop.")
        if shop_id not in self._shops:
            raise _RefusedError("shop_id", f"There is no shop {shop_id}; `tiktok-odoo shops list` shows them.")
        if shop_id not in self._mapped:
            self._mapped[shop_id] = Mapped(self._runtime.catalog(shop_id), self._shops[shop_id])
        return self._mapped[shop_id]

    def _listing(self, row: Row, mapped: Mapped, product_id: str, sku_id: str) -> Listing | None:
        """The listed SKU that the row is about, if it is listed."""
        if sku_id:
            listing = mapped.listings.get(sku_id)
            if listing is None:
                _refuse_rounded("sku_id", sku_id)
            elif product_id and listing.product_id != product_id:
                raise _RefusedError(
                    "product_id", f"The SKU belongs to Item ID {listing.product_id}; correct one of the two."
                )
            return listing
        if not product_id:
            raise _RefusedError(
                "product_id" if "product_id" in self._sheet.header else "sku_id", "Fill in the Item ID or the SKU ID."
            )
        product = mapped.products.get(product_id)
        if product is None:
            _refuse_rounded("product_id", product_id)
            return None
        seller_sku = row.text("seller_sku")
        skus = product.skus
        if len(skus) > 1:
            skus = [sku for sku in skus if seller_sku and sku.seller_sku == seller_sku]
        if len(skus) == 1:
            return mapped.listings[skus[0].id]
        if choice_key(product_id=product_id) in mapped.choices:
            return None  # the export has it like this, and so it may come back unchanged or be cleared
        raise _RefusedError("sku_id" if "sku_id" in self._sheet.header else "product_id", SEVERAL_SKUS)

    # What it would change

    def _settle(self, wish: _Wish) -> None:
        after = wish.before.model_copy(update=wish.numbers)
        if wish.says_variant:
            after = after.model_copy(update={"variant_id": self._variant_id(wish)})
        shop = wish.mapped.shop
        seen = self._seen.setdefault((shop.id, wish.key), (wish.row.line, after))
        column: Field = "sku_id" if wish.row.text("sku_id") else "product_id"
        if seen[1] != after:
            raise _RefusedError(column, f"The row contradicts row {seen[0]}, which is for the same SKU.")
        if seen[0] != wish.row.line:
            return
        by_item = wish.listing is None and wish.key == choice_key(product_id=wish.product_id)
        several = by_item and wish.product_id in wish.mapped.products
        if several and after not in (wish.before, Choice()):
            raise _RefusedError(column, SEVERAL_SKUS)
        if not after.is_empty():
            self.plan.waiting += by_item
            self.plan.unlisted += wish.listing is None and not by_item
        if after == wish.before:
            self.plan.unchanged += 1
            return
        item_key = choice_key(product_id=wish.product_id)
        self.plan.changes.append(
            Change(
                line=wish.row.line,
                shop_id=shop.id,
                key=wish.key,
                before=wish.before,
                after=after,
                product_id=wish.product_id,
                listed=wish.listing is not None or several,
                replaces=item_key if item_key != wish.key and item_key in wish.mapped.choices else "",
            )
        )

    def _variant_id(self, wish: _Wish) -> int | None:
        """The choice of a variant: the one that the row names, or, where that is what the SKU is now, as before."""
        if wish.odoo_id is None and not wish.reference:
            return None
        now = self.plan.variants.find(wish.now)
        if wish.odoo_id is not None:
            found = self.plan.variants.find(wish.odoo_id)
            if found is not None and wish.reference and found.reference != wish.reference:
                raise _RefusedError(
                    "odoo_id",
                    f"In Odoo, {found.id} has the Internal Reference {found.reference or '(none)'} and not "
                    f"{wish.reference}; correct one of the two, or empty one.",
                )
            if wish.odoo_id == wish.now:
                return wish.before.variant_id
            if found is None:
                raise _RefusedError("odoo_id", f"Odoo has no product variant with the ID {wish.odoo_id}; correct it.")
            return _usable(found, wish.mapped.shop, "odoo_id").id
        if now is not None and now.reference == wish.reference:
            return wish.before.variant_id
        return _referred(self.plan.variants, wish.reference, wish.mapped.shop, self._reference).id


def variant_for(runtime: Runtime, shop: Shop, reference: str) -> Variant:
    """The active product variant of that Internal Reference.

    :raises ConfigurationError: there is none, or more than one.
    """
    variants = Variants(runtime.odoo)
    variants.read([], [reference])
    try:
        return _referred(variants, reference, shop, "reference")
    except _RefusedError as refused:
        raise ConfigurationError(refused.reason, code="bad_reference") from None


def variant_by_id(runtime: Runtime, shop: Shop, variant_id: int) -> Variant:
    """The active product variant of that id.

    :raises ConfigurationError: there is none, or it is not for this shop.
    """
    variants = Variants(runtime.odoo)
    variants.read([variant_id])
    variant = variants.find(variant_id)
    try:
        if variant is None:
            raise _RefusedError("odoo_id", f"Odoo has no product variant with the ID {variant_id}; correct it.")
        return _usable(variant, shop, "odoo_id")
    except _RefusedError as refused:
        raise ConfigurationError(refused.reason, code="bad_reference") from None


def _referred(variants: Variants, reference: str, shop: Shop, column: Field) -> Variant:
    found = variants.with_reference(reference)
    of_company = [variant for variant in found if _belongs(variant, shop)]
    active = [variant for variant in of_company if variant.active]
    if len(active) > 1:
        raise _RefusedError(
            column,
            f"{len(active)} Odoo products have the Internal Reference {reference}; choose by Odoo ID in a spreadsheet "
            f"({', '.join(str(variant.id) for variant in active[:5])}), or give each its own reference.",
        )
    if active:
        return active[0]
    if found:
        return _usable((of_company or found)[0], shop, column)
    raise _RefusedError(column, f"No Odoo product has the Internal Reference {reference}; correct or create it.")


def _usable(variant: Variant, shop: Shop, column: Field) -> Variant:
    if not _belongs(variant, shop):
        raise _RefusedError(column, f"The Odoo product {variant} is of another company than the shop.")
    if not variant.active:
        raise _RefusedError(column, f"The Odoo product {variant} is archived; unarchive it, or choose another.")
    return variant


def _belongs(variant: Variant, shop: Shop) -> bool:
    return variant.company_id is None or shop.settings.company_id in (None, variant.company_id)


def _tiktok_id(row: Row, column: Field) -> str:
    text = row.text(column)
    if text and not re.fullmatch(r"[0-9]{1,32}", text):
        raise _RefusedError(column, f"{text[:40]!r} is not an id of TikTok's; they are digits only.")
    return text


def _refuse_rounded(column: Field, text: str) -> None:
    """An id that is not known and ends in zeros after its 15th digit has most likely been through a spreadsheet."""
    if len(text) >= 18 and not text[15:].strip("0"):
        raise _RefusedError(column, ROUNDED)


def _number(row: Row, column: Field, most: int) -> int | None:
    text = row.text(column)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) > most:
        raise _RefusedError(column, f"{text[:40]!r} is not a whole number from 0 to {most}.")
    return int(text)
