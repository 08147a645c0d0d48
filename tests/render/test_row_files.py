"""The files of `@out`: what stands in them, in each format, and going on where a process was stopped."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_shell.engine.data_files import read_rows
from stripe_shell.engine.run.row_target import RowTarget
from stripe_shell.records import replace
from stripe_shell.render import parquet_rows
from stripe_shell.render.files import open_rows
from stripe_shell.render.parquet_rows import _levels
from stripe_shell.secrets import Secrets
from stripe_shell.spec.columns import Column, columns_at, columns_of
from stripe_shell.spec.table import load_table
from stripe_shell.wire import parse_json

ENDINGS = ("csv", "json", "jsonl", "sqlite", "parquet")
TABLE = load_table()
COLUMNS = (
    Column("id", "string"),
    Column("amount", "integer"),
    Column("created", "time"),
    Column("paid", "boolean"),
    Column("rate", "number"),
    Column("address.city", "string"),
    Column("metadata", "json"),
)


def rows(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "id": f"ch_{number}",
            "amount": None if number % 7 == 0 else number * (-1) ** number,
            "created": 1_780_000_000 + number,
            "paid": number % 3 == 0,
            "rate": parse_json("12.10") if number % 5 == 0 else None,
            "address": {"city": f'Zürich "{number}", north\r\n'} if number % 2 else None,
            "metadata": {"order": str(number)},
        }
        for number in range(first, first + count)
    ]


def target(folder: Path, ending: str, **more: Any) -> RowTarget:
    return RowTarget(str(folder / f"rows.{ending}"), **{"columns": COLUMNS, **more})


def write(to: RowTarget, pages: Sequence[list[Any]]) -> bytes:
    file = open_rows(to)
    for page in pages:
        file.write(page)
    file.close()
    return Path(to.path).read_bytes()


def row_of(table: str) -> Any:
    operation = next(each for each in TABLE.operations() if each.action == "list" and each.entity == table)
    return operation.response.row


def test_csv_has_the_columns_of_the_description_not_of_the_first_page(tmp_path: Path) -> None:
    text = write(target(tmp_path, "csv"), [[{"id": "ch_1"}], rows(1, first=5)]).decode()
    assert text.splitlines()[:2] == ["id,amount,created,paid,rate,address.city,metadata", "ch_1,,,,,,"]
    assert 'ch_5,-5,1780000005,false,12.10,"Zürich ""5"", north' in text


def test_sqlite_has_typed_columns(tmp_path: Path) -> None:
    write(target(tmp_path, "sqlite", name="charge"), [rows(6), rows(2, first=6)])
    connection = sqlite3.connect(tmp_path / "rows.sqlite")
    found = connection.execute("SELECT id, amount, typeof(amount), rate, paid, metadata FROM charge").fetchall()
    assert len(found) == 8
    assert found[5] == ("ch_5", -5, "integer", 12.1, 0, '{"order": "5"}')


def test_parquet_is_read_by_others(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    write(target(tmp_path, "parquet"), [rows(100), rows(50, first=100)])
    found = parquet.read_table(tmp_path / "rows.parquet").to_pylist()
    assert [each["amount"] for each in found] == [each["amount"] for each in rows(150)]
    assert [int(each["created"].timestamp()) for each in found] == [each["created"] for each in rows(150)]


def test_parquet_is_as_it_was_when_others_read_it(tmp_path: Path) -> None:
    """The golden file was read with pyarrow 26: 150 rows equal to `rows(150)`, with the types of the columns."""
    golden = Path(__file__).parent / "rows.parquet"
    assert write(target(tmp_path, "parquet"), [rows(100), rows(50, first=100)]) == golden.read_bytes()


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_definition_levels(present: list[bool]) -> None:
    content = _levels(present)
    if content[0] & 1:
        bits = [byte >> bit & 1 for byte in content[1:] for bit in range(8)]
        assert bits[: len(present)] == [int(each) for each in present]
    else:
        assert content == bytes((len(present) << 1, present[0]))


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_was_interrupted_ends_as_one_that_was_not(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows behind the position are written again, whatever a killed process wrote of them."""
    monkeypatch.setattr(parquet_rows, "GROUP_ROWS", 400)
    pages = [rows(100, first=100 * number) for number in range(60)]
    whole = write(target(tmp_path, ending), pages)
    chance = random.Random(7)
    to, next_page = target(tmp_path, ending), 0
    while next_page < len(pages):
        file = open_rows(to)
        position, done = to.position, next_page
        for page in pages[done : done + chance.randint(1, 25)]:
            file.write(page)
            done += 1
            found = file.position()
            if found is not None and chance.random() < 0.6:
                position, next_page = json.loads(json.dumps(found)), done
        if done == len(pages):
            break
        file.keep()
        to = replace(to, position=position)
    file.close()
    assert Path(to.path).read_bytes() == whole
    assert [each.name for each in tmp_path.iterdir()] == [f"rows.{ending}"]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json"])
def test_a_partial_file_that_was_changed_is_not_gone_on_with(ending: str, tmp_path: Path) -> None:
    file = open_rows(target(tmp_path, ending))
    file.write(rows(3))
    position = file.position()
    file.keep()
    assert position is not None
    content = Path(position["partial"]).read_bytes()
    Path(position["partial"]).write_bytes(content.replace(b"ch_1", b"ch_9"))
    with pytest.raises(LookupError):
        open_rows(target(tmp_path, ending, position=position))


@pytest.mark.parametrize("ending", ENDINGS)
def test_secrets_are_masked(ending: str, tmp_path: Path) -> None:
    secret = 'a "secret" value'
    page = [{**rows(1)[0], "address": {"city": secret}, "metadata": {"key": f"sk_live_{'x' * 24}", "s": secret}}]
    content = write(target(tmp_path, ending, masks=lambda: Secrets().plus(secret)), [page])
    if ending == "parquet":
        import zlib

        parts = content.split(b"\x1f\x8b\x08")[1:]
        content = b"".join(zlib.decompressobj(31).decompress(b"\x1f\x8b\x08" + part) for part in parts)
    assert b"secret" not in content
    assert b"xxxxxxxx" not in content


def test_members_without_a_column_are_told(tmp_path: Path) -> None:
    for ending in ("csv", "sqlite", "parquet"):
        file = open_rows(target(tmp_path, ending))
        file.write([{"id": "ch_1", "new_member": 1}])
        file.close()
        assert file.left_out() == ("new_member",)


def test_formulas_are_guarded_where_asked_and_undone_when_read(tmp_path: Path) -> None:
    people = [{"name": "-Ann", "amount": -5}, {"name": "=1+1", "amount": 7}, {"name": "'-Bob", "amount": 0}]
    plain = write(target(tmp_path, "csv", fields=("name", "amount")), [people])
    assert plain == b"name,amount\n-Ann,-5\n=1+1,7\n'-Bob,0\n"
    guarded = write(target(tmp_path, "csv", fields=("name", "amount"), guard=True), [people])
    assert guarded == b"\"name\",\"amount\"\n'-Ann,-5\n'=1+1,7\n''-Bob,0\n"
    read = [row.values["name"] for row in read_rows(tmp_path / "rows.csv")]
    assert read == ["-Ann", "=1+1", "'-Bob"]


def test_columns_come_from_the_description() -> None:
    found = {column.name: column.type for column in columns_of(TABLE, row_of("charge"))}
    assert found["created"] == "time"
    assert found["amount"] == "integer"
    assert found["customer"] == "string"
    assert found["billing_details.email"] == "string"
    assert found["payment_method_details"] == "json"
    assert found["metadata"] == "json"
    chosen = columns_at(TABLE, row_of("subscription"), ("items.data[0].price.unit_amount", "no.such"))
    assert [column.type for column in chosen] == ["integer", "json"]


def test_every_list_has_columns_and_no_name_twice() -> None:
    lists = [each for each in TABLE.operations() if each.response.row is not None]
    assert len(lists) > 100
    for operation in lists:
        names = [column.name for column in columns_of(TABLE, operation.response.row or operation.response)]
        assert len(names) == len(set(names)), operation.name
