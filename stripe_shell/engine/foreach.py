"""`@foreach` loops: finds their rows, in a data file or a saved list, and yields them with their scopes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from typing import TYPE_CHECKING, Any

from stripe_shell.diagnostics import Diagnostic, closest
from stripe_shell.engine.assertions.conditions import evaluate_condition
from stripe_shell.engine.data_files import (
    BadData,
    DataFormat,
    DataRow,
    FindFile,
    find_on_disk,
    guessed_delimiter,
    read_columns,
    read_rows,
)
from stripe_shell.engine.evaluate import evaluate_text
from stripe_shell.engine.fields import FieldSteps, picked, row_columns
from stripe_shell.engine.run.paging import is_list
from stripe_shell.engine.run.row_spool import RowSpool
from stripe_shell.engine.scope import PendingValue, Scope, look_up
from stripe_shell.engine.values import is_deferred
from stripe_shell.lang.ast import Block, Condition, ForEach, Loop, Output, Reference, ScriptItem
from stripe_shell.lang.visit import names_given, nodes_in
from stripe_shell.records import record
from stripe_shell.wire import encode_form

if TYPE_CHECKING:
    from pathlib import Path

#: Returns the rows of a loop's source from the start.
ReadRows = Callable[[], Iterable[DataRow]]


@record(frozen=False)
class LoopRow:
    """A row of a loop: the key that identifies its steps, and the scope with its values under the name of the loop.

    `file` is the name of its data file or list, `around` the scope of the loop.
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


def list_reference(loop: Loop, scope: Scope) -> Reference | None:
    """Returns the reference to the list that a loop goes through; None if it reads a file.

    A reference to a response is one to a list; one to a variable only if its value is a list.
    """
    part = header(loop).file.sole_insertion
    if not isinstance(part, Reference) or part.namespace is not None:
        return None
    if part.name in scope.captures or part.name in scope.deferred or part.name in scope.lost:
        return part
    found = look_up(part, scope)
    return part if not isinstance(found, Diagnostic | PendingValue) and isinstance(found.value, list) else None


def source_name(loop: Loop, scope: Scope) -> str:
    """Returns the name of the source in messages: of the file without its folder, or the list as written."""
    reference = list_reference(loop, scope)
    if reference is not None:
        return reference.raw
    path = data_file(loop, scope)
    return "" if isinstance(path, tuple) else path.name


def list_rows(loop: Loop, reference: Reference, scope: Scope) -> Iterator[DataRow]:
    """Yields the rows of a saved list, each with the fields that the loop refers to. Raises BadData."""
    found = look_up(reference, scope)
    if isinstance(found, Diagnostic):
        raise BadData(found.message)
    value: Any = None if isinstance(found, PendingValue) else found.value
    whole = isinstance(value, dict) and (is_list(value) or isinstance(value.get("data"), RowSpool))
    value = value["data"] if whole else value
    if not isinstance(value, list | RowSpool):
        raise BadData(f"`{reference.raw}` is not a list")
    paths = _paths_of_row(loop)
    for number, row in enumerate(value, start=1):
        if not isinstance(row, dict):
            raise BadData(f"item {number} of `{reference.raw}` is not an object")
        yield DataRow(row if () in paths else picked(row, paths), number)


def spooled_lists(items: Sequence[ScriptItem]) -> dict[str, Set[FieldSteps]]:
    """Returns the names of responses that a script refers to only as the lists of its outermost loops, with the fields
    of rows that these refer to.
    """
    loops = [each for each in items if isinstance(each, Loop)]
    sources = [header(loop).file.sole_insertion for loop in loops]
    references = Counter(each.name for each in nodes_in(tuple(items), Reference) if each.namespace is None)
    found: dict[str, set[FieldSteps]] = {}
    for loop, source in zip(loops, sources, strict=True):
        if isinstance(source, Reference) and source.path in ((), ("data",)) and source.default is None:
            references[source.name] -= 1
            found.setdefault(source.name, set()).update(_paths_of_row(loop))
    given = {name for name, _ in names_given([item for item in items if isinstance(item, Block)], "response")}
    return {name: paths for name, paths in found.items() if name in given and not references[name]}


def _paths_of_row(loop: Loop) -> set[tuple[str | int, ...]]:
    """Returns the paths of a row that its loop refers to, those of its key and of the fields of `@out` among them."""
    argument = header(loop)
    paths: set[tuple[str | int, ...]] = {(column,) for column in argument.key}
    for reference in nodes_in((loop.directive, *loop.items), Reference):
        if reference.namespace is None and reference.name == argument.name:
            paths.add(reference.path)
    for output in nodes_in(loop.items, Output):
        paths.update(row_columns(output))
    return paths


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
    """Yields the rows of the loop in order. Raises BadData or OSError, which the check reports beforehand."""
    yield from loop_rows(loop, scope, read_source(loop, scope, find_file), source_name(loop, scope))


def read_source(loop: Loop, scope: Scope, find_file: FindFile) -> Iterator[DataRow]:
    """Yields the rows of the loop's file or list, those that `where=` leaves out included. Raises BadData, OSError."""
    reference = list_reference(loop, scope)
    if reference is not None:
        yield from list_rows(loop, reference, scope)
        return
    path = data_file(loop, scope)
    if isinstance(path, tuple):
        raise BadData(path[0].message)
    yield from read_rows(find_file(path), format_of(loop))


def format_of(loop: Loop) -> DataFormat:
    """Returns what the loop says about the format of its file."""
    argument = header(loop)
    return DataFormat(argument.delimiter, argument.encoding)


def loop_rows(loop: Loop, scope: Scope, rows: Iterable[DataRow], file: str) -> Iterator[LoopRow]:
    """Yields the rows that `where=` selects, with their keys and scopes. Raises BadData if it has no value in a row."""
    argument = header(loop)
    seen: Counter[str] = Counter()
    for data in rows:
        if argument.where is not None and not _is_selected(argument.where, argument.name, scope, data, file):
            continue
        key = _row_key(data, argument.key, seen)
        yield LoopRow(data, key, file, argument.name, scope)


def _is_selected(where: Condition, name: str, scope: Scope, data: DataRow, file: str) -> bool:
    result = evaluate_condition(where, scope.with_variable(name, dict(data.values)))
    if result.problems:
        raise BadData(f"{file}:{data.number}: {result.problems[0].message}")
    return result.holds is not False


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


def check_data(loop: Loop, path: Path, scope: Scope, counts: dict[int, int]) -> list[Diagnostic]:
    """Returns the problems of the data file: missing, unreadable, without a key column, with a duplicate key.

    A guessed delimiter is a note. Mutates `counts`: sets the number of rows by the `id` of the loop.
    """
    argument, written = header(loop), format_of(loop)
    try:
        found = list(_check_encoding(loop)) or list(_check_columns(loop, path))
        if found:
            return found
        found += _note_delimiter(loop, path)
        return [*found, *check_keys(loop, scope, lambda: read_rows(path, written), path.name, counts)]
    except BadData as error:
        return [Diagnostic("E303", f"{path.name}: {error}", argument.file.span)]
    except OSError as error:
        return [_unreadable(loop, path, error)]


def _check_encoding(loop: Loop) -> Iterator[Diagnostic]:
    argument = header(loop)
    try:
        b"a".decode(argument.encoding or "utf-8")
    except UnicodeDecodeError:
        return  # It exists, and one byte is too little for it.
    except (LookupError, ValueError):
        label = "e.g. `utf-8`, `latin-1`, `cp1252`, `utf-16`"
        yield Diagnostic("E204", f"unknown encoding `{argument.encoding}`", argument.span, label=label)


def _check_columns(loop: Loop, path: Path) -> Iterator[Diagnostic]:
    """Yields E302 for a key column that the file does not have."""
    argument = header(loop)
    columns = read_columns(path, format_of(loop))
    missing = [name for name in argument.key if columns is not None and name not in columns]
    if columns is not None and missing:
        close = closest(missing[0], columns)
        label = f"did you mean `{close}`?" if close else f"it has: {', '.join(columns)}"
        yield Diagnostic("E302", f"{path.name} has no column `{missing[0]}`", argument.span, label=label)


def _note_delimiter(loop: Loop, path: Path) -> Iterator[Diagnostic]:
    """Yields W304 for a delimiter that was guessed."""
    delimiter = guessed_delimiter(path, format_of(loop))
    if delimiter is not None:
        shown = "\\t" if delimiter == "\t" else delimiter
        message = f"{path.name} is read with the delimiter `{shown}`, as its head has one column otherwise"
        label = f'`delimiter="{shown}"` says so'
        yield Diagnostic("W304", message, header(loop).file.span, severity="note", label=label)


def check_source(loop: Loop, scope: Scope, rows: ReadRows, counts: dict[int, int]) -> list[Diagnostic]:
    """Returns the problems of rows that are known: unreadable, or with a key that is empty or there twice."""
    try:
        return list(check_keys(loop, scope, rows, source_name(loop, scope), counts))
    except BadData as error:
        return [Diagnostic("E303", str(error), header(loop).file.span)]
    except OSError as error:
        return [Diagnostic("E303", f"the rows cannot be read: {error.strerror or error}", header(loop).file.span)]


def _unreadable(loop: Loop, path: Path, error: OSError) -> Diagnostic:
    return Diagnostic("E303", f"`{path}` cannot be read: {error.strerror or error}", header(loop).file.span)


def check_keys(loop: Loop, scope: Scope, rows: ReadRows, file: str, counts: dict[int, int]) -> Iterator[Diagnostic]:
    """Yields empty and duplicate keys. Reads all rows and keeps only hashes of the keys, for memory.

    Mutates `counts`: sets the number of selected rows by the `id` of the loop.
    """
    argument = header(loop)
    known: dict[int, int] = {}
    counts[id(loop)] = 0
    # Without `where=` no scope is needed for each row.
    selected = rows() if argument.where is None else (row.data for row in loop_rows(loop, scope, rows(), file))
    for data in selected:
        counts[id(loop)] += 1
        if not argument.key:
            continue
        values = [data.values.get(column) for column in argument.key]
        empty = [column for column, value in zip(argument.key, values, strict=True) if value is None or value == ""]
        if empty:
            message = f"{file}, row {data.number}: the key column `{empty[0]}` is empty"
            yield Diagnostic("E306", message, argument.span, label="every row needs a key of its own")
            return
        text = join_key([str(value) for value in values])
        first = known.setdefault(hash(text), data.number)
        if first != data.number:
            message = f"{file}: rows {first} and {data.number} have the key `{text}`"
            yield Diagnostic("E306", message, argument.span, label="a key may occur once")
            return


def columns_of(loop: Loop, path: Path) -> tuple[str, ...] | None:
    """Returns the columns of the rows, of a JSON file those of its first; None if it is empty or cannot be read."""
    try:
        columns = read_columns(path, format_of(loop))
        if columns is not None:
            return columns
        first = next(read_rows(path, format_of(loop)), None)
        return tuple(first.values) if first else None
    except (BadData, OSError):
        return None
