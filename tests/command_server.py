"""``tiktok-odoo`` many times over: one process loads it and forks for each command, which saves a second each time.

Each command is a process of its own all the same, with its own settings, streams and exit code.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[1]


class CommandServer:
    """Runs commands one after the other. The process that does begins with the first."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], typed: str, folder: Path | None
    ) -> subprocess.CompletedProcess[str]:
        """``tiktok-odoo`` without a terminal; see :class:`sandbox.installation.Runner`."""
        process = self._process = self._process or subprocess.Popen(
            [sys.executable, "-m", __name__], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdin is not None
        assert process.stdout is not None
        with tempfile.TemporaryDirectory(prefix="tiktok-odoo-command-") as name:
            files = [Path(name, end) for end in ("in", "out", "err")]
            files[0].write_text(typed, encoding="utf-8")
            job = {
                "arguments": arguments,
                "environment": dict(environment),
                "folder": str(folder or Path.cwd()),
                "files": [str(file) for file in files],
            }
            process.stdin.write(f"{json.dumps(job)}\n")
            process.stdin.flush()
            code = int(process.stdout.readline())
            out, err = (file.read_text(encoding="utf-8") for file in files[1:])
        return subprocess.CompletedProcess(["tiktok-odoo", *arguments], code, out, err)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.communicate()  # the end of its input ends it


def _become(job: dict[str, Any]) -> None:
    """In the fork: be the command, which ends this process."""
    from worker.cli import main

    os.setsid()  # as a script does, it has no terminal to ask at
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environment"])
    for number, file in enumerate(job["files"]):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(file, flags), number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)  # what was read ahead is the server's
    sys.argv = ["tiktok-odoo", *job["arguments"]]
    code = 1
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else bool(ended.code)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # taking a loaded interpreter down takes longer than most commands


def _serve(jobs: Iterable[str]) -> None:
    # What takes long, before the first fork: the commands, and what Celery needs to send a message.
    for module in ("worker.cli", "celery.app.task", "celery.events", "kombu.transport.redis"):
        importlib.import_module(module)
    for line in jobs:
        process = os.fork()
        if process == 0:
            _become(json.loads(line))
        _, status = os.waitpid(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.stdin)
