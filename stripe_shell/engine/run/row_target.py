"""Where the rows of a list go: what a file of rows is opened with, and what it can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from stripe_shell.records import record
from stripe_shell.secrets import NO_SECRETS, Secrets
from stripe_shell.spec.columns import Column


@record
class RowTarget:
    """A file for rows.

    `path` is the file, `~` not expanded; its ending names the format. `fields` are the chosen members, empty for all.
    `columns` are the columns in the description of the objects, empty if it is not known; `every_name`: all rows are
    there at once, so that text formats have the columns that occur in them. `guard`: a text cell that
    a spreadsheet would run as a formula gets an apostrophe in front. `name` is that of the table in a database.
    `masks` returns what is masked in the rows. `position` is where to go on, from `RowSink.position`.
    `form` is that of the list, a member of `spec.model.LIST_FORMS`.
    """

    path: str
    fields: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    guard: bool = False
    name: str = "rows"
    masks: Callable[[], Secrets] = lambda: NO_SECRETS
    position: Mapping[str, Any] | None = None
    form: str = "list"
    every_name: bool = False


class RowSink(Protocol):
    """A file that receives the rows of a result page by page."""

    def write(self, rows: Sequence[Any], *, plain: bool = False) -> None:
        """Appends rows of JSON data; `plain`: no number in them has a fraction or an exponent. Raises OSError."""
        ...

    def position(self) -> Mapping[str, Any] | None:
        """Returns what has been written, as JSON data that `RowTarget.position` takes; None if it cannot be gone on.

        Raises OSError.
        """
        ...

    @property
    def partial(self) -> str:
        """Returns the path of the incomplete file; empty if there is none."""
        ...

    def left_out(self) -> tuple[str, ...]:
        """Returns the names of members that have no column."""
        ...

    def close(self, around: Any = None) -> None:
        """Completes the file and moves it to its final name. `around` is the list without its rows. Raises OSError."""
        ...

    def keep(self) -> None:
        """Closes the partial file, to go on with it later."""
        ...

    def discard(self) -> None:
        """Deletes the partial file."""
        ...


#: Opens a file for rows. Raises OSError, LookupError if what a position tells of is no longer there, or NotSent for an
#: unknown ending.
OpenRows = Callable[[RowTarget], RowSink]

#: Returns what takes the rows of a list instead of a file; None if they are to be joined.
StreamRows = Callable[[RowTarget], RowSink | None]
