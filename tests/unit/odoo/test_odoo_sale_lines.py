"""Lines that become fewer: what of the deliveries follows, where Odoo does not see to it itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.unit.odoo.odoo_stubs import Call, Gateway
from worker.odoo.sale_lines import SaleLines, WantedLine
from worker.odoo.sales import SalesOrder

SALE = SalesOrder(5, "S00005", "571", "sale", Decimal(40), "GBP", None, None, (31,), False, None)


class Old(Gateway):
    """An order of four cups, one of them delivered, in an Odoo before 17; ``moves`` are what is still open."""

    def __init__(self, *moves: tuple[int, float], follows: bool = False) -> None:
        super().__init__()
        self.moves = {number: units for number, (_, units) in enumerate(moves, 1)}
        self.products = {number: product for number, (product, _) in enumerate(moves, 1)}
        self.follows = follows
        self.line: dict[str, Any] = {
            "id": 11,
            "product_id": [7, "Cup"],
            "product_uom_qty": 4.0,
            "price_unit": 10.0,
            "qty_delivered": 1.0,
            "name": "Cup",
        }
        self.answers |= {
            "stock.move.fields_get": lambda _: {},
            "sale.order.line.search_read": lambda _: [self.line],
            "sale.order.write": self._write,
            "stock.move.search_read": lambda _: [
                {
                    "id": number,
                    "sale_line_id": [11, "Cup"],
                    "product_id": [self.products[number], "?"],
                    "product_uom_qty": units,
                    "picking_id": [31, "WH/OUT/1"],
                }
                for number, units in self.moves.items()
            ],
            "stock.move.write": self._write_move,
            "stock.picking.action_assign": lambda _: True,
        }

    def _write(self, call: Call) -> bool:
        [[_, _, values]] = call.arguments["vals"]["order_line"]
        if self.follows:
            gone = self.line["product_uom_qty"] - values["product_uom_qty"]
            self.moves[1] -= gone
        self.line |= values
        return True

    def _write_move(self, call: Call) -> bool:
        assert call.ids is not None
        self.moves[call.ids[0]] = call.arguments["vals"]["product_uom_qty"]
        return True


def bring_in_line(odoo: Gateway, units: int) -> bool:
    return SaleLines(odoo, None).bring_in_line(SALE, [WantedLine(7, Decimal(10), units)], [], [], None)


def test_what_odoo_leaves_in_the_delivery_is_taken_out_and_the_rest_reserved_again() -> None:
    odoo = Old((7, 3.0))
    assert bring_in_line(odoo, 2)
    assert odoo.moves == {1: 1.0}  # two are wanted, one of which was delivered
    assert [call.ids for call in odoo.of("stock.picking.action_assign")] == [[31]]


def test_it_is_taken_from_the_last_move_first() -> None:
    odoo = Old((7, 2.0), (7, 1.0))
    bring_in_line(odoo, 2)
    assert odoo.moves == {1: 1.0, 2: 0.0}


def test_of_a_kit_its_components_follow_in_proportion() -> None:
    odoo = Old((8, 6.0), (9, 3.0))  # two of one, one of the other in each
    bring_in_line(odoo, 3)
    assert odoo.moves == {1: 4.0, 2: 2.0}


def test_an_odoo_that_sees_to_it_itself_is_left_alone() -> None:
    odoo = Old((7, 3.0), follows=True)
    bring_in_line(odoo, 2)
    assert odoo.moves == {1: 1.0}
    assert odoo.of("stock.move.write") == []


def test_nothing_is_looked_at_when_nothing_becomes_fewer() -> None:
    odoo = Old((7, 3.0))
    assert not bring_in_line(odoo, 4)
    assert odoo.of("stock.move.search_read") == []


def test_from_odoo_17_on_the_deliveries_are_not_even_read() -> None:
    odoo = Old((7, 3.0), follows=True)
    del odoo.answers["stock.move.fields_get"]
    assert bring_in_line(odoo, 2)
    assert odoo.of("stock.move.search_read") == []
