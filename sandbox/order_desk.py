"""What happens to orders, with the webhooks that tell of it: placed, moved on, cancelled, re-addressed, edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.model import Order, Shop
from sandbox.notifications import Notifier
from sandbox.ordering import check_patch, merge_patch, place_order
from sandbox.specs import CancelSpec, OrderSpec
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
        """Move an order on, as far as one likes; CANCELLED cancels it as the system does."""
        if status == CANCELLED:
            return self.cancel(order, CancelSpec())
        with self._world.lock:
            check_step(order.status, status)
            self._change(order, lambda: enter_status(self._world, order, status, at=self._world.now()))
            self._notifier.order_status(order)
            return order

    def cancel(self, order: Order, spec: CancelSpec) -> Order:
        """Cancel at once; types 11 and 1 are sent."""
        with self._world.lock:
            check_step(order.status, CANCELLED)

            def apply() -> None:
                enter_status(self._world, order, CANCELLED, at=self._world.now())
                order.fields |= {"cancel_reason": spec.reason, "cancellation_initiator": spec.by}
                for line in order.fields["line_items"]:
                    line |= {"cancel_reason": spec.reason, "cancel_user": spec.by}

            self._change(order, apply)
            cancel_id = self._world.ids.new("cancel")
            self._notifier.cancellation(order, cancel_id, spec.by, "CANCELLATION_REQUEST_COMPLETE")
            self._notifier.order_status(order)
            return order

    def request_cancel(self, order: Order) -> Order:
        """The buyer asks to cancel and the seller has to decide: ``is_buyer_request_cancel`` and type 11."""
        with self._world.lock:
            check_step(order.status, CANCELLED)
            now = self._world.now()
            self._change(order, lambda: order.fields.update(is_buyer_request_cancel=True, request_cancel_time=now))
            cancel_id = self._world.ids.new("cancel")
            self._notifier.cancellation(order, cancel_id, "BUYER", "CANCELLATION_REQUEST_PENDING")
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

    def _change(self, order: Order, apply: Callable[[], None]) -> None:
        book = self._world.orders[order.shop.id]
        book.take(order)
        try:
            order.fields["update_time"] = self._world.now()
            order.sequence = next(self._world.sequence)
            order.rendered = None
            apply()
        finally:
            book.put(order)
