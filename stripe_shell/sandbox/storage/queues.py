"""Queues in the file: scheduled jobs and webhook deliveries, each claimed by one worker at a time.

A job is claimed and run in one transaction: `claim_job` deletes it, and a rollback restores it. A delivery takes longer
than a transaction may, since an endpoint has to respond: `claim_delivery` stores the worker and when its claim expires,
and only that worker can finish or postpone the delivery. Both work across threads and processes, because SQLite has a
single writer. Row numbers (`seq`) are never reused; statements match further columns besides, as a safeguard.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Collection
from secrets import token_hex
from typing import NamedTuple

from .session import StoreSession

#: How long a worker's claim on a delivery lasts, in seconds; then another worker can claim it.
CLAIMED_FOR = 60

_JOB = "seq, account, at, kind, key, method, time, platform"
_DELIVERY = "seq, account, event, endpoint_account, endpoint, attempt, at"


class Job(NamedTuple):
    """A method to call on an object: due at `at` in real time, with `time` as the current time (epoch seconds)."""

    seq: int
    account: int
    at: int
    kind: str
    key: str
    method: str
    time: int
    platform: str


class Delivery(NamedTuple):
    """An event to send to an endpoint: `attempt` failed attempts so far, the next one due at `at` (epoch seconds)."""

    seq: int
    account: int
    event: str
    endpoint_account: int
    endpoint: str
    attempt: int
    at: int


# --- jobs ----------------------------------------------------------------------------------------------------------


def add_job(
    session: StoreSession, account: int, *, at: int, kind: str, key: str, method: str, time: int, platform: str
) -> None:
    """Schedules a job. The same method of the same object for the same second is scheduled once."""
    session.change(
        "INSERT OR IGNORE INTO jobs (account, at, kind, key, method, time, platform) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (account, at, kind, key, method, time, platform),
    )


def has_due_job(session: StoreSession, account: int, now: int) -> bool:
    """Whether a job of the account is due at `now` (epoch seconds)."""
    return bool(session.rows("SELECT 1 FROM jobs WHERE account = ? AND at <= ? LIMIT 1", (account, now)))


def next_job(session: StoreSession, until: int) -> int | None:
    """Returns when the next job of any account is due (epoch seconds); None if none is due by `until`."""
    rows = session.rows("SELECT at FROM jobs WHERE at <= ? ORDER BY at LIMIT 1", (until,))
    return next((int(at) for (at,) in rows if isinstance(at, int)), None)


def claim_job(session: StoreSession, account: int, now: int) -> Job | None:
    """Deletes and returns the account's oldest job that is due at `now`; None when there is none.

    Call it in the transaction that runs the job: a commit removes the job for other workers, a rollback restores it.
    """
    sql = f"SELECT {_JOB} FROM jobs WHERE account = ? AND at <= ? ORDER BY at, seq LIMIT 1"  # noqa: S608 - our own names
    for row in session.rows(sql, (account, now)):
        job = Job._make(row)
        session.change("DELETE FROM jobs WHERE seq = ? AND account = ?", (job.seq, account))
        return job
    return None


def accounts_with_jobs(session: StoreSession) -> dict[str, int]:
    """Returns the ids of the accounts that have a job, with their numbers."""
    sql = "SELECT id, number FROM accounts WHERE EXISTS (SELECT 1 FROM jobs WHERE account = number)"
    return dict(session.rows(sql))  # type: ignore[arg-type] # sqlite3 does not type its rows


# --- deliveries ----------------------------------------------------------------------------------------------------


def add_delivery(session: StoreSession, account: int, event: str, endpoint: tuple[int, str], at: int) -> None:
    """Queues an event for an endpoint (its account's number, its id), to be sent at `at` (epoch seconds)."""
    session.change(
        "INSERT INTO deliveries (account, event, endpoint_account, endpoint, at) VALUES (?, ?, ?, ?, ?)",
        (account, event, *endpoint, at),
    )


def due_deliveries(session: StoreSession, now: int, busy: Collection[str] = (), limit: int = 500) -> list[Delivery]:
    """Returns the unclaimed deliveries due at `now`, oldest first, except to endpoints in `busy`."""
    sql = (
        f"SELECT {_DELIVERY} FROM deliveries WHERE at <= ? AND claimed_until <= ?"  # noqa: S608 - our own names
        f" AND endpoint NOT IN ({', '.join('?' * len(busy))}) ORDER BY at, seq LIMIT ?"
    )
    rows = session.rows(sql, (now, now, *busy, limit))
    return list(map(Delivery._make, rows))


def claim_delivery(session: StoreSession, delivery: Delivery, worker: str, now: int) -> bool:
    """Claims a delivery for `worker`; False when it was finished, postponed or claimed by another one meanwhile."""
    sql = (
        "UPDATE deliveries SET claimed_by = ?, claimed_until = ?"
        " WHERE seq = ? AND event = ? AND endpoint = ? AND attempt = ? AND claimed_until <= ?"
    )
    key = (delivery.seq, delivery.event, delivery.endpoint, delivery.attempt)
    return session.change(sql, (worker, now + CLAIMED_FOR, *key, now)) == 1


def finish_delivery(session: StoreSession, delivery: Delivery, worker: str) -> bool:
    """Deletes a delivery that `worker` has claimed; False when its claim was lost meanwhile."""
    sql = "DELETE FROM deliveries WHERE seq = ? AND event = ? AND endpoint = ? AND claimed_by = ?"
    return session.change(sql, (delivery.seq, delivery.event, delivery.endpoint, worker)) == 1


def put_off_delivery(session: StoreSession, delivery: Delivery, worker: str, at: int) -> None:
    """Counts a failed attempt, releases the claim of `worker` and schedules the next attempt at `at`."""
    sql = (
        "UPDATE deliveries SET attempt = attempt + 1, at = ?, claimed_by = NULL, claimed_until = 0"
        " WHERE seq = ? AND event = ? AND endpoint = ? AND claimed_by = ?"
    )
    session.change(sql, (at, delivery.seq, delivery.event, delivery.endpoint, worker))


def release_abandoned(session: StoreSession) -> None:
    """Releases the deliveries claimed by processes of this machine that have ended."""
    for (worker,) in session.rows("SELECT DISTINCT claimed_by FROM deliveries WHERE claimed_by IS NOT NULL"):
        if _has_ended(str(worker)):
            session.change("UPDATE deliveries SET claimed_by = NULL, claimed_until = 0 WHERE claimed_by = ?", (worker,))


# --- workers -------------------------------------------------------------------------------------------------------


def new_worker() -> str:
    """Returns a unique worker name: host name, process id and a random token."""
    return f"{socket.gethostname()}:{os.getpid()}:{token_hex(8)}"


def _has_ended(worker: str) -> bool:
    """Whether the worker's process has ended; False for another machine's, which cannot be checked."""
    host, _, rest = worker.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or sys.platform == "win32" or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:  # another user's process
        pass
    return False
