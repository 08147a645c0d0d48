"""Completion of parameter names: required ones first, then documented ones, then the others."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.lang.cursor import CursorContext
from stripe_shell.lang.spelling import format_metadata_key
from stripe_shell.patterns import pattern
from stripe_shell.records import record
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.names import documented_name, resolve_name
from stripe_shell.spec.shapes import members, shape_at, type_label
from stripe_shell.spec.table import Table
from stripe_shell.suggest.ids import URL, noun_of
from stripe_shell.suggest.matching import closeness, closest_first
from stripe_shell.suggest.meanings import MEANINGS
from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources, operation_of

ParamPath = tuple[str, ...]

_TEXT = Shape("string")
_SHOWN_VALUES = 3
#: The limit of texts that have none of their own.
_ANY_LENGTH = " ≤ 5000"
_STEP = pattern(r"[^.\[\]]+")


@record
class Parameter:
    """A parameter under one of the names that it may be written as."""

    name: str
    path: ParamPath
    shape: Shape
    required: bool = False
    documented: bool = False
    deprecated: bool = False

    @property
    def rank(self) -> int:
        """The position in the menu; smaller is higher."""
        return 0 if self.required else 1 if self.documented else 3 if self.deprecated else 2


def parameters(operation: Operation, *, document: bool) -> list[Parameter]:
    """Returns the top-level parameters of a call, each under one name, in the order of the menu."""
    found = list(_named_parameters(operation, document))
    taken = {parameter.path for parameter in found}
    found += [
        Parameter(field.name, (field.name,), field.shape, field.required, deprecated=field.deprecated)
        for field in operation.params.fields.values()
        if (field.name,) not in taken
    ]
    return sorted(found, key=lambda parameter: parameter.rank)


def _named_parameters(operation: Operation, document: bool) -> Iterator[Parameter]:
    """Yields the parameters with names of their own: in the URL, in the source document, or as aliases."""
    for placeholder in operation.path_params:
        name = documented_name(operation, placeholder)
        yield Parameter(name, (URL, placeholder), _TEXT, required=True, documented=True)
    required = set(operation.required_by_document) if document else set()
    for name in dict.fromkeys((*operation.documented_params, *operation.aliases)):
        path = resolve_name(operation, (name,)).path
        if path is None:
            continue
        own = operation.params.fields.get(path[0]) if len(path) == 1 else None
        must = ".".join(path) in required or (own is not None and own.required)
        shape = shape_at(operation.params, path) or _TEXT
        yield Parameter(name, path, shape, required=must, documented=True)


def missing(context: CursorContext, table: Table, *, document: bool = True) -> tuple[str, ...]:
    """Returns the required parameters that the current block lacks, `action` and `entity` included."""
    if not context.in_block:
        return ()
    written = {
        "action": context.action or context.kind == "action",
        "entity": context.entity or context.kind == "entity",
    }
    words = tuple(name for name, value in written.items() if not value)
    operation = operation_of(context, table)
    if words or operation is None:
        return words
    used = used_paths(context, operation)
    return tuple(p.name for p in parameters(operation, document=document) if p.required and not _covers(used, p.path))


def used_paths(context: CursorContext, operation: Operation) -> set[ParamPath]:
    """Returns the parameters of the block by Stripe's names."""
    names = (*context.used, context.key) if context.kind == "value" and context.key else context.used
    return {param_path(operation, split_key(name)) for name in names if name not in {"action", "entity"}}


def param_path(operation: Operation, typed: ParamPath) -> ParamPath:
    """Returns the path of the parameter that a name stands for, or the name itself if unknown."""
    if not typed:
        return typed
    found = resolve_name(operation, typed)
    return (URL, found.path_param) if found.path_param else found.path or typed


def split_key(key: str) -> ParamPath:
    """Splits `items[0].price` into `("items", "0", "price")`."""
    return tuple(_STEP.findall(key))


def _covers(used: set[ParamPath], path: ParamPath) -> bool:
    return any(other[: len(path)] == path for other in used)


# --- suggestions ----------------------------------------------------------------------------------------


def suggest_fields(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Suggests parameter names, at the top of the block or below the typed part of a name."""
    words = _action_and_entity(context)
    operation = operation_of(context, sources.table)
    if operation is None:
        return closest_first(context.prefix, words, lambda suggestion: suggestion.display)
    base_end = max(context.prefix.rfind("."), context.prefix.rfind("[")) + 1
    if base_end:
        return _nested(context, sources, operation, base_end)
    used = used_paths(context, operation)
    found = [*words]
    for parameter in parameters(operation, document=sources.document):
        found += _top_level(context, sources, operation, parameter, used)
    return closest_first(context.prefix, found, lambda suggestion: suggestion.display)


def _action_and_entity(context: CursorContext) -> list[Suggestion]:
    named = {"action": context.action, "entity": context.entity}
    meanings = {"action": "create, get, list, update, …", "entity": "customer, subscription, product, …"}
    mark = "=" if context.inline else ": "
    return [
        Suggestion(f"{name}{mark}", context.start, name, meanings[name], "field", required=True)
        for name, value in named.items()
        if not value
    ]


def _top_level(
    context: CursorContext, sources: SuggestionSources, operation: Operation, parameter: Parameter, used: set[ParamPath]
) -> Iterator[Suggestion]:
    if closeness(context.prefix, parameter.name) is None and not context.prefix.startswith(parameter.name):
        return
    meta = _note(sources, operation, parameter, parameter.path)
    for ending in _endings(parameter.shape, parameter.name, context):
        whole = not ending.endswith((".", "["))
        if whole and _covers(used, parameter.path):
            continue
        display = parameter.name + ending.rstrip(": =")
        yield Suggestion(parameter.name + ending, context.start, display, meta, "field", parameter.required)


def _endings(shape: Shape, name: str, context: CursorContext) -> Iterator[str]:
    """Yields the endings of a name: for a value, or for a nested name."""
    if _takes_value(shape):
        yield "=" if context.inline else ": "
    kinds = {variant.kind for variant in (shape, *shape.variants)}
    if kinds & {"object", "map"}:
        yield "."
    if any(inner.kind in {"object", "union"} for inner in members(shape, "0") if "array" in kinds):
        count = _next_index(name, context)
        yield from (f"[{index}]." for index in range(max(0, count - 1), count + 1))


def _takes_value(shape: Shape) -> bool:
    if shape.kind == "union":
        return any(_takes_value(variant) for variant in shape.variants)
    if shape.kind == "array":
        return shape.items is not None and _takes_value(shape.items)
    return shape.kind not in {"object", "map"}


def _next_index(base: str, context: CursorContext) -> int:
    """Returns the index after the highest one written for a list; 0 for a new list."""
    indexes = [path[1] for name in context.used if (path := split_key(name))[:1] == (base,) and len(path) > 1]
    return max((int(index) + 1 for index in indexes if index.isdecimal()), default=0)


def _nested(
    context: CursorContext, sources: SuggestionSources, operation: Operation, base_end: int
) -> list[Suggestion]:
    """Suggests names below `address.`, `items[0].` or `created[`."""
    base, typed = context.prefix[:base_end], context.prefix[base_end:]
    path = param_path(operation, split_key(base))
    shape = shape_at(operation.params, path)
    if shape is None:
        return []
    if path and path[-1] == "metadata":
        return _metadata_keys(context, sources, base_end)
    bracket = base.endswith("[")
    if bracket and "array" in {variant.kind for variant in (shape, *shape.variants)}:
        return []
    used = used_paths(context, operation)
    found: list[Suggestion] = []
    for field in _fields_below(shape):
        if closeness(typed, field.name) is None and not typed.startswith(field.name):
            continue
        meta = _note(sources, operation, field, (*path, field.name))
        for ending in _endings(field.shape, field.name, context):
            if (*path, field.name) in used and not ending.endswith("."):
                continue
            text = f"{field.name}]{ending}" if bracket else field.name + ending
            display = field.name + ending.rstrip(": =")
            found.append(Suggestion(text, context.start + base_end, display, meta, "field", field.required))
    found.sort(key=lambda suggestion: not suggestion.required)
    return closest_first(typed, found, lambda suggestion: suggestion.display)


def _metadata_keys(context: CursorContext, sources: SuggestionSources, base_end: int) -> list[Suggestion]:
    """Keys that metadata has had in this session; behind `metadata.` the rest is one key."""
    if sources.place is None or context.prefix[base_end - 1] != ".":
        return []
    mark = "=" if context.inline else ": "
    keys = closest_first(context.prefix[base_end:], sources.known.metadata_keys(sources.place), str)
    start = context.start + base_end
    texts = ((key, format_metadata_key(key, inline=context.inline)) for key in keys)
    return [Suggestion(text + mark, start, key, "seen here", "field") for key, text in texts]


def _fields_below(shape: Shape) -> Iterator[Parameter]:
    for variant in (shape, *shape.variants):
        for field in variant.fields.values():
            yield Parameter(field.name, (), field.shape, field.required, deprecated=field.deprecated)


def _note(sources: SuggestionSources, operation: Operation, parameter: Parameter, path: ParamPath) -> str:
    """The type and the meaning of a parameter."""
    noun = noun_of(sources, operation, path, parameter.shape)
    label = f"id of {noun}" if noun else type_label(parameter.shape, _SHOWN_VALUES).replace(_ANY_LENGTH, "")
    meaning = "" if noun or parameter.shape.enum else MEANINGS.get(parameter.name, "")
    return " · ".join(note for note in (label, meaning, "deprecated" * parameter.deprecated) if note)
