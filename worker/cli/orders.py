"""``tiktok-odoo orders``: import, synchronise, look at what is parked, prove that nothing is missing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from worker.cli.output import json_option, show
from worker.cli.shop_choice import chosen_shop, chosen_shops, shop_option
from worker.cli.shops import moment
from worker.state.shops import Shop
from worker.sync.poll import sync_since
from worker.sync.reconcile import Report, reconcile
from worker.sync.runtime import get_runtime
from worker.tasks.orders import poll_shop
from worker.tasks.triggers import trigger_drain

_FORCE = "Also orders that the settings leave out (go-live date, FBT, samples) or that a person deleted in Odoo"


@click.group()
def orders() -> None:
    """Orders on their way from TikTok Shop into Odoo."""


def _check_ids(order_ids: Sequence[str]) -> None:
    for order_id in order_ids:
        if not (order_id.isascii() and order_id.isdigit()):
            raise click.UsageError(f"{order_id!r} is not a TikTok order id; they are digits only.")


@orders.command("import")
@shop_option
@click.argument("order_ids", nargs=-1, required=True)
@click.option("--force", is_flag=True, help=f"{_FORCE}.")
def import_orders(shop_id: str | None, order_ids: tuple[str, ...], force: bool) -> None:
    """Look at these TikTok orders now, and import them."""
    runtime = get_runtime()
    shop = chosen_shop(runtime, shop_id)
    _check_ids(order_ids)
    runtime.queue(shop.id).mark(order_ids, force=force)
    trigger_drain(runtime, shop.id)
    click.echo(f"{len(order_ids)} orders are due; `tiktok-odoo orders parked` shows what cannot be imported.")
    if not force:
        click.echo("Orders that the shop's settings leave out, or that a person deleted in Odoo, need --force.")


@orders.command()
@shop_option
@click.option("--since", metavar="DATE", help="Every order changed since then; default: since the last poll.")
@click.option("--force", is_flag=True, help=f"{_FORCE} (with --since).")
def sync(shop_id: str | None, since: str | None, force: bool) -> None:
    """Read TikTok's order list now (the guide's *Sync orders*)."""
    runtime = get_runtime()
    shop = chosen_shop(runtime, shop_id)
    if since is None:
        poll_shop.delay(shop.id)
        click.echo(f"A worker reads the order list of {shop.name} now.")
        return
    marked = sync_since(runtime.shop_client(shop), runtime.queue(shop.id), moment(since), force=force)
    trigger_drain(runtime, shop.id)
    click.echo(f"{marked} orders of {shop.name} are due.")


@orders.command()
@shop_option
@json_option
def parked(shop_id: str | None, as_json: bool) -> None:
    """Show orders that could not be synchronised, with the reason and what to do."""
    runtime = get_runtime()
    shops = chosen_shops(runtime, shop_id)
    rows: list[tuple[Any, ...]] = []
    for shop in shops:
        for entry in runtime.queue(shop.id).all_parked():
            ship_by = entry.ship_by.strftime("%Y-%m-%d %H:%M") if entry.ship_by else None
            rows.append((shop.id, entry.id, entry.code, entry.message, entry.remedy, ship_by, entry.attempts))
    columns = ("shop", "order", "code", "reason", "remedy", "ship_by", "attempts")
    show(columns, rows, as_json=as_json, empty="No order is parked.")


@orders.command()
@shop_option
@click.argument("order_ids", nargs=-1)
@click.option("--all", "all_parked", is_flag=True, help="All parked orders of the shop.")
def retry(shop_id: str | None, order_ids: tuple[str, ...], all_parked: bool) -> None:
    """Try parked orders again now instead of waiting for the next attempt."""
    runtime = get_runtime()
    shop = chosen_shop(runtime, shop_id)
    queue = runtime.queue(shop.id)
    ids = [entry.id for entry in queue.all_parked()] if all_parked else list(order_ids)
    if not ids and not all_parked:
        raise click.UsageError("Name the orders, or use --all.")
    _check_ids(ids)
    queue.mark(ids)
    trigger_drain(runtime, shop.id)
    click.echo(f"{len(ids)} orders are tried again.")


@orders.command("reconcile")
@click.option("--shop", "shop_id", help="Shop id; by default every shop.")
@click.option("--since", metavar="DATE", help="Orders created since then (UTC); by default since the go-live date.")
@json_option
def reconcile_orders(shop_id: str | None, since: str | None, as_json: bool) -> None:
    """Compare TikTok's orders with Odoo's; exit code 0 only when all agree."""
    runtime = get_runtime()
    shops = chosen_shops(runtime, shop_id)
    reports = []
    for shop in shops:
        start = moment(since) if since else shop.settings.go_live
        queue = runtime.queue(shop.id)
        reports.append(reconcile(shop, runtime.shop_client(shop), runtime.odoo, queue, start))
    if as_json:
        click.echo(json.dumps([asdict(report) for report in reports], default=str, ensure_ascii=False))
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
    click.echo(
        f"  {report.on_tiktok} on TikTok: {report.agreed} agree with Odoo, {report.waiting} wait for TikTok, "
        f"{report.skipped} are not for Odoo, {len(report.differences)} differ"
    )
    for kind in ("missing", "deleted", "duplicate", "total", "state", "unknown"):
        found = [difference for difference in report.differences if difference.kind == kind]
        for difference in found:
            click.secho(f"  {kind:9} {difference.order_id}  {difference.text}", fg="red")
    if not report.differences:
        click.secho("  Both sides agree.", fg="green")
