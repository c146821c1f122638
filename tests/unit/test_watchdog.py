"""When a worker counts as deaf, and when it does not."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

import pytest
import redis

from worker import watchdog as module
from worker.watchdog import Watchdog


@dataclass
class Surroundings:
    """What the watchdog sees."""

    now: float = 0.0
    messages: int = 0
    is_busy: bool = False
    broker_fails: type[Exception] | None = None

    def waiting(self) -> int:
        if self.broker_fails:
            raise self.broker_fails
        return self.messages

    def watchdog(self) -> Watchdog:
        return Watchdog(patience=60, waiting=self.waiting, busy=lambda: self.is_busy, clock=lambda: self.now)


def test_a_worker_whose_event_loop_stands_still_is_deaf_though_others_leave_it_no_messages() -> None:
    seen = Surroundings()
    watchdog = seen.watchdog()
    for seen.now in (50, 100):
        watchdog.turned()
        assert not watchdog.is_deaf()
    seen.now = 161
    assert watchdog.is_deaf()


@pytest.mark.parametrize("failure", [redis.exceptions.ConnectionError, redis.exceptions.ReadOnlyError])
def test_an_event_loop_that_waits_for_redis_to_come_back_is_not_deaf(failure: type[Exception]) -> None:
    seen = Surroundings(broker_fails=failure)
    watchdog = seen.watchdog()
    seen.now = 1000
    assert not watchdog.is_deaf()
    seen.broker_fails = None
    seen.now = 1050
    assert not watchdog.is_deaf()
    seen.now = 1061
    assert watchdog.is_deaf()


def test_a_worker_that_leaves_messages_waiting_is_deaf() -> None:
    seen = Surroundings(messages=3)
    watchdog = seen.watchdog()
    seen.now = 59
    assert not watchdog.is_deaf()
    seen.now = 61
    assert watchdog.is_deaf()


def test_a_worker_with_nothing_to_do_is_not_deaf() -> None:
    seen = Surroundings()
    watchdog = seen.watchdog()
    seen.now = 1000
    watchdog.turned()
    assert not watchdog.is_deaf()


def test_a_worker_on_a_long_task_is_not_deaf() -> None:
    seen = Surroundings(messages=3, is_busy=True)
    watchdog = seen.watchdog()
    seen.now = 1000
    watchdog.turned()
    assert not watchdog.is_deaf()
    seen.is_busy = False
    seen.now = 1030
    assert not watchdog.is_deaf()


def test_each_message_received_starts_the_patience_anew() -> None:
    seen = Surroundings(messages=3)
    watchdog = seen.watchdog()
    seen.now = 50
    watchdog.received()
    watchdog.turned()
    seen.now = 100
    assert not watchdog.is_deaf()
    seen.now = 111
    assert watchdog.is_deaf()


def test_a_broker_that_is_away_makes_nobody_deaf() -> None:
    seen = Surroundings(messages=3, broker_fails=redis.exceptions.ConnectionError)
    watchdog = seen.watchdog()
    seen.now = 1000
    assert not watchdog.is_deaf()
    seen.broker_fails = None
    seen.now = 1059
    assert not watchdog.is_deaf()


def test_nothing_ends_the_watch_but_a_deaf_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A watch that ended over an error left a worker standing still for good (found by `make chaos`)."""
    sent: list[tuple[int, int]] = []
    answers: list[bool | Exception] = [OSError(22, "Invalid argument"), False, redis.exceptions.ResponseError(), True]

    def is_deaf() -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    watchdog = Surroundings().watchdog()
    monkeypatch.setattr(watchdog, "is_deaf", is_deaf)
    monkeypatch.setattr(module, "_pause", lambda _: None)
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    module._watch(watchdog)
    assert answers == []
    assert sent == [(os.getpid(), signal.SIGTERM), (os.getpid(), signal.SIGKILL)]
