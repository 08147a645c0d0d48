"""Two workers on one file, in any order of their transactions, against a model that does everything one by one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from stripe_shell.sandbox.storage import queues
from stripe_shell.sandbox.storage.queues import CLAIMED_FOR, Delivery
from stripe_shell.sandbox.storage.rows import StoredRow
from stripe_shell.sandbox.storage.store import Store

ACCOUNT = 1
WORKERS = (0, 1)
TIMES = st.integers(0, 5)
NAMES = st.sampled_from("abc")


class Rollback(Exception):
    """Ends a transaction without its changes."""


class TwoWorkers(RuleBasedStateMachine):
    """Each rule is one transaction of one worker. What it has read stays in its hands, however old it is by then.

    The model: `objects` by id, `jobs` as a set of (at, method), `deliveries` by event with who holds them.
    """

    rows = Bundle("rows")
    handed_out = Bundle("handed_out")

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "model.db"
        self.stores = [Store(path) for _ in WORKERS]
        self.now = 0
        self.counter = 0
        self.objects: dict[str, str] = {}
        self.jobs: set[tuple[int, str]] = set()
        self.carried_out: list[tuple[int, str]] = []
        self.deliveries: dict[str, dict[str, Any]] = {}
        self.numbers: set[int] = set()

    def teardown(self) -> None:
        for store in getattr(self, "stores", ()):
            store.close()
        if hasattr(self, "folder"):
            self.folder.cleanup()

    # --- objects -------------------------------------------------------------------------------------------------

    @rule(target=rows, worker=st.sampled_from(WORKERS), kept=st.booleans())
    def insert(self, worker: int, kept: bool) -> Any:
        self.counter += 1
        key = f"cus_{self.counter}"
        try:
            with self.stores[worker].write() as session:
                row = session.insert(ACCOUNT, "customer", key, created=self.now, json='"new"', links=[("tag", "x")])
                if not kept:
                    raise Rollback
        except Rollback:
            return multiple()
        assert row.seq not in self.numbers, "a number was given out again"
        self.numbers.add(row.seq)
        self.objects[key] = '"new"'
        return row

    @rule(worker=st.sampled_from(WORKERS), row=rows)
    def update(self, worker: int, row: StoredRow) -> None:
        text = f'"{self.now}"'
        try:
            with self.stores[worker].write() as session:
                session.update(ACCOUNT, row, json=text, old=(), new=(), hidden=None)
        except LookupError:
            assert row.id not in self.objects
        else:
            assert row.id in self.objects, "another row was changed"
            self.objects[row.id] = text

    @rule(worker=st.sampled_from(WORKERS))
    def clear(self, worker: int) -> None:
        with self.stores[worker].write() as session:
            session.clear(ACCOUNT)
        self.objects.clear()
        self.jobs.clear()
        self.deliveries.clear()

    # --- jobs ----------------------------------------------------------------------------------------------------

    @rule(worker=st.sampled_from(WORKERS), wait=TIMES, name=NAMES)
    def schedule(self, worker: int, wait: int, name: str) -> None:
        at = self.now + wait
        with self.stores[worker].write() as session:
            queues.add_job(session, ACCOUNT, at=at, kind="k", key="k", method=name, time=at, platform="acct")
        self.jobs.add((at, name))

    @rule(worker=st.sampled_from(WORKERS), kept=st.booleans())
    def claim_job(self, worker: int, kept: bool) -> None:
        due = sorted(at for at, _ in self.jobs if at <= self.now)
        job = None
        try:
            with self.stores[worker].write() as session:
                job = queues.claim_job(session, ACCOUNT, self.now)
                if job is not None:
                    self.counter += 1
                    session.insert(ACCOUNT, "effect", f"{self.counter}", created=self.now, json="1")
                if not kept:
                    raise Rollback
        except Rollback:
            return
        assert (job is None) == (not due)
        if job is not None:
            assert job.at == due[0]
            self.jobs.remove((job.at, job.method))
            self.objects[f"{self.counter}"] = "1"

    # --- deliveries ----------------------------------------------------------------------------------------------

    @rule(worker=st.sampled_from(WORKERS), wait=TIMES)
    def queue(self, worker: int, wait: int) -> None:
        self.counter += 1
        event = f"evt_{self.counter}"
        with self.stores[worker].write() as session:
            queues.add_delivery(session, ACCOUNT, event, (ACCOUNT, "we_1"), self.now + wait)
        self.deliveries[event] = {"at": self.now + wait, "attempt": 0, "holder": None, "until": 0}

    @rule(target=handed_out, worker=st.sampled_from(WORKERS))
    def look(self, worker: int) -> Any:
        with self.stores[worker].read() as session:
            found = queues.due_deliveries(session, self.now)
        due = {name for name, each in self.deliveries.items() if each["at"] <= self.now and each["until"] <= self.now}
        assert {delivery.event for delivery in found} == due
        return multiple(*found)

    @rule(worker=st.sampled_from(WORKERS), delivery=handed_out)
    def claim(self, worker: int, delivery: Delivery) -> None:
        with self.stores[worker].write() as session:
            got = queues.claim_delivery(session, delivery, str(worker), self.now)
        known = self.deliveries.get(delivery.event)
        free = known is not None and known["attempt"] == delivery.attempt and known["until"] <= self.now
        assert got == free
        if known is not None and got:
            known |= {"holder": worker, "until": self.now + CLAIMED_FOR}

    @rule(worker=st.sampled_from(WORKERS), delivery=handed_out)
    def finish(self, worker: int, delivery: Delivery) -> None:
        with self.stores[worker].write() as session:
            done = queues.finish_delivery(session, delivery, str(worker))
        known = self.deliveries.get(delivery.event)
        assert done == (known is not None and known["holder"] == worker)
        if done:
            del self.deliveries[delivery.event]

    @rule(worker=st.sampled_from(WORKERS), delivery=handed_out, wait=TIMES)
    def put_off(self, worker: int, delivery: Delivery, wait: int) -> None:
        with self.stores[worker].write() as session:
            queues.put_off_delivery(session, delivery, str(worker), self.now + wait)
        known = self.deliveries.get(delivery.event)
        if known is not None and known["holder"] == worker:
            attempt = known["attempt"] + 1
            known |= {"at": self.now + wait, "attempt": attempt, "holder": None, "until": 0}

    @rule(seconds=st.sampled_from([1, 3, CLAIMED_FOR]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    # --- what both see -------------------------------------------------------------------------------------------

    @invariant()
    def both_see_the_model(self) -> None:
        for store in getattr(self, "stores", ()):
            with store.read() as session:
                assert dict(session.rows("SELECT id, json FROM objects WHERE account > 0")) == self.objects  # type: ignore[arg-type]
                assert set(session.rows("SELECT at, method FROM jobs")) == self.jobs
                events = {event for (event,) in session.rows("SELECT event FROM deliveries")}
                assert events == set(self.deliveries)
                loose = session.rows("SELECT seq FROM links WHERE seq NOT IN (SELECT seq FROM objects)")
                assert loose == []


TestTwoWorkers = TwoWorkers.TestCase
# 200 runs of 50 transactions.
TestTwoWorkers.settings = settings(
    max_examples=200, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
