"""``tiktok-odoo deliveries``: what is in the way of deliveries, who asks to cancel, what comes back."""

from __future__ import annotations

from typing import Any

import click

from worker.cli.output import json_option, say, show, who
from worker.cli.shop_choice import chosen_shop, chosen_shops, every_shop_option, shop_option
from worker.sync import delivery_actions
from worker.sync.delivery_view import look
from worker.sync.order_actions import is_order_id
from worker.sync.runtime import get_runtime
from worker.tasks.triggers import trigger_fulfillment

_TIME = "%Y-%m-%d %H:%M"


@click.group()
def deliveries() -> None:
    """Parcels, requests to cancel, and returns."""


@deliveries.command()
@every_shop_option
@json_option
def parked(shop_id: str | None, as_json: bool) -> None:
    """Show orders of whose delivery something is in the way, with the reason and what to do."""
    runtime = get_runtime()
    rows: list[tuple[Any, ...]] = [
        (
            *(shop.id, entry.id, entry.code, entry.message, entry.remedy),
            entry.ship_by and f"{entry.ship_by:{_TIME}}",
            entry.attempts,
        )
        for shop, entry in look(runtime, chosen_shops(runtime, shop_id)).parked
    ]
    columns = ("shop", "order", "code", "reason", "remedy", "ship_by", "attempts")
    show(columns, rows, as_json=as_json, empty="Nothing is in the way of any delivery.")


@deliveries.command()
@every_shop_option
@json_option
def requests(shop_id: str | None, as_json: bool) -> None:
    """Show buyers' requests to cancel that wait for an answer in Seller Center, the first deadline first."""
    runtime = get_runtime()
    rows: list[tuple[Any, ...]] = [
        (
            *(shop.id, each.order_id, each.cancel_id, each.reason),
            each.respond_by and f"{each.respond_by:{_TIME}}",
            f"{each.since:{_TIME}}",
        )
        for shop, each in look(runtime, chosen_shops(runtime, shop_id)).requests
    ]
    columns = ("shop", "order", "request", "reason", "answer_by", "since")
    show(columns, rows, as_json=as_json, empty="No buyer waits for an answer.")


@deliveries.command()
@every_shop_option
@json_option
def returns(shop_id: str | None, as_json: bool) -> None:
    """Show returns and refunds, newest first, and the receipts in Odoo."""
    runtime = get_runtime()
    rows: list[tuple[Any, ...]] = [
        (
            *(shop.id, each.order_id, each.id, each.type, each.status, each.units),
            *(each.amount, each.currency, each.reason, each.receipt or None, f"{each.updated_at:{_TIME}}"),
        )
        for shop, each in look(runtime, chosen_shops(runtime, shop_id)).returns
    ]
    columns: tuple[str, ...] = ("shop", "order", "return", "type", "status", "units")
    columns += ("amount", "currency", "reason", "receipt", "changed")
    show(columns, rows, as_json=as_json, empty="Nothing has come back.")


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
