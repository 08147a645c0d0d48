"""The ledger of a run with a journal: announces writes, keeps what became of them, and recalls it later."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from hashlib import sha256
from threading import Lock
from typing import Any, Literal

from stripe_shell.batch.captures import Wanted, capture, covers
from stripe_shell.batch.journal import DONE, FILE, INTENT, NOT_EXECUTED, PAGES, ROW, Journal, JournalUnwritable
from stripe_shell.batch.journal_state import JournalState, StepKey, StepState
from stripe_shell.batch.kept_rows import has_kept_rows, read_kept_rows, write_kept_rows
from stripe_shell.batch.line_entries import line_entries, read_lines
from stripe_shell.batch.recorded_request import record_request, request_hash
from stripe_shell.batch.row_cells import row_cells
from stripe_shell.batch.run_folder import JOURNAL
from stripe_shell.batch.steps_table import StepEntry, short_id
from stripe_shell.engine.foreach import LoopRow, ReadRows
from stripe_shell.engine.idempotency_keys import idempotency_key
from stripe_shell.engine.limits import WRITES
from stripe_shell.engine.links import Link
from stripe_shell.engine.outcome import Outcome, RowResult, RowStatus
from stripe_shell.engine.paths import output_of
from stripe_shell.engine.run.ledger import RowsWritten, StepPlace
from stripe_shell.engine.run.row_lines import RowLines
from stripe_shell.engine.run.stopping import StopRequest
from stripe_shell.errors import JournalDisagrees, NoAnswer, RunStopped
from stripe_shell.lang.ast import Block
from stripe_shell.records import field, record, replace
from stripe_shell.secrets import Secrets
from stripe_shell.transports.retry import says_not_executed
from stripe_shell.wire import Request, Response, encode_form

#: What becomes of a step that took effect and was edited since.
EditPolicy = Literal["refuse", "keep", "rerun"]

#: The id of steps outside of loops, as of a row.
NO_ROW = "0" * 16
_NO_STATE = StepState()


@record
class WriteInFlight:
    """A write that was announced and not answered yet."""

    row_id: str
    row: str
    name: str
    key: str


@record(frozen=False)
class JournalLedger:
    """The journal of a run in use. Thread-safe.

    `state` is what earlier processes of the run left. `retry` repeats what Stripe refused under new keys. `secrets` are
    the values of `@secret` by name. `untold` are the finished rows whose lines the row file lacks; None if any may be
    missing. `sources` are the names of lists that loops run over, whose rows are kept instead of the response. `clock`
    returns epoch seconds.
    """

    run_id: str
    journal: Journal
    state: JournalState
    table: Mapping[str, StepEntry]
    stop: StopRequest
    edits: EditPolicy
    retry: bool
    secrets: Mapping[str, str]
    masks: Callable[[], Secrets]
    in_flight: dict[str, WriteInFlight] = field(default_factory=dict)
    wrote: dict[str, set[str]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    clock: Callable[[], float] = time.time
    untold: frozenset[str] | None = None
    sources: frozenset[str] = frozenset()

    @property
    def spent(self) -> Mapping[str, int]:
        """Returns the writes of the rows that earlier processes finished and their money, by unit."""
        return self.state.spent

    @property
    def has_sent(self) -> bool:
        """Whether an earlier process of the run sent anything."""
        return bool(self.state.steps) or len(self.state.finished) > 0

    def step(self, place: StepPlace, block: Block) -> JournalStep:
        """Returns the journal of a step."""
        step = short_id(place.step)
        key = (place.row_id or NO_ROW, step, short_id(place.inner) if place.inner else "")
        state = self.state.steps.get(key, _NO_STATE)
        generation = state.generation + (1 if self.retry and state.failed else 0)
        return JournalStep(self, place, block, key, state, generation, self.table[step].wanted)

    def finished(self, row: LoopRow, row_id: str, name: str) -> RowResult | None:
        """Returns the result of a row that an earlier process finished."""
        if self.state.finished.meet(row_id) is None:
            return None
        status: RowStatus = "skipped" if self.state.finished.skipped(row_id) else "done"
        return RowResult(0, status, name, row.key, row.data.values, recalled=True)

    def recall_row(self, row_id: str) -> RowStatus | None:
        """Returns the status of a finished row whose line the row file has; None for other rows."""
        if self.untold is None or row_id in self.untold:
            return None
        return self.state.finished.recall(row_id)

    def sends(self, row_id: str) -> bool:
        """Whether a write of the row has been announced and not answered yet."""
        return any(flight.row_id == row_id for flight in self.writes_in_flight())

    def writes_in_flight(self) -> list[WriteInFlight]:
        """Returns the writes that were announced and not answered yet."""
        with self.lock:
            return list(self.in_flight.values())

    def keep_rows(self, loop: str, read: ReadRows, *, anew: bool = False) -> ReadRows:
        """Keeps the rows of a loop in the folder of the run, unless an earlier process did; returns how to read them.

        `anew`: the file of a loop of this run has those of the earlier process, and may have more. Raises NotSent if
        they cannot be kept.
        """
        if anew or not has_kept_rows(self.journal.folder, loop):
            write_kept_rows(self.journal.folder, loop, read())
        return partial(read_kept_rows, self.journal.folder, loop)

    def note_file(self, partial: str) -> None:
        """Journals that a file is begun."""
        self.append({"t": FILE, "partial": partial})

    def end_row(self, row: LoopRow, row_id: str, result: RowResult, lines: RowLines) -> None:
        """Journals the result of a row and its lines, unless it was interrupted."""
        if result.status == "not run":
            return
        with self.lock:
            wrote = self.wrote.pop(row_id, set())
        masks = self.masks()
        entry = {
            "t": ROW,
            "r": row_id,
            "h": row_hash(row),
            "st": result.status,
            "k": masks.mask(row.key),
            "n": masks.mask(result.name),
            "e": {WRITES: result.writes, **result.money},
            "w": sorted(wrote),
            "x": masks.mask_data(row_cells(result)),
        }
        self.append(entry, before=line_entries(row_id, lines, masks))

    def recall_lines(self, row_id: str, lines: RowLines) -> None:
        """Adds the lines of a row that an earlier process finished to `lines`. Raises OSError."""
        place = self.state.lines.find(row_id)
        if place is not None:
            read_lines(self.journal.folder / JOURNAL, place, lines)

    def note_write(self, step: StepKey) -> None:
        """Notes that a step of a row took effect."""
        if step[0] != NO_ROW:
            with self.lock:
                self.wrote.setdefault(step[0], set()).add(step[1])

    def append(self, entry: Mapping[str, Any], *, lasting: bool = False, before: Iterable[bytes] = ()) -> None:
        """Appends an entry. An entry that is not `lasting` may be lost: the next announcement stops the run then."""
        try:
            self.journal.append(entry, lasting=lasting, before=before)
        except JournalUnwritable as error:
            self.stop.request(str(error), immediate=True)
            if lasting:
                raise


@record(frozen=False)
class JournalStep:
    """The journal of one step; implements `engine.run.ledger.StepLedger`."""

    ledger: JournalLedger
    place: StepPlace
    block: Block
    step_key: StepKey
    state: StepState
    generation: int
    wanted: Wanted
    hashed: tuple[Request, str] | None = None

    @property
    def key(self) -> str:
        """Returns the idempotency key of the step."""
        return idempotency_key(self.ledger.run_id, self.place.step, self.place.row_key, self.generation)

    def recall(self, request: Request, link: Link) -> Response | None:
        """Returns the response that an earlier process got; None if the request must be sent (again)."""
        done = self.state.done
        if done is None or self.generation != self.state.generation:
            return None
        if not request.writes and self.step_key[0] not in self.ledger.state.rows_with_writes:
            return None
        if done["rh"] != self._hash(request) and request.writes:
            if self.state.failed or self.ledger.edits == "rerun":
                return None
            if self.ledger.edits == "refuse":
                raise JournalDisagrees(
                    f"this run sent another request for this step, and {_what_exists(done)}; nothing was sent now"
                )
        if request.writes and not self.state.failed:
            self.ledger.note_write(self.step_key)
        body = done["b"]
        if not self.state.failed and not (done.get("c", True) and self._is_covered()):
            body = _read_again(request, body, link)
        return Response(int(done["http"]), _headers(done), json.dumps(body).encode())

    def announce(self, request: Request, link: Link) -> Request:
        """Journals a write before it is sent; returns the request to send."""
        if not request.writes:
            return request
        if self.state.done is not None and self.generation == self.state.generation:
            # The step was edited: the new request is another write than the one that was refused or done.
            own = request.idempotency_key == self.key
            self.generation += 1
            request = replace(request, idempotency_key=self.key) if own else request
        return self._announce(request, link)

    def settle(self, outcome: Outcome) -> None:
        """Journals what became of the request."""
        request, response = outcome.request, outcome.response
        if request is None:
            return
        with self.ledger.lock:
            announced = self.ledger.in_flight.pop(request.idempotency_key or _place(self.step_key), None)
        if request.writes and announced is None:
            return
        if outcome.status == "unknown" or outcome.indeterminate:
            return
        if not request.writes and outcome.written_to is None and output_of(outcome.block) is not None:
            return
        if not request.writes and outcome.saved_as in self.ledger.sources:
            return
        if response is None or (says_not_executed(response) and response.status != 409):
            if request.writes and not self.state.open:
                self.ledger.append(self._entry(NOT_EXECUTED))
        elif response.status != 409 and (request.writes or response.ok):
            self.ledger.append(self._done(outcome, request, response))
            if request.writes and response.ok:
                self.ledger.note_write(self.step_key)

    def rows_written(self, request: Request, file: str) -> RowsWritten | None:
        """Returns how far an earlier process wrote the list to the file, unless the request is another one."""
        found = self.state.pages
        if found is None or found["rh"] != request_hash(request) or found["f"] != _short_hash(file):
            return None
        return RowsWritten(file, found["c"], found["pn"], found["rn"], found["p"])

    def note_rows(self, request: Request, written: RowsWritten) -> bool:
        """Journals how far the list was written. Raises RunStopped if the run is to stop."""
        entry = self._entry(PAGES) | {"rh": request_hash(request), "f": _short_hash(written.file)}
        entry |= {"c": dict(written.cursor), "pn": written.pages, "rn": written.rows, "p": dict(written.position)}
        self.ledger.append(entry)
        if self.ledger.stop.requested:
            raise RunStopped(self.ledger.stop.reason)
        return True

    def _announce(self, request: Request, link: Link) -> Request:
        flight = WriteInFlight(self.step_key[0], self.place.row_name, self.block_name, request.idempotency_key or "")
        with self.ledger.lock:
            self.ledger.in_flight[request.idempotency_key or _place(self.step_key)] = flight
        if self.state.open and self.generation == self.state.generation:
            return request
        entry = self._entry(INTENT)
        entry |= {"at": round(self.ledger.clock(), 3), "rh": self._hash(request), "k": request.idempotency_key}
        recorded = record_request(request, self.ledger.secrets, self.ledger.masks())
        entry |= {"cn": link.name, "q": recorded, "n": self.ledger.masks().mask(self.place.row_name)}
        self.ledger.append(entry, lasting=True)
        return request

    def _hash(self, request: Request) -> str:
        """Returns the hash of a request, which is computed once."""
        if self.hashed is None or self.hashed[0] is not request:
            self.hashed = (request, request_hash(request))
        return self.hashed[1]

    @property
    def block_name(self) -> str:
        """Returns the name of the step in messages."""
        return self.ledger.table[self.step_key[1]].name

    def _done(self, outcome: Outcome, request: Request, response: Response) -> dict[str, Any]:
        kept = capture(outcome.body, self.wanted, self.ledger.masks())
        entry = self._entry(DONE)
        entry |= {"http": response.status, "rq": outcome.request_id, "rh": self._hash(request), "b": kept.body}
        return entry if kept.complete else {**entry, "c": False}

    def _entry(self, kind: str) -> dict[str, Any]:
        row, step, inner = self.step_key
        entry: dict[str, Any] = {"t": kind, "r": row, "s": step}
        entry |= {"y": inner} if inner else {}
        return entry | ({"g": self.generation} if self.generation else {})

    def _is_covered(self) -> bool:
        """Whether every earlier process kept what the script needs of the response now."""
        tables = [table[self.step_key[1]]["k"] for table in self.ledger.state.tables if self.step_key[1] in table]
        return all(covers(kept, self.wanted) for kept in tables)


def row_hash(row: LoopRow) -> str:
    """Returns a hash of the columns of a row: 16 hexadecimal digits."""
    return sha256(encode_form(row.data.values).encode(errors="surrogatepass")).hexdigest()[:16]


def _short_hash(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _place(key: StepKey) -> str:
    return "/".join(key)


def _headers(done: Mapping[str, Any]) -> dict[str, str]:
    return {"Request-Id": done["rq"]} if done.get("rq") else {}


def _what_exists(done: Mapping[str, Any]) -> str:
    body = done.get("b")
    made = body.get("id") if isinstance(body, dict) else None
    return f"{made} exists" if made else "it took effect"


def _read_again(request: Request, kept: Any, link: Link) -> Any:
    """Returns the object of a step from Stripe, as the journal does not hold all that is needed of it.

    Raises NoAnswer if it cannot be read.
    """
    made = str(kept.get("id", "")) if isinstance(kept, dict) else ""
    path = request.path
    if request.writes and made:
        head, found, _ = path.partition(f"/{made}")
        path = f"{head}{found}" if found else f"{path}/{made}"
    headers = {name: value for name, value in request.headers.items() if name.startswith("Stripe-")}
    query = "" if request.writes else request.query
    response = link.transport.send(Request("GET", path, query, headers=headers, host=request.host))
    if not response.ok:
        raise NoAnswer(f"the journal does not hold all that is needed, and GET {path} answered {response.status}")
    return response.json()
