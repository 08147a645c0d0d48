"""One session in a real terminal that many tests share: each begins at an empty prompt and sees what comes after it."""

from __future__ import annotations

from collections.abc import Callable

from tests.repl.terminal import Terminal

SIZES = [(80, 24), (120, 40), (60, 20), (100, 6)]


class SharedSession:
    """A session, and what its screen shows since the last `begin`."""

    def __init__(self, terminal: Terminal, label: str = "sandbox>") -> None:
        self.terminal = terminal
        self.label = label
        self._start = 0
        self._count = 0
        self.at_prompt()

    @property
    def lines(self) -> list[str]:
        return self.terminal.lines[self._start :]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def folded(self) -> str:
        """The text on one line, as messages are folded at the width."""
        return " ".join(self.text.split())

    def begin(self) -> None:
        """Drops what is written, and begins behind a line that no other test has typed."""
        self._count += 1
        self.terminal.drop()
        self.terminal.run(f"@let mark{self._count} = 1")
        self._start = self.terminal.row

    def drop(self) -> None:
        """Drops what is written."""
        self.terminal.drop()

    def enter(self, line: str) -> None:
        """Types a line, and Enter once it is echoed."""
        self.terminal.enter(line)

    def type(self, text: str) -> None:
        self.terminal.type(text)

    def wait(self, wanted: str | Callable[[str], bool]) -> str:
        """Reads until what is shown has the text, folded or not, or satisfies the function."""
        satisfied = wanted if callable(wanted) else lambda _: wanted in self.text or wanted in self.folded
        self.terminal.wait(lambda _: satisfied(self.text))
        return self.text

    def at_prompt(self, wanted: str = "") -> str:
        """Reads until the text is shown and an empty prompt waits below it."""
        return self.wait(lambda _: wanted in self._above() and self.written() == "")

    def run(self, line: str, wanted: str) -> str:
        """Types a line and Enter, and reads until the text is shown behind it with an empty prompt below."""
        self.terminal.run(line, wanted)
        return self.text

    def written(self) -> str | None:
        """What stands behind the label on the line of the cursor; None if no label does."""
        row = self._last_line()
        return row[len(self.label) :].strip() if row.startswith(self.label) else None

    def _above(self) -> str:
        """What is shown above the line of the cursor, on one line."""
        rows = self.terminal.lines
        return " ".join(
            " ".join(rows[self._start : len(rows) - self.terminal.screen.lines + self.terminal.screen.cursor.y]).split()
        )

    def _last_line(self) -> str:
        """The last line above the toolbar and the empty rows."""
        cursor = self.terminal.screen.cursor.y
        return self.terminal.screen.display[cursor].rstrip()
