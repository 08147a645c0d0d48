"""How a run goes on, stops and comes out: failures of every kind, unknown outcomes, live keys, names that were lost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.diagnostics import Diagnostic, SourceText, format_diagnostics, has_errors
from stripe_shell.engine.load import load_program
from stripe_shell.engine.masking import secrets_of_program, written_secrets
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.run.row_target import RowTarget
from stripe_shell.errors import NoAnswer, NotSent, OutcomeUnknown
from stripe_shell.records import replace
from tests.engine.support.world import World, answer, refusal

CREATE = "/sandbox create customer email=a@b.co name=A\n\n"
READ = "/sandbox get customer id=cus_1\n\n"


def codes_of(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    return [diagnostic.code for diagnostic in diagnostics if diagnostic.severity == "error"]


# --- exit codes -----------------------------------------------------------------------------------------


def test_nothing_wrong_is_0() -> None:
    assert World().run(CREATE + READ).exit_code == 0
    assert World().run("").exit_code == 0
    assert World().run("# only a comment\n").exit_code == 0


def test_a_text_that_does_not_validate_is_2_and_nothing_is_sent() -> None:
    world = World()
    run = world.run(CREATE + "/sandbox create customer emial=a@b.co name=A\n")
    assert run.exit_code == 2
    assert run.outcomes == ()
    assert world.requests == []


def test_a_call_that_fails_is_3_and_stops_the_script() -> None:
    world = World([refusal("resource_missing", status=404)])
    run = world.run(READ + CREATE)
    assert run.exit_code == 3
    assert len(world.requests) == 1
    assert codes_of(run.outcomes[0].diagnostics) == ["E403"]


def test_an_expectation_that_fails_is_4_and_stops_the_script() -> None:
    world = World()
    run = world.run("/sandbox get customer id=cus_1\n@expect id == x\n\n" + CREATE)
    assert run.exit_code == 4
    assert len(world.requests) == 1


@pytest.mark.parametrize("error", ["card_error", "api_error/x", "card_error/other"])
def test_another_failure_than_the_expected_one_is_4(error: str) -> None:
    run = World([refusal("resource_missing", status=404)]).run(f"{READ.strip()}\n@fails {error}\n")
    assert run.exit_code == 4
    assert codes_of(run.outcomes[0].diagnostics) == ["E402"]


def test_a_success_where_a_failure_was_expected_is_4() -> None:
    run = World().run(f"{READ.strip()}\n@fails card_error\n")
    assert run.exit_code == 4
    assert codes_of(run.outcomes[0].diagnostics) == ["E404"]


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"error": "invalid"}', b'"text"', b'{"error": {"type": 5}}'])
def test_an_error_whose_body_is_not_as_usual_is_a_failure_all_the_same(body: bytes) -> None:
    assert World([answer(body, 404)]).run(READ).exit_code == 3
    assert World([answer(body, 404)]).run(f"{READ.strip()}\n@fails card_error\n").exit_code == 4
    assert World([answer(body, 404)]).run(f"{READ.strip()}\n@fails *\n").exit_code == 0


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([refusal("x"), answer({"id": "y"})], 3),
        ([answer({"id": "y"}), refusal("x")], 3),
        ([answer({"id": "z"}), OutcomeUnknown("lost")], 5),
        ([refusal("x"), OutcomeUnknown("lost")], 5),
        ([answer({"id": "y"}), answer({"id": "z"})], 4),
    ],
)
def test_of_several_kinds_of_failure_the_first_of_5_3_4_decides(answers: list[Any], code: int) -> None:
    script = "/sandbox get customer id=cus_1\n@expect id == z\n\n" + CREATE
    assert World(answers).run(script, keep_going=True).exit_code == code


def test_the_answer_that_a_script_documents_is_not_compared_in_a_run() -> None:
    assert World().run(f'{READ.strip()}\nResponse:\n{{"id": "something else"}}\n').exit_code == 0


def test_a_timeout_belongs_to_its_block() -> None:
    world = World()
    world.run(f"{READ.strip()}\n@timeout 2.5s\n\n{READ}")
    assert [request.timeout_ms for request in world.requests] == [2500, None]


# --- no answer, and unknown outcomes ----------------------------------------------------------------------


def test_a_write_that_brought_no_answer_is_5_names_its_key_and_always_stops_the_run() -> None:
    world = World([OutcomeUnknown("the line went dead")])
    run = world.run(CREATE + READ, keep_going=True)
    assert run.exit_code == 5
    assert len(world.requests) == 1
    drawn = format_diagnostics(run.outcomes[0].diagnostics)
    assert "error[E502]" in drawn
    assert "the line went dead" in drawn
    assert f"@idempotency_key {world.requests[0].idempotency_key}" in drawn


def test_ctrl_c_while_a_write_is_under_way_leaves_its_outcome_open() -> None:
    world = World([KeyboardInterrupt()])  # type: ignore[list-item]
    run = world.run(CREATE + READ)
    assert run.exit_code == 5
    assert str(world.requests[0].idempotency_key) in format_diagnostics(run.outcomes[0].diagnostics)


def test_ctrl_c_while_a_delete_is_under_way_says_to_look_first() -> None:
    run = World([KeyboardInterrupt()]).run("/sandbox delete customer id=cus_1\n")  # type: ignore[list-item]
    assert run.exit_code == 5
    assert "look before you send it again" in format_diagnostics(run.outcomes[0].diagnostics)


def test_ctrl_c_while_a_read_is_under_way_just_ends_the_run() -> None:
    with pytest.raises(KeyboardInterrupt):
        World([KeyboardInterrupt()]).run(READ)  # type: ignore[list-item]


@pytest.mark.parametrize(("error", "word"), [(NotSent("no route"), "not sent"), (NoAnswer("silence"), "no answer")])
def test_what_was_not_sent_or_not_answered_is_3(error: Exception, word: str) -> None:
    run = World([error]).run(READ)
    assert run.exit_code == 3
    assert f"retrieve customer: {word}" in format_diagnostics(run.outcomes[0].diagnostics)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_5xx_to_a_write_is_5_also_where_a_failure_was_expected(status: int) -> None:
    broken = answer({"error": {"type": "api_error", "message": "Oops."}}, status)
    assert World([broken]).run(CREATE).exit_code == 5
    assert World([broken]).run(f"{CREATE.strip()}\n@fails api_error\n").exit_code == 5
    assert World([broken]).run(READ).exit_code == 3


def test_a_5xx_that_may_be_sent_again_is_a_failure_like_others() -> None:
    turned_away = answer({"error": {"type": "api_error"}}, 503, headers={"stripe-should-retry": "true"})
    run = World([turned_away]).run(CREATE)
    assert run.exit_code == 3
    assert codes_of(run.outcomes[0].diagnostics) == ["E403"]
    assert "may have been carried out" not in format_diagnostics(run.outcomes[0].diagnostics)


def test_a_write_answered_with_an_unreadable_success_is_5_a_read_is_3() -> None:
    assert World([answer(b"<html>")]).run(CREATE).exit_code == 5
    assert World([answer(b"<html>")]).run(READ).exit_code == 3


# --- names that were lost ----------------------------------------------------------------------------------


def test_a_name_whose_block_brought_no_answer_never_means_what_it_meant_before() -> None:
    """The object of an earlier run of the name must not be changed in the place of the one that is not there."""
    script = """
/sandbox get customer id=cus_1

/sandbox get customer id=cus_2

/sandbox delete customer id=${last.id}
"""
    world = World([answer({"id": "cus_1"}), NoAnswer("silence")])
    run = world.run(script, keep_going=True)
    assert [request.method for request in world.requests] == ["GET", "GET"]
    assert [outcome.status for outcome in run.outcomes] == ["passed", "failed", "failed"]
    drawn = format_diagnostics(run.outcomes[2].diagnostics)
    assert "`last` has no value" in drawn
    assert "this block brought no answer" in drawn


def test_a_variable_that_a_response_could_not_fill_stops_only_what_needs_it() -> None:
    script = """
/sandbox get customer id=cus_1
@as customer

@let mail = ${customer.email}

/sandbox update customer id=cus_1 name=${mail}

/sandbox update customer id=cus_1 name=B
"""
    world = World([answer({"id": "cus_1"})])
    run = world.run(script, keep_going=True)
    assert [outcome.status for outcome in run.outcomes] == ["passed", "failed", "passed"]
    assert "has no field `email` (cus_1, saved on line 3)" in format_diagnostics(run.outcomes[1].diagnostics)


@pytest.mark.parametrize(
    ("name", "header", "value"), [("account", "Stripe-Account", "acct_1"), ("version", "Stripe-Version", "2020-08-27")]
)
def test_an_account_and_a_version_can_be_taken_back(name: str, header: str, value: str) -> None:
    world = World()
    plain = "/sandbox list customers\n"
    world.run(f"{plain}\n@{name} {value}\n\n{plain}\n{plain}@{name} none\n\n{plain}\n@{name} none\n\n{plain}")
    before, *sent = [request.headers.get(header) for request in world.requests]
    assert sent == [value, before, value, before]
    assert before not in {"none", ""}


def test_an_account_that_a_response_could_not_name_stops_every_block_until_it_is_set_anew() -> None:
    """Otherwise the request would go to the platform's own account."""
    script = """
/sandbox get account id=acct_1
@as account

@account ${account.settings.branding.icon}

/sandbox get customer id=cus_1

@account acct_2

/sandbox get customer id=cus_1
"""
    world = World([answer({"id": "acct_1"})])
    run = world.run(script, keep_going=True)
    assert [outcome.status for outcome in run.outcomes] == ["passed", "failed", "passed"]
    assert [request.headers.get("Stripe-Account") for request in world.requests] == [None, "acct_2"]


def test_a_value_of_a_response_that_does_not_fit_is_a_failure_not_a_mistake_of_the_text() -> None:
    script = "/sandbox get customer id=cus_1\n@as c\n\n/sandbox update customer id=cus_1 balance=${c.name}\n"
    world = World([answer({"id": "cus_1", "name": "Ann"})])
    assert world.run(script).exit_code == 3
    assert len(world.requests) == 1


def test_names_of_the_command_line_outrank_those_of_the_script() -> None:
    world = World()
    world.scope = world.scope.with_variable("name", "Given")
    world.scope = replace(world.scope, given=frozenset({"name"}))
    world.run("@let name = Written\n@spec stripe\n\n/sandbox create customer name=${name}\n")
    assert world.requests[0].body == b"name=Given"


def test_every_assignment_and_every_block_draws_a_uuid_of_its_own() -> None:
    world = World()
    block = "/sandbox create customer name=${a} metadata.b=${b} description=${uuid}\n"
    script = f"@let a = ${{uuid}}\n@let b = ${{uuid}}\n@spec stripe\n\n{block}"
    world.run(script)
    values = dict(pair.split("=") for pair in world.requests[0].body.decode().split("&"))
    assert len(set(values.values())) == 3
    again = World()
    again.run(script)
    assert again.requests[0].body == world.requests[0].body


# --- live keys ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("connection", ["live", "secretive"])
def test_a_live_connection_refuses_writes_before_anything_is_sent(connection: str) -> None:
    world = World()
    run = world.run(READ + f"/{connection} create customer email=a@b.co name=A\n")
    assert run.exit_code == 2
    assert codes_of(run.diagnostics) == ["E503"]
    assert world.requests == []


def test_a_live_refusal_does_not_hide_the_other_problems_of_the_block() -> None:
    run = World().run("/live create customer emial=a@b.co name=A\n")
    assert set(codes_of(run.diagnostics)) == {"E201", "E503"}


def test_a_live_connection_reads_and_writes_where_that_is_allowed() -> None:
    assert World().run("/live get customer id=cus_1\n").exit_code == 0
    assert World(live=True).run("/live create customer email=a@b.co name=A\n").exit_code == 0


def test_a_placeholder_means_the_connection_that_the_script_has_set() -> None:
    text = "@connection live\n\n/your-stripe-connection create customer email=a@b.co name=A\n"
    run = World().run(text)
    assert codes_of(run.diagnostics) == ["E503"]


# --- the file of an `@out` -----------------------------------------------------------------------------------


@dataclass
class BrokenSink:
    """A file on a disk that is full."""

    discarded: bool = False

    def write(self, rows: Any, *, plain: bool = False) -> None:
        raise OSError(28, "No space left on device")

    def position(self) -> None:
        """It cannot be gone on with."""

    def left_out(self) -> tuple[str, ...]:
        return ()

    def keep(self) -> None:
        raise AssertionError("nothing is to be gone on with")

    def close(self, around: Any = None) -> None:
        raise AssertionError("a broken file is not finished")

    def discard(self) -> None:
        self.discarded = True


def test_a_file_that_cannot_be_opened_is_found_before_a_write_is_sent(tmp_path: Path) -> None:
    (tmp_path / "taken.csv").mkdir()
    world = World()

    def refuse(target: RowTarget) -> Any:
        raise PermissionError(13, "Permission denied")

    world.engine = Engine(world.engine.table, world.engine.links, refuse)
    run = world.run(f"{CREATE.strip()}\n@out {tmp_path}/x.csv\n")
    assert run.exit_code == 3
    assert world.requests == []
    assert "not sent" in format_diagnostics(run.outcomes[0].diagnostics)


def test_a_file_that_cannot_be_written_fails_the_block_and_says_that_the_call_succeeded(tmp_path: Path) -> None:
    world, sink = World(), BrokenSink()
    world.engine = Engine(world.engine.table, world.engine.links, lambda target: sink)
    run = world.run(f"{CREATE.strip()}\n@out {tmp_path}/x.csv\n")
    assert run.exit_code == 3
    assert sink.discarded
    drawn = format_diagnostics(run.outcomes[0].diagnostics)
    assert "No space left on device" in drawn
    assert "do not send it again" in drawn


@pytest.mark.parametrize("failure", [NoAnswer("silence"), refusal("x"), KeyboardInterrupt()])
def test_a_file_that_was_there_stays_as_it_was_when_the_call_fails(failure: Any, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("before\n")
    world = World([answer({"object": "list", "has_more": True, "data": [{"id": "cus_1"}]}), failure])
    text = f"/sandbox list customers\n@pages all\n@out {tmp_path}/x.csv fields=id\n"
    if isinstance(failure, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            world.run(text)
    else:
        assert world.run(text).exit_code == 3
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
    assert (tmp_path / "x.csv").read_text() == "before\n"


# --- keys -----------------------------------------------------------------------------------------------------


def keys_of(text: str, run_id: str = "run") -> list[str | None]:
    world = World()
    program = load_program(SourceText("a.stripe", text))
    assert not has_errors(program.diagnostics)
    list(world.engine.run(program.items, world.scope, run_id=run_id))
    return [request.idempotency_key for request in world.requests]


def test_a_step_has_the_same_key_in_the_same_run_and_another_one_in_another_run() -> None:
    assert keys_of(CREATE * 2) == keys_of(CREATE * 2)
    assert len(set(keys_of(CREATE * 2) + keys_of(CREATE * 2, "other"))) == 4


def test_layout_comments_order_and_later_steps_do_not_change_a_key() -> None:
    again = "# a comment\n\n\n/sandbox\n  name:   A\n  action: create\n  entity: customer\n  email: a@b.co\n\n" + READ
    assert keys_of(again)[0] == keys_of(CREATE)[0]


def test_a_name_keeps_the_key_when_the_parameters_change() -> None:
    other = CREATE.replace("name=A", "name=B")
    assert keys_of(CREATE.strip() + "\n@as c\n") == keys_of(other.strip() + "\n@as c\n")
    assert keys_of(CREATE) != keys_of(other)


def test_keys_look_as_they_should() -> None:
    (key,) = keys_of(CREATE)
    assert key is not None
    assert key.startswith("ss1-")
    assert len(key) == 44
    assert set(key[4:]) <= set("0123456789abcdef")


def test_a_dry_run_shows_what_the_run_sends() -> None:
    text = CREATE + "/sandbox update customer id=cus_1 name=B\n@timeout 3s\n\n/sandbox list customers\n@pages all\n"
    world = World([answer({"id": "cus_1"}), answer({"id": "cus_1"}), answer({"object": "list", "data": []})])
    program = load_program(SourceText("a.stripe", text))
    shown = list(world.engine.preview(program.items, world.scope, run_id="run"))
    list(world.engine.run(program.items, world.scope, run_id="run"))
    assert shown == world.requests


def test_a_dry_run_leaves_references_to_responses_as_they_are_written() -> None:
    text = CREATE.strip() + "\n@as c\n\n/sandbox update customer id=${c.id} name=x${c.name}\n"
    world = World()
    program = load_program(SourceText("a.stripe", text))
    _, request = world.engine.preview(program.items, world.scope, run_id="run")
    assert request.path == "/v1/customers/${c.id}"
    assert request.body == b"name=x%24%7Bc.name%7D"
    assert world.requests == []


# --- includes -------------------------------------------------------------------------------------------------


def test_includes_are_read_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "main.stripe").write_text("@include sub/a.stripe\n\n/sandbox get customer id=${c.id}\n")
    (tmp_path / "sub" / "a.stripe").write_text("@include b.stripe\n")
    (tmp_path / "sub" / "b.stripe").write_text(CREATE.strip() + "\n@as c\n")
    world = World()
    run = world.run((tmp_path / "main.stripe").read_text(), name=str(tmp_path / "main.stripe"))
    assert run.exit_code == 0
    assert [request.path for request in world.requests] == ["/v1/customers", "/v1/customers/obj_1"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("@include missing.stripe", "E303"),
        ("@include folder", "E303"),
        ("@include latin.stripe", "E303"),
        ("@include ~nobody-here/x.stripe", "E303"),
        ("@include a\0b", "E303"),
        ("@include ${name}", "E111"),
        ("@include main.stripe", "E304"),
        ("@include ring.stripe", "E304"),
        ("@include wrong.stripe", "E201"),
    ],
)
def test_an_include_that_cannot_be_read_is_a_problem_of_the_text(line: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "latin.stripe").write_bytes(b"# caf\xe9\n")
    (tmp_path / "ring.stripe").write_text("@include folder/../main.stripe\n")
    (tmp_path / "wrong.stripe").write_text("/sandbox get customer id=cus_1 nme=x\n")
    (tmp_path / "main.stripe").write_text(f"{line}\n\n{CREATE}")
    world = World()
    run = world.run((tmp_path / "main.stripe").read_text(), name=str(tmp_path / "main.stripe"))
    assert run.exit_code == 2
    assert codes_of(run.diagnostics) == [code]
    assert world.requests == []


def test_one_file_may_be_included_twice_where_it_names_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.stripe").write_text(READ)
    world = World()
    run = world.run("@include a.stripe\n@include a.stripe\n", name=str(tmp_path / "main.stripe"))
    assert run.exit_code == 0
    assert len(world.requests) == 2


# --- secrets --------------------------------------------------------------------------------------------------

HIDDEN = "hunter2-and-more"


@pytest.mark.parametrize(
    "line",
    [
        f"@secret word = {HIDDEN}",
        f'@secret word = "{HIDDEN}"',
        f"@secret word = '{HIDDEN}'",
        f"@secret: word = {HIDDEN}",
        f"@secret my-word = {HIDDEN}",
        f"@secret {HIDDEN} {HIDDEN}",
        f"@secret word {HIDDEN}",
        f'@secret word = "{HIDDEN}\\q"',
        f"@secret word = ${{env:NOT_SET:-{HIDDEN}}}",
        f"@secret word = ${{env:EMPTY}}{HIDDEN}",
        f'@secret word = """\n  {HIDDEN}\n  {HIDDEN}!\n  """',
        f'@secret word = {{"a": ["{HIDDEN}"]}}',
        f"  @secret   word=   {HIDDEN}",
    ],
)
def test_the_value_of_a_secret_is_known_before_anything_is_shown(line: str) -> None:
    source = SourceText("a.stripe", f"{line}\n\n/sandbox create customer emial=${{word}} currency=${{word}}\n")
    world = World()
    program = load_program(source)
    secrets = secrets_of_program(program, world.scope)
    drawn = format_diagnostics([*program.diagnostics, *world.engine.check(program.items, world.scope)])
    assert HIDDEN not in secrets.mask(drawn)
    assert HIDDEN not in secrets.mask(source.text)


def test_a_reference_alone_is_no_secret_to_hide() -> None:
    assert list(written_secrets(SourceText("a", "@secret a = ${env:KEY}\n@secret b = ${env:KEY}-${env:KEY}\n"))) == []


def test_a_long_secret_is_not_shown_in_part() -> None:
    long = "s3cr3t" * 50
    script = f"""@secret word = {long}
@spec stripe

/sandbox create customer tax_exempt=${{word}} balance=${{word}}
"""
    run = World().run(script)
    drawn = "\n".join(f"{diagnostic.message} {diagnostic.label}" for diagnostic in run.diagnostics)
    assert codes_of(run.diagnostics) == ["E204", "E203"]
    assert "s3cr3t" not in drawn


def test_a_long_secret_in_an_answer_is_not_shown_in_part() -> None:
    long = "s3cr3t" * 50
    script = f"""@secret word = {long}

/sandbox get customer id=cus_1
@expect name == x
@expect name == ${{word}}x
@expect email ~ ^${{word}}$
@match {{"name": "x", "email": "${{word}}!"}}
@fails x
"""
    body = {"error": {"type": long, "code": "x"}, "name": f"a {long}", "email": f"{long} b"}
    run = World([answer(body, 400)]).run(script)
    assert run.exit_code == 4
    shown = [f"{d.message} {d.label}" for d in run.outcomes[0].diagnostics]
    shown += [f"{a.expected} {a.actual}" for a in run.outcomes[0].assertions]
    assert "s3cr3t" not in "\n".join(shown)


def test_no_secret_enters_a_file(tmp_path: Path) -> None:
    script = f"@secret word = {HIDDEN}\n\n/sandbox list customers\n@out {tmp_path}/x.csv\n"
    world = World([answer({"object": "list", "data": [{"id": "cus_1", "name": f"a {HIDDEN} b"}]})])
    assert world.run(script).exit_code == 0
    assert (tmp_path / "x.csv").read_text() == "id,name\ncus_1,a ******** b\n"


# --- answers of any shape ---------------------------------------------------------------------------------------

ODD_BODIES: list[Any] = [
    None,
    5,
    True,
    "text",
    [1, 2],
    {},
    {"data": [1], "has_more": True},
    {"data": {}, "has_more": 1},
]
ODD_BODIES += [{"data": [{"id": None}], "has_more": True}, {"data": [{"id": 5}], "next_page_url": 5}, {"error": [1]}]
ODD_BODIES += [{"object": "search_result", "has_more": True, "next_page": {"a": 1}, "data": [{"id": "x"}]}]

READERS = """\
/sandbox list customers
@pages all
@expect all data[*].id exists
@expect data count >= 0
@match {"data": []}
@as odd

/sandbox get customer id=${odd.data[0].id}
@fails card_error
"""


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("body", ODD_BODIES, ids=str)
def test_an_answer_of_any_shape_is_judged_never_stumbled_over(body: Any, status: int) -> None:
    run = World([answer(body, status)] * 3).run(READERS, keep_going=True)
    assert run.exit_code in {0, 3, 4}
    assert format_diagnostics(run.outcomes[-1].diagnostics) is not None
