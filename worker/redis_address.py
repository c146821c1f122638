"""Where a Redis is: a server by its URL, or a master that Sentinels know.

``redis://`` and ``rediss://`` are redis-py's. For Sentinels there is no common form, so ours is
``sentinel://USER:PASSWORD@HOST:26379,HOST:26379,HOST:26379/0?master=NAME``; with ``&sentinel_password=`` where the
Sentinels ask for one themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit

from worker.errors import ConfigurationError

_SENTINEL_PORT = 26379


@dataclass(frozen=True)
class SentinelAddress:
    """Sentinels, the name by which they know the master, and what opens it.

    :param database: of the master.
    """

    sentinels: tuple[tuple[str, int], ...]
    master: str
    database: int = 0
    username: str | None = None
    password: str | None = None
    sentinel_password: str | None = None


def sentinels_of(url: str) -> SentinelAddress | None:
    """The Sentinels of an address; ``None`` for one that is a server itself.

    :raises ConfigurationError: it begins like one of Sentinels and cannot be understood.
    """
    if not url.startswith("sentinel://"):
        return None
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    username, _, password = login.partition(":")
    query = parse_qs(parts.query)
    try:
        database = int(parts.path.strip("/") or 0)
        sentinels = tuple(_host(each) for each in hosts.split(",") if each)
    except ValueError:
        sentinels = ()
    if not sentinels or not query.get("master"):
        raise ConfigurationError(
            "REDIS_URL does not say which Sentinels know which master.",
            remedy="Write it as sentinel://:PASSWORD@HOST:26379,HOST:26379,HOST:26379/0?master=NAME.",
        )
    return SentinelAddress(
        sentinels,
        query["master"][0],
        database,
        unquote(username) or None,
        unquote(password) or None,
        query.get("sentinel_password", [""])[0] or None,
    )


def _host(text: str) -> tuple[str, int]:
    name, colon, port = text.rpartition(":")
    return (name, int(port)) if colon else (text, _SENTINEL_PORT)


def next_database(url: str) -> str:
    """The same Redis, the database after."""
    parts = urlsplit(url)
    database = parts.path.strip("/")
    return urlunsplit(parts._replace(path=f"/{int(database) + 1 if database.isdigit() else 1}"))


def place(url: str) -> str:
    """Host, port and database, without what is secret."""
    sentinels = sentinels_of(url)
    if sentinels is not None:
        hosts = ", ".join(f"{host}:{port}" for host, port in sentinels.sentinels)
        return f"{sentinels.master}/{sentinels.database} (Sentinels {hosts})"
    parts = urlsplit(url)
    return f"{parts.hostname or parts.path}:{parts.port or 6379}/{parts.path.strip('/') or '0'}"


def celery_settings(url: str) -> dict[str, Any]:
    """``broker_url`` and what goes with it, in the words of Celery, Kombu and RedBeat.

    :returns: ``broker_url``, ``redbeat_redis_url``, ``transport_options`` and ``redbeat_redis_options``.
    """
    sentinels = sentinels_of(url)
    if sentinels is None:
        times = {"socket_timeout": 5, "socket_connect_timeout": 5}
        return {"broker_url": url, "redbeat_redis_url": url, "transport_options": {}, "redbeat_redis_options": times}
    login = ""
    if sentinels.username or sentinels.password:
        login = f"{quote(sentinels.username or '', safe='')}:{quote(sentinels.password or '', safe='')}@"
    urls = [f"sentinel://{login}{host}:{port}/{sentinels.database}" for host, port in sentinels.sentinels]
    own = {"password": sentinels.sentinel_password} if sentinels.sentinel_password else {}
    return {
        "broker_url": ";".join(urls),
        "transport_options": {"master_name": sentinels.master, **({"sentinel_kwargs": own} if own else {})},
        "redbeat_redis_url": "redis-sentinel://",
        "redbeat_redis_options": {
            "sentinels": list(sentinels.sentinels),
            "service_name": sentinels.master,
            "db": sentinels.database,
            "username": sentinels.username,
            "password": sentinels.password,
            "sentinel_kwargs": own,
            "socket_timeout": 5,
        },
    }
