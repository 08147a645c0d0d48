"""Recognizes a call to Stripe in another form, and writes it as a block: curl, the official tool, a library, JSON.

Each form has a module that reads it to a `ForeignCall`: from_curl.py, from_tool.py, from_snippet.py, from_json.py. A
credential in the text is dropped: the block goes the way of its connection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from stripe_shell.convert.environment import AnyVariable
from stripe_shell.convert.foreign import CodeReference, ForeignCall, NotConverted
from stripe_shell.convert.from_curl import calls_of_curl
from stripe_shell.convert.from_json import calls_of_json
from stripe_shell.convert.from_snippet import calls_of_snippet
from stripe_shell.convert.from_tool import calls_of_tool
from stripe_shell.convert.written import Leaf, write_call
from stripe_shell.diagnostics import SourceText, has_errors
from stripe_shell.engine.resolver import Resolver
from stripe_shell.engine.scope import Scope, ScopeSettings
from stripe_shell.lang import build
from stripe_shell.lang.ast import Block, Directive
from stripe_shell.lang.format import format_block
from stripe_shell.lang.parser import parse
from stripe_shell.patterns import pattern
from stripe_shell.records import record
from stripe_shell.spec.table import Table

#: The longest text that is looked at, in characters.
LONGEST: Final = 100_000

_FENCE = pattern(r"\A[ \t]*(?:`{3,}|~{3,})[ \t]*([\w+-]*)[^\n]*\n(.*?)\n?[ \t]*(?:`{3,}|~{3,})[ \t]*\Z", re.S)
_PROMPT = pattern(r"\A[ \t]*[$>%][ \t]+(?=curl\b|stripe\b)")
_CURL = pattern(r"\A\s*curl(?:\.exe)?\s")
_TOOL = pattern(r"\A\s*stripe\s+[a-z]")
_CALL = pattern(r"(?:\.|::|->)[A-Za-z_]\w*\s*\(")
_LIBRARY = pattern(r"\b(?:stripe|Stripe|client|stripe_client|stripeClient)\b\s*(?:\.|::|->)")

REFERENCE = pattern(r"\$\{([A-Za-z_]\w*)")


@record
class ForeignBlock:
    """The block as text, and what is left out of it."""

    text: str
    notes: tuple[str, ...] = ()


def form_of(text: str) -> str:
    """Returns the form of a text: `curl`, `tool`, `snippet`, `json`, `fence`; empty for none of these. Cheap."""
    start = text[:200].lstrip()
    if not start or len(text) > LONGEST:
        return ""
    if start[0] in "`~" and start[:3] in {"```", "~~~"}:
        return "fence" if _FENCE.match(text.strip()) else ""
    if start[0] in "$>%" and _PROMPT.match(start):
        start = start[1:].lstrip()
    if _CURL.match(start):
        return "curl"
    if _TOOL.match(start):
        return "tool"
    if start[0] in "{[":
        return "json" if text.rstrip()[-1] in "}]" else ""
    return "snippet" if _LIBRARY.search(text) and _CALL.search(text) else ""


def block_of(text: str, table: Table, connection: str, spec: str = "documented") -> ForeignBlock:
    """Returns the calls in a text as blocks over `/connection`.

    Raises NotConverted when its form is known and it cannot be converted, ValueError when it has no form.
    """
    form = form_of(text)
    if form == "fence":
        return _fenced(text, table, connection, spec)
    if not form:
        raise ValueError("no call to Stripe in another form")
    calls = list(_READERS[form](_PROMPT.sub("", text), table))
    blocks = [write_block(call, table, connection, spec) for call in calls]
    notes = [note for call in calls for note in call.notes]
    return ForeignBlock("\n\n".join(blocks), tuple(dict.fromkeys(notes)))


def _fenced(text: str, table: Table, connection: str, spec: str) -> ForeignBlock:
    match = _FENCE.match(text.strip())
    inner = match[2] if match else text
    if form_of(inner):
        return block_of(inner, table, connection, spec)
    return ForeignBlock(inner.strip("\n"))


_READERS: Final[Mapping[str, Callable[[str, Table], Iterator[ForeignCall]]]] = {
    "curl": calls_of_curl,
    "tool": calls_of_tool,
    "snippet": calls_of_snippet,
    "json": calls_of_json,
}


# --- writing --------------------------------------------------------------------------------------------------------


def write_block(call: ForeignCall, table: Table, connection: str, spec: str) -> str:
    """Returns the call as a block over `/connection`; `spec` is whose required parameters count where it runs.

    Raises NotConverted when no block sends it.
    """
    leaves = [leaf for name, value in call.params.items() for leaf in _leaves((name,), value)]
    texts = [call.path, *(leaf.text or "" for leaf in leaves)]
    names = dict.fromkeys(name for text in texts for name in REFERENCE.findall(text))
    environment, settings = AnyVariable(), ScopeSettings(spec="stripe")
    scope = Scope(now=0, seed="", environment=environment, deferred=names, settings=settings)
    written = write_call(call.method, call.path, leaves, table, scope)
    if has_errors(written.diagnostics):
        raise NotConverted("; ".join(each.message for each in written.diagnostics))
    block = Block(connection, (*written.items, *_directives(call)), 0, None, build.NOWHERE, build.NOWHERE)
    text = format_block(block)
    return text if spec == "stripe" or _is_sound(text, table, scope) else f"@spec stripe\n\n{text}"


def _is_sound(text: str, table: Table, scope: Scope) -> bool:
    """Whether the block gives what the document requires of it."""
    script, _ = parse(SourceText("<pasted>", text))
    block = script.items[0]
    documented = scope.with_settings(spec="documented")
    return isinstance(block, Block) and not has_errors(Resolver(table).resolve(block, documented).diagnostics)


def _directives(call: ForeignCall) -> Iterator[Directive]:
    for name in ("account", "version", "idempotency_key"):
        if value := getattr(call, name):
            yield build.directive(name, build.value(build.escaped(value)))


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[Leaf]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves((*path, str(key)), inner)
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves((*path, str(index)), inner)
    elif isinstance(value, CodeReference):
        yield Leaf(path, f"${{{value.text}}}", f"${{{value.text}}}", build.NOWHERE)
    elif value not in ({}, []):
        text = build.escaped(value) if isinstance(value, str) else None
        yield Leaf(path, value, text, build.NOWHERE)
