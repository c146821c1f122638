"""Signatures of our requests and of TikTok's webhooks. Standard library only, so that the receiver stays light."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

_UNSIGNED = frozenset({"sign", "access_token", "x-tts-access-token"})


def sign_request(
    app_secret: str, path: str, query: Mapping[str, str], body: bytes = b"", *, content_type: str = "application/json"
) -> str:
    """The ``sign`` parameter of one request (Partner Center, *Sign your API request*).

    :param path: path of the URL, without host and query.
    :param query: all query parameters with their decoded values; ``sign`` and ``access_token`` are left out.
    :param body: the very bytes that are sent; empty for GET. Ignored for ``multipart/form-data``.
    :returns: lower-case hexadecimal HMAC-SHA256.
    """
    parameters = "".join(f"{name}{query[name]}" for name in sorted(query) if name not in _UNSIGNED)
    is_multipart = content_type.partition(";")[0].strip().lower() == "multipart/form-data"
    signed_body = b"" if is_multipart else body
    secret = app_secret.encode()
    return _hmac(secret, secret + f"{path}{parameters}".encode() + signed_body + secret)


def webhook_signature(app_key: str, app_secret: str, body: bytes) -> str:
    """What TikTok puts into the ``Authorization`` header of a webhook with this raw ``body``."""
    return _hmac(app_secret.encode(), app_key.encode() + body)


def verify_webhook_signature(app_key: str, app_secret: str, body: bytes, header: str | None) -> bool:
    """Whether ``header`` (the ``Authorization`` header, ``None`` when absent) signs ``body``; takes constant time."""
    expected = webhook_signature(app_key, app_secret, body).encode()
    return hmac.compare_digest(expected, (header or "").strip().encode("utf-8", "backslashreplace"))


def _hmac(key: bytes, message: bytes) -> str:
    return hmac.new(key, message, hashlib.sha256).hexdigest()
