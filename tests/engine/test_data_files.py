"""Data files: delimiters, encodings, Excel's own line, and numbers that are none; never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_shell.batch.runner import ScriptRun, run_source
from stripe_shell.diagnostics import SourceText
from tests.engine.support.world import World

BODY = "  /sandbox create customer email=${row.email} name=${row.name}\n@end\n"


def run(folder: Path, name: str, data: bytes, options: str = "key=email") -> tuple[ScriptRun, list[str]]:
    """A run over a file, and the names that it sends."""
    (folder / name).write_bytes(data)
    world = World()
    source = SourceText(str(folder / "x.stripe"), f'@foreach row in "{name}" {options}\n{BODY}')
    result = run_source(world.engine, source, world.scope, run_id="run")
    return result, [(request.body or b"").decode().partition("name=")[2] for request in world.requests]


PLAIN = "email,name\na@b.co,Zoë\nc@d.co,Ann\n"


@pytest.mark.parametrize(
    ("name", "data", "options"),
    [
        ("a.csv", PLAIN.encode(), "key=email"),
        ("a.csv", PLAIN.encode("utf-8-sig"), "key=email"),
        ("a.csv", PLAIN.replace(",", ";").encode(), "key=email"),
        ("a.csv", PLAIN.replace(",", "|").encode(), "key=email"),
        ("a.csv", PLAIN.replace(",", "\t").encode(), "key=email"),
        ("a.csv", PLAIN.replace(",", ";").encode(), 'key=email delimiter=";"'),
        ("a.csv", PLAIN.replace(",", "#").encode(), "key=email delimiter=#"),
        ("a.csv", b"sep=;\r\n" + PLAIN.replace(",", ";").encode(), "key=email"),
        ("a.csv", PLAIN.replace(",", ";").encode("utf-16"), "key=email"),
        ("a.csv", PLAIN.encode("cp1252"), "key=email encoding=cp1252"),
        ("a.csv", PLAIN.encode("latin-1"), "key=email encoding=latin-1"),
        ("a.tsv", PLAIN.replace(",", "\t").encode(), "key=email"),
        ("a.TSV", PLAIN.replace(",", "\t").encode("utf-16"), "key=email"),
        ("a.jsonl", '{"email": "a@b.co", "name": "Zoë"}\n{"email": "c@d.co", "name": "Ann"}\n'.encode(), "key=email"),
        ("a.json", '[{"email": "a@b.co", "name": "Zoë"}, {"email": "c@d.co", "name": "Ann"}]'.encode("cp1252"),
         "key=email encoding=cp1252"),
    ],
)  # fmt: skip
def test_the_same_rows_however_they_are_written(tmp_path: Path, name: str, data: bytes, options: str) -> None:
    result, names = run(tmp_path, name, data, options)
    assert result.exit_code == 0
    assert names == ["Zo%C3%AB", "Ann"]


@pytest.mark.parametrize(
    ("name", "data", "options", "said"),
    [
        ("a.csv", PLAIN.encode("cp1252"), "key=email", "a.csv: it is not UTF-8 text (byte"),
        ("a.csv", b"na\xefve,name\n1,2\n", "key=email", "say which, e.g. `encoding=cp1252`"),
        ("a.csv", PLAIN.encode("cp1252"), "key=email encoding=ascii", "is not ascii text"),
        ("a.csv", PLAIN.encode(), "key=email encoding=klingon", "unknown encoding `klingon`"),
        ("a.csv", PLAIN.encode(), "key=email encoding=hex", "unknown encoding `hex`"),
        ("a.csv", PLAIN.encode("utf-16")[:-1], "key=email", "is not utf-16 text"),
        ("a.csv", b"email,name\na@b.co,\x00\x00\n", "key=email", ""),
        ("a.csv", b'email,name\n"a@b.co,Ann\n', "key=email", "line"),
        ("a.csv", b"", "key=email", "has no column `email`"),
        ("a.csv", b"email;name;email\n1;2;3\n", "key=email", "names the column `email` twice"),
        ("a.jsonl", b'{"email": "a", "name": NaN}\n', "key=email", "line 1 holds `NaN`, which is no number"),
        ("a.jsonl", b'{"email": "a", "name": 1e999}\n', "key=email", "line 1 holds `1e999`, which is no number"),
        ("a.json", b'[{"email": "a", "name": -Infinity}]', "key=email", "element 1 holds `-Infinity`"),
        ("a.json", b'[{"email": "a", "name": -1e999}]', "key=email", "element 1 holds `-1e999`"),
        ("a.json", b"[" * 200_000, "", "element 1 is not JSON"),
        ("a.jsonl", b"\xff\xfe\n", "key=email", "is not"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str, data: bytes, options: str, said: str) -> None:
    result, names = run(tmp_path, name, data, options)
    messages = " ".join(f"{each.message} {each.label}" for each in result.diagnostics)
    if said:
        assert said in messages
        assert (result.exit_code, names) == (2, [])


def test_a_guessed_delimiter_is_said(tmp_path: Path) -> None:
    result, _ = run(tmp_path, "a.csv", PLAIN.replace(",", ";").encode())
    assert [(each.code, each.severity) for each in result.diagnostics] == [("W304", "note")]


def test_one_column_stays_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("email\na@b.co\n")
    world = World()
    text = '@foreach row in "a.csv"\n  /sandbox create customer email=${row.email} name=A\n@end\n'
    result = run_source(world.engine, SourceText(str(tmp_path / "x.stripe"), text), world.scope, run_id="run")
    assert (result.diagnostics, len(world.requests)) == ((), 1)


def test_where_selects_rows(tmp_path: Path) -> None:
    data = b"email,name,plan\na@b.co,Ann,pro\na@b.co,Twice,free\nc@d.co,Bo,pro\n"
    result, names = run(tmp_path, "a.csv", data, """key=email where="${row.plan} == pro" """)
    assert (names, dict(result.rows)) == (["Ann", "Bo"], {"done": 2})
    result, names = run(tmp_path, "a.csv", data, """key=email where="${row.plan} in [pro, free]" """)
    assert "have the key `a@b.co`" in result.diagnostics[0].message
    result, names = run(tmp_path, "a.csv", data, """key=email where="${row.plann} == pro" """)
    assert (result.exit_code, names) == (2, [])
    assert [each.code for each in result.diagnostics] == ["E303"]


def test_several_columns_are_one_key(tmp_path: Path) -> None:
    data = b"email,name\na@b.co,Ann\na@b.co,Bo\n"
    result, names = run(tmp_path, "a.csv", data, "key=email,name")
    assert (result.exit_code, names) == (0, ["Ann", "Bo"])
    result, _ = run(tmp_path, "a.csv", data + b"a@b.co,Bo\n", "key=email,name")
    assert "have the key `a@b.co,Bo`" in result.diagnostics[0].message


def test_a_number_of_a_file_is_sent_as_it_is_written(tmp_path: Path) -> None:
    _, names = run(tmp_path, "a.jsonl", b'{"email": "a@b.co", "name": 12.10}\n')
    assert names == ["12.10"]
