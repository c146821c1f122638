"""Makes product variants for SKUs that no product of Odoo's matches: each once, however often and by whomever asked.

A variant's identity is its external ID, ``tiktok_shop.sku_<shop>_<sku>``; that of the template of a product with
several SKUs is ``tiktok_shop.product_<shop>_<product>``. Attributes are *dynamic*: Odoo would otherwise make a variant
for every combination of their values, and TikTok sells only some. What a person has changed since is never touched.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from worker.odoo.errors import OdooRejectedError
from worker.odoo.gateway import OdooGateway, relation_id, search_read
from worker.odoo.kits import StockFeatures
from worker.odoo.load import Row, create_if_absent, external_id, require_all

#: The attribute of variants that TikTok does not tell apart by attributes.
_VARIANT = "Variant"


@dataclass(frozen=True)
class NewSku:
    """A SKU to make a variant of. ``price`` in the company's currency; ``attributes`` as (name, value)."""

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
    """

    product_id: str
    title: str
    skus: tuple[NewSku, ...]
    sole: bool = True
    image: bytes | None = None


@dataclass
class Made:
    """Variant ids by SKU id, Odoo's reason for each SKU that it refused, and what differs from TikTok."""

    variants: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class ProductCreation:
    """Makes products for one shop."""

    def __init__(
        self, gateway: OdooGateway, shop_id: str, features: StockFeatures, *, company_id: int | None = None
    ) -> None:
        self._gateway = gateway
        self._shop_id = shop_id
        self._company_id = company_id
        field_name, _, value = features.storable
        self._kind = {"type": "consu", field_name: "1"} if field_name == "is_storable" else {"type": str(value)}
        self._made = Made()

    def create(self, products: Sequence[NewProduct]) -> Made:
        """Make what is missing; what is there already is answered.

        :raises OdooUnavailableError: nothing is lost: ask again for the same.
        :raises OdooRejectedError: ``odoo_rights``: the bot user may not create products.
        """
        self._made = Made()
        taken = self._taken_barcodes(sku for product in products for sku in product.skus)
        alone = []
        for product in products:
            template_id = None if product.sole else self._template_of(product)
            if template_id is not None or len(product.skus) > 1:
                self._make_variants(product, template_id, taken)
            else:
                alone += [(product, sku) for sku in product.skus]
        self._make_alone(alone, taken)
        return self._made

    def _taken_barcodes(self, skus: Iterable[NewSku]) -> set[str]:
        """Barcodes that a product has already; Odoo refuses them, of archived products as well it should."""
        skus = list(skus)
        codes = sorted({sku.barcode for sku in skus if sku.barcode})
        if not codes:
            return set()
        domain = [("barcode", "in", codes)]
        context = {"active_test": False}
        found = search_read(self._gateway, "product.product", domain, ["barcode"], context=context)
        taken = {str(record["barcode"]) for record in found}
        return taken | {code for code in codes if sum(1 for sku in skus if sku.barcode == code) > 1}

    # Products of one SKU

    def _make_alone(self, pairs: Sequence[tuple[NewProduct, NewSku]], taken: set[str]) -> None:
        """One call for all of them."""
        rows, images = {}, {}
        for product, sku in pairs:
            name = product.title or sku.seller_sku or f"TikTok product {product.product_id}"
            if not product.sole and sku.variation:
                name = f"{name} ({sku.variation})"
            cells = {**self._common(name, sku.price), **self._codes(sku, taken)}
            rows[sku.sku_id] = Row(external_id("sku", self._shop_id, sku.sku_id), cells)
            if product.image is not None:
                images[sku.sku_id] = base64.b64encode(product.image).decode()
        self._load("product.product", rows, images)

    def _common(self, name: str, price: Decimal) -> dict[str, str]:
        # TikTok's prices hold the tax; the lines of imported orders get their own.
        cells = {"name": name, "list_price": str(price), "taxes_id/.id": "", **self._kind}
        return cells if self._company_id is None else {**cells, "company_id/.id": str(self._company_id)}

    @staticmethod
    def _codes(sku: NewSku, taken: set[str]) -> dict[str, str]:
        return {"default_code": sku.seller_sku, "barcode": "" if sku.barcode in taken else sku.barcode}

    def _load(self, model: str, rows: Mapping[str, Row], images: Mapping[str, str]) -> None:
        """Make the rows (by SKU id). What Odoo refuses is tried again without its image, then without its barcode."""
        waiting = dict(rows)
        for leave_out in ((), ("image_1920",), ("image_1920", "barcode")):
            if not waiting:
                return
            asked = {}
            for sku_id, row in waiting.items():
                cells = {**row.cells, **({"image_1920": images[sku_id]} if sku_id in images else {})}
                asked[sku_id] = Row(
                    row.external_id, {name: text for name, text in cells.items() if name not in leave_out}, row.lines
                )
            loaded = create_if_absent(self._gateway, model, list(asked.values()))
            for sku_id, row in asked.items():
                if row.external_id in loaded.ids:
                    self._made.variants[sku_id] = loaded.ids[row.external_id]
                    self._made.refused.pop(sku_id, None)
                else:
                    self._made.refused[sku_id] = loaded.refused.get(row.external_id, "Odoo gave no reason")
            waiting = {sku_id: row for sku_id, row in waiting.items() if sku_id in self._made.refused}

    # Products of several SKUs

    def _template_of(self, product: NewProduct) -> int | None:
        """The template that was made for the product before, if it was."""
        module, name = external_id("product", self._shop_id, product.product_id).split(".", 1)
        try:
            found = self._gateway.call("ir.model.data", "check_object_reference", module=module, xml_id=name)
        except OdooRejectedError as error:
            if "External ID not found" in error.message:
                return None
            raise
        return int(found[1]) if found[1] else None

    def _make_variants(self, product: NewProduct, template_id: int | None, taken: set[str]) -> None:
        skus = told_apart(product.skus)
        try:
            attributes = self._attributes({name for sku in skus for name, _ in sku.attributes})
            values = self._values({(attributes[name], value) for sku in skus for name, value in sku.attributes})
            combinations = {
                sku.sku_id: {attributes[name]: values[attributes[name], value] for name, value in sku.attributes}
                for sku in skus
            }
            if template_id is None:
                template_id = self._make_template(product, skus, combinations)
            else:
                self._widen_template(template_id, combinations)
            chosen = self._price_and_choose(product, template_id, skus, combinations)
        except OdooRejectedError as error:
            if error.code == "odoo_rights":
                raise
            self._made.refused.update({sku.sku_id: error.message for sku in skus})
            return
        rows = {}
        for sku in skus:
            cells = {
                "product_tmpl_id/.id": str(template_id),
                "product_template_attribute_value_ids/.id": ",".join(str(each) for each in chosen[sku.sku_id]),
                **self._codes(sku, taken),
            }
            rows[sku.sku_id] = Row(external_id("sku", self._shop_id, sku.sku_id), cells)
        self._load("product.product", rows, {})

    def _attributes(self, names: set[str]) -> dict[str, int]:
        """Dynamic attributes of these names, made where there is none; case does not matter."""
        domain = [("create_variant", "=", "dynamic")]
        found = search_read(self._gateway, "product.attribute", domain, ["name"])
        known = {str(record["name"]).casefold(): int(record["id"]) for record in reversed(found)}
        missing = {name.casefold(): name for name in sorted(names) if name.casefold() not in known}
        rows = [
            Row(external_id("attribute", _digest(folded)), {"name": name, "create_variant": "dynamic"})
            for folded, name in missing.items()
        ]
        made = require_all(create_if_absent(self._gateway, "product.attribute", rows), "attribute") if rows else {}
        known |= {folded: made[external_id("attribute", _digest(folded))] for folded in missing}
        return {name: known[name.casefold()] for name in names}

    def _values(self, wanted: set[tuple[int, str]]) -> dict[tuple[int, str], int]:
        """Values of attributes (attribute id, name), made where there is none."""
        model = "product.attribute.value"
        domain = [("attribute_id", "in", sorted({attribute for attribute, _ in wanted}))]
        found = search_read(self._gateway, model, domain, ["name", "attribute_id"])
        known = {
            (relation_id(record["attribute_id"]) or 0, str(record["name"]).casefold()): record["id"] for record in found
        }
        missing = {
            (attribute, name.casefold()): name
            for attribute, name in sorted(wanted)
            if (attribute, name.casefold()) not in known
        }
        names = {key: external_id("attribute_value", str(key[0]), _digest(key[1])) for key in missing}
        rows = [Row(names[key], {"name": name, "attribute_id/.id": str(key[0])}) for key, name in missing.items()]
        made = require_all(create_if_absent(self._gateway, model, rows), "attribute value") if rows else {}
        known |= {key: made[names[key]] for key in missing}
        return {(attribute, name): known[attribute, name.casefold()] for attribute, name in wanted}

    def _make_template(
        self, product: NewProduct, skus: Sequence[NewSku], combinations: Mapping[str, Mapping[int, int]]
    ) -> int:
        lines = [
            {
                "attribute_line_ids/attribute_id/.id": str(attribute),
                "attribute_line_ids/value_ids/.id": ",".join(str(value) for value in sorted(values)),
            }
            for attribute, values in _values_by_attribute(combinations).items()
        ]
        name = product.title or f"TikTok product {product.product_id}"
        cells = self._common(name, min(sku.price for sku in skus))
        identity = external_id("product", self._shop_id, product.product_id)
        image = {} if product.image is None else {"image_1920": base64.b64encode(product.image).decode()}
        loaded = create_if_absent(self._gateway, "product.template", [Row(identity, {**cells, **image}, lines)])
        if loaded.refused and image:
            loaded = create_if_absent(self._gateway, "product.template", [Row(identity, cells, lines)])
        return require_all(loaded, "product")[identity]

    def _widen_template(self, template_id: int, combinations: Mapping[str, Mapping[int, int]]) -> None:
        """Add values that TikTok has added since. An attribute more would change the variants that are there.

        :raises OdooRejectedError: the variants have other attributes now.
        """
        model = "product.template.attribute.line"
        domain = [("product_tmpl_id", "=", template_id)]
        found = search_read(self._gateway, model, domain, ["attribute_id", "value_ids"])
        lines = {relation_id(record["attribute_id"]) or 0: record for record in found}
        wanted = _values_by_attribute(combinations)
        if set(wanted) != set(lines):
            raise OdooRejectedError(
                "Its product in Odoo has other attributes than it has on TikTok now; add the variant there by hand."
            )
        for attribute, values in wanted.items():
            missing = sorted(values - set(lines[attribute]["value_ids"]))
            if missing:
                commands = [(4, value) for value in missing]
                line_id = int(lines[attribute]["id"])
                self._gateway.call(model, "write", ids=[line_id], vals={"value_ids": commands})

    def _price_and_choose(
        self,
        product: NewProduct,
        template_id: int,
        skus: Sequence[NewSku],
        combinations: Mapping[str, Mapping[int, int]],
    ) -> dict[str, list[int]]:
        """The template's attribute values of each SKU; new ones get their extra price, where one attribute sets it."""
        model = "product.template.attribute.value"
        fields = ["attribute_id", "product_attribute_value_id", "price_extra"]
        found = search_read(self._gateway, model, [("product_tmpl_id", "=", template_id)], fields)
        by_value = {
            (relation_id(record["attribute_id"]) or 0, relation_id(record["product_attribute_value_id"]) or 0): record
            for record in found
        }
        chosen = {
            sku_id: [int(by_value[pair]["id"]) for pair in sorted(pairs.items())]
            for sku_id, pairs in combinations.items()
        }
        base = Decimal(repr(self._list_price(template_id)))
        extras = extra_prices({sku.sku_id: sku.price - base for sku in skus}, chosen)
        if extras is None:
            self._made.notes.append(
                f"The prices of {product.title!r} differ in a way that Odoo's attributes cannot hold; each variant has "
                "the lowest. Orders come with TikTok's prices in any case."
            )
        used = self._values_in_use(template_id)
        for value, extra in (extras or {}).items():
            if extra and value not in used:
                self._gateway.call(model, "write", ids=[value], vals={"price_extra": float(extra)})
        return chosen

    def _list_price(self, template_id: int) -> float:
        record = self._gateway.call("product.template", "read", ids=[template_id], fields=["list_price"])[0]
        return float(record["list_price"])

    def _values_in_use(self, template_id: int) -> set[int]:
        """Attribute values that a variant has already: their extra price may be a person's."""
        field_name = "product_template_attribute_value_ids"
        domain = [("product_tmpl_id", "=", template_id)]
        found: list[dict[str, Any]] = search_read(
            self._gateway, "product.product", domain, [field_name], context={"active_test": False}
        )
        return {int(value) for record in found for value in record[field_name]}


def told_apart(skus: Sequence[NewSku]) -> list[NewSku]:
    """``skus`` with attributes that tell them apart: TikTok's, or one that names each when those do not."""
    names = {tuple(sorted(name for name, _ in sku.attributes)) for sku in skus}
    combinations = {tuple(sorted((name, value.casefold()) for name, value in sku.attributes)) for sku in skus}
    whole = all(value for sku in skus for _, value in sku.attributes)
    if len(names) == 1 and names != {()} and len(combinations) == len(skus) and whole:
        return list(skus)
    said: set[str] = set()
    result = []
    for sku in skus:
        text = sku.variation or sku.seller_sku or sku.sku_id
        if text.casefold() in said:
            text = f"{text} ({sku.sku_id})"
        said.add(text.casefold())
        result.append(NewSku(sku.sku_id, sku.seller_sku, sku.price, sku.barcode, ((_VARIANT, text),)))
    return result


def extra_prices(over_base: Mapping[str, Decimal], chosen: Mapping[str, Sequence[int]]) -> dict[int, Decimal] | None:
    """Extra prices by attribute value, when one attribute alone sets the price; ``None`` when none does.

    :param over_base: what each SKU costs more than the template.
    :param chosen: the attribute values of each SKU, in the same order of attributes.
    """
    if not any(over_base.values()):
        return {}
    for position in range(len(next(iter(chosen.values()), ()))):
        extras: dict[int, set[Decimal]] = {}
        for sku_id, values in chosen.items():
            extras.setdefault(values[position], set()).add(over_base[sku_id])
        if all(len(prices) == 1 for prices in extras.values()):
            return {value: next(iter(prices)) for value, prices in extras.items()}
    return None


def _values_by_attribute(combinations: Mapping[str, Mapping[int, int]]) -> dict[int, set[int]]:
    values: dict[int, set[int]] = {}
    for pairs in combinations.values():
        for attribute, value in pairs.items():
            values.setdefault(attribute, set()).add(value)
    return values


def _digest(text: str) -> str:
    """A text of any script as part of an external ID."""
    return hashlib.blake2s(text.encode(), digest_size=8).hexdigest()
