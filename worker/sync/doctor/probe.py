"""One plain HTTP request to see who answers: short, without redirects, and with words for every way to fail."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import RequestException, SSLError, Timeout
from urllib3.exceptions import HTTPError

_PATIENCE = 6.0
_MOST = 65_536


@dataclass(frozen=True)
class Answer:
    """What came. ``sent`` and ``came`` are our clock (epoch seconds) before and after."""

    status: int
    headers: Mapping[str, str]
    text: str
    sent: float
    came: float


class NoAnswerError(Exception):
    """Nobody answered. ``str()`` says why, in a few words without the address."""


def ask(method: str, url: str, *, json: Any = None, data: bytes | None = None) -> Answer:
    """Send one request; redirects are not followed, and of the answer at most 64 kB are read.

    :raises NoAnswerError: no connection, no valid certificate, or no answer within a few seconds.
    """
    sent = time.time()
    try:
        with requests.request(
            method, url, json=json, data=data, timeout=_PATIENCE, allow_redirects=False, stream=True
        ) as response:
            came = time.time()
            body = response.raw.read(_MOST, decode_content=True)
            return Answer(response.status_code, response.headers, body.decode("utf-8", "replace"), sent, came)
    except SSLError as error:
        raise NoAnswerError(f"its certificate is not accepted ({_reason(error)})") from None
    except Timeout:
        raise NoAnswerError(f"no answer within {_PATIENCE:g} seconds") from None
    except RequestsConnectionError as error:
        text = str(error)
        resolved = "resolve" not in text and "Name or service" not in text
        raise NoAnswerError("nobody listens there" if resolved else "the name is not known") from None
    except (RequestException, HTTPError, OSError, ValueError) as error:
        raise NoAnswerError(type(error).__name__) from None


def _reason(error: SSLError) -> str:
    text = str(error)
    for words in (
        "expired",
        "self-signed",
        "self signed",
        "doesn't match",
        "not valid for",
        "unable to get local issuer",
    ):
        if words in text:
            return words
    return "TLS"


def certificate_ends(url: str) -> datetime:
    """When the certificate of an https address ends, in UTC.

    :raises NoAnswerError: no connection, or the certificate is not valid now.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        with (
            socket.create_connection((host, parts.port or 443), timeout=_PATIENCE) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secure,
        ):
            found = secure.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        raise NoAnswerError(f"its certificate is not accepted ({error.verify_message})") from None
    except OSError as error:
        raise NoAnswerError(type(error).__name__) from None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)
