"""Renders a run in the Test Anything Protocol, version 14."""

from __future__ import annotations

import json
from collections.abc import Iterator

from stripe_shell.batch.reports.record import Report, ReportEntry
from stripe_shell.escaping import comment, tap_text, visible_json


def render_tap(report: Report) -> Iterator[str]:
    """Yields one test point per block; failures are in a YAML block below their point."""
    return (f"{line}\n" for line in _tap_lines(report))


def _tap_lines(report: Report) -> Iterator[str]:
    yield "TAP version 14"
    yield f"1..{len(report.entries)}"
    for name, address in report.addresses.items():
        yield f"# /{comment(name)}: sent to {comment(address)}"
    for problem in report.problems:
        yield from (f"# {comment(line)}" for line in problem.splitlines())
    if report.problems and not report.entries:
        yield "Bail out! The script was not run: it does not pass the check."
    for number, entry in enumerate(report.entries, start=1):
        yield from _point(number, entry)


def _point(number: int, entry: ReportEntry) -> Iterator[str]:
    word = "ok" if entry.verdict in {"passed", "skipped"} else "not ok"
    skip = f" # SKIP {tap_text(entry.reason)}".rstrip() if entry.verdict == "skipped" else ""
    yield f"{word} {number} - {_description(entry)}{skip}"
    if entry.verdict in {"passed", "skipped"}:
        return
    yield "  ---"
    yield f"  severity: {'fail' if entry.verdict == 'failed' else 'error'}"
    for check in entry.checks:
        if not check.passed:
            yield f"  message: {_quoted(check.text)}"
            yield f"  expected: {_quoted(check.expected)}"
            yield f"  actual: {_quoted(check.actual)}"
            break
    yield f"  at: {_quoted(f'{entry.file}:{entry.line}')}"
    yield "  problems:"
    for problem in entry.problems:
        yield f"    - {_quoted(problem)}"
    yield "  ..."


def _description(entry: ReportEntry) -> str:
    return tap_text(f"{entry.name} ({entry.file}:{entry.line}){entry.which}")


def _quoted(text: str) -> str:
    return visible_json(json.dumps(text, ensure_ascii=False))
