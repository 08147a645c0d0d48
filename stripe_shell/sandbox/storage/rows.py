"""Stored rows, and the queries that read pages of them. See schema.py for the layout of the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from stripe_shell.records import record

#: The columns of `objects` that make a StoredRow.
ROW: Final = "seq, object, id, created, deleted, json, hidden"

_COLUMNS = ", ".join(f"o.{name}" for name in ROW.split(", "))
_ALL_OF_A_KIND = f"SELECT {_COLUMNS} FROM objects o WHERE o.account = ? AND o.object = ? AND o.deleted = 0"  # noqa: S608
_ALL_WITH_A_LINK = (
    f"SELECT {_COLUMNS} FROM links l CROSS JOIN objects o ON o.seq = l.seq"  # noqa: S608 - our own names
    " WHERE l.account = ? AND l.name = ? AND l.value = ?"
)

#: An entry of the index `links`: the name of a member and its value as text.
IndexEntry = tuple[str, str]


class StoredRow(NamedTuple):
    """A stored object: its position in lists (`created`, `seq`), its JSON text and its private fields.

    A NamedTuple, because it is created straight from SQLite's tuples, up to a hundred per page.
    """

    seq: int
    object: str
    id: str
    created: int
    deleted: int
    json: str
    hidden: str | None

    @property
    def position(self) -> tuple[int, int]:
        """Its position in a list."""
        return self.created, self.seq


@record
class SqlCondition:
    """A condition of a query: SQL over the columns of `objects` (as `o`), and its values."""

    sql: str
    values: tuple[object, ...] = ()


def page_sql(
    account: int,
    kind: str,
    link: IndexEntry | None,
    where: Sequence[SqlCondition],
    edge: tuple[int, int] | None,
    *,
    ascending: bool,
) -> tuple[str, list[object]]:
    """Returns the query of a page and its values; the last placeholder is the limit.

    `edge` is the position that the page follows in its order.
    """
    # The alias with the columns to sort by, the start of the query, and its values.
    walked, sql, values = (
        ("o", _ALL_OF_A_KIND, [account, kind])
        if link is None
        else ("l", _ALL_WITH_A_LINK, [account, f"{kind}.{link[0]}", link[1]])
    )
    found: list[object] = list(values)
    if edge is not None:
        sql += f" AND ({walked}.created, {walked}.seq) {'>' if ascending else '<'} (?, ?)"
        found += edge
    for condition in where:
        sql += f" AND {condition.sql}"
        found += condition.values
    order = "ASC" if ascending else "DESC"
    sql += f" ORDER BY {walked}.created {order}, {walked}.seq {order} LIMIT ?"
    return sql, found
