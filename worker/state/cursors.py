"""How far each shop's order list has been read, and when the beat and the workers were last seen alive."""

from __future__ import annotations

from collections.abc import Mapping

from worker.state.connection import RedisClient, clock, key

#: Seconds without a completed heartbeat task (beat sends one every 10) after which workers count as gone.
SILENT_AFTER = 60.0
SILENT_REMEDY = "Start `tiktok-odoo worker` and `tiktok-odoo beat`."


class Cursors:
    """TikTok update times (epoch seconds) up to which every order is known to be in the dirty set."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def get(self, shop_id: str) -> int | None:
        """The shop's cursor; ``None`` when it was never polled or Redis was lost."""
        stored = self._redis.hget(key("cursors"), shop_id)
        return None if stored is None else int(stored)

    def advance(self, shop_id: str, update_time: int) -> None:
        """Move the cursor forward; call it only after the orders are in the dirty set."""
        if update_time > (self.get(shop_id) or 0):
            self._redis.hset(key("cursors"), shop_id, update_time)

    def polled(self, shop_id: str) -> None:
        """Note that a poll came to its end now."""
        self._redis.hset(key("polled"), shop_id, int(clock(self._redis)))

    def last_poll(self, shop_id: str) -> int | None:
        """When the last poll came to its end, in epoch seconds."""
        stored = self._redis.hget(key("polled"), shop_id)
        return None if stored is None else int(stored)

    def drop(self, shop_id: str) -> None:
        """Forget the shop."""
        self._redis.hdel(key("cursors"), shop_id)
        self._redis.hdel(key("polled"), shop_id)


#: Seconds after which a worker that completes no heartbeat any more is not listed any longer.
_FORGOTTEN_AFTER = 600


def beat(redis: RedisClient, worker: str, queue: str = "") -> None:
    """A heartbeat task was completed on ``worker``: beat sends, the broker delivers and the worker works.

    :param queue: the queue through which the task came; that one is worked off.
    """
    now = int(clock(redis))
    gone = [name for name, age in workers_seen(redis).items() if age > _FORGOTTEN_AFTER and name != worker]
    with redis.pipeline() as pipe:
        pipe.hset(key("heartbeats"), worker, now)
        if queue:
            pipe.hset(key("heartbeats", "queues"), queue, now)
        if gone:
            pipe.hdel(key("heartbeats"), *gone)
        pipe.execute()


def workers_seen(redis: RedisClient) -> dict[str, float]:
    """Seconds since each worker completed a heartbeat task, by worker; those of late alone."""
    return ages(redis.hgetall(key("heartbeats")), clock(redis))


def queues_seen(redis: RedisClient) -> dict[str, float]:
    """Seconds since a heartbeat task came through each queue, by queue."""
    return ages(redis.hgetall(key("heartbeats", "queues")), clock(redis))


def ages(stamps: Mapping[str, str], now: float) -> dict[str, float]:
    """Seconds since each stamp, at the time ``now`` of Redis's clock."""
    return {name: max(0.0, now - int(stamp)) for name, stamp in sorted(stamps.items())}


def heartbeat_age(redis: RedisClient) -> float | None:
    """Seconds since any worker completed a heartbeat task; ``None`` if none ever did."""
    return min(workers_seen(redis).values(), default=None)
