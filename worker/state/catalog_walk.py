"""How far a pull has read a shop's product list, so that a worker that dies costs a page and not the list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import BaseModel, Field

from worker.state.connection import RedisClient, key

#: Update times (epoch seconds, both inclusive) of the products to list.
Window = tuple[int, int]


class Walk(BaseModel):
    """A pull under way: windows still to read, and the page token within the first of them."""

    started: datetime = Field(default_factory=lambda: datetime.now(UTC))
    windows: list[Window]
    token: str = ""
    listed: int = 0


class CatalogWalk:
    """The pull of the shop ``shop_id``."""

    def __init__(self, redis: RedisClient, shop_id: str) -> None:
        self._redis = redis
        self._walk = key("catalog", "walk", shop_id)
        self._seen = key("catalog", "seen", shop_id)

    def load(self) -> Walk | None:
        """The pull under way, if there is one."""
        stored = self._redis.get(self._walk)
        return None if stored is None else Walk.model_validate_json(stored)

    def begin(self, walk: Walk) -> None:
        """Start anew."""
        with self._redis.pipeline() as pipe:
            pipe.delete(self._seen)
            pipe.set(self._walk, walk.model_dump_json())
            pipe.execute()

    def keep(self, walk: Walk, product_ids: Iterable[str]) -> None:
        """A page is read: these products are listed."""
        ids = list(product_ids)
        with self._redis.pipeline() as pipe:
            if ids:
                pipe.sadd(self._seen, *ids)
            pipe.set(self._walk, walk.model_dump_json())
            pipe.execute()

    def seen(self) -> set[str]:
        """Every product that this pull has come by."""
        return set(self._redis.smembers(self._seen))

    def end(self) -> None:
        """The pull is over, or was given up."""
        self._redis.delete(self._walk, self._seen)
