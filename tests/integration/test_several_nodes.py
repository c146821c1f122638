"""The connector on several machines with a Redis that fails over: each node is a worker with a name of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from sandbox.client import SandboxControl
from sandbox.installation import Installation
from sandbox.stack.processes import wait_for
from sandbox.stack.redis import RedisServer, SentinelServer
from sandbox.stack.stack import Stack
from tests.support import good_weather, linked_shop, wait_until_well
from worker.state.connection import connect

MASTER = "connector"
#: A master without a replica keeps nothing then: what it acknowledged after it was cut off would be lost.
SAFE = {"min-replicas-to-write": "1", "min-replicas-max-lag": "10"}


@dataclass
class Cluster:
    """A master with two replicas, and three Sentinels."""

    master: RedisServer
    replicas: list[RedisServer]
    url: str

    def has_a_new_master(self) -> bool:
        return any(connect(each.url).info("replication")["role"] == "master" for each in self.replicas)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with contextlib.ExitStack() as running:
        master = running.enter_context(RedisServer(tmp_path / "master"))
        master.wait_ready()
        replicas = [
            running.enter_context(RedisServer(tmp_path / f"replica-{number}", replica_of=master.port))
            for number in range(2)
        ]
        for replica in replicas:
            replica.wait_ready()
        sentinels = [
            running.enter_context(
                SentinelServer(tmp_path / f"sentinel-{number}", master=MASTER, master_port=master.port)
            )
            for number in range(3)
        ]
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in sentinels)
        url = f"sentinel://{hosts}/0?master={MASTER}"
        client = connect(url)

        def all_know_each_other() -> bool:
            manager = client.connection_pool.sentinel_manager
            found = [sentinel.sentinel_masters()[MASTER] for sentinel in manager.sentinels]
            return all(each["num-slaves"] == 2 and each["num-other-sentinels"] == 2 for each in found)

        wait_for(all_know_each_other, 30, "the Sentinels to know each other and the replicas")
        for server in (master, *replicas):
            for name, value in SAFE.items():
                connect(server.url).config_set(name, value)
        yield Cluster(master, replicas, url)


def sales(stack: Stack, order_ids: list[str]) -> dict[str, list[str]]:
    rows = stack.sql("SELECT client_order_ref, state FROM sale_order WHERE client_order_ref = ANY(%s)", order_ids)
    found: dict[str, list[str]] = {}
    for order_id, state in rows:
        found.setdefault(order_id, []).append(state)
    return found


def test_given_nodes_with_queues_of_their_own_when_the_master_of_redis_dies_then_every_order_is_in_odoo_once(
    stack: Stack, simulator: SandboxControl, cluster: Cluster, tmp_path: Path
) -> None:
    good_weather(simulator)
    environment = {
        **stack.environment(),
        "REDIS_URL": cluster.url,
        "POLL_INTERVAL": "5",
        "SWEEP_INTERVAL": "2",
        "ORDER_LEASE": "10",
        "WORKER_DEAF_AFTER": "20",
    }
    with Installation(tmp_path, environment, simulator.base_url) as running:
        running.start_web()
        running.start_worker("node-a", "--queues", "orders")
        running.start_worker("node-b", "--queues", "orders,inventory,catalog,fulfillment,auth")
        running.start_beat()
        running.start_flower()
        shop_id = linked_shop(simulator, running)
        place = [{"seller_sku": "SKU-1", "quantity": 1}]
        placed = [simulator.place_order(shop_id, place)["id"] for _ in range(20)]
        wait_for(lambda: len(sales(stack, placed)) >= 5, 60, "the first orders to be in Odoo")

        cluster.master.kill()
        placed += [simulator.place_order(shop_id, place)["id"] for _ in range(20)]
        wait_for(cluster.has_a_new_master, 60, "a replica to be master")
        placed += [simulator.place_order(shop_id, place)["id"] for _ in range(20)]

        wait_for(lambda: len(sales(stack, placed)) == len(placed), 180, "all orders to be in Odoo")

        running.process("node-a").stop(40)  # the other node goes on alone
        placed += [simulator.place_order(shop_id, place)["id"] for _ in range(10)]

        once = {order_id: ["sale"] for order_id in placed}
        wait_for(lambda: sales(stack, placed) == once, 120, "every order to be confirmed in Odoo, once")
        assert all(running.process(name).running for name in ("node-b", "beat", "flower"))  # nobody starts them again

        wait_until_well(running)

        def seen_by_flower() -> bool:
            with contextlib.suppress(requests.RequestException):
                workers = requests.get(f"{running.flower_url}/workers", timeout=10)
                queues = requests.get(f"{running.flower_url}/broker", timeout=10)
                return workers.ok and "node-b@" in workers.text and queues.ok and "inventory" in queues.text
            return False

        wait_for(seen_by_flower, 60, "Flower to show the worker that is left, and the queues")
