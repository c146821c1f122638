"""Stand-ins for what surrounds the TikTok client."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from worker.tiktok.models import TokenGrant

API = "https://api.tiktok.example"
TOKEN_HOST = "https://auth.tiktok.example"
APP_SECRET = "9f1c0d2e4b6a8877665544332211ffeeddccbbaa"


@dataclass
class Tokens:
    """A token source that counts its renewals."""

    token: str = "ROW_first"
    renewals: list[str] = field(default_factory=list)

    def access_token(self) -> str:
        return self.token

    def refreshed_after(self, stale_token: str) -> str:
        self.renewals.append(stale_token)
        self.token = f"ROW_renewed{len(self.renewals)}"
        return self.token


@dataclass
class Limiter:
    """A limiter that lets everything pass and remembers."""

    acquired: list[str] = field(default_factory=list)
    penalties: list[tuple[str, float]] = field(default_factory=list)

    def acquire(self, bucket: str) -> None:
        self.acquired.append(bucket)

    def penalize(self, bucket: str, seconds: float) -> None:
        self.penalties.append((bucket, seconds))


def envelope(data: Any = None, *, code: int = 0, message: str = "Success") -> dict[str, Any]:
    return {"code": code, "message": message, "data": data, "request_id": "2026112300001"}


def grant(name: str = "first", *, ends_in: timedelta = timedelta(days=7), age: timedelta = timedelta(0)) -> TokenGrant:
    """A grant whose access token ends in ``ends_in`` and was obtained ``age`` ago."""
    now = datetime.now(UTC)
    return TokenGrant.model_validate(
        {
            "access_token": f"ROW_{name}",
            "access_token_expire_in": int((now + ends_in).timestamp()),
            "refresh_token": f"refresh-{name}",
            "refresh_token_expire_in": int((now + timedelta(days=365)).timestamp()),
            "obtained_at": now - age,
            "granted_scopes": ["seller.order.info"],
        }
    )
