"""Authorizations under way: the single-use ``state`` that goes to TikTok with the seller, and what came back."""

from __future__ import annotations

import secrets
from typing import Literal

from pydantic import BaseModel, Field

from worker.state.connection import RedisClient, key
from worker.state.secrets import SecretBox

#: How long the outcome of an authorization can be looked at, in seconds.
OUTCOME_SECONDS = 3600


class Link(BaseModel):
    """One authorization. ``pending`` until a worker has traded the code for tokens and read the list of shops."""

    id: str
    account_id: str
    outcome: Literal["pending", "linked", "failed"] = "pending"
    message: str = ""
    has_tokens: bool = Field(False, description="The code was traded; only the list of shops is missing.")
    shops: list[str] = Field(default_factory=list, description="One line per shop, for people.")


class Links:
    """Authorizations by ``state`` (before TikTok) and by link id (after)."""

    def __init__(self, redis: RedisClient, box: SecretBox) -> None:
        self._redis = redis
        self._box = box

    def begin(self, account_id: str, seconds: float) -> str:
        """A ``state`` for TikTok's consent page; works once, for ``seconds``."""
        state = secrets.token_urlsafe(32)
        self._redis.set(key("oauth_state", state), account_id, ex=int(seconds))
        return state

    def consume(self, state: str) -> str | None:
        """The account that ``state`` was made for; ``None`` when it is unknown, used or too old."""
        account_id: str | None = self._redis.getdel(key("oauth_state", state))
        return account_id

    def returned(self, account_id: str, code: str, seconds: float) -> Link:
        """Keep the authorization ``code`` for a worker, encrypted; it is worthless after ``seconds``."""
        link = Link(id=secrets.token_urlsafe(16), account_id=account_id)
        with self._redis.pipeline() as pipe:
            pipe.set(key("link", link.id), link.model_dump_json(), ex=OUTCOME_SECONDS)
            pipe.set(key("link_code", link.id), self._box.encrypt(code), ex=int(seconds))
            pipe.execute()
        return link

    def take_code(self, link_id: str) -> str | None:
        """The authorization code, once; ``None`` when it was taken or has gone."""
        stored = self._redis.getdel(key("link_code", link_id))
        return None if stored is None else self._box.decrypt(stored)

    def put_code_back(self, link_id: str, code: str, seconds: float) -> None:
        """The code could not be used yet, since TikTok did not answer."""
        self._redis.set(key("link_code", link_id), self._box.encrypt(code), ex=int(seconds))

    def pending(self) -> list[str]:
        """Links whose code nobody has taken yet."""
        prefix = key("link_code", "")
        return [name.removeprefix(prefix) for name in self._redis.scan_iter(match=prefix + "*", count=500)]

    def finish(self, link: Link) -> None:
        """Keep how far it came, for the page that the seller looks at and for the next attempt."""
        self._redis.set(key("link", link.id), link.model_dump_json(), ex=OUTCOME_SECONDS)

    def get(self, link_id: str) -> Link | None:
        """The authorization of that id, if it is not forgotten yet."""
        stored = self._redis.get(key("link", link_id))
        return None if stored is None else Link.model_validate_json(stored)
