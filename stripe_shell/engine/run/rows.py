"""The rows of a response: joins the pages of its body and streams them to the file of an `@out`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stripe_shell.engine.outcome import Outcome
from stripe_shell.engine.paths import evaluate_output
from stripe_shell.engine.run.paging import Exchange, Page, follow_pages, is_list
from stripe_shell.engine.run.row_target import OpenRows, RowSink, RowTarget
from stripe_shell.engine.scope import Scope
from stripe_shell.errors import NoAnswer, NotSent
from stripe_shell.lang.ast import Output
from stripe_shell.records import field, record
from stripe_shell.spec.columns import columns_at, columns_of
from stripe_shell.spec.table import Table
from stripe_shell.wire import Transport, decode_form


class NotStored(Exception):
    """The error for a response that could not be written to its file."""


@record
class RowOutput:
    """An open `@out` file."""

    path: str
    sink: RowSink

    def write(self, rows: Sequence[Any], *, plain: bool = False) -> None:
        """Appends rows. Raises NotStored."""
        try:
            self.sink.write(rows, plain=plain)
        except OSError as error:
            raise self._not_stored(error) from error

    def close(self) -> None:
        """Completes the file. Raises NotStored."""
        try:
            self.sink.close()
        except OSError as error:
            raise self._not_stored(error) from error

    def _not_stored(self, error: OSError) -> NotStored:
        return NotStored(f"{self.path} cannot be written: {error.strerror or error}")


def open_row_output(output: Output, outcome: Outcome, scope: Scope, open_rows: OpenRows, table: Table) -> RowOutput:
    """Opens the file before the request is sent. Raises NotSent if it cannot be opened."""
    evaluated = evaluate_output(output, scope)
    if evaluated.problems:
        raise NotSent(evaluated.problems[0].message)
    path = str(evaluated.value)
    try:
        return RowOutput(path, open_rows(_target(path, output, outcome, scope, table)))
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise NotSent(f"{path} cannot be written: {reason}") from error


def _target(path: str, output: Output, outcome: Outcome, scope: Scope, table: Table) -> RowTarget:
    call = outcome.call
    row = (call.operation.response.row or call.operation.response) if call is not None else None
    name = call.operation.entity.replace(".", "_") if call is not None else "rows"
    long = call is not None and call.pages != 1
    columns = columns_at(table, row, output.fields) if output.fields or row is None else columns_of(table, row)
    return RowTarget(path, output.fields, columns, output.guard, name, scope.masks, every_name=not long)


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
    on_page: OnPage = want_all,
) -> CollectedPages:
    """Joins the page `first` and those after it, `count` in all (None: all), and writes their rows to `file`.

    With `ending_before` Stripe pages towards newer rows while each page is sorted newest first; several such pages are
    joined oldest first, as in the official libraries. Raises what `follow_pages` and `read_body` raise, and NotStored.
    """
    collected = CollectedPages(keep_rows)
    turned = count != 1 and "ending_before" in decode_form(first.request.query)
    for number, page in enumerate(follow_pages(transport, first), start=1):
        if not page.exchange.response.ok:
            raise NoAnswer(_unreadable(page, number))
        rows = page.body["data"] if is_list(page.body) else [page.body]
        if turned:
            rows = rows[::-1]
        if file is not None:
            file.write(rows, plain=page.plain)
        collected.add(page.body, rows)
        if not on_page(collected) or number == count:
            break
    return collected


def _unreadable(page: Page, number: int) -> str:
    error = page.body.get("error") if isinstance(page.body, dict) else None
    message = error.get("message", "") if isinstance(error, dict) else ""
    return f"page {number} could not be read: {page.exchange.response.status} {message}".rstrip()
