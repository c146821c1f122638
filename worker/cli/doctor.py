"""``tiktok-odoo doctor``: everything that the connector depends on, looked at once, with a remedy for each fault."""

from __future__ import annotations

from collections import Counter

import click

from worker.cli.output import json_option, progress, show
from worker.settings import get_settings
from worker.sync.doctor import GROUPS, Finding, brief_runtime, examine, well


@click.command(short_help="Check everything, with a remedy for each fault.")
@click.option(
    "--only",
    "names",
    metavar="NAME",
    multiple=True,
    help=f"Look at this alone: {', '.join(GROUPS)}, or one check such as redis.persistence. Repeatable.",
)
@click.option("--account", metavar="ACCOUNT", help="Of the accounts, look at this one alone.")
@json_option
def doctor(names: tuple[str, ...], account: str | None, as_json: bool) -> None:
    """Check everything: Redis, Celery, Odoo, TikTok, the way in, each account and shop. Exit code 1 when one fails.

    Warnings do not count as failures. It takes a few seconds, and never more than a minute.
    """
    wanted = {name.partition(".")[0] for name in names} or set(GROUPS)
    if unknown := sorted(wanted - set(GROUPS)):
        raise click.UsageError(f"There is no check {', '.join(unknown)}; there are {', '.join(GROUPS)}.")
    with progress("Looking", as_json=as_json) as tell:
        findings = examine(brief_runtime(get_settings()), wanted, account_id=account, progress=tell)
    findings = [finding for finding in findings if not names or _is_of(finding, names)]
    columns = ("result", "what", "where", "finding", "remedy")
    rows = [(each.state, each.name, each.where, each.text, each.remedy) for each in findings]
    empty = f"There is no check {', '.join(names)}: tiktok-odoo doctor shows their names."
    show(columns, rows, as_json=as_json, empty=empty)
    if not as_json:
        click.echo(_summary(findings), err=True)
    if not findings or not well(findings):
        raise click.exceptions.Exit(1)


def _is_of(finding: Finding, names: tuple[str, ...]) -> bool:
    return finding.name in names or finding.group in names


def _summary(findings: list[Finding]) -> str:
    counts = Counter(finding.state for finding in findings)
    return f"{counts['fail']} failed, {counts['warn']} warnings, {counts['ok']} well, {counts['skipped']} skipped."
