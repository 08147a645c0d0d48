"""A script with everything it includes: the items to run, in order, each still knowing the file it stands in."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from stripe_shell.diagnostics import Diagnostic, SourceText
from stripe_shell.lang.ast import Directive, Loop, ScriptItem, Value
from stripe_shell.lang.parser import parse
from stripe_shell.records import field, record, replace

if TYPE_CHECKING:
    from pathlib import Path

#: Reads a file as text; raises OSError or UnicodeDecodeError.
ReadText = Callable[[str], str]


@record
class Program:
    """The items, `@include` replaced by what the file holds; what is wrong with the texts; and the texts themselves.

    `sources` begins with the script itself.
    """

    items: tuple[ScriptItem, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: tuple[SourceText, ...]


def read_text(path: str | Path) -> str:
    """A file as text: UTF-8, with or without a byte order mark; line ends stay as they are."""
    with open(path, "rb") as file:
        return file.read().decode().removeprefix("\ufeff")


def load_program(source: SourceText, *, read: ReadText = read_text, prompt: bool = False) -> Program:
    """Parse the source and, recursively, what it includes; included paths are relative to the file that names them."""
    loading = _Loading(read)
    items = loading.parse(source, (source.name,), prompt=prompt)
    return Program(items, tuple(loading.diagnostics), tuple(loading.sources))


@record
class _Loading:
    """What has been read so far. `chain` is always the files from the script down to the one being read."""

    read: ReadText
    diagnostics: list[Diagnostic] = field(default_factory=list)
    sources: list[SourceText] = field(default_factory=list)

    def parse(self, source: SourceText, chain: tuple[str, ...], *, prompt: bool = False) -> tuple[ScriptItem, ...]:
        script, problems = parse(source, prompt=prompt)
        self.sources.append(source)
        self.diagnostics.extend(problems)
        return self._expand(script.items, chain)

    def _expand(self, items: tuple[ScriptItem, ...], chain: tuple[str, ...]) -> tuple[ScriptItem, ...]:
        expanded: list[ScriptItem] = []
        for item in items:
            if isinstance(item, Directive) and item.name == "include":
                expanded += self._include(item, chain)
            elif isinstance(item, Loop):
                expanded.append(replace(item, items=self._expand(item.items, chain)))
            else:
                expanded.append(item)
        return tuple(expanded)

    def _include(self, directive: Directive, chain: tuple[str, ...]) -> tuple[ScriptItem, ...]:
        if not isinstance(directive.argument, Value) or not directive.argument.literal:
            label = "write the path out: it is read before any reference has a value"
            self.diagnostics.append(
                Diagnostic("E111", "`@include` needs the path of a file", directive.span, label=label)
            )
            return ()
        span, written = directive.argument.span, directive.argument.literal
        try:
            path = os.path.join(os.path.dirname(chain[-1]), os.path.expanduser(written))
            if any(_same_file(path, known) for known in chain):
                route = " → ".join((*chain, path))
                self.diagnostics.append(Diagnostic("E304", f"`{path}` includes itself", span, notes=(route,)))
                return ()
            text = self.read(path)
        except UnicodeDecodeError:
            self.diagnostics.append(Diagnostic("E303", f"`{written}` is not UTF-8 text", span))
            return ()
        except (OSError, ValueError, RuntimeError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            self.diagnostics.append(Diagnostic("E303", f"`{written}` cannot be read: {reason}", span))
            return ()
        return self.parse(SourceText(path, text), (*chain, path))


def _same_file(left: str, right: str) -> bool:
    return os.path.realpath(left) == os.path.realpath(right)
