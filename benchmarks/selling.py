"""What several benchmarks begin with: a seller's shops that sell the same products, linked; and what is open there."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.client import SandboxControl
from sandbox.installation import Installation
from sandbox.scene import Seller, link, open_shops
from sandbox.stack.processes import wait_for
from worker.state.connection import RedisClient
from worker.state.orders import OrderQueue

#: Internal Reference, name, price and units in Odoo, as ``Stack.add_products`` takes them.
Product = tuple[str, str, float, float]


def linked_shops(
    control: SandboxControl, installation: Installation, name: str, count: int, products: Sequence[Product] = ()
) -> Seller:
    """A seller with ``count`` shops that list ``products``, linked; a receiver and a worker run.

    :raises StackError: linking did not succeed.
    """
    shops = [{"name": f"{name} {number}", "region": "GB"} for number in range(count)]
    seller = open_shops(control, installation, shops)
    listed = [
        {"seller_sku": code, "title": title, "price": str(price), "quantity": 100_000}
        for code, title, price, _ in products
    ]
    for shop in seller.shops if listed else ():
        control.add_products(shop.id, listed)
    link(control, installation, seller)
    return seller


def wait_until_mapped(installation: Installation, skus: int, timeout: float = 600) -> None:
    """Wait until ``skus`` SKUs of all shops together are bound to Odoo's products.

    :param timeout: seconds.
    """

    def mapped() -> bool:
        return sum(int(row["mapped"]) for row in installation.cli_json("catalog", "list")) >= skus

    wait_for(mapped, timeout, "the catalogues")


def open_orders(redis: RedisClient, seller: Seller) -> int:
    """Orders of all shops that are due, now or later, or that a worker has."""
    return sum(OrderQueue(redis, shop.id).open_count() for shop in seller.shops)
