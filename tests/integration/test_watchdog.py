"""A worker that stops consuming ends itself, so that its process manager can start a new one."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from sandbox.chaos.deployment import children_of
from sandbox.installation import Installation
from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack
from tests.support import celery_client
from worker.state.broker import CELERY_PREFIX, QUEUES
from worker.state.connection import connect


def test_a_worker_that_consumes_nothing_ends_itself(stack: Stack, installation: Callable[..., Installation]) -> None:
    """Given a living worker whose consumers are gone, when a message waits, the worker ends and says why."""
    running = installation(WORKER_DEAF_AFTER="3")
    worker = running.start_worker("deaf")
    client = celery_client(stack)
    for queue in QUEUES:
        client.control.cancel_consumer(queue, reply=True, timeout=1)
    client.send_task("system.heartbeat", queue="orders")
    wait_for(lambda: not worker.running, 60, "the deaf worker to end itself")
    assert "worker.deaf" in worker.log.read_text()


def test_a_worker_that_cannot_end_is_ended(stack: Stack, installation: Callable[..., Installation]) -> None:
    """Given a child that never answers, when the worker ends over an error, it waits for the child; not for ever."""
    running = installation(WORKER_DEAF_AFTER="3")
    worker = running.start_worker("stuck", "--concurrency", "1")
    [child] = children_of(worker.pid)
    os.kill(child, signal.SIGSTOP)
    connect(stack.redis.broker_url).rpush(f"{CELERY_PREFIX}orders", "{not json")
    wait_for(lambda: "Unrecoverable error" in worker.log.read_text(), 30, "the worker to run into an error")
    wait_for(lambda: not worker.running, 60, "the worker to be ended")
    wait_for(lambda: not Path(f"/proc/{child}/cmdline").exists() or not is_alive(child), 10, "its child to be ended")


def is_alive(pid: int) -> bool:
    """Whether a process runs, rather than waits to be taken note of."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
