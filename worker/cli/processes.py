"""``tiktok-odoo web|worker|beat|flower``: the processes of production, each one command with the right options set."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from worker.errors import ConfigurationError
from worker.logs import is_json
from worker.settings import get_settings
from worker.state.broker import QUEUES

#: Milliseconds; besides, Flower saves what it has seen when it ends in order.
_FLOWER_SAVES_EVERY = 300_000


def _become(program: str, *arguments: str) -> None:
    """Replace this process, so that signals and exit codes are the program's own."""
    path = Path(sys.executable).with_name(program)
    found = str(path) if path.exists() else program
    os.execvp(found, [found, *arguments])  # noqa: S606 - no shell is wanted


def _celery() -> tuple[str, ...]:
    """What comes before every command of Celery's; its banner would be the only text among lines of JSON."""
    return ("--app", "worker.app", *(("--quiet",) if is_json(get_settings()) else ()))


def gunicorn_options(bind: str, *, workers: int, threads: int, log_level: str) -> tuple[str, ...]:
    """How gunicorn runs the receiver: ``workers`` processes of ``threads`` threads each at ``bind``."""
    return (
        *("--bind", bind, "--workers", str(workers), "--threads", str(threads)),
        *("--worker-class", "gthread", "--timeout", "30", "--graceful-timeout", "20", "--keep-alive", "75"),
        # Its socket lies in the home directory and would be shared by every receiver of this user.
        "--no-control-socket",
        # A RAM disk for the workers' sign of life: on a busy disk gunicorn takes healthy workers for hung ones.
        *(("--worker-tmp-dir", "/dev/shm") if Path("/dev/shm").is_dir() else ()),  # noqa: S108
        *("--log-level", log_level),
    )


@click.command()
@click.option("--bind", help="Address and port; default: WEB_BIND.")
@click.option("--workers", default=2, show_default=True, help="Processes.")
@click.option("--threads", default=8, show_default=True, help="Threads in each process.")
def web(bind: str | None, workers: int, threads: int) -> None:
    """Run the receiver under gunicorn."""
    settings = get_settings()
    options = gunicorn_options(
        bind or settings.web_bind, workers=workers, threads=threads, log_level=settings.log_level.lower()
    )
    _become("gunicorn", *options, "web.app:create_app()")


@click.command()
@click.option("--queues", "-Q", default=",".join(QUEUES), show_default=True, help="Queues to work on.")
@click.option("--concurrency", "-c", default=2, show_default=True, help="Processes.")
@click.option("--name", "-n", default="worker@%h", show_default=True, help="Name of this worker.")
def worker(queues: str, concurrency: int, name: str) -> None:
    """Run a Celery worker."""
    unknown = set(queues.split(",")) - set(QUEUES)
    if unknown:
        raise ConfigurationError(f"There is no queue {', '.join(unknown)}.", remedy=f"Queues: {', '.join(QUEUES)}.")
    settings = get_settings()
    _become(
        "celery",
        *_celery(),
        *("worker", "--queues", queues, "--concurrency", str(concurrency)),
        *("--hostname", name, "--loglevel", settings.log_level, "--without-mingle"),
    )


@click.command()
def beat() -> None:
    """Run the scheduler. Several may run: one holds the lock in Redis, another takes over when it ends."""
    _become("celery", *_celery(), "beat", "--loglevel", get_settings().log_level)


@click.command(short_help="Run Flower, which shows workers and tasks.")
@click.option("--bind", help="Address and port; default: FLOWER_BIND.")
def flower(bind: str | None) -> None:
    """Run Flower, which shows workers and tasks; with FLOWER_DB it remembers them over a restart."""
    settings = get_settings()
    address, _, port = (bind or settings.flower_bind).rpartition(":")
    secret = settings.flower_basic_auth.get_secret_value()
    if not secret and address not in ("127.0.0.1", "localhost", "::1"):
        raise ConfigurationError(
            f"Flower would be open to everybody on {address}.", remedy="Set FLOWER_BASIC_AUTH=user:password."
        )
    if secret:
        os.environ["FLOWER_BASIC_AUTH"] = secret  # not an argument: those are visible to every user of the machine
    options = [f"--address={address}", f"--port={port}", "--max_tasks=5000"]
    if settings.flower_db:
        Path(settings.flower_db).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        options += ["--persistent=True", f"--db={settings.flower_db}", f"--state_save_interval={_FLOWER_SAVES_EVERY}"]
    if settings.flower_url_prefix:
        options.append(f"--url_prefix={settings.flower_url_prefix.strip('/')}")
    _become("celery", "--app", "worker.app", "flower", *options)
