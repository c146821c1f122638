"""Makes product variants for SKUs that no product of Odoo's matches: each once, however often and by whomever asked.

A variant's identity is its external ID, ``tiktok_shop.sku_<shop>_<sku>``; that of the template of a product with
several SKUs is ``tiktok_shop.product_<shop>_<product>``. What a person has changed since is never touched, so a SKU
that the template cannot hold as it is now becomes a product of its own.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from worker.odoo.attributes import Combination, TemplateAttributes, attribute_ids, value_ids, values_by_attribute
from worker.odoo.errors import OdooRejectedError
from worker.odoo.features import features_of
from worker.odoo.gateway import OdooGateway, search_read
from worker.odoo.load import Loaded, Row, create_if_absent, external_id, pieces, require_all

#: The attribute of variants that TikTok does not tell apart by attributes.
_VARIANT = "Variant"
#: Most characters of images in one call: Odoo takes no request above 128 MiB, and keeps several copies of it.
_IMAGES_PER_CALL = 16 * 1024 * 1024
#: What is left out of a record that Odoo refuses, in this order; a product without is better than none. The second
#: attempt finds what another worker made at the same moment.
_LEFT_OUT: tuple[tuple[str, ...], ...] = ((), (), ("barcode",), ("image_1920",), ("barcode", "image_1920"))
_WORDS = {"barcode": "barcode", "image_1920": "image"}


@dataclass(frozen=True)
class NewSku:
    """A SKU to make a variant of.

    :param price: in the company's currency; zero where that is not known.
    :param attributes: as (name, value).
    """

    sku_id: str
    seller_sku: str
    price: Decimal
    barcode: str = ""
    attributes: tuple[tuple[str, str], ...] = ()

    @property
    def variation(self) -> str:
        """The attributes' values, such as ``Red, M``."""
        return ", ".join(value for _, value in self.attributes if value)


@dataclass(frozen=True)
class NewProduct:
    """A TikTok product and those of its SKUs that Odoo lacks.

    :param sole: whether TikTok lists no other SKU of it.
    :param image: bytes of an image file.
    """

    product_id: str
    title: str
    skus: tuple[NewSku, ...]
    sole: bool = True
    image: bytes | None = None

    @property
    def name(self) -> str:
        """What it is called in Odoo, which takes no product without a name."""
        return self.title or f"TikTok product {self.product_id}"


@dataclass
class Made:
    """Variant ids by SKU id, the reason for each SKU that has none, and what differs from TikTok, in sentences."""

    variants: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class ProductCreation:
    """Makes products for one shop."""

    def __init__(self, gateway: OdooGateway, shop_id: str, *, company_id: int | None = None) -> None:
        self._gateway = gateway
        self._shop_id = shop_id
        self._company_id = company_id
        self._made = Made()
        self._barcodes = _Barcodes()

    def create(self, products: Sequence[NewProduct]) -> Made:
        """Make what is missing; what is there already is answered.

        All products of one SKU take one call together, one of several SKUs about ten.

        :raises OdooUnavailableError: nothing is lost: ask again for the same.
        :raises OdooRejectedError: ``odoo_rights``: the bot user may not create products.
        """
        self._made = Made()
        self._barcodes = _Barcodes.of(self._gateway, [sku for product in products for sku in product.skus])
        alone = []
        for product in products:
            if product.sole:
                alone += [(product, sku) for sku in product.skus]
                continue
            try:
                alone += [(product, sku) for sku in self._make_variants(product)]
            except OdooRejectedError as error:
                if error.code == "odoo_rights":
                    raise
                self._made.refused.update({sku.sku_id: error.message for sku in product.skus})
        self._make_alone(alone)
        self._refuse_archived()
        return self._made

    def _refuse_archived(self) -> None:
        """A product of ours that a person archived is neither made again nor sold."""
        ids = sorted(set(self._made.variants.values()))
        found = search_read(self._gateway, "product.product", [("id", "in", ids)], ["active"]) if ids else []
        active = {int(record["id"]) for record in found}
        for sku_id, variant in list(self._made.variants.items()):
            if variant not in active:
                del self._made.variants[sku_id]
                self._made.refused[sku_id] = f"Product variant {variant} was made for it before and is archived now."

    # Products of one SKU

    def _make_alone(self, pairs: Sequence[tuple[NewProduct, NewSku]]) -> None:
        """One call for all of them, or some where there are many large images."""
        rows = {}
        for product, sku in pairs:
            name = product.name
            if not product.sole:
                name = f"{name} ({sku.variation or sku.seller_sku or sku.sku_id})"
            cells = {**self._common(name, sku.price), **self._codes(sku), **_image(product)}
            rows[sku.sku_id] = Row(external_id("sku", self._shop_id, sku.sku_id), cells)
        self._load(rows, {sku.sku_id: sku for _, sku in pairs})

    def _common(self, name: str, price: Decimal) -> dict[str, str]:
        # TikTok's prices hold the tax; the lines of imported orders get their own.
        cells = {"name": name, "list_price": f"{price:f}", "taxes_id/.id": ""}
        cells |= features_of(self._gateway).storable_cells
        return cells if self._company_id is None else {**cells, "company_id/.id": str(self._company_id)}

    def _codes(self, sku: NewSku) -> dict[str, str]:
        # Without a seller SKU the SKU ID is the next reference by which orders look for the product.
        return {"default_code": sku.seller_sku or sku.sku_id, "barcode": self._barcodes.free(sku)}

    def _load(self, rows: Mapping[str, Row], skus: Mapping[str, NewSku]) -> None:
        """Make the variants of the rows (by SKU id), without image or barcode where Odoo takes them only so."""
        waiting = dict(rows)
        for left_out in _LEFT_OUT:
            asked = {
                sku_id: replace(row, cells=_without(row.cells, left_out))
                for sku_id, row in waiting.items()
                if not left_out or all(row.cells.get(column) for column in left_out)
            }
            loaded = Loaded()
            for piece in pieces(asked.values(), "image_1920", _IMAGES_PER_CALL):
                part = self._load_piece("product.product", piece)
                loaded.ids.update(part.ids)
                loaded.refused.update(part.refused)
            for sku_id, row in asked.items():
                if row.external_id not in loaded.ids:
                    self._made.refused[sku_id] = loaded.refused.get(row.external_id, "Odoo gave no reason.")
                    continue
                self._made.variants[sku_id] = loaded.ids[row.external_id]
                why = self._made.refused.pop(sku_id, "")
                if left_out:
                    what = " and ".join(_WORDS[column] for column in left_out)
                    self._note(skus[sku_id], f"made without its {what}, which Odoo refused: {why}")
            waiting = {sku_id: row for sku_id, row in waiting.items() if sku_id in self._made.refused}
        for sku_id, sku in skus.items():
            if (owner := self._barcodes.owner(sku, self._made.variants.get(sku_id))) is not None:
                self._note(sku, f"made without its barcode {sku.barcode}, which {owner} has")

    def _load_piece(self, model: str, piece: list[Row]) -> Loaded:
        """One call. Where a proxy lets no images through, the rows are refused, to be tried again without them."""
        try:
            return create_if_absent(self._gateway, model, piece)
        except OdooRejectedError as error:
            if error.code != "odoo_too_large":
                raise
            return Loaded(refused={row.external_id: error.message for row in piece})

    def _note(self, sku: NewSku, text: str) -> None:
        self._made.notes.append(f"SKU {sku.seller_sku or sku.sku_id}: {text.rstrip('.')}.")

    # Products of several SKUs

    def _make_variants(self, product: NewProduct) -> list[NewSku]:
        """Make what fits into one template; answers the SKUs that must be products of their own."""
        template_id = self._template_of(product)
        if template_id is None and len(product.skus) == 1:
            return list(product.skus)
        if template_id is None:
            template_id = self._make_template(product, told_apart(product.skus))
        list_price = self._list_price(template_id)
        template = TemplateAttributes(self._gateway, template_id)
        # From here on the template decides, which may be another worker's, or older than these SKUs.
        by_name = template.names.keys() == {_VARIANT.casefold()}
        skus = [
            sku
            for sku in (named(product.skus) if by_name else product.skus)
            if len(sku.attributes) == len(template.names) and all(value for _, value in sku.attributes)
        ]
        combinations = self._combinations(skus, template)
        combinations = {key: each for key, each in combinations.items() if set(each) == template.attributes}
        template.widen(combinations.values())
        chosen = template.choose(combinations)
        variants, used = template.variants()
        for sku_id in self._held_by_others(chosen, variants):
            del chosen[sku_id]
        skus = [sku for sku in skus if sku.sku_id in chosen]
        new = {sku_id: values for sku_id, values in chosen.items() if frozenset(values) not in variants.values()}
        over = {sku.sku_id: sku.price - list_price if sku.price else Decimal() for sku in skus if sku.sku_id in new}
        if not template.set_prices(over, new, used):
            self._made.notes.append(
                f"The prices of {product.name!r} differ in a way that Odoo's attributes cannot hold; new variants have "
                "the lowest, or that of the others. Orders come with TikTok's prices in any case."
            )
        rows = {sku.sku_id: self._variant(sku, template_id, chosen[sku.sku_id]) for sku in skus}
        self._load(rows, {sku.sku_id: sku for sku in skus})
        alone = [sku for sku in product.skus if sku.sku_id not in chosen]
        for sku in alone:
            self._note(sku, f"a product of its own, since {product.name!r} has other attributes or the same variant")
        return alone

    def _template_of(self, product: NewProduct) -> int | None:
        """The template that was made for the product before, if it was."""
        module, name = external_id("product", self._shop_id, product.product_id).split(".", 1)
        try:
            found = self._gateway.call(
                "ir.model.data",
                "check_object_reference",
                module=module,
                xml_id=name,
                context={"active_test": False},  # without it an archived one is answered like one of another company
            )
        except OdooRejectedError as error:
            if "External ID not found" in error.message:
                return None
            raise
        if not found[1]:
            raise OdooRejectedError("The bot user may not see the product template that was made for it before.")
        return int(found[1])

    def _combinations(self, skus: Sequence[NewSku], template: TemplateAttributes | None) -> dict[str, Combination]:
        """Attributes and values of each SKU; those of the template before others of the same name."""
        names = {name for sku in skus for name, _ in sku.attributes}
        if not names:
            return {}
        attributes = attribute_ids(self._gateway, names, {} if template is None else template.names)
        values = value_ids(self._gateway, ((attributes[name], value) for sku in skus for name, value in sku.attributes))
        return {
            sku.sku_id: {attributes[name]: values[attributes[name], value] for name, value in sku.attributes}
            for sku in skus
        }

    def _make_template(self, product: NewProduct, skus: Sequence[NewSku]) -> int:
        in_order = features_of(self._gateway).sorted_attributes
        lines = [
            {
                "attribute_line_ids/attribute_id/.id": str(attribute),
                "attribute_line_ids/value_ids/.id": ",".join(str(value) for value in sorted(values)),
                **({"attribute_line_ids/sequence": str(place)} if in_order else {}),
            }
            for place, (attribute, values) in enumerate(
                values_by_attribute(self._combinations(skus, None).values()).items(), 1
            )
        ]
        lowest = min((sku.price for sku in skus if sku.price), default=Decimal())
        row = Row(
            external_id("product", self._shop_id, product.product_id),
            {**self._common(product.name, lowest), **_image(product)},
            lines,
        )
        loaded = self._load_piece("product.template", [row])
        if loaded.refused and product.image is not None:
            why = next(iter(loaded.refused.values())).rstrip(".")
            loaded = create_if_absent(
                self._gateway, "product.template", [replace(row, cells=_without(row.cells, ("image_1920",)))]
            )
            self._made.notes.append(f"{product.name!r}: made without its image, which Odoo refused: {why}.")
        return require_all(loaded, "product")[row.external_id]

    def _list_price(self, template_id: int) -> Decimal:
        """The template's price.

        :raises OdooRejectedError: a person archived or deleted it; a variant more would not be sold.
        """
        found = self._gateway.call("product.template", "read", ids=[template_id], fields=["list_price", "active"])
        if not found or not found[0]["active"]:
            raise OdooRejectedError(f"Product template {template_id} was made for it before and is archived now.")
        return Decimal(repr(found[0]["list_price"]))

    def _held_by_others(self, chosen: Mapping[str, Sequence[int]], variants: Mapping[int, frozenset[int]]) -> list[str]:
        """SKUs whose combination another one has, or a variant that was not made for them: Odoo has each only once."""
        holders = {values: variant for variant, values in variants.items()}
        held = {sku_id: holders[frozenset(values)] for sku_id, values in chosen.items() if frozenset(values) in holders}
        first: dict[frozenset[int], str] = {}
        twins = [
            sku_id
            for sku_id, values in chosen.items()
            if sku_id not in held and first.setdefault(frozenset(values), sku_id) != sku_id
        ]
        if not held:
            return twins
        ids = sorted(set(held.values()))
        names: dict[str, str] = self._gateway.call("product.product", "get_external_id", ids=ids)
        names = {str(variant): name for variant, name in names.items()}
        own = {sku_id: external_id("sku", self._shop_id, sku_id) for sku_id in held}
        return twins + [sku_id for sku_id, variant in held.items() if names.get(str(variant)) != own[sku_id]]

    def _variant(self, sku: NewSku, template_id: int, values: Sequence[int]) -> Row:
        cells = {
            "product_tmpl_id/.id": str(template_id),
            "product_template_attribute_value_ids/.id": ",".join(str(value) for value in values),
            **self._codes(sku),
        }
        return Row(external_id("sku", self._shop_id, sku.sku_id), cells)


class _Barcodes:
    """Which barcodes are given already: Odoo has each only once, and a second archived one does no good either."""

    def __init__(self, taken: Mapping[str, int] | None = None, first: Mapping[str, str] | None = None) -> None:
        self._taken = taken or {}
        self._first = first or {}

    @classmethod
    def of(cls, gateway: OdooGateway, skus: Sequence[NewSku]) -> _Barcodes:
        """Barcodes of ``skus`` that a product in Odoo has, and of two SKUs with the same one the first."""
        first: dict[str, str] = {}
        for sku in skus:
            first.setdefault(sku.barcode, sku.sku_id)
        codes = sorted(code for code in first if code)
        if not codes:
            return cls()
        domain, context = [("barcode", "in", codes)], {"active_test": False}
        found = search_read(gateway, "product.product", domain, ["barcode"], context=context)
        return cls({str(record["barcode"]): int(record["id"]) for record in found}, first)

    def free(self, sku: NewSku) -> str:
        """The barcode of the SKU, or nothing when another has it."""
        return "" if sku.barcode in self._taken or self._first.get(sku.barcode) != sku.sku_id else sku.barcode

    def owner(self, sku: NewSku, variant_id: int | None) -> str | None:
        """Who has the barcode instead of the SKU's variant ``variant_id``; ``None`` when nobody else has."""
        if not sku.barcode or variant_id is None:
            return None
        if sku.barcode in self._taken:
            other = self._taken[sku.barcode]
            return None if other == variant_id else f"product variant {other}"
        return None if self._first[sku.barcode] == sku.sku_id else f"SKU ID {self._first[sku.barcode]}"


def told_apart(skus: Sequence[NewSku]) -> list[NewSku]:
    """``skus`` with attributes that tell them apart: TikTok's, or one that names each when those do not."""
    folded = [{name.casefold(): value.casefold() for name, value in sku.attributes} for sku in skus]
    names = {frozenset(each) for each in folded}
    different = len({tuple(sorted(each.items())) for each in folded}) == len(skus)
    whole = all(all(each.values()) and len(each) == len(sku.attributes) for each, sku in zip(folded, skus, strict=True))
    if len(names) == 1 and all(names) and different and whole:
        return list(skus)
    return named(skus)


def named(skus: Sequence[NewSku]) -> list[NewSku]:
    """``skus`` with the attribute that names each."""
    said: set[str] = set()
    result = []
    for sku in skus:
        text = sku.variation or sku.seller_sku or sku.sku_id
        while text.casefold() in said:
            text = f"{text} ({sku.sku_id})"
        said.add(text.casefold())
        result.append(replace(sku, attributes=((_VARIANT, text),)))
    return result


def _image(product: NewProduct) -> dict[str, str]:
    return {} if product.image is None else {"image_1920": base64.b64encode(product.image).decode()}


def _without(cells: Mapping[str, str], columns: Sequence[str]) -> dict[str, str]:
    return {name: text for name, text in cells.items() if name not in columns}
