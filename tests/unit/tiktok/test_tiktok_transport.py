"""One exchange and its retries: what is tried again, what is not, and what never shows up in a message."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
import responses
from tiktok_stubs import API, APP_SECRET, TOKEN_HOST, envelope

from worker import metrics
from worker.errors import ConnectorError
from worker.tiktok.auth import AppCredentials, consent_url, exchange_code, refresh
from worker.tiktok.errors import TikTokPermanentError, TikTokReauthorizeError, TikTokRetryableError
from worker.tiktok.markets import MARKETS, Hosts
from worker.tiktok.session import session
from worker.tiktok.transport import Request, Transport, encode_body

CODE = "TTP_the-code"
REFRESH_TOKEN = "refresh-0123456789"
PATH = "/logistics/202309/warehouses"
GET = Request("GET", PATH, PATH)


def fetch(transport: Transport) -> object:
    return transport.retrying(lambda: transport.send(GET))


@responses.activate
def test_a_429_is_tried_again_after_the_time_that_tiktok_asks_for(transport: Transport, pauses: list[float]) -> None:
    busy = envelope(code=36009002, message="Too many requests")
    responses.add("GET", API + PATH, status=429, json=busy, headers={"Retry-After": "3"})
    responses.add("GET", API + PATH, json=envelope({"warehouses": []}))
    assert fetch(transport) == {"warehouses": []}
    assert pauses == [3.0]


@responses.activate
def test_a_pause_that_does_not_fit_into_the_call_is_handed_to_the_caller(
    transport: Transport, pauses: list[float]
) -> None:
    responses.add("GET", API + PATH, status=429, body="", headers={"Retry-After": "120"})
    with pytest.raises(TikTokRetryableError) as caught:
        fetch(transport)
    assert (caught.value.code, caught.value.retry_after) == ("rate_limited", 120.0)
    assert (pauses, len(responses.calls)) == ([], 1)


@responses.activate
def test_a_server_in_trouble_is_tried_four_times_with_growing_pauses(transport: Transport, pauses: list[float]) -> None:
    responses.add("GET", API + PATH, status=503, body="")
    with pytest.raises(TikTokRetryableError) as caught:
        fetch(transport)
    assert caught.value.http_status == 503
    assert len(responses.calls) == 4
    assert [0.5 <= pauses[0] <= 1, 1 <= pauses[1] <= 1.5, 2 <= pauses[2] <= 2.5] == [True, True, True]


@responses.activate
def test_what_tiktok_refuses_for_good_is_asked_once(transport: Transport, pauses: list[float]) -> None:
    responses.add("GET", API + PATH, status=401, json=envelope(code=106001, message="Signature is invalid"))
    with pytest.raises(TikTokPermanentError) as caught:
        fetch(transport)
    assert caught.value.code == "bad_signature"
    assert (pauses, len(responses.calls)) == ([], 1)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Bad gateway</html>",
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'"code"',
        b"{}",
        b'{"code": null}',
        b'{"code": "x"}',
        b'{"code": 0, "data": [1]}',
        b'{"code": 0, "data": {"a": 1',
        b"[" * 100_000,
        b'{"code": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)
@responses.activate
def test_an_answer_that_is_not_tiktoks_json_is_worth_another_try(transport: Transport, body: bytes) -> None:
    responses.add("GET", API + PATH, body=body, status=200)
    with pytest.raises(TikTokRetryableError) as caught:
        transport.send(GET)
    assert caught.value.code == "not_json"
    assert "TIKTOK_API_URL" in caught.value.remedy


@responses.activate
def test_data_may_be_absent_and_numbers_keep_their_digits(transport: Transport) -> None:
    responses.add("GET", API + PATH, body=b'{"code":0,"message":"Success"}')
    responses.add("GET", API + PATH, body=b'{"code":0,"data":{"price":12.10}}')
    assert transport.send(GET) == {}
    assert str(transport.send(GET)["price"]) == "12.10"


@responses.activate
def test_a_redirect_is_not_followed(transport: Transport) -> None:
    responses.add("GET", API + PATH, status=302, headers={"Location": "https://elsewhere.example/"})
    with pytest.raises(TikTokRetryableError) as caught:
        transport.send(GET)
    assert (caught.value.http_status, len(responses.calls)) == (302, 1)


@responses.activate
def test_an_answer_beyond_the_limit_is_refused() -> None:
    responses.add("GET", API + PATH, body=b'{"code":0,"data":{"a":"' + b"x" * 200_000 + b'"}}')
    with pytest.raises(TikTokPermanentError) as caught:
        Transport(API, max_bytes=100_000).send(GET)
    assert caught.value.code == "answer_too_large"


def test_a_body_is_serialised_without_blanks_and_without_escapes() -> None:
    assert encode_body({"note": "Größe ✓", "n": 1}) == '{"note":"Größe ✓","n":1}'.encode()


class Slow(BaseHTTPRequestHandler):
    """Answers ``/silent`` never and ``/drip`` one byte at a time."""

    def do_GET(self) -> None:
        if self.path == "/silent":
            self.server.stopping.wait(5)  # type: ignore[attr-defined]
            return
        self.send_response(200)
        self.end_headers()
        while not self.server.stopping.wait(0.05):  # type: ignore[attr-defined]
            try:
                self.wfile.write(b" ")
            except OSError:
                return

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def slow_host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.stopping = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.stopping.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("path", ["/silent", "/drip"])
def test_a_host_that_does_not_come_to_an_end_is_given_up(slow_host: str, path: str) -> None:
    started = time.monotonic()
    with pytest.raises(TikTokRetryableError) as caught:
        Transport(slow_host, timeout=0.2, connect_timeout=0.2).send(Request("GET", path, path))
    assert caught.value.code == "no_answer"
    assert time.monotonic() - started < 3


def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def everything_told(error: BaseException) -> str:
    told = "".join(traceback.format_exception(error)) + repr(error.__dict__)
    while error.__context__ is not None:
        error = error.__context__
        told += repr(error) + repr(error.__dict__)
    return told


@pytest.mark.parametrize("host", [closed_port(), "http://[broken", "nonsense://x"])
@pytest.mark.parametrize("call", [exchange_code, refresh])
def test_no_secret_is_told_when_the_token_host_cannot_be_reached(
    credentials: AppCredentials, host: str, call: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    transport = Transport(host, attempts=2, sleep=lambda seconds: None)
    with pytest.raises(ConnectorError) as caught:
        call(transport, credentials, CODE)  # type: ignore[operator]
    told = everything_told(caught.value) + caplog.text
    assert "/api/v2/token/" in told
    assert APP_SECRET not in told
    assert CODE not in told


@responses.activate
def test_no_secret_is_told_when_the_token_host_refuses_or_answers_oddly(credentials: AppCredentials) -> None:
    url = f"{TOKEN_HOST}/api/v2/token/refresh"
    said = f"app_secret={APP_SECRET} refresh_token={REFRESH_TOKEN}"
    responses.add("GET", url, json=envelope(code=36004005, message=said))
    responses.add(
        "GET", url, json=envelope({"access_token": "ROW_new", "refresh_token": "only-this"}, message="success")
    )
    for kind in (TikTokReauthorizeError, TikTokPermanentError):
        with pytest.raises(kind) as caught:
            refresh(Transport(TOKEN_HOST), credentials, REFRESH_TOKEN)
        told = everything_told(caught.value)
        for secret in (APP_SECRET, REFRESH_TOKEN, "ROW_new", "only-this"):
            assert secret not in told
    assert "access_token_expires_at" in str(caught.value)


@responses.activate
def test_urllib3_does_not_log_the_token_hosts_urls(slow_host: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="urllib3.connectionpool")
    responses.add_passthru(slow_host)
    with pytest.raises(TikTokRetryableError):
        Transport(slow_host, timeout=0.2).send(Request("GET", "/drip", "/drip", {"app_secret": APP_SECRET}))
    assert APP_SECRET not in caplog.text


@responses.activate
def test_a_code_is_traded_with_tiktoks_own_grant_type(credentials: AppCredentials) -> None:
    data = {
        "access_token": "ROW_a",
        "access_token_expire_in": 1800000000,
        "refresh_token": "r",
        "refresh_token_expire_in": 1900000000,
    }
    responses.add("GET", f"{TOKEN_HOST}/api/v2/token/get", json=envelope(data, message="success"))
    assert exchange_code(Transport(TOKEN_HOST), credentials, "the-code").access_token == "ROW_a"
    assert responses.calls[0].request.params == {  # type: ignore[attr-defined]
        "app_key": credentials.app_key,
        "app_secret": APP_SECRET,
        "auth_code": "the-code",
        "grant_type": "authorized_code",
    }


def test_the_session_is_shared_by_threads_and_not_by_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[requests.Session] = []
    threads = [threading.Thread(target=lambda: seen.append(session())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in seen}) == 1
    mine = session()
    monkeypatch.setattr("worker.tiktok.session.os.getpid", lambda: -1)
    assert session() is not mine


def test_sellers_of_the_us_consent_on_a_host_of_their_own() -> None:
    hosts = Hosts()
    assert consent_url("us", "7123", "a+b", hosts) == (
        "https://services.us.tiktokshop.com/open/authorize?service_id=7123&state=a%2Bb"
    )
    assert consent_url("DE", "7123", "s", hosts).startswith("https://services.tiktokshop.com/open/authorize?")
    with pytest.raises(ConnectorError, match="Use one of BR, DE"):
        consent_url("XX", "7123", "s", hosts)


def test_sixteen_markets_of_which_the_us_alone_adds_tax_on_top() -> None:
    assert len(MARKETS) == 16
    assert [market.code for market in MARKETS.values() if not market.tax_inclusive] == ["US"]
    assert json.dumps({code: market.currency for code, market in MARKETS.items()}).count("EUR") == 5


@responses.activate
def test_each_attempt_is_counted_by_what_became_of_it_without_ids(transport: Transport) -> None:
    metrics.take()
    path = "/product/202309/products/1729382476852921560"
    responses.add("GET", API + path, status=503, body="")
    responses.add("GET", API + path, json=envelope({}))
    request = Request("GET", path, "/product/202309/products/{product_id}", {"sign": "s3cret"})
    transport.retrying(lambda: transport.send(request))
    counted = metrics.take()
    api = "tiktok_calls|GET /product/202309/products/{product_id}"
    assert counted[f"{api}|ok"] == counted[f"{api}|not_json"] == 1
    assert not any("s3cret" in name or "1729" in name for name in counted)
