"""A signed call: rate limit, signature, token, one refresh when TikTok says the token is over."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import quote

from worker.tiktok.auth import AppCredentials
from worker.tiktok.errors import TikTokReauthorizeError, TikTokRetryableError
from worker.tiktok.signing import sign_request
from worker.tiktok.transport import Request, Transport, encode_body

_PENALTY = 1.0  # seconds, when TikTok says "too many" without saying for how long (its documented base of back-off)


class TokenSource(Protocol):
    """Where access tokens come from."""

    def access_token(self) -> str:
        """A token that should work."""

    def refreshed_after(self, stale_token: str) -> str:
        """Another token than ``stale_token``, which TikTok refused."""


class RateLimiter(Protocol):
    """What keeps all workers together below TikTok's limits."""

    def acquire(self, bucket: str) -> None:
        """Wait for leave to make one call; raises RetryableError when that would take too long."""

    def penalize(self, bucket: str, seconds: float) -> None:
        """TikTok refused a call: nobody calls for ``seconds``."""


class SignedClient:
    """Base of the typed clients.

    :param scope: what TikTok counts calls by besides app and API: a shop's id, or the account's.
    :param cipher: ``shop_cipher`` of the shop; ``None`` for calls that must not carry one.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: AppCredentials,
        tokens: TokenSource,
        limiter: RateLimiter,
        *,
        scope: str,
        cipher: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._tokens = tokens
        self._limiter = limiter
        self._scope = scope
        self._cipher = cipher
        self._clock = clock

    def _call(
        self,
        method: str,
        template: str,
        *,
        ids: Mapping[str, str] | None = None,
        query: Mapping[str, str | int | None] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """``data`` of the answer to one call.

        :param template: path with names in braces, filled from ``ids``.
        :param query: parameters of the call; those that are ``None`` or empty are not sent.
        :param body: sent as JSON without members that are ``None``.
        """
        path = _fill(template, ids or {})
        parameters = {name: str(value) for name, value in (query or {}).items() if value not in (None, "")}
        if self._cipher is not None:
            parameters["shop_cipher"] = self._cipher
        content = b"" if body is None else encode_body({k: v for k, v in body.items() if v is not None})
        request = Request(method, path, template, parameters, {}, content)
        token = self._tokens.access_token()
        try:
            return self._transport.retrying(lambda: self._attempt(request, token))
        except TikTokReauthorizeError as error:
            if not error.refreshable:
                raise
        fresh = self._tokens.refreshed_after(token)
        return self._transport.retrying(lambda: self._attempt(request, fresh))

    def _attempt(self, request: Request, token: str) -> dict[str, Any]:
        bucket = f"{self._credentials.app_key}:{self._scope}:{request.method} {request.template}"
        self._limiter.acquire(bucket)
        try:
            return self._transport.send(self._signed(request, token))
        except TikTokRetryableError as error:
            if error.code == "rate_limited":
                self._limiter.penalize(bucket, _PENALTY if error.retry_after is None else error.retry_after)
            raise

    def _signed(self, request: Request, token: str) -> Request:
        query = {**request.query, "app_key": self._credentials.app_key, "timestamp": str(int(self._clock()))}
        query["sign"] = sign_request(self._credentials.app_secret, request.path, query, request.body)
        headers = {"x-tts-access-token": token, "content-type": "application/json"}
        return Request(request.method, request.path, request.template, query, headers, request.body)


def _fill(template: str, ids: Mapping[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda match: quote(ids[match[1]], safe=""), template)
