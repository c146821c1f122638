"""What tests of the receiver share."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.unit.builders import APP_KEY, APP_SECRET, SHOP_ID
from web.receiver import Receiver
from worker.state.audit import Audit
from worker.state.inbox import Event, Inbox, counters
from worker.state.operators import Operators, Role
from worker.state.orders import OrderQueue
from worker.tiktok.signing import webhook_signature

PATH = "/tiktok/webhook"


def event(**fields: Any) -> dict[str, Any]:
    """A webhook about an order; a field that is ``None`` is left out."""
    given = {
        "type": 1,
        "tts_notification_id": "7380066284010030890",
        "shop_id": SHOP_ID,
        "timestamp": 1_790_000_000,
        "data": {"order_id": "576653688135258178", "order_status": "UNPAID", "update_time": 1_790_000_000},
        **fields,
    }
    return {name: value for name, value in given.items() if value is not None}


def signed(body: bytes, *, app_key: str = APP_KEY, app_secret: str = APP_SECRET) -> dict[str, str]:
    return {"Authorization": webhook_signature(app_key, app_secret, body), "Content-Type": "application/json"}


class Sent:
    """Stands in for the sender of Celery's messages."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, ...]] = []

    def send(self, task: str, *ids: str) -> None:
        self.messages.append((task, *ids))


class Desk:
    """The receiver, what it keeps, and whom it tells."""

    def __init__(self, app: Flask, redis: Any) -> None:
        self.app = app
        self.redis = redis
        self.client = app.test_client()
        self.parts: Receiver = app.extensions["receiver"]
        self.sent = Sent()
        self.parts.sender = self.sent  # type: ignore[assignment]

    def post(self, body: bytes, path: str = PATH, **headers: str) -> TestResponse:
        """The body as it is, signed by the account's app."""
        return self.client.post(path, data=body, headers={**signed(body), **headers})

    def tell(self, path: str = PATH, **fields: Any) -> TestResponse:
        return self.post(json.dumps(event(**fields)).encode(), path)

    def due(self, shop_id: str = SHOP_ID) -> list[str]:
        return sorted(OrderQueue(self.redis, shop_id).claim(1000, 60).ids)

    def events(self) -> list[Event]:
        return Inbox(self.redis).latest()

    def counted(self) -> dict[str, int]:
        return counters(self.redis)


PASSWORD = "a long enough password"


class Console:
    """A browser in which an operator is logged in; posts carry the CSRF token, as the forms do."""

    def __init__(self, desk: Desk, name: str, role: Role) -> None:
        self.desk = desk
        self.redis = desk.redis
        self.sent = desk.sent
        self.name = name
        self.client = desk.app.test_client()
        Operators(desk.redis).add(name, role, PASSWORD)
        self.log_in(name, PASSWORD)

    def log_in(self, name: str, password: str) -> TestResponse:
        return self.post("/console/login", name=name, password=password, form_at="/console/login")

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def text(self, path: str) -> str:
        """What a page says, without its tags; the page must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.headers.get("Location"))
        return text_of(answer)

    def post(self, path: str, *, form_at: str = "/console/password", **fields: Any) -> TestResponse:
        """The form's fields with the token of the page ``form_at``; not following where it leads."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get(form_at).get_data(as_text=True))
        assert token is not None, f"{form_at} has no form"
        return self.client.post(path, data={"csrf_token": token[1], **fields})

    def press(self, path: str, **fields: Any) -> str:
        """Post, follow to the next page, and answer what it says."""
        answer = self.post(path, **fields)
        assert answer.status_code == 303, (answer.status_code, text_of(answer))
        return self.text(answer.headers["Location"])

    def audited(self) -> list[tuple[str, str, str]]:
        """Who did what to what, newest first."""
        return [(entry.by, entry.action, entry.target) for entry in Audit(self.redis).latest()]


def text_of(answer: TestResponse) -> str:
    """A page's text in one line, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))).split())
