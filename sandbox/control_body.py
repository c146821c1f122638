"""Reading and writing the JSON of the control API."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request

from sandbox.errors import ControlError


def read_body() -> dict[str, Any]:
    """The JSON object of the request; empty without a body.

    :raises ControlError: when it is anything else.
    """
    body = request.get_json(force=True, silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        raise ControlError("the body must be a JSON object")
    return body


def json_answer(value: Any) -> Response:
    return Response(json.dumps(value, ensure_ascii=False), mimetype="application/json")
