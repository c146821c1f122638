"""Where each order of a shop is, as Redis has it, newest first: what a person searches and looks through. Reads only.

An order may stand in several places (parked, and due for its next attempt). The state is the one that tells most:
ignored before parked before waiting before due before in Odoo.
"""

from __future__ import annotations

import heapq
import itertools
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Literal, NamedTuple, get_args

from worker.state.connection import RedisClient, key
from worker.state.dirty_set import Parked
from worker.state.ignored import IgnoredOrder
from worker.state.orders import Waiting

#: ``left_out``: it was looked at, and is not for Odoo (settings leave it out, or it was cancelled before).
State = Literal["due", "waiting", "in_odoo", "parked", "ignored", "left_out"]
#: States that can be listed. What is left out is known by its id only.
LISTED: tuple[State, ...] = get_args(State)[:-1]
#: Which sorted sets hold orders of a state, with a time as score; and the states whose orders are in a hash.
_SORTED: dict[State, tuple[str, ...]] = {"due": ("due", "leased"), "in_odoo": ("imported",)}
_KEPT: tuple[State, ...] = ("parked", "waiting", "ignored")
_CHUNK = 200


@dataclass(frozen=True)
class Place:
    """Where one order is.

    :param score: since when it is due, in line with Odoo, parked, waiting or ignored; seconds since the epoch.
    :param due: when it is to be looked at (again), in seconds since the epoch.
    :param at_work: a worker has it now.
    :param in_odoo: it was brought into Odoo before, whatever its state is now.
    """

    shop_id: str
    order_id: str
    state: State
    score: float
    due: float | None = None
    at_work: bool = False
    in_odoo: bool = False
    parked: Parked | None = None
    waiting: Waiting | None = None
    ignored: IgnoredOrder | None = None

    @property
    def mark(self) -> Mark:
        """Its place in lists."""
        return Mark(self.score, self.order_id)

    @property
    def at(self) -> datetime:
        """Since when it is there."""
        return datetime.fromtimestamp(self.score, UTC)

    @property
    def moving(self) -> bool:
        """Whether something is about to happen to it: a worker has it, or may take it now."""
        return self.at_work or (self.due is not None and self.due <= time.time())


@dataclass(frozen=True, order=True)
class Mark:
    """A place in lists that are newest first; ``at`` in seconds since the epoch."""

    at: float
    order_id: str

    def __str__(self) -> str:
        return f"{self.at!r}_{self.order_id}"

    @classmethod
    def read(cls, text: str) -> Mark | None:
        """The mark that ``str()`` wrote; ``None`` for anything else."""
        at, _, order_id = text.partition("_")
        try:
            score = float(at)
        except ValueError:
            return None
        return cls(score, order_id) if math.isfinite(score) else None


class _Stored(NamedTuple):
    """What Redis has of one order, each field under its key: scores of sorted sets, then entries of hashes."""

    due: float | None
    leased: float | None
    imported: float | None
    settled: float | None
    parked: str | None
    waiting: str | None
    ignored: str | None


class OrderIndex:
    """The orders of the shop ``shop_id``."""

    def __init__(self, redis: RedisClient, shop_id: str) -> None:
        self._redis = redis
        self._shop_id = shop_id

    def _key(self, place: str) -> str:
        return key("orders", place, self._shop_id)

    def places(self, order_ids: Sequence[str]) -> dict[str, Place]:
        """Where those of ``order_ids`` are that are known."""
        if not order_ids:
            return {}
        ids = list(order_ids)
        with self._redis.pipeline(transaction=False) as pipe:
            for place in _Stored._fields:
                (pipe.hmget if place in _KEPT else pipe.zmscore)(self._key(place), ids)
            columns = pipe.execute()
        rows = zip(*columns, strict=True)
        found = {order_id: self._place(order_id, _Stored(*row)) for order_id, row in zip(ids, rows, strict=True)}
        return {order_id: place for order_id, place in found.items() if place is not None}

    def _place(self, order_id: str, stored: _Stored) -> Place | None:
        at_work, in_odoo = stored.leased is not None, stored.imported is not None
        place = partial(Place, self._shop_id, order_id, due=stored.due, at_work=at_work, in_odoo=in_odoo)
        if stored.ignored is not None:
            ignored = IgnoredOrder.model_validate_json(stored.ignored)
            return place("ignored", ignored.at.timestamp(), ignored=ignored)
        if stored.parked is not None:
            parked = Parked.model_validate_json(stored.parked)
            return place("parked", parked.since.timestamp(), parked=parked)
        if stored.waiting is not None:
            waiting = Waiting.model_validate_json(stored.waiting)
            return place("waiting", waiting.since.timestamp(), waiting=waiting)
        times: dict[State, float | None] = {"due": stored.due if stored.due is not None else stored.leased}
        times |= {"in_odoo": stored.imported, "left_out": stored.settled}
        return next((place(state, score) for state, score in times.items() if score is not None), None)

    def newest_first(self, state: State | None = None, *, before: Mark | None = None) -> Iterator[Place]:
        """Orders of one state or of all, newest first, read as they are taken.

        :param before: only those behind this place.
        """
        walks = [
            self._walk(place, each, before)
            for each, places in _SORTED.items()
            if state in (None, each)
            for place in places
        ]
        walks += [self._all(each, before) for each in _KEPT if state in (None, each)]
        return heapq.merge(*walks, key=lambda place: place.mark, reverse=True)

    def _walk(self, places: str, state: State, before: Mark | None) -> Iterator[Place]:
        """Orders of ``state`` out of one sorted set, which may be long."""
        seen: set[str] = set()
        newest = "+inf" if before is None else repr(before.at)
        for start in itertools.count(0, _CHUNK):
            rows = self._redis.zrevrangebyscore(
                self._key(places), newest, "-inf", start=start, num=_CHUNK, withscores=True
            )
            scores = {order_id: score for order_id, score in rows if order_id not in seen}
            seen.update(scores)
            for place in self.places(list(scores)).values():
                # What is due and leased stands in both sets, and is told once.
                if place.state == state and place.score == scores[place.order_id] and _behind(place, before):
                    yield place
            if len(rows) < _CHUNK:
                return

    def _all(self, state: State, before: Mark | None) -> Iterator[Place]:
        """Orders of ``state`` out of a hash, which is as short as the list of what needs a person."""
        found = self.places(list(self._redis.hkeys(self._key(state)))).values()
        places = [place for place in found if place.state == state and _behind(place, before)]
        yield from sorted(places, key=lambda place: place.mark, reverse=True)


def _behind(place: Place, before: Mark | None) -> bool:
    return before is None or place.mark < before
