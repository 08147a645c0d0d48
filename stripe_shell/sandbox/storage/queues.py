"""Work that waits in the file: scheduled jobs and webhook deliveries, each of them claimed by one worker at a time.

A job is claimed and carried out in one transaction: `claim_job` removes it, and a rollback brings it back. A delivery
takes longer than a transaction may, since an endpoint has to answer: `claim_delivery` writes down who is at work on it
and until when, and only that worker can finish it or put it off. Both hold across threads and across processes, because
SQLite lets one transaction write at a time. Numbers (`seq`) are never used twice, and still no entry is changed by its
number alone.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Collection
from secrets import token_hex
from typing import NamedTuple

from .store import Session

#: For how many seconds a delivery belongs to the worker that claimed it; after that another one may try.
CLAIMED_FOR = 60

_JOB = "seq, account, at, kind, key, method, time, platform"
_DELIVERY = "seq, account, event, endpoint_account, endpoint, attempt, at"


class Job(NamedTuple):
    """A method to be called on an object: `at` in real time, seeing `time` as the present (both epoch seconds)."""

    seq: int
    account: int
    at: int
    kind: str
    key: str
    method: str
    time: int
    platform: str


class Delivery(NamedTuple):
    """An event on its way to an endpoint: how often it was tried, and when it is to be tried next (epoch seconds)."""

    seq: int
    account: int
    event: str
    endpoint_account: int
    endpoint: str
    attempt: int
    at: int


# --- jobs ----------------------------------------------------------------------------------------------------------


def add_job(
    session: Session, account: int, *, at: int, kind: str, key: str, method: str, time: int, platform: str
) -> None:
    """Schedules a job. The same method of the same object for the same second is scheduled once."""
    session.change(
        "INSERT OR IGNORE INTO jobs (account, at, kind, key, method, time, platform) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (account, at, kind, key, method, time, platform),
    )


def has_due_job(session: Session, account: int, now: int) -> bool:
    """Whether a job of the account is due at `now` (epoch seconds)."""
    return bool(session.rows("SELECT 1 FROM jobs WHERE account = ? AND at <= ? LIMIT 1", (account, now)))


def claim_job(session: Session, account: int, now: int) -> Job | None:
    """Removes and returns the account's oldest job that is due at `now`; None when there is none.

    To be called in the transaction that carries the job out: whoever comes later no longer finds it, and if the
    transaction is rolled back it is there again.
    """
    sql = f"SELECT {_JOB} FROM jobs WHERE account = ? AND at <= ? ORDER BY at, seq LIMIT 1"  # noqa: S608 - our own names
    for row in session.rows(sql, (account, now)):
        job = Job._make(row)
        session.change("DELETE FROM jobs WHERE seq = ? AND account = ?", (job.seq, account))
        return job
    return None


def accounts_with_jobs(session: Session) -> dict[str, int]:
    """The ids of the accounts that have a job, with their numbers."""
    sql = "SELECT id, number FROM accounts WHERE EXISTS (SELECT 1 FROM jobs WHERE account = number)"
    return dict(session.rows(sql))  # type: ignore[arg-type] # sqlite3 does not type its rows


# --- deliveries ----------------------------------------------------------------------------------------------------


def add_delivery(session: Session, account: int, event: str, endpoint: tuple[int, str], at: int) -> None:
    """Queues an event of an account for an endpoint (its account's number, its id), to be sent at `at`."""
    session.change(
        "INSERT INTO deliveries (account, event, endpoint_account, endpoint, at) VALUES (?, ?, ?, ?, ?)",
        (account, event, *endpoint, at),
    )


def due_deliveries(session: Session, now: int, busy: Collection[str] = (), limit: int = 500) -> list[Delivery]:
    """The unclaimed deliveries that are due at `now`, oldest first, without those to endpoints in `busy`."""
    sql = (
        f"SELECT {_DELIVERY} FROM deliveries WHERE at <= ? AND claimed_until <= ?"  # noqa: S608 - our own names
        f" AND endpoint NOT IN ({', '.join('?' * len(busy))}) ORDER BY at, seq LIMIT ?"
    )
    rows = session.rows(sql, (now, now, *busy, limit))
    return list(map(Delivery._make, rows))


def claim_delivery(session: Session, delivery: Delivery, worker: str, now: int) -> bool:
    """Claims a delivery for `worker`; False when it was finished, put off or claimed by another one meanwhile."""
    sql = (
        "UPDATE deliveries SET claimed_by = ?, claimed_until = ?"
        " WHERE seq = ? AND event = ? AND endpoint = ? AND attempt = ? AND claimed_until <= ?"
    )
    key = (delivery.seq, delivery.event, delivery.endpoint, delivery.attempt)
    return session.change(sql, (worker, now + CLAIMED_FOR, *key, now)) == 1


def finish_delivery(session: Session, delivery: Delivery, worker: str) -> bool:
    """Removes a delivery that `worker` has claimed; False when it lost the claim meanwhile."""
    sql = "DELETE FROM deliveries WHERE seq = ? AND event = ? AND endpoint = ? AND claimed_by = ?"
    return session.change(sql, (delivery.seq, delivery.event, delivery.endpoint, worker)) == 1


def put_off_delivery(session: Session, delivery: Delivery, worker: str, at: int) -> None:
    """Counts an attempt of `worker` that failed, and gives the delivery back to be tried again at `at`."""
    sql = (
        "UPDATE deliveries SET attempt = attempt + 1, at = ?, claimed_by = NULL, claimed_until = 0"
        " WHERE seq = ? AND event = ? AND endpoint = ? AND claimed_by = ?"
    )
    session.change(sql, (at, delivery.seq, delivery.event, delivery.endpoint, worker))


def release_abandoned(session: Session) -> None:
    """Gives back the deliveries that were claimed by processes of this machine which have ended."""
    for (worker,) in session.rows("SELECT DISTINCT claimed_by FROM deliveries WHERE claimed_by IS NOT NULL"):
        if _has_ended(str(worker)):
            session.change("UPDATE deliveries SET claimed_by = NULL, claimed_until = 0 WHERE claimed_by = ?", (worker,))


# --- workers -------------------------------------------------------------------------------------------------------


def new_worker() -> str:
    """A name for whoever carries deliveries out: this machine, this process, and something random."""
    return f"{socket.gethostname()}:{os.getpid()}:{token_hex(8)}"


def _has_ended(worker: str) -> bool:
    """Whether the process of a worker is known to be gone; one of another machine may live."""
    host, _, rest = worker.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or sys.platform == "win32" or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
