"""A run as data: what every report is made from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from stripe_shell.diagnostics import Diagnostic, excerpt
from stripe_shell.engine.outcome import Outcome, Status
from stripe_shell.records import as_dict, field, record
from stripe_shell.render.exchange import render_request, render_response
from stripe_shell.secrets import Secrets

Verdict = Literal["passed", "failed", "error", "skipped"]

#: `failed`: an expectation; `error`: the call itself.
_VERDICTS: dict[Status, Verdict] = {
    "passed": "passed",
    "skipped": "skipped",
    "unexpected": "failed",
    "failed": "error",
    "unknown": "error",
    "invalid": "error",
}


@record
class Check:
    """An expectation: what was asked, what came."""

    text: str
    passed: bool
    expected: str
    actual: str


@record
class Entry:
    """One block that ran. Times are milliseconds, `started` since the beginning of the run."""

    name: str
    file: str
    line: int
    status: Status
    verdict: Verdict
    started: float
    elapsed: float
    connection: str = ""
    http: int | None = None
    request_id: str | None = None
    result: str = ""
    request: str = ""
    response: str = ""
    checks: tuple[Check, ...] = ()
    problems: tuple[str, ...] = ()


@record
class Report:
    """A run: its title, when it began (epoch seconds), how long it took (milliseconds), its entries in order.

    `problems` are those of the check, when nothing was sent.
    """

    title: str
    began: float
    duration: float
    entries: tuple[Entry, ...]
    problems: tuple[str, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """How many entries came out so."""
        return sum(entry.verdict == verdict for entry in self.entries)

    def masked(self, secrets: Secrets) -> Report:
        """The same with every secret masked."""
        data = _masked(as_dict(self), secrets)
        entries = tuple(
            Entry(
                **{
                    **entry,
                    "checks": tuple(Check(**check) for check in entry["checks"]),
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
    """Listens to a run. `clock` gives seconds that only grow; `began` is the wall clock's epoch seconds."""

    clock: Callable[[], float]
    began: float
    origin: float = field(default=0.0)
    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.origin = self.clock()

    def diagnostics(self, found: tuple[Diagnostic, ...]) -> None:
        """What the check found; only errors keep a run from happening."""
        self.problems += [excerpt(diagnostic) for diagnostic in found if diagnostic.severity == "error"]

    def outcome(self, outcome: Outcome) -> None:
        """A block has run just now."""
        ended = (self.clock() - self.origin) * 1e3
        elapsed = outcome.response.elapsed if outcome.response else 0.0
        self.entries.append(entry_of(outcome, started=max(0.0, ended - elapsed)))

    def report(self, title: str) -> Report:
        """What was heard."""
        duration = (self.clock() - self.origin) * 1e3
        return Report(title, self.began, duration, tuple(self.entries), tuple(self.problems))


def entry_of(outcome: Outcome, *, started: float) -> Entry:
    """An outcome as an entry."""
    span = outcome.block.span
    response = outcome.response
    body = outcome.body if isinstance(outcome.body, dict) else {}
    return Entry(
        name=outcome.name,
        file=span.source.name,
        line=span.location()[0],
        status=outcome.status,
        verdict=_VERDICTS[outcome.status],
        started=started,
        elapsed=response.elapsed if response else 0.0,
        connection=outcome.connection,
        http=response.status if response else None,
        request_id=outcome.request_id,
        result=str(body.get("id") or ""),
        request=render_request(outcome.request) if outcome.request else "",
        response=render_response(response) if response else "",
        checks=tuple(Check(a.span.text, a.passed, a.expected, a.actual) for a in outcome.assertions),
        problems=tuple(excerpt(d) for d in outcome.diagnostics if d.severity == "error"),
    )
