"""Starts, watches and ends the servers of a run: free ports, waiting for conditions, whole process groups."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from sandbox.stack.paths import StackError

T = TypeVar("T")
POLL_SECONDS = 0.05
# Below the kernel's range for outgoing connections, so that a stopped server finds its port free when it starts again.
PORTS = range(20000, 32000)
_given_ports: set[int] = set()
_guardian_lock = threading.Lock()
_guardian: subprocess.Popen[str] | None = None


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on and that this process did not hand out before."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                if port not in _given_ports:
                    _given_ports.add(port)
                    return port
    raise StackError("No free TCP port between 20000 and 32000.")


def wait_for(condition: Callable[[], T], timeout: float, what: str) -> T:
    """Call ``condition`` every 0.05 s until it returns something true, and return that.

    :param timeout: seconds.
    :raises TimeoutError: with ``what`` was waited for.
    """
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {timeout:g} s in vain for {what}.")
        time.sleep(POLL_SECONDS)
    return result


def listens(port: int) -> bool:
    """Whether somebody accepts connections on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    """Whether an HTTP GET of ``url`` gives a 2xx answer within 5 seconds."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


class Process:
    """A program with its children in a process group of its own, its output in a log file.

    Usable as a context manager (start, stop). It never outlives this Python process, not even one that is killed.

    :param command: program and arguments; ``env`` is added to the current environment.
    :param user: the system user to become (root only), by name.
    :param stop_signal: what asks the program to end in good order.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.command = [str(part) for part in command]
        self.log = log
        self._env = dict(env or {})
        self._cwd = cwd
        self._user = user
        self._stop_signal = stop_signal
        self._popen: subprocess.Popen[bytes] | None = None
        self._group_ended = True

    @property
    def pid(self) -> int:
        """Process id, which is the id of the group too.

        :raises StackError: when it was never started.
        """
        if self._popen is None:
            raise StackError(f"{self.name} was not started.")
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def returncode(self) -> int | None:
        """Exit code, negative for a signal; None while it runs or before its first start."""
        return self._popen.poll() if self._popen else None

    def start(self) -> Self:
        """Start it (again), appending to its log.

        :raises StackError: when it runs already or the program does not exist.
        """
        if self.running:
            raise StackError(f"{self.name} runs already.")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        _running_guardian()  # before there is anything to guard
        identity = {"user": self._user, "group": self._user, "extra_groups": []} if self._user else {}
        with self.log.open("ab") as output:
            try:
                self._popen = subprocess.Popen(
                    self.command,
                    env={**os.environ, **self._env},
                    cwd=self._cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    **identity,  # type: ignore[call-overload]
                )
            except FileNotFoundError as error:
                raise StackError(f"{self.name}: {self.command[0]} does not exist; run `bin/setup`.") from error
        self._group_ended = False
        _tell_guardian(f"+{self.pid}")
        return self

    def wait_until(self, condition: Callable[[], T], timeout: float, what: str = "it to be ready") -> T:
        """Wait for ``condition`` (seconds), giving up at once when the process dies.

        :raises StackError: with the end of the log.
        """

        def check() -> T | None:
            if not self.running:
                raise StackError(
                    f"{self.name} ended with code {self.returncode}. End of {self.log}:\n{self.log_tail()}"
                )
            return condition()

        try:
            return wait_for(check, timeout, f"{self.name}: {what}")  # type: ignore[return-value]
        except TimeoutError as error:
            raise StackError(f"{error} End of {self.log}:\n{self.log_tail()}") from error

    def stop(self, timeout: float = 10.0) -> None:
        """Ask it to end, wait up to ``timeout`` seconds, then kill what is left of its group."""
        if self._popen and self.running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.send_signal(self._stop_signal)
                self._popen.wait(timeout)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole group, as a power failure would do, and reap it."""
        if self._popen is None or self._group_ended:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()
        self._group_ended = True
        _tell_guardian(f"-{self.pid}")

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _tell_guardian(line: str) -> None:
    guardian = _running_guardian()
    with _guardian_lock:
        if guardian.stdin:
            guardian.stdin.write(f"{line}\n")
            guardian.stdin.flush()


def _running_guardian() -> subprocess.Popen[str]:
    global _guardian  # noqa: PLW0603 - one guardian per Python process
    with _guardian_lock:
        if _guardian is None or _guardian.poll() is not None:
            _guardian = subprocess.Popen(
                [sys.executable, "-IS", str(Path(__file__).with_name("guardian.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
        return _guardian
