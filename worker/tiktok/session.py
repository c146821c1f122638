"""The pooled HTTP session: one per process, made on first use, so that a forked worker never shares a connection."""

from __future__ import annotations

import logging
import os
import threading
from importlib.metadata import PackageNotFoundError, version

import requests
from requests.adapters import HTTPAdapter

_CONNECTIONS = 16

_sessions: dict[int, requests.Session] = {}
_making = threading.Lock()


def session() -> requests.Session:
    """The session of this process; thread-safe, without retries and cookies of its own."""
    pid = os.getpid()
    if pid not in _sessions:
        with _making:
            if pid not in _sessions:
                _sessions.clear()  # what a parent process had
                _sessions[pid] = _make()
    return _sessions[pid]


def _make() -> requests.Session:
    made = requests.Session()
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=_CONNECTIONS, max_retries=0)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    made.headers["User-Agent"] = f"tiktok-odoo-sync/{_version()}"
    # At DEBUG urllib3 logs whole URLs, and those of the token host hold the app's secret.
    logging.getLogger("urllib3.connectionpool").addFilter(_not_debug)
    return made


def _not_debug(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def _version() -> str:
    try:
        return version("tiktok-odoo-sync")
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "0"
