"""What is known of each version of Odoo, by the fields that it has. 14, 16, 18 and 19 were asked themselves, and are by
the tests on the real parts (``TEST_ODOO``); of 15 and 17 the table says what is known of their source."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.odoo.odoo_stubs import Call, Gateway
from worker.odoo import features
from worker.odoo.errors import OdooRejectedError, OdooUnavailableError
from worker.odoo.features import Features, features_of
from worker.odoo.measuring import Timed
from worker.odoo.remembering import Remembering

#: Of the fields that the connector asks for, those that a version with all modules has.
FIELDS: dict[int, dict[str, set[str]]] = {
    14: {
        "product.product": {"variant_bom_ids"},
        "stock.move": {"name", "to_refund"},
        "stock.picking": {"carrier_id", "carrier_tracking_ref"},
    },
    15: {
        "product.product": {"variant_bom_ids", "detailed_type"},
        "stock.move": {"name", "to_refund"},
        "stock.picking": {"carrier_id", "carrier_tracking_ref"},
    },
    16: {
        "product.product": {"variant_bom_ids", "detailed_type"},
        "stock.move": {"name", "to_refund"},
        "stock.picking": {"carrier_id", "carrier_tracking_ref", "move_ids"},
    },
    17: {
        "product.product": {"variant_bom_ids", "detailed_type"},
        "product.template.attribute.line": {"sequence"},
        "sale.order": {"locked"},
        "stock.move": {"name", "picked", "to_refund"},
        "stock.picking": {"carrier_id", "carrier_tracking_ref", "move_ids", "return_id"},
    },
    18: {
        "product.product": {"variant_bom_ids", "is_storable"},
        "product.template.attribute.line": {"sequence"},
        "sale.order": {"locked"},
        "stock.move": {"name", "picked", "to_refund"},
        "stock.picking": {"carrier_id", "carrier_tracking_ref", "move_ids", "return_id"},
    },
    19: {
        "product.product": {"variant_bom_ids", "is_storable"},
        "product.template.attribute.line": {"sequence"},
        "sale.order": {"locked"},
        "sale.order.line": {"tax_ids"},
        "stock.move": {"picked", "to_refund"},
        "stock.picking": {"carrier_id", "carrier_tracking_ref", "move_ids", "return_id"},
    },
}
MODELS = sorted(FIELDS[19])


def odoo(version: int) -> Gateway:
    def answer(call: Call) -> dict[str, Any]:
        has = FIELDS[version].get(call.model, set())
        return {name: {"type": "char"} for name in call.arguments["allfields"] if name in has}

    return Gateway({f"{model}.fields_get": answer for model in MODELS})


EXPECTED = {
    14: Features(
        is_storable=False,
        locks=False,
        picked=False,
        move_ids="move_lines",
        move_names=True,
        return_id=False,
        sorted_attributes=False,
        line_taxes="tax_id",
    ),
    15: Features(
        is_storable=False,
        detailed_type=True,
        locks=False,
        picked=False,
        move_ids="move_lines",
        move_names=True,
        return_id=False,
        sorted_attributes=False,
        line_taxes="tax_id",
    ),
    16: Features(
        is_storable=False,
        detailed_type=True,
        locks=False,
        picked=False,
        move_names=True,
        return_id=False,
        sorted_attributes=False,
        line_taxes="tax_id",
    ),
    17: Features(is_storable=False, detailed_type=True, move_names=True, line_taxes="tax_id"),
    18: Features(move_names=True, line_taxes="tax_id"),
    19: Features(),
}


@pytest.mark.parametrize("version", sorted(FIELDS))
def test_each_version_is_known_by_its_fields(version: int) -> None:
    assert features_of(odoo(version)) == EXPECTED[version]


def test_a_storable_product_is_written_and_searched_in_the_words_of_the_version() -> None:
    assert Features().storable_cells == {"type": "consu", "is_storable": "1"}
    assert EXPECTED[17].storable_cells == {"detailed_type": "product"}
    assert EXPECTED[14].storable_cells == {"type": "product"}
    assert (Features().storable, EXPECTED[14].storable) == (("is_storable", "=", True), ("type", "=", "product"))


def test_a_message_is_escaped_where_odoo_takes_it_as_html() -> None:
    assert EXPECTED[16].message("5 < 6 & more") == "5 &lt; 6 &amp; more"
    assert EXPECTED[17].message("5 < 6 & more") == "5 < 6 & more"


def test_what_odoo_has_is_asked_once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = odoo(19)
    now = 1000.0
    monkeypatch.setattr(features.time, "monotonic", lambda: now)
    for _ in range(3):
        features_of(gateway)
    assert sorted(call.model for call in gateway.calls) == MODELS
    now += 3601
    features_of(gateway)
    assert len(gateway.calls) == 2 * len(MODELS)


def test_a_model_of_a_missing_module_has_no_fields() -> None:
    gateway = odoo(19)

    def refuse(_: Call) -> None:
        raise OdooRejectedError("Odoo does not know stock.picking.fields_get.", code="odoo_module")

    gateway.answers["stock.picking.fields_get"] = refuse
    assert not features_of(gateway).carriers


def test_an_odoo_that_does_not_answer_is_asked_again() -> None:
    gateway = odoo(19)
    working = gateway.answers["sale.order.fields_get"]

    def fail(_: Call) -> None:
        raise OdooUnavailableError("Odoo did not answer.")

    gateway.answers["sale.order.fields_get"] = fail
    with pytest.raises(OdooUnavailableError):
        features_of(gateway)
    gateway.answers["sale.order.fields_get"] = working
    assert features_of(gateway) == Features()


def test_a_gateway_around_another_does_not_ask_again() -> None:
    gateway = odoo(19)
    for _ in range(3):
        features_of(Timed(Remembering(gateway)))
    assert len(gateway.calls) == len(MODELS)
