"""Checks of Celery: its broker, its time limits, beat and the workers."""

from __future__ import annotations

from collections.abc import Iterator

from worker.app import app
from worker.errors import ConfigurationError
from worker.redis_address import celery_settings, place
from worker.settings import Settings
from worker.state.broker import QUEUES, look
from worker.state.connection import REDIS_AWAY, connect
from worker.state.cursors import SILENT_AFTER, SILENT_REMEDY, heartbeat_age
from worker.sync.doctor.finding import Finding, fail, failed_with, ok, skipped, warn
from worker.sync.runtime import Runtime

#: Seconds in which workers answer a question to all; nobody knows how many there are, so all of it is waited for.
_ROLL_CALL = 2.0


def broker(runtime: Runtime) -> Iterator[Finding]:
    """The broker answers, in a database of its own, and gives a task back later than any may run."""
    settings = runtime.settings
    try:
        seen = look(connect(settings.broker_url, timeout=3.0, retries=0))
    except ConfigurationError as error:
        yield failed_with("celery.broker", error)
        return
    except REDIS_AWAY as error:
        text = f"Celery's broker at {place(settings.broker_url)} does not answer ({type(error).__name__})."
        yield fail("celery.broker", text, "Start it, or correct CELERY_BROKER_URL.")
        yield skipped("celery.workers", "The broker does not answer.")
        return
    if place(settings.broker_url) == place(settings.redis_url):
        text = "Celery's messages are in the same Redis database as our state."
        remedy = "Give Celery a database of its own: CELERY_BROKER_URL."
        yield warn("celery.broker", text, remedy)
    else:
        yield ok("celery.broker", f"The broker answers, in a database of its own ({place(settings.broker_url)}).")
    yield _time_limits()
    if seen.beat_alive:
        yield ok("celery.beat", "A beat runs and holds the scheduler's lock.")
    else:
        yield fail("celery.beat", "No beat runs, so nothing is polled, swept or renewed.", "Start tiktok-odoo beat.")
    yield from _workers(settings)


def heartbeat(runtime: Runtime) -> Iterator[Finding]:
    """Beat sends, the broker delivers and a worker works: a heartbeat task was completed lately."""
    age = heartbeat_age(runtime.redis)
    if age is not None and age <= SILENT_AFTER:
        yield ok("celery.heartbeat", f"The last heartbeat task was completed {age:.0f} s ago.")
        return
    text = "No heartbeat task was ever completed"
    if age is not None:
        text = f"The last heartbeat task was completed {age:.0f} s ago"
    text += ", so beat or all workers are away."
    yield fail("celery.heartbeat", text, SILENT_REMEDY)


def _time_limits() -> Finding:
    limit = float(app.conf.task_time_limit or 0)
    visible = float(app.conf.broker_transport_options.get("visibility_timeout", 3600))
    text = f"A task may run {limit:.0f} s, and is delivered again after {visible:.0f} s."
    if not 0 < limit < visible:
        return fail("celery.time_limits", text, "Let visibility_timeout in celeryconfig.py be longer.")
    return ok("celery.time_limits", text)


def _workers(settings: Settings) -> Iterator[Finding]:
    consumed = active_queues(settings)
    missing = sorted(set(QUEUES) - {queue for queues in consumed.values() for queue in queues})
    text = f"{len(consumed)} answer: {', '.join(sorted(consumed))}." if consumed else "No worker answers."
    if not consumed:
        yield fail("celery.workers", text, "Start `tiktok-odoo worker`.")
        return
    yield ok("celery.workers", text)
    if missing:
        remedy = f"Start a worker for them: `tiktok-odoo worker --queues {','.join(missing)}`"
        yield fail("celery.queues", f"Nobody works on {', '.join(missing)}.", remedy)
    else:
        yield ok("celery.queues", f"Somebody works on each of {', '.join(QUEUES)}.")


def active_queues(settings: Settings) -> dict[str, list[str]]:
    """The queues that each worker says it takes messages from; one that is busy answers all the same.

    :raises redis.exceptions.ConnectionError: the broker went away meanwhile.
    """
    broker_url = celery_settings(settings.broker_url)["broker_url"]
    with app.connection_for_write(broker_url) as connection:
        answers = app.control.inspect(timeout=_ROLL_CALL, connection=connection).active_queues() or {}
    return {worker: [queue["name"] for queue in queues] for worker, queues in answers.items()}
