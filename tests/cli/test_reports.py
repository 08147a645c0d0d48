"""`--report` on the command line: several at once, of runs and of pages, also where nothing could be run."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from stripe_shell.cli.arguments import parse_arguments

from .conftest import Command

SCRIPT = """\
@secret password = hunter2-hunter2

/sandbox create customer email=a@b.co name=Ann
@expect name == Bob

/sandbox
action: create
entity: customer
email: a@b.co
name: ${password}

/sandbox get customer id=cus_none

/sandbox list customers
"""
PAGE = """\
/your-stripe-connection
action: create
entity: customer
email: a@b.co
name: Ann
Response:
{"id": "cus_1234567890", "name": "Bob"}

/your-stripe-connection
action: get
entity: customer
customer_id: cus_1234567890
Response:
{"id": "cus_1234567890"}
"""


@pytest.mark.parametrize(
    "words",
    [
        ("run", "s.stripe", "--report", "junit=a", "html=b", "tap=c"),
        ("run", "--report", "junit=a", "html=b", "s.stripe", "--report", "tap=c"),
        ("run", "--report=junit=a", "html=b", "tap=c", "--", "s.stripe"),
        ("run", "--report=junit=a", "--report", "html=b", "--report=tap=c", "s.stripe"),
    ],
)
def test_several_are_asked_for_in_one_breath_or_each(words: tuple[str, ...]) -> None:
    arguments = parse_arguments(words)
    assert arguments.reports == ("junit=a", "html=b", "tap=c")
    assert arguments.words == ("s.stripe",)


def test_a_run_with_failures_leaves_all_four(stripe_shell: Command, home: Path) -> None:
    (home / "s.stripe").write_text(SCRIPT)
    reports = ("junit=r.xml", "html=r.html", "json=r.json", "tap=r.tap")
    result = stripe_shell("run", "s.stripe", "--memory", "--keep-going", "--report", *reports)
    assert result.code == 3
    data = json.loads((home / "r.json").read_text())
    assert [entry["verdict"] for entry in data["entries"]] == ["failed", "passed", "error", "passed"]
    suite = ElementTree.parse(home / "r.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "1")
    assert (home / "r.tap").read_text().count("\nnot ok ") == 2
    assert "2 of 4 failed" in (home / "r.html").read_text()
    for name in ("r.xml", "r.html", "r.json", "r.tap"):
        assert "hunter2" not in (home / name).read_text()


def test_a_run_that_stops_says_what_was_not_run(stripe_shell: Command, home: Path) -> None:
    (home / "s.stripe").write_text(SCRIPT)
    assert stripe_shell("run", "s.stripe", "--memory", "--report", "json=r.json").code == 4
    data = json.loads((home / "r.json").read_text())
    assert (data["failed"], data["not_run"]) == (1, 3)


def test_a_script_that_does_not_pass_the_check_is_reported_too(stripe_shell: Command, home: Path) -> None:
    (home / "s.stripe").write_text("/sandbox create customer emial=a@b.co name=A\n")
    result = stripe_shell("run", "s.stripe", "--memory", "--report", "junit=r.xml", "tap=r.tap", "json=r.json")
    assert result.code == 2
    assert json.loads((home / "r.json").read_text())["problems"][0].startswith("error[E201]")
    assert ElementTree.parse(home / "r.xml").getroot().get("errors") == "1"
    assert "Bail out!" in (home / "r.tap").read_text()


def test_a_loop_has_an_entry_for_each_row(stripe_shell: Command, home: Path) -> None:
    (home / "rows.csv").write_text("email\na@b.co\nb@b.co\n")
    loop = '@foreach row in "rows.csv"\n  /sandbox create customer email=${row.email} name=A\n@end\n'
    (home / "s.stripe").write_text(loop)
    assert stripe_shell("run", "s.stripe", "--memory", "--report", "junit=r.xml").code == 0
    names = [case.get("name") for case in ElementTree.parse(home / "r.xml").getroot().iter("testcase")]
    assert names == ["rows.csv:2", "rows.csv:3"]


def test_a_replay_is_reported(stripe_shell: Command, home: Path) -> None:
    (home / "page.txt").write_text(PAGE)
    assert stripe_shell("replay", "page.txt", "--report", "json=r.json", "junit=r.xml").code == 4
    entries = json.loads((home / "r.json").read_text())["entries"]
    assert [(entry["name"], entry["verdict"]) for entry in entries] == [
        ("create customer", "failed"),
        ("get customer", "passed"),
    ]
    assert entries[0]["checks"] == [{"text": "name", "passed": False, "expected": '"Bob"', "actual": '"Ann"'}]
    assert ElementTree.parse(home / "r.xml").getroot().get("failures") == "1"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("run", "s.stripe", "--report", "pdf=x"), "write FORMAT=FILE"),
        (("run", "s.stripe", "--report"), "--report needs a value"),
        (("run", "s.stripe", "--report", "tap=x", "junit=x"), "two reports cannot be one file"),
        (("run", "s.stripe", "--report", "tap=no/such/x"), "cannot be written"),
        (("run", "s.stripe", "--report", "tap=."), "cannot be written"),
        (("run", "s.stripe", "--dry-run", "--report", "tap=x"), "--dry-run sends nothing"),
        (("check", "s.stripe", "--report", "tap=x"), "unknown option --report"),
    ],
)
def test_what_cannot_be_reported_is_1(words: tuple[str, ...], why: str, stripe_shell: Command, home: Path) -> None:
    (home / "s.stripe").write_text("/sandbox list customers\n")
    result = stripe_shell(*words)
    assert result.code == 1
    assert why in result.err
