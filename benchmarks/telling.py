"""Tells those who wait how far a benchmark is, with the seconds since it was started."""

from __future__ import annotations

import sys
import time

_STARTED = time.monotonic()


def say(text: str) -> None:
    """One line on standard error."""
    print(f"{time.monotonic() - _STARTED:6.0f} s {text}", file=sys.stderr, flush=True)
