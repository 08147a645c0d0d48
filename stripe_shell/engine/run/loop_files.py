"""The files of a loop: one for each `@out` whose name is the same for every row, with the rows' lines in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from itertools import groupby, islice
from typing import Any

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.loop_outputs import lines_id, shared_blocks
from stripe_shell.engine.outcome import Outcome, WrittenFile
from stripe_shell.engine.run.row_lines import RowLines
from stripe_shell.engine.run.rows import RowOutput
from stripe_shell.engine.scope import Scope
from stripe_shell.errors import NotSent
from stripe_shell.lang.ast import Block, Loop
from stripe_shell.records import field, record
from stripe_shell.wire import parse_json

#: So many lines are written at once.
_LINES = 100

#: The label of a file that could not be written to its end.
_LOST = "no file was left behind; the rows are done, and are not sent again"

#: Opens the file of a block in a loop; None if nothing is to be written, as in a plan. Raises NotSent.
OpenFile = Callable[[Block, Scope], RowOutput | None]


@record(frozen=False)
class LoopFile:
    """The file of a block in a loop. After an error, which `problem` tells, it takes what comes and writes nothing.

    `wanted`: there is a file also if it has no line.
    """

    block: Block
    output: RowOutput | None
    wanted: bool = True
    problem: str = ""
    rows: int = 0
    written: WrittenFile | None = None

    def write(self, rows: list[Any]) -> None:
        """Writes rows of JSON data."""
        self.wanted = True
        self.rows += len(rows)
        self._attempt(lambda output: output.sink.write(rows))

    def close(self) -> None:
        """Moves the file to its name."""
        if not self.wanted:
            self.discard()
        output = self.output
        self._attempt(lambda output: output.sink.close())
        if output is not None and self.output is not None:
            self.written = WrittenFile(self.block, output.path, self.rows, output.sink.left_out())
        self.output = None

    def discard(self) -> None:
        """Removes the incomplete file."""
        if self.output is not None:
            self.output.sink.discard()
        self.output = None

    def _attempt(self, action: Callable[[RowOutput], None]) -> None:
        if self.output is None:
            return
        try:
            action(self.output)
        except OSError as error:
            self.problem = f"{self.output.path} cannot be written: {error.strerror or error}"
            self.discard()


@record(frozen=False)
class LoopFiles:
    """The open files of a loop, by the id of their lines."""

    files: Mapping[str, LoopFile] = field(default_factory=dict)

    @property
    def blocks(self) -> Set[int]:
        """Returns the `id`s of the blocks whose rows go into these files."""
        return {id(file.block) for file in self.files.values()}

    def partials(self) -> list[str]:
        """Returns the paths of the incomplete files."""
        outputs = [file.output for file in self.files.values()]
        return [output.sink.partial for output in outputs if output is not None and output.sink.partial]

    def take(self, lines: RowLines, around: RowLines) -> None:
        """Writes the lines of a row; hands those for the file of a loop around this one to the row `around`."""
        for file, group in groupby(lines, key=lambda line: line[0]):
            texts = (text for _, text in group)
            if file not in self.files:
                for text in texts:
                    around.add(file, text)
                continue
            while rows := [parse_json(text) for text in islice(texts, _LINES)]:
                self.files[file].write(rows)
        lines.clear()

    def close(self) -> list[Outcome]:
        """Moves the files to their names; returns an outcome for each that could not be written."""
        for file in self.files.values():
            file.close()
        return [_failed(file.block, file.problem, _LOST) for file in self.files.values() if file.problem]

    @property
    def written(self) -> list[WrittenFile]:
        """Returns the files that were written, when they are closed."""
        return [file.written for file in self.files.values() if file.written is not None]


def open_files(
    loop: Loop, scope: Scope, around: Set[int], open_file: OpenFile, *, wanted: bool
) -> tuple[LoopFiles, list[Outcome]]:
    """Opens the files of a loop, but for the blocks whose `id`s are in `around`: a loop around it has their files.

    Returns no files, and an outcome, if one of them cannot be opened. `wanted`: see `LoopFile`.
    """
    files: dict[str, LoopFile] = {}
    for block, output in shared_blocks(loop):
        if id(block) in around:
            continue
        try:
            files[lines_id(output)] = LoopFile(block, open_file(block, scope), wanted)
        except NotSent as error:
            for file in files.values():
                file.discard()
            return LoopFiles(), [_failed(block, str(error), "no row was sent")]
    return LoopFiles(files), []


def _failed(block: Block, problem: str, label: str) -> Outcome:
    """Returns the outcome of a block whose file cannot be written."""
    return Outcome(block, "failed", diagnostics=(Diagnostic("E303", problem, block.connection_span, label=label),))
