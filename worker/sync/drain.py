"""One round of a shop's dirty set: claim due orders, fetch what they are now, bring Odoo in line, settle each."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import structlog
from celery.exceptions import SoftTimeLimitExceeded

from worker.errors import ConnectorError, OrderError
from worker.metrics import ORDER_LATENCY, ORDERS_IMPORTED, POSTPONED, count, observe
from worker.odoo.errors import OdooLoginError, OdooRejectedError, OdooUnavailableError
from worker.odoo.measuring import Timed
from worker.odoo.sales import SalesOrders
from worker.state.connection import clock
from worker.state.dirty_set import Claim
from worker.state.orders import OrderQueue, Waiting
from worker.state.problems import ODOO, shop_in_odoo_scope, shop_scope
from worker.state.shops import Shop
from worker.sync.fulfillment.need import follow_up
from worker.sync.inventory_marks import mark_variants
from worker.sync.inventory_sold import note_sold, variants_of
from worker.sync.order_cancel import cancel_orders
from worker.sync.order_import import NOTED, Imported, OrderImport, refused
from worker.sync.order_mapper import OrderDraft, draft_of
from worker.sync.order_policy import Action, decide
from worker.sync.order_references import write_references
from worker.sync.order_story import Story, imported_text
from worker.sync.parking import park
from worker.sync.reporting import report
from worker.sync.runtime import Runtime
from worker.tiktok.models import Order

log = structlog.get_logger(__name__)

#: An order over which this many attempts came to no end is not tried again soon.
_POISON_CRASHES = 5


class Drain:
    """One round for one shop.

    ``shops_to_push`` holds the shops of which it has made stock due; ``touched_stock`` tells that Odoo's stock changed,
    ``to_follow`` that parcels or returns of some orders are to be followed.
    """

    def __init__(self, runtime: Runtime, shop: Shop, *, queue: OrderQueue | None = None) -> None:
        self.runtime = runtime
        self.shop = shop
        self.settings = runtime.settings
        self.problems = runtime.problems
        self.gateway = Timed(runtime.odoo)
        self.client = runtime.shop_client(shop)
        self.queue = queue or runtime.queue(shop.id)
        self.story = Story(runtime.timeline(shop.id))
        self.shops_to_push: set[str] = set()
        self.touched_stock = False
        self.to_follow = False
        self.now = 0.0

    def run(self, on_more: Callable[[], None] = lambda: None, on_sold: Callable[[], None] = lambda: None) -> bool:
        """Work on one batch; ``True`` when there may be more.

        :param on_more: called as soon as a full batch is claimed, so that another worker can begin with the next one.
        :param on_sold: called as soon as it is known what was sold, so that other shops hear of it before Odoo does.

        Never raises for one order's sake, nor for TikTok or Odoo being away: the orders stay due and the reason is
        reported.
        """
        scope = shop_scope(self.shop.id)
        odoo_scope = shop_in_odoo_scope(self.shop.id)
        if self.problems.paused(ODOO, scope, odoo_scope):
            return False
        batch = self.runtime.order_batch
        most = batch.now
        claim = self.queue.claim(most, self.settings.order_lease)
        if not claim.ids:
            return False
        self.now = clock(self.runtime.redis)
        is_full = len(claim.ids) >= most
        if is_full:
            on_more()
        started = time.monotonic()
        open_ids = set(claim.ids)
        side = scope
        try:
            self._leave_ignored_alone(claim, open_ids)
            self._set_poison_aside(claim, open_ids)
            orders = self._fetch(claim, open_ids)
            self._tell_what_is_sold(orders)
            on_sold()
            side = odoo_scope
            created = self._bring_in_line_isolating(claim, orders, open_ids)
        except (ConnectorError, SoftTimeLimitExceeded) as failure:
            error = failure if isinstance(failure, ConnectorError) else _too_slow(len(open_ids))
            # An Odoo that gives no answer for these orders but answers otherwise fails over one of them.
            suspect = isinstance(error, OdooUnavailableError) and self._odoo_is_alive()
            # Only what concerns every shop may hold up every shop: a right that is missing in one company does not.
            everywhere = isinstance(error, OdooUnavailableError | OdooLoginError) and not suspect
            pause = report(self.runtime, self.shop, ODOO if everywhere else side, error)
            self.queue.again(claim, open_ids, pause, suspect=suspect)
            self.story.postponed(open_ids, error)
            count(POSTPONED, kind="orders", code=error.code)
            log.warning("orders.postponed", shop=self.shop.id, orders=len(open_ids), code=error.code, reason=str(error))
            return False
        finally:
            batch.learn(len(claim.ids), self.gateway.longest)
            self.story.write()
        log.info(
            "orders.drained",
            shop=self.shop.id,
            orders=len(claim.ids),
            created=created,
            seconds=round(time.monotonic() - started, 3),
        )
        return is_full or bool(claim.crashes)

    def _odoo_is_alive(self) -> bool:
        try:
            self.runtime.odoo_probe.call("res.users", "search_count", domain=[("id", "=", 0)])
        except ConnectorError:
            return False
        return True

    def _leave_ignored_alone(self, claim: Claim, open_ids: set[str]) -> None:
        ignored = self.queue.ignored.among(claim.ids)
        self.queue.all_done(claim, ignored)
        open_ids.difference_update(ignored)
        for order_id in ignored:
            self.story.tell(order_id, "ignored", "left alone, as a person asked")

    def _set_poison_aside(self, claim: Claim, open_ids: set[str]) -> None:
        for order_id, crashes in claim.crashes.items():
            if crashes >= _POISON_CRASHES and order_id in open_ids:
                error = OrderError(
                    f"{crashes} attempts in a row came to no end: a worker vanished, or Odoo gave no answer.",
                    code="poison",
                    remedy="Look into the workers' and Odoo's logs for memory or time limits, then retry the order.",
                )
                self._park(claim, order_id, error, open_ids)

    def _fetch(self, claim: Claim, open_ids: set[str]) -> list[Order]:
        """The orders as TikTok has them now; those that it does not know or that cannot be read are parked."""
        if not open_ids:
            return []
        details = self.client.order_details([order_id for order_id in claim.ids if order_id in open_ids])
        self.problems.clear(shop_scope(self.shop.id))
        # A row without an id is one of those that seem to be missing.
        nameless = next((bad.reason for bad in details.invalid if not bad.id), "")
        for order_id in details.missing:
            error = OrderError(
                "TikTok does not know this order, or not for this shop.",
                code="unknown_order",
                remedy="Check the order id and that the shop's authorization covers it.",
            )
            self._park(claim, order_id, _invalid(nameless) if nameless else error, open_ids)
        for bad in details.invalid:
            if bad.id in open_ids:
                self._park(claim, bad.id, _invalid(bad.reason), open_ids)
        orders = [order for order in details.orders if order.id in open_ids]
        self.story.fetched(orders)
        return orders

    def _tell_what_is_sold(self, orders: Sequence[Order]) -> None:
        """Bringing a batch into Odoo takes seconds. So what it holds is noted first, and every shop that sells the same
        has its stock looked at."""
        new = note_sold(self.shop, self.queue, orders)
        variants = variants_of(self.runtime, self.shop, new)
        self.shops_to_push.update(mark_variants(self.runtime, variants, but=self.shop.id))

    def _bring_in_line_isolating(self, claim: Claim, orders: Sequence[Order], open_ids: set[str]) -> int:
        """Bring orders in line; when Odoo refuses a call as a whole, halve until the culprit stands alone."""
        orders = [order for order in orders if order.id in open_ids]
        try:
            return self._bring_in_line(claim, orders, open_ids)
        except OdooRejectedError as error:
            if error.code != OdooRejectedError.code:  # a right or a module that is missing concerns every order
                raise
            if len(orders) > 1:
                middle = len(orders) // 2
                halves = (orders[:middle], orders[middle:])
                return sum(self._bring_in_line_isolating(claim, half, open_ids) for half in halves)
            self._park(claim, orders[0].id, refused("odoo_refused", error.message), open_ids, orders[0])
            return 0

    def _sort(
        self, claim: Claim, orders: Sequence[Order], open_ids: set[str], *, before: set[str]
    ) -> tuple[list[OrderDraft], list[Order]]:
        """What is to be imported and what is cancelled; the others are settled here.

        :param before: those that were imported before.
        """
        drafts: list[OrderDraft] = []
        cancelled: list[Order] = []
        wanted = before | claim.forced
        for order in orders:
            try:
                action, reason = decide(order, self.shop.settings, wanted=order.id in wanted)
                if action is Action.IMPORT:
                    drafts.append(draft_of(order, self.shop))
                elif action is Action.CANCEL:
                    cancelled.append(order)
                elif action is Action.WAIT:
                    entry = Waiting(id=order.id, status=order.status)
                    self.queue.wait(claim, entry, update_time=_seen(order, self.now))
                    open_ids.discard(order.id)
                    self.story.tell(order.id, "waiting", f"{order.status}: TikTok has to move first")
                else:
                    self.story.tell(order.id, "skipped", f"left out by the shop's settings: {reason}")
                    log.info("order.skipped", shop=self.shop.id, order=order.id, reason=reason)
                    self._done(claim, order, open_ids)
            except OrderError as error:
                self._park(claim, order.id, error, open_ids, order)
            except SoftTimeLimitExceeded:
                raise
            except Exception as error:  # a fault of ours in one order must not stop the others
                self._park(claim, order.id, _internal(error), open_ids, order)
        return drafts, cancelled

    def _bring_in_line(self, claim: Claim, orders: Sequence[Order], open_ids: set[str]) -> int:
        by_id = {order.id: order for order in orders}
        before = self.queue.was_imported(list(by_id))
        drafts, cancelled = self._sort(claim, orders, open_ids, before=before)
        sales = SalesOrders(self.gateway, self.shop.id, self.shop.settings.company_id)
        problems = cancel_orders(sales, cancelled, imported=before)
        result = Imported()
        moved = variants_of(self.runtime, self.shop, cancelled)
        if drafts:
            ids = [draft.order_id for draft in drafts]
            once = before.intersection(ids) - claim.forced
            noted = {i for i in ids if (entry := self.queue.parked(i)) and entry.code in NOTED}
            importer = OrderImport(
                self.gateway,
                self.shop,
                self.runtime.catalog(self.shop.id),
                memory=self.runtime.odoo_memory,
                reserving=self.runtime.reserving,
            )
            result = importer.run(drafts, once_imported=once, already_noted=noted)
            new = [by_id[order_id] for order_id in ids if order_id not in before]
            moved |= result.variants | variants_of(self.runtime, self.shop, new)
            self.queue.remember_imported(result.orders)
            problems |= result.problems
            # Not just those created now: an earlier attempt may have ended between Odoo's commit and this.
            names = {order_id: sale.name for order_id, sale in result.orders.items() if order_id not in before}
            write_references(self.client, names, by_id)
        # Only now is it known that Odoo has them: who pushed in between has subtracted them twice.
        self.shops_to_push.update(mark_variants(self.runtime, moved))
        self.touched_stock = self.touched_stock or bool(result.created or cancelled)
        looked_at = [*cancelled, *(by_id[draft.order_id] for draft in drafts)]
        # Before they are settled: an order that is not, is looked at again and comes here once more.
        in_odoo = [order for order in looked_at if order.id in result.orders or order.id in before]
        self.to_follow = follow_up(self.runtime, self.shop, in_odoo) or self.to_follow
        for order in looked_at:
            problem = problems.get(order.id)
            if problem is None or problem.code == "deleted_in_odoo":
                self._tell_what_was_done(order, result, problem)
                self._done(claim, order, open_ids)
                if order.id in result.created:
                    observe(ORDER_LATENCY, claim.seconds_due(order.id))
            else:
                self._park(claim, order.id, problem, open_ids, order)
        count(ORDERS_IMPORTED, len(result.created))
        if drafts or cancelled:
            self.problems.clear(ODOO)
            self.problems.clear(shop_in_odoo_scope(self.shop.id))
        return len(result.created)

    def _tell_what_was_done(self, order: Order, result: Imported, problem: OrderError | None) -> None:
        sale = result.orders.get(order.id)
        if problem is not None:
            self.story.tell(order.id, "skipped", problem.message)
        elif sale is not None:
            created, confirmed = order.id in result.created, order.id in result.confirmed
            self.story.tell(order.id, "odoo", imported_text(order, sale, created=created, confirmed=confirmed))
        else:
            self.story.tell(order.id, "odoo", "cancelled on TikTok, and not open in Odoo")

    def _done(self, claim: Claim, order: Order, open_ids: set[str]) -> None:
        self.queue.done(claim, order.id, update_time=_seen(order, self.now))
        open_ids.discard(order.id)

    def _park(
        self, claim: Claim, order_id: str, error: OrderError, open_ids: set[str], order: Order | None = None
    ) -> None:
        facts: dict[str, Any] = {}
        if order is not None:
            facts = {"status": order.status, "ship_by": order.rts_sla_time, "update_time": _seen(order, self.now)}
        entry = park(self.queue, claim, order_id, error, self.settings, long=error.code == "poison", **facts)
        open_ids.discard(order_id)
        self.story.tell(order_id, "parked", f"{error.code}: {error.message}", again=entry.attempts > 1)
        log.warning("order.parked", shop=self.shop.id, order=order_id, code=error.code, reason=error.message)


def _invalid(reason: str) -> OrderError:
    return OrderError(
        f"TikTok's answer for this order cannot be used: {reason}",
        code="invalid_order",
        remedy="It is asked for again by itself; update tiktok-odoo-sync if it stays.",
    )


def _internal(error: Exception) -> OrderError:
    """Names the fault and its place; not its text, which may hold personal data."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return OrderError(
        f"tiktok-odoo-sync failed over it: {type(error).__name__} in {Path(place.filename).name}:{place.lineno}.",
        code="internal",
        remedy="Report it with this message; the order is tried again by itself.",
    )


def _too_slow(orders: int) -> OdooUnavailableError:
    return OdooUnavailableError(
        f"{orders} orders took longer than a task may; they are tried again.",
        code="too_slow",
        remedy="If this lasts, lower ORDER_BATCH_SIZE or give Odoo more workers.",
    )


def _seen(order: Order, now: float) -> int:
    """The update time that counts as seen. TikTok counts in seconds: within the same second more may have happened.

    :param now: of Redis's clock. By a worker's own clock that is late, its orders would be looked at again and again.
    """
    update_time = int(order.update_time.timestamp())
    return update_time if now - update_time > 2 else update_time - 1
