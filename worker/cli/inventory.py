"""``tiktok-odoo inventory``: what TikTok shows, what it should show, and the proof that both agree."""

from __future__ import annotations

import time
from typing import Any

import click

from worker.cli.output import json_option, progress, say, show, who
from worker.cli.shop_choice import chosen_shop, chosen_shops, shop_option
from worker.errors import ConfigurationError, PermanentError
from worker.state.inventory import Amounts
from worker.state.problems import ODOO, shop_stock_scope
from worker.state.shops import Shop
from worker.sync import mapping_actions as actions
from worker.sync.inventory_plan import Plan, SkuPlan
from worker.sync.inventory_push import InventoryPush
from worker.sync.inventory_reconcile import preview, reconcile_stock
from worker.sync.product_live import ask
from worker.sync.product_view import sku_row
from worker.sync.runtime import Runtime, get_runtime
from worker.sync.shop_settings import agree_to_push
from worker.tasks.triggers import trigger_push

_COLUMNS = ("shop", "sku", "seller_sku", "product", "on_tiktok", "from_odoo")
_MOST_SHOWN = 50
#: Seconds between two looks at what workers are doing.
_PAUSE = 0.2


@click.group()
def inventory() -> None:
    """Stock on its way from Odoo to TikTok Shop."""


def _units(amounts: Amounts) -> str:
    """Units in the SKU's only warehouse, or in each."""
    if len(amounts) == 1:
        return str(next(iter(amounts.values())))
    return ", ".join(f"{place}: {units}" for place, units in sorted(amounts.items()))


def _row(shop: Shop, sku: SkuPlan) -> tuple[Any, ...]:
    listing = sku.listing
    return shop.id, listing.sku_id, listing.seller_sku, listing.title, _units(sku.shown), _units(sku.wanted)


@inventory.command()
@shop_option
@click.option("--apply", "agree", is_flag=True, help="Agree to the first push: set these amounts, and keep them set.")
@click.option("--all", "everything", is_flag=True, help="Show every SKU, not only those that would change.")
@json_option
def push(shop_id: str | None, agree: bool, everything: bool, as_json: bool) -> None:
    """Show what a push of a shop's whole stock would change on TikTok; with --apply, do it.

    Nothing of a shop's stock is touched before somebody has agreed once with --apply (or with
    tiktok-odoo shops set SHOP --push-stock on). From then on changes in Odoo are pushed by themselves.
    """
    runtime = get_runtime()
    shop = chosen_shop(runtime, shop_id)
    products = list(runtime.catalog(shop.id).products().values())
    if not products:
        raise ConfigurationError(
            f"The catalogue of {shop.name} is empty:", remedy=f"tiktok-odoo catalog pull --shop {shop.id}"
        )
    if shop.settings.push_stock == "off" and agree:
        raise ConfigurationError(
            "Pushing stock is switched off:", remedy=f"tiktok-odoo shops set {shop.id} --push-stock on"
        )
    plans: list[Plan] = []
    with progress("Comparing", as_json=as_json) as advance:
        plans += preview(runtime, shop, products, advance=advance)
    skus = [sku for plan in plans for sku in (plan.skus if everything else plan.changes)]
    shown = skus if as_json else skus[:_MOST_SHOWN]
    show(_COLUMNS, [_row(shop, sku) for sku in shown], as_json=as_json, empty="TikTok shows what Odoo has.")
    if not as_json:
        _say_how_many(plans, len(skus) - len(shown))
    if agree:
        _apply(runtime, shop, as_json=as_json)
    elif not as_json and shop.settings.push_stock == "off":
        click.echo(f"Pushing stock is switched off. To switch it on: tiktok-odoo shops set {shop.id} --push-stock on")
    elif not as_json and shop.settings.push_stock != "on":
        click.echo(f"Nothing was changed. To agree: tiktok-odoo inventory push --shop {shop.id} --apply")


def _say_how_many(plans: list[Plan], left_out: int) -> None:
    if left_out > 0:
        click.echo(f"... and {left_out} more (--json lists them all).")
    compared = sum(len(plan.skus) for plan in plans)
    differing = sum(len(plan.changes) for plan in plans)
    to_zero = sum(1 for plan in plans for sku in plan.changes if not any(sku.wanted.values()))
    click.echo(f"{compared} SKUs compared, {differing} differ, {to_zero} of them would be sold out.")
    untracked = {sku_id: reason for plan in plans for sku_id, reason in plan.untracked.items()}
    for reason in sorted(set(untracked.values())):
        click.echo(f"{sum(1 for each in untracked.values() if each == reason)} SKUs are left alone. {reason}")
    if not all(plan.exact for plan in plans):
        click.echo("Not all orders on their way into Odoo are known yet: until they are, amounts are only lowered.")


def _apply(runtime: Runtime, shop: Shop, *, as_json: bool) -> None:
    agree_to_push(runtime, shop.id, by=who())
    shop = runtime.shops.get(shop.id)
    queue = runtime.inventory_queue(shop.id)
    total = left = queue.at_work_count()
    refused: list[str] = []
    with progress("Pushing", as_json=as_json) as advance:
        while left and not runtime.problems.paused(ODOO, shop_stock_scope(shop.id)):
            done = InventoryPush(runtime, shop).run()
            refused += done.refused
            if not done.more:
                time.sleep(_PAUSE)  # workers may have the rest
            left = queue.at_work_count()
            advance(max(0, total - left), total)
    if not as_json:
        click.echo(f"{shop.name}'s stock is pushed. From now on changes in Odoo are pushed by themselves.")
        later = queue.open_count() - queue.count_parked()
        if later > 0:
            click.echo(f"{later} products are looked at again when the orders on their way are in Odoo.")
    scopes = (ODOO, shop_stock_scope(shop.id))
    problem = next((each for each in runtime.problems.all() if each.scope in scopes), None)
    if problem is not None:
        raise PermanentError(problem.message, code=problem.code, remedy=problem.remedy)
    if refused:
        raise PermanentError("TikTok refused some of it:", code="stock_refused", remedy="tiktok-odoo inventory parked")


@inventory.command()
@shop_option
@click.option("--report-only", is_flag=True, help="Do not repair what has drifted apart.")
@json_option
def reconcile(shop_id: str | None, report_only: bool, as_json: bool) -> None:
    """Compare all stock on TikTok with Odoo's; exit code 1 when something differs. What differs is pushed again."""
    runtime = get_runtime()
    rows: list[tuple[Any, ...]] = []
    notes: list[str] = []
    for shop in chosen_shops(runtime, shop_id):
        if shop.settings.push_stock != "on" and not shop_id:
            notes.append(f"{shop.name} ({shop.id}): stock is not pushed, so it was not compared.")
            continue
        repair = not report_only and shop.settings.push_stock == "on"
        with progress(f"Comparing {shop.name}", as_json=as_json) as advance:
            report = reconcile_stock(runtime, shop, repair=repair, advance=advance)
        rows += [_row(shop, sku) for sku in report.drift]
        if repair and report.drift:
            trigger_push(runtime, shop.id)
        agreed = report.compared - len(report.drift)
        notes.append(
            f"{shop.name} ({shop.id}): {agreed} SKUs agree, {len(report.drift)} differ"
            f"{' and are pushed again' if repair and report.drift else ''}; {len(report.untracked)} have no stock in "
            f"Odoo, {report.unmapped} are not mapped, {len(report.parked)} products are refused by TikTok."
        )
    show(_COLUMNS, rows, as_json=as_json, empty="Both sides agree.")
    if not as_json:
        for note in notes:
            click.echo(note)
    if rows:
        raise click.exceptions.Exit(1)


@inventory.command()
@shop_option
@json_option
def parked(shop_id: str | None, as_json: bool) -> None:
    """Show products of which TikTok refused the stock, with the reason and what to do."""
    runtime = get_runtime()
    rows = [
        (shop.id, entry.id, entry.code, entry.message, entry.remedy, entry.attempts)
        for shop in chosen_shops(runtime, shop_id)
        for entry in runtime.inventory_queue(shop.id).all_parked()
    ]
    columns = ("shop", "product", "code", "reason", "remedy", "attempts")
    show(columns, rows, as_json=as_json, empty="TikTok has refused nothing.")


@inventory.command("list")
@shop_option
@json_option
def list_amounts(shop_id: str | None, as_json: bool) -> None:
    """Show how each shop's stock stands: what is bound, due, refused, and when it was last compared."""
    runtime = get_runtime()
    rows = []
    for shop in chosen_shops(runtime, shop_id):
        queue = runtime.inventory_queue(shop.id)
        last = runtime.inventory(shop.id).reconciled()
        compared = last.at.strftime("%Y-%m-%d %H:%M") if last else None
        listings = runtime.catalog(shop.id).listings().values()
        skus = [each.sku_id for each in listings if each.variant_id is not None]
        units = sum(sum(amounts.values()) for amounts in runtime.inventory(shop.id).confirmed(skus).values())
        refused = queue.count_parked()
        due = queue.open_count() - refused
        drifted = last.drifted if last else None
        rows.append((shop.id, shop.name, shop.settings.push_stock, len(skus), units, due, refused, compared, drifted))
    columns = ("shop", "name", "push", "bound", "units_shown", "due", "refused", "compared", "drifted")
    show(columns, rows, as_json=as_json, empty="There is no shop yet.")


@inventory.command()
@shop_option
@click.argument("product_ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every product of which TikTok refused the stock.")
@json_option
def retry(shop_id: str | None, product_ids: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Push the stock of these products (Item IDs) now instead of waiting for the next attempt."""
    runtime = get_runtime()
    shop = chosen_shop(runtime, shop_id)
    if everything == bool(product_ids):
        raise click.UsageError("Name the products, or use --all.")
    if everything:
        count = actions.retry_refused(runtime, shop, by=who())
    else:
        count = actions.push_now(runtime, shop, product_ids, by=who())
    if count:
        trigger_push(runtime, shop.id)
    say({"shop": shop.id, "products": count}, f"{count} products are tried again.", as_json=as_json)


@inventory.command("show")
@shop_option
@click.argument("sku_id")
@json_option
def show_sum(shop_id: str | None, sku_id: str, as_json: bool) -> None:
    """Show how the units of one SKU come about, for each of its TikTok warehouses; exit code 1 when TikTok differs."""
    runtime = get_runtime()
    shop = chosen_shop(runtime, shop_id)
    row = sku_row(runtime, shop, sku_id)
    if row.listing.variant_id is None:
        raise ConfigurationError(
            f"SKU ID {sku_id} is not mapped. {row.listing.message}".strip(), remedy=row.listing.remedy
        )
    live = ask(runtime, shop, [row])
    if live.problems:
        raise live.problems[0]
    (sku,) = live.skus
    if sku.untracked:
        raise ConfigurationError(f"The stock of SKU ID {sku_id} is left alone. {sku.untracked}")
    names = ("warehouse", "in_odoo", "sold_here", "sold_beside", "buffer", "maximum", "should_show", "shows")
    sums = [
        (
            live.warehouses.get(share.warehouse_id, share.warehouse_id),
            *(share.in_odoo, share.sold_here, share.sold_beside, share.buffer, share.maximum, share.units),
            (sku.shown or {}).get(share.warehouse_id),
        )
        for share in sku.shares
    ]
    show(names, sums, as_json=as_json, empty="TikTok holds no stock of it in any warehouse.")
    if sku.drifted:
        raise click.exceptions.Exit(1)
