"""How far long work of a shop has come: who asked for it, how much is done, and what came of it.

One entry for each kind of work, kept for a day. It steers nothing but pages and the next attempt of the same work:
losing it loses no order and no stock.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field

from worker.state.connection import RedisClient, key

#: ``orders``: reading the order list from a date. ``catalog``: reading the product list. ``compare``: what a push of
#: all stock would change. ``push``: pushing all stock. ``reconcile``: comparing all stock and repairing what drifted.
WorkKind = Literal["orders", "catalog", "compare", "push", "reconcile"]
KINDS: tuple[WorkKind, ...] = get_args(WorkKind)

_KEPT_SECONDS = 86_400
#: Work that has not moved for so long has lost its worker or its message; it may be asked for again.
_STALE = timedelta(minutes=5)


def _now() -> datetime:
    return datetime.now(UTC)


class Work(BaseModel):
    """One piece of long work. ``by`` is who asked for it; empty for what workers do by themselves.

    :param options: what exactly was asked for, and where to go on; the work's own words.
    :param total: 0 while it is not known how much there is.
    :param message: what came of it, or what went wrong; for people.
    """

    id: str = Field(default_factory=lambda: uuid.uuid4().hex[:12])
    by: str
    options: dict[str, str] = Field(default_factory=dict)
    state: Literal["asked", "running", "done", "failed"] = "asked"
    done: int = 0
    total: int = 0
    message: str = ""
    remedy: str = ""
    asked: datetime = Field(default_factory=_now)
    moved: datetime = Field(default_factory=_now)

    @property
    def under_way(self) -> bool:
        """Whether somebody is at it, as far as can be told."""
        return self.state in ("asked", "running") and _now() - self.moved < _STALE

    @property
    def lost(self) -> bool:
        """Whether it was begun and nobody seems to be at it any more."""
        return self.state in ("asked", "running") and not self.under_way


class Progress:
    """Long work of the shop ``shop_id``, by kind."""

    def __init__(self, redis: RedisClient, shop_id: str) -> None:
        self._redis = redis
        self.shop_id = shop_id

    def get(self, kind: WorkKind) -> Work | None:
        """The last work of that kind, if there was one today."""
        stored = self._redis.get(self._key(kind))
        return None if stored is None else Work.model_validate_json(stored)

    def all(self) -> dict[WorkKind, Work]:
        """The last work of each kind."""
        stored = self._redis.mget([self._key(kind) for kind in KINDS])
        return {kind: Work.model_validate_json(text) for kind, text in zip(KINDS, stored, strict=True) if text}

    def ask(self, kind: WorkKind, *, by: str, **options: str) -> Work | None:
        """Note that somebody wants it done; ``None`` when it is under way already."""
        present = self.get(kind)
        if present is not None and present.under_way:
            return None
        return self._keep(kind, Work(by=by, options=options))

    def begin(self, kind: WorkKind) -> Work:
        """A worker is at it now: what was asked for or, when nobody did, what the worker does by itself."""
        work = self.get(kind)
        if work is None or work.state in ("done", "failed"):
            work = Work(by="")
        return self.keep(kind, work, state="running")

    def keep(self, kind: WorkKind, work: Work, **news: Any) -> Work:
        """Note what is new of it: ``done``, ``total``, ``message``, ``state`` and so on."""
        return self._keep(kind, work.model_copy(update={**news, "moved": _now()}))

    def drop(self) -> None:
        """Forget everything, as when the shop is removed."""
        self._redis.delete(*(self._key(kind) for kind in KINDS))

    def _keep(self, kind: WorkKind, work: Work) -> Work:
        self._redis.set(self._key(kind), work.model_dump_json(), ex=_KEPT_SECONDS)
        return work

    def _key(self, kind: WorkKind) -> str:
        return key("progress", kind, self.shop_id)
