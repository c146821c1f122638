"""Checks of what the connector itself needs: settings, encryption keys, Redis."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from worker.errors import ConfigurationError
from worker.redis_address import place
from worker.settings import Settings
from worker.state.connection import REDIS_AWAY, RedisClient
from worker.sync.doctor.finding import Finding, fail, failed_with, ok, skipped, warn
from worker.sync.runtime import Runtime

#: ``XAUTOCLAIM``, ``GETDEL`` and what our scripts and redis-py use are there since 6.2.
_OLDEST_REDIS = (6, 2)
_MOST_SKEW = 5.0
_MEGABYTE = 1024 * 1024


def settings(runtime: Runtime) -> Iterator[Finding]:
    """The settings are readable (or we would not be here), and nothing that is always needed is missing."""
    given = runtime.settings
    if missing := [name for name, value in _needed(given).items() if not value]:
        yield fail("settings.complete", f"{' and '.join(missing)} not set.", "Set it in the environment or in .env.")
    else:
        yield ok("settings.complete", "The settings are readable, and nothing needed is missing.")
    yield from _plain_http(given)


def _needed(given: Settings) -> dict[str, str]:
    passwords = {"SECRET_KEYS": given.secret_keys, "ODOO_PASSWORD": given.odoo_password}
    texts = {"ODOO_DB": given.odoo_db, "ODOO_USER": given.odoo_user}
    return {**{name: secret.get_secret_value() for name, secret in passwords.items()}, **texts}


def _plain_http(given: Settings) -> Iterator[Finding]:
    for name in ("tiktok_api_url", "tiktok_auth_url"):
        address = urlsplit(getattr(given, name))
        if address.scheme != "https" and "." in (address.hostname or "") and address.hostname != "127.0.0.1":
            remedy = "Write it with https."
            yield warn("settings.https", f"{name.upper()} is not https: secrets go over the network readable.", remedy)


def secrets(runtime: Runtime) -> Iterator[Finding]:
    """The encryption keys open everything that is stored."""
    name = "settings.secret_keys"
    try:
        accounts = runtime.accounts.all()
        tokens = sum(1 for account in accounts if runtime.tiktok.tokens.load(account.id) is not None)
    except ConfigurationError as error:
        yield failed_with(name, error)
        return
    keys = [part for part in runtime.settings.secret_keys.get_secret_value().split(",") if part.strip()]
    count = f"{len(keys)} key{'s' if len(keys) > 1 else ''}"
    yield ok(name, f"{count}; the secrets of {len(accounts)} accounts and the tokens of {tokens} can be read.")


def redis_server(runtime: Runtime) -> Iterator[Finding]:
    """Redis answers, keeps what it is given, and will not drop any of it."""
    redis = runtime.redis
    before = time.time()
    try:
        seconds, micros = redis.time()
        after = time.time()
        info: Mapping[str, Any] = redis.info()
    except REDIS_AWAY as error:
        text = f"Redis at {place(runtime.settings.redis_url)} does not answer ({type(error).__name__})."
        yield fail("redis.server", text, "Start it, or correct REDIS_URL.")
        return
    yield _version(str(info.get("redis_version", "")))
    yield _persistence(redis, info)
    yield _eviction(str(info.get("maxmemory_policy", "")))
    yield _memory(int(info.get("used_memory", 0)), int(info.get("maxmemory", 0)))
    skew = seconds + micros / 1_000_000 - (before + after) / 2
    yield _clock(skew)


def _version(version: str) -> Finding:
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < _OLDEST_REDIS:
        return fail("redis.server", f"Redis {version} is too old.", "Use Redis 6.2 or newer, best 7.")
    return ok("redis.server", f"Redis {version} answers.")


def _persistence(redis: RedisClient, info: Mapping[str, Any]) -> Finding:
    name = "redis.persistence"
    if not int(info.get("aof_enabled", 0)):
        remedy = "Set `appendonly yes`: a restart of Redis otherwise loses what came in since the last snapshot."
        return warn(name, "The append-only file is off.", remedy)
    if info.get("aof_last_write_status", "ok") != "ok":
        return fail(name, "The last write to the append-only file failed.", "Look at the disk that Redis writes to.")
    fsync = _configured(redis, "appendfsync")
    if fsync == "no":
        return warn(name, "Written to the disk whenever the system likes.", "Set `appendfsync everysec`.")
    return ok(name, f"The append-only file is on, appendfsync {fsync or 'not told'}.")


def _configured(redis: RedisClient, name: str) -> str:
    """A value of Redis' configuration; empty where it may not be asked for, as with hosted ones."""
    from redis.exceptions import ResponseError  # noqa: PLC0415

    try:
        return str(redis.config_get(name).get(name, ""))
    except ResponseError:
        return ""


def _eviction(policy: str) -> Finding:
    if policy in ("noeviction", ""):
        return ok("redis.eviction", "A full Redis refuses new data and drops none." if policy else "Not told by Redis.")
    remedy = "Set `maxmemory-policy noeviction`."
    return fail("redis.eviction", f"maxmemory-policy is {policy}: a full Redis drops orders to look at.", remedy)


def _memory(used: int, most: int) -> Finding:
    text = f"{used / _MEGABYTE:.0f} MB used"
    if not most:
        return ok("redis.memory", f"{text}, no limit set.")
    text = f"{text} of {most / _MEGABYTE:.0f} MB."
    if used > 0.8 * most:
        return warn("redis.memory", text, "Raise `maxmemory`; when it is full, webhooks are answered with 503.")
    return ok("redis.memory", text)


def _clock(skew: float) -> Finding:
    if abs(skew) > _MOST_SKEW:
        text = f"Redis' clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this machine's."
        return warn("redis.clock", text, "Keep both set with NTP: due times are compared across machines.")
    return ok("redis.clock", "Redis' clock and this machine's agree.")


def without_redis(names: tuple[str, ...]) -> list[Finding]:
    """What cannot be looked at while Redis is away."""
    return [skipped(name, "Redis does not answer.") for name in names]
