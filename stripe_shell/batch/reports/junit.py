"""Renders a run as JUnit XML for continuous integration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from stripe_shell.batch.reports.record import EntryVerdict, Report, ReportEntry, rows_of, verdict_of
from stripe_shell.escaping import xml_attribute, xml_text
from stripe_shell.records import field, record

#: The verdicts that the heads of suites count.
_COUNTED: tuple[EntryVerdict, ...] = ("failed", "error", "skipped")


def render_junit(report: Report) -> Iterator[str]:
    """Yields the document: a suite for each file, a case for each row of a loop and for each other block."""
    suites = _count(report)
    totals = {verdict: sum(suite.cases[verdict] for suite in suites) for verdict in _COUNTED}
    head = _attributes(
        name=report.title,
        tests=str(sum(suite.count for suite in suites) + bool(report.problems)),
        failures=str(totals["failed"]),
        errors=str(totals["error"] + bool(report.problems)),
        skipped=str(totals["skipped"]),
        time=f"{report.duration / 1e3:.3f}",
    )
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites {head}>\n'
    groups = rows_of(report)
    for suite in suites:
        yield suite.head(report)
        yield from (_case(next(groups)) for _ in range(suite.count))
        yield "  </testsuite>\n"
    if report.problems:
        yield _check_suite(report)
    yield "</testsuites>\n"


@record(frozen=False)
class _Suite:
    """What the head of a suite says of its cases."""

    file: str
    cases: Counter[EntryVerdict] = field(default_factory=Counter)
    elapsed: float = 0.0

    @property
    def count(self) -> int:
        return self.cases.total()

    def head(self, report: Report) -> str:
        attributes = _attributes(
            name=self.file,
            tests=str(self.count),
            failures=str(self.cases["failed"]),
            errors=str(self.cases["error"]),
            skipped=str(self.cases["skipped"]),
            time=f"{self.elapsed / 1e3:.3f}",
            timestamp=datetime.fromtimestamp(report.began, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        )
        return f"  <testsuite {attributes}>\n{_properties(report)}"


def _count(report: Report) -> list[_Suite]:
    """Returns the suites, with their cases counted."""
    suites: list[_Suite] = []
    for group in rows_of(report):
        if not suites or suites[-1].file != group[0].file:
            suites.append(_Suite(group[0].file))
        suites[-1].cases[verdict_of(group)] += 1
        suites[-1].elapsed += sum(entry.elapsed for entry in group)
    return suites


def _properties(report: Report) -> str:
    """Returns the addresses that are not Stripe's as properties of a suite: a document has none in JUnit."""
    properties = "".join(
        f"      <property {_attributes(name=f'address of /{name}', value=address)}/>\n"
        for name, address in report.addresses.items()
    )
    return f"    <properties>\n{properties}    </properties>\n" if properties else ""


def _case(group: Sequence[ReportEntry]) -> str:
    verdict = verdict_of(group)
    entry = next(entry for entry in group if entry.verdict == verdict)
    step = f"{entry.name} (line {entry.line})"
    head = _attributes(
        name=entry.row or f"{step}{entry.which}",
        classname=entry.file,
        file=entry.file,
        line=str(entry.line),
        time=f"{sum(each.elapsed for each in group) / 1e3:.3f}",
    )
    inner = _verdict(entry, f"{step}: " if entry.row else "") + _output(entry)
    return f"    <testcase {head}>\n{inner}    </testcase>\n" if inner else f"    <testcase {head}/>\n"


def _verdict(entry: ReportEntry, step: str) -> str:
    if entry.verdict == "skipped":
        return f"      <skipped {_attributes(message=entry.reason)}/>\n" if entry.reason else "      <skipped/>\n"
    if entry.verdict == "passed":
        return ""
    word = "failure" if entry.verdict == "failed" else "error"
    message = step + (entry.problems[0].splitlines()[0] if entry.problems else entry.status)
    text = "\n\n".join(entry.problems)
    return f"      <{word} {_attributes(message=message, type=entry.status)}>{xml_text(text)}</{word}>\n"


def _output(entry: ReportEntry) -> str:
    if entry.verdict in {"passed", "skipped"} or not entry.request:
        return ""
    exchange = "\n\n".join(part for part in (entry.request, entry.response) if part)
    return f"      <system-out>{xml_text(exchange)}</system-out>\n"


def _check_suite(report: Report) -> str:
    text = xml_text("\n\n".join(report.problems))
    head = _attributes(name="check", tests="1", failures="0", errors="1", skipped="0", time="0")
    message = "page" if report.entries else "not run"
    error = f'<error message="{message}">{text}</error>'
    case = f"<testcase {_attributes(name='check', classname=report.title)}>{error}</testcase>"
    return f"  <testsuite {head}>{case}</testsuite>\n"


def _attributes(**values: str) -> str:
    return " ".join(f'{name}="{xml_attribute(value)}"' for name, value in values.items())
