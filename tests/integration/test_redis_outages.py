"""Workers whose connections to Redis break: they take up their work again by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from celery import Celery

from sandbox.chaos.proxy import FaultProxy
from sandbox.installation import Installation
from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack
from worker.state.broker import CELERY_PREFIX
from worker.state.connection import connect
from worker.state.cursors import workers_seen


@pytest.fixture
def proxy(stack: Stack) -> Iterator[FaultProxy]:
    with FaultProxy(stack.redis.port) as running:
        yield running


def test_no_worker_lives_on_deaf_after_cut_connections_and_restarts_of_redis(
    stack: Stack, proxy: FaultProxy, installation: Callable[..., Installation]
) -> None:
    """Given two workers and no watchdog, when Redis's connections break, both work on, or end and are started again."""
    running = installation(REDIS_URL=f"redis://127.0.0.1:{proxy.port}/0", WORKER_DEAF_AFTER="3600")
    workers = [running.start_worker(name) for name in ("worker-1", "worker-2")]
    client = Celery("test", broker=stack.redis.url.replace("/0", "/1"))
    client.conf.broker_transport_options = {"global_keyprefix": CELERY_PREFIX}

    def both_work() -> bool:
        """Every worker answers and completes heartbeats of now; they arrive at random, so a few are sent."""
        began = time.time()

        def done() -> bool:
            for worker in workers:
                if not worker.running:  # Celery may end over a connection that breaks while it connects
                    worker.kill()
                    worker.start()
            client.send_task("system.heartbeat", queue="orders", expires=10)
            ages = workers_seen(connect(stack.redis.url))
            return len(ages) == 2 and max(ages.values()) <= time.time() - began

        wait_for(done, 90, "both workers to complete heartbeats")
        return True

    assert both_work()
    for _ in range(4):
        proxy.cut()
        assert both_work()
    for _ in range(2):
        stack.redis.kill()
        stack.redis.restart()
        assert both_work()
    for _ in range(3):
        before = proxy.resets_done
        proxy.reset_answers(3)
        wait_for(lambda: proxy.resets_done > before, 30, "answers to be reset")  # noqa: B023
        assert both_work()
