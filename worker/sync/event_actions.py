"""What an operator does with webhooks that came in: find them, look at one, have its orders looked at again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from worker.errors import ConfigurationError
from worker.state.audit import Audit
from worker.state.inbox import Event
from worker.sync.runtime import Runtime
from worker.tiktok.webhooks import topic_name

_EVENT_ID = re.compile(r"[0-9]{1,18}-[0-9]{1,18}")
#: Events that one search reads at most. A rare one among all that are kept is found in several.
_MOST_READ = 10_000
#: Events whose orders are made due at once.
_PORTION = 500


@dataclass(frozen=True)
class Wanted:
    """Which webhooks: each field that is set narrows them down.

    :param topic: TikTok's number or name of a topic.
    :param outcome: ``stored`` or ``unknown_shop``.
    :param since: only what came at this time or later.
    """

    shop_id: str = ""
    topic: str = ""
    outcome: str = ""
    order_id: str = ""
    since: datetime | None = None

    def fits(self, event: Event) -> bool:
        """Whether the event is one of them."""
        return (
            self.shop_id in ("", event.shop_id)
            and self.outcome in ("", event.outcome)
            and self.topic.upper() in ("", event.topic.upper(), topic_name(event.topic))
            and (not self.order_id or self.order_id in event.order_ids)
        )


@dataclass(frozen=True)
class Found:
    """Some events, newest first. ``older``: the id from which to search on; empty when there is nothing older."""

    events: list[Event]
    older: str


@dataclass
class Replayed:
    """What a replay did: how many events, what is due now by shop, and how many led to nothing, by reason."""

    events: int = 0
    orders: dict[str, set[str]] = field(default_factory=dict)
    products: dict[str, set[str]] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    def shops(self, kind: Literal["orders", "products"]) -> list[str]:
        """The shops that have something due of that kind now."""
        due = self.orders if kind == "orders" else self.products
        return sorted(shop_id for shop_id, ids in due.items() if ids)

    def text(self) -> str:
        """In one sentence for each, for people."""
        orders = sum(map(len, self.orders.values()))
        products = sum(map(len, self.products.values()))
        words = [f"{self.events} events were replayed: {orders} orders and {products} products are due."]
        words += [f"{count} were left out: {reason}." for reason, count in sorted(self.left_out.items())]
        return " ".join(words)


def find(runtime: Runtime, wanted: Wanted, *, limit: int, before: str = "") -> Found:
    """The newest events that fit, newest first; those before the event id ``before``, if given.

    Reads only so many at once: where few fit, the answer may be shorter than ``limit`` and yet have an ``older``.

    :raises ConfigurationError: ``before`` is no event id (``no_event``).
    """
    if before:
        _check(before)
    events: list[Event] = []
    read = 0
    for event in runtime.inbox.newest_first(before=before, since=wanted.since):
        if len(events) == limit or read == _MOST_READ:
            return Found(events, before)
        read, before = read + 1, event.id
        if wanted.fits(event):
            events.append(event)
    return Found(events, "")


def find_all(runtime: Runtime, wanted: Wanted, *, limit: int) -> list[Event]:
    """The newest events that fit among all that are kept, newest first, however long that takes."""
    return list(islice(filter(wanted.fits, runtime.inbox.newest_first(since=wanted.since)), limit))


def get(runtime: Runtime, event_id: str) -> Event:
    """The event of that id.

    :raises ConfigurationError: there is none, or none any more (``no_event``).
    """
    _check(event_id)
    event = runtime.inbox.find(event_id)
    if event is None:
        raise _no_event(event_id)
    return event


def content(event: Event) -> Any:
    """The body as it was kept."""
    return json.loads(event.body)


def pretty(event: Event) -> str:
    """The body as it was kept, indented for people."""
    text = json.dumps(content(event), ensure_ascii=False, indent=2)
    # Half of a surrogate pair, as of a title cut within an emoji, is no UTF-8: it stays spelled out.
    return text.encode("utf-8", "backslashreplace").decode()


def replay(runtime: Runtime, event: Event, *, by: str) -> Replayed:
    """Have the event's orders and products looked at again, as when it came; it keeps its id.

    :param by: who wants it, for the audit trail and the orders' timelines.
    """
    done = Replayed()
    _replay(runtime, [event], done, by)
    Audit(runtime.redis).note(by, "event.replay", event.id, done.text())
    return done


def replay_all(
    runtime: Runtime, wanted: Wanted, *, by: str, advance: Callable[[int, int], None] = lambda done, total: None
) -> Replayed:
    """Replay every event that fits; one that comes meanwhile is no concern of this.

    :param advance: told after each portion how many of the kept events were looked at, and of how many.
    """
    done = Replayed()
    total, read = runtime.inbox.kept(), 0
    events = runtime.inbox.newest_first(since=wanted.since)
    while portion := list(islice(events, _PORTION)):
        _replay(runtime, filter(wanted.fits, portion), done, by)
        read += len(portion)
        advance(read, max(read, total))
    advance(read, read)
    since = f"since {wanted.since:%Y-%m-%dT%H:%M:%SZ}" if wanted.since else "all"
    Audit(runtime.redis).note(by, "event.replay", since, done.text())
    return done


def _replay(runtime: Runtime, events: Iterable[Event], done: Replayed, by: str) -> None:
    """Make due what the events name, each thing once in the whole replay; TikTok is asked how it is now."""
    shops = {shop.id for shop in runtime.shops.all()}
    orders: dict[str, set[str]] = {}
    products: dict[str, set[str]] = {}
    for event in events:
        if not event.order_ids and not event.product_ids:
            _leave_out(done, "no order or product is named")
        elif event.shop_id not in shops:
            _leave_out(done, "the shop is not linked")
        else:
            done.events += 1
            orders.setdefault(event.shop_id, set()).update(event.order_ids)
            products.setdefault(event.shop_id, set()).update(event.product_ids)
    for shop_id, ids in orders.items():
        if new := sorted(ids - done.orders.setdefault(shop_id, set())):
            done.orders[shop_id].update(new)
            runtime.timeline(shop_id).add(new, "operator", f"webhook replayed by {by}")
            runtime.queue(shop_id).mark(new)
    for shop_id, ids in products.items():
        if new := sorted(ids - done.products.setdefault(shop_id, set())):
            done.products[shop_id].update(new)
            runtime.product_queue(shop_id).mark(new, force=True)


def _leave_out(done: Replayed, reason: str) -> None:
    done.left_out[reason] = done.left_out.get(reason, 0) + 1


def is_id(text: str) -> bool:
    """Whether ``text`` can be an event's id."""
    return bool(_EVENT_ID.fullmatch(text))


def _check(event_id: str) -> None:
    if not is_id(event_id):
        raise _no_event(event_id)


def _no_event(event_id: str) -> ConfigurationError:
    return ConfigurationError(
        f"There is no event {event_id!r}, or it is no longer kept.",
        code="no_event",
        remedy="`tiktok-odoo events list` shows those that are.",
    )
