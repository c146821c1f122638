"""A private PostgreSQL cluster: data folder, port and superuser (``odoo``) of its own, fast rather than crash-proof."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path

from sandbox.stack.paths import ROOT, StackError
from sandbox.stack.processes import Process, free_port

ROLE = "odoo"  # Odoo refuses to work as the database user "postgres".
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # what was committed still survives a killed server, though not a power failure
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "256MB",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "autovacuum_naptime": "5s",  # a database that has just been made has no statistics: plans are ten times as slow
    "jit": "off",
}


def program(name: str) -> str:
    """Return the path of a PostgreSQL program, from the PATH or from Debian's versioned folders (newest).

    :raises StackError: when there is none.
    """
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name.split(".")[0]))
    for folder in reversed(folders):
        if (folder / name).exists():
            return str(folder / name)
    if found := shutil.which(name):
        return found
    raise StackError(f"PostgreSQL's {name} is missing; install it with: apt-get install postgresql")


def server_user() -> str | None:
    """The user to run the server as: PostgreSQL refuses root. None means the current one."""
    return "postgres" if os.geteuid() == 0 else None


@cache
def _can_enter(folder: Path, user: str) -> bool:
    command = ["test", "-x", str(folder)]
    return subprocess.run(command, user=user, group=user, extra_groups=[], check=False).returncode == 0


def reachable(folder: Path) -> Path:
    """Return ``folder``, or a stand-in below /var/tmp when the server's user cannot get there (a clone in /root)."""
    user = server_user()
    folder.mkdir(parents=True, exist_ok=True)
    if user is None or _can_enter(folder, user):
        return folder
    digest = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    stand_in = Path(f"/var/tmp/tiktok-odoo-sync-{digest}") / name
    stand_in.mkdir(parents=True, exist_ok=True)
    if stand_in.parent.stat().st_uid != os.geteuid():
        raise StackError(f"{stand_in.parent} belongs to somebody else; delete it, or move the project out of /root.")
    return stand_in


class PostgresServer(Process):
    """PostgreSQL on a port of its own of 127.0.0.1, without passwords.

    :param folder: of the log, and of the data when the server's user can reach it.
    :param copy_of: the data folder of a stopped cluster to begin with; without it an empty cluster is made.
    """

    def __init__(self, folder: Path, *, copy_of: Path | None = None) -> None:
        self.port = free_port()
        self._folder = folder
        self.home = reachable(folder)
        self.data = self.home / "data"
        self._copy_of = copy_of
        settings = (part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}"))
        super().__init__(
            "PostgreSQL",
            [program("postgres"), "-D", self.data, "-p", str(self.port), *settings],
            log=folder / "postgres.log",
            cwd=Path("/"),
            user=server_user(),
            stop_signal=signal.SIGINT,  # PostgreSQL's fast shutdown: does not wait for its clients
        )

    def prepare(self) -> None:
        """Make the data folder: a copy of the given cluster, or a new one."""
        shutil.rmtree(self.data, ignore_errors=True)
        if self._copy_of:
            subprocess.run(["cp", "-a", "--reflink=auto", self._copy_of, self.data], check=True)
            return
        self.data.mkdir(mode=0o700)
        user = server_user()
        if user:
            shutil.chown(self.data, user, user)
        options = ["-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D", str(self.data)]
        identity = {"user": user, "group": user, "extra_groups": []} if user else {}
        made = subprocess.run(  # type: ignore[call-overload]
            [program("initdb"), *options], cwd="/", capture_output=True, text=True, check=False, **identity
        )
        if made.returncode:
            raise StackError(f"initdb failed in {self.data}:\n{made.stdout}{made.stderr}")

    def wait_ready(self, timeout: float = 20.0) -> None:
        """Wait until it takes queries (seconds).

        :raises StackError: with the end of its log.
        """
        command = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", ROLE]
        self.wait_until(lambda: subprocess.run(command, check=False).returncode == 0, timeout)

    def execute(self, sql: str, database: str = "postgres") -> list[str]:
        """Run SQL as the superuser and return its output lines, columns separated by ``|``.

        :raises StackError: with PostgreSQL's message.
        """
        command = [program("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port)]
        done = subprocess.run(
            [*command, "-U", ROLE, "-d", database, "-c", sql], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise StackError(f"PostgreSQL refused {sql!r}: {done.stderr.strip()}")
        return done.stdout.splitlines()

    def dsn(self, database: str) -> str:
        """The address of a database for psycopg2."""
        return f"postgresql://{ROLE}@127.0.0.1:{self.port}/{database}"

    def kill(self) -> None:
        """End at once without a checkpoint, as a crash does; its child processes are gone when this returns."""
        if self._popen and self.running:
            self._popen.send_signal(signal.SIGQUIT)
            self._popen.wait(10)
        super().kill()

    def restart(self) -> None:
        """Start again on the same port and data, after a stop or a kill as well."""
        self.stop()
        self.start().wait_ready()

    def discard(self) -> None:
        """Stop and delete the data."""
        self.stop()
        shutil.rmtree(self.data if self.home == self._folder else self.home, ignore_errors=True)
