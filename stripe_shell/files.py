"""Writing files: whole or not at all, through links, and into devices and pipes instead of in their place."""

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

Path = str | os.PathLike[str]

#: So many links are followed, as the kernel does.
_MOST_LINKS = 40

#: So many random names are tried for a partial file.
_MOST_NAMES = 100

_OWN_STREAMS = pattern(r"/dev/fd|/proc/(?P<process>[0-9]+)(?:/task/[0-9]+)?/fd")


class OutputFile:
    """A UTF-8 text file in the making: write to `stream`, then `commit` it, or `discard` it.

    A regular file is written beside its target and renamed in `commit`, so that the target is replaced in one step and
    keeps its mode; a second hard link to it keeps the old content. Links are followed and stay. A device, a pipe or a
    stream of this process (`/dev/stdout`, `/dev/fd/N`) is written into as the text comes.

    `private`: the file gets the mode 0600 and is on the disk before it stands under its name. `errors` is for what
    UTF-8 cannot hold. Raises OSError whose `strerror` says what to do.
    """

    def __init__(self, path: Path, *, private: bool = False, errors: str = "strict") -> None:
        self._private = private
        self._partial = ""
        self._target = ""
        found = _inspect(path)
        if isinstance(found, int):
            descriptor = _duplicate(found)
        elif found.special:
            descriptor = _open_special(path, found)
        else:
            self._target = found.path
            self._partial, descriptor = _create_partial(found, private=private)
        self.stream: TextIO = io.TextIOWrapper(open(descriptor, "wb"), "utf-8", errors=errors, newline="")  # noqa: SIM115

    def commit(self) -> None:
        """Write what is left, and put the file under its name."""
        self.stream.flush()
        if self._partial and self._private:
            os.fsync(self.stream.fileno())
        self.stream.close()
        if self._partial:
            os.replace(self._partial, self._target)
            self._partial = ""

    def discard(self) -> None:
        """Leave no partial file behind; what a device or a pipe has taken stays taken."""
        with suppress(OSError):
            self.stream.close()
        if self._partial:
            with suppress(OSError):
                os.unlink(self._partial)
            self._partial = ""


def write_text(path: Path, text: str, *, private: bool = False, errors: str = "strict") -> None:
    """Write a text as `OutputFile` does. Raises OSError, and UnicodeEncodeError for what UTF-8 cannot hold."""
    file = OutputFile(path, private=private, errors=errors)
    try:
        file.stream.write(text)
        file.commit()
    except BaseException:
        file.discard()
        raise


def create_text(path: Path, text: str) -> None:
    """Write a text to a new file. Raises FileExistsError for anything that stands there, a dangling link too."""
    content = text.encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
    except BaseException:
        os.unlink(path)
        raise


def append_private(path: Path, content: bytes) -> None:
    """Add bytes at the end of a file (0600), which is created. Does not wait for the reader of a pipe.

    The mode of a device is left alone. Raises OSError.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOCTTY | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o600)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def check_writable(path: Path) -> None:
    """Raise the OSError that writing the file would raise, as far as that is known beforehand. Changes nothing."""
    found = _inspect(path)
    if isinstance(found, int):
        os.close(_duplicate(found))


def read_below(folder: Path, path: Path) -> bytes:
    """The content of the regular file `path`, which must lie in `folder` or below once links are followed.

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


def lies_below(folder: Path, path: Path) -> bool:
    """Whether the path, links followed, lies in the folder or below it."""
    real = os.path.realpath(folder)
    return os.path.commonpath((real, os.path.realpath(path))) == real


# --- what stands at a path --------------------------------------------------------------------------------------


class _Found:
    """What stands at a path: `path` is the end of all links, `status` that of what is there, None for nothing."""

    def __init__(self, path: str, status: os.stat_result | None) -> None:
        self.path = path
        self.status = status

    @property
    def special(self) -> bool:
        """Whether it is written into: a device or a pipe."""
        return self.status is not None and not stat.S_ISREG(self.status.st_mode)


def _inspect(path: Path) -> _Found | int:
    """What a text for `path` is written to: a file, or a descriptor of this process."""
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
    """The path with all links followed, the last one may dangle; or the descriptor that it names."""
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
    """A descriptor that this command was started with, once more; what is printed comes before what is written."""
    if not os.get_inheritable(number):
        raise OSError(errno.EBADF, "it is no stream that this command was started with")
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    return os.dup(number)


def _open_special(path: Path, found: _Found) -> int:
    """Open a device or a pipe, provided that it is still the one that was looked at."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NOCTTY)
    status = os.fstat(descriptor)
    if found.status is None or (status.st_dev, status.st_ino) != (found.status.st_dev, found.status.st_ino):
        os.close(descriptor)
        raise OSError(errno.EBUSY, "it was changed meanwhile", os.fspath(path))
    return descriptor


def _create_partial(found: _Found, *, private: bool) -> tuple[str, int]:
    """A new file of a random name beside the target, with the owner and the mode that it shall have."""
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


def _copy_rights(status: os.stat_result, descriptor: int) -> None:
    """Give the file owner and mode of the one that it replaces, the owner as far as this person may."""
    own = os.fstat(descriptor)
    if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
        with suppress(OSError):
            os.fchown(descriptor, status.st_uid, status.st_gid)
    with suppress(OSError):
        os.fchmod(descriptor, status.st_mode & 0o777)
