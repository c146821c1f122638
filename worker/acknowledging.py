"""A lost acknowledgement takes no place from a worker for good.

A Celery worker takes as many messages as it has places (its processes times ``worker_prefetch_multiplier``), and a
place is free again once its message is acknowledged. Where Redis's connection breaks just then, Celery logs "Couldn't
ack" and works on, but kombu (5.7, ``kombu.transport.redis.QoS``) keeps the place taken: a worker of two processes works
with one from then on, and after the second time with none, alive and deaf.

Here an acknowledgement is tried again on another connection, and the place is free whatever comes of it. A message of
which Redis has not heard comes once more after the visibility timeout, which every task takes.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import redis, virtual
from redis.exceptions import RedisError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

_persistently = Retrying(stop=stop_after_attempt(3), retry=retry_if_exception_type((RedisError, OSError)), reraise=True)
_forget: Any = virtual.QoS.ack  # in this process alone; twice is as good as once


class QoS(redis.QoS):
    """The messages that one channel has taken and not acknowledged."""

    def ack(self, delivery_tag: str) -> None:
        """Forget a message that is done.

        :raises redis.exceptions.RedisError: Redis could not be told.
        """
        try:
            _persistently(super().ack, delivery_tag)
        finally:
            _forget(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Forget a message, or give it back to its queue.

        :raises redis.exceptions.RedisError: Redis could not be told.
        """
        try:
            _persistently(super().reject, delivery_tag, requeue=requeue)
        finally:
            _forget(self, delivery_tag)


redis.Channel.QoS = QoS
