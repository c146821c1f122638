"""Cancellations and returns, whole and by unit, with the webhooks that tell of them (reference sections 5.7 to 5.9)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sandbox import packages
from sandbox.errors import ControlError
from sandbox.model import CancelCase, Order, Package, ReturnCase
from sandbox.notifications import Notifier
from sandbox.order_desk import OrderDesk
from sandbox.payments import format_amount
from sandbox.status import CANCELLED, check_step, enter_status
from sandbox.world import World

DAY = 86_400
RETURN_STATUSES = (
    *("RETURN_OR_REFUND_REQUEST_PENDING", "REFUND_OR_RETURN_REQUEST_REJECT", "AWAITING_BUYER_SHIP"),
    *("BUYER_SHIPPED_ITEM", "REJECT_RECEIVE_PACKAGE", "RETURN_OR_REFUND_REQUEST_SUCCESS"),
    *("RETURN_OR_REFUND_REQUEST_CANCEL", "RETURN_OR_REFUND_REQUEST_COMPLETE", "AWAITING_BUYER_RESPONSE"),
)
RETURN_TYPES = ("REFUND", "RETURN_AND_REFUND", "REPLACEMENT")
#: At these nobody decides any more.
RETURN_ENDS = (
    *("REFUND_OR_RETURN_REQUEST_REJECT", "REJECT_RECEIVE_PACKAGE", "RETURN_OR_REFUND_REQUEST_CANCEL"),
    "RETURN_OR_REFUND_REQUEST_COMPLETE",
)
PENDING = "CANCELLATION_REQUEST_PENDING"


class AfterSaleDesk:
    """Every cancellation and return goes through here, so that the order and the webhooks follow."""

    def __init__(self, world: World, notifier: Notifier, orders: OrderDesk) -> None:
        self._world = world
        self._notifier = notifier
        self._orders = orders

    # Cancellations

    def cancel_lines(self, order: Order, line_ids: Sequence[str], *, by: str, reason: str) -> CancelCase:
        """Cancel units at once (all: the whole order); types 11, 4 and 1 are sent where they fit."""
        with self._world.lock:
            self._check_lines(order, line_ids)
            case = self._case(order, line_ids, role=by, reason=reason)
            self._carry_out(case)
            return case

    def request_cancel(self, order: Order, line_ids: Sequence[str] = (), reason: str = "") -> CancelCase:
        """The buyer asks to cancel, and the seller has two days to decide; type 11 is sent."""
        with self._world.lock:
            check_step(order.status, CANCELLED)
            if self.pending(order) is not None:
                raise ControlError("the buyer waits for an answer already")
            ids = list(line_ids) or [line["id"] for line in packages.active_lines(order)]
            self._check_lines(order, ids)
            reason = reason or "ecom_order_to_ship_canceled_reason_created_by_mistakes"
            case = self._case(order, ids, role="BUYER", reason=reason)
            case.type, case.status = "BUYER_CANCEL", PENDING
            case.respond_by = self._world.now() + 2 * DAY
            now = self._world.now()
            self._orders.change(
                [order], lambda: order.fields.update(is_buyer_request_cancel=True, request_cancel_time=now)
            )
            self._tell(case)
            return case

    def decide(self, case: CancelCase, *, approve: bool) -> CancelCase:
        """The seller agrees or not; types 11 and, when it is cancelled, 1 are sent."""
        with self._world.lock:
            if case.status != PENDING:
                raise ControlError(f"cancellation {case.id} is {case.status}")
            case.update_time, case.respond_by = self._world.now(), 0
            if approve:
                case.status = "CANCELLATION_REQUEST_COMPLETE"
                self._carry_out(case)
                return case
            case.status = "CANCELLATION_REQUEST_CANCEL"
            self._orders.change([case.order], lambda: case.order.fields.update(is_buyer_request_cancel=False))
            self._tell(case)
            return case

    def pending(self, order: Order) -> CancelCase | None:
        """The request that the seller has to answer."""
        cases = self._world.cancellations.values()
        return next((case for case in cases if case.order is order and case.status == PENDING), None)

    def _carry_out(self, case: CancelCase) -> None:
        order, world = case.order, self._world
        touched: list[Package] = []
        left = {line["id"] for line in packages.active_lines(order)} - set(case.line_ids)
        before = order.status

        def apply() -> None:
            order.fields["is_buyer_request_cancel"] = False
            for line_id in case.line_ids:
                line = packages.find_line(order, line_id)
                line |= {"cancel_reason": case.reason, "cancel_user": case.role}
                if left:
                    self._take_out(order, line, touched)
            if left:
                _charge_less(order, case.line_ids)
            else:
                enter_status(world, order, CANCELLED, at=world.now())
                order.fields |= {"cancel_reason": case.reason, "cancellation_initiator": case.role}

        self._orders.change([order], apply, then=self._orders.follow_packages)
        self._tell(case)
        if left and touched:
            self._notifier.package_update(order.shop, "PARTLY_CANCEL_SPLIT", packages.of(world, order))
        if order.status != before:
            self._notifier.order_status(order)

    def _take_out(self, order: Order, line: dict[str, Any], touched: list[Package]) -> None:
        package = packages.take_line(self._world, line)
        if package is not None:
            touched.append(package)
        line |= {"display_status": CANCELLED, "package_status": CANCELLED}
        held = next((each for each in order.stock if each[0].id == line["sku_id"]), None)
        if held is not None:
            order.stock.remove(held)
            self._world.stock.give_back([held], order.id)

    def _check_lines(self, order: Order, line_ids: Sequence[str]) -> None:
        check_step(order.status, CANCELLED)
        active = {line["id"] for line in packages.active_lines(order)}
        if not line_ids or not set(line_ids) <= active:
            raise ControlError(f"lines {sorted(set(line_ids) - active)} of order {order.id} cannot be cancelled")

    def _case(self, order: Order, line_ids: Sequence[str], *, role: str, reason: str) -> CancelCase:
        now = self._world.now()
        case = CancelCase(
            id=self._world.ids.new("cancel"),
            order=order,
            line_ids=tuple(line_ids),
            type="CANCEL",
            status="CANCELLATION_REQUEST_COMPLETE",
            role=role,
            reason=reason,
            create_time=now,
            update_time=now,
        )
        self._world.cancellations[case.id] = case
        return case

    def _tell(self, case: CancelCase) -> None:
        status = case.status + ("LED" if case.status.endswith("_CANCEL") else "")
        self._notifier.cancellation(case.order, case.id, case.role, status)

    # Returns

    def request_return(self, order: Order, line_ids: Sequence[str], *, type_: str, reason: str = "") -> ReturnCase:
        """The buyer wants to give units back, or money for them; type 12 is sent."""
        with self._world.lock:
            if type_ not in RETURN_TYPES:
                raise ControlError(f"no return type {type_!r}; there are {', '.join(RETURN_TYPES)}")
            if order.status not in ("AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED"):
                raise ControlError(f"an order that is {order.status} cannot be returned")
            active = {line["id"] for line in packages.active_lines(order)}
            if not line_ids or not set(line_ids) <= active:
                raise ControlError("only lines that were not cancelled can be returned")
            now = self._world.now()
            case = ReturnCase(
                self._world.ids.new("return"),
                order,
                tuple(line_ids),
                type_,
                "RETURN_OR_REFUND_REQUEST_PENDING" if type_ != "REPLACEMENT" else "REPLACEMENT_REQUEST_PENDING",
                reason or "ecom_order_delivered_refund_and_return_reason_defective_item",
                now,
                now,
                respond_by=now + 2 * DAY,
            )
            self._world.returns[case.id] = case
            self._orders.change([order], lambda: None)
            self._notifier.return_status(case)
            return case

    def set_return_status(self, case: ReturnCase, status: str) -> ReturnCase:
        """Move a return on; type 12 is sent. A refund of the whole order completes one that is on its way."""
        with self._world.lock:
            known = RETURN_STATUSES if case.type != "REPLACEMENT" else REPLACEMENT_STATUSES
            if status not in known:
                raise ControlError(f"no status {status!r} of a {case.type}; there are {', '.join(known)}")
            if case.status in RETURN_ENDS or case.status in REPLACEMENT_ENDS:
                raise ControlError(f"return {case.id} is {case.status}, which is its end")
            case.status, case.update_time = status, self._world.now()
            case.respond_by = 0
            order, before = case.order, case.order.status

            def apply() -> None:
                whole = len(case.line_ids) == len(packages.active_lines(order))
                if status == "RETURN_OR_REFUND_REQUEST_COMPLETE" and whole and before in _COMPLETED_BY_A_REFUND:
                    enter_status(self._world, order, "COMPLETED", at=self._world.now())

            self._orders.change([order], apply)
            self._notifier.return_status(case)
            if order.status != before:
                self._notifier.order_status(order)
            return case


_COMPLETED_BY_A_REFUND = ("AWAITING_COLLECTION", "IN_TRANSIT")
REPLACEMENT_STATUSES = (
    *("REPLACEMENT_REQUEST_PENDING", "REPLACEMENT_REQUEST_REJECT", "REPLACEMENT_REQUEST_REFUND_SUCCESS"),
    *("REPLACEMENT_REQUEST_CANCEL", "REPLACEMENT_REQUEST_COMPLETE", "AWAITING_BUYER_SHIP", "BUYER_SHIPPED_ITEM"),
)
REPLACEMENT_ENDS = REPLACEMENT_STATUSES[1:5]


def _charge_less(order: Order, line_ids: Sequence[str]) -> None:
    """Take what cancelled units cost out of the order's payment: goods, both discounts, and tax."""
    payment, currency = order.fields["payment"], order.fields["payment"]["currency"]
    for line_id in line_ids:
        line = packages.find_line(order, line_id)
        tax = sum((Decimal(each["tax_amount"]) for each in line.get("item_tax", [])), Decimal(0))
        less = {
            "original_total_product_price": Decimal(line["original_price"]),
            "seller_discount": Decimal(line["seller_discount"]),
            "platform_discount": Decimal(line["platform_discount"]),
            "sub_total": Decimal(line["sale_price"]),
            "product_tax": tax,
            "tax": tax,
            "total_amount": Decimal(line["sale_price"]) + tax,
        }
        for name, amount in less.items():
            payment[name] = format_amount(Decimal(payment[name]) - amount, currency)
