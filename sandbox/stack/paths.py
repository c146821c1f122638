"""Where the private stack keeps things: a cache that outlives runs, and one folder per run."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]


class StackError(RuntimeError):
    """The private stack cannot be made or started; the text says what to do."""


def cache_folder() -> Path:
    """The folder of what is made once: Odoo, its environment, the template database. Moved by ``TIKTOK_ODOO_CACHE``."""
    folder = Path(os.environ.get("TIKTOK_ODOO_CACHE") or ROOT / ".cache").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on ``path`` (a file that is made when absent), waiting for whoever holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def claim_run_folder(name: str) -> tuple[Path, IO[str]]:
    """Return an empty run folder and the open file that keeps others out of it until it is closed.

    A name that another live process uses gets a number: ``demo``, ``demo-2``, ``demo-3``.
    """
    runs = ROOT / ".run"
    runs.mkdir(exist_ok=True)
    for number in range(1, 100):
        folder = runs / (name if number == 1 else f"{name}-{number}")
        lock = folder.with_suffix(".lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _unmount_below(folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder, lock
    raise StackError(f"A hundred runs called {name!r} are alive; stop some of them.")


def _unmount_below(folder: Path) -> None:
    """Let go of what a run that was killed has left mounted, such as the disk that is full now and then."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        mounted = line.split()[1].replace("\\040", " ")
        if Path(mounted).is_relative_to(folder):
            subprocess.run(["umount", "--lazy", mounted], capture_output=True, check=False)
