"""The settings of the prompt: what they change, and that a wrong one is a diagnostic at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_shell.diagnostics import SourceText, format_diagnostics
from stripe_shell.repl.settings import (
    MEANINGS,
    PromptSettings,
    parse_prompt_settings,
    prompt_words,
    read_prompt_settings,
    template,
)
from stripe_shell.repl.style import RULES, style_of
from stripe_shell.repl.toolbar import prompt_text
from tests.repl.fakes import session
from tests.repl.sandboxed import Sandboxed
from tests.repl.terminal import ESCAPE, shell

GOOD = """\
theme = "plain"
keys = "vi"
format = "json"
pager = "off"
prompt = "{mode}:{connection}$ "
fetch_ids = "never"
[colors]
prompt = "bold ansicyan"
"""


def write(home: Path, text: str) -> None:
    folder = home / ".config/stripe-shell"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.toml").write_text(text)


def problems(text: str) -> str:
    return format_diagnostics(parse_prompt_settings(SourceText("settings.toml", text))[1])


def test_all_settings() -> None:
    settings, found = parse_prompt_settings(SourceText("settings.toml", GOOD))
    assert found == []
    assert settings == PromptSettings(
        "plain", "vi", "json", "off", "{mode}:{connection}$ ", "never", {"prompt": "bold ansicyan"}
    )
    assert prompt_words(settings, "sandbox", "sandbox", "") == "sandbox:sandbox$ "


def test_without_a_file(tmp_path: Path) -> None:
    assert read_prompt_settings({"HOME": str(tmp_path)}) == (PromptSettings(), [])


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('them = "plain"', 1, ["no such setting `them`", "did you mean `theme`?"]),
        ('\nkeys = "vim"', 2, ["`keys` cannot be `vim`", "did you mean `vi`?"]),
        ('pager = "never"', 1, ["`pager` cannot be `never`", "one of: auto, on, off"]),
        ("format = 5", 1, ["`format` is a text"]),
        ('format = "yml"', 1, ["unknown format `yml`", "did you mean `yaml`?"]),
        ('prompt = "{conection}> "', 1, ["cannot be filled", "{connection}, {mode} and {account}"]),
        ('prompt = "{"', 1, ["cannot be filled"]),
        ('prompt = "a\\nb"', 1, ["the prompt is one line"]),
        ('[colors]\npromt = "bold"', 2, ["nothing is called `promt`", "did you mean `prompt`?"]),
        ('[colors]\nprompt = "boldly"', 2, ["`boldly` is no style"]),
        ('[colors]\n"prompt.live" = "fg:ansigreen"', 2, ["what is live is red"]),
        ("colors = 3", 1, ["`colors` is a table"]),
        ('theme = "plain"\nkeys = vi', 2, ["not TOML"]),
        ("theme = ", 1, ["not TOML"]),
    ],
)
def test_what_is_wrong_is_said_at_its_line(text: str, line: int, words: list[str]) -> None:
    shown = problems(text)
    assert "error[E505]" in shown
    assert f"settings.toml:{line}:" in shown
    assert [word for word in words if word not in shown] == []


def test_what_is_right_holds_beside_what_is_wrong() -> None:
    settings, found = parse_prompt_settings(SourceText("s", 'keys = "vi"\npager = 1\n'))
    assert settings == PromptSettings(keys="vi")
    assert len(found) == 1


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / ".config/stripe-shell/settings.toml").mkdir(parents=True)
    settings, found = read_prompt_settings({"HOME": str(tmp_path)})
    assert settings == PromptSettings()
    assert "cannot be read: Is a directory" in found[0].message
    write(tmp_path / "other", "")
    (tmp_path / "other/.config/stripe-shell/settings.toml").write_bytes(b"\xff")
    assert "not UTF-8" in read_prompt_settings({"HOME": str(tmp_path / "other")})[1][0].message


def test_the_template_is_right_and_names_everything() -> None:
    assert problems(template()) == ""
    lines = [line[2:] for line in template().split("\n")]
    set_to = [line for line in lines if line.partition(" = ")[0] in MEANINGS][: len(MEANINGS) - 1]
    settings, found = parse_prompt_settings(SourceText("s", "\n".join(set_to)))
    assert found == []
    assert settings == PromptSettings()
    assert [name for name in MEANINGS if f"# {name} = " not in template() and name != "colors"] == []


def test_live_stays_red_whatever_the_settings_say() -> None:
    state, _, _ = session(default="stripe", live=True)
    state.use(PromptSettings(theme="plain", prompt="safe> "))
    assert "LIVE" in str(prompt_text(state))
    live = style_of("plain", {}).get_attrs_for_style_str("class:prompt.live")
    assert live.bgcolor == "ansired"
    for name, _ in RULES:
        attributes = style_of("plain", {}).get_attrs_for_style_str(f"class:{name}")
        assert (attributes.color or "") == "" or name.endswith(".live"), name


def test_config_shows_and_opens_them(tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf \'format = "json"\\npagr = "on"\\n\' >> "$1"\n')
    editor.chmod(0o755)
    prompt = Sandboxed(tmp_path, environ={"EDITOR": str(editor)})
    assert "not there: all of these are defaults" in prompt.type("@config")
    shown = prompt.type("@config edit")
    assert "no such setting `pagr`" in shown
    assert prompt.state.printer.format == "json"
    assert "# keys = " in (tmp_path / ".config/stripe-shell/settings.toml").read_text()
    assert '"json"' in prompt.type("@config")
    assert "@config shows the settings" in prompt.type("@config all")


def test_in_a_terminal(tmp_path: Path) -> None:
    write(tmp_path, f"{GOOD.split('[', maxsplit=1)[0]}nonsense = 1\n")
    terminal = shell(tmp_path)
    try:
        shown = terminal.wait("sandbox:sandbox$")
        assert "no such setting `nonsense`" in shown
        assert "settings.toml:7:1" in shown.replace("\n", "")
        terminal.type(f"list customerz{ESCAPE}xa")  # vi: the last letter away, another one behind
        terminal.enter("s")
        assert "list customers" in terminal.wait('"object": "list"')
    finally:
        terminal.close()
