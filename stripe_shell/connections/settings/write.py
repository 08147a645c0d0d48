"""Edits the settings file on request, keeping comments and order.

Every change is made to the text, and rejected unless the parsed result is exactly what was requested.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stripe_shell import files
from stripe_shell.connections.settings.positions import SettingsLine, read_lines
from stripe_shell.connections.settings.read import parse_settings
from stripe_shell.errors import ConfigurationError
from stripe_shell.patterns import pattern

_BARE = pattern(r"[A-Za-z0-9_-]+")


def append_connection(text: str, name: str, settings: Mapping[tuple[str, ...], Any]) -> str:
    """Returns the text with `[connections.NAME]` appended; `settings` maps paths below that table to scalars."""
    lines = [f"[connections.{_toml_key(name)}]"]
    lines += [f"{'.'.join(map(_toml_key, path))} = {_toml_value(value)}" for path, value in settings.items()]
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}{chr(10).join(lines)}\n"


def remove_connection(text: str, name: str) -> str:
    """Returns the text without the tables of the connection. Raises ConfigurationError if it cannot separate them."""
    lines = list(read_lines(text))
    tables = [line for line in lines if not line.key]
    kept, end = "", 0
    for line in tables:
        start = text.rfind("\n", 0, line.start) + 1
        if line.table[:2] == ("connections", name) and start >= end:
            kept += text[end:start]
            end = _end_of_table(text, line, lines)
    result = kept + text[end:]
    wanted = tomllib.loads(text)
    wanted["connections"].pop(name, None)
    if not wanted["connections"] and "connections" not in tomllib.loads(result):
        wanted.pop("connections")
    _check_unchanged(
        result, wanted, f"`{name}` is written in a way that cannot be taken out safely; take it out by hand"
    )
    return result


def _end_of_table(text: str, table: SettingsLine, lines: list[SettingsLine]) -> int:
    """Returns the offset of the next table, including the comment above it; the end of the text for the last one."""
    following = next((line for line in lines if not line.key and line.start > table.start), None)
    if following is None:
        return len(text)
    end = text.rfind("\n", 0, following.start) + 1
    while end:
        before = text.rfind("\n", 0, end - 1) + 1
        if not text[before:end].lstrip().startswith("#") or before <= table.start:
            break
        end = before
    return end


def set_default(text: str, name: str) -> str:
    """Returns the text with `default = "NAME"`, replacing the old line or inserted before the first table."""
    lines = list(read_lines(text))
    old = next((line for line in lines if line.place == ("default",)), None)
    if old is not None:
        end = text.find("\n", old.end)
        end = len(text) if end < 0 else end
        comment = re.search(r"""[ \t]*#[^"']*$""", text[old.end : end])
        result = f"{text[: old.start]}default = {_toml_value(name)}{comment[0] if comment else ''}{text[end:]}"
    else:
        first = next((line for line in lines if not line.key), None)
        place = _end_of_table_before(text, first) if first else len(text)
        gap = "" if not text[:place] or text[:place].endswith("\n") else "\n"
        result = f"{text[:place]}{gap}default = {_toml_value(name)}\n{chr(10) if first else ''}{text[place:]}"
    _check_unchanged(
        result, {**tomllib.loads(text), "default": name}, "`default` cannot be set safely; write it by hand"
    )
    return result


def _end_of_table_before(text: str, table: SettingsLine) -> int:
    """Returns the start of the table's line, or of the comment right above it unless that opens the file."""
    start = text.rfind("\n", 0, table.start) + 1
    while start:
        before = text.rfind("\n", 0, start - 1) + 1
        if not text[before:start].lstrip().startswith("#") or not before:
            break
        start = before
    return start


def _check_unchanged(text: str, expected: Mapping[str, Any], otherwise: str) -> None:
    try:
        same = tomllib.loads(text) == expected
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise ConfigurationError(otherwise)


def _toml_key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _toml_value(name)


def _toml_value(value: Any) -> str:
    """Returns a scalar as TOML; JSON strings are valid TOML strings, except for DEL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


# --- the file ---------------------------------------------------------------------------------------------------


def read_text(path: Path) -> str:
    """Returns the text of the settings file, empty if it does not exist.

    Raises ConfigurationError if it is invalid, or a device or a pipe, which cannot be edited.
    """
    if not path.exists():
        return ""
    if not path.is_file():
        raise ConfigurationError(f"{path} is no regular file; settings are not written into it.")
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from None
    parse_settings(text, path)
    return text


def edit(path: Path, change: Callable[[str], str]) -> None:
    """Replaces the text of the settings file by `change(text)` while no other command edits it.

    The lock is on the file's folder, so that it holds while the file is replaced, and leaves nothing behind. Raises
    ConfigurationError as `read_text` does, and if the new text is invalid or cannot be written. Keeps a symbolic link.
    """
    with _locked(Path(os.path.realpath(path)).parent):
        text = change(read_text(path))
        parse_settings(text, path)
        try:
            files.write_text(path, text, private=True)
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Makes the folder (mode 0700) and holds an exclusive lock on it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be used: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
