"""Random but realistic orders: several units, returning buyers, discounts, shipping and fees; at once or at a rate."""

from __future__ import annotations

import logging
import random
import threading
from decimal import Decimal
from typing import Any

from sandbox.catalog import LIVE
from sandbox.errors import ControlError
from sandbox.markets import quantize
from sandbox.model import Shop, Sku
from sandbox.order_desk import OrderDesk
from sandbox.people import random_buyer
from sandbox.specs import LineSpec, OrderSpec, TrafficSpec
from sandbox.world import World

log = logging.getLogger(__name__)


class Traffic:
    """Places random orders; those at a rate come from background threads that ``stop`` ends."""

    def __init__(self, world: World, desk: OrderDesk) -> None:
        self._world = world
        self._desk = desk
        self._stop = threading.Event()
        self._running: set[threading.Thread] = set()

    def place(self, shop: Shop, spec: TrafficSpec) -> list[str]:
        """Place ``spec.count`` orders.

        :return: their ids; empty when they come in the background (``spec.rate``).
        :raises ControlError: when the shop has nothing left to sell.
        """
        shopper = Shopper(self._world, shop, spec)
        if spec.rate is None:
            return [self._desk.place(shop, shopper.next_order()).id for _ in range(spec.count)]
        stop = self._stop
        thread = threading.Thread(target=self._run, args=(shopper, spec, stop), name="traffic", daemon=True)
        self._running.add(thread)
        thread.start()
        return []

    def running(self) -> int:
        """How many background runs are not finished."""
        return len(self._running)

    def stop(self) -> None:
        """End all background runs before their next order."""
        self._stop.set()
        self._stop = threading.Event()

    def _run(self, shopper: Shopper, spec: TrafficSpec, stop: threading.Event) -> None:
        try:
            for _ in range(spec.count):
                if stop.wait(1 / (spec.rate or 1)):
                    return
                self._desk.place(shopper.shop, shopper.next_order())
        except ControlError as error:
            log.warning("traffic for shop %s ended: %s", shopper.shop.id, error)
        finally:
            self._running.discard(threading.current_thread())


class Shopper:
    """Makes up orders of one shop from a seed; about a third of them come from an earlier buyer."""

    def __init__(self, world: World, shop: Shop, spec: TrafficSpec) -> None:
        self.shop = shop
        self._world = world
        self._spec = spec
        self._chance = random.Random(spec.seed)
        self._skus = world.skus_of(shop)
        self._buyers: list[dict[str, Any]] = []

    def next_order(self) -> OrderSpec:
        """One more order.

        :raises ControlError: when no SKU has stock left.
        """
        chance = self._chance
        lines = self._lines()
        total = sum((sku.price * quantity for sku, quantity in lines), Decimal(0))
        shipping = self.shop.market.default_shipping_fee if chance.random() < 0.6 else Decimal(0)
        return OrderSpec(
            lines=tuple(LineSpec(sku_id=sku.id, quantity=quantity) for sku, quantity in lines),
            status=self._spec.status or chance.choices(("AWAITING_SHIPMENT", "ON_HOLD", "UNPAID"), (88, 8, 4))[0],
            buyer=self._buyer(),
            seller_discount=self._part(total, 0.3),
            platform_discount=self._part(total, 0.3),
            shipping_fee=shipping,
            shipping_fee_seller_discount=self._part(shipping, 0.2),
            shipping_fee_platform_discount=self._part(shipping, 0.2),
            fees={name: Decimal(amount) for name, amount in self.shop.market.fees} if chance.random() < 0.5 else {},
            shipping_type=chance.choices(("TIKTOK", "SELLER"), (7, 3))[0],
            notify=self._spec.notify,
        )

    def _lines(self) -> list[tuple[Sku, int]]:
        count = self._spec.lines or self._chance.choices((1, 2, 3), (6, 3, 1))[0]
        chosen = self._chance.sample(self._skus, min(len(self._skus), count))
        if not chosen or not all(_plenty(sku) for sku in chosen):
            # Looking at all of ten thousand SKUs takes long, so that is done only when the first choice will not do.
            in_stock = [sku for sku in self._skus if _plenty(sku)]
            if not in_stock:
                raise ControlError(f"shop {self.shop.id} has no SKU with at least 4 units left; add products or stock")
            chosen = self._chance.sample(in_stock, min(len(in_stock), count))
        return [(sku, self._chance.choices((1, 2, 3, 4), (6, 2, 1, 1))[0]) for sku in chosen]

    def _buyer(self) -> dict[str, Any]:
        if self._buyers and self._chance.random() < 0.3:
            return self._chance.choice(self._buyers)
        buyer = random_buyer(self.shop.market, self._chance, self._world.ids.new("buyer"))
        self._buyers.append(buyer)
        return buyer

    def _part(self, amount: Decimal, probability: float) -> Decimal:
        """Up to 40 % of an amount, or nothing."""
        if self._chance.random() >= probability:
            return Decimal(0)
        return quantize(amount * self._chance.randint(5, 40) / 100, self.shop.currency)


def _plenty(sku: Sku) -> bool:
    return sku.product.status == LIVE and sku.total_available >= 4
