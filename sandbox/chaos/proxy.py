"""A TCP proxy that cuts connections, slows them down, or resets them in the middle of an answer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from types import TracebackType
from typing import Self

from sandbox.stack.processes import free_port

_CHUNK = 65536
#: SO_LINGER on, zero seconds: closing sends RST, as a crashed peer or a firewall does.
_RESET = struct.pack("ii", 1, 0)


class _Connection:
    """One client's connection and the one behind it."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._writers = (client, server)
        #: What the client asked for since it heard something.
        self.asked = b""

    def reset(self) -> None:
        for writer in self._writers:
            raw = writer.get_extra_info("socket")
            if raw is not None:
                with contextlib.suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()

    def close(self) -> None:
        for writer in self._writers:
            with contextlib.suppress(OSError):
                writer.close()


class FaultProxy:
    """Listens on a port of its own of 127.0.0.1 and passes on to ``target``; faults hold for all its connections.

    A context manager. Its methods may be called from any thread.

    :param target: port of 127.0.0.1.
    """

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.resets_done = 0
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._connections: set[_Connection] = set()
        self._resets_to_come = 0
        self._reset_questions = b""
        self._slow_until = 0.0
        self._bytes_per_second = 0

    def cut(self) -> None:
        """Reset every connection; new ones are taken."""
        self._loop.call_soon_threadsafe(self._cut)

    def reset_answers(self, count: int, *, to: bytes = b"") -> None:
        """Reset the connections of the next ``count`` answers in the middle: the server has done what it was asked.

        :param to: only answers to questions in which this occurs.
        """
        self._reset_questions = to
        self._resets_to_come = count

    def slow(self, seconds: float, bytes_per_second: int = 1000) -> None:
        """Pass on answers at this speed for so many seconds."""
        self._bytes_per_second = bytes_per_second
        self._slow_until = time.monotonic() + seconds

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    def _cut(self) -> None:
        for connection in list(self._connections):
            connection.reset()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()  # as a port on which nobody listens
            return
        connection = _Connection(writer, server_writer)
        self._connections.add(connection)
        ways = [
            asyncio.ensure_future(self._ask(reader, server_writer, connection)),
            asyncio.ensure_future(self._answer(server_reader, writer, connection)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            connection.close()
            self._connections.discard(connection)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: _Connection) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                connection.asked += data
                writer.write(data)
                await writer.drain()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: _Connection
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                asked = connection.asked
                if asked and self._reset_questions in asked and self._resets_to_come > 0:
                    self._resets_to_come -= 1
                    self.resets_done += 1
                    writer.write(data[: len(data) // 2])
                    await writer.drain()
                    connection.reset()
                    return
                connection.asked = b""
                await self._pass_on(data, writer)

    async def _pass_on(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        while data and time.monotonic() < self._slow_until:
            piece, data = data[:100], data[100:]
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(len(piece) / self._bytes_per_second)
        writer.write(data)
        await writer.drain()
