"""The demo's catalogue and stock: Odoo knows half of what the shops sell; the rest is created, counted and pushed."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

import click

from sandbox.client import SandboxControl, SandboxShop
from sandbox.installation import Installation
from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack
from worker.state.connection import connect
from worker.state.dirty_set import DirtySet

#: In an Odoo of one's own each demo leaves its products behind, so they carry its start.
_TAG = f"-{int(time.time())}" if os.environ.get("ODOO_URL") else ""
_SIZES = "SML"
_KNOWN = ("RED", "BLUE")
_UNKNOWN = ("SAND", "MOSS")
_ON_HAND = 5_000
_IMAGES = 1


def code_of(color: str, size: str) -> str:
    """The seller SKU, which is the Internal Reference of what Odoo knows."""
    return f"SOCK-{color}-{size}{_TAG}"


#: What is in Odoo before the first shop is linked: Internal Reference, name, list price, units.
KNOWN_PRODUCTS = [
    (code_of(color, size), f"Socks {color.lower()} {size}", 7.5 + 2 * number, _ON_HAND)
    for number, (color, size) in enumerate((color, size) for color in _KNOWN for size in _SIZES)
]


def listed_products() -> list[dict[str, object]]:
    """What the shops list: a product for each colour, in three sizes; the amounts have nothing to do with Odoo's."""
    return [
        {
            "title": f"Socks {color.lower()}",
            "images": _IMAGES,
            "skus": [
                {
                    "seller_sku": code_of(color, size),
                    "name": size,
                    "attributes": {"Size": size},
                    "price": f"{9.5 + number:.2f}",
                    "quantity": 777,
                }
                for number, size in enumerate(_SIZES)
            ],
        }
        for color in (*_KNOWN, *_UNKNOWN)
    ]


class Shelf:
    """What lies on it in Odoo, and what the shops show of it."""

    def __init__(
        self, stack: Stack, control: SandboxControl, installation: Installation, say: Callable[[str], None]
    ) -> None:
        self.stack = stack
        self.control = control
        self.installation = installation
        self.say = say

    def map_products(self, shops: list[SandboxShop]) -> None:
        """Wait for the pull that a new link starts; then allow Odoo products to be created for the rest."""
        skus = len(listed_products()) * len(_SIZES)
        wait_for(lambda: self._mapped(shops) == len(KNOWN_PRODUCTS) * len(shops), 60, "the first pull of the catalogue")
        self.say(
            f"Catalogue: of {skus} SKUs in each shop Odoo knows {len(KNOWN_PRODUCTS)} by their seller SKU; "
            "the others may be created from now on"
        )
        self.stack.let_create_products()
        for shop in shops:
            self.installation.cli("shops", "set", shop.id, "--create-products")
            # One after the other: what the first shop has created the second one finds by its seller SKU.
            wait_for(lambda: self._mapped([shop]) == skus, 120, f"{shop.name}'s products to be created")  # noqa: B023
        click.echo(self.installation.cli("catalog", "list").stdout)

    def stock_up(self) -> None:
        """Goods arrive for what was just created."""
        codes = [code_of(color, size) for color in _UNKNOWN for size in _SIZES]
        found = self.stack.admin().execute_kw(
            "product.product", "search_read", [[("default_code", "in", codes)], ["default_code"]]
        )
        for product in found:
            self.stack.set_quantity(product["id"], _ON_HAND)

    def first_push(self, shops: list[SandboxShop]) -> None:
        """What a push would change, and the yes to it."""
        preview = self.installation.cli("inventory", "push", "--shop", shops[0].id).stdout
        click.echo("\n".join(preview.splitlines()[-2:]))
        for shop in shops:
            self.installation.cli("inventory", "push", "--shop", shop.id, "--apply")
        self.say(f"Stock: {len(shops)} shops show what Odoo has free: {self._shown(shops[0])}")

    def change(self, shops: list[SandboxShop]) -> None:
        """Somebody counts goods in Odoo: how long until every shop shows it?"""
        code, *_ = KNOWN_PRODUCTS[0]
        [product] = self.stack.admin().execute_kw("product.product", "search", [[("default_code", "=", code)]])
        seconds = []
        for units in (6_000, 4_000, 5_500):
            self.stack.set_quantity(product, units)
            counted = time.monotonic()
            wait_for(lambda: all(self._shows(shop, code) == units for shop in shops), 60, "the shops to show it")  # noqa: B023
            seconds.append(time.monotonic() - counted)
        self.say(
            f"Stock changed in Odoo is on TikTok after {statistics.median(seconds):.1f} s "
            f"(STOCK_INTERVAL is {self.installation.environment['STOCK_INTERVAL']} s here, 60 s by default)"
        )

    def settled(self, redis_url: str, shops: list[SandboxShop]) -> Callable[[], bool]:
        """Whether no product's stock is due."""
        redis = connect(redis_url)
        queues = [DirtySet(redis, "inventory", shop.id) for shop in shops]
        return lambda: not any(queue.open_count() for queue in queues)

    def _mapped(self, shops: list[SandboxShop]) -> int:
        counted = self.installation.cli_json("catalog", "list")
        return sum(row["mapped"] for row in counted if row["shop"] in {shop.id for shop in shops})

    def _shows(self, shop: SandboxShop, code: str) -> int:
        stock = self.control.stock(shop.id).values()
        return sum(sum(each["available"].values()) for each in stock if each["seller_sku"] == code)

    def _shown(self, shop: SandboxShop) -> str:
        amounts = [sum(each["available"].values()) for each in self.control.stock(shop.id).values()]
        return f"{len(amounts)} SKUs, {min(amounts)} to {max(amounts)} units each"
