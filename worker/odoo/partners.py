"""Buyers and their delivery addresses as contacts in Odoo, each made once and never overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from worker.odoo.gateway import OdooGateway, search_read
from worker.odoo.load import Loaded, Row, create_if_absent


@dataclass(frozen=True)
class PartnerRow:
    """A contact to be: its identity, its columns of ``res.partner``, where it lies, and whose address it is."""

    external_id: str
    fields: Mapping[str, str]
    country_code: str = ""
    state_name: str = ""
    parent: str = ""


def create_partners(gateway: OdooGateway, partners: Sequence[PartnerRow], *, company_id: int | None) -> Loaded:
    """Create the contacts that do not exist yet. Buyers must come in the same call as, or before, their addresses.

    Two calls to Odoo at most (besides one for countries), whatever the number: parents first, then addresses, since
    an address names its buyer by database id.
    """
    places = _Places(gateway, partners)
    loaded = Loaded()
    for addresses in (False, True):
        rows = []
        for partner in partners:
            if bool(partner.parent) is not addresses or partner.parent in loaded.refused:
                continue
            cells = dict(partner.fields)
            cells |= places.cells(partner)
            cells["parent_id/.id"] = str(loaded.ids[partner.parent]) if partner.parent else ""
            cells["company_id/.id"] = str(company_id or "")
            rows.append(Row(partner.external_id, cells))
        if rows:
            part = create_if_absent(gateway, "res.partner", rows)
            loaded.ids.update(part.ids)
            loaded.refused.update(part.refused)
    return loaded


class _Places:
    """Odoo's countries and states for the codes and names that TikTok uses."""

    def __init__(self, gateway: OdooGateway, partners: Iterable[PartnerRow]) -> None:
        codes = sorted({partner.country_code for partner in partners if partner.country_code})
        self._countries: dict[str, int] = {}
        self._states: dict[tuple[int, str], int] = {}
        if not codes:
            return
        for country in search_read(gateway, "res.country", [("code", "in", codes)], ["code"]):
            self._countries[country["code"]] = country["id"]
        if any(partner.state_name for partner in partners):
            domain = [("country_id", "in", sorted(self._countries.values()))]
            for state in search_read(gateway, "res.country.state", domain, ["name", "code", "country_id"]):
                for word in (state["name"], state["code"]):
                    self._states[state["country_id"][0], word.lower()] = state["id"]

    def cells(self, partner: PartnerRow) -> dict[str, str]:
        country = self._countries.get(partner.country_code)
        state = self._states.get((country or 0, partner.state_name.lower()))
        cells = {"country_id/.id": str(country or ""), "state_id/.id": str(state or "")}
        if partner.state_name and state is None:
            # A state that Odoo does not list still belongs on the parcel.
            cells["city"] = ", ".join(part for part in (partner.fields.get("city", ""), partner.state_name) if part)
        return cells
