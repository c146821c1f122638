"""How everything stands, read in three round trips however many shops there are: for metrics, history and pages.

Counts and ages only. Who judges them is ``worker.sync.health``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeGuard

from redis.exceptions import RedisError

from worker.state import broker as celery_broker
from worker.state.broker import Broker
from worker.state.catalog import ask_catalog_counts
from worker.state.connection import REDIS_AWAY, RedisClient, epoch, key
from worker.state.cursors import ages
from worker.state.dirty_set import COUNT_ANSWERS, Counts, Kind, ask_counts, read_counts
from worker.state.fulfillment import first_deadline
from worker.state.inventory import Reconciled
from worker.state.metrics import Measured, metrics_key, parse
from worker.state.problems import Problem
from worker.state.shops import Shop

_KINDS: tuple[Kind, ...] = ("orders", "inventory", "products", "fulfillment")
#: What is asked for each shop: counts of each kind, two of the catalogue, the last comparison of stock, requests.
_PER_SHOP = len(_KINDS) * COUNT_ANSWERS + 4
_SHOPS_AT_ONCE = 200
#: Counts refusals a second time, by another quality (worker/state/refused.py).
_NOT_NOTED = "webhooks_refused_not_noted"


@dataclass(frozen=True)
class ShopStanding:
    """One shop: its orders, its products whose stock is due, its products that the catalogue is to look at, and orders
    whose parcels and returns are to be followed.

    :param skus: how many SKUs TikTok lists, and ``unmapped`` how many of them are no product of Odoo's.
    :param requests: orders whose buyers wait for an answer to their request to cancel, and ``answer_by`` the first of
        their deadlines.
    :param last_poll: when its order list was last read to the end, in epoch seconds.
    """

    shop: Shop
    orders: Counts
    stock: Counts
    products: Counts
    fulfillment: Counts
    requests: int
    answer_by: datetime | None
    skus: int
    unmapped: int
    last_poll: int | None
    reconciled: Reconciled | None


@dataclass(frozen=True)
class RedisStanding:
    """What Redis tells of itself; ``None`` where it does not (some hosted ones keep ``INFO`` to themselves).

    :param keeps: whether what is written is on disk within a second (append-only file, without errors).
    :param evicts: whether it throws keys away when its memory is full.
    """

    used_bytes: int | None = None
    limit_bytes: int | None = None
    keeps: bool | None = None
    evicts: bool | None = None


@dataclass(frozen=True)
class Standing:
    """The whole, at the time ``at`` of Redis's clock (epoch seconds).

    :param broker: ``None`` while Celery's database does not answer.
    :param workers: seconds since each worker completed a heartbeat task; ``queues`` since one came through each queue.
    """

    at: float
    shops: list[ShopStanding]
    problems: list[Problem]
    workers: dict[str, float]
    queues: dict[str, float]
    redis: RedisStanding
    broker: Broker | None
    measured: Measured
    counters: dict[str, int] = field(default_factory=dict)

    @property
    def working(self) -> list[ShopStanding]:
        """Shops that are switched on."""
        return [each for each in self.shops if each.shop.enabled]

    @property
    def lag(self) -> float:
        """Since how many seconds the order is due that waits longest, of shops that are switched on."""
        return max((each.orders.oldest_due for each in self.working), default=0.0)

    @property
    def stock_lag(self) -> float:
        """The same of products whose stock is to be pushed."""
        return max((each.stock.oldest_due for each in self.working), default=0.0)

    @property
    def fulfillment_lag(self) -> float:
        """The same of orders whose parcels and returns are to be followed."""
        return max((each.fulfillment.oldest_due for each in self.working), default=0.0)

    @property
    def answer_by(self) -> datetime | None:
        """When the first buyer must have an answer to a request to cancel, in shops that are switched on."""
        return min((each.answer_by for each in self.working if each.answer_by is not None), default=None)

    @property
    def heartbeat_age(self) -> float | None:
        """Seconds since any worker completed a heartbeat task; ``None`` when none ever did."""
        return min(self.workers.values(), default=None)

    @property
    def webhooks(self) -> dict[str, int]:
        """How many webhooks came, by what became of them."""
        begin = "webhooks_"
        return {
            name.removeprefix(begin): number
            for name, number in self.counters.items()
            if name.startswith(begin) and name != _NOT_NOTED
        }

    def sum_orders(self, state: str) -> int:
        """Orders of all shops in that state: a field of :class:`worker.state.dirty_set.Counts`."""
        return sum(int(getattr(each.orders, state)) for each in self.shops)


def look(redis: RedisClient, broker: RedisClient) -> Standing:
    """Read everything.

    :param broker: a client of Celery's database.
    :raises redis.exceptions.RedisError: the connector's own Redis is away.
    """
    with redis.pipeline(transaction=False) as pipe:
        pipe.time()
        for name in ("shops", "problems", "heartbeats", "polled", "counters"):
            pipe.hgetall(key(name))
        pipe.hgetall(key("heartbeats", "queues"))
        pipe.hgetall(metrics_key())
        pipe.info("memory")
        pipe.info("persistence")
        answers = pipe.execute(raise_on_error=False)
    for answer in answers[:-2]:
        if isinstance(answer, Exception):
            raise answer
    moment, shops, problems, heartbeats, polled, counters, queues, measured, memory, persistence = answers
    now = epoch(moment)
    return Standing(
        at=now,
        shops=_shops(redis, [Shop.model_validate_json(text) for _, text in sorted(shops.items())], polled, now),
        problems=[Problem.model_validate_json(text) for _, text in sorted(problems.items())],
        workers=ages(heartbeats, now),
        queues=ages(queues, now),
        redis=_redis(memory, persistence),
        broker=_broker(broker),
        measured=parse(measured),
        counters={name: int(value) for name, value in sorted(counters.items())},
    )


def _shops(redis: RedisClient, shops: Sequence[Shop], polled: Mapping[str, str], now: float) -> list[ShopStanding]:
    found = []
    for start in range(0, len(shops), _SHOPS_AT_ONCE):
        some = shops[start : start + _SHOPS_AT_ONCE]
        with redis.pipeline(transaction=False) as pipe:
            for shop in some:
                for kind in _KINDS:
                    ask_counts(pipe, kind, shop.id, now)
                ask_catalog_counts(pipe, shop.id)
                pipe.get(key("inventory", "reconciled", shop.id))
                pipe.hvals(key("fulfillment", "requests", shop.id))  # a handful: people answer them
            answers = pipe.execute()
        for number, shop in enumerate(some):
            own = answers[number * _PER_SHOP : (number + 1) * _PER_SHOP]
            found.append(_shop(shop, own, polled.get(shop.id), now))
    return found


def _shop(shop: Shop, answers: Sequence[Any], polled: str | None, now: float) -> ShopStanding:
    parts = [answers[start : start + COUNT_ANSWERS] for start in range(0, len(_KINDS) * COUNT_ANSWERS, COUNT_ANSWERS)]
    orders, stock, products, fulfillment = (read_counts(part, now) for part in parts)
    skus, unmapped, reconciled, requests = answers[-4:]
    return ShopStanding(
        shop=shop,
        orders=orders,
        stock=stock,
        products=products,
        fulfillment=fulfillment,
        requests=len(requests),
        answer_by=first_deadline(requests),
        skus=int(skus),
        unmapped=int(unmapped),
        last_poll=None if polled is None else int(polled),
        reconciled=None if reconciled is None else Reconciled.model_validate_json(reconciled),
    )


def _redis(memory: object, persistence: object) -> RedisStanding:
    used = limit = keeps = evicts = None
    if _is_info(memory):
        used, limit = int(memory.get("used_memory", 0)), int(memory.get("maxmemory", 0)) or None
        evicts = str(memory.get("maxmemory_policy", "noeviction")) != "noeviction"
    if _is_info(persistence):
        written = str(persistence.get("aof_last_write_status", "ok")) == "ok"
        keeps = bool(int(persistence.get("aof_enabled", 0))) and written
    return RedisStanding(used, limit, keeps, evicts)


def _is_info(answer: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(answer, dict) and bool(answer)


def _broker(client: RedisClient) -> Broker | None:
    try:
        return celery_broker.look(client)
    except (*REDIS_AWAY, RedisError):
        return None
