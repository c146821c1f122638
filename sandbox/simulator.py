"""All parts of one simulator, put together."""

from __future__ import annotations

import time
from collections.abc import Callable

from sandbox.after_sale_desk import AfterSaleDesk
from sandbox.api import ENDPOINTS
from sandbox.faults import FaultSwitch
from sandbox.finance import Ledger
from sandbox.gateway import Gateway
from sandbox.notifications import Notifier
from sandbox.order_desk import OrderDesk
from sandbox.package_desk import PackageDesk
from sandbox.product_desk import ProductDesk
from sandbox.routing import Routes
from sandbox.settings import Settings
from sandbox.traffic import Traffic
from sandbox.webhooks import Sender, WebhookDispatcher, http_sender
from sandbox.world import World


class Simulator:
    """One TikTok Shop.

    :param clock: epoch seconds.
    :param sender: delivers webhooks; over HTTP by default.
    """

    def __init__(
        self, settings: Settings, clock: Callable[[], float] = time.time, sender: Sender | None = None
    ) -> None:
        self.world = World(settings, clock)
        sender = sender or http_sender(settings.webhook_timeout)
        self.webhooks = WebhookDispatcher(sender, clock, settings.time_scale)
        self.notifier = Notifier(self.world, self.webhooks)
        self.desk = OrderDesk(self.world, self.notifier)
        self.products = ProductDesk(self.world, self.notifier)
        self.packages = PackageDesk(self.world, self.notifier, self.desk)
        self.after_sale = AfterSaleDesk(self.world, self.notifier, self.desk)
        self.ledger = Ledger(self.world)
        self.traffic = Traffic(self.world, self.desk)
        self.faults = FaultSwitch()
        desks = (self.products, self.packages, self.after_sale, self.ledger)
        self.gateway = Gateway(self.world, Routes(ENDPOINTS), desks)

    def reset(self) -> None:
        """Back to an empty TikTok Shop; settings stay."""
        self.traffic.stop()
        self.faults.clear()
        self.gateway.rate_limit.clear()
        self.world.clear()
        self.ledger.clear()
        self.webhooks.reset()

    def stats(self) -> dict[str, int]:
        """Counts that a person or a test wants to see at a glance."""
        world = self.world
        counted = {name: world.counters[name] for name in ("orders_placed", "orders_refused_for_stock")}
        return counted | {
            "apps": len(world.apps),
            "shops": len(world.shops),
            "products": len(world.products),
            "orders": sum(len(book) for book in world.orders.values()),
            "grants": len(world.grants_by_access),
            "traffic_running": self.traffic.running(),
        }
