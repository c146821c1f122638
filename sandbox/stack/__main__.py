"""``python -m sandbox.stack prepare|up``: the private stack from the command line."""

from __future__ import annotations

import signal
import time

import click

from sandbox.stack.paths import StackError
from sandbox.stack.prepare import prepare
from sandbox.stack.stack import Stack


@click.group()
def cli() -> None:
    """Private Redis, PostgreSQL and Odoo for development, tests and the demo."""


@cli.command("prepare")
def prepare_command() -> None:
    """Download and make what is missing: Odoo, its Python environment, the template database."""
    try:
        prepare(click.echo)
    except StackError as error:
        raise click.ClickException(str(error)) from error


@cli.command()
@click.option("--workers", default=4, show_default=True, help="HTTP worker processes of Odoo.")
def up(workers: int) -> None:
    """Start the servers, print the variables that point the connector at them, and stay until Ctrl-C."""
    begin = time.monotonic()
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
    try:
        with Stack("up", workers=workers, report=lambda text: click.echo(text, err=True)) as stack:
            for name, value in stack.environment().items():
                click.echo(f"export {name}={value}")
            if stack.own_odoo:
                login = stack.credentials
                click.echo("# For Odoo's web pages, and for the demo on this Odoo:")
                click.echo(f"export ODOO_ADMIN_USER={login.admin_login}")
                click.echo(f"export ODOO_ADMIN_PASSWORD={login.admin_password}")
            click.echo(f"# Up after {time.monotonic() - begin:.1f} s. Logs: {stack.folder}. Ctrl-C ends it.")
            signal.pause()
    except StackError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)


if __name__ == "__main__":
    cli()
