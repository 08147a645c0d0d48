"""The rows of a response: joins the pages of its body and streams them to the file of an `@out`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from stripe_shell.engine.paths import evaluate_output
from stripe_shell.engine.run.paging import Exchange, follow_pages, is_list, read_body
from stripe_shell.engine.scope import Scope
from stripe_shell.errors import NoAnswer, NotSent
from stripe_shell.lang.ast import Output
from stripe_shell.records import field, record
from stripe_shell.secrets import Secrets
from stripe_shell.wire import Transport, decode_form


class RowSink(Protocol):
    """A file that receives the rows of a result page by page."""

    def write(self, rows: Sequence[Any]) -> None:
        """Appends rows of JSON data. Raises OSError."""
        ...

    def close(self) -> None:
        """Completes the file and moves it to its final name. Raises OSError."""
        ...

    def discard(self) -> None:
        """Deletes the partial file."""
        ...


#: Opens the file of an `@out` from its path and fields (empty: all). Raises OSError, or NotSent for an unknown
#: extension.
OpenRows = Callable[[str, tuple[str, ...]], RowSink]


class NotStored(Exception):
    """The error for a response that could not be written to its file."""


@record
class MaskedRowFile:
    """An open `@out` file that masks secrets in the rows."""

    path: str
    sink: RowSink
    masks: Secrets

    def write(self, rows: Sequence[Any]) -> None:
        """Appends rows. Raises NotStored."""
        try:
            self.sink.write(self.masks.mask_data(list(rows)))
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


def open_row_file(output: Output, scope: Scope, open_rows: OpenRows) -> MaskedRowFile:
    """Opens the file before the request is sent. Raises NotSent if it cannot be opened."""
    evaluated = evaluate_output(output, scope)
    if evaluated.problems:
        raise NotSent(evaluated.problems[0].message)
    path = str(evaluated.value)
    try:
        return MaskedRowFile(path, open_rows(path, output.fields), scope.masks)
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise NotSent(f"{path} cannot be written: {reason}") from error


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
    file: MaskedRowFile | None,
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
    for number, exchange in enumerate(follow_pages(transport, first), start=1):
        body = _read_page(exchange, number)
        rows = body["data"] if is_list(body) else [body]
        if turned:
            rows = rows[::-1]
        if file is not None:
            file.write(rows)
        collected.add(body, rows)
        if not on_page(collected) or number == count:
            break
    return collected


def _read_page(exchange: Exchange, number: int) -> Any:
    body = read_body(exchange)
    if exchange.response.ok:
        return body
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message", "") if isinstance(error, dict) else ""
    raise NoAnswer(f"page {number} could not be read: {exchange.response.status} {message}".rstrip())
