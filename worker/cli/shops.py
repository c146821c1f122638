"""``tiktok-odoo shops``: which shops are synchronised, and how."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from worker.cli.output import json_option, show
from worker.errors import ConfigurationError
from worker.odoo.directory import DIRECTORY, check_tax, find_id, names_of
from worker.odoo.gateway import OdooGateway
from worker.odoo.stock import StockSource
from worker.state.shops import Feed, Shop, ShopSettings
from worker.sync.inventory_marks import mark_all
from worker.sync.inventory_plan import known_warehouses
from worker.sync.inventory_targets import feeds_of, refuse_double_feeds
from worker.sync.runtime import Runtime, get_runtime
from worker.sync.shops import remove_shop
from worker.tasks.triggers import trigger_catalog, trigger_drain, trigger_push


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
    if mark_all(runtime, runtime.shops.get(shop)):  # nobody has watched its stock meanwhile
        trigger_push(runtime, shop)


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
@click.option("--create-products/--map-only", default=None, help="Create Odoo products for TikTok's that match none.")
@click.option("--push-stock", type=click.Choice(["off", "ask", "on"]), help="Set TikTok's stock from Odoo's.")
@click.option(
    "--stock-warehouse", metavar="NAME|CODE", multiple=True, help="Odoo warehouse whose stock is for sale; repeatable."
)
@click.option("--stock-location", metavar="NAME", help="Odoo location whose stock is for sale, not warehouses.")
@click.option("--stock-buffer", metavar="UNITS", type=click.IntRange(0), help="Units of each product to keep back.")
@click.option("--stock-maximum", metavar="UNITS", help="Most units of a product to show; empty for no limit.")
def set_shop(shop: str, **chosen: Any) -> None:
    """Change how a shop is synchronised. Odoo's things are given by name or id; an empty name clears the choice."""
    runtime = get_runtime()
    found = runtime.shops.get(shop)
    chosen = {name: value for name, value in chosen.items() if value not in (None, ())}
    if not chosen:
        raise click.UsageError("Nothing to set: see tiktok-odoo shops set --help")
    changes = _either_or(bool(chosen.get("stock_location")), any(chosen.get("stock_warehouse", ())))
    for name, value in chosen.items():
        if name in DIRECTORY:
            changes[f"{name}_id"] = find_id(runtime.odoo, name, value) if value else None
        elif name == "stock_warehouse":
            changes["stock_warehouse_ids"] = [find_id(runtime.odoo, "warehouse", each) for each in value if each]
        elif name == "stock_maximum":
            changes[name] = _units(value)
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
    _after_change(runtime, found, settings)


def _either_or(location: bool, warehouses: bool) -> dict[str, Any]:
    """Stock for sale lies in one location or in warehouses: choosing the one clears the other."""
    if location and warehouses:
        raise click.UsageError("Give --stock-warehouse or --stock-location, not both.")
    if location:
        return {"stock_warehouse_ids": []}
    return {"stock_location_id": None} if warehouses else {}


def _after_change(runtime: Runtime, shop: Shop, settings: ShopSettings) -> None:
    """Have looked at again what the changed settings may change: all stock, or the SKUs that match no product."""
    changed = {name for name, value in settings if value != getattr(shop.settings, name)}
    if changed & _ABOUT_STOCK and mark_all(runtime, shop.model_copy(update={"settings": settings})):
        trigger_push(runtime, shop.id)
        click.echo("All stock of the shop is compared and pushed anew.")
    if "create_products" in changed and settings.create_products:
        catalog = runtime.catalog(shop.id)
        unbound = {listing.product_id for listing in catalog.listings().values() if listing.variant_id is None}
        if runtime.product_queue(shop.id).mark(sorted(unbound)):
            trigger_catalog(runtime, shop.id)
            click.echo(f"{len(unbound)} products that match none in Odoo are looked at again.")


def _units(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise click.UsageError(f"{text!r} is no number of units.")
    return int(text)


@shops.command()
@click.argument("shop")
@click.option("--refresh", is_flag=True, help="Ask TikTok anew.")
@json_option
def warehouses(shop: str, refresh: bool, as_json: bool) -> None:
    """Show a shop's warehouses on TikTok, and whose stock of Odoo each shows."""
    runtime = get_runtime()
    found = runtime.shops.get(shop)
    if refresh:
        runtime.inventory(found.id).keep_warehouses([])
    known = known_warehouses(runtime, found, runtime.shop_client(found))
    feeds = feeds_of(found.settings)
    rows = []
    for each in (each for each in known if each.for_sales):
        source = feeds.by_warehouse.get(each.id, feeds.default if each.is_default else None)
        state = "yes" if each.takes_stock else "switched off"
        rows.append((each.id, each.name, "default" if each.is_default else "", state, _source(runtime.odoo, source)))
    show(("warehouse", "name", "default", "takes_stock", "shows"), rows, as_json=as_json)


@shops.command()
@click.argument("shop")
@click.argument("warehouse")
@click.option("--warehouse", "odoo_warehouses", metavar="NAME|CODE", multiple=True, help="Odoo warehouse; repeatable.")
@click.option("--location", metavar="NAME", help="Odoo location.")
@click.option("--clear", is_flag=True, help="No longer feed this warehouse by itself.")
def feed(shop: str, warehouse: str, odoo_warehouses: tuple[str, ...], location: str | None, clear: bool) -> None:
    """Choose whose stock of Odoo a warehouse of TikTok (by its id) shows.

    Once one warehouse is fed like this, the others show nothing unless they are fed, too.
    """
    runtime = get_runtime()
    found = runtime.shops.get(shop)
    if sum((bool(odoo_warehouses), bool(location), clear)) != 1:
        raise click.UsageError("Give either --warehouse, --location or --clear.")
    everywhere = known_warehouses(runtime, found, runtime.shop_client(found))
    known = {each.id: each for each in everywhere if each.for_sales}
    if warehouse not in known:
        raise ConfigurationError(
            f"{found.name} has no sales warehouse {warehouse!r}.",
            remedy=f"tiktok-odoo shops warehouses {found.id} shows them.",
        )
    feeds = {name: each for name, each in found.settings.warehouse_feeds.items() if name != warehouse}
    if not clear:
        feeds[warehouse] = Feed(
            warehouse_ids=[find_id(runtime.odoo, "warehouse", each) for each in odoo_warehouses],
            location_id=find_id(runtime.odoo, "stock_location", location) if location else None,
        )
    refuse_double_feeds(feeds)
    settings = found.settings.model_copy(update={"warehouse_feeds": feeds})
    runtime.shops.save(found.model_copy(update={"settings": settings}))
    click.echo(f"{known[warehouse].name} ({warehouse}) is {'not fed by itself' if clear else 'fed'} now.")
    _after_change(runtime, found, settings)


def _source(gateway: OdooGateway, source: StockSource | None) -> str:
    if source is None:
        return "nothing"
    if source.location_id is not None:
        return f"location {', '.join(names_of(gateway, 'stock_location', [source.location_id]))}"
    return ", ".join(names_of(gateway, "warehouse", source.warehouse_ids)) or "all warehouses of the company"


#: Settings after whose change every amount may be another.
_ABOUT_STOCK = {
    *("push_stock", "stock_warehouse_ids", "stock_location_id", "stock_buffer", "stock_maximum", "warehouse_feeds"),
    *("warehouse_id", "company_id"),
}


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
