"""The SQLite file under the sandbox: objects as JSON text, walked in the order of lists, and idempotency records.

How the file is laid out is said in schema.py.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from stripe_shell.errors import ConfigurationError
from stripe_shell.records import record

from .schema import connect, prepare

#: How many pages of 4 KB the log may have before a commit carries them over although somebody else does that.
RELIEVED_PAGES = 16_000

_ROW = "seq, object, id, created, deleted, json, hidden"

_COLUMNS = ", ".join(f"o.{name}" for name in _ROW.split(", "))
_ALL_OF_A_KIND = f"SELECT {_COLUMNS} FROM objects o WHERE o.account = ? AND o.object = ? AND o.deleted = 0"  # noqa: S608
_ALL_WITH_A_LINK = (
    f"SELECT {_COLUMNS} FROM links l CROSS JOIN objects o ON o.seq = l.seq"  # noqa: S608 - our own names
    " WHERE l.account = ? AND l.name = ? AND l.value = ?"
)

#: A link: the name of a member and its value as text.
Link = tuple[str, str]


class Row(NamedTuple):
    """One stored object: its place in lists (`created`, `seq`), its JSON text, and what answers never show.

    It is what a query answers, as it stands: a page of a hundred is made in no time.
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
        """Where it stands in a list."""
        return self.created, self.seq


@record
class Where:
    """A condition of a query: SQL over the columns of `objects` (as `o`), and its values."""

    sql: str
    values: tuple[object, ...] = ()


@record
class Remembered:
    """The first answer to an idempotency key: `fingerprint` says for which request."""

    fingerprint: str
    status: int
    body: bytes
    created: int


class Store:
    """The file, or a database in memory. Several threads may use it: one writes at a time, others read beside it."""

    def __init__(self, path: str | Path | None = None) -> None:
        self._path = str(path) if path is not None else None
        self._lock = threading.RLock()
        self._readers: list[sqlite3.Connection] = []
        self._writer = connect(self._path)
        try:
            prepare(self._writer, self._path)
        except BaseException:
            self._writer.close()
            raise

    @classmethod
    def open(cls, path: str | Path | None = None) -> Store:
        """The store in the file `path`, made when it is not there; None keeps it in memory.

        Raises ConfigurationError when the file is none of ours or of another version.
        """
        try:
            return cls(path)
        except sqlite3.DatabaseError as error:
            raise ConfigurationError(f"the sandbox file {path} cannot be used: {error}") from error

    def close(self) -> None:
        """Close every connection. The store cannot be used after that."""
        with self._lock:
            for connection in (*self._readers, self._writer):
                connection.close()
            self._readers.clear()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction that may change things: committed at the end, rolled back when an exception leaves it."""
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield Session(self._writer)
            except BaseException:
                if self._writer.in_transaction:  # a full disk ends it by itself
                    self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One view of the data that does not change while it is looked at."""
        if self._path is None:
            with self._lock:
                yield Session(self._writer)
            return
        connection = self._borrow()
        try:
            connection.execute("BEGIN")
            try:
                yield Session(connection)
            finally:
                connection.execute("COMMIT")
        finally:
            self._readers.append(connection)

    def relieve_commits(self) -> None:
        """From now on somebody calls `checkpoint` now and then, so that commits need not, but for very many pages."""
        self._writer.execute(f"PRAGMA wal_autocheckpoint = {RELIEVED_PAGES}")

    def checkpoint(self) -> None:
        """Carry what is in the log over into the file, beside readers and writers."""
        if self._path is None:
            return
        connection = self._borrow()
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            self._readers.append(connection)

    def _borrow(self) -> sqlite3.Connection:
        try:
            return self._readers.pop()
        except IndexError:
            return connect(self._path)


class Session:
    """What can be asked and changed inside one transaction. Accounts are meant by their number."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._data_version: int | None = None

    def get(self, account: int, kind: str, key: str) -> Row | None:
        """The object of this kind and id, deleted ones included."""
        sql = f"SELECT {_ROW} FROM objects WHERE account = ? AND object = ? AND id = ?"  # noqa: S608 - our own names
        row = self._connection.execute(sql, (account, kind, key)).fetchone()
        return Row._make(row) if row else None

    def insert(
        self,
        account: int,
        kind: str,
        key: str,
        *,
        created: int,
        json: str,
        links: Iterable[Link] = (),
        hidden: str | None = None,
    ) -> Row:
        """Add an object. Raises sqlite3.IntegrityError when the id is taken."""
        cursor = self._connection.execute(
            "INSERT INTO objects (account, object, id, created, json, hidden) VALUES (?, ?, ?, ?, ?, ?)",
            (account, kind, key, created, json, hidden),
        )
        row = Row(cursor.lastrowid or 0, kind, key, created, 0, json, hidden)
        self._add_links(account, row, links)
        return row

    def update(
        self, account: int, row: Row, *, json: str, old: Iterable[Link], new: Iterable[Link], hidden: str | None
    ) -> Row:
        """Put another text in the place of the one in `row`; `old` and `new` are its links before and after."""
        self._set(account, row, "json = ?, hidden = ?", (json, hidden))
        before, after = set(old), set(new)
        self._drop_links(account, row, before - after)
        self._add_links(account, row, after - before)
        return row._replace(json=json, hidden=hidden)

    def delete(self, account: int, row: Row, json: str, links: Iterable[Link]) -> None:
        """Take an object out of every list; `json` is what remains of it."""
        self._set(account, row, "json = ?, hidden = NULL, deleted = 1", (json,))
        self._drop_links(account, row, links)

    def page(
        self,
        account: int,
        kind: str,
        *,
        link: Link | None = None,
        where: Sequence[Where] = (),
        limit: int,
        after: tuple[int, int] | None = None,
        before: tuple[int, int] | None = None,
        oldest_first: bool = False,
    ) -> list[Row]:
        """Up to `limit` objects in list order, behind the position `after` or nearest before `before`.

        `before` answers in list order too. `link` walks the index of one member, `where` narrows further.
        """
        ascending = oldest_first == (before is None)
        edge = before if before is not None else after
        sql, values = _page_sql(_source(account, kind, link), where, edge, ascending)
        rows = self._connection.execute(sql, (*values, limit)).fetchall()
        found = list(map(Row._make, rows))
        return found[::-1] if before is not None else found

    def scan(self, account: int, kind: str, where: Sequence[Where], after: tuple[int, int] | None) -> Iterator[Row]:
        """All objects of a kind that fit, newest first, one by one."""
        sql, values = _page_sql(_source(account, kind, None), where, after, ascending=False)
        for row in self._connection.execute(sql, (*values, -1)):
            yield Row._make(row)

    def count(self, account: int, kind: str, link: Link | None = None, where: Sequence[Where] = ()) -> int:
        """How many objects of a kind there are, or how many with this link, that fit."""
        sql, values = _page_sql(_source(account, kind, link), where, None, ascending=True)
        (number,) = self._connection.execute(f"SELECT count(*) FROM ({sql})", (*values, -1)).fetchone()  # noqa: S608
        return int(number)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """The rows of a query of one's own; it reads only."""
        return self._connection.execute(sql, values).fetchall()

    def change(self, sql: str, values: Sequence[object] = ()) -> int:
        """Executes a statement that changes rows; returns how many."""
        return self._connection.execute(sql, values).rowcount

    def data_version(self) -> int:
        """A number that changes whenever another connection has committed something to the file."""
        if self._data_version is None:
            (self._data_version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return self._data_version or 0

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is changed inside is taken back when an exception leaves it; the transaction goes on."""
        self._connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK TO part")
                self._connection.execute("RELEASE part")
            raise
        self._connection.execute("RELEASE part")

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What is changed inside is taken back at the end."""
        self._connection.execute("SAVEPOINT undone")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK TO undone")
            self._connection.execute("RELEASE undone")

    def kinds(self, account: int) -> dict[str, int]:
        """How many objects of which kind there are."""
        sql = "SELECT object, count(*) FROM objects WHERE account = ? AND deleted = 0 GROUP BY object"
        return dict(self._connection.execute(sql, (account,)).fetchall())

    def remembered(self, account: int, key: str) -> Remembered | None:
        """The first answer to an idempotency key."""
        sql = "SELECT fingerprint, status, body, created FROM idempotency WHERE account = ? AND key = ?"
        row = self._connection.execute(sql, (account, key)).fetchone()
        return Remembered(*row) if row else None

    def remember(self, account: int, key: str, answer: Remembered) -> None:
        """Keep the first answer to an idempotency key, in the place of an older one."""
        self._connection.execute(
            "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?)",
            (account, key, answer.created, answer.fingerprint, answer.status, answer.body),
        )

    def forget_remembered(self, before: int) -> None:
        """Drop the answers that are older than `before` (epoch seconds)."""
        self._connection.execute("DELETE FROM idempotency WHERE created < ?", (before,))

    def endpoints(self, account: int) -> list[tuple[int, str, str, str | None]]:
        """The webhook endpoints of an account and of its platform: the owner's number, id, text and what is hidden."""
        sql = (
            "SELECT account, id, json, hidden FROM objects WHERE object = 'webhook_endpoint' AND deleted = 0"
            " AND account IN (?, (SELECT platform FROM accounts WHERE number = ?))"
        )
        return self._connection.execute(sql, (account, account)).fetchall()

    def count_down(self, account: int, event: str) -> None:
        """One endpoint less has still to get an event."""
        sql = (
            "UPDATE objects SET json = json_set(json, '$.pending_webhooks',"
            " max(0, json_extract(json, '$.pending_webhooks') - 1)) WHERE account = ? AND object = 'event' AND id = ?"
        )
        self._connection.execute(sql, (account, event))

    def account(self, account: str) -> int | None:
        """The number of an account."""
        row = self._connection.execute("SELECT number FROM accounts WHERE id = ?", (account,)).fetchone()
        return int(row[0]) if row else None

    def account_of_key(self, key_hash: str) -> str | None:
        """The id of the account that a key belongs to."""
        row = self._connection.execute("SELECT id FROM accounts WHERE key_hash = ?", (key_hash,)).fetchone()
        return str(row[0]) if row else None

    def first_account(self) -> str | None:
        """The id of the account that was there first."""
        row = self._connection.execute("SELECT id FROM accounts ORDER BY number LIMIT 1").fetchone()
        return str(row[0]) if row else None

    def add_account(self, account: str, key_hash: str | None = None, platform: int | None = None) -> int:
        """Make room for an account; `platform` is the number of the one that it is connected to."""
        sql = "INSERT INTO accounts (id, key_hash, platform) VALUES (?, ?, ?)"
        return self._connection.execute(sql, (account, key_hash, platform)).lastrowid or 0

    def connect(self, account: int, platform: int) -> None:
        """Note which account another one is connected to."""
        self._connection.execute("UPDATE accounts SET platform = ? WHERE number = ?", (platform, account))

    def clear(self, account: int | None = None) -> None:
        """Forget every object and answer, of one account or of all; accounts stay."""
        only, values = ("", ()) if account is None else (" WHERE account = ?", (account,))
        for table in ("objects", "links", "idempotency", "jobs", "deliveries"):
            self._connection.execute(f"DELETE FROM {table}{only}", values)  # noqa: S608 - our own names

    def _set(self, account: int, row: Row, columns: str, values: tuple[object, ...]) -> None:
        """Changes columns of a row. Raises LookupError when the row is no longer there."""
        sql = f"UPDATE objects SET {columns} WHERE seq = ? AND account = ? AND object = ? AND id = ?"  # noqa: S608
        if self.change(sql, (*values, row.seq, account, row.object, row.id)) != 1:
            raise LookupError(f"{row.object} {row.id} is not stored any more")

    def _add_links(self, account: int, row: Row, links: Iterable[Link]) -> None:
        for name, value in links:
            self._connection.execute(
                "INSERT INTO links VALUES (?, ?, ?, ?, ?)",
                (account, f"{row.object}.{name}", value, row.created, row.seq),
            )

    def _drop_links(self, account: int, row: Row, links: Iterable[Link]) -> None:
        sql = "DELETE FROM links WHERE account = ? AND name = ? AND value = ? AND created = ? AND seq = ?"
        for name, value in links:
            self._connection.execute(sql, (account, f"{row.object}.{name}", value, row.created, row.seq))


def _source(account: int, kind: str, link: Link | None) -> tuple[str, str, list[object]]:
    """What a page walks: the alias that bears the order, the beginning of the query, and its values."""
    if link is None:
        return "o", _ALL_OF_A_KIND, [account, kind]
    return "l", _ALL_WITH_A_LINK, [account, f"{kind}.{link[0]}", link[1]]


def _page_sql(
    source: tuple[str, str, list[object]],
    where: Sequence[Where],
    edge: tuple[int, int] | None,
    ascending: bool,
) -> tuple[str, list[object]]:
    """The query of a page; its last placeholder is the limit."""
    walked, sql, values = source
    if edge is not None:
        sql += f" AND ({walked}.created, {walked}.seq) {'>' if ascending else '<'} (?, ?)"
        values += edge
    for condition in where:
        sql += f" AND {condition.sql}"
        values += condition.values
    order = "ASC" if ascending else "DESC"
    sql += f" ORDER BY {walked}.created {order}, {walked}.seq {order} LIMIT ?"
    return sql, values
