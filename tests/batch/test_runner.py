"""A script is read and checked as a whole, then run block after block."""

from __future__ import annotations

from pathlib import Path

from stripe_shell.batch.runner import prepare, run_prepared, run_source
from stripe_shell.diagnostics import Diagnostic, SourceText
from stripe_shell.engine.run.interpreter import RunStep
from tests.engine.support.world import World, refusal

READ = "/sandbox get customer id=cus_1\n\n"


def test_preparing_sends_nothing_and_says_whether_it_may_be_run() -> None:
    world = World()
    sound = prepare(world.engine, SourceText("a", READ), world.scope)
    assert sound.sound
    assert sound.diagnostics == ()
    assert len(sound.program.items) == 1
    broken = prepare(world.engine, SourceText("a", "/sandbox get custmer id=x\n"), world.scope)
    assert not broken.sound
    assert world.requests == []


def test_a_script_with_an_error_is_not_run() -> None:
    world = World()
    broken = prepare(world.engine, SourceText("a", READ + "/sandbox get custmer id=x\n"), world.scope)
    run = run_prepared(world.engine, broken, run_id="run")
    assert (run.exit_code, run.outcomes, run.not_run) == (2, (), 2)
    assert world.requests == []


def test_warnings_do_not_stop_a_script() -> None:
    world = World()
    run = world.run("/sandbox list customers limit=1000\n")
    assert [diagnostic.code for diagnostic in run.diagnostics] == ["W201"]
    assert run.exit_code == 0
    assert len(world.requests) == 1


def test_problems_come_file_by_file_in_order(tmp_path: Path) -> None:
    (tmp_path / "b.stripe").write_text("/sandbox get customer id=x nme=y\n")
    text = "/sandbox get customer id=x nme=y\n\n@include b.stripe\n\n/sandbox get custmer id=x\n"
    prepared = prepare(World().engine, SourceText(str(tmp_path / "a.stripe"), text), World().scope)
    places = [
        (Path(problem.span.source.name).name, problem.span.location()[0])
        for problem in prepared.diagnostics
        if problem.span
    ]
    assert places == sorted(places)
    assert len(places) == 3


def test_every_step_is_told_as_it_has_run_and_the_rest_is_counted() -> None:
    world = World([refusal("x")])
    told: list[RunStep] = []
    heard: list[tuple[Diagnostic, ...]] = []

    def hear(found: tuple[Diagnostic, ...]) -> None:
        assert world.requests == []
        heard.append(found)

    text = "@let a = 1\n\n" + READ * 3
    run = run_source(
        world.engine, SourceText("a", text), world.scope, run_id="run", on_diagnostics=hear, on_step=told.append
    )
    assert heard == [()]
    assert [step.outcome.status if step.outcome else None for step in told] == [None, "failed"]
    assert run.not_run == 2
    assert run.scope.variables["a"] == "1"


def test_the_scope_at_the_end_knows_what_was_saved() -> None:
    run = World().run("/sandbox get customer id=cus_1\n@as customer\n")
    assert run.scope.captures["customer"].body == {"id": "obj_1", "object": "thing"}
    assert run.scope.captures["last"].body == {"id": "obj_1", "object": "thing"}
