"""Returns and refunds of buyers: a note on the order, and a draft receipt for goods that come back. Refunds stay with
people: no money moves because of us."""

from __future__ import annotations

from collections.abc import Sequence

from worker.errors import OrderError
from worker.odoo.deliveries import Delivery
from worker.odoo.returns import Returns as Receipts
from worker.odoo.sales import SalesOrder, SalesOrders
from worker.state.fulfillment import Fulfillment, ReturnSeen
from worker.state.shops import ShopSettings
from worker.sync.fulfillment.parcels import units_of
from worker.sync.fulfillment.variants import Variants
from worker.tiktok.models import Order, Return

#: Nobody has decided yet (Return and Refund API, ``return_status``).
_OPEN = {"RETURN_OR_REFUND_REQUEST_PENDING", "AWAITING_BUYER_RESPONSE", "REPLACEMENT_REQUEST_PENDING"}
#: Nothing comes back, or nothing any more. TikTok swaps the words of one of them.
_OVER = {
    *("REFUND_OR_RETURN_REQUEST_REJECT", "RETURN_OR_REFUND_REQUEST_REJECT", "RETURN_OR_REFUND_REQUEST_CANCEL"),
    *("REPLACEMENT_REQUEST_REJECT", "REPLACEMENT_REQUEST_CANCEL", "REPLACEMENT_REQUEST_REFUND_SUCCESS"),
    "REJECT_RECEIVE_PACKAGE",
}
_TYPES = {"REFUND": "refund without return", "RETURN_AND_REFUND": "return and refund", "REPLACEMENT": "replacement"}


class Returns:
    """Follows the returns of one shop's orders."""

    def __init__(self, sales: SalesOrders, receipts: Receipts, memory: Fulfillment, settings: ShopSettings) -> None:
        self._sales = sales
        self._receipts = receipts
        self._memory = memory
        self._settings = settings

    def run(
        self,
        order: Order,
        sale: SalesOrder,
        *,
        deliveries: Sequence[Delivery],
        found: Sequence[Return],
        goods: Variants,
    ) -> list[str]:
        """Bring Odoo in line with the order's returns; answers what was done, in words.

        :raises OrderError: ``unknown_sku``, or ``not_delivered``: goods come back that Odoo never sent.
        """
        done = []
        for each in found:
            seen = self._memory.return_seen(each.id) or _seen(each)
            seen = seen.model_copy(update=_news(each))
            receipt = self._receipt(order, sale, each, deliveries=deliveries, goods=goods)
            if receipt and receipt != seen.receipt:
                done.append(f"receipt {receipt} for return {each.id}")
            seen.receipt = receipt or seen.receipt
            if seen.noted != each.status:
                self._sales.note(sale.id, _text(each, seen))
                seen.noted = each.status
                done.append(f"return {each.id}: {each.status}")
            self._memory.keep_return(seen)
        return done

    def _receipt(
        self, order: Order, sale: SalesOrder, each: Return, *, deliveries: Sequence[Delivery], goods: Variants
    ) -> str:
        """Name of the draft receipt; empty without one."""
        if self._settings.returns != "picking" or each.type == "REFUND" or each.can_buyer_keep_item:
            return ""
        if each.status in _OVER or each.is_replaced_by:
            self._receipts.cancel([each.id])
            return ""
        if each.status in _OPEN:
            return ""
        sent = [delivery for delivery in deliveries if delivery.state == "done"]
        if not sent:
            raise OrderError(
                f"The buyer sends back goods of {sale.name} (return {each.id}), but none of its deliveries is done.",
                code="not_delivered",
                remedy="Validate the delivery in Odoo first; the return is tried again by itself.",
            )
        wanted = {line.line_item_id for line in each.lines}
        items = [item for item in order.line_items if item.id in wanted]
        units = units_of(items, goods.all_of(order)) or {}
        return self._receipts.draft(sale, each.id, units, sent)


def _seen(each: Return) -> ReturnSeen:
    return ReturnSeen(id=each.id, order_id=each.order_id, **_news(each))


def _news(each: Return) -> dict[str, object]:
    return {
        "type": each.type,
        "status": each.status,
        "reason": each.reason,
        "units": len(each.lines),
        "amount": each.refund_total,
        "currency": each.currency,
        "respond_by": each.respond_by,
        "updated_at": each.update_time,
    }


def _text(each: Return, seen: ReturnSeen) -> str:
    what = _TYPES.get(each.type, each.type)
    amount = f", {each.refund_total} {each.currency}" if each.refund_total is not None else ""
    units = "1 unit" if len(each.lines) == 1 else f"{len(each.lines)} units"
    deadline = f" Answer in Seller Center by {each.respond_by:%Y-%m-%d %H:%M} UTC." if each.respond_by else ""
    receipt = f" Receipt: {seen.receipt}." if seen.receipt else ""
    reason = each.reason_text or each.reason or "not given"
    return (
        f"TikTok Shop return {each.id} ({what}, {units}{amount}): {each.status}. Reason: {reason}.{deadline}{receipt}"
    )
