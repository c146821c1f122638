"""Fetches shipping labels. They hold the buyer's address: the bytes go to Odoo and nowhere else."""

from __future__ import annotations

from collections.abc import Collection

from worker.errors import PermanentError
from worker.tiktok.downloads import Kind, fetch

#: A label has some ten to some hundred kilobytes.
LARGEST = 10 * 1024 * 1024


class LabelRefusedError(PermanentError):
    """The label is not fetched: its address or what lies there is not what it should be."""

    code = "label"


_LABEL = Kind("label", LabelRefusedError, lambda body: body.startswith(b"%PDF-"), "DOCUMENT_HOSTS")


class Documents:
    """Shipping documents.

    :param hosts: hosts from which they may be fetched, with their subdomains.
    """

    def __init__(self, hosts: Collection[str], *, timeout: float = 15.0, largest: int = LARGEST) -> None:
        self._hosts = hosts
        self._timeout = timeout
        self._largest = largest

    def pdf(self, url: str) -> bytes:
        """The PDF at ``url``.

        :raises LabelRefusedError: another host, a redirect, no PDF, or too large.
        :raises RetryableError: the host does not answer, is in trouble, or too slow.
        """
        return fetch(url, _LABEL, self._hosts, timeout=self._timeout, largest=self._largest)
