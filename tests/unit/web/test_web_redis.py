"""Acknowledged means stored: one round trip to Redis, and 503 in time whenever it keeps nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis.exceptions
from web_stubs import Desk

import web.app
import web.receiver
from tests.unit.builders import make_settings
from worker.state.connection import connect
from worker.state.inbox import Inbox
from worker.state.secrets import generate_key

#: TikTok waits this long for an answer, in seconds.
PATIENCE = 3.0


def test_a_webhook_is_one_round_trip_to_redis(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.tell()  # the first one reads the accounts and brings the script
    commands = []
    real = desk.redis.execute_command

    def counting(*command: Any, **options: Any) -> Any:
        commands.append(command[0])
        return real(*command, **options)

    monkeypatch.setattr(desk.redis, "execute_command", counting)
    monkeypatch.setattr(desk.redis, "pipeline", None)  # a pipeline would be another one
    for number in range(3):
        assert desk.tell(tts_notification_id=str(number)).status_code == 200
    assert commands == ["EVALSHA"] * 3


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A port at which connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def receiver_at(port: int, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A receiver that starts while its Redis at ``port`` is away."""
    monkeypatch.setattr(web.app, "configure", lambda _: None)
    app = web.app.create_app(make_settings(redis_url=f"redis://127.0.0.1:{port}/0"))
    app.testing = True
    return Desk(app, None)


@pytest.mark.parametrize("which", ["closed_port", "silent_server"])
def test_a_receiver_that_finds_no_redis_answers_503_in_time(
    which: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = receiver_at(request.getfixturevalue(which), monkeypatch)
    started = time.monotonic()
    response = desk.tell()
    assert time.monotonic() - started < PATIENCE
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "120"
    assert desk.sent.messages == []


@pytest.mark.parametrize("which", ["closed_port", "silent_server"])
def test_a_redis_that_goes_away_makes_tiktok_deliver_again(
    desk: Desk, which: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.tell()
    options: dict[str, Any] = {}
    monkeypatch.setattr(web.receiver, "connect", lambda url, **given: options.update(given) or connect(url, **given))
    web.receiver.Receiver(make_settings())
    port = request.getfixturevalue(which)
    desk.parts.inbox = Inbox(connect(f"redis://127.0.0.1:{port}/0", **options))  # as the receiver itself connects
    started = time.monotonic()
    assert desk.tell(tts_notification_id="2").status_code == 503
    assert time.monotonic() - started < PATIENCE
    desk.parts.inbox = Inbox(desk.redis)
    assert desk.tell(tts_notification_id="2").status_code == 200  # delivered again, and not taken for a duplicate


def test_many_webhooks_at_once_are_all_answered_in_time_without_redis(
    silent_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = receiver_at(silent_server, monkeypatch)
    answers: list[tuple[int, float]] = []

    def deliver() -> None:
        started = time.monotonic()
        body = b"{}"
        response = desk.app.test_client().post("/tiktok/webhook", data=body, headers={"Authorization": "0" * 64})
        answers.append((response.status_code, time.monotonic() - started))

    threads = [threading.Thread(target=deliver) for _ in range(8)]  # as many as a process has
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _ in answers} == {503}
    # Each waits for Redis once, 1.5 s; one after the other would be 12 s. Twice the patience, as the machine is busy.
    assert max(seconds for _, seconds in answers) < 2 * PATIENCE


@pytest.mark.parametrize(
    "error",
    [
        redis.exceptions.OutOfMemoryError("OOM command not allowed when used memory > 'maxmemory'."),
        redis.exceptions.ReadOnlyError("You can't write against a read only replica."),
        redis.exceptions.ResponseError("MISCONF Redis is configured to save RDB snapshots, but is unable to persist"),
        redis.exceptions.BusyLoadingError("Redis is loading the dataset in memory"),
        redis.exceptions.AuthenticationError("invalid password"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_redis_that_is_there_and_keeps_nothing_is_no_better(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    desk.tell()

    def refuse(**_: Any) -> Any:
        raise error

    monkeypatch.setattr(desk.parts.inbox, "receive", refuse)
    response = desk.tell(tts_notification_id="2")
    assert response.status_code == 503
    assert desk.client.get("/healthz/live").status_code == 200


def test_a_refusal_does_not_depend_on_its_counter(closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = receiver_at(closed_port, monkeypatch)
    started = time.monotonic()
    assert desk.client.post("/tiktok/webhook", data=b"{}").status_code == 401
    assert time.monotonic() - started < PATIENCE


def test_secrets_that_no_key_opens_make_tiktok_deliver_again(
    desk: Desk, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong SECRET_KEYS after a deployment must not cost webhooks: they come again when it is corrected."""
    app = web.app.create_app(make_settings(secret_keys=generate_key()))
    app.testing = True
    wrong = Desk(app, redis)
    assert wrong.tell().status_code == 503
    response = wrong.client.get("/healthz/ready")
    assert response.status_code == 503
    assert "SECRET_KEYS" in response.json["configuration"]
