"""The simulator as a process of its own, for the demo, tests and benchmarks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.stack.processes import Process, answers, free_port


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[str]:
    """Serve TikTok Shop while the block runs; gives its address.

    :param folder: of its log.
    :param options: of ``python -m sandbox serve``, such as ``"--time-scale", "0.005"``.
    :raises StackError: it does not start; with the end of its log.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "sandbox", "serve", "--port", str(port), *options]
    with Process("simulator", command, log=folder / "simulator.log") as process:
        process.wait_until(lambda: answers(f"{url}/"), 30)
        yield url
