"""``tiktok-odoo``: all that an operator does, from the command line. How commands end: see :data:`_EPILOG`."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress

import click
from kombu.exceptions import OperationalError as BrokerError

from worker import metrics
from worker.cli import (
    accounts,
    audit,
    backup,
    catalog,
    completion,
    deliveries,
    doctor,
    events,
    inventory,
    odoo,
    operators,
    orders,
    payouts,
    processes,
    shops,
    status,
)
from worker.cli.sections import Sections
from worker.errors import ConnectorError
from worker.logs import configure
from worker.settings import get_settings
from worker.state.connection import REDIS_AWAY, connect
from worker.state.metrics import hand_over

#: Every command, in the order of ``--help``.
SECTIONS: dict[str, tuple[click.Command, ...]] = {
    "Every day": (
        *(status.status, doctor.doctor, orders.orders, deliveries.deliveries),
        *(catalog.catalog, inventory.inventory, payouts.payouts, events.events, audit.audit),
    ),
    "Set up": (
        *(odoo.odoo, accounts.accounts, shops.shops, operators.operators),
        completion.completion,
    ),
    "Secrets and backups": (backup.keys, backup.backup),
    "Processes": (processes.web, processes.worker, processes.beat, processes.flower),
}

_EPILOG = """\b
Every command takes --help. Those that tell something take --json: one JSON document on standard output; what went
wrong then is one JSON document on standard error.
\b
Exit codes:
  0    all is well
  1    it did not succeed, or something needs a person
  2    wrong usage; nothing was done
  130  stopped with Ctrl-C, or a question was answered with no
\b
Settings are environment variables or lines of a file .env. To be read in the project's folder:
  docs/setup.md          how to connect TikTok Shop and Odoo, with every click
  docs/operations.md     what each error code means, and what to do
  docs/configuration.md  every setting
"""


@click.group(
    cls=Sections,
    sections=SECTIONS,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 116},
)
@click.version_option(package_name="tiktok-odoo-sync")
def cli() -> None:
    """Keep TikTok Shop and Odoo in step."""
    configure(get_settings().model_copy(update={"log_level": "WARNING"}))
    click.get_current_context().call_on_close(_hand_over)


def _hand_over() -> None:
    """What a command has counted, such as its calls of TikTok, belongs to the metrics like that of workers."""
    if metrics.pending():
        with suppress(ConnectorError):  # REDIS_URL is none: the command has said so
            hand_over(connect(get_settings().redis_url, timeout=1.0, retries=0))


def main() -> None:
    """Run a command; an error is one line that says what to do (with ``--json`` a document), never a traceback."""
    # https://no-color.org: click knows nothing of it, rich and our log heed it themselves.
    color = False if os.environ.get("NO_COLOR") else None
    as_json = "--json" in sys.argv[1:]  # read here, since what is wrong may be the usage itself
    try:
        # Outside its own mode click answers the code that a command ended with.
        code = cli(standalone_mode=False, color=color)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        if as_json:
            _tell("usage" if error.exit_code == 2 else "error", error.format_message())
        else:
            error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except ConnectorError as error:
        known = (error.code, error.message, error.remedy)
    except BrokerError:
        known = ("broker_unavailable", "Celery's broker does not answer; correct CELERY_BROKER_URL.", "")
    except REDIS_AWAY:
        known = ("redis_unavailable", "Redis does not answer. Start it, or correct REDIS_URL.", "")
    if as_json:
        _tell(*known)
    else:
        click.secho("Error: " + " ".join(filter(None, known[1:])), fg="red", err=True, color=color)
    sys.exit(1)


def _tell(code: str, message: str, remedy: str = "") -> None:
    error = {"code": code, "message": message, "remedy": remedy}
    click.echo(json.dumps({"error": error}, ensure_ascii=False), err=True)
