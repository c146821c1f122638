"""``make bench-growth``: the same orders over 1, 50 and 500 shops. What grows with the number of shops?

Measured for each number of shops: a minute without orders (calls, messages that wait at once, Redis's keys), then
orders at a fixed total rate, the shops in turn (latency, memory), and a noisy shop that gets many orders at once while
the others get theirs as before. Once with a stub that takes a set time where Odoo would be (``benchmarks.stub_odoo``),
so that the connector is what is measured, and once with a real Odoo as far as the machine goes.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.counting import TikTokCalls
from benchmarks.figures import Figure, Goal, machine, tell
from benchmarks.latency import Confirmations, Watch, new_at_rate, percentile
from benchmarks.processes import PeakMemory
from benchmarks.selling import linked_shops, wait_until_mapped
from benchmarks.stub_odoo import StubConfirmations, StubOdooServer
from benchmarks.telling import say
from sandbox.client import SandboxControl
from sandbox.installation import Installation
from sandbox.scene import Seller
from sandbox.serving import serving
from sandbox.stack.paths import claim_run_folder
from sandbox.stack.processes import wait_for
from sandbox.stack.redis import RedisServer
from sandbox.stack.stack import Stack
from worker.redis_address import next_database
from worker.state.broker import look
from worker.state.connection import connect

_SKUS = 10
_POLL_SECONDS = 60
_ODOO_WORKERS = 2
_LATE = Goal("≤", 2.0)
PRODUCTS = [(f"GROW-{number:02}", f"Growth {number}", 10.0, 1_000_000.0) for number in range(_SKUS)]


class Growth:
    """One run with one number of shops.

    :param watch: makes a fresh watch of what is confirmed in Odoo.
    :param kind: ``stub`` or ``odoo``.
    """

    def __init__(
        self,
        redis_url: str,
        control: SandboxControl,
        installation: Installation,
        *,
        shops: int,
        kind: str,
        watch: Callable[[], Watch],
    ) -> None:
        self.kind = kind
        self.watch = watch
        self.control = control
        self.installation = installation
        self.shops = shops
        self.redis = connect(redis_url)
        self.broker = connect(next_database(redis_url))
        self.figures: list[Figure] = []
        self.seller: Seller
        self._seeds = itertools.count(1)

    def open(self) -> None:
        """All shops of one seller, selling the same products."""
        self.seller = linked_shops(self.control, self.installation, "Growth", self.shops, PRODUCTS)
        wait_until_mapped(self.installation, self.shops * _SKUS, 900)
        wait_for(lambda: not self._messages(), 300, "what linking has set off")

    def quiet(self) -> None:
        """Nothing is sold for one interval of polls."""
        calls = TikTokCalls(self.control)
        most, ends = 0, time.monotonic() + _POLL_SECONDS
        while time.monotonic() < ends:
            most = max(most, self._messages())
            time.sleep(0.05)
        made = calls.since().total() / self.shops
        keys = self.redis.dbsize()
        self._add("idle.tiktok_calls", f"no orders for {_POLL_SECONDS} s: calls to TikTok for each shop", made, "calls")
        text = f"no orders for {_POLL_SECONDS} s: most messages that waited at once"
        self._add("idle.messages", text, most, "messages", Goal("≤", 50))
        self._add("idle.keys", "keys in Redis for each shop", keys / self.shops, "keys")

    def sell(self, rate: float, seconds: int) -> float:
        """Orders at a fixed rate, the shops in turn; answers the 95th percentile of their seconds."""
        memory = PeakMemory({"worker": self.installation.process("worker-1")})
        took = new_at_rate(self.watch(), self.seller, self._turns(round(rate * seconds)), self._place, rate)
        memory.look()
        text = f"{rate:g} orders a second over all shops: webhook to confirmed order"
        late = percentile(took, 0.95)
        self._add("sell.median", f"{text}, median", statistics.median(took), "s")
        self._add("sell.p95", f"{text}, 95th percentile", late, "s", _LATE)
        self._add("sell.memory", "largest child of the worker", memory.child["worker"], "MB", Goal("<", 120))
        return late

    def noise(self, rate: float, seconds: int, orders: int) -> None:
        """One shop gets ``orders`` at once."""
        noisy, *_ = self.seller.shops
        others = [shop_id for shop_id in self._turns(round(rate * seconds)) if shop_id != noisy.id]
        burst = threading.Thread(target=self.control.place_orders, args=(noisy.id, orders))
        burst.start()
        took = new_at_rate(self.watch(), self.seller, others, self._place, rate)
        burst.join()
        text = f"one shop got {orders} orders at once, the others {rate:g} a second: those of the others"
        self._add("noise.median", f"{text}, median", statistics.median(took), "s")
        self._add("noise.p95", f"{text}, 95th percentile", percentile(took, 0.95), "s")

    def _turns(self, count: int) -> list[str]:
        """``count`` shops, one after the other, again and again."""
        return [self.seller.shops[number % self.shops].id for number in range(count)]

    def _place(self, shop_id: str) -> str:
        """An order without a webhook."""
        [order_id] = self.control.place_orders(
            shop_id, 1, status="AWAITING_SHIPMENT", notify=False, seed=next(self._seeds)
        )
        return order_id

    def _messages(self) -> int:
        return sum(look(self.broker).waiting.values())

    def _add(self, key: str, text: str, value: float, unit: str, goal: Goal | None = None) -> None:
        name = "1 shop" if self.shops == 1 else f"{self.shops} shops"
        name = f"{name}, {'stub of Odoo' if self.kind == 'stub' else 'real Odoo'}"
        self.figures.append(Figure(f"growth.{self.kind}.{self.shops}.{key}", f"{name}: {text}", value, unit, goal))
        say(f"{name}: {text}: {self.figures[-1].shown}")

    def run(self, load: Load) -> list[Figure]:
        """All of it."""
        self.installation.start_web()
        self.installation.start_worker(environment={"LOG_LEVEL": "INFO"})  # which tells when it is ready
        self.installation.start_beat()
        self.open()
        self.quiet()
        self.sell(load.rate, load.seconds)
        if self.shops > 1:
            self.noise(load.rate, load.seconds, load.noisy)
        return self.figures


@dataclass(frozen=True)
class Load:
    """Orders a second, for how many seconds, and how many the noisy shop gets."""

    rate: float
    seconds: int
    noisy: int


def with_stub(shops: int, load: Load) -> list[Figure]:
    """A run without Odoo: Redis, the connector, the simulator and the stub."""
    folder, lock = claim_run_folder("bench-growth-stub")
    with (
        lock,
        RedisServer(folder / "redis") as redis,
        StubOdooServer(folder, [code for code, *_ in PRODUCTS]) as stub,
        serving(folder) as url,
        Installation(folder, {**stub.environment(), "REDIS_URL": redis.url, **_SETTINGS}, url) as installation,
    ):
        redis.wait_ready()
        control = SandboxControl(url)
        growth = Growth(
            redis.url, control, installation, shops=shops, kind="stub", watch=lambda: StubConfirmations(stub.url)
        )
        return growth.run(load)


def with_odoo(shops: int, load: Load) -> list[Figure]:
    """A run with a real Odoo."""
    with (
        Stack("bench-growth", workers=_ODOO_WORKERS, report=say) as stack,
        serving(stack.folder) as url,
        Installation(stack.folder, {**stack.environment(), **_SETTINGS}, url) as installation,
    ):
        stack.add_products(PRODUCTS)
        control = SandboxControl(url)
        growth = Growth(
            stack.redis.url,
            control,
            installation,
            shops=shops,
            kind="odoo",
            watch=lambda: Confirmations(stack, every=0.02),
        )
        return growth.run(load)


_SETTINGS = {"POLL_INTERVAL": str(_POLL_SECONDS), "LOG_LEVEL": "WARNING"}


def main() -> int:
    """Set the scenes, measure, tell."""
    parser = argparse.ArgumentParser(prog="make bench-growth", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--shops", type=int, nargs="*", default=[1, 50, 500], help="numbers of shops with the stub")
    parser.add_argument("--real", type=int, nargs="*", default=[1, 50], help="numbers of shops with a real Odoo")
    parser.add_argument("--rate", type=float, default=10.0, help="orders a second over all shops, with the stub")
    parser.add_argument("--real-rate", type=float, default=3.0, help="the same with a real Odoo")
    parser.add_argument("--seconds", type=int, default=60, help="for which they come")
    parser.add_argument("--noisy", type=int, default=300, help="orders that the noisy shop gets at once")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md and docs/benchmarks.json")
    options = parser.parse_args()
    figures: list[Figure] = []
    for shops in options.shops:
        figures += with_stub(shops, Load(options.rate, options.seconds, options.noisy))
    for shops in options.real:
        figures += with_odoo(shops, Load(options.real_rate, options.seconds, options.noisy))
    return tell("growth", figures, f"On {machine()}.", keep=options.write)


if __name__ == "__main__":
    sys.exit(main())
