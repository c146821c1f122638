"""What Celery on Redis is known to get wrong, each broken on purpose on real workers: no order is lost or doubled."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import celeryconfig
from sandbox.chaos.deployment import children_of
from sandbox.client import SandboxControl
from sandbox.installation import Installation
from sandbox.stack.processes import Process, wait_for
from sandbox.stack.stack import Stack
from tests.support import celery_client, linked_shop, unacknowledged
from worker.state.broker import BEAT_LOCK_SECONDS, CELERY_PREFIX
from worker.state.connection import connect
from worker.state.orders import OrderQueue

ORDERS_DETAIL = "/order/202507/orders"


def celery_with(folder: Path, settings: str) -> Path:
    """A folder in which a worker runs with other settings of Celery's: lines of Python that change celeryconfig."""
    own = folder / "other-settings"
    own.mkdir()
    text = f"import runpy\nglobals().update(runpy.run_path({str(celeryconfig.__file__)!r}))\n{settings}\n"
    (own / "celeryconfig.py").write_text(text, encoding="utf-8")
    return own


@pytest.fixture
def running(installation: Callable[..., Installation]) -> Installation:
    """Workers look at what is due every second; no poll disturbs."""
    made = installation(POLL_INTERVAL="3600", SWEEP_INTERVAL="1", ORDER_LEASE="8", TIKTOK_TIMEOUT="20")
    made.start_web("--workers", "1")
    return made


def place(simulator: SandboxControl, shop_id: str, count: int = 3) -> list[str]:
    return [simulator.place_order(shop_id, [{"seller_sku": "SKU-1", "quantity": 1}])["id"] for _ in range(count)]


def sold(stack: Stack, order_ids: list[str]) -> list[str]:
    """Which of the orders are confirmed in Odoo, one entry for each sales order."""
    rows = stack.sql(
        "SELECT client_order_ref FROM sale_order WHERE state = 'sale' AND client_order_ref = ANY(%s)", order_ids
    )
    return sorted(ref for (ref,) in rows)


def wait_until_sold(stack: Stack, order_ids: list[str], seconds: float = 60) -> None:
    wait_for(lambda: len(sold(stack, order_ids)) >= len(order_ids), seconds, "the orders to be in Odoo")


def nothing_open(stack: Stack, shop_id: str) -> bool:
    return not OrderQueue(connect(stack.redis.url), shop_id).open_count()


def log_of(process: Process) -> list[dict[str, Any]]:
    """What a process logged as JSON."""
    lines = process.log.read_text(encoding="utf-8").splitlines() if process.log.exists() else []
    return [json.loads(line) for line in lines if line.startswith("{")]


def times_begun(worker: Process, task: str) -> Counter[str]:
    """How often a worker began each message of a task, by the message's id; it must log what is for debugging."""
    begun = [row["event"] for row in log_of(worker) if row["event"].startswith("TaskPool: Apply")]
    return Counter(found[1] for event in begun if (found := re.search(rf"\('{task}', '([^']+)'", event)))


def test_a_message_that_comes_again_while_its_task_works_imports_nothing_twice(
    stack: Stack, simulator: SandboxControl, running: Installation, tmp_path: Path
) -> None:
    """Given a visibility timeout of 2 s, when a batch takes 6 s, its message comes again, to no effect."""
    short = celery_with(tmp_path, "broker_transport_options = {**broker_transport_options, 'visibility_timeout': 2}")
    telling = {"LOG_LEVEL": "DEBUG"}
    workers = [running.start_worker(name, environment=telling, cwd=short) for name in ("worker-1", "worker-2")]
    shop_id = linked_shop(simulator, running)
    simulator.slow(6, ORDERS_DETAIL)
    placed = place(simulator, shop_id)
    wait_until_sold(stack, placed)
    wait_for(lambda: nothing_open(stack, shop_id), 30, "nothing to be due")
    simulator.clear_faults()
    begun = sum((times_begun(worker, "orders.drain") for worker in workers), Counter[str]())
    assert max(begun.values()) > 1, "no message came again"
    assert sold(stack, placed) == sorted(placed)


def test_of_two_beats_one_sends_and_the_other_takes_over(
    stack: Stack, installation: Callable[..., Installation]
) -> None:
    """Given two beats, when one is killed, the other goes on after the lock's time, and no tick was sent twice."""
    running = installation(SWEEP_INTERVAL="1")
    redis = connect(stack.redis.broker_url)
    beats = [running.start_beat(name) for name in ("beat-1", "beat-2")]

    def leading() -> list[Process]:
        return [beat for beat in beats if any(row["event"].endswith("Acquired lock") for row in log_of(beat))]

    def sweeps() -> list[float]:
        """When each tick was to be worked off at the latest; nobody consumes, so all that were sent wait."""
        waiting = [json.loads(text)["headers"] for text in redis.lrange(f"{CELERY_PREFIX}inventory", 0, -1)]
        ticks = [each["expires"] for each in waiting if each["task"] == "inventory.sweep"]
        return sorted(datetime.fromisoformat(tick).timestamp() for tick in ticks)

    wait_for(lambda: len(sweeps()) >= 10, 60, "ticks")
    [leader] = leading()
    leader.kill()
    killed = len(sweeps())
    wait_for(lambda: len(sweeps()) >= killed + 5, BEAT_LOCK_SECONDS + 30, "the other beat to take over")
    assert len(leading()) == 2
    found = sweeps()
    assert min(later - earlier for earlier, later in itertools.pairwise(found)) > 0.5, found


def test_messages_that_no_worker_can_read_do_not_stop_the_others(
    stack: Stack, simulator: SandboxControl, running: Installation
) -> None:
    """Given messages of an older or newer release, they are dropped with a line in the log, and orders come in.

    Nothing is lost with them: what is due is in the dirty set, and the next sweep sends a message that fits.
    """
    worker = running.start_worker()
    shop_id = linked_shop(simulator, running)
    client = celery_client(stack)
    client.send_task("orders.import_one", [shop_id, "1"])  # a task that there is no more
    client.send_task("orders.drain", [shop_id, "a parameter that is gone"], {"batch": 5})
    client.send_task("orders.drain", ["not a shop"])
    client.send_task("orders.drain", [shop_id], serializer="pickle")
    placed = place(simulator, shop_id)
    running.start_beat()
    wait_until_sold(stack, placed)
    wait_for(lambda: nothing_open(stack, shop_id), 30, "nothing to be due")
    assert worker.running
    events = [row["event"] for row in log_of(worker)]
    assert any("unregistered task" in event and "orders.import_one" in event for event in events), events
    assert any("TypeError" in str(row) for row in log_of(worker))
    wait_for(lambda: unacknowledged(stack) == 0, 30, "every message to be acknowledged")


def test_a_worker_survives_a_message_that_is_no_message(
    stack: Stack, simulator: SandboxControl, running: Installation
) -> None:
    """Given a queue that somebody else wrote into, the worker may end over it once, but not again and again."""
    worker = running.start_worker()
    shop_id = linked_shop(simulator, running)
    connect(stack.redis.broker_url).rpush(f"{CELERY_PREFIX}orders", "{not json")
    placed = place(simulator, shop_id)
    running.start_beat()
    restarts = 0

    def imported() -> bool:
        nonlocal restarts
        if not worker.running:
            restarts += 1
            worker.kill()
            worker.start()
        return len(sold(stack, placed)) == len(placed)

    wait_for(imported, 90, "the orders to be in Odoo")
    assert restarts <= 1


def test_a_task_beyond_its_time_limit_is_ended_and_its_orders_come_in_later(
    stack: Stack, simulator: SandboxControl, running: Installation, tmp_path: Path
) -> None:
    """Given limits of 3 and 6 s, when TikTok takes 15 s for an answer, the task ends; its orders come in afterwards."""
    limited = celery_with(tmp_path, "task_soft_time_limit, task_time_limit = 3, 6")
    worker = running.start_worker(cwd=limited)
    running.start_beat()
    shop_id = linked_shop(simulator, running)
    simulator.slow(15, ORDERS_DETAIL)
    placed = place(simulator, shop_id)
    wait_for(lambda: any(row["event"] == "orders.postponed" for row in log_of(worker)), 60, "the task to be ended")
    assert sold(stack, placed) == []
    simulator.clear_faults()
    wait_until_sold(stack, placed, 90)
    assert sold(stack, placed) == sorted(placed)


def test_a_child_that_hangs_is_killed_at_the_hard_limit_and_its_orders_come_in_later(
    stack: Stack, simulator: SandboxControl, running: Installation, tmp_path: Path
) -> None:
    """Given a hard limit alone, when a task hangs, its process is killed; the lease ends and the orders come in."""
    limited = celery_with(tmp_path, "task_soft_time_limit, task_time_limit = None, 4")
    worker = running.start_worker(cwd=limited)
    running.start_beat()
    shop_id = linked_shop(simulator, running)
    simulator.slow(15, ORDERS_DETAIL)
    placed = place(simulator, shop_id)
    wait_for(lambda: "Hard time limit" in worker.log.read_text(encoding="utf-8"), 60, "the process to be killed")
    simulator.clear_faults()
    wait_until_sold(stack, placed, 90)
    assert sold(stack, placed) == sorted(placed)
    assert worker.running


def test_a_child_that_grows_is_replaced_and_loses_nothing(
    stack: Stack, simulator: SandboxControl, running: Installation, tmp_path: Path
) -> None:
    """Given a memory limit that every child is over at once, each does one task and is replaced; all orders come in."""
    small = celery_with(tmp_path, "worker_max_memory_per_child = 1000")
    worker = running.start_worker("worker-1", "--concurrency", "1", cwd=small)
    shop_id = linked_shop(simulator, running)
    placed, children = place(simulator, shop_id), set(children_of(worker.pid))
    wait_until_sold(stack, placed)
    wait_for(lambda: children.isdisjoint(children_of(worker.pid)), 30, "the children to be replaced")
    placed += place(simulator, shop_id)
    wait_until_sold(stack, placed)
    assert sold(stack, placed) == sorted(placed)


def test_a_child_that_the_kernel_kills_for_its_memory_loses_nothing(
    stack: Stack, simulator: SandboxControl, running: Installation
) -> None:
    """Given a child killed within a batch, as when memory runs out, its orders come in after the lease."""
    worker = running.start_worker("worker-1", "--concurrency", "1")
    running.start_beat()
    shop_id = linked_shop(simulator, running)
    simulator.slow(5, ORDERS_DETAIL)
    placed = place(simulator, shop_id)
    queue = OrderQueue(connect(stack.redis.url), shop_id)
    wait_for(lambda: queue.counts().leased > 0, 30, "a batch to be begun")
    for child in children_of(worker.pid):
        os.kill(child, signal.SIGKILL)
    simulator.clear_faults()
    wait_until_sold(stack, placed, 90)
    assert sold(stack, placed) == sorted(placed)
    assert worker.running


def test_a_worker_that_is_stopped_within_a_batch_finishes_it_first(
    stack: Stack, simulator: SandboxControl, running: Installation
) -> None:
    """Given a batch at work, when the worker gets SIGTERM, it ends the batch, then itself, and leaves nothing."""
    worker = running.start_worker()
    shop_id = linked_shop(simulator, running)
    simulator.slow(4, ORDERS_DETAIL)
    placed = place(simulator, shop_id, 1)
    queue = OrderQueue(connect(stack.redis.url), shop_id)
    wait_for(lambda: queue.counts().leased > 0, 30, "a batch to be begun")
    os.kill(worker.pid, signal.SIGTERM)
    wait_for(lambda: not worker.running, 40, "the worker to end")
    simulator.clear_faults()
    assert sold(stack, placed) == placed
    assert nothing_open(stack, shop_id)
    assert unacknowledged(stack) == 0
