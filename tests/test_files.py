"""`files`: whole or not at all, through links, into devices and pipes instead of in their place."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from stripe_shell import files
from tests.special_files import NODES, pipe, terminal


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- what is written into --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NODES)
@pytest.mark.parametrize("private", [False, True])
def test_a_node_is_written_into(kind: str, private: bool, tmp_path: Path) -> None:
    with NODES[kind](tmp_path / "node") as node:
        before = names(tmp_path)
        files.check_writable(node.path)
        files.write_text(node.path, "a\nä\n", private=private)
        node.assert_untouched()
        assert node.received in {None, "a\nä\n".encode()}
        assert names(tmp_path) == before


def test_a_terminal_is_written_into(tmp_path: Path) -> None:
    with terminal(tmp_path / "tty") as node:
        files.write_text(node.path, "text\n")
        node.assert_untouched()
        assert node.received == b"text\n"


def test_a_node_that_is_swapped_meanwhile_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "node"
    real = os.open

    def swap(name: str, flags: int, mode: int = 0o777) -> int:
        path.unlink()
        path.write_text("precious")
        return real(name, flags, mode)

    with pipe(path):
        monkeypatch.setattr(os, "open", swap)
        with pytest.raises(OSError, match="changed meanwhile"):
            files.write_text(path, "text")
    assert path.read_text() == "precious"


def test_a_socket_takes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        for attempt in (files.check_writable, lambda path: files.write_text(path, "text")):
            with pytest.raises(OSError, match="it is a socket"):
                attempt("s")
        assert stat.S_ISSOCK(Path("s").stat().st_mode)


@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd", "/proc/{pid}/fd", "/proc/thread-self/fd"])
@pytest.mark.parametrize("linked", [False, True])
def test_a_stream_of_this_process_is_written_at_its_place(folder: str, linked: bool, tmp_path: Path) -> None:
    target = tmp_path / "redirected"
    with target.open("w+b") as file:
        file.write(b"before\n")
        file.flush()
        os.set_inheritable(file.fileno(), True)
        before = os.fstat(file.fileno()).st_ino
        path = Path(folder.format(pid=os.getpid()), str(file.fileno()))
        if linked:
            (tmp_path / "link").symlink_to(path)
            path = tmp_path / "link"
        files.write_text(path, "text\n")
        file.write(b"after\n")
    assert target.read_bytes() == b"before\ntext\nafter\n"
    assert target.stat().st_ino == before
    assert not linked or path.is_symlink()


def test_a_descriptor_of_the_programs_own_is_no_stream(tmp_path: Path) -> None:
    with (tmp_path / "database").open("wb") as file:
        with pytest.raises(OSError, match="started with"):
            files.write_text(f"/dev/fd/{file.fileno()}", "text")
        with pytest.raises(OSError, match="started with"):
            files.check_writable(f"/dev/fd/{file.fileno()}")
    assert (tmp_path / "database").read_bytes() == b""
    with pytest.raises(OSError, match="Bad file descriptor"):
        files.write_text("/dev/fd/999999", "text")


# --- what is replaced ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_a_file_keeps_its_mode(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    path.chmod(mode)
    if mode == 0o444 and os.geteuid():
        with pytest.raises(PermissionError):
            files.write_text(path, "after")
        assert path.read_text() == "before"
    else:
        files.write_text(path, "after")
        assert path.read_text() == "after"
    assert mode_of(path) == mode
    assert names(tmp_path) == {"file"}


def test_a_new_file_has_the_usual_mode_and_a_private_one_0600(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    old = os.umask(0o027)
    try:
        files.write_text(tmp_path / "usual", "x")
        assert synced == []
        files.write_text(tmp_path / "private", "x", private=True)
    finally:
        os.umask(old)
    assert (mode_of(tmp_path / "usual"), mode_of(tmp_path / "private")) == (0o640, 0o600)
    assert len(synced) == 1
    (tmp_path / "usual").chmod(0o644)
    files.write_text(tmp_path / "usual", "y", private=True)
    assert mode_of(tmp_path / "usual") == 0o600


@pytest.mark.parametrize("length", [1, 2, 5])
@pytest.mark.parametrize("dangling", [False, True])
def test_links_stay_and_their_target_is_written(length: int, dangling: bool, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "target"
    if not dangling:
        target.write_text("before")
        target.chmod(0o640)
    aims = [Path("elsewhere/target"), *(Path(f"link{number}") for number in range(length - 1))]
    for number, aim in enumerate(aims):
        (tmp_path / f"link{number}").symlink_to(aim)
    files.write_text(tmp_path / f"link{length - 1}", "after")
    assert target.read_text() == "after"
    assert dangling or mode_of(target) == 0o640
    assert [(tmp_path / f"link{number}").readlink() for number in range(length)] == aims
    assert names(tmp_path / "elsewhere") == {"target"}


def test_links_that_go_round(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        files.write_text(tmp_path / "a", "text")
    assert names(tmp_path) == {"a", "b"}


def test_another_hard_link_keeps_the_old_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("before")
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    files.write_text(tmp_path / "a", "after")
    assert ((tmp_path / "a").read_text(), (tmp_path / "b").read_text()) == ("after", "before")


def test_nothing_is_seen_of_it_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    file = files.OutputFile(path)
    file.stream.write("after")
    file.stream.flush()
    assert path.read_text() == "before"
    file.discard()
    assert names(tmp_path) == {"file"}
    assert path.read_text() == "before"


def test_a_failure_at_the_end_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("before")

    def fail(_source: str, _target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        files.write_text(path, "after")
    with pytest.raises(UnicodeEncodeError):
        files.write_text(path, "\ud800")
    assert path.read_text() == "before"
    assert names(tmp_path) == {"file"}


def test_a_file_that_is_a_mount_point_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a single file that is mounted into a container: no rename can replace it."""
    path = tmp_path / "file"
    path.write_text("a longer text than the one that follows")
    before = path.stat().st_ino

    def busy(_source: str, _target: str) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(os, "replace", busy)
    files.write_text(path, "after")
    assert path.read_text() == "after"
    assert path.stat().st_ino == before
    assert names(tmp_path) == {"file"}


# --- planted names ---------------------------------------------------------------------------------------------


def guessed(answers: int) -> Callable[[int], bytes]:
    """A generator whose first answers are known beforehand."""
    real, left = os.urandom, [answers]

    def draw(count: int) -> bytes:
        left[0] -= 1
        return bytes(count) if left[0] >= 0 else real(count)

    return draw


@pytest.mark.parametrize("dangling", [False, True])
def test_a_planted_partial_file_is_passed_over(dangling: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = tmp_path / "victim"
    if not dangling:
        victim.write_text("precious")
    (tmp_path / f".stripe-shell-{bytes(8).hex()}.partial").symlink_to(victim)
    before = names(tmp_path)
    monkeypatch.setattr(os, "urandom", guessed(3))
    files.write_text(tmp_path / "file", "text")
    assert (tmp_path / "file").read_text() == "text"
    assert names(tmp_path) == before | {"file"}
    assert dangling or victim.read_text() == "precious"
    monkeypatch.setattr(os, "urandom", bytes)
    with pytest.raises(FileExistsError, match="no name is free"):
        files.write_text(tmp_path / "file", "other")
    assert (tmp_path / "file").read_text() == "text"
    assert names(tmp_path) == before | {"file"}


# --- what cannot be written ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("folder", "it is a folder"),
        ("folder/", "it is a folder"),
        ("folder/..", "it is a folder"),
        (".", "it is a folder"),
        ("to-folder", "it is a folder"),
        ("no/such/file", "there is no such folder: .*create it first"),
        ("dangling", "there is no such folder: .*create it first"),
        ("file/x", "there is no such folder"),
        ("", "no name of a file"),
        ("a\0b", "no name of a file"),
        ("x" * 300, "File name too long"),
    ],
)
def test_what_cannot_be_written_is_said_and_changes_nothing(
    path: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").write_text("precious")
    Path("to-folder").symlink_to("folder")
    Path("dangling").symlink_to("no/such/file")
    before = names(tmp_path)
    for attempt in (files.check_writable, lambda each: files.write_text(each, "text")):
        with pytest.raises(OSError, match=why):
            attempt(path)
    assert names(tmp_path) == before
    assert names(tmp_path / "folder") == set()
    assert Path("file").read_text() == "precious"


def test_a_folder_that_takes_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("before")
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: os.fspath(path) != str(tmp_path) and real(path, mode))
    for attempt in (files.check_writable, lambda each: files.write_text(each, "text")):
        with pytest.raises(PermissionError, match="takes no new file"):
            attempt(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "before"


# --- new files and files that grow -----------------------------------------------------------------------------


def test_a_new_file_is_not_made_where_anything_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("precious")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "link").symlink_to("file")
    with pipe(tmp_path / "pipe") as node:
        before = names(tmp_path)
        for name in before:
            with pytest.raises(FileExistsError):
                files.create_text(tmp_path / name, "text")
        node.assert_untouched()
        assert names(tmp_path) == before
    assert (tmp_path / "file").read_text() == "precious"
    files.create_text(tmp_path / "new", "ä")
    assert (tmp_path / "new").read_bytes() == "ä".encode()


def test_appending_leaves_the_mode_of_a_node_alone(tmp_path: Path) -> None:
    for kind, make in NODES.items():
        folder = tmp_path / kind
        folder.mkdir()
        with make(folder / "node") as node:
            files.append_private(node.path, b"line\n")
            node.assert_untouched()
            assert node.received in {None, b"line\n"}
    (tmp_path / "file").write_text("a\n")
    (tmp_path / "file").chmod(0o644)
    files.append_private(tmp_path / "file", b"b\n")
    assert ((tmp_path / "file").read_text(), mode_of(tmp_path / "file")) == ("a\nb\n", 0o600)


def test_appending_waits_for_no_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device"):
        files.append_private(tmp_path / "pipe", b"line\n")


# --- reading what data names -----------------------------------------------------------------------------------


def test_only_regular_files_of_the_folder_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "file").write_text("inner")
    (tmp_path / "outer").write_text("secret")
    (folder / "inward").symlink_to("deep/file")
    (folder / "outward").symlink_to("../outer")
    (folder / "chain").symlink_to("outward")
    (folder / "up").symlink_to("..")
    (tmp_path / "folder-of-another-name").mkdir()
    (tmp_path / "folder-of-another-name" / "file").write_text("secret")
    os.mkfifo(folder / "pipe")
    assert files.read_below(folder, folder / "inward") == b"inner"
    assert files.read_below(folder, folder / "deep" / "file") == b"inner"
    beside = folder / ".." / "folder-of-another-name" / "file"
    for path in (folder / "outward", folder / "chain", folder / "up" / "outer", tmp_path / "outer", beside):
        with pytest.raises(OSError, match="leads out of the folder"):
            files.read_below(folder, path)
    with pytest.raises(OSError, match="no regular file"):
        files.read_below(folder, folder / "pipe")
    with pytest.raises(FileNotFoundError):
        files.read_below(folder, folder / "none")
