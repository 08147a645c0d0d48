"""How the SQLite file is laid out: its tables and indexes, made or checked, and how a connection to it is set up.

One row of `objects` is one object, kept as the text that goes into answers. `links` holds, for the few members
by which Stripe filters, a row per value, ordered like a list: a filtered page is one walk along an index. Deleted
objects keep their row, so that a cursor on them still is a position. Every row belongs to an account.

Durability: WAL with `synchronous = NORMAL`. A killed process loses nothing that was answered; a power cut may
lose the last answers, but never breaks the file.
"""

from __future__ import annotations

import sqlite3

from stripe_shell.errors import ConfigurationError

#: Raised when the layout of the file changes; a file of another version is refused.
SCHEMA_VERSION = 2

#: How long a writer waits for one in another process, in milliseconds.
BUSY_TIMEOUT_MS = 10_000

_SCHEMA = """
CREATE TABLE accounts (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, key_hash TEXT UNIQUE, platform INTEGER
);
CREATE TABLE objects (
  seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, object TEXT NOT NULL, id TEXT NOT NULL,
  created INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0, json TEXT NOT NULL, hidden TEXT
);
CREATE UNIQUE INDEX objects_by_id ON objects (account, object, id);
CREATE INDEX objects_in_order ON objects (account, object, created, seq) WHERE deleted = 0;
CREATE TABLE links (
  account INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, created INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (account, name, value, created, seq)
) WITHOUT ROWID;
CREATE TABLE idempotency (
  account INTEGER NOT NULL, key TEXT NOT NULL, created INTEGER NOT NULL, fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (account, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created);
CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, event TEXT NOT NULL, endpoint_account INTEGER NOT NULL,
  endpoint TEXT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL
);
CREATE INDEX deliveries_in_order ON deliveries (at, seq);
"""

_CONNECTION = f"""
PRAGMA busy_timeout = {BUSY_TIMEOUT_MS};
PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -16384;
PRAGMA temp_store = MEMORY;
PRAGMA wal_autocheckpoint = 4000;
"""


def connect(path: str | None) -> sqlite3.Connection:
    """A new connection to the file, or a database in memory."""
    connection = sqlite3.connect(
        path or ":memory:", isolation_level=None, check_same_thread=False, cached_statements=512
    )
    connection.executescript(_CONNECTION)
    return connection


def prepare(connection: sqlite3.Connection, path: str | None) -> None:
    """Make the tables in a new file. Raises ConfigurationError for a file of another version, or none of ours."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        _create_or_check(connection, path)
    finally:
        if connection.in_transaction:
            connection.execute("COMMIT")


def _create_or_check(connection: sqlite3.Connection, path: str | None) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == SCHEMA_VERSION:
        return
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version or tables:
        raise ConfigurationError(
            f"{path} is not a sandbox file of this version (it has {version}, this is {SCHEMA_VERSION}); "
            "name another file, or remove it to begin anew"
        )
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
