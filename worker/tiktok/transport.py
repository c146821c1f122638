"""One HTTP exchange with TikTok Shop, and how often it is tried: time-outs, size limit, envelope, in-call retries."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

import requests
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema, RequestException
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential,
    wait_random,
)
from urllib3.exceptions import HTTPError

from worker.errors import ConnectorError, RetryableError
from worker.metrics import TIKTOK_CALL_SECONDS, TIKTOK_CALLS, count, observe
from worker.tiktok.classify import error_for
from worker.tiktok.errors import Answer, TikTokPermanentError, TikTokRetryableError, retry_after
from worker.tiktok.session import session

Result = TypeVar("Result")

_BACKOFF = wait_exponential(multiplier=0.5, max=8) + wait_random(0, 0.5)


@dataclass(frozen=True)
class Request:
    """A request, ready to be sent.

    :param path: as it goes over the wire.
    :param template: the same with names in place of ids; the only form that appears in messages.
    :param query: decoded values; holds the app's secret on the token host, so it is never shown.
    """

    method: str
    path: str
    template: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


def encode_body(body: object) -> bytes:
    """The bytes that are signed and sent, made once for both."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


class Transport:
    """Sends requests to one host of TikTok's.

    :param base_url: scheme and host, such as ``https://open-api.tiktokglobalshop.com``.
    :param timeout: seconds to wait for each part of the answer; the whole may take twice as long.
    :param connect_timeout: seconds to reach the host.
    :param max_bytes: largest answer that is read.
    :param attempts: how often :meth:`retrying` tries in all.
    :param budget: seconds after which it begins no other attempt.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float = 15.0,
        connect_timeout: float = 5.0,
        max_bytes: int = 16 * 1024 * 1024,
        attempts: int = 4,
        budget: float = 20.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._timeout = (connect_timeout, timeout)
        self._max_bytes = max_bytes
        self._attempts = attempts
        self._budget = budget
        self._sleep = sleep

    def retrying(self, attempt: Callable[[], Result]) -> Result:
        """``attempt()`` until it succeeds; again only after a :class:`RetryableError`, with growing, jittered pauses.

        A pause that the other side asked for is kept; when it does not fit into the budget, the error is raised at
        once, so that the caller can come back later. ``attempt`` signs anew each time, since time-stamps age.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(RetryableError),
            wait=_pause,
            stop=stop_after_attempt(self._attempts) | stop_before_delay(self._budget),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(attempt)

    def send(self, request: Request) -> dict[str, Any]:
        """``data`` of the envelope of one exchange; empty when TikTok sent none.

        :raises TikTokRetryableError: no connection, time-out, 429, 5xx, or an answer that is not TikTok's JSON.
        :raises TikTokReauthorizeError: the token or authorization is refused.
        :raises TikTokPermanentError: anything else that TikTok refuses.
        """
        started = time.monotonic()
        result = "ok"
        try:
            return self._exchange(request, started)
        except ConnectorError as error:
            result = error.code
            raise
        finally:
            count(TIKTOK_CALLS, api=f"{request.method} {request.template}", result=result)
            observe(TIKTOK_CALL_SECONDS, time.monotonic() - started)

    def _exchange(self, request: Request, started: float) -> dict[str, Any]:
        failure: TikTokRetryableError | TikTokPermanentError
        try:
            with session().request(
                request.method,
                self._base_url + request.path,
                params=request.query,
                data=request.body or None,
                headers=request.headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = self._read(response, request, started)
            return _data(request, response, content)
        except (InvalidURL, InvalidSchema, MissingSchema):
            failure = TikTokPermanentError(
                f"The address of TikTok Shop's host for {request.template} is not a URL.",
                answer=Answer(request.template),
                code="bad_address",
                remedy="Correct TIKTOK_API_URL or TIKTOK_AUTH_URL.",
            )
        except (RequestException, HTTPError) as error:
            failure = TikTokRetryableError(
                f"TikTok Shop did not answer {request.template}: {type(error).__name__}.",
                answer=Answer(request.template),
                code="no_answer",
            )
        # Raised out here so that the exception carries no trace of requests' own, whose text holds the URL.
        raise failure

    def _read(self, response: requests.Response, request: Request, started: float) -> bytes:
        content = bytearray()
        # read1, since it hands over what has come; iter_content would wait for a whole chunk of a trickling answer
        while chunk := response.raw.read1(65536, decode_content=True):
            content += chunk
            if len(content) > self._max_bytes:
                raise TikTokPermanentError(
                    f"TikTok Shop's answer to {request.template} is larger than {self._max_bytes} bytes; not read.",
                    answer=Answer(request.template, response.status_code),
                    code="answer_too_large",
                    remedy="Ask for fewer records at a time.",
                )
            if time.monotonic() - started > sum(self._timeout) + self._timeout[1]:
                raise TikTokRetryableError(
                    f"TikTok Shop's answer to {request.template} came too slowly.",
                    answer=Answer(request.template, response.status_code),
                    code="no_answer",
                )
        return bytes(content)


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, RetryableError) else None
    return asked or _BACKOFF(state)


def _data(request: Request, response: requests.Response, content: bytes) -> dict[str, Any]:
    wait = retry_after(response.headers.get("Retry-After"))
    status = response.status_code
    try:
        envelope = json.loads(content, parse_float=Decimal)
        code = int(envelope["code"])
        data = envelope.get("data") or {}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _not_an_envelope(request, status, wait) from None
    answer = Answer(request.template, status, code, str(envelope.get("request_id") or "")[:80])
    if code != 0 or status >= 400:
        raise error_for(answer, str(envelope.get("message") or ""), wait=wait)
    if not isinstance(data, dict):
        raise _not_an_envelope(request, status, wait)
    return data


def _not_an_envelope(request: Request, status: int, wait: float | None) -> TikTokRetryableError:
    answer = Answer(request.template, status)
    if status == 429:
        return TikTokRetryableError(
            f"TikTok Shop asks for fewer calls of {answer}.", answer=answer, code="rate_limited", retry_after=wait
        )
    remedy = ""
    if status < 500:
        remedy = "If this lasts, check TIKTOK_API_URL, TIKTOK_AUTH_URL and proxies in between."
    return TikTokRetryableError(
        f"What answered {answer} did not send TikTok Shop's JSON.",
        answer=answer,
        code="not_json",
        remedy=remedy,
        retry_after=wait,
    )
