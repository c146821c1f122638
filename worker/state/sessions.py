"""Who is logged in to the console. The browser holds a random token, Redis its digest: a session can be ended here."""

from __future__ import annotations

import hashlib
import secrets

from worker.state.connection import RedisClient, key
from worker.state.operators import Operator, Operators


class Sessions:
    """Sessions by token.

    :param idle: seconds without a click after which a session ends.
    """

    def __init__(self, redis: RedisClient, operators: Operators, *, idle: int) -> None:
        self._redis = redis
        self._operators = operators
        self._idle = idle

    def begin(self, operator: Operator) -> str:
        """A new session of that operator; answers its token, which is kept nowhere else."""
        token = secrets.token_urlsafe(32)
        self._redis.set(_session(token), f"{operator.generation}:{operator.name}", ex=self._idle)
        return token

    def operator(self, token: str, *, extend: bool = True) -> Operator | None:
        """Who is logged in with ``token``; nobody after the time is over, a change of password or a removal.

        :param extend: ``False`` for what a page asks by itself, so that an unattended page logs out all the same.
        """
        if not token:
            return None
        name = _session(token)
        found = self._redis.getex(name, ex=self._idle) if extend else self._redis.get(name)
        generation, _, login = str(found or "").partition(":")
        operator = self._operators.find(login) if login else None
        return operator if operator is not None and operator.generation == generation else None

    def end(self, token: str) -> None:
        """Log out."""
        self._redis.delete(_session(token))


def _session(token: str) -> str:
    return key("session", hashlib.sha256(token.encode()).hexdigest())
