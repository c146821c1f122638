"""Attributes of product variants: found or made by name, widened on a template, and given extra prices.

Attributes are *dynamic*: Odoo would otherwise make a variant for every combination of their values, and TikTok sells
only some. Names are compared without regard to case. Nothing that a variant uses already is changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from worker.odoo.errors import OdooRejectedError
from worker.odoo.gateway import OdooGateway, relation_id, search_read
from worker.odoo.load import Row, create_if_absent, external_id, require_all

#: What one variant is: value (product.attribute.value) by attribute (product.attribute).
Combination = Mapping[int, int]

_LINE = "product.template.attribute.line"
_TEMPLATE_VALUE = "product.template.attribute.value"


def attribute_ids(gateway: OdooGateway, names: Collection[str], preferred: Mapping[str, int]) -> dict[str, int]:
    """Dynamic attributes of these names, made where there is none.

    :param preferred: attributes to take before any other of the same name, by casefolded name.
    """
    found = search_read(gateway, "product.attribute", [("create_variant", "=", "dynamic")], ["name"])
    known = {str(record["name"]).casefold(): int(record["id"]) for record in reversed(found)} | dict(preferred)
    missing = {name.casefold(): name for name in sorted(names) if name.casefold() not in known}
    identities = {folded: external_id("attribute", _digest(folded)) for folded in missing}
    rows = [Row(identities[folded], {"name": name, "create_variant": "dynamic"}) for folded, name in missing.items()]
    made = _made(gateway, "product.attribute", rows, "attribute")
    known |= {folded: made[identity] for folded, identity in identities.items()}
    return {name: known[name.casefold()] for name in names}


def value_ids(gateway: OdooGateway, wanted: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Values of attributes (attribute id, name), made where there is none, behind the others and in this order."""
    wanted = list(dict.fromkeys(wanted))
    model = "product.attribute.value"
    domain = [("attribute_id", "in", sorted({attribute for attribute, _ in wanted}))]
    found = search_read(gateway, model, domain, ["name", "attribute_id"])
    known = {
        (relation_id(record["attribute_id"]) or 0, str(record["name"]).casefold()): int(record["id"])
        for record in reversed(found)
    }
    missing: dict[tuple[int, str], str] = {}
    for attribute, name in wanted:
        if (attribute, name.casefold()) not in known:
            missing.setdefault((attribute, name.casefold()), name)
    identities = {key: external_id("attribute_value", str(key[0]), _digest(key[1])) for key in missing}
    rows = [
        Row(identities[key], {"name": name, "attribute_id/.id": str(key[0]), "sequence": str(place)})
        for place, (key, name) in enumerate(missing.items(), len(known) + 1)
    ]
    made = _made(gateway, model, rows, "attribute value")
    known |= {key: made[identity] for key, identity in identities.items()}
    return {(attribute, name): known[attribute, name.casefold()] for attribute, name in wanted}


def _made(gateway: OdooGateway, model: str, rows: Sequence[Row], what: str) -> dict[str, int]:
    if not rows:
        return {}
    loaded = create_if_absent(gateway, model, rows)
    if loaded.refused:
        # Another worker made it at the same moment: Odoo 14 then says that there is one, and finds it only afterwards.
        loaded = create_if_absent(gateway, model, rows)
    return require_all(loaded, what)


def values_by_attribute(combinations: Iterable[Combination]) -> dict[int, set[int]]:
    """All values of each attribute in ``combinations``."""
    values: dict[int, set[int]] = {}
    for combination in combinations:
        for attribute, value in combination.items():
            values.setdefault(attribute, set()).add(value)
    return values


class TemplateAttributes:
    """The attributes of one template, and the variants that it has."""

    def __init__(self, gateway: OdooGateway, template_id: int) -> None:
        self._gateway = gateway
        self._template = [("product_tmpl_id", "=", template_id)]
        self._read_lines()

    def _read_lines(self) -> None:
        found = search_read(self._gateway, _LINE, self._template, ["attribute_id", "value_ids"])
        self._lines = {relation_id(record["attribute_id"]) or 0: record for record in found}

    @property
    def names(self) -> dict[str, int]:
        """The attributes by casefolded name."""
        return {str(line["attribute_id"][1]).casefold(): attribute for attribute, line in self._lines.items()}

    @property
    def attributes(self) -> set[int]:
        """Ids of the attributes."""
        return set(self._lines)

    def widen(self, combinations: Iterable[Combination]) -> None:
        """Add the values that the template lacks. An attribute more would change the variants that are there.

        :raises OdooRejectedError: Odoo refuses a value.
        """
        for attribute, values in values_by_attribute(combinations).items():
            try:
                self._add(attribute, values)
            except OdooRejectedError as error:
                if error.code == "odoo_rights":
                    raise
                self._read_lines()  # another worker may have added the same a moment ago: two inserts, one refused
                self._add(attribute, values)

    def _add(self, attribute: int, values: set[int]) -> None:
        missing = sorted(values - set(self._lines[attribute]["value_ids"]))
        if missing:
            line = [int(self._lines[attribute]["id"])]
            self._gateway.call(_LINE, "write", ids=line, vals={"value_ids": [(4, value) for value in missing]})

    def choose(self, combinations: Mapping[str, Combination]) -> dict[str, list[int]]:
        """The template's own attribute values (product.template.attribute.value) of each combination, by its key."""
        fields = ["attribute_id", "product_attribute_value_id", "price_extra"]
        found = search_read(self._gateway, _TEMPLATE_VALUE, self._template, fields)
        own = {
            (relation_id(record["attribute_id"]) or 0, relation_id(record["product_attribute_value_id"]) or 0): record
            for record in found
        }
        self._extras = {int(record["id"]): Decimal(repr(record["price_extra"])) for record in found}
        return {
            key: [int(own[pair]["id"]) for pair in sorted(combination.items())]
            for key, combination in combinations.items()
        }

    def variants(self) -> tuple[dict[int, frozenset[int]], set[int]]:
        """The template's own attribute values of each active variant; and all that a variant has, archived or not."""
        name = "product_template_attribute_value_ids"
        context = {"active_test": False}
        found = search_read(self._gateway, "product.product", self._template, ["active", name], context=context)
        active = {int(record["id"]): frozenset(record[name]) for record in found if record["active"]}
        return active, {int(value) for record in found for value in record[name]}

    def set_prices(
        self, over_list_price: Mapping[str, Decimal], chosen: Mapping[str, Sequence[int]], used: Collection[int]
    ) -> bool:
        """Give the new ones of the ``chosen`` values their extra prices; answers whether these make all prices right.

        :param over_list_price: what each variant costs more than the template.
        :param used: values that a variant has already: their extra price may be a person's and is taken as it is.
        """
        rest = {
            key: amount - sum((self._extras[value] for value in chosen[key] if value in used), Decimal())
            for key, amount in over_list_price.items()
        }
        extras = extra_prices(rest, chosen, used)
        new = {value for values in chosen.values() for value in values} - set(used)
        by_extra: dict[Decimal, list[int]] = {}
        for value in sorted(new):
            # Odoo begins with the default that the attribute's value has, so zero is written as well.
            extra = (extras or {}).get(value, Decimal())
            if extra != self._extras[value]:
                by_extra.setdefault(extra, []).append(value)
        for extra, values in by_extra.items():
            self._gateway.call(_TEMPLATE_VALUE, "write", ids=values, vals={"price_extra": float(extra)})
        return extras is not None


def extra_prices(
    rest: Mapping[str, Decimal], chosen: Mapping[str, Sequence[int]], used: Collection[int] = ()
) -> dict[int, Decimal] | None:
    """Extra prices by new value, when one attribute alone sets the price; ``None`` when none does.

    :param rest: what each variant costs more than the template and its ``used`` values together.
    :param chosen: the values of each variant, in the same order of attributes.
    :param used: values that take no other extra price.
    """
    if not any(rest.values()):
        return {}
    for position in range(len(next(iter(chosen.values()), ()))):
        extras: dict[int, set[Decimal]] = {}
        for key, values in chosen.items():
            extras.setdefault(values[position], set()).add(rest[key])
        if all(amounts == {Decimal()} if value in used else len(amounts) == 1 for value, amounts in extras.items()):
            return {value: next(iter(amounts)) for value, amounts in extras.items() if value not in used}
    return None


def _digest(text: str) -> str:
    """A text of any script as part of an external ID."""
    return hashlib.blake2s(text.encode(), digest_size=8).hexdigest()
