"""What is wrong with a whole side (Odoo, or TikTok for one shop), and how long not to try: a shared circuit breaker."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, Field

from worker.errors import ConnectorError
from worker.state.connection import RedisClient, key

ODOO = "odoo"


def shop_scope(shop_id: str) -> str:
    """The scope of one shop's calls to TikTok."""
    return f"shop {shop_id}"


def shop_in_odoo_scope(shop_id: str) -> str:
    """The scope of one shop's orders in Odoo: a right or a record that is missing in its company."""
    return f"shop {shop_id} in Odoo"


def shop_stock_scope(shop_id: str) -> str:
    """The scope of pushing one shop's stock, which must not hold up its orders."""
    return f"shop {shop_id} stock"


def shop_catalog_scope(shop_id: str) -> str:
    """The scope of one shop's catalogue, which must not hold up its orders either."""
    return f"shop {shop_id} catalogue"


def shop_fulfillment_scope(shop_id: str) -> str:
    """The scope of one shop's packages and returns, which must not hold up its orders."""
    return f"shop {shop_id} fulfillment"


def shop_returns_scope(shop_id: str) -> str:
    """The scope of one shop's cancellation requests and returns; nothing pauses for it."""
    return f"shop {shop_id} returns"


def shop_finance_scope(shop_id: str) -> str:
    """The scope of reading one shop's payouts."""
    return f"shop {shop_id} payouts"


def authorization_scope(account_id: str) -> str:
    """The scope of one account's authorization that ends soon; nothing pauses for it."""
    return f"account {account_id} authorization"


def shop_scopes(shop_id: str) -> list[str]:
    """Every scope of one shop."""
    scopes = (shop_scope, shop_in_odoo_scope, shop_stock_scope, shop_catalog_scope)
    more = (shop_fulfillment_scope, shop_returns_scope, shop_finance_scope)
    return [each(shop_id) for each in (*scopes, *more)]


class Problem(BaseModel):
    """The last failure of a side; it is forgotten with the next success."""

    scope: str
    code: str
    message: str
    remedy: str
    since: datetime = Field(default_factory=lambda: datetime.now(UTC))


class Problems:
    """Failures by scope. While a scope is paused, workers leave its work where it is instead of failing it again."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def report(self, scope: str, error: ConnectorError, pause: float) -> None:
        """Keep the failure (the first one's time stays) and pause the scope for ``pause`` seconds."""
        known = self._redis.hget(key("problems"), scope)
        problem = Problem(scope=scope, code=error.code, message=error.message, remedy=error.remedy)
        if known is not None:
            problem.since = Problem.model_validate_json(known).since
        with self._redis.pipeline() as pipe:
            pipe.hset(key("problems"), scope, problem.model_dump_json())
            pipe.set(key("paused", scope), "1", px=max(1, int(pause * 1000)))
            pipe.execute()

    def lasted(self, scope: str) -> float:
        """Seconds since the scope first failed; 0 while it works."""
        known = self._redis.hget(key("problems"), scope)
        if known is None:
            return 0.0
        return max(0.0, (datetime.now(UTC) - Problem.model_validate_json(known).since).total_seconds())

    def clear(self, scope: str) -> None:
        """The scope works."""
        self._redis.hdel(key("problems"), scope)
        self._redis.delete(key("paused", scope))

    def paused(self, *scopes: str) -> bool:
        """Whether any of ``scopes`` is paused."""
        return bool(self._redis.exists(*(key("paused", scope) for scope in scopes)))

    def all(self) -> list[Problem]:
        """Every present problem."""
        stored = self._redis.hgetall(key("problems"))
        return [Problem.model_validate_json(stored[scope]) for scope in sorted(stored)]
