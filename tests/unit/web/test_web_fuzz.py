"""Every address that strangers reach, with whatever they may send: refused in good order, and nothing kept."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_stubs import PATH, Desk, event, signed

from tests.unit.builders import APP_SECRET
from web.console.access import OPEN

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
HEADERS = ("Authorization", "Content-Type", "Content-Encoding", "Cookie", "Host", "X-Forwarded-For", "Referer", "Range")
# What a header may hold on the wire, control characters besides line ends included.
TEXT = st.text(st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n"), max_size=40)


def open_paths(desk: Desk) -> list[str]:
    """Addresses of all endpoints that need no login; variables are filled with something."""
    rules = [rule for rule in desk.app.url_map.iter_rules() if rule.endpoint in OPEN]
    return sorted({rule.rule.replace("<path:filename>", "x").replace("<link_id>", "x") for rule in rules})


def test_strangers_reach_what_is_listed_here_and_nothing_else(desk: Desk) -> None:
    assert {path.split("/")[1] for path in open_paths(desk)} == {
        "",
        "console",
        "healthz",
        "metrics",
        "static",
        "tiktok",
        "tokopedia",
    }


@FUZZ
@given(data=st.data())
def test_whatever_a_stranger_sends_is_no_fault_of_ours_and_changes_nothing(desk: Desk, data: Any) -> None:
    path = data.draw(st.sampled_from(open_paths(desk)))
    query = data.draw(st.dictionaries(st.sampled_from(["state", "code", "next", "error", "x"]), st.text(max_size=30)))
    response = desk.client.open(
        (path.rstrip("/") + data.draw(st.sampled_from(["", "/", "/x/..", "%00", "/%2e%2e/"]))) or "/",
        method=data.draw(st.sampled_from(METHODS)),
        query_string=query,
        data=data.draw(st.binary(max_size=300)),
        environ_overrides={
            f"HTTP_{name.upper().replace('-', '_')}": value
            for name, value in data.draw(st.dictionaries(st.sampled_from(HEADERS), TEXT)).items()
            if name not in ("Content-Type", "Host")
        },
    )
    # 503 is the receiver's own word for "Redis or the workers are away"; a traceback would be 500.
    assert response.status_code < 500 or (path, response.status_code) == ("/healthz/ready", 503)
    assert "Traceback" not in response.get_data(as_text=True)
    assert desk.due() == []
    assert desk.events() == []
    location = response.headers.get("Location", "")
    assert not location or location.startswith(("/", "http://localhost/")), "nobody is sent elsewhere"
    assert not location.startswith("//")


GOOD = json.dumps(event()).encode()


@FUZZ
@given(position=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255), cut=st.integers(0, 3))
def test_a_webhook_of_which_any_byte_was_changed_is_refused(desk: Desk, position: int, byte: int, cut: int) -> None:
    changed = GOOD[:position] + bytes([byte]) + GOOD[position + cut :]
    if changed == GOOD:
        return
    assert desk.client.post(PATH, data=changed, headers=signed(GOOD)).status_code == 401
    assert desk.due() == []


@FUZZ
@given(position=st.integers(0, 63), digit=st.sampled_from("0123456789abcdef"))
def test_a_signature_of_which_any_digit_was_changed_is_refused(desk: Desk, position: int, digit: str) -> None:
    good = signed(GOOD)["Authorization"]
    changed = good[:position] + digit + good[position + 1 :]
    if changed == good:
        return
    assert desk.client.post(PATH, data=GOOD, headers={"Authorization": changed}).status_code == 401
    assert desk.due() == []


def test_a_compressed_body_is_not_unpacked(desk: Desk) -> None:
    """A small body cannot become a large one: what is signed is what came, and it is no JSON then."""
    import gzip

    bomb = gzip.compress(b" " * 20_000_000)
    response = desk.client.post(PATH, data=bomb, headers={**signed(bomb), "Content-Encoding": "gzip"})
    assert response.status_code == 400
    assert desk.due() == []


@pytest.mark.parametrize("text", ["a\nFAKE level=error", "a\r\nFAKE", "\x1b[2JFAKE", "a\u2028FAKE"])
def test_a_stranger_writes_no_line_of_his_own_into_the_log(
    desk: Desk, text: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    body = json.dumps(event(type=text, tts_notification_id=text, data={"order_id": text})).encode()
    desk.post(body)
    desk.client.get("/tiktok/return_from_authorization", query_string={"state": text, "code": text})
    desk.client.post(PATH, data=body, environ_overrides={"HTTP_AUTHORIZATION": text.encode().decode("latin-1")})
    out, err = capfd.readouterr()
    lines = (out + err + caplog.text).replace("\r", "\n").splitlines()
    assert not [line for line in lines if line.lstrip().startswith("FAKE")]
    assert "\x1b[2J" not in out + err
    assert APP_SECRET not in out + err + caplog.text
