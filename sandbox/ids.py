"""Identifiers that look like TikTok's: 19-digit (orders: 18-digit) strings, ciphers, tokens, request ids."""

from __future__ import annotations

import hashlib
import itertools
import secrets
import time
from datetime import UTC, datetime
from functools import lru_cache

# Leading digits as in the documentation's samples, so that a person recognises the kind of an id in a log.
_PREFIXES = {
    "order": "5764",
    "line": "5770",
    "package": "1153",
    "product": "1729",
    "sku": "1730",
    "shop": "7494",
    "warehouse": "7068",
    "buyer": "7021",
    "seller": "7010",
    "cancel": "4035",
    "return": "4036",
    "statement": "7238",
    "transaction": "3459",
    "notification": "7327",
    "provider": "7117",
    "delivery_option": "7091",
}
_WIDTH = {"order": 18, "line": 18}


class IdFactory:
    """Numbers that never repeat, also not after a restart: they go on from the time of the start."""

    def __init__(self, start: int | None = None) -> None:
        self._counter = itertools.count(time.time_ns() // 1_000_000 % 10**11 * 100 if start is None else start)

    def new(self, kind: str) -> str:
        """A fresh id for one of the known kinds, as a string of 18 or 19 digits."""
        prefix = _PREFIXES[kind]
        digits = _WIDTH.get(kind, 19) - len(prefix)
        return prefix + str(next(self._counter) % 10**digits).zfill(digits)


@lru_cache(maxsize=10_000)
def id_of_name(*names: str) -> str:
    """The 19-digit id of something that is known by its name, like a sales attribute: always the same for a name."""
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return f"70{int.from_bytes(digest[:8]) % 10**17:017}"


def new_cipher() -> str:
    return f"GCP_{secrets.token_urlsafe(18)}"


def new_access_token(region: str) -> str:
    return f"{'TTP' if region == 'US' else 'ROW'}_{secrets.token_urlsafe(60)}"


def new_refresh_token() -> str:
    return secrets.token_urlsafe(48)


def new_code(region: str) -> str:
    return f"{'TTP' if region == 'US' else 'ROW'}_{secrets.token_urlsafe(40)}"


def new_request_id() -> str:
    """Time in UTC followed by 20 hexadecimal digits, like ``202203070749000101890810281E8C70B7``."""
    return f"{datetime.now(UTC):%Y%m%d%H%M%S}{secrets.token_hex(10).upper()}"
