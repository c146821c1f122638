"""Shops in different Odoo companies and currencies: each order, delivery, label and return is in the right one."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest

from tests.support import World
from worker.state.shops import Shop


@dataclass(frozen=True)
class Branch:
    """A company with a warehouse, a tax that is included in the price, and a product of its own stock."""

    company: int
    warehouse: int
    tax: int
    sku: str
    pricelist: int


@pytest.fixture
def branch(world: World) -> Iterator[Branch]:
    """A branch in the UK, which the bot may enter."""
    tag = secrets.token_hex(3).upper()
    admin = world.stack.admin()

    def find(model: str, *domain: tuple[str, str, object]) -> int:
        return int(admin.execute_kw(model, "search", [list(domain)], {"limit": 1})[0])

    pounds, country = find("res.currency", ("name", "=", "GBP")), find("res.country", ("code", "=", "GB"))
    values = {"name": f"Branch {tag}", "currency_id": pounds, "country_id": country}
    company = admin.execute_kw("res.company", "create", [[values]])[0]
    inside = {"context": {"allowed_company_ids": [company]}}
    users = admin.execute_kw(
        "res.users", "search", [[("login", "in", ["admin", world.stack.environment()["ODOO_USER"]])]]
    )
    admin.execute_kw("res.users", "write", [users, {"company_ids": [(4, company)]}])
    place = {"name": f"Store {tag}", "code": tag[:5], "company_id": company}
    warehouse = admin.execute_kw("stock.warehouse", "create", [[place]], inside)[0]
    tax = {
        "name": f"VAT {tag}",
        "amount": 20,
        "type_tax_use": "sale",
        **({"price_include_override": "tax_included"} if world.is_new else {"price_include": True}),
        "company_id": company,
    }
    tax_id = admin.execute_kw("account.tax", "create", [[tax]], inside)[0]
    sku = f"BRANCH-{tag}"
    (product,) = world.stack.add_products([(sku, "Sold by the branch", 12.0, 0)]).values()
    stock = admin.execute_kw("stock.warehouse", "read", [[warehouse], ["lot_stock_id"]], inside)[0]["lot_stock_id"][0]
    quant = {"product_id": product, "location_id": stock, "inventory_quantity": 50}
    world.stack.count([quant], allowed_company_ids=[company])
    yield Branch(company, warehouse, tax_id, sku, find("product.pricelist", ("name", "=", "TikTok GBP")))
    admin.execute_kw("res.users", "write", [users, {"company_ids": [(3, company)]}])


def shop_of(world: World, branch: Branch, region: str = "DE") -> Shop:
    shop = world.link_shop(
        region=region,
        products=False,
        company_id=branch.company,
        warehouse_id=branch.warehouse,
        tax_id=branch.tax,
        shipped_on_tiktok="validate",
        returns="picking",
    )
    world.tiktok.add_products(
        shop.id, [{"seller_sku": branch.sku, "title": "Sold by the branch", "price": "11.99", "quantity": 40}]
    )
    return shop


def test_a_branchs_order_delivery_label_and_return_are_in_its_company_and_warehouse_with_its_tax(
    world: World, branch: Branch
) -> None:
    shop, elsewhere = shop_of(world, branch), world.link_shop(region="GB")
    order_id = world.order(shop, (branch.sku, 3), shipping_fee="3.99")
    other = world.order(elsewhere, ("SKU-1", 1))
    world.follow(shop, order_id)
    world.follow(elsewhere, other)
    rows = world.stack.sql(
        "SELECT s.company_id, s.warehouse_id, c.name, s.amount_total, s.amount_tax, s.state FROM sale_order s "
        "JOIN res_currency c ON c.id = s.currency_id WHERE s.client_order_ref = %s",
        order_id,
    )
    total = world.total_on_tiktok(order_id)
    tax = (total - total / Decimal("1.2")).quantize(Decimal("0.01"))
    ((company, warehouse, currency, amount, amount_tax, state),) = rows
    assert (company, warehouse, currency, amount, state) == (branch.company, branch.warehouse, "EUR", total, "sale")
    assert abs(amount_tax - tax) <= Decimal("0.01")
    assert world.stack.sql("SELECT company_id FROM sale_order WHERE client_order_ref = %s", other) != [
        (branch.company,)
    ]
    world.tiktok.ship(world.tiktok.packages(order_id)[0]["id"])
    world.follow(shop, order_id)
    assert len(world.labels(order_id)) == 1
    world.tiktok.set_status(order_id, "DELIVERED")
    world.follow(shop, order_id)
    return_id = world.tiktok.request_return(order_id, type="RETURN_AND_REFUND")
    world.tiktok.set_return_status(return_id, "BUYER_SHIPPED_ITEM")
    world.follow(shop, order_id)
    pickings = world.stack.sql(
        "SELECT t.code, p.state, p.company_id, t.warehouse_id FROM stock_picking p "
        "JOIN stock_picking_type t ON t.id = p.picking_type_id JOIN sale_order s ON s.client_order_ref = %s "
        "WHERE p.sale_id = s.id OR p.origin LIKE %s ORDER BY p.id",
        order_id,
        f"%{return_id}%",
    )
    assert pickings == [
        ("outgoing", "done", branch.company, branch.warehouse),
        ("incoming", "draft", branch.company, branch.warehouse),
    ]
    assert world.reconcile(shop).differences == []


@pytest.mark.parametrize(("region", "price"), [("JP", "2400"), ("VN", "250001"), ("ID", "120003")])
def test_currencies_without_decimals_agree_to_the_last_unit(
    world: World, branch: Branch, region: str, price: str
) -> None:
    shop = world.link_shop(region=region, products=False)
    sku = f"{branch.sku}-{region}"
    world.stack.add_products([(sku, "Priced without decimals", 1.0, 20)])
    world.tiktok.add_products(shop.id, [{"seller_sku": sku, "title": "No decimals", "price": price, "quantity": 9}])
    order_id = world.order(shop, (sku, 3), platform_discount="100", seller_discount="7")
    world.follow(shop, order_id)
    lines = [line["id"] for line in world.tiktok.order(order_id)["line_items"]]
    assert world.sale(order_id)["amount_total"] == world.total_on_tiktok(order_id)
    world.tiktok.cancel_lines(order_id, lines[:1])
    world.follow(shop, order_id)
    assert world.sale(order_id)["amount_total"] == world.total_on_tiktok(order_id)
    assert world.queue(shop).parked(order_id) is None
