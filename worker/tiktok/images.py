"""Fetches product images, from TikTok's own hosts only: an answer of an API must not make us call anybody else."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Collection

import requests
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema, RequestException
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from worker.errors import PermanentError, RetryableError
from worker.tiktok.session import session

#: Odoo keeps images up to 1920 pixels wide; TikTok's originals are a few hundred kilobytes.
LARGEST = 5 * 1024 * 1024
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
_CHUNK = 64 * 1024


class ImageRefusedError(PermanentError):
    """The image is not fetched: its address or what lies there is not what it should be."""

    code = "image"


def fetch_image(url: str, hosts: Collection[str], *, timeout: float = 10.0, largest: int = LARGEST) -> bytes:
    """The image at ``url``: JPEG, PNG, GIF or WebP.

    :param hosts: allowed hosts, with their subdomains; http is for loopback addresses among them alone.
    :param timeout: seconds to connect, and between two pieces; the whole may take twice as long.
    :param largest: bytes.
    :raises ImageRefusedError: another host, a redirect, no image, or too large.
    :raises RetryableError: the host does not answer, is in trouble, or too slow.
    """
    _check(url, hosts)
    started = time.monotonic()
    failure: ImageRefusedError | RetryableError
    try:
        with session().get(url, timeout=timeout, stream=True, allow_redirects=False) as response:
            if response.status_code == 429 or response.status_code >= 500:
                raise RetryableError(f"The image's host answers HTTP {response.status_code}.", code="no_answer")
            if response.status_code != 200:
                raise ImageRefusedError(f"The image's address answers HTTP {response.status_code}.")
            body = _read(response, started + 2 * timeout, largest)
    except (InvalidURL, InvalidSchema, MissingSchema):
        failure = ImageRefusedError("The image's address is not a URL.")
    except (RequestException, HTTPError) as error:
        failure = RetryableError(f"The image was not answered: {type(error).__name__}.", code="no_answer")
    else:
        if not body.startswith(_SIGNATURES) and not (body[:4] == b"RIFF" and body[8:12] == b"WEBP"):
            raise ImageRefusedError("What lies at the image's address is no image.")
        return body
    # Raised out here so that the exception carries no trace of requests' own, whose text holds the address.
    raise failure


def _read(response: requests.Response, until: float, largest: int) -> bytes:
    body = bytearray()
    # read1, since it hands over what has come; iter_content would wait for a whole chunk of a trickling answer
    while piece := response.raw.read1(_CHUNK, decode_content=True):
        body += piece
        if len(body) > largest:
            raise ImageRefusedError(f"The image is larger than {largest} bytes.")
        if time.monotonic() > until:
            raise RetryableError("The image came too slowly.", code="no_answer")
    return bytes(body)


def _check(url: str, hosts: Collection[str]) -> None:
    try:
        # As requests reads it: the standard library takes "https://one\\@other/" for an address on the other host.
        parts = parse_url(url)
    except HTTPError:
        raise ImageRefusedError("The image's address is not a URL.") from None
    host = (parts.host or "").lower().strip("[]")
    allowed = any(host == each or host.endswith(f".{each}") for each in map(str.lower, hosts) if each)
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
