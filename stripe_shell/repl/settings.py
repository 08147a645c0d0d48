"""The settings of the prompt: `settings.toml` in the folder of the settings. A wrong one is a diagnostic at its line.

The file is read when the prompt opens; where there is none, nothing is imported for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from stripe_shell.connections.discovery import config_folder
from stripe_shell.diagnostics import Diagnostic, SourceText, closest
from stripe_shell.records import field, fields, record, replace

if TYPE_CHECKING:
    from pathlib import Path


@record
class PromptSettings:
    """The settings: `format` empty takes the format that fits, `colors` are styles by the name of what they colour."""

    theme: str = "default"
    keys: str = "emacs"
    format: str = ""
    pager: str = "auto"
    prompt: str = "{connection}> "
    fetch_ids: str = "auto"
    colors: Mapping[str, str] = field(default_factory=dict)


#: What each setting means, for `@config` and the page.
MEANINGS: Final[Mapping[str, str]] = {
    "theme": "`default`, or `plain` without colours",
    "keys": "`emacs` or `vi`",
    "format": "the format of results, as @format takes it; empty: the one that fits",
    "pager": "`auto`, `on` or `off`, as @pager takes it",
    "prompt": "the text before what you type: {connection}, {mode}, {account}; LIVE always stands before it",
    "fetch_ids": "whether ids are fetched for the menu unasked: `auto`, as the connection says, or `never`",
    "colors": 'a table of styles, e.g. prompt = "bold ansicyan"',
}

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "theme": ("default", "plain"),
    "keys": ("emacs", "vi"),
    "pager": ("auto", "on", "off"),
    "fetch_ids": ("auto", "never"),
}
_PLACES: Final = ("connection", "mode", "account")


def settings_file(environ: Mapping[str, str]) -> Path:
    """Returns `$XDG_CONFIG_HOME/stripe-shell/settings.toml`, which may not exist."""
    return config_folder(environ) / "settings.toml"


def read_prompt_settings(environ: Mapping[str, str]) -> tuple[PromptSettings, list[Diagnostic]]:
    """Returns the settings and what is wrong with the file; a wrong setting has its default."""
    chosen = environ.get("XDG_CONFIG_HOME", "")
    folder = chosen if chosen.startswith("/") else f"{environ.get('HOME') or os.path.expanduser('~')}/.config"  # noqa: PTH111
    name = f"{folder}/stripe-shell/settings.toml"
    if not os.path.exists(name):  # noqa: PTH110 (pathlib would be imported for it)
        return PromptSettings(), []
    try:
        with open(name, "rb") as file:  # noqa: PTH123
            text = file.read().decode()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        return PromptSettings(), [Diagnostic("E505", f"{name} cannot be read: {why}")]
    return parse_prompt_settings(SourceText(name, text))


def parse_prompt_settings(source: SourceText) -> tuple[PromptSettings, list[Diagnostic]]:
    """Returns the settings of a text and what is wrong with it."""
    import re
    import tomllib

    from stripe_shell.connections.settings.positions import find_place

    try:
        written = tomllib.loads(source.text)
    except (ValueError, RecursionError) as error:  # numbers of too many digits, and too many brackets, too
        found = re.search(r"\(at line (\d+)", str(error))
        line = int(found[1]) if found else source.text.count("\n") + 1
        message = re.sub(r" \(at .*", "", str(error))
        return PromptSettings(), [Diagnostic("E505", f"not TOML: {message}", find_place(source, (), line))]
    settings, problems = PromptSettings(), []
    for name, value in written.items():
        wrong = [
            Diagnostic("E505", message, find_place(source, place), label=label)
            for place, message, label in _problems(name, value)
        ]
        problems += wrong
        if not wrong:
            settings = replace(settings, **{name: value})
    return settings, problems


def _problems(name: str, value: Any) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Yields the place, the message and the hint of each problem of a setting."""
    known = tuple(each.name for each in fields(PromptSettings))
    if name not in known:
        meant = closest(name, known)
        yield (
            (name,),
            f"no such setting `{name}`",
            f"did you mean `{meant}`?" if meant else f"one of: {', '.join(known)}",
        )
    elif name == "colors":
        yield from _color_problems(value)
    elif not isinstance(value, str):
        yield (name,), f"`{name}` is a text", "write it in quotes"
    elif name in _CHOICES and value not in _CHOICES[name]:
        meant = closest(value, _CHOICES[name])
        choices = f"one of: {', '.join(_CHOICES[name])}"
        yield (name,), f"`{name}` cannot be `{value}`", f"did you mean `{meant}`?" if meant else choices
    elif name == "format":
        yield from _format_problems(value)
    elif name == "prompt":
        yield from _prompt_problems(value)


def _format_problems(value: str) -> Iterator[tuple[tuple[str, ...], str, str]]:
    from stripe_shell.render import FORMATS

    if value and value not in FORMATS:
        meant = closest(value, FORMATS)
        hint = f"did you mean `{meant}`?" if meant else f"one of: {', '.join(FORMATS)}"
        yield ("format",), f"unknown format `{value}`", hint


def _prompt_problems(value: str) -> Iterator[tuple[tuple[str, ...], str, str]]:
    try:
        value.format(**dict.fromkeys(_PLACES, ""))
    except (KeyError, IndexError, ValueError, AttributeError):
        yield ("prompt",), "the prompt has a place that cannot be filled", "{connection}, {mode} and {account} can be"
    if "\n" in value or not value.isprintable():
        yield ("prompt",), "the prompt is one line", "leave control characters out"


def _color_problems(value: Any) -> Iterator[tuple[tuple[str, ...], str, str]]:
    from prompt_toolkit.styles import Style

    from stripe_shell.repl.style import RULES

    if not isinstance(value, dict):
        yield ("colors",), "`colors` is a table", 'write `[colors]` and below it e.g. `prompt = "bold"`'
        return
    known = tuple(dict.fromkeys(name for name, _ in RULES))
    for name, style in value.items():
        if name not in known:
            meant = closest(name, known)
            yield ("colors", name), f"nothing is called `{name}`", f"did you mean `{meant}`?" if meant else ""
        elif name.endswith(".live"):
            yield ("colors", name), "what is live is red", "choose another one"
        else:
            try:
                Style([(name, style)])
            except (ValueError, AttributeError, TypeError, AssertionError):
                yield ("colors", name), f"`{style}` is no style", "e.g. `bold ansicyan`, `#ff8800`, `italic`"


def prompt_words(settings: PromptSettings, connection: str, mode: str, account: str) -> str:
    """Returns the text before what is typed."""
    return settings.prompt.format(connection=connection, mode=mode, account=account)


def template() -> str:
    """Returns the text of a new file: every setting with its default, in comments."""
    lines = ["# The settings of the prompt; remove the sign to change one.", ""]
    defaults = PromptSettings()
    for name, meaning in MEANINGS.items():
        value = getattr(defaults, name)
        lines.append(f"# {meaning}")
        lines += ["# [colors]", '# prompt = "bold"'] if name == "colors" else [f'# {name} = "{value}"', ""]
    return "\n".join(lines) + "\n"
