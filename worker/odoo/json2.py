"""The gateway over JSON-2 (``/json/2/<model>/<method>``), which Odoo 19 brought and which stays when JSON-RPC goes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import requests

from worker.odoo.errors import OdooLoginError, OdooUnavailableError, error_for, too_large
from worker.odoo.gateway import Context
from worker.odoo.measuring import measured

#: JSON-2 came with this version of Odoo.
FIRST_VERSION = 19


class OdooJson2:
    """Needs an API key: a password is refused. Connections are kept and used again; nothing is called twice.

    :param url: Odoo's address, with http or https.
    :param user: the bot user's login: JSON-2 asks for none, so the first call makes sure that the key is this user's.
    :param key: the bot user's API key.
    :param timeout: seconds to wait for one call.
    """

    def __init__(self, *, url: str, database: str, user: str, key: str, timeout: float) -> None:
        self._url = url.rstrip("/")
        self._user = user
        self._is_theirs = False
        self._timeout = timeout
        self._session = requests.Session()
        self._session.headers.update(
            {"Authorization": f"bearer {key}", "X-Odoo-Database": database, "Content-Type": "application/json"}
        )

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
        body: dict[str, Any] = dict(arguments)
        if ids is not None:
            body["ids"] = list(ids)
        if context is not None:
            body["context"] = dict(context)
        with measured(model, method):
            self.check_user()
            return self._post(f"{model}/{method}", body)

    def check_user(self) -> None:
        """Make sure, once, that the key opens Odoo, and for our user.

        :raises OdooLoginError: it does not.
        """
        if self._is_theirs:
            return
        uid = self._post("res.users/context_get", {})["uid"]
        (who,) = self._post("res.users/read", {"ids": [uid], "fields": ["login"]})
        if who["login"] != self._user:
            raise OdooLoginError(
                f"The API key does not belong to Odoo's user {self._user!r}.",
                remedy="Check ODOO_USER and ODOO_PASSWORD: the key must be made by the bot user itself.",
            )
        self._is_theirs = True

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        what = path.replace("/", ".")
        try:
            # No redirect: it would turn the call into a GET, or hand the key to another host.
            answer = self._session.post(
                f"{self._url}/json/2/{path}", data=json.dumps(body), timeout=self._timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            raise OdooUnavailableError(f"Odoo at {self._url} did not answer {what}: {reason_of(error)}.") from None
        if answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise too_large(what)
        try:
            found = answer.json()
        except ValueError:
            raise self._no_json(answer.status_code, what) from None
        if answer.status_code == HTTPStatus.OK:
            return found
        told = found if isinstance(found, dict) else {}
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            raise OdooLoginError(
                f"Odoo at {self._url} refuses the API key.",
                remedy="Check ODOO_PASSWORD: JSON-2 takes an API key of the bot user and no password; keys of ordinary "
                "users end after 90 days at most.",
            )
        raise error_for(str(told.get("name", "")), str(told.get("message", f"HTTP {answer.status_code}")), what)

    def _no_json(self, status: int, what: str) -> OdooUnavailableError:
        if status == HTTPStatus.NOT_FOUND:  # a page, since no database was chosen that could say it in JSON
            return OdooUnavailableError(
                f"Odoo at {self._url} does not offer JSON-2 for this database, or does not reach it.",
                remedy="If this lasts, check ODOO_URL, ODOO_DB and Odoo's PostgreSQL; before Odoo "
                f"{FIRST_VERSION} set ODOO_API=json-rpc.",
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return OdooUnavailableError(f"Odoo at {self._url} did not answer {what}: HTTP {status}.")
        return OdooUnavailableError(
            f"Odoo at {self._url} did not answer {what}: what came is not JSON (HTTP {status}).",
            remedy="Check that ODOO_URL is Odoo's own address, with https where it redirects to it.",
        )


def reason_of(error: requests.RequestException) -> str:
    """Why there was no answer, in few words: requests' own begin with the name of a class and the whole address."""
    return "it took too long" if isinstance(error, requests.Timeout) else type(error).__name__
