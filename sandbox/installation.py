"""The connector as in production, on this machine: receiver, workers, beat and Flower as processes of their own."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Protocol, Self

from cryptography.fernet import Fernet

from sandbox.stack.processes import Process, answers, free_port

TIKTOK_ODOO = Path(sys.executable).with_name("tiktok-odoo")


class Runner(Protocol):
    """Runs ``tiktok-odoo`` to its end."""

    def __call__(
        self, arguments: Sequence[str], environment: Mapping[str, str], typed: str, folder: Path | None
    ) -> subprocess.CompletedProcess[str]:
        """With ``arguments`` and all of its environment, in ``folder`` or where we are; ``typed`` is its input."""
        ...


def _run(
    arguments: Sequence[str], environment: Mapping[str, str], typed: str, folder: Path | None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TIKTOK_ODOO, *arguments], env=environment, capture_output=True, text=True, check=False, input=typed, cwd=folder
    )


class Installation:
    """Starts ``tiktok-odoo web|worker|beat|flower`` against a stack and a simulator, and ends them.

    :param folder: for logs.
    :param environment: from :meth:`sandbox.stack.stack.Stack.environment`; more variables override the defaults.
    :param simulator_url: stands for all of TikTok's hosts.
    """

    #: Whoever runs hundreds of commands may put something quicker here.
    runner: ClassVar[Runner] = staticmethod(_run)

    def __init__(self, folder: Path, environment: Mapping[str, str], simulator_url: str) -> None:
        self._folder = folder
        self._processes: dict[str, Process] = {}
        self.web_url = f"http://127.0.0.1:{free_port()}"
        self.flower_url = f"http://127.0.0.1:{free_port()}"
        self.environment = {
            "SECRET_KEYS": Fernet.generate_key().decode(),
            "PUBLIC_URL": self.web_url,
            "WEB_BIND": self.web_url.removeprefix("http://"),
            "FLOWER_BIND": self.flower_url.removeprefix("http://"),
            "FLOWER_URL": self.flower_url,
            "FLOWER_DB": str(folder / "flower" / "seen"),
            "TIKTOK_API_URL": simulator_url,
            "TIKTOK_AUTH_URL": simulator_url,
            "TIKTOK_CONSENT_URL": simulator_url,
            "TIKTOK_CONSENT_URL_US": simulator_url,
            "TIKTOK_RATE_LIMIT": "50",
            "IMAGE_HOSTS": "127.0.0.1",
            "DOCUMENT_HOSTS": "127.0.0.1",
            "LOG_FORMAT": "json",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }

    def start_web(self, *options: str) -> Process:
        """Start the receiver and wait until it answers."""
        process = self._start("web", "web", *options)
        process.wait_until(lambda: answers(f"{self.web_url}/healthz/live"), 30)
        return process

    def start_worker(
        self,
        name: str = "worker-1",
        *options: str,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Process:
        """Start a Celery worker and wait until it takes work.

        :param environment: more variables than the others have.
        :param cwd: a folder whose ``celeryconfig.py`` is taken instead of ours.
        """
        process = self._start(name, "worker", "--name", f"{name}@%h", *options, environment=environment, cwd=cwd)
        offset = process.log.stat().st_size if process.log.exists() else 0
        process.wait_until(lambda: " ready." in process.log.read_text(errors="replace")[offset:], 40)
        return process

    def start_beat(self, name: str = "beat") -> Process:
        """Start a scheduler."""
        return self._start(name, "beat")

    def start_flower(self) -> Process:
        """Start Flower and wait until its page opens."""
        process = self._start("flower", "flower")
        process.wait_until(lambda: answers(f"{self.flower_url}/healthcheck"), 40)
        return process

    def process(self, name: str) -> Process:
        """The process of that name, running or not."""
        return self._processes[name]

    def cli(
        self, *arguments: str, check: bool = True, typed: str = "", folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``tiktok-odoo`` with ``arguments`` as an operator would.

        :param typed: what is on its standard input.
        :param folder: its working directory; by default this process' own.
        :raises RuntimeError: it ended with another code than 0, and ``check`` is set.
        """
        done = self.runner(arguments, {**os.environ, **self.environment}, typed, folder)
        if check and done.returncode:
            command = " ".join(arguments)
            raise RuntimeError(f"tiktok-odoo {command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def cli_json(self, *arguments: str) -> Any:
        """What ``tiktok-odoo`` answers to ``arguments`` with ``--json``."""
        return json.loads(self.cli(*arguments, "--json").stdout)

    def add_operator(self, name: str, role: str = "operator") -> str:
        """Let ``name`` into the console; answers the password."""
        password = secrets.token_urlsafe(12)
        self.cli("operators", "add", name, "--role", role, typed=f"{password}\n")
        return password

    def stop(self) -> None:
        """End every process, the newest first."""
        for process in reversed(self._processes.values()):
            process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(
        self, name: str, *arguments: str, environment: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> Process:
        variables = {**self.environment, **(environment or {})}
        log = self._folder / f"{name}.log"
        process = Process(name, [TIKTOK_ODOO, *arguments], log=log, env=variables, cwd=cwd)
        self._processes[name] = process
        return process.start()
