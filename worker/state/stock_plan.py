"""What a push of a shop's whole stock would change: kept for an hour, so that a person can read it and agree."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from pydantic import BaseModel, Field

from worker.state.connection import RedisClient, key
from worker.state.inventory import Amounts

#: Changes that are kept one by one; of all others only their number is.
CHANGES_KEPT = 500
_KEPT_SECONDS = 3600


class PlannedChange(BaseModel):
    """One SKU: what TikTok shows in each warehouse, and what it would show.

    :param product: Odoo's product, for people.
    """

    sku_id: str
    product_id: str
    seller_sku: str = ""
    title: str = ""
    product: str = ""
    shown: Amounts
    wanted: Amounts


class StockPlan(BaseModel):
    """What a push would do, as it was when it was computed.

    :param settings: digest of the shop's settings by which it was computed.
    :param untracked: how many SKUs are left alone, by the reason.
    :param exact: whether all orders on their way were known; if not, amounts are only lowered.
    """

    id: str = Field(default_factory=lambda: uuid.uuid4().hex[:12])
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    settings: str = ""
    compared: int = 0
    differing: int = 0
    to_zero: int = 0
    untracked: dict[str, int] = Field(default_factory=dict)
    unmapped: int = 0
    exact: bool = True
    changes: list[PlannedChange] = Field(default_factory=list)


class StockPlans:
    """The plan of each shop."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def keep(self, shop_id: str, plan: StockPlan) -> None:
        """Replace the shop's plan."""
        self._redis.set(key("inventory", "plan", shop_id), plan.model_dump_json(), ex=_KEPT_SECONDS)

    def get(self, shop_id: str) -> StockPlan | None:
        """The shop's plan; ``None`` when there is none, or it is too old to agree to."""
        stored = self._redis.get(key("inventory", "plan", shop_id))
        return None if stored is None else StockPlan.model_validate_json(stored)

    def drop(self, shop_id: str) -> None:
        """Forget it: it was agreed to, or the shop is removed."""
        self._redis.delete(key("inventory", "plan", shop_id))
