"""The connector as in production, a shop with something to do in it, and a browser."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.client import SandboxControl, SandboxShop
from sandbox.installation import Installation
from sandbox.scene import Seller, link, open_shops
from sandbox.stack.processes import wait_for
from sandbox.stack.stack import Stack
from tests.browser.chromium import DESKTOP, PATIENCE, Browser
from tests.support import good_weather
from worker.metrics import ORDER_LATENCY
from worker.state.connection import RedisClient, connect
from worker.state.dirty_set import DirtySet
from worker.state.fulfillment import Fulfillment
from worker.state.history import MINUTE, History, Sample
from worker.state.operators import Operators
from worker.state.orders import OrderQueue
from worker.state.shops import Shops

#: What both shops sell and Odoo has: Internal Reference, name, list price, units.
MUGS = [
    (f"MUG-{color.upper()}", f"Mug {color}", price, 500)
    for color, price in (("blue", 9.5), ("green", 9.5), ("teal", 11.0), ("amber", 12.0), ("white", 8.0))
]


@dataclass(frozen=True)
class Login:
    name: str
    password: str


@pytest.fixture(scope="package")
def connector(stack: Stack, simulator: SandboxControl) -> Iterator[Installation]:
    """Receiver with its console under gunicorn, a worker and beat; in the morning of the first day."""
    redis = connect(stack.redis.url)
    redis.flushall()
    remember_a_morning(redis)
    good_weather(simulator)
    quick = {"POLL_INTERVAL": "30", "SWEEP_INTERVAL": "1", "STOCK_INTERVAL": "30"}
    with Installation(stack.folder / "browser", {**stack.environment(), **quick}, simulator.base_url) as running:
        starts = [threading.Thread(target=start) for start in (running.start_web, running.start_worker)]
        for each in starts:
            each.start()
        for each in starts:
            each.join()
        beat = running.start_beat()
        yield running
        for process in (beat, running.process("worker-1"), running.process("web")):
            process.kill()  # a polite stop takes seconds, and nobody needs what they were at


def remember_a_morning(redis: RedisClient) -> None:
    """Three hours of made-up samples, for the charts to draw: orders in waves, a bad quarter of an hour."""
    minutes = 3 * 60
    begin = int(time.time()) // MINUTE * MINUTE - minutes * MINUTE
    imported = failed = pushed = 0
    latency = [0] * (len(ORDER_LATENCY.buckets) + 1)
    for minute in range(minutes - 1):
        wave = round(8 + 6 * math.sin(minute / 14) + 2 * math.sin(minute / 3))
        trouble = 60 <= minute < 75
        imported += wave
        pushed += 2 * wave
        failed += 3 if trouble else 0
        latency[5 if trouble else 3] += wave
        History(redis).add(
            Sample(
                at=begin + minute * MINUTE,
                lag=40.0 + minute % 7 if trouble else 1.0 + minute % 3,
                due=wave if trouble else wave // 4,
                waiting=6 + minute // 40,
                stock_due=wave // 2,
                queues={"orders": wave // 5, "inventory": wave // 3},
                totals={"imported": imported, "stock_skus": pushed, "tiktok_errors": failed},
                latency=list(latency),
            )
        )


@pytest.fixture(scope="package")
def chromium(connector: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened = Browser(connector.web_url, tmp_path_factory.mktemp("chromium"))
    yield opened
    opened.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """A window in which nobody is logged in; whatever the browser complains of fails the test."""
    chromium.look(DESKTOP)
    chromium.open("/console/login")
    chromium.driver.delete_all_cookies()
    chromium.open("/console/login")
    chromium.complaints()
    yield chromium
    assert chromium.complaints() == []


@pytest.fixture
def enter(browser: Browser, connector: Installation, stack: Stack) -> Callable[..., Login]:
    """Logs in as a new operator: ``enter("anna")``, ``enter("vera", "viewer")``."""

    def log_in(name: str, role: str = "operator") -> Login:
        operators = Operators(connect(stack.redis.url))
        if operators.find(name) is not None:
            operators.remove(name)
        login = Login(name, connector.add_operator(name, role))
        browser.open("/console/login?next=/console/audit")
        browser.fill("Name", login.name)
        browser.fill("Password", login.password)
        browser.click("Log in", leads_to="Audit trail")
        return login

    return log_in


class Trade:
    """A seller with two linked shops that sell mugs. ``parked`` is the id of an order of an unknown SKU."""

    def __init__(self, stack: Stack, tiktok: SandboxControl, seller: Seller) -> None:
        self.stack = stack
        self.tiktok = tiktok
        self.seller = seller
        self._redis = connect(stack.redis.url)
        self.parked = ""

    @property
    def shop(self) -> SandboxShop:
        return self.seller.shops[0]

    def order(self, *lines: tuple[str, int]) -> str:
        """A buyer's order of ``(seller SKU, units)`` in the first shop; answers its id."""
        wanted = [{"seller_sku": sku, "quantity": quantity} for sku, quantity in lines]
        return str(self.tiktok.place_order(self.shop.id, wanted)["id"])

    def misspelt_order(self, sku: str) -> str:
        """An order of one mug whose seller SKU Odoo does not know, when it is parked; answers its id."""
        product = {"seller_sku": sku, "title": f"Mug {sku.removeprefix('MUG-').lower()}", "price": "9.50"}
        self.tiktok.add_products(self.shop.id, [product], notify=True)
        order_id = self.order((sku, 1))
        queue = OrderQueue(self._redis, self.shop.id)
        wait_for(lambda: queue.parked(order_id), PATIENCE, "the order to be parked")
        return order_id

    def sku_id(self, sku: str) -> str:
        """TikTok's id of the seller SKU in the first shop."""
        return next(id_ for id_, each in self.tiktok.stock(self.shop.id).items() if each["seller_sku"] == sku)

    def total(self, order_id: str) -> Decimal:
        """What the order is by TikTok's figures, of which no platform paid a part."""
        return Decimal(self.tiktok.order(order_id)["payment"]["total_amount"])

    def in_odoo(self, *order_ids: str) -> bool:
        """Whether Odoo has every order, confirmed."""
        query = "SELECT client_order_ref FROM sale_order WHERE state = 'sale' AND client_order_ref = ANY(%s)"
        return {name for (name,) in self.stack.sql(query, list(order_ids))} == set(order_ids)


@pytest.fixture(scope="package")
def trade(connector: Installation, stack: Stack, simulator: SandboxControl) -> Trade:
    """Two shops, linked; orders of the day are in Odoo, one of an unknown SKU is parked."""
    stack.add_products(MUGS)
    shops = [{"name": "London Mugs", "region": "GB"}, {"name": "Berliner Tassen", "region": "DE"}]
    seller = open_shops(simulator, connector, shops)
    for shop in seller.shops:
        simulator.add_products(
            shop.id, [{"seller_sku": code, "title": name, "price": str(price)} for code, name, price, _ in MUGS]
        )
    link(simulator, connector, seller)
    trade = Trade(stack, simulator, seller)
    paid = "AWAITING_SHIPMENT"
    placed = [order_id for shop in seller.shops for order_id in simulator.place_orders(shop.id, 12, status=paid)]
    trade.parked = trade.misspelt_order("MUG-WITHE")
    wait_for(lambda: trade.in_odoo(*placed), 2 * PATIENCE, "the orders to be in Odoo")
    return trade


@dataclass(frozen=True)
class AfterSale:
    """Orders of the second shop, by their ids: of one the tracking number is missing, the buyer of one asks to cancel,
    and one comes back.
    """

    untracked: str
    asks: str
    returned: str


@pytest.fixture(scope="package")
def after_sale(connector: Installation, trade: Trade, stack: Stack, simulator: SandboxControl) -> AfterSale:
    """The second shop ships from Odoo with a carrier of its own, needs a person, and is paid."""
    redis = connect(stack.redis.url)
    shop = Shops(redis).get(trade.seller.shops[1].id)
    chosen = {"ship_when": "ready", "shipping_provider": "DHL", "shipped_on_tiktok": "validate", "returns": "picking"}
    Shops(redis).save(shop.model_copy(update={"settings": shop.settings.model_copy(update=chosen)}))
    memory, queue = Fulfillment(redis, shop.id), DirtySet(redis, "fulfillment", shop.id)

    def order(**options: str) -> str:
        return str(simulator.place_order(shop.id, [{"seller_sku": "MUG-BLUE", "quantity": 1}], **options)["id"])

    untracked, asks, returned = order(shipping_type="SELLER"), order(status="ON_HOLD"), order()
    wait_for(lambda: queue.parked(untracked), 2 * PATIENCE, "the delivery to be parked")
    simulator.request_cancel(asks)
    simulator.set_status(asks, "AWAITING_SHIPMENT")
    wait_for(lambda: memory.has_request([asks]), 2 * PATIENCE, "the buyer's request to be seen")
    wait_for(lambda: trade.in_odoo(returned), 2 * PATIENCE, "the order to be in Odoo")
    simulator.set_status(returned, "DELIVERED")
    simulator.request_return(returned)
    wait_for(lambda: memory.returns(order_id=returned), 2 * PATIENCE, "the return to be seen")
    simulator.settle(shop.id)
    connector.cli("payouts", "pull", "--shop", shop.id)
    return AfterSale(untracked, asks, returned)


@pytest.fixture
def picture(browser: Browser) -> Callable[..., None]:
    """Keeps the page for the documents, when ``SCREENSHOTS`` names a folder: ``picture("overview")``."""

    def keep(name: str, part: str = "body") -> None:
        if folder := os.environ.get("SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            browser.picture(Path(folder) / f"{name}.png", part)

    return keep
