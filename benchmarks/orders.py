"""``make bench-orders``: how fast orders come into Odoo, against the plain way and against what Odoo can do at all.

Three ways, one after the other, on one Odoo with the same two HTTP workers and the same orders: (a) the plain way, one
``create`` and one ``action_confirm`` call an order through odoorpc; (b) the ceiling, batches made inside Odoo by as
many ``odoo shell`` processes as Odoo has workers; (c) the connector, from orders that are due to orders confirmed.
"""

from __future__ import annotations

import argparse
import json
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from benchmarks.figures import Figure, Goal, machine, tell
from benchmarks.in_process import order_lines
from benchmarks.latency import Confirmations, at_rate, one_by_one, percentile
from benchmarks.plots import draw
from benchmarks.processes import PeakMemory, cpu_seconds, family
from benchmarks.selling import linked_shops, open_orders, wait_until_mapped
from benchmarks.telling import say
from sandbox.client import SandboxControl
from sandbox.installation import Installation
from sandbox.scene import Seller
from sandbox.serving import serving
from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack
from worker.state.connection import connect

_SHOPS = 5
_LINES = 3
_LIKE: dict[str, Any] = {"status": "AWAITING_SHIPMENT", "lines": _LINES}
#: Orders of a call or transaction, and HTTP workers of Odoo: those of the connector's own defaults.
_BATCH = 50
_ODOO_WORKERS = 2
#: Orders are placed before their webhooks are sent: no poll is to find them first.
_SETTINGS = {"POLL_INTERVAL": "3600"}
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Sampled:
    """How many orders were confirmed at a moment, and the CPU seconds used so far by the connector and by Odoo."""

    at: float
    confirmed: int
    worker_cpu: float
    odoo_cpu: float


class Orders:
    """One run."""

    def __init__(self, stack: Stack, control: SandboxControl, installation: Installation, token: str) -> None:
        self.stack = stack
        self.control = control
        self.installation = installation
        self._token = token
        self.figures: list[Figure] = []
        self.seller: Seller

    def open(self, products: int) -> None:
        """Five shops of one seller sell the same products."""
        rows = [(f"ORD-{number:04}", f"Order {number}", 10.0, 1_000_000.0) for number in range(products)]
        self.stack.add_products(rows)
        self.seller = linked_shops(self.control, self.installation, "Orders", _SHOPS, rows)
        wait_until_mapped(self.installation, _SHOPS * products)

    def warm_up(self, count: int) -> None:
        """Odoo's caches and PostgreSQL's statistics are as after a day of work."""
        say(f"Warming up with {count} orders")
        self._place(count, 1)
        wait_for(lambda: self._confirmed() >= count, 600, "the first orders")
        self.stack.sql("ANALYZE")
        time.sleep(5)
        rest = self._memory()
        rest.look()
        self._tell_memory("rest", "at rest", rest)

    def _memory(self) -> PeakMemory:
        names = {"receiver": "web", "worker": "worker-1", "beat": "beat"}
        return PeakMemory({name: self.installation.process(process) for name, process in names.items()})

    def _tell_memory(self, key: str, when: str, memory: PeakMemory) -> None:
        for name, most in memory.main.items():
            self._add(f"memory.{key}.{name}", f"Memory {when}: {name}", most, "MB")
            if child := memory.child[name]:
                goal = Goal("<", 120) if name == "worker" else None
                text = f"Memory {when}: {name}, largest child process"
                self._add(f"memory.{key}.{name}_child", text, child, "MB", goal)

    @property
    def rate(self) -> float:
        """The connector's orders a second."""
        return next(each.value for each in self.figures if each.name == "orders.rate.connector")

    def connector(self, count: int) -> list[dict[str, Any]]:
        """(c) Orders become due while no worker runs; then one runs, with as many processes as Odoo has workers."""
        worker = self.installation.process("worker-1")
        worker.stop()
        before, redis = self._confirmed(), connect(self.stack.redis.url)
        last = self.stack.sql("SELECT max(id) FROM sale_order")[0][0]
        self._place(count, 2)

        wait_for(lambda: open_orders(redis, self.seller) >= count, 300, "all orders to be due")
        calls = self._odoo_calls()
        worker.start()
        samples: list[Sampled] = []
        memory = self._memory()

        def all_in() -> bool:
            odoo = [*family(self.stack.odoo.pid), *family(self.stack.odoo.postgres.pid)]
            now = Sampled(
                time.monotonic(), self._confirmed() - before, cpu_seconds(family(worker.pid)), cpu_seconds(odoo)
            )
            if now.confirmed and not (samples and now.confirmed == samples[-1].confirmed):
                samples.append(now)
            memory.look()
            time.sleep(0.2)
            return now.confirmed >= count

        wait_for(all_in, 3600, "all orders to be in Odoo")
        first, final = samples[0], samples[-1]
        orders = final.confirmed - first.confirmed
        self._add("rate.connector", "The connector", orders / (final.at - first.at), "orders/s")
        share = (final.worker_cpu - first.worker_cpu) / (final.odoo_cpu - first.odoo_cpu)
        self._add("cpu.share", "The connector's CPU, in parts of Odoo's and its database's", share, "", Goal("≤", 0.1))
        made = self._odoo_calls() - calls
        self._add("calls", "The connector's calls of Odoo for each order", made / count, "calls", Goal("≤", 0.3))
        self._tell_memory("load", "under load", memory)
        worker.stop()
        return self._read(last)

    def latency(self, count: int, rate: float) -> None:
        """One at a time on an idle system, then at a steady ``rate``."""
        self.stack.sql("ANALYZE")
        self.installation.process("worker-1").start()
        one_by_one(self.stack, self.seller, self._place_silently(2 * _SHOPS, 3))  # the new worker's first calls
        before = self._counted("odoo_call_seconds_sum")
        took = one_by_one(self.stack, self.seller, self._place_silently(count, 4))
        text = "Webhook to confirmed order, one at a time"
        self._add("latency.median", f"{text}: median", statistics.median(took) * 1000, "ms", Goal("≤", 300))
        self._add("latency.p95", f"{text}: 95th percentile", percentile(took, 0.95) * 1000, "ms")
        time.sleep(2)  # what was counted is handed over with the last task
        odoo = (self._counted("odoo_call_seconds_sum") - before) / count
        self._add("latency.odoo", f"{text}: calls of Odoo, those after the confirmation too", odoo * 1000, "ms")
        orders = self._place_silently(round(rate * 60 / _SHOPS) * _SHOPS, 5)
        took = at_rate(Confirmations(self.stack, every=0.02), self.seller, orders, rate)
        text = f"Webhook to confirmed order, at half of the top rate ({rate:.3g} a second)"
        self._add("latency.loaded.median", f"{text}: median", statistics.median(took), "s")
        self._add("latency.loaded.p95", f"{text}: 95th percentile", percentile(took, 0.95), "s", Goal("≤", 2))

    def plain(self, orders: list[dict[str, Any]]) -> None:
        """(a) One client, one call to create and one to confirm; the buyers are there already."""
        self.stack.sql("ANALYZE")
        session = self.stack.login(self.stack.credentials.bot_login, self.stack.credentials.bot_api_key)
        began = time.monotonic()
        for order in orders:
            values = {
                "partner_id": order["partner_id"],
                "client_order_ref": order["reference"],
                "origin": "one by one",
                "order_line": order_lines(order),
            }
            (made,) = session.execute_kw("sale.order", "create", [[values]])
            session.execute_kw("sale.order", "action_confirm", [[made]])
        rate = len(orders) / (time.monotonic() - began)
        self._add("rate.plain", "One `create` and one `action_confirm` an order, one client", rate, "orders/s")

    def ceiling(self, orders: list[dict[str, Any]], *, tracked: bool = True) -> None:
        """(b) Inside Odoo, as many processes as it has workers; a transaction is as large as the connector's batch."""
        self.stack.sql("ANALYZE")
        folder = self.stack.folder / ("tracked" if tracked else "untracked")
        folder.mkdir()
        go = folder / "go"
        running = []
        for number in range(_ODOO_WORKERS):
            part, result = folder / f"part-{number}.json", folder / f"result-{number}.json"
            part.write_text(json.dumps(orders[number::_ODOO_WORKERS]), encoding="utf-8")
            running.append((self._shell(part, go, result, tracked=tracked), result))
        ready = [Path(f"{result}.ready") for _, result in running]
        wait_for(lambda: all(path.exists() for path in ready), 60, "the shells")
        go.touch()
        for shell, _ in running:
            if shell.wait(3600):
                raise RuntimeError(f"A shell ended with {shell.returncode}; see shell.log in {self.stack.folder}")
        told = [json.loads(result.read_text(encoding="utf-8")) for _, result in running]
        seconds = max(each["ended"] for each in told) - min(each["began"] for each in told)
        text = f"Made inside Odoo, {_BATCH} in a transaction, {_ODOO_WORKERS} processes"
        text, key = (text, "ceiling") if tracked else (f"{text}, nothing logged in the chatter", "ceiling_untracked")
        self._add(f"rate.{key}", text, len(orders) / seconds, "orders/s")
        conflicts = sum(each["conflicts"] for each in told)
        self._add(f"conflicts.{key}", f"{text}: transactions done again", conflicts, "transactions")

    def compare(self) -> None:
        """The ratios, which say more than rates: machines differ."""
        rate = {each.name.rpartition(".")[2]: each.value for each in self.figures if ".rate." in each.name}
        self._add("ratio.plain", "The connector, times the plain way", rate["connector"] / rate["plain"], "", _FIVE)
        text = "The connector, in parts of what is made inside Odoo"
        self._add("ratio.ceiling", text, rate["connector"] / rate["ceiling"], "", Goal("≥", 1))

    def _shell(self, orders: Path, go: Path, result: Path, *, tracked: bool) -> subprocess.Popen[bytes]:
        odoo = self.stack.odoo
        script = (
            f"import sys; sys.path.append({str(_ROOT)!r})\n"
            "from benchmarks.in_process import run\n"
            f"run(env, {str(orders)!r}, {_BATCH}, {str(go)!r}, {str(result)!r}, tracked={tracked})\n"
        )
        with (self.stack.folder / "shell.log").open("ab") as log:
            process = subprocess.Popen(
                [str(part) for part in odoo.shell_command(self.stack.database)],
                env={**odoo.environment, "PATH": "/usr/bin:/bin"},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        assert process.stdin is not None
        process.stdin.write(script.encode())
        process.stdin.close()
        return process

    def _place(self, count: int, seed: int) -> None:
        for number, shop in enumerate(self.seller.shops):
            self.control.place_orders(shop.id, count // _SHOPS, **_LIKE, seed=seed * _SHOPS + number)

    def _place_silently(self, count: int, seed: int) -> list[tuple[str, str]]:
        """Orders without webhooks; ``(shop, order)``, the shops in turn."""
        placed = [
            self.control.place_orders(shop.id, count // _SHOPS, **_LIKE, seed=seed * _SHOPS + number, notify=False)
            for number, shop in enumerate(self.seller.shops)
        ]
        ids = [shop.id for shop in self.seller.shops]
        return [pair for turn in zip(*placed, strict=True) for pair in zip(ids, turn, strict=True)]

    def _confirmed(self) -> int:
        query = "SELECT count(*) FROM sale_order WHERE state = 'sale' AND starts_with(origin, 'TikTok')"
        return int(self.stack.sql(query)[0][0])

    def _odoo_calls(self) -> float:
        return self._counted("odoo_calls_total")

    def _counted(self, metric: str) -> float:
        """The sum of a metric over all labels."""
        answer = requests.get(
            f"{self.installation.web_url}/metrics", headers={"Authorization": f"Bearer {self._token}"}, timeout=30
        )
        answer.raise_for_status()
        lines = [line for line in answer.text.splitlines() if line.startswith(f"tiktok_odoo_{metric}")]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def _read(self, after: int) -> list[dict[str, Any]]:
        """The connector's orders as Odoo has them, to be made once more in other ways."""
        rows = self.stack.sql(
            """
            SELECT o.client_order_ref, o.partner_id,
                   jsonb_build_object('name', b.name, 'email', b.email, 'phone', b.phone),
                   jsonb_build_object('name', a.name, 'street', a.street, 'city', a.city, 'zip', a.zip,
                                      'country_id', a.country_id, 'state_id', a.state_id, 'phone', a.phone),
                   (SELECT jsonb_agg(jsonb_build_object(
                       'product_id', l.product_id, 'name', l.name, 'product_uom_qty', l.product_uom_qty,
                       'price_unit', l.price_unit,
                       'tax_ids', (SELECT coalesce(jsonb_agg(t.account_tax_id), '[]')
                                   FROM account_tax_sale_order_line_rel t WHERE t.sale_order_line_id = l.id)
                    ) ORDER BY l.id) FROM sale_order_line l WHERE l.order_id = o.id)
            FROM sale_order o
            JOIN res_partner b ON b.id = o.partner_id
            JOIN res_partner a ON a.id = o.partner_shipping_id
            WHERE o.id > %s AND o.state = 'sale' ORDER BY o.id
            """,
            after,
        )
        keys = ("reference", "partner_id", "buyer", "address", "lines")
        return [dict(zip(keys, row, strict=True)) for row in rows]

    def _add(self, key: str, text: str, value: float, unit: str, goal: Goal | None = None) -> None:
        self.figures.append(Figure(f"orders.{key}", text, value, unit, goal))
        say(f"{text}: {self.figures[-1].shown}")


_FIVE = Goal("≥", 5)
_PLOT = [
    ("one create, one confirm each", "orders.rate.plain"),
    ("batches inside Odoo", "orders.rate.ceiling"),
    ("the connector", "orders.rate.connector"),
]


def main() -> int:
    """Set the scene, measure, tell."""
    parser = argparse.ArgumentParser(prog="make bench-orders", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--orders", type=int, default=1500, help="orders of the connector and of the ceiling")
    parser.add_argument("--plain", type=int, default=150, help="orders of the plain way")
    parser.add_argument("--singly", type=int, default=100, help="orders that come one at a time")
    parser.add_argument("--products", type=int, default=400, help="that the orders are of")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md and docs/benchmarks.json")
    options = parser.parse_args()
    token = secrets.token_hex(16)
    with (
        Stack("bench-orders", workers=_ODOO_WORKERS, report=say) as stack,
        serving(stack.folder) as url,
        Installation(stack.folder, {**stack.environment(), **_SETTINGS, "METRICS_TOKEN": token}, url) as installation,
    ):
        installation.start_web()
        installation.start_worker()
        installation.start_beat()
        bench = Orders(stack, SandboxControl(url), installation, token)
        bench.open(options.products)
        bench.warm_up(250)
        made = bench.connector(options.orders)
        for way, count in ((bench.ceiling, options.orders), (bench.plain, options.plain)):
            measure: Callable[[list[dict[str, Any]]], None] = way
            measure(made[:count])
        bench.ceiling(made[: options.orders // 2], tracked=False)
        bench.compare()
        bench.latency(options.singly, bench.rate / 2)
    if options.write:
        draw("orders", "Orders confirmed in Odoo a second", _PLOT, bench.figures)
    heading = f"{options.orders:,} orders of {_LINES} lines each, on {machine()}."
    return tell("orders", bench.figures, heading, keep=options.write)


if __name__ == "__main__":
    sys.exit(main())
