"""A real terminal for the tests: the program in a pseudo-terminal, its screen drawn by pyte."""

from __future__ import annotations

import os
import re
import signal
import sys
import termios
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path

import pexpect
import pyte

ROOT = Path(__file__).parents[2]

CTRL_C, CTRL_D, TAB, ENTER, DOWN, ESCAPE = "\x03", "\x04", "\t", "\r", "\x1b[B", "\x1b"

_CURSOR_QUESTION = "\x1b[6n"
#: What stands before the rest of a line that is wider than the window.
_FOLDED = re.compile(r"^ *[…~] ")

#: Between two frames: behind a drawn prompt, and before a waiting line. A busy machine reads several at once.
_FRAME = re.compile(r"(?<=\x1b\[\?25h)|(?=\r[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏])")

_SHORTEST_WAIT, _LONGEST_WAIT = 0.1, 60.0


def unfolded(text: str | Sequence[str]) -> str:
    """A screen's text or its lines as one line, as messages are folded at its width."""
    return " ".join((text if isinstance(text, str) else " ".join(text)).split())


class Terminal:
    """The program on a screen; waits for what the screen shows, never for time to pass.

    A test types where a line is read, and presses Enter once the line is echoed (`enter`, `run`). A wait for an empty
    prompt is satisfied by the prompt of before if the keys are not echoed yet, and a line that is typed while the one
    before still runs is one that is typed ahead, which Enter does not send.
    """

    def __init__(
        self,
        command: Sequence[str],
        home: Path,
        *,
        columns: int = 80,
        lines: int = 24,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=100_000)
        self._above: list[str] = []
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
        self._silent = 0
        self._unseen: deque[str] = deque()

    def type(self, text: str) -> None:
        """Send keys."""
        self.child.send(text)

    def enter(self, line: str) -> None:
        """Type a line where one is read, and Enter once the line is echoed."""
        self.wait(lambda _: self.reads)
        self.type(line)
        self.wait(lambda _: self.reads and self._is_echoed(line))
        self.type(ENTER)

    def run(self, line: str, wanted: str = "") -> list[str]:
        """Enter a line, and read until an empty prompt is below it; the lines between the two, which show `wanted`."""
        self.enter(line)
        return self.wait_below(self.row, wanted)

    def drop(self) -> None:
        """Press Ctrl-C where a line is read, and read until an empty prompt is below it."""
        self.wait(lambda _: self.reads)
        self.type(CTRL_C)
        self.wait_below(self.row)

    def wait_below(self, row: int, wanted: str = "") -> list[str]:
        """Read until an empty prompt is below the row and the text above it, folded or not; the lines between."""

        def stands(_: str) -> bool:
            between = self.lines[row + 1 : self.row]
            return self.at_prompt and self.row > row and (wanted in "\n".join(between) or wanted in unfolded(between))

        self.wait(stands)
        return self.lines[row + 1 : self.row]

    @property
    def reads(self) -> bool:
        """Whether a line or an answer is read, and drawn: keys come as they are, and Ctrl-C is one of them."""
        return not (self.screen.cursor.hidden or termios.tcgetattr(self.child.child_fd)[3] & termios.ISIG)

    @property
    def row(self) -> int:
        """The row of the cursor in `lines`."""
        return len(self.screen.history.top) + self.screen.cursor.y

    @property
    def at_prompt(self) -> bool:
        """Whether a line is read, and nothing is typed yet."""
        return self.reads and self._before_cursor().endswith("> ")

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
        scrolled = self.screen.history.top
        if len(scrolled) < len(self._above):
            self._above.clear()
        self._above += map(self._text_of, islice(scrolled, len(self._above), None))
        return [line.rstrip() for line in [*self._above, *self.screen.display]]

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)

    def wait(self, wanted: str | Callable[[str], bool]) -> str:
        """Read until the screen shows the text, or satisfies the function; fail with what it shows instead."""
        satisfied = wanted if callable(wanted) else lambda text: wanted in text
        self._silent = 0
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

    def _text_of(self, line: Mapping[int, pyte.screens.Char], end: int | None = None) -> str:
        return "".join(line[column].data for column in range(self.screen.columns if end is None else end))

    def _before_cursor(self) -> str:
        cursor = self.screen.cursor
        return self._text_of(self.screen.buffer[cursor.y], cursor.x)

    def _is_echoed(self, line: str) -> bool:
        """Whether the line, which may be folded, ends at the cursor."""
        rows = [*self.lines[: self.row], self._before_cursor()]
        unfolded_rows = (_FOLDED.sub("", row) for row in rows[-self.screen.lines :])
        return "".join("".join(unfolded_rows).split()).endswith("".join(line.split()))

    def _read(self) -> None:
        """Show the next frame, or take what comes in a tenth of a second: `reads` changes without it."""
        if self._unseen:
            self._show(self._unseen.popleft())
            return
        try:
            text = self.child.read_nonblocking(65536, timeout=_SHORTEST_WAIT)
        except pexpect.TIMEOUT:
            self._silent += 1
            if self._silent * _SHORTEST_WAIT > _LONGEST_WAIT:
                raise AssertionError(f"nothing more came; the screen shows\n{self.text}") from None
            return
        except pexpect.EOF:
            raise EOFError(f"the program ended; the screen shows\n{self.text}") from None
        self._silent = 0
        self._unseen += _FRAME.split(text)

    def _show(self, text: str) -> None:
        """Draw a part of what has come, and say where the cursor is when the program asks."""
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
