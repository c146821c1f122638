"""``make demo``: two shops are linked, buyers order, webhooks get lost, a worker is killed, and Odoo has it all."""

from __future__ import annotations

import json
import shlex
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from sandbox.client import SandboxControl, SandboxShop
from sandbox.demo_delivery import Parcels
from sandbox.demo_stock import KNOWN_PRODUCTS, Shelf, listed_products
from sandbox.installation import TIKTOK_ODOO, Installation
from sandbox.scene import Seller, link, open_shops
from sandbox.serving import serving
from sandbox.stack.paths import StackError
from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack
from worker.odoo.sales import origin_of
from worker.state.connection import connect
from worker.state.cursors import Cursors
from worker.state.inbox import Inbox
from worker.state.orders import OrderQueue

#: Seconds; shorter than in production, so that a demo of a minute shows what an hour would.
SETTINGS = {
    "POLL_INTERVAL": "10",
    "SWEEP_INTERVAL": "2",
    "ORDER_LEASE": "15",
    "POLL_OVERLAP": "60",
    "STOCK_INTERVAL": "2",
    "STOCK_LEASE": "10",
    "PACKAGE_INTERVAL": "20",
}


@dataclass(frozen=True)
class Latency:
    """Seconds from a webhook's arrival to the confirmed order in Odoo."""

    count: int
    median: float
    percentile_95: float


class Demo:
    """The story, step by step; each step says what it does and when."""

    def __init__(self, stack: Stack, control: SandboxControl, installation: Installation, say: Callable[[str], None]):
        self.stack = stack
        self.control = control
        self.installation = installation
        self.say = say
        self.shelf = Shelf(stack, control, installation, say)

    def run(self, orders_per_shop: int, rate: float) -> int:
        """Play the story; answers the reconciliations' exit code."""
        seller = self.seller = self.set_up()
        self.shelf.map_products(seller.shops)
        self.shelf.stock_up()
        self.shelf.first_push(seller.shops)
        self.shelf.change(seller.shops)
        self.first_order(seller)
        self.storm(seller, orders_per_shop, rate)
        self.settle(seller)
        Parcels(self.stack, self.control, self.installation, self.say).run(seller.shops[0])
        return self.prove(seller)

    def set_up(self) -> Seller:
        """Start the connector, link a seller's two shops, put products on TikTok and half of them into Odoo."""
        self.say("Starting the connector: receiver, two workers, one for stock, beat, Flower")
        starts = [
            lambda: self.installation.start_web("--workers", "1"),
            lambda: self.installation.start_worker("worker-1"),
            lambda: self.installation.start_worker("worker-2"),
            lambda: self.installation.start_worker("stock", "--queues", "inventory"),
            self.installation.start_beat,
            self.installation.start_flower,
            lambda: self.stack.add_products(KNOWN_PRODUCTS),
        ]
        failures: list[BaseException] = []
        threads = [threading.Thread(target=_keeping_failure, args=(start, failures)) for start in starts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        self.say("A seller authorizes the app on TikTok's consent page; two shops are found")
        seller = open_shops(
            self.control,
            self.installation,
            [{"name": "Sock Drawer UK", "region": "GB"}, {"name": "Sock Drawer US", "region": "US"}],
        )
        for shop in seller.shops:
            self.control.add_products(shop.id, listed_products())
        link(self.control, self.installation, seller)
        return seller

    def first_order(self, seller: Seller) -> None:
        """One order on an idle system."""
        shop = seller.shops[0]
        started = time.monotonic()
        order = self.control.place_order(shop.id, [{"seller_sku": KNOWN_PRODUCTS[0][0], "quantity": 2}])
        wait_for(lambda: self.in_odoo(shop).get(order["id"]) == "sale", 60, "the first order in Odoo")
        self.say(f"First order {order['id']}: confirmed in Odoo {time.monotonic() - started:.1f} s after it was placed")

    def storm(self, seller: Seller, orders_per_shop: int, rate: float) -> None:
        """Orders at ``rate`` a second and shop while webhooks misbehave and a worker dies."""
        self.say(
            f"{orders_per_shop} orders per shop, {rate:g} a second each; "
            "20 % of the webhooks come twice, 20 % late, 5 % never"
        )
        self.control.webhooks(lose=0.05, duplicate=0.2, reorder=0.2, reorder_seconds=3, seed=11)
        for number, shop in enumerate(seller.shops):
            self.control.place_orders(shop.id, orders_per_shop, rate=rate, seed=20 + number)
        # By the clock, since asking the simulator over and over would slow down what is shown.
        threading.Event().wait(orders_per_shop / rate / 2)
        worker = self.installation.process("worker-2")
        self.say(f"Killing worker-2 (process group {worker.pid}) with SIGKILL in the middle of its work")
        worker.kill()
        self.meddle(seller)
        self.control.wait_for_traffic(300)
        self.say("Starting worker-2 again, as a process manager would")
        self.installation.start_worker("worker-2")

    def meddle(self, seller: Seller) -> None:
        """Some buyers cancel, some move house."""
        cancelled = moved = 0
        for shop in seller.shops:
            open_orders = [order for order in self.control.orders(shop.id) if order["status"] == "AWAITING_SHIPMENT"]
            for order in open_orders[::15]:
                self.control.cancel(order["id"], by="BUYER", reason="Changed my mind")
                cancelled += 1
            for order in open_orders[1::15]:
                self.control.change_address(order["id"], address_line1="1 New Street", full_address="1 New Street")
                moved += 1
        self.say(f"{cancelled} buyers cancel, {moved} change their address")

    def settle(self, seller: Seller) -> None:
        """Wait until nothing is due, after a poll that began when all orders were placed."""
        self.say("Waiting for the polls to find what webhooks did not tell")
        self.control.webhooks(lose=0, duplicate=0, reorder=0)
        wait_for(lambda: self.control.stats()["webhooks"]["pending"] == 0, 120, "the last webhooks")
        placed = int(time.time()) + 1

        redis = connect(self.stack.redis.url)
        cursors = Cursors(redis)
        queues = [OrderQueue(redis, shop.id) for shop in seller.shops]
        stock_is_pushed = self.shelf.settled(self.stack.redis.url, seller.shops)

        def settled() -> bool:
            polled = [cursors.last_poll(shop.id) or 0 for shop in seller.shops]
            counts = [queue.counts() for queue in queues]
            done = min(polled) > placed and not any(count.due or count.leased for count in counts)
            return done and stock_is_pushed()

        wait_for(settled, 300, "the dirty sets to be empty")

    def prove(self, seller: Seller) -> int:
        """Counts, latency and the two reconciliations."""
        on_tiktok = sum(len(self.control.orders(shop.id)) for shop in seller.shops)
        states: dict[str, int] = {}
        for shop in seller.shops:
            for state in self.in_odoo(shop).values():
                states[state] = states.get(state, 0) + 1
        hooks = self.control.stats()["webhooks"]
        latency = self.latency(seller.shops)
        click.echo()
        click.echo(f"  Orders on TikTok         {on_tiktok}")
        click.echo(f"  Sales orders in Odoo     {', '.join(f'{n} {state}' for state, n in sorted(states.items()))}")
        click.echo(f"  Webhooks                 {', '.join(f'{n} {name}' for name, n in hooks.items() if n)}")
        click.echo(
            f"  Webhook to Odoo          median {latency.median:.2f} s, 95th percentile {latency.percentile_95:.2f} s "
            f"({latency.count} orders, the killed worker's included)"
        )
        click.echo()
        codes = []
        for command in (("orders", "reconcile"), ("inventory", "reconcile")):
            self.say(f"Reconciliation: tiktok-odoo {' '.join(command)}")
            result = self.installation.cli(*command, check=False)
            click.echo(result.stdout + result.stderr)
            codes.append(result.returncode)
        return max(codes)

    def leave_something_to_do(self) -> None:
        """An order that needs a person: of a SKU that is no product of Odoo's, and must not become one by itself."""
        shop = self.seller.shops[0]
        self.installation.cli("shops", "set", shop.id, "--map-only")
        mystery = {"seller_sku": "SOCK-MISSPELT", "title": "Socks red", "price": "9.50", "quantity": 5}
        self.control.add_products(shop.id, [mystery])
        self.installation.cli("catalog", "pull", "--shop", shop.id)
        order = self.control.place_order(shop.id, [{"seller_sku": mystery["seller_sku"], "quantity": 1}])
        self.say(f"Order {order['id']} is of a SKU that Odoo does not know: map it in the console, and it goes through")

    def in_odoo(self, shop: SandboxShop) -> dict[str, str]:
        """States of the shop's sales orders by TikTok order id."""
        return {order["client_order_ref"]: order["state"] for order in self._sales(shop)}

    def latency(self, shops: list[SandboxShop]) -> Latency:
        """From the first webhook of an order to the last write on the new sales order, that is its confirmation.

        Orders that changed later (cancelled, moved) or that only a poll brought are left out.
        """
        arrived: dict[str, float] = {}
        seen: dict[str, int] = {}
        for event in Inbox(connect(self.stack.redis.url)).latest(50_000):
            order_id = json.loads(event.body).get("data", {}).get("order_id")
            if order_id:
                arrived[order_id] = float(event.id.partition("-")[0]) / 1000  # the oldest comes last
                seen[order_id] = seen.get(order_id, 0) + 1
        seconds = [
            max(0.0, self._written(order) - arrived[order["client_order_ref"]])
            for shop in shops
            for order in self._sales(shop)
            if order["state"] == "sale" and seen.get(order["client_order_ref"]) == 1
        ]
        if len(seconds) < 2:
            return Latency(len(seconds), *(seconds * 2 or [0.0, 0.0]))
        return Latency(len(seconds), statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1])

    def _written(self, order: dict[str, Any]) -> float:
        moment: datetime = order["write_date"]
        return moment.replace(tzinfo=UTC).timestamp()

    def _sales(self, shop: SandboxShop) -> list[dict[str, Any]]:
        columns = ("client_order_ref", "state", "write_date")
        if self.stack.own_odoo:  # SQL tells microseconds; Odoo's API whole seconds
            query = f"SELECT {', '.join(columns)} FROM sale_order WHERE origin = %s"
            return [dict(zip(columns, row, strict=True)) for row in self.stack.sql(query, origin_of(shop.id))]
        domain = [("origin", "=", origin_of(shop.id))]
        found = self.stack.admin().execute_kw("sale.order", "search_read", [domain, list(columns)])
        return [{**row, "write_date": datetime.fromisoformat(row["write_date"])} for row in found]


def _keeping_failure(start: Callable[[], object], failures: list[BaseException]) -> None:
    try:
        start()
    except BaseException as error:
        failures.append(error)


@click.command()
@click.option("--once", is_flag=True, help="End with the reconciliation's exit code instead of staying up.")
@click.option("--orders", default=160, show_default=True, help="Orders per shop.")
@click.option("--rate", default=3.0, show_default=True, help="Orders a second and shop.")
def main(once: bool, orders: int, rate: float) -> None:
    """Run the demo."""
    begun = time.monotonic()

    def say(text: str) -> None:
        click.echo(f"[{time.monotonic() - begun:6.1f} s] {text}")

    with (
        Stack("demo", report=click.echo) as stack,
        serving(stack.folder, "--time-scale", "0.005") as url,
        Installation(stack.folder, {**stack.environment(), **SETTINGS}, url) as installation,
    ):
        demo = Demo(stack, SandboxControl(url), installation, say)
        code = demo.run(orders, rate)
        if not once:
            demo.leave_something_to_do()
        show_addresses(stack, installation, url)
        if once:
            sys.exit(code)
        say("Everything stays up until Ctrl-C. Place orders on the simulator's page and watch them in the console.")
        threading.Event().wait()


def show_addresses(stack: Stack, installation: Installation, simulator_url: str) -> None:
    """Where to look, and a file of settings with which ``tiktok-odoo`` works on the demo."""
    password = installation.add_operator("demo")
    settings = stack.folder / "env"
    settings.touch(mode=0o600)
    settings.write_text("".join(f"export {name}={shlex.quote(v)}\n" for name, v in installation.environment.items()))
    login = ""
    if stack.own_odoo:
        login = f"  (log in as {stack.credentials.admin_login}, password {stack.credentials.admin_password})"
    rows = (
        ("Console", f"{installation.web_url}/console/  (log in as demo, password {password})"),
        ("Odoo", stack.environment()["ODOO_URL"] + login),
        ("TikTok Shop simulator", simulator_url),
        ("Flower", installation.flower_url),
        ("Receiver's health", f"{installation.web_url}/healthz/ready"),
        ("Command line", f". {settings} && {TIKTOK_ODOO} status"),
        ("Logs", str(stack.folder)),
    )
    for name, address in rows:
        click.echo(f"  {name:22} {address}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        click.echo("Stopped.")
    except (StackError, TimeoutError) as error:
        click.secho(f"Error: {error}", fg="red", err=True)
        sys.exit(1)
