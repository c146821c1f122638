"""Follows one order's delivery at once, in this process, for a person who waits to see what comes of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from worker.errors import ConfigurationError
from worker.state.dirty_set import Parked
from worker.state.order_index import OrderIndex
from worker.state.problems import ODOO, Problem, shop_fulfillment_scope
from worker.state.shops import Shop
from worker.state.timeline import Entry
from worker.sync.delivery_actions import retry
from worker.sync.fulfillment.drain import FulfillmentDrain
from worker.sync.runtime import Runtime
from worker.sync.shops import active_shop

#: ``later``: a side does not answer, TikTok is still making the label, or others are before it.
Outcome = Literal["settled", "parked", "later", "not_in_odoo"]
#: Seconds for which a person waits at most.
PATIENCE = 60.0
_PAUSE = 0.5


@dataclass(frozen=True)
class Followed:
    """What came of it.

    :param problem: the side that does not work, when it is looked at later for that.
    :param told: what was done, oldest first.
    """

    outcome: Outcome
    parked: Parked | None = None
    problem: Problem | None = None
    told: list[Entry] = field(default_factory=list)


def follow(runtime: Runtime, shop: Shop, order_id: str, *, by: str, patience: float = PATIENCE) -> Followed:
    """Bring the order's delivery and returns in line, beside the workers: whoever claims it does so.

    :raises ConfigurationError: the shop is switched off, or its account is or has to be authorized.
    """
    if active_shop(runtime, shop.id) is None:
        raise ConfigurationError(
            f"Shop {shop.id} is not synchronised.",
            remedy=f"Switch it on (`tiktok-odoo shops enable {shop.id}`), and see that its account is authorized.",
        )
    started = datetime.fromtimestamp(int(time.time() * 1000) / 1000, UTC)  # as exact as timelines are
    ends = time.monotonic() + patience
    queue = runtime.fulfillment_queue(shop.id)
    before = queue.parked(order_id)
    retry(runtime, shop, [order_id], by=by)
    while queue.is_at_hand(order_id) and time.monotonic() < ends and _problem(runtime, shop) is None:
        if not FulfillmentDrain(runtime, shop).run() and queue.is_at_hand(order_id):
            time.sleep(_PAUSE)  # a worker has it
    told = [entry for entry in runtime.timeline(shop.id).of(order_id) if entry.at >= started]
    problem, parked = _problem(runtime, shop), queue.parked(order_id)
    if problem is None and parked is not None and parked != before:  # else a label is waited for since
        return Followed("parked", parked, told=told)
    if queue.is_open(order_id):
        return Followed("later", problem=problem, told=told)
    place = OrderIndex(runtime.redis, shop.id).places([order_id]).get(order_id)
    return Followed("settled" if place is not None and place.in_odoo else "not_in_odoo", told=told)


def _problem(runtime: Runtime, shop: Shop) -> Problem | None:
    """The side that failed a moment ago, so that nothing is tried now."""
    scopes = (ODOO, shop_fulfillment_scope(shop.id))
    if not runtime.problems.paused(*scopes):
        return None
    return next((problem for problem in runtime.problems.all() if problem.scope in scopes), None)
