"""``make soak``: orders at a steady rate for half an hour. Does any process grow, does anything pile up?

The connector runs as in production: a receiver, two workers, one for stock, beat and Flower, on a real Redis and Odoo.
Every few seconds each process's memory and open files are read from ``/proc``, and Redis's keys, clients and memory
from Redis. What is flat is as high in the last third as in the one before; the first is for warming up.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.figures import DOCS, Figure, Goal, figures_table, machine, replace_section, store
from benchmarks.processes import family, open_files, resident_mb
from benchmarks.selling import linked_shops, open_orders, wait_until_mapped
from benchmarks.telling import say
from sandbox.client import SandboxControl
from sandbox.installation import Installation
from sandbox.scene import Seller
from sandbox.serving import serving
from sandbox.stack.processes import Process, wait_for
from sandbox.stack.stack import Stack
from worker.state.connection import connect

_SHOPS = 5
_SAMPLE_SECONDS = 10.0
#: Kinds of keys of which every order or webhook has one, for a week or a day: they grow with orders, not for ever.
_PASSING = ("timeline", "seen")
_FLAT = Goal("≤", 1.05)
_NO_MORE = Goal("≤", 2)


@dataclass
class Sample:
    """How all stood at one moment: MB and open files by process, keys by kind, Redis's clients and memory in MB."""

    memory: dict[str, float] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    keys: Counter[str] = field(default_factory=Counter)
    clients: int = 0
    redis_mb: float = 0.0
    waiting: int = 0


class Soak:
    """One run."""

    def __init__(self, stack: Stack, control: SandboxControl, installation: Installation, products: int) -> None:
        self.stack = stack
        self.control = control
        self.installation = installation
        self.redis = connect(stack.redis.url)
        self.broker = connect(stack.redis.broker_url)
        self.products = [(f"SOAK-{number:04}", f"Soak {number}", 10.0, 1_000_000) for number in range(products)]
        self.processes: dict[str, Process] = {}
        self.samples: list[Sample] = []
        self.seller: Seller

    def open(self) -> None:
        """Start everything; five shops sell the same products, and their stock is pushed."""
        start = self.installation
        self.processes = {
            "receiver": start.start_web(),
            "worker-1": start.start_worker("worker-1"),
            "worker-2": start.start_worker("worker-2"),
            "stock": start.start_worker("stock", "--queues", "inventory", "--concurrency", "1"),
            "beat": start.start_beat(),
            "Flower": start.start_flower(),
            "Redis": self.stack.redis,
        }
        self.stack.add_products(self.products)
        self.seller = linked_shops(self.control, start, "Soak", _SHOPS, self.products)
        wait_until_mapped(start, _SHOPS * len(self.products))
        for shop in self.seller.shops:
            start.cli("inventory", "push", "--shop", shop.id, "--apply")

    def run(self, minutes: float, rate: float) -> list[Figure]:
        """Orders come at ``rate`` a second for ``minutes``."""
        count = round(minutes * 60 * rate)
        say(f"{count:,} orders over {_SHOPS} shops at {rate:g} a second")
        for number, shop in enumerate(self.seller.shops):
            self.control.place_orders(shop.id, count // _SHOPS, rate=rate / _SHOPS, seed=number)
        began = time.monotonic()
        while self.control.stats()["traffic_running"]:
            due = began + len(self.samples) * _SAMPLE_SECONDS
            time.sleep(max(0.0, due - time.monotonic()))
            self.samples.append(self._look())
            if len(self.samples) % 6 == 0:
                say(f"{self._sold():,} orders are in Odoo, {self.samples[-1].waiting:,} wait")
        placed = time.monotonic()
        wait_for(lambda: not self._waiting(), 3600, "all orders to be in Odoo")
        behind = time.monotonic() - placed
        return self._figures(count, placed - began, behind)

    def _sold(self) -> int:
        return int(self.stack.sql("SELECT count(*) FROM sale_order WHERE state IN ('sale', 'cancel')")[0][0])

    def _waiting(self) -> int:
        return open_orders(self.redis, self.seller)

    def _look(self) -> Sample:
        sample = Sample(waiting=self._waiting())
        for name, process in self.processes.items():
            pids = family(process.pid)
            sample.memory[name] = sum(map(resident_mb, pids))
            sample.files[name] = sum(map(open_files, pids))
        for database in (self.redis, self.broker):
            sample.keys.update(name.split(":")[1] for name in database.scan_iter(count=5000))
        sample.clients = int(self.redis.info("clients")["connected_clients"])
        sample.redis_mb = int(self.redis.info("memory")["used_memory"]) / 1e6
        return sample

    def _figures(self, orders: int, seconds: float, behind: float) -> list[Figure]:
        found = [
            Figure("soak.orders", "Orders placed", orders, "orders"),
            Figure("soak.minutes", "In", seconds / 60, "min"),
            Figure("soak.rate", "Rate", orders / seconds, "orders/s"),
            Figure("soak.waiting", "Most orders that waited at once", max(s.waiting for s in self.samples), "orders"),
            Figure("soak.behind", "From the last order to all being in Odoo", behind, "s"),
        ]
        for name in self.processes:
            before, after = self._thirds(lambda sample, name=name: sample.memory[name])  # type: ignore[misc]
            text = f"Memory of {name}, in the last third"
            found.append(Figure(f"soak.memory.{_key(name)}", text, after, "MB"))
            if name != "Redis":  # its keys of the last day and week grow, see below
                text = f"Memory of {name}, last third to the one before"
                found.append(Figure(f"soak.growth.{_key(name)}", text, after / before, "", _FLAT))
        for name in self.processes:
            before, after = self._thirds(lambda sample, name=name: sample.files[name])  # type: ignore[misc]
            text = f"Open files of {name}, more than in the third before"
            found.append(Figure(f"soak.files.{_key(name)}", text, after - before, "files", _NO_MORE))
        before, after = self._thirds(lambda sample: sample.clients)
        found.append(Figure("soak.clients", "Connections to Redis, more than before", after - before, "", _NO_MORE))
        lasting = self._thirds(lambda sample: sum(n for kind, n in sample.keys.items() if kind not in _PASSING))
        text = "Keys in Redis but those of single orders and webhooks, more than before"
        found.append(Figure("soak.keys", text, lasting[1] - lasting[0], "keys", Goal("≤", 5)))
        first, last = self.samples[0], self.samples[-1]
        passing = sum(last.keys[kind] - first.keys[kind] for kind in _PASSING)
        text = "Keys of an order and its webhooks, which end after a day or a week"
        found.append(Figure("soak.passing", text, passing / orders, "keys/order"))
        grown = (last.redis_mb - first.redis_mb) * 1e6 / orders
        found.append(Figure("soak.redis", "Memory of Redis for each order of the last week", grown, "bytes"))
        return found

    def _thirds(self, value: Callable[[Sample], float]) -> tuple[float, float]:
        """The median of the second third of the time, and that of the last."""
        third = len(self.samples) // 3
        values = list(map(value, self.samples))
        return statistics.median(values[third : 2 * third]), statistics.median(values[2 * third :])

    def kinds(self) -> Mapping[str, tuple[int, int]]:
        """Keys by kind, at the first and at the last look, where there are others."""
        first, last = self.samples[0].keys, self.samples[-1].keys
        return {kind: (first[kind], last[kind]) for kind in sorted({*first, *last}) if first[kind] != last[kind]}


def _key(name: str) -> str:
    return name.lower().replace("-", "_")


def main() -> int:
    """Set the scene, wait, tell."""
    parser = argparse.ArgumentParser(prog="make soak", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--minutes", type=float, default=30.0, help="for which orders come")
    parser.add_argument("--rate", type=float, default=20.0, help="orders a second over all shops")
    parser.add_argument("--products", type=int, default=400, help="that every shop sells")
    parser.add_argument("--write", action="store_true", help="write docs/reliability.md and docs/reliability.json")
    options = parser.parse_args()
    with (
        Stack("soak", report=say) as stack,
        serving(stack.folder) as url,
        Installation(stack.folder, stack.environment(), url) as installation,
    ):
        soak = Soak(stack, SandboxControl(url), installation, options.products)
        soak.open()
        figures = soak.run(options.minutes, options.rate)
    table = figures_table(figures)
    print(table)
    for kind, (first, last) in soak.kinds().items():
        say(f"Keys {kind}: {first:,} at first, {last:,} at last")
    if options.write:
        replace_section(DOCS / "reliability.md", "soak", "make soak", f"On {machine()}.\n\n{table}")
        store(DOCS / "reliability.json", "soak", figures)
    return int(any(figure.met is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
