"""What Celery keeps in its own Redis database, as far as operators want to know it: queues, and whether beat lives."""

from __future__ import annotations

from dataclasses import dataclass, field

from worker.state.connection import RedisClient

#: Prefixes of all keys of Celery and of its scheduler; ``celeryconfig.py`` sets them.
CELERY_PREFIX = "tts-celery:"
BEAT_PREFIX = "tts-redbeat:"
#: Seconds for which beat's lock holds; it is renewed every few seconds, and another beat takes over when it ends.
BEAT_LOCK_SECONDS = 30
#: One queue for each kind of work.
QUEUES = ("orders", "inventory", "catalog", "fulfillment", "auth")


@dataclass(frozen=True)
class Broker:
    """Messages that wait, by queue; those that workers have; and whether a beat holds the scheduler's lock."""

    waiting: dict[str, int] = field(default_factory=dict)
    at_work: int = 0
    beat_alive: bool = False


def look(redis: RedisClient) -> Broker:
    """The broker now, in one round trip.

    :param redis: a client of Celery's database, not of the connector's.
    """
    with redis.pipeline(transaction=False) as pipe:
        for queue in QUEUES:
            pipe.llen(f"{CELERY_PREFIX}{queue}")
        pipe.hlen(f"{CELERY_PREFIX}unacked")
        pipe.exists(f"{BEAT_PREFIX}:lock")
        *lengths, at_work, alive = pipe.execute()
    return Broker(dict(zip(QUEUES, lengths, strict=True)), int(at_work), bool(alive))
