"""TikTok's answer envelope: ``{"code", "message", "data", "request_id"}``."""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from sandbox.errors import ApiError
from sandbox.ids import new_request_id


class JsonText(str):
    """Text that is JSON already and is put into an answer as it is."""

    __slots__ = ()


def dump(value: Any) -> str:
    return value if isinstance(value, JsonText) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def envelope(code: int, message: str, data: Any) -> str:
    """The envelope as JSON text."""
    rest = f'"message":{dump(message)},"data":{dump(data)},"request_id":"{new_request_id()}"'
    return f'{{"code":{code},{rest}}}'


def success_response(data: Any, message: str = "Success") -> Response:
    return Response(envelope(0, message, data), mimetype="application/json")


def error_response(error: ApiError) -> Response:
    text = envelope(error.code, error.message, None)
    return Response(text, status=error.status, headers=error.headers, mimetype="application/json")
