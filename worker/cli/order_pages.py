"""``tiktok-odoo orders list`` and ``orders show``: which orders there are, and what happened to one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from worker.cli.order_delivery import delivery_document, parcels_document, print_delivery, print_parcels
from worker.cli.output import json_option, print_json, show
from worker.cli.shop_choice import every_shop_option, moment
from worker.state.order_index import LISTED, Place, State
from worker.sync.delivery_live import look_now
from worker.sync.delivery_view import of_order
from worker.sync.order_compare import Comparison, compare, odoo_address, seller_center_address
from worker.sync.order_view import PAGE, OrderStory, reason_of, search, story_of, the_order
from worker.sync.runtime import Runtime, get_runtime

_TIME = "%Y-%m-%d %H:%M:%S"


@click.command("list")
@every_shop_option
@click.option("--state", type=click.Choice(LISTED), help="Only orders in this state.")
@click.option("--since", metavar="DATE", help="Only orders that came to their state at or after this (UTC).")
@click.option("--until", metavar="DATE", help="Only orders that came to their state before this (UTC).")
@click.option("--limit", type=click.IntRange(1, 10_000), default=PAGE, show_default=True, help="At most so many.")
@json_option
def list_orders(
    *, shop_id: str | None, state: State | None, since: str | None, until: str | None, limit: int, as_json: bool
) -> None:
    """List orders by state, newest first: due, waiting, in_odoo, parked or ignored."""
    runtime = get_runtime()
    found = search(
        runtime,
        shop=runtime.shops.get(shop_id) if shop_id else None,
        state=state,
        since=moment(since) if since else None,
        until=moment(until) if until else None,
        limit=limit,
    )
    rows = [_row(place) for place in found.orders]
    columns = ("shop", "order", "state", "since", "code", "ship_by", "reason")
    show(columns, rows, as_json=as_json, empty="No order is like this.")
    if found.older:
        click.echo(f"These are the newest {limit}; --limit shows more.", err=True)


def _row(place: Place) -> tuple[Any, ...]:
    code = place.parked.code if place.parked else None
    ship_by = place.parked.ship_by if place.parked else None
    since = place.at.strftime(_TIME)
    return (
        *(place.shop_id, place.order_id, place.state, since),
        code,
        ship_by and f"{ship_by:{_TIME}}",
        reason_of(place),
    )


@click.command("show")
@every_shop_option
@click.argument("order")
@click.option(
    "--compare",
    "live",
    is_flag=True,
    help="Ask TikTok and Odoo for totals and parcels now; exit code 1 if the totals differ.",
)
@json_option
def show_order(shop_id: str | None, order: str, live: bool, as_json: bool) -> None:
    """Show one order: where it is, why, and what happened to it. ORDER is TikTok's id or Odoo's name (S00042)."""
    runtime = get_runtime()
    shop, order_id = the_order(runtime, order, shop=runtime.shops.get(shop_id) if shop_id else None)
    story = story_of(runtime, shop, order_id)
    delivery = of_order(runtime, shop, order_id)
    settled = runtime.payouts(shop.id).of_orders([order_id]).get(order_id, [])
    comparison = compare(runtime, shop, order_id) if live else None
    parcels = look_now(runtime, shop, order_id) if live else None
    if as_json:
        document = {**_document(runtime, story, comparison), **delivery_document(delivery, settled)}
        print_json(document | ({"parcels": parcels_document(runtime, parcels)} if parcels is not None else {}))
    else:
        _print_story(story)
        print_delivery(delivery, settled)
        if comparison is not None:
            _print_comparison(runtime, comparison)
        if parcels is not None:
            print_parcels(parcels)
    if comparison is not None and not comparison.agrees:
        raise click.exceptions.Exit(1)


def _document(runtime: Runtime, story: OrderStory, comparison: Comparison | None) -> dict[str, Any]:
    place = story.place
    document: dict[str, Any] = {
        "shop": story.shop.id,
        "order": story.order_id,
        "state": place.state if place else None,
        "since": place.at if place else None,
        "at_work": place.at_work if place else False,
        "in_odoo": place.in_odoo if place else False,
        "parked": place.parked.model_dump(mode="json") if place and place.parked else None,
        "ignored": place.ignored.model_dump(mode="json") if place and place.ignored else None,
        "seller_center": seller_center_address(story.shop.region, story.order_id),
        "timeline": [asdict(entry) for entry in story.timeline],
    }
    if comparison is not None:
        document["comparison"] = {
            "currency": comparison.currency,
            "status_on_tiktok": comparison.tiktok_status,
            "sales_orders": [
                {"name": sale.name, "state": sale.state, "url": odoo_address(runtime, sale.id)}
                for sale in comparison.sales
            ],
            "deliveries": [asdict(picking) for picking in comparison.pickings],
            "amounts": [{**asdict(row), "differs": row.differs} for row in comparison.rows],
            "problem": comparison.problem,
            "agrees": comparison.agrees,
        }
    return document


def _print_story(story: OrderStory) -> None:
    place = story.place
    where = f"{place.state.replace('_', ' ')} since {place.at:{_TIME}} UTC" if place else "nothing is known of it"
    click.secho(f"{story.order_id}  {story.shop.name} ({story.shop.id})  {where}", bold=True)
    if place is not None and place.parked is not None:
        click.echo(f"  {place.parked.code}: {place.parked.message}")
        click.echo(f"  What to do: {place.parked.remedy}")
        if place.parked.ship_by is not None:
            click.echo(f"  Must ship by {place.parked.ship_by:{_TIME}} UTC")
    elif place is not None and (reason := reason_of(place)):
        click.echo(f"  {reason}")
    for entry in story.timeline:
        click.echo(f"  {entry.at:{_TIME}}  {entry.kind:9}  {entry.text}")
    if not story.timeline:
        click.echo("  Its timeline is empty: nothing happened to it lately.")


def _print_comparison(runtime: Runtime, comparison: Comparison) -> None:
    for sale in comparison.sales:
        click.echo(f"  In Odoo {sale.name} ({sale.state}): {odoo_address(runtime, sale.id)}")
    for picking in comparison.pickings:
        click.echo(f"  Delivery {picking.name} ({picking.state})")
    click.echo(f"  On TikTok {comparison.tiktok_status or 'unknown'}; amounts in {comparison.currency} (TikTok, Odoo):")
    for row in comparison.rows:
        amounts = "  ".join(f"{'-' if side is None else side:>12}" for side in (row.tiktok, row.odoo))
        click.secho(f"  {row.label:32} {amounts}{'  differ' if row.differs else ''}", fg="red" if row.differs else None)
    if comparison.problem:
        click.secho(f"  {comparison.problem}", fg="red")
    elif not comparison.sales:
        click.secho("  Odoo has no sales order for it.", fg="red")
