"""A model of the prompt under random keys: what each key may do to the text, to what is sent and to the screen."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
from prompt_toolkit.application import Application, create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.formatted_text import fragment_list_to_text
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from stripe_shell.records import record
from stripe_shell.repl.enter import enter_action
from stripe_shell.repl.menu import Menu
from stripe_shell.repl.prompt import Prompt
from tests.repl.fakes import session
from tests.repl.terminal import resize_screen

SIZES = ((80, 24), (120, 40), (60, 20), (100, 6), (20, 24), (80, 4))

#: Texts that a person types between other keys; none of them writes a file or runs a program.
CHUNKS = (
    "list customers", "create customer email=a@b.co name=Ann", "/sandbox", "action: list", "entity: customers", "em",
    "email: ", "tax_exempt: ", "@fo", "@let x = 1", "@vars", "help", "# a note", "metadata: {", '"a": 1', "}", '"""',
    "${la", "name: Zoë 李",
)  # fmt: skip
PASTES = ("list prices\nlist plans\n", "/sandbox\r\naction: list\r\nentity: customers\r\n", "{\n", "x y", "  ")
LETTERS = "abcdefgilmnoprstuy _=:."

#: The keys by their names, as a terminal sends them.
KEYS = {
    "enter": "\r", "alt-enter": "\x1b\r", "esc": "\x1b", "tab": "\t", "shift-tab": "\x1b[Z", "ctrl-n": "\x0e",
    "ctrl-p": "\x10", "ctrl-space": "\x00", "up": "\x1b[A", "down": "\x1b[B", "left": "\x1b[D", "right": "\x1b[C",
    "home": "\x01", "end": "\x05", "backspace": "\x7f", "pageup": "\x1b[5~", "pagedown": "\x1b[6~", "ctrl-r": "\x12",
    "ctrl-c": "\x03",
}  # fmt: skip
_WEIGHTS = {"enter": 6, "tab": 5, "up": 5, "down": 4, "left": 4, "right": 3, "esc": 3, "backspace": 3, "ctrl-c": 2}

_PATIENCE = 30.0
_BRACKETED_PASTE, _CURSOR_SHOWN, _ALTERNATE, _MOUSE = 2004, 25, 1049, 1000


@record
class Key:
    """A key of a sequence: `name` says what it means, `text` what is typed or pasted, or the size of a window."""

    name: str
    text: str = ""
    size: tuple[int, int] = (80, 24)

    @property
    def sent(self) -> str:
        """What the terminal sends."""
        if self.name == "paste":
            return f"\x1b[200~{self.text}\x1b[201~"
        return self.text if self.name == "type" else KEYS.get(self.name, "")

    @property
    def presses(self) -> int:
        """How many keys prompt_toolkit makes of it."""
        return {"type": len(self.text), "alt-enter": 2, "resize": 0}.get(self.name, 1)


@record
class State:
    """What the prompt is like between two keys. `lines` are the text and those of history, as they have been edited."""

    text: str
    cursor: int
    index: int
    lines: tuple[str, ...]
    searching: bool
    menu: str | None
    entered: bool
    highlighted: bool
    prompt: int
    sent: int


def random_keys(seed: int, count: int) -> Iterator[Key]:
    """Yields the keys of the sequence of this number."""
    chance = random.Random(seed)
    names, weights = list(KEYS), [_WEIGHTS.get(name, 2) for name in KEYS]
    for _ in range(count):
        kind = chance.choices(["letter", "chunk", "key", "paste", "resize"], [30, 12, 50, 4, 4])[0]
        if kind == "letter":
            yield Key("type", chance.choice(LETTERS))
        elif kind == "chunk":
            yield Key("type", chance.choice(CHUNKS))
        elif kind == "paste":
            yield Key("paste", chance.choice(PASTES))
        elif kind == "resize":
            yield Key("resize", size=chance.choice(SIZES))
        else:
            yield Key(chance.choices(names, weights)[0])


class PyteTerminal(io.StringIO):
    """What is written goes to a screen; questions for the cursor are answered."""

    encoding = "utf-8"

    def __init__(self, answer: Callable[[str], None]) -> None:
        super().__init__()
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.Stream(self.screen)
        self._answer = answer

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        parts = text.split("\x1b[6n")
        for number, part in enumerate(parts):
            if number:
                self._answer(f"\x1b[{self.screen.cursor.y + 1};{self.screen.cursor.x + 1}R")
            self._stream.feed(part)
        return len(text)

    def mode(self, number: int) -> bool:
        """Whether a private mode of the terminal is on."""
        return number << 5 in self.screen.mode


class KeystrokeRun:
    """A prompt that is sent one key after the other; after each the model says whether what happened may happen."""

    def __init__(self, home: Path, keys: Iterator[Key]) -> None:
        self._keys = keys
        self._key: Key | None = None
        self._searched = ""
        self._pressed = self._expected = 0
        self._prompts: list[object] = []
        self.submitted: list[str] = []
        self.pressed: list[Key] = []
        state, _, self.console = session(environment={"HOME": str(home)})
        with create_pipe_input() as pipe:
            self._pipe: PipeInput = pipe
            self.terminal = PyteTerminal(pipe.send_text)
            output = Vt100_Output(self.terminal, self._size, term="xterm")  # type: ignore[arg-type]
            with create_app_session(input=pipe, output=output):
                self.prompt = Prompt(state, lambda: 1_700_000_000.0)
                self._attach()
                self.code = self.prompt.run()
        self._check_the_end()

    def _size(self) -> Size:
        return Size(rows=self.terminal.screen.lines, columns=self.terminal.screen.columns)

    def _attach(self) -> None:
        app, run = self.prompt.reader.app, self.prompt._run
        app.ttimeoutlen = app.timeoutlen = 0.001  # nobody waits between two keys here

        def recorded(text: str) -> bool:
            self.submitted.append(text)
            return run(text)

        self.prompt._run = recorded  # type: ignore[method-assign]
        app.key_processor.after_key_press += self._count
        app.after_render += self._watched

    def _count(self, _: object) -> None:
        self._pressed += 1

    def _watched(self, application: Application[str]) -> None:
        try:
            self._drawn()
        except Exception as error:  # noqa: BLE001 (raised again where the prompt is run)
            application.exit(exception=error)

    def _drawn(self) -> None:
        """Once a key has been worked off, checks it and sends the next one."""
        app = self.prompt.reader.app
        if app.future is not None and app.future not in self._prompts:
            self._prompts.append(app.future)
            assert app.loop is not None
            app.loop.call_later(_PATIENCE, self._give_up, app.future)
        busy = app.is_done or app.key_processor.key_buffer or app.key_processor.input_queue
        if busy or self._pressed < self._expected:
            return
        now = self._state()
        if self._key is not None:
            if self._must_end(self._key, self._before) and now.prompt == self._before.prompt:
                return
            self._check(self._key, self._before, now)
        self._send_next(now)

    def _give_up(self, future: object) -> None:
        app = self.prompt.reader.app
        if app.future is future:
            app.exit(exception=AssertionError(f"stuck after {self.pressed[-5:]}"))

    def _must_end(self, key: Key, before: State) -> bool:
        """Whether the key ends this prompt."""
        if key.name == "ctrl-c":
            return not before.searching
        runs = key.name == "enter" and not before.searching and not before.highlighted
        return runs and enter_action(before.text, before.cursor) == "run"

    def _send_next(self, now: State) -> None:
        key = next(self._keys, None)
        self._before = now
        if not now.searching:
            self._searched = now.text
        if key is None:
            self._key = None
            self._pipe.send_text("\x07\x03" if now.searching or now.text else "\x04")
            return
        self._key = key
        self.pressed.append(key)
        self._expected = self._pressed + key.presses
        if key.name == "resize":
            resize_screen(self.terminal.screen, *key.size)
            self.prompt.reader.app._on_resize()
        else:
            self._pipe.send_text(key.sent)

    def _state(self) -> State:
        reader = self.prompt.reader
        buffer, menu = reader.default_buffer, reader.default_buffer.complete_state
        return State(
            text=buffer.text,
            cursor=buffer.cursor_position,
            index=buffer.working_index,
            lines=tuple(buffer._working_lines),
            searching=reader.layout.is_searching,
            menu=menu.original_document.text if menu else None,
            entered=(isinstance(menu, Menu) and menu.entered) or bool(menu and menu.complete_index is not None),
            highlighted=bool(menu and menu.current_completion),
            prompt=len(self._prompts),
            sent=len(self.submitted),
        )

    # --- the model --------------------------------------------------------------------------------------

    def _check(self, key: Key, before: State, after: State) -> None:
        try:
            if self._must_end(key, before):
                self._check_the_next_prompt(key, before, after)
            else:
                self._check_the_same_prompt(key, before, after)
            self._check_screen(after)
        except AssertionError as error:
            error.add_note(f"{key}\n{before}\n{after}\n" + "\n".join(self.terminal.screen.display))
            raise

    def _check_the_next_prompt(self, key: Key, before: State, after: State) -> None:
        assert after.sent == before.sent + (key.name == "enter")
        if key.name == "enter":
            assert self.submitted[-1] == before.text, "what was sent was shown"
        assert not after.searching

    def _check_the_same_prompt(self, key: Key, before: State, after: State) -> None:
        assert (after.prompt, after.sent) == (before.prompt, before.sent), "nothing was sent"
        assert len(after.lines) >= len(before.lines)
        if before.searching and key.name == "alt-enter":  # it takes what was found, and begins a line in it
            assert "".join(after.lines).replace("\n", "") == "".join(before.lines).replace("\n", "")
            return
        shift = len(after.lines) - len(before.lines)  # history that has been loaded meanwhile stands before the text
        assert after.lines[shift:][: before.index] == before.lines[: before.index]
        assert after.lines[shift:][before.index + 1 :] == before.lines[before.index + 1 :]
        kept = after.lines[before.index + shift]
        if before.searching:
            _check_search(key, before, after, kept)
            assert key.name not in {"esc", "ctrl-c"} or after.text == self._searched
        else:
            _check_text(key, before, after, kept, moved=after.index != before.index + shift)

    def _width_before(self, row: int) -> int:
        """The columns of the label, or of what stands before another line, and one for the cursor."""
        label = fragment_list_to_text(self.prompt._label()).rpartition("\n")[2]
        before = fragment_list_to_text(self.prompt._continuation(len(label), row, 0)) if row else label
        return max(len(label), len(before)) + 1

    def _check_screen(self, after: State) -> None:
        """The row of the cursor shows the line of the cursor, as far as it is not folded."""
        screen, reader = self.terminal.screen, self.prompt.reader
        line = reader.default_buffer.document.current_line_before_cursor
        if after.searching or after.menu is not None or not line.isascii():
            return
        if len(line) + self._width_before(reader.default_buffer.document.cursor_position_row) >= screen.columns:
            return  # it is folded
        shown = screen.display[screen.cursor.y][: screen.cursor.x]
        assert shown.endswith(line), f"{shown!r} shows {line!r}"
        assert "too small" not in "".join(screen.display)

    def _check_the_end(self) -> None:
        """The terminal is as it was found."""
        assert self.code == 0
        assert self.terminal.mode(_CURSOR_SHOWN)
        assert not any(map(self.terminal.mode, (_BRACKETED_PASTE, _ALTERNATE, _MOUSE)))
        attributes = self.terminal.screen.cursor.attrs
        assert (attributes.fg, attributes.bg, attributes.bold, attributes.reverse) == (
            "default",
            "default",
            False,
            False,
        )


def _check_search(key: Key, before: State, after: State, kept: str) -> None:
    """A search edits nothing; the key that ends it takes what was found or restores the text."""
    assert kept == before.lines[before.index]
    assert after.text in after.lines
    assert after.searching or key.name in {"enter", "esc", "ctrl-c"}, "the search goes on"


def _check_text(key: Key, before: State, after: State, kept: str, *, moved: bool) -> None:
    start, cursor = before.text[: before.cursor], after.cursor
    rest = before.text[before.cursor :]
    if key.name in {"type", "paste"}:
        text = key.text.replace("\r\n", "\n")
        assert (after.text, cursor) == (start + text + rest, len(start + text))
        assert key.name == "type" or after.menu is None
    elif key.name == "alt-enter":
        assert after.text == f"{start}\n{rest}"
    elif key.name == "backspace":
        assert after.text == start[:-1] + rest
    elif key.name == "esc":
        assert after.text == (before.text if before.menu is None else before.menu)
        assert after.menu is None
    elif key.name == "enter":
        _check_enter(before, after)
    elif key.name in {"tab", "shift-tab", "ctrl-space", "ctrl-n", "ctrl-p", "up", "down"}:
        _check_menu_or_history(key, before, after, kept, moved=moved)
    elif key.name in {"pageup", "pagedown"}:
        assert kept == before.text
    elif key.name == "right":
        assert after.text.startswith(before.text)
    else:  # left, home, end, ctrl-r, resize
        assert after.text == before.text or (key.name == "end" and after.text.startswith(before.text))


def _check_enter(before: State, after: State) -> None:
    if before.highlighted:
        assert after.text == before.text
        assert not after.highlighted
        return
    action = enter_action(before.text, before.cursor)
    end = before.text.find("\n", before.cursor)
    place = {"split": before.cursor, "append": end if end >= 0 else len(before.text)}.get(action)
    assert after.text == (before.text if place is None else f"{before.text[:place]}\n{before.text[place:]}")


def _check_menu_or_history(key: Key, before: State, after: State, kept: str, *, moved: bool) -> None:
    """Up and Down leave the text alone until the menu was entered; an item replaces a part of its line, no more."""
    arrows = key.name in {"up", "down"} or (key.name == "ctrl-p") or (key.name == "ctrl-n" and before.menu is None)
    if arrows and not before.entered:
        assert kept == before.text
        assert moved or after.text == before.text
        return
    assert not moved
    original = before.menu if before.menu is not None else before.text
    assert _removed(original, after.text).count("\n") == 0
    if after.menu is not None and after.menu != before.menu:
        assert after.menu.count("\n") == before.text.count("\n")


def _removed(old: str, new: str) -> str:
    """Returns what is in `old` between the beginning and the end that both texts share."""
    first = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    pairs = zip(reversed(old[first:]), reversed(new[first:]), strict=False)
    last = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(old), len(new)) - first)
    return old[first : len(old) - last]


def run_sequence(home: Path, seed: int, count: int) -> KeystrokeRun:
    """Sends `count` random keys to a prompt. Raises AssertionError at the first that does what it must not."""
    return KeystrokeRun(home, random_keys(seed, count))
