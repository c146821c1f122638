"""Access tokens that work: renewed well before they end, or when TikTok refuses one; one renewal at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from worker.errors import ConfigurationError, PermanentError, ReauthorizeError, RetryableError
from worker.tiktok.models import TokenGrant

_log = structlog.get_logger(__name__)

_DAY = timedelta(days=1)
_EARLY = _DAY
_EARLY_SHARE = 0.2
_PAUSE = 60.0  # seconds between two attempts to renew a token that still works, when the token host is away


class GrantStore(Protocol):
    """Where grants are kept, for all workers (``worker.state.tokens.TokenStore``)."""

    def load(self, account_id: str) -> TokenGrant | None:
        """The account's grant."""

    def save(self, account_id: str, grant: TokenGrant) -> None:
        """Replace the account's grant."""

    def refresh_lock(self, account_id: str, *, wait: float) -> AbstractContextManager[None]:
        """Held by at most one; raises RetryableError when it is not free within ``wait`` seconds."""

    def postpone_refresh(self, account_id: str, seconds: float) -> None:
        """Let nobody renew ahead of time for ``seconds``."""

    def is_refresh_postponed(self, account_id: str) -> bool:
        """Whether that holds."""


def needs_refresh(grant: TokenGrant, now: datetime) -> bool:
    """Whether less than 24 hours, or than a fifth of the token's life, is left."""
    left = grant.access_token_expires_at - now
    lifetime = grant.access_token_expires_at - grant.obtained_at
    return left <= timedelta(0) or left < min(_EARLY, lifetime * _EARLY_SHARE)


@dataclass(frozen=True)
class TokenLife:
    """When an account's tokens end; ``refresh_ends`` is ``None`` where TikTok told no end.

    The access token renews itself. When the refresh token ends, only the shop's owner can help.
    """

    access_ends: datetime
    refresh_ends: datetime | None

    def days_left(self, now: datetime) -> float | None:
        """Days until the authorization ends, negative when it has; ``None`` when that is not known."""
        return None if self.refresh_ends is None else (self.refresh_ends - now) / _DAY


def token_lives(store: GrantStore, account_ids: Iterable[str]) -> dict[str, TokenLife]:
    """How long the tokens of each account live, by its id; left out is who has none, or none that can be decrypted."""
    lives = {}
    for account_id in account_ids:
        try:
            grant = store.load(account_id)
        except ConfigurationError:
            continue
        if grant is not None:
            lives[account_id] = TokenLife(grant.access_token_expires_at, grant.refresh_token_expires_at)
    return lives


class TokenManager:
    """The tokens of one account; a ``TokenSource`` for the clients.

    :param refresh: trades a refresh token for a new grant (:func:`worker.tiktok.auth.refresh`, partly applied).
    :param on_reauthorize_needed: called with account id and reason when only the seller can help.
    """

    def __init__(
        self,
        account_id: str,
        store: GrantStore,
        refresh: Callable[[str], TokenGrant],
        on_reauthorize_needed: Callable[[str, str], None],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        lock_wait: float = 30.0,
    ) -> None:
        self._account_id = account_id
        self._store = store
        self._refresh = refresh
        self._on_reauthorize_needed = on_reauthorize_needed
        self._clock = clock
        self._lock_wait = lock_wait

    def access_token(self) -> str:
        """A token that has not ended, renewed when its end is near.

        :raises ReauthorizeError: the seller has not authorized the app, or must do so again.
        :raises RetryableError: the token has ended and the token host does not answer.
        """
        grant = self._load()
        now = self._clock()
        if not needs_refresh(grant, now):
            return grant.access_token
        if grant.access_token_expires_at <= now:
            return self._renewed(grant.access_token, wait=self._lock_wait)
        return self._renewed_ahead(grant)

    def refreshed_after(self, stale_token: str) -> str:
        """Another token than ``stale_token``, which TikTok refused; renewed once, whoever asks.

        :raises ReauthorizeError: only the seller can help.
        :raises RetryableError: the token host does not answer.
        """
        grant = self._load()
        if grant.access_token != stale_token:
            return grant.access_token
        return self._renewed(stale_token, wait=self._lock_wait)

    def _renewed_ahead(self, grant: TokenGrant) -> str:
        """Renew if nobody does so already. A failure is logged and does no harm yet, since ``grant`` still works."""
        if self._store.is_refresh_postponed(self._account_id):
            return grant.access_token
        try:
            return self._renewed(grant.access_token, wait=0)
        except (RetryableError, PermanentError) as error:
            if error.code != "refresh_busy":
                self._store.postpone_refresh(self._account_id, _PAUSE)
                ends = grant.access_token_expires_at.isoformat()
                _log.warning("token_refresh_failed", account=self._account_id, error=str(error), token_ends=ends)
            return grant.access_token

    def _renewed(self, stale_token: str, *, wait: float) -> str:
        with self._store.refresh_lock(self._account_id, wait=wait):
            grant = self._load()
            if grant.access_token != stale_token:  # someone else was quicker
                return grant.access_token
            try:
                fresh = self._refresh(grant.refresh_token)
            except ReauthorizeError as error:
                current = self._load()
                if current.access_token != stale_token:  # linked anew in the meantime
                    return current.access_token
                self._on_reauthorize_needed(self._account_id, str(error))
                raise
            self._store.save(self._account_id, fresh)
            return fresh.access_token

    def _load(self) -> TokenGrant:
        grant = self._store.load(self._account_id)
        if grant is not None:
            return grant
        error = ReauthorizeError(
            f"Account {self._account_id} has no tokens.",
            code="not_linked",
            remedy="Use *Link with TikTok* and let the shop's owner log in.",
        )
        self._on_reauthorize_needed(self._account_id, str(error))
        raise error
