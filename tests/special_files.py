"""Pipes, devices and terminals that belong to one test, and what is to be seen of them afterwards."""

from __future__ import annotations

import fcntl
import os
import pty
import stat
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


class Node:
    """A pipe, a null device or a terminal at `path`; `received` is what was written into it."""

    def __init__(self, path: Path, reader: int | None) -> None:
        self.path = path
        self.reader = reader
        self._content = b""
        self._before = self._identity()

    @property
    def received(self) -> bytes | None:
        """What has arrived; None for a device that keeps nothing."""
        if self.reader is None:
            return None
        with suppress(OSError):  # there is no more for now, or the other end is closed
            while chunk := os.read(self.reader, 1 << 16):
                self._content += chunk
        return self._content

    def assert_untouched(self) -> None:
        """The node, and a link to it, are the ones that were there, with the mode that they had."""
        assert self._identity() == self._before

    def _identity(self) -> list[tuple[int, int, int]]:
        found = (self.path.lstat(), self.path.stat())
        return [(status.st_dev, status.st_ino, status.st_mode) for status in found]


@contextmanager
def pipe(path: Path) -> Iterator[Node]:
    """A named pipe with a reader whose buffer takes a whole report."""
    os.mkfifo(path, 0o644)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 1 << 20)
    try:
        yield Node(path, reader)
    finally:
        os.close(reader)


@contextmanager
def linked_pipe(path: Path) -> Iterator[Node]:
    """A link to a link to a named pipe."""
    inner = path.with_name("inner-pipe")
    with pipe(inner) as node:
        path.with_name("middle").symlink_to("inner-pipe")
        path.symlink_to("middle")
        yield Node(path, node.reader)


@contextmanager
def null_device(path: Path) -> Iterator[Node]:
    """A device of the test's own that is what the machine's null device is."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o644, os.makedev(1, 3))
        os.close(os.open(path, os.O_WRONLY))
    except PermissionError:
        path.unlink(missing_ok=True)
        pytest.skip("no device may be made here: mknod of a null device")
    yield Node(path, None)


@contextmanager
def terminal(path: Path, content: bytes = b"") -> Iterator[Node]:
    """A link to a terminal, at which `content` and the end of the input were typed."""
    master, slave = pty.openpty()
    settings = termios.tcgetattr(slave)
    settings[0], settings[1] = 0, 0
    settings[3] = termios.ICANON
    termios.tcsetattr(slave, termios.TCSANOW, settings)
    os.set_blocking(master, False)
    path.symlink_to(os.ttyname(slave))
    if content:
        os.write(master, content + b"\x04")
    try:
        yield Node(path, master)
    finally:
        os.close(master)
        os.close(slave)


NODES = {"pipe": pipe, "linked pipe": linked_pipe, "null device": null_device}
