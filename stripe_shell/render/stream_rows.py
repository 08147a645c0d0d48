"""Writes the rows of a long list to standard output as they come, in the format in which the whole would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stripe_shell.engine.run.row_target import RowSink, RowTarget
from stripe_shell.render.formats.json import compact_json, indented_json
from stripe_shell.render.row_text import CsvLines, json_lines

if TYPE_CHECKING:
    from stripe_shell.render.console import Console

#: The formats whose rows can be written before the last one is known.
STREAMED = ("csv", "json", "jsonl")


def stream_rows(console: Console, format_name: str | None, target: RowTarget) -> RowSink | None:
    """Returns what writes rows to the console; None if its format needs all rows, as a table does."""
    name = format_name or "json"
    if console.terminal or name not in STREAMED:
        return None
    if name == "csv":
        return _CsvStream(console, target) if target.columns else None
    return _JsonStream(console, target) if name == "json" else _Stream(console, target)


class _Stream:
    """Writes JSON Lines."""

    def __init__(self, console: Console, target: RowTarget) -> None:
        self._console = console
        self._target = target

    def write(self, rows: Sequence[Any], *, plain: bool = False) -> None:
        """Writes rows, secrets masked. Raises OSError."""
        text = self._text(rows, plain)
        searched = self._searched(text)
        if self._console.secrets.mask(searched) != searched:
            text = self._text(self._console.secrets.mask_data(list(rows)), plain=False)
        if text:
            self._console.result(text.removesuffix("\n"))

    def _text(self, rows: Sequence[Any], plain: bool) -> str:
        return json_lines(rows, plain=plain)

    def _searched(self, text: str) -> str:
        return text

    @property
    def partial(self) -> str:
        """Returns no path."""
        return ""

    def position(self) -> Mapping[str, Any] | None:
        """Returns None: what was written to standard output is gone."""
        return None

    def left_out(self) -> tuple[str, ...]:
        """Returns the names of members that have no column."""
        return ()

    def close(self, around: Any = None) -> None:
        """Writes the end of the format."""

    def keep(self) -> None:
        """Does nothing."""

    def discard(self) -> None:
        """Does nothing."""


class _CsvStream(_Stream):
    """Writes CSV with the columns of the description."""

    def __init__(self, console: Console, target: RowTarget) -> None:
        super().__init__(console, target)
        self._lines = CsvLines(column.name for column in target.columns)
        self._begun = False

    def write(self, rows: Sequence[Any], *, plain: bool = False) -> None:
        """Writes rows, behind the names of the columns. Raises OSError."""
        if not self._begun:
            self._begun = True
            self._console.result(self._lines.header().removesuffix("\n"))
        super().write(rows, plain=plain)

    def _text(self, rows: Sequence[Any], plain: bool) -> str:
        return self._lines.text(rows)

    def _searched(self, text: str) -> str:
        return text.replace('""', '"')


class _JsonStream(_Stream):
    """Writes the list as one JSON value, as if its pages were one. The last row waits for what stands behind it."""

    def __init__(self, console: Console, target: RowTarget) -> None:
        super().__init__(console, target)
        self._waiting = ""

    def write(self, rows: Sequence[Any], *, plain: bool = False) -> None:
        """Writes rows, and before the first one what stands in front of the rows. Raises OSError."""
        if not rows:
            return
        if self._waiting:
            self._console.result(f"{self._waiting},")
        else:
            form = self._target.form
            self._console.result("{" if form == "v2_list" else f'{{\n  "object": "{form}",')
            self._console.result('  "data": [')
        *texts, self._waiting = [self._row(row) for row in rows]
        if texts:
            self._console.result(",\n".join(texts) + ",")

    def close(self, around: Any = None) -> None:
        """Writes the last row and the members behind the rows. Raises OSError."""
        if not self._waiting:
            self._console.render(around, "json")
            return
        names = list(around)
        behind = {name: around[name] for name in names[names.index("data") + 1 :]}
        members = [f"  {compact_json(name)}: {indented_json(value, 2)}" for name, value in behind.items()]
        end = ",\n".join(["  ]", *members])
        self._console.result(f"{self._waiting}\n{end}\n}}")

    def _row(self, row: Any) -> str:
        return f"    {indented_json(self._console.secrets.mask_data(row), 4)}"
