"""Reports: what each format says of a run, that all is escaped and masked, and the page in a real browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from stripe_shell.batch.reports import parse_targets, write_reports
from stripe_shell.batch.reports.html import render_html
from stripe_shell.batch.reports.json import render_json
from stripe_shell.batch.reports.junit import render_junit
from stripe_shell.batch.reports.record import KEPT_EXCHANGES, Recorder, Report, ReportCheck, ReportEntry
from stripe_shell.batch.reports.tap import render_tap
from stripe_shell.errors import UsageError
from stripe_shell.escaping import visible
from stripe_shell.secrets import Secrets

EVIL = '<script>alert("x")</script> & \'# \x00\x1b[31m ü 🎉 ]]> %'
SECRET = "hunter2-hunter2"


def entry(number: int = 1, **changes: Any) -> ReportEntry:
    values = {
        "name": "create customer",
        "file": "a.stripe",
        "line": number,
        "status": "passed",
        "verdict": "passed",
        "started": 10.0 * number,
        "elapsed": 5.0,
        "http": 200,
        "request_id": f"req_{number}",
        "result": f"cus_{number}",
        "request": "POST /v1/customers\nemail=a@b.co",
        "response": '200 (5 ms)\n{"id": "cus_1"}',
    }
    return ReportEntry(**{**values, **changes})  # type: ignore[arg-type]


REPORT = Report(
    title=EVIL,
    began=1_780_315_200.0,
    duration=1234.5,
    entries=(
        entry(1),
        entry(
            2,
            name=EVIL,
            status="unexpected",
            verdict="failed",
            checks=(
                ReportCheck("id is cus", True, "is cus", '"cus_2"'),
                ReportCheck(f"name == {EVIL}", False, "== A", f'"{EVIL}"'),
            ),
            problems=(f"error[E402]: expected name == {EVIL}\n --> a.stripe:2:1",),
            request=f"POST /v1/customers\nname={EVIL}\npassword={SECRET}",
            response=f'200 (5 ms)\n{{"name": "{EVIL}", "p": "{SECRET}"}}',
        ),
        entry(3, status="failed", verdict="error", http=402, problems=("error[E403]: declined\nsecond line",)),
        entry(4, status="skipped", verdict="skipped", request="", response="", http=None, reason=f"# {EVIL}"),
        entry(5, file="b.stripe", ordinal=7),
        entry(6, status="unknown", verdict="error", http=None, response="", problems=()),
    ),
    not_run=2,
)
CHECK = Report("s.stripe", 1_780_315_200.0, 1.0, (), (f"error[E201]: unknown {EVIL}",))


# --- JUnit -------------------------------------------------------------------------------------------------------

SUITE = {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"}
CASE = {"name", "classname", "file", "line", "time"}


@pytest.mark.parametrize("report", [REPORT, CHECK])
def test_junit_is_what_continuous_integration_reads(report: Report) -> None:
    root = ElementTree.fromstring("".join(render_junit(report)))
    assert root.tag == "testsuites"
    for suite in root:
        assert suite.tag == "testsuite"
        assert set(suite.attrib) <= SUITE
        for case in suite:
            assert case.tag == "testcase"
            assert set(case.attrib) <= CASE
            assert {"name", "classname"} <= set(case.attrib)
            assert [child.tag for child in case] in ([], ["skipped"], ["failure"], ["error"], ["failure", "system-out"],
                                                     ["error", "system-out"])  # fmt: skip
            assert all(child.get("message") for child in case if child.tag in {"failure", "error"})
        assert int(suite.attrib["tests"]) == len(suite)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[name]) == len(suite.findall(f"testcase/{tag}"))
        assert re.fullmatch(r"\d+(\.\d+)?", suite.attrib["time"])
    for name in ("tests", "failures", "errors", "skipped"):
        assert int(root.attrib[name]) == sum(int(suite.attrib[name]) for suite in root)


def test_junit_tells_what_failed_and_what_was_sent() -> None:
    root = ElementTree.fromstring("".join(render_junit(REPORT)))
    assert [suite.get("name") for suite in root] == ["a.stripe", "b.stripe", "a.stripe"]
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert "expected name ==" in str(failure.get("message"))
    assert "\n" not in str(failure.get("message"))
    output = root.findtext("testsuite/testcase/system-out")
    assert output is not None
    assert '<script>alert("x")</script>' in output
    assert [case.get("name") for case in root.iter("testcase")][4] == "create customer (line 5) #7"


# --- TAP ---------------------------------------------------------------------------------------------------------


def read_tap(text: str) -> tuple[int, list[tuple[bool, str, str, Any]]]:
    """The plan and the points: ok, description, directive, YAML block. Fails for what is no TAP 14."""
    lines = text.splitlines()
    assert lines[0] == "TAP version 14"
    plan = re.fullmatch(r"1\.\.(\d+)", lines[1])
    assert plan
    points: list[tuple[bool, str, str, Any]] = []
    rest = iter(lines[2:])
    for line in rest:
        if line.startswith(("#", "Bail out!")):
            continue
        if line == "  ---":
            block: list[str] = []
            for inner in rest:
                if inner == "  ...":
                    break
                block.append(inner)
            ok, description, directive, _ = points.pop()
            points.append((ok, description, directive, yaml.safe_load("\n".join(block))))
            continue
        point = re.fullmatch(r"(not )?ok (\d+) - ((?:[^#\\]|\\.)*?)(?: # (SKIP.*))?", line)
        assert point, line
        assert int(point[2]) == len(points) + 1
        points.append((not point[1], re.sub(r"\\(.)", r"\1", point[3]), point[4] or "", None))
    return int(plan[1]), points


def test_tap_is_read_back() -> None:
    plan, points = read_tap("".join(render_tap(REPORT)))
    assert plan == len(points) == 6
    assert [ok for ok, *_ in points] == [True, False, False, True, True, False]
    assert points[1][1] == f"{visible(EVIL)} (a.stripe:2)"
    assert points[1][3]["actual"] == f'"{EVIL}"'
    assert points[1][3]["expected"] == "== A"
    assert points[2][3]["problems"] == ["error[E403]: declined\nsecond line"]
    assert points[3][2].startswith("SKIP ")
    assert points[5][3]["problems"] in (None, [])


def test_tap_bails_out_where_nothing_was_run() -> None:
    text = "".join(render_tap(CHECK))
    assert read_tap(text) == (0, [])
    assert "Bail out!" in text


# --- JSON --------------------------------------------------------------------------------------------------------


def test_json_has_everything() -> None:
    data = json.loads("".join(render_json(REPORT)))
    counts = {name: data[name] for name in ("passed", "failed", "errors", "skipped", "not_run")}
    assert counts == {"passed": 2, "failed": 1, "errors": 2, "skipped": 1, "not_run": 2}
    assert data["entries"][1]["checks"][1]["actual"] == f'"{EVIL}"'
    assert data["duration_ms"] == 1234.5


# --- HTML --------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("report", [REPORT, CHECK])
def test_nothing_in_the_page_runs_or_is_loaded(report: Report) -> None:
    text = "".join(render_html(report))
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "a"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in {"href", "src"}]
    assert "<script" not in text
    assert "default-src 'none'" in text
    assert '<script>alert("x")</script>' in page.text


def test_the_page_shows_the_summary_the_failures_and_every_exchange() -> None:
    page = Page("".join(render_html(REPORT)))
    for text in ("2 passed", "1 failed", "2 error", "1 skipped", "2 not run", "== A", "POST /v1/customers", "req_3"):
        assert text in re.sub(r"\s+", " ", page.text), text
    assert page.tags.count("details") == 6
    assert page.tags.count("article") == 3


def test_a_page_without_blocks() -> None:
    assert "all passed" in "".join(render_html(Report("s", 0.0, 0.0, ())))


# --- writing -----------------------------------------------------------------------------------------------------


def test_secrets_are_masked_in_all_of_them(tmp_path: Path) -> None:
    targets = parse_targets([f"{name}={tmp_path / name}" for name in ("junit", "html", "json", "tap")])
    write_reports(targets, REPORT, Secrets().plus(SECRET))
    for target in targets:
        text = target.path.read_text()
        assert SECRET not in text
        assert "********" in text or target.format == "tap"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["html", "json", "junit", "tap"]


@pytest.mark.parametrize("text", ["junit", "junit=", "=x", "pdf=x", "JUnit=x", ""])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="write FORMAT=FILE"):
        parse_targets([text])


def test_one_file_for_two_reports_is_refused() -> None:
    with pytest.raises(UsageError, match="one file"):
        parse_targets(["junit=x", "tap=x"])


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_reports(parse_targets([f"tap={tmp_path / 'no' / 'x'}"]), REPORT, Secrets())


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(UsageError):
        write_reports(parse_targets([f"tap={tmp_path / 'x'}"]), REPORT, Secrets())
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_long_loop_keeps_only_what_is_needed() -> None:
    recorder = Recorder(lambda: 0.0, 0.0)
    for _ in range(KEPT_EXCHANGES + 2):
        recorder.add(entry(1))
    recorder.add(entry(1, status="failed", verdict="error"))
    entries = list(recorder.report("t").entries)
    assert [bool(e.request) for e in entries[-4:]] == [True, False, False, True]
    assert entries[-1].ordinal == KEPT_EXCHANGES + 3


# --- in a real browser -------------------------------------------------------------------------------------------

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def browse(*arguments: str, folder: Path) -> str:
    """What the browser says; skips where there is none."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        pytest.skip("no Chromium is installed")
    command = [browser, *QUIET, f"--user-data-dir={folder / 'profile'}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_browser_shows_the_page_and_runs_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "r.html").write_text("".join(render_html(REPORT)), encoding="utf-8")
    shown = browse("--dump-dom", f"file://{tmp_path / 'r.html'}", folder=tmp_path)
    assert "&lt;script&gt;alert" in shown
    assert "<script" not in shown
    page = Page(shown)
    assert page.tags.count("details") == 6
    image = tmp_path / "r.png"
    browse("--window-size=900,700", f"--screenshot={image}", f"file://{tmp_path / 'r.html'}", folder=tmp_path)
    assert image.read_bytes().startswith(b"\x89PNG")
    assert image.stat().st_size > 10_000, "the page is not empty"
