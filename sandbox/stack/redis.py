"""A private Redis server with the options that the connector asks of a real one."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from pathlib import Path

from sandbox.stack.paths import StackError
from sandbox.stack.processes import Process, free_port


class RedisServer(Process):
    """Redis on a port of its own, append-only file on: what was acknowledged survives a restart.

    :param folder: where its data and its log are kept.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._data = folder / "appendonlydir"
        self.url = f"redis://127.0.0.1:{self.port}/0"
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "save": "",
        }
        command = ["redis-server", *(part for name, value in options.items() for part in (f"--{name}", value))]
        super().__init__("Redis", command, log=folder / "redis.log")

    def wait_ready(self, timeout: float = 10.0) -> None:
        """Wait until it answers PING, its append-only file read (seconds).

        :raises StackError: with the end of its log.
        """
        self.wait_until(self._answers_ping, timeout)

    def _answers_ping(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as client:
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        return False

    def check_append_only_file(self) -> None:
        """Cut off what cannot be read, as its log asks for when it does not start.

        :raises StackError: there is nothing that could be mended.
        """
        [manifest] = self._data.glob("*.manifest")
        command = ["redis-check-aof", "--fix", str(manifest)]
        done = subprocess.run(command, input="y\n", capture_output=True, text=True, check=False)
        if done.returncode:
            raise StackError(f"redis-check-aof failed: {done.stdout[-500:]}{done.stderr[-500:]}")

    def restart(self) -> None:
        """Start again on the same port and data, after a stop or a kill as well."""
        self.stop()
        self.start().wait_ready()
