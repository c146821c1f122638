"""Sends orders' webhooks as TikTok Shop does, signed, at a steady rate, and measures how long each answer takes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import requests

from sandbox.client import SandboxApp
from sandbox.signing import webhook_signature

_SENDERS = 8


@dataclass(frozen=True)
class Sent:
    """One webhook: when it left (``time.monotonic``), seconds until its answer, and the answer's HTTP status."""

    order_id: str
    at: float
    seconds: float
    status: int


class WebhookSender:
    """Sends to the webhook address of ``app``, on a kept connection for each thread."""

    def __init__(self, app: SandboxApp) -> None:
        self._app = app
        self._local = threading.local()

    def send(self, shop_id: str, order_id: str, *, at: float | None = None) -> Sent:
        """Tell that an order awaits shipment.

        :param at: when to, by ``time.monotonic``; at once when that is past.
        """
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        body, signature = signed_webhook(self._app, shop_id, order_id)
        if at is not None:
            time.sleep(max(0.0, at - time.monotonic()))
        headers = {"Authorization": signature, "Content-Type": "application/json"}
        began = time.monotonic()
        answer = self._local.session.post(self._app.webhook_url, data=body, headers=headers, timeout=10)
        return Sent(order_id, began, time.monotonic() - began, answer.status_code)

    def send_all(self, orders: Sequence[tuple[str, str]], rate: float) -> list[Sent]:
        """Send one for each ``(shop, order)``, ``rate`` a second."""
        began = time.monotonic()

        def send(numbered: tuple[int, tuple[str, str]]) -> Sent:
            number, (shop_id, order_id) = numbered
            return self.send(shop_id, order_id, at=began + number / rate)

        with ThreadPoolExecutor(_SENDERS) as pool:
            return list(pool.map(send, enumerate(orders)))

    def send_new(self, shop_ids: Sequence[str], place: Callable[[str], str], rate: float) -> list[Sent]:
        """Place an order at each shop in turn and tell of it, ``rate`` a second: no poll can know it before.

        :param place: makes an order without a webhook at a shop, and answers its id.
        """
        began = time.monotonic()

        def send(numbered: tuple[int, str]) -> Sent:
            number, shop_id = numbered
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            return self.send(shop_id, place(shop_id))

        with ThreadPoolExecutor(_SENDERS) as pool:
            return list(pool.map(send, enumerate(shop_ids)))


def signed_webhook(app: SandboxApp, shop_id: str, order_id: str) -> tuple[bytes, str]:
    """The body of an order's webhook and its signature."""
    now = int(time.time())
    data = {"order_id": order_id, "order_status": "AWAITING_SHIPMENT", "update_time": now}
    event: dict[str, Any] = {"type": 1, "tts_notification_id": order_id, "shop_id": shop_id, "timestamp": now}
    body = json.dumps({**event, "data": data}).encode()
    return body, webhook_signature(app.app_key, app.app_secret, body)
