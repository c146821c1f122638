"""What tests of the receiver share."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.unit.builders import APP_KEY, APP_SECRET, SHOP_ID
from web.receiver import Receiver
from worker.state.inbox import Event, Inbox, counters
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
