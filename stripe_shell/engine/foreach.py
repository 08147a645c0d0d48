"""`@foreach` loops: finds and checks the data file, and yields its rows with their scopes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stripe_shell.diagnostics import Diagnostic, closest
from stripe_shell.engine.data_files import BadData, DataRow, FindFile, find_on_disk, read_columns, read_rows
from stripe_shell.engine.evaluate import evaluate_text
from stripe_shell.engine.scope import Scope
from stripe_shell.engine.values import is_deferred
from stripe_shell.lang.ast import ForEach, Loop
from stripe_shell.records import record
from stripe_shell.wire import encode_form

if TYPE_CHECKING:
    from pathlib import Path


@record(frozen=False)
class LoopRow:
    """A row of a loop: the key that identifies its steps, and the scope with its values under the name of the loop.

    `file` is the name of its data file, `around` the scope of the loop.
    """

    data: DataRow
    key: str
    file: str
    name: str
    around: Scope
    _scope: Scope | None = None

    @property
    def scope(self) -> Scope:
        """Returns the scope of the row; it is made when it is first asked for, as rows may be done already."""
        if self._scope is None:
            seed = f"{self.around.seed}/{self.key}"
            self._scope = self.around.with_variable(self.name, dict(self.data.values)).with_seed(seed)
        return self._scope


def header(loop: Loop) -> ForEach:
    """Returns the argument of the loop's `@foreach`."""
    argument = loop.directive.argument
    if not isinstance(argument, ForEach):
        raise TypeError("a loop begins with @foreach")
    return argument


def data_file(loop: Loop, scope: Scope) -> Path | tuple[Diagnostic, ...]:
    """Returns the loop's data file, relative to its script; or the diagnostics if the path cannot be evaluated."""
    evaluated = evaluate_text(header(loop).file, scope)
    if evaluated.problems:
        return evaluated.problems
    if is_deferred(evaluated.value):
        label = "its name must be known before anything is sent"
        return (Diagnostic("E303", "the data file is named by a response", header(loop).file.span, label=label),)
    from pathlib import Path

    return Path(loop.span.source.name).parent / Path(evaluated.value).expanduser()


def failed_file(loop: Loop, scope: Scope) -> Path | tuple[Diagnostic, ...] | None:
    """Returns the file of `failed=`, relative to the script; None without one, or the diagnostics if it cannot be used.

    The data file itself cannot be it: a resumed run would find rows missing.
    """
    written = header(loop).failed
    if written is None:
        return None
    evaluated = evaluate_text(written, scope)
    if evaluated.problems:
        return evaluated.problems
    if is_deferred(evaluated.value):
        label = "its name must be known before anything is sent"
        return (Diagnostic("E303", "the file of failed rows is named by a response", written.span, label=label),)
    from pathlib import Path

    path = Path(loop.span.source.name).parent / Path(evaluated.value).expanduser()
    data = data_file(loop, scope)
    if isinstance(data, Path) and data.resolve() == path.resolve():
        return (Diagnostic("E303", "`failed=` names the data file itself", written.span, label="name another file"),)
    return path


def find_data(loop: Loop, scope: Scope, find_file: FindFile) -> Path | tuple[Diagnostic, ...]:
    """Returns the file to read for the loop's data file; or the diagnostics if there is none."""
    path = data_file(loop, scope)
    if isinstance(path, tuple):
        return path
    try:
        return find_file(path)
    except OSError as error:
        return (_unreadable(loop, path, error),)


def rows_of(loop: Loop, scope: Scope, find_file: FindFile = find_on_disk) -> Iterator[LoopRow]:
    """Yields the rows of the loop in order. Raises BadData or OSError, which `check_data` reports beforehand."""
    path = data_file(loop, scope)
    if isinstance(path, tuple):
        raise BadData(path[0].message)
    yield from _loop_rows(loop, find_file(path), scope)


def _loop_rows(loop: Loop, path: Path, scope: Scope) -> Iterator[LoopRow]:
    argument = header(loop)
    seen: Counter[str] = Counter()
    for data in read_rows(path):
        key = _row_key(data, argument.key, seen)
        yield LoopRow(data, key, path.name, argument.name, scope)


def _row_key(data: DataRow, columns: tuple[str, ...], seen: Counter[str]) -> str:
    """Returns the values of the key columns; without any a hash of the row and an ordinal, which sorting keeps.

    Mutates `seen`.
    """
    if columns:
        return join_key([str(data.values.get(column, "")) for column in columns])
    from hashlib import sha256

    digest = sha256(encode_form(data.values).encode()).hexdigest()[:16]
    seen[digest] += 1
    return f"{digest}/{seen[digest]}"


def join_key(values: Sequence[str]) -> str:
    """Returns one text for the values of the key columns, different for different values; several as a line of CSV."""
    if len(values) == 1:
        return values[0]
    quoted = ['"' + value.replace('"', '""') + '"' if "," in value or '"' in value else value for value in values]
    return ",".join(quoted)


def check_data(loop: Loop, path: Path, counts: dict[int, int]) -> list[Diagnostic]:
    """Returns the problems of the data file: missing, unreadable, without the key column, with a duplicate key.

    Mutates `counts`: sets the number of rows by the `id` of the loop.
    """
    argument = header(loop)
    span = argument.file.span
    try:
        columns = read_columns(path)
        missing = [name for name in argument.key if columns is not None and name not in columns]
        if columns is not None and missing:
            close = closest(missing[0], columns)
            label = f"did you mean `{close}`?" if close else f"it has: {', '.join(columns)}"
            return [Diagnostic("E302", f"{path.name} has no column `{missing[0]}`", argument.span, label=label)]
        return list(_check_keys(loop, path, counts))
    except BadData as error:
        return [Diagnostic("E303", f"{path.name}: {error}", span)]
    except OSError as error:
        return [_unreadable(loop, path, error)]


def _unreadable(loop: Loop, path: Path, error: OSError) -> Diagnostic:
    return Diagnostic("E303", f"`{path}` cannot be read: {error.strerror or error}", header(loop).file.span)


def _check_keys(loop: Loop, path: Path, counts: dict[int, int]) -> Iterator[Diagnostic]:
    """Yields duplicate keys. Reads the whole file and keeps only hashes of the keys, for memory. Mutates `counts`."""
    argument = header(loop)
    known: dict[int, int] = {}
    counts[id(loop)] = 0
    for data in read_rows(path):
        counts[id(loop)] += 1
        if not argument.key:
            continue
        values = [data.values.get(column) for column in argument.key]
        empty = [column for column, value in zip(argument.key, values, strict=True) if value in {None, ""}]
        if empty:
            message = f"{path.name}, row {data.number}: the key column `{empty[0]}` is empty"
            yield Diagnostic("E306", message, argument.span, label="every row needs a key of its own")
            return
        text = join_key([str(value) for value in values])
        first = known.setdefault(hash(text), data.number)
        if first != data.number:
            message = f"{path.name}: rows {first} and {data.number} have the key `{text}`"
            yield Diagnostic("E306", message, argument.span, label="a key may occur once")
            return


def columns_of(path: Path) -> tuple[str, ...] | None:
    """Returns the columns of the rows, of a JSON file those of its first; None if it is empty or cannot be read."""
    try:
        columns = read_columns(path)
        if columns is not None:
            return columns
        first = next(read_rows(path), None)
        return tuple(first.values) if first else None
    except (BadData, OSError):
        return None
