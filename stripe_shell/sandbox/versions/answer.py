"""Renders an answer in an older version: each object is carried back, and expanded in that version's words."""

from __future__ import annotations

from typing import Any

from stripe_shell.sandbox.expand import ExpandTree, expand_member, member_shape
from stripe_shell.sandbox.objects.context import Context
from stripe_shell.spec.model import Shape

from .chain import Chain

_ANY = Shape("any")

#: How many members remain of a deleted object; a deleted discount has all of them.
_REMAINS = 3


def downgrade(ctx: Context, chain: Chain, value: Any, tree: ExpandTree, shape: Shape) -> None:
    """Mutates a value of an answer, with everything in it: the form of today becomes that of the chain's version.

    `shape` is the value's shape in the older version, and `tree` the paths to expand there. An object is carried back
    before it is expanded, since the older form has other members to expand; what comes in is carried back in turn.
    Events are left: Stripe shows them in the version that they were made in, whatever a request asks for.
    """
    if isinstance(value, list):
        for item in value:
            downgrade(ctx, chain, item, tree, shape.items or shape)
    elif isinstance(value, dict):
        kind = value.get("object")
        if kind == "event":
            return
        if isinstance(kind, str) and not ("deleted" in value and len(value) <= _REMAINS):
            chain.downgrade(ctx, kind, value)
        for name in tree:
            expand_member(ctx, value, name, shape, chain.table)
        for name, member in value.items():
            inner = member_shape(chain.table, shape, name, kind if isinstance(kind, str) else None) or _ANY
            if isinstance(member, dict | list) and inner.kind != "map":
                downgrade(ctx, chain, member, tree.get(name, {}), inner)
