"""Every error of the connector, in one shallow tree; adapters translate what they meet into these.

The class says what to do next (wait, ask the seller, ask the operator); ``code`` says what happened, in a word that
stays the same over releases; ``remedy`` says what a person can do about it.
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Base of all. ``str(error)`` is one line that names the thing and, when known, the remedy.

    :param message: what happened and to which record, without personal data and without secrets.
    :param code: stable machine word, such as ``unknown_sku``; shown, counted and searched for.
    :param remedy: what a person can do; empty when nothing needs doing.
    """

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, remedy: str = "") -> None:
        self.message = message
        self.code = code or type(self).code
        self.remedy = remedy
        super().__init__(f"{message} {remedy}".strip())


class RetryableError(ConnectorError):
    """Will pass by itself: a time-out, a 429, a server that restarts. Try again after a pause.

    :param retry_after: seconds to wait at least, when the other side said so.
    """

    code = "temporary"

    def __init__(
        self, message: str, *, code: str | None = None, remedy: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message, code=code, remedy=remedy)
        self.retry_after = retry_after


class ReauthorizeError(ConnectorError):
    """TikTok no longer accepts our tokens and no refresh helps: the seller must authorize the app again."""

    code = "reauthorize"


class PermanentError(ConnectorError):
    """The same call will fail again: bad signature, missing scope, refused value. A person must change something."""

    code = "refused"


class ConfigurationError(ConnectorError):
    """A setting is missing or wrong; nothing was done."""

    code = "configuration"


class OrderError(ConnectorError):
    """One order cannot be synchronised as it is. It is parked under ``code``; the others go on."""

    code = "order"
