"""TikTok clients put together from what Redis keeps: credentials, tokens that refresh themselves, shared limits."""

from __future__ import annotations

from functools import partial

import structlog

from worker.settings import Settings
from worker.state.accounts import Account, Accounts
from worker.state.connection import RedisClient
from worker.state.rate_limits import RateLimits
from worker.state.secrets import SecretBox
from worker.state.shops import Shop
from worker.state.tokens import TokenStore
from worker.tiktok import auth
from worker.tiktok.auth import AppCredentials
from worker.tiktok.client import AccountClient, ShopClient
from worker.tiktok.markets import Hosts
from worker.tiktok.models import TokenGrant
from worker.tiktok.tokens import TokenManager
from worker.tiktok.transport import Transport

log = structlog.get_logger(__name__)


class TikTok:
    """Makes clients for accounts and shops; all of a process share its pooled connections."""

    def __init__(self, settings: Settings, redis: RedisClient, box: SecretBox, accounts: Accounts) -> None:
        self._accounts = accounts
        self._hosts = Hosts(
            api=settings.tiktok_api_url,
            token=settings.tiktok_auth_url,
            consent=settings.tiktok_consent_url,
            consent_us=settings.tiktok_consent_url_us,
        )
        self._api = Transport(settings.tiktok_api_url, timeout=settings.tiktok_timeout)
        self._token_host = Transport(settings.tiktok_auth_url, timeout=settings.tiktok_timeout)
        self._limits = RateLimits(redis, per_second=settings.tiktok_rate_limit)
        self.tokens = TokenStore(redis, box, TokenGrant)

    def consent_url(self, account: Account, state: str) -> str:
        """Where the seller authorizes the account's app."""
        return auth.consent_url(account.market, account.service_id, state, self._hosts)

    def exchange_code(self, account: Account, code: str) -> None:
        """Trade an authorization code for tokens and keep them.

        :raises ReauthorizeError: the code is wrong, used or too old.
        """
        self.tokens.save(account.id, auth.exchange_code(self._token_host, _credentials(account), code))

    def token_source(self, account: Account) -> TokenManager:
        """The account's tokens; renewed when needed, by one worker at a time."""
        refresh = partial(auth.refresh, self._token_host, _credentials(account))
        return TokenManager(account.id, self.tokens, refresh, self._reauthorize_needed)

    def account_client(self, account: Account) -> AccountClient:
        """Calls that concern the whole authorization."""
        return AccountClient(
            self._api, _credentials(account), self.token_source(account), self._limits, scope=account.id
        )

    def shop_client(self, account: Account, shop: Shop) -> ShopClient:
        """Calls for one shop."""
        return ShopClient(
            self._api,
            _credentials(account),
            self.token_source(account),
            self._limits,
            scope=shop.id,
            cipher=shop.cipher,
        )

    def _reauthorize_needed(self, account_id: str, reason: str) -> None:
        self._accounts.set_authorization(account_id, "needed", reason)
        log.error("account.reauthorization_needed", account=account_id, reason=reason)


def _credentials(account: Account) -> AppCredentials:
    return AppCredentials(account.app_key, account.app_secret)
