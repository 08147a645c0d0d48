"""What a run leaves for others to read: JUnit, TAP, JSON, HTML; several at once, secrets masked in all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from stripe_shell.batch.reports.record import Report
from stripe_shell.errors import UsageError
from stripe_shell.files import check_writable, write_text
from stripe_shell.records import record
from stripe_shell.secrets import Secrets

#: The formats that `--report FORMAT=FILE` knows.
FORMATS = ("junit", "html", "json", "tap")


@record
class Target:
    """A report that was asked for: its format and the file."""

    format: str
    path: Path


def parse_targets(texts: Sequence[str]) -> tuple[Target, ...]:
    """`junit=out.xml` as a target.

    Raises UsageError for a format that does not exist, one file named twice, or one that cannot be written.
    """
    targets: dict[Path, Target] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or not path or name not in FORMATS:
            raise UsageError(f"--report {text}: write FORMAT=FILE, with one of {', '.join(FORMATS)}")
        try:
            check_writable(path)
        except OSError as error:
            raise UsageError(f"--report {text}: {path} cannot be written: {error.strerror or error}") from error
        file = Path(path).resolve()
        if file in targets:
            raise UsageError(f"--report {text}: two reports cannot be one file")
        targets[file] = Target(name, Path(path))
    return tuple(targets.values())


def write_reports(targets: Sequence[Target], report: Report, secrets: Secrets) -> None:
    """Write every report, each whole or not at all. Raises UsageError when a file cannot be written."""
    masked = report.masked(secrets)
    for target in targets:
        text = _renderers()[target.format](masked)
        try:
            write_text(target.path, text, errors="backslashreplace")
        except OSError as error:
            raise UsageError(f"the report {target.path} cannot be written: {error.strerror or error}") from error


def _renderers() -> Mapping[str, Callable[[Report], str]]:
    from stripe_shell.batch.reports.html import render_html
    from stripe_shell.batch.reports.json import render_json
    from stripe_shell.batch.reports.junit import render_junit
    from stripe_shell.batch.reports.tap import render_tap

    return {"junit": render_junit, "html": render_html, "json": render_json, "tap": render_tap}
