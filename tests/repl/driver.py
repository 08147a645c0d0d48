"""The prompt in this process: keys go in when the screen is in a certain state, never when time has passed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from prompt_toolkit.application import create_app_session
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from stripe_shell.repl.prompt import Prompt
from tests.repl.fakes import Answer, echo, session

CTRL_A, CTRL_C, CTRL_D, CTRL_W, TAB, ENTER = "\x01", "\x03", "\x04", "\x17", "\t", "\r"
DOWN, UP, RIGHT, META_ENTER = "\x1b[B", "\x1b[A", "\x1b[C", "\x1b\r"

#: What must hold of the buffer before the keys are sent.
Step = tuple[Callable[[Buffer], bool], str]

_PATIENCE = 20.0


def always(_: Buffer) -> bool:
    return True


def text_is(text: str) -> Callable[[Buffer], bool]:
    return lambda buffer: buffer.text == text


def offered(name: str) -> Callable[[Buffer], bool]:
    """The menu shows the name."""
    return lambda buffer: name in menu(buffer)


def chosen(name: str) -> Callable[[Buffer], bool]:
    """The name is highlighted in the menu."""

    def holds(buffer: Buffer) -> bool:
        state = buffer.complete_state
        return (
            state is not None and state.current_completion is not None and state.current_completion.display_text == name
        )

    return holds


def suggested(text: str) -> Callable[[Buffer], bool]:
    return lambda buffer: buffer.suggestion is not None and buffer.suggestion.text == text


def menu(buffer: Buffer) -> list[str]:
    state = buffer.complete_state
    return [completion.display_text for completion in state.completions] if state else []


def paste(text: str) -> str:
    return f"\x1b[200~{text}\x1b[201~"


class Driver:
    """A prompt whose keys come from a list of steps. `frames` are the menus of every frame that was drawn."""

    def __init__(self, home: Path, steps: Sequence[Step], answer: Answer = echo) -> None:
        state, self.transport, self.screen = session(answer, environment={"HOME": str(home)})
        self.frames: list[list[str]] = []
        self.texts: list[str] = []
        self._steps = list(steps)
        with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
            self.prompt = Prompt(state, lambda: 1_700_000_000.0)
            self._drive(pipe)
            self.code = self.prompt.run()
        self.session = state

    def _drive(self, pipe: PipeInput) -> None:
        reader = self.prompt.reader
        buffer = reader.default_buffer

        def after_render(_: object) -> None:
            self.frames.append(menu(buffer))
            self.texts.append(buffer.text)
            if self._steps and self._steps[0][0](buffer):
                pipe.send_text(self._steps.pop(0)[1])

        reader.app.after_render += after_render
        reader.app.pre_run_callables.append(self._give_up_later)

    def _give_up_later(self) -> None:
        """A step whose condition never holds must fail, not hang."""
        app = self.prompt.reader.app
        assert app.loop is not None

        def give_up() -> None:
            if app.is_running:
                app.exit(exception=AssertionError(f"stuck at {self.texts[-1:]} with menu {self.frames[-1:]}"))

        app.loop.call_later(_PATIENCE, give_up)


def drive(home: Path, *steps: Step | str, answer: Answer = echo) -> Driver:
    """Run a prompt with these steps; a text alone is sent at once. It ends by Ctrl-D unless it has ended before."""
    made = [(always, step) if isinstance(step, str) else step for step in steps]
    return Driver(home, [*made, (text_is(""), CTRL_D)], answer)
