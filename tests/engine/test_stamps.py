"""`stamp=metadata.KEY`: run and row in the metadata of what a loop creates."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from stripe_shell.batch.runner import run_source
from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.stamps import stamp_text
from tests.engine.support.world import World

BODY = """  /sandbox create customer email=${row.email} name=A
  @as customer

  /sandbox update customer id=${customer.id} name=B

  /sandbox create customer_balance_transaction customer=${customer.id} amount=-5 currency=usd
"""


def bodies(folder: Path, text: str) -> list[dict[str, object]]:
    """The parameters of each request that a run sends."""
    world = World()
    run = run_source(world.engine, SourceText(str(folder / "x.stripe"), text), world.scope, run_id="run7")
    assert run.diagnostics == ()
    return [dict(parse_qsl((request.body or b"").decode())) for request in world.requests]


def test_what_a_row_creates_names_run_and_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("email\na@b.co\nc@d.co\n")
    sent = bodies(tmp_path, f'@foreach row in "a.csv" key=email stamp=metadata.batch\n{BODY}@end\n')
    assert [each.get("metadata[batch]") for each in sent] == [
        "run7/a@b.co", None, "run7/a@b.co", "run7/c@d.co", None, "run7/c@d.co",
    ]  # fmt: skip


def test_a_loop_without_a_stamp_adds_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("email\na@b.co\n")
    sent = bodies(
        tmp_path, f'@foreach row in "a.csv" key=email\n{BODY}@end\n\n/sandbox create customer name=A email=x@y.z\n'
    )
    assert [key for each in sent for key in each if key.startswith("metadata")] == []


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("metadata.crm=7", {"metadata[batch]": "run7/a@b.co", "metadata[crm]": "7"}),
        ("metadata.batch=own", {"metadata[batch]": "own"}),
        ('metadata={"crm":"7"}', {"metadata[batch]": "run7/a@b.co", "metadata[crm]": "7"}),
    ],
)
def test_the_metadata_of_the_block_stays(tmp_path: Path, metadata: str, expected: dict[str, str]) -> None:
    (tmp_path / "a.csv").write_text("email\na@b.co\n")
    block = f"  /sandbox create customer email=${{row.email}} name=A {metadata}\n"
    sent = bodies(tmp_path, f'@foreach row in "a.csv" key=email stamp=metadata.batch\n{block}@end\n')
    found = [{key: value for key, value in each.items() if key.startswith("metadata")} for each in sent]
    assert found == [expected]


def test_a_row_in_a_row_names_both(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("email\na@b.co\n")
    (tmp_path / "b.csv").write_text("sku\nx\ny\n")
    text = (
        '@foreach row in "a.csv" key=email stamp=metadata.batch\n@foreach each in "b.csv" key=sku\n'
        "  /sandbox create product name=${each.sku}\n@end\n@end\n"
    )
    assert [each["metadata[batch]"] for each in bodies(tmp_path, text)] == ["run7/a@b.co/x", "run7/a@b.co/y"]


def test_a_long_key_is_cut_and_stays_distinct() -> None:
    first, second = stamp_text("run", "x" * 600), stamp_text("run", "x" * 601)
    assert len(first) == len(second) == 500
    assert first != second
