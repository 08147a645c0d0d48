"""Loads a script and the files it includes as one sequence of items, each with the span in its own file."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from stripe_shell.diagnostics import Diagnostic, SourceText, Span, has_errors
from stripe_shell.lang.ast import Directive, Loop, Script, ScriptItem, Value
from stripe_shell.lang.parser import parse
from stripe_shell.records import field, record, replace

if TYPE_CHECKING:
    from pathlib import Path

#: The ending of the names of scripts. Only a file with such a name is quoted in a message: another may hold secrets.
_SUFFIX = ".stripe"

#: The most files that a script includes, counted each time: two that each include the next one twice are soon millions.
_MOST_FILES = 1_000

#: Reads a file as text; raises OSError or UnicodeDecodeError.
ReadText = Callable[[str], str]


@record
class Program:
    """A loaded script: its items with each `@include` expanded, the diagnostics of parsing, and the source texts.

    `sources` begins with the script itself.
    """

    items: tuple[ScriptItem, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: tuple[SourceText, ...]


def read_text(path: str | Path) -> str:
    """Reads a file as UTF-8 text, without its byte order mark; line ends are unchanged."""
    with open(path, "rb") as file:
        return file.read().decode().removeprefix("\ufeff")


def read_included(path: str) -> str:
    """Reads a regular file as `read_text` does. Raises OSError for others: a device never ends, and a pipe may not."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise OSError(errno.EINVAL, "it is no regular file")
    return read_text(path)


def load_program(source: SourceText, *, read: ReadText = read_included, prompt: bool = False) -> Program:
    """Parses the source and, recursively, the files it includes; their paths are relative to the including file."""
    loading = _Loading(read)
    items = loading.parse(source, (source.name,), prompt=prompt)
    return Program(items, tuple(loading.diagnostics), tuple(loading.sources))


@record
class _Loading:
    """The state of loading. `chain` lists the files from the script down to the one being parsed."""

    read: ReadText
    diagnostics: list[Diagnostic] = field(default_factory=list)
    sources: list[SourceText] = field(default_factory=list)

    def parse(self, source: SourceText, chain: tuple[str, ...], *, prompt: bool = False) -> tuple[ScriptItem, ...]:
        return self._add(source, *parse(source, prompt=prompt), chain)

    def _add(
        self, source: SourceText, script: Script, problems: Sequence[Diagnostic], chain: tuple[str, ...]
    ) -> tuple[ScriptItem, ...]:
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
            if len(self.sources) > _MOST_FILES:
                return self._refuse_more(span)
            text = self.read(path)
        except UnicodeDecodeError:
            self.diagnostics.append(Diagnostic("E303", f"`{written}` is not UTF-8 text", span))
            return ()
        except (OSError, ValueError, RuntimeError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            self.diagnostics.append(Diagnostic("E303", f"`{written}` cannot be read: {reason}", span))
            return ()
        source = SourceText(path, text)
        script, problems = parse(source)
        if has_errors(problems) and not os.path.realpath(path).endswith(_SUFFIX):
            place = next(problem.span for problem in problems if problem.severity == "error")
            line = place.location()[0] if place else 1
            message = f"`{written}` is no script: line {line} of it is not one of the language"
            label = f"its lines are not shown, as its name does not end with {_SUFFIX}"
            self.diagnostics.append(Diagnostic("E303", message, span, label=label))
            return ()
        return self._add(source, script, problems, (*chain, path))

    def _refuse_more(self, span: Span) -> tuple[ScriptItem, ...]:
        message = f"more than {_MOST_FILES:,} files are included"
        if not any(each.message == message for each in self.diagnostics):
            self.diagnostics.append(Diagnostic("E304", message, span, label="is one included again and again?"))
        return ()


def _same_file(left: str, right: str) -> bool:
    return os.path.realpath(left) == os.path.realpath(right)
