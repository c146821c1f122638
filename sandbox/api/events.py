"""The Event API: one webhook URL per shop and topic (reference section 5.1)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sandbox.api.parameters import one_of, text
from sandbox.errors import invalid_parameter
from sandbox.model import WebhookRegistration
from sandbox.notifications import EVENT_TYPES
from sandbox.routing import Call, Endpoint

SCOPE = "seller.authorization.info"
PATH = "/event/202309/webhooks"
MAX_ADDRESS = 255


def list_webhooks(call: Call) -> dict[str, Any]:
    found = [
        {"event_type": topic, "address": set_.address, "create_time": set_.create_time, "update_time": set_.update_time}
        for (app_key, topic), set_ in call.shop.webhook_urls.items()
        if app_key == call.app.app_key
    ]
    return {"webhooks": found, "total_count": len(found)}


def set_webhook(call: Call) -> dict[str, Any]:
    """TikTok wants https, a domain name and no port; plain http will do here, on one machine."""
    topic = _topic(call)
    address = text(call.body, "address") or ""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or len(address) > MAX_ADDRESS:
        raise invalid_parameter("address", f"must be a URL of at most {MAX_ADDRESS} characters")
    now = call.world.now()
    known = call.shop.webhook_urls.get((call.app.app_key, topic))
    created = known.create_time if known else now
    call.shop.webhook_urls[call.app.app_key, topic] = WebhookRegistration(address, created, now)
    return {}


def delete_webhook(call: Call) -> dict[str, Any]:
    """Succeeds also when none was set."""
    call.shop.webhook_urls.pop((call.app.app_key, _topic(call)), None)
    return {}


def _topic(call: Call) -> str:
    topic = one_of(call.body, "event_type", tuple(EVENT_TYPES))
    if topic is None:
        raise invalid_parameter("event_type", "is required")
    return topic


ENDPOINTS = [
    Endpoint(PATH, "GET", SCOPE, list_webhooks),
    Endpoint(PATH, "PUT", SCOPE, set_webhook),
    Endpoint(PATH, "DELETE", SCOPE, delete_webhook),
]
