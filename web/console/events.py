"""``/console/events``: webhooks that came in, one by one, with *Replay*; and what was refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.console.parts import operator, runtime, trigger
from worker.errors import ConfigurationError
from worker.state.inbox import KEPT_OUTCOMES, Event
from worker.state.refused import Refusals
from worker.sync import event_actions
from worker.sync.event_actions import Wanted
from worker.tiktok.webhooks import TOPICS, topic_name

blueprint = Blueprint("console_events", __name__, url_prefix="/console/events")

_PAGE = 50
#: Outcome → its words and the tone of its badge.
_OUTCOMES = {"stored": ("verified", "good"), "unknown_shop": ("verified, shop not linked", "busy")}
#: Name of a refusal → what it says to people.
_REFUSED = {
    "unsigned": "not signed",
    "bad_signature": "signed by nobody we know",
    "not_json": "no JSON",
    "bad_envelope": "no webhook of TikTok Shop",
    "too_large": "too large",
    "too_deep": "nested too deeply",
    "empty": "empty",
}


@blueprint.get("")
def events() -> ResponseReturnValue:
    """The newest webhooks that fit the filters; ``?before=`` goes back. htmx asks for the table alone."""
    chosen = {name: request.args.get(name, "").strip()[:128] for name in ("shop", "topic", "outcome", "order", "since")}
    before = request.args.get("before", "")
    try:
        found = event_actions.find(runtime(), _wanted(chosen), limit=_PAGE, before=before)
    except ConfigurationError:
        abort(404, "These events are no longer kept.")
    kept: dict[str, Any] = {name: value for name, value in chosen.items() if value}
    page: dict[str, Any] = {
        "found": found.events,
        "chosen": chosen,
        "here": url_for(".events", **kept),
        "newer": url_for(".events", **kept) if before else "",
        "older": url_for(".events", **kept, before=found.older) if found.older else "",
        **_words(),
    }
    template = "table.html" if "HX-Request" in request.headers else "events.html"
    return render_template(f"console/events/{template}", **page)


def _wanted(chosen: dict[str, str]) -> Wanted:
    return Wanted(
        shop_id=chosen["shop"],
        topic=chosen["topic"],
        outcome=chosen["outcome"],
        order_id=chosen["order"],
        since=_day(chosen["since"]),
    )


def _day(text: str) -> datetime | None:
    """The beginning of a day, as a date field sends it; ``None`` for whatever else a person typed."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def _words() -> dict[str, Any]:
    shops = runtime().shops.all()
    return {
        "shops": shops,
        "names": {shop.id: shop.name for shop in shops},
        "topics": TOPICS,
        "topic_name": topic_name,
        "outcomes": {name: _OUTCOMES[name] for name in KEPT_OUTCOMES},
    }


@blueprint.get("/refused")
def refused() -> ResponseReturnValue:
    """Requests that were refused as webhooks, newest first; ``?before=`` goes back."""
    before = request.args.get("before", "")
    if before:
        _known(before)
    noted = Refusals(runtime().redis).latest(_PAGE, before=before)
    older = url_for(".refused", before=noted[-1].id) if len(noted) == _PAGE else ""
    newer = url_for(".refused") if before else ""
    return render_template("console/events/refused.html", refusals=noted, words=_REFUSED, newer=newer, older=older)


def _known(event_id: str) -> None:
    if not event_actions.is_id(event_id):
        abort(404, "There is no such event.")


def _event(event_id: str) -> Event:
    try:
        return event_actions.get(runtime(), event_id)
    except ConfigurationError:
        abort(404, f"There is no event {event_id}, or it is no longer kept.")


@blueprint.get("/<event_id>")
def event(event_id: str) -> ResponseReturnValue:
    """One webhook as it was kept."""
    found = _event(event_id)
    return render_template("console/events/event.html", event=found, body=event_actions.pretty(found), **_words())


@blueprint.post("/<event_id>/replay")
def replay(event_id: str) -> ResponseReturnValue:
    """Have the webhook's orders and products looked at again."""
    found = _event(event_id)
    done = event_actions.replay(runtime(), found, by=operator().name)
    for shop_id in done.shops("orders"):
        if runtime().shops.pushing_stock() > 1:
            trigger("sold", shop_id)
        trigger("orders", shop_id)
    for shop_id in done.shops("products"):
        trigger("products", shop_id)
    flash(done.text(), "done" if done.events else "failed")
    return redirect(url_for(".event", event_id=found.id), 303)
