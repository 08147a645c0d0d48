"""Paths of an `@out` and of an upload: what of them comes from data is one plain name, what a script writes is free."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.diagnostics import Diagnostic, SourceText, format_diagnostics
from stripe_shell.engine.load import load_program
from stripe_shell.records import replace
from tests.engine.support.world import World, answer

OUT = "/sandbox\naction: list\nentity: customers\n@out %s\n"
UPLOAD = "/sandbox\naction: create\nentity: file\npurpose: dispute_evidence\nfile: %s\n"
RAW_UPLOAD = "/sandbox\naction: create\nentity: file\npurpose: dispute_evidence\n@raw file=%s\n"
BLOCKS = {"out": OUT, "upload": UPLOAD, "raw upload": RAW_UPLOAD}

#: Texts that are no plain name, and why.
BAD = {
    "../x": "it holds a path separator",
    "a/b": "it holds a path separator",
    "/etc/x": "it holds a path separator",
    "a\\b": "it holds a path separator",
    "/": "it holds a path separator",
    "..": "it names a folder by dots",
    "a..b": "it names a folder by dots",
    ".": "it names a folder by dots",
    "~": "it names somebody's home",
    "~root": "it names somebody's home",
    "a\0b": "it holds a control character",
    "a\nb": "it holds a control character",
    "\x7f": "it holds a control character",
    "\x9b": "it holds a control character",
    "": "is empty",
}
#: Where the text comes from: what stands before the block, and how the block names it.
ORIGINS = {
    "row": ("@foreach row in rows.jsonl\n%s@end\n", "${row.name}"),
    "variable of a response": (
        "/sandbox\naction: get\nentity: customer\nid: cus_1\n@as customer\n\n@let name = ${customer.name}\n\n%s",
        "${name}",
    ),
    "environment": ("%s", "${env:NAME}"),
    "variable of the environment": ("@let inner = ${env:NAME}\n@let name = ${inner}\n%s", "${name}"),
    "secret of the environment": ("@secret name = ${env:NAME}\n%s", "${name}"),
    "JSON with the environment": ('@let data = {"name": "${env:NAME}"}\n%s', "${data.name}"),
    "response": ("/sandbox\naction: get\nentity: customer\nid: cus_1\n@as customer\n\n%s", "${customer.name}"),
    "last response": ("/sandbox\naction: get\nentity: customer\nid: cus_1\n\n%s", "${last.name}"),
}


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that scripts run in, beside one that they must not reach."""
    (tmp_path / "work").mkdir()
    (tmp_path / "x.csv").write_text("precious")
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "work"


def world_of(name: str, variables: Mapping[str, Any] | None = None) -> World:
    """A world in which every origin brings this name."""
    listed = answer({"object": "list", "data": [{"id": "cus_1"}], "has_more": False})
    world = World([answer({"id": "cus_1", "object": "customer", "name": name}), *[listed] * 5])
    given = frozenset(variables or {})
    world.scope = replace(
        world.scope, environment={"NAME": name}, variables=dict(variables or {}), given=given, written=given
    )
    Path("rows.jsonl").write_text(json.dumps({"name": name}) + "\n")
    return world


def run(text: str, name: str, variables: Mapping[str, Any] | None = None) -> tuple[World, int, list[Diagnostic]]:
    world = world_of(name, variables)
    ran = world.run(text)
    return world, ran.exit_code, [*ran.diagnostics, *(each for one in ran.outcomes for each in one.diagnostics)]


def sent(world: World) -> list[str]:
    """The requests of the block itself."""
    return [request.path for request in world.requests if request.path != "/v1/customers/cus_1"]


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")} - {"work/rows.jsonl"}


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("name", BAD, ids=repr)
def test_more_than_a_name_is_refused_before_anything_is_sent(kind: str, origin: str, name: str, tmp_path: Path) -> None:
    frame, reference = ORIGINS[origin]
    before = everything(tmp_path)
    world, code, found = run(frame % (BLOCKS[kind] % f"{reference}.csv"), name)
    assert sent(world) == []
    assert code == (3 if "response" in origin else 2)
    assert everything(tmp_path) == before
    assert (tmp_path / "x.csv").read_text() == "precious"
    problem = next(each for each in found if each.code == "E307")
    assert f"`{reference[2:-1]}`" in problem.message
    assert BAD[name] in problem.message
    assert problem.span is not None
    assert problem.span.text == reference[2:-1]


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("name", ["Ada", "v1.5", ".hidden", "a b", "ä", "C:"])
def test_a_plain_name_is_taken(kind: str, origin: str, name: str, work: Path) -> None:
    frame, reference = ORIGINS[origin]
    (work / "in").mkdir()
    file = work / "in" / f"{name}.csv"
    if kind != "out":
        file.write_text("content")
    world, code, found = run(frame % (BLOCKS[kind] % f"in/{reference}.csv"), name)
    if kind == "out" and "@secret" in frame:  # a secret is no name of a file, however plain
        assert (code, [each.code for each in found], sent(world)) == (2, ["E309"], [])
        return
    assert code == 0, format_diagnostics(found)
    assert len(sent(world)) == 1
    assert file.exists()
    assert kind == "out" or b"content" in world.requests[-1].body


# --- what the script itself writes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "path"),
    [
        ("", "../made.csv"),
        ("", "{root}/made.csv"),
        ("", "~/made.csv"),
        ("@let folder = ..\n", "${folder}/made.csv"),
        ("@let folder = {root}\n@let file = ${folder}/made.csv\n", "${file}"),
        ("", "${env:NONE:-..}/made.csv"),
        ("@let folder = ${env:NONE:-{root}}\n", "${folder}/made.csv"),
        ("", "${given}/made.csv"),
        ("@let given = elsewhere\n", "${given}/made.csv"),
    ],
)
@pytest.mark.parametrize("kind", BLOCKS)
def test_what_is_written_out_goes_anywhere(kind: str, before: str, path: str, tmp_path: Path) -> None:
    if kind != "out":
        (tmp_path / "made.csv").write_text("content")
    text = f"{before}\n{BLOCKS[kind] % path}".replace("{root}", str(tmp_path))
    world, code, found = run(text, "x", {"given": str(tmp_path)})
    assert code == 0, format_diagnostics(found)
    assert (tmp_path / "made.csv").exists()
    assert len(world.requests) == 1


def test_a_name_that_is_given_anew_by_a_row_is_data() -> None:
    text = f"@foreach row in rows.jsonl\n{OUT % '${row.name}.csv'}@end\n"
    world, _, found = run(text, "../x", {"row": "plain"})
    assert "E307" in [each.code for each in found]
    assert world.requests == []


def test_a_home_is_not_completed_by_data() -> None:
    world, code, found = run(OUT % "~${env:NAME}/x.csv", "root")
    assert (code, world.requests) == (2, [])
    assert "it names somebody's home" in format_diagnostics(found)


def test_every_part_is_looked_at() -> None:
    world, code, found = run(OUT % "${env:NAME}/${env:NAME}.csv", "..")
    assert [each.code for each in found] == ["E307", "E307"]
    assert (code, world.requests) == (2, [])


def test_a_secret_is_not_shown() -> None:
    text = f"@secret word = ${{env:NAME}}\n\n{OUT % '${word}.csv'}"
    _, _, found = run(text, "hunter2/hunter2-long")
    drawn = format_diagnostics(found)
    assert "E307" in drawn
    assert "hunter2" not in drawn


def test_a_long_value_is_not_shown() -> None:
    _, _, found = run(OUT % "${env:NAME}.csv", "x/" * 5_000)
    assert "10000 characters" in found[0].message
    assert len(found[0].message) < 200


# --- links -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.parametrize("origin", ORIGINS)
def test_a_link_that_leads_out_is_not_followed_for_data(kind: str, origin: str, work: Path, tmp_path: Path) -> None:
    frame, reference = ORIGINS[origin]
    (work / "link.csv").symlink_to("middle.csv")
    (work / "middle.csv").symlink_to(tmp_path / "x.csv")
    world, code, found = run(frame % (BLOCKS[kind] % f"{reference}.csv"), "link")
    assert sent(world) == []
    assert code == (3 if "response" in origin else 2)
    assert "leads out of `.`" in format_diagnostics(found)
    assert (tmp_path / "x.csv").read_text() == "precious"
    assert (work / "link.csv").is_symlink()


@pytest.mark.parametrize("kind", BLOCKS)
def test_a_folder_that_is_a_link_is_not_followed_for_data(kind: str, work: Path, tmp_path: Path) -> None:
    (work / "up").symlink_to(tmp_path)
    world, code, _ = run(BLOCKS[kind] % "${env:NAME}/x.csv", "up")
    assert (code, world.requests) == (2, [])
    assert (tmp_path / "x.csv").read_text() == "precious"
    world, code, _ = run(BLOCKS[kind] % "up/${env:NAME}.csv", "x")
    assert (code, len(world.requests)) == (0, 1)  # this link is written in the script


@pytest.mark.parametrize("kind", BLOCKS)
def test_a_link_that_stays_inside_is_followed(kind: str, work: Path) -> None:
    (work / "target.csv").write_text("content")
    (work / "link.csv").symlink_to("target.csv")
    world, code, found = run(BLOCKS[kind] % "${env:NAME}.csv", "link")
    assert code == 0, format_diagnostics(found)
    assert (work / "link.csv").is_symlink()
    assert ("content" in (work / "target.csv").read_text()) is (kind != "out")
    assert len(world.requests) == 1


def test_a_pipe_that_data_names_is_not_read(work: Path) -> None:
    os.mkfifo(work / "pipe.csv")
    world, code, found = run(RAW_UPLOAD % "${env:NAME}.csv", "pipe")
    assert code != 0
    assert world.requests == []
    assert "no regular file" in format_diagnostics(found) or "no file that can be read" in format_diagnostics(found)


def test_the_check_says_it_of_every_row() -> None:
    world = world_of("x")
    rows = [{"name": "good"}, {"name": "../bad"}, {"name": "../worse"}]
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = f"@foreach row in rows.jsonl\n{OUT % '${row.name}.csv'}@end\n"
    found = world.engine.check(load_program(SourceText("t.stripe", text)).items, world.scope)
    assert [each.code for each in found] == ["E307"]
    assert any(re.fullmatch(r"in [\w.]+:2( .*)?", note) for note in found[0].notes)
