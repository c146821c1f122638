"""The audit trail: who did what, and when. Kept in Redis' stream ``tts:audit``, and told to the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from worker.state.connection import RedisClient, key

log = structlog.get_logger(__name__)

#: So many entries are kept; the log has them all.
KEPT = 10_000


@dataclass(frozen=True)
class AuditEntry:
    """One thing that a person did.

    :param by: the operator's name, or ``cli:`` and the login of who used the command line.
    :param action: what was done, as ``noun.verb``: ``order.retry``, ``shop.set``, ``login.refused``.
    :param target: the id of what it was done to; empty when it concerns no one thing.
    :param detail: for people; never a secret, never a buyer's data.
    """

    id: str
    by: str
    action: str
    target: str
    detail: str

    @property
    def at(self) -> datetime:
        """When."""
        return datetime.fromtimestamp(int(self.id.partition("-")[0]) / 1000, UTC)


class Audit:
    """Writes the trail and reads it."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def note(self, by: str, action: str, target: str = "", detail: str = "") -> None:
        """Add one entry."""
        fields = {"by": by, "action": action, "target": target, "detail": detail}
        self._redis.xadd(key("audit"), fields, maxlen=KEPT, approximate=True)
        log.info("audit", by=by, action=action, target=target, detail=detail)

    def latest(self, count: int = 100, *, before: str = "") -> list[AuditEntry]:
        """The newest entries, newest first; those older than the entry of the id ``before``, if given."""
        start = f"({before}" if before else "+"
        entries = self._redis.xrevrange(key("audit"), max=start, count=count)
        return [AuditEntry(entry_id, **fields) for entry_id, fields in entries]
