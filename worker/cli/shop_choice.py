"""Which shop a command is for."""

from __future__ import annotations

import click

from worker.state.shops import Shop
from worker.sync.runtime import Runtime

shop_option = click.option("--shop", "shop_id", help="Shop id; may be left out when there is one shop.")


def chosen_shop(runtime: Runtime, shop_id: str | None) -> Shop:
    """The shop that was named, or the only one."""
    if shop_id:
        return runtime.shops.get(shop_id)
    shops = runtime.shops.all()
    if len(shops) == 1:
        return shops[0]
    raise click.UsageError("Say which shop: --shop ID (tiktok-odoo shops list shows them).")


def chosen_shops(runtime: Runtime, shop_id: str | None) -> list[Shop]:
    """The shop that was named, or every shop."""
    return [runtime.shops.get(shop_id)] if shop_id else runtime.shops.all()
