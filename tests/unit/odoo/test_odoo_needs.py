"""What is asked of Odoo about the bot user: rights, modules, and the API key's end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from odoo_stubs import Call, Gateway

from worker.odoo import needs
from worker.odoo.errors import OdooRejectedError


def refused(_: Call) -> Any:
    raise OdooRejectedError("Odoo refuses.", code="odoo_rights")


def rights(*missing: str) -> Gateway:
    """An Odoo in which the bot may do all but this."""

    def answer(call: Call) -> bool:
        return f"{call.arguments['operation']} {call.model}" not in missing

    tables = (needs.RIGHTS, needs.CREATION_RIGHTS, *needs.OPTIONAL_RIGHTS.values())
    return Gateway({f"{model}.has_access": answer for table in tables for model in table})


def test_a_bot_that_may_do_all_lacks_nothing() -> None:
    assert needs.missing_rights(rights(), {"delivery", "mrp"}, creates_products=True) == []


def test_each_missing_right_is_named() -> None:
    gateway = rights("create sale.order", "write stock.picking")
    assert needs.missing_rights(gateway, set()) == ["create sale.order", "write stock.picking"]


def test_rights_of_modules_and_of_creating_products_count_only_where_they_are_used() -> None:
    gateway = rights("read mrp.bom", "create product.template")
    assert needs.missing_rights(gateway, {"delivery"}) == []
    assert needs.missing_rights(gateway, {"mrp"}) == ["read mrp.bom"]
    assert needs.missing_rights(gateway, set(), creates_products=True) == ["create product.template"]


def test_a_model_that_odoo_does_not_know_counts_as_missing() -> None:
    gateway = rights()
    gateway.answers["stock.quant.has_access"] = gateway.answers["stock.quant.check_access_rights"] = refused
    assert needs.missing_rights(gateway, set()) == ["read stock.quant"]


def test_modules_are_those_that_are_installed_or_unknown() -> None:
    gateway = Gateway({"ir.module.module.search_read": lambda _: [{"name": "sale"}, {"name": "stock"}]})
    assert needs.installed_modules(gateway) == {"sale", "stock"}
    assert needs.missing_modules({"sale", "stock"}) == ["sale_stock"]
    assert needs.installed_modules(Gateway({"ir.module.module.search_read": refused})) is None


@pytest.mark.parametrize(("secret", "is_key"), [("0a" * 20, True), ("0a" * 19, False), ("0A" * 20, False), ("", False)])
def test_an_api_key_is_told_from_a_password_by_its_form(secret: str, is_key: bool) -> None:
    assert needs.looks_like_api_key(secret) is is_key


def test_the_key_that_ends_first_counts_and_endless_ones_do_not() -> None:
    found = [
        {"name": "endless", "expiration_date": False},
        {"name": "late", "expiration_date": "2027-03-01 00:00:00"},
        {"name": "soon", "expiration_date": "2027-01-01 12:00:00"},
    ]
    keys = needs.api_keys(Gateway({"res.users.apikeys.search_read": lambda _: found}), 5)
    assert keys is not None
    assert [key.name for key in keys] == ["soon", "late", "endless"]
    assert needs.ends_first(keys) == ("soon", datetime(2027, 1, 1, 12, tzinfo=UTC))
    assert needs.ends_first(keys[2:]) is None
    assert needs.api_keys(Gateway({"res.users.apikeys.search_read": refused}), 5) is None
