"""Buyers who ask to cancel, shown with their deadline; and orders that a person cancelled in Odoo."""

from __future__ import annotations

from collections.abc import Sequence

from worker.errors import OrderError
from worker.odoo.sales import SalesOrder, SalesOrders
from worker.state.fulfillment import CancelRequest, Fulfillment
from worker.state.shops import ShopSettings
from worker.sync.fulfillment.need import TO_SHIP
from worker.sync.fulfillment.parcels import parcels_of
from worker.tiktok.client import ShopClient
from worker.tiktok.errors import TikTokPermanentError
from worker.tiktok.models import Cancellation, Order

#: The summary of the activity on an order whose buyer waits for an answer.
ASKS_TO_CANCEL = "Buyer asks to cancel on TikTok Shop"
_PENDING = "CANCELLATION_REQUEST_PENDING"


class Requests:
    """Follows requests to cancel, from either side."""

    def __init__(self, client: ShopClient, sales: SalesOrders, memory: Fulfillment, settings: ShopSettings) -> None:
        self._client = client
        self._sales = sales
        self._memory = memory
        self._settings = settings

    def run(self, order: Order, sale: SalesOrder, cancellations: Sequence[Cancellation]) -> list[str]:
        """Show an open request, take a closed one away, and pass on a cancellation in Odoo; answers what was done.

        :raises OrderError: ``cancel_refused``: TikTok does not cancel the order.
        """
        pending = next((each for each in cancellations if each.status == _PENDING), None)
        if self._is_cancelled_here(order, sale):
            return [self._cancel(order, sale, pending)]
        if pending is None and not order.is_buyer_request_cancel:
            if self._memory.end_request(order.id):
                self._sales.answered(sale.id, ASKS_TO_CANCEL)
                return ["the buyer's request to cancel is over"]
            return []
        return self._show(order, sale, pending)

    def _show(self, order: Order, sale: SalesOrder, pending: Cancellation | None) -> list[str]:
        is_new = order.id not in self._memory.has_request([order.id])
        respond_by = pending.respond_by if pending else None
        reason = (pending.reason_text or pending.reason) if pending else ""
        request = CancelRequest(order_id=order.id, respond_by=respond_by, reason=pending.reason if pending else "")
        if pending is not None:
            request.cancel_id, request.since = pending.id, pending.create_time or request.since
        self._memory.keep_request(request)
        until = f" Answer by {respond_by:%Y-%m-%d %H:%M} UTC: then TikTok decides." if respond_by else ""
        self._sales.ask_a_person(
            sale.id,
            ASKS_TO_CANCEL,
            f"Reason: {reason or 'not given'}.{until} Approve or reject it in Seller Center; do not ship {sale.name} "
            "meanwhile.",
            deadline=respond_by.date() if respond_by else None,
        )
        return ["the buyer asks to cancel"] if is_new else []

    def _is_cancelled_here(self, order: Order, sale: SalesOrder) -> bool:
        can_be = order.status in TO_SHIP and not any(parcel.is_arranged for parcel in parcels_of(order))
        return self._settings.cancel_on_tiktok and sale.state == "cancel" and can_be

    def _cancel(self, order: Order, sale: SalesOrder, pending: Cancellation | None) -> str:
        try:
            if pending is not None:
                self._client.approve_cancellation(pending.id, idempotency_key=f"approve-{pending.id}")
                return "cancelled in Odoo: the buyer's request is approved on TikTok"
            self._client.cancel_order(order.id, reason=self._settings.cancel_reason)
        except TikTokPermanentError as error:
            if error.concerns_every_call:
                raise
            raise OrderError(
                f"{sale.name} is cancelled in Odoo, but TikTok does not cancel the order: {error.message}",
                code="cancel_refused",
                remedy="Cancel it in Seller Center, or choose another reason: `tiktok-odoo shops set --cancel-reason`.",
            ) from None
        return "cancelled in Odoo, so cancelled on TikTok"
