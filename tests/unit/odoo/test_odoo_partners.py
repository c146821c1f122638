"""Buyers and their addresses: made once, nested when new, put below the buyer when the buyer was there before."""

from __future__ import annotations

from typing import Any

from odoo_stubs import LoadingOdoo

from worker.odoo.partners import PartnerRow, create_partners, put_below_buyers

BUYER = PartnerRow("tiktok_shop.partner_1_7", {"name": "david.k", "ref": "7", "type": "contact"})
ADDRESS = PartnerRow(
    "tiktok_shop.address_1_7_ab",
    {"name": "David Kong", "street": "12 High Street", "city": "London", "type": "delivery"},
    country_code="GB",
    state_name="Kent",
    parent=BUYER.external_id,
)


class Contacts(LoadingOdoo):
    """``res.partner`` with the United Kingdom and one state; ``orphans`` stand below nobody."""

    def __init__(self, **existing: int) -> None:
        super().__init__(model="res.partner", existing={name.replace("__", "."): i for name, i in existing.items()})
        self.orphans: list[int] = []
        self.answers |= {
            "res.country.search_read": lambda _: [{"id": 231, "code": "GB"}],
            "res.country.state.search_read": lambda _: [
                {"id": 900, "name": "Kent", "code": "KEN", "country_id": [231, "United Kingdom"]}
            ],
            "res.partner.search_read": lambda _: [{"id": partner_id} for partner_id in self.orphans],
        }

    def loads(self) -> list[tuple[str, list[dict[str, str]]]]:
        """Mode and rows of each load, with empty cells left out."""
        return [
            (
                (call.context or {})["mode"],
                [
                    {name: cell for name, cell in zip(call.arguments["fields"], row, strict=True) if cell}
                    for row in call.arguments["data"]
                ],
            )
            for call in self.of("res.partner.load")
        ]


def test_a_new_buyer_comes_with_the_address_in_one_row() -> None:
    odoo = Contacts()
    loaded = create_partners(odoo, [BUYER, ADDRESS], company_id=None)
    assert set(loaded.ids) == {BUYER.external_id, ADDRESS.external_id}
    mode, (row,) = odoo.loads()[0]
    assert mode == "update"
    assert (row["id"], row["child_ids/id"]) == (BUYER.external_id, ADDRESS.external_id)
    assert (row["child_ids/country_id/.id"], row["child_ids/state_id/.id"]) == ("231", "900")


def test_a_state_is_known_by_its_code_too_and_an_unknown_one_stays_on_the_parcel() -> None:
    for name, state, city in (("ken", "900", "London"), ("Narnia", "", "London, Narnia")):
        odoo = Contacts()
        address = PartnerRow(ADDRESS.external_id, ADDRESS.fields, "GB", name, BUYER.external_id)
        create_partners(odoo, [BUYER, address], company_id=None)
        (row,) = odoo.loads()[0][1]
        assert (row.get("child_ids/state_id/.id", ""), row["child_ids/city"]) == (state, city)


def test_a_further_address_of_a_buyer_who_is_there_is_put_below_the_buyer() -> None:
    odoo = Contacts(tiktok_shop__partner_1_7=5)
    odoo.orphans = [1001]
    loaded = create_partners(odoo, [BUYER, ADDRESS], company_id=None)
    put_below_buyers(odoo, [BUYER, ADDRESS], loaded.ids)
    assert loaded.ids == {BUYER.external_id: 5, ADDRESS.external_id: 1001}
    assert odoo.loads()[-1] == ("init", [{"id": ADDRESS.external_id, "parent_id/.id": "5"}])


def test_contacts_that_are_there_are_not_written_to() -> None:
    odoo = Contacts(tiktok_shop__partner_1_7=5, tiktok_shop__address_1_7_ab=6)
    loaded = create_partners(odoo, [BUYER, ADDRESS], company_id=None)
    put_below_buyers(odoo, [BUYER, ADDRESS], loaded.ids)
    assert loaded.ids == {BUYER.external_id: 5, ADDRESS.external_id: 6}
    assert {mode for mode, _ in odoo.loads()} == {"update"}


def test_a_buyer_whom_odoo_refuses_takes_no_other_along() -> None:
    odoo = Contacts()
    other = PartnerRow("tiktok_shop.partner_1_8", {"name": "Sari", "type": "contact"})
    odoo.bad = {BUYER.external_id: "Name is blocked"}
    loaded = create_partners(odoo, [BUYER, ADDRESS, other], company_id=None)
    assert loaded.refused == {BUYER.external_id: "Name is blocked"}
    assert set(loaded.ids) == {other.external_id}


def test_contacts_belong_to_the_shops_company() -> None:
    odoo = Contacts()
    create_partners(odoo, [BUYER, ADDRESS], company_id=3)
    (row,) = odoo.loads()[0][1]
    assert (row["company_id/.id"], row["child_ids/company_id/.id"]) == ("3", "3")


def test_without_a_country_nothing_is_looked_up() -> None:
    odoo: Any = Contacts()
    create_partners(odoo, [BUYER], company_id=None)
    assert odoo.of("res.country.search_read") == []
