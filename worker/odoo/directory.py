"""Odoo's companies, warehouses, teams and so on by the names that people use for them."""

from __future__ import annotations

from collections.abc import Sequence

from worker.errors import ConfigurationError
from worker.odoo.gateway import OdooGateway, search_read

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
}


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
