"""Traversal of the syntax tree: visitors with a method per node class, iterators over its nodes, and rewriting.

The members of a node that hold other nodes are derived from its class, so a new node class needs no change here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, TypeVar, cast

from stripe_shell.diagnostics import Span
from stripe_shell.lang.ast import Assignment, Block, Directive, ForEach, Loop, Name, ScriptItem
from stripe_shell.lang.directives import DIRECTIVES, Named
from stripe_shell.records import fields, replace

N = TypeVar("N")

#: Words in annotations that begin with a capital letter and are not node classes.
_NO_NODES = frozenset({"None", "Literal"})


class Visitor:
    """The base class of visitors, like `ast.NodeVisitor` for Python's trees.

    `visit(node)` calls the visitor's method for the class of the node (`visit_block`, `visit_loop`, `visit_directive`,
    `visit_comment`, `visit_param`, `visit_value`, `visit_reference`, …). Without such a method it visits the node's
    children.
    """

    __slots__ = ()

    def visit(self, node: object) -> None:
        """Calls the method for the node's class, or visits its children."""
        visitor: type = type(self)
        cls: type = type(node)
        _method(visitor, cls)(self, node)

    def visit_children(self, node: object) -> None:
        """Visits the nodes in a node or tuple, in order."""
        cls: type = type(node)
        for child in node if isinstance(node, tuple) else [getattr(node, name) for name in _members(cls)]:
            self.visit(child)


def nodes_in(root: object, kind: type[N]) -> Iterator[N]:
    """Yields every node of a class in a node or tuple, in the order of the text; a match before those inside it."""
    waiting = [root]
    while waiting:
        node: Any = waiting.pop()
        cls: type = type(node)
        if cls is kind:
            yield node
        if cls is tuple:
            waiting += reversed(node)
        else:
            waiting += [getattr(node, name) for name in reversed(_members(cls))]


def items_in(items: Iterable[ScriptItem]) -> Iterator[ScriptItem]:
    """Yields every item, each loop followed by the items inside it."""
    for item in items:
        yield item
        if isinstance(item, Loop):
            yield from items_in(item.items)


def blocks_in(items: Iterable[ScriptItem]) -> Iterator[Block]:
    """Yields every block, those in loops included."""
    return (item for item in items_in(items) if isinstance(item, Block))


def loops_in(items: Iterable[ScriptItem]) -> Iterator[Loop]:
    """Yields every loop, nested ones included."""
    return (item for item in items_in(items) if isinstance(item, Loop))


def directives_in(items: Iterable[ScriptItem]) -> Iterator[Directive]:
    """Yields every directive: of blocks, of loops, and at the top level."""
    for item in items:
        if isinstance(item, Block):
            yield from item.directives
        elif isinstance(item, Loop):
            yield item.directive
            yield from directives_in(item.items)
        elif isinstance(item, Directive):
            yield item


def names_given(items: Iterable[ScriptItem], *kinds: Named) -> Iterator[tuple[str, Span]]:
    """Yields the names of these kinds that directives define, each with its span."""
    for directive in directives_in(items):
        argument = directive.argument
        if isinstance(argument, Name | Assignment | ForEach) and DIRECTIVES[directive.name].names in kinds:
            yield argument.name, argument.name_span


def rewrite(root: N, kind: type[Any], change: Callable[[Any], Any]) -> N:
    """Returns a copy of a node or tuple in which `change` has replaced every node of a class."""
    cls: type = type(root)
    if cls is kind:
        return cast("N", change(root))
    if cls is tuple:
        return cast("N", tuple([rewrite(node, kind, change) for node in cast("tuple[Any, ...]", root)]))
    members = {name: rewrite(getattr(root, name), kind, change) for name in _members(cls)}
    return replace(root, **members) if members else root


@cache
def _method(visitor: type, cls: type) -> Callable[[Any, object], None]:
    method: Callable[[Any, object], None] = getattr(visitor, f"visit_{cls.__name__.lower()}", Visitor.visit_children)
    return method


@cache
def _members(cls: type) -> tuple[str, ...]:
    """Returns the members of a node class that may hold nodes, from its annotations; empty for other classes."""
    if cls.__module__ != Block.__module__:
        return ()
    return tuple(member.name for member in fields(cls) if member.compare and _names_a_class(cls, member.name))


def _names_a_class(cls: type, member: str) -> bool:
    return any(word[0].isupper() for word in re.findall(r"\w+", cls.__annotations__[member]) if word not in _NO_NODES)
