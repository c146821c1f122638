"""One order's amounts on TikTok and in Odoo side by side, asked for now. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from worker.errors import OrderError
from worker.odoo.sales import SalesOrder, SalesOrders
from worker.odoo.sales_reading import LineKind, Picking, SaleAmounts, read_amounts
from worker.state.shops import Shop
from worker.sync.order_amounts import ZERO, active_items, amounts, unit_price, with_decimals_of
from worker.sync.runtime import Runtime
from worker.tiktok.models import Order

_KINDS: dict[LineKind, str] = {
    "goods": "Goods",
    "shipping": "Shipping",
    "fee": "Fees",
    "tax": "Tax collected by TikTok",
}


@dataclass(frozen=True)
class AmountRow:
    """One amount on both sides, in major units; ``None`` where a side does not have it.

    :param role: ``part`` and ``total`` must be equal on both sides; ``note`` explains how one side came to its own.
    """

    label: str
    tiktok: Decimal | None
    odoo: Decimal | None
    role: Literal["part", "total", "note"] = "part"

    @property
    def differs(self) -> bool:
        """Whether both sides say something else though they should not."""
        return self.role != "note" and None not in (self.tiktok, self.odoo) and self.tiktok != self.odoo


@dataclass(frozen=True)
class Comparison:
    """The order as both sides have it now.

    :param tiktok_status: empty when TikTok does not know the order.
    :param sales: Odoo's sales orders for it; more than one is a duplicate.
    :param problem: why TikTok's figures cannot be compared, in words.
    """

    currency: str
    tiktok_status: str
    sales: list[SalesOrder]
    pickings: list[Picking] = field(default_factory=list)
    rows: list[AmountRow] = field(default_factory=list)
    problem: str = ""

    @property
    def agrees(self) -> bool:
        """Whether there is one sales order, and no amount differs."""
        return len(self.sales) == 1 and not self.problem and not any(row.differs for row in self.rows)


def compare(runtime: Runtime, shop: Shop, order_id: str) -> Comparison:
    """Ask both sides now.

    :raises ConnectorError: one of them does not answer.
    """
    details = runtime.shop_client(shop).order_details([order_id])
    sales = SalesOrders(runtime.odoo, shop.id, shop.settings.company_id).find([order_id], imported=[order_id])
    held = sales.get(order_id, [])
    odoo = read_amounts(runtime.odoo, held[0]) if held else None
    order = next((each for each in details.orders if each.id == order_id), None)
    problem = next((f"TikTok's answer cannot be used: {bad.reason}" for bad in details.invalid), "")
    tiktok: dict[LineKind | Literal["total"], Decimal] = {}
    if order is not None:
        try:
            tiktok = _wanted(order, shop)
        except OrderError as error:
            problem = error.message
    elif not problem:
        problem = "TikTok does not know this order, or not for this shop."
    return Comparison(
        currency=order.payment.currency if order is not None else (held[0].currency if held else ""),
        tiktok_status=order.status if order is not None else "",
        sales=held,
        pickings=odoo.pickings if odoo is not None else [],
        rows=[_with_cents(row, order) for row in (*_compared(tiktok, held, odoo), *_notes(order, odoo))],
        problem=problem,
    )


def _wanted(order: Order, shop: Shop) -> dict[LineKind | Literal["total"], Decimal]:
    """What Odoo must come to, by TikTok's figures and the shop's setting; nothing when no item is ordered any more."""
    items = active_items(order)
    if not items:
        return {}
    basis = shop.settings.total
    money = amounts(order, basis)
    wanted: dict[LineKind | Literal["total"], Decimal] = {"goods": sum((unit_price(i, basis) for i in items), ZERO)}
    for line in money.extras:
        wanted[line.kind] = wanted.get(line.kind, ZERO) + line.amount
    return {**wanted, "total": money.total}


def _compared(
    tiktok: dict[LineKind | Literal["total"], Decimal], held: list[SalesOrder], odoo: SaleAmounts | None
) -> list[AmountRow]:
    rows = [
        AmountRow(
            label,
            tiktok.get(kind, ZERO) if tiktok else None,
            odoo.by_kind.get(kind, ZERO) if odoo is not None else None,
        )
        for kind, label in _KINDS.items()
        if kind in tiktok or (odoo is not None and kind in odoo.by_kind)
    ]
    return [*rows, AmountRow("Total", tiktok.get("total"), held[0].total if held else None, role="total")]


def _with_cents(row: AmountRow, order: Order | None) -> AmountRow:
    if order is None or row.odoo is None:
        return row
    return replace(row, odoo=with_decimals_of(order.payment.total_amount, row.odoo))


def _notes(order: Order | None, odoo: SaleAmounts | None) -> list[AmountRow]:
    notes: list[AmountRow] = []
    if order is not None:
        paid = order.payment
        discounts = {
            "Seller's discount, already off": paid.seller_discount + paid.shipping_fee_seller_discount,
            "Discount that TikTok pays for": paid.platform_discount
            + paid.shipping_fee_platform_discount
            + paid.payment_platform_discount,
        }
        notes += [AmountRow(label, amount, None, role="note") for label, amount in discounts.items() if amount]
        notes.append(AmountRow("Paid by the buyer", paid.total_amount, None, role="note"))
    if odoo is not None:
        notes.append(AmountRow("Untaxed amount in Odoo", None, odoo.untaxed, role="note"))
        notes.append(AmountRow("Taxes in Odoo", None, odoo.tax, role="note"))
    return notes


def odoo_address(runtime: Runtime, sale_id: int) -> str:
    """Where Odoo shows a sales order (18 and newer: the action *Quotations* has the path ``sales``)."""
    return f"{runtime.settings.odoo_url}/odoo/sales/{sale_id}"


def seller_center_address(region: str, order_id: str) -> str:
    """Where TikTok's Seller Center shows an order of a market.

    TikTok documents no such address. Programs of others use this one for US, BR, ES, MY and VN; the UK's host is known
    by its login page; the other markets are inferred from these.
    """
    host = {"GB": "uk"}.get(region.upper(), region.lower())
    return f"https://seller-{host}.tiktok.com/order/detail?order_no={order_id}&shop_region={region.upper()}"
