"""Operators: the people who may log in to the console, what each may do, and their passwords' hashes."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from functools import cache
from typing import Literal, get_args

from pydantic import BaseModel, Field
from werkzeug.security import check_password_hash, generate_password_hash

from worker.errors import ConfigurationError
from worker.state.connection import RedisClient, key

#: A viewer sees everything and changes nothing.
Role = Literal["viewer", "operator"]
ROLES: tuple[Role, ...] = get_args(Role)

#: As NIST SP 800-63B asks for where the password is all there is (section 3.1.1.2).
SHORTEST_PASSWORD = 12

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


class Operator(BaseModel):
    """One person.

    :param password_hash: scrypt's (werkzeug.security), with a salt of its own.
    :param generation: another one after each change of password; sessions of an older one have ended.
    """

    name: str
    role: Role
    password_hash: str = Field(repr=False)
    generation: str = Field(default_factory=lambda: secrets.token_hex(8))
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def may_change(self) -> bool:
        """Whether this operator may do more than look."""
        return self.role == "operator"


class Operators:
    """All operators."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._hash = key("operators")

    def add(self, name: str, role: Role, password: str) -> Operator:
        """A new operator.

        :raises ConfigurationError: the name is taken or cannot be one, or the password is too short.
        """
        if not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"{name!r} cannot be an operator's name.", remedy="Use small letters, digits and . _ @ - only."
            )
        operator = Operator(name=name, role=role, password_hash=hash_of(password))
        if not self._redis.hsetnx(self._hash, name, operator.model_dump_json()):
            raise ConfigurationError(f"There is already an operator {name!r}.", remedy="Choose another name.")
        return operator

    def set_password(self, name: str, password: str) -> None:
        """Change a password, which logs the operator out everywhere.

        :raises ConfigurationError: there is no such operator, or the password is too short.
        """
        self.save(
            self.get(name).model_copy(update={"password_hash": hash_of(password), "generation": secrets.token_hex(8)})
        )

    def set_role(self, name: str, role: Role) -> None:
        """Change what an operator may do; it holds from the next click.

        :raises ConfigurationError: there is no such operator.
        """
        self.save(self.get(name).model_copy(update={"role": role}))

    def check(self, name: str, password: str) -> Operator | None:
        """The operator, if the password is right. Takes as long when there is no such operator."""
        operator = self.find(name)
        right = check_password_hash(operator.password_hash if operator else _nobodys_hash(), password)
        return operator if right else None

    def find(self, name: str) -> Operator | None:
        """The operator of that name, if there is one."""
        stored = self._redis.hget(self._hash, name)
        return None if stored is None else Operator.model_validate_json(stored)

    def get(self, name: str) -> Operator:
        """The operator of that name.

        :raises ConfigurationError: there is none.
        """
        operator = self.find(name)
        if operator is None:
            raise ConfigurationError(
                f"There is no operator {name!r}.", remedy="`tiktok-odoo operators list` shows them."
            )
        return operator

    def all(self) -> list[Operator]:
        """Every operator, by name."""
        return [Operator.model_validate_json(stored) for _, stored in sorted(self._redis.hgetall(self._hash).items())]

    def remove(self, name: str) -> None:
        """Forget an operator.

        :raises ConfigurationError: there is none of that name.
        """
        self.get(name)
        self._redis.hdel(self._hash, name)

    def save(self, operator: Operator) -> None:
        """Store an operator as is."""
        self._redis.hset(self._hash, operator.name, operator.model_dump_json())


@cache
def _nobodys_hash() -> str:
    """Compared with when nobody has that name, so that the time of an answer does not tell who exists."""
    return generate_password_hash(secrets.token_hex(8))


def hash_of(password: str) -> str:
    """The password's salted hash.

    :raises ConfigurationError: it is shorter than :data:`SHORTEST_PASSWORD`.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise ConfigurationError(
            f"The password has {len(password)} characters.", remedy=f"Use {SHORTEST_PASSWORD} or more."
        )
    return generate_password_hash(password)
