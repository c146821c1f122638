"""Faults on demand: the next calls fail in a chosen way, or everything on a path is slow."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from typing import Any

from flask import Response, request

from sandbox.envelope import error_response
from sandbox.errors import ApiError
from sandbox.specs import FaultSpec

_FAULT_KEY = "sandbox.fault"


class FaultSwitch:
    """The switched-on faults. ``before`` and ``after`` are hooks around every call of the Open API and token host."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self._faults: list[FaultSpec] = []
            self._slow: dict[str, float] = {}
            self.counts: Counter[str] = Counter()

    def fail_next(self, fault: FaultSpec) -> None:
        """Let the next calls fail; faults that fit the same call are used up in the order in which they were given."""
        with self._lock:
            self._faults += [fault] * fault.n

    def slow(self, seconds: float, path: str = "") -> None:
        """Every call whose path contains ``path`` takes this much longer; 0 ends it."""
        with self._lock:
            self._slow[path] = seconds

    def before(self) -> Response | None:
        """Fail the call that is being handled, if it is its turn; to be called before it is handled."""
        wait = max((seconds for path, seconds in self._slow.items() if path in request.path), default=0.0)
        if wait:
            time.sleep(wait)
        fault = self._next_for(request.path)
        if fault is None:
            return None
        if fault.kind == "missing_field":
            request.environ[_FAULT_KEY] = fault
            return None
        return _fail(fault)

    def after(self, response: Response) -> Response:
        """Take the field out of the answer of a call with a ``missing_field`` fault; a picture has none."""
        fault = request.environ.get(_FAULT_KEY)
        if fault is not None and response.is_json:
            answer = json.loads(response.get_data())
            response.set_data(json.dumps(_without(answer, fault.name)))
        return response

    def _next_for(self, path: str) -> FaultSpec | None:
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.path in path:
                    self.counts[fault.kind] += 1
                    return self._faults.pop(index)
        return None


def _fail(fault: FaultSpec) -> Response:
    if fault.kind == "429":
        headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        return error_response(ApiError(36009002, "Too many requests. Please try again later.", headers=headers))
    if fault.kind == "500":
        return error_response(ApiError(36009003, "Internal error. Please try again later."))
    if fault.kind == "503_empty":
        return Response(status=503)
    if fault.kind == "garbage":
        return Response("<html><body>upstream connect error</body></html>", mimetype="text/html")
    if fault.kind == "code":
        return error_response(ApiError(fault.code, f"Simulated error {fault.code}", status=fault.status))
    if fault.kind == "timeout":
        time.sleep(fault.seconds)
    return _drop_connection()


def _drop_connection() -> Response:
    """Close the client's connection without an answer; a server without a socket (a test client) answers 502."""
    connection = request.environ.get("gunicorn.socket") or request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=502)


def _without(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, name) for key, item in value.items() if key != name}
    if isinstance(value, list):
        return [_without(item, name) for item in value]
    return value
