"""``tiktok-odoo payouts``: what TikTok paid out, checked to the cent, and what each statement holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from worker.cli.output import json_option, print_json, say, show
from worker.cli.shop_choice import chosen_shop, chosen_shops, every_shop_option, shop_option
from worker.errors import ConfigurationError
from worker.state.payouts import PayoutStatement
from worker.state.shops import Shop
from worker.sync.payout_file import as_csv
from worker.sync.payouts import pull_payouts
from worker.sync.runtime import Runtime, get_runtime

_COLUMNS = (
    *("shop", "statement", "day", "currency", "settlement", "revenue", "fees", "shipping", "adjustments"),
    *("payment", "transactions", "state", "in_odoo", "reason"),
)


@click.group()
def payouts() -> None:
    """TikTok's payout statements, their sums and fees."""


@payouts.command("list")
@every_shop_option
@click.option("--limit", type=click.IntRange(1, 10_000), default=60, show_default=True, help="At most so many a shop.")
@json_option
def list_statements(shop_id: str | None, limit: int, as_json: bool) -> None:
    """List statements, newest first; exit code 1 when one does not add up, or Odoo did not take it."""
    runtime = get_runtime()
    found = [(shop, each) for shop in chosen_shops(runtime, shop_id) for each in runtime.payouts(shop.id).latest(limit)]
    show(_COLUMNS, [_row(shop, each) for shop, each in found], as_json=as_json, empty="No statement was read yet.")
    if any(each.state in ("mismatch", "refused") for _, each in found):
        raise click.exceptions.Exit(1)


def _row(shop: Shop, each: PayoutStatement) -> tuple[Any, ...]:
    return (
        *(shop.id, each.id, f"{each.time:%Y-%m-%d}", each.currency, each.settlement, each.revenue, each.fees),
        *(each.shipping, each.adjustments, each.payment_status, each.transactions, each.state),
        *(each.booked or None, each.reason or None),
    )


@payouts.command("show")
@every_shop_option
@click.argument("statement")
@json_option
def show_statement(shop_id: str | None, statement: str, as_json: bool) -> None:
    """Show one statement with its transactions."""
    runtime = get_runtime()
    shop, found = _find(runtime, shop_id, statement)
    transactions = runtime.payouts(shop.id).transactions(found.id)
    if as_json:
        rows = [each.model_dump(mode="json") for each in transactions]
        print_json({"shop": shop.id, **found.model_dump(mode="json"), "list": rows})
        return
    click.secho(
        f"{found.id}  {shop.name} ({shop.id})  {found.time:%Y-%m-%d}  {found.settlement} {found.currency}", bold=True
    )
    click.echo(
        f"  revenue {found.revenue}, fees and taxes {found.fees}, shipping {found.shipping}, adjustments "
        f"{found.adjustments}; {found.payment_status or 'payment not told'}; {found.state} {found.booked}".rstrip()
    )
    if found.reason:
        click.secho(f"  {found.reason}", fg="red")
    if found.unknown_orders:
        click.echo(f"  {found.unknown_orders} of its orders were not imported here.")
    columns = ("transaction", "order", "adjustment", "settlement", "revenue", "fees", "shipping", "adjusted")
    show(
        columns,
        [
            (
                *(each.id, each.order_id or None, each.adjustment_id or None, each.settlement, each.revenue),
                *(each.fees, each.shipping, each.adjustment),
            )
            for each in transactions
        ],
        as_json=False,
        empty="It has no transactions.",
    )


def _find(runtime: Runtime, shop_id: str | None, statement: str) -> tuple[Shop, PayoutStatement]:
    for shop in chosen_shops(runtime, shop_id):
        found = runtime.payouts(shop.id).find(statement)
        if found is not None:
            return shop, found
    raise ConfigurationError(f"No statement {statement!r} is known.", remedy="`tiktok-odoo payouts list` shows them.")


@payouts.command()
@every_shop_option
@click.argument("statement")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
@json_option
def export(shop_id: str | None, statement: str, file: Path, force: bool, as_json: bool) -> None:
    """Write a statement's transactions to a CSV file."""
    runtime = get_runtime()
    shop, found = _find(runtime, shop_id, statement)
    if file.exists() and not force:
        raise ConfigurationError(f"{file} is there already.", remedy="Use another name, or --force.")
    transactions = runtime.payouts(shop.id).transactions(found.id)
    file.write_text(as_csv(transactions), encoding="utf-8")
    line = f"{len(transactions)} transactions, {found.settlement} {found.currency} in all, are in {file}."
    say({"statement": found.id, "transactions": len(transactions), "file": str(file)}, line, as_json=as_json)


@payouts.command()
@shop_option
@json_option
def pull(shop_id: str | None, as_json: bool) -> None:
    """Read the shop's statements now; daily this happens by itself."""
    runtime = get_runtime()
    shop = chosen_shop(runtime, shop_id)
    if shop.settings.payouts == "off":
        raise ConfigurationError(
            f"Payouts of {shop.name} are switched off.",
            remedy=f"Switch them on: tiktok-odoo shops set {shop.id} --payouts record",
        )
    done = pull_payouts(runtime, shop).statements
    line = f"{len(done)} statements are new or changed; `tiktok-odoo payouts list` shows them."
    say({"shop": shop.id, "statements": [each.id for each in done]}, line, as_json=as_json)
