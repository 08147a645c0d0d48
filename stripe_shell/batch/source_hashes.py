"""Hashes of what a run was made of: the texts of its script, and the values of the environment in it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.ast import Reference, ScriptItem
from stripe_shell.lang.visit import items_in, nodes_in


def hash_sources(items: Sequence[ScriptItem], source: SourceText, scope: Scope, salt: str) -> dict[str, Any]:
    """Returns the hashes of the script and of the files that it includes, and of environment values by name.

    `salt` keeps a short value from being guessed by its hash.
    """
    texts = {source.name: source.text} | {item.span.source.name: item.span.source.text for item in items_in(items)}
    names = {each.name for each in nodes_in(tuple(items), Reference) if each.namespace == "env"}
    known = sorted(name for name in names if name in scope.environment)
    return {
        "hash": {name: _digest(text) for name, text in texts.items()},
        "env": {name: _digest(f"{salt}\0{name}\0{scope.environment[name]}") for name in known},
    }


def _digest(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
