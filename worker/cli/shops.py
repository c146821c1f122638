"""``tiktok-odoo shops``: which shops are synchronised, and how."""

from __future__ import annotations

from typing import Any

import click

from worker.cli.output import confirm, json_option, say, show, who
from worker.cli.shop_choice import moment
from worker.odoo.directory import DIRECTORY, find_id, names_of
from worker.odoo.gateway import OdooGateway
from worker.odoo.stock import StockSource
from worker.state.shops import Feed
from worker.sync.inventory_plan import known_warehouses
from worker.sync.inventory_targets import feeds_of
from worker.sync.runtime import Runtime, get_runtime
from worker.sync.shop_settings import Changed, change_settings, feed_warehouse, switch_shop, take_out_shop
from worker.tasks.triggers import trigger


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


def _tell(runtime: Runtime, shop_id: str, done: Changed, document: dict[str, Any], *lines: str, as_json: bool) -> None:
    """Send workers to what became due, and print what was done and what follows."""
    for kind in done.due:
        trigger(runtime, kind, shop_id)
    say({"shop": shop_id, **document, "follows": done.follows}, *lines, *done.follows, as_json=as_json)


@shops.command()
@click.argument("shop")
@json_option
def enable(shop: str, as_json: bool) -> None:
    """Switch a shop's synchronisation on."""
    runtime = get_runtime()
    done = switch_shop(runtime, shop, True, by=who())
    _tell(runtime, shop, done, {"sync": "on"}, f"{_called(runtime, shop)} is switched on.", as_json=as_json)


@shops.command()
@click.argument("shop")
@json_option
def disable(shop: str, as_json: bool) -> None:
    """Switch a shop's synchronisation off; what comes in meanwhile is kept for later."""
    runtime = get_runtime()
    done = switch_shop(runtime, shop, False, by=who())
    _tell(runtime, shop, done, {"sync": "off"}, f"{_called(runtime, shop)} is switched off.", as_json=as_json)


def _called(runtime: Runtime, shop_id: str) -> str:
    return f"Shop {runtime.shops.get(shop_id).name} ({shop_id})"


@shops.command()
@click.argument("shop")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def remove(shop: str, yes: bool, as_json: bool) -> None:
    """Remove a shop, so that another account may have it. It comes back when its seller authorizes the app again."""
    runtime = get_runtime()
    found = runtime.shops.get(shop)
    confirm(f"Remove shop {found.name} ({found.id}) with its queue?", yes=yes, as_json=as_json)
    take_out_shop(runtime, found.id, by=who())
    say({"shop": found.id, "removed": True}, f"Shop {found.id} is removed.", as_json=as_json)


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
@click.option("--ship-when", type=click.Choice(["manual", "ready", "validated"]), help="When shipping is arranged.")
@click.option("--handover", type=click.Choice(["pickup", "drop_off"]), help="How parcels get to TikTok's carrier.")
@click.option("--shipping-provider", metavar="NAME", help="Carrier of parcels that you ship, as TikTok calls it.")
@click.option("--label-size", type=click.Choice(["A6", "A5"]), help="Paper of shipping labels.")
@click.option("--shipped-on-tiktok", type=click.Choice(["flag", "validate"]), help="Open deliveries that have left.")
@click.option("--cancel-on-tiktok/--cancel-here-only", default=None, help="Pass on cancellations made in Odoo, or not.")
@click.option("--cancel-reason", metavar="REASON", help="TikTok's word for the reason of such a cancellation.")
@click.option("--returns", type=click.Choice(["off", "note", "picking"]), help="Returns in Odoo.")
@click.option("--payouts", type=click.Choice(["off", "record", "bill", "bank"]), help="TikTok's payout statements.")
@click.option("--payout-partner", metavar="NAME", help="Vendor of the bills.")
@click.option("--payout-journal", metavar="NAME", help="Bank journal of the statement lines.")
@json_option
def set_shop(shop: str, as_json: bool, **chosen: Any) -> None:
    """Change how a shop is synchronised. Odoo's things are given by name or id; an empty name clears the choice."""
    runtime = get_runtime()
    runtime.shops.get(shop)
    chosen = {name: value for name, value in chosen.items() if value not in (None, ())}
    if not chosen:
        raise click.UsageError("Nothing to set: see tiktok-odoo shops set --help")
    if chosen.get("stock_location") and any(chosen.get("stock_warehouse", ())):
        raise click.UsageError("Give --stock-warehouse or --stock-location, not both.")
    changes: dict[str, Any] = {}
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
    done = change_settings(runtime, shop, changes, by=who())
    lines = [f"{name} = {value}" for name, value in done.values.items()]
    document = {"settings": done.values, "changed": done.names}
    _tell(runtime, shop, done, document, *lines, as_json=as_json)


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
@json_option
def feed(
    shop: str, warehouse: str, *, odoo_warehouses: tuple[str, ...], location: str | None, clear: bool, as_json: bool
) -> None:
    """Choose whose stock of Odoo a warehouse of TikTok (by its id) shows.

    Once one warehouse is fed like this, the others show nothing unless they are fed, too.
    """
    runtime = get_runtime()
    if sum((bool(odoo_warehouses), bool(location), clear)) != 1:
        raise click.UsageError("Give either --warehouse, --location or --clear.")
    source = None
    if not clear:
        source = Feed(
            warehouse_ids=[find_id(runtime.odoo, "warehouse", each) for each in odoo_warehouses],
            location_id=find_id(runtime.odoo, "stock_location", location) if location else None,
        )
    done = feed_warehouse(runtime, shop, warehouse, source, by=who())
    document = {"warehouse": warehouse, "feed": source.model_dump() if source else None}
    _tell(runtime, shop, done, document, as_json=as_json)


def _source(gateway: OdooGateway, source: StockSource | None) -> str:
    if source is None:
        return "nothing"
    if source.location_id is not None:
        return f"location {', '.join(names_of(gateway, 'stock_location', [source.location_id]))}"
    return ", ".join(names_of(gateway, "warehouse", source.warehouse_ids)) or "all warehouses of the company"
