"""One round of following orders: claim those that are due, ask both sides how they are, act, settle each."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from celery.exceptions import SoftTimeLimitExceeded

from worker.errors import ConnectorError, OrderError, RetryableError
from worker.metrics import POSTPONED, count
from worker.odoo.deliveries import Carriers, Deliveries, Delivery
from worker.odoo.errors import OdooLoginError, OdooRejectedError, OdooUnavailableError
from worker.odoo.returns import Returns as Receipts
from worker.odoo.sales import SalesOrder, SalesOrders
from worker.state.dirty_set import Claim
from worker.state.problems import ODOO, shop_fulfillment_scope
from worker.state.shops import Shop
from worker.sync.fulfillment.labels import LabelNotReadyError, Labels
from worker.sync.fulfillment.need import TO_SHIP, is_the_sellers
from worker.sync.fulfillment.parcels import Parcel, assign, parcels_of
from worker.sync.fulfillment.requests import Requests
from worker.sync.fulfillment.returns import Returns
from worker.sync.fulfillment.ship import Shipping
from worker.sync.fulfillment.transit import Transit
from worker.sync.fulfillment.variants import Variants
from worker.sync.order_story import Story
from worker.sync.parking import park
from worker.sync.reporting import report, without_scope
from worker.sync.runtime import Runtime
from worker.tiktok.errors import TikTokPermanentError
from worker.tiktok.models import Cancellation, Order, Return

log = structlog.get_logger(__name__)

#: Orders of one round: each may need several calls of TikTok and a label of some hundred kilobytes.
BATCH = 20
#: Seconds after which a label that TikTok is still making is asked for again; a document takes a few.
_LABEL_PAUSE = 20.0
#: Longest pause (seconds) between two attempts at what is in the way, such as a label that cannot be fetched.
_LONGEST_PAUSE = 900.0
#: A parcel is cut in two, then shipped, and then read again.
_LOOKS = 3
#: An order over which this many attempts came to no end is not tried again soon.
_POISON_CRASHES = 5


@dataclass
class _Batch:
    """What both sides say of a batch, by order id."""

    sales: dict[str, SalesOrder]
    deliveries: dict[str, list[Delivery]]
    goods: Variants
    cancellations: dict[str, list[Cancellation]] = field(default_factory=dict)
    returns: dict[str, list[Return]] = field(default_factory=dict)


class FulfillmentDrain:
    """Rounds for one shop."""

    def __init__(self, runtime: Runtime, shop: Shop) -> None:
        settings = shop.settings
        self.runtime = runtime
        self.shop = shop
        self.client = runtime.shop_client(shop)
        self.queue = runtime.fulfillment_queue(shop.id)
        self.memory = runtime.fulfillment(shop.id)
        self.story = Story(runtime.timeline(shop.id))
        self.sales = SalesOrders(runtime.odoo, shop.id, settings.company_id)
        self.deliveries = Deliveries(runtime.odoo, shop.id, settings.company_id)
        self._labels = Labels(
            self.client,
            runtime.documents,
            self.memory,
            deliveries=self.deliveries,
            carriers=Carriers(runtime.odoo),
            settings=settings,
        )
        self._shipping = Shipping(self.client, self.deliveries, self.memory, shop)
        self._transit = Transit(self.deliveries, settings)
        self._requests = Requests(self.client, self.sales, self.memory, settings)
        receipts = Receipts(runtime.odoo, shop.id, settings.company_id)
        self._returns = Returns(self.sales, receipts, self.memory, settings)

    def run(self) -> bool:
        """Work on one batch; ``True`` when there may be more.

        Never raises for one order's sake, nor for TikTok or Odoo being away: the orders stay due and the reason is
        reported.
        """
        problems, scope = self.runtime.problems, shop_fulfillment_scope(self.shop.id)
        if problems.paused(ODOO, scope):
            return False
        claim = self.queue.claim(BATCH, self.runtime.settings.package_lease)
        if not claim.ids:
            return False
        started = time.monotonic()
        open_ids = set(claim.ids)
        try:
            self._set_poison_aside(claim, open_ids)
            self._work(claim, open_ids)
        except (ConnectorError, SoftTimeLimitExceeded) as failure:
            self._postpone(claim, open_ids, failure)
            return False
        finally:
            self.story.write()
        problems.clear(ODOO)
        problems.clear(scope)
        log.info(
            "fulfillment.drained",
            shop=self.shop.id,
            orders=len(claim.ids),
            seconds=round(time.monotonic() - started, 3),
        )
        return len(claim.ids) >= BATCH or bool(claim.crashes)

    def _work(self, claim: Claim, open_ids: set[str]) -> None:
        if not open_ids:
            return
        details = self.client.order_details([order_id for order_id in claim.ids if order_id in open_ids])
        orders = [order for order in details.orders if order.id in open_ids]
        batch = self._ask(orders)
        known = [order for order in orders if order.id in batch.sales]
        # What TikTok does not know, or Odoo has not (yet), the import looks after: it has this order followed again.
        settled = open_ids - {order.id for order in known}
        self.memory.no_longer_awaiting([order.id for order in known if order.status not in TO_SHIP])
        self.queue.all_done(claim, settled)
        open_ids -= settled
        for order in known:
            self._one(claim, order, batch, open_ids)

    def _ask(self, orders: Sequence[Order]) -> _Batch:
        ids = [order.id for order in orders]
        held = self.sales.find(ids, imported=ids) if ids else {}
        sales = {order_id: found[0] for order_id, found in held.items()}
        by_sale = self.deliveries.of(sales.values()) if sales else {}
        deliveries = {order_id: by_sale.get(sale.id, []) for order_id, sale in sales.items()}
        goods = Variants(self.runtime.odoo, self.shop, self.runtime.catalog(self.shop.id), orders)
        batch = _Batch(sales, deliveries, goods)
        asking = [order.id for order in orders if order.is_buyer_request_cancel and order.id in sales]
        if asking:
            with without_scope(self.runtime, self.shop):
                for each in self.client.search_cancellations(order_ids=asking).cancellations:
                    batch.cancellations.setdefault(each.order_id, []).append(each)
        sent = [order.id for order in orders if order.id in sales and _has_shipped(order)]
        if sent and self.shop.settings.returns != "off":
            with without_scope(self.runtime, self.shop):
                for found in self._search_returns(sent):
                    batch.returns.setdefault(found.order_id, []).append(found)
        return batch

    def _search_returns(self, order_ids: Sequence[str]) -> list[Return]:
        found: list[Return] = []
        token = ""
        while True:
            page = self.client.search_returns(order_ids=order_ids, page_token=token)
            found += page.returns
            token = page.next_page_token
            if not token:
                return found

    def _one(self, claim: Claim, order: Order, batch: _Batch, open_ids: set[str]) -> None:
        done: list[str] = []
        try:
            self._follow(order, batch, done)
        except LabelNotReadyError as error:
            self.queue.again(claim, [order.id], max(_LABEL_PAUSE, error.retry_after or 0.0))
        except (OrderError, OdooRejectedError, TikTokPermanentError) as error:
            if isinstance(error, TikTokPermanentError) and error.concerns_every_call:
                raise
            if isinstance(error, OdooRejectedError) and error.code != OdooRejectedError.code:
                raise
            self._park(claim, order, error)
        else:
            self.queue.done(claim, order.id, update_time=int(order.update_time.timestamp()))
        finally:
            for text in done:
                self.story.tell(order.id, "delivery", text)
        open_ids.discard(order.id)

    def _follow(self, order: Order, batch: _Batch, done: list[str]) -> None:
        """Everything in turn; what fails stops what comes after it, and is tried again."""
        sale, deliveries = batch.sales[order.id], batch.deliveries[order.id]
        if is_the_sellers(order):
            done += self._requests.run(order, sale, batch.cancellations.get(order.id, []))
            for _ in range(_LOOKS):
                arranged = self._shipping.run(order, parcels_of(order), deliveries, batch.goods)
                done += arranged
                if not arranged:
                    break
                order = self._again(order)
                deliveries = self.deliveries.of([sale]).get(sale.id, [])
            parcels = parcels_of(order)
            assigned = self._assign(order, parcels, deliveries, batch.goods)
            late: ConnectorError | None = None
            try:
                done += self._labels.run(order, parcels, assigned)
            except (LabelNotReadyError, OrderError) as error:
                late = error
            done += self._transit.run(order, parcels, assigned, batch.goods)
            if late is not None:
                raise late
        done += self._returns.run(
            order, sale, deliveries=deliveries, found=batch.returns.get(order.id, []), goods=batch.goods
        )

    def _assign(
        self, order: Order, parcels: Sequence[Parcel], deliveries: Sequence[Delivery], goods: Variants
    ) -> Mapping[str, Delivery]:
        return assign(parcels, deliveries, goods.known(order) if len(deliveries) > 1 else {})

    def _again(self, order: Order) -> Order:
        """The order after something was changed on TikTok."""
        found = self.client.order_details([order.id]).orders
        if not found:
            raise OrderError("TikTok no longer tells the order.", code="unknown_order")
        return found[0]

    def _set_poison_aside(self, claim: Claim, open_ids: set[str]) -> None:
        for order_id, crashes in claim.crashes.items():
            if crashes >= _POISON_CRASHES:
                error = OrderError(
                    f"{crashes} attempts in a row came to no end.",
                    code="poison",
                    remedy="Look into the workers' and Odoo's logs for memory or time limits, then retry the order.",
                )
                park(self.queue, claim, order_id, error, self.runtime.settings, long=True)
                open_ids.discard(order_id)

    def _park(self, claim: Claim, order: Order, error: ConnectorError) -> None:
        facts: dict[str, Any] = {"status": order.status, "ship_by": order.rts_sla_time}
        entry = park(self.queue, claim, order.id, error, self.runtime.settings, longest=_LONGEST_PAUSE, **facts)
        self.story.tell(order.id, "parked", f"{error.code}: {error.message}", again=entry.attempts > 1)
        log.warning("fulfillment.parked", shop=self.shop.id, order=order.id, code=error.code, reason=error.message)

    def _postpone(self, claim: Claim, open_ids: set[str], failure: ConnectorError | SoftTimeLimitExceeded) -> None:
        slow = RetryableError("Following orders took longer than a task may; it goes on from there.", code="too_slow")
        error = failure if isinstance(failure, ConnectorError) else slow
        everywhere = isinstance(error, OdooUnavailableError | OdooLoginError)
        scope = ODOO if everywhere else shop_fulfillment_scope(self.shop.id)
        self.queue.again(claim, open_ids, report(self.runtime, self.shop, scope, error))
        count(POSTPONED, kind="fulfillment", code=error.code)
        log.warning(
            "fulfillment.postponed", shop=self.shop.id, orders=len(open_ids), code=error.code, reason=str(error)
        )


def _has_shipped(order: Order) -> bool:
    """Whether anything of it can come back."""
    return not is_the_sellers(order) or any(parcel.is_arranged for parcel in parcels_of(order))
