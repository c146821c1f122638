"""What happens to orders, with the webhooks that tell of it: placed, moved on, cancelled, re-addressed, edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sandbox import packages
from sandbox.errors import ControlError
from sandbox.model import Order, Shop
from sandbox.notifications import Notifier
from sandbox.ordering import check_patch, merge_patch, place_order
from sandbox.specs import OrderSpec
from sandbox.status import CANCELLED, check_step, enter_status
from sandbox.world import World


class OrderDesk:
    """Every change of an order goes through here, so that ``update_time``, lists and webhooks follow."""

    def __init__(self, world: World, notifier: Notifier) -> None:
        self._world = world
        self._notifier = notifier

    def place(self, shop: Shop, spec: OrderSpec) -> Order:
        """Place an order; type 1 is sent unless ``spec.notify`` is false."""
        with self._world.lock:
            order = place_order(self._world, shop, spec)
            if spec.notify:
                self._notifier.order_status(order)
            return order

    def set_status(self, order: Order, status: str) -> Order:
        """Move an order on, as far as one likes. What cancels it is in ``sandbox/after_sale_desk.py``."""
        if status == CANCELLED:
            raise ControlError("cancel an order with cancel, which says by whom and why")
        with self._world.lock:
            check_step(order.status, status)
            self._change(order, lambda: enter_status(self._world, order, status, at=self._world.now()))
            self._notifier.order_status(order)
            return order

    def change_address(self, order: Order, changes: dict[str, Any]) -> Order:
        """Replace fields of the recipient's address; type 3 is sent."""
        with self._world.lock:

            def apply() -> None:
                order.fields["recipient_address"] = order.fields["recipient_address"] | changes
                order.fields["has_updated_recipient_address"] = True

            self._change(order, apply)
            self._notifier.address_changed(order)
            return order

    def touch(self, order: Order) -> Order:
        """Only ``update_time`` moves, without a webhook."""
        with self._world.lock:
            self._change(order, lambda: None)
            return order

    def patch(self, order: Order, changes: dict[str, Any]) -> Order:
        """Merge a JSON merge patch (``null`` deletes) into an order without any check and without a webhook."""
        check_patch(changes)

        def apply() -> None:
            order.fields = merge_patch(order.fields, changes)

        with self._world.lock:
            self._change(order, apply)
            return order

    def follow_packages(self, order: Order) -> None:
        """Bring an order in line with its packages: what its lines show, its status, and the stock that it holds."""
        packages.show(self._world, order)
        if order.status in ("UNPAID", "ON_HOLD", "CANCELLED", "COMPLETED"):
            return
        status = packages.status_by_packages(order)
        if status == order.status:
            return
        order.fields["status"] = status
        now = self._world.now()
        if status in ("IN_TRANSIT", "DELIVERED"):
            order.fields.setdefault("collection_time", now)
            self._world.stock.ship(order.stock)
            order.stock = []
        if status == "DELIVERED":
            order.fields.setdefault("delivery_time", now)

    def change(
        self, orders: Sequence[Order], apply: Callable[[], None], then: Callable[[Order], None] = lambda _: None
    ) -> None:
        """Change several orders at once, and each of them afterwards; their ``update_time`` moves."""
        for order in orders:
            self._world.orders[order.shop.id].take(order)
        try:
            for order in orders:
                order.fields["update_time"] = self._world.now()
                order.sequence = next(self._world.sequence)
                order.rendered = None
            apply()
            for order in orders:
                then(order)
        finally:
            for order in orders:
                self._world.orders[order.shop.id].put(order)

    def _change(self, order: Order, apply: Callable[[], None]) -> None:
        self.change([order], apply)
