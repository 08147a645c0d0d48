"""Renders a run as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from textwrap import indent
from typing import Any

from stripe_shell.batch.reports.record import Report
from stripe_shell.escaping import visible_json
from stripe_shell.records import as_dict


def render_json(report: Report) -> Iterator[str]:
    """Yields the document: the counts by verdict, `problems`, and `entries` in order. Times are in milliseconds."""
    yield visible_json(json.dumps(summary_of(report), ensure_ascii=False, indent=2))[:-2]
    separator = ',\n  "entries": ['
    for entry in report.entries:
        yield separator + "\n" + indent(visible_json(json.dumps(as_dict(entry), ensure_ascii=False, indent=2)), "    ")
        separator = ","
    yield f"{separator}]\n}}\n" if len(separator) > 1 else "\n  ]\n}\n"


def summary_of(report: Report) -> dict[str, Any]:
    """Returns what a report says of the run as a whole."""
    return {
        "title": report.title,
        "addresses": dict(report.addresses),
        "began": report.began,
        "duration_ms": round(report.duration, 1),
        "passed": report.count("passed"),
        "failed": report.count("failed"),
        "errors": report.count("error"),
        "skipped": report.count("skipped"),
        "not_run": report.not_run,
        "problems": list(report.problems),
    }
