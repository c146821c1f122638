"""What a webhook of TikTok Shop is about (*Webhook overview*). Standard library only: the receiver uses it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

#: SELLER_DEAUTHORIZATION.
DEAUTHORIZED = "6"
#: Topics that carry messages between people: only that they came is kept.
_CONVERSATIONS = {"13", "14", "33"}
#: PRODUCT_STATUS_CHANGE, PRODUCT_INFORMATION_CHANGE, PRODUCT_CREATION, PRODUCT_AUDIT_STATUS_CHANGE.
_CATALOG = {"5", "15", "16", "37"}
_ID = re.compile(r"[0-9]{1,32}")
_MOST_ORDERS = 500
#: Fields of ``data`` that say what happened, in a word of TikTok's own.
_STATES = ("order_status", "cancel_status", "return_status", "sc_type", "status", "invoice_status")
_STATE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")

#: Fields beside ``data`` (*Webhook overview*).
_ENVELOPE = ("type", "tts_notification_id", "shop_id", "seller_open_id", "timestamp")
#: An id, a state, a type or a field's name: whatever TikTok documents in ``data`` but texts for people.
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)
#: Fields whose words and numbers may be about a person. None is documented; TikTok adds fields without a version.
_PERSONAL = re.compile(
    r"name|phone|mobile|mail|address|street|city|district|postal|zip|recipient|receiver|buyer|user|contact|nick|birth|tax"
    r"|message|content|text|note|reason|remark|comment",
    re.IGNORECASE,
)
_LEFT_OUT = "…"
_DEEPEST = 10

#: Names of topics by number (*Webhook overview*).
TOPICS = {
    "1": "ORDER_STATUS_CHANGE",
    "2": "REVERSE_STATUS_UPDATE",
    "3": "RECIPIENT_ADDRESS_UPDATE",
    "4": "PACKAGE_UPDATE",
    "5": "PRODUCT_STATUS_CHANGE",
    "6": "SELLER_DEAUTHORIZATION",
    "7": "UPCOMING_AUTHORIZATION_EXPIRATION",
    "11": "CANCELLATION_STATUS_CHANGE",
    "12": "RETURN_STATUS_CHANGE",
    "13": "NEW_CONVERSATION",
    "14": "NEW_MESSAGE",
    "15": "PRODUCT_INFORMATION_CHANGE",
    "16": "PRODUCT_CREATION",
    "18": "PRODUCT_CATEGORY_CHANGE",
    "33": "NEW_MESSAGE_LISTENER",
    "36": "INVOICE_STATUS_CHANGE",
    "37": "PRODUCT_AUDIT_STATUS_CHANGE",
}


def topic_name(topic: str) -> str:
    """TikTok's name of a topic; of one that is not known, its number: ``topic 99``."""
    return TOPICS.get(topic, f"topic {topic}")


def summary_of(event: dict[str, Any]) -> str:
    """A webhook in a few words, for an order's timeline: topic and status, never a person's data."""
    data = event.get("data") or {}
    states = [data[name] for name in _STATES if isinstance(data.get(name), str) and _STATE.fullmatch(data[name])]
    return " ".join([topic_name(str(event.get("type"))), *states])


def order_ids_of(event: dict[str, Any]) -> list[str]:
    """The orders that a webhook names, whatever its topic: each is looked at. Ids may come as JSON integers."""
    found = dict.fromkeys(_ids(event.get("data") or {}))
    return list(found)[:_MOST_ORDERS]


def _ids(data: dict[str, Any]) -> Iterator[str]:
    yield from _valid([data.get("order_id")])
    yield from _valid(data.get("order_ids"))
    packages = data.get("package_list")
    for package in packages if isinstance(packages, list) else []:  # PACKAGE_UPDATE
        if isinstance(package, dict):
            yield from _valid(package.get("order_id_list"))


def _valid(values: object) -> Iterable[str]:
    for value in values if isinstance(values, list) else []:
        if isinstance(value, str | int) and not isinstance(value, bool) and _ID.fullmatch(str(value)):
            yield str(value)


def product_ids_of(event: dict[str, Any]) -> list[str]:
    """The product that a webhook about the catalogue names; ids come as JSON integers in some topics."""
    if str(event.get("type")) not in _CATALOG:
        return []
    return list(_valid([(event.get("data") or {}).get("product_id")]))


def text_to_keep(event: dict[str, Any]) -> str:
    """The event as it is kept for operators: compact, in ASCII, and with nothing in it that a person wrote or that is
    about a person. What is left out is shown as ``…``; a conversation's ``data`` is left out as a whole."""
    about = {name: event.get(name) for name in _ENVELOPE if name in event}
    if str(event.get("type")) not in _CONVERSATIONS:
        about["data"] = event.get("data")
    return json.dumps(_impersonal(about), separators=(",", ":"))


def _impersonal(value: object, depth: int = 0) -> object:
    if depth > _DEEPEST:
        return _LEFT_OUT
    if isinstance(value, dict):
        return {
            name: _LEFT_OUT if _PERSONAL.search(name) else _impersonal(held, depth + 1)
            for name, held in value.items()
            if _WORD.fullmatch(name)
        }
    if isinstance(value, list):
        return [_impersonal(held, depth + 1) for held in value]
    if isinstance(value, str):
        return value if _WORD.fullmatch(value) else _LEFT_OUT
    return value
