"""Fetches product images."""

from __future__ import annotations

from collections.abc import Collection

from worker.errors import PermanentError
from worker.tiktok.downloads import Kind, fetch

#: Odoo keeps images up to 1920 pixels wide; TikTok's originals are a few hundred kilobytes.
LARGEST = 5 * 1024 * 1024
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")


class ImageRefusedError(PermanentError):
    """The image is not fetched: its address or what lies there is not what it should be."""

    code = "image"


def _is_image(body: bytes) -> bool:
    return body.startswith(_SIGNATURES) or (body[:4] == b"RIFF" and body[8:12] == b"WEBP")


_IMAGE = Kind("image", ImageRefusedError, _is_image, "IMAGE_HOSTS")


def fetch_image(url: str, hosts: Collection[str], *, timeout: float = 10.0, largest: int = LARGEST) -> bytes:
    """The image at ``url``: JPEG, PNG, GIF or WebP.

    :param hosts: see :func:`worker.tiktok.downloads.fetch`, as for ``timeout``.
    :param largest: bytes.
    :raises ImageRefusedError: another host, a redirect, no image, or too large.
    :raises RetryableError: the host does not answer, is in trouble, or too slow.
    """
    return fetch(url, _IMAGE, hosts, timeout=timeout, largest=largest)
