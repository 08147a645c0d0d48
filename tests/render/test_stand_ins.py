"""ASCII stand-ins for the signs of the shell, and which terminals get them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import stripe_shell
from stripe_shell.render.stand_ins import STAND_INS, is_utf8, with_stand_ins

FOLDERS = ("render", "repl")


def test_every_stand_in_is_one_character_of_ascii() -> None:
    assert all(len(sign) == 1 and len(other) == 1 and other.isascii() for sign, other in STAND_INS.items())
    assert with_stand_ins("● Ann · 日本 → é…") == "* Ann - 日本 > é~"


def test_every_sign_of_the_shell_has_one() -> None:
    root = Path(stripe_shell.__file__).parent
    found = set()
    for folder in FOLDERS:
        for path in (root / folder).rglob("*.py"):
            text = re.sub(r'"""[\s\S]*?"""|#.*', "", path.read_text(encoding="utf-8"))
            found |= {char for char in text if not char.isascii()}
    assert found <= {*STAND_INS, "\u2013"}, "stand_ins.py lacks a sign"


@pytest.mark.parametrize(
    ("environ", "encoding", "shown"),
    [
        ({}, None, True),
        ({"LANG": "de_CH.UTF-8"}, "utf-8", True),
        ({"LANG": "de_CH.utf8"}, "UTF-8", True),
        ({"LANG": "C"}, "utf-8", False),
        ({"LANG": "de_CH.ISO-8859-1"}, "iso8859-1", False),
        ({"LANG": "de_CH.UTF-8", "LC_ALL": "POSIX"}, "utf-8", False),
        ({"LANG": "C", "LC_CTYPE": "de_CH.UTF-8"}, "utf-8", True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "utf-8", False),  # as Python sets it
        ({"LC_CTYPE": "C.UTF-8"}, "utf-8", True),
        ({"LANG": "de_CH.UTF-8"}, "ascii", False),
    ],
)
def test_what_a_terminal_shows(environ: dict[str, str], encoding: str | None, shown: bool) -> None:
    assert is_utf8(environ, encoding) is shown
