"""``make bench-outage``: orders arrive while Odoo is away. How quick is the receiver, what does an order cost in Redis,
and how fast, how fairly and in which order are they imported when Odoo is back?

The parts are real. Orders are placed on the simulator without webhooks; the webhooks are then sent, signed, at a steady
rate by this process, which measures how long each answer takes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

from benchmarks.figures import Figure, Goal, machine, tell
from benchmarks.selling import linked_shops, open_orders
from benchmarks.steps import Progress
from benchmarks.telling import say
from benchmarks.webhooks import WebhookSender
from sandbox.client import SandboxControl
from sandbox.installation import Installation
from sandbox.scene import Seller
from sandbox.serving import serving
from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack
from worker.state.connection import connect

#: Shares of the orders; the first shop is the noisy one.
SHARES = (0.6, 0.1, 0.1, 0.1, 0.1)
PRODUCTS = [(f"OUT-{number:02}", f"Outage {number:02}", 10.0 + number, 1_000_000) for number in range(1, 21)]
#: Two batches: what two workers have in hand at once.
_IN_HAND = 100


class Outage:
    """One run."""

    def __init__(self, stack: Stack, control: SandboxControl, installation: Installation) -> None:
        self.stack = stack
        self.control = control
        self.installation = installation
        self.figures: list[Figure] = []
        self.seller: Seller

    def open(self) -> None:
        """Five shops of one seller."""
        self.stack.add_products(PRODUCTS)
        self.seller = linked_shops(self.control, self.installation, "Outage", len(SHARES), PRODUCTS)

    def arrive(self, orders: int, rate: float) -> dict[str, list[str]]:
        """Odoo is killed, and orders come; answers the ids by shop, as they came."""
        self.stack.odoo.kill()
        placed = {
            shop.id: self.control.place_orders(
                shop.id, round(orders * share), status="AWAITING_SHIPMENT", notify=False, seed=number
            )
            for number, (shop, share) in enumerate(zip(self.seller.shops, SHARES, strict=True))
        }
        say(f"{orders:,} orders are placed; sending their webhooks at {rate:g} a second")
        redis = connect(self.stack.redis.url)
        before = int(redis.info("memory")["used_memory"])
        sent = WebhookSender(self.seller.app).send_all(_mixed(placed), rate)
        took = sorted(each.seconds for each in sent)
        refused = sum(1 for each in sent if each.status != 200)
        after = int(redis.info("memory")["used_memory"])
        held = open_orders(redis, self.seller)
        text = "Odoo away: answer to a webhook"
        self._add("receiver.median", f"{text}, median", statistics.median(took) * 1000, "ms")
        self._add("receiver.p99", f"{text}, 99th percentile", took[int(len(took) * 0.99)] * 1000, "ms", Goal("<", 20))
        self._add("receiver.refused", "Odoo away: webhooks not acknowledged", refused, "webhooks", Goal("=", 0))
        self._add("held", "Odoo away: orders in the dirty sets", held, "orders", Goal("=", orders))
        self._add("memory", "Odoo away: memory of Redis for each order", (after - before) / orders, "bytes")
        return placed

    def catch_up(self, placed: dict[str, list[str]]) -> None:
        """Odoo comes back."""
        total = sum(map(len, placed.values()))
        self.stack.odoo.restart()
        began = time.monotonic()
        done: dict[str, float] = {}
        progress = Progress()

        def all_in() -> bool:
            rows = self.stack.sql("SELECT origin, count(*) FROM sale_order WHERE state = 'sale' GROUP BY origin")
            counted = {shop: sum(n for origin, n in rows if shop in origin) for shop in placed}
            for shop, count in counted.items():
                if count >= len(placed[shop]):
                    done.setdefault(shop, time.monotonic() - began)
            progress.at(sum(counted.values()), f"of {total:,} orders are in Odoo")
            return len(done) == len(placed)

        wait_for(all_in, 7200, "all orders to be in Odoo")
        took = time.monotonic() - began
        self._add("catch_up.seconds", "Odoo is back: until all orders are confirmed", took, "s")
        self._add("catch_up.rate", "Odoo is back: orders a second", total / took, "orders/s")
        noisy, *others = (done[shop.id] for shop in self.seller.shops)
        text = "Odoo is back: the four small shops are through, in parts of the noisy one's time"
        self._add("catch_up.fair", text, max(others) / noisy, "", Goal("<", 0.9))
        self._add(
            "catch_up.order", "Orders overtaken by more than two batches", self._overtaken(placed), "orders", _NONE
        )
        self._add("lost", "Orders not exactly once in Odoo", self._not_once(placed), "orders", _NONE)

    def _overtaken(self, placed: dict[str, list[str]]) -> int:
        """Orders that came into Odoo much later than others of their shop that arrived after them."""
        rows = self.stack.sql("SELECT client_order_ref FROM sale_order WHERE client_order_ref IS NOT NULL ORDER BY id")
        place = {order_id: number for number, (order_id,) in enumerate(rows)}
        late = 0
        for ids in placed.values():
            ranks = {order_id: rank for rank, order_id in enumerate(sorted(ids, key=lambda each: place[each]))}
            late += sum(1 for number, order_id in enumerate(ids) if ranks[order_id] - number > _IN_HAND)
        return late

    def _not_once(self, placed: dict[str, list[str]]) -> int:
        rows = self.stack.sql(
            "SELECT client_order_ref, count(*) FROM sale_order WHERE client_order_ref IS NOT NULL GROUP BY 1"
        )
        held = dict(rows)
        return sum(1 for ids in placed.values() for order_id in ids if held.get(order_id) != 1)

    def _add(self, key: str, text: str, value: float, unit: str, goal: Goal | None = None) -> None:
        self.figures.append(Figure(f"outage.{key}", text, value, unit, goal))
        say(f"{text}: {self.figures[-1].shown}")


_NONE = Goal("=", 0)


def _mixed(placed: dict[str, list[str]]) -> list[tuple[str, str]]:
    """``(shop, order)`` in an order in which every shop sells all the time."""
    rows = [(number / len(ids), shop, order_id) for shop, ids in placed.items() for number, order_id in enumerate(ids)]
    return [(shop, order_id) for _, shop, order_id in sorted(rows)]


def main() -> int:
    """Set the scene, measure, tell."""
    parser = argparse.ArgumentParser(prog="make bench-outage", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--orders", type=int, default=20_000, help="orders that arrive while Odoo is away")
    parser.add_argument("--rate", type=float, default=50.0, help="webhooks a second")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md and docs/benchmarks.json")
    options = parser.parse_args()
    with (
        Stack("bench-outage", report=say) as stack,
        serving(stack.folder) as url,
        Installation(stack.folder, stack.environment(), url) as installation,
    ):
        installation.start_web()
        installation.start_worker()
        installation.start_beat()
        outage = Outage(stack, SandboxControl(url), installation)
        outage.open()
        outage.catch_up(outage.arrive(options.orders, options.rate))
    heading = f"{options.orders:,} orders at {options.rate:g} a second, on {machine()}."
    return tell("outage", outage.figures, heading, keep=options.write)


if __name__ == "__main__":
    sys.exit(main())
