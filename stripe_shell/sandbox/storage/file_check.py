"""Looks at a file before it is opened, so that a file of another program, or of a later version, is left as it is.

Opening a SQLite file to write may change it before its first row is read: a log is created beside it, or copied into
it.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from stripe_shell.errors import ConfigurationError

#: The beginning of every SQLite file, and the place of its `user_version` (https://www.sqlite.org/fileformat.html).
_MAGIC: Final = b"SQLite format 3\0"
_VERSION: Final = slice(60, 64)


def check_file(path: str, supported: tuple[int, ...]) -> None:
    """Raises ConfigurationError for a file that is none of the sandbox's, or of a later version. Changes nothing.

    Accepted are files that are missing or empty, and those that only SQLite itself can tell, such as one whose creation
    was interrupted.
    """
    head = _head_of(path)
    if not head:
        return
    if not head.startswith(_MAGIC):
        raise ConfigurationError(f"{path} is no sandbox file (it is no SQLite file at all); name another one")
    version = int.from_bytes(head[_VERSION], "big", signed=True)
    if version in supported:
        version = _version_in_log(path, version)
    elif version == 0 and Path(f"{path}-journal").exists():
        return
    if version not in supported:
        raise unsupported(path, version, supported[-1])


def unsupported(path: str | None, version: int, current: int) -> ConfigurationError:
    """Returns the error for a file of another program or version."""
    return ConfigurationError(
        f"{path} is not a sandbox file of this version (it has {version}, this is {current}); "
        "name another file, or remove it to begin anew"
    )


def is_read_only(path: str) -> bool:
    """Whether the file exists and can be read, but not written."""
    return Path(path).is_file() and not os.access(path, os.W_OK)


def read_only_address(path: str) -> str:
    """Returns the URI under which SQLite only reads the file; without a log beside it, nothing is created there."""
    mode = "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"
    return f"file:{quote(path)}?{mode}"


def _head_of(path: str) -> bytes:
    """Returns the first bytes of the file; nothing if it is missing, or no file. Raises ConfigurationError."""
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            return b""
        with Path(path).open("rb") as file:
            return file.read(100)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise ConfigurationError(f"the sandbox file {path} cannot be used: {error.strerror}") from error


def _version_in_log(path: str, version: int) -> int:
    """Returns the version that the log beside the file gives it, else that of the file."""
    if not Path(f"{path}-wal").exists():
        return version
    try:
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=1)) as connection:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            return int(found)
    except sqlite3.Error:
        return version
