"""Reports of long runs: their size and their memory, rows instead of blocks, and what a killed run has of them."""

from __future__ import annotations

import json
import os
import re
import signal
import tracemalloc
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from stripe_shell.batch.reports import parse_targets, write_reports
from stripe_shell.batch.reports.html import MOST_FAILURES, render_html
from stripe_shell.batch.reports.junit import render_junit
from stripe_shell.batch.reports.live import LiveReport
from stripe_shell.batch.reports.record import Recorder, Report, rows_of
from stripe_shell.secrets import Secrets

from .support import Batch
from .test_reports import EVIL, Page, browse, entry

ROWS = 10_000
RESPONSE = '200 (5 ms)\n{"id": "cus_1", ' + ", ".join(f'"member_{n}": null' for n in range(40)) + "}"


@pytest.fixture
def batch(tmp_path: Path, capsys: Any) -> Batch:
    return Batch(tmp_path, capsys)


def record(rows: int, each: int = 100) -> Recorder:
    """Records two steps for each row; of one row in `each` the second fails."""
    recorder = Recorder(lambda: 0.0, 1_780_315_200.0)
    for number in range(rows):
        row = f"refunds.csv:{number + 2} (charge=ch_1x{number:020})"
        for step in range(2):
            made = entry(step + 1, result=f"cus_{number:014}", request_id=f"req_{number:012}{step}", row=row)
            failed = {"status": "failed", "verdict": "error", "http": 402, "problems": ("error[E403]: declined",)}
            recorder.add(entry_with(made, response=RESPONSE, **(failed if step and number % each == 0 else {})))
    return recorder


def entry_with(made: Any, **changes: Any) -> Any:
    from stripe_shell.records import replace

    return replace(made, **changes)


def test_a_long_run_has_a_small_page(tmp_path: Path) -> None:
    text = "".join(render_html(record(ROWS).report("t")))
    assert len(text.encode()) <= 2_000_000
    page = Page(text)
    failed = [number for number in range(ROWS) if number % 100 == 0]
    assert page.tags.count("article") == len(failed)
    assert page.text.index("What failed") < page.text.index("refunds.csv:2 (") < page.text.index("Rows")
    rows = json.loads(text.split('id="data">')[1].split("</script>")[0])["rows"]
    assert len(rows) == ROWS
    assert rows[-1][0] == f"refunds.csv:{ROWS + 1} (charge=ch_1x{ROWS - 1:020})"
    assert [number for number, row in enumerate(rows) if row[2][-1] == "error"] == failed


def test_the_memory_of_all_reports_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    targets = parse_targets([f"{name}={tmp_path / name}" for name in ("junit", "html", "json", "tap")])

    def peak(rows: int) -> int:
        tracemalloc.start()
        write_reports(targets, record(rows).report("t"), Secrets().plus("hunter2-hunter2"))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(3)  # whatever is imported late
    few, many = peak(200), peak(800)
    assert many < few + 300_000  # 1,200 entries more take 4 MB
    assert len(json.loads((tmp_path / "json").read_text())["entries"]) == 1_600


def test_many_failures_are_cut_short() -> None:
    page = Page("".join(render_html(record(MOST_FAILURES + 7, each=1).report("t"))))
    assert page.tags.count("article") == MOST_FAILURES
    assert "These are the first 500 of 507" in page.text


def test_junit_has_a_case_for_each_row() -> None:
    root = ElementTree.fromstring("".join(render_junit(record(200).report("t"))))
    cases = list(root.iter("testcase"))
    assert len(cases) == int(root.attrib["tests"]) == 200
    assert root.attrib["errors"] == "2"
    assert cases[100].attrib["name"] == "refunds.csv:102 (charge=ch_1x00000000000000000100)"
    (error,) = cases[100].findall("error")
    assert error.attrib["message"] == "create customer (line 2): error[E403]: declined"
    assert cases[99].attrib["time"] == "0.010"  # both steps


def test_blocks_outside_of_loops_stand_between_rows() -> None:
    recorder = Recorder(lambda: 0.0, 0.0)
    for row in ("", "", "a", "a", "b", "", "b"):
        recorder.add(entry(row=row))
    assert [[each.row for each in group] for group in rows_of(recorder.report("t"))] == [
        [""], [""], ["a", "a"], ["b"], [""], ["b"],
    ]  # fmt: skip


def test_the_data_of_rows_is_no_markup() -> None:
    recorder = Recorder(lambda: 0.0, 0.0)
    recorder.add(entry(row=f"{EVIL}</script><img src=x onerror=alert(1)>"))
    text = "".join(render_html(recorder.report("t")))
    page = Page(text)
    assert page.tags.count("script") == 2
    assert "img" not in page.tags
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    assert "<img src=x" in data["rows"][0][0]


# --- JSON Lines --------------------------------------------------------------------------------------------------


def test_a_killed_run_has_its_report_to_the_last_row(batch: Batch) -> None:
    batch.rows([f"p{number}@x.co" for number in range(12)])
    report = batch.folder / "r.jsonl"

    def die_at_the_ninth_row() -> None:
        row, told = LiveReport.row, []

        def counted(self: LiveReport, result: Any) -> None:
            row(self, result)
            told.append(result)
            if len(told) == 9:
                os.kill(os.getpid(), signal.SIGKILL)

        LiveReport.row = counted  # type: ignore[method-assign] # in a child of its own

    assert batch.run_and_die(die_at_the_ninth_row, "--report", f"jsonl={report}") == -signal.SIGKILL
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert [line["type"] for line in lines] == ["start", *(["step", "step", "row"] * 9)]
    rows = [line for line in lines if line["type"] == "row"]
    assert [row["key"] for row in rows] == [f"p{number}@x.co" for number in range(9)]
    assert {row["status"] for row in rows} == {"done"}
    assert all(row["id"].startswith("cus_") for row in rows)
    assert batch.run("--report", f"jsonl={report}").code == 0
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert lines[-1]["type"] == "end"
    assert sum(line.get("count", 1) for line in lines if line["type"] in {"row", "rows"}) == 12


def test_secrets_are_masked_in_json_lines(tmp_path: Path) -> None:
    live = LiveReport(tmp_path / "r", "t", 0.0, lambda: Secrets().plus("hunter2-hunter2"))
    live.entry(entry(request="password=hunter2-hunter2", response="sk_live_" + "x" * 24))
    live.end(Report("t", 0.0, 0.0, ()))
    text = (tmp_path / "r").read_text()
    assert "hunter2-hunter2" not in text
    assert "xxxxx" not in text


def test_a_report_on_a_full_disk_does_not_stop_the_run(batch: Batch) -> None:
    batch.rows(["a@x.co", "b@x.co"])
    result = batch.run("--report", "jsonl=/dev/full")
    assert batch.made("customer") == ["a@x.co", "b@x.co"]
    assert "the report /dev/full cannot be written: No space left on device" in result.err
    assert result.code == 3


# --- in a real browser -------------------------------------------------------------------------------------------


def test_a_browser_filters_the_rows(tmp_path: Path) -> None:
    text = "".join(render_html(record(300).report("t")))
    digest = re.search(r"script-src '[^']*'", text)
    assert digest
    words = "const input = document.querySelector('input'); input.value = 'refunds.csv:102 402'; input.oninput();"
    typed = f"<script>addEventListener('load', () => setTimeout(() => {{ {words} }}, 500))</script>"
    text = text.replace(digest[0], "script-src 'unsafe-inline'").replace("</main>", f"{typed}</main>")
    (tmp_path / "r.html").write_text(text, encoding="utf-8")
    shown = Page(browse("--virtual-time-budget=3000", "--dump-dom", f"file://{tmp_path / 'r.html'}", folder=tmp_path))
    assert "1 to 1 of 1" in shown.text
    assert shown.attributes.count(("class", "step error")) == 1


def test_the_policy_lets_the_pages_own_script_run(tmp_path: Path) -> None:
    (tmp_path / "r.html").write_text("".join(render_html(record(300).report("t"))), encoding="utf-8")
    assert "1 to 100 of 300" in browse(
        "--virtual-time-budget=3000", "--dump-dom", f"file://{tmp_path / 'r.html'}", folder=tmp_path
    )
