"""What came in: webhooks are kept here, and the orders that they name made due, in one atomic step."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from worker.state.connection import RedisClient, key, script
from worker.state.dirty_set import Kind
from worker.state.shops import pushing_key
from worker.state.timeline import ENTRIES_KEPT, timeline_key

#: Tasks of which at most one per shop is on its way: of each dirty set, and the look at what was sold.
Trigger = Kind | Literal["sold"]
Outcome = Literal["stored", "duplicate", "unknown_shop"]
#: Outcomes of webhooks that are kept; of duplicates only their number is (the counter ``webhooks_duplicate``).
KeptOutcome = Literal["stored", "unknown_shop"]
KEPT_OUTCOMES: tuple[str, ...] = get_args(KeptOutcome)

#: TikTok delivers again for about 15.5 hours; a notification's id is remembered for longer than that.
REMEMBER_SECONDS = 24 * 3600
EVENTS_KEPT = 50_000
#: At most one drain per shop is under way to a worker; if its message is lost, the next may be sent after this.
TRIGGER_SECONDS = 15
#: Events that are read from Redis at once.
_CHUNK = 500

#: What a webhook may set in motion, in the order in which the script tells it.
_TASKS = ("orders.drain", "catalog.drain", "inventory.note_sold")


@dataclass(frozen=True)
class Received:
    """What became of a webhook, the version of the accounts at that moment, and the tasks that should be sent for its
    shop: ``orders.drain``, ``catalog.drain``, ``inventory.note_sold``."""

    outcome: Outcome
    accounts_version: str
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Event:
    """One webhook as it was kept. ``id`` begins with the time of arrival in milliseconds since the epoch."""

    id: str
    shop_id: str
    topic: str
    outcome: str
    body: str
    notification_id: str = ""
    order_ids: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()

    @property
    def at(self) -> datetime:
        """When it came."""
        return datetime.fromtimestamp(int(self.id.partition("-")[0]) / 1000, UTC)


class Inbox:
    """Keeps webhooks.

    :param timeline_days: for how long an order's timeline tells of them.
    """

    def __init__(self, redis: RedisClient, *, timeline_days: float = 7) -> None:
        self._redis = redis
        self._timeline_seconds = int(timeline_days * 86400)
        self._receive = script(redis, "receive")

    def receive(
        self,
        *,
        shop_id: str,
        topic: str,
        notification_id: str,
        body: str,
        account_ids: Sequence[str],
        order_ids: Sequence[str],
        product_ids: Sequence[str] = (),
        summary: str = "",
    ) -> Received:
        """Keep a verified webhook, unless it came before, and make its orders and products due.

        :param notification_id: ``tts_notification_id``; when empty, the body's digest stands in.
        :param account_ids: the accounts whose secret verified it; the shop must belong to one of them.
        :param summary: what the timelines of its orders say; by default the topic's number. No personal data.
        :raises redis.exceptions.ConnectionError: Redis is away, so nothing was kept: do not acknowledge.
        """
        identity = notification_id or hashlib.sha256(body.encode()).hexdigest()
        keys = [
            key("seen", shop_id, identity),
            key("events"),
            key("counters"),
            key("shop_owners"),
            key("orders", "due", shop_id),
            trigger_key(shop_id),
            key("accounts", "version"),
            key("products", "due", shop_id),
            key("products", "force", shop_id),
            trigger_key(shop_id, "products"),
            pushing_key(),
            trigger_key(shop_id, "sold"),
            *(timeline_key(shop_id, order_id) for order_id in order_ids),
        ]
        outcome, version, *wanted = self._receive(
            keys=keys,
            args=[
                *(shop_id, topic, body, REMEMBER_SECONDS, EVENTS_KEPT, ",".join(account_ids), TRIGGER_SECONDS),
                *(
                    len(order_ids),
                    notification_id,
                    summary or f"topic {topic}",
                    ENTRIES_KEPT,
                    self._timeline_seconds,
                ),
                *order_ids,
                *product_ids,
            ],
        )
        tasks = tuple(task for task, send in zip(_TASKS, wanted, strict=True) if send)
        return Received(outcome, str(version), tasks)

    def latest(self, count: int = 100) -> list[Event]:
        """The newest webhooks, newest first."""
        return [_event(*entry) for entry in self._redis.xrevrange(key("events"), count=count)]

    def newest_first(self, *, before: str = "", since: datetime | None = None) -> Iterator[Event]:
        """Every kept webhook from the newest on, read in portions as they are asked for.

        :param before: begin with the one that came before this event id.
        :param since: end with those that came at that time.
        """
        end, start = f"({before}" if before else "+", _id_at(since) if since else "-"
        while entries := self._redis.xrevrange(key("events"), max=end, min=start, count=_CHUNK):
            yield from (_event(*entry) for entry in entries)
            end = f"({entries[-1][0]}"

    def find(self, event_id: str) -> Event | None:
        """The webhook of that id, if it is still kept."""
        entries = self._redis.xrange(key("events"), min=event_id, max=event_id)
        return _event(*entries[0]) if entries else None

    def after(self, event_id: str, wait: float) -> list[Event]:
        """Webhooks newer than ``event_id``, oldest first; when there are none, waits up to ``wait`` seconds for one."""
        answer = self._redis.xread({key("events"): event_id}, count=_CHUNK, block=max(1, int(wait * 1000)))
        return [_event(*entry) for _, entries in answer for entry in entries]

    def forget_before(self, oldest: datetime) -> int:
        """Forget webhooks that came before ``oldest``; answers how many."""
        return int(self._redis.xtrim(key("events"), minid=_id_at(oldest), approximate=False))

    def drop(self, shop_id: str) -> None:
        """Forget every webhook of a shop."""
        gone = [event.id for event in self.newest_first() if event.shop_id == shop_id]
        for start in range(0, len(gone), _CHUNK):
            self._redis.xdel(key("events"), *gone[start : start + _CHUNK])

    def kept(self) -> int:
        """How many webhooks are kept."""
        return int(self._redis.xlen(key("events")))


def _id_at(moment: datetime) -> str:
    return str(max(0, int(moment.timestamp() * 1000)))


def _event(event_id: str, fields: dict[str, str]) -> Event:
    return Event(
        event_id,
        fields["shop_id"],
        fields["topic"],
        fields["outcome"],
        fields["body"],
        fields.get("notification", ""),  # this and what follows, older versions did not keep
        _words(fields.get("orders", "")),
        _words(fields.get("products", "")),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def trigger_key(shop_id: str, kind: Trigger = "orders") -> str:
    """The key that says: a task of that kind for this shop is on its way to a worker."""
    return key("trigger", kind, shop_id)


def may_trigger(redis: RedisClient, shop_id: str, kind: Trigger = "orders") -> bool:
    """Whether the caller should send such a task; at most one per shop is under way."""
    return bool(redis.set(trigger_key(shop_id, kind), "1", nx=True, ex=TRIGGER_SECONDS))


def trigger_arrived(redis: RedisClient, shop_id: str, kind: Trigger = "orders") -> None:
    """Such a task has started: what comes in from now on needs another one."""
    redis.delete(trigger_key(shop_id, kind))


def count(redis: RedisClient, name: str, amount: int = 1) -> None:
    """Raise a counter, such as ``webhooks_bad_signature``. Counters never hold a shop's or a person's data."""
    redis.hincrby(key("counters"), name, amount)


def counters(redis: RedisClient) -> dict[str, int]:
    """All counters since Redis was new."""
    return {name: int(value) for name, value in sorted(redis.hgetall(key("counters")).items())}
