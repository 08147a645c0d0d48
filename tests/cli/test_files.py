"""`check`, `fmt` and `spec`: what they say of files, and what they change in them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from .conftest import Command

WRONG = """\
/sandbox
action: create
entity: customer
emial: a@b.co
name: A
tax_exempt: revers

email: x
"""

MENDED = """\
/sandbox
action: create
entity: customer
email: a@b.co
name: A
tax_exempt: reverse
"""

LOOSE = "/sandbox\r\n   action:   create\r\n\tentity: customer\nemail: a@b.co\nname: A\n@as: _c\n"
CANONICAL = "/sandbox\naction: create\nentity: customer\nemail: a@b.co\nname: A\n@as _c\n"


# --- check ----------------------------------------------------------------------------------------------


def test_check_says_everything_and_sends_nothing(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text(WRONG)
    result = stripe_shell("check", "a.stripe")
    assert result.code == 2
    assert result.out == ""
    assert [line.split("]")[0] for line in result.err.splitlines() if line.startswith("error")] == [
        "error[E201",
        "error[E204",
        "error[E103",
    ]
    assert "--> a.stripe:4:1" in result.err
    assert not (home.parent / "data").exists()


def test_check_as_data(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text(WRONG)
    result = stripe_shell("check", "a.stripe", "--format", "json")
    assert result.code == 2
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["code"] for row in rows] == ["E201", "E204", "E103"]
    assert rows[0] == {
        "code": "E201",
        "severity": "error",
        "message": "unknown parameter `emial` for create customer",
        "file": "a.stripe",
        "line": 4,
        "column": 1,
        "end_line": 4,
        "end_column": 6,
        "hint": "did you mean `email`?",
        "fix": {
            "file": "a.stripe",
            "line": 4,
            "column": 1,
            "end_line": 4,
            "end_column": 6,
            "replacement": "email",
        },
    }


def test_check_of_a_good_file(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text(CANONICAL)
    result = stripe_shell("check", "a.stripe")
    assert (result.code, result.out, result.err) == (0, "", "a.stripe: no problem found\n")
    assert stripe_shell("check", "a.stripe", "--format", "json").out == ""
    assert stripe_shell("check", "-", stdin=CANONICAL).code == 0


def test_warnings_alone_are_no_failure(stripe_shell: Command) -> None:
    result = stripe_shell("check", "-", stdin="/sandbox list customers limit=1000\n")
    assert result.code == 0
    assert "warning[W201]" in result.err


def test_check_fix_mends_what_it_can(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text(WRONG.replace("\n\nemail: x", ""))
    result = stripe_shell("check", "--fix", "a.stripe")
    assert result.code == 0
    assert "a.stripe: 2 fixed" in result.err
    assert (home / "a.stripe").read_text() == MENDED


def test_check_fix_mends_again_what_a_fix_brings_to_light(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text("/sandbox\naction: create\nentity: customer\n\nemial: a@b.co\nname:A\n")
    result = stripe_shell("check", "--fix", "a.stripe")
    assert result.code == 0, result.err
    assert (home / "a.stripe").read_text() == "/sandbox\naction: create\nentity: customer\nemail: a@b.co\nname: A\n"


def test_check_fix_leaves_what_it_cannot_mend(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text("/sandbox\naction: creat\nentity: customer\nemail:a@b.co\n")
    result = stripe_shell("check", "--fix", "a.stripe")
    assert result.code == 2
    assert (home / "a.stripe").read_text() == "/sandbox\naction: creat\nentity: customer\nemail: a@b.co\n"
    assert "E205" in result.err
    assert "E102" not in result.err


def test_check_fix_never_turns_one_account_into_another(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text("/sandbx get customer id=cus_1\n")
    assert stripe_shell("check", "--fix", "a.stripe").code == 2
    assert (home / "a.stripe").read_text() == "/sandbx get customer id=cus_1\n"


def test_check_of_several_files_says_all_of_each(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text("@include b.stripe\n\n" + WRONG)
    (home / "b.stripe").write_text("/sandbox get customer nme=x id=cus_1\n")
    result = stripe_shell("check", "a.stripe", "b.stripe", "--format", "json")
    assert [(row["file"], row["line"]) for row in map(json.loads, result.out.splitlines())] == [
        ("a.stripe", 6),
        ("a.stripe", 8),
        ("a.stripe", 10),
        ("b.stripe", 1),
        ("b.stripe", 1),
    ]


def test_a_file_that_cannot_be_written(stripe_shell: Command, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "a.stripe").write_bytes(LOOSE.encode())

    def refuse(_source: str, _target: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    result = stripe_shell("fmt", "a.stripe")
    assert result.code == 1
    assert "a.stripe cannot be written: Permission denied" in result.err
    assert [path.name for path in home.iterdir()] == ["a.stripe"]
    assert (home / "a.stripe").read_bytes() == LOOSE.encode()


# --- fmt ------------------------------------------------------------------------------------------------


def test_fmt_rewrites_the_file(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_bytes(LOOSE.encode())
    result = stripe_shell("fmt", "a.stripe")
    assert (result.code, result.out, result.err) == (0, "", "a.stripe: formatted\n")
    assert (home / "a.stripe").read_bytes().decode() == CANONICAL
    assert stripe_shell("fmt", "a.stripe").err == ""


def test_fmt_of_standard_input_gives_the_text_back(stripe_shell: Command) -> None:
    result = stripe_shell("fmt", "-", stdin=LOOSE)
    assert (result.code, result.out, result.err) == (0, CANONICAL, "")


def test_fmt_of_standard_input_loses_nothing(stripe_shell: Command) -> None:
    """A filter that masked what looks like a key would destroy the script."""
    text = "@secret word = hunter2\n\n/sandbox\naction: create\nentity: customer\nname: sk_test_51Abcdefghijklmnop\n"
    assert stripe_shell("fmt", "-", stdin=text).out == text


def test_fmt_check_changes_nothing(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_bytes(LOOSE.encode())
    (home / "b.stripe").write_text(CANONICAL)
    result = stripe_shell("fmt", "--check", "a.stripe", "b.stripe")
    assert (result.code, result.out, result.err) == (4, "", "a.stripe: not in the canonical form\n")
    assert (home / "a.stripe").read_bytes().decode() == LOOSE
    assert stripe_shell("fmt", "--check", "b.stripe").code == 0
    assert stripe_shell("fmt", "--check", "-", stdin=LOOSE).code == 4


def test_fmt_diff_shows_the_change(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text(CANONICAL.replace("email: ", "email:     "))
    result = stripe_shell("fmt", "--diff", "a.stripe")
    assert result.code == 0
    assert "-email:     a@b.co\n+email: a@b.co\n" in result.out
    assert stripe_shell("fmt", "--diff", "--check", "a.stripe").code == 4
    assert (home / "a.stripe").read_text() != CANONICAL


def test_fmt_of_a_text_that_does_not_parse(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text("email: x\n")
    (home / "b.stripe").write_bytes(LOOSE.encode())
    result = stripe_shell("fmt", "a.stripe", "b.stripe")
    assert result.code == 2
    assert "error[E103]" in result.err
    assert (home / "a.stripe").read_text() == "email: x\n"
    assert (home / "b.stripe").read_text() == CANONICAL


# --- spec -----------------------------------------------------------------------------------------------


def test_spec_of_everything(stripe_shell: Command) -> None:
    lines = stripe_shell("spec").out.splitlines()
    assert any(line.split()[:2] == ["customer", "create"] for line in lines)
    assert "create" in json.loads(stripe_shell("spec", "--format", "json").out)["customer"]


def test_spec_of_an_entity(stripe_shell: Command) -> None:
    result = stripe_shell("spec", "customers")
    assert result.out.startswith("customer (also customers)\n")
    assert "  create             POST   /v1/customers\n" in result.out or "POST   /v1/customers\n" in result.out
    assert "search" in json.loads(stripe_shell("spec", "customer", "--format", "json").out)


def test_spec_of_an_operation(stripe_shell: Command) -> None:
    text = stripe_shell("spec", "create", "subscription").out
    assert text.startswith("create subscription   POST /v1/subscriptions   (Stripe ")
    assert "price_id = items.0.price" in text
    assert "answers: subscription" in text
    rows = json.loads(stripe_shell("spec", "get", "customer", "--format", "json").out)
    assert any(row["path"] == "customer_id" or row["path"] == "customer" for row in rows)


@pytest.mark.parametrize(
    ("words", "hint"),
    [(["custmer"], "did you mean `customer`"), (["creat", "customer"], "did you mean `create`")],
)
def test_spec_of_what_there_is_not(words: list[str], hint: str, stripe_shell: Command) -> None:
    result = stripe_shell("spec", *words)
    assert result.code == 1
    assert hint in result.err


# --- help -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["run", "--help"], ["list", "customers", "--help"]])
def test_help(words: list[str], stripe_shell: Command) -> None:
    result = stripe_shell(*words)
    assert result.code == 0
    assert result.out.startswith("usage: stripe-shell")


def test_version(stripe_shell: Command) -> None:
    from stripe_shell import __version__

    assert stripe_shell("--version").out == f"stripe-shell {__version__}\n"
