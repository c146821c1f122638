"""Helpers for tests of the simulator: a clock that stands still, a list instead of deliveries, signed test calls."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox.app import create_app
from sandbox.signing import request_signature
from sandbox.simulator import Simulator

APP_KEY, APP_SECRET, SERVICE_ID = "6demoappkey01", "9f1c0d2e4b6a", "7010000000000000001"


class Clock:
    """Epoch seconds that move only when a test says so."""

    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def __call__(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Deliveries:
    """Stands for the receiver of webhooks: keeps what came and answers ``status``."""

    status: int = 200
    bodies: list[bytes] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.urls.append(url)
        self.bodies.append(body)
        self.signatures.append(headers["Authorization"])
        return self.status

    @property
    def payloads(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]


class Api:
    """Calls the simulator as an app with a grant would, and as the control API's user."""

    def __init__(self, simulator: Simulator, clock: Clock) -> None:
        self.simulator = simulator
        self.http: FlaskClient = create_app(simulator=simulator).test_client()
        self.clock = clock
        self.token = ""
        self.cipher = ""

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.http.post(f"/_sandbox{path}", json=body or {})
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def call(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: Any = None,
        *,
        raw: bytes | None = None,
        content_type: str = "application/json",
        secret: str = APP_SECRET,
        drop: tuple[str, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> TestResponse:
        """One signed call; ``query`` values replace the usual parameters and ``drop`` leaves some out."""
        parameters = {"app_key": APP_KEY, "timestamp": str(int(self.clock())), "shop_cipher": self.cipher}
        parameters |= query or {}
        parameters = {key: value for key, value in parameters.items() if key not in drop}
        data = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        signed = b"" if method == "GET" else data
        if "sign" not in parameters and "sign" not in drop:
            parameters["sign"] = request_signature(secret, path, parameters, body=signed, content_type=content_type)
        sent = {"x-tts-access-token": self.token, "Content-Type": content_type} | (headers or {})
        return self.http.open(path, method=method, query_string=parameters, data=data, headers=sent)

    def data(self, method: str, path: str, query: dict[str, str] | None = None, body: Any = None, **more: Any) -> Any:
        """The ``data`` of a call that must succeed."""
        answer = self.call(method, path, query, body, **more).get_json()
        assert answer["code"] == 0, answer
        return answer["data"]

    def refusal(self, method: str, path: str, *args: Any, **more: Any) -> tuple[int, int, str]:
        """HTTP status, code and message of a call that must be refused in TikTok's envelope."""
        response = self.call(method, path, *args, **more)
        answer = response.get_json()
        assert set(answer) == {"code", "message", "data", "request_id"}
        assert answer["data"] is None
        assert answer["code"] != 0
        return response.status_code, answer["code"], answer["message"]

    def token_call(self, name: str, **query: str) -> Any:
        """``get`` or ``refresh`` on the token host."""
        parameters = {"app_key": APP_KEY, "app_secret": APP_SECRET, **query}
        response = self.http.get(f"/api/v2/token/{name}", query_string=parameters)
        assert response.status_code == 200
        return response.get_json()

    def new_code(self, state: str | None = "state-1", username: str = "anna") -> str:
        body = {"service_id": SERVICE_ID, "username": username, "password": "secret", "state": state}
        url = self.control("/consent", body)["redirect_url"]
        return parse_qs(urlsplit(url).query)["code"][0]

    def grant(self, username: str = "anna") -> Any:
        """Authorize the app and use the new tokens from now on."""
        code = self.new_code(username=username)
        answer = self.token_call("get", auth_code=code, grant_type="authorized_code")
        assert answer["code"] == 0, answer
        self.token = answer["data"]["access_token"]
        return answer["data"]
