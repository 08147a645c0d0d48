"""Renders a run in the Test Anything Protocol, version 14."""

from __future__ import annotations

import json
from collections.abc import Iterator

from stripe_shell.batch.reports.record import Report, ReportEntry


def render_tap(report: Report) -> str:
    """Returns one test point per block; failures are in a YAML block below their point."""
    return "\n".join(_tap_lines(report)) + "\n"


def _tap_lines(report: Report) -> Iterator[str]:
    yield "TAP version 14"
    yield f"1..{len(report.entries)}"
    for problem in report.problems:
        yield from (f"# {line}" for line in problem.splitlines())
    if report.problems and not report.entries:
        yield "Bail out! The script was not run: it does not pass the check."
    for number, entry in enumerate(report.entries, start=1):
        yield from _point(number, entry)


def _point(number: int, entry: ReportEntry) -> Iterator[str]:
    word = "ok" if entry.verdict in {"passed", "skipped"} else "not ok"
    skip = f" # SKIP {_escaped(entry.reason)}".rstrip() if entry.verdict == "skipped" else ""
    yield f"{word} {number} - {_description(entry)}{skip}"
    if entry.verdict in {"passed", "skipped"}:
        return
    yield "  ---"
    yield f"  severity: {'fail' if entry.verdict == 'failed' else 'error'}"
    for check in entry.checks:
        if not check.passed:
            yield f"  message: {json.dumps(check.text, ensure_ascii=False)}"
            yield f"  expected: {json.dumps(check.expected, ensure_ascii=False)}"
            yield f"  actual: {json.dumps(check.actual, ensure_ascii=False)}"
            break
    yield f"  at: {json.dumps(f'{entry.file}:{entry.line}', ensure_ascii=False)}"
    yield "  problems:"
    for problem in entry.problems:
        yield f"    - {json.dumps(problem, ensure_ascii=False)}"
    yield "  ..."


def _description(entry: ReportEntry) -> str:
    return _escaped(f"{entry.name} ({entry.file}:{entry.line}){entry.which}")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("#", "\\#").replace("\r", " ").replace("\n", " ")
