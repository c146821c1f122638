"""``tiktok-odoo catalog``: what the shops list, and which of Odoo's products each SKU is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from worker.cli.output import audited, json_option, print_json, progress, say, show, who
from worker.cli.shop_choice import chosen_shop, chosen_shops, every_shop_option, shop_option
from worker.errors import ConfigurationError, PermanentError
from worker.state.catalog import Listing
from worker.sync import mapping_actions as actions
from worker.sync.candidates import Candidate, candidates, products_for_sale
from worker.sync.catalog_run import result_of, run, trial
from worker.sync.mapping import export_rows, listed_skus
from worker.sync.mapping_file import read_sheet, write_sheet
from worker.sync.mapping_import import Plan, check_import, variant_for
from worker.sync.mapping_upload import change_texts
from worker.sync.product_view import WANTED, Wanted, search
from worker.sync.runtime import Runtime, get_runtime
from worker.tasks.triggers import trigger_catalog, trigger_drain, trigger_push

#: Most refusals and changes that are printed one by one.
_MOST_LINES = 100


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
    if not dry_run:
        audited("catalog.pull", shop_id or "")
    if problems:
        raise PermanentError(" ".join(problems), code="catalog_incomplete")


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
    show(columns, rows, as_json=as_json, empty="Every listed SKU is mapped.")


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


@catalog.command()
@every_shop_option
@click.argument("text", default="")
@click.option("--state", type=click.Choice([each for each in WANTED if each]), help="How the SKU is mapped, or not.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, metavar="N", help="Most products.")
@json_option
def find(shop_id: str | None, text: str, state: str | None, limit: int, as_json: bool) -> None:
    """Find products by part of their name, seller SKU, SKU ID or Item ID; newest first."""
    runtime = get_runtime()
    wanted: Wanted = next((each for each in WANTED if each == state), "")
    found = search(runtime, chosen_shops(runtime, shop_id), text=text, wanted=wanted, size=limit)
    rows = [
        (
            *(row.shop.id, row.listing.product_id, row.listing.sku_id, row.listing.seller_sku, row.listing.title),
            *(row.listing.variant_id, row.listing.found_by, row.listing.code),
            sum(row.confirmed.values()) if row.confirmed is not None else None,
        )
        for row in found.rows
    ]
    columns = ("shop", "item", "sku", "seller_sku", "title", "odoo_id", "mapped_by", "code", "on_tiktok")
    show(columns, rows, as_json=as_json, empty="No product is like this.")
    if found.more and not as_json:
        click.echo(f"... and {found.total - found.last} more products; --limit shows more.", err=True)


@catalog.command("export")
@every_shop_option
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@json_option
def export_mapping(shop_id: str | None, file: Path, force: bool, as_json: bool) -> None:
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
    say({"skus": len(rows), "file": str(file)}, f"{len(rows)} SKUs are written to {file}.", as_json=as_json)


@catalog.command("import")
@click.option("--shop", "shop_id", help="Shop of rows that name none; may be left out when there is one shop.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@json_option
def import_mapping(shop_id: str | None, file: Path, dry_run: bool, as_json: bool) -> None:
    """Take over the mapping in FILE: an edited export, a list of one's own, or the file of Seller Center's bulk edit.

    When one row is refused, nothing is changed.
    """
    runtime = get_runtime()
    plan = check_import(runtime, read_sheet(file), shop_id)
    if plan.refusals:
        _refuse(plan, as_json=as_json)
    lines = [f"{len(plan.changes)} {'would change' if dry_run else 'changed'}, {plan.unchanged} unchanged."]
    if dry_run:
        lines = [*_changes(plan), *lines]
    else:
        _set_in_motion(runtime, imported := actions.import_mapping(runtime, plan, by=who()))
        lines += [_tried_again(imported.waited)] if imported.waited else []
    if plan.waiting:
        lines.append(f"{plan.waiting} wait for their SKU ID: they have an Item ID alone, which no pull has found yet.")
    if plan.unlisted:
        lines.append(f"{plan.unlisted} are not listed: they apply once a pull has found their SKU ID.")
    say({**_document(plan), "dry_run": dry_run}, *lines, as_json=as_json)


def _set_in_motion(runtime: Runtime, imported: actions.Imported) -> None:
    for shop_id in imported.catalog:
        trigger_catalog(runtime, shop_id)
    for shop_id in imported.stock:
        trigger_push(runtime, shop_id)
    for shop_id in imported.orders:
        trigger_drain(runtime, shop_id)


def _tried_again(orders: int) -> str:
    return f"{orders} {'order' if orders == 1 else 'orders'} that waited for it: tried again now."


def _document(plan: Plan) -> dict[str, Any]:
    """What an import changes, would change or refuses, for programs."""
    return {
        "changes": [
            {
                "row": each.line,
                "shop": each.shop_id,
                "key": each.key,
                "before": each.before.model_dump(),
                "after": each.after.model_dump(),
            }
            for each in plan.changes
        ],
        "unchanged": plan.unchanged,
        "waiting": plan.waiting,
        "not_listed": plan.unlisted,
        "refused": [{"row": each.line, "column": each.column, "reason": each.reason} for each in plan.refusals],
    }


def _refuse(plan: Plan, *, as_json: bool) -> NoReturn:
    if as_json:
        print_json({**_document(plan), "changes": []})
        raise click.exceptions.Exit(1)
    refusals = sorted(plan.refusals, key=lambda refusal: refusal.line)
    for refusal in refusals[:_MOST_LINES]:
        click.echo(str(refusal), err=True)
    if len(refusals) > _MOST_LINES:
        click.echo(f"... and {len(refusals) - _MOST_LINES} more.", err=True)
    click.secho(f"Rows refused: {len(refusals)}. Nothing is changed.", fg="red", err=True)
    raise click.exceptions.Exit(1)


def _changes(plan: Plan) -> Iterator[str]:
    yield from map(str, change_texts(plan.changes[:_MOST_LINES], plan.variants))
    if len(plan.changes) > _MOST_LINES:
        yield f"... and {len(plan.changes) - _MOST_LINES} more."


@catalog.command("map")
@shop_option
@click.argument("sku_id")
@click.argument("reference")
@json_option
def map_sku(shop_id: str | None, sku_id: str, reference: str, as_json: bool) -> None:
    """Choose the Odoo product with that Internal Reference for a SKU ID; an empty REFERENCE leaves it to the rules."""
    runtime = get_runtime()
    shop = chosen_shop(runtime, shop_id)
    if not (sku_id.isascii() and sku_id.isdigit()):
        raise click.UsageError(f"{sku_id!r} is not a SKU ID of TikTok's; they are digits only.")
    variant = variant_for(runtime, shop, reference.strip()) if reference.strip() else None
    chosen = actions.map_sku(runtime, shop, sku_id, variant, by=who())
    lines = [f"SKU ID {sku_id} is {'left to the rules' if variant is None else variant} now."]
    if chosen.orders:
        trigger_drain(runtime, shop.id)
        lines.append(_tried_again(chosen.orders))
    if chosen.listing is None:
        lines.append(f"{shop.name} does not list that SKU, as far as is known; the choice applies once it does.")
    else:
        trigger_catalog(runtime, shop.id)
    odoo_id = None if variant is None else variant.id
    document: dict[str, Any] = {
        "shop": shop.id,
        "sku": sku_id,
        "odoo_id": odoo_id,
        "listed": chosen.listing is not None,
    }
    document["orders"] = chosen.orders
    say(document, *lines, as_json=as_json)
