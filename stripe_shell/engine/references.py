"""Finding the references in a part of a script."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from stripe_shell.lang.ast import Block, Reference, Value
from stripe_shell.records import fields


def references_in(node: Any) -> Iterator[Reference]:
    """Every reference in a node of the syntax tree, or in several, wherever it stands."""
    kind: type = type(node)
    if kind is Value:
        yield from node.references
    elif kind is tuple:
        for item in node:
            yield from references_in(item)
    elif kind is Reference:
        yield node
    else:
        for name in _parts_of(kind):
            yield from references_in(getattr(node, name))


@cache
def _parts_of(kind: type) -> tuple[str, ...]:
    """The members of a node that may hold others; none for what is no node."""
    if kind.__module__ != Block.__module__:
        return ()
    return tuple(member.name for member in fields(kind) if member.compare)
