"""``tiktok-odoo status``: how everything stands, on one screen."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click

from worker.cli.output import json_option, records, show
from worker.state.cursors import SILENT_AFTER, SILENT_REMEDY, heartbeat_age
from worker.state.inbox import counters
from worker.sync.runtime import Runtime, get_runtime

_SHOP = (
    *("shop", "name", "sync", "due", "at_work", "parked", "waiting", "oldest_due_s", "last_poll_utc"),
    *("deliveries_parked", "cancel_requests"),
    *("push_stock", "stock_due", "stock_refused", "not_mapped"),
)
#: Columns of which a number above zero needs a person.
_FOR_A_PERSON = ("parked", "deliveries_parked", "cancel_requests", "stock_refused")
_PROBLEM = ("where", "code", "problem", "remedy")


@click.command(short_help="Show shops, queues, problems and counters.")
@json_option
def status(as_json: bool) -> None:
    """Show shops, queues, problems and counters; exit code 1 when something needs a person."""
    runtime = get_runtime()
    shops = _shops(runtime)
    problems = _problems(runtime)
    counted = counters(runtime.redis)
    if as_json:
        document = {"shops": records(_SHOP, shops), "problems": records(_PROBLEM, problems), "counters": counted}
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        show(_SHOP, shops, empty="There is no shop yet.")
        show(_PROBLEM, problems, empty="No problems.")
        show(("counter", "value"), list(counted.items()), empty="Nothing was counted yet.")
    if problems or any(shop[_SHOP.index(column)] for shop in shops for column in _FOR_A_PERSON):
        raise click.exceptions.Exit(1)


def _shops(runtime: Runtime) -> list[tuple[Any, ...]]:
    rows = []
    for shop in runtime.shops.all():
        counts = runtime.queue(shop.id).counts()
        polled = runtime.cursors.last_poll(shop.id)
        last_poll = datetime.fromtimestamp(polled, UTC).strftime("%Y-%m-%d %H:%M:%S") if polled else None
        state = "on" if shop.enabled else "off"
        numbers = (counts.due, counts.leased, counts.parked, counts.waiting, round(counts.oldest_due))
        deliveries = (runtime.fulfillment_queue(shop.id).count_parked(), len(runtime.fulfillment(shop.id).requests()))
        stock = runtime.inventory_queue(shop.id)
        refused = stock.count_parked()
        unmapped = sum(1 for each in runtime.catalog(shop.id).listings().values() if each.variant_id is None)
        on_tiktok = (shop.settings.push_stock, stock.open_count() - refused, refused, unmapped)
        rows.append((shop.id, shop.name, state, *numbers, last_poll, *deliveries, *on_tiktok))
    return rows


def _problems(runtime: Runtime) -> list[tuple[Any, ...]]:
    rows = [(problem.scope, problem.code, problem.message, problem.remedy) for problem in runtime.problems.all()]
    for account in runtime.accounts.all():
        if account.authorization == "needed":
            remedy = f"`tiktok-odoo accounts reauthorize {account.id}`"
            rows.append((f"account {account.id}", "reauthorize", account.authorization_reason, remedy))
    age = heartbeat_age(runtime.redis)
    if age is None or age > SILENT_AFTER:
        seen = "never" if age is None else f"{age:.0f} s ago"
        rows.append(("workers", "no_heartbeat", f"The last heartbeat task was completed {seen}.", SILENT_REMEDY))
    return rows
