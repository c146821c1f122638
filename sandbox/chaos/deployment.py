"""The connector under a process manager, its way to Redis, Odoo and TikTok through fault proxies."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import threading
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.chaos.proxy import FaultProxy
from sandbox.installation import Installation
from sandbox.stack.paths import StackError
from sandbox.stack.processes import Process
from sandbox.stack.stack import Stack

#: Seconds, unless said otherwise; shorter than in production, so that minutes show what days would.
SETTINGS = {
    "POLL_INTERVAL": "15",
    "POLL_OVERLAP": "240",  # more than the clock of one worker is wrong
    "SWEEP_INTERVAL": "2",
    "ORDER_BATCH_SIZE": "25",
    "ORDER_LEASE": "60",
    "RETRY_FIRST": "5",
    "RETRY_LONGEST": "30",
    "STOCK_INTERVAL": "5",
    "STOCK_LEASE": "20",
    "CATALOG_LEASE": "30",
    "PACKAGE_INTERVAL": "120",
    "PACKAGE_LEASE": "30",
    "ODOO_TIMEOUT": "30",
    "TIKTOK_TIMEOUT": "5",
    "TIKTOK_RATE_LIMIT": "40",
    "WORKER_DEAF_AFTER": "15",
}
WORKERS = ("worker-1", "worker-2", "worker-late", "stock")
BEATS = ("beat", "beat-2")
#: How wrong the clock of ``worker-late`` is, as faketime writes it. TikTok takes calls that are up to 5 minutes old.
WRONG_CLOCK = "-180s"
#: Its ``sitecustomize.py`` mends what faketime breaks.
_LATE_CLOCK = Path(__file__).parent / "late_clock"


class Deployment:
    """Receiver, four workers, two beats. Whatever ends is started again a second later, as systemd or Docker would.

    :param folder: of logs.
    :param simulator_url: of TikTok; calls go there through a proxy, webhooks come straight.
    """

    installation: Installation
    redis: FaultProxy
    odoo: FaultProxy
    tiktok: FaultProxy

    def __init__(self, stack: Stack, folder: Path, simulator_url: str, say: Callable[[str], None]) -> None:
        self._stack = stack
        self._folder = folder
        self._simulator_url = simulator_url
        self._say = say
        self._cleanup = contextlib.ExitStack()
        self._processes: dict[str, Process] = {}
        self._ended = threading.Event()
        self.restarts = 0

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as cleanup:
            self._start(cleanup)
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def _start(self, cleanup: contextlib.ExitStack) -> None:
        given = self._stack.environment()
        self.redis = cleanup.enter_context(FaultProxy(self._stack.redis.port))
        self.odoo = cleanup.enter_context(FaultProxy(_port(given["ODOO_URL"])))
        self.tiktok = cleanup.enter_context(FaultProxy(_port(self._simulator_url)))
        through = {
            "REDIS_URL": f"redis://127.0.0.1:{self.redis.port}/0",
            "ODOO_URL": f"http://127.0.0.1:{self.odoo.port}",
        }
        self.installation = cleanup.enter_context(
            Installation(self._folder, {**given, **SETTINGS, **through}, f"http://127.0.0.1:{self.tiktok.port}")
        )
        self._processes["web"] = self.installation.start_web("--workers", "2")
        for name in WORKERS:
            self._processes[name] = self._worker(name)
        for name in BEATS:
            self._processes[name] = self.installation.start_beat(name)
        manager = threading.Thread(target=self._manage, name="process-manager", daemon=True)
        manager.start()
        cleanup.callback(manager.join, 30)
        cleanup.callback(self._ended.set)

    def _worker(self, name: str) -> Process:
        if name == "stock":
            return self.installation.start_worker(name, "--queues", "inventory", "--concurrency", "1")
        return self.installation.start_worker(name, environment=late_clock() if name == "worker-late" else None)

    def kill(self, name: str) -> None:
        """SIGKILL to a process and all its children."""
        self._processes[name].kill()

    def kill_child(self, name: str, chance: random.Random) -> bool:
        """SIGKILL to one child of a process (a pool process of Celery's, a worker of gunicorn's).

        :return: whether there was one.
        """
        children = children_of(self._processes[name].pid)
        with contextlib.suppress(ProcessLookupError):
            if children:
                os.kill(chance.choice(children), signal.SIGKILL)
                return True
        return False

    def processes(self) -> dict[str, Process]:
        """All processes by name."""
        return dict(self._processes)

    def _manage(self) -> None:
        while not self._ended.wait(1):
            for name, process in self._processes.items():
                if not process.running and not self._ended.is_set():
                    self.restarts += 1
                    process.kill()  # what its children left
                    process.start()
                    self._say(f"    {name} is started again")


def children_of(pid: int) -> list[int]:
    """Ids of the direct children of a process; none when it is gone."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    with contextlib.suppress(OSError):
        return [int(child) for child in path.read_text(encoding="ascii").split()]
    return []


def late_clock() -> dict[str, str]:
    """Variables that make a process believe that it is three minutes earlier.

    :raises StackError: faketime is not installed.
    """
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not libraries or not shutil.which("faketime"):
        raise StackError("faketime is missing; install it with: apt-get install faketime")
    path = os.pathsep.join(filter(None, (str(_LATE_CLOCK), os.environ.get("PYTHONPATH"))))
    late = {"LD_PRELOAD": str(libraries[0]), "FAKETIME": WRONG_CLOCK, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    return {**late, "PYTHONPATH": path}


def _port(url: str) -> int:
    port = urllib.parse.urlsplit(url).port
    if port is None:
        raise StackError(f"{url} has no port.")
    return port
