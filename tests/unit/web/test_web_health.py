"""Health, and the headers that every answer carries."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from redis.exceptions import ConnectionError, OutOfMemoryError, ResponseError
from web_stubs import PATH, Desk

from tests.unit.builders import make_settings
from tests.unit.conftest import Clock
from web.app import create_app
from worker.errors import ConfigurationError
from worker.state.cursors import beat


def test_live_says_only_that_the_process_answers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.redis, "execute_command", None)  # any command would fail
    response = desk.client.get("/healthz/live")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_ready_when_webhooks_are_kept_and_a_worker_works(desk: Desk) -> None:
    beat(desk.redis, "worker")
    response = desk.client.get("/healthz/ready")
    assert response.status_code == 200
    assert (response.json["status"], response.json["worker"], response.json["redis"]) == ("ok", "ok", "ok")


def test_without_workers_webhooks_are_still_taken(desk: Desk, clock: Clock) -> None:
    """A receiver without workers must stay in service: webhooks wait in Redis."""
    assert desk.client.get("/healthz/ready").json["status"] == "degraded"
    beat(desk.redis, "worker")
    clock.forward(59)
    assert desk.client.get("/healthz/ready").json["status"] == "ok"
    clock.forward(5)
    response = desk.client.get("/healthz/ready")
    assert (response.status_code, response.json["status"]) == (200, "degraded")
    assert response.json["worker"] == "no heartbeat task was completed lately"
    assert response.json["heartbeat_age_seconds"] == pytest.approx(64, abs=1)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionError("refused"), "away"),
        (ResponseError("MISCONF Errors writing to the AOF file: No space left on device"), "No space left on device"),
        (OutOfMemoryError("command not allowed when used memory > 'maxmemory'."), "maxmemory"),
    ],
)
def test_not_ready_when_webhooks_cannot_be_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(desk.redis, "set", refuse)
    response = desk.client.get("/healthz/ready")
    assert response.status_code == 503
    assert said in response.json["redis"]


def test_an_account_that_must_be_reauthorized_is_named(desk: Desk) -> None:
    beat(desk.redis, "worker")
    desk.parts.accounts.set_authorization("demo", "needed", "The seller ended it.")
    response = desk.client.get("/healthz/ready")
    assert response.status_code == 200
    assert (response.json["status"], response.json["accounts_to_reauthorize"]) == ("degraded", ["demo"])


@pytest.mark.parametrize(
    ("path", "status"),
    [("/healthz/live", 200), ("/tiktok/link/x", 404), ("/tiktok/return_from_authorization", 400), ("/nowhere", 404)],
)
def test_every_answer_is_hardened(client: FlaskClient, path: str, status: int) -> None:
    response = client.get(path)
    assert response.status_code == status
    headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_refused_webhooks_are_hardened_too(desk: Desk) -> None:
    response = desk.client.post(PATH, data=b"{}")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.content_type.startswith("text/plain")


@pytest.mark.parametrize("values", [{"secret_keys": ""}, {"secret_keys": "nonsense"}, {"redis_url": "localhost:6379"}])
def test_a_receiver_that_cannot_work_does_not_start(values: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.app.configure", lambda _: None)
    with pytest.raises(ConfigurationError):
        create_app(make_settings(**values))
