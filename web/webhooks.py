"""``POST /tiktok/webhook``: verify, keep in Redis in one round trip, answer.

A webhook is believed only so far as *look at this order*: what the order is now, TikTok is asked.
"""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

import structlog
from flask import Blueprint, Response, request
from redis.exceptions import RedisError
from werkzeug.exceptions import RequestEntityTooLarge

from web.receiver import Receiver, receiver
from worker.errors import ConfigurationError
from worker.tiktok.signing import verify_webhook_signature
from worker.tiktok.webhooks import DEAUTHORIZED, order_ids_of, product_ids_of, summary_of, text_to_keep

log = structlog.get_logger(__name__)
blueprint = Blueprint("webhooks", __name__)

_WORD = re.compile(r"[!-~]{1,128}")
_LATER = {"Retry-After": "120"}


class Refused(Exception):
    """The webhook is answered with ``status`` and the reason, and counted under ``name``."""

    def __init__(self, status: int, name: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.name = name
        self.reason = reason


@blueprint.post("/tiktok/webhook")
@blueprint.post("/tokopedia/webhook")
def webhook() -> Response:
    """200 with an empty body once Redis has it; 400, 401 or 413 for a bad one; 503 makes TikTok deliver again."""
    parts = receiver()
    try:
        keep(parts)
    except Refused as refused:
        log.warning("webhook.refused", status=refused.status, reason=refused.reason)
        with contextlib.suppress(RedisError):  # the answer does not depend on the note
            parts.refusals.note(
                refused.name, status=refused.status, size=request.content_length, address=request.remote_addr
            )
        # TikTok's docs expect an empty body with 401; the reason is in the log and in a header.
        body = "" if refused.status == 401 else f"{refused.reason}\n"
        return Response(body, refused.status, {"X-Reason": refused.reason}, content_type="text/plain")
    except RedisError as error:  # away, full, read-only: whatever it is, nothing was kept
        log.error("webhook.not_kept", reason=type(error).__name__)
        return Response("The connector's Redis keeps nothing now; deliver again later.\n", 503, _LATER)
    except ConfigurationError as error:
        log.error("webhook.not_kept", reason=str(error))
        return Response("The connector is not set up; deliver again later.\n", 503, _LATER)
    return Response(status=200)


def keep(parts: Receiver) -> None:
    """Verify the request and store it.

    :raises Refused: it is not an acceptable webhook.
    :raises redis.exceptions.RedisError: it could not be stored.
    """
    body = _body(parts.settings.webhook_max_bytes)
    account_ids = _verify(parts, body, request.headers.get("Authorization"))
    event, body_to_keep = _parse(body)
    # Seller-level topics carry seller_open_id instead of shop_id.
    shop_id = _word(event.get("shop_id")) or _word(event.get("seller_open_id"))
    topic = _word(event.get("type"))
    if not shop_id or not topic:
        raise Refused(400, "bad_envelope", "shop_id and type are needed")
    kept = parts.inbox.receive(
        shop_id=shop_id,
        topic=topic,
        notification_id=_word(event.get("tts_notification_id")),
        body=body_to_keep,
        account_ids=account_ids,
        order_ids=order_ids_of(event),
        product_ids=product_ids_of(event),
        summary=summary_of(event),
    )
    parts.noticed_version(kept.accounts_version)
    if topic == DEAUTHORIZED and kept.outcome == "stored":
        parts.sender.send("auth.deauthorized", shop_id)
    for task in kept.tasks:
        parts.sender.send(task, shop_id)
    log.debug("webhook.kept", shop=shop_id, topic=topic, outcome=kept.outcome)


def _body(limit: int) -> bytes:
    too_large = Refused(413, "too_large", f"the body is larger than {limit} bytes")
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise too_large from None
    if len(body) > limit:
        raise too_large
    if not body:
        raise Refused(400, "empty", "the body is empty")
    return body


def _verify(parts: Receiver, body: bytes, header: str | None) -> list[str]:
    """The accounts whose secret signed ``body``. The header does not name the app, so each known one is tried."""
    if not header:
        raise Refused(401, "unsigned", "the Authorization header is missing")
    for again in (True, False):
        for (app_key, app_secret), account_ids in parts.apps().items():
            if verify_webhook_signature(app_key, app_secret, body, header):
                return account_ids
        if not again or not parts.reload():
            break
    raise Refused(401, "bad_signature", "no account's app secret made this signature")


def _parse(body: bytes) -> tuple[dict[str, Any], str]:
    """The event, and its text as it is to be kept."""
    try:
        event = json.loads(body.decode("utf-8"))
        if not isinstance(event, dict) or not isinstance(event.get("data") or {}, dict):
            raise Refused(400, "bad_envelope", "the body is not a webhook of TikTok Shop")
        return event, text_to_keep(event)
    except ValueError:  # UnicodeDecodeError is one, too
        raise Refused(400, "not_json", "the body is not JSON in UTF-8") from None
    except RecursionError:
        raise Refused(400, "too_deep", "the body is nested too deeply") from None


def _word(value: object) -> str:
    """An id or a topic, which TikTok writes as text or as a number; empty when ``value`` cannot be one."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _WORD.fullmatch(text) else ""
