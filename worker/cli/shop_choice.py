"""Which shop and which time a command is for."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from worker.errors import ConfigurationError
from worker.state.shops import Shop
from worker.sync.runtime import Runtime

every_shop_option = click.option("--shop", "shop_id", help="Shop id; by default every shop.")
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


def moment(text: str) -> datetime:
    """A date or time that a person wrote, as UTC.

    :raises ConfigurationError: it is none.
    """
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigurationError(f"{text!r} is not a date.", remedy="Write 2026-01-31 or 2026-01-31T08:00.") from None
