"""The rows of a response: joins the pages of its body and streams them to the file of an `@out`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from stripe_shell.engine.paths import evaluate_output
from stripe_shell.engine.run.ledger import RowsWritten, StepLedger
from stripe_shell.engine.run.paging import Exchange, Page, cursor_of, follow_pages, is_list
from stripe_shell.engine.run.ranges import follow_ranges
from stripe_shell.engine.run.row_spool import RowSpool
from stripe_shell.engine.run.row_target import OpenRows, RowSink, RowTarget
from stripe_shell.engine.scope import Scope
from stripe_shell.errors import NoAnswer, NotSent
from stripe_shell.lang.ast import Output
from stripe_shell.records import field, record, replace
from stripe_shell.secrets import Secrets
from stripe_shell.spec.columns import columns_at, columns_of
from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request, Transport, decode_form


class NotStored(Exception):
    """The error for a response that could not be written to its file."""


@record(frozen=False)
class RowOutput:
    """An open `@out` file, or standard output, whose `path` is empty.

    `written` is how far an earlier process wrote it. `note` is called with how far it has been written by now, and
    returns whether that was journalled; `noted` then keeps what was written of it when it fails. `spool` takes the rows
    for loops.
    """

    path: str
    sink: RowSink
    written: RowsWritten | None = None
    note: Callable[[RowsWritten], bool] = lambda _: False
    noted: bool = False
    spool: RowSpool | None = None

    def write(self, page: Page, rows: Sequence[Any], pages: int, count: int) -> None:
        """Appends the rows of a page; `pages` and `count` are the pages and rows so far. Raises NotStored."""
        try:
            self.sink.write(rows, plain=page.plain)
            if page.following is not None and self.path:
                self._note(page.following, pages, count)
        except OSError as error:
            raise self._not_stored(error) from error
        try:
            if self.spool is not None:
                self.spool.add(rows)
        except OSError as error:
            raise NotStored(f"the rows of the list cannot be kept for its loop: {error.strerror or error}") from error

    def begin(self) -> None:
        """Tells the journal of the file before there are rows in it, so that a killed process leaves none behind."""
        position = self.sink.position() if self.path and self.written is None else None
        if position is not None:
            self.note(RowsWritten(self.path, {}, 0, 0, position))

    def _note(self, following: Request, pages: int, count: int) -> None:
        position = self.sink.position()
        if position is not None:
            written = RowsWritten(self.path, cursor_of(following), pages, count, position)
            self.noted = self.note(written) or self.noted

    def close(self, around: Any) -> None:
        """Completes the file. Raises NotStored."""
        try:
            self.sink.close(around)
        except OSError as error:
            raise self._not_stored(error) from error

    def abandon(self) -> None:
        """Keeps the incomplete file if the journal tells of it, else discards it."""
        if self.noted or self.written is not None:
            self.sink.keep()
        else:
            self.sink.discard()

    def _not_stored(self, error: OSError) -> Exception:
        """Returns the error for a file; that of standard output is not the block's."""
        return NotStored(f"{self.path} cannot be written: {error.strerror or error}") if self.path else error


def open_row_output(output: Output, target: RowTarget, scope: Scope, open_rows: OpenRows) -> RowOutput:
    """Opens the file before the request is sent. Raises NotSent if it cannot be opened."""
    evaluated = evaluate_output(output, scope)
    if evaluated.problems:
        raise NotSent(evaluated.problems[0].message)
    target = replace(target, path=str(evaluated.value), guard=output.guard)
    try:
        return RowOutput(target.path, open_rows(target))
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise NotSent(f"{target.path} cannot be written: {reason}") from error


def open_journalled(
    output: Output, target: RowTarget, request: Request, scope: Scope, *, open_rows: OpenRows, step: StepLedger | None
) -> RowOutput:
    """Opens the file, at the place where an earlier process of the run stopped writing it, if its journal tells one.

    Without `step` it is begun anew. Raises NotSent.
    """
    path = evaluate_output(output, scope).value
    identity = f"{path}{' guard=formulas' if output.guard else ''} {','.join(output.fields)}"
    written = step.rows_written(request, identity) if step is not None else None
    file: RowOutput | None = None
    if written is not None:
        with suppress(NotSent, LookupError):
            file = open_row_output(output, replace(target, position=written.position), scope, open_rows)
            file.written = written
    file = file or open_row_output(output, target, scope, open_rows)
    if step is not None:
        file.note = lambda found: step.note_rows(request, replace(found, file=identity))
    return file


def row_target(
    operation: Operation | None, fields: tuple[str, ...], table: Table, masks: Callable[[], Secrets], *, whole: bool
) -> RowTarget:
    """Returns a target without a path for the rows of an operation, None if it is not known; `table` is that of its API
    version, `whole` see `RowTarget.every_name`.
    """
    if operation is None:
        return RowTarget("", fields, columns_at(table, None, fields), masks=masks, every_name=whole)
    response = operation.response
    row = response.row or response
    columns = columns_at(table, row, fields) if fields else columns_of(table, row)
    name = operation.entity.replace(".", "_")
    form = response.form or "list"
    return RowTarget("", fields, columns, name=name, masks=masks, form=form, every_name=whole)


@record(frozen=False)
class CollectedPages:
    """The pages so far: their number, their number of rows, and one joined body, which may omit the rows."""

    keep_rows: bool = True
    pages: int = 0
    rows: int = 0
    _merged: Any = None
    _kept: list[Any] = field(default_factory=list)

    def add(self, body: Any, rows: Sequence[Any]) -> None:
        """Adds a page and its rows."""
        if self.keep_rows:
            self._kept += rows
        self._merged = {**(self._merged or {}), **body} if is_list(body) else body
        self.pages += 1
        self.rows += len(rows)

    @property
    def body(self) -> Any:
        """The pages as one body."""
        return {**self._merged, "data": list(self._kept)} if is_list(self._merged) else self._merged


#: Told of every page as it comes; the answer says whether more of them are wanted.
OnPage = Callable[[CollectedPages], bool]


def want_all(_: CollectedPages) -> bool:
    """The `OnPage` of a run that nobody watches."""
    return True


def collect(
    transport: Transport,
    first: Exchange,
    count: int | None,
    file: RowOutput | None,
    *,
    keep_rows: bool,
    jobs: int = 1,
    on_page: OnPage = want_all,
) -> CollectedPages:
    """Joins the page `first` and those after it, `count` in all (None: all), and writes their rows to `file`;
    `jobs` ranges of them are read at once.

    With `ending_before` Stripe pages towards newer rows while each page is sorted newest first; several such pages are
    joined oldest first, as in the official libraries. Raises what `follow_pages` and `read_body` raise, and NotStored.
    """
    before = file.written if file is not None else None
    collected = CollectedPages(keep_rows, before.pages if before else 0, before.rows if before else 0)
    turned = count != 1 and "ending_before" in decode_form(first.request.query)
    pages = follow_ranges(transport, first, jobs) if jobs > 1 else follow_pages(transport, first)
    for page in pages:
        if not page.exchange.response.ok:
            raise NoAnswer(_unreadable(page, collected.pages + 1))
        rows = page.body["data"] if is_list(page.body) else [page.body]
        if turned:
            rows = rows[::-1]
        collected.add(page.body, rows)
        if file is not None:
            file.write(page, rows, collected.pages, collected.rows)
        if not on_page(collected) or collected.pages == count:
            break
    return collected


def _unreadable(page: Page, number: int) -> str:
    error = page.body.get("error") if isinstance(page.body, dict) else None
    message = error.get("message", "") if isinstance(error, dict) else ""
    return f"page {number} could not be read: {page.exchange.response.status} {message}".rstrip()
