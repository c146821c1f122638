"""Stock read from Odoo: the arithmetic, the calls, and the keys by which changes are told apart."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from odoo_stubs import Call, Gateway

from worker.errors import ConfigurationError
from worker.odoo import kits
from worker.odoo.errors import OdooRejectedError
from worker.odoo.features import Features, features_of
from worker.odoo.kits import kits_of
from worker.odoo.stock import Availability, StockSource, available, quotation_units
from worker.odoo.stock_changes import changes

#: Answers of an Odoo without the module mrp.
PLAIN: dict[str, Any] = {"product.product.fields_get": lambda _: {"is_storable": {}}}
SINCE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def quantities(number: int, free: float, on_hand: float, outgoing: float, forecasted: float) -> dict[str, Any]:
    names = ("free_qty", "qty_available", "outgoing_qty", "virtual_available")
    return {
        "id": number,
        **dict(zip(names, (free, on_hand, outgoing, forecasted), strict=True)),
        "is_storable": True,
        "type": "product",
    }


def stocked(*records: dict[str, Any]) -> Gateway:
    return Gateway({**PLAIN, "product.product.search_read": lambda _: list(records)})


@pytest.mark.parametrize(
    ("free", "on_hand", "outgoing", "forecasted", "units"),
    [
        (17, 20, 3, 17, 17),
        (20, 20, 3, 17, 17),  # not reserved
        (12, 20, 0, 20, 12),  # reserved for a transfer within
        (0, 20, 50, -30, 0),  # oversold
        (10, 10, 2, 1, 1),  # a kit, of which one component is wanted elsewhere
        (2, 2, 0, 102, 2),  # goods on their way
        (-3, -3, 0, -3, 0),
        (2.75, 2.75, 0, 2.75, 2),
        (5, 3.3, 0.3, 3, 3),  # 3.3 - 0.3 is 2.9999999999999996 in binary
    ],
)
def test_the_least_of_three_figures_in_whole_units_is_for_sale(
    free: float, on_hand: float, outgoing: float, forecasted: float, units: int
) -> None:
    odoo = stocked(quantities(7, free, on_hand, outgoing, forecasted))
    assert available(odoo, [7], StockSource()).units == {7: units}


def test_the_source_is_told_in_the_words_of_every_version() -> None:
    odoo = stocked(quantities(7, 1, 1, 0, 1))
    odoo.answers["stock.warehouse.search_read"] = lambda call: [{"id": 4}, {"id": 5}]
    odoo.answers["stock.location.search_read"] = lambda call: [{"id": 8}]
    source = StockSource(warehouse_ids=(4, 5), location_id=8, company_id=2)
    available(odoo, [7], source)
    context = {"allowed_company_ids": [2], "warehouse_id": [4, 5], "warehouse": [4, 5], "location": 8}
    assert [call.context for call in odoo.calls if call.method == "search_read"] == [context] * 3
    assert StockSource().context == {}


def test_a_warehouse_that_is_not_there_is_no_empty_one() -> None:
    odoo = Gateway({**PLAIN, "stock.warehouse.search_read": lambda _: [{"id": 4}]})
    with pytest.raises(ConfigurationError, match="no warehouse with id 5, 6"):
        available(odoo, [7], StockSource(warehouse_ids=(4, 5, 6)))


def test_before_odoo_18_the_type_tells_what_is_counted() -> None:
    odoo = stocked(quantities(7, 3, 3, 0, 3), {**quantities(8, 0, 0, 0, 0), "type": "consu"})
    odoo.answers["product.product.fields_get"] = lambda _: {"detailed_type": {}}
    assert available(odoo, [7, 8], StockSource()) == Availability({7: 3}, {8})
    assert "type" in odoo.of("product.product.search_read")[0].arguments["fields"]
    assert features_of(odoo).storable_cells == {"detailed_type": "product"}
    assert Features(is_storable=False).storable_cells == {"type": "product"}


def test_no_variants_make_no_calls() -> None:
    odoo = Gateway()
    assert available(odoo, [], StockSource()) == Availability()
    assert quotation_units(odoo, [], "TikTok Shop ") == {}
    assert kits_of(odoo, []) == set()
    assert odoo.calls == []


def test_kits_of_kits_that_hold_each_other_come_to_an_end() -> None:
    holds = {1: [2], 2: [3], 3: [2]}

    def find(call: Call) -> list[dict[str, Any]]:
        [(_, _, wanted)] = call.arguments["domain"][1][2][1][2]
        return [{"id": kit} for component in wanted for kit in holds[component]]

    assert kits_of(Gateway({"product.product.search_read": find}), [1]) == {2, 3}


def test_an_answer_longer_than_a_page_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kits, "PAGE", 2)
    lines = [{"id": number, "product_id": 7, "product_uom_qty": 0.1} for number in (3, 5, 6)]

    def page(call: Call) -> list[dict[str, Any]]:
        after = [bound for name, operator, bound in call.arguments["domain"] if (name, operator) == ("id", ">")]
        return [line for line in lines if line["id"] > max(after, default=0)][: call.arguments["limit"]]

    odoo = Gateway({"sale.order.line.search_read": page})
    assert quotation_units(odoo, [7], "TikTok Shop ") == {7: Decimal("0.3")}
    assert len(odoo.calls) == 2


def quant(number: int, written: str, quantity: float = 5.0, reserved: float = 0.0) -> dict[str, Any]:
    return {
        "id": number,
        "product_id": 70 + number,
        "write_date": written,
        "quantity": quantity,
        "reserved_quantity": reserved,
    }


def watched(*quants: dict[str, Any]) -> Gateway:
    rows = {"stock.quant.search_read": lambda _: list(quants), "stock.move.search_read": lambda _: []}
    return Gateway({**PLAIN, **rows})


def test_a_change_carries_the_variant_and_odoos_time() -> None:
    found = changes(watched(quant(1, "2026-01-02 03:04:06"), quant(2, "2026-01-02 03:04:05")), SINCE)
    assert [(row.variant_id, row.changed_at.second) for row in found.rows] == [(71, 6), (72, 5)]
    assert found.newest == datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)


def test_the_same_row_has_another_key_as_soon_as_its_figures_or_its_time_differ() -> None:
    at = "2026-01-02 03:04:05"
    rows = [quant(1, at), quant(1, at), quant(1, at, 6), quant(1, at, 5, 1), quant(1, "2026-01-02 03:04:06")]
    keys = [change.key for change in changes(watched(*rows), SINCE).rows]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4


def test_the_moment_is_asked_for_inclusively_since_odoo_tells_whole_seconds() -> None:
    odoo = watched()
    assert changes(odoo, SINCE).newest is None
    asked = [call.arguments["domain"][0] for call in odoo.calls if call.method == "search_read"]
    assert asked == [("write_date", ">=", "2026-01-02 03:04:05")] * 2


def refusing(message: str) -> Gateway:
    def refuse(_: Call) -> None:
        raise OdooRejectedError(message, code="odoo_rights", remedy="Give the bot its groups.")

    return Gateway({"product.product.search_read": refuse})


def test_a_missing_right_is_one_to_kits_only_when_odoo_says_so() -> None:
    with pytest.raises(OdooRejectedError, match=r"Install Odoo's module sale_mrp"):
        kits_of(refusing("You may not read 'Bill of Material' (mrp.bom)."), [1])
    with pytest.raises(OdooRejectedError, match="Give the bot its groups"):
        available(refusing("You may not read 'Product' (product.product)."), [1], StockSource())
