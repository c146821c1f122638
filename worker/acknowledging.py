"""What becomes of the messages that a Celery worker has taken when its connection to Redis breaks.

Both are mended here for kombu 5.7 (``kombu.transport.redis.QoS``):

- A worker takes as many messages as it has places (its processes times ``worker_prefetch_multiplier``), and a place is
  free again once its message is acknowledged. Where the connection breaks just then, Celery logs "Couldn't ack" and
  works on, but kombu keeps the place taken: a worker of two processes works with one from then on, and after the second
  time with none, alive and deaf. Here an acknowledgement is tried again on another connection, and the place is free
  whatever comes of it. A message of which Redis has not heard comes once more after the visibility timeout, which every
  task takes.
- While Redis is away, Celery closes its broken channel, and kombu gives back what the worker has taken through a
  connection pool that it makes from the channel's address. The channel may have lost that by then, and the worker ended
  with "Unrecoverable error: AttributeError". Here the pool is one of when the channel was whole; messages that Redis
  does not take back come again after the visibility timeout, or are acknowledged when their tasks end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kombu.transport import redis, virtual
from redis.exceptions import RedisError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

_persistently = Retrying(stop=stop_after_attempt(3), retry=retry_if_exception_type((RedisError, OSError)), reraise=True)
_forget: Any = virtual.QoS.ack  # in this process alone; twice is as good as once


class QoS(redis.QoS):
    """The messages that one channel has taken and not acknowledged."""

    def __init__(self, channel: redis.Channel, *args: Any, **options: Any) -> None:
        super().__init__(channel, *args, **options)
        self._client = channel._create_client()  # connects when it is used

    def pipe_or_acquire(self, pipe: Any = None, client: Any = None) -> Any:
        """Commands that are executed together."""
        return super().pipe_or_acquire(pipe, client or self._client)

    def restore_unacked(self, client: Any = None) -> None:
        """Give back all messages to their queues.

        :raises redis.exceptions.RedisError: Redis could not be told.
        """
        super().restore_unacked(client or self._client)

    def ack(self, delivery_tag: str) -> None:
        """Forget a message that is done.

        :raises redis.exceptions.RedisError: Redis could not be told.
        """
        self._settle(super().ack, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Forget a message, or give it back to its queue.

        :raises redis.exceptions.RedisError: Redis could not be told.
        """
        if not (requeue and self.channel.closed):  # a closed channel knows no queues; the message comes again
            self._settle(super().reject, delivery_tag, requeue)

    def _settle(self, tell: Callable[..., None], delivery_tag: str, *options: bool) -> None:
        try:
            _persistently(tell, delivery_tag, *options)
        finally:
            _forget(self, delivery_tag)


redis.Channel.QoS = QoS
