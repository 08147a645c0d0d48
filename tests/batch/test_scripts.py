"""The scripts of docs/batches.md: each runs as it stands on the sandbox, is killed in its middle, and is run again."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.cli import main
from stripe_shell.spec.table import load_table
from stripe_shell.transports.sandbox import open_sandbox
from stripe_shell.wire import Request

from .support import Batch
from .test_resume import dies_at

FOLDER = Path(__file__).parents[2] / "scripts" / "examples" / "batches"
PAGE = Path(__file__).parents[2] / "docs" / "batches.md"
ROWS = 30


@pytest.fixture
def scripts(batch: Batch) -> Batch:
    """A folder with the scripts; `b.stripe` is the one that `batch` runs."""
    for path in FOLDER.iterdir():
        if path.is_file():
            shutil.copy(path, batch.folder / path.name)
    (batch.folder / "b.stripe").unlink()
    return batch


def seed(batch: Batch, text: str, rows: int = ROWS) -> None:
    """Runs a loop over so many rows before."""
    (batch.folder / "n.csv").write_text("n\n" + "".join(f"{number}\n" for number in range(rows)))
    (batch.folder / "seed.stripe").write_text(f'@foreach row in "n.csv" key=n\n{text}@end\n')
    words = ["run", str(batch.folder / "seed.stripe"), "--db", str(batch.folder / "s.db"), "--no-journal"]
    assert main(words) == 0


def objects(batch: Batch, kind: str) -> list[dict[str, Any]]:
    """Returns every object of a kind on the sandbox, in the order in which they were made."""
    database = sqlite3.connect(batch.folder / "s.db")
    found = database.execute("SELECT json FROM objects WHERE object=? ORDER BY rowid", (kind,)).fetchall()
    database.close()
    return [json.loads(text) for (text,) in found]


def killed_and_run_again(batch: Batch, name: str, number: int, moment: str = "after") -> str:
    """Runs a script as it stands; it dies at an entry of its journal or behind a request, and is run once more.

    Returns what the second process says.
    """
    (batch.folder / "b.stripe").write_bytes((batch.folder / name).read_bytes())
    assert batch.run_and_die(dies_at(number, moment)) == 9
    result = batch.run()
    assert result.code == 0, result.err
    assert len(batch.folders) == 1
    return result.err


@pytest.mark.parametrize("number", [20, 45, 70])
def test_an_import_creates_and_updates_by_email(scripts: Batch, number: int) -> None:
    seed(scripts, "  /sandbox create customer email=customer0${row.n}@example.com name=Old\n", 9)
    killed_and_run_again(scripts, "import.stripe", number)
    with (FOLDER / "customers.csv").open(encoding="utf-8") as file:
        wanted = sorted((row["email"], row["name"], row["crm_id"]) for row in csv.DictReader(file))
    seeded = {"customer00@example.com": ("customer00@example.com", "Old", None)}
    made = [(each["email"], each["name"], each["metadata"].get("crm_id")) for each in objects(scripts, "customer")]
    assert sorted(each for each in made if each[0] not in seeded) == wanted


@pytest.mark.parametrize("number", [9, 40, 81])
def test_prices_are_migrated_once(scripts: Batch, number: int) -> None:
    seed(
        scripts,
        "  /sandbox create price unit_amount=${row.n} currency=usd product_data.name=P${row.n} interval=month\n",
    )
    killed_and_run_again(scripts, "migrate-prices.stripe", number)
    old, new = objects(scripts, "price")[:ROWS], objects(scripts, "price")[ROWS:]
    assert not any(each["active"] for each in old)
    assert all(each["active"] for each in new)
    assert sorted(each["metadata"]["replaces"] for each in new) == sorted(each["id"] for each in old)
    amounts = {each["id"]: each["unit_amount"] for each in old}
    assert all(each["unit_amount"] == (amounts[each["metadata"]["replaces"]] * 104 + 50) // 100 for each in new)
    replaced = {each["metadata"]["replaced_by"] for each in old}
    assert replaced == {each["id"] for each in new}


@pytest.mark.parametrize("number", [15, 50])
def test_charges_are_refunded_once_unless_they_were(scripts: Batch, number: int) -> None:
    seed(
        scripts,
        "  /sandbox create payment_intent amount=1000 currency=usd payment_method=pm_card_visa confirm=true\n"
        "  payment_method_types: card\n  @as paid\n\n"
        "  /sandbox create refund charge=${paid.latest_charge} amount=${row.n}\n  @when ${row.n} in [3, 7, 11]\n",
    )
    charges = [each["id"] for each in objects(scripts, "charge")]
    reasons = ("duplicate", "fraudulent", "requested_by_customer")
    lines = [f"{charge},{reasons[number % 3]},T-{number}\n" for number, charge in enumerate(charges)]
    (scripts.folder / "refunds.csv").write_text("charge,reason,ticket\n" + "".join(lines))
    said = killed_and_run_again(scripts, "refund.stripe", number)
    assert f"{ROWS - 3} rows done · 3 skipped" in said
    refunds = objects(scripts, "refund")[3:]
    assert sorted((each["charge"], each["reason"], each["amount"]) for each in refunds) == sorted(
        (charge, reasons[number % 3], 1000) for number, charge in enumerate(charges) if number not in {3, 7, 11}
    )
    by_charge = {each["charge"]: each["id"] for each in refunds}
    with (scripts.folder / "refunded.csv").open(encoding="utf-8", newline="") as file:
        told = [(row["row.ticket"], row["id"], row["amount"]) for row in csv.DictReader(file)]
    assert told == [
        (f"T-{number}", by_charge[charge], "1000") for number, charge in enumerate(charges) if number not in {3, 7, 11}
    ]


@pytest.mark.parametrize("number", [5, 12])
def test_subscriptions_that_are_past_due_are_cancelled(scripts: Batch, number: int) -> None:
    seed(
        scripts,
        "  /sandbox create customer email=c${row.n}@b.co name=A payment_method=pm_card_visa\n"
        "  invoice_settings.default_payment_method: pm_card_visa\n  @as customer\n\n"
        "  /sandbox create price unit_amount=500 currency=usd product_data.name=P interval=month\n  @as price\n\n"
        "  /sandbox create subscription customer=${customer.id} price_id=${price.id}\n",
        8,
    )
    late = [
        {**each, "id": f"sub_late{n}", "status": "past_due"} for n, each in enumerate(objects(scripts, "subscription"))
    ]
    sandbox = open_sandbox(scripts.folder / "s.db", load_table())
    assert sandbox.send(Request("POST", "/_sandbox/seed", body=json.dumps({"objects": late}).encode())).status == 200
    killed_and_run_again(scripts, "cancel-past-due.stripe", number)
    statuses = {each["id"]: each["status"] for each in objects(scripts, "subscription")}
    assert sorted(id_ for id_, status in statuses.items() if status == "canceled") == [f"sub_late{n}" for n in range(8)]
    assert list(statuses.values()).count("active") == 8


@pytest.mark.parametrize("number", [2, 3])
def test_an_export_that_was_killed_goes_on_to_the_same_file(scripts: Batch, number: int) -> None:
    seed(
        scripts,
        "  /sandbox create payment_intent amount=1000 currency=usd payment_method=pm_card_visa confirm=true\n"
        "  payment_method_types: card\n",
        220,
    )
    shutil.copy(scripts.folder / "export.stripe", scripts.folder / "b.stripe")
    assert scripts.run_and_die(dies_at(number, "sent")) == 9
    assert not (scripts.folder / "charges.csv").exists()
    assert scripts.run().code == 0
    with (scripts.folder / "charges.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [each["id"] for each in reversed(objects(scripts, "charge"))]
    assert {(row["amount"], row["currency"], row["status"]) for row in rows} == {("1000", "usd", "succeeded")}


@pytest.mark.parametrize("number", [3, 5, 7])
def test_a_smoke_test_that_was_killed_cleans_up(scripts: Batch, number: int) -> None:
    killed_and_run_again(scripts, "smoke.stripe", number)
    assert [each["status"] for each in objects(scripts, "refund")] == ["succeeded"]
    assert [each["amount"] for each in objects(scripts, "charge")] == [1999]
    assert [each.get("deleted") for each in objects(scripts, "customer")] == [True]


def test_the_page_shows_each_script_as_it_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for path in sorted(FOLDER.glob("*.stripe")):
        text = "".join(
            line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if not line.startswith("#")
        ).strip()
        assert text in page, path.name
        assert f"stripe-shell run {path.name}" in page
