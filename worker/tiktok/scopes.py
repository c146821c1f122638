"""Scopes of TikTok Shop's Open API: their names in the Partner Center, and what works only with them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scope:
    """One scope.

    :param id: as a grant tells it (``granted_scopes``); empty where no published source tells it.
    :param name: as *Manage API* of the Partner Center shows it.
    :param without: what does not work without it; empty when nothing uses it yet.
    :param vital: whether nothing works without it.
    """

    id: str
    name: str
    without: str = ""
    vital: bool = False


#: Those that the set-up guide asks for, in its order, and one for what Odoo's own connector does not do.
SCOPES = (
    Scope("seller.finance.info", "Finance Information", "payout statements are not read"),
    Scope("seller.fulfillment.basic", "Fulfillment Basic", "no label or tracking number, no shipping from Odoo"),
    Scope("seller.logistics", "Logistics Basic", "no stock can be pushed, since TikTok's warehouses are not told"),
    Scope("seller.order.info", "Order Information", "no order comes in", vital=True),
    Scope("seller.product.basic", "Product Basic", "no catalogue, and stock cannot be compared"),
    Scope("seller.product.write", "Product Modify", "no stock can be pushed"),
    Scope("seller.authorization.info", "Shop Authorized Information", "no shop can be linked", vital=True),
    Scope("", "Global Shop Information"),
    Scope("seller.return_refund.basic", "Return and Refund Basic", "no buyers' requests to cancel, and no returns"),
)


def missing_scopes(granted: list[str]) -> list[Scope]:
    """Scopes that are not among the ``granted`` ones, of those whose id is known."""
    return [scope for scope in SCOPES if scope.id and scope.id not in granted]
