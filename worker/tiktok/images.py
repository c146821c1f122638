"""Fetches product images, from TikTok's own hosts only: an answer of an API must not make us call anybody else."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

import requests

from worker.errors import PermanentError, RetryableError

#: Odoo keeps images up to 1920 pixels wide; TikTok's originals are a few hundred kilobytes.
LARGEST = 5 * 1024 * 1024
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
_CHUNK = 64 * 1024


class ImageRefusedError(PermanentError):
    """The image is not fetched: its address or what lies there is not what it should be."""

    code = "image"


def fetch_image(url: str, hosts: Collection[str], *, timeout: float = 10.0, largest: int = LARGEST) -> bytes:
    """The image at ``url``.

    :param hosts: allowed hosts, with their subdomains; http is for loopback addresses among them alone.
    :param timeout: seconds to connect, and between two pieces.
    :param largest: bytes.
    :raises ImageRefusedError: another host, a redirect, no image, or too large.
    :raises RetryableError: the host does not answer.
    """
    _check(url, hosts)
    try:
        with requests.get(url, timeout=timeout, stream=True, allow_redirects=False) as response:
            if response.status_code != 200:
                raise ImageRefusedError(f"The image's address answers HTTP {response.status_code}.")
            body = b""
            for piece in response.iter_content(_CHUNK):
                body += piece
                if len(body) > largest:
                    raise ImageRefusedError(f"The image is larger than {largest} bytes.")
    except requests.RequestException as error:
        raise RetryableError(f"The image was not answered: {type(error).__name__}.", code="no_answer") from None
    if not body.startswith(_SIGNATURES) and not (body[:4] == b"RIFF" and body[8:12] == b"WEBP"):
        raise ImageRefusedError("What lies at the image's address is no image.")
    return body


def _check(url: str, hosts: Collection[str]) -> None:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        raise ImageRefusedError("The image's address is none.") from None
    allowed = any(host == each or host.endswith(f".{each}") for each in hosts if each)
    if not allowed:
        raise ImageRefusedError(
            f"The image lies on {host or 'no host'}, which is not one of TikTok's.",
            remedy="If TikTok uses a new host, add it to IMAGE_HOSTS.",
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise ImageRefusedError("The image's address is not https.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
