"""Versions of the API: which exist, and the table of each, patched backwards from the current one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stripe_shell.spec.shapes import shape_at
from stripe_shell.spec.table import load_table
from stripe_shell.spec.validate import validate
from stripe_shell.spec.versions.changes import read_index, read_steps, versions_between
from stripe_shell.spec.versions.known import OLDEST, known_versions, read_version
from stripe_shell.spec.versions.table import table_at

ROOT = Path(__file__).parents[2]
DIFFERENCES = ROOT.parent / "shared" / "version-diffs"
TABLE = load_table()
SERVED = tuple(version for version in known_versions() if version >= OLDEST)


def test_the_list_of_versions_is_that_of_webhook_endpoints() -> None:
    create = TABLE.operation("create", "webhook_endpoint")
    assert create is not None
    assert set(known_versions()) == {*create.params.fields["api_version"].shape.enum, "2026-11-18.endive"}
    assert list(known_versions()) == sorted(known_versions(), key=lambda version: version[:10])


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2026-10-28.endive", "2026-10-28.endive"),
        ("2022-11-15", "2022-11-15"),
        ("2022-11-15; feature_beta=v3", "2022-11-15"),
        ("2025-03-31.preview", "2025-03-31.basil"),
        ("2025-03-30.preview", None),
        ("2025-03-31.acacia", None),
        ("2025-03-31", None),
        ("2019-2-19", None),
        ("2019-05-16, 2019-12-03", None),
        ("", None),
    ],
)
def test_a_text_names_a_version_or_none(text: str, version: str | None) -> None:
    assert read_version(text) == version


def test_the_current_version_has_the_table_itself() -> None:
    assert table_at(TABLE, TABLE.version) is TABLE
    assert table_at(TABLE, known_versions()[-1]) is TABLE
    assert table_at(TABLE, "2024-06-20") is table_at(TABLE, "2024-06-20")
    assert table_at(TABLE, "2019-12-03").version == OLDEST


@pytest.mark.parametrize("version", read_index()["changed"])
def test_every_operation_and_schema_can_be_read_in_a_version(version: str) -> None:
    table = table_at(TABLE, version)
    assert table.version == version
    operations = list(table.operations())
    assert len(operations) == 703 + (4 if version < "2025-03-31" else 0)
    assert all(table.match(operation.method, operation.path) is not None for operation in operations)
    for name in table.schemas():
        assert set(TABLE.schema(name).fields) <= set(table.schema(name).fields)


#: Version, operation, path of a parameter, and whether it exists there.
PARAMETERS = [
    ("2025-02-24.acacia", "create subscription", "coupon", True),
    ("2025-03-31.basil", "create subscription", "coupon", False),
    ("2025-08-27.basil", "create promotion_code", "coupon", True),
    ("2025-09-30.clover", "create promotion_code", "coupon", False),
    ("2025-08-27.basil", "create subscription_schedule", "phases.0.iterations", True),
    ("2025-09-30.clover", "create subscription_schedule", "phases.0.iterations", False),
    ("2023-10-16", "create product", "features", True),
    ("2024-04-10", "create product", "features", False),
    ("2023-10-16", "create invoice", "rendering_options.amount_tax_display", True),
    ("2025-02-24.acacia", "create price", "recurring.aggregate_usage", True),
    ("2025-03-31.basil", "create price", "recurring.aggregate_usage", False),
    ("2025-02-24.acacia", "create invoiceitem", "price", True),
    ("2025-03-31.basil", "create invoiceitem", "price", False),
    ("2022-11-15", "create subscription", "trial_settings", True),
    ("2025-02-24.acacia", "upcoming invoice", "subscription_items.0.price", True),
    ("2025-02-24.acacia", "upcoming invoice", "subscription_trial_from_plan", True),
    ("2025-02-24.acacia", "create_usage_record subscription_item", "quantity", True),
]


@pytest.mark.parametrize(("version", "name", "path", "exists"), PARAMETERS)
def test_a_parameter_exists_in_its_versions(version: str, name: str, path: str, exists: bool) -> None:
    operation = table_at(TABLE, version).operation(*name.split(" "))
    assert operation is not None
    assert (shape_at(operation.params, tuple(path.split("."))) is not None) is exists


#: Version, object, member, and whether answers have it there.
MEMBERS = [
    ("2025-02-24.acacia", "subscription", "current_period_end", True),
    ("2025-03-31.basil", "subscription", "current_period_end", False),
    ("2025-02-24.acacia", "invoice", "payment_intent", True),
    ("2025-03-31.basil", "invoice", "payment_intent", False),
    ("2022-08-01", "payment_intent", "charges", True),
    ("2022-11-15", "payment_intent", "charges", False),
    ("2023-10-16", "product", "features", True),
    ("2024-04-10", "product", "features", False),
    ("2025-08-27.basil", "discount", "coupon", True),
    ("2025-09-30.clover", "discount", "coupon", False),
    ("2020-08-27", "customer", "default_currency", True),
    ("2022-08-01", "customer", "default_currency", False),
]


@pytest.mark.parametrize(("version", "kind", "member", "exists"), MEMBERS)
def test_a_member_exists_in_its_versions(version: str, kind: str, member: str, exists: bool) -> None:
    table = table_at(TABLE, version)
    name = table.schema_of_object(kind)
    assert name is not None
    assert (member in table.schema(name).fields) is exists


def test_a_restored_parameter_is_required_as_it_was() -> None:
    operation = table_at(TABLE, "2025-08-27.basil").operation("create", "promotion_code")
    assert operation is not None
    assert [problem.path for problem in validate({}, operation.params)] == [("coupon",)]
    assert validate({"coupon": "x"}, operation.params) == []


def test_an_expandable_member_names_its_object() -> None:
    table = table_at(TABLE, "2025-02-24.acacia")
    shape = table.schema("invoice").fields["payment_intent"].shape
    assert (shape.expandable, shape.nullable, shape.schema) == (True, True, "payment_intent")


def test_versions_between_leaves_the_older_one_out() -> None:
    assert versions_between("2024-04-10", "2024-09-30.acacia") == ("2024-06-20", "2024-09-30.acacia")
    assert versions_between("2026-10-28.endive", "2026-10-28.endive") == ()


@pytest.mark.skipif(not DIFFERENCES.is_dir(), reason="the differences are not beside the repository")
def test_the_data_are_made_from_the_differences() -> None:
    script = ROOT / "scripts" / "compile_versions.py"
    command = [sys.executable, str(script), "--check", str(DIFFERENCES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_values_that_an_enum_lost_are_taken_in_the_version_before() -> None:
    """Of every parameter of the data, whether it is a value or a list of values."""
    tried, refused = 0, []
    for version in versions_between(OLDEST, TABLE.version):
        before = table_at(TABLE, SERVED[SERVED.index(version) - 1])
        for step in read_steps(version):
            for route, change in step["operations"]["changed"].items():
                found = before.match(*route.split(" "))
                for path, marks in change.get("changed", {}).items():
                    inner = shape_at(found[0].params, tuple(path.replace("[]", ".0").split("."))) if found else None
                    inner = inner.items if inner is not None and inner.kind == "array" else inner
                    for value in marks.get("enum_removed", ()) if inner is not None and inner.enum else ():
                        tried += 1
                        refused += [(version, route, path, value)] if value not in inner.enum else []
    assert refused == []
    assert tried >= 40


def test_an_endpoint_is_told_of_what_had_events_then() -> None:
    create = table_at(TABLE, "2023-10-16").operation("create", "webhook_endpoint")
    assert create is not None
    given = {"url": "https://example.com", "enabled_events": ["invoiceitem.updated", "sku.created"]}
    assert validate(given, create.params) == []
    later = table_at(TABLE, "2024-04-10").operation("create", "webhook_endpoint")
    assert later is not None
    assert [problem.value for problem in validate(given, later.params)] == given["enabled_events"]
