"""A real terminal for the tests: the program in a pseudo-terminal, its screen drawn by pyte."""

from __future__ import annotations

import os
import signal
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pexpect
import pyte

ROOT = Path(__file__).parents[2]

CTRL_C, CTRL_D, TAB, ENTER, DOWN, ESCAPE = "\x03", "\x04", "\t", "\r", "\x1b[B", "\x1b"

_CURSOR_QUESTION = "\x1b[6n"
_LONGEST_WAIT = 60.0


def unfolded(text: str) -> str:
    """A screen's text on one line, as messages are folded at its width."""
    return " ".join(text.split())


class Terminal:
    """The program on a screen; waits for what the screen shows, never for time to pass."""

    def __init__(
        self,
        command: Sequence[str],
        home: Path,
        *,
        columns: int = 80,
        lines: int = 24,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=1000)
        self._stream = pyte.Stream(self.screen)
        environ = {
            "HOME": str(home),
            "XDG_STATE_HOME": str(home / "state"),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            **(environment or {}),
        }
        self.child = pexpect.spawn(
            command[0],
            list(command[1:]),
            env=environ,
            cwd=str(home),
            dimensions=(lines, columns),
            encoding="utf-8",
            preexec_fn=_obey_interrupts,
        )
        self.child.delaybeforesend = None
        self.restored = False

    def type(self, text: str) -> None:
        """Send keys."""
        self.child.send(text)

    def paste(self, text: str) -> None:
        """Send a bracketed paste."""
        self.child.send(f"\x1b[200~{text}\x1b[201~")

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the window."""
        resize_screen(self.screen, columns, lines)
        self.child.setwinsize(lines, columns)

    @property
    def lines(self) -> list[str]:
        """What the screen shows, and above it what has scrolled away."""
        above = [
            "".join(line[column].data for column in range(self.screen.columns)) for line in self.screen.history.top
        ]
        return [line.rstrip() for line in [*above, *self.screen.display]]

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)

    def wait(self, wanted: str | Callable[[str], bool]) -> str:
        """Read until the screen shows the text, or satisfies the function; fail with what it shows instead."""
        satisfied = wanted if callable(wanted) else lambda text: wanted in text
        while not satisfied(self.text):
            self._read()
        return self.text

    def wait_end(self) -> int | None:
        """Read until the program ends; its exit code. `restored`: the terminal echoes and edits lines again."""
        while True:
            try:
                self._read()
            except EOFError:
                flags = termios.tcgetattr(self.child.child_fd)[3]
                self.restored = bool(flags & termios.ECHO and flags & termios.ICANON)
                self.child.close()
                return self.child.exitstatus

    def close(self) -> None:
        """End the program."""
        self.child.close(force=True)

    def _read(self) -> None:
        try:
            text = self.child.read_nonblocking(65536, timeout=_LONGEST_WAIT)
        except pexpect.TIMEOUT:
            raise AssertionError(f"nothing more came; the screen shows\n{self.text}") from None
        except pexpect.EOF:
            raise EOFError(f"the program ended; the screen shows\n{self.text}") from None
        while _CURSOR_QUESTION in text:
            before, _, text = text.partition(_CURSOR_QUESTION)
            self._stream.feed(before)
            self.child.send(f"\x1b[{self.screen.cursor.y + 1};{self.screen.cursor.x + 1}R")
        self._stream.feed(text)


def _obey_interrupts() -> None:
    """Lets Ctrl-C interrupt the program even where the tests run in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def shell(
    home: Path, *options: str, columns: int = 80, lines: int = 24, environment: Mapping[str, str] | None = None
) -> Terminal:
    """The shell on a sandbox in memory."""
    command = [sys.executable, "-m", "stripe_shell", "--memory", *options]
    return Terminal(command, home, columns=columns, lines=lines, environment=environment)


def resize_screen(screen: pyte.Screen, columns: int, lines: int) -> None:
    """Changes the size as a terminal does: rows below the cursor go first, then those at the top."""
    above = max(0, screen.cursor.y - lines + 1)
    row, column = screen.cursor.y - above, min(screen.cursor.x, columns - 1)
    screen.cursor_position(1, 1)
    screen.delete_lines(above)
    for number in range(lines, screen.lines):
        screen.buffer.pop(number, None)
    screen.lines = lines
    screen.set_margins()
    screen.resize(lines, columns)
    screen.cursor_position(row + 1, column + 1)
