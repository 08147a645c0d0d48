"""Names of files and folders for arguments, read from the folder that has been typed so far."""

from __future__ import annotations

import os
from collections.abc import Iterator

from stripe_shell.lang.cursor import CursorContext
from stripe_shell.suggest.matching import closest_first
from stripe_shell.suggest.suggestion import Suggestion

#: The most entries of a folder that are looked at: more take longer than a key may.
_MOST = 2_000
_LONGEST_HEADER = 10_000
_QUOTES = ("'", '"')


def suggest_files(context: CursorContext, *endings: str, quoted: bool = False) -> list[Suggestion]:
    """Files whose names have one of the endings, and folders with `/`; hidden ones only after a dot.

    A name with blanks is written in quotes, every name if `quoted`.
    """
    quote = context.prefix[:1] if context.prefix[:1] in _QUOTES else ""
    if context.prefix == "~":
        return [Suggestion("~/", context.start, "~/", "your home folder", "file")]
    folder, _, typed = context.prefix[len(quote) :].rpartition("/")
    lead = f"{folder}/" if folder or context.prefix[len(quote) :].startswith("/") else ""
    names = closest_first(typed, _names(lead, typed.startswith("."), endings), str, loose=False)
    found = []
    for name in names:
        mark = quote or ('"' if quoted or " " in lead + name else "")
        text = f"{mark}{lead}{name}{'' if name.endswith('/') else mark}"
        found.append(Suggestion(text, context.start, name, "", "file"))
    return found


def _names(lead: str, hidden: bool, endings: tuple[str, ...]) -> list[str]:
    """Folders first, then files, each by name."""
    try:
        with os.scandir(os.path.expanduser(lead) or ".") as entries:  # noqa: PTH111 (pathlib is slow to import)
            kept = list(_kept(entries, hidden, endings))
    except OSError:
        return []
    return [name for _, name in sorted(kept)]


def _kept(entries: Iterator[os.DirEntry[str]], hidden: bool, endings: tuple[str, ...]) -> Iterator[tuple[bool, str]]:
    for _, entry in zip(range(_MOST), entries, strict=False):
        if entry.name.startswith(".") and not hidden:
            continue
        if entry.is_dir():
            yield False, f"{entry.name}/"
        elif not endings or entry.name.endswith(endings):
            yield True, entry.name


def csv_columns(name: str) -> list[str]:
    """The names of the columns of a CSV file; none where it cannot be read. `name` may stand in quotes."""
    path = os.path.expanduser(name.split(maxsplit=1)[0] if name[:1] not in _QUOTES else name[1:].partition(name[0])[0])  # noqa: PTH111
    if not path.endswith(".csv"):
        return []
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:  # noqa: PTH123 (as above)
            line = file.readline(_LONGEST_HEADER)
    except OSError:
        return []
    import csv

    return [column for row in csv.reader([line]) for column in row if column]
