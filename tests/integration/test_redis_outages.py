"""A Redis that goes away or is full: workers take up their work again by themselves, and no webhook is lost."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import kombu
import kombu.common
import pytest
import requests
from celery import Celery

from sandbox.chaos.disk import redis_on_small_disk
from sandbox.chaos.proxy import FaultProxy
from sandbox.client import SandboxControl
from sandbox.installation import Installation
from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack
from tests.support import celery_client, linked_shop, unacknowledged
from worker import acknowledging
from worker.state.broker import BEAT_LOCK_SECONDS, CELERY_PREFIX
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
    client = celery_client(stack)

    def both_work() -> bool:
        """Every worker answers and completes heartbeats of now; they arrive at random, so a few are sent."""
        began = time.time()

        def done() -> bool:
            for worker in workers:
                if not worker.running:  # Celery may end over a connection that breaks while it connects
                    worker.kill()
                    worker.start()
            client.send_task("system.heartbeat", queue="orders", expires=10)
            return heartbeats_since(stack, began) == 2

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


def test_a_worker_has_all_its_places_again_when_acknowledgements_were_lost(
    stack: Stack, proxy: FaultProxy, installation: Callable[..., Installation]
) -> None:
    """Given a worker of one process, when Redis's connection breaks over each of many acknowledgements, it works on."""
    running = installation(REDIS_URL=f"redis://127.0.0.1:{proxy.port}/0", WORKER_DEAF_AFTER="3600")
    worker = running.start_worker("worker-1", "--concurrency", "1")
    client = celery_client(stack)

    def given_up() -> int:
        return worker.log.read_text().count("Couldn't ack")

    for _ in range(3):
        before = given_up()
        proxy.reset_answers(8, to=b"ZREM")
        client.send_task("system.heartbeat", queue="orders")
        wait_for(lambda: given_up() > before, 30, "the worker to give up")  # noqa: B023
        proxy.reset_answers(0)
        began = time.time()
        wait_for(lambda: works(stack, client, began), 60, "the worker to complete a heartbeat")  # noqa: B023


def test_a_worker_lives_on_when_redis_goes_away_while_it_works(
    stack: Stack, simulator: SandboxControl, installation: Callable[..., Installation]
) -> None:
    """Given a worker of two processes, one of them at work, when Redis is gone for a moment, it works on."""
    running = installation(POLL_INTERVAL="3600", TIKTOK_TIMEOUT="20")
    running.start_web("--workers", "1")
    worker = running.start_worker("worker-1", "--concurrency", "2")
    shop_id = linked_shop(simulator, running)
    client = celery_client(stack)

    simulator.slow(3, "/order/202507/orders")
    for _ in range(5):
        simulator.place_order(shop_id, [{"seller_sku": "SKU-1", "quantity": 1}])
        wait_for(lambda: unacknowledged(stack), 30, "the worker to be at work")
        stack.redis.restart()
        began = time.time()
        wait_for(lambda: not worker.running or works(stack, client, began), 60, "a heartbeat")  # noqa: B023
        assert worker.running
    simulator.clear_faults()


@pytest.mark.parametrize(("end", "left"), [("ack", 0), ("requeue", 1)])
def test_what_was_at_work_when_redis_went_away_ends_afterwards(stack: Stack, end: str, left: int) -> None:
    """Given a message at work, when Redis is gone for a moment, it ends, or comes again if its child died."""
    connection = kombu.Connection(stack.redis.broker_url, transport_options={"global_keyprefix": CELERY_PREFIX})
    assert isinstance(connection.default_channel.qos, acknowledging.QoS)
    queue = kombu.Queue("outlived")
    kombu.Producer(connection).publish("work", routing_key=queue.name, declare=[queue])
    taken: list[kombu.Message] = []
    kombu.Consumer(connection, [queue], on_message=taken.append).consume()
    control = kombu.Queue("control", kombu.Exchange("control", "fanout"), auto_delete=True)
    kombu.Consumer(connection.channel(), [control]).consume()
    while not taken:
        connection.drain_events(timeout=5)
    connection.transport.cycle.on_poll_start()  # as a worker that waits for the next message
    before = unacknowledged(stack)
    stack.redis.stop()
    connection.collect()  # as Celery does
    with kombu.common.ignore_errors(connection):
        connection.close()
    stack.redis.start().wait_ready()
    assert unacknowledged(stack) == before
    getattr(taken[0], end)()
    assert unacknowledged(stack) == before - 1 + left


def test_worker_and_beat_outlive_a_redis_that_refuses_to_write(
    stack: Stack, installation: Callable[..., Installation]
) -> None:
    """Given a worker and a beat, when Redis becomes a replica for a while, as in a fail-over, both work on."""
    running = installation(SWEEP_INTERVAL="1", WORKER_DEAF_AFTER="3")
    worker, beat = running.start_worker(), running.start_beat()
    broker = connect(stack.redis.broker_url)

    began = time.time()
    wait_for(lambda: heartbeats_since(stack, began), 60, "a heartbeat, sent by beat")
    broker.replicaof("127.0.0.1", 1)
    wait_for(lambda: "ReadOnlyError" in beat.log.read_text(), 30, "beat to notice")
    # Once a second: for longer than the watchdog has patience with a worker that is deaf.
    wait_for(lambda: worker.log.read_text().count("Frequent restarts") > 10, 60, "the worker to have tried again often")
    broker.replicaof("NO", "ONE")
    came_back = time.time()
    wait_for(lambda: heartbeats_since(stack, came_back), 60, "a heartbeat, sent by beat")
    assert worker.running
    assert beat.running


def test_beat_outlives_a_redis_that_goes_away(
    stack: Stack, proxy: FaultProxy, installation: Callable[..., Installation]
) -> None:
    """Given a beat, when Redis is cut off, wiped, killed, or away as another beat starts, one of them sends on."""
    running = installation(REDIS_URL=f"redis://127.0.0.1:{proxy.port}/0", SWEEP_INTERVAL="1")
    beats = [running.start_beat("beat-1")]
    broker = connect(stack.redis.broker_url)

    def ticks() -> int:
        return int(broker.llen(f"{CELERY_PREFIX}orders"))

    def all_goes_on() -> bool:
        before = ticks()
        wait_for(lambda: ticks() > before + 2, BEAT_LOCK_SECONDS + 30, "ticks")
        return all(beat.running for beat in beats)

    assert all_goes_on()
    proxy.cut()
    assert all_goes_on()
    broker.flushall()  # the schedule, too
    assert all_goes_on()
    stack.redis.kill()
    beats.append(running.start_beat("beat-2"))
    told = "beat.waits_for_redis"
    wait_for(lambda: all(told in beat.log.read_text() for beat in beats), 30, "both beats to notice")
    stack.redis.restart()
    assert all_goes_on()


def works(stack: Stack, client: Celery, since: float) -> bool:
    """Send a heartbeat; whether the one worker has completed one since then (seconds since the epoch)."""
    client.send_task("system.heartbeat", queue="orders", expires=10)
    return heartbeats_since(stack, since) == 1


def heartbeats_since(stack: Stack, began: float) -> int:
    """How many workers have completed a heartbeat since then (seconds since the epoch)."""
    return sum(age <= time.time() - began for age in workers_seen(connect(stack.redis.url)).values())


@contextlib.contextmanager
def full_disk(stack: Stack) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    with redis_on_small_disk(stack, print, 64) as disk:
        if disk is None:
            pytest.skip("no file system can be mounted here")
        yield disk.fill, disk.clear


@contextlib.contextmanager
def full_memory(stack: Stack) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    redis = connect(stack.redis.url)
    yield lambda: redis.config_set("maxmemory", "1mb"), lambda: redis.config_set("maxmemory", "0")


@pytest.mark.parametrize("filled", [full_disk, full_memory])
def test_a_redis_that_is_full_has_webhooks_delivered_again_and_loses_nothing(
    stack: Stack,
    simulator: SandboxControl,
    installation: Callable[..., Installation],
    filled: Callable[[Stack], AbstractContextManager[tuple[Callable[[], None], Callable[[], None]]]],
) -> None:
    """Given a shop, when Redis has no room, webhooks are answered 503 and come in once there is room."""

    def hooks() -> dict[str, int]:
        return Counter(simulator.stats()["webhooks"])

    with filled(stack) as (fill, clear):
        running = installation(POLL_INTERVAL="3600")  # so that the webhook alone brings the order in
        running.start_web("--workers", "1")
        worker, beat = running.start_worker(), running.start_beat()
        shop_id = linked_shop(simulator, running)
        ready = f"{running.web_url}/healthz/ready"
        assert requests.get(ready, timeout=10).status_code == 200

        if filled is full_disk:  # a Redis that has rewritten its file before leaves it broken when its disk is full
            connect(stack.redis.url).bgrewriteaof()
            wait_for(lambda: rewrites(stack) == 1, 60, "the append-only file to be written anew")
        fill()
        wait_for(lambda: requests.get(ready, timeout=10).status_code == 503, 20, "the receiver to notice")
        before = hooks()
        order = simulator.place_order(shop_id, [{"seller_sku": "SKU-1", "quantity": 1}])
        assert requests.get(ready, timeout=10).json()["redis"].startswith("refuses to keep anything")
        wait_for(lambda: hooks()["answered_503"] > before["answered_503"] + 1, 20, "TikTok to deliver again")
        assert hooks()["delivered"] == before["delivered"]

        clear()

        def imported() -> bool:
            return stack.sql("SELECT state FROM sale_order WHERE client_order_ref = %s", order["id"]) == [("sale",)]

        wait_for(imported, 90, "the order to be in Odoo")
        assert worker.running
        assert beat.running
        if filled is full_disk:
            wait_for(lambda: rewrites(stack) > 1, 60, "a worker to have the append-only file written anew")
            stack.redis.kill()
            stack.redis.restart()
        running.stop()


def rewrites(stack: Stack) -> int:
    """How often Redis has written its append-only file anew."""
    return stack.redis.log.read_text(encoding="utf-8").count("Background AOF rewrite finished successfully")
