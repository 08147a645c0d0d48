"""The record of a run, from which every report is rendered."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from tempfile import TemporaryFile
from typing import Any, Literal, Protocol

from stripe_shell.diagnostics import Diagnostic, excerpt
from stripe_shell.engine.outcome import Outcome, OutcomeStatus
from stripe_shell.records import as_dict, field, record, replace
from stripe_shell.render.exchange import render_request, render_response
from stripe_shell.secrets import MASK, Secrets

EntryVerdict = Literal["passed", "failed", "error", "skipped"]

#: Members of responses that grant access and are masked in reports.
_GRANTING = ("client_secret", "secret", "authentication_token")
_SECRET_MEMBERS = re.compile(rf'("(?:{"|".join(_GRANTING)})"\s*:\s*")[^"]+')

#: The most passed blocks whose request and response are kept, since a loop may run a million.
KEPT_EXCHANGES = 1_000

#: `failed`: by an assertion; `error`: by the call itself.
_VERDICTS: dict[OutcomeStatus, EntryVerdict] = {
    "passed": "passed",
    "skipped": "skipped",
    "unexpected": "failed",
    "failed": "error",
    "unknown": "error",
    "changed": "error",
    "invalid": "error",
}


@record
class ReportCheck:
    """An evaluated assertion: its text, its expected and its actual value."""

    text: str
    passed: bool
    expected: str
    actual: str


@record
class ReportEntry:
    """A block that ran, or an example of a documentation page; `ordinal` counts the runs of one line.

    `row` is the name of the row that a block in a loop ran for.

    Times are milliseconds, `started` since the beginning of the run. `reason` says why it was skipped.
    """

    name: str
    file: str
    line: int
    status: OutcomeStatus
    verdict: EntryVerdict
    started: float
    elapsed: float
    connection: str = ""
    http: int | None = None
    request_id: str | None = None
    result: str = ""
    request: str = ""
    response: str = ""
    checks: tuple[ReportCheck, ...] = ()
    problems: tuple[str, ...] = ()
    reason: str = ""
    ordinal: int = 1
    row: str = ""

    @property
    def which(self) -> str:
        """Returns the mark that distinguishes runs of one line: the row, else the ordinal; empty for the first run."""
        if self.row:
            return f" {self.row}"
        return f" #{self.ordinal}" if self.ordinal > 1 else ""


class Entries(Protocol):
    """The entries of a run, in order. They can be iterated several times; each time they may be read from a file."""

    def __iter__(self) -> Iterator[ReportEntry]: ...

    def __len__(self) -> int: ...


@record
class Report:
    """A run: its title, start (epoch seconds), duration (milliseconds), and entries in order.

    `problems` are the errors of the check, after which nothing is sent, and those of a page as a whole. `not_run`
    counts the blocks after the one that stopped a script. `verdicts` counts the entries by verdict; None counts them
    when it is asked for. `addresses` are host and port of the connections that did not lead to Stripe, by name.
    """

    title: str
    began: float
    duration: float
    entries: Entries
    problems: tuple[str, ...] = ()
    not_run: int = 0
    verdicts: Mapping[EntryVerdict, int] | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)

    def count(self, verdict: EntryVerdict) -> int:
        """Returns the number of entries with this verdict."""
        if self.verdicts is not None:
            return self.verdicts.get(verdict, 0)
        return sum(entry.verdict == verdict for entry in self.entries)

    def masked(self, secrets: Secrets) -> Report:
        """Returns the report with every secret masked."""
        title, problems = secrets.mask(self.title), tuple(map(secrets.mask, self.problems))
        return replace(self, title=title, problems=problems, entries=_MaskedEntries(self.entries, secrets))


@record
class _MaskedEntries:
    """Entries that are masked one by one, when they are asked for."""

    entries: Entries
    secrets: Secrets

    def __iter__(self) -> Iterator[ReportEntry]:
        return (entry_from(_masked(as_dict(entry), self.secrets)) for entry in self.entries)

    def __len__(self) -> int:
        return len(self.entries)


class SpooledEntries:
    """Entries in a temporary file, so that a run of any length takes the same memory."""

    def __init__(self) -> None:
        self._file = TemporaryFile("w+b")  # noqa: SIM115 (it lasts as long as the process, and has no name)
        self._count = 0

    def append(self, entry: ReportEntry) -> None:
        """Adds an entry."""
        self._file.write(json.dumps(as_dict(entry)).encode() + b"\n")
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ReportEntry]:
        self._file.flush()
        rest, place = b"", 0
        while chunk := os.pread(self._file.fileno(), 1 << 16, place):
            place += len(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield entry_from(json.loads(line))


def entry_from(data: Mapping[str, Any]) -> ReportEntry:
    """Returns the entry that `as_dict` was given."""
    checks = tuple(ReportCheck(**check) for check in data["checks"])
    return ReportEntry(**{**data, "checks": checks, "problems": tuple(data["problems"])})


def rows_of(report: Report) -> Iterator[list[ReportEntry]]:
    """Yields the entries of each row of a loop together, and each block outside of loops by itself."""
    group: list[ReportEntry] = []
    for entry in report.entries:
        if group and not (entry.row and entry.row == group[0].row and entry.file == group[0].file):
            yield group
            group = []
        group.append(entry)
    if group:
        yield group


def verdict_of(group: Sequence[ReportEntry]) -> EntryVerdict:
    """Returns the verdict of a row: that of its gravest step; skipped if all steps were."""
    found = {entry.verdict for entry in group}
    return next(verdict for verdict in ("error", "failed", "passed", "skipped") if verdict in found)


def _masked(data: Any, secrets: Secrets) -> Any:
    if isinstance(data, dict):
        return {key: _masked(value, secrets) for key, value in data.items()}
    if isinstance(data, list):
        return [_masked(value, secrets) for value in data]
    return secrets.mask(data) if isinstance(data, str) else data


@record(frozen=False)
class Recorder:
    """Records a run. `clock` is a monotonic clock in seconds; `began` is epoch seconds.

    `on_entry` is called with every entry as it is recorded.
    """

    clock: Callable[[], float]
    began: float
    origin: float = field(default=0.0)
    entries: SpooledEntries = field(default_factory=SpooledEntries)
    verdicts: Counter[EntryVerdict] = field(default_factory=Counter)
    on_entry: Callable[[ReportEntry], None] = lambda entry: None
    problems: list[str] = field(default_factory=list)
    lines: Counter[tuple[str, int]] = field(default_factory=Counter)
    not_run: int = 0
    addresses: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.origin = self.clock()

    def diagnostics(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        """Records the errors of the check; warnings do not prevent a run."""
        self.problems += [excerpt(diagnostic) for diagnostic in diagnostics if diagnostic.severity == "error"]

    def outcome(self, outcome: Outcome, row: str = "") -> None:
        """Records a block that has just ended; `row` is the name of its row in a loop."""
        if outcome.address and outcome.request is not None:
            self.addresses[outcome.connection] = outcome.address
        self.add(replace(entry_of(outcome), row=row))

    def add(self, entry: ReportEntry) -> None:
        """Records an entry that has just ended."""
        ended = (self.clock() - self.origin) * 1e3
        line = (entry.file, entry.line)
        self.lines[line] += 1
        entry = replace(entry, started=max(0.0, ended - entry.elapsed), ordinal=self.lines[line])
        if len(self.entries) >= KEPT_EXCHANGES and entry.verdict == "passed":
            entry = replace(entry, request="", response="")
        self.verdicts[entry.verdict] += 1
        self.entries.append(entry)
        self.on_entry(entry)

    def report(self, title: str) -> Report:
        """Returns the report of what was recorded."""
        duration = (self.clock() - self.origin) * 1e3
        counts, problems = dict(self.verdicts), tuple(self.problems)
        addresses = dict(sorted(self.addresses.items()))
        return Report(title, self.began, duration, self.entries, problems, self.not_run, counts, addresses)


def entry_of(outcome: Outcome) -> ReportEntry:
    """Returns an outcome as an entry whose `started` the recorder sets.

    What grants access in the response, such as a `client_secret`, is masked wherever the entry quotes it.
    """
    span = outcome.block.span
    response = outcome.response
    body = outcome.body if isinstance(outcome.body, dict) else {}
    granting = Secrets().plus(*_granting_values(outcome.body))
    return ReportEntry(
        name=outcome.name,
        file=span.source.name,
        line=span.location()[0],
        status=outcome.status,
        verdict=_VERDICTS[outcome.status],
        started=0.0,
        elapsed=response.elapsed if response else 0.0,
        connection=outcome.connection,
        http=response.status if response else None,
        request_id=outcome.request_id,
        result=str(body.get("id") or ""),
        request=render_request(outcome.request) if outcome.request else "",
        response=_SECRET_MEMBERS.sub(rf"\1{MASK}", render_response(response)) if response else "",
        checks=tuple(
            ReportCheck(granting.mask(a.span.text), a.passed, granting.mask(a.expected), granting.mask(a.actual))
            for a in outcome.assertions
        ),
        problems=tuple(granting.mask(excerpt(d)) for d in outcome.diagnostics if d.severity == "error"),
        reason=outcome.reason,
    )


def _granting_values(body: Any) -> Iterator[str]:
    """Yields the values of the members of a response that grant access, however deep they are."""
    waiting = [body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            yield from (value for name, value in node.items() if name in _GRANTING and isinstance(value, str))
            waiting += node.values()
