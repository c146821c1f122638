"""Celery messages leave on a thread of their own: a broker that is slow or away delays no answer."""

from __future__ import annotations

import threading
import time

import pytest

import web.receiver
from web.receiver import Sender


def test_a_message_is_sent_with_its_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, tuple[str, ...]]] = []
    arrived = threading.Event()

    def publish(task: str, ids: tuple[str, ...]) -> None:
        sent.append((task, ids))
        arrived.set()

    monkeypatch.setattr(web.receiver, "_publish", publish)
    Sender().send("orders.drain", "749")
    assert arrived.wait(5)
    assert sent == [("orders.drain", ("749",))]


def test_a_broker_that_hangs_delays_nobody_and_drops_what_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    release, sent = threading.Event(), threading.Semaphore(0)

    def publish(*_: object) -> None:
        release.wait(10)
        sent.release()

    monkeypatch.setattr(web.receiver, "_publish", publish)
    sender = Sender()
    started = time.monotonic()
    for _ in range(1500):
        sender.send("orders.drain", "749")
    assert time.monotonic() - started < 9  # a call that waited for the broker would take ten
    release.set()
    assert sum(sent.acquire(timeout=0.5) for _ in range(1002)) in (1000, 1001)  # as many as the queue holds


def test_a_broker_that_fails_does_not_end_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    tries, done = [], threading.Event()

    def publish(task: str, _: tuple[str, ...]) -> None:
        tries.append(task)
        if len(tries) == 1:
            raise ConnectionError("refused")
        done.set()

    monkeypatch.setattr(web.receiver, "_publish", publish)
    sender = Sender()
    sender.send("one")
    sender.send("two")
    assert done.wait(5)
    assert tries == ["one", "two"]
