"""Writes a run as JSON Lines while it goes on, so that a run that is killed has its report."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stripe_shell.batch.reports.json import summary_of
from stripe_shell.batch.reports.record import Report, ReportEntry
from stripe_shell.batch.row_cells import row_cells
from stripe_shell.engine.outcome import RowResult
from stripe_shell.errors import UsageError
from stripe_shell.escaping import visible_json
from stripe_shell.records import as_dict
from stripe_shell.secrets import Secrets


class LiveReport:
    """A report in JSON Lines: what kind of line it is stands in `type`.

    `start` is the first line and `end`, with the counts, the last one of a run that was not killed. In between there is
    a `step` for each block, and a `row` for each row of a loop when it has ended; `rows` counts those that an earlier
    process finished, and those that were not reached. Each line is on its way to the file
    before the next block runs. After an error nothing more is written, and `problem` says why.
    """

    def __init__(self, path: Path, title: str, began: float, masks: Callable[[], Secrets]) -> None:
        """Empties the file and writes the first line. Raises UsageError if the file cannot be written."""
        self.problem = ""
        self._path = path
        self._masks = masks
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise UsageError(f"the report {path} cannot be written: {error.strerror or error}") from error
        self._write("start", {"title": title, "began": began})

    def entry(self, entry: ReportEntry) -> None:
        """Writes a block that has ended."""
        self._write("step", {name: value for name, value in as_dict(entry).items() if value not in ("", None, [])})

    def row(self, result: RowResult) -> None:
        """Writes a row that has ended, or how many an earlier process finished or none reached."""
        if not result.name:
            self._write("rows", {"status": result.status, "count": result.count})
        elif result.status != "not run":
            cells = {name.removeprefix("_"): value for name, value in row_cells(result).items()}
            self._write("row", {"row": result.name, "key": result.key, **cells})

    def end(self, report: Report) -> None:
        """Writes the counts and closes the file. Raises UsageError if the file could not be written."""
        self._write("end", summary_of(report))
        os.close(self._file)
        if self.problem:
            raise UsageError(f"the report {self._path} cannot be written: {self.problem}")

    def _write(self, kind: str, facts: Mapping[str, Any]) -> None:
        if self.problem:
            return
        masked = self._masks().mask_data(json.loads(json.dumps(facts)))
        text = visible_json(json.dumps({"type": kind, **masked}, ensure_ascii=False))
        line = text.encode(errors="backslashreplace") + b"\n"
        try:
            while line:
                line = line[os.write(self._file, line) :]
        except OSError as error:
            self.problem = error.strerror or str(error)
