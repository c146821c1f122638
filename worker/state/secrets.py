"""Encryption of what must not lie readable in Redis or in a backup: app secrets, tokens, authorization codes."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from worker.errors import ConfigurationError


class SecretBox:
    """Encrypts with the first of several Fernet keys and decrypts with any, so that keys can be rotated.

    :param keys: url-safe base64 Fernet keys, comma-separated (``SECRET_KEYS``).
    :raises ConfigurationError: there is no key, or one is malformed.
    """

    def __init__(self, keys: str) -> None:
        parts = [part.strip() for part in keys.split(",") if part.strip()]
        if not parts:
            raise ConfigurationError(
                "SECRET_KEYS is empty, so app secrets and tokens cannot be kept.",
                remedy="Run `tiktok-odoo keys generate` and put its output into SECRET_KEYS on every machine.",
            )
        try:
            self._fernet = MultiFernet([Fernet(part) for part in parts])
        except ValueError:
            raise ConfigurationError(
                "SECRET_KEYS holds something that is not a Fernet key.",
                remedy="Each key is 44 characters, as `tiktok-odoo keys generate` prints it; separate them by commas.",
            ) from None

    def encrypt(self, text: str) -> str:
        """``text`` encrypted, as printable text."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """The text that :meth:`encrypt` was given.

        :raises ConfigurationError: no key of ``SECRET_KEYS`` fits.
        """
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise ConfigurationError(
                "None of the keys in SECRET_KEYS opens what is stored.",
                remedy="Add the key that was in use when the account was added, behind the new one.",
            ) from None


def generate_key() -> str:
    """A new key for ``SECRET_KEYS``."""
    return Fernet.generate_key().decode()
