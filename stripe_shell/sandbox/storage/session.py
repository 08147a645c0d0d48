"""The session of a transaction: its queries and changes, as one method each.

See schema.py for the layout of the file.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from stripe_shell.records import record

from .kept_texts import ANYTHING, Dependency, Reads
from .rows import ROW, IndexEntry, SqlCondition, StoredRow, page_sql

#: The account of rows that no account owns; the numbers of accounts begin at 1.
NO_ACCOUNT = 0


_OBJECTS = re.compile(r"\b(?:objects|links)\b")


@record
class IdempotentAnswer:
    """The saved response to an idempotency key, its API version, and the fingerprint and id of its request.

    `request` is None in a file of the fifth layout or an earlier one.
    """

    fingerprint: str
    status: int
    body: bytes
    created: int
    version: str | None = None
    request: str | None = None


class StoreSession:
    """The queries and changes of one transaction. Accounts are given by their number.

    `changed` collects what is changed, see kept_texts.py; None where nobody asks.
    """

    def __init__(self, connection: sqlite3.Connection, changed: set[Dependency] | None = None) -> None:
        self._connection = connection
        self._data_version: int | None = None
        self._changed = changed
        self._recorded: Reads | None = None

    # --- recording -------------------------------------------------------------------------------------------

    @contextmanager
    def recording(self) -> Iterator[Reads]:
        """Collects what is read in the block."""
        found = self._recorded = Reads()
        try:
            yield found
        finally:
            self._recorded = None

    def reads(self, *dependency: Hashable) -> None:
        """Records what is read without a query, such as an object that was read before; without arguments, anything."""
        if self._recorded is not None:
            self._recorded.dependencies.add(dependency)

    def reads_time(self, now: int, asked: int) -> None:
        """Records that it was asked at `now` whether a time has come."""
        if self._recorded is not None:
            self._recorded.time(now, asked)

    def _reads_page(self, account: int, kind: str, link: IndexEntry | None, where: Sequence[SqlCondition]) -> None:
        """Records what the query of a page reads; a condition with a query of its own reads anything."""
        if any("SELECT" in condition.sql for condition in where):
            self.reads()
        elif link is None:
            self.reads(account, kind)
        else:
            self.reads(account, f"{kind}.{link[0]}", link[1])

    def _changes(self, account: int, kind: str, key: str, links: Iterable[IndexEntry] = ()) -> None:
        """Records that an object changes, with the entries of the index that lead to it before and after."""
        if self._changed is not None:
            self._changed |= {(account, kind), (account, kind, key)}
            self._changed |= {(account, f"{kind}.{name}", value) for name, value in links}

    def _changes_by(self, sql: str) -> None:
        """Records what a statement changes: anything, if it names a table of objects or of their index."""
        if self._changed is not None and _OBJECTS.search(sql):
            self._changed.add(ANYTHING)

    # --- objects ---------------------------------------------------------------------------------------------

    def get(self, account: int, kind: str, key: str) -> StoredRow | None:
        """Returns the row of this kind and id, deleted or not, or None."""
        if self._recorded is not None:
            self._recorded.dependencies.add((account, kind, key))
        sql = f"SELECT {ROW} FROM objects WHERE account = ? AND object = ? AND id = ?"  # noqa: S608 - our own names
        row = self._connection.execute(sql, (account, kind, key)).fetchone()
        return StoredRow._make(row) if row else None

    def insert(
        self,
        account: int,
        kind: str,
        key: str,
        *,
        created: int,
        json: str,
        links: Collection[IndexEntry] = (),
        hidden: str | None = None,
    ) -> StoredRow:
        """Inserts an object. Raises sqlite3.IntegrityError when the id exists."""
        cursor = self._connection.execute(
            "INSERT INTO objects (account, object, id, created, json, hidden) VALUES (?, ?, ?, ?, ?, ?)",
            (account, kind, key, created, json, hidden),
        )
        row = StoredRow(cursor.lastrowid or 0, kind, key, created, 0, json, hidden)
        self._changes(account, row.object, row.id, links)
        self._add_links(account, row, links)
        return row

    def update(
        self,
        account: int,
        row: StoredRow,
        *,
        json: str,
        old: Iterable[IndexEntry],
        new: Iterable[IndexEntry],
        hidden: str | None,
    ) -> StoredRow:
        """Replaces the JSON text of `row`; `old` and `new` are its links before and after. Returns the new row."""
        self._set(account, row, "json = ?, hidden = ?", (json, hidden))
        before, after = set(old), set(new)
        self._changes(account, row.object, row.id, before | after)
        self._drop_links(account, row, before - after)
        self._add_links(account, row, after - before)
        return row._replace(json=json, hidden=hidden)

    def delete(self, account: int, row: StoredRow, json: str, links: Collection[IndexEntry]) -> None:
        """Marks an object as deleted and removes its links; `json` is the text that remains."""
        self._set(account, row, "json = ?, hidden = NULL, deleted = 1", (json,))
        self._changes(account, row.object, row.id, links)
        self._drop_links(account, row, links)

    def page(
        self,
        account: int,
        kind: str,
        *,
        link: IndexEntry | None = None,
        where: Sequence[SqlCondition] = (),
        limit: int,
        after: tuple[int, int] | None = None,
        before: tuple[int, int] | None = None,
        oldest_first: bool = False,
    ) -> list[StoredRow]:
        """Returns up to `limit` objects in list order, after the position `after` or immediately before `before`.

        `link` selects an index entry, `where` filters further.
        """
        self._reads_page(account, kind, link, where)
        ascending = oldest_first == (before is None)
        edge = before if before is not None else after
        sql, values = page_sql(account, kind, link, where, edge, ascending=ascending)
        rows = self._connection.execute(sql, (*values, limit)).fetchall()
        found = list(map(StoredRow._make, rows))
        return found[::-1] if before is not None else found

    def scan(
        self, account: int, kind: str, where: Sequence[SqlCondition], after: tuple[int, int] | None
    ) -> Iterator[StoredRow]:
        """Yields all matching objects of a kind, newest first."""
        self._reads_page(account, kind, None, where)
        sql, values = page_sql(account, kind, None, where, after, ascending=False)
        for row in self._connection.execute(sql, (*values, -1)):
            yield StoredRow._make(row)

    def count(self, account: int, kind: str, link: IndexEntry | None = None, where: Sequence[SqlCondition] = ()) -> int:
        """Returns the number of matching objects of a kind."""
        self._reads_page(account, kind, link, where)
        sql, values = page_sql(account, kind, link, where, None, ascending=True)
        (number,) = self._connection.execute(f"SELECT count(*) FROM ({sql})", (*values, -1)).fetchone()  # noqa: S608
        return int(number)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Executes a query and returns its rows."""
        self.reads()
        return self._connection.execute(sql, values).fetchall()

    def change(self, sql: str, values: Sequence[object] = ()) -> int:
        """Executes a statement that changes rows; returns how many."""
        self._changes_by(sql)
        return self._connection.execute(sql, values).rowcount

    def cursor(self, sql: str, values: Sequence[object] = ()) -> Iterator[tuple[object, ...]]:
        """Executes a query and yields its rows one by one; nothing may be changed meanwhile."""
        self.reads()
        return self._connection.cursor().execute(sql, values)

    def change_all(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Executes a statement that changes rows, once with each of these values."""
        if rows:
            self._changes_by(sql)
            self._connection.executemany(sql, rows)

    def data_version(self) -> int:
        """Returns a number that changes when another connection commits to the file."""
        if self._data_version is None:
            (self._data_version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return self._data_version or 0

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Opens a savepoint: rolled back when the block raises; the transaction continues."""
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
    def rolled_back(self) -> Iterator[None]:
        """Opens a savepoint that is always rolled back at the end of the block."""
        self._connection.execute("SAVEPOINT undone")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK TO undone")
            self._connection.execute("RELEASE undone")

    def kinds(self, account: int) -> dict[str, int]:
        """Returns the number of live objects of each kind."""
        sql = "SELECT object, count(*) FROM objects WHERE account = ? AND deleted = 0 GROUP BY object"
        return dict(self._connection.execute(sql, (account,)).fetchall())

    def idempotent_answer(self, account: int, key: str) -> IdempotentAnswer | None:
        """Returns the saved response to an idempotency key, or None."""
        sql = (
            "SELECT fingerprint, status, body, created, version, request FROM idempotency WHERE account = ? AND key = ?"
        )
        row = self._connection.execute(sql, (account, key)).fetchone()
        return IdempotentAnswer(*row) if row else None

    def remember_answer(self, account: int, key: str, answer: IdempotentAnswer) -> None:
        """Saves the response to an idempotency key, replacing an expired one."""
        self._connection.execute(
            "INSERT OR REPLACE INTO idempotency (account, key, created, fingerprint, status, body, version, request)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                account,
                key,
                answer.created,
                answer.fingerprint,
                answer.status,
                answer.body,
                answer.version,
                answer.request,
            ),
        )

    def forget_answers(self, before: int) -> None:
        """Deletes the saved responses from before `before` (epoch seconds)."""
        self._connection.execute("DELETE FROM idempotency WHERE created < ?", (before,))

    def endpoints(self, account: int) -> list[tuple[int, str, str, str | None]]:
        """Returns the endpoints of an account and its platform: owner's number, id, JSON text, private fields.

        Event destinations are among them.
        """
        sql = (
            "SELECT account, id, json, hidden FROM objects WHERE"
            " object IN ('webhook_endpoint', 'v2.core.event_destination') AND deleted = 0"
            " AND account IN (?, (SELECT platform FROM accounts WHERE number = ?))"
        )
        return self._connection.execute(sql, (account, account)).fetchall()

    def count_down(self, account: int, event: str) -> None:
        """Decrements the event's `pending_webhooks`."""
        sql = (
            "UPDATE objects SET json = json_set(json, '$.pending_webhooks',"
            " max(0, json_extract(json, '$.pending_webhooks') - 1)) WHERE account = ? AND object = 'event' AND id = ?"
        )
        self._changes(account, "event", event)
        self._connection.execute(sql, (account, event))

    def account_id(self, number: int) -> str | None:
        """Returns the id of an account, given its number."""
        row = self._connection.execute("SELECT id FROM accounts WHERE number = ?", (number,)).fetchone()
        return row[0] if row else None

    def default_version(self, account: int) -> str | None:
        """Returns the API version that an account (its number) has by default; None for the newest."""
        row = self._connection.execute("SELECT version FROM accounts WHERE number = ?", (account,)).fetchone()
        return row[0] if row else None

    def set_default_version(self, account: int | None, version: str) -> None:
        """Sets the API version that an account (its number) has by default; with None, every account."""
        sql = "UPDATE accounts SET version = ? WHERE ? IS NULL OR number = ?"
        self._connection.execute(sql, (version, account, account))

    def account(self, account: str) -> int | None:
        """Returns the number of an account, or None."""
        row = self._connection.execute("SELECT number FROM accounts WHERE id = ?", (account,)).fetchone()
        return int(row[0]) if row else None

    def owner_of(self, account: str) -> int | None:
        """Returns the number of the account's platform, or its own if it has a key; None if neither is known."""
        sql = "SELECT CASE WHEN key_hash IS NULL THEN platform ELSE number END FROM accounts WHERE id = ?"
        row = self._connection.execute(sql, (account,)).fetchone()
        return row[0] if row else None

    def account_of_key(self, key_hash: str) -> str | None:
        """Returns the id of the account with this hash of a key, or None."""
        row = self._connection.execute("SELECT id FROM accounts WHERE key_hash = ?", (key_hash,)).fetchone()
        return str(row[0]) if row else None

    def first_account(self) -> str | None:
        """Returns the id of the oldest account, or None."""
        row = self._connection.execute("SELECT id FROM accounts ORDER BY number LIMIT 1").fetchone()
        return str(row[0]) if row else None

    def set_key(self, account: str, key_hash: str) -> None:
        """Replaces the hash of an account's secret key."""
        self._connection.execute("UPDATE accounts SET key_hash = ? WHERE id = ?", (key_hash, account))

    def add_account(self, account: str, key_hash: str | None = None, platform: int | None = None) -> int:
        """Inserts an account and returns its number; `platform` is the number of the account it is connected to."""
        sql = "INSERT INTO accounts (id, key_hash, platform) VALUES (?, ?, ?)"
        return self._connection.execute(sql, (account, key_hash, platform)).lastrowid or 0

    def connect(self, account: int, platform: int) -> None:
        """Sets the platform of a connected account."""
        self._connection.execute("UPDATE accounts SET platform = ? WHERE number = ?", (platform, account))

    def clear(self, account: int | None = None) -> None:
        """Deletes the objects, saved responses, jobs and deliveries of one account or of all; accounts are kept."""
        only, values = ("", ()) if account is None else (" WHERE account = ?", (account,))
        self._changes_by("objects")
        highest = self.highest()
        for table in ("objects", "links", "idempotency", "jobs", "deliveries"):
            self._connection.execute(f"DELETE FROM {table}{only}", values)  # noqa: S608 - our own names
        self.reserve(highest)

    def highest(self) -> int | None:
        """Returns the highest number that an object ever had, None in a new file."""
        (highest,) = self._connection.execute("SELECT max(seq) FROM objects").fetchone()
        return None if highest is None else int(highest)

    def reserve(self, highest: int | None) -> None:
        """Keeps SQLite from reusing the numbers of deleted objects: a placeholder takes the highest one.

        Whatever deletes objects calls this (`clear`, snapshots.py, undo.py), so that inserting one need not pay for
        AUTOINCREMENT.
        """
        self._connection.execute("DELETE FROM objects WHERE account = ?", (NO_ACCOUNT,))
        self._connection.execute(
            "INSERT OR IGNORE INTO objects (seq, account, object, id, created, deleted, json)"
            " SELECT ?, ?, 'sandbox.highest', '', 0, 1, '{}' WHERE ? IS NOT NULL",
            (highest, NO_ACCOUNT, highest),
        )

    def _set(self, account: int, row: StoredRow, columns: str, values: tuple[object, ...]) -> None:
        """Updates columns of a row. Raises LookupError when the row no longer exists."""
        sql = f"UPDATE objects SET {columns} WHERE seq = ? AND account = ? AND object = ? AND id = ?"  # noqa: S608
        if self._connection.execute(sql, (*values, row.seq, account, row.object, row.id)).rowcount != 1:
            raise LookupError(f"{row.object} {row.id} is not stored any more")

    def _add_links(self, account: int, row: StoredRow, links: Iterable[IndexEntry]) -> None:
        for name, value in links:
            self._connection.execute(
                "INSERT INTO links VALUES (?, ?, ?, ?, ?)",
                (account, f"{row.object}.{name}", value, row.created, row.seq),
            )

    def _drop_links(self, account: int, row: StoredRow, links: Iterable[IndexEntry]) -> None:
        sql = "DELETE FROM links WHERE account = ? AND name = ? AND value = ? AND created = ? AND seq = ?"
        for name, value in links:
            self._connection.execute(sql, (account, f"{row.object}.{name}", value, row.created, row.seq))
