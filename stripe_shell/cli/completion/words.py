"""Completes the last word of a command line with the suggestions of the prompt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from stripe_shell.cli.arguments import without_options
from stripe_shell.patterns import pattern

if TYPE_CHECKING:
    from stripe_shell.suggest.suggestion import Suggestion

Words = Iterator[tuple[str, str]]

_PARAM = pattern(r"([\w.\[\]-]+)=(?s:.*)")
_HEAD = pattern(r"[\w./-]+")
#: A word up to its last position at which a completion can start.
_BASE = pattern(r"(?:[\w./+:=,\[\]-]*[.=,\[])?")


def complete_words(words: Sequence[str], environ: Mapping[str, str]) -> Words:
    """Returns the words that begin as the last of `words` up to its last `.`, `=`, `,` or `[`, each with a description.

    `words` is a command line without the program name, unquoted; its last word may be empty. The shell filters by the
    rest of the word. Parameters of a block come in the order of the prompt's menu, required ones first, without those
    that it already has.
    """
    *before, current = words
    plain = without_options(before)
    if before[-1:] == ["--connection"]:
        return _connections(environ)
    if current.startswith("--connection="):
        return ((f"--connection={name}", meaning) for name, meaning in _connections(environ))
    if plain[:1] == ["runs"]:
        return _for_runs(plain[1:], environ)
    if plain[:1] == ["connections"]:
        return _for_connections(plain[1:], current, environ)
    if not plain and current.startswith("/"):
        return ((f"/{name}", meaning) for name, meaning in _connections(environ))
    return _in_block(plain, current)


def _connections(environ: Mapping[str, str]) -> Words:
    from stripe_shell.connections.names import connection_kinds

    yield from connection_kinds(environ).items()


def _for_runs(before: Sequence[str], environ: Mapping[str, str]) -> Words:
    """Completes the name of a run, the latest first; all but `show` and `forget` take unfinished ones only."""
    from stripe_shell.batch.known_folders import known_folders
    from stripe_shell.batch.run_folder import find_runs

    if len(before) != 1 or before[0] == "list":
        return
    for folder in known_folders(environ, None):
        for run in find_runs(folder):
            if before[0] in {"show", "forget"} or not run.finished:
                yield run.folder.name, str(run.start.get("script", ""))


def _for_connections(before: Sequence[str], current: str, environ: Mapping[str, str]) -> Words:
    """Completes names for `test`, `remove` and `default`; settings for `add NAME kind=KIND SETTING=VALUE …`."""
    if before[:1] != ["add"]:
        yield from _connections(environ) if before[:1] in (["test"], ["remove"], ["default"]) else ()
        return
    from stripe_shell.connections.settings.schema import PROFILES
    from stripe_shell.records import fields

    given = dict(word.partition("=")[::2] for word in before[2:])
    if current.startswith("kind="):
        yield from ((f"kind={kind}", "") for kind in PROFILES)
    elif len(before) > 1 and "kind" not in given:
        yield "kind=", "required"
    elif given.get("kind") in PROFILES:
        names = (each.name for each in fields(PROFILES[given["kind"]]))
        yield from ((f"{name}=", "") for name in names if name not in given)


def _in_block(before: Sequence[str], current: str) -> Words:
    """Returns the prompt's suggestions for a block on one line.

    Values of other parameters do not matter, so they are removed before parsing.
    """
    from stripe_shell.lang.cursor import cursor_context
    from stripe_shell.spec.table import load_table
    from stripe_shell.suggest.menu import suggest
    from stripe_shell.suggest.suggestion import SuggestionSources

    base = _BASE.match(current)
    head = _head(before)
    if base is None or head is None:
        return
    for typed in dict.fromkeys((base[0], base[0].rstrip("["))):  # After `items[` the index is part of the name.
        text = f"{head} {typed}"
        context = cursor_context(text, len(text))
        found = [] if context.kind == "reference" else suggest(context, SuggestionSources(load_table()))
        words = [(text[len(head) + 1 : each.start] + each.text.rstrip(), _meaning(each)) for each in found]
        words = [(word, meaning) for word, meaning in words if word.startswith(base[0])]
        if words:
            yield from words
            return


def _meaning(suggestion: Suggestion) -> str:
    return " · ".join(part for part in (suggestion.meta, "required" * suggestion.required) if part)


def _head(before: Sequence[str]) -> str | None:
    """Returns the block without its last word; None if the words are not a block on one line."""
    words: list[str] = []
    for word in before:
        param = _PARAM.fullmatch(word)
        if param and param[1] in {"action", "entity"} and _HEAD.fullmatch(word.partition("=")[2]):
            words.append(word)
        elif param:
            words.append(f"{param[1]}=x")
        elif "=" not in word:
            if not _HEAD.fullmatch(word):
                return None
            words.append(word)
    return " ".join(words)
