"""The gateway over odoorpc (JSON-RPC): for every Odoo up to 19. One connection per process, made after the fork."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import OpenerDirector, build_opener

import odoorpc
from odoorpc.error import RPCError

from worker.odoo.errors import OdooLoginError, OdooUnavailableError, error_for, too_large
from worker.odoo.gateway import Context
from worker.odoo.measuring import measured

# A time-out does not stop the server: the call may still be carried out. So nothing here repeats a call.
_NO_ANSWER = (URLError, http.client.HTTPException, TimeoutError, ConnectionError, json.JSONDecodeError)

#: Arguments that go first and unnamed: of ``create``, since JSON-RPC finds out by it what to answer; of the others,
#: since older versions, or single models of theirs, have another name for it (in Odoo 14, that of ``sale.order.write``
#: is ``values``).
_FIRST_ARGUMENT = {"create": "vals_list", "write": "vals", "copy": "default", "search_count": "domain"}


class OdooRpc:
    """Logs in on first use and again after a failure.

    :param url: Odoo's address, with http or https.
    :param password: the bot user's API key or password.
    :param timeout: seconds to wait for one call.
    """

    def __init__(self, *, url: str, database: str, user: str, password: str, timeout: float) -> None:
        self._url = url
        self._database = database
        self._user = user
        self._password = password
        self._timeout = timeout
        self._odoo: odoorpc.ODOO | None = None

    def call(
        self,
        model: str,
        method: str,
        *,
        ids: Sequence[int] | None = None,
        context: Context | None = None,
        **arguments: Any,
    ) -> Any:
        """See :meth:`worker.odoo.gateway.OdooGateway.call`."""
        args: list[Any] = [] if ids is None else [list(ids)]
        if method in _FIRST_ARGUMENT:
            args.append(arguments.pop(_FIRST_ARGUMENT[method]))
        keywords = arguments if context is None else {**arguments, "context": dict(context)}
        with measured(model, method):
            return self._execute(model, method, args, keywords)

    def _execute(self, model: str, method: str, args: list[Any], keywords: dict[str, Any]) -> Any:
        what = f"{model}.{method}"
        try:
            if self._odoo is None:
                self._odoo = self._login()
            return self._odoo.execute_kw(model, method, args, keywords)
        except RPCError as error:
            info = error.info or {}
            data = (info.get("data") or {}) if isinstance(info, dict) else {}
            raise error_for(str(data.get("name", "")), str(error), what) from None
        except _NO_ANSWER as error:
            self._odoo = None
            if isinstance(error, HTTPError) and error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                raise too_large(what) from None
            raise OdooUnavailableError(f"Odoo at {self._url} did not answer {what}: {_reason(error)}.") from None

    def _login(self) -> odoorpc.ODOO:
        parts = urlsplit(self._url)
        secure = parts.scheme == "https"
        odoo = odoorpc.ODOO(
            parts.hostname,
            protocol="jsonrpc+ssl" if secure else "jsonrpc",
            port=parts.port or (443 if secure else 80),
            timeout=self._timeout,
            opener=_opener(self._database),
        )
        try:
            odoo.login(self._database, self._user, self._password)
        except RPCError as error:
            info = error.info if isinstance(error.info, dict) else {}
            name = str((info.get("data") or {}).get("name", ""))
            if name.startswith("psycopg2"):
                raise OdooUnavailableError(
                    f"Odoo's database {self._database!r} cannot be reached.",
                    remedy="If this lasts, check ODOO_DB and Odoo's PostgreSQL.",
                ) from None
            raise OdooLoginError(
                f"Odoo at {self._url} refuses {self._user!r} in database {self._database!r}.",
                remedy="Check ODOO_DB, ODOO_USER and ODOO_PASSWORD; an API key may have ended.",
            ) from None
        return odoo


def _opener(database: str) -> OpenerDirector:
    """Names the database with every call and takes no cookies.

    Otherwise Odoo lists the databases of its server and stores a session at each call, which takes it longer than a
    small call itself (Odoo 19: 11 ms instead of 5). Versions that do not know the header ignore it.
    """
    opener = build_opener()
    opener.addheaders = [("X-Odoo-Database", database)]
    return opener


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"HTTP {error.code}"
    if isinstance(error, ValueError):
        return "what came is not JSON; check that ODOO_URL is Odoo's own address, with https where it redirects to it"
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError):
        return "it took too long"
    return str(error) or type(error).__name__
