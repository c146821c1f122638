"""A worker that stops consuming ends itself, so that its process manager can start a new one."""

from __future__ import annotations

from collections.abc import Callable

from celery import Celery

from sandbox.installation import Installation
from sandbox.stack.processes import wait_for
from worker.state.broker import QUEUES


def test_a_worker_that_consumes_nothing_ends_itself(installation: Callable[..., Installation]) -> None:
    """Given a living worker whose consumers are gone, when a message waits, the worker ends and says why."""
    running = installation(WORKER_DEAF_AFTER="3")
    worker = running.start_worker("deaf")
    client = Celery("test", broker=running.environment["REDIS_URL"].replace("/0", "/1"))
    client.conf.broker_transport_options = {"global_keyprefix": "tts-celery:"}
    client.conf.task_default_queue = "orders"
    for queue in QUEUES:
        client.control.cancel_consumer(queue, reply=True, timeout=1)
    client.send_task("system.heartbeat", queue="orders")
    wait_for(lambda: not worker.running, 60, "the deaf worker to end itself")
    assert "worker.deaf" in worker.log.read_text()
