"""TikTok Shop's errors as exceptions: each says which call failed, TikTok's code and request id, and the remedy.

No message holds a secret, a token or a query string; what TikTok writes itself is shortened and scrubbed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from worker.errors import PermanentError, ReauthorizeError, RetryableError

_SECRET_PARAMETERS = re.compile(
    r"(?i)\b(app_secret|access_token|refresh_token|auth_code|x-tts-access-token|sign)\s*[=:]\s*[^\s&,;\"']+"
)
_TOKENS = re.compile(r"(?i)\b(?:ROW|TTP|GCP)_[\w-]+|(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{24,}")
_LONGEST_MESSAGE = 300


@dataclass(frozen=True)
class Answer:
    """What TikTok answered.

    :param path: path of the call with names in place of ids, such as ``/product/202309/products/{product_id}``.
    :param http_status: ``None`` when there was no answer at all.
    :param tiktok_code: ``code`` of the envelope; ``None`` when the answer was not an envelope.
    :param request_id: what TikTok's support asks for.
    """

    path: str = ""
    http_status: int | None = None
    tiktok_code: int | None = None
    request_id: str = ""

    def __str__(self) -> str:
        facts = (("HTTP", self.http_status), ("code", self.tiktok_code), ("request", self.request_id))
        known = ", ".join(f"{name} {value}" for name, value in facts if value)
        return f"{self.path} ({known or 'no answer'})"


#: Refusals that every call of the shop would meet; the others are about what the one call asks for.
_OF_EVERY_CALL = frozenset(
    (
        *("scope_missing", "shop_inactive", "bad_signature", "unknown_app_key", "clock_skew", "shop_cipher"),
        *("ip_not_allowed", "no_such_path"),
    )
)


class TikTokError:
    """What all three have: where the error comes from. Catch the classes below, or those of ``worker.errors``."""

    answer: Answer

    @property
    def tiktok_code(self) -> int | None:
        """TikTok's own code."""
        return self.answer.tiktok_code

    @property
    def http_status(self) -> int | None:
        """HTTP status of the answer."""
        return self.answer.http_status

    @property
    def request_id(self) -> str:
        """TikTok's id of the call."""
        return self.answer.request_id

    @property
    def path(self) -> str:
        """Path of the call, without ids."""
        return self.answer.path


class TikTokRetryableError(TikTokError, RetryableError):
    """TikTok was away, busy or said "slow down" (``code == "rate_limited"``)."""

    def __init__(
        self,
        message: str,
        *,
        answer: Answer = Answer(),
        code: str | None = None,
        remedy: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, code=code, remedy=remedy, retry_after=retry_after)
        self.answer = answer


class TikTokReauthorizeError(TikTokError, ReauthorizeError):
    """TikTok does not accept the token, the code or the authorization.

    :param refreshable: a new access token may help (``access_token_expired``, ``access_token_invalid``).
    """

    def __init__(
        self,
        message: str,
        *,
        answer: Answer = Answer(),
        code: str | None = None,
        remedy: str = "",
        refreshable: bool = False,
    ) -> None:
        super().__init__(message, code=code, remedy=remedy)
        self.answer = answer
        self.refreshable = refreshable


class TikTokPermanentError(TikTokError, PermanentError):
    """The same call will be refused again."""

    def __init__(self, message: str, *, answer: Answer = Answer(), code: str | None = None, remedy: str = "") -> None:
        super().__init__(message, code=code, remedy=remedy)
        self.answer = answer

    @property
    def concerns_every_call(self) -> bool:
        """Whether every call for the shop would be refused, and not just this one."""
        return self.code in _OF_EVERY_CALL


def retry_after(header: str | None, *, now: datetime | None = None) -> float | None:
    """Seconds to wait by a ``Retry-After`` header (seconds or an HTTP date); ``None`` when absent or unreadable."""
    text = (header or "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - (now or datetime.now(UTC))).total_seconds())


def scrub(text: str) -> str:
    """``text`` of TikTok's, on one line, shortened, without anything that looks like a token or a secret."""
    line = " ".join(text.split())[:_LONGEST_MESSAGE]
    return _TOKENS.sub("***", _SECRET_PARAMETERS.sub(r"\1=***", line))
