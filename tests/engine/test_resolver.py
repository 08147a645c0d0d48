"""Each block is resolved once: what check, preview, confirmation and sending of one run share, and when they may not.

What is counted is calls of `engine.resolve.resolve`, the one function that turns a block and a scope into a call.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.diagnostics import SourceText
from stripe_shell.engine import resolver
from stripe_shell.engine.outcome import Outcome
from stripe_shell.engine.resolve import Resolution, resolve
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.ast import Block
from stripe_shell.lang.parser import parse
from stripe_shell.repl.running import run_text
from stripe_shell.spec.table import Table
from tests.engine.support.world import NOW, World, answer
from tests.repl.fakes import session

CREATE = "/sandbox create customer email=a@b.co name=A"
READ = "/sandbox get customer id=cus_1"


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each block was resolved, by its text."""
    counted: Counter[str] = Counter()

    def count(block: Block, table: Table, scope: Scope) -> Resolution:
        counted[block.span.text.strip().splitlines()[0]] += 1
        return resolve(block, table, scope)

    monkeypatch.setattr(resolver, "resolve", count)
    return counted


def outcomes_of(world: World, text: str, **options: Any) -> tuple[Outcome, ...]:
    run = world.run(text, **options)
    assert run.outcomes, run.diagnostics
    assert all(outcome.status == "passed" for outcome in run.outcomes)
    return run.outcomes


# --- in a run -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"{CREATE}\n\n{READ}\n",
        f"{READ}\n\n@connection test\n\n{READ} expand=default_source\n",
        "@let name = Ann\n\n/sandbox create customer email=a@b.co name=${name}\n",
        "/sandbox create customer email=${env:KEY}@b.co name=${env:NOBODY:-Ann}\n",
        f"{CREATE} metadata.at=${{now}} metadata.key=${{uuid}}\n\n{CREATE} metadata.key=${{uuid}}\n",
        "/sandbox list customers created.gte=now-1d\n",
        f"{READ}\n@retry 3 every 1s until object == thing\n",
        f"{CREATE}\n@as c\n\n{READ}\n@expect id == ${{c.id}}\n",
        f"{CREATE}\n@raw new=${{env:KEY}}\n@idempotency_key ${{env:KEY}}-1\n",
    ],
    ids=["plain", "connection", "let", "env", "now-uuid", "relative-time", "retry", "expect", "raw"],
)
def test_a_block_whose_values_are_known_at_the_check_is_resolved_once_in_a_run(counts: Counter[str], text: str) -> None:
    found = outcomes_of(World([answer({"id": "obj_1", "object": "thing"})] * 2), text)
    assert len(counts) == len(found)
    assert set(counts.values()) == {1}


def test_a_block_that_refers_to_a_response_is_resolved_once_more_when_that_is_there(counts: Counter[str]) -> None:
    """The check before the first request needs the first of the two, what is sent the second."""
    world = World()
    outcomes_of(world, f"{CREATE}\n@as c\n\n/sandbox get customer id=${{c.id}}\n")
    assert counts == {CREATE: 1, "/sandbox get customer id=${c.id}": 2}
    assert world.requests[1].path == "/v1/customers/obj_1"


def test_a_block_that_refers_to_a_row_is_resolved_twice_and_then_filled_in(
    counts: Counter[str], tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("email\na@b.co\nc@d.co\ne@f.co\n")
    of_row = "/sandbox create customer email=${row.email} name=A"
    world = World()
    world.run(f'@foreach row in "rows.csv" key=email\n{of_row}\n\n{READ}\n@end\n', name=str(tmp_path / "t.stripe"))
    assert len(world.requests) == 6
    assert [request.body for request in world.requests[::2]] == [
        b"email=a%40b.co&name=A",
        b"email=c%40d.co&name=A",
        b"email=e%40f.co&name=A",
    ]
    assert counts == {of_row: 2, READ: 1}


def test_rows_with_values_that_python_calls_equal_are_not_one_call(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"v": 1}\n{"v": true}\n{"v": 1.0}\n{"v": "1"}\n')
    world = World()
    text = '@foreach row in "rows.jsonl"\n/sandbox post /v2/core/things v=${row.v}\n@end\n'
    world.run(text, name=str(tmp_path / "t.stripe"))
    assert [request.body for request in world.requests] == [b'{"v": 1}', b'{"v": true}', b'{"v": 1.0}', b'{"v": "1"}']


@pytest.mark.parametrize("setting", ["account acct_2", "version 2020-08-27"])
def test_a_call_is_resolved_again_where_a_setting_has_changed(setting: str) -> None:
    """A block of `@teardown` is checked where it stands and run at the end."""
    world = World()
    world.run(f"{READ}\n@teardown\n\n@{setting}\n\n{CREATE}\n")
    assert setting.split()[1] in world.requests[1].headers.values()
    assert world.requests[1].path == "/v1/customers/cus_1"


def test_a_value_of_the_script_and_the_same_out_of_data_are_not_one_call(tmp_path: Path) -> None:
    """Of a path the script may write out anything, data only a plain name."""
    (tmp_path / "below").mkdir()
    world = World()
    text = f"{READ}\n@out {tmp_path}/below/${{name}}.json\n"
    block = parse(SourceText("t", text))[0].items[0]
    assert isinstance(block, Block)
    calls = world.engine.resolver()
    written = calls.resolve(block, world.scope.with_variable("name", "../a", written=True))
    of_data = calls.resolve(block, world.scope.with_variable("name", "../a"))
    assert written.diagnostics == ()
    assert [each.code for each in of_data.diagnostics] == ["E307"]


def test_a_name_that_was_to_come_and_did_not_is_told_from_one_that_is_still_to_come() -> None:
    world = World([answer({"object": "thing"})])
    run = world.run(f"{CREATE}\n@as c\n\n/sandbox get customer id=${{c.id}}\n")
    assert len(world.requests) == 1
    assert [diagnostic.code for diagnostic in run.outcomes[1].diagnostics] == ["E302"]


def test_a_dry_run_takes_the_calls_of_the_check(counts: Counter[str]) -> None:
    from stripe_shell.batch.runner import prepare

    world = World()
    script = prepare(
        world.engine, SourceText("t", f"{CREATE}\n@as c\n\n/sandbox get customer id=${{c.id}}\n"), world.scope
    )
    items = script.program.items
    assert len(list(world.engine.preview(items, script.scope, run_id="run", resolver=script.resolver))) == 2
    assert set(counts.values()) == {1}


# --- at the prompt --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "block",
    [
        CREATE,
        "/sandbox list customers created.gte=now",
        "/sandbox get customer id=${last.id}",
        "/sandbox list customers\n@pages all",
    ],
)
def test_at_the_prompt_a_block_is_resolved_once_between_enter_and_send(counts: Counter[str], block: str) -> None:
    state, transport, _ = session()
    run_text(state, SourceText("<prompt>", f"{READ.replace('cus_1', 'cus_2')}\n"))
    counts.clear()
    run_text(state, SourceText("<prompt>", f"{block}\n"))
    assert len(transport.sent) == 2
    assert set(counts.values()) == {1}


def test_the_call_that_is_confirmed_is_the_one_that_is_sent(counts: Counter[str]) -> None:
    from stripe_shell.records import replace

    questions: list[str] = []
    state, transport, _ = session(live=True)
    state.environment = replace(state.environment, confirm=lambda question: questions.append(question) or "cus_1")
    block = "/stripe update customer id=cus_1 name=${now}"
    run_text(state, SourceText("<prompt>", f"{block}\n"))
    question = "LIVE stripe: this changes the customer cus_1: with name.\nType cus_1 to send it, d to see the request: "
    assert questions == [question]
    assert transport.sent[-1].body == b"name=1700000000"
    assert counts[block] == 1


def test_a_block_of_one_submission_sees_its_own_time() -> None:
    from stripe_shell.records import replace

    state, transport, _ = session()
    times = iter([NOW, NOW + 60])
    state.environment = replace(state.environment, clock=lambda: next(times))
    run_text(
        state,
        SourceText("<prompt>", "/sandbox list customers created.gte=now\n\n/sandbox list charges created.lt=now\n"),
    )
    assert [request.query for request in transport.sent] == [f"created[gte]={NOW}", f"created[lt]={NOW + 60}"]
