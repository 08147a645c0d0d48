"""Selects the part of a response that a journal keeps: only what later steps and expectations refer to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stripe_shell.engine.fields import ROW, field_steps
from stripe_shell.lang.ast import Block, Expectation, Match, Name, Output, Reference, Retry, ScriptItem
from stripe_shell.lang.visit import blocks_in, nodes_in
from stripe_shell.records import record
from stripe_shell.secrets import Secrets
from stripe_shell.wire import parse_json

#: A tree of the names and indexes that are kept; an empty one keeps everything below it, `*` stands for any index.
Wanted = dict[str, Any]

#: Fields of a response that give access to something, and are not stored.
SECRET_FIELDS = frozenset({"client_secret", "secret", "authentication_token", "ephemeral_key_secret"})


#: What is kept of every response.
_ALWAYS = (("id",), ("object",))
#: What is kept of an error.
_ERROR_FIELDS = ("type", "code", "decline_code", "message", "param", "doc_url")
_LONGEST_MESSAGE = 300


@record
class KeptBody:
    """The part of a response that is kept. `complete`: nothing was left out because it is secret."""

    body: Any
    complete: bool


def wanted_paths(items: Sequence[ScriptItem]) -> dict[int, Wanted]:
    """Returns, by the `id` of each block, the paths that the script refers to in its response."""
    references = list(nodes_in(tuple(items), Reference))
    by_name: dict[str, list[tuple[str | int, ...]]] = {}
    for reference in references:
        if reference.namespace is None:
            by_name.setdefault(reference.name, []).append(reference.path)
    return {id(block): _wanted_of(block, by_name) for block in blocks_in(items)}


def _wanted_of(block: Block, by_name: Mapping[str, list[tuple[str | int, ...]]]) -> Wanted:
    wanted: Wanted = {}
    saved = block.argument(Name)
    named: list[tuple[str | int, ...]] = [*by_name.get("last", []), *(by_name.get(saved.text, []) if saved else [])]
    for path in _ALWAYS:
        _add(wanted, path)
    for directive in block.directives:
        for expectation in nodes_in(directive.argument, Expectation):
            if not expectation.path.text.startswith("$"):
                _add(wanted, expectation.path.steps)
        if isinstance(directive.argument, Retry):
            _add(wanted, directive.argument.until.path.steps)
        if isinstance(directive.argument, Output):
            fields = [field_steps(text) for text in directive.argument.fields] or [()]
            named += [steps for steps in fields if steps[:1] != (ROW,)]
        if isinstance(directive.argument, Match):
            for name in _names_matched(directive.argument):
                _add(wanted, (name,))
    for steps in named:
        _add(wanted, steps)
    return {} if any(not steps for steps in named) else wanted


def _names_matched(match: Match) -> Iterable[str]:
    """Returns the top-level names of the JSON of `@match`."""
    try:
        data = parse_json(match.value.spelled(lambda reference: "0"))
    except ValueError:
        return ()
    return tuple(data) if isinstance(data, dict) else ()


def _add(wanted: Wanted, path: Sequence[str | int]) -> None:
    """Mutates `wanted`: adds a path."""
    node = wanted
    for index, step in enumerate(path):
        inner = node.get(str(step))
        if inner == {}:
            return
        if inner is None:
            inner = node[str(step)] = {}
            if index + 1 < len(path):
                node = inner
            continue
        if index + 1 == len(path):
            inner.clear()
        node = inner


def covers(kept: Wanted, wanted: Wanted) -> bool:
    """Whether everything wanted was kept."""
    if not kept:
        return True
    if not wanted:
        return False
    return all(step in kept and covers(kept[step], inner) for step, inner in wanted.items())


def capture(body: Any, wanted: Wanted, masks: Secrets) -> KeptBody:
    """Returns the wanted part of a response; secrets in it are masked."""
    secret: list[str] = []
    if isinstance(body, dict) and isinstance(body.get("error"), dict) and "object" not in body:
        kept: Any = {"error": {name: _short(body["error"][name]) for name in _ERROR_FIELDS if body["error"].get(name)}}
    else:
        kept = _prune(body, wanted, secret)
    masked = masks.mask_data(kept)
    return KeptBody(masked, complete=not secret and (masked is kept or masked == kept))


def without_secrets(value: Any) -> Any:
    """Returns JSON data without the fields that give access to something; the data itself if it has none."""
    if isinstance(value, dict):
        kept = {name: without_secrets(inner) for name, inner in value.items() if not (name in SECRET_FIELDS and inner)}
        return kept if len(kept) < len(value) or any(kept[name] is not value[name] for name in kept) else value
    if isinstance(value, list):
        items = [without_secrets(item) for item in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    return value


def _short(value: Any) -> Any:
    return value[:_LONGEST_MESSAGE] if isinstance(value, str) else value


def _prune(value: Any, wanted: Wanted, secret: list[str]) -> Any:
    """Returns the wanted part of a value. Mutates `secret`: adds the names of fields that are left out."""
    if isinstance(value, dict):
        names = [name for name in (wanted or value) if name in value]
        secret += [name for name in names if name in SECRET_FIELDS and value[name]]
        return {name: _prune(value[name], wanted.get(name, {}), secret) for name in names if name not in SECRET_FIELDS}
    if not isinstance(value, list):
        return value
    if not wanted or "*" in wanted:
        inner = wanted.get("*", {}) if wanted else {}
        return [_prune(item, inner, secret) for item in value]
    indexes = {int(step) for step in wanted if step.removeprefix("-").isdecimal()}
    # An index from the end needs the length of the list, and every row of it in its place.
    from_end = min(indexes, default=0) < 0
    length = len(value) if from_end else min(len(value), max(indexes, default=-1) + 1)
    trees = {n % len(value) if n < 0 else n: wanted[str(n)] for n in indexes if -len(value) <= n < len(value)}
    return [_prune(value[n], trees[n], secret) if n in trees else None for n in range(length)]
