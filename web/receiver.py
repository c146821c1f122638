"""What the views share: state in Redis, the apps' secrets in memory, triggers sent off the request's path."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

import structlog
from flask import current_app

from worker.settings import Settings
from worker.state.accounts import Account, Accounts
from worker.state.connection import connect
from worker.state.inbox import Inbox
from worker.state.links import Links
from worker.state.refused import Refusals
from worker.state.secrets import SecretBox

log = structlog.get_logger(__name__)

#: A webhook that no known secret verifies makes us read the accounts again, but not more often than this (seconds).
_LEAST_RELOAD_PAUSE = 1.0


class Receiver:
    """One per process. A command to Redis is never repeated here: a 503 makes TikTok deliver again."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.redis = connect(settings.redis_url, timeout=1.5, retries=0)
        self.broker = connect(settings.broker_url, timeout=1.5, retries=0)  # only looked at, for metrics and pages
        box = SecretBox(settings.secret_keys.get_secret_value())
        self.accounts = Accounts(self.redis, box)
        self.links = Links(self.redis, box)
        self.inbox = Inbox(self.redis, timeline_days=settings.timeline_days)
        self.refusals = Refusals(self.redis)
        self.sender = Sender()
        self._apps: dict[tuple[str, str], list[str]] = {}
        self._apps_version = ""
        self._loaded_at = 0.0

    def apps(self) -> dict[tuple[str, str], list[str]]:
        """Account ids by (App Key, App Secret): the secrets that may have signed a webhook."""
        if not self._loaded_at:
            self.reload()
        return self._apps

    def reload(self) -> bool:
        """Read the accounts again; ``False`` when that was done a moment ago."""
        if self._loaded_at and time.monotonic() - self._loaded_at < _LEAST_RELOAD_PAUSE:
            return False
        version = self.accounts.version()
        apps: dict[tuple[str, str], list[str]] = {}
        accounts: list[Account] = self.accounts.all()
        for account in accounts:
            apps.setdefault((account.app_key, account.app_secret), []).append(account.id)
        self._apps, self._apps_version, self._loaded_at = apps, version, time.monotonic()
        return True

    def noticed_version(self, version: str) -> None:
        """Forget the cached accounts when Redis tells of newer ones."""
        if version != self._apps_version:
            self._loaded_at = 0.0


class Sender:
    """Sends Celery messages from a thread of its own: neither a slow nor an absent broker delays an answer.

    A message that cannot be sent is dropped: the beat's sweep finds the same work in Redis a few seconds later.
    """

    def __init__(self) -> None:
        self._messages: queue.Queue[Callable[[], object]] = queue.Queue(maxsize=1000)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def send(self, task: str, *ids: str) -> None:
        """Queue the task of that name for sending."""
        with self._lock:
            if self._thread is None:  # made on first use: gunicorn has forked by then
                self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
                self._thread.start()
        try:
            self._messages.put_nowait(lambda: _publish(task, ids))
        except queue.Full:
            log.warning("trigger.dropped", task=task)

    def _run(self) -> None:
        while True:
            message = self._messages.get()
            try:
                message()
            except Exception as error:  # the thread must outlive whatever the broker does
                log.warning("trigger.failed", reason=type(error).__name__)


def _publish(task: str, ids: tuple[str, ...]) -> None:
    from worker.app import app  # noqa: PLC0415 - needed only once a webhook came, and it is slow to import

    app.send_task(task, args=list(ids), retry=False)


def receiver() -> Receiver:
    """The receiver of the current application."""
    found: Receiver = current_app.extensions["receiver"]
    return found
