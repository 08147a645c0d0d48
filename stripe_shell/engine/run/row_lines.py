"""The lines that a row of a loop adds to the files of the loop: they wait until it is known how the row ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stripe_shell.engine.fields import ROW, FieldSteps, field_steps, picked, row_columns
from stripe_shell.engine.loop_outputs import lines_id
from stripe_shell.json_text import json_text
from stripe_shell.lang.ast import Output
from stripe_shell.records import field, record
from stripe_shell.secrets import Secrets

if TYPE_CHECKING:
    from tempfile import SpooledTemporaryFile

#: Lines of more bytes are kept in a temporary file.
_MOST_IN_MEMORY = 1 << 20


@record(frozen=False)
class RowLines:
    """The lines of one row, in order, each with the id of the file that it is for.

    `values` are the columns of the row, and of the rows of the loops around it.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    _file: SpooledTemporaryFile[bytes] | None = None
    _begun: dict[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self._file is not None

    def begin(self, file: str) -> None:
        """Begins the lines of a file. Lines that were begun for it before are dropped: its block runs again."""
        if file in self._begun:
            self._cut(self._begun[file])
        self._begun[file] = self._file.tell() if self._file is not None else 0

    def add(self, file: str, text: bytes) -> None:
        """Adds a line: one JSON value."""
        if self._file is None:
            from tempfile import SpooledTemporaryFile  # imported with the first line

            self._file = SpooledTemporaryFile(_MOST_IN_MEMORY)  # noqa: SIM115 (closed in clear)
        self._file.write(file.encode() + b" " + text + b"\n")

    def extend(self, lines: RowLines) -> None:
        """Adds the lines of a row of a loop in the loop."""
        for file, text in lines:
            self.add(file, text)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        if self._file is None:
            return
        self._file.seek(0)
        for line in self._file:
            file, _, text = line.rstrip(b"\n").partition(b" ")
            yield file.decode(), text

    def clear(self) -> None:
        """Drops all lines."""
        if self._file is not None:
            self._file.close()
        self._file = None
        self._begun.clear()

    def sink(self, output: Output, masks: Callable[[], Secrets]) -> LineSink:
        """Returns what takes the rows of a response as lines of the row."""
        return LineSink(self, output, masks)

    def _cut(self, length: int) -> None:
        if self._file is not None:
            self._file.seek(length)
            self._file.truncate()


class LineSink:
    """Takes the rows of a response as lines for the file of a loop; a `RowSink`."""

    def __init__(self, lines: RowLines, output: Output, masks: Callable[[], Secrets]) -> None:
        self._lines = lines
        self._file = lines_id(output)
        self._masks = masks
        paths = set(map(field_steps, output.fields))
        self._choose: Callable[[Any], Any] = _chooser(paths) if paths and () not in paths else lambda row: row
        self._adds_row = bool(row_columns(output))
        lines.begin(self._file)

    def write(self, rows: Sequence[Any], *, plain: bool = False) -> None:
        """Adds rows of JSON data, with what the fields show of them, and secrets masked. Raises OSError."""
        for row in rows:
            line = {**row, ROW: dict(self._lines.values)} if self._adds_row and isinstance(row, dict) else row
            self._lines.add(self._file, line_text(self._choose(line), self._masks()))

    @property
    def partial(self) -> str:
        """Returns no path."""
        return ""

    def position(self) -> None:
        """Returns None: the lines of a row that is run again are made again."""

    def left_out(self) -> tuple[str, ...]:
        """Returns nothing: the file of the loop tells."""
        return ()

    def close(self, around: Any = None) -> None:
        """Does nothing."""

    def keep(self) -> None:
        """Drops the lines."""
        self.discard()

    def discard(self) -> None:
        """Drops the lines."""
        self._lines.begin(self._file)


def line_text(row: Any, masks: Secrets) -> bytes:
    """Returns a row as JSON, secrets masked."""
    return json_text(masks.mask_data(row)).encode(errors="surrogatepass")


def _chooser(paths: set[FieldSteps]) -> Callable[[Any], Any]:
    return lambda row: picked(row, paths) if isinstance(row, dict) else row
