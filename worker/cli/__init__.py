"""``tiktok-odoo``: all that an operator does, from the command line. Exit codes: 0 well, 1 not well, 2 wrong usage."""

from __future__ import annotations

import sys

import click
from kombu.exceptions import OperationalError as BrokerError

from worker.cli import accounts, backup, catalog, inventory, odoo, orders, processes, shops, status
from worker.errors import ConnectorError
from worker.logs import configure
from worker.settings import get_settings
from worker.state.connection import REDIS_AWAY


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tiktok-odoo-sync")
def cli() -> None:
    """Keep TikTok Shop and Odoo in step."""


for command in (
    *(accounts.accounts, shops.shops, catalog.catalog, inventory.inventory, orders.orders, odoo.odoo),
    *(backup.backup, backup.keys, status.status),
    *(processes.web, processes.worker, processes.beat, processes.flower),
):
    cli.add_command(command)


def main() -> None:
    """Run a command; an error is one line that says what to do, never a traceback."""
    try:
        settings = get_settings()
        configure(settings.model_copy(update={"log_level": "WARNING"}))
        # Outside its own mode click answers the code that a command ended with.
        code = cli(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except ConnectorError as error:
        click.secho(f"Error: {error}", fg="red", err=True)
        sys.exit(1)
    except BrokerError:
        click.secho("Error: Celery's broker does not answer; correct CELERY_BROKER_URL.", fg="red", err=True)
        sys.exit(1)
    except REDIS_AWAY:
        click.secho("Error: Redis does not answer. Start it, or correct REDIS_URL.", fg="red", err=True)
        sys.exit(1)
