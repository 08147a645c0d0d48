"""Handlers: asked for by their class, so that their methods are typed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.payments.intent_rules import Intent
from stripe_shell.sandbox.payments.legacy_sources import AttachedSource
from stripe_shell.sandbox.resources.card import Card
from stripe_shell.sandbox.resources.setup_intent import SetupIntent


def test_a_handler_is_the_resource_of_its_class() -> None:
    with Sandbox().context() as ctx:
        assert ctx.handler(Card) is ctx.resource("card")
        assert ctx.handler(AttachedSource, "card") is ctx.resource("card")
        assert isinstance(ctx.handler(Intent, "setup_intent"), SetupIntent)


def test_a_handler_of_another_class_is_refused() -> None:
    with Sandbox().context() as ctx, pytest.raises(LookupError, match="setup_intent is not handled by Card"):
        ctx.handler(Card, "setup_intent")


def test_methods_are_looked_up_by_name_where_they_are_collected_alone() -> None:
    """In the code that collects what a class declares."""
    sandbox = Path(__file__).parents[2] / "stripe_shell/sandbox"
    users = {
        str(path.relative_to(sandbox))
        for path in sandbox.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr"
    }
    assert users == {"objects/declarations.py", "objects/resource.py"}
