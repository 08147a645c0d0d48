"""The examples of `@help ACTION ENTITY`: all pass the check, and a handful run on the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_shell.diagnostics import SourceText, format_diagnostics
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.parser import parse
from stripe_shell.render.files import open_rows
from stripe_shell.repl.help import help_text
from stripe_shell.spec.example import example_block
from stripe_shell.spec.table import load_table
from tests.repl.sandboxed import Sandboxed
from tests.test_every_operation import OneLink, sandbox

TABLE = load_table()


@pytest.fixture(autouse=True)
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photo.png").write_bytes(b"content")
    monkeypatch.chdir(tmp_path)


def test_every_example_passes_the_check() -> None:
    engine = Engine(TABLE, OneLink(sandbox()), open_rows)
    wrong = []
    for operation in TABLE.operations():
        script, problems = parse(SourceText(operation.name, example_block(operation) + "\n"))
        found = [*problems, *engine.check(script.items, Scope(now=1_769_860_800, seed="seed"))]
        errors = [each for each in found if each.code.startswith("E")]
        wrong += [format_diagnostics(errors)] if errors else []
    assert wrong == []


@pytest.mark.parametrize(
    "topic",
    [
        "create customer",
        "list customer",
        "create product",
        "create payment_intent",
        "create payment_method",
        "create coupon",
        "create price",
        "create checkout.session",
        "create webhook_endpoint",
        "search customer",
        "retrieve balance",
        "create file",
    ],
)
def test_an_example_runs_on_the_sandbox(tmp_path: Path, topic: str) -> None:
    typed = Sandboxed(tmp_path)
    shown = help_text(TABLE, topic)
    block = "\n".join(line.strip() for line in shown.partition("an example:\n")[2].split("\n"))
    assert block.startswith("/sandbox\naction: ")
    answer = typed.type(block)
    assert "ok   " in answer, answer
    assert "error[" not in answer


def test_values_are_plausible() -> None:
    operation = TABLE.operation("create", "subscription")
    assert operation is not None
    block = example_block(operation)
    assert "customer: cus_NffrFeUfNV2Hib" in block
    assert "items[0].price: price_NffrFeUfNV2Hib" in block
