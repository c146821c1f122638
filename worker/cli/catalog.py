"""``tiktok-odoo catalog``: what the shops list, and which of Odoo's products each SKU is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from worker.cli.output import json_option, progress, records, show
from worker.cli.shop_choice import chosen_shop, chosen_shops, shop_option
from worker.errors import ConfigurationError
from worker.state.catalog import Choice, Listing
from worker.sync.candidates import Candidate, candidates, products_for_sale
from worker.sync.catalog_run import result_of, run, trial
from worker.sync.mapping import Variants, export_rows, listed_skus
from worker.sync.mapping_file import read_sheet, write_sheet
from worker.sync.mapping_import import Change, Plan, apply_import, check_import, choose, variant_for
from worker.sync.runtime import get_runtime
from worker.tasks.triggers import trigger_catalog, trigger_drain, trigger_push

#: Most refusals and changes that are printed one by one.
_MOST_LINES = 100

every_shop_option = click.option("--shop", "shop_id", help="Shop id; by default every shop.")


@click.group()
def catalog() -> None:
    """Products of TikTok Shop and which of Odoo's each SKU is."""


@catalog.command("list")
@every_shop_option
@json_option
def list_catalogs(shop_id: str | None, as_json: bool) -> None:
    """Show how much each shop lists and how much of it is mapped."""
    runtime = get_runtime()
    rows = []
    for shop in chosen_shops(runtime, shop_id):
        known = runtime.catalog(shop.id)
        listings = listed_skus(known)
        mapped = sum(1 for listing in listings if listing.variant_id is not None)
        pulled = known.pulled()
        last_pull = pulled.strftime("%Y-%m-%d %H:%M:%S") if pulled else None
        counts = (len(known.product_ids()), len(listings), mapped, len(listings) - mapped, len(known.choices()))
        rows.append((shop.id, shop.name, *counts, last_pull))
    columns = ("shop", "name", "products", "skus", "mapped", "not_mapped", "choices", "last_pull_utc")
    show(columns, rows, as_json=as_json, empty="There is no shop yet.")


@catalog.command("pull")
@every_shop_option
@click.option("--dry-run", is_flag=True, help="Show what would be bound, created or left over; change nothing.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N products, for a trial.")
@json_option
def pull_catalog(shop_id: str | None, dry_run: bool, limit: int | None, as_json: bool) -> None:
    """Read what the shops list, and find each SKU's product in Odoo (the guide's *Sync Product Catalogue*).

    May be stopped and started again at any time: it goes on from there. Workers do the same once a day.
    """
    runtime = get_runtime()
    rows: list[tuple[Any, ...]] = []
    problems = []
    for shop in chosen_shops(runtime, shop_id):
        creates = dry_run and shop.settings.create_products
        with progress(f"Reading {shop.name}", as_json=as_json) as advance:
            report = (trial if dry_run else run)(runtime, shop, limit=limit, advance=advance)
        if dry_run:
            rows += [_trial_row(shop.id, listing, creates=creates) for listing in report.listings.values()]
        else:
            rows += [(shop.id, what, number) for what, number in sorted(report.results().items())]
            rows += [(shop.id, "no longer listed", report.gone)] if report.gone else []
            rows.append((shop.id, "products listed", report.listed))
        if report.push:
            trigger_push(runtime, shop.id)
        if report.orders:
            trigger_drain(runtime, shop.id)
        problems += [f"{shop.name}: {report.problem}"] if report.problem else []
    columns = ("shop", "sku", "seller_sku", "title", "result", "reason") if dry_run else ("shop", "result", "count")
    show(columns, rows, as_json=as_json, empty="Nothing is listed.")
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.exceptions.Exit(1)


def _trial_row(shop_id: str, listing: Listing, *, creates: bool) -> tuple[Any, ...]:
    result = result_of(listing, creates=creates)
    reason = "" if result == "to be created" else f"{listing.message} {listing.remedy}".strip()
    return shop_id, listing.sku_id, listing.seller_sku, listing.title, result, reason


@catalog.command()
@every_shop_option
@json_option
def unmapped(shop_id: str | None, as_json: bool) -> None:
    """Show SKUs that are no product of Odoo's, with the reason, what to do, and products that they may be."""
    runtime = get_runtime()
    columns = ("shop", "item", "sku", "seller_sku", "title", "code", "reason", "remedy", "candidates")
    rows: list[tuple[Any, ...]] = []
    for shop in chosen_shops(runtime, shop_id):
        listings = [listing for listing in listed_skus(runtime.catalog(shop.id)) if listing.variant_id is None]
        products = products_for_sale(runtime.odoo, shop.settings.company_id) if listings else []
        likely = candidates(listings, products)
        rows += [_unmapped_row(shop.id, listing, likely[listing.sku_id], as_json=as_json) for listing in listings]
    if as_json:
        click.echo(json.dumps(records(columns, rows), ensure_ascii=False))
    else:
        show(columns, rows, empty="Every listed SKU is mapped.")


def _unmapped_row(shop_id: str, listing: Listing, likely: Sequence[Candidate], *, as_json: bool) -> tuple[Any, ...]:
    shown: Any = "; ".join(f"{each} ({each.score}%)" for each in likely)
    if as_json:
        shown = [
            {
                "odoo_id": each.product.id,
                "reference": each.product.reference,
                "name": each.product.name,
                "score": each.score,
            }
            for each in likely
        ]
    ids = (shop_id, listing.product_id, listing.sku_id, listing.seller_sku, listing.title)
    return *ids, listing.code, listing.message, listing.remedy, shown


@catalog.command("export")
@every_shop_option
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite FILE.")
def export_mapping(shop_id: str | None, file: Path, force: bool) -> None:
    """Write the mapping of every SKU to FILE, *.xlsx or *.csv.

    Edit Internal Reference, Odoo ID, Buffer and Maximum, and import the file again. Better take *.xlsx: spreadsheet
    programs round the long ids of a *.csv file.
    """
    runtime = get_runtime()
    shops = chosen_shops(runtime, shop_id)
    if file.exists() and not force:
        raise ConfigurationError(f"{file} is there already.", remedy="Add --force to overwrite it.")
    rows = list(export_rows(runtime, shops))
    try:
        write_sheet(file, rows)
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from None
    click.echo(f"{len(rows)} SKUs are written to {file}.")


@catalog.command("import")
@click.option("--shop", "shop_id", help="Shop of rows that name none; may be left out when there is one shop.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
def import_mapping(shop_id: str | None, file: Path, dry_run: bool) -> None:
    """Take over the mapping in FILE: an edited export, a list of one's own, or the file of Seller Center's bulk edit.

    When one row is refused, nothing is changed.
    """
    runtime = get_runtime()
    plan = check_import(runtime, read_sheet(file), shop_id)
    if plan.refusals:
        _refuse(plan)
    if dry_run:
        _show_changes(plan)
    else:
        for shop in apply_import(runtime, plan):
            trigger_catalog(runtime, shop)
    click.echo(f"{len(plan.changes)} {'would change' if dry_run else 'changed'}, {plan.unchanged} unchanged.")
    if plan.waiting:
        click.echo(f"{plan.waiting} wait for their SKU ID: they have an Item ID alone, which no pull has found yet.")
    if plan.unlisted:
        click.echo(f"{plan.unlisted} are not listed: they apply once a pull has found their SKU ID.")


def _refuse(plan: Plan) -> NoReturn:
    refusals = sorted(plan.refusals, key=lambda refusal: refusal.line)
    for refusal in refusals[:_MOST_LINES]:
        click.echo(str(refusal), err=True)
    if len(refusals) > _MOST_LINES:
        click.echo(f"... and {len(refusals) - _MOST_LINES} more.", err=True)
    click.secho(f"Rows refused: {len(refusals)}. Nothing is changed.", fg="red", err=True)
    raise click.exceptions.Exit(1)


def _show_changes(plan: Plan) -> None:
    shown = plan.changes[:_MOST_LINES]
    plan.variants.read(each.variant_id for change in shown for each in (change.before, change.after))
    for change in shown:
        click.echo(_change_text(plan.variants, change))
    if len(plan.changes) > _MOST_LINES:
        click.echo(f"... and {len(plan.changes) - _MOST_LINES} more.")


def _change_text(variants: Variants, change: Change) -> str:
    kind, _, one = change.key.partition(":")
    words = []
    for name, before, after in (
        ("product", *(_variant_text(variants, each) for each in (change.before, change.after))),
        ("buffer", change.before.buffer, change.after.buffer),
        ("maximum", change.before.maximum, change.after.maximum),
    ):
        if before != after:
            words.append(f"{name} {'none' if before is None else before} -> {'none' if after is None else after}")
    subject = f"Item ID {one}" if kind == "item" else f"SKU ID {one}"
    return f"Row {change.line}, shop {change.shop_id}, {subject}: {', '.join(words)}"


def _variant_text(variants: Variants, choice: Choice) -> str | None:
    if choice.variant_id is None:
        return None
    return str(variants.find(choice.variant_id) or choice.variant_id)


@catalog.command("map")
@shop_option
@click.argument("sku_id")
@click.argument("reference")
def map_sku(shop_id: str | None, sku_id: str, reference: str) -> None:
    """Choose the Odoo product with that Internal Reference for a SKU ID; an empty REFERENCE leaves it to the rules."""
    runtime = get_runtime()
    shop = chosen_shop(runtime, shop_id)
    if not (sku_id.isascii() and sku_id.isdigit()):
        raise click.UsageError(f"{sku_id!r} is not a SKU ID of TikTok's; they are digits only.")
    variant = variant_for(runtime, shop, reference.strip()) if reference.strip() else None
    listing = choose(runtime, shop, sku_id, None if variant is None else variant.id)
    click.echo(f"SKU ID {sku_id} is {'left to the rules' if variant is None else variant} now.")
    if listing is None:
        click.echo(f"{shop.name} does not list that SKU, as far as is known; the choice applies once it does.")
        return
    trigger_catalog(runtime, shop.id)
