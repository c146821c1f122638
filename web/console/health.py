"""``/console/health``: what is the matter, the processes, how long keys live, and charts of the last hours."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.charts import Chart, Series, line_chart
from web.console.parts import runtime
from web.receiver import receiver
from worker.state.broker import QUEUES
from worker.state.history import History, Point, points, thin
from worker.sync.health import URGENT_DAYS, WARN_DAYS, Finding, Health, Place, overview

blueprint = Blueprint("console_health", __name__, url_prefix="/console/health")

#: What the charts may show, in hours.
SPANS = (3, 24)
_MOST_POINTS = 180

#: The page where a finding is looked into, by its kind; the shop goes along where the page takes one.
_PAGES: dict[Place, tuple[str, str]] = {
    "account": ("console_accounts.accounts", ""),
    "shop": ("console_accounts.accounts", ""),
    "parked": ("console_parked.parked", ""),
    "stock": ("console_products.products", "shop"),
    "products": ("console_products.unmapped", "shop"),
    "deliveries": ("console_deliveries.deliveries", "shop"),
    "health": ("console_health.health", ""),
}


def link_of(finding: Finding) -> str:
    """Where a person does something about it; empty when there is no such page."""
    endpoint, argument = _PAGES[finding.place]
    if endpoint not in current_app.view_functions or endpoint == request.endpoint:
        return ""
    values: dict[str, Any] = {argument: finding.target} if argument and finding.target else {}
    return url_for(endpoint, **values)


@blueprint.get("/")
def health() -> ResponseReturnValue:
    """The page; its parts renew themselves."""
    hours = _hours()
    return render_template("console/health/health.html", **_now(), charts=_charts(hours), hours=hours, spans=SPANS)


@blueprint.get("/now")
def now() -> ResponseReturnValue:
    """Everything but the charts, for the page that is open. The verdict is said anew only when it is another one."""
    facts = _now()
    return render_template("console/health/now.html", **facts, is_part=request.args.get("was") != facts["verdict"])


@blueprint.get("/charts")
def charts() -> ResponseReturnValue:
    """The charts, for the page that is open."""
    hours = _hours()
    return render_template("console/health/charts.html", charts=_charts(hours), hours=hours)


def _hours() -> int:
    wanted = request.args.get("hours", type=int)
    return wanted if wanted in SPANS else SPANS[0]


def _now() -> dict[str, object]:
    found = overview(runtime())
    return {
        "health": found,
        "verdict": _verdict(found),
        "link_of": link_of,
        "authorizations": _authorizations(found),
        "queues": QUEUES,
        "flower_url": receiver().settings.flower_url,
    }


def _verdict(found: Health) -> str:
    bad = sum(1 for finding in found.findings if finding.level == "bad")
    warnings = len(found.findings) - bad
    if bad:
        return f"{bad} {'thing needs' if bad == 1 else 'things need'} a person."
    if warnings:
        return f"All works. {warnings} {'thing is' if warnings == 1 else 'things are'} worth a look."
    return "All is well."


def _authorizations(found: Health) -> list[dict[str, object]]:
    """Each account with the tone and the words of its end."""
    moment = datetime.now(UTC)
    rows: list[dict[str, object]] = []
    for account in found.accounts:
        life = found.tokens.get(account.id)
        days = life.days_left(moment) if life is not None else None
        if account.authorization != "authorized":
            tone, words = "bad", "must be authorized" if account.authorization == "none" else "must be authorized again"
        elif days is None:
            tone, words = "quiet", "TikTok tells no end"
        else:
            tone = "bad" if days <= URGENT_DAYS else "busy" if days <= WARN_DAYS else "good"
            words = "has ended" if days < 0 else f"ends in {days:.0f} days"
        rows.append({"account": account, "life": life, "tone": tone, "words": words})
    return rows


def _charts(hours: int) -> list[Chart]:
    samples = History(runtime().redis).since(time.time() - hours * 3600)
    found = points(thin(samples, _MOST_POINTS))
    times = [point.at for point in found]

    def chart(name: str, title: str, unit: str, **series: Callable[[Point], float | None]) -> Chart:
        lines = [Series(words.replace("_", " "), [value(point) for point in found]) for words, value in series.items()]
        return line_chart(name, title, unit, times, lines)

    def rate(name: str) -> Callable[[Point], float | None]:
        return lambda point: point.rates.get(name, 0.0)

    def waiting(queue: str) -> Callable[[Point], float | None]:
        return lambda point: float(point.sample.queues.get(queue, 0))

    return [
        chart("lag", "Lag: the order that is due the longest", "seconds", lag=lambda point: point.sample.lag),
        chart("throughput", "Throughput", "a minute", orders_imported=rate("imported"), SKUs_pushed=rate("stock_skus")),
        chart("latency", "From due to Odoo", "seconds", median=lambda p: p.median, slowest_5_percent=lambda p: p.slow),
        chart(
            "errors",
            "What failed",
            "a minute",
            TikTok_calls=rate("tiktok_errors"),
            Odoo_calls=rate("odoo_errors"),
            parked=rate("parked"),
            tasks=rate("failed_tasks"),
            webhooks_refused=rate("webhooks_refused"),
        ),
        chart("queues", "Messages that wait", "messages", **{queue: waiting(queue) for queue in QUEUES}),
        chart(
            "open",
            "Orders and stock",
            "",
            orders_due=lambda point: float(point.sample.due),
            orders_parked=lambda point: float(point.sample.parked),
            orders_waiting=lambda point: float(point.sample.waiting),
            stock_due=lambda point: float(point.sample.stock_due),
        ),
        chart(
            "deliveries",
            "Deliveries",
            "",
            to_look_at=lambda point: float(point.sample.deliveries_due),
            something_in_the_way=lambda point: float(point.sample.deliveries_parked),
            requests_to_cancel=lambda point: float(point.sample.requests),
        ),
    ]
