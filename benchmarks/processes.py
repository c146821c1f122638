"""What processes use, as the kernel tells it under ``/proc``."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from sandbox.chaos.deployment import children_of
from sandbox.stack.processes import Process

_TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and all that descend from it, as far as they live."""
    return [pid, *(each for child in children_of(pid) for each in family(child))]


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU seconds that these processes have used so far, with those of their children that have ended."""
    return sum(map(_cpu_seconds, pids))


def _cpu_seconds(pid: int) -> float:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / _TICKS
    return 0.0


def resident_mb(pid: int) -> float:
    """Resident memory in MB of 1,000,000 bytes; 0 when the process is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def open_files(pid: int) -> int:
    """Files that the process has open; 0 when it is gone."""
    with contextlib.suppress(OSError):
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return 0


class PeakMemory:
    """The most resident memory, in MB, of each of some processes and of the largest of its children, over all looks."""

    def __init__(self, processes: Mapping[str, Process]) -> None:
        self._processes = processes
        self.main: dict[str, float] = {}
        self.child: dict[str, float] = {}

    def look(self) -> None:
        """See how large they are now."""
        for name, process in self._processes.items():
            if process.running:
                children = [resident_mb(pid) for pid in family(process.pid)[1:]]
                self.main[name] = max(self.main.get(name, 0.0), resident_mb(process.pid))
                self.child[name] = max(self.child.get(name, 0.0), *children, 0.0)
