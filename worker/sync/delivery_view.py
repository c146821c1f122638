"""What is known of deliveries, for people: what waits, what is in the way, who asks to cancel, what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.state.dirty_set import Parked
from worker.state.fulfillment import CancelRequest, ReturnSeen
from worker.state.shops import Shop
from worker.sync.runtime import Runtime

#: Returns of one shop that are shown.
MOST_RETURNS = 200


@dataclass(frozen=True)
class Deliveries:
    """How deliveries of some shops stand; each row with its shop.

    :param awaiting: how many orders in Odoo have still to be shipped.
    """

    awaiting: int
    parked: list[tuple[Shop, Parked]]
    requests: list[tuple[Shop, CancelRequest]]
    returns: list[tuple[Shop, ReturnSeen]]


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
    parked, requests, returns = [], [], []
    awaiting = 0
    for shop in shops:
        memory = runtime.fulfillment(shop.id)
        awaiting += len(memory.awaiting())
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
