"""Every command that writes a file: what stands at the path is written into or replaced whole, and nothing else."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.special_files import NODES, terminal

from .conftest import PAGE, Command, spawn

SCRIPT = "/sandbox create customer email=a@b.co name=Ann\n"
OUT = f"{SCRIPT}\n/sandbox\naction: list\nentity: customers\n@out %s\n"
LOOSE = "/sandbox\naction:   list\nentity: customers\n"
WRONG = "/sandbox\naction: list\nentity: customers\nemial: a@b.co\n"

#: What writes a new file: its name, and the words of the command.
WRITERS = {
    "junit": ("r.xml", ("run", "s.stripe", "--memory", "--report", "junit=r.xml")),
    "html": ("r.html", ("run", "s.stripe", "--memory", "--report", "html=r.html")),
    "json": ("r.json", ("run", "s.stripe", "--memory", "--report", "json=r.json")),
    "tap": ("r.tap", ("run", "s.stripe", "--memory", "--report", "tap=r.tap")),
    "replay": ("r.tap", ("replay", "p.md", "--report", "tap=r.tap")),
    "out csv": ("o.csv", ("run", "o.stripe", "--memory")),
    "out csv fields": ("o.csv", ("run", "f.stripe", "--memory")),
    "out json": ("o.json", ("run", "o.stripe", "--memory")),
    "out jsonl": ("o.jsonl", ("run", "o.stripe", "--memory")),
}
#: What changes a file: what stands in it before, a piece of what stands in it then, and the words of the command.
CHANGERS = {
    "fmt": (LOOSE, "action: list", ("fmt", "a.stripe")),
    "check --fix": (WRONG, "\nemail: a@b.co", ("check", "a.stripe", "--fix")),
    "replay --update": (PAGE, '"name": "Ann"', ("replay", "a.stripe", "--update")),
}

each_writer = pytest.mark.parametrize("writer", WRITERS)
each_changer = pytest.mark.parametrize("changer", CHANGERS)


@pytest.fixture(autouse=True)
def _scripts(home: Path) -> None:
    (home / "s.stripe").write_text(SCRIPT)
    (home / "p.md").write_text(PAGE.replace("Bob", "Ann"))


def prepare(writer: str, home: Path) -> tuple[Path, tuple[str, ...]]:
    """The file that the command will write, and the command."""
    name, words = WRITERS[writer]
    for script, more in (("o.stripe", ""), ("f.stripe", " fields=id,name")):
        (home / script).write_text(OUT % f"{name}{more}")
    return home / name, words


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# --- what is no regular file -----------------------------------------------------------------------------------


@each_writer
@pytest.mark.parametrize("kind", NODES)
def test_a_node_is_written_into(writer: str, kind: str, stripe_shell: Command, home: Path) -> None:
    path, words = prepare(writer, home)
    with NODES[kind](path) as node:
        before = names(home)
        result = stripe_shell(*words)
        assert result.code == 0, result.err
        node.assert_untouched()
        assert names(home) == before
        received = node.received
        assert received is None or b"Ann" in received or b"create customer" in received


@pytest.mark.parametrize("writer", ["tap", "out csv", "out json"])
def test_a_terminal_is_written_into(writer: str, stripe_shell: Command, home: Path) -> None:
    path, words = prepare(writer, home)
    with terminal(path) as node:
        assert stripe_shell(*words).code == 0
        node.assert_untouched()
        assert node.received


@each_changer
def test_a_terminal_is_changed_by_writing_into_it(changer: str, stripe_shell: Command, home: Path) -> None:
    content, piece, words = CHANGERS[changer]
    with terminal(home / "a.stripe", content.encode()) as node:
        before = names(home)
        result = stripe_shell(*words)
        assert result.code == 0, result.err
        node.assert_untouched()
        assert piece.encode() in (node.received or b"")
        assert names(home) == before


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc here")
def test_standard_output_is_a_file_for_a_report(home: Path) -> None:
    (home / "out").symlink_to("/proc/self/fd/1")
    words = ("run", "s.stripe", "--memory", "--format", "jsonl", "--report", "json=out")
    piped = spawn(*words)
    assert piped.returncode == 0, piped.stderr
    first, _, report = piped.stdout.partition(b"\n")
    assert json.loads(first)["object"] == "customer"
    assert json.loads(report)["entries"][0]["verdict"] == "passed"
    with (home / "redirected").open("wb") as file:
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        command = [sys.executable, "-m", "stripe_shell", *words]
        subprocess.run(command, stdout=file, env=environment, timeout=60, check=True)
    lines = (home / "redirected").read_bytes().partition(b"\n")
    assert (json.loads(lines[0])["object"], json.loads(lines[2])["entries"][0]["verdict"]) == ("customer", "passed")
    assert (home / "out").readlink() == Path("/proc/self/fd/1")


# --- links, modes, partial files -------------------------------------------------------------------------------


@each_writer
@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_stays_and_its_target_is_written(writer: str, dangling: bool, stripe_shell: Command, home: Path) -> None:
    path, words = prepare(writer, home)
    (home / "elsewhere").mkdir()
    target = home / "elsewhere" / "target"
    if not dangling:
        target.write_text("before")
        target.chmod(0o640)
    (home / "middle").symlink_to("elsewhere/target")
    path.symlink_to("middle")
    before = names(home)
    assert stripe_shell(*words).code == 0
    assert path.readlink() == Path("middle")
    assert (home / "middle").readlink() == Path("elsewhere/target")
    assert "Ann" in target.read_text() or "create customer" in target.read_text()
    assert dangling or stat.S_IMODE(target.stat().st_mode) == 0o640
    assert names(home) == before
    assert names(home / "elsewhere") == {"target"}


@each_changer
def test_what_is_changed_through_a_link_keeps_link_and_mode(changer: str, stripe_shell: Command, home: Path) -> None:
    content, piece, words = CHANGERS[changer]
    (home / "target").write_text(content)
    (home / "target").chmod(0o600)
    (home / "a.stripe").symlink_to("target")
    before = names(home)
    assert stripe_shell(*words).code == 0
    assert (home / "a.stripe").readlink() == Path("target")
    assert piece in (home / "target").read_text()
    assert stat.S_IMODE((home / "target").stat().st_mode) == 0o600
    assert names(home) == before


def planted(path: Path, victim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links to the victim under every name that a partial file of `path` has had or could be guessed to have."""
    victim.write_text("precious")
    guess = bytes(8)
    for name in (
        f".{path.name}.partial",
        f".{path.name}.{os.getpid()}.partial",
        f".{path.name}.{os.getpid()}",
        f".stripe-shell-{guess.hex()}.partial",
    ):
        path.with_name(name).symlink_to(victim)
    real, left = os.urandom, [5]

    def draw(count: int) -> bytes:
        left[0] -= count == 8
        return guess if count == 8 and left[0] >= 0 else real(count)

    monkeypatch.setattr(os, "urandom", draw)


@each_writer
def test_a_planted_partial_file_is_not_opened(
    writer: str, stripe_shell: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, words = prepare(writer, home)
    victim = home / "victim"
    planted(path, victim, monkeypatch)
    before = names(home)
    assert stripe_shell(*words).code == 0
    assert victim.read_text() == "precious"
    assert names(home) == before | {path.name}
    assert not path.is_symlink()


@each_changer
def test_a_planted_partial_file_is_not_opened_by_a_change(
    changer: str, stripe_shell: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, piece, words = CHANGERS[changer]
    (home / "a.stripe").write_text(content)
    planted(home / "a.stripe", home / "victim", monkeypatch)
    before = names(home)
    assert stripe_shell(*words).code == 0
    assert (home / "victim").read_text() == "precious"
    assert piece in (home / "a.stripe").read_text()
    assert names(home) == before


# --- what cannot be written ------------------------------------------------------------------------------------


def folder_at(path: Path) -> None:
    path.mkdir()


def dangling_far_away(path: Path) -> None:
    path.symlink_to("no/such/file")


@each_writer
@pytest.mark.parametrize(
    ("obstacle", "why"), [(folder_at, "it is a folder"), (dangling_far_away, "there is no such folder")]
)
def test_what_cannot_be_written_is_said_before_anything_is_sent(
    writer: str, obstacle: Callable[[Path], None], why: str, stripe_shell: Command, home: Path
) -> None:
    path, words = prepare(writer, home)
    obstacle(path)
    before = names(home)
    result = stripe_shell(*words)
    assert result.code == (3 if writer.startswith("out") else 1)
    assert why in result.err
    assert path.name in result.err
    assert names(home) == before
    if not writer.startswith("out"):
        assert result.out == ""


@each_writer
def test_a_failure_at_the_end_leaves_the_old_file(
    writer: str, stripe_shell: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, words = prepare(writer, home)
    path.write_text("before")
    before = names(home)

    def fail(_source: str, _target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    result = stripe_shell(*words)
    assert result.code == (3 if writer.startswith("out") else 1)
    assert "No space left on device" in result.err
    assert path.read_text() == "before"
    assert names(home) == before


# --- settings --------------------------------------------------------------------------------------------------

ADD = ("connections", "add", "eu", "kind=stripe", "key=env:EU")


@pytest.fixture
def settings(home: Path) -> Path:
    path = home.parent / "config" / "stripe-shell" / "connections.toml"
    path.parent.mkdir(parents=True)
    return path


@pytest.mark.parametrize("dangling", [False, True])
def test_settings_are_written_through_a_link(dangling: bool, stripe_shell: Command, home: Path, settings: Path) -> None:
    target = home / "target"
    if not dangling:
        target.write_text("# mine\n")
        target.chmod(0o644)
    settings.symlink_to(target)
    before = names(home)
    result = stripe_shell(*ADD)
    assert result.code == 0, result.err
    assert settings.readlink() == target
    assert "[connections.eu]" in target.read_text()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert names(home) == before | {"target"}
    assert names(settings.parent) == {settings.name}


@pytest.mark.parametrize("kind", NODES)
def test_settings_are_not_written_into_a_node(kind: str, stripe_shell: Command, settings: Path) -> None:
    with NODES[kind](settings) as node:
        before = names(settings.parent)
        result = stripe_shell(*ADD)
        assert result.code == 1
        assert f"{settings} is no regular file" in result.err
        node.assert_untouched()
        assert not node.received
        assert names(settings.parent) == before


def test_settings_pass_planted_partial_files_over(
    stripe_shell: Command, home: Path, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(settings, home / "victim", monkeypatch)
    before = names(settings.parent)
    result = stripe_shell(*ADD)
    assert result.code == 0, result.err
    assert (home / "victim").read_text() == "precious"
    assert names(settings.parent) == before | {settings.name}
