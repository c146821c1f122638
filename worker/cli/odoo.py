"""``tiktok-odoo odoo``: the connection to Odoo and what has to be there."""

from __future__ import annotations

import click

from worker.cli.output import audited, json_option, say, show
from worker.odoo.prepare import check, create_services
from worker.odoo.rpc import OdooRpc
from worker.sync.runtime import get_runtime


@click.group()
def odoo() -> None:
    """The connection to Odoo."""


@odoo.command("check")
@json_option
def check_odoo(as_json: bool) -> None:
    """Check that the bot user gets in and finds what it needs; exit code 1 when something is missing."""
    findings = check(get_runtime().odoo)
    rows = [("ok" if finding.ok else "fail", finding.name, finding.text, finding.remedy) for finding in findings]
    show(("result", "what", "finding", "remedy"), rows, as_json=as_json)
    if not all(finding.ok for finding in findings):
        raise click.exceptions.Exit(1)


@odoo.command()
@click.option("--user", help="A user who may create products; by default the bot user.")
@json_option
def prepare(user: str | None, as_json: bool) -> None:
    """Create the service products for shipping, fees and taxes that Odoo does not have yet."""
    runtime = get_runtime()
    gateway = runtime.odoo
    if user:
        settings = runtime.settings
        gateway = OdooRpc(
            url=settings.odoo_url,
            database=settings.odoo_db,
            user=user,
            # Asked for with --json as well: it may be piped in, and is best never an argument.
            password=click.prompt(f"Password or API key of {user}", hide_input=True, err=True),
            timeout=settings.odoo_timeout,
        )
    created = create_services(gateway)
    if created:
        audited("odoo.prepare", "", ", ".join(created))
    told = f"Created: {', '.join(created)}." if created else "Everything is there."
    say({"created": list(created)}, told, as_json=as_json)
