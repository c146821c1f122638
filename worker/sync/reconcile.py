"""Proves that nothing is missing: TikTok's list of orders against Odoo's, order by order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from worker.errors import OrderError, PermanentError
from worker.odoo.gateway import OdooGateway, chunks
from worker.odoo.sales import SalesOrder, SalesOrders
from worker.state.ignored import IgnoredOrder
from worker.state.orders import OrderQueue
from worker.state.shops import Shop
from worker.sync.order_import import total_error
from worker.sync.order_mapper import draft_of
from worker.sync.order_policy import Action, decide
from worker.tiktok.client import ShopClient
from worker.tiktok.models import Order

Kind = Literal["missing", "deleted", "duplicate", "total", "state", "unknown", "ignored"]
_BATCH = 50


@dataclass(frozen=True)
class Difference:
    """One order on which the two sides do not agree, and why in words."""

    kind: Kind
    order_id: str
    text: str


@dataclass
class Report:
    """What was compared. ``agreed`` counts orders that are in Odoo as they should be; ``ignored`` lists those that a
    person wants left alone, with the note, whatever Odoo has of them."""

    shop_id: str
    since: datetime
    on_tiktok: int = 0
    agreed: int = 0
    waiting: int = 0
    skipped: int = 0
    ignored: list[Difference] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


def reconcile(
    shop: Shop,
    client: ShopClient,
    gateway: OdooGateway,
    queue: OrderQueue,
    since: datetime,
    *,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Compare all orders created on TikTok at or after ``since`` with Odoo's; reads only.

    :param advance: told how many orders are compared, of how many.
    :raises ConnectorError: a side does not answer; a comparison that is not whole is worth nothing.
    """
    report = Report(shop.id, since)
    sales = SalesOrders(gateway, shop.id, shop.settings.company_id)
    matched: set[int] = set()
    ignored = queue.ignored.all()
    listed = _listed(client, since)
    for order_ids in chunks(listed, _BATCH):
        report.ignored += [_ignored(order_id, ignored[order_id]) for order_id in order_ids if order_id in ignored]
        details = client.order_details([order_id for order_id in order_ids if order_id not in ignored])
        found = sales.find(order_ids, imported=queue.was_imported(order_ids))
        matched.update(sale.id for held in found.values() for sale in held)
        report.on_tiktok += len(order_ids)
        for bad in details.invalid:
            report.differences.append(Difference("unknown", bad.id, f"TikTok's answer cannot be used: {bad.reason}"))
        for order_id in details.missing:
            report.differences.append(Difference("unknown", order_id, "TikTok lists this order but does not tell it"))
        for order in details.orders:
            _compare(report, shop, order, found.get(order.id, []), queue)
        advance(report.on_tiktok, len(listed))
    in_odoo = sales.of_shop(since)
    extra = {
        ref: held
        for ref, held in in_odoo.items()
        if ref not in ignored and not matched.issuperset(sale.id for sale in held)
    }
    unknown = [ref for ref in extra if not ref.isdigit()]
    for order_ids in chunks((ref for ref in extra if ref.isdigit()), _BATCH):
        unknown += client.order_details(order_ids).missing
    for ref in unknown:
        names = ", ".join(sale.name for sale in extra[ref])
        report.differences.append(Difference("unknown", ref, f"{names} is in Odoo, TikTok does not know it"))
    return report


def _ignored(order_id: str, entry: IgnoredOrder) -> Difference:
    return Difference("ignored", order_id, f"{entry.note} ({entry.by}, {entry.at:%Y-%m-%d})")


def _listed(client: ShopClient, since: datetime) -> list[str]:
    """Ids of all orders created at or after ``since``. Creation times never change, so no page can shift another."""
    ids: dict[str, None] = {}
    start = int(since.astimezone(UTC).timestamp())
    token = ""
    while True:
        page = client.search_orders(
            create_time_ge=start, page_size=100, page_token=token, sort_field="create_time", sort_order="ASC"
        )
        ids.update(dict.fromkeys(summary.id for summary in page.summaries))
        for row in page.invalid:
            if not row.id:
                raise PermanentError(
                    f"TikTok lists an order without an id, so the comparison would not be whole: {row.reason}.",
                    code="unexpected_answer",
                    remedy="Try again; update tiktok-odoo-sync if it stays.",
                )
            ids[row.id] = None
        token = page.next_page_token
        if not token:
            return list(ids)


def _compare(report: Report, shop: Shop, order: Order, held: list[SalesOrder], queue: OrderQueue) -> None:
    differences = list(_differences(shop, order, held, queue, report))
    report.differences += differences
    if not differences and held:
        report.agreed += 1


def _differences(
    shop: Shop, order: Order, held: list[SalesOrder], queue: OrderQueue, report: Report
) -> Iterator[Difference]:
    try:
        action, _ = decide(order, shop.settings)
    except OrderError as error:
        yield Difference("unknown", order.id, error.message)
        return
    if len(held) > 1:
        yield Difference("duplicate", order.id, f"Odoo holds it as {', '.join(sale.name for sale in held)}")
    if action is Action.CANCEL:
        if any(sale.state != "cancel" for sale in held):
            yield Difference("state", order.id, f"{held[0].name} is {held[0].state}, on TikTok it is cancelled")
        elif not held:
            report.skipped += 1
        return
    if action is not Action.IMPORT:
        report.waiting += action is Action.WAIT
        report.skipped += action is Action.SKIP
        return
    if not held:
        yield _missing(order, queue)
        return
    try:
        draft = draft_of(order, shop)
    except OrderError as error:
        yield Difference("total", order.id, error.message)
        return
    sale = held[0]
    wrong = total_error(draft, sale)
    if wrong is not None:
        yield Difference("total", order.id, wrong.message)
    wanted = "sale" if shop.settings.confirm_orders else "draft"
    if sale.state != wanted and not (wanted == "draft" and sale.state in ("sent", "sale")):
        yield Difference("state", order.id, f"{sale.name} is {sale.state}, on TikTok the order is {order.status}")


def _missing(order: Order, queue: OrderQueue) -> Difference:
    parked = queue.parked(order.id)
    if parked is not None:
        return Difference("missing", order.id, f"parked ({parked.code}): {parked.message}")
    if queue.was_imported([order.id]):
        return Difference("deleted", order.id, "it was imported and then deleted in Odoo")
    return Difference("missing", order.id, f"not in Odoo although it is {order.status} on TikTok")
