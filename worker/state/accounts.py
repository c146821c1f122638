"""Accounts: one TikTok app registration (Service ID, App Key, App Secret) with the seller who authorized it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from worker.errors import ConfigurationError
from worker.state.connection import RedisClient, key
from worker.state.secrets import SecretBox

#: ``needed``: TikTok refuses our tokens, so nothing of the account runs until the seller authorizes the app again.
Authorization = Literal["none", "authorized", "needed"]


class Account(BaseModel):
    """An app registration in the Partner Center. Never log one: it holds the app's secret."""

    model_config = ConfigDict(frozen=True)  # one that was read is handed out again

    id: str
    name: str
    market: str
    service_id: str
    app_key: str
    app_secret: str = Field(repr=False)
    enabled: bool = True
    authorization: Authorization = "none"
    authorization_reason: str = ""
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class Accounts:
    """All accounts. Each change raises :meth:`version`, so that the receiver's processes know when to read again."""

    def __init__(self, redis: RedisClient, box: SecretBox) -> None:
        self._redis = redis
        self._box = box
        self._hash = key("accounts")
        #: Accounts are read at every turn and hardly ever change; decrypting hundreds anew takes long.
        self._load = lru_cache(maxsize=5000)(self._read)

    def add(self, *, name: str, market: str, service_id: str, app_key: str, app_secret: str) -> Account:
        """A new account; its id is made from its name.

        :raises ConfigurationError: the name is taken or has no letter or digit, or one of the app's values is empty.
        """
        account_id = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        if not account_id:
            raise ConfigurationError(f"{name!r} cannot be an account's name.", remedy="Use letters and digits.")
        values = {"Service ID": service_id, "App Key": app_key, "App Secret": app_secret}
        if missing := [text for text, value in values.items() if not value.strip()]:
            # With an empty secret anybody could sign webhooks.
            raise ConfigurationError(f"{' and '.join(missing)} must not be empty.", remedy="Partner Center shows them.")
        account = Account(
            id=account_id, name=name, market=market, service_id=service_id, app_key=app_key, app_secret=app_secret
        )
        if not self._redis.hsetnx(self._hash, account_id, self._dump(account)):
            raise ConfigurationError(f"There is already an account {account_id!r}.", remedy="Choose another name.")
        self._redis.incr(key("accounts", "version"))
        return account

    def save(self, account: Account) -> None:
        """Store a changed account."""
        with self._redis.pipeline() as pipe:
            pipe.hset(self._hash, account.id, self._dump(account))
            pipe.incr(key("accounts", "version"))
            pipe.execute()

    def get(self, account_id: str) -> Account:
        """The account of that id.

        :raises ConfigurationError: there is none.
        """
        stored = self._redis.hget(self._hash, account_id)
        if stored is None:
            raise ConfigurationError(
                f"There is no account {account_id!r}.", remedy="`tiktok-odoo accounts list` shows them."
            )
        return self._load(stored)

    def all(self) -> list[Account]:
        """Every account, by id."""
        return [self._load(stored) for _, stored in sorted(self._redis.hgetall(self._hash).items())]

    def remove(self, account_id: str) -> None:
        """Forget the account and its secret."""
        with self._redis.pipeline() as pipe:
            pipe.hdel(self._hash, account_id)
            pipe.incr(key("accounts", "version"))
            pipe.execute()

    def set_authorization(self, account_id: str, state: Authorization, reason: str = "") -> None:
        """Note that the seller has authorized the app, or must do so again and why."""
        account = self.get(account_id)
        if (account.authorization, account.authorization_reason) != (state, reason):
            self.save(account.model_copy(update={"authorization": state, "authorization_reason": reason}))

    def encrypt_anew(self) -> int:
        """Write every account under the first of ``SECRET_KEYS``; answers how many. Changes made meanwhile stay."""

        def write(pipe: RedisClient) -> int:
            accounts = [self._load(stored) for stored in pipe.hvals(self._hash)]
            pipe.multi()
            for account in accounts:
                pipe.hset(self._hash, account.id, self._dump(account))
            return len(accounts)

        return int(self._redis.transaction(write, self._hash, value_from_callable=True))

    def version(self) -> str:
        """A value that changes whenever an account does."""
        return self._redis.get(key("accounts", "version")) or "0"

    def _dump(self, account: Account) -> str:
        sealed = account.model_copy(update={"app_secret": self._box.encrypt(account.app_secret)})
        return sealed.model_dump_json()

    def _read(self, stored: str) -> Account:
        account = Account.model_validate_json(stored)
        return account.model_copy(update={"app_secret": self._box.decrypt(account.app_secret)})
