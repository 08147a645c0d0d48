"""The layout of the SQLite file: tables and indexes, created, checked or migrated, and the connection's settings.

A row of `objects` is one object, stored as the JSON text of responses. `links` is an index of the few members by which
Stripe filters, one row per value, sorted like a list: a filtered page reads a range of it. Deleted objects keep their
row, so that they remain valid as cursors. `jobs` and `deliveries` are queues (see queues.py). Every row belongs to an
account. Numbers (`seq`) are never reused, so that a number read in one transaction identifies the same row, or none, in
later ones: queues have AUTOINCREMENT, and what deletes objects calls `StoreSession.reserve`.

Durability: WAL with `synchronous = NORMAL`. After a killed process every answered request is stored; a power cut may
lose the last ones, without damage to the file.
"""

from __future__ import annotations

import sqlite3
import time

from .file_check import is_read_only, read_only_address, unsupported

#: Incremented when the layout changes; files from version 2 on are migrated when they are opened.
SCHEMA_VERSION = 6

#: How long a writer waits for one in another process, in milliseconds.
BUSY_TIMEOUT_MS = 30_000

_ACCOUNTS = """
CREATE TABLE accounts (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, key_hash TEXT UNIQUE, platform INTEGER, version TEXT
);
CREATE TABLE links (
  account INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, created INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (account, name, value, created, seq)
) WITHOUT ROWID;
CREATE TABLE idempotency (
  account INTEGER NOT NULL, key TEXT NOT NULL, created INTEGER NOT NULL, fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL, body BLOB NOT NULL, version TEXT, request TEXT, PRIMARY KEY (account, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created);
"""

_OBJECTS = """
CREATE TABLE objects (
  seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, object TEXT NOT NULL, id TEXT NOT NULL,
  created INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0, json TEXT NOT NULL, hidden TEXT
);
CREATE UNIQUE INDEX objects_by_id ON objects (account, object, id);
CREATE INDEX objects_in_order ON objects (account, object, created, seq) WHERE deleted = 0;
"""

_QUEUES = """
CREATE TABLE jobs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL,
  key TEXT NOT NULL, method TEXT NOT NULL, time INTEGER NOT NULL, platform TEXT NOT NULL
);
CREATE INDEX jobs_in_order ON jobs (account, at, seq);
CREATE UNIQUE INDEX jobs_by_name ON jobs (account, kind, key, method, at);
CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL, event TEXT NOT NULL,
  endpoint_account INTEGER NOT NULL, endpoint TEXT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL,
  claimed_by TEXT, claimed_until INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX deliveries_in_order ON deliveries (at, seq);
"""

#: Version 2 reused numbers, and stored jobs among the objects, as JSON of the kind `sandbox.due`.
_FROM_2 = f"""
DROP INDEX deliveries_in_order;
ALTER TABLE deliveries RENAME TO old_deliveries;
{_QUEUES}
INSERT OR IGNORE INTO jobs (account, at, kind, key, method, time, platform)
  SELECT account, created, json_extract(json, '$.kind'), json_extract(json, '$.key'), json_extract(json, '$.method'),
    json_extract(json, '$.at'), json_extract(json, '$.platform') FROM objects
  WHERE object = 'sandbox.due' ORDER BY created, seq;
INSERT INTO deliveries (seq, account, event, endpoint_account, endpoint, attempt, at)
  SELECT seq, account, event, endpoint_account, endpoint, attempt, at FROM old_deliveries ORDER BY seq;
DROP TABLE old_deliveries;
DELETE FROM objects WHERE object = 'sandbox.due';
"""  # noqa: S608 - our own names

#: Version 3 kept objects of 2026-05-27.dahlia; later versions of the API require more members of three of them.
_FROM_3 = """
UPDATE objects SET json = json_set(json, '$.pause_schedules', json('[]'))
  WHERE object = 'subscription_schedule' AND json_type(json, '$.phases') IS NOT NULL
    AND json_type(json, '$.pause_schedules') IS NULL;
UPDATE objects SET json = json_set(json, '$.evidence_details.submission_method',
    iif(json_extract(json, '$.evidence_details.submission_count') > 0, 'manual', 'not_submitted'))
  WHERE object = 'dispute' AND json_type(json, '$.evidence_details') IS NOT NULL
    AND json_type(json, '$.evidence_details.submission_method') IS NULL;
UPDATE objects SET json = json_set(json, '$.payment_method_details.card.network',
    json_extract(json, '$.payment_method_details.card.brand'))
  WHERE object = 'dispute' AND json_type(json, '$.payment_method_details.card') IS NOT NULL
    AND json_type(json, '$.payment_method_details.card.network') IS NULL;
"""

#: Version 4 knew one version of the API: no default of an account, and none of a saved response.
_FROM_4 = """
ALTER TABLE accounts ADD COLUMN version TEXT;
ALTER TABLE idempotency ADD COLUMN version TEXT;
"""

#: Version 5 did not keep the id of the request that a saved response answered, nor name a charge's dispute.
_FROM_5 = """
ALTER TABLE idempotency ADD COLUMN request TEXT;
UPDATE objects SET json = json_set(json, '$.dispute', iif(json_extract(json, '$.disputed'),
    (SELECT id FROM objects AS d WHERE d.account = objects.account AND d.object = 'dispute'
      AND json_extract(d.json, '$.charge') = objects.id LIMIT 1), NULL))
  WHERE object = 'charge' AND json_type(json, '$.dispute') IS NULL;
"""

_MIGRATIONS = {
    2: _FROM_2 + _FROM_3 + _FROM_4 + _FROM_5,
    3: _FROM_3 + _FROM_4 + _FROM_5,
    4: _FROM_4 + _FROM_5,
    5: _FROM_5,
}

#: The versions of files that can be opened, the current one last.
SUPPORTED = (*_MIGRATIONS, SCHEMA_VERSION)

_CONNECTION = f"""
PRAGMA busy_timeout = {BUSY_TIMEOUT_MS};
PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -16384;
PRAGMA temp_store = MEMORY;
PRAGMA wal_autocheckpoint = 4000;
"""


def connect(path: str | None) -> sqlite3.Connection:
    """Opens a connection to the file, or to a database in memory; a file that cannot be written is only read."""
    address = ":memory:" if path is None else read_only_address(path) if is_read_only(path) else path
    connection = sqlite3.connect(
        address, isolation_level=None, check_same_thread=False, cached_statements=512, uri=address.startswith("file:")
    )
    connection.executescript(_CONNECTION)
    return connection


def prepare(connection: sqlite3.Connection, path: str | None) -> None:
    """Creates the tables in a new file, or migrates a file of an older version, in one transaction.

    A file that cannot be written must have the current version. Raises ConfigurationError for a newer version or
    another program's file, which is left unchanged.
    """
    if _version_of(connection, path) != SCHEMA_VERSION:
        connection.execute("BEGIN IMMEDIATE")
        try:
            _create_or_migrate(connection, path)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    if path is None or not is_read_only(path):
        _switch_to_wal(connection)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Turns on the write-ahead log, which needs an exclusive lock; `busy_timeout` does not apply, so retry here."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _version_of(connection: sqlite3.Connection, path: str | None) -> int:
    """Returns the version of the file, 0 for an empty one. Raises ConfigurationError for an unsupported file."""
    # One statement, since another process may be creating the tables.
    sql = "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version"
    version, tables = connection.execute(sql).fetchone()
    if version in (*_MIGRATIONS, SCHEMA_VERSION) or not (version or tables):
        return int(version)
    raise unsupported(path, version, SCHEMA_VERSION)


def _create_or_migrate(connection: sqlite3.Connection, path: str | None) -> None:
    version = _version_of(connection, path)  # again, in the transaction: another process may have migrated it
    if version == SCHEMA_VERSION:
        return
    script = _MIGRATIONS.get(version, _ACCOUNTS + _OBJECTS + _QUEUES)
    for statement in script.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
