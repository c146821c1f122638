"""A worker that no longer takes messages ends itself, so that its process manager starts a new one.

After a dropped Redis connection a Celery worker can stay alive, answer pings and consume nothing (celery issues 8030,
8091, 10502). What gives it away: messages wait in its queues, it works on nothing and has received nothing for a while.
Or its event loop stands still, as in a read that never ends: then it sends no Celery heartbeat either (every 2 seconds
otherwise), although Redis answers. That shows also where other workers leave no messages waiting.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from billiard import active_children
from celery.signals import heartbeat_sent, task_received, worker_ready
from celery.worker import state as celery_state
from redis.exceptions import RedisError

from worker.settings import get_settings
from worker.state.connection import connect

log = structlog.get_logger(__name__)

#: Seconds in which a deaf worker may end in good order.
_LONGEST_END = 60.0


@dataclass
class Watchdog:
    """Decides whether this worker is deaf.

    :param patience: seconds for which messages may wait while this worker does nothing.
    :param waiting: how many messages wait in this worker's queues; raises redis errors while the broker is away, or
        hands out nothing.
    :param busy: whether this worker is working on something.
    """

    patience: float
    waiting: Callable[[], int]
    busy: Callable[[], bool]
    clock: Callable[[], float] = time.monotonic
    _fine_since: float = field(init=False)
    _turned: float = field(init=False)

    def __post_init__(self) -> None:
        self._fine_since = self._turned = self.clock()

    def received(self) -> None:
        """A message came in."""
        self._fine_since = self.clock()

    def turned(self) -> None:
        """The event loop turns: Celery sent its heartbeat."""
        self._turned = self.clock()

    def is_deaf(self) -> bool:
        """Whether to give up on this worker; ask every few seconds."""
        try:
            idle_with_work = self.waiting() > 0 and not self.busy()
        except RedisError:
            idle_with_work = False  # nobody can receive anything now, and a restart would not help
            self._turned = self.clock()
        if not idle_with_work:
            self._fine_since = self.clock()
        return self.clock() - min(self._fine_since, self._turned) > self.patience


_watching: list[Watchdog] = []


@heartbeat_sent.connect  # here: Celery looks for receivers before the worker is ready
def _turned(**_: Any) -> None:
    for watchdog in _watching:
        watchdog.turned()


@worker_ready.connect
def _start(sender: Any, **_: Any) -> None:
    settings = get_settings()
    prefix = sender.app.conf.broker_transport_options.get("global_keyprefix", "")
    broker = connect(settings.broker_url)
    # As the worker was started, not as it consumes now: one that was told to stop consuming is deaf as well.
    keys = [f"{prefix}{queue}" for queue in sender.app.amqp.queues]

    def waiting() -> int:
        broker.set(f"{prefix}watchdog", "", px=1)  # a Redis that is full, or a replica, refuses; it hands out nothing
        return sum(broker.llen(key) for key in keys)

    watchdog = Watchdog(
        patience=settings.worker_deaf_after,
        waiting=waiting,
        busy=lambda: bool(celery_state.reserved_requests),
    )
    task_received.connect(lambda **_: watchdog.received(), weak=False)
    _watching.append(watchdog)
    threading.Thread(target=_watch, args=(watchdog,), name="watchdog", daemon=True).start()


def _watch(watchdog: Watchdog) -> None:
    while not _gives_up(watchdog):
        pass
    log.critical("worker.deaf", seconds=watchdog.patience, action="ends itself, to be started again")
    os.kill(os.getpid(), signal.SIGTERM)
    _pause(min(_LONGEST_END, 2 * watchdog.patience))
    # An orderly end can wait for ever: for a connection that hangs, or a child that hands over its result to nobody.
    for child in active_children():
        with contextlib.suppress(OSError):
            os.kill(child.pid, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _gives_up(watchdog: Watchdog) -> bool:
    """Look once, after a pause. Nothing may end the watch: nobody else notices a worker that stands still."""
    _pause(min(5.0, watchdog.patience / 4))
    try:
        return watchdog.is_deaf()
    except Exception:
        log.exception("worker.watch_failed")
        return False


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)  # not time.sleep, which an unsteady clock can make fail
