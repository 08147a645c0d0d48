"""Writes files atomically, following symbolic links, and writes into devices and pipes directly."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import sys
from contextlib import suppress
from typing import TextIO

from stripe_shell.patterns import pattern

FilePath = str | os.PathLike[str]

#: The limit of symbolic links that are followed, the same as the kernel's.
_MOST_LINKS = 40

#: The limit of random names that are tried for a partial file.
_MOST_NAMES = 100

_PARTIAL_NAME = pattern(r"\.stripe-shell-[0-9a-f]{16}\.partial")

_OWN_STREAMS = pattern(r"/dev/fd|/proc/(?P<process>[0-9]+)(?:/task/[0-9]+)?/fd")


class OutputFile:
    """A UTF-8 text file to write: write to `stream`, then call `commit` or `discard`.

    A regular file is written next to its target and renamed in `commit`, so that the target is replaced atomically and
    keeps its mode; another hard link to the target keeps the old content. A file
    that is itself a mount point, as in a container, is overwritten. Symbolic links are followed and kept. A
    device, a pipe or a stream of this process (`/dev/stdout`, `/dev/fd/N`) is written to directly.

    `private`: the file gets mode 0600 and is synced to disk before the rename. `errors` is the error handler for text
    that UTF-8 cannot encode. `partial` is a partial file of an earlier process to go on with. Raises OSError whose
    `strerror` says what to do.
    """

    def __init__(
        self, path: FilePath, *, private: bool = False, errors: str = "strict", partial: PartialFile | None = None
    ) -> None:
        self._private = private
        self._partial = ""
        self._target = ""
        found = _inspect(path)
        if isinstance(found, int):
            descriptor = _duplicate(found)
        elif found.special:
            descriptor = _open_special(path, found)
        elif partial is not None:
            self._target = found.path
            self._partial, descriptor = partial.path, partial.open()
        else:
            self._target = found.path
            self._partial, descriptor = _create_partial(found, private=private)
        self.stream: TextIO = io.TextIOWrapper(open(descriptor, "wb"), "utf-8", errors=errors, newline="")  # noqa: SIM115

    @property
    def partial(self) -> str:
        """Returns the path of the partial file; empty for a device or a pipe."""
        return self._partial

    def commit(self) -> None:
        """Flushes the stream and renames the partial file to its target."""
        self.stream.flush()
        if self._partial and self._private:
            os.fsync(self.stream.fileno())
        self.stream.close()
        if self._partial:
            _rename(self._partial, self._target)
            self._partial = ""

    def discard(self) -> None:
        """Removes the partial file; what was written to a device or a pipe cannot be undone."""
        with suppress(OSError):
            self.stream.close()
        if self._partial:
            with suppress(OSError):
                os.unlink(self._partial)
            self._partial = ""


class PartialFile:
    """A partial file that an earlier process left: the first `length` bytes of it."""

    def __init__(self, path: str, length: int) -> None:
        self.path = path
        self.length = length

    def checksum(self) -> int:
        """Returns the CRC-32 of its first bytes. Raises OSError."""
        from zlib import crc32

        checksum, left = 0, self.length
        with open(self.path, "rb") as file:
            while left > 0 and (chunk := file.read(min(left, 1 << 20))):
                checksum = crc32(chunk, checksum)
                left -= len(chunk)
        return checksum

    def open(self) -> int:
        """Cuts off what stands behind its first bytes; returns a descriptor that writes behind them. Raises OSError."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        os.ftruncate(descriptor, self.length)
        os.lseek(descriptor, 0, os.SEEK_END)
        return descriptor


def remove_partial(path: str) -> None:
    """Removes a partial file that a killed process left, with the files of SQLite beside it."""
    if _PARTIAL_NAME.fullmatch(os.path.basename(path)):
        for each in (path, f"{path}-journal", f"{path.removesuffix('.partial')}.compact"):
            with suppress(OSError):
                os.unlink(each)


def write_text(path: FilePath, text: str, *, private: bool = False, errors: str = "strict") -> None:
    """Writes a text as `OutputFile` does. Raises OSError, and UnicodeEncodeError for text that UTF-8 cannot encode."""
    file = OutputFile(path, private=private, errors=errors)
    try:
        file.stream.write(text)
        file.commit()
    except BaseException:
        file.discard()
        raise


def create_text(path: FilePath, text: str) -> None:
    """Writes a text to a new file. Raises FileExistsError if the path exists, even as a dangling link."""
    content = text.encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
    except BaseException:
        os.unlink(path)
        raise


def append_private(path: FilePath, content: bytes) -> None:
    """Appends bytes to a file, which is created if missing and gets mode 0600. Never blocks on a pipe without a reader.

    The mode of a device is kept. Raises OSError.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOCTTY | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o600)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def check_writable(path: FilePath) -> None:
    """Raises the OSError that writing the file would raise, as far as it can be known. Changes nothing."""
    found = _inspect(path)
    if isinstance(found, int):
        os.close(_duplicate(found))


def read_below(folder: FilePath, path: FilePath) -> bytes:
    """Returns the content of the regular file `path`, which must be inside `folder` once links are resolved.

    Raises OSError.
    """
    real = os.path.realpath(path)
    if not lies_below(folder, real):
        raise PermissionError(errno.EPERM, f"it leads out of the folder {os.path.realpath(folder)}", os.fspath(path))
    descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NOCTTY | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", os.fspath(path))
        return file.read()


def lies_below(folder: FilePath, path: FilePath) -> bool:
    """Whether the path, with links resolved, is inside the folder."""
    real = os.path.realpath(folder)
    return os.path.commonpath((real, os.path.realpath(path))) == real


# --- what stands at a path --------------------------------------------------------------------------------------


class _Found:
    """The target of a path: `path` with all links resolved, and its `status`, None if nothing exists there."""

    def __init__(self, path: str, status: os.stat_result | None) -> None:
        self.path = path
        self.status = status

    @property
    def special(self) -> bool:
        """Whether the target is a device or a pipe, which is written to directly."""
        return self.status is not None and not stat.S_ISREG(self.status.st_mode)


def _inspect(path: FilePath) -> _Found | int:
    """Returns the target of `path`: a file, or the number of a descriptor of this process.

    Raises OSError if it cannot be written.
    """
    target = _follow(os.fspath(path))
    if isinstance(target, int):
        return target
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        status = None
    found = _Found(target, status)
    folder = os.path.dirname(target)
    if status is None or not found.special:
        _check_folder(folder)
    if status is None:
        return found
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder; name a file in it", os.fspath(path))
    if stat.S_ISSOCK(status.st_mode):
        raise OSError(errno.ENXIO, "it is a socket, which takes no file; name another one", os.fspath(path))
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
    return found


def _check_folder(folder: str) -> None:
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, f"there is no such folder: {folder}; create it first", folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        words = f"{os.strerror(errno.EACCES)}: the folder {folder} takes no new file"
        raise PermissionError(errno.EACCES, words, folder)


def _follow(path: str) -> str | int:
    """Returns the path with all links resolved (the last one may dangle), or the descriptor that it names."""
    if not path or "\0" in path:
        raise FileNotFoundError(errno.ENOENT, "this is no name of a file", path)
    for _ in range(_MOST_LINKS):
        folder, name = os.path.split(path.rstrip("/") or "/")
        folder = os.path.realpath(folder)
        owner = _OWN_STREAMS.fullmatch(folder)
        if owner and owner["process"] in {None, str(os.getpid())} and re.fullmatch(r"[0-9]{1,9}", name):
            return int(name)
        path = os.path.join(folder, name)
        try:
            path = os.path.join(folder, os.readlink(path))
        except OSError:
            return path
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


# --- how it is opened -------------------------------------------------------------------------------------------


def _duplicate(number: int) -> int:
    """Returns a duplicate of an inherited descriptor, after flushing standard output and standard error."""
    if not os.get_inheritable(number):
        raise OSError(errno.EBADF, "it is no stream that this command was started with")
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    return os.dup(number)


def _open_special(path: FilePath, found: _Found) -> int:
    """Opens a device or a pipe. Raises OSError if it is no longer the one that `_inspect` saw."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NOCTTY)
    status = os.fstat(descriptor)
    if found.status is None or (status.st_dev, status.st_ino) != (found.status.st_dev, found.status.st_ino):
        os.close(descriptor)
        raise OSError(errno.EBUSY, "it was changed meanwhile", os.fspath(path))
    return descriptor


def _create_partial(found: _Found, *, private: bool) -> tuple[str, int]:
    """Creates a file with a random name next to the target, with its owner and mode; returns name and descriptor."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    for _ in range(_MOST_NAMES):
        name = os.path.join(os.path.dirname(found.path), f".stripe-shell-{os.urandom(8).hex()}.partial")
        try:
            descriptor = os.open(name, flags, 0o600 if private or found.status else 0o666)
        except FileExistsError:
            continue
        if found.status is not None and not private:
            _copy_rights(found.status, descriptor)
        return name, descriptor
    raise FileExistsError(errno.EEXIST, "no name is free for a partial file beside it", found.path)


def _rename(partial: str, target: str) -> None:
    """Renames the partial file to its target; overwrites a target that is a mount point, which no rename replaces."""
    try:
        os.replace(partial, target)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        with open(partial, "rb") as source, open(target, "r+b") as file:
            file.write(source.read())
            file.truncate()
        os.unlink(partial)


def _copy_rights(status: os.stat_result, descriptor: int) -> None:
    """Copies owner and mode of the replaced file to the new one, as far as permissions allow."""
    own = os.fstat(descriptor)
    if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
        with suppress(OSError):
            os.fchown(descriptor, status.st_uid, status.st_gid)
    with suppress(OSError):
        os.fchmod(descriptor, status.st_mode & 0o777)
