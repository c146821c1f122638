"""``tiktok-odoo orders``: look orders up, import, synchronise, retry, ignore, and prove that nothing is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from worker.cli.order_pages import list_orders, show_order
from worker.cli.output import json_option, print_json, progress, say, show, who
from worker.cli.shop_choice import chosen_shop, chosen_shops, every_shop_option, moment, shop_option
from worker.state.shops import Shop
from worker.sync import order_actions
from worker.sync.poll import sync_since
from worker.sync.reconcile import Report, reconcile
from worker.sync.runtime import get_runtime
from worker.tasks.orders import poll_shop
from worker.tasks.triggers import trigger_drain, trigger_push

_FORCE = "Also orders that the settings leave out (go-live date, FBT, samples) or that a person deleted in Odoo"


@click.group()
def orders() -> None:
    """Orders on their way from TikTok Shop into Odoo."""


orders.add_command(list_orders)
orders.add_command(show_order)


def _check_ids(order_ids: Sequence[str]) -> None:
    for order_id in order_ids:
        if not order_actions.is_order_id(order_id):
            raise click.UsageError(f"{order_id!r} is not a TikTok order id; they are digits only.")


@orders.command("import")
@shop_option
@click.argument("order_ids", nargs=-1, required=True)
@click.option("--force", is_flag=True, help=f"{_FORCE}.")
@json_option
def import_orders(shop_id: str | None, order_ids: tuple[str, ...], force: bool, as_json: bool) -> None:
    """Look at these TikTok orders now, and import them."""
    runtime = get_runtime()
    shop = chosen_shop(runtime, shop_id)
    _check_ids(order_ids)
    asked = order_actions.import_orders(runtime, shop, order_ids, force=force, by=who())
    trigger_drain(runtime, shop.id)
    lines = [f"{asked.orders} orders are due; `tiktok-odoo orders parked` shows what cannot be imported."]
    if not force:
        lines.append("Orders that the shop's settings leave out, or that a person deleted in Odoo, need --force.")
    say({"shop": shop.id, "due": asked.orders, "forced": force}, *lines, as_json=as_json)


@orders.command()
@shop_option
@click.option("--since", metavar="DATE", help="Every order changed since then; default: since the last poll.")
@click.option("--force", is_flag=True, help=f"{_FORCE} (with --since).")
@json_option
def sync(shop_id: str | None, since: str | None, force: bool, as_json: bool) -> None:
    """Read TikTok's order list now (the guide's *Sync orders*)."""
    runtime = get_runtime()
    shop = chosen_shop(runtime, shop_id)
    if since is None:
        poll_shop.delay(shop.id)
        say({"shop": shop.id, "asked": True}, f"A worker reads the order list of {shop.name} now.", as_json=as_json)
        return
    marked = sync_since(runtime.shop_client(shop), runtime.queue(shop.id), moment(since), force=force)
    trigger_drain(runtime, shop.id)
    say({"shop": shop.id, "due": marked}, f"{marked} orders of {shop.name} are due.", as_json=as_json)


@orders.command()
@every_shop_option
@json_option
def parked(shop_id: str | None, as_json: bool) -> None:
    """Show orders that could not be synchronised, with the reason and what to do."""
    runtime = get_runtime()
    rows: list[tuple[Any, ...]] = []
    for shop in chosen_shops(runtime, shop_id):
        for entry in runtime.queue(shop.id).all_parked():
            ship_by = entry.ship_by.strftime("%Y-%m-%d %H:%M") if entry.ship_by else None
            rows.append((shop.id, entry.id, entry.code, entry.message, entry.remedy, ship_by, entry.attempts))
    columns = ("shop", "order", "code", "reason", "remedy", "ship_by", "attempts")
    show(columns, rows, as_json=as_json, empty="No order is parked.")


@orders.command()
@shop_option
@click.argument("order_ids", nargs=-1)
@click.option("--all", "all_parked", is_flag=True, help="All parked orders of the shop.")
@click.option(
    "--reason", metavar="CODE", help="Orders of the shop that are parked for this reason, a code as in unknown_sku."
)
@json_option
def retry(shop_id: str | None, order_ids: tuple[str, ...], all_parked: bool, reason: str | None, as_json: bool) -> None:
    """Look at orders again now instead of waiting for the next attempt. Ends their being ignored, too."""
    runtime = get_runtime()
    if sum(map(bool, (order_ids, all_parked, reason))) != 1:
        raise click.UsageError("Name the orders, or use --all or --reason, one of these.")
    _check_ids(order_ids)
    shop = chosen_shop(runtime, shop_id)
    if order_ids:
        asked = order_actions.retry(runtime, shop, order_ids, by=who())
    else:
        asked = order_actions.retry_parked(runtime, shop, code=reason, by=who())
    if asked.orders:
        trigger_drain(runtime, shop.id)
    say({"shop": shop.id, "due": asked.orders}, f"{asked.orders} orders are tried again.", as_json=as_json)


@orders.command()
@shop_option
@click.argument("order_ids", nargs=-1, required=True)
@click.option("--note", required=True, help="Why, for whoever looks at it later.")
@json_option
def ignore(shop_id: str | None, order_ids: tuple[str, ...], note: str, as_json: bool) -> None:
    """Leave orders alone, whatever comes in about them: never imported, not counted against stock.

    tiktok-odoo orders retry ORDER ends it. What Odoo has of them already stays as it is.
    """
    runtime = get_runtime()
    shop = chosen_shop(runtime, shop_id)
    _check_ids(order_ids)
    asked = order_actions.ignore(runtime, shop, order_ids, note=note, by=who())
    for other in asked.push:
        trigger_push(runtime, other)
    line = f"{asked.orders} orders are ignored; `tiktok-odoo orders retry ORDER` ends it."
    say({"shop": shop.id, "ignored": asked.orders}, line, as_json=as_json)


@orders.command("reconcile")
@every_shop_option
@click.option("--since", metavar="DATE", help="Orders created since then (UTC); by default since the go-live date.")
@json_option
def reconcile_orders(shop_id: str | None, since: str | None, as_json: bool) -> None:
    """Compare TikTok's orders with Odoo's; exit code 0 only when all agree."""
    runtime = get_runtime()
    shops = chosen_shops(runtime, shop_id)
    reports = []
    for shop in shops:
        start = moment(since) if since else shop.settings.go_live
        client, queue = runtime.shop_client(shop), runtime.queue(shop.id)
        with progress(f"Comparing {shop.name}", as_json=as_json) as advance:
            reports.append(reconcile(shop, client, runtime.odoo, queue, start, advance=advance))
    if as_json:
        print_json([asdict(report) for report in reports])
    else:
        for report, shop in zip(reports, shops, strict=True):
            _print_report(report, shop)
        if not reports:
            click.echo("There is no shop yet.")
    if any(report.differences for report in reports):
        raise click.exceptions.Exit(1)


def _print_report(report: Report, shop: Shop) -> None:
    since = report.since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    click.echo(f"{shop.name} ({shop.id}), orders created since {since} UTC, at {datetime.now(UTC):%H:%M:%S} UTC")
    ignored = f"{len(report.ignored)} are ignored, " if report.ignored else ""
    click.echo(
        f"  {report.on_tiktok} on TikTok: {report.agreed} agree with Odoo, {report.waiting} wait for TikTok, "
        f"{report.skipped} are not for Odoo, {ignored}{len(report.differences)} differ"
    )
    for kind in ("missing", "deleted", "duplicate", "total", "state", "unknown"):
        found = [difference for difference in report.differences if difference.kind == kind]
        for difference in found:
            click.secho(f"  {kind:9} {difference.order_id}  {difference.text}", fg="red")
    for each in report.ignored:
        click.echo(f"  {each.kind:9} {each.order_id}  {each.text}")
    if not report.differences:
        click.secho("  Both sides agree.", fg="green")
