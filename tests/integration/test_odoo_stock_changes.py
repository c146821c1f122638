"""What changed in Odoo's stock since the last look: everything once, late transactions too."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack
from tests.integration.test_bad_weather import odoo_without
from tests.merchant import Counting, Merchant, bot_of, cancel_sale
from worker.odoo.features import features_of
from worker.odoo.gateway import OdooGateway
from worker.odoo.kits import kits_of
from worker.odoo.stock import StockSource, available
from worker.odoo.stock_changes import Changes, changes

EVERYWHERE = StockSource()
OVERLAP = timedelta(minutes=5)


@pytest.fixture(scope="module")
def bot(stack: Stack) -> OdooGateway:
    return bot_of(stack)


@pytest.fixture(scope="module")
def merchant(stack: Stack) -> Merchant:
    return Merchant(stack)


class Watcher:
    """A caller of ``changes`` that leaves out what it has seen, as the connector does."""

    def __init__(self, bot: OdooGateway) -> None:
        self.gateway = Counting(bot)
        newest = changes(bot, None).newest
        assert newest is not None
        self.newest = newest
        self.seen: set[str] = set()
        self.look()

    def look(self) -> set[int]:
        self.gateway.calls.clear()
        found: Changes = changes(self.gateway, self.newest - OVERLAP)
        fresh = {row.variant_id for row in found.rows if row.key not in self.seen}
        self.seen |= {row.key for row in found.rows}
        self.newest = max(self.newest, found.newest or self.newest)
        return fresh


@pytest.fixture
def watcher(bot: OdooGateway, merchant: Merchant) -> Watcher:
    merchant.product(1)  # so that there is a newest change
    return Watcher(bot)


def forget_kits(stack: Stack) -> None:
    """Date all bills of materials back, beyond every overlap."""
    for table in ("mrp_bom", "mrp_bom_line"):
        stack.sql(f"UPDATE {table} SET write_date = write_date - interval '1 day'")


def test_when_nothing_changed_there_are_three_calls_and_nothing_new(watcher: Watcher, stack: Stack) -> None:
    forget_kits(stack)
    assert watcher.look() == set()
    assert watcher.gateway.calls == ["stock.quant.search_read", "stock.move.search_read", "mrp.bom.search_read"]


def test_the_first_look_tells_only_where_to_begin(bot: OdooGateway, merchant: Merchant, stack: Stack) -> None:
    merchant.product(1)
    first = changes(bot, None)
    assert first.rows == ()
    newest = stack.sql("SELECT max(write_date) FROM stock_quant WHERE quantity > 0")[0][0]
    assert first.newest is not None
    assert first.newest >= newest.replace(microsecond=0, tzinfo=UTC)


def step_count(merchant: Merchant, product: int) -> None:
    merchant.stack.set_quantity(product, 33)


def step_order(merchant: Merchant, product: int) -> None:
    merchant.order((product, 1))


def step_unreserved_order(merchant: Merchant, product: int) -> None:
    with merchant.deliveries("WH", reservation_method="manual"):
        merchant.order((product, 1))


def step_expected(merchant: Merchant, product: int) -> None:
    merchant.expect(product, 5)


@pytest.mark.parametrize("step", [step_count, step_order, step_unreserved_order, step_expected])
def test_whatever_changes_the_stock_is_seen_once(
    merchant: Merchant, watcher: Watcher, step: Callable[[Merchant, int], None]
) -> None:
    product = merchant.product(10)
    watcher.look()
    step(merchant, product)
    assert watcher.look() == {product}
    assert watcher.look() == set()


def test_every_step_of_an_order_is_seen(merchant: Merchant, watcher: Watcher, bot: OdooGateway) -> None:
    product = merchant.product(10)
    order = merchant.order((product, 4))
    watcher.look()
    [picking] = merchant.pickings(product)
    merchant.do("stock.picking", "do_unreserve", [picking])
    assert watcher.look() == {product}
    assert available(bot, [product], EVERYWHERE).units[product] == 6
    cancel_sale(merchant.stack, order)
    assert watcher.look() == {product}
    assert available(bot, [product], EVERYWHERE).units[product] == 10


def test_a_quotation_is_no_change(merchant: Merchant, watcher: Watcher) -> None:
    product = merchant.product(10)
    watcher.look()
    merchant.order((product, 4), confirm=False)
    assert watcher.look() == set()


def test_a_row_that_is_written_twice_within_a_second_is_seen_twice(
    merchant: Merchant, watcher: Watcher, stack: Stack
) -> None:
    product = merchant.product(10)
    quant = stack.sql("SELECT id, write_date FROM stock_quant WHERE product_id = %s AND quantity > 0", product)[0]
    watcher.look()
    stack.sql("UPDATE stock_quant SET quantity = 9 WHERE id = %s", quant[0])
    assert watcher.look() == {product}
    assert stack.sql("SELECT write_date FROM stock_quant WHERE id = %s", quant[0]) == [(quant[1],)]


def test_a_transaction_that_ends_late_is_seen_though_newer_changes_were_seen_before(
    merchant: Merchant, watcher: Watcher, stack: Stack
) -> None:
    slow, quick = merchant.products(10, 10)
    watcher.look()
    with contextlib.closing(psycopg2.connect(stack.odoo.postgres.dsn(stack.database))) as late:
        cursor = late.cursor()
        cursor.execute(
            "UPDATE stock_quant SET quantity = 1, write_date = now() AT TIME ZONE 'UTC' "
            "WHERE product_id = %s AND quantity > 0",
            (slow,),
        )
        begun = datetime.now(UTC)
        wait_for(lambda: datetime.now(UTC).timestamp() > int(begun.timestamp()) + 1, 5, "the next second")
        merchant.stack.set_quantity(quick, 5)
        assert watcher.look() == {quick}
        assert watcher.newest > begun.replace(microsecond=0)  # the late one's time has been passed by
        late.commit()
    assert watcher.look() == {slow}


def test_a_change_older_than_the_overlap_waits_for_the_next_full_comparison(
    merchant: Merchant, watcher: Watcher, stack: Stack
) -> None:
    product = merchant.product(10)
    watcher.look()
    stack.sql(
        "UPDATE stock_quant SET quantity = 1, write_date = write_date - interval '6 minutes' WHERE product_id = %s",
        product,
    )
    assert watcher.look() == set()


def kit_with_bom(merchant: Merchant, *components: int) -> tuple[int, int, list[int]]:
    """A kit, its bill of materials and that one's lines."""
    kit = merchant.kit(*((component, 1) for component in components))
    [bom] = merchant.do("mrp.bom", "search_read", [("product_tmpl_id.product_variant_ids", "=", kit)], ["bom_line_ids"])
    return kit, bom["id"], bom["bom_line_ids"]


def test_a_new_kit_and_every_change_of_its_definition_are_seen_once(merchant: Merchant, watcher: Watcher) -> None:
    components = merchant.products(10, 10)
    watcher.look()
    kit, bom, lines = kit_with_bom(merchant, *components)
    assert watcher.look() == {kit}
    changed: list[tuple[str, int, dict[str, Any]]] = [
        ("mrp.bom.line", lines[0], {"product_qty": 2}),
        ("mrp.bom", bom, {"bom_line_ids": [(1, lines[1], {"product_qty": 5})]}),
        ("mrp.bom", bom, {"bom_line_ids": [(2, lines[1])]}),
        ("mrp.bom", bom, {"product_qty": 2}),
        ("mrp.bom", bom, {"type": "normal"}),
        ("mrp.bom", bom, {"product_qty": 3}),
        ("mrp.bom", bom, {"type": "phantom"}),
        ("mrp.bom", bom, {"active": False}),
    ]
    for model, record, values in changed:
        merchant.do(model, "write", [record], values)
        assert watcher.look() == {kit}, values
        assert watcher.look() == set(), values


def test_an_odoo_without_the_module_mrp_is_noticed_and_read_all_the_same(stack: Stack, merchant: Merchant) -> None:
    product = merchant.product(3)
    with odoo_without(stack, "mrp", "mrp_account", "sale_mrp") as database:  # a copy of the template
        bare = bot_of(stack, database)
        assert features_of(bare) == replace(merchant.features, kits=False)
        assert changes(bare, None) == Changes()
        assert changes(bare, datetime(2020, 1, 1, tzinfo=UTC)) == Changes()
        assert available(bare, [product], EVERYWHERE).units == {}
        counting = Counting(bare)
        assert kits_of(counting, [product]) == set()
        assert not [call for call in counting.calls if call.startswith("mrp.")]
