"""`convert` on the command line: which way, what is refused, what goes where, exit codes."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from .conftest import LIVE_KEY, Command

FIXTURES = json.dumps(
    {
        "_meta": {"template_version": 0},
        "fixtures": [
            {"name": "a", "path": "/v1/customers", "method": "post", "params": {"name": "Ann"}, "extra": 1},
            {"name": "b", "path": "/v1/customers/${a:id}", "method": "get"},
        ],
    }
)
SCRIPT = (
    "/sandbox create customer email=a@b.co name=Ann\n@as a\n@expect id is cus\n\n/sandbox get customer id=${a.id}\n"
)


def test_a_fixture_file_becomes_a_script_by_itself_and_that_runs(stripe_shell: Command, home: Path) -> None:
    (home / "f.json").write_text(FIXTURES)
    result = stripe_shell("convert", "f.json")
    assert result.code == 0
    assert result.err.count("warning[W601]") == 1
    (home / "f.stripe").write_text(result.out)
    assert stripe_shell("fmt", "--check", "f.stripe").code == 0
    assert stripe_shell("check", "f.stripe").code == 0
    assert stripe_shell("run", "f.stripe", "--memory").code == 0


def test_the_connection_of_the_blocks(stripe_shell: Command, home: Path) -> None:
    (home / "f.json").write_text(FIXTURES)
    assert stripe_shell("convert", "f.json", "--connection", "eu").out.count("\n/eu\n") == 2
    assert stripe_shell("convert", "f.json").out.count("\n/your-stripe-connection\n") == 2


def test_there_and_back(stripe_shell: Command, home: Path) -> None:
    (home / "s.stripe").write_text(SCRIPT)
    result = stripe_shell("convert", "s.stripe", "--to", "fixtures")
    assert result.code == 0
    assert "`@expect` is not checked" in result.err
    fixtures = json.loads(result.out)["fixtures"]
    assert [entry["path"] for entry in fixtures] == ["/v1/customers", "/v1/customers/${a:id}"]
    (home / "back.json").write_text(result.out)
    assert stripe_shell("convert", "back.json", "--to=stripe").code == 0


def test_a_block_from_standard_input(stripe_shell: Command) -> None:
    result = stripe_shell("convert", "-", "--to", "curl", stdin="create customer email=a@b.co name=Ann\n")
    assert result.code == 0
    assert "--data-raw email=a%40b.co" in result.out
    program = stripe_shell("convert", "-", "--to", "python", stdin="create customer email=a@b.co name=Ann\n").out
    ast.parse(program)
    assert "client.v1.customers.create(" in program


def test_variables_are_put_in(stripe_shell: Command) -> None:
    block = "create customer email=${mail} name=Ann\n"
    result = stripe_shell("convert", "-", "--to", "python", "--var", "mail=x@y.co", stdin=block)
    assert '"email": "x@y.co"' in result.out
    assert stripe_shell("convert", "-", "--to", "python", stdin=block).code == 2


def test_connections_need_not_be_there_and_a_live_one_may_be_written_for(
    stripe_shell: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", LIVE_KEY)
    for header in ("/nowhere", "/stripe"):
        result = stripe_shell("convert", "-", "--to", "curl", stdin=f"{header} create customer email=a@b.co name=A\n")
        assert result.code == 0, result.err
        assert LIVE_KEY not in result.out


def test_a_value_of_the_environment_is_never_written(stripe_shell: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTE", "the-value")
    text = "/x create customer email=a@b.co name=A\n@account ${env:NOTE}\n"
    for target in ("curl", "python", "fixtures"):
        result = stripe_shell("convert", "-", "--to", target, stdin=text)
        assert result.code == 0, result.err
        assert "NOTE" in result.out
        assert "the-value" not in result.out


@pytest.mark.parametrize(
    ("name", "text", "forms"),
    [
        ("s.stripe", "/x create customer emial=a@b.co name=A\n", ("curl", "E201")),
        ("s.stripe", "nonsense\n", ("python", "E101")),
        ("s.stripe", "/x list customers\n@when 1 == 1\n", ("fixtures", "E601")),
        ("s.stripe", "/x list customers\n@fails *\n", ("fixtures", "E601")),
        ("s.stripe", "@secret k = literal-secret\n/x list customers\n", ("curl", "E601")),
        ("s.stripe", "@secret k = ${env:K:-literal-secret}\n/x list customers\n", ("curl", "E601")),
        ("f.json", "{", ("stripe", "E601")),
        ("f.json", '{"fixtures": [{"name": "a", "path": "/v1/x/${b:id}", "method": "get"}]}', ("stripe", "E301")),
    ],
)
def test_what_cannot_be_converted_is_2_and_nothing_is_written(
    name: str, text: str, forms: tuple[str, str], stripe_shell: Command, home: Path
) -> None:
    target, code = forms
    (home / name).write_text(text)
    result = stripe_shell("convert", name, "--to", target)
    assert result.code == 2
    assert result.out == ""
    assert f"error[{code}]" in result.err
    assert "literal-secret" not in result.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("convert",), "which file?"),
        (("convert", "s.stripe"), "--to fixtures, curl or python"),
        (("convert", "s.stripe", "--to", "stripe"), "s.stripe is a script; --to fixtures, curl or python"),
        (("convert", "f.json", "--to", "curl"), "f.json is a fixture file; --to stripe"),
        (("convert", "s.stripe", "--to", "ruby"), "--to is one of stripe, fixtures, curl, python"),
        (("convert", "s.stripe", "f.json", "--to", "curl"), "convert takes one file"),
        (("convert", "none.stripe", "--to", "curl"), "cannot be read"),
    ],
)
def test_what_is_asked_wrong_is_1(words: tuple[str, ...], why: str, stripe_shell: Command, home: Path) -> None:
    (home / "s.stripe").write_text(SCRIPT)
    (home / "f.json").write_text(FIXTURES)
    result = stripe_shell(*words)
    assert result.code == 1
    assert why in result.err
    assert result.out == ""
