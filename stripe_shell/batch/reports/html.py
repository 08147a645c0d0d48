"""Renders a run as one self-contained HTML file: failures first, timeline, rows by the hundred, exchanges."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice

from stripe_shell.batch.reports.record import KEPT_EXCHANGES, EntryVerdict, Report, ReportCheck, ReportEntry, rows_of
from stripe_shell.escaping import html_text, visible_json
from stripe_shell.records import replace

_WORDS: dict[EntryVerdict, str] = {"passed": "passed", "failed": "failed", "error": "error", "skipped": "skipped"}


#: So many rows are on a page; the first page is written out, with its exchanges.
ROWS_SHOWN = 100
#: So many failures are written out, and so many rows can be looked through.
MOST_FAILURES, MOST_ROWS = 500, 10_000


def render_html(report: Report) -> Iterator[str]:
    """Yields the page. Text from scripts and responses is escaped; the page has no links.

    Its only script, which the policy names by its hash, shows the rows of loops page by page and filters them.
    """
    title, digest = html_text(report.title), b64encode(sha256(_SCRIPT.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    count = len(report.entries)
    yield f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}: {_verdict_of(report)}</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p>{html_text(_moment(report.began))} · {count:,} blocks in {_seconds(report.duration)}</p>
{_addresses(report)}{_summary(report)}
</header>
<main>
"""
    yield _problems(report)
    yield from _failures(report)
    yield from _timeline(report)
    yield from _rows(report)
    yield "</main>\n</body>\n</html>\n"


def _verdict_of(report: Report) -> str:
    if report.problems and not report.entries:
        return "not run"
    failed = report.count("failed") + report.count("error")
    if failed or report.problems:
        return f"{failed} of {len(report.entries)} failed"
    return "all passed"


def _addresses(report: Report) -> str:
    lines = (f"/{name}: sent to {address}" for name, address in report.addresses.items())
    return "".join(f"<p>{html_text(line)}</p>\n" for line in lines)


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


def _failures(report: Report) -> Iterator[str]:
    """Yields what failed, each row under its key."""
    count = report.count("failed") + report.count("error")
    if not count:
        return
    yield "<section><h2>What failed</h2>"
    failed = (entry for entry in report.entries if entry.verdict in {"failed", "error"})
    yield from map(_failure, islice(failed, MOST_FAILURES))
    if count > MOST_FAILURES:
        yield f"<p>These are the first {MOST_FAILURES:,} of {count:,}; the other formats have all of them.</p>"
    yield "</section>\n"


def _failure(entry: ReportEntry) -> str:
    rows = "".join(_check_row(check) for check in entry.checks if not check.passed)
    table = f"<table><tr><th>expectation</th><th>expected</th><th>actual</th></tr>{rows}</table>" if rows else ""
    problems = "" if rows else "".join(f"<pre>{html_text(problem)}</pre>" for problem in entry.problems)
    key = f"<h3>{html_text(entry.row)}</h3>" if entry.row else ""
    exchange = "".join(_exchange(entry)) if entry.row else ""
    more = f"<details><summary>request and response</summary>{exchange}</details>" if exchange else ""
    return f'<article class="{entry.verdict}">{key}<h3>{_heading(entry)}</h3>{table}{problems}{more}</article>'


def _check_row(check: ReportCheck) -> str:
    cells = (check.text, check.expected, check.actual)
    return f"<tr>{''.join(f'<td><code>{html_text(cell)}</code></td>' for cell in cells)}</tr>"


def _timeline(report: Report) -> Iterator[str]:
    """Yields a line for each block outside of loops."""
    whole, begun = _whole(report), False
    for entry in report.entries:
        if entry.row:
            continue
        if not begun:
            yield "<section><h2>Timeline</h2>\n"
            begun = True
        yield _row(entry, whole) + "\n"
    yield "</section>\n" if begun else ""


def _rows(report: Report) -> Iterator[str]:
    """Yields the rows of loops: the first hundred, and all of them as data for the script."""
    groups = (group for group in rows_of(report) if group[0].row)
    shown = list(islice(groups, ROWS_SHOWN))
    if not shown:
        return
    whole = _whole(report)
    yield f'<section id="rows"><h2>Rows</h2>\n{_FILTER}\n<div>\n'
    if len(report.entries) > KEPT_EXCHANGES:  # the page stays small; what failed stands above with its exchange
        shown = [[replace(entry, request="", response="") for entry in group] for group in shown]
    for group in shown:
        yield f"<h3>{html_text(group[0].row)}</h3>\n" + "".join(f"{_row(entry, whole)}\n" for entry in group)
    yield '</div>\n</section>\n<script type="application/json" id="data">{"rows":[\n'
    names: dict[tuple[str, int], int] = {}
    rest = islice(groups, MOST_ROWS - len(shown))
    yield ",\n".join(_row_data(group, names) for group in shown)
    yield from (f",\n{_row_data(group, names)}" for group in rest)
    yield f'],\n"steps":{_data([[name, f"line {line}"] for name, line in names])}}}</script>\n'
    if next(groups, None) is not None:
        yield f"<p>The first {MOST_ROWS:,} rows are here; the other formats have all of them.</p>\n"
    yield f"<script>{_SCRIPT}</script>\n"


def _row_data(group: Sequence[ReportEntry], names: dict[tuple[str, int], int]) -> str:
    """Returns a row as JSON for the script, as short as it can be: its name and its steps.

    A step is the number of its name, milliseconds, result and request id, and behind them status and verdict unless
    they are 200 and `passed`. Mutates `names`: adds those of the steps.
    """
    steps: list[list[object]] = []
    for entry in group:
        number = names.setdefault((entry.name, entry.line), len(names))
        step: list[object] = [number, round(entry.elapsed), entry.result, entry.request_id or ""]
        plain = entry.http == 200 and entry.verdict == "passed"
        steps.append(step if plain else [*step, entry.http or 0, _WORDS[entry.verdict]])
    return _data([group[0].row, *steps])


def _data(value: object) -> str:
    """Returns a value as JSON that is no markup."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return visible_json(text).replace("<", "\\u003c").replace("&", "\\u0026")


def _whole(report: Report) -> float:
    """Returns what a full bar of the timeline stands for, in milliseconds."""
    return max(report.duration, 1.0)


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
    yield from _exchange(entry)


def _exchange(entry: ReportEntry) -> Iterator[str]:
    if entry.request:
        yield f'<h4>Request</h4><pre class="wire">{html_text(entry.request)}</pre>'
    if entry.response:
        yield f'<h4>Response</h4><pre class="wire">{html_text(entry.response)}</pre>'


def _heading(entry: ReportEntry) -> str:
    return f"{html_text(_facts(entry))} <small>{html_text(entry.file)}:{entry.line}{html_text(entry.which)}</small>"


def _facts(entry: ReportEntry) -> str:
    facts = (entry.name, entry.result, str(entry.http or ""), entry.request_id or "")
    return " ".join(fact for fact in facts if fact)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1e3:.1f} s"


_FILTER = """\
<p class="bar" hidden><input type="search" placeholder="filter: a key, an id, failed" aria-label="filter">
<button>back</button> <button>next</button> <output></output></p>"""

#: Begins behind the first paint, as it reads all rows.
_SCRIPT = """
function start() {
const text = document.getElementById("data").textContent, {rows: data, steps: names} = JSON.parse(text);
const section = document.getElementById("rows");
const bar = section.querySelector(".bar"), [input] = bar.getElementsByTagName("input");
const [back, on] = bar.getElementsByTagName("button"), [said] = bar.getElementsByTagName("output");
const place = section.querySelector("div"), first = [...place.childNodes], size = 100;
let texts;
let found = data, from = 0;
function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}
function show() {
  const rows = found.slice(from, from + size), all = found.length === data.length;
  place.replaceChildren(...(all && from === 0 ? first : rows.flatMap(([row, ...steps]) => [
    element("h3", row),
    ...steps.map(([number, ms, result, request, status = 200, verdict = "passed"]) => {
      const [name, line] = names[number], made = element("p", undefined, "step " + verdict);
      const facts = [name, result, status || "", request].filter(Boolean).join(" ");
      const when = element("small", line + " · " + ms + " ms");
      made.append(element("span", verdict, "state"), element("span", facts), when);
      return made;
    })])));
  said.textContent = found.length ? `${from + 1} to ${from + rows.length} of ${found.length}` : "none";
  back.disabled = from === 0;
  on.disabled = from + size >= found.length;
}
input.oninput = () => {
  texts ??= data.map(row => JSON.stringify(row).toLowerCase());
  const words = input.value.toLowerCase().split(/\\s+/).filter(Boolean);
  found = words.length ? data.filter((row, index) => words.every(word => texts[index].includes(word))) : data;
  from = 0;
  show();
};
back.onclick = () => { from -= size; show(); };
on.onclick = () => { from += size; show(); };
bar.hidden = false;
show();
}
requestAnimationFrame(() => setTimeout(start));
"""

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
article, #rows details { content-visibility: auto; contain-intrinsic-size: auto 3rem; }
details { border-bottom: 1px solid var(--line); padding: .3rem 0; }
summary { display: grid; grid-template-columns: 5rem minmax(0, 1fr) 14rem 5rem; gap: .8rem; cursor: pointer; }
summary > span { overflow-wrap: anywhere; } summary > span:last-child { text-align: right; }
.track { align-self: center; height: .7rem; background: #8881; border-radius: .2rem; overflow: hidden; }
.track i { display: block; height: 100%; background: var(--good); }
.passed .state, li.passed b { color: var(--good); } .skipped .state, li.skipped b { color: var(--soft); }
.failed .state, .error .state, li.failed b, li.error b { color: var(--bad); font-weight: bold; }
.failed .track i, .error .track i { background: var(--bad); } .check { margin: .2rem 0; }
#rows h3 { font-size: .95rem; margin: 1rem 0 .2rem; } .bar { display: flex; gap: .5rem; align-items: center; }
.bar[hidden] { display: none; } .bar input { flex: 1; max-width: 30rem; padding: .3rem; font: inherit; }
.step { display: grid; grid-template-columns: 5rem minmax(0, 1fr) auto; gap: .8rem; margin: .2rem 0; }
"""
