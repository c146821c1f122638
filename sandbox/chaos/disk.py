"""A disk that can be full: a small tmpfs below a running server's folder."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.stack.paths import StackError
from sandbox.stack.stack import Stack

_BLOCK = 4096


class SmallDisk:
    """A file system of its own at ``folder`` while the block runs; its files are gone afterwards. Needs root.

    :param folder: what it holds is out of sight meanwhile.
    :param size: in MiB, of memory as it fills.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._size = size
        self._filler = folder / "filler"

    def __enter__(self) -> Self:
        """
        :raises StackError: this machine lets nobody mount, as in most containers.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={self._size}m,mode=700", "tmpfs", str(self._folder))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _run("umount", "--lazy", str(self._folder))  # a server may have files open yet

    def fill(self) -> None:
        """Leave no byte free, whatever others write meanwhile."""
        with self._filler.open("ab") as file:
            while free := _free(self._folder):
                # Half of it, since all of it is given or nothing, and a server may have taken some in between.
                with contextlib.suppress(OSError):
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), max(free // 2, _BLOCK))

    def clear(self) -> None:
        """Give the room back."""
        self._filler.unlink(missing_ok=True)


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_bsize


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"{' '.join(command)}: {done.stderr.strip() or 'failed'}")


@contextlib.contextmanager
def redis_on_small_disk(stack: Stack, say: Callable[[str], None], size: int = 512) -> Iterator[SmallDisk | None]:
    """Let the stack's Redis begin anew on a disk that can be full; its data is gone before and afterwards.

    :param say: is told where no file system can be mounted; Redis stays as it is then.
    :param size: in MiB; an append-only file needs its room twice while Redis rewrites it.
    """
    small = SmallDisk(stack.folder / "redis", size)
    disk: SmallDisk | None = small
    stack.redis.stop()
    try:
        with contextlib.ExitStack() as mounted:
            try:
                mounted.enter_context(small)
            except StackError as error:
                say(f"Redis's disk will not be full: {error}")
                disk = None
            stack.redis.start().wait_ready()
            try:
                yield disk
            finally:
                stack.redis.stop()
    finally:
        stack.redis.start().wait_ready()
