"""The pictures of the README: they exist, hold nothing from outside, and a screen is drawn as it looks."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pyte

from tests.repl.drawing import draw

ROOT = Path(__file__).parents[2]
IMAGES = re.findall(r"!\[([^\]]+)\]\((docs/images/[^)]+\.svg)\)", (ROOT / "README.md").read_text())

GOLDEN = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 276 60" width="276" height="60" \
font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
<title>a &amp; b</title>
<rect width="276" height="60" rx="8" fill="#1d2026"/>
<text x="12.0" y="26" textLength="8.4" fill="#d7dae0" font-weight="bold">&gt;</text>
<text x="28.8" y="26" textLength="75.6" fill="#c4384b">red words</text>
<rect x="12.0" y="30" width="16.8" height="18" fill="#d7dae0"/>
<text x="12.0" y="44" textLength="16.8" fill="#1d2026">on</text>
<text x="37.2" y="44" textLength="151.2" fill="#d7dae0">cus_NffrFeUfNV2Hib</text>
<text x="205.2" y="44" textLength="33.6" fill="#d7dae0">4 ms</text>
</svg>
"""


def screen(*rows: str, columns: int = 30) -> pyte.Screen:
    made = pyte.Screen(columns, 5)
    pyte.Stream(made).feed("\r\n".join(rows))
    return made


def test_a_screen_is_drawn_as_it_looks() -> None:
    rows = ("", "\x1b[1m>\x1b[0m \x1b[31mred words\x1b[0m", "\x1b[7mon\x1b[0m cus_PNvmJrndMLmC7L  51 ms")
    assert draw(screen(*rows), "a & b") == GOLDEN


def test_what_changes_from_run_to_run_is_drawn_the_same() -> None:
    one = screen("cus_PNvmJrndMLmC7L req_vnjAYv8yHjZWzV 3 ms 127.0.0.1:4000", columns=80)
    other = screen("cus_uIQicpnADbW7lt req_ORaTcMuDmVDoLg 8 ms 127.0.0.1:5000", columns=80)
    assert draw(one, "") == draw(other, "")


def test_the_pictures_of_the_readme_exist_and_are_all_there_is() -> None:
    assert {path for _, path in IMAGES} == {str(each.relative_to(ROOT)) for each in (ROOT / "docs/images").iterdir()}
    assert len(IMAGES) == 6
    for alt, path in IMAGES:
        text = (ROOT / path).read_text()
        ElementTree.fromstring(text)
        assert len(alt) > 20
        assert re.findall(r"href|url\(|<image|<script|sk_live|127\.0\.0\.1:(?!8420)", text) == []
