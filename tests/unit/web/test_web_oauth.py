"""The seller's way back from TikTok: every case in plain words, a state once, a code never shown."""

from __future__ import annotations

import re
from typing import Any

import pytest
import redis.exceptions
from flask.testing import FlaskClient
from web_stubs import Desk
from werkzeug.test import TestResponse

from worker.state.links import Links

CODE = "ROW_FeBoANmHP3yqdoUI9fZOCw"
PATH = "/tiktok/return_from_authorization"


@pytest.fixture
def links(desk: Desk) -> Links:
    return desk.parts.links


def heading(response: TestResponse) -> str:
    found = re.search(r"<h1>(.*?)</h1>", response.text)
    assert found is not None
    return found[1]


def comes_back(desk: Desk, **query: str) -> TestResponse:
    return desk.client.get(PATH, query_string=query)


def test_a_seller_who_agreed_sees_how_it_goes_on(desk: Desk, links: Links) -> None:
    state = links.begin("demo", 1800)
    response = comes_back(desk, code=CODE, state=state, app_key="6demoappkey01", locale="en", shop_region="GB")
    assert response.status_code == 302
    link_id = response.location.rpartition("/")[2]
    assert desk.sent.messages == [("auth.complete_link", link_id)]
    assert links.take_code(link_id) == CODE
    page = desk.client.get(response.location)
    assert (page.status_code, heading(page)) == (200, "Linking with TikTok …")
    assert 'http-equiv="refresh"' in page.text


def test_a_state_works_once(desk: Desk, links: Links) -> None:
    state = links.begin("demo", 1800)
    comes_back(desk, code=CODE, state=state)
    response = comes_back(desk, code=CODE, state=state)
    assert (response.status_code, heading(response)) == (400, "This link was used already or is too old")
    assert "within 30 minutes" in response.text
    assert len(desk.sent.messages) == 1


@pytest.mark.parametrize("state", ["guess", "x" * 5000, "\x00", "%F0%9F", "<script>alert(1)</script>"])
def test_a_state_that_was_not_given_out_is_refused(desk: Desk, state: str) -> None:
    response = comes_back(desk, code=CODE, state=state)
    assert response.status_code == 400
    assert "accounts link ACCOUNT" in response.text
    assert "alert(1)" not in response.text
    assert desk.sent.messages == []


def test_a_seller_from_the_app_store_is_asked_to_start_from_the_account(desk: Desk) -> None:
    response = comes_back(desk, code=CODE, app_key="6demoappkey01")
    assert (response.status_code, heading(response)) == (400, "Please start from your account")
    assert "App Store" in response.text
    assert "Nothing was changed" in response.text
    assert desk.sent.messages == []


def test_a_seller_who_declined_is_told_that_nothing_changed(desk: Desk, links: Links) -> None:
    state = links.begin("demo", 1800)
    response = comes_back(desk, code="null", error="auth_denied", state=state)
    assert (response.status_code, heading(response)) == (200, "The app was not authorized")
    assert "You declined" in response.text
    assert links.consume(state) is None  # the link is used up


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"code": "null"},
        {"code": ""},
        {"error": "server_error"},
        {"code": CODE, "error": "invalid_scope"},
        {"error": "<script>alert(1)</script>"},
    ],
)
def test_no_code_or_another_error_points_to_partner_center(desk: Desk, query: dict[str, str]) -> None:
    response = comes_back(desk, **query)
    assert (response.status_code, heading(response)) == (400, "TikTok did not authorize the app")
    assert "Partner Center" in response.text
    assert "alert(1)" not in response.text
    assert desk.sent.messages == []


def test_a_code_is_shown_to_nobody(desk: Desk, links: Links, dump: Any, capfd: pytest.CaptureFixture[str]) -> None:
    for query in ({"state": links.begin("demo", 1800)}, {"state": "wrong"}, {}, {"error": "auth_denied"}):
        response = comes_back(desk, code=CODE, **query)
        assert CODE not in response.text
        assert CODE not in str(response.headers)
    assert CODE not in dump()
    out, err = capfd.readouterr()
    assert CODE not in out + err


@pytest.mark.parametrize(
    ("changes", "title", "text"),
    [
        (
            {"outcome": "linked", "shops": ["Demo <b>GB</b> (GB, 1): synchronised"]},
            "Linked with TikTok",
            "Demo &lt;b&gt;GB&lt;/b&gt; (GB, 1): synchronised",
        ),
        ({"outcome": "linked", "shops": []}, "Linked with TikTok", "covers no shop"),
        ({"outcome": "failed", "message": "The code was used."}, "Linking did not succeed", "The code was used."),
    ],
)
def test_the_outcome_is_shown_in_plain_words(
    desk: Desk, links: Links, changes: dict[str, Any], title: str, text: str
) -> None:
    link = links.returned("demo", CODE, 1800)
    links.finish(link.model_copy(update=changes))
    page = desk.client.get(f"/tiktok/link/{link.id}")
    assert (page.status_code, heading(page)) == (200, title)
    assert text in page.text
    assert 'http-equiv="refresh"' not in page.text


def test_an_outcome_that_is_forgotten_says_where_to_look(client: FlaskClient) -> None:
    page = client.get("/tiktok/link/unknown")
    assert page.status_code == 404
    assert "accounts list" in page.text


def test_without_redis_the_seller_is_asked_to_come_back(
    desk: Desk, links: Links, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise redis.exceptions.ConnectionError("refused")

    monkeypatch.setattr(links, "consume", away)
    monkeypatch.setattr(links, "get", away)
    response = comes_back(desk, code=CODE, state="x")
    assert (response.status_code, heading(response)) == (503, "We cannot keep this authorization now")
    outcome = desk.client.get("/tiktok/link/x")
    assert outcome.status_code == 503
    assert 'http-equiv="refresh"' in outcome.text
