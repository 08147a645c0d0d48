"""Finding the references in a part of a script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stripe_shell.lang.ast import Block, Reference
from stripe_shell.records import fields, is_record


def references_in(node: Any) -> Iterator[Reference]:
    """Every reference in a node of the syntax tree, wherever it stands."""
    if isinstance(node, Reference):
        yield node
    elif isinstance(node, tuple):
        for item in node:
            yield from references_in(item)
    elif is_record(node) and type(node).__module__ == Block.__module__:
        for item in fields(node):
            if item.compare:
                yield from references_in(getattr(node, item.name))
