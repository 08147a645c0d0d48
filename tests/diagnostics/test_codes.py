"""Every diagnostic code: the program says it of its golden file, in text and as JSON, and a page explains it.

`CODE.stripe` (or `.md`, `.prompt`, `.fixture.json`, `.toml`) is the input, `CODE.txt` and `CODE.json` what is said.
`UPDATE_GOLDEN=1` writes them anew, and the examples of docs/diagnostics.md with them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from stripe_shell.diagnostics import CODES
from tests.diagnostics.produce import as_json, as_text, diagnostics_of

FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[1] / "docs" / "diagnostics.md"
PACKAGE = FOLDER.parents[1] / "stripe_shell"
INPUTS = (".stripe", ".md", ".prompt", ".fixture.json", ".toml")
_SECTION = re.compile(r"^### ([EW]\d{3}) (.+)\n((?:(?!^##).*\n?)*)", re.MULTILINE)
_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

each_code = pytest.mark.parametrize("code", CODES)


def input_of(code: str) -> Path:
    """The file that shows the code."""
    return next(path for ending in INPUTS if (path := FOLDER / f"{code}{ending}").exists())


@each_code
def test_the_program_says_it_of_its_golden_file(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    found = diagnostics_of(input_of(code), tmp_path)
    _compare(FOLDER / f"{code}.txt", as_text(found))
    _compare(FOLDER / f"{code}.json", as_json(found))
    assert {each.code for each in found} == {code}, "one mistake is told once, not as several"
    severity = {each.severity for each in found if each.code == code}
    assert severity == {"error"} if code.startswith("E") else severity <= {"warning", "note"}


def _compare(golden: Path, text: str) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def _sections() -> dict[str, tuple[str, str]]:
    """Title and text of every code's section of the page."""
    page = PAGE.read_text(encoding="utf-8")
    return {match[1]: (match[2], match[3]) for match in _SECTION.finditer(page)}


def test_the_page_explains_every_code_and_no_other() -> None:
    assert {code: title for code, (title, _) in _sections().items()} == CODES
    assert list(_sections()) == sorted(CODES)


@each_code
def test_the_page_shows_the_golden_file_what_it_means_and_the_remedy(code: str) -> None:
    text = _sections()[code][1]
    if os.environ.get("UPDATE_GOLDEN"):
        text = _renew_example(code, text)
    shown = [(kind, content) for kind, content in _FENCED.findall(text)]
    assert shown == _example(code)
    meaning, _, remedy = text.partition("```")
    assert len(meaning.split()) >= 8
    assert "**What to do:** " in remedy


def _example(code: str) -> list[tuple[str, str]]:
    """The fenced parts of a section: what was written, and what the program says of it."""
    path = input_of(code)
    kind = {".stripe": "stripe", ".prompt": "stripe", ".md": "text", ".toml": "toml", ".json": "json"}[path.suffix]
    return [(kind, path.read_text(encoding="utf-8")), ("text", (FOLDER / f"{code}.txt").read_text(encoding="utf-8"))]


def _renew_example(code: str, text: str) -> str:
    """The section with its example as it is now, written into the page."""
    fenced = "\n\n".join(f"```{kind}\n{content}```" for kind, content in _example(code))
    meaning, _, rest = text.partition("```")
    remedy = rest[rest.index("**What to do:** ") :]
    renewed = f"{meaning}{fenced}\n\n{remedy}"
    PAGE.write_text(PAGE.read_text(encoding="utf-8").replace(text, renewed), encoding="utf-8")
    return renewed


def test_every_code_is_raised_somewhere() -> None:
    """A code that no line of the program can raise is not kept."""
    text = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py") if path != PACKAGE / "diagnostics.py")
    assert [code for code in CODES if f'"{code}"' not in text] == []


def test_every_file_here_belongs_to_a_code() -> None:
    names = {path.name.split(".")[0] for path in FOLDER.iterdir() if path.is_file()} - {"produce", "test_codes"}
    assert names == set(CODES)
