"""Renders an answer in an older version: each object is carried back, and expanded in that version's words."""

from __future__ import annotations

from typing import Any

from stripe_shell.sandbox.expand import ExpandTree, expand_member, member_shape
from stripe_shell.sandbox.objects.context import Context
from stripe_shell.spec.model import Shape

from .chain import Chain

Json = dict[str, Any]

_ANY = Shape("any")

#: Members whose keys are the user's own.
_OWN = ("metadata", "payload")

#: How many members remain of a deleted object; a deleted discount has all of them.
_REMAINS = 3


def downgrade(ctx: Context, chain: Chain, value: Any, tree: ExpandTree, shape: Shape) -> None:
    """Mutates a value of an answer, with everything in it: the form of today becomes that of the chain's version.

    `shape` is the value's shape in the older version, and `tree` the paths to expand there. An object is carried back
    before it is expanded, since the older form has other members to expand; what comes in is carried back in turn.
    Events are left: Stripe shows them in the version that they were made in, whatever a request asks for.
    """
    if not tree:
        carry_back(ctx, chain, value)
    elif isinstance(value, list):
        for item in value:
            downgrade(ctx, chain, item, tree, shape.items or shape)
    elif isinstance(value, dict):
        kind = _carry_object_back(ctx, chain, value)
        if kind == "event":
            return
        for name in tree:
            expand_member(ctx, value, name, shape, chain.table)
        for name, member in value.items():
            if member and isinstance(member, dict | list) and name not in _OWN:
                inner = member_shape(chain.table, shape, name, kind) or _ANY
                downgrade(ctx, chain, member, tree.get(name, {}), inner)


def carry_back(ctx: Context, chain: Chain, value: Any) -> None:
    """Mutates a value in which nothing is expanded, for which no shapes are needed."""
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                carry_back(ctx, chain, item)
    elif isinstance(value, dict) and _carry_object_back(ctx, chain, value) != "event":
        for name, member in value.items():
            if member and isinstance(member, dict | list) and name not in _OWN:
                carry_back(ctx, chain, member)


def _carry_object_back(ctx: Context, chain: Chain, value: Json) -> str | None:
    """Mutates an object, but nothing in it. Returns its kind, None for a part of an object."""
    kind = value.get("object")
    if not isinstance(kind, str):
        return None
    if not ("deleted" in value and len(value) <= _REMAINS):
        chain.downgrade(ctx, kind, value)
    return kind
