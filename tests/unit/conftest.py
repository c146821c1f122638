"""What unit tests share: a Redis inside the process, a clock that a test moves, accounts and shops."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import fakeredis
import pytest
import structlog
from cryptography.fernet import Fernet

from tests.unit.builders import make_settings
from worker.settings import Settings
from worker.state.secrets import SecretBox
from worker.sync import runtime as runtime_module
from worker.sync.runtime import Runtime


class Clock:
    """The time of this process and of its Redis; it stands still until a test moves it."""

    def __init__(self, now: float) -> None:
        self.now = now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(1_790_000_000.25)
    monkeypatch.setattr(time, "time", lambda: clock.now)
    return clock


@pytest.fixture
def server() -> fakeredis.FakeServer:
    return fakeredis.FakeServer()


@pytest.fixture
def redis(server: fakeredis.FakeServer) -> Any:
    return fakeredis.FakeRedis(server=server, decode_responses=True)


@pytest.fixture
def dump(redis: Any) -> Callable[[], str]:
    """Everything that Redis holds, as one text: what somebody would read who got hold of its file."""

    def read(name: str) -> object:
        readers = {
            "string": redis.get,
            "hash": redis.hgetall,
            "set": redis.smembers,
            "zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
            "stream": redis.xrange,
            "list": lambda key: redis.lrange(key, 0, -1),
        }
        return readers[redis.type(name)](name)

    return lambda: repr({name: read(name) for name in sorted(redis.keys("*"))})


@pytest.fixture
def quiet_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The log as ``tiktok-odoo`` sets it for commands: warnings and worse. ``main`` leaves the log alone."""
    monkeypatch.setattr("worker.cli.configure", lambda _: None)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.reset_defaults()


@pytest.fixture
def box() -> SecretBox:
    return SecretBox(Fernet.generate_key().decode())


@pytest.fixture
def settings() -> Settings:
    return make_settings()


@pytest.fixture
def runtime(settings: Settings, redis: Any, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """A runtime on the process' own Redis."""
    monkeypatch.setattr(runtime_module, "connect", lambda *_, **__: redis)
    return Runtime(settings)
