"""``tiktok-odoo shops``: which shops are synchronised, and how."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from worker.cli.output import json_option, show
from worker.errors import ConfigurationError
from worker.odoo.directory import DIRECTORY, check_tax, find_id
from worker.state.shops import ShopSettings
from worker.sync.runtime import Runtime, get_runtime
from worker.sync.shops import remove_shop
from worker.tasks.orders import trigger_drain


@click.group()
def shops() -> None:
    """Shops (marketplaces) that the linked accounts cover."""


@shops.command("list")
@json_option
def list_shops(as_json: bool) -> None:
    """Show all shops, whether they are switched on, and how their orders stand."""
    runtime = get_runtime()
    rows = []
    for shop in runtime.shops.all():
        counts = runtime.queue(shop.id).counts()
        go_live = shop.settings.go_live.strftime("%Y-%m-%d %H:%M")
        state = "on" if shop.enabled else "off"
        rows.append((shop.id, shop.name, shop.region, shop.account_id, state, go_live, counts.due, counts.parked))
    columns = ("shop", "name", "region", "account", "sync", "go_live", "due", "parked")
    show(columns, rows, as_json=as_json, empty="There is no shop yet: link an account with tiktok-odoo accounts link")


def _switch(runtime: Runtime, shop_id: str, enabled: bool) -> None:
    shop = runtime.shops.get(shop_id)
    runtime.shops.save(shop.model_copy(update={"enabled": enabled}))
    click.echo(f"Shop {shop.name} ({shop.id}) is switched {'on' if enabled else 'off'}.")


@shops.command()
@click.argument("shop")
def enable(shop: str) -> None:
    """Switch a shop's synchronisation on."""
    runtime = get_runtime()
    _switch(runtime, shop, True)
    trigger_drain(runtime, shop)


@shops.command()
@click.argument("shop")
def disable(shop: str) -> None:
    """Switch a shop's synchronisation off; what comes in meanwhile is kept for later."""
    _switch(get_runtime(), shop, False)


@shops.command()
@click.argument("shop")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(shop: str, yes: bool) -> None:
    """Remove a shop, so that another account may have it. It comes back when its seller authorizes the app again."""
    runtime = get_runtime()
    found = runtime.shops.get(shop)
    if not yes:
        click.confirm(f"Remove shop {found.name} ({found.id}) with its queue?", abort=True)
    remove_shop(runtime, found.id)
    click.echo(f"Shop {found.id} is removed.")


@shops.command("show")
@click.argument("shop")
@json_option
def show_settings(shop: str, as_json: bool) -> None:
    """Show how a shop is synchronised."""
    settings = get_runtime().shops.get(shop).settings
    rows = [(name, getattr(settings, name), field.description) for name, field in type(settings).model_fields.items()]
    show(("setting", "value", "meaning"), rows, as_json=as_json)


@shops.command("set")
@click.argument("shop")
@click.option("--go-live", metavar="DATE", help="Leave orders created before this (UTC) alone.")
@click.option("--company", metavar="NAME", help="Odoo company of the orders.")
@click.option("--warehouse", metavar="NAME|CODE", help="Odoo warehouse that delivers.")
@click.option("--sales-team", metavar="NAME", help="Sales team of the orders.")
@click.option("--pricelist", metavar="NAME", help="Pricelist in the shop's currency.")
@click.option("--tax", metavar="NAME", help="Tax of goods and shipping; must be included in the price.")
@click.option("--default-product", metavar="REFERENCE", help="Product for SKUs that Odoo does not know.")
@click.option("--default-carrier", metavar="NAME", help="Carrier of the orders.")
@click.option("--confirm-orders/--leave-quotations", default=None, help="Confirm imported orders, or not.")
@click.option("--total", type=click.Choice(["seller_revenue", "buyer_paid"]), help="What an order amounts to.")
@click.option("--import-fbt/--skip-fbt", default=None, help="Orders that TikTok fulfils.")
@click.option("--import-samples/--skip-samples", default=None, help="Free sample orders.")
def set_shop(shop: str, **chosen: Any) -> None:
    """Change how a shop is synchronised. Odoo's things are given by name or id; an empty name clears the choice."""
    runtime = get_runtime()
    found = runtime.shops.get(shop)
    chosen = {name: value for name, value in chosen.items() if value is not None}
    if not chosen:
        raise click.UsageError("Nothing to set: see tiktok-odoo shops set --help")
    changes: dict[str, Any] = {}
    for name, value in chosen.items():
        if name in DIRECTORY:
            changes[f"{name}_id"] = find_id(runtime.odoo, name, value) if value else None
        elif name == "go_live":
            changes[name] = moment(value)
        else:
            changes[name] = value
    if changes.get("tax_id"):
        check_tax(runtime.odoo, changes["tax_id"])
    settings = found.settings.model_copy(update=changes)
    runtime.shops.save(found.model_copy(update={"settings": settings}))
    for name, value in changes.items():
        click.echo(f"{name} = {value}")
    if _covers_more(settings, found.settings):
        runtime.queue(found.id).forget_seen()
        runtime.cursors.drop(found.id)
        click.echo("More orders are to be imported than before: the next poll reads the list from the go-live date.")


def _covers_more(now: ShopSettings, before: ShopSettings) -> bool:
    return (
        now.go_live < before.go_live
        or (now.import_fbt and not before.import_fbt)
        or (now.import_samples and not before.import_samples)
    )


def moment(text: str) -> datetime:
    """A date or time that a person wrote, as UTC.

    :raises ConfigurationError: it is none.
    """
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigurationError(f"{text!r} is not a date.", remedy="Write 2026-01-31 or 2026-01-31T08:00.") from None
