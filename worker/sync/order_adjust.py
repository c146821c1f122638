"""Units that were cancelled one by one on TikTok: taken from the order in Odoo, too, while they have not left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from worker.errors import OrderError
from worker.odoo.errors import OdooRejectedError
from worker.odoo.gateway import OdooGateway
from worker.odoo.products import SERVICE_CODES, ProductMatches
from worker.odoo.sale_lines import SaleLines, WantedExtra, WantedLine
from worker.odoo.sales import SalesOrder, SalesOrders
from worker.state.catalog import Catalog
from worker.state.shops import Shop
from worker.sync.catalog_match import skus_of_orders
from worker.sync.order_mapper import OrderDraft

#: The summary of the activity on an order of which something was cancelled that is gone.
CANCELLED_AFTER_SHIPPING = "Part of it cancelled on TikTok Shop after shipping"


@dataclass
class Adjusted:
    """Odoo's ids of orders that were changed, what is in the way of others (by TikTok's order id), and the product
    variants of which less is sold."""

    changed: list[int] = field(default_factory=list)
    problems: dict[str, OrderError] = field(default_factory=dict)
    variants: set[int] = field(default_factory=set)


def adjust(
    gateway: OdooGateway,
    shop: Shop,
    catalog: Catalog,
    drafts: Sequence[OrderDraft],
    orders: Mapping[str, SalesOrder],
) -> Adjusted:
    """Bring orders that are in Odoo in line with what is left of them on TikTok. Where the totals agree nothing is
    asked, and nothing is done to what a person changed in an order of which nothing was cancelled.

    :raises ConnectorError: Odoo does not answer.
    """
    result = Adjusted()
    due = [draft for draft in drafts if draft.gone and _differs(draft, orders.get(draft.order_id))]
    if not due:
        return result
    lines = {line.sku_id: (line.seller_sku, line.product_id) for draft in due for line in (*draft.goods, *draft.gone)}
    skus = skus_of_orders(catalog, lines)
    products = ProductMatches(gateway, skus.values(), company_id=shop.settings.company_id)
    sales = SalesOrders(gateway, shop.id, shop.settings.company_id)
    sale_lines = SaleLines(gateway, shop.settings.company_id)
    services = [products.service(kind) for kind in SERVICE_CODES]
    for draft in due:
        sale = orders[draft.order_id]
        try:
            variants = {
                sku_id: products.product_for(skus[sku_id], shop.settings.default_product_id)[0]
                for sku_id in {line.sku_id for line in (*draft.goods, *draft.gone)}
            }
            extras = [
                WantedExtra(extra.kind, products.service(extra.kind), extra.text, extra.amount)
                for extra in draft.extras
            ]
            if sale_lines.bring_in_line(sale, _wanted(draft, variants), extras, services, shop.settings.tax_id):
                result.changed.append(sale.id)
                result.variants.update(variants[line.sku_id] for line in draft.gone)
        except OdooRejectedError as error:
            if error.code != OdooRejectedError.code:
                raise
            sales.ask_a_person(
                sale.id,
                CANCELLED_AFTER_SHIPPING,
                f"{_units(draft)} of TikTok order {draft.order_id} are cancelled there. Odoo does not take them from "
                f"{sale.name}: {error.message} Arrange the return, or correct the order.",
            )
            result.problems[draft.order_id] = OrderError(
                f"{_units(draft)} are cancelled on TikTok but cannot be taken from {sale.name}: {error.message}",
                code="partly_cancelled",
                remedy="An activity on the order asks a person: arrange the return or correct the order, then retry.",
            )
        except OrderError as error:
            result.problems[draft.order_id] = error
    return result


def _differs(draft: OrderDraft, sale: SalesOrder | None) -> bool:
    return sale is not None and sale.state != "cancel" and sale.total != draft.total


def _wanted(draft: OrderDraft, variants: Mapping[str, int]) -> list[WantedLine]:
    """What is left of each of TikTok's lines, by product and price; 0 where all of it is cancelled."""
    left: Counter[tuple[int, Decimal]] = Counter()
    for line in draft.gone:
        left[variants[line.sku_id], line.price] += 0
    for line in draft.goods:
        left[variants[line.sku_id], line.price] += line.quantity
    return [WantedLine(product, price, quantity) for (product, price), quantity in left.items()]


def _units(draft: OrderDraft) -> str:
    gone = sum(line.quantity for line in draft.gone)
    return "1 unit" if gone == 1 else f"{gone} units"
