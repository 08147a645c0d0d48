"""The record of a run, from which every report is rendered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Literal

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


@record
class Report:
    """A run: its title, start (epoch seconds), duration (milliseconds), and entries in order.

    `problems` are the errors of the check, after which nothing is sent, and those of a page as a whole. `not_run`
    counts the blocks after the one that stopped a script.
    """

    title: str
    began: float
    duration: float
    entries: tuple[ReportEntry, ...]
    problems: tuple[str, ...] = ()
    not_run: int = 0

    def count(self, verdict: EntryVerdict) -> int:
        """Returns the number of entries with this verdict."""
        return sum(entry.verdict == verdict for entry in self.entries)

    def masked(self, secrets: Secrets) -> Report:
        """Returns the report with every secret masked."""
        data = _masked(as_dict(self), secrets)
        entries = tuple(
            ReportEntry(
                **{
                    **entry,
                    "checks": tuple(ReportCheck(**check) for check in entry["checks"]),
                    "problems": tuple(entry["problems"]),
                }
            )
            for entry in data["entries"]
        )
        return Report(**{**data, "entries": entries, "problems": tuple(data["problems"])})


def _masked(data: Any, secrets: Secrets) -> Any:
    if isinstance(data, dict):
        return {key: _masked(value, secrets) for key, value in data.items()}
    if isinstance(data, list):
        return [_masked(value, secrets) for value in data]
    return secrets.mask(data) if isinstance(data, str) else data


@record(frozen=False)
class Recorder:
    """Records a run. `clock` is a monotonic clock in seconds; `began` is epoch seconds."""

    clock: Callable[[], float]
    began: float
    origin: float = field(default=0.0)
    entries: list[ReportEntry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    lines: Counter[tuple[str, int]] = field(default_factory=Counter)
    not_run: int = 0

    def __post_init__(self) -> None:
        self.origin = self.clock()

    def diagnostics(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        """Records the errors of the check; warnings do not prevent a run."""
        self.problems += [excerpt(diagnostic) for diagnostic in diagnostics if diagnostic.severity == "error"]

    def outcome(self, outcome: Outcome, row: str = "") -> None:
        """Records a block that has just ended; `row` is the name of its row in a loop."""
        self.add(replace(entry_of(outcome), row=row))

    def add(self, entry: ReportEntry) -> None:
        """Records an entry that has just ended."""
        ended = (self.clock() - self.origin) * 1e3
        line = (entry.file, entry.line)
        self.lines[line] += 1
        entry = replace(entry, started=max(0.0, ended - entry.elapsed), ordinal=self.lines[line])
        if len(self.entries) >= KEPT_EXCHANGES and entry.verdict == "passed":
            entry = replace(entry, request="", response="")
        self.entries.append(entry)

    def report(self, title: str) -> Report:
        """Returns the report of what was recorded."""
        duration = (self.clock() - self.origin) * 1e3
        return Report(title, self.began, duration, tuple(self.entries), tuple(self.problems), self.not_run)


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


def _granting_values(node: Any) -> Iterator[str]:
    """Yields the values of the members of a response that grant access."""
    if isinstance(node, list):
        for item in node:
            yield from _granting_values(item)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name in _GRANTING and isinstance(value, str):
                yield value
            else:
                yield from _granting_values(value)
