"""``make chaos``: the run, its table and docs/reliability.json."""

from __future__ import annotations

import sys
import time

import click

from benchmarks.figures import DOCS, Figure, Goal, figures_table, machine, replace_section, store
from sandbox.chaos.deployment import Deployment
from sandbox.chaos.disk import redis_on_small_disk
from sandbox.chaos.story import Chaos, Outcome
from sandbox.client import SandboxControl
from sandbox.serving import serving
from sandbox.stack.paths import StackError
from sandbox.stack.stack import Stack


def figures(outcome: Outcome, seed: int) -> list[Figure]:
    """The run as figures with their goals."""
    found, none = outcome.audit, Goal("=", 0)
    rows = [
        Figure("chaos.seed", "Seed of the run", seed, ""),
        Figure("chaos.orders", "Orders placed in five shops", found.orders, "orders"),
        Figure("chaos.in_odoo", "of these in Odoo, confirmed or cancelled", found.in_odoo, "orders"),
        Figure("chaos.waiting", "of these unpaid, on hold, or cancelled before the import", found.waiting, "orders"),
        Figure("chaos.webhooks", "Webhooks delivered", outcome.webhooks.get("delivered", 0), "webhooks"),
        Figure("chaos.webhooks_lost", "Orders' webhooks lost", outcome.webhooks.get("lost", 0), "webhooks"),
    ]
    rows += [
        Figure(f"chaos.fault.{_key(name)}", name, count, "times", Goal("≥", 1 if "wiped" in name else 5))
        for name, count in outcome.faults.items()
    ]
    rows += [
        Figure("chaos.restarts", "Processes started again by the process manager", outcome.restarts, "times"),
        Figure("chaos.lost", "Orders lost", len(found.lost), "orders", none),
        Figure("chaos.duplicated", "Orders duplicated", len(found.duplicated), "orders", none),
        Figure("chaos.totals", "Orders with another total than TikTok's", len(found.wrong_totals), "orders", none),
        Figure("chaos.states", "Orders in another state than TikTok's", len(found.wrong_states), "orders", none),
        Figure("chaos.reconcile", "Exit code of `orders reconcile`", outcome.codes["orders reconcile"], "", none),
        Figure("chaos.stock", "Exit code of `inventory reconcile`", outcome.codes["inventory reconcile"], "", none),
        Figure("chaos.leases", "Leases left", outcome.open_leases.total(), "leases", none),
        Figure("chaos.silent", "Workers that work on nothing", outcome.silent_workers, "workers", none),
        Figure(
            "chaos.unacked",
            "Celery messages of killed workers that wait for their redelivery (after 10 minutes)",
            outcome.unacknowledged,
            "messages",
        ),
        Figure("chaos.searched", "Secrets and buyers' data looked for in logs and Redis", outcome.searched, "texts"),
        Figure("chaos.leaks", "of these found", len(outcome.leaks), "texts", none),
        Figure(
            "chaos.recovery",
            "Longest time from the end of a fault to the next order in Odoo",
            outcome.longest_recovery,
            "s",
            Goal("≤", 120),
        ),
        Figure("chaos.load", "Time in which orders came and things broke", outcome.load_seconds, "s"),
        Figure("chaos.catch_up", "From the last order to nothing being due", outcome.catch_up_seconds, "s"),
    ]
    return rows


def _key(name: str) -> str:
    return "_".join("".join(letter if letter.isalnum() else " " for letter in name.lower()).split())


def show_trouble(outcome: Outcome) -> None:
    """What is wrong, with the orders' ids."""
    found = outcome.audit
    for name in ("lost", "duplicated", "wrong_totals", "wrong_states"):
        if ids := getattr(found, name):
            click.secho(f"{name}: {', '.join(ids[:20])}{' …' if len(ids) > 20 else ''}", fg="red")
    for text in (*outcome.leaks[:20], *outcome.problems):
        click.echo(text)


def write(rows: list[Figure]) -> None:
    """Keep the table in docs/reliability.md and the figures in docs/reliability.json."""
    replace_section(DOCS / "reliability.md", "chaos", "make chaos", f"On {machine()}.\n\n{figures_table(rows)}")
    store(DOCS / "reliability.json", "chaos", rows)


@click.command()
@click.option("--orders", default=10_000, show_default=True, help="Orders over all shops.")
@click.option("--rate", default=8.0, show_default=True, help="Orders a second over all shops.")
@click.option("--times", default=5, show_default=True, help="How often each kind of fault strikes.")
@click.option("--seed", default=20261127, show_default=True, help="Decides orders, order and moments of faults.")
@click.option("--write", "keep", is_flag=True, help="Write docs/reliability.md and docs/reliability.json.")
def main(orders: int, rate: float, times: int, seed: int, keep: bool) -> None:
    """Break everything while orders come; ends with 1 when anything is lost, doubled or wrong."""
    begun = time.monotonic()

    def say(text: str) -> None:
        click.echo(f"[{time.monotonic() - begun:6.1f} s] {text}")

    with (
        Stack("chaos", report=click.echo) as stack,
        redis_on_small_disk(stack, say) as disk,
        serving(stack.folder, "--time-scale", "0.02") as url,
    ):
        say("Starting the connector: receiver, four workers (one's clock is 3 minutes late), two beats")
        with Deployment(stack, stack.folder, url, say) as deployment:
            chaos = Chaos(stack, SandboxControl(url), deployment, stack.folder, disk=disk, seed=seed, say=say)
            outcome = chaos.run(orders=orders, rate=rate, times=times)
    rows = figures(outcome, seed)
    click.echo()
    click.echo(figures_table(rows))
    show_trouble(outcome)
    if keep:
        write(rows)
    sys.exit(any(row.met is False for row in rows))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        click.echo("Stopped.")
    except (StackError, TimeoutError, RuntimeError) as error:
        click.secho(f"Error: {error}", fg="red", err=True)
        sys.exit(1)
