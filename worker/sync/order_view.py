"""What is known of orders, for people: search over all shops, and one order with its timeline.

Redis answers everything but a search by Odoo's name. Nobody's name or address is in any of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from worker.errors import ConfigurationError
from worker.odoo.sales_reading import named
from worker.state.order_index import Mark, OrderIndex, Place, State
from worker.state.shops import Shop
from worker.state.timeline import Entry
from worker.sync.order_actions import is_order_id
from worker.sync.runtime import Runtime

PAGE = 50


@dataclass(frozen=True)
class Found:
    """One page of orders, newest first; ``older`` leads to the next page, and is empty on the last."""

    orders: list[Place]
    older: str = ""


@dataclass(frozen=True)
class OrderStory:
    """One order: where it is (``None``: nothing is known of it) and what happened, oldest first."""

    shop: Shop
    order_id: str
    place: Place | None
    timeline: list[Entry]


def search(
    runtime: Runtime,
    *,
    shop: Shop | None = None,
    state: State | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: str = "",
    limit: int = PAGE,
) -> Found:
    """Orders of one shop or of all, newest first by when they came to their state.

    :param until: excluded.
    :param before: ``older`` of the page before; anything else begins at the newest.
    """
    shops = [shop] if shop is not None else runtime.shops.all()
    start = Mark.read(before) if before else None
    if until is not None and (start is None or start.at >= until.timestamp()):
        start = Mark(until.timestamp(), "")
    walks = [OrderIndex(runtime.redis, each.id).newest_first(state, before=start) for each in shops]
    places = []
    for place in islice(heapq.merge(*walks, key=lambda place: place.mark, reverse=True), limit + 1):
        if since is not None and place.score < since.timestamp():
            break
        places.append(place)
    orders = places[:limit]
    return Found(orders, str(orders[-1].mark) if len(places) > limit else "")


def find(runtime: Runtime, text: str, *, shop: Shop | None = None) -> list[Place]:
    """The orders that a person means: a TikTok order id, or Odoo's name of the sales order (``S00042``).

    An order that is in Odoo and that Redis has forgotten is found by its name all the same.

    :raises ConnectorError: Odoo was asked and does not answer.
    """
    text = text.strip()
    shops = {each.id: each for each in ([shop] if shop is not None else runtime.shops.all())}
    if is_order_id(text):
        return [place for shop_id in shops if (place := _place(runtime, shop_id, text)) is not None]
    found = named(runtime.odoo, text) if text else []
    return [
        _place(runtime, shop_id, order_id) or Place(shop_id, order_id, "in_odoo", 0.0, in_odoo=True)
        for shop_id, order_id in dict.fromkeys(found)
        if shop_id in shops
    ]


def the_order(runtime: Runtime, text: str, *, shop: Shop | None = None) -> tuple[Shop, str]:
    """The one order that a person means: see :func:`find`. Its shop and TikTok's id.

    :raises ConfigurationError: there is none, or several.
    :raises ConnectorError: Odoo was asked and does not answer.
    """
    found = find(runtime, text, shop=shop)
    if len(found) == 1:
        return runtime.shops.get(found[0].shop_id), found[0].order_id
    if not found and is_order_id(text.strip()):
        shops = [shop] if shop is not None else runtime.shops.all()
        if len(shops) == 1:
            return shops[0], text.strip()
    if found:
        where = ", ".join(f"{place.order_id} in shop {place.shop_id}" for place in found)
        raise ConfigurationError(f"{text!r} is more than one order: {where}.", remedy="Say which shop: --shop ID.")
    raise ConfigurationError(
        f"No shop knows an order {text!r}.",
        remedy="Use TikTok's order id or Odoo's name, and say which shop: --shop ID.",
    )


def story_of(runtime: Runtime, shop: Shop, order_id: str) -> OrderStory:
    """Where the order is and what happened to it."""
    return OrderStory(shop, order_id, _place(runtime, shop.id, order_id), runtime.timeline(shop.id).of(order_id))


def reason_of(place: Place) -> str:
    """Why an order is where it is, in words; empty where there is nothing to say."""
    if place.ignored is not None:
        return f"{place.ignored.note} ({place.ignored.by})"
    if place.parked is not None:
        return place.parked.message
    return place.waiting.status if place.waiting is not None else ""


def _place(runtime: Runtime, shop_id: str, order_id: str) -> Place | None:
    return OrderIndex(runtime.redis, shop_id).places([order_id]).get(order_id)


@dataclass(frozen=True)
class ParkedGroup:
    """Parked orders with the same reason; ``remedy`` is the one of most of them.

    :param ship_by: the nearest of the times by which they must ship.
    """

    code: str
    remedy: str
    oldest: datetime
    ship_by: datetime | None
    orders: list[Place]


def parked_groups(runtime: Runtime, shops: Sequence[Shop]) -> list[ParkedGroup]:
    """What is parked in these shops by reason; first what must ship first."""
    return by_reason(place for shop in shops for place in OrderIndex(runtime.redis, shop.id).newest_first("parked"))


def by_reason(places: Iterable[Place]) -> list[ParkedGroup]:
    """Parked orders by their reason; first what must ship first."""
    by_code: dict[str, list[Place]] = {}
    for place in places:
        if place.parked is not None:
            by_code.setdefault(place.parked.code, []).append(place)
    groups = [_group(code, places) for code, places in by_code.items()]
    return sorted(groups, key=lambda group: (group.ship_by is None, group.ship_by or group.oldest, group.code))


def _group(code: str, places: list[Place]) -> ParkedGroup:
    entries = [place.parked for place in places if place.parked is not None]
    remedies = [entry.remedy for entry in entries]
    deadlines = [entry.ship_by for entry in entries if entry.ship_by is not None]
    return ParkedGroup(
        code=code,
        remedy=max(set(remedies), key=remedies.count),
        oldest=min(entry.since for entry in entries),
        ship_by=min(deadlines, default=None),
        orders=sorted(places, key=lambda place: (_deadline(place) is None, _deadline(place) or place.at)),
    )


def _deadline(place: Place) -> datetime | None:
    return place.parked.ship_by if place.parked is not None else None
