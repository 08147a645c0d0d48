"""Loops over data, conditions, polling, tags, and blocks that run at the end."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from stripe_shell.engine.data_files import BadData, read_rows
from stripe_shell.engine.outcome import RunStep
from stripe_shell.records import replace
from stripe_shell.wire import Request, Response, decode_form
from tests.engine.support.world import World, answer, refusal

LOOP = """@foreach row in "rows.csv"{options}
  /sandbox create customer email=${{row.email}} name=${{row.name}}
  @as customer
@end
"""


def loop(folder: Path, rows: str, options: str = " key=email", text: str = LOOP) -> tuple[str, str]:
    """The text of a script with a loop, and its name beside the file of its rows."""
    (folder / "rows.csv").write_text(rows, encoding="utf-8")
    return text.format(options=options), str(folder / "t.stripe")


def emails(requests: list[Request]) -> list[str]:
    return [decode_form(request.body.decode())["email"] for request in requests]


ROWS = "email,name\na@b.co,Ann\nb@b.co,Bob\nc@b.co,Cy\n"


def test_every_row_runs_the_blocks_with_a_key_of_its_own(tmp_path: Path) -> None:
    world = World()
    text, name = loop(tmp_path, ROWS)
    run = world.run(text, name=name)
    assert (run.exit_code, dict(run.counts)) == (0, {"passed": 3})
    assert emails(world.requests) == ["a@b.co", "b@b.co", "c@b.co"]
    assert len({request.idempotency_key for request in world.requests}) == 3


def test_the_keys_of_rows_do_not_depend_on_their_order(tmp_path: Path) -> None:
    def keys(rows: str, options: str) -> set[str | None]:
        world = World()
        text, name = loop(tmp_path, rows, options)
        world.run(text, name=name)
        return {request.idempotency_key for request in world.requests}

    head, *lines = ROWS.splitlines(keepends=True)
    turned = head + "".join(reversed(lines))
    assert keys(ROWS, " key=email") == keys(turned, " key=email")
    assert keys(ROWS, "") == keys(turned, "")


def test_two_equal_rows_are_two_steps(tmp_path: Path) -> None:
    world = World()
    text, name = loop(tmp_path, "email,name\na@b.co,Ann\na@b.co,Ann\n", "")
    world.run(text, name=name)
    assert len({request.idempotency_key for request in world.requests}) == 2


@pytest.mark.parametrize(
    ("rows", "options", "code", "words"),
    [
        ("email,name\na@b.co,Ann\na@b.co,Bob\n", " key=email", "E306", "rows 2 and 3 have the key `a@b.co`"),
        ("email,name\n,Ann\n", " key=email", "E306", "is empty"),
        ("email,name\na@b.co,Ann\n", " key=mail", "E302", "no column `mail`"),
        ("email,nam\na@b.co,Ann\n", " key=email", "E302", "`row` has no field `name`"),
        ("email,name\na@b.co\n", " key=email", "E303", "line 2 has 1 cells, the head has 2"),
        ("email,email\na,b\n", " key=email", "E303", "twice"),
    ],
)
def test_what_is_wrong_with_the_data_is_known_before_anything_is_sent(
    tmp_path: Path, rows: str, options: str, code: str, words: str
) -> None:
    world = World()
    text, name = loop(tmp_path, rows, options)
    run = world.run(text, name=name)
    assert run.exit_code == 2
    assert world.requests == []
    assert [d.code for d in run.diagnostics] == [code]
    assert words in run.diagnostics[0].message


def test_a_wrong_cell_is_told_with_its_row_before_anything_is_sent(tmp_path: Path) -> None:
    world = World()
    text = '@foreach row in "rows.csv"{options}\n/sandbox create refund charge=ch_1 amount=${{row.amount}}\n@end\n'
    script, name = loop(tmp_path, "amount\n100\ntwo\nthree\n", "", text)
    run = world.run(script, name=name)
    assert (run.exit_code, world.requests) == (2, [])
    assert [(d.code, d.notes) for d in run.diagnostics] == [("E203", ("in rows.csv:3",))]


def test_a_cell_is_never_parsed_again(tmp_path: Path) -> None:
    world = World()
    text, name = loop(tmp_path, 'email,name\na@b.co,${env:KEY}\nb@b.co,"{""a"": 1}"\nc@b.co,"x\n@as y"\n')
    world.run(text, name=name)
    names = [decode_form(request.body.decode())["name"] for request in world.requests]
    assert names == ["${env:KEY}", '{"a": 1}', "x\n@as y"]


def test_a_failure_stops_the_loop_and_the_script_unless_it_may_go_on(tmp_path: Path) -> None:
    after = "/sandbox list customers\n"
    for options, sent in ((" key=email", 2), (" key=email on_error=continue", 4)):
        world = World([answer({"id": "cus_1"}), refusal("email_invalid")])
        text, name = loop(tmp_path, ROWS, options)
        run = world.run(text + after, name=name)
        assert (run.exit_code, len(world.requests)) == (3, sent)


def test_an_unknown_outcome_stops_even_a_loop_that_may_go_on(tmp_path: Path) -> None:
    world = World([answer({"id": "cus_1"}), answer({}, 500)])
    text, name = loop(tmp_path, ROWS, " key=email on_error=continue")
    run = world.run(text, name=name)
    assert (run.exit_code, len(world.requests)) == (5, 2)


def test_what_a_loop_saves_means_nothing_outside_of_it(tmp_path: Path) -> None:
    world = World()
    text, name = loop(tmp_path, ROWS)
    run = world.run(text + "/sandbox get customer id=${customer.id}\n", name=name)
    assert (run.exit_code, world.requests) == (2, [])
    assert run.diagnostics[0].code == "E302"


def test_rows_run_at_once_and_are_told_in_their_order(tmp_path: Path) -> None:
    barrier = threading.Barrier(3, timeout=20)

    def meet(request: Request) -> Response:
        barrier.wait()  # passes only if three requests are under way at the same time
        return answer({"id": decode_form(request.body.decode())["email"]})

    world = World([meet, meet, meet])
    text, name = loop(tmp_path, ROWS, " key=email jobs=3")
    steps: list[RunStep] = []
    from stripe_shell.batch.runner import run_source
    from stripe_shell.diagnostics import SourceText

    run = run_source(world.engine, SourceText(name, text), world.scope, run_id="run", on_step=steps.append)
    assert run.exit_code == 0
    told = [step.outcome.body["id"] for step in steps if step.outcome]
    assert told == ["a@b.co", "b@b.co", "c@b.co"]


def test_a_failure_among_rows_at_once_stops_those_not_begun(tmp_path: Path) -> None:
    rows = "email,name\n" + "".join(f"{n}@b.co,N\n" for n in range(100))
    world = World([refusal("email_invalid")])
    text, name = loop(tmp_path, rows, " key=email jobs=2")
    run = world.run(text, name=name)
    assert run.exit_code == 3
    assert len(world.requests) < 100
    assert sum(run.counts.values()) == len(world.requests)


def test_loops_in_loops_read_files_by_the_outer_row(tmp_path: Path) -> None:
    (tmp_path / "inner.jsonl").write_text('{"n": 1}\n{"n": 2}\n')
    text = (
        '@foreach row in "rows.csv" key=email\n@foreach each in "inner.jsonl"\n'
        "/sandbox create customer email=${{row.email}} name=${{each.n}}\n@end\n@end\n"
    )
    script, name = loop(tmp_path, "email,name\na@b.co,A\nb@b.co,B\n", "", text)
    world = World()
    assert world.run(script, name=name).exit_code == 0
    sent = [decode_form(request.body.decode()) for request in world.requests]
    assert [(each["email"], each["name"]) for each in sent] == [
        ("a@b.co", "1"), ("a@b.co", "2"), ("b@b.co", "1"), ("b@b.co", "2"),
    ]  # fmt: skip
    assert len({request.idempotency_key for request in world.requests}) == 4


# --- data files ---------------------------------------------------------------------------------------------


def test_the_three_kinds_of_file_say_the_same(tmp_path: Path) -> None:
    rows = [{"a": "1", "b": 'é,\n"x"'}, {"a": "2", "b": ""}]
    (tmp_path / "r.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    (tmp_path / "r.jsonl").write_text("\n\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    (tmp_path / "r.csv").write_text('\ufeffa,b\r\n1,"é,\n""x"""\r\n2,\r\n', encoding="utf-8", newline="")
    for ending in ("json", "jsonl", "csv"):
        assert [dict(row.values) for row in read_rows(tmp_path / f"r.{ending}")] == rows


def test_a_long_array_is_read_piece_by_piece(tmp_path: Path) -> None:
    rows = [{"n": number, "text": "x" * 300} for number in range(1000)]
    (tmp_path / "r.json").write_text(json.dumps(rows))
    assert [dict(row.values) for row in read_rows(tmp_path / "r.json")] == rows


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("r.json", "{}", "array of objects"),
        ("r.json", '[{"a": 1} {"a": 2}]', "comma is missing"),
        ("r.json", "[1]", "element 1 is not an object"),
        ("r.json", '[{"a": 1}', "comma is missing"),
        ("r.jsonl", '{"a": 1}\n{"a"\n', "line 2 is not JSON"),
        ("r.xml", "", "ending"),
        ("r.csv", b"a\n\xff\n", "not UTF-8"),
    ],
)
def test_a_broken_file_says_where(tmp_path: Path, name: str, text: str | bytes, words: str) -> None:
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadData, match=words):
        list(read_rows(tmp_path / name))


# --- @when, @retry, @tags, @teardown --------------------------------------------------------------------------


def test_a_block_whose_condition_does_not_hold_is_skipped() -> None:
    world = World()
    text = '@let plan = free\n/sandbox create customer email=a@b.co name=A\n@as c\n@when ${plan} == "pro"\n\n'
    run = world.run(text + "/sandbox list customers\n")
    assert (run.exit_code, dict(run.counts), len(world.requests)) == (0, {"skipped": 1, "passed": 1}, 1)
    assert run.outcomes[0].reason == '`${plan} == "pro"` does not hold: "free"'


def test_what_a_skipped_block_would_have_saved_is_not_there() -> None:
    world = World([answer({"id": "x", "status": "a"})])
    text = (
        "/sandbox get customer id=cus_1\n@as first\n\n"
        "/sandbox get customer id=cus_2\n@as second\n@when ${first.id} == y\n\n"
        "/sandbox get customer id=${second.id}\n"
    )
    run = world.run(text)
    assert (run.exit_code, len(world.requests)) == (3, 1)
    assert run.outcomes[2].diagnostics[0].code == "E302"


def test_polling_ends_when_the_answer_is_as_wanted() -> None:
    naps: list[float] = []
    world = World([answer({"id": "x", "status": s}) for s in ("draft", "open", "paid", "never asked for")])
    world.engine = replace(world.engine, sleep=naps.append)
    run = world.run("/sandbox get invoice id=in_1\n@retry 5 every 2s until status == paid\n@expect status == paid\n")
    assert (run.exit_code, len(world.requests), naps) == (0, 3, [2.0, 2.0])


def test_polling_that_never_succeeds_is_a_failed_expectation() -> None:
    world = World([answer({"id": "x", "status": "draft"})] * 3)
    world.engine = replace(world.engine, sleep=lambda _: None)
    run = world.run("/sandbox get invoice id=in_1\n@retry 3 every 1s until status == paid\n")
    assert (run.exit_code, len(world.requests)) == (4, 3)
    assert run.outcomes[0].diagnostics[0].label == 'actual "draft"'


@pytest.mark.parametrize("until", ["data count == 2", "all data[*].status == paid", "any data[*].id == second"])
def test_polling_waits_for_what_an_expectation_can_say(until: str) -> None:
    pages = [
        [],
        [{"id": "first", "status": "open"}],
        [{"id": "first", "status": "paid"}, {"id": "second", "status": "paid"}],
    ]
    if until.startswith("all"):
        pages[0] = pages[1]  # what is said of all is true of none
    world = World([answer({"object": "list", "data": rows, "has_more": False}) for rows in pages])
    world.engine = replace(world.engine, sleep=lambda _: None)
    run = world.run(f"/sandbox list invoices\n@retry 3 every 1s until {until}\n")
    assert (run.exit_code, len(world.requests)) == (0, 3)


def test_a_condition_counts() -> None:
    text = "/sandbox list customers\n@as found\n\n/sandbox list products\n@when ${found.data} count == 0\n\n"
    world = World([answer({"object": "list", "data": [], "has_more": False})] * 3)
    run = world.run(text + "/sandbox list prices\n@when ${found.data} count > 0\n")
    assert dict(run.counts) == {"passed": 2, "skipped": 1}


def test_polling_of_a_write_is_refused() -> None:
    world = World()
    run = world.run("/sandbox create customer email=a@b.co name=A\n@retry 3 every 1s until id exists\n")
    assert (run.exit_code, world.requests) == (2, [])
    assert [d.code for d in run.diagnostics] == ["E211"]


def test_tags_select_blocks() -> None:
    text = (
        "/sandbox list customers\n@tags a, b\n\n/sandbox list products\n@tags c\n\n"
        "@tags b\n/sandbox list prices\n\n/sandbox list plans\n@tags c\n"
    )
    for chosen, paths in ({"b"}, ["customers", "prices"]), ({"c"}, ["products", "plans"]), (set(), None):
        world = World()
        world.engine = replace(world.engine, tags=frozenset(chosen))
        assert world.run(text).exit_code == 0
        sent = [request.path.removeprefix("/v1/") for request in world.requests]
        assert sent == (paths or ["customers", "products", "prices", "plans"])


def test_teardown_runs_at_the_end_whatever_happened() -> None:
    text = (
        "/sandbox create customer email=a@b.co name=A\n@as c\n\n"
        "/sandbox delete customer id=${c.id}\n@teardown\n\n"
        "/sandbox list prices\n\n"
        "/sandbox get plan id=plan_1\n@as never\n\n"
        "/sandbox delete plan id=${never.id}\n@teardown\n"
    )
    world = World([answer({"id": "cus_1"}), refusal("x")])
    run = world.run(text)
    assert run.exit_code == 3
    assert [request.method for request in world.requests] == ["POST", "GET", "DELETE"]
    assert dict(run.counts) == {"passed": 2, "failed": 1, "skipped": 1}


def test_teardown_within_a_loop_ends_each_row(tmp_path: Path) -> None:
    text = LOOP.replace("@end", "\n  /sandbox delete customer id=${{customer.id}}\n  @teardown\n@end")
    script, name = loop(tmp_path, "email,name\na@b.co,A\nb@b.co,B\n", text=text)
    world = World()
    assert world.run(script, name=name).exit_code == 0
    assert [request.method for request in world.requests] == ["POST", "DELETE"] * 2


def test_teardown_runs_when_nobody_listens_any_more() -> None:
    from stripe_shell.diagnostics import SourceText
    from stripe_shell.engine.load import load_program

    text = "/sandbox list customers\n\n/sandbox list prices\n\n/sandbox list plans\n@teardown\n"
    world = World()
    steps = world.engine.run(load_program(SourceText("t", text)).items, world.scope, run_id="run")
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    assert [request.path for request in world.requests] == ["/v1/customers", "/v1/plans"]
