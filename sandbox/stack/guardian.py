"""Ends the process groups of a Python process that died without ending them (SIGKILL, a crash, a lost terminal).

Runs as a program of its own. Reads ``+GROUP`` and ``-GROUP`` lines from standard input; the end of the input is the
death of the parent. Preferred to PR_SET_PDEATHSIG, which reaches one process instead of its group, is dropped when the
user changes, and fires when the *thread* that started the process ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

GRACE_SECONDS = 3.0


def alive(group: int) -> bool:
    """Whether any process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def end(groups: set[int]) -> None:
    """SIGTERM to every group, then SIGKILL to what is left after the grace time."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for group in groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, number)
        deadline = time.monotonic() + GRACE_SECONDS
        while any(alive(group) for group in groups) and time.monotonic() < deadline:
            time.sleep(0.05)


def main() -> None:
    """Follow the parent's lines until they end, then end the groups that it left."""
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    end(groups)


if __name__ == "__main__":
    main()
