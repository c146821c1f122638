"""Buyers and their delivery addresses as contacts in Odoo, each made once and never overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from worker.odoo.gateway import OdooGateway, search_read
from worker.odoo.load import UNTRACKED, Loaded, Row, create_if_absent, overwrite


@dataclass(frozen=True)
class PartnerRow:
    """A contact to be: its identity, its columns of ``res.partner``, where it lies, and whose address it is."""

    external_id: str
    fields: Mapping[str, str]
    country_code: str = ""
    state_name: str = ""
    parent: str = ""


def create_partners(
    gateway: OdooGateway,
    partners: Sequence[PartnerRow],
    *,
    company_id: int | None,
    track_changes: bool = True,
    memory: OdooGateway | None = None,
) -> Loaded:
    """Create the contacts that do not exist yet; buyers must come in the same call as their addresses.

    A new buyer is created together with the addresses, nested in one row: Odoo 19 lets a user without accounting
    rights create an address below a contact only in that way (its import of an address with ``parent_id`` reads the
    parent's credit limit), and it is three times as fast. New addresses of buyers that exist are created alone;
    :func:`put_below_buyers` is to be called in the end.

    :param track_changes: whether Odoo logs in the contact's chatter that it was created.
    :param memory: tells countries and states; ``gateway`` without it.
    """
    context = {} if track_changes else UNTRACKED
    places = _Places(memory or gateway, partners)
    common = {"company_id/.id": str(company_id or "")}
    cells = {partner.external_id: {**partner.fields, **places.cells(partner), **common} for partner in partners}
    buyers = [partner for partner in partners if not partner.parent]
    addresses = [partner for partner in partners if partner.parent]
    nested: dict[str, list[dict[str, str]]] = {}
    for address in addresses:
        line = {"id": address.external_id, **cells[address.external_id]}
        nested.setdefault(address.parent, []).append({f"child_ids/{name}": text for name, text in line.items()})
    rows = [Row(buyer.external_id, cells[buyer.external_id], nested.get(buyer.external_id, ())) for buyer in buyers]
    loaded = create_if_absent(gateway, "res.partner", rows, context=context)
    wanted = [Row(a.external_id, cells[a.external_id]) for a in addresses if a.parent in loaded.ids]
    alone = create_if_absent(gateway, "res.partner", wanted, context=context)
    loaded.ids.update(alone.ids)
    loaded.refused.update(alone.refused)
    return loaded


def put_below_buyers(gateway: OdooGateway, partners: Iterable[PartnerRow], ids: Mapping[str, int]) -> None:
    """Put addresses that stand alone below their buyers.

    The orders need not wait for that. After a crash in between, the next look at an order does it, as long as its
    address may change; later, the address stands alone and serves its order all the same.

    :param partners: what :func:`create_partners` was given, and ``ids`` those that it answered.
    """
    standing = {ids[row.external_id]: row for row in partners if row.parent in ids and row.external_id in ids}
    if not standing:
        return
    alone = [("id", "in", sorted(standing)), ("parent_id", "=", False)]
    found = [standing[record["id"]] for record in search_read(gateway, "res.partner", alone, ["id"])]
    rows = [Row(address.external_id, {"parent_id/.id": str(ids[address.parent])}) for address in found]
    if rows:
        overwrite(gateway, "res.partner", rows)


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
