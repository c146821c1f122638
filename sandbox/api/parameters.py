"""Query and body parameters, read strictly: wrong types and ranges get TikTok's ``Invalid params``."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar

from sandbox.errors import ApiError, invalid_parameter

T = TypeVar("T")

# A page token starts with these bytes so that its base64 has '+' and '/': clients that do not encode it are found out.
_TOKEN_MARK = b"\xfb\xef\xff"


def page_size(query: dict[str, str], *, low: int = 1, high: int = 100) -> int:
    """``page_size``, which is required for searches."""
    text = query.get("page_size", "")
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise invalid_parameter("page_size", f"is required, from {low} to {high}")
    return int(text)


def page_offset(query: dict[str, str]) -> int:
    """Where the page starts, from ``page_token``; 0 without one."""
    token = query.get("page_token")
    if token is None:
        return 0
    try:
        raw = base64.b64decode(token, validate=True)
        mark, text = raw[: len(_TOKEN_MARK)], raw[len(_TOKEN_MARK) :].decode()
        if mark != _TOKEN_MARK or not text.startswith("offset="):
            raise ValueError(token)
        return int(text.removeprefix("offset="))
    except (ValueError, binascii.Error):
        raise invalid_parameter("page_token", "is invalid") from None


def page_token(offset: int) -> str:
    """The opaque token of the page at an offset of the list as it will be then."""
    return base64.b64encode(_TOKEN_MARK + f"offset={offset}".encode()).decode()


def next_page(offset: int, size: int, total: int) -> str:
    """``next_page_token``: empty after the last page."""
    return page_token(offset + size) if offset + size < total else ""


def one_of(values: dict[str, Any], name: str, allowed: Sequence[str]) -> str | None:
    """An optional value of an enumeration."""
    value = values.get(name)
    if value is not None and value not in allowed:
        raise invalid_parameter(name, f"must be one of {', '.join(allowed)}")
    return value


def number(body: dict[str, Any], name: str) -> int | None:
    """An optional integer."""
    return _typed(body, name, int)


def text(body: dict[str, Any], name: str) -> str | None:
    """An optional string."""
    return _typed(body, name, str)


def flag(body: dict[str, Any], name: str) -> bool | None:
    """An optional boolean."""
    return _typed(body, name, bool)


def texts(body: dict[str, Any], name: str, limit: int, too_many: int | None = None) -> list[str]:
    """An optional list of strings of at most ``limit``; ``too_many`` is the business code of a longer one."""
    values = body.get(name)
    if values is None:
        return []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise invalid_parameter(name, "must be a list of strings")
    if len(values) > limit:
        problem = f"has more than {limit} entries"
        raise invalid_parameter(name, problem) if too_many is None else ApiError(too_many, f"{name} {problem}")
    return values


def objects(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A required list of objects that is not empty."""
    values = body.get(name)
    if not isinstance(values, list) or not values or not all(isinstance(value, dict) for value in values):
        raise invalid_parameter(name, "must be a list of objects that is not empty")
    return values


def _typed(body: dict[str, Any], name: str, kind: type[T]) -> T | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        raise invalid_parameter(name, f"must be of the type {kind.__name__}")
    return value
