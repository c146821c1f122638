"""``tiktok-odoo status``: how everything stands, on one screen."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from worker.cli.output import json_option, show
from worker.state.cursors import heartbeat_age
from worker.state.inbox import counters
from worker.sync.runtime import get_runtime


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Show shops, queues, problems and counters; exit code 1 when something needs a person."""
    runtime = get_runtime()
    rows = []
    parked = 0
    for shop in runtime.shops.all():
        counts = runtime.queue(shop.id).counts()
        polled = runtime.cursors.last_poll(shop.id)
        last_poll = datetime.fromtimestamp(polled, UTC).strftime("%Y-%m-%d %H:%M:%S") if polled else None
        parked += counts.parked
        rows.append(
            (
                *(shop.id, shop.name, "on" if shop.enabled else "off", counts.due, counts.leased, counts.parked),
                *(counts.waiting, round(counts.oldest_due), last_poll),
            )
        )
    columns = ("shop", "name", "sync", "due", "at_work", "parked", "waiting", "oldest_due_s", "last_poll_utc")
    show(columns, rows, as_json=as_json, empty="There is no shop yet.")
    problems = [(problem.scope, problem.code, problem.message, problem.remedy) for problem in runtime.problems.all()]
    for account in runtime.accounts.all():
        if account.authorization == "needed":
            remedy = f"tiktok-odoo accounts reauthorize {account.id}"
            problems.append((f"account {account.id}", "reauthorize", account.authorization_reason, remedy))
    age = heartbeat_age(runtime.redis)
    if age is None or age > 60:
        seen = "never" if age is None else f"{age:.0f} s ago"
        remedy = "Start tiktok-odoo worker and tiktok-odoo beat."
        problems.append(("workers", "no_heartbeat", f"The last heartbeat task was completed {seen}.", remedy))
    show(("where", "code", "problem", "remedy"), problems, as_json=as_json, empty="No problems.")
    show(("counter", "value"), list(counters(runtime.redis).items()), as_json=as_json, empty="Nothing was counted yet.")
    if problems or parked:
        raise click.exceptions.Exit(1)
