"""Renders a run as one self-contained HTML file: summary, timeline, failed assertions, exchanges on a click."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from stripe_shell.batch.reports.record import EntryVerdict, Report, ReportCheck, ReportEntry
from stripe_shell.escaping import html_text

_WORDS: dict[EntryVerdict, str] = {"passed": "passed", "failed": "failed", "error": "error", "skipped": "skipped"}


def render_html(report: Report) -> str:
    """Returns the page. Text from scripts and responses is escaped; the page has no JavaScript and no links."""
    title = html_text(report.title)
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}: {_verdict_of(report)}</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p>{html_text(_moment(report.began))} · {len(report.entries)} blocks in {_seconds(report.duration)}</p>
{_summary(report)}
</header>
<main>
{_problems(report)}{_failures(report)}{_timeline(report)}
</main>
</body>
</html>
"""


def _verdict_of(report: Report) -> str:
    if report.problems and not report.entries:
        return "not run"
    failed = report.count("failed") + report.count("error")
    if failed or report.problems:
        return f"{failed} of {len(report.entries)} failed"
    return "all passed"


def _summary(report: Report) -> str:
    cells = "".join(
        f'<li class="{verdict}"><b>{report.count(verdict)}</b> {word}</li>' for verdict, word in _WORDS.items()
    )
    if report.not_run:
        cells += f'<li class="skipped"><b>{report.not_run}</b> not run</li>'
    return f'<ul class="summary">{cells}</ul>'


def _problems(report: Report) -> str:
    if not report.problems:
        return ""
    shown = "".join(f"<pre>{html_text(problem)}</pre>" for problem in report.problems)
    title = "What is wrong besides" if report.entries else "Not run: the text does not pass the check"
    return f"<section><h2>{title}</h2>{shown}</section>\n"


def _failures(report: Report) -> str:
    failed = [entry for entry in report.entries if entry.verdict in {"failed", "error"}]
    if not failed:
        return ""
    return f"<section><h2>What failed</h2>{''.join(map(_failure, failed))}</section>\n"


def _failure(entry: ReportEntry) -> str:
    rows = "".join(_check_row(check) for check in entry.checks if not check.passed)
    table = f"<table><tr><th>expectation</th><th>expected</th><th>actual</th></tr>{rows}</table>" if rows else ""
    problems = "" if rows else "".join(f"<pre>{html_text(problem)}</pre>" for problem in entry.problems)
    return f'<article class="{entry.verdict}"><h3>{_heading(entry)}</h3>{table}{problems}</article>'


def _check_row(check: ReportCheck) -> str:
    cells = (check.text, check.expected, check.actual)
    return f"<tr>{''.join(f'<td><code>{html_text(cell)}</code></td>' for cell in cells)}</tr>"


def _timeline(report: Report) -> str:
    if not report.entries:
        return ""
    whole = max(report.duration, *(entry.started + entry.elapsed for entry in report.entries), 1.0)
    rows = "\n".join(_row(entry, whole) for entry in report.entries)
    return f"<section><h2>Timeline</h2>\n{rows}\n</section>"


def _row(entry: ReportEntry, whole: float) -> str:
    left, width = 100 * entry.started / whole, max(0.3, 100 * entry.elapsed / whole)
    place = f"margin-left:{min(left, 99.7):.2f}%;width:{min(width, 100 - left):.2f}%"
    bar = f'<span class="track"><i style="{place}"></i></span>'
    state = f'<span class="state">{_WORDS[entry.verdict]}</span>'
    head = f"{state}<span>{_heading(entry)}</span>{bar}<span>{entry.elapsed:.0f} ms</span>"
    return f'<details class="{entry.verdict}"><summary>{head}</summary>{"".join(_details(entry))}</details>'


def _details(entry: ReportEntry) -> Iterator[str]:
    for check in entry.checks:
        mark = "✓" if check.passed else "✗"
        shown = f" — expected {check.expected}, actual {check.actual}" if not check.passed else ""
        yield f'<p class="check">{mark} <code>{html_text(check.text)}</code>{html_text(shown)}</p>'
    yield from (f"<pre>{html_text(problem)}</pre>" for problem in entry.problems)
    if entry.reason:
        yield f"<p>{html_text(entry.reason)}</p>"
    if entry.request:
        yield f'<h4>Request</h4><pre class="wire">{html_text(entry.request)}</pre>'
    if entry.response:
        yield f'<h4>Response</h4><pre class="wire">{html_text(entry.response)}</pre>'


def _heading(entry: ReportEntry) -> str:
    facts = [entry.name, entry.result, str(entry.http or ""), entry.request_id or ""]
    text = html_text(" ".join(fact for fact in facts if fact))
    return f"{text} <small>{html_text(entry.file)}:{entry.line}{html_text(entry.which)}</small>"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1e3:.1f} s"


_STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #c4302b; --soft: #8a6d00; }
@media (prefers-color-scheme: dark) { :root { --good: #4ac26b; --bad: #ff7b72; --soft: #d4a72c; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1.5rem; }
h1 { margin: 0; font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; } h3, h4 { margin: .5rem 0; }
h3 { font-size: 1rem; } h4 { font-size: .9rem; } small { opacity: .7; font-weight: normal; }
.summary { list-style: none; display: flex; gap: 1rem; padding: 0; flex-wrap: wrap; }
.summary li { border: 1px solid var(--line); border-radius: .4rem; padding: .3rem .8rem; }
.summary b { font-size: 1.2rem; }
pre { background: #8881; padding: .7rem; border-radius: .4rem; overflow-x: auto; font-size: 13px; }
.wire { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 30rem; overflow-y: auto; }
code, pre { font-family: ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; }
td, th { border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
article { border-left: .3rem solid var(--bad); padding: .2rem 0 .2rem 1rem; margin: 1rem 0; }
details { border-bottom: 1px solid var(--line); padding: .3rem 0; }
summary { display: grid; grid-template-columns: 5rem minmax(0, 1fr) 14rem 5rem; gap: .8rem; cursor: pointer; }
summary > span { overflow-wrap: anywhere; } summary > span:last-child { text-align: right; }
.track { align-self: center; height: .7rem; background: #8881; border-radius: .2rem; overflow: hidden; }
.track i { display: block; height: 100%; background: var(--good); }
.passed .state, li.passed b { color: var(--good); } .skipped .state, li.skipped b { color: var(--soft); }
.failed .state, .error .state, li.failed b, li.error b { color: var(--bad); font-weight: bold; }
.failed .track i, .error .track i { background: var(--bad); } .check { margin: .2rem 0; }
"""
