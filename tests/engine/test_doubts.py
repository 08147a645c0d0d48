"""What `check` doubts although it is no mistake, and what it leaves in peace."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_shell.batch.runner import prepare
from stripe_shell.connections import load_connections
from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.render.files import open_rows
from stripe_shell.spec.table import load_table
from tests.engine.support.world import NOW

CREATE = "/sandbox create customer email=a@b.co name=Ann\n"
ARCHIVE = "/sandbox update product id=prod_1 active=false\n"
REVIVE = "/sandbox update product id=prod_1 active=true\n"
FIND = "/sandbox get customer id=${ann.id}\n"


def doubted(text: str, folder: Path) -> list[tuple[str, int]]:
    """Code and line of what is doubted in a text that has no mistake."""
    (folder / "rows.csv").write_text("id,email\n1,a@b.co\n2,b@b.co\n")
    engine = Engine(load_table(), load_connections({"HOME": "/nowhere"}, database=":memory:"), open_rows)
    script = prepare(engine, SourceText(str(folder / "a.stripe"), text), Scope(now=NOW, seed="seed"), lint=True)
    assert script.sound, script.diagnostics
    return [(each.code, each.span.location()[0]) for each in script.diagnostics if each.span]


def loop(*lines: str) -> str:
    return "\n".join(["@foreach row in rows.csv key=id", *(line.strip() for line in lines), "@end"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@let x = 1\n", [("W301", 1)]),
        (f"{CREATE}@as ann\n", [("W301", 2)]),
        (f"{CREATE}@as ann\n{FIND}", []),
        (f"{CREATE}@as ann\n@let id = ${{ann.id}}\n/sandbox get customer id=${{id}}\n", []),
        (f'{CREATE}@as ann\n/sandbox list customers\n@match {{"data": [{{"id": "${{ann.id}}"}}]}}\n', []),
        ("@let _x = 1\n", []),
        ("@secret x = hidden\n", []),
        (loop("/sandbox create customer email=${row.email} name=A", "@as one"), [("W301", 3)]),
    ],
)
def test_names_that_nothing_uses(text: str, expected: list[tuple[str, int]], tmp_path: Path) -> None:
    assert doubted(text, tmp_path) == expected


def test_names_of_an_included_file_are_there_for_all(tmp_path: Path) -> None:
    (tmp_path / "common.stripe").write_text("@let x = 1\n@let y = 2\n")
    text = "@include common.stripe\n/sandbox create customer email=a@b.co name=${x}\n"
    assert doubted(text, tmp_path) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{CREATE}@when 1 == 2\n", [("W302", 2)]),
        (f"{CREATE}@when 1 == 1\n", []),
        ("@let x = 1\n" + f"{CREATE}@when ${{x}} == 2\n", []),
        (f"{CREATE}@when 1 == 2\n@as ann\n{FIND}", [("W302", 2), ("W302", 4)]),
        (f"{CREATE}@when 1 == 2\n@as ann\n/sandbox get customer id=${{ann.id:-cus_1}}\n", [("W302", 2)]),
    ],
)
def test_blocks_that_never_run(text: str, expected: list[tuple[str, int]], tmp_path: Path) -> None:
    assert doubted(text, tmp_path) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CREATE + CREATE, [("W303", 2)]),
        (f"{CREATE}\n{ARCHIVE}\n/sandbox create customer name=Ann email=a@b.co\n", [("W303", 5)]),
        (CREATE + CREATE.replace("Ann", "Bob"), []),
        (f"{CREATE}\n{CREATE}@account acct_2\n", []),
        (f"{CREATE}@account acct_2\n\n{CREATE}", []),
        (f"{CREATE}\n{CREATE}@idempotency_key second\n", []),
        (f"{CREATE}\n{CREATE}@may_fail *\n", []),
        (f"{CREATE}\n{CREATE}@when ${{env:TWICE:-no}} == yes\n", []),
        ("/sandbox list customers\n" * 2, []),
        (ARCHIVE + ARCHIVE, [("W303", 2)]),
        (ARCHIVE + REVIVE + ARCHIVE, []),
        ("/sandbox create customer email=${uuid}@b.co name=A\n" * 2, []),
        (CREATE + "/sandbox delete customer id=${last.id}\n" + CREATE.replace("Ann", "B")
         + "/sandbox delete customer id=${last.id}\n", []),
        (loop(CREATE), [("W303", 2)]),
        (loop("/sandbox create customer email=${row.email} name=A"), []),
        (loop("/sandbox create customer email=${row.email} name=A", "@as one",
              "/sandbox update customer id=${one.id} name=B"), []),
        (loop("@let mail = ${row.email}", "/sandbox create customer email=${mail} name=A"), []),
        (loop("@secret mail = ${row.email}", "/sandbox create customer email=${mail} name=A"), []),
        (loop("/sandbox list customers"), []),
        (loop(CREATE, "@idempotency_key all-rows"), []),
        (loop(*["/sandbox create customer email=${row.email} name=A"] * 2), [("W303", 3)]),
    ],
)  # fmt: skip
def test_writes_that_are_made_again(text: str, expected: list[tuple[str, int]], tmp_path: Path) -> None:
    assert doubted(text, tmp_path) == expected
