"""The table of keys: each is bound, each binding of the prompt's own stands in it, help and page show it."""

from __future__ import annotations

from pathlib import Path

import pytest
from prompt_toolkit.key_binding.key_bindings import KeyBindingsBase, _parse_key
from prompt_toolkit.keys import Keys

from stripe_shell.diagnostics import SourceText
from stripe_shell.repl.key_table import KEYS, PromptKey, key_page
from stripe_shell.repl.keys import key_bindings
from stripe_shell.repl.running import run_text
from tests.repl.driver import CTRL_C, Driver
from tests.repl.fakes import session

PAGE = Path(__file__).parents[2] / "docs" / "prompt.md"
ALL = [key for keys in KEYS.values() for key in keys]


def sequence(text: str) -> tuple[Keys | str, ...]:
    return tuple(_parse_key(word) for word in text.split())


@pytest.fixture(scope="module")
def bindings(tmp_path_factory: pytest.TempPathFactory) -> KeyBindingsBase:
    """All that is bound while the prompt runs: the library's and the prompt's own."""
    found: list[KeyBindingsBase] = []

    class Looking(Driver):
        def _drive(self, pipe: object) -> None:
            super()._drive(pipe)  # type: ignore[arg-type]
            app = self.prompt.reader.app
            app.after_render += lambda _: found.append(app.key_processor._bindings)

    Looking(tmp_path_factory.mktemp("home"), [(lambda _: True, CTRL_C), (lambda moment: moment.prompt == 2, "\x04")])
    return found[0]


@pytest.mark.parametrize("key", ALL, ids=lambda key: f"{key.label}: {key.meaning[:20]}")
def test_every_key_is_bound(key: PromptKey, bindings: KeyBindingsBase) -> None:
    for each in key.sequences:
        handlers = [found.handler.__name__ for found in bindings.get_bindings_for_keys(sequence(each))]
        assert [name for name in handlers if name not in {"_ignore", "self_insert"}], each


def test_every_binding_of_the_prompt_stands_in_the_table() -> None:
    told = {sequence(each) for key in ALL for each in key.sequences}
    own = {binding.keys for binding in key_bindings(str, lambda: None).bindings}
    assert own - told == {(Keys.BracketedPaste,)}


def test_help_tells_every_key() -> None:
    state, _, console = session()
    run_text(state, SourceText("<prompt>", "@help keys"))
    assert [key.label for key in ALL if f"  {key.label} " not in console.text or key.meaning not in console.text] == []


def test_the_page_shows_the_table() -> None:
    assert key_page() in PAGE.read_text(encoding="utf-8")
