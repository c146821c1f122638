"""Odoo's faults over JSON-RPC, each as the error that says what to do; nothing is called twice by itself."""

from __future__ import annotations

import http.client
import json
import re
from typing import Any, ClassVar
from urllib.error import HTTPError, URLError
from urllib.request import HTTPCookieProcessor, OpenerDirector

import odoorpc
import pytest
from odoorpc.error import RPCError

from worker import metrics
from worker.errors import ConnectorError
from worker.odoo.errors import OdooLoginError, OdooRejectedError, OdooUnavailableError, error_for, in_one_line
from worker.odoo.rpc import OdooRpc


class FakeOdoo:
    """Stands in for ``odoorpc.ODOO``; made anew for each login."""

    made: ClassVar[list[FakeOdoo]] = []
    connect_error: Exception | None = None
    login_error: Exception | None = None
    call_error: Exception | None = None

    def __init__(self, host: str, *, protocol: str, port: int, timeout: float, opener: OpenerDirector) -> None:
        self.address = (host, protocol, port, timeout)
        self.opener = opener
        self.logins: list[tuple[str, ...]] = []
        self.calls: list[tuple[Any, ...]] = []
        FakeOdoo.made.append(self)
        if FakeOdoo.connect_error is not None:
            raise FakeOdoo.connect_error

    def login(self, *credentials: str) -> None:
        self.logins.append(credentials)
        if FakeOdoo.login_error is not None:
            raise FakeOdoo.login_error

    def execute_kw(self, *call: Any) -> Any:
        self.calls.append(call)
        if FakeOdoo.call_error is not None:
            raise FakeOdoo.call_error
        return "answer"


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeOdoo]:
    monkeypatch.setattr(odoorpc, "ODOO", FakeOdoo)
    for name in ("connect_error", "login_error", "call_error"):
        monkeypatch.setattr(FakeOdoo, name, None)
    monkeypatch.setattr(FakeOdoo, "made", [])
    return FakeOdoo


def rpc(url: str = "https://odoo.example") -> OdooRpc:
    return OdooRpc(url=url, database="db", user="tiktok-bot", password="s3cret", timeout=120)


def fault(name: str, message: str = "Text.") -> RPCError:
    return RPCError(message, {"code": 0, "message": "Odoo Server Error", "data": {"name": name, "message": message}})


def failure(odoo: OdooRpc | None = None) -> ConnectorError:
    with pytest.raises(ConnectorError) as raised:
        (odoo or rpc()).call("sale.order", "read", ids=[1])
    assert "s3cret" not in str(raised.value)
    return raised.value


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://odoo.example", ("odoo.example", "jsonrpc+ssl", 443, 120)),
        ("http://odoo.example", ("odoo.example", "jsonrpc", 80, 120)),
        ("http://127.0.0.1:8069", ("127.0.0.1", "jsonrpc", 8069, 120)),
    ],
)
def test_odoo_is_reached_where_its_address_says(fake: type[FakeOdoo], url: str, address: tuple[Any, ...]) -> None:
    rpc(url).call("sale.order", "read", ids=[1])
    assert fake.made[0].address == address
    assert fake.made[0].logins == [("db", "tiktok-bot", "s3cret")]


def test_each_call_names_the_database_and_no_cookie_is_kept(fake: type[FakeOdoo]) -> None:
    """Or else Odoo looks for the database and stores a session, at every call."""
    OdooRpc(url="https://odoo.example", database="shop", user="bot", password="key", timeout=9).call(
        "res.users", "read"
    )
    opener = fake.made[0].opener
    assert ("X-Odoo-Database", "shop") in opener.addheaders
    assert not any(isinstance(handler, HTTPCookieProcessor) for handler in opener.handlers)


def test_one_login_serves_many_calls(fake: type[FakeOdoo]) -> None:
    odoo = rpc()
    for _ in range(3):
        assert odoo.call("sale.order", "read", ids=[1]) == "answer"
    assert len(fake.made) == 1


def test_arguments_go_by_name_and_ids_first(fake: type[FakeOdoo]) -> None:
    odoo = rpc()
    odoo.call("sale.order", "write", ids=(1, 2), vals={"a": 1}, context={"lang": "en_US"})
    odoo.call("sale.order", "search_count", domain=[])
    odoo.call("sale.order", "create", vals_list=[{"a": 1}])
    odoo.call("sale.order", "has_access", ids=[], operation="create")
    assert fake.made[0].calls == [
        ("sale.order", "write", [[1, 2], {"a": 1}], {"context": {"lang": "en_US"}}),
        ("sale.order", "search_count", [[]], {}),
        ("sale.order", "create", [[{"a": 1}]], {}),
        ("sale.order", "has_access", [[]], {"operation": "create"}),
    ]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (URLError(ConnectionRefusedError(111, "Connection refused")), "Connection refused"),
        (http.client.RemoteDisconnected("Remote end closed connection"), "Remote end closed connection"),
        (TimeoutError("timed out"), "took too long"),
        (URLError(TimeoutError("timed out")), "took too long"),
        (ConnectionResetError(104, "reset by peer"), "reset by peer"),
        (HTTPError("https://odoo.example/jsonrpc", 502, "Bad Gateway", None, None), "HTTP 502"),  # type: ignore[arg-type]
        (json.JSONDecodeError("Expecting value", "<html>", 0), "not JSON; check that ODOO_URL"),
    ],
)
def test_no_answer_is_unavailability_and_the_call_is_not_repeated(
    fake: type[FakeOdoo], error: Exception, told: str
) -> None:
    fake.call_error = error
    odoo = rpc()
    found = failure(odoo)
    assert isinstance(found, OdooUnavailableError)
    assert "https://odoo.example did not answer sale.order.read" in found.message
    assert told in found.message
    assert len(fake.made[0].calls) == 1
    fake.call_error = None
    assert odoo.call("sale.order", "read", ids=[1]) == "answer"
    assert len(fake.made) == 2  # a new login, since the server may be another one now


def test_a_call_that_a_proxy_takes_for_too_large_is_refused_and_not_tried_for_ever(fake: type[FakeOdoo]) -> None:
    fake.call_error = HTTPError(
        "https://odoo.example", 413, "Request Entity Too Large", http.client.HTTPMessage(), None
    )
    with pytest.raises(OdooRejectedError, match="client_max_body_size") as refused:
        rpc().call("product.product", "load", fields=["id"], data=[])
    assert refused.value.code == "odoo_too_large"


def test_an_odoo_that_is_away_at_login_is_tried_again_later(fake: type[FakeOdoo]) -> None:
    fake.connect_error = URLError("refused")
    odoo = rpc()
    assert isinstance(failure(odoo), OdooUnavailableError)
    fake.connect_error = None
    assert odoo.call("sale.order", "read", ids=[1]) == "answer"


@pytest.mark.parametrize("info", [None, {}, {"data": None}, {"data": {"name": "odoo.exceptions.AccessDenied"}}])
def test_a_refused_login_names_the_settings(fake: type[FakeOdoo], info: Any) -> None:
    fake.login_error = RPCError("Wrong login ID or password", info)
    found = failure()
    assert isinstance(found, OdooLoginError)
    assert "'tiktok-bot' in database 'db'" in found.message
    assert "ODOO_PASSWORD" in found.remedy


def test_a_database_that_does_not_answer_at_login_is_not_taken_for_a_wrong_password(fake: type[FakeOdoo]) -> None:
    fake.login_error = fault("psycopg2.OperationalError", "could not connect to server")
    found = failure()
    assert isinstance(found, OdooUnavailableError)
    assert "'db'" in found.message


@pytest.mark.parametrize(
    ("name", "message", "kind", "code"),
    [
        ("odoo.exceptions.UserError", "No.", OdooRejectedError, "odoo_refused"),
        ("odoo.exceptions.ValidationError", "No.", OdooRejectedError, "odoo_refused"),
        ("odoo.exceptions.MissingError", "Record does not exist", OdooRejectedError, "odoo_refused"),
        ("psycopg2.errors.InvalidTextRepresentation", "invalid input", OdooRejectedError, "odoo_refused"),
        ("odoo.exceptions.AccessError", "You are not allowed", OdooRejectedError, "odoo_rights"),
        ("builtins.KeyError", "stock.picking", OdooRejectedError, "odoo_module"),
        ("builtins.AttributeError", "no such method", OdooRejectedError, "odoo_module"),
        ("odoo.exceptions.UserError", "Object stock.picking doesn't exist", OdooRejectedError, "odoo_module"),
        ("builtins.ValueError", "Invalid field 'x' on 'y'", OdooRejectedError, "odoo_module"),
        ("odoo.exceptions.AccessDenied", "Access Denied", OdooLoginError, "odoo_login"),
        ("psycopg2.OperationalError", "could not connect", OdooUnavailableError, "odoo_unavailable"),
        ("psycopg2.errors.AdminShutdown", "terminating connection", OdooUnavailableError, "odoo_unavailable"),
        ("psycopg2.InterfaceError", "connection already closed", OdooUnavailableError, "odoo_unavailable"),
        ("psycopg2.pool.PoolError", "The Connection Pool Is Full", OdooUnavailableError, "odoo_unavailable"),
        (
            "psycopg2.errors.SerializationFailure",
            "could not serialize access",
            OdooUnavailableError,
            "odoo_unavailable",
        ),
        ("odoo.exceptions.UserError", "deadlock detected", OdooUnavailableError, "odoo_unavailable"),
        ("", "", OdooRejectedError, "odoo_refused"),
    ],
)
def test_each_fault_says_what_to_do(
    fake: type[FakeOdoo], name: str, message: str, kind: type[ConnectorError], code: str
) -> None:
    fake.call_error = fault(name, message)
    found = failure()
    assert type(found) is kind
    assert found.code == code
    assert message in found.message or kind is OdooLoginError


@pytest.mark.parametrize("info", [None, {}, {"data": None}, "text"])
def test_a_fault_without_details_is_still_one_of_ours(fake: type[FakeOdoo], info: Any) -> None:
    fake.call_error = RPCError("Something", info)
    assert failure().code == "odoo_refused"


def test_a_refused_call_keeps_the_connection(fake: type[FakeOdoo]) -> None:
    fake.call_error = fault("odoo.exceptions.UserError")
    odoo = rpc()
    failure(odoo)
    failure(odoo)
    assert len(fake.made) == 1


def test_what_odoo_writes_for_a_dialogue_becomes_one_line() -> None:
    text = "You are not allowed\nto modify  this.\n\nContact the groups:\n- Admin: boss@example.com"
    assert in_one_line(text) == "You are not allowed to modify this."
    assert str(error_for("odoo.exceptions.AccessError", text, "sale.order.write")).count("\n") == 0
    assert "boss" not in str(error_for("odoo.exceptions.AccessError", text, "sale.order.write"))


def test_calls_are_counted_by_what_became_of_them_and_measured(fake: type[FakeOdoo]) -> None:
    metrics.take()
    rpc().call("sale.order", "read", ids=[1])
    fake.call_error = URLError("refused")
    with pytest.raises(OdooUnavailableError):
        rpc().call("sale.order", "read", ids=[1])
    counted = metrics.take()
    assert counted["odoo_calls|sale.order.read|ok"] == counted["odoo_calls|sale.order.read|odoo_unavailable"] == 1
    assert sum(n for name, n in counted.items() if re.fullmatch(r"odoo_call_seconds\|\d+", name)) == 2
