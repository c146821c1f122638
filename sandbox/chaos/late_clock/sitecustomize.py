"""Loaded at the start of a process whose clock is late: faketime makes every ``time.sleep`` fail when it leaves the
monotonic clock alone (0.9.10, EINVAL from ``clock_nanosleep``), and leaves ``select`` alone, which waits as well."""

from __future__ import annotations

import select
import time
from typing import Any


def _sleep(seconds: Any) -> None:
    select.select([], [], [], max(0.0, float(seconds)))


time.sleep = _sleep
