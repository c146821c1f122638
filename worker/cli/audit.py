"""``tiktok-odoo audit``: who did what, and when."""

from __future__ import annotations

import click

from worker.cli.output import json_option, show
from worker.state.audit import Audit
from worker.sync.runtime import get_runtime

_COLUMNS = ("at_utc", "by", "action", "target", "detail")


@click.command(short_help="Show who changed what, newest first.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Newest entries to show.")
@json_option
def audit(limit: int, as_json: bool) -> None:
    """Show who changed what, newest first: in the console, and here (cli:LOGIN)."""
    rows = [
        (f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.by, entry.action, entry.target, entry.detail)
        for entry in Audit(get_runtime().redis).latest(limit)
    ]
    show(_COLUMNS, rows, as_json=as_json, empty="Nobody has changed anything yet.")
