"""The scene of ``docker compose --profile demo up``: products in Odoo, two shops on the simulator, linked, and orders.

Runs once in a container beside the others; ``python -m sandbox.docker``. Does nothing while the simulator has shops.
"""

from __future__ import annotations

import os
import sys
import time

import click

from sandbox.client import SandboxControl
from sandbox.installation import Installation
from sandbox.scene import link, open_shops
from worker.odoo.gateway import OdooGateway, search_read
from worker.odoo.rpc import OdooRpc

PRODUCTS = {f"MUG-{color}": f"Mug, {color.lower()}" for color in ("RED", "BLUE", "SAND", "GREEN")}
SHOPS = [{"name": "Mug Shop UK", "region": "GB"}, {"name": "Mug Shop US", "region": "US"}]
ORDERS = 50


class Containers(Installation):
    """The connector that runs in the other containers; this one has their environment and secrets already."""

    def __init__(self, web_url: str) -> None:
        self.web_url = web_url
        self.environment = {}


def stock_products(admin: OdooGateway) -> None:
    """Make the products that Odoo does not have yet, with stock in its first warehouse."""
    domain = [("default_code", "in", list(PRODUCTS))]
    known = {record["default_code"] for record in search_read(admin, "product.product", domain, ["default_code"])}
    values = [
        {"default_code": code, "name": name, "list_price": 12.5, "type": "consu", "is_storable": True}
        for code, name in PRODUCTS.items()
        if code not in known
    ]
    if not values:
        return
    products = admin.call("product.product", "create", vals_list=values)
    (warehouse,) = search_read(admin, "stock.warehouse", [], ["lot_stock_id"], limit=1)
    location = warehouse["lot_stock_id"][0]
    quants = [{"product_id": product, "location_id": location, "inventory_quantity": 10_000.0} for product in products]
    counting = {"inventory_mode": True}
    counted = admin.call("stock.quant", "create", vals_list=quants, context=counting)
    admin.call("stock.quant", "action_apply_inventory", ids=counted, context=counting)


def prove(connector: Installation, timeout: float) -> int:
    """Compare both sides until they agree, at most for ``timeout`` seconds; answers the reconciliation's exit code."""
    deadline = time.monotonic() + timeout
    while True:
        result = connector.cli("orders", "reconcile", check=False)
        if result.returncode == 0 or time.monotonic() > deadline:
            click.echo(result.stdout + result.stderr)
            return result.returncode
        time.sleep(2)


def main() -> None:
    """Set the scene, place orders, say where to look, and end with the reconciliation's exit code."""
    control = SandboxControl(os.environ["TIKTOK_API_URL"])
    if control.shops():
        click.echo("The scene is set already.")
        return
    admin = OdooRpc(
        url=os.environ["ODOO_URL"],
        database=os.environ["ODOO_DB"],
        user=os.environ["ODOO_ADMIN_USER"],
        password=os.environ["ODOO_ADMIN_PASSWORD"],
        timeout=120,
    )
    stock_products(admin)
    connector = Containers(os.environ["WEB_URL"])
    seller = open_shops(control, connector, SHOPS)
    link(control, connector, seller)
    listed = [
        {"seller_sku": code, "title": name, "price": "12.50", "quantity": 10_000} for code, name in PRODUCTS.items()
    ]
    for shop in seller.shops:
        control.add_products(shop.id, listed)
        control.place_orders(shop.id, ORDERS, rate=10.0)
    control.wait_for_traffic(120)
    click.echo(f"{len(seller.shops)} shops are linked and {ORDERS} orders placed in each. Look at them, or place more:")
    password = connector.add_operator("demo")
    click.echo(f"  Console    http://127.0.0.1:8000/console/  (log in as demo, password {password})")
    click.echo("  Simulator  http://127.0.0.1:8600")
    click.echo("  Odoo       http://127.0.0.1:8069  (admin / admin)")
    click.echo("  Flower     http://127.0.0.1:5555  (docker compose exec flower cat /run/secrets/flower_basic_auth)")
    click.echo("Reconciliation: docker compose exec worker tiktok-odoo orders reconcile")
    sys.exit(prove(connector, 180))


if __name__ == "__main__":
    main()
