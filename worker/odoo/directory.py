"""Odoo's companies, warehouses, teams and so on by the names that people use for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from worker.errors import ConfigurationError
from worker.odoo.gateway import OdooGateway, relation_id, search_read

#: Shop setting → the model that it points to and the fields in which its name is looked for.
DIRECTORY = {
    "company": ("res.company", ("name",)),
    "warehouse": ("stock.warehouse", ("code", "name")),
    "stock_location": ("stock.location", ("complete_name", "name")),
    "sales_team": ("crm.team", ("name",)),
    "pricelist": ("product.pricelist", ("name",)),
    "tax": ("account.tax", ("name",)),
    "default_product": ("product.product", ("default_code", "name")),
    "default_carrier": ("delivery.carrier", ("name",)),
    "payout_partner": ("res.partner", ("name",)),
    "payout_journal": ("account.journal", ("name", "code")),
}
#: What of a model can be chosen at all.
_CHOOSABLE: dict[str, list[Any]] = {
    "stock_location": [("usage", "=", "internal")],
    "tax": [("type_tax_use", "=", "sale")],
    "payout_partner": [("is_company", "=", True)],
    "payout_journal": [("type", "in", ["bank", "cash"])],
}
#: Records of one kind that are offered for a choice; whoever has more gives an id.
MOST_RECORDS = 500


@dataclass(frozen=True)
class Record:
    """A record that a setting may point to.

    :param name: for people; with its company where the records belong to several.
    """

    id: int
    name: str


def find_id(gateway: OdooGateway, setting: str, text: str) -> int:
    """The id of the record called ``text`` (or whose id it is).

    :raises ConfigurationError: there is none, or there are several.
    """
    model, fields = DIRECTORY[setting]
    for field in ("id", *fields):
        if field == "id" and not _is_id(text):
            continue
        value = int(text) if field == "id" else text
        found = search_read(gateway, model, [(field, "=", value)], [fields[0]])
        if len(found) == 1:
            return int(found[0]["id"])
        if len(found) > 1:
            ids = ", ".join(str(record["id"]) for record in found)
            what = setting.replace("_", " ")
            raise ConfigurationError(f"Odoo has more than one {what} called {text!r}.", remedy=f"Give an id: {ids}.")
    domain = [(fields[0], "!=", False)]
    names = [str(record[fields[0]]) for record in search_read(gateway, model, domain, [fields[0]], limit=10)]
    raise ConfigurationError(
        f"Odoo has no {setting.replace('_', ' ')} called {text!r}.", remedy=f"There is: {', '.join(names) or 'none'}."
    )


def names_of(gateway: OdooGateway, setting: str, ids: Sequence[int]) -> list[str]:
    """Names of records that a setting points to, in the given order; an id for one that is gone."""
    if not ids:
        return []
    model, (field, *_) = DIRECTORY[setting]
    found = search_read(gateway, model, [("id", "in", list(ids))], [field], context={"active_test": False})
    names = {int(record["id"]): str(record[field]) for record in found}
    return [names.get(each, str(each)) for each in ids]


def records(gateway: OdooGateway, setting: str) -> list[Record]:
    """Records that ``setting`` may point to, by name; at most :data:`MOST_RECORDS`. Taxes that Odoo would add on top of
    the price are left out, see :func:`check_tax`.

    :raises OdooRejectedError: the bot may not read them, or Odoo has no such model (a module is not installed).
    """
    model, (field, *more) = DIRECTORY[setting]
    fields = [field, *more] if setting == "company" else [field, *more, "company_id"]
    fields += ["price_include"] if setting == "tax" else []
    found = search_read(gateway, model, _CHOOSABLE.get(setting, []), fields, limit=MOST_RECORDS, order=field)
    if setting == "tax":
        found = [record for record in found if record["price_include"]]
    companies = {relation_id(record.get("company_id")) for record in found} - {None}
    return [
        Record(int(record["id"]), _name(record, [field, *more], with_company=len(companies) > 1)) for record in found
    ]


def _name(record: dict[str, Any], fields: Sequence[str], *, with_company: bool) -> str:
    """``WH Main``, ``WH/Stock``: its names, each word once, and its company."""
    names = [str(record[field]) for field in fields if record[field]]
    longest = [name for name in names if not any(name != other and other.endswith(name) for other in names)]
    company = record.get("company_id")
    owner = f" – {company[1]}" if with_company and company else ""
    return (" ".join(dict.fromkeys(longest)) or str(record["id"])) + owner


def check_exists(gateway: OdooGateway, setting: str, ids: Sequence[int]) -> None:
    """Refuse a choice that Odoo does not have, or that is archived.

    :raises ConfigurationError: a record is not there.
    """
    if not ids:
        return
    model, _ = DIRECTORY[setting]
    there = {int(record["id"]) for record in search_read(gateway, model, [("id", "in", list(ids))], ["id"])}
    for each in ids:
        if each not in there:
            raise ConfigurationError(
                f"Odoo has no {setting.replace('_', ' ')} {each}.", remedy="It may be archived; choose another one."
            )


def _is_id(text: str) -> bool:
    """Whether ``text`` can be a database id; an Internal Reference of many digits cannot."""
    return text.isascii() and text.isdigit() and int(text) < 2**31


def check_tax(gateway: OdooGateway, tax_id: int) -> None:
    """Refuse a tax that Odoo would add on top, which would make every total wrong.

    :raises ConfigurationError: the tax is not included in the price.
    """
    for tax in search_read(gateway, "account.tax", [("id", "=", tax_id)], ["name", "price_include"]):
        if not tax["price_include"]:
            raise ConfigurationError(
                f"The tax {tax['name']!r} is added on top of the price.",
                remedy="Choose one that is included in the price, as TikTok's amounts are.",
            )
