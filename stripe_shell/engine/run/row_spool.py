"""The rows of a long list that only loops go through: in a temporary file, so that the list may be of any length."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence, Set
from typing import Any

from stripe_shell.engine.fields import FieldSteps, picked
from stripe_shell.json_text import json_text
from stripe_shell.wire import parse_json

_BLOCK = 1 << 16


class RowSpool:
    """The rows of a list, each with the fields on `paths`; an empty path among them keeps the whole row.

    It may be read by several threads once it is written.
    """

    def __init__(self, paths: Set[FieldSteps]) -> None:
        from tempfile import TemporaryFile  # imported with the first list

        self._paths = paths
        self._file = TemporaryFile()  # noqa: SIM115 (lives as long as the spool)

    def add(self, rows: Sequence[Any]) -> None:
        """Adds rows. Raises OSError."""
        for row in rows:
            kept = picked(row, self._paths) if isinstance(row, dict) and () not in self._paths else row
            self._file.write(json_text(kept).encode(errors="surrogatepass") + b"\n")

    def __iter__(self) -> Iterator[Any]:
        """Yields the rows. Raises OSError."""
        self._file.flush()
        position, rest = 0, b""
        while block := os.pread(self._file.fileno(), _BLOCK, position):
            position += len(block)
            *lines, rest = (rest + block).split(b"\n")
            yield from map(parse_json, lines)
