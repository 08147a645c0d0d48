"""Kind 4: text from outside that becomes structure. Each hostile text in each place, in each document.

A document with a hostile text must have the structure that it has with a harmless one: as many lines, elements, cells.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import shlex
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from scripts.fixture_files import OneLink
from stripe_shell.batch.journal import Journal
from stripe_shell.batch.plan import PlanGroup, RunPlan
from stripe_shell.batch.reports.html import render_html
from stripe_shell.batch.reports.json import render_json
from stripe_shell.batch.reports.junit import render_junit
from stripe_shell.batch.reports.live import LiveReport
from stripe_shell.batch.reports.record import Report, ReportCheck, ReportEntry
from stripe_shell.batch.reports.tap import render_tap
from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.planning import show_plan
from stripe_shell.cli.runs import print_rows
from stripe_shell.convert.fixture_file import read_fixtures
from stripe_shell.convert.from_fixtures import script_of_fixtures
from stripe_shell.convert.plan import plan_of
from stripe_shell.convert.to_curl import curl_of
from stripe_shell.convert.to_python import python_of
from stripe_shell.diagnostics import Diagnostic, SourceText, Span, excerpt
from stripe_shell.engine.load import load_program
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.run.row_target import RowTarget
from stripe_shell.engine.scope import Scope
from stripe_shell.escaping import file_name_problem, guard_cell, log_line, restore_cell, visible
from stripe_shell.lang.ast import Block
from stripe_shell.lang.format import format_script
from stripe_shell.records import replace
from stripe_shell.render import renderer
from stripe_shell.render.cards.card import card_lines
from stripe_shell.render.cards.values import Display
from stripe_shell.render.console import Console
from stripe_shell.render.curl import render_curl
from stripe_shell.render.exchange import render_exchange
from stripe_shell.render.files import open_rows
from stripe_shell.render.fold import fold_diagnostics
from stripe_shell.render.row_text import CsvLines
from stripe_shell.secrets import Secrets
from stripe_shell.spec.columns import Column
from stripe_shell.spec.table import load_table
from stripe_shell.suggest.known import label_of
from stripe_shell.wire import Request, Response
from tests.attack.conftest import Tally
from tests.attack.corpus import FORMULAS, HARMLESS, PREFIXES, SHORT, TEXTS

#: Characters that must stand raw in nothing that a person reads.
RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff]")

#: Places of a response body.
BODIES: dict[str, Callable[[str], dict[str, Any]]] = {
    "value": lambda text: {"id": "cus_1", "object": "customer", "name": text, "email": "a@x.co"},
    "id": lambda text: {"id": text, "object": "customer", "name": "Ann"},
    "key": lambda text: {"id": "cus_1", "object": "customer", "metadata": {f"{text}k": "1"}},
    "kind": lambda text: {"id": "cus_1", "object": text, "name": "Ann"},
    "cell of a list": lambda text: {
        "object": "list",
        "data": [{"id": "cus_1", "name": text}, {"id": "cus_2", "name": "B"}],
    },
}

Shape = Any


def lines_of(text: str) -> int:
    """How many lines a reader sees."""
    return len(text.splitlines())


def tags(text: str) -> list[str]:
    """The elements of an HTML document with the names of their attributes."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append(f"{tag} {[name for name, _ in attrs]}")

    Reader().feed(text)
    return found


def elements(text: str) -> list[Any]:
    """The elements of an XML document with the names of their attributes."""
    return [(element.tag, sorted(element.attrib)) for element in ElementTree.fromstring(text).iter()]


def points(text: str) -> list[str]:
    """The lines of a TAP report that are no part of a YAML block."""
    outside = [line for line in text.split("\n") if not line.startswith("  ") and not line.startswith("# ")]
    return [re.sub(r" - .*", "", line) + (" # SKIP" if " # SKIP" in line else "") for line in outside]


def skeleton(value: Any) -> Any:
    """The form of JSON data without its texts and names."""
    if isinstance(value, dict):
        return [skeleton(inner) for inner in value.values()]
    return [skeleton(inner) for inner in value] if isinstance(value, list) else type(value).__name__


def statements(text: str) -> list[str]:
    """The statements and expressions of a program."""
    return [type(node).__name__ for node in ast.walk(ast.parse(text))]


def shell_words(text: str) -> int:
    """The number of words outside of comments; raises ValueError for an open quote."""
    return len(shlex.split(text, comments=True))


def differ(build: Callable[[str], Shape], text: str) -> bool:
    """Whether the form of a document with the text is that with a harmless one."""
    try:
        return bool(build(text) == build(HARMLESS))
    except (ValueError, SyntaxError, ElementTree.ParseError, yaml.YAMLError):
        return False


# --- responses ----------------------------------------------------------------------------------------------------


def test_responses_on_a_terminal(tally: Tally) -> None:
    for words, text in TEXTS.items():
        for place, body in BODIES.items():
            shown = "\n".join(card_lines(body(text), Display())) + renderer("table")(body(text), width=80, color=False)
            tally.count(not RAW.search(shown), ("raw", words, place))
            tally.count("\nerror[E403]" not in shown and "\nPOST" not in shown, ("forged", words, place))


def cells_of(body: Any) -> list[list[str]]:
    """The cells of a body as CSV."""
    csv.field_size_limit(10_000_000)
    return list(csv.reader(io.StringIO(renderer("csv")(body, width=None, color=False), newline="")))


def test_responses_as_data(tally: Tally) -> None:
    for words, text in TEXTS.items():
        for place, build in BODIES.items():
            body = build(text)
            shown = {name: renderer(name)(body, width=None, color=False) for name in ("json", "jsonl", "yaml", "table")}
            for name, document in shown.items():
                tally.count(not RAW.search(document), ("raw", words, place, name))
            tally.count(json.loads(shown["json"]) == body, ("json", words, place))
            tally.count("\ud800" in text or yaml.safe_load(shown["yaml"]) == body, ("yaml", words, place))
            rows, harmless = cells_of(body), cells_of(build(HARMLESS))
            tally.count(list(map(len, rows)) == list(map(len, harmless)), ("csv", words, place))


def test_no_cell_is_a_formula(tally: Tally) -> None:
    beginnings = {prefix[0] for prefix in PREFIXES}
    for text in FORMULAS:
        lines = CsvLines(["name", text], guard=True, flat=True)
        shown = lines.header() + lines.text([{"name": text, text: 1}, {"name": "a", text: text}])
        for row in csv.reader(io.StringIO(shown, newline="")):
            tally.count(not any(cell[:1] in beginnings for cell in row if cell), row)
    for words, text in TEXTS.items():
        tally.count(restore_cell(guard_cell(text)) == text, words)
        tally.count(guard_cell(text)[:1] not in beginnings, words)


# --- messages -------------------------------------------------------------------------------------------------------


def diagnostic(place: str, text: str) -> Diagnostic:
    """A diagnostic with a text in one place."""
    source = SourceText(text if place == "file name" else "a.stripe", "/sandbox\naction: create\n")
    span = Span(source, 0, 8)
    if place == "source line":
        line = text.replace("\n", " ")
        span = Span(SourceText("a.stripe", f"name: {line}\n"), 0, 4)
    return Diagnostic(
        "E403",
        f"create customer failed: {text}" if place == "error" else "m",
        span,
        label=text if place == "label" else "l",
        notes=(f"see {text}",) if place == "note" else ("n",),
        context=((Span(source, 9, 12), text if place == "context" else "c"),),
    )


def test_messages(tally: Tally) -> None:
    for words, text in TEXTS.items():
        for place in ("file name", "error", "label", "note", "context", "source line"):
            shown = excerpt(diagnostic(place, text))
            expected = excerpt(diagnostic(place, HARMLESS))
            tally.count(lines_of(shown) == lines_of(expected) and not RAW.search(shown), (words, place, "excerpt"))
            if len(text) < 1000:
                folded = fold_diagnostics([diagnostic(place, text)], 70)
                tally.count(not RAW.search(folded) and "\nerror[E403]: forged" not in folded, (words, place, "folded"))


def test_the_console(tally: Tally) -> None:
    for words, text in TEXTS.items():
        err = io.StringIO()
        console = Console(io.StringIO(), err)
        console.message(f"ok  create customer {visible(text)}")
        tally.count(lines_of(err.getvalue()) == 1 and not RAW.search(err.getvalue()), words)
        console = Console(io.StringIO(), err := io.StringIO())
        console.message(text.replace("\n", ""))
        tally.count(not RAW.search(err.getvalue()), words)


def test_exchanges(tally: Tally) -> None:
    def build(place: str, text: str) -> str:
        name = {"header": text} if place == "header" else {"A": "b"}
        request = Request(
            "POST", f"/v1/{text if place == 'id' else 'x'}", headers={**name, "Content-Type": "application/json"}
        )
        return render_exchange(request, Response(200, name, b"{}", 1.0))

    for words, text in TEXTS.items():
        for place in ("header", "id"):
            shown = build(place, text)
            tally.count(lines_of(shown) == lines_of(build(place, HARMLESS)) and not RAW.search(shown), (words, place))


def test_logs_and_labels(tally: Tally) -> None:
    for words, text in TEXTS.items():
        line = log_line(f"webhook evt_1 to we_1: {text}")
        tally.count(lines_of(line) == 1 and not RAW.search(line) and len(line) < 5000, (words, "log"))
        for name in ("name", "description", "email", "status", "id_number"):
            label = label_of({"object": "customer", name: text})
            tally.count(lines_of(label) <= 1 and not RAW.search(label) and len(label) < 500, (words, name))


# --- reports --------------------------------------------------------------------------------------------------------


def report(place: str, text: str) -> Report:
    """A report of a failed and a skipped block with a text in one place."""
    values: dict[str, Any] = {
        "name": "create customer", "file": "a.stripe", "line": 1, "status": "unexpected", "verdict": "failed",
        "started": 1.0, "elapsed": 1.0, "connection": "stripe", "http": 200, "request_id": "req_1", "result": "cus_1",
        "request": "POST /v1/customers", "response": "200", "checks": (ReportCheck("a == b", False, "b", "a"),),
        "problems": ("error[E402]: m\n --> a.stripe:1:1",), "row": "row 1",
    }  # fmt: skip
    skipped = {**values, "verdict": "skipped", "status": "skipped", "checks": (), "problems": ()}
    check, error = ReportCheck(text, False, text, text), excerpt(diagnostic("error", text))
    changes: dict[str, Any] = {
        "capture": {"name": text}, "file name": {"file": text}, "connection": {"connection": text},
        "id": {"result": text}, "request id": {"request_id": text}, "request": {"request": visible(text)},
        "response": {"response": visible(text)}, "check": {"checks": (check,)}, "error": {"problems": (error,)},
        "row": {"row": text},
    }  # fmt: skip
    failed = ReportEntry(**{**values, **changes.get(place, {})})
    reason = ReportEntry(**{**skipped, "reason": text if place == "reason" else "r"})
    problems = (error,) if place == "problem" else ("p",)
    return Report(text if place == "title" else "t", 1.0, 2.0, (failed, reason), problems)


PLACES = (
    "capture", "file name", "connection", "id", "request id", "request", "response", "check", "error", "row", "reason",
    "title", "problem",
)  # fmt: skip


@pytest.mark.parametrize(
    ("render", "shape"),
    [
        (render_html, tags),
        (render_junit, elements),
        (render_tap, points),
        (render_json, lambda text: skeleton(json.loads(text))),
    ],
    ids=["html", "junit", "tap", "json"],
)
def test_reports(tally: Tally, render: Callable[[Report], Iterable[str]], shape: Callable[[str], Shape]) -> None:
    for words, text in TEXTS.items():
        for place in PLACES if words in SHORT else ("response", "title"):

            def shown(text: str, place: str = place) -> str:
                return "".join(render(report(place, text)))

            tally.count(not RAW.search(shown(text)), ("raw", words, place))
            tally.count(differ(lambda text, shown=shown: shape(shown(text)), text), (words, place))  # type: ignore[misc]


def test_the_journal(tally: Tally, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    for text in TEXTS.values():
        journal.append({"row": text, "values": {text: text}, "id": text})
    journal.close()
    entries = path.read_bytes().split(b"\n")
    for words, text, line in zip(TEXTS, TEXTS.values(), entries, strict=False):
        tally.count(json.loads(line) == {"row": text, "values": {text: text}, "id": text}, words)
    tally.count(len(entries) == len(TEXTS) + 1, "lines")


# --- programs -------------------------------------------------------------------------------------------------------


def script_of(place: str, text: str) -> SourceText:
    """A script with a text in one place."""
    quoted = json.dumps(text)
    key = json.dumps(f"metadata[{text}]") if place == "key" else "metadata[a]"
    lines = [
        f"# {text if place == 'comment' else 'a'}".replace("\n", "\n# "),
        "/your-stripe-connection", "action: create", "entity: customer", "email: a@x.co",
        f"name: {quoted if place == 'value' else 'Ann'}", f"{key}: b",
        *([f"@idempotency_key {quoted}"] if place == "header" else []), "@as customer", "",
        "/your-stripe-connection", "action: update", "entity: customer",
        f"id: {quoted if place == 'id' else '${customer.id}'}", "name: B", "",
    ]  # fmt: skip
    return SourceText(text if place == "file name" else "a.stripe", "\n".join(lines))


def programs(place: str, text: str) -> Iterator[tuple[str, str]]:
    """The programs that a script is converted to; none if the language refuses the text there."""
    engine = Engine(load_table(), OneLink(None), open_rows, live=True)
    source = script_of(place, text)
    program = load_program(source)
    plan = plan_of(engine, program.items, Scope(now=1, seed="seed"))
    if plan.sound and not any(each.severity == "error" for each in program.diagnostics):
        for name, convert in (("curl", curl_of), ("python", python_of)):
            converted = convert(plan, source.name, engine.table.version)
            if converted.text is not None:
                yield name, converted.text


def test_programs(tally: Tally) -> None:
    forms: dict[str, Callable[[str], Shape]] = {"curl": shell_words, "python": statements}
    for words, text in TEXTS.items():
        for place in ("value", "id", "key", "header", "comment", "file name"):
            if words not in SHORT and place != "file name":
                continue
            harmless = dict(programs(place, HARMLESS))
            for name, written in programs(place, text):
                try:
                    same = forms[name](written) == forms[name](harmless[name])
                except (ValueError, SyntaxError):
                    same = False
                tally.count(same, (words, place, name, written[:300]))
                tally.count(place == "value" or not RAW.search(written), ("raw", words, place, name))


def test_shells_read_the_programs(tally: Tally) -> None:
    for words, text in TEXTS.items():
        for place in ("file name", "value", "comment"):
            if words not in SHORT:
                continue
            for name, written in programs(place, text):
                if name == "curl":
                    done = subprocess.run(
                        ["sh", "-n"], input=written.encode(errors="replace"), capture_output=True, check=False
                    )
                    tally.count(done.returncode == 0, (words, place, done.stderr))


def test_curl_commands(tally: Tally) -> None:
    def build(text: str) -> int:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "A": visible(text)}
        body = b"name=Ann&a=b"
        return shell_words(
            render_curl(Request("POST", "/v1/customers", body=body, headers=headers), "https://api.stripe.com")
        )

    for words, text in SHORT.items():
        tally.count(differ(build, text), words)


# --- files ----------------------------------------------------------------------------------------------------------


def test_file_names(tally: Tally, tmp_path: Path) -> None:
    for words, text in TEXTS.items():
        if file_name_problem(text):
            tally.count(True, words)
            continue
        path = (tmp_path / text).resolve()
        tally.count(path.parent == tmp_path.resolve(), words)
    for text in ("../a", "a/b", "..", ".", "", "~", "a\nb", "a\x00", "\u202ea", "a\\b", "/etc/passwd"):
        tally.count(bool(file_name_problem(text)), text)


def test_a_file_that_is_no_script_is_not_quoted(tally: Tally, tmp_path: Path) -> None:
    secret = "hunter2-hunter2"
    for name in (".env", "passwords", "key.pem", ".netrc", "a.toml"):
        (tmp_path / name).write_text(f"# a\nSTRIPE_API_KEY={secret}\nmachine a password {secret}\n")
        source = SourceText(str(tmp_path / "a.stripe"), f'@include "{name}"\n')
        said = "\n".join(map(excerpt, load_program(source).diagnostics))
        tally.count("E303" in said and secret not in said, (name, said))
    (tmp_path / "linked.stripe").symlink_to(tmp_path / ".env")
    said = "\n".join(
        map(excerpt, load_program(SourceText(str(tmp_path / "a.stripe"), "@include linked.stripe\n")).diagnostics)
    )
    tally.count("E303" in said and secret not in said, said)


# --- plans, runs, exports, conversions ------------------------------------------------------------------------------


def test_plans_on_a_terminal(tally: Tally) -> None:
    def build(place: str, text: str) -> str:
        group = PlanGroup(
            text if place == "loop" else "rows.csv", text if place == "operation" else "create customer", 1
        )
        group.skipped[text if place == "reason" else "r"] = 1
        groups = {("", ""): group}
        plan = RunPlan(
            groups, first=[Request("POST", "/v1/x", body=b"a=b", headers={"A": text} if place == "header" else {})]
        )
        console = Console(out := io.StringIO(), io.StringIO())
        show_plan(console, text if place == "file name" else "a.stripe", plan, limited=True)
        return out.getvalue()

    for words, text in SHORT.items():
        for place in ("loop", "operation", "reason", "header", "file name"):
            shown = build(place, text)
            tally.count(lines_of(shown) == lines_of(build(place, HARMLESS)) and not RAW.search(shown), (words, place))


@pytest.mark.parametrize("form", ["json", "csv", "table"])
def test_tables_of_runs(tally: Tally, form: str) -> None:
    arguments = replace(Arguments("runs"), format=form if form != "table" else None)
    for words, text in SHORT.items():
        console = Console(out := io.StringIO(), io.StringIO())
        print_rows(
            [{"row": text, "message": text}, {"row": "b", "message": "m"}], ("row", "message"), arguments, console
        )
        shown = out.getvalue()
        if form == "json":
            tally.count([row["row"] for row in json.loads(shown)] == [text, "b"], words)
        elif form == "csv":
            tally.count(len(list(csv.reader(io.StringIO(shown, newline="")))) == 3, words)
        else:
            tally.count(lines_of(shown) == 3, words)
        tally.count(form == "csv" or not RAW.search(shown), (words, "raw"))


def test_reports_in_lines(tally: Tally, tmp_path: Path) -> None:
    for words, text in SHORT.items():
        for place in PLACES:
            live = LiveReport(tmp_path / "r.jsonl", text, 1.0, Secrets)
            told = report(place, text)
            for entry in told.entries:
                live.entry(entry)
            live.end(told)
            shown = (tmp_path / "r.jsonl").read_text()
            kinds = [json.loads(line)["type"] for line in shown.split("\n")[:-1]]
            tally.count(kinds == ["start", "step", "step", "end"] and not RAW.search(shown), (words, place))


def test_exports_keep_names_and_values(tally: Tally, tmp_path: Path) -> None:
    for number, (words, text) in enumerate(SHORT.items()):
        path = tmp_path / f"{number}.sqlite"
        columns = (Column("id", "text"), Column("name", "text"))
        try:
            sink = open_rows(RowTarget(str(path), columns=columns, name=text.replace("\ud800", "")))
        except OSError as error:
            tally.count("\x00" in text and "\n" not in str(error), (words, error))  # no name of a table has a NUL
            continue
        sink.write([{"id": text, "name": "a"}, {"id": "b", "name": text}])
        sink.close()
        with closing(sqlite3.connect(path)) as connection:
            tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            quoted = tables[0].replace('"', '""') if tables else ""
            rows = connection.execute(f'SELECT * FROM "{quoted}"').fetchall() if tables else []
        same = text.replace("\ud800", "\\ud800")
        tally.count(len(tables) == 1 and [row[:2] for row in rows] == [(same, "a"), ("b", same)], (words, tables, rows))


@pytest.mark.parametrize("ending", ["json", "jsonl", "csv", "parquet", "sqlite"])
def test_every_export_takes_every_text(tally: Tally, tmp_path: Path, ending: str) -> None:
    columns = (Column("id", "text"), Column("name", "text"))
    for words, text in SHORT.items():
        for known in (columns, ()) if ending in ("json", "jsonl", "csv") else (columns,):
            path = tmp_path / f"rows.{ending}"
            sink = open_rows(RowTarget(str(path), columns=known))
            sink.write([{"id": text, "name": "a", **({} if known else {text: 1})}, {"id": "b", "name": text}])
            sink.close({"object": "list", "url": text})
            content = path.read_bytes()
            tally.count(bool(content), words)
            if ending == "jsonl":
                tally.count(
                    [json.loads(line)["id"] for line in content.decode().split("\n")[:-1]] == [text, "b"], words
                )


def test_conversions_from_fixtures(tally: Tally) -> None:
    table = load_table()
    for words, text in SHORT.items():
        for place in ("value", "name", "key", "path", "file name"):
            fixture = {
                "name": text if place == "name" else "ann",
                "path": f"/v1/customers/{text}" if place == "path" else "/v1/customers",
                "method": "post",
                "params": {
                    "name": text if place == "value" else "Ann",
                    "metadata": {text if place == "key" else "k": "v"},
                },
            }
            source = SourceText(
                text if place == "file name" else "a.json",
                json.dumps({"_meta": {"template_version": 0}, "fixtures": [fixture]}),
            )
            file, _ = read_fixtures(source)
            converted = script_of_fixtures(file, table, "stripe") if file is not None else None
            if converted is None or converted.script is None:
                tally.count(True, words)
                continue
            written = format_script(converted.script)
            again = load_program(SourceText("b.stripe", written))
            blocks = [item for item in again.items if isinstance(item, Block)]
            tally.count(not RAW.search(written), (words, place, written))
            tally.count(len(blocks) <= 1 and len(again.items) <= 4, (words, place, written))
