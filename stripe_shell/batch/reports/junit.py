"""Renders a run as JUnit XML for continuous integration."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby

from stripe_shell.batch.reports.record import Report, ReportEntry
from stripe_shell.escaping import xml_attribute, xml_text


def render_junit(report: Report) -> str:
    """Returns one test suite per file and one test case per block."""
    suites = [_suite(file, list(entries), report) for file, entries in groupby(report.entries, lambda e: e.file)]
    if report.problems:
        suites.append(_check_suite(report))
    head = _attributes(
        name=report.title,
        tests=str(len(report.entries) + bool(report.problems)),
        failures=str(report.count("failed")),
        errors=str(report.count("error") + bool(report.problems)),
        skipped=str(report.count("skipped")),
        time=f"{report.duration / 1e3:.3f}",
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites {head}>\n{"".join(suites)}</testsuites>\n'


def _suite(file: str, entries: list[ReportEntry], report: Report) -> str:
    count = {verdict: sum(entry.verdict == verdict for entry in entries) for verdict in ("failed", "error", "skipped")}
    head = _attributes(
        name=file,
        tests=str(len(entries)),
        failures=str(count["failed"]),
        errors=str(count["error"]),
        skipped=str(count["skipped"]),
        time=f"{sum(entry.elapsed for entry in entries) / 1e3:.3f}",
        timestamp=datetime.fromtimestamp(report.began, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
    )
    return f"  <testsuite {head}>\n{''.join(map(_case, entries))}  </testsuite>\n"


def _case(entry: ReportEntry) -> str:
    head = _attributes(
        name=f"{entry.name} (line {entry.line}){entry.which}",
        classname=entry.file,
        file=entry.file,
        line=str(entry.line),
        time=f"{entry.elapsed / 1e3:.3f}",
    )
    inner = _verdict(entry) + _output(entry)
    return f"    <testcase {head}>\n{inner}    </testcase>\n" if inner else f"    <testcase {head}/>\n"


def _verdict(entry: ReportEntry) -> str:
    if entry.verdict == "skipped":
        return f"      <skipped {_attributes(message=entry.reason)}/>\n" if entry.reason else "      <skipped/>\n"
    if entry.verdict == "passed":
        return ""
    word = "failure" if entry.verdict == "failed" else "error"
    message = entry.problems[0].splitlines()[0] if entry.problems else entry.status
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
