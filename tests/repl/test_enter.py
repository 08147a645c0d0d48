"""What Enter does, as a table: `|` is the cursor."""

from __future__ import annotations

import pytest

from stripe_shell.repl.enter import enter_action

BLOCK = "/sandbox\naction: create\nentity: customer"

ROWS = [
    # a complete line runs from anywhere in it
    ("|list customers", "run"),
    ("list| customers", "run"),
    ("list customers|", "run"),
    ("list cus|tomers\n", "run"),
    ("list customers\n|", "run"),
    ("  list cus|tomers", "run"),
    ("@let x| = 1", "run"),
    ("he|lp", "run"),
    ("# a no|te", "run"),
    ("|", "run"),
    ("  |", "run"),
    # one that is not complete goes on, and is never cut
    ("/sand|box", "append"),
    ("/sandbox|", "split"),
    ("|/sandbox", "split"),
    ("/sandbox list cus|tomers", "append"),
    ("@foreach row in |\"a.csv\" key=id", "append"),
    ('@let x = """|', "split"),
    # in a block Enter makes a line, on the last and empty one it runs
    (f"{BLOCK}|", "split"),
    (f"{BLOCK}\n|", "run"),
    (f"{BLOCK}\n  |", "run"),
    (f"{BLOCK[:-3]}|{BLOCK[-3:]}", "append"),
    ("/sandbox\n|", "split"),
    ("/sandbox\naction: list\n|entity: customers", "split"),
    ("/sandbox\naction: list\nentity: customers\n\nlist pri|ces", "run"),
    # above the last line it inserts or goes down
    ("|/sandbox\naction: list\nentity: customers", "down"),
    ("/sand|box\naction: list\nentity: customers", "down"),
    ("/sandbox|\naction: list\nentity: customers", "split"),
    ("/sandbox\n|\naction: list\nentity: customers\n", "down"),
    ("/sandbox\naction: list\nentity: customers|\n", "down"),
    ("/sandbox\naction: list\nentity: customers|\n\n", "down"),
    ("/sandbox\naction: list\n|entity: customers\n\n", "down"),
    ("/sandbox list customers|\n", "down"),
    ("list cus|tomers\nlist prices", "down"),
    ("list customers|\nlist prices", "split"),
    # inside a value of several lines a new line is a part of it
    (f'{BLOCK}\ndescription: """\none tw|o\nthree\n"""\nname: Ann', "split"),
    (f'{BLOCK}\ndescription: """\n|\nthree\n"""\n', "split"),
    (f'{BLOCK}\ndescription: """\none |two', "split"),
    (f"{BLOCK}\nmetadata: {{|}}\nname: Ann", "down"),
    (f'{BLOCK}\nmetadata: {{\n  "a": |1\n}}\nname: Ann', "split"),
    (f'{BLOCK}\nmetadata: {{\n  "a": |1', "split"),
    (f'{BLOCK}\nmeta|data: {{\n  "a": 1\n}}\nname: Ann', "down"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "action"), ROWS)
def test_enter(written: str, action: str) -> None:
    offset = written.index("|")
    assert enter_action(written.replace("|", "", 1), offset) == action
