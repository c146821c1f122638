"""Every state of orders, packages, cancellations and returns, in any order, with repetitions and gaps.

What Odoo ends up with depends only on how TikTok ends up.

A random story is played twice: once every step is followed at once, and some twice; once only the end is looked at.
Both must leave the same in Odoo.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sandbox.client import SandboxControlError
from tests.support import World
from worker.state.shops import Shop

#: Stories that are played; more of them find more: LIFE_CYCLES=500.
STORIES = int(os.environ.get("LIFE_CYCLES", "15"))
LINES = (("SKU-5", 2), ("SKU-6", 1))
#: What can happen; a step that TikTok does not allow at that moment simply does not happen.
STEPS = (
    *("release", "split", "ship one", "ship all", "collect one", "collect all", "deliver all", "complete"),
    *("cancel first", "cancel all", "ask to cancel", "approve", "reject"),
    *("return first", "return all", "refund", "return sent", "return done", "return taken back"),
)
Story = list[tuple[str, int]]


class Player:
    """Plays a story to one order at TikTok."""

    def __init__(self, world: World, shop: Shop, status: str) -> None:
        self._tiktok = world.tiktok
        self.order_id = world.order(shop, *LINES, status=status)
        self.cancelled_on_the_way = False

    def play(self, step: str) -> bool:
        """Whether it could happen."""
        try:
            return self._steps()[step]()
        except SandboxControlError:
            return False

    def _steps(self) -> dict[str, Callable[[], bool]]:
        tiktok, order_id = self._tiktok, self.order_id
        return {
            "release": lambda: bool(tiktok.set_status(order_id, "AWAITING_SHIPMENT")),
            "split": self._split,
            "ship one": lambda: self._packages("TO_FULFILL", tiktok.ship, 1),
            "ship all": lambda: self._packages("TO_FULFILL", tiktok.ship),
            "collect one": lambda: self._packages("PROCESSING", tiktok.collect, 1),
            "collect all": lambda: self._packages("PROCESSING", tiktok.collect),
            "deliver all": lambda: self._packages("FULFILLING", tiktok.deliver),
            "complete": lambda: self._is("DELIVERED") and bool(tiktok.set_status(order_id, "COMPLETED")),
            "cancel first": self._cancel_first,
            "cancel all": lambda: bool(tiktok.cancel(order_id)),
            "ask to cancel": lambda: bool(tiktok.request_cancel(order_id)),
            "approve": lambda: self._decide(approve=True),
            "reject": lambda: self._decide(approve=False),
            "return first": lambda: bool(tiktok.request_return(order_id, self._lines()[:1])),
            "return all": lambda: bool(tiktok.request_return(order_id)),
            "refund": lambda: bool(tiktok.request_return(order_id, self._lines()[:1], type="REFUND")),
            "return sent": lambda: self._move_returns("BUYER_SHIPPED_ITEM"),
            "return done": lambda: self._move_returns("RETURN_OR_REFUND_REQUEST_COMPLETE"),
            "return taken back": lambda: self._move_returns("RETURN_OR_REFUND_REQUEST_CANCEL"),
        }

    def _is(self, status: str) -> bool:
        return bool(self._tiktok.order(self.order_id)["status"] == status)

    def _lines(self) -> list[str]:
        lines = self._tiktok.order(self.order_id)["line_items"]
        return [line["id"] for line in lines if line["display_status"] != "CANCELLED"]

    def _cancel_first(self) -> bool:
        first = self._lines()[:1]
        left = [each for each in self._tiktok.packages(self.order_id) if each["status"] in ("FULFILLING", "COMPLETED")]
        done = bool(self._tiktok.cancel_lines(self.order_id, first))
        self.cancelled_on_the_way |= any(line in each["line_ids"] for each in left for line in first)
        return done

    def _packages(self, status: str, act: Callable[[str], Any], most: int = 99) -> bool:
        if self._tiktok.order(self.order_id)["is_buyer_request_cancel"]:
            return False
        found = [each for each in self._tiktok.packages(self.order_id) if each["status"] == status][:most]
        for package in found:
            act(package["id"])
        return bool(found)

    def units(self) -> int:
        """Units that are still ordered."""
        return len(self._lines())

    def _split(self) -> bool:
        waiting = [
            line
            for each in self._tiktok.packages(self.order_id)
            if each["status"] == "TO_FULFILL"
            for line in each["line_ids"]
        ]
        if len(waiting) < 2:
            return False
        return bool(self._tiktok.split(self.order_id, [waiting[:1], waiting[1:]]))

    def _decide(self, *, approve: bool) -> bool:
        pending = [each for each in self._tiktok.cancellations(self.order_id) if each["status"].endswith("PENDING")]
        for each in pending:
            self._tiktok.decide_cancellation(each["id"], approve=approve)
        return bool(pending)

    def _move_returns(self, status: str) -> bool:
        moved = False
        for each in self._tiktok.returns(self.order_id):
            try:
                self._tiktok.set_return_status(each["id"], status)
                moved = True
            except SandboxControlError:
                continue
        return moved


def in_odoo(world: World, order_id: str) -> dict[str, Any]:
    """All that Odoo has of an order, without what tells when or how often it was looked at."""
    sales = world.sales(order_id)
    receipts = world.stack.sql(
        "SELECT p.state, sum(m.product_uom_qty) FROM stock_picking p JOIN stock_move m ON m.picking_id = p.id "
        "JOIN stock_picking_type t ON t.id = p.picking_type_id JOIN sale_order s ON s.client_order_ref = %s "
        "WHERE t.code = 'incoming' AND p.state <> 'cancel' AND p.origin LIKE '%%' || s.name GROUP BY p.id, p.state",
        order_id,
    )
    ordered = world.stack.sql(
        "SELECT pp.default_code, sum(l.product_uom_qty), sum(l.price_total) FROM sale_order_line l "
        "JOIN sale_order s ON s.id = l.order_id JOIN product_product pp ON pp.id = l.product_id "
        "WHERE s.client_order_ref = %s GROUP BY 1 ORDER BY 1",
        order_id,
    )
    open_ = [each for each in world.deliveries(order_id) if each["state"] != "done"]
    return {
        "orders": [(sale["state"], sale["amount_total"]) for sale in sales],
        "lines": [(code, int(units), Decimal(total)) for code, units, total in ordered if units],
        "left": world.moved(order_id),
        "open": bool(open_),
        "labels": len(set(world.labels(order_id))) == len(world.labels(order_id)),
        "receipts": sorted((state, int(units)) for state, units in receipts),
        "activities": sorted(world.activities(order_id)),
        "parked": [
            entry.code
            for shop in world.runtime.shops.all()
            for queue in (world.queue(shop), world.runtime.fulfillment_queue(shop.id))
            if (entry := queue.parked(order_id)) is not None
        ],
    }


def replay(player: Player, steps: list[str]) -> None:
    for step in steps:
        assert player.play(step), f"{step} happened to the twin"


@pytest.fixture
def shop(world: World) -> Shop:
    return world.link_shop(region="DE", shipped_on_tiktok="validate", returns="picking")


stories = st.tuples(
    st.sampled_from(["ON_HOLD", "AWAITING_SHIPMENT"]),
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 2)), min_size=4, max_size=16),
)


@settings(
    max_examples=int(os.environ.get("LIFE_CYCLES", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(story=stories)
@example(story=("AWAITING_SHIPMENT", [("split", 0), ("ship one", 0), ("collect all", 1), ("cancel first", 0)]))
def test_what_odoo_ends_up_with_depends_only_on_how_tiktok_ends_up(
    world: World, shop: Shop, story: tuple[str, Story]
) -> None:
    status, steps = story
    followed, looked_at_once = Player(world, shop, status), Player(world, shop, status)
    happened = []
    for step, looks in steps:
        if followed.play(step):
            happened.append(step)
            for _ in range(looks):
                world.follow(shop, followed.order_id)
    replay(looked_at_once, happened)
    for _ in range(2):  # what the first look finds in the way, the second may find out of it
        world.follow(shop, followed.order_id)
    for _ in range(2):
        world.follow(shop, looked_at_once.order_id)
    one, other = in_odoo(world, followed.order_id), in_odoo(world, looked_at_once.order_id)
    if sum(one["left"].values()) > followed.units():
        # Cancelled after it had left, and Odoo knows that it has: what became of the goods only a person can tell.
        assert any("after shipping" in summary for summary in one["activities"]), happened
        return
    if world.sales(followed.order_id) and not world.sales(looked_at_once.order_id):
        # Cancelled before anybody looked: it never came in. The other one came in and is cancelled.
        assert one["orders"][0][0] == "cancel"
        assert one["activities"] == other["activities"] == []
        return
    if followed.cancelled_on_the_way:
        # Odoo may have seen that unit leave, and counts it as the other one of its SKU that is still ordered. TikTok's
        # data alone do not tell that it had left: a gap, docs/operations.md says so.
        del one["left"], other["left"]
    assert one == other, happened
