"""The history of the prompt: stored in a file private to the user, separate for each connection and mode."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.history import History

from stripe_shell.files import append_private
from stripe_shell.patterns import pattern
from stripe_shell.records import record, replace

#: The most bytes read from the end of the file.
_READ = 1_000_000

#: The number of latest entries that are searched for a suggestion.
_SUGGESTED = 2_000

#: What stands for a value or a key that was redacted.
_MASKED = pattern(r"\*{8}|_…")

_HEADER = pattern(r"[ \t]*/([A-Za-z0-9_][A-Za-z0-9_.-]*)")

#: A connection's name and mode.
HistoryPlace = tuple[str, str]


@record
class HistoryEntry:
    """A submitted text. `at` is the place of the prompt, `to` the place where all of it was sent (None: several).

    `failed` says that it did not pass. `typed` is the text as this session recalls it, which is never stored; empty if
    it equals `text`.
    """

    text: str
    at: HistoryPlace
    to: HistoryPlace | None
    failed: bool = False
    typed: str = ""

    def is_same(self, other: HistoryEntry) -> bool:
        """Whether the other entry is of the same text and the same places."""
        return (self.text, self.at, self.to) == (other.text, other.at, other.to)


def history_path(environ: Mapping[str, str]) -> str:
    """Returns `$XDG_STATE_HOME/stripe-shell/history`, by default `~/.local/state/stripe-shell/history`.

    A string: importing pathlib would take a thirtieth of the time to the first prompt.
    """
    chosen = environ.get("XDG_STATE_HOME", "")
    if not chosen.startswith("/"):  # The XDG rules ignore a relative path.
        chosen = f"{environ.get('HOME') or os.path.expanduser('~')}/.local/state"
    return f"{chosen}/stripe-shell/history"


class HistoryFile:
    """A file with one JSON object per line, readable by its owner only. Problems with the file are ignored."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path

    def read(self) -> list[HistoryEntry]:
        """Returns the entries, oldest first; skips invalid lines.

        A line that says `failed` is about the newest equal entry before it.
        """
        try:
            if not os.path.isfile(self._path):
                return []
            with open(self._path, "rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _READ))
                lines = file.read().decode(errors="replace").split("\n")
        except OSError:
            return []
        entries: list[HistoryEntry] = []
        for line in lines:
            entry = _entry(line)
            if entry is not None and entry.failed:
                _mark_failed(entries, entry)
            elif entry is not None:
                entries.append(entry)
        return entries

    def append(self, entry: HistoryEntry) -> None:
        """Appends an entry, or that it has failed. Raises OSError."""
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        import json

        row = {"at": entry.at, "to": entry.to, "text": entry.text, **({"failed": True} if entry.failed else {})}
        line = json.dumps(row, ensure_ascii=False)
        append_private(self._path, f"{line}\n".encode(errors="replace"))


def _entry(line: str) -> HistoryEntry | None:
    import json

    try:
        row = json.loads(line)
        at, to = row["at"], row["to"]
        places = (str(at[0]), str(at[1])), (str(to[0]), str(to[1])) if to else None
        return HistoryEntry(str(row["text"]), *places, failed=row.get("failed") is True)
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def _mark_failed(entries: list[HistoryEntry], failed: HistoryEntry) -> None:
    """Mutates `entries`: the newest that is the same becomes `failed`."""
    for number in range(len(entries) - 1, -1, -1):
        if entries[number].is_same(failed):
            entries[number] = replace(entries[number], failed=True)
            return
    entries.append(failed)


class PromptHistory(History):
    """The history of the connection in use; redacts each text before storing it.

    `way` returns the connection and mode that `/name` means (None: the one in use), or None for an unknown name.
    `redact` returns what may be stored of a text, `hide` what Up may bring back as long as the session lasts.
    """

    def __init__(
        self,
        file: HistoryFile,
        way: Callable[[str | None], HistoryPlace | None],
        redact: Callable[[str], str],
        hide: Callable[[str], str],
    ) -> None:
        super().__init__()
        self._file = file
        self._way = way
        self._redact = redact
        self._hide = hide
        self._entries: list[HistoryEntry] | None = None
        self._newest: HistoryEntry | None = None

    @property
    def entries(self) -> list[HistoryEntry]:
        """Returns the entries of all connections, oldest first; reads the file on the first call."""
        if self._entries is None:
            self._entries = self._file.read()
        return self._entries

    async def load(self) -> AsyncGenerator[str, None]:
        """Yields the texts typed at the connection in use, newest first."""
        for text in self.load_history_strings():
            yield text

    def get_strings(self) -> list[str]:
        """Returns what is stored of the texts typed at the connection in use, oldest first."""
        here = self._way(None)
        return [entry.text for entry in self.entries if entry.at == here]

    def append_string(self, string: str) -> None:
        """Stores a submitted text, redacted in the file."""
        self._newest = None
        here = self._way(None)
        if here is None or not string.strip():
            return
        text, typed = self._redact(string).rstrip("\n"), self._hide(string).rstrip("\n")
        entry = HistoryEntry(text, here, self._destination(string), typed="" if typed == text else typed)
        self._newest = entry
        if self.entries and self.entries[-1] == entry:
            return
        self.entries.append(entry)
        self._store(entry)

    def mark_failed(self) -> None:
        """Stores that the text submitted last did not pass; it is recalled, and not suggested."""
        if self._newest is not None:
            _mark_failed(self.entries, self._newest)
            self._store(replace(self._newest, failed=True))

    def load_history_strings(self) -> Iterable[str]:
        """Returns the texts typed at the connection in use, newest first, each once."""
        here = self._way(None)
        return dict.fromkeys(entry.typed or entry.text for entry in reversed(self.entries) if entry.at == here)

    def store_string(self, string: str) -> None:
        """Does nothing, as `append_string` stores the text."""

    def lines_sent_to(self, place: HistoryPlace) -> Iterator[str]:
        """Yields the lines sent to a connection in a mode, newest first, without those that failed or are redacted."""
        for entry in self.entries[: -_SUGGESTED - 1 : -1]:
            if entry.to == place and not entry.failed:
                yield from (line for line in reversed(entry.text.split("\n")) if not _MASKED.search(line))

    def _store(self, entry: HistoryEntry) -> None:
        with suppress(OSError):  # The prompt works without a stored history.
            self._file.append(entry)

    def _destination(self, text: str) -> HistoryPlace | None:
        ways = {self._way(name) for name in header_names(text)}
        return ways.pop() if len(ways) == 1 else None


def header_names(text: str) -> list[str | None]:
    """Returns the connections that the text names; None stands for the one in use."""
    names: list[str | None] = [match[1] for line in text.split("\n") if (match := _HEADER.match(line))]
    return names or [None]


def header_name(line: str) -> str | None:
    """Returns the connection that the line names as the header of a block, None for other lines."""
    match = _HEADER.match(line)
    return match[1] if match else None


class SuggestFromHistory(AutoSuggest):
    """Suggests the rest of a line that was sent to the connection and mode of the current block before."""

    def __init__(self, history: PromptHistory, way: Callable[[str | None], HistoryPlace | None]) -> None:
        self._history = history
        self._way = way

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        """Returns the rest of the newest matching line, if the cursor is at the end of its line."""
        typed = document.current_line_before_cursor
        if not typed.strip() or not document.is_cursor_at_the_end_of_line:
            return None
        way = self._way(header_names(document.text_before_cursor)[-1])
        if way is None:
            return None
        lines = self._history.lines_sent_to(way)
        found = next((line for line in lines if line.startswith(typed) and line != typed), None)
        return Suggestion(found[len(typed) :]) if found else None
