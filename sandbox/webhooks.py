"""Webhook deliveries in the background: signed, retried on TikTok's ladder, lost or repeated or delayed on request."""

from __future__ import annotations

import heapq
import itertools
import json
import logging
import random
import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from sandbox.model import App
from sandbox.signing import webhook_signature
from sandbox.specs import WebhookFaultSpec

# Waits before the first to the fourth retry, in seconds; after the last TikTok gives up (reference section 4.1).
RETRY_LADDER = (120, 1800, 10_800, 43_200)
SENDERS = 8
KEPT_PER_SUBJECT = 20

Sender = Callable[[str, bytes, dict[str, str]], int]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notification:
    """One webhook to one app. ``body`` never changes, so every delivery of it has the same ``tts_notification_id``.

    :param subject_id: the order or the product that it is about; '' for anything else.
    """

    url: str
    body: bytes
    signature: str
    subject_id: str = ""


@dataclass
class Faults:
    """Probabilities from 0 to 1; a reordered webhook is delayed by up to ``reorder_seconds``, a duplicated one comes
    ``copies`` times in all."""

    lose: float = 0.0
    duplicate: float = 0.0
    copies: int = 2
    reorder: float = 0.0
    reorder_seconds: float = 3.0
    paused: bool = False
    chance: random.Random = field(default_factory=lambda: random.Random(0), repr=False)


def http_sender(timeout: float) -> Sender:
    """Deliver over HTTP through one pooled session.

    :param timeout: seconds; TikTok waits 3.
    :return: a function that answers the HTTP status, or 0 when there was no answer in time.
    """
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=SENDERS, pool_maxsize=SENDERS))

    def send(url: str, body: bytes, headers: dict[str, str]) -> int:
        try:
            return session.post(url, data=body, headers=headers, timeout=timeout, allow_redirects=False).status_code
        except requests.RequestException:
            return 0

    return send


class WebhookDispatcher:
    """Queue of due deliveries. ``start`` works it off in the background; tests call ``run_due`` themselves.

    :param sender: see ``http_sender``.
    :param clock: epoch seconds.
    :param time_scale: factor on the retry ladder.
    """

    def __init__(self, sender: Sender, clock: Callable[[], float], time_scale: float = 1.0) -> None:
        self._sender = sender
        self._clock = clock
        self._time_scale = time_scale
        self._condition = threading.Condition()
        self._tick = itertools.count()
        self._pool: ThreadPoolExecutor | None = None
        self._generation = 0
        self._forget()

    def _forget(self) -> None:
        self._queue: list[tuple[float, int, Notification, int]] = []
        self._sent: dict[str, deque[Notification]] = {}
        self._in_flight = 0
        self.faults = Faults()
        self.counts: Counter[str] = Counter()

    def start(self) -> None:
        """Start the delivery threads (daemons: they end with the process)."""
        self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="webhook")
        threading.Thread(target=self._run, name="webhook-scheduler", daemon=True).start()

    def reset(self) -> None:
        """Forget all that is queued, counted and switched on."""
        with self._condition:
            self._generation += 1
            self._forget()

    def configure(self, changes: WebhookFaultSpec) -> None:
        """Change the faults; what is paused goes on when that ends."""
        with self._condition:
            for name, value in changes.model_dump(exclude={"seed"}, exclude_none=True).items():
                setattr(self.faults, name, value)
            if changes.seed is not None:
                self.faults.chance = random.Random(changes.seed)
            self._condition.notify_all()

    def notify(self, app: App, url: str, payload: dict[str, Any]) -> None:
        """Queue one notification for one app; it may be lost, doubled or delayed as the faults say."""
        body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
        data = payload["data"]
        subject_id = str(data.get("order_id") or data.get("product_id") or "")
        notification = Notification(url, body, webhook_signature(app.app_key, app.app_secret, body), subject_id)
        with self._condition:
            self.counts["created"] += 1
            if subject_id:
                self._sent.setdefault(subject_id, deque(maxlen=KEPT_PER_SUBJECT)).append(notification)
            chance = self.faults.chance
            lost, doubled, moved = (chance.random() for _ in range(3))
            if lost < self.faults.lose:
                self.counts["lost"] += 1
                return
            delay = 0.0
            if moved < self.faults.reorder:
                self.counts["delayed"] += 1
                delay = chance.uniform(0, self.faults.reorder_seconds)
            self._push(notification, delay)
            if doubled < self.faults.duplicate:
                self.counts["duplicated"] += 1
                for _ in range(self.faults.copies - 1):
                    self._push(notification, delay + chance.uniform(0, self.faults.reorder_seconds / 2))

    def redeliver(self, subject_id: str) -> int:
        """Send all kept notifications of an order or a product again, with their old ids; answers how many."""
        with self._condition:
            kept = list(self._sent.get(subject_id, ()))
            for notification in kept:
                self._push(notification, 0)
            return len(kept)

    def stats(self) -> dict[str, int]:
        """Counts so far; ``pending`` are those that wait for their first or next attempt or are under way."""
        with self._condition:
            return dict(self.counts) | {"pending": len(self._queue) + self._in_flight}

    def run_due(self) -> int:
        """Deliver what is due now and answer how many deliveries that were."""
        with self._condition:
            due = self._take_due()
            generation = self._generation
        for notification, attempt in due:
            if self._pool is None:
                self._deliver(notification, attempt, generation)
            else:
                self._pool.submit(self._deliver, notification, attempt, generation)
        return len(due)

    def _push(self, notification: Notification, delay: float, attempt: int = 0) -> None:
        heapq.heappush(self._queue, (self._clock() + delay, next(self._tick), notification, attempt))
        self._condition.notify_all()

    def _take_due(self) -> list[tuple[Notification, int]]:
        due: list[tuple[Notification, int]] = []
        while self._queue and not self.faults.paused and self._queue[0][0] <= self._clock():
            _, _, notification, attempt = heapq.heappop(self._queue)
            due.append((notification, attempt))
        self._in_flight += len(due)
        return due

    def _run(self) -> None:
        while True:
            self.run_due()
            with self._condition:
                wait = None
                if self._queue and not self.faults.paused:
                    wait = max(0.0, self._queue[0][0] - self._clock())
                if wait != 0.0:
                    self._condition.wait(wait)

    def _deliver(self, notification: Notification, attempt: int, generation: int) -> None:
        headers = {"Content-Type": "application/json", "Authorization": notification.signature}
        try:
            status = self._sender(notification.url, notification.body, headers)
        except Exception:
            log.exception("webhook sender failed")
            status = 0
        with self._condition:
            if generation != self._generation:
                return
            self._in_flight -= 1
            self.counts["attempts"] += 1
            self.counts[f"answered_{status}" if status else "no_answer"] += 1
            if status == 200:
                self.counts["delivered"] += 1
            elif status != 401 and attempt < len(RETRY_LADDER):
                self._push(notification, RETRY_LADDER[attempt] * self._time_scale, attempt + 1)
            else:
                self.counts["given_up"] += 1
