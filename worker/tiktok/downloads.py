"""Fetches files from TikTok's own hosts only: an answer of an API must not make us call anybody else."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

import requests
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema, RequestException
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from worker.errors import PermanentError, RetryableError
from worker.tiktok.session import session

_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Kind:
    """What is fetched.

    :param name: for messages: ``image``.
    :param error: what is raised when it is not fetched for a reason that will not pass.
    :param is_one: whether the first bytes are those of such a file.
    :param setting: the setting with its hosts.
    """

    name: str
    error: type[PermanentError]
    is_one: Callable[[bytes], bool]
    setting: str


def fetch(url: str, kind: Kind, hosts: Collection[str], *, timeout: float, largest: int) -> bytes:
    """The file at ``url``.

    :param hosts: allowed hosts, with their subdomains; http is for loopback addresses among them alone.
    :param timeout: seconds to connect, and between two pieces; the whole may take twice as long.
    :param largest: bytes.
    :raises PermanentError: ``kind.error``: another host, a redirect, something else, or too large.
    :raises RetryableError: the host does not answer, is in trouble, or too slow.
    """
    _check(url, kind, hosts)
    started = time.monotonic()
    failure: PermanentError | RetryableError
    try:
        with session().get(url, timeout=timeout, stream=True, allow_redirects=False) as response:
            if response.status_code == 429 or response.status_code >= 500:
                raise RetryableError(f"The {kind.name}'s host answers HTTP {response.status_code}.", code="no_answer")
            if response.status_code != 200:
                raise kind.error(f"The {kind.name}'s address answers HTTP {response.status_code}.")
            body = _read(response, kind, started + 2 * timeout, largest)
    except (InvalidURL, InvalidSchema, MissingSchema):
        failure = kind.error(f"The {kind.name}'s address is not a URL.")
    except (RequestException, HTTPError) as error:
        failure = RetryableError(f"The {kind.name} was not answered: {type(error).__name__}.", code="no_answer")
    else:
        if not kind.is_one(body):
            raise kind.error(f"What lies at the {kind.name}'s address is no {kind.name}.")
        return body
    # Raised out here so that the exception carries no trace of requests' own, whose text holds the address.
    raise failure


def _read(response: requests.Response, kind: Kind, until: float, largest: int) -> bytes:
    body = bytearray()
    # read1, since it hands over what has come; iter_content would wait for a whole chunk of a trickling answer
    while piece := response.raw.read1(_CHUNK, decode_content=True):
        body += piece
        if len(body) > largest:
            raise kind.error(f"The {kind.name} is larger than {largest} bytes.")
        if time.monotonic() > until:
            raise RetryableError(f"The {kind.name} came too slowly.", code="no_answer")
    return bytes(body)


def _check(url: str, kind: Kind, hosts: Collection[str]) -> None:
    try:
        # As requests reads it: the standard library takes "https://one\\@other/" for an address on the other host.
        parts = parse_url(url)
    except HTTPError:
        raise kind.error(f"The {kind.name}'s address is not a URL.") from None
    host = (parts.host or "").lower().strip("[]")
    allowed = any(host == each or host.endswith(f".{each}") for each in map(str.lower, hosts) if each)
    if not allowed:
        raise kind.error(
            f"The {kind.name} lies on {host or 'no host'}, which is not one of TikTok's.",
            remedy=f"If TikTok uses a new host, add it to {kind.setting}.",
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise kind.error(f"The {kind.name}'s address is not https.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
