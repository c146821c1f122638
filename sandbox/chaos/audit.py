"""What is true afterwards, asked of TikTok's own books and of Odoo's database; no code of the connector in between."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.client import SandboxControl, SandboxShop
from sandbox.stack.stack import Stack

#: Orders that TikTok has not released: they are not in Odoo yet.
_WAITING = ("UNPAID", "ON_HOLD")
_NEEDED = ("total_amount", "platform_discount", "shipping_fee_platform_discount")


@dataclass
class Audit:
    """Order ids by what is wrong with them."""

    orders: int = 0
    in_odoo: int = 0
    waiting: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    wrong_totals: list[str] = field(default_factory=list)
    wrong_states: list[str] = field(default_factory=list)


def audit(stack: Stack, control: SandboxControl, shops: list[SandboxShop]) -> Audit:
    """Compare every order of ``shops`` with Odoo's sales orders."""
    rows = stack.sql("SELECT client_order_ref, state, amount_total FROM sale_order WHERE client_order_ref IS NOT NULL")
    held = Counter(order_id for order_id, _, _ in rows)
    by_id = {order_id: (state, total) for order_id, state, total in rows}
    found = Audit()
    for shop in shops:
        for order in control.orders(shop.id):
            _compare(found, order, held, by_id)
    return found


def _compare(found: Audit, order: dict[str, Any], held: Counter[str], by_id: dict[str, tuple[str, Decimal]]) -> None:
    order_id = order["id"]
    found.orders += 1
    if held[order_id] > 1:
        found.duplicated.append(order_id)
    if not held[order_id]:
        # What was cancelled before anybody looked at it never was a sale.
        found.waiting += order["status"] in (*_WAITING, "CANCELLED")
        if order["status"] not in (*_WAITING, "CANCELLED"):
            found.lost.append(order_id)
        return
    found.in_odoo += 1
    state, total = by_id[order_id]
    if order["status"] == "CANCELLED":
        if state != "cancel":
            found.wrong_states.append(order_id)
    elif state != "sale":
        found.wrong_states.append(order_id)
    elif total != seller_revenue(order["payment"]):
        found.wrong_totals.append(order_id)


def seller_revenue(payment: dict[str, Any]) -> Decimal:
    """What the buyer paid and what the platform funds, in major units."""
    return sum((Decimal(payment.get(name) or 0) for name in _NEEDED), Decimal(0))
