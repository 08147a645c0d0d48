"""Scripts that are long: a loop's memory does not grow with its rows, and nothing slows down out of proportion.

`scripts/bench/scripts` measures the real sizes; here is the short form.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from stripe_shell.batch.runner import prepare
from stripe_shell.diagnostics import SourceText
from tests.engine.support.world import World

from .conftest import Command

ROOT = Path(__file__).parents[2]
LOOP = """@foreach row in "rows.csv" key=email
  /sandbox
  action: create
  entity: customer
  email: ${row.email}
  name: ${row.name}
@end
"""
#: Runs a command line with its output thrown away, and prints by how many kilobytes its memory has grown meanwhile.
GROWTH = """
import os, resource, sys
from stripe_shell.cli import main
out, sys.stdout = sys.stdout, open(os.devnull, "w")
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
short, long = sys.argv[1:]
assert main(["run", short, "--dry-run", "--memory", "--show"]) == 0
before = peak()
assert main(["run", long, "--dry-run", "--memory", "--show"]) == 0
print(peak() - before, file=out)
"""
#: What a row may keep: its key, so that a second one is found. A million of them are 200 MB at the most.
BYTES_PER_ROW = 200


def _loop(folder: Path, rows: int) -> Path:
    folder.mkdir()
    lines = (f"user{number}@example.com,User {number}\n" for number in range(rows))
    (folder / "rows.csv").write_text("email,name\n" + "".join(lines), encoding="utf-8")
    (folder / "loop.stripe").write_text(LOOP, encoding="utf-8")
    return folder / "loop.stripe"


def test_a_dry_run_over_many_rows_keeps_none_of_them(tmp_path: Path) -> None:
    rows = 6_000
    short, long = _loop(tmp_path / "short", 100), _loop(tmp_path / "long", rows)
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, str(short), str(long)],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=240,
    )  # fmt: skip
    slack = 1_500  # kilobytes: what the allocator takes in one piece
    assert int(done.stdout) <= rows * BYTES_PER_ROW / 1024 + slack


def test_a_dry_run_tells_how_many_rows_and_calls_a_loop_has(stripe_shell: Command, tmp_path: Path) -> None:
    script = _loop(tmp_path / "rows", 300)
    result = stripe_shell("run", str(script), "--dry-run", "--memory")
    assert result.code == 0
    assert result.out == f"dry run of {script}: 300 rows · 300 writes\n  rows.csv, create customer: 300 writes\n"


def test_calls_that_a_row_skips_are_left_out_of_the_totals(stripe_shell: Command, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(
        "email,plan\n" + "".join(f"{n}@b.co,{'pro' if n % 3 else ''}\n" for n in range(9))
    )
    (tmp_path / "inner.csv").write_text("n\n1\n2\n")
    (tmp_path / "loop.stripe").write_text(
        '@foreach row in "rows.csv" key=email\n/sandbox create customer email=${row.email} name=A\n@as it\n\n'
        "/sandbox create customer email=${row.email} name=B\n@when ${row.plan} == pro\n\n"
        "/sandbox get customer id=${it.id}\n\n"
        '@foreach each in "inner.csv"\n/sandbox create product name=${each.n}\n@end\n@end\n'
    )
    result = stripe_shell("run", str(tmp_path / "loop.stripe"), "--dry-run", "--memory")
    assert result.out.splitlines()[0].endswith(": 9 rows · 33 writes · 9 reads")
    assert result.out.splitlines()[1:] == [
        "  rows.csv, create customer: 15 writes · 3 skipped",
        "  rows.csv, retrieve customer: 9 reads",
        "  inner.csv, create product: 18 writes",
    ]


def test_a_dry_run_shows_every_row_if_asked(stripe_shell: Command, tmp_path: Path) -> None:
    result = stripe_shell("run", str(_loop(tmp_path / "rows", 300)), "--dry-run", "--memory", "--show")
    assert result.code == 0
    assert result.out.count("POST /v1/customers") == 300
    assert "email=user299@example.com" in result.out


def test_a_thousand_blocks_that_refer_to_each_other_are_sound() -> None:
    """The work is counted, not timed: twice the blocks may not mean four times the calls."""
    assert _calls(400) < 2.2 * _calls(200)


def _calls(pairs: int) -> int:
    """How many Python functions are called to parse and check so many pairs of blocks."""
    pair = (
        "/sandbox create customer email=user{n}@example.com name=Ann\n@as customer{n}\n\n"
        "/sandbox get customer id=${{customer{n}.id}}\n@expect id is cus\n\n"
    )
    source = SourceText("long.stripe", "".join(pair.format(n=n) for n in range(pairs)))
    world = World()
    prepare(world.engine, SourceText("first.stripe", pair.format(n=0)), world.scope)  # whatever is loaded late, is now
    count = 0

    def tally(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(tally)
    try:
        prepared = prepare(world.engine, source, world.scope)
    finally:
        sys.setprofile(None)
    assert prepared.diagnostics == ()
    return count
