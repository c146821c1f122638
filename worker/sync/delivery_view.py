"""What is known of deliveries, for people: what waits, what is in the way, who asks to cancel, what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from worker.state.dirty_set import Parked
from worker.state.fulfillment import CancelRequest, ReturnSeen
from worker.state.order_index import Place
from worker.state.shops import Shop
from worker.sync.order_view import ParkedGroup, by_reason
from worker.sync.runtime import Runtime

State = Literal["requests", "parked", "awaiting", "returns"]
#: What can be listed, in the order in which it needs a person.
LISTED: tuple[State, ...] = get_args(State)
#: Returns of one shop that are shown.
MOST_RETURNS = 200


@dataclass(frozen=True)
class Deliveries:
    """How deliveries of some shops stand; each row with its shop.

    :param awaiting: ids of orders in Odoo that have still to be shipped.
    """

    awaiting: list[tuple[Shop, str]]
    parked: list[tuple[Shop, Parked]]
    requests: list[tuple[Shop, CancelRequest]]
    returns: list[tuple[Shop, ReturnSeen]]


@dataclass(frozen=True)
class Row:
    """One order in one of the lists; an order may be in several.

    :param since: since when it is there; of a return, when it changed last.
    :param until: by when it must ship, or a person must answer.
    :param reason: in words, as far as something is known.
    """

    shop: Shop
    order_id: str
    state: State
    since: datetime | None = None
    until: datetime | None = None
    code: str = ""
    reason: str = ""


@dataclass(frozen=True)
class OrderDelivery:
    """What is known of one order's delivery besides what Odoo and TikTok say."""

    parked: Parked | None
    request: CancelRequest | None
    returns: list[ReturnSeen]

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to show."""
        return self.parked is None and self.request is None and not self.returns


def look(runtime: Runtime, shops: Sequence[Shop]) -> Deliveries:
    """The deliveries of these shops: deadlines first, then what is parked longest, then the newest returns."""
    awaiting, parked, requests, returns = [], [], [], []
    for shop in shops:
        memory = runtime.fulfillment(shop.id)
        awaiting += [(shop, order_id) for order_id in memory.awaiting()]
        parked += [(shop, entry) for entry in runtime.fulfillment_queue(shop.id).all_parked()]
        requests += [(shop, each) for each in memory.requests()]
        returns += [(shop, each) for each in memory.returns(limit=MOST_RETURNS)]
    parked.sort(key=lambda row: (row[1].ship_by is None, row[1].ship_by or row[1].since))
    requests.sort(key=lambda row: (row[1].respond_by is None, row[1].respond_by or row[1].since))
    returns.sort(key=lambda row: row[1].updated_at, reverse=True)
    return Deliveries(awaiting, parked, requests, returns)


def of_order(runtime: Runtime, shop: Shop, order_id: str) -> OrderDelivery:
    """What is known of one order's delivery."""
    memory = runtime.fulfillment(shop.id)
    return OrderDelivery(
        parked=runtime.fulfillment_queue(shop.id).parked(order_id),
        request=next((each for each in memory.requests() if each.order_id == order_id), None),
        returns=memory.returns(order_id=order_id),
    )


def rows(found: Deliveries, state: State | None = None) -> list[Row]:
    """Everything as one list, or one of its parts."""
    parts: dict[State, list[Row]] = {
        "requests": [
            Row(shop, each.order_id, "requests", each.since, each.respond_by, reason=each.reason)
            for shop, each in found.requests
        ],
        "parked": [
            Row(shop, entry.id, "parked", entry.since, entry.ship_by, entry.code, entry.message)
            for shop, entry in found.parked
        ],
        "awaiting": [Row(shop, order_id, "awaiting") for shop, order_id in found.awaiting],
        "returns": [
            Row(shop, each.order_id, "returns", each.updated_at, each.respond_by, each.status, each.reason)
            for shop, each in found.returns
        ],
    }
    return [row for part in LISTED if state in (None, part) for row in parts[part]]


def parked_groups(runtime: Runtime, shops: Sequence[Shop]) -> list[ParkedGroup]:
    """What is in the way of deliveries in these shops, by its reason; first what must ship first."""
    return by_reason(
        Place(shop.id, entry.id, "parked", entry.since.timestamp(), in_odoo=True, parked=entry)
        for shop in shops
        for entry in runtime.fulfillment_queue(shop.id).all_parked()
    )
