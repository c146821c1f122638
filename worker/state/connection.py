"""How the connector talks to Redis: one client per process, Lua scripts by name, all keys below ``tts:``."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeAlias

import redis
from redis.backoff import ExponentialBackoff
from redis.commands.core import Script
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from redis.sentinel import Sentinel

from worker.errors import ConfigurationError
from worker.redis_address import sentinels_of

if TYPE_CHECKING:
    # redis-py's annotations cannot know decode_responses: every answer would be "bytes | str | None".
    RedisClient: TypeAlias = Any
else:
    RedisClient = redis.Redis

PREFIX = "tts:"

#: What redis-py raises while the server is away; callers turn it into a 503 or a retry.
REDIS_AWAY = (RedisConnectionError, RedisTimeoutError, redis.exceptions.BusyLoadingError)


def connect(url: str, *, timeout: float = 5.0, retries: int = 3) -> RedisClient:
    """A pooled client; connections are made on first use.

    :param timeout: seconds for connecting and for each answer.
    :param retries: how often a command is repeated after a lost connection. The receiver takes 0: it answers 503
        at once, and TikTok delivers again.
    :raises ConfigurationError: ``url`` is not the address of a Redis.
    """
    times = {"socket_connect_timeout": timeout, "socket_timeout": timeout, "socket_keepalive": True}
    options: dict[str, Any] = {
        **times,
        "decode_responses": True,
        "health_check_interval": 25,  # idle connections are dropped by proxies; a PING keeps or replaces them
        "retry": Retry(ExponentialBackoff(cap=1.0, base=0.05), retries),
        "retry_on_error": [RedisConnectionError, RedisTimeoutError] if retries else [],
    }
    address = sentinels_of(url)
    if address is not None:
        own = {**times, "password": address.sentinel_password}
        known: Any = Sentinel(list(address.sentinels), sentinel_kwargs=own)  # type: ignore[no-untyped-call]
        # Each new connection asks the Sentinels; one to a former master is closed when it refuses to write.
        return known.master_for(
            address.master, db=address.database, username=address.username, password=address.password, **options
        )
    try:
        return redis.Redis.from_url(url, **options)
    except ValueError:
        raise ConfigurationError(
            "REDIS_URL is not the address of a Redis.", remedy="Write it as redis://HOST:6379/0."
        ) from None


def script(client: RedisClient, name: str) -> Script:
    """The Lua script ``worker/state/lua/<name>.lua``, ready to be called on ``client``."""
    registered: Script = client.register_script(_source(name))
    return registered


@cache
def _source(name: str) -> str:
    return resources.files("worker.state").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")


def clock(client: RedisClient) -> float:
    """The time on Redis's clock, in epoch seconds: the one clock that all processes share, whatever theirs say."""
    return epoch(client.time())


def epoch(answer: tuple[int, int]) -> float:
    """Redis's answer to TIME, seconds and microseconds, in epoch seconds."""
    seconds, micros = answer
    return float(seconds) + float(micros) / 1_000_000


def key(*parts: str) -> str:
    """``key("orders", "due", "749...")`` is ``tts:orders:due:749...``."""
    return PREFIX + ":".join(parts)
