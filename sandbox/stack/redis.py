"""A private Redis server with the options that the connector asks of a real one."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from sandbox.stack.paths import StackError
from sandbox.stack.processes import Process, free_port


class RedisServer(Process):
    """Redis on a port of its own, append-only file on: what was acknowledged survives a restart.

    :param folder: where its data and its log are kept.
    :param replica_of: the port of the server whose data it copies.
    :param more: further options.
    """

    def __init__(self, folder: Path, *, replica_of: int | None = None, more: Mapping[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._data = folder / "appendonlydir"
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.broker_url = f"redis://127.0.0.1:{self.port}/1"  # where the connector then has Celery's messages
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "save": "",
            **({"replicaof": f"127.0.0.1 {replica_of}"} if replica_of else {}),
            **(more or {}),
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


class SentinelServer(Process):
    """A Redis Sentinel that watches one master and has a replica take its place when it is gone.

    :param master: as it is called in ``REDIS_URL``.
    :param quorum: of how many Sentinels must agree that it is gone.
    """

    def __init__(self, folder: Path, *, master: str, master_port: int, quorum: int = 2) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"dir {folder}",
            f"sentinel monitor {master} 127.0.0.1 {master_port} {quorum}",
            f"sentinel down-after-milliseconds {master} 2000",
            f"sentinel failover-timeout {master} 10000",
        ]
        config = folder / "sentinel.conf"  # it writes there what it learns
        config.write_text("\n".join(lines) + "\n")
        super().__init__("Sentinel", ["redis-server", config, "--sentinel"], log=folder / "sentinel.log")
