"""What is known of stock: TikTok's amounts as last read, its warehouses, and how far Odoo's changes were read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, Field, TypeAdapter

from worker.state.connection import RedisClient, clock, key

#: Units for sale by TikTok warehouse id.
Amounts = dict[str, int]
_AMOUNTS = TypeAdapter(Amounts)


class KnownWarehouse(BaseModel):
    """A TikTok warehouse. One that holds stock of a SKU and is not among the shop's own is not ``for_sales``."""

    id: str
    name: str = ""
    is_default: bool = False
    takes_stock: bool = True
    for_sales: bool = True


class Reconciled(BaseModel):
    """The last comparison of a shop's stock with Odoo's."""

    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    compared: int
    drifted: int


class Inventory:
    """The stock of the shop ``shop_id`` on TikTok."""

    def __init__(self, redis: RedisClient, shop_id: str) -> None:
        self._redis = redis
        self.shop_id = shop_id
        self._confirmed = key("inventory", "confirmed", shop_id)
        self._warehouses = key("inventory", "warehouses", shop_id)
        self._reconciled = key("inventory", "reconciled", shop_id)

    def confirmed(self, sku_ids: Sequence[str]) -> dict[str, Amounts]:
        """Amounts that TikTok last confirmed, by SKU id."""
        if not sku_ids:
            return {}
        found = self._redis.hmget(self._confirmed, list(sku_ids))
        return {sku: _AMOUNTS.validate_json(text) for sku, text in zip(sku_ids, found, strict=True) if text is not None}

    def keep_confirmed(self, amounts: Mapping[str, Amounts]) -> None:
        """TikTok told these amounts, or took them."""
        if amounts:
            stored = {sku: _AMOUNTS.dump_json(each).decode() for sku, each in amounts.items()}
            self._redis.hset(self._confirmed, mapping=stored)

    def forget_confirmed(self, sku_ids: Iterable[str]) -> None:
        """These SKUs are pushed no more."""
        gone = list(sku_ids)
        if gone:
            self._redis.hdel(self._confirmed, *gone)

    def warehouses(self) -> list[KnownWarehouse]:
        """TikTok's warehouses of the shop as they were last read; empty when they never were."""
        stored = self._redis.hvals(self._warehouses)
        return sorted((KnownWarehouse.model_validate_json(text) for text in stored), key=lambda each: each.id)

    def keep_warehouses(self, warehouses: Iterable[KnownWarehouse]) -> None:
        """Remember the shop's warehouses, and no others."""
        stored = {each.id: each.model_dump_json() for each in warehouses}
        with self._redis.pipeline() as pipe:
            pipe.delete(self._warehouses)
            if stored:
                pipe.hset(self._warehouses, mapping=stored)
            pipe.execute()

    def reconciled(self) -> Reconciled | None:
        """The last comparison."""
        stored = self._redis.get(self._reconciled)
        return None if stored is None else Reconciled.model_validate_json(stored)

    def note_reconciled(self, result: Reconciled) -> None:
        """Keep what a comparison found."""
        self._redis.set(self._reconciled, result.model_dump_json())

    def drop(self) -> None:
        """Forget everything, as when the shop is removed."""
        self._redis.delete(self._confirmed, self._warehouses, self._reconciled)


class StockWatch:
    """How far the changes of stock in Odoo have been read, on Odoo's clock."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._watermark = key("stock", "watermark")
        self._moved = key("stock", "watermark_moved")
        self._looked = key("stock", "looked")
        self._seen = key("stock", "seen")

    def watermark(self) -> datetime | None:
        """The newest change that was read, UTC; ``None`` when none ever was, or Redis was lost."""
        stored = self._redis.get(self._watermark)
        return None if stored is None else datetime.fromtimestamp(float(stored), UTC)

    def still_for(self) -> float:
        """Seconds from the last move of the watermark to the last look, on Redis's clock."""
        moved, looked = self._redis.mget(self._moved, self._looked)
        return 0.0 if moved is None or looked is None else max(0.0, float(looked) - float(moved))

    def _now(self) -> float:
        return clock(self._redis)

    def fresh(self, rows: Mapping[str, datetime]) -> set[str]:
        """Those of ``rows`` (key → time of the change) that were not worked on yet."""
        if not rows:
            return set()
        scores = self._redis.zmscore(self._seen, list(rows))
        return {row for row, score in zip(rows, scores, strict=True) if score is None}

    def advance(self, rows: Mapping[str, datetime], newest: datetime, *, forget_before: datetime) -> None:
        """These changes are in the dirty sets; only now may the watermark move.

        :param forget_before: rows older than this are not asked for again.
        """
        moves = self.watermark() != newest
        now = self._now()
        with self._redis.pipeline() as pipe:
            pipe.set(self._looked, str(now))
            if moves:
                pipe.set(self._moved, str(now))
            if rows:
                pipe.zadd(self._seen, {row: moment.timestamp() for row, moment in rows.items()})
            pipe.zremrangebyscore(self._seen, "-inf", f"({forget_before.timestamp()}")
            pipe.set(self._watermark, str(newest.timestamp()))
            pipe.execute()

    def drop(self) -> None:
        """Let the next look begin anew, with everything."""
        self._redis.delete(self._watermark, self._moved, self._looked, self._seen)
