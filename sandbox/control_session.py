"""The connection to the control API, and the error that all its clients raise."""

from __future__ import annotations

from typing import Any

import requests

TIMEOUT = 120


class SandboxControlError(RuntimeError):
    """The simulator refused; the text is its reason."""


class ControlSession:
    """Talks to one simulator.

    :param base_url: such as ``http://127.0.0.1:8600``.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def _post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._answer(self._session.post(f"{self.base_url}/_sandbox{path}", json=body or {}, timeout=TIMEOUT))

    def _get(self, path: str) -> dict[str, Any]:
        return self._answer(self._session.get(f"{self.base_url}/_sandbox{path}", timeout=TIMEOUT))

    @staticmethod
    def _answer(response: requests.Response) -> dict[str, Any]:
        if response.status_code == 400:
            raise SandboxControlError(str(response.json().get("error")))
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer
