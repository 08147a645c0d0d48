"""Rows of a loop that became known in the run, kept in its folder, so that a resume has the same ones."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from stripe_shell.engine.data_files import DataRow
from stripe_shell.errors import NotSent
from stripe_shell.json_text import json_text
from stripe_shell.wire import parse_json


def write_kept_rows(folder: Path, loop: str, rows: Iterable[DataRow]) -> None:
    """Writes the rows of a loop, all or none of them.

    Raises NotSent if the file cannot be written, and what the iteration of `rows` raises.
    """
    path = _path(folder, loop)
    part = path.with_suffix(".part")
    with _keeping(folder):
        file = _open_private(part)
    with file:
        for row in rows:
            line = json_text([row.number, row.values]).encode(errors="surrogatepass")
            with _keeping(folder):
                file.write(line + b"\n")
        with _keeping(folder):
            file.flush()
            os.fsync(file.fileno())
    with _keeping(folder):
        part.replace(path)


def forget_kept_rows(folder: Path) -> None:
    """Removes the rows that were kept of all loops."""
    for path in folder.glob("list-*.jsonl"):
        path.unlink(missing_ok=True)


def has_kept_rows(folder: Path, loop: str) -> bool:
    """Whether an earlier process of the run kept the rows of a loop."""
    return _path(folder, loop).exists()


def read_kept_rows(folder: Path, loop: str) -> Iterator[DataRow]:
    """Yields the rows that were kept of a loop. Raises OSError."""
    with _path(folder, loop).open("rb") as file:
        for line in file:
            number, values = parse_json(line)
            yield DataRow(values, number)


@contextmanager
def _keeping(folder: Path) -> Iterator[None]:
    """Raises NotSent for an error of a file in the folder."""
    try:
        yield
    except OSError as error:
        raise NotSent(f"the rows cannot be kept in {folder}: {error.strerror or error}") from error


def _path(folder: Path, loop: str) -> Path:
    return folder / f"list-{sha256(loop.encode(errors='surrogatepass')).hexdigest()[:10]}.jsonl"


def _open_private(path: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "wb")
