"""Settles what became of the open writes of a run: asks Stripe, or takes a person's word; sends none of them again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from stripe_shell.batch.captures import capture
from stripe_shell.batch.event_search import EVENTS_KEPT, FoundWrite, search_events
from stripe_shell.batch.journal import DONE, NOT_EXECUTED, Journal
from stripe_shell.batch.journal_state import JournalState
from stripe_shell.batch.open_writes import UnansweredWrite
from stripe_shell.batch.stamp_search import search_stamps
from stripe_shell.engine.links import Link
from stripe_shell.errors import UsageError
from stripe_shell.records import record
from stripe_shell.secrets import Secrets
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request

Verdict = Literal["done", "refused", "not found"]


@record
class SettledWrite:
    """The result of settling a write: `made` is the object, `reason` how that is known, or what to do."""

    write: UnansweredWrite
    verdict: Verdict
    made: str = ""
    reason: str = ""


@record
class Settlement:
    """The open writes of a run, and what they are settled with.

    `link_of` returns the connection of a name. `masks` is everything that must not be stored, `clock` returns epoch
    seconds.
    """

    run_id: str
    state: JournalState
    journal: Journal
    table: Table
    link_of: Callable[[str], Link]
    masks: Secrets
    clock: Callable[[], float] = time.time

    def search(self, writes: Sequence[UnansweredWrite]) -> list[SettledWrite]:
        """Looks each write up at Stripe and journals those that were executed. Raises TransportError."""
        groups: dict[tuple[str, str], list[UnansweredWrite]] = {}
        for write in writes:
            groups.setdefault((write.connection, str(write.headers)), []).append(write)
        settled: list[SettledWrite] = []
        for (connection, _), group in groups.items():
            settled += self._search_account(self.link_of(connection), group)
        return settled

    def accept(self, write: UnansweredWrite, made: str, person: str) -> SettledWrite:
        """Journals that a person says that a write made or changed the object `made`. Raises UsageError.

        The object is read from Stripe, so that what later steps need of it is known.
        """
        path_id = write.path_id(self.table)
        if path_id and path_id != made:
            raise UsageError(f"{write.name} is about {path_id}, not {made}. Nothing was journalled.")
        path = _object_path(write.request.path, made)
        request = Request("GET", path, headers=write.headers)
        response = self.link_of(write.connection).transport.send(request)
        body = response.json() if response.ok else None
        if not isinstance(body, dict) or body.get("id") != made:
            raise UsageError(f"GET {path} answered {response.status}: there is no such object. Nothing was journalled.")
        self._journal_done(write, FoundWrite(body, f"{person} says so"), person)
        return SettledWrite(write, "done", made, f"{person} says so")

    def reject(self, write: UnansweredWrite, person: str) -> SettledWrite:
        """Journals that a person says that a write was not executed: the run sends it again, under its key."""
        self._append(write, {"t": NOT_EXECUTED}, {"by": person, "at": round(self.clock(), 3)})
        write.state.intent = None
        return SettledWrite(
            write, "not found", "", f"{person} says that it was not executed; `runs resume` sends it again"
        )

    def _search_account(self, link: Link, writes: list[UnansweredWrite]) -> list[SettledWrite]:
        found = search_events(link, writes, max(self.state.latest, *(w.first_sent for w in writes)), self.table)
        left = [write for write in writes if write.place not in found]
        found |= search_stamps(link, left, self.run_id, self.table)
        return [self._settle(write, found.get(write.place)) for write in writes]

    def _settle(self, write: UnansweredWrite, found: FoundWrite | None) -> SettledWrite:
        if found is None:
            return SettledWrite(write, "not found", "", self._what_to_do(write))
        made = str(found.body.get("id", ""))
        if found.refused:
            return SettledWrite(write, "refused", made, f"{found.found_by}, and a payment in it failed: you decide")
        self._journal_done(write, found, "")
        return SettledWrite(write, "done", made, found.found_by)

    def _what_to_do(self, write: UnansweredWrite) -> str:
        age = self.clock() - write.first_sent
        if not write.too_old(self.clock()):
            return "young enough: `runs resume` sends it again under its key"
        if age > EVENTS_KEPT:
            return "no trace, and events as old as this are gone: look, then --done ID or --not-done"
        return "no trace of it: look, then --done ID or --not-done"

    def _journal_done(self, write: UnansweredWrite, found: FoundWrite, person: str) -> None:
        """Journals the object as the response to a write, as far as later steps need it."""
        wanted: Mapping[str, Any] = {"id": {}, "object": {}} if write.secret else write.wanted
        kept = capture(found.body, dict(wanted), self.masks)
        complete = kept.complete and not write.secret and not person
        more: dict[str, Any] = {"http": 200, "rq": found.request_id, "rh": (write.state.intent or {}).get("rh")}
        more |= {"b": kept.body, "how": found.found_by, "at": round(self.clock(), 3)}
        more |= {"by": person} if person else {}
        entry = self._append(write, {"t": DONE}, more if complete else {**more, "c": False})
        write.state.done = entry

    def _append(self, write: UnansweredWrite, kind: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
        row, step, inner = write.step_key
        entry: dict[str, Any] = {**kind, "r": row, "s": step, **({"y": inner} if inner else {})}
        entry |= {"g": write.state.generation} if write.state.generation else {}
        self.journal.append(entry | more, lasting=True)
        return entry | more


def _object_path(path: str, made: str) -> str:
    """Returns the path of an object, from that of the write that created or changed it."""
    head, found, _ = path.partition(f"/{made}")
    return f"{head}{found}" if found else f"{path}/{made}"
