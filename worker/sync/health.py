"""Is all well, and if not: what is the matter, and what can a person do? One judgement for status, console and history.

The figures come from ``worker.state.standing``; only Redis is asked, neither Odoo nor TikTok.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from worker.errors import ConfigurationError
from worker.metrics import ODOO_CALLS, ORDER_LATENCY, ORDERS_IMPORTED, PARKED, TASKS, TIKTOK_CALLS
from worker.state.accounts import Account
from worker.state.broker import QUEUES
from worker.state.cursors import SILENT_AFTER, SILENT_REMEDY
from worker.state.history import History, Sample
from worker.state.standing import Standing, look
from worker.sync.backlog import Backlog, backlog_of, recent_since
from worker.sync.runtime import Runtime
from worker.tiktok.tokens import TokenLife, token_lives

#: ``bad`` needs a person now, ``warn`` soon or perhaps.
Level = Literal["bad", "warn"]
#: What helps is found there: the page of an account or a shop (``Finding.target`` is its id), of what is parked, of
#: refused stock, of the catalogue, of deliveries, of health itself.
Place = Literal["account", "shop", "parked", "stock", "products", "deliveries", "health"]

#: Seconds after which an order that is still due is late; far more than a batch takes, a poll's interval at most.
LATE_AFTER = 300.0
#: The same of orders whose parcels are to be followed: a label may take its time.
DELIVERY_LATE_AFTER = 900.0
#: A queue whose workers are all busy has no heartbeat for as long as a task may take (240 s).
UNSERVED_AFTER = 300.0
#: Days before the end of an authorization at which people are warned, and at which it becomes urgent.
WARN_DAYS, URGENT_DAYS = 30.0, 7.0
#: Problems that stop nothing yet.
_IN_GOOD_TIME = {"odoo_key_ends", "alert_user"}
#: A parked order is urgent when it must ship within this time.
SHIP_SOON = timedelta(hours=24)
#: A buyer's request to cancel is urgent when it must be answered within this time.
ANSWER_SOON = timedelta(hours=24)

#: Outcomes of webhooks that were accepted; all others are refusals.
ACCEPTED = ("stored", "duplicate", "unknown_shop")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is not as it should be. ``code`` is that of the runbook."""

    level: Level
    code: str
    where: str
    message: str
    remedy: str
    place: Place = "health"
    target: str = ""


@dataclass(frozen=True)
class Health:
    """How everything stands, and what is the matter, the worst first.

    :param tokens: how long the tokens of each account live, by its id.
    """

    standing: Standing
    findings: list[Finding] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    tokens: dict[str, TokenLife] = field(default_factory=dict)
    ship_soon: int = 0
    backlog: Backlog | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing needs a person now; warnings may be there."""
        return not any(finding.level == "bad" for finding in self.findings)


def overview(runtime: Runtime) -> Health:
    """Look at everything.

    :raises redis.exceptions.RedisError: Redis is away.
    """
    now = datetime.now(UTC)
    standing = look(runtime.redis, runtime.broker)
    findings = [*_infrastructure(standing), *_problems(standing)]
    accounts: list[Account] = []
    try:
        accounts = runtime.accounts.all()
    except ConfigurationError as error:
        findings.append(
            Finding(level="bad", code=error.code, where="accounts", message=error.message, remedy=error.remedy)
        )
    tokens = token_lives(runtime.tiktok.tokens, [account.id for account in accounts]) if accounts else {}
    findings += _authorizations(standing, accounts, tokens, now)
    history = History(runtime.redis)
    samples = history.since(recent_since(standing))
    sample = samples[-1] if samples else history.latest()
    ship_soon = sample.ship_soon if sample is not None else 0
    findings += [*_orders(standing, ship_soon), *_stock(standing), *_deliveries(standing, now)]
    findings.sort(key=lambda finding: finding.level != "bad")
    return Health(standing, findings, accounts, tokens, ship_soon, backlog_of(standing, samples))


def take_sample(runtime: Runtime) -> bool:
    """Keep how all stands now; ``False`` when this minute is in the history already."""
    standing = look(runtime.redis, runtime.broker)
    measured, counters = standing.measured, standing.counters
    webhooks = standing.webhooks
    return History(runtime.redis).add(
        Sample(
            at=int(standing.at),
            lag=round(standing.lag, 1),
            due=standing.sum_orders("due") + standing.sum_orders("leased"),
            parked=standing.sum_orders("parked"),
            waiting=standing.sum_orders("waiting"),
            ship_soon=count_ship_soon(runtime, standing),
            stock_due=sum(each.stock.due + each.stock.leased for each in standing.shops),
            stock_refused=sum(each.stock.parked for each in standing.shops),
            unmapped=sum(each.unmapped for each in standing.shops),
            deliveries_due=sum(each.fulfillment.due + each.fulfillment.leased for each in standing.shops),
            deliveries_parked=sum(each.fulfillment.parked for each in standing.shops),
            requests=sum(each.requests for each in standing.shops),
            queues=standing.broker.waiting if standing.broker else {},
            totals={
                "imported": measured.total(ORDERS_IMPORTED),
                "parked": measured.total(PARKED),
                "tiktok_errors": measured.total(TIKTOK_CALLS) - measured.total(TIKTOK_CALLS, result="ok"),
                "odoo_errors": measured.total(ODOO_CALLS) - measured.total(ODOO_CALLS, result="ok"),
                "failed_tasks": measured.total(TASKS, result="failed"),
                "stock_skus": counters.get("inventory_pushed", 0),
                "webhooks": sum(webhooks.get(outcome, 0) for outcome in ACCEPTED),
                "webhooks_refused": sum(n for outcome, n in webhooks.items() if outcome not in ACCEPTED),
            },
            latency=list(measured.histogram(ORDER_LATENCY).counts),
        )
    )


def count_ship_soon(runtime: Runtime, standing: Standing) -> int:
    """How many parked orders must ship within a day, or should have."""
    soon = datetime.now(UTC) + SHIP_SOON
    parked = (
        entry for each in standing.shops if each.orders.parked for entry in runtime.queue(each.shop.id).all_parked()
    )
    return sum(1 for entry in parked if entry.ship_by is not None and entry.ship_by <= soon)


def _infrastructure(standing: Standing) -> Iterator[Finding]:
    age = standing.heartbeat_age
    if standing.broker is None:
        yield Finding(
            level="bad",
            code="broker_unavailable",
            where="Celery",
            message="Celery's broker does not answer.",
            remedy="Start it, or correct CELERY_BROKER_URL.",
        )
    elif not standing.broker.beat_alive:
        yield Finding(
            level="bad",
            code="beat_away",
            where="beat",
            message="No beat runs, so nothing is polled, swept or renewed.",
            remedy="Start `tiktok-odoo beat`.",
        )
    if age is None or age > SILENT_AFTER:
        seen = "never" if age is None else f"{age:.0f} s ago"
        yield Finding(
            level="bad",
            code="no_heartbeat",
            where="workers",
            message=f"The last heartbeat task was completed {seen}.",
            remedy=SILENT_REMEDY,
        )
    else:
        yield from _unserved(standing)
    if standing.redis.keeps is False or standing.redis.evicts:
        what = "throws keys away when it is full" if standing.redis.evicts else "does not write what it is told to disk"
        yield Finding(
            level="bad",
            code="redis_keeps_nothing",
            where="Redis",
            message=f"Redis {what}.",
            remedy="Set appendonly yes and maxmemory-policy noeviction, and see that its disk is not full.",
        )


def _unserved(standing: Standing) -> Iterator[Finding]:
    waiting = standing.broker.waiting if standing.broker else {}
    for queue in QUEUES:
        age = standing.queues.get(queue)
        if age is None or age > UNSERVED_AFTER:
            seen = "yet" if age is None else f"for {age / 60:.0f} minutes"
            messages = waiting.get(queue, 0)
            yield Finding(
                level="bad" if messages else "warn",
                code="queue_unserved",
                where=f"queue {queue}",
                message=f"No worker has taken anything from it {seen}; {messages} messages wait.",
                remedy=f"Start a worker for it: `tiktok-odoo worker --queues {queue}`.",
            )


def _problems(standing: Standing) -> Iterator[Finding]:
    for problem in standing.problems:
        if problem.code == "authorization_ends":
            continue  # told with its urgency below
        word, _, rest = problem.scope.partition(" ")
        yield Finding(
            level="warn" if problem.code in _IN_GOOD_TIME else "bad",
            code=problem.code,
            where=problem.scope,
            message=problem.message,
            remedy=problem.remedy,
            place="account" if word == "account" else "shop" if word == "shop" else "health",
            target=rest.partition(" ")[0],
        )


def _authorizations(
    standing: Standing, accounts: list[Account], tokens: dict[str, TokenLife], now: datetime
) -> Iterator[Finding]:
    for account in accounts:
        where = f"account {account.id}"
        days = tokens[account.id].days_left(now) if account.id in tokens else None
        remedy = f"Let the shop's owner renew it: `tiktok-odoo accounts reauthorize {account.id}`."
        if account.authorization == "needed":
            yield Finding(
                level="bad",
                code="reauthorize",
                where=where,
                message=account.authorization_reason or "TikTok accepts its tokens no longer.",
                remedy=remedy,
                place="account",
                target=account.id,
            )
        elif days is not None and days <= WARN_DAYS:
            yield Finding(
                level="bad" if days <= URGENT_DAYS else "warn",
                code="authorization_ends",
                where=where,
                message=f"TikTok's authorization ends in {max(0.0, days):.0f} days.",
                remedy=remedy,
                place="account",
                target=account.id,
            )


def _orders(standing: Standing, ship_soon: int) -> Iterator[Finding]:
    if parked := standing.sum_orders("parked"):
        urgent = f" {ship_soon} of them must ship within a day." if ship_soon else ""
        yield Finding(
            level="bad",
            code="orders_parked",
            where="orders",
            message=f"{parked} {'order is' if parked == 1 else 'orders are'} parked.{urgent}",
            remedy="Each has its reason and its remedy: `tiktok-odoo orders parked`.",
            place="parked",
        )
    for each in standing.working:
        if each.orders.oldest_due > LATE_AFTER:
            yield Finding(
                level="warn",
                code="orders_late",
                where=f"shop {each.shop.id}",
                message=f"An order has been due for {each.orders.oldest_due / 60:.0f} minutes.",
                remedy="See whether workers run, and whether Odoo and TikTok answer.",
                place="shop",
                target=each.shop.id,
            )


def _stock(standing: Standing) -> Iterator[Finding]:
    for each in standing.working:
        where = f"shop {each.shop.id}"
        if each.stock.parked:
            products = "1 product" if each.stock.parked == 1 else f"{each.stock.parked} products"
            yield Finding(
                level="bad",
                code="stock_refused",
                where=where,
                message=f"TikTok refuses the stock of {products}.",
                remedy="Each has its reason and its remedy: `tiktok-odoo inventory parked`.",
                place="stock",
                target=each.shop.id,
            )
        if each.reconciled is not None and each.reconciled.drifted:
            yield Finding(
                level="warn",
                code="stock_drift",
                where=where,
                message=f"TikTok showed another stock than it should of {each.reconciled.drifted} SKUs.",
                remedy="It was pushed again. When it comes back, look for another program that writes TikTok's stock.",
                place="stock",
                target=each.shop.id,
            )


def _deliveries(standing: Standing, now: datetime) -> Iterator[Finding]:
    """The first deadline first."""
    for each in sorted(standing.working, key=lambda each: (each.answer_by is None, each.answer_by or now)):
        where = f"shop {each.shop.id}"
        if each.requests:
            until = f" The first must be answered by {each.answer_by:%Y-%m-%d %H:%M} UTC." if each.answer_by else ""
            asks = "1 buyer asks" if each.requests == 1 else f"{each.requests} buyers ask"
            yield Finding(
                level="bad" if each.answer_by is not None and each.answer_by <= now + ANSWER_SOON else "warn",
                code="cancel_requests",
                where=where,
                message=f"{asks} to cancel.{until}",
                remedy="Approve or reject each in Seller Center: `tiktok-odoo deliveries requests`.",
                place="deliveries",
                target=each.shop.id,
            )
        if parked := each.fulfillment.parked:
            orders = "1 order" if parked == 1 else f"{parked} orders"
            yield Finding(
                level="bad",
                code="deliveries_parked",
                where=where,
                message=f"Something is in the way of the {'delivery' if parked == 1 else 'deliveries'} of {orders}.",
                remedy="Each has its reason and its remedy: `tiktok-odoo deliveries parked`.",
                place="deliveries",
                target=each.shop.id,
            )
        if each.fulfillment.oldest_due > DELIVERY_LATE_AFTER:
            minutes = f"{each.fulfillment.oldest_due / 60:.0f} minutes"
            yield Finding(
                level="warn",
                code="deliveries_late",
                where=where,
                message=f"An order has waited for {minutes} to have its parcels looked at.",
                remedy="See whether a worker serves the queue fulfillment, and whether Odoo and TikTok answer.",
                place="shop",
                target=each.shop.id,
            )
