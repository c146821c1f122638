"""Stock as the bot reads it from the real Odoo: what is for sale, of kits too, and what is in quotations."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from sandbox.stack.stack import Stack
from tests.merchant import Counting, Merchant, bot_of, rpc
from worker.errors import ConfigurationError
from worker.odoo.errors import OdooRejectedError
from worker.odoo.gateway import OdooGateway
from worker.odoo.kits import kits_of
from worker.odoo.stock import Availability, StockSource, available, quotation_units

EVERYWHERE = StockSource()


@pytest.fixture(scope="module")
def bot(stack: Stack) -> OdooGateway:
    return bot_of(stack)


@pytest.fixture(scope="module")
def merchant(stack: Stack) -> Merchant:
    return Merchant(stack)


@pytest.fixture
def units(bot: OdooGateway) -> Callable[..., int]:
    """``units(product, source)``: what is for sale of one product."""

    def read(product: int, source: StockSource = EVERYWHERE) -> int:
        return available(bot, [product], source).units[product]

    return read


def of_warehouse(merchant: Merchant, *codes: str) -> StockSource:
    return StockSource(warehouse_ids=tuple(merchant.warehouses[code]["id"] for code in codes))


# --- what is for sale --------------------------------------------------------------------------------------------


def test_what_is_reserved_or_below_a_whole_unit_is_not_for_sale(merchant: Merchant, units: Callable[..., int]) -> None:
    product = merchant.product(20)
    merchant.order((product, 3))
    assert units(product) == 17
    assert units(merchant.product(2.75)) == 2


def test_of_an_oversold_product_nothing_is_for_sale(merchant: Merchant, units: Callable[..., int]) -> None:
    product = merchant.product(20)
    merchant.order((product, 50))
    assert units(product) == 0


def test_confirmed_demand_counts_though_nothing_is_reserved(merchant: Merchant, units: Callable[..., int]) -> None:
    product, oversold = merchant.products(20, 20)
    with merchant.deliveries("WH", reservation_method="manual"):
        merchant.order((product, 5), (oversold, 50))
    assert (units(product), units(oversold)) == (15, 0)


def test_goods_that_are_to_come_are_not_for_sale_until_they_are_there(
    merchant: Merchant, units: Callable[..., int]
) -> None:
    product = merchant.product(2)
    merchant.expect(product, 100)
    assert units(product) == 2


def test_each_warehouse_has_its_own_stock_and_none_named_means_all(
    merchant: Merchant, units: Callable[..., int]
) -> None:
    product = merchant.product(7, warehouse="TTW")
    merchant.stack.set_quantity(product, 20, warehouse="WH")
    assert [units(product, of_warehouse(merchant, *codes)) for codes in (["WH"], ["TTW"], ["WH", "TTW"], [])] == [
        *(20, 7, 27, 27)
    ]
    company = merchant.do("res.company", "search", [], limit=1)[0]
    assert units(product, replace(of_warehouse(merchant, "TTW"), company_id=company)) == 7


def test_a_location_sells_what_lies_in_it_and_within_it(merchant: Merchant, units: Callable[..., int]) -> None:
    stock = merchant.stock_location("TTW")
    shelf = merchant.do("stock.location", "create", [{"name": secrets.token_hex(3), "location_id": stock}])[0]
    product = merchant.product(4, warehouse="TTW")
    picking = merchant.transfer(product, 3, stock, shelf)
    merchant.do("stock.picking", "action_assign", [picking])
    merchant.validate(picking)
    sources = [StockSource(location_id=each) for each in (shelf, stock, merchant.stock_location("WH"))]
    assert [units(product, source) for source in sources] == [3, 4, 0]


def test_a_transfer_between_warehouses_leaves_one_at_once_and_reaches_the_other_when_it_is_done(
    merchant: Merchant, units: Callable[..., int]
) -> None:
    product = merchant.product(20, warehouse="WH")
    picking = merchant.transfer(product, 8, merchant.stock_location("WH"), merchant.stock_location("TTW"))

    def both() -> tuple[int, ...]:
        return tuple(units(product, of_warehouse(merchant, *codes)) for codes in (["WH"], ["TTW"], ["WH", "TTW"]))

    assert both() == (12, 0, 12)
    merchant.do("stock.picking", "action_assign", [picking])
    merchant.validate(picking)
    assert both() == (12, 8, 20)


@pytest.mark.parametrize("steps", ["pick_ship", "pick_pack_ship"])
def test_a_delivery_in_several_steps_counts_once_from_the_order_to_the_truck(
    merchant: Merchant, units: Callable[..., int], steps: str
) -> None:
    # A warehouse of its own: with goods in its packing zone it cannot go back to one step.
    code = secrets.token_hex(2).upper()
    made = merchant.do("stock.warehouse", "create", [{"name": code, "code": code, "delivery_steps": steps}])
    [row] = merchant.do("stock.warehouse", "read", made, ["code", "lot_stock_id", "view_location_id"])
    merchant.warehouses[code] = row
    product = merchant.product(20, warehouse=code)
    order = merchant.order((product, 5), confirm=False)
    merchant.do("sale.order", "write", [order], {"warehouse_id": row["id"]})
    merchant.do("sale.order", "action_confirm", [order])
    seen = []
    for _ in steps.split("_"):
        seen += [units(product, of_warehouse(merchant, code))]
        seen += [units(product, StockSource(location_id=merchant.stock_location(code)))]
        merchant.validate(*merchant.pickings(product))
    assert [*seen, units(product, of_warehouse(merchant, code))] == [15] * (len(seen) + 1)
    assert merchant.pickings(product) == []


def test_untracked_goods_and_services_are_told_as_such_and_never_as_zero(merchant: Merchant, bot: OdooGateway) -> None:
    product, goods, service = merchant.products(3, 0, 0)
    merchant.uncounted(goods)
    merchant.do("product.product", "write", [service], {"type": "service"})
    assert available(bot, [product, goods, service], EVERYWHERE) == Availability({product: 3}, {goods, service})


def test_deleted_and_archived_variants_are_not_in_the_answer(merchant: Merchant, bot: OdooGateway) -> None:
    deleted, archived = merchant.products(0, 5)
    merchant.do("product.product", "unlink", [deleted])
    merchant.do("product.product", "write", [archived], {"active": False})
    assert available(bot, [deleted, archived], EVERYWHERE) == Availability()


def test_a_source_that_is_gone_is_refused_instead_of_read_as_empty(merchant: Merchant, bot: OdooGateway) -> None:
    product = merchant.product(5)
    with pytest.raises(ConfigurationError, match="no warehouse with id 99999"):
        available(bot, [product], StockSource(warehouse_ids=(merchant.warehouses["WH"]["id"], 99999)))
    stock = merchant.stock_location("WH")
    shelf = merchant.do("stock.location", "create", [{"name": secrets.token_hex(3), "location_id": stock}])
    merchant.do("stock.location", "write", shelf, {"active": False})
    with pytest.raises(ConfigurationError, match=f"no stock location with id {shelf[0]}"):
        available(bot, [product], StockSource(location_id=shelf[0]))


# --- kits --------------------------------------------------------------------------------------------------------


def test_a_kit_is_for_sale_as_often_as_its_scarcest_component_allows(
    merchant: Merchant, units: Callable[..., int]
) -> None:
    cup, saucer = merchant.products(9, 7)
    saucers_count_double = merchant.kit((cup, 1), (saucer, 2))
    set_of_kits = merchant.kit((saucers_count_double, 1), (cup, 1))
    assert (units(saucers_count_double), units(set_of_kits)) == (3, 3)
    merchant.order((saucer, 3))
    assert (units(saucers_count_double), units(set_of_kits)) == (2, 2)
    merchant.order((set_of_kits, 1))
    assert (units(cup), units(saucer), units(saucers_count_double), units(set_of_kits)) == (7, 2, 1, 1)


def test_unreserved_demand_for_a_component_counts_in_its_kit(merchant: Merchant, units: Callable[..., int]) -> None:
    scarce, plenty = merchant.products(10, 100)
    kit = merchant.kit((scarce, 1), (plenty, 1))
    with merchant.deliveries("WH", reservation_method="manual"):
        merchant.order((plenty, 97))
        assert units(kit) == 3
        merchant.order((kit, 2))
    assert units(kit) == 1


def test_a_kit_is_counted_by_warehouse(merchant: Merchant, units: Callable[..., int]) -> None:
    component = merchant.product(6, warehouse="TTW")
    merchant.stack.set_quantity(component, 2, warehouse="WH")
    kit = merchant.kit((component, 2))
    assert [units(kit, of_warehouse(merchant, *codes)) for codes in (["WH"], ["TTW"], ["WH", "TTW"])] == [1, 3, 4]


def test_a_kit_is_tracked_when_a_component_is_whatever_it_says_itself(merchant: Merchant, bot: OdooGateway) -> None:
    counted, uncounted = merchant.products(0, 0)
    merchant.uncounted(uncounted)
    mixed, of_uncounted = merchant.kit((counted, 1), (uncounted, 1)), merchant.kit((uncounted, 2))
    nested = merchant.kit((merchant.kit((mixed, 1)), 1))
    found = available(bot, [mixed, of_uncounted, nested], EVERYWHERE)
    assert found == Availability({mixed: 0, nested: 0}, {of_uncounted})


def test_the_kits_of_a_component_are_found_through_kits_and_for_every_variant(
    merchant: Merchant, bot: OdooGateway
) -> None:
    component = merchant.product()
    direct = merchant.kit((component, 1))
    nested = merchant.kit((direct, 1))
    own = merchant.product()  # its bill of materials is of the variant
    template = merchant.do("product.product", "read", [own], ["product_tmpl_id"])[0]["product_tmpl_id"][0]
    line = (0, 0, {"product_id": component, "product_qty": 1})
    bom = {"product_tmpl_id": template, "product_id": own, "type": "phantom", "bom_line_ids": [line]}
    merchant.do("mrp.bom", "create", [bom])
    counting = Counting(bot)
    assert kits_of(counting, [component]) == {direct, nested, own}
    if merchant.features.any_in_domains:
        assert len(counting.calls) == 3  # two levels, and one to see that there is no third
    assert kits_of(bot, [nested, merchant.product()]) == set()


def test_all_variants_of_a_template_with_a_kit_are_found(merchant: Merchant, bot: OdooGateway) -> None:
    component = merchant.product(8)
    name = secrets.token_hex(4)
    attribute = merchant.do("product.attribute", "create", [{"name": name}])[0]
    values = merchant.do(
        "product.attribute.value", "create", [{"name": each, "attribute_id": attribute} for each in ("S", "M")]
    )
    line = (0, 0, {"attribute_id": attribute, "value_ids": [(6, 0, values)]})
    template = merchant.do("product.template", "create", [{"name": name, "attribute_line_ids": [line]}])[0]
    component_line = (0, 0, {"product_id": component, "product_qty": 4})
    bom = {"product_tmpl_id": template, "type": "phantom", "bom_line_ids": [component_line]}
    merchant.do("mrp.bom", "create", [bom])
    variants = merchant.do("product.product", "search", [("product_tmpl_id", "=", template)])
    assert len(variants) == 2
    assert kits_of(bot, [component]) == set(variants)
    assert available(bot, variants, EVERYWHERE).units == dict.fromkeys(variants, 2)


def test_an_ordinary_bill_of_materials_makes_no_kit(merchant: Merchant, bot: OdooGateway) -> None:
    component, made = merchant.products(8, 2)
    template = merchant.do("product.product", "read", [made], ["product_tmpl_id"])[0]["product_tmpl_id"][0]
    line = (0, 0, {"product_id": component, "product_qty": 1})
    merchant.do("mrp.bom", "create", [{"product_tmpl_id": template, "type": "normal", "bom_line_ids": [line]}])
    assert kits_of(bot, [component]) == set()
    assert available(bot, [made], EVERYWHERE).units == {made: 2}


def test_a_bot_that_may_not_read_kits_is_told_which_module_lets_it(merchant: Merchant, bot: OdooGateway) -> None:
    login = secrets.token_hex(4)
    field = "group_ids" if merchant.features.line_taxes == "tax_ids" else "groups_id"
    groups = [(6, 0, [merchant.stack.admin().env.ref("base.group_user").id])]
    merchant.do("res.users", "create", [{"name": login, "login": login, "password": f"{login}-{login}", field: groups}])
    poor = rpc(merchant.stack, login, f"{login}-{login}")
    for ask in (
        lambda: available(poor, [merchant.product()], EVERYWHERE),
        lambda: kits_of(poor, [1]),
    ):
        with pytest.raises(OdooRejectedError, match="sale_mrp") as refused:
            ask()
        assert refused.value.code == "odoo_rights"


# --- quotations --------------------------------------------------------------------------------------------------


def test_units_in_our_quotations_are_summed_and_nobody_elses(merchant: Merchant, bot: OdooGateway) -> None:
    product, other = merchant.products(50, 50)
    merchant.order((product, 2), (other, 1), origin="TikTok Shop 7495", confirm=False)
    sent = merchant.order((product, 3), origin="TikTok Shop 7496", confirm=False)
    merchant.do("sale.order", "write", [sent], {"state": "sent"})
    merchant.order((product, 10), origin="TikTok Shop 7495")
    merchant.order((product, 20), origin="Website", confirm=False)
    merchant.order((product, 40), confirm=False)
    cancelled = merchant.order((product, 80), origin="TikTok Shop 7495", confirm=False)
    merchant.do("sale.order", "action_cancel", [cancelled])
    counting = Counting(bot)
    assert quotation_units(counting, [product], "TikTok Shop ") == {product: Decimal("5.0")}
    assert len(counting.calls) == 1
    assert quotation_units(bot, [product, other], "TikTok Shop 7495") == {product: Decimal(2), other: Decimal(1)}
    assert quotation_units(bot, [merchant.product()], "TikTok Shop ") == {}


def test_three_thousand_variants_take_three_calls(merchant: Merchant, bot: OdooGateway) -> None:
    product = merchant.product(3)
    counting = Counting(bot)
    wanted = [product, *range(10**8, 10**8 + 2_999)]
    assert available(counting, wanted, EVERYWHERE).units == {product: 3}
    assert counting.calls == ["product.product.search_read"] * 3
