"""``tiktok-odoo events``: what TikTok told us, what was refused, and having it looked at again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from worker.cli.output import json_option, print_json, progress, records, say, show, who
from worker.cli.shop_choice import every_shop_option, moment
from worker.state.inbox import KEPT_OUTCOMES, Event
from worker.state.refused import Refusals
from worker.sync import event_actions
from worker.sync.event_actions import Replayed, Wanted
from worker.sync.runtime import Runtime, get_runtime
from worker.tasks.triggers import trigger_catalog, trigger_drain, trigger_sold
from worker.tiktok.webhooks import topic_name

_COLUMNS = ("event", "at_utc", "shop", "topic", "outcome", "orders", "products")
_REFUSED = ("at_utc", "reason", "status", "bytes", "network")
#: Seconds of one wait for the next event; shorter than the time-out of an answer from Redis.
_WAIT = 2.0


@click.group()
def events() -> None:
    """Webhooks that came in; replay them."""


def _filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that narrow events down, given to the command as ``wanted``."""
    for option in (
        click.option("--outcome", type=click.Choice(KEPT_OUTCOMES), help="Only those that ended like this."),
        click.option("--order", "order_id", metavar="ORDER", help="Only those that name this order."),
        click.option("--topic", metavar="TOPIC", help="Only this topic: TikTok's number or name of it."),
        every_shop_option,
    ):
        command = option(command)
    return command


def _wanted(chosen: dict[str, Any], since: str | None = None) -> Wanted:
    """What the options say."""
    start: datetime | None = moment(since) if since else None
    return Wanted(**{name: value or "" for name, value in chosen.items()}, since=start)


def _row(event: Event, *, as_json: bool = False) -> tuple[Any, ...]:
    named: tuple[Any, ...] = (list(event.order_ids), list(event.product_ids))
    if not as_json:
        named = (" ".join(event.order_ids), " ".join(event.product_ids))
    return event.id, f"{event.at:%Y-%m-%d %H:%M:%S}", event.shop_id, topic_name(event.topic), event.outcome, *named


@events.command("list")
@_filters
@click.option("--since", metavar="DATE", help="Only what came since then (UTC).")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Newest events to show.")
@json_option
def list_events(since: str | None, limit: int, as_json: bool, **chosen: Any) -> None:
    """Show webhooks that came in, newest first.

    The outcome is stored, or unknown_shop: it was TikTok's, but about a shop that was not linked. Of what TikTok
    delivered twice only the number is kept (webhooks_duplicate in tiktok-odoo status).
    """
    found = event_actions.find_all(get_runtime(), _wanted(chosen, since), limit=limit)
    show(_COLUMNS, [_row(event, as_json=as_json) for event in found], as_json=as_json, empty="No such event is kept.")


@events.command()
@_filters
@click.option("--lines", type=click.IntRange(0), default=10, show_default=True, help="Newest events to begin with.")
@click.option("--follow", "-f", is_flag=True, help="Go on showing what comes in, until Ctrl-C.")
@json_option
def tail(lines: int, follow: bool, as_json: bool, **chosen: Any) -> None:
    """Show the newest webhooks, oldest first, one a line; with --follow, go on as they come in.

    With --json each line is a JSON document of its own. Ctrl-C ends it with exit code 0.
    """
    runtime = get_runtime()
    wanted = _wanted(chosen)
    newest = runtime.inbox.latest(1)
    try:
        shown = event_actions.find_all(runtime, wanted, limit=lines)
        for event in reversed(shown):
            _print_line(event, as_json=as_json)
        if follow:
            # From before the first look, so that nothing falls in between.
            last = newest[0].id if newest else "0-0"
            _follow(runtime, wanted, last, {event.id for event in shown}, as_json=as_json)
    except KeyboardInterrupt:
        return


def _follow(runtime: Runtime, wanted: Wanted, last: str, shown: set[str], *, as_json: bool) -> None:
    while True:
        for event in runtime.inbox.after(last, _WAIT):
            last = event.id
            if wanted.fits(event) and event.id not in shown:
                _print_line(event, as_json=as_json)


def _print_line(event: Event, *, as_json: bool) -> None:
    if as_json:
        print_json(records(_COLUMNS, [_row(event, as_json=True)])[0])
        return
    event_id, at, shop_id, topic, outcome, orders, products = _row(event)
    words = [at, event_id, shop_id, topic, outcome]
    words += [f"order {orders}"] if orders else []
    words += [f"product {products}"] if products else []
    click.echo("  ".join(words))


@events.command("show")
@click.argument("event")
@json_option
def show_event(event: str, as_json: bool) -> None:
    """Show one webhook as it was kept, with its body."""
    found = event_actions.get(get_runtime(), event)
    row = records(_COLUMNS, [_row(found, as_json=as_json)])[0]
    row["notification"] = found.notification_id
    lines = [f"{name.replace('_', ' '):13} {value}" for name, value in row.items() if value]
    body = event_actions.pretty(found)
    say({**row, "body": event_actions.content(found)}, *lines, "", body, as_json=as_json)


@events.command()
@click.argument("event", required=False)
@_filters
@click.option("--since", metavar="DATE", help="Every event that came since then (UTC) and fits the other options.")
@json_option
def replay(event: str | None, since: str | None, as_json: bool, **chosen: Any) -> None:
    """Have the orders and products of one webhook, or of all since a date, looked at again.

    TikTok is asked how they are now, so a replay repeats and overwrites nothing. Events of a shop that was not linked
    when they came can be replayed once it is.
    """
    runtime = get_runtime()
    if bool(event) == bool(since):
        raise click.UsageError("Name one event, or say --since DATE.")
    if event and any(chosen.values()):
        raise click.UsageError("--shop, --topic, --order and --outcome go with --since.")
    if event:
        done = event_actions.replay(runtime, event_actions.get(runtime, event), by=who())
    else:
        with progress("Looking at events", as_json=as_json) as advance:
            done = event_actions.replay_all(runtime, _wanted(chosen, since), by=who(), advance=advance)
    _tell_workers(runtime, done)
    document = {
        "events": done.events,
        "orders": {shop_id: sorted(done.orders[shop_id]) for shop_id in done.shops("orders")},
        "products": {shop_id: sorted(done.products[shop_id]) for shop_id in done.shops("products")},
        "left_out": done.left_out,
    }
    say(document, done.text(), as_json=as_json)
    if not done.events and done.left_out:
        raise click.exceptions.Exit(1)


def _tell_workers(runtime: Runtime, done: Replayed) -> None:
    for shop_id in done.shops("orders"):
        trigger_sold(runtime, shop_id)
        trigger_drain(runtime, shop_id)
    for shop_id in done.shops("products"):
        trigger_catalog(runtime, shop_id)


@events.command()
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Newest refusals to show.")
@json_option
def refused(limit: int, as_json: bool) -> None:
    """Show requests that were refused as webhooks, newest first: not signed by TikTok, no JSON, too large.

    Of a flood only a sample is kept; the counters webhooks_... of tiktok-odoo status count them all.
    """
    rows = [
        (f"{each.at:%Y-%m-%d %H:%M:%S}", each.name, each.status, each.size, each.network)
        for each in Refusals(get_runtime().redis).latest(limit)
    ]
    show(_REFUSED, rows, as_json=as_json, empty="Nothing was refused.")
