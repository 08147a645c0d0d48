"""The body of an answer: its pages put together, and the file of an `@out` that takes their rows as they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from stripe_shell.engine.paths import evaluate_output
from stripe_shell.engine.run.paging import Exchange, follow_pages, is_list, read_body
from stripe_shell.engine.scope import Scope
from stripe_shell.errors import NoAnswer, NotSent
from stripe_shell.lang.ast import Output
from stripe_shell.records import record
from stripe_shell.secrets import Secrets
from stripe_shell.wire import Transport, decode_form


class RowSink(Protocol):
    """A file that takes the rows of a result one page after the other."""

    def write(self, rows: Sequence[Any]) -> None:
        """Add rows of JSON data. Raises OSError."""
        ...

    def close(self) -> None:
        """Finish the file: only now it stands under its name. Raises OSError."""
        ...

    def discard(self) -> None:
        """Leave nothing behind."""
        ...


#: Opens the file of an `@out`: path and fields (none: all). Raises OSError, or NotSent for an unknown ending.
OpenRows = Callable[[str, tuple[str, ...]], RowSink]


class NotStored(Exception):
    """An answer came, and could not be written to the file that was asked for."""


@record
class MaskedRowFile:
    """The open file of an `@out`, which no secret enters."""

    path: str
    sink: RowSink
    masks: Secrets

    def write(self, rows: Sequence[Any]) -> None:
        """Add rows. Raises NotStored."""
        try:
            self.sink.write(self.masks.mask_data(list(rows)))
        except OSError as error:
            raise self._not_stored(error) from error

    def close(self) -> None:
        """Finish the file. Raises NotStored."""
        try:
            self.sink.close()
        except OSError as error:
            raise self._not_stored(error) from error

    def _not_stored(self, error: OSError) -> NotStored:
        return NotStored(f"{self.path} cannot be written: {error.strerror or error}")


def open_row_file(output: Output, scope: Scope, open_rows: OpenRows) -> MaskedRowFile:
    """Open the file before anything is sent. Raises NotSent when that is not possible."""
    evaluated = evaluate_output(output, scope)
    if evaluated.problems:
        raise NotSent(evaluated.problems[0].message)
    path = str(evaluated.value)
    try:
        return MaskedRowFile(path, open_rows(path, output.fields), scope.masks)
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise NotSent(f"{path} cannot be written: {reason}") from error


@record
class CollectedPages:
    """The pages as one body, and how many rows they had; the rows themselves may have been left out."""

    body: Any
    rows: int


def collect(
    transport: Transport, first: Exchange, count: int | None, file: MaskedRowFile | None, *, keep_rows: bool
) -> CollectedPages:
    """The page `first` and those that follow, `count` in all (None: all), their rows also written to the file.

    With `ending_before` Stripe turns towards newer rows but sorts each page the other way round; several such pages
    are put together oldest first, as the official libraries do. Raises what `follow_pages` and `read_body` raise, and
    NotStored.
    """
    merged: Any = None
    kept: list[Any] = []
    total = 0
    turned = count != 1 and "ending_before" in decode_form(first.request.query)
    for number, exchange in enumerate(follow_pages(transport, first), start=1):
        body = _read_page(exchange, number)
        rows = body["data"] if is_list(body) else [body]
        if turned:
            rows = rows[::-1]
        if file is not None:
            file.write(rows)
        if keep_rows:
            kept += rows
        total += len(rows)
        merged = {**(merged or {}), **body} if is_list(body) else body
        if number == count:
            break
    return CollectedPages({**merged, "data": kept} if is_list(merged) else merged, total)


def _read_page(exchange: Exchange, number: int) -> Any:
    body = read_body(exchange)
    if exchange.response.ok:
        return body
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message", "") if isinstance(error, dict) else ""
    raise NoAnswer(f"page {number} could not be read: {exchange.response.status} {message}".rstrip())
