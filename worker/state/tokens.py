"""Tokens of TikTok Shop by account, encrypted, and the lock that lets one worker at a time renew them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential

from worker.errors import RetryableError
from worker.state.connection import REDIS_AWAY, RedisClient, key, script

Grant = TypeVar("Grant", bound=BaseModel)

_LOCK_MS = 90_000  # longer than a renewal with all its retries can take
_POLL = 0.05


class Cipher(Protocol):
    """What encrypts (``worker.state.secrets.SecretBox``)."""

    def encrypt(self, text: str) -> str:
        """``text``, unreadable."""

    def decrypt(self, token: str) -> str:
        """The text again."""


class TokenStore(Generic[Grant]):
    """Grants by account id.

    :param model: the grant's class (``worker.tiktok.models.TokenGrant``); the state knows no adapter.
    """

    def __init__(self, redis: RedisClient, cipher: Cipher, model: type[Grant]) -> None:
        self._redis = redis
        self._cipher = cipher
        self._model = model
        self._release = script(redis, "token_lock_release")

    # A renewal makes the old tokens worthless, so a Redis that restarts just now must not cost the new ones.
    @retry(
        retry=retry_if_exception_type(REDIS_AWAY),
        wait=wait_exponential(multiplier=0.2, max=2),
        stop=stop_after_delay(20),
        reraise=True,
    )
    def save(self, account_id: str, grant: Grant) -> None:
        """Replace the account's grant in one command; tried for 20 seconds while Redis is away."""
        self._redis.set(key("tokens", account_id), self._cipher.encrypt(grant.model_dump_json()))

    def load(self, account_id: str) -> Grant | None:
        """The account's grant; ``None`` when it has never been linked.

        :raises ConfigurationError: the encryption key does not fit.
        """
        stored = self._redis.get(key("tokens", account_id))
        return None if stored is None else self._model.model_validate_json(self._cipher.decrypt(str(stored)))

    def delete(self, account_id: str) -> None:
        """Forget the account's tokens."""
        self._redis.delete(key("tokens", account_id))

    def delete_if(self, account_id: str, grant: Grant) -> bool:
        """Forget the account's tokens if they are still those of ``grant``, not of an authorization that came since."""
        name = key("tokens", account_id)

        def forget(pipe: RedisClient) -> bool:
            stored = pipe.get(name)
            same = stored is not None and self._model.model_validate_json(self._cipher.decrypt(str(stored))) == grant
            pipe.multi()
            if same:
                pipe.delete(name)
            return same

        return bool(self._redis.transaction(forget, name, value_from_callable=True))

    @contextmanager
    def refresh_lock(self, account_id: str, *, wait: float = 30.0) -> Iterator[None]:
        """Held by one worker at a time; ends by itself after 90 seconds when its holder vanishes.

        :param wait: seconds to wait for it; 0 tries once.
        :raises RetryableError: it was not free in that time (``refresh_busy``).
        """
        name, token = key("token_lock", account_id), uuid.uuid4().hex
        deadline = time.monotonic() + wait
        while not self._redis.set(name, token, nx=True, px=_LOCK_MS):
            if time.monotonic() >= deadline:
                raise RetryableError(
                    f"Another worker is renewing the tokens of account {account_id}.",
                    code="refresh_busy",
                    retry_after=1.0,
                )
            time.sleep(_POLL)
        try:
            yield
        finally:
            self._release(keys=[name], args=[token])

    def postpone_refresh(self, account_id: str, seconds: float) -> None:
        """Let nobody renew ahead of time for ``seconds``: the token host is away, and the present token works."""
        self._redis.set(key("token_pause", account_id), "1", px=max(1, int(seconds * 1000)))

    def is_refresh_postponed(self, account_id: str) -> bool:
        """Whether :meth:`postpone_refresh` holds."""
        return bool(self._redis.exists(key("token_pause", account_id)))
