"""Changes to the settings file: exactly what was asked for, every other byte as it was."""

from __future__ import annotations

import fcntl
import os
import stat
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_shell.connections.settings.write import (
    append_connection,
    edit,
    read_text,
    remove_connection,
    set_default,
)
from stripe_shell.errors import ConfigurationError

FILE = """\
# Mine. Hands off!

spec = "documented"   # as written

# The one in Dublin.
[connections.eu]
kind = "stripe"     # live
key = "env:EU"
headers = { X-A = "b" }

# Through the proxy.
[ connections.pink ]
kind = "pinkconnect"
connection_id = "c"

[connections.pink.token.oauth2_client_credentials]
url = "https://x/token"
client_id = "i"
client_secret = "env:S"

# The last one.
[connections.us]
kind = "stripe"
key = "env:US"
# the end
"""

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,12}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8"), max_size=30)
values = st.one_of(texts, st.booleans(), st.integers(-(10**9), 10**9), st.floats(0.001, 1e6, allow_nan=False))


@given(names, st.dictionaries(names, values, max_size=4))
def test_what_is_appended_is_read_back_and_what_was_there_stays(name: str, given_: dict[str, object]) -> None:
    for before in ("", FILE, FILE.rstrip("\n"), "# only a comment"):
        if name in tomllib.loads(before).get("connections", {}):
            continue
        text = append_connection(before, name, {(key,): value for key, value in given_.items()})
        assert text.startswith(before)
        assert tomllib.loads(text)["connections"][name] == given_
        assert remove_connection(text, name).rstrip("\n") == before.rstrip("\n")


@pytest.mark.parametrize("name", ["eu", "pink", "us"])
def test_only_the_tables_of_the_connection_go(name: str) -> None:
    text = remove_connection(FILE, name)
    assert set(tomllib.loads(text)["connections"]) == {"eu", "pink", "us"} - {name}
    assert "# Mine. Hands off!\n" in text
    assert 'spec = "documented"   # as written\n' in text
    lines = iter(FILE.splitlines())
    assert all(line in lines for line in text.splitlines()), "the rest is as it was, and in order"


def test_the_comment_above_the_next_connection_stays_with_it() -> None:
    assert "# Through the proxy.\n[ connections.pink ]" in remove_connection(FILE, "eu")
    assert "# The last one.\n[connections.us]" in remove_connection(FILE, "pink")


def test_a_text_of_several_lines_is_not_taken_for_a_table() -> None:
    text = '[connections.a]\nkind = "stripe"\nkey = """\n[connections.b]\n"""\n[connections.b]\nkind = "sandbox"\n'
    assert remove_connection(text, "b") == text[: text.rindex("[connections.b]")]
    assert remove_connection(text, "a") == '[connections.b]\nkind = "sandbox"\n'


@pytest.mark.parametrize("text", ["connections.a.kind = 'sandbox'\n", "[connections]\na = { kind = 'sandbox' }\n"])
def test_what_cannot_be_taken_out_safely_is_left_alone(text: str) -> None:
    with pytest.raises(ConfigurationError, match="take it out by hand"):
        remove_connection(text, "a")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'default = "eu"\n'),
        ("# mine\n", '# mine\ndefault = "eu"\n'),
        ("spec = 'stripe'", "spec = 'stripe'\ndefault = \"eu\"\n"),
        ('default = "us" # why\nspec = "stripe"\n', 'default = "eu" # why\nspec = "stripe"\n'),
        ('default = "a#b"\n', 'default = "eu"\n'),
        ("[connections.eu]\n", 'default = "eu"\n\n[connections.eu]\n'),
        ("# top\n\n# eu\n[connections.eu]\n", '# top\n\ndefault = "eu"\n\n# eu\n[connections.eu]\n'),
    ],
)
def test_the_default_is_set_where_it_stands(before: str, after: str) -> None:
    assert set_default(before, "eu") == after


@given(names)
def test_the_default_is_all_that_changes(name: str) -> None:
    text = set_default(FILE, name)
    assert tomllib.loads(text) == {**tomllib.loads(FILE), "default": name}
    rest = iter(text.splitlines())
    assert all(line in rest for line in FILE.splitlines())


# --- the file ---------------------------------------------------------------------------------------------------


def adding(line: str) -> Callable[[str], str]:
    return lambda text: text + line


def test_a_new_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "connections.toml"
    edit(path, adding("# mine\n"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert read_text(path) == "# mine\n"
    assert list(path.parent.iterdir()) == [path]


def test_what_is_no_valid_file_is_never_written(tmp_path: Path) -> None:
    path = tmp_path / "connections.toml"
    edit(path, adding("# mine\n"))
    with pytest.raises(ConfigurationError, match="is no setting"):
        edit(path, adding("nonsense = 1\n"))
    assert path.read_text() == "# mine\n"


def test_the_folder_is_locked_while_the_text_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "connections.toml"

    def change(text: str) -> str:
        descriptor = os.open(tmp_path, os.O_RDONLY)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(descriptor)
        return f"{text}# mine\n"

    edit(path, change)
    edit(path, change)
    assert path.read_text() == "# mine\n# mine\n"


def test_edits_at_the_same_time_all_stand(tmp_path: Path) -> None:
    path = tmp_path / "connections.toml"
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: edit(path, adding(f"# {number}\n")), range(40)))
    assert sorted(path.read_text().split()) == sorted(" ".join(f"# {number}" for number in range(40)).split())


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text("")
    (tmp_path / "connections.toml").symlink_to("real.toml")
    edit(tmp_path / "connections.toml", adding("# mine\n"))
    assert (tmp_path / "connections.toml").is_symlink()
    assert (tmp_path / "real.toml").read_text() == "# mine\n"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        edit(tmp_path / "file" / "connections.toml", adding("# mine\n"))
