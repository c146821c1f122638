"""``tiktok-odoo deliveries``: what is in the way of deliveries, who asks to cancel, what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from worker.cli.output import json_option, print_json, say, show, who
from worker.cli.shop_choice import chosen_shop, chosen_shops, every_shop_option, shop_option
from worker.sync import delivery_actions
from worker.sync.delivery_follow import PATIENCE, Followed, follow
from worker.sync.delivery_view import LISTED, State, look, rows
from worker.sync.order_actions import is_order_id
from worker.sync.order_view import the_order
from worker.sync.runtime import get_runtime
from worker.tasks.triggers import trigger_fulfillment

_TIME = "%Y-%m-%d %H:%M"


@click.group()
def deliveries() -> None:
    """Parcels, requests to cancel, and returns."""


@deliveries.command("list")
@every_shop_option
@click.option("--state", type=click.Choice(LISTED), help="Only this list.")
@json_option
def list_deliveries(shop_id: str | None, state: State | None, as_json: bool) -> None:
    """List orders whose buyers ask to cancel, that are parked, that await shipment, or that come back."""
    runtime = get_runtime()
    found: list[tuple[Any, ...]] = [
        (
            *(row.shop.id, row.order_id, row.state, row.since and f"{row.since:{_TIME}}"),
            *(row.until and f"{row.until:{_TIME}}", row.code or None, row.reason or None),
        )
        for row in rows(look(runtime, chosen_shops(runtime, shop_id)), state)
    ]
    columns = ("shop", "order", "state", "since", "until", "code", "reason")
    show(columns, found, as_json=as_json, empty="No order is like this.")


@deliveries.command()
@every_shop_option
@json_option
def parked(shop_id: str | None, as_json: bool) -> None:
    """Show orders of whose delivery something is in the way, with the reason and what to do."""
    runtime = get_runtime()
    found: list[tuple[Any, ...]] = [
        (
            *(shop.id, entry.id, entry.code, entry.message, entry.remedy),
            entry.ship_by and f"{entry.ship_by:{_TIME}}",
            entry.attempts,
        )
        for shop, entry in look(runtime, chosen_shops(runtime, shop_id)).parked
    ]
    columns = ("shop", "order", "code", "reason", "remedy", "ship_by", "attempts")
    show(columns, found, as_json=as_json, empty="Nothing is in the way of any delivery.")


@deliveries.command()
@every_shop_option
@json_option
def requests(shop_id: str | None, as_json: bool) -> None:
    """Show buyers' requests to cancel that wait for an answer in Seller Center, the first deadline first."""
    runtime = get_runtime()
    found: list[tuple[Any, ...]] = [
        (
            *(shop.id, each.order_id, each.cancel_id, each.reason),
            each.respond_by and f"{each.respond_by:{_TIME}}",
            f"{each.since:{_TIME}}",
        )
        for shop, each in look(runtime, chosen_shops(runtime, shop_id)).requests
    ]
    columns = ("shop", "order", "request", "reason", "answer_by", "since")
    show(columns, found, as_json=as_json, empty="No buyer waits for an answer.")


@deliveries.command()
@every_shop_option
@json_option
def returns(shop_id: str | None, as_json: bool) -> None:
    """Show returns and refunds, newest first, and the receipts in Odoo."""
    runtime = get_runtime()
    found: list[tuple[Any, ...]] = [
        (
            *(shop.id, each.order_id, each.id, each.type, each.status, each.units),
            *(each.amount, each.currency, each.reason, each.receipt or None, f"{each.updated_at:{_TIME}}"),
        )
        for shop, each in look(runtime, chosen_shops(runtime, shop_id)).returns
    ]
    columns: tuple[str, ...] = ("shop", "order", "return", "type", "status", "units")
    columns += ("amount", "currency", "reason", "receipt", "changed")
    show(columns, found, as_json=as_json, empty="Nothing has come back.")


@deliveries.command()
@shop_option
@click.argument("order_ids", nargs=-1)
@click.option("--all", "all_parked", is_flag=True, help="All of the shop with something in the way.")
@click.option("--reason", metavar="CODE", help="Those of the shop that are parked for this reason.")
@json_option
def retry(shop_id: str | None, order_ids: tuple[str, ...], all_parked: bool, reason: str | None, as_json: bool) -> None:
    """Look at the deliveries and returns of orders (TikTok's ids) now."""
    runtime = get_runtime()
    if sum(map(bool, (order_ids, all_parked, reason))) != 1:
        raise click.UsageError("Name the orders, or use --all or --reason, one of these.")
    for order_id in order_ids:
        if not is_order_id(order_id):
            raise click.UsageError(f"{order_id!r} is not a TikTok order id; they are digits only.")
    shop = chosen_shop(runtime, shop_id)
    if order_ids:
        count = delivery_actions.retry(runtime, shop, order_ids, by=who())
    else:
        count = delivery_actions.retry_parked(runtime, shop, code=reason, by=who())
    if count:
        trigger_fulfillment(runtime, shop.id)
    say({"shop": shop.id, "due": count}, f"The deliveries of {count} orders are looked at now.", as_json=as_json)


@deliveries.command()
@every_shop_option
@click.argument("order")
@click.option(
    "--wait", type=click.FloatRange(0), default=PATIENCE, show_default=True, metavar="SECONDS", help="At most so long."
)
@json_option
def sync(shop_id: str | None, order: str, wait: float, as_json: bool) -> None:
    """Look at one order's delivery and returns here and now, and tell what comes of it.

    ORDER is TikTok's id or Odoo's name (S00042). Ends with 1 unless all of it is in line.
    """
    runtime = get_runtime()
    shop, order_id = the_order(runtime, order, shop=runtime.shops.get(shop_id) if shop_id else None)
    followed = follow(runtime, shop, order_id, by=who(), patience=wait)
    if as_json:
        print_json({"shop": shop.id, "order": order_id, **_document(followed)})
    else:
        for line in _lines(followed):
            click.echo(line)
    if followed.outcome != "settled":
        raise click.exceptions.Exit(1)


def _document(followed: Followed) -> dict[str, Any]:
    return {
        "outcome": followed.outcome,
        "parked": followed.parked.model_dump(mode="json") if followed.parked else None,
        "problem": followed.problem.model_dump(mode="json") if followed.problem else None,
        "told": [asdict(entry) for entry in followed.told],
    }


def _lines(followed: Followed) -> Iterator[str]:
    for entry in followed.told:
        if entry.kind == "delivery":
            yield entry.text
    if followed.parked is not None:
        yield f"{followed.parked.code}: {followed.parked.message}"
        yield f"What to do: {followed.parked.remedy}"
    elif followed.problem is not None:
        yield f"It is looked at later: {followed.problem.message} {followed.problem.remedy}".rstrip()
    else:
        yield {
            "settled": "TikTok and Odoo are in line.",
            "later": "It is looked at again by itself: a label is still being made, or others are before it.",
            "not_in_odoo": "The order is not in Odoo: see tiktok-odoo orders show.",
        }[followed.outcome]
