"""Odoo's answers over JSON-2, each fault as the error that says what to do; and which API is chosen."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
import responses

from worker.odoo.connect import Api, connect_odoo, version_of
from worker.odoo.errors import OdooLoginError, OdooRejectedError, OdooUnavailableError
from worker.odoo.gateway import OdooGateway
from worker.odoo.json2 import OdooJson2
from worker.odoo.rpc import OdooRpc

URL = "https://odoo.example"
READ = f"{URL}/json/2/res.partner/read"
CONTEXT_GET = f"{URL}/json/2/res.users/context_get"
WHO = f"{URL}/json/2/res.users/read"
CONFLICT = "could not serialize access due to concurrent update"
VERSION = f"{URL}/web/version"
NINETEEN = {"version_info": [19, 0, 0, "final", 0, ""], "version": "19.0"}


def logged_in() -> OdooJson2:
    gateway = OdooJson2(url=f"{URL}/", database="shop", user="bot", key="k3y", timeout=7)
    gateway._is_theirs = True  # as after the first call
    return gateway


@pytest.fixture
def json2() -> OdooJson2:
    return logged_in()


def read(gateway: OdooGateway) -> Any:
    return gateway.call("res.partner", "read", ids=[7], fields=["name"], context={"lang": "en_US"})


def fault(name: str, message: str = "Odoo says why.\n\nDetails for developers") -> dict[str, Any]:
    return {"name": name, "message": message, "arguments": [message], "context": {}, "debug": "Traceback: k3y"}


@responses.activate
def test_a_call_names_its_arguments_and_carries_key_and_database(json2: OdooJson2) -> None:
    responses.add("POST", READ, json=[{"id": 7, "name": "Anna"}])
    assert read(json2) == [{"id": 7, "name": "Anna"}]
    request = responses.calls[0].request
    assert json.loads(request.body or b"") == {"ids": [7], "fields": ["name"], "context": {"lang": "en_US"}}
    assert request.headers["Authorization"] == "bearer k3y"
    assert request.headers["X-Odoo-Database"] == "shop"
    assert request.headers["Content-Type"] == "application/json"


@responses.activate
@pytest.mark.parametrize("answer", [None, False, 5, [], {"7": "x"}])
def test_whatever_json_comes_is_the_answer(json2: OdooJson2, answer: Any) -> None:
    responses.add("POST", READ, body=json.dumps(answer))
    assert read(json2) == answer


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "error", "code", "said"),
    [
        (401, fault("werkzeug.exceptions.Unauthorized"), OdooLoginError, "odoo_login", "refuses the API key"),
        (403, fault("odoo.exceptions.AccessError"), OdooRejectedError, "odoo_rights", "Odoo says why."),
        (
            404,
            fault("werkzeug.exceptions.NotFound", "no such model"),
            OdooRejectedError,
            "odoo_module",
            "no such model",
        ),
        (404, fault("odoo.exceptions.MissingError"), OdooRejectedError, "odoo_refused", "Odoo says why."),
        (422, fault("odoo.exceptions.UserError"), OdooRejectedError, "odoo_refused", "Odoo says why."),
        (
            500,
            fault("builtins.ValueError", "Invalid field 'x' on model"),
            OdooRejectedError,
            "odoo_module",
            "field 'x'",
        ),
        (
            500,
            fault("psycopg2.errors.SerializationFailure", CONFLICT),
            OdooUnavailableError,
            "odoo_unavailable",
            CONFLICT,
        ),
        (500, fault("psycopg2.OperationalError"), OdooUnavailableError, "odoo_unavailable", "Odoo says why."),
    ],
)
def test_each_fault_of_odoo_is_the_error_that_says_what_to_do(
    status: int, body: dict[str, Any], error: type[Exception], code: str, said: str
) -> None:
    json2 = logged_in()
    responses.add("POST", READ, json=body, status=status)
    with pytest.raises(error, match=said) as raised:
        read(json2)
    assert getattr(raised.value, "code", None) == code
    assert "k3y" not in str(raised.value), "neither traceback nor key"
    assert len(responses.calls) == 1, "nothing is called twice"


@responses.activate
@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (404, OdooUnavailableError, "ODOO_DB"),
        (413, OdooRejectedError, "too large"),
        (429, OdooUnavailableError, "HTTP 429"),
        (502, OdooUnavailableError, "HTTP 502"),
        (500, OdooUnavailableError, "HTTP 500"),
        (301, OdooUnavailableError, "with https where it redirects"),
        (200, OdooUnavailableError, "not JSON"),
    ],
)
def test_a_page_instead_of_json_is_told_apart(json2: OdooJson2, status: int, error: type[Exception], said: str) -> None:
    headers = {"Location": "https://elsewhere.example/"}
    responses.add("POST", READ, body="<html>Oops</html>", status=status, headers=headers)
    with pytest.raises(error, match=said):
        read(json2)
    assert len(responses.calls) == 1, "a redirect is not followed: it would carry the key away"


@pytest.mark.parametrize("cause", [requests.ConnectionError("refused"), requests.ReadTimeout("slow")])
def test_no_answer_is_a_reason_to_wait(json2: OdooJson2, cause: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise cause

    monkeypatch.setattr(json2._session, "post", fail)
    with pytest.raises(OdooUnavailableError, match=r"did not answer res\.partner\.read"):
        read(json2)


def chosen(api: Api) -> OdooGateway:
    return connect_odoo(api=api, url=URL, database="shop", user="bot", password="k3y", timeout=7)


def test_a_setting_decides_without_asking() -> None:
    assert isinstance(chosen("json-2"), OdooJson2)
    assert isinstance(chosen("json-rpc"), OdooRpc)


@responses.activate
def test_json2_is_chosen_where_odoo_offers_it_and_takes_the_key() -> None:
    responses.add("GET", VERSION, json=NINETEEN)
    responses.add("POST", CONTEXT_GET, json={"uid": 5})
    responses.add("POST", WHO, json=[{"id": 5, "login": "bot"}])
    responses.add("POST", READ, json=[])
    gateway = chosen("auto")
    assert read(gateway) == []
    assert read(gateway) == []
    asked = [call.request.url for call in responses.calls]
    assert asked == [VERSION, CONTEXT_GET, WHO, READ, READ], "found out once"


@responses.activate
@pytest.mark.parametrize("old", [{"version_info": [18, 0]}, {"version": "?"}, [], None])
def test_json_rpc_is_chosen_for_an_older_odoo(old: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    responses.add("GET", VERSION, json=old)
    monkeypatch.setattr(OdooRpc, "call", lambda *_, **__: "over JSON-RPC")
    assert read(chosen("auto")) == "over JSON-RPC"


@responses.activate
def test_json_rpc_is_chosen_where_odoo_tells_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    responses.add("GET", VERSION, body="<html>Not found</html>", status=404)
    monkeypatch.setattr(OdooRpc, "call", lambda *_, **__: "over JSON-RPC")
    assert read(chosen("auto")) == "over JSON-RPC"


@responses.activate
def test_json_rpc_is_chosen_for_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    responses.add("GET", VERSION, json=NINETEEN)
    responses.add("POST", CONTEXT_GET, json=fault("werkzeug.exceptions.Unauthorized"), status=401)
    monkeypatch.setattr(OdooRpc, "call", lambda *_, **__: "over JSON-RPC")
    assert read(chosen("auto")) == "over JSON-RPC"


@responses.activate
def test_a_key_of_another_user_is_refused() -> None:
    gateway = chosen("json-2")
    responses.add("POST", CONTEXT_GET, json={"uid": 2})
    responses.add("POST", WHO, json=[{"id": 2, "login": "admin"}])
    with pytest.raises(OdooLoginError, match="does not belong to Odoo's user 'bot'"):
        read(gateway)
    assert len(responses.calls) == 2


@responses.activate
def test_a_key_of_another_user_is_not_taken_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON-RPC asks for the login, too, and refuses it."""
    responses.add("GET", VERSION, json=NINETEEN)
    responses.add("POST", CONTEXT_GET, json={"uid": 2})
    responses.add("POST", WHO, json=[{"id": 2, "login": "admin"}])
    monkeypatch.setattr(OdooRpc, "call", lambda *_, **__: "over JSON-RPC")
    assert read(chosen("auto")) == "over JSON-RPC"


@responses.activate
def test_an_odoo_that_is_away_decides_nothing() -> None:
    responses.add("GET", VERSION, status=502)
    gateway = chosen("auto")
    with pytest.raises(OdooUnavailableError):
        read(gateway)
    responses.replace("GET", VERSION, json=NINETEEN)
    responses.add("POST", CONTEXT_GET, json={"uid": 5})
    responses.add("POST", WHO, json=[{"id": 5, "login": "bot"}])
    responses.add("POST", READ, json=[])
    assert read(gateway) == []


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(OdooUnavailableError, match="did not answer"):
        version_of("http://127.0.0.1:9", timeout=1)
