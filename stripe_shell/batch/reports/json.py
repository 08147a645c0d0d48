"""Renders a run as one JSON document."""

from __future__ import annotations

import json

from stripe_shell.batch.reports.record import Report
from stripe_shell.escaping import visible_json
from stripe_shell.records import as_dict


def render_json(report: Report) -> str:
    """Returns the counts by verdict, `problems`, and `entries` in order. Times are in milliseconds."""
    summary = {
        "title": report.title,
        "began": report.began,
        "duration_ms": round(report.duration, 1),
        "passed": report.count("passed"),
        "failed": report.count("failed"),
        "errors": report.count("error"),
        "skipped": report.count("skipped"),
        "not_run": report.not_run,
        "problems": list(report.problems),
        "entries": [as_dict(entry) for entry in report.entries],
    }
    return visible_json(json.dumps(summary, ensure_ascii=False, indent=2)) + "\n"
