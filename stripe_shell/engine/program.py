"""A script with everything it includes: the items to run, in order, each still knowing the file it stands in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stripe_shell.diagnostics import Diagnostic, Source
from stripe_shell.lang.ast import Directive, Item, Loop, Value
from stripe_shell.lang.parser import parse
from stripe_shell.records import record, replace

#: Reads a file as text; raises OSError or UnicodeDecodeError.
ReadText = Callable[[Path], str]


@record
class Program:
    """The items, `@include` replaced by what the file holds, and what is wrong with the text of any of the files."""

    items: tuple[Item, ...]
    diagnostics: tuple[Diagnostic, ...]


def read_text(path: Path) -> str:
    """A file as text: UTF-8, with or without a byte order mark; line ends stay as they are."""
    return path.read_bytes().decode("utf-8-sig")


def load_program(source: Source, *, read: ReadText = read_text, prompt: bool = False) -> Program:
    """Parse the source and, recursively, what it includes; included paths are relative to the file that names them."""
    script, problems = parse(source, prompt=prompt)
    diagnostics = list(problems)
    items = _expand(script.items, (Path(source.name),), read, diagnostics)
    return Program(items, tuple(diagnostics))


def _expand(
    items: tuple[Item, ...], chain: tuple[Path, ...], read: ReadText, diagnostics: list[Diagnostic]
) -> tuple[Item, ...]:
    expanded: list[Item] = []
    for item in items:
        if isinstance(item, Directive) and item.name == "include":
            expanded += _include(item, chain, read, diagnostics)
        elif isinstance(item, Loop):
            expanded.append(replace(item, items=_expand(item.items, chain, read, diagnostics)))
        else:
            expanded.append(item)
    return tuple(expanded)


def _include(
    directive: Directive, chain: tuple[Path, ...], read: ReadText, diagnostics: list[Diagnostic]
) -> tuple[Item, ...]:
    if not isinstance(directive.argument, Value) or not directive.argument.literal:
        label = "write the path out: it is read before any reference has a value"
        diagnostics.append(Diagnostic("E111", "`@include` needs the path of a file", directive.span, label=label))
        return ()
    path = chain[-1].parent / Path(directive.argument.literal).expanduser()
    if any(_same_file(path, known) for known in chain):
        route = " → ".join(str(step) for step in (*chain, path))
        diagnostics.append(Diagnostic("E304", f"`{path}` includes itself", directive.span, notes=(route,)))
        return ()
    try:
        text = read(path)
    except OSError as error:
        message = f"`{path}` cannot be read: {error.strerror or error}"
        diagnostics.append(Diagnostic("E303", message, directive.argument.span))
        return ()
    except UnicodeDecodeError:
        diagnostics.append(Diagnostic("E303", f"`{path}` is not UTF-8 text", directive.argument.span))
        return ()
    script, problems = parse(Source(str(path), text))
    diagnostics += problems
    return _expand(script.items, (*chain, path), read, diagnostics)


def _same_file(left: Path, right: Path) -> bool:
    return left.absolute().resolve() == right.absolute().resolve()
