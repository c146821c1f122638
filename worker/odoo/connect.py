"""Which of Odoo's APIs to talk: JSON-2 where the server and the secret allow it, else JSON-RPC."""

from __future__ import annotations

from typing import Any, Literal

import requests
import structlog

from worker.odoo.errors import OdooLoginError, OdooUnavailableError
from worker.odoo.gateway import OdooGateway
from worker.odoo.json2 import FIRST_VERSION, OdooJson2, reason_of
from worker.odoo.rpc import OdooRpc

Api = Literal["auto", "json-2", "json-rpc"]

log = structlog.get_logger(__name__)


def connect_odoo(*, api: Api, url: str, database: str, user: str, password: str, timeout: float) -> OdooGateway:
    """A gateway to Odoo; nothing is asked before the first call.

    :param password: the bot user's API key, or for JSON-RPC its password.
    :param timeout: seconds to wait for one call.
    """
    rpc = OdooRpc(url=url, database=database, user=user, password=password, timeout=timeout)
    if api == "json-rpc":
        return rpc
    json2 = OdooJson2(url=url, database=database, user=user, key=password, timeout=timeout)
    return json2 if api == "json-2" else _Chosen(url, json2, rpc, timeout)


class _Chosen:
    """Finds out with the first call, and again in each new process."""

    def __init__(self, url: str, json2: OdooJson2, rpc: OdooRpc, timeout: float) -> None:
        self._url = url.rstrip("/")
        self._timeout = min(timeout, 10.0)
        self._json2 = json2
        self._rpc = rpc
        self._choice: OdooGateway | None = None

    def call(self, model: str, method: str, **arguments: Any) -> Any:
        """See :meth:`worker.odoo.gateway.OdooGateway.call`."""
        if self._choice is None:
            self._choice = self._json2 if self._offers_json2() else self._rpc
            log.debug("odoo.api", api="json-2" if self._choice is self._json2 else "json-rpc")
        return self._choice.call(model, method, **arguments)

    def _offers_json2(self) -> bool:
        """Whether the server has JSON-2 and takes our secret there: a password opens JSON-RPC only."""
        if version_of(self._url, self._timeout) < FIRST_VERSION:
            return False
        try:
            self._json2.check_user()
        except OdooLoginError:
            return False
        return True


def version_of(url: str, timeout: float = 10.0) -> int:
    """Odoo's major version, such as 19; 0 for one that does not tell it there (before 19).

    :raises OdooUnavailableError: no answer.
    """
    try:
        answer = requests.get(f"{url}/web/version", timeout=timeout, allow_redirects=False)
    except requests.RequestException as error:
        raise OdooUnavailableError(f"Odoo at {url} did not answer: {reason_of(error)}.") from None
    if answer.status_code >= requests.codes.server_error:
        raise OdooUnavailableError(f"Odoo at {url} did not answer: HTTP {answer.status_code}.")
    try:
        return int(answer.json()["version_info"][0])
    except (ValueError, KeyError, IndexError, TypeError):
        return 0
