"""TikTok Shop's request and webhook signatures, written from the documentation alone.

Nothing is shared with the connector's own signing on purpose: two independent versions must agree.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

UNSIGNED_PARAMETERS = frozenset({"sign", "access_token", "x-tts-access-token"})


def _hex_hmac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def request_signature(
    app_secret: str, path: str, query: Mapping[str, str], *, body: bytes = b"", content_type: str = ""
) -> str:
    """The value of the ``sign`` parameter (reference section 3).

    :param query: decoded parameters; those that are never signed are left out here.
    :param body: the bytes as sent; not covered when the media type is ``multipart/form-data``.
    """
    parameters = "".join(key + query[key] for key in sorted(query) if key not in UNSIGNED_PARAMETERS)
    multipart = content_type.split(";", maxsplit=1)[0].strip().lower() == "multipart/form-data"
    covered = b"" if multipart else body
    message = app_secret.encode() + path.encode() + parameters.encode() + covered + app_secret.encode()
    return _hex_hmac(app_secret, message)


def webhook_signature(app_key: str, app_secret: str, body: bytes) -> str:
    """The ``Authorization`` header of a webhook with these raw bytes (reference section 4.2)."""
    return _hex_hmac(app_secret, app_key.encode() + body)


def matches(expected: str, given: str) -> bool:
    """Compare two signatures in constant time; any text may be given."""
    return hmac.compare_digest(expected.encode(), given.encode())
