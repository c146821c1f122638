"""Prometheus' metric families, made of how everything stands. What each means: ``docs/monitoring/README.md``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family

from worker import metrics
from worker.metrics import Metric
from worker.state.accounts import Account
from worker.state.broker import QUEUES
from worker.state.dirty_set import Counts
from worker.state.history import Sample
from worker.state.metrics import Histogram
from worker.state.standing import ShopStanding, Standing
from worker.tiktok.tokens import TokenLife

PREFIX = "tiktok_odoo_"
#: With more shops than this only totals are told: each shop costs Prometheus a dozen time series.
MOST_SHOPS = 500
#: A sample that is older tells nothing of now.
_SAMPLE_HOLDS = 300

_STATES = ("due", "later", "leased", "parked", "waiting", "ignored")
#: What follows a shop's id in the scope of a problem.
_SIDES = {
    "": "tiktok",
    "in Odoo": "orders_in_odoo",
    "stock": "stock",
    "catalogue": "catalogue",
    "fulfillment": "fulfillment",
    "payouts": "payouts",
    "returns": "returns",
}

#: Values by labels' values; the key of a mapping is invariant, hence no tuple of a certain length.
Labelled = Mapping[Any, float]


def families(
    standing: Standing, accounts: Sequence[Account], tokens: Mapping[str, TokenLife], sample: Sample | None
) -> Iterator[Family]:
    """Everything that ``/metrics`` tells.

    :param sample: the newest one of the history, for what is too slow to be counted at each scrape.
    """
    yield from _counted(standing)
    yield from _totals(standing, sample)
    if len(standing.shops) <= MOST_SHOPS:
        yield from _by_shop(standing)
    yield from _infrastructure(standing)
    yield from _accounts(accounts, tokens)


def _counted(standing: Standing) -> Iterator[Family]:
    measured = standing.measured
    for metric in metrics.ALL:
        if metric.buckets:
            yield _histogram(metric, measured.histograms.get(metric, {}))
        else:
            found = measured.counters.get(metric, {})
            yield _counter(metric.name, metric.help, metric.labels, found or ({} if metric.labels else {(): 0}))
    counters = standing.counters
    webhooks = {(outcome,): number for outcome, number in standing.webhooks.items()}
    yield _counter("webhooks", "Webhooks by what became of them.", ("outcome",), webhooks)
    for name, counter, text in (
        ("stock_skus_pushed", "inventory_pushed", "SKUs of which TikTok took a new amount."),
        ("stock_drift_skus", "inventory_drift", "SKUs that a comparison found to differ; pushed again."),
    ):
        yield _counter(name, text, (), {(): counters.get(counter, 0)})


def _totals(standing: Standing, sample: Sample | None) -> Iterator[Family]:
    shops = standing.shops
    yield _gauge("shops", "Shops; state is on or off.", ("state",), _on_and_off(standing))
    yield _gauge("order_lag_seconds", "Since when the order is due that waits longest.", (), {(): standing.lag})
    yield _gauge("stock_lag_seconds", "The same of stock to be pushed.", (), {(): standing.stock_lag})
    lag: Labelled = {(): standing.fulfillment_lag}
    yield _gauge("fulfillment_lag_seconds", "The same of parcels and returns to be followed.", (), lag)
    yield _gauge("orders", "Orders by state.", ("state",), _states([each.orders for each in shops]))
    yield _gauge(
        "stock_products", "Products by state of their stock.", ("state",), _states([each.stock for each in shops])
    )
    yield _gauge(
        "fulfillment_orders",
        "Orders whose parcels and returns are followed, by state.",
        ("state",),
        _states([each.fulfillment for each in shops]),
    )
    requests: Labelled = {(): sum(each.requests for each in shops)}
    yield _gauge("cancel_requests", "Buyers who wait for an answer to their request to cancel.", (), requests)
    first: Labelled = {(): standing.answer_by.timestamp()} if standing.answer_by is not None else {}
    yield _gauge("cancel_request_deadline_timestamp_seconds", "When the first must be answered.", (), first)
    yield _gauge("skus", "SKUs that TikTok lists.", (), {(): sum(each.skus for each in shops)})
    yield _gauge("unmapped_skus", "SKUs that are no product of Odoo's.", (), {(): sum(each.unmapped for each in shops)})
    fresh = sample is not None and standing.at - sample.at < _SAMPLE_HOLDS
    soon: Labelled = {(): sample.ship_soon} if sample is not None and fresh else {}
    yield _gauge("parked_ship_soon", "Parked orders that must ship within a day, or should have.", (), soon)
    problems: dict[tuple[str, ...], float] = {}
    for problem in standing.problems:
        word, _, rest = problem.scope.partition(" ")
        side = _SIDES.get(rest.partition(" ")[2], "other") if word == "shop" else word
        problems[side, problem.code] = problems.get((side, problem.code), 0) + 1
    yield _gauge("problems", "Sides that do not work, by kind of side and error code.", ("scope", "code"), problems)


def _by_shop(standing: Standing) -> Iterator[Family]:
    shops = standing.shops
    on = standing.working
    yield _gauge("shop_order_lag_seconds", "order_lag_seconds by shop.", ("shop",), _of(on, "orders", "oldest_due"))
    yield _gauge("shop_stock_lag_seconds", "stock_lag_seconds by shop.", ("shop",), _of(on, "stock", "oldest_due"))
    for name, part in (("shop_orders", "orders"), ("shop_stock_products", "stock")):
        values = {
            (each.shop.id, state): float(getattr(getattr(each, part), state)) for each in shops for state in _STATES
        }
        yield _gauge(name, f"{name.removeprefix('shop_')} by shop.", ("shop", "state"), values)
    unmapped = {(each.shop.id,): float(each.unmapped) for each in shops}
    yield _gauge("shop_unmapped_skus", "unmapped_skus by shop.", ("shop",), unmapped)
    drift = {(each.shop.id,): float(each.reconciled.drifted) for each in shops if each.reconciled is not None}
    yield _gauge("shop_stock_drift_skus", "SKUs that differed at the last comparison.", ("shop",), drift)
    polled = {(each.shop.id,): float(each.last_poll) for each in on if each.last_poll is not None}
    yield _gauge("shop_last_poll_timestamp_seconds", "When the order list was last read.", ("shop",), polled)


def _infrastructure(standing: Standing) -> Iterator[Family]:
    # A heartbeat that never was is infinitely old, so that an alert on its age needs no second case.
    age = math.inf if standing.heartbeat_age is None else standing.heartbeat_age
    yield _gauge("heartbeat_age_seconds", "Since any worker completed a heartbeat task.", (), {(): age})
    queues = {(queue,): standing.queues.get(queue, math.inf) for queue in QUEUES}
    yield _gauge("queue_heartbeat_age_seconds", "Since a heartbeat came through the queue.", ("queue",), queues)
    broker = standing.broker
    yield _gauge("broker_up", "Whether Celery's broker answers.", (), {(): float(broker is not None)})
    messages = {(queue,): float(broker.waiting[queue]) for queue in QUEUES} if broker is not None else {}
    yield _gauge("queue_messages", "Messages that wait in a queue.", ("queue",), messages)
    at_work: Labelled = {(): broker.at_work} if broker is not None else {}
    yield _gauge("messages_at_work", "Messages that workers have.", (), at_work)
    alive: Labelled = {(): float(broker.beat_alive)} if broker is not None else {}
    yield _gauge("beat_up", "Whether a beat holds the scheduler's lock.", (), alive)
    redis = standing.redis
    for name, text, value in (
        ("redis_memory_bytes", "Memory that Redis uses.", redis.used_bytes),
        ("redis_memory_limit_bytes", "Memory that Redis may use, where it is limited.", redis.limit_bytes),
        ("redis_keeps", "Whether Redis writes to disk what it is told.", redis.keeps),
        ("redis_evicts", "Whether Redis throws keys away when it is full.", redis.evicts),
    ):
        yield _gauge(name, text, (), {} if value is None else {(): float(value)})


def _accounts(accounts: Sequence[Account], tokens: Mapping[str, TokenLife]) -> Iterator[Family]:
    authorized = {(each.id,): float(each.authorization == "authorized") for each in accounts}
    yield _gauge("account_authorized", "Whether TikTok accepts the account's tokens.", ("account",), authorized)
    ends: dict[tuple[str, ...], float] = {}
    for account_id, life in tokens.items():
        ends[account_id, "access"] = life.access_ends.timestamp()
        if life.refresh_ends is not None:
            ends[account_id, "refresh"] = life.refresh_ends.timestamp()
    text = "When a token ends; access renews itself, refresh needs the shop's owner."
    yield _gauge("token_expiry_timestamp_seconds", text, ("account", "token"), ends)


def _on_and_off(standing: Standing) -> Labelled:
    on = len(standing.working)
    return {("on",): on, ("off",): len(standing.shops) - on}


def _states(counts: Sequence[Counts]) -> Labelled:
    return {(state,): sum(getattr(each, state) for each in counts) for state in _STATES}


def _of(shops: Sequence[ShopStanding], part: str, name: str) -> Labelled:
    return {(each.shop.id,): float(getattr(getattr(each, part), name)) for each in shops}


def _gauge(name: str, text: str, labels: Sequence[str], values: Labelled) -> Family:
    family = GaugeMetricFamily(PREFIX + name, text, labels=labels)
    for words, value in values.items():
        family.add_metric(words, value)
    return family


def _counter(name: str, text: str, labels: Sequence[str], values: Labelled) -> Family:
    family = CounterMetricFamily(PREFIX + name, text, labels=labels)
    for words, value in values.items():
        family.add_metric(words, value)
    return family


def _histogram(metric: Metric, found: Mapping[tuple[str, ...], Histogram]) -> Family:
    family = HistogramMetricFamily(PREFIX + metric.name, metric.help, labels=metric.labels)
    if not found and not metric.labels:
        found = {(): Histogram(metric.buckets, (0,) * (len(metric.buckets) + 1))}
    for words, histogram in found.items():
        below, buckets = 0, []
        for bound, number in zip((*metric.buckets, math.inf), histogram.counts, strict=True):
            below += number
            buckets.append(("+Inf" if bound == math.inf else str(bound), float(below)))
        family.add_metric(words, buckets, histogram.seconds)
    return family
