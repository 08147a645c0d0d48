"""Reports of a run as JUnit, TAP, JSON, JSON Lines or HTML; several at once, with secrets masked in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from stripe_shell.batch.reports.record import Report
from stripe_shell.errors import UsageError
from stripe_shell.files import OutputFile, check_writable
from stripe_shell.records import record
from stripe_shell.secrets import Secrets

#: The formats of `--report FORMAT=FILE`.
REPORT_FORMATS = ("junit", "html", "json", "jsonl", "tap")


@record
class Target:
    """A requested report: its format and file."""

    format: str
    path: Path


def parse_targets(texts: Sequence[str]) -> tuple[Target, ...]:
    """Parses texts such as `junit=out.xml`.

    Raises UsageError for an unknown format, a file named twice, or a file that cannot be written.
    """
    targets: dict[Path, Target] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or not path or name not in REPORT_FORMATS:
            raise UsageError(f"--report {text}: write FORMAT=FILE, with one of {', '.join(REPORT_FORMATS)}")
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
    """Writes every report atomically, except JSON Lines. Raises UsageError if a file cannot be written."""
    masked = report.masked(secrets)
    for target in targets:
        if target.format != "jsonl":
            _write(target, _renderers()[target.format](masked))


def _write(target: Target, pieces: Iterator[str]) -> None:
    try:
        file = OutputFile(target.path, errors="backslashreplace")
        try:
            for piece in pieces:
                file.stream.write(piece)
            file.commit()
        except BaseException:
            file.discard()
            raise
    except OSError as error:
        raise UsageError(f"the report {target.path} cannot be written: {error.strerror or error}") from error


def _renderers() -> Mapping[str, Callable[[Report], Iterator[str]]]:
    from stripe_shell.batch.reports.html import render_html
    from stripe_shell.batch.reports.json import render_json
    from stripe_shell.batch.reports.junit import render_junit
    from stripe_shell.batch.reports.tap import render_tap

    return {"junit": render_junit, "html": render_html, "json": render_json, "tap": render_tap}
