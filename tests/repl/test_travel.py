"""@snapshot, @rollback, @undo and @clock at the prompt."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.repl.fakes import session
from tests.repl.sandboxed import Sandboxed
from tests.repl.test_commands import run

SUBSCRIBED = """\
/sandbox create product name=Pro
@as pro

/sandbox create price product=${pro.id} currency=usd unit_amount=2000 recurring.interval=month
@as price

/sandbox create customer email=ann@x.co name=Ann payment_method=pm_card_visa \
invoice_settings.default_payment_method=pm_card_visa
@as ann

/sandbox create subscription customer=${ann.id} price_id=${price.id}
"""


def test_snapshot_and_rollback(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    shell.type("create customer email=a@b.co name=Ann")
    kept = shell.value("id")
    assert "snapshot `last`: 2 objects; `@rollback` goes back to it" in shell.type("@snapshot")
    shell.type("create customer email=b@b.co name=Bob")
    gone = shell.value("id")
    shown = shell.type("@rollback")
    assert "back at `last` of" in shown
    assert "2 objects" in shown
    assert "resource_missing" in shell.type(f"get customer id={gone}")
    assert "Ann" in shell.type(f"get customer id={kept}")
    place = shell.state.id_scope()
    assert place is not None
    assert gone not in [each.id for each in shell.state.known.find(place, "customer", "cus_", 9)]


def test_named_snapshots_of_a_file(tmp_path: Path) -> None:
    database = str(tmp_path / "mine.db")
    shell = Sandboxed(tmp_path, database)
    assert "`@rollback empty` goes back to it" in shell.type("@snapshot empty")
    shell.type("create customer email=a@b.co name=Ann")
    other = Sandboxed(tmp_path, database)
    assert "back at `empty`" in other.type("@rollback empty")
    shell.type("list customers")
    assert shell.value("data") == "[]"
    assert "there is no snapshot `none`; there are empty" in shell.type("@rollback none")
    assert "the snapshot `empty` is removed" in shell.type("@snapshot drop empty")
    assert "there is no snapshot yet" in shell.type("@rollback")
    assert "takes one name" in shell.type("@snapshot a b")


def test_undo(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    shell.type("create customer email=a@b.co name=Ann")
    ann = shell.value("id")
    shell.type(f"update customer id={ann} name=Anne")
    shown = shell.type("@undo")
    assert f"undone: POST /v1/customers/{ann}" in shown
    assert f"  customer {ann} is as before\n" in shown
    assert "1 event is gone" in shown
    shell.type(f"get customer id={ann}")
    assert shell.value("name") == "Ann"
    assert f"customer {ann} is gone again" in shell.type("@undo")
    assert "there is nothing to undo" in shell.type("@undo")


def test_clock(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    shell.type(SUBSCRIBED)
    shown = shell.type("@clock +1mo")
    assert "@clock  " in shown
    assert " → " in shown
    assert any(line.split() == ["invoices", "coming", "up", "1"] for line in shown.split("\n"))
    later = [line.split() for line in shell.type("@clock +2mo").split("\n")]
    assert ["invoices", "paid", "2", "40.00", "USD"] in later
    assert ["charges", "2", "40.00", "USD"] in later
    assert any(line[:3] == ["events", "in", "all"] for line in later)
    shell.type("list invoices")
    assert len(shell.state.scope.captures["last"].body["data"]) >= 3
    assert "undone: @clock" in shell.type("@undo")


@pytest.mark.parametrize("argument", ["", "1", "-1mo", "+1q", "now"])
def test_clock_of_nothing(tmp_path: Path, argument: str) -> None:
    assert "how far? e.g. @clock +1mo" in Sandboxed(tmp_path).type(f"@clock {argument}")


@pytest.mark.parametrize("command", ["@snapshot", "@rollback", "@undo", "@clock +1mo"])
def test_elsewhere_than_in_the_sandbox(command: str) -> None:
    state, transport, _ = session(default="eu-test")
    with pytest.raises(Exception, match="/eu-test is no sandbox"):
        run(state, command)
    assert transport.sent == []


CREATED = "/sandbox\naction: create\nentity: customer\nemail: {0}@x.co\nname: {0}\n@as {0}\n"


def saved(shell: Sandboxed, home: Path, name: str) -> str:
    """What @save writes now; empty if there is nothing to save."""
    path = home / f"{name}.stripe"
    shell.type(f"@save {path}")
    return path.read_text() if path.exists() else ""


def test_what_undo_takes_back_is_not_saved(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    shell.type(CREATED.format("ann"))
    shell.type("list products")
    shell.type(CREATED.format("bob"))
    shell.type("get customer id=${bob.id}")
    shell.type(
        "create payment_intent amount=500 currency=usd payment_method=pm_card_chargeDeclined confirm=true "
        'automatic_payment_methods={"enabled": true, "allow_redirects": "never"}'
    )
    assert "payment_intent" in shell.type("@undo")  # a decline was not kept, though it wrote
    assert "bob" in saved(shell, tmp_path, "one")
    assert "2 blocks are no longer in what @save writes" in shell.type("@undo")
    text = saved(shell, tmp_path, "two")
    assert "ann@x.co" in text
    assert "products" in text
    assert "bob" not in text
    assert "1 block is no longer in what @save writes" in shell.type("@undo")
    assert "ann" not in saved(shell, tmp_path, "three")


def test_a_loop_stays_in_what_is_saved_until_all_its_writes_are_undone(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("email\na@x.co\nb@x.co\n")
    shell = Sandboxed(tmp_path)
    shell.type(f'@foreach row in "{rows}"\n/sandbox create customer email=${{row.email}} name=x\n@end\n')
    assert "no longer" not in shell.type("@undo")
    assert "@foreach" in saved(shell, tmp_path, "one")
    assert "1 block is no longer" in shell.type("@undo")
    assert saved(shell, tmp_path, "two") == ""


def test_what_a_rollback_takes_back_is_not_saved(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    shell.type(CREATED.format("ann"))
    shell.type("@snapshot one")
    shell.type("@let x = 1")
    shell.type(CREATED.format("bob"))
    shell.type("@snapshot two")
    shell.type("list customers")
    assert "1 block is no longer" in shell.type("@rollback two")
    assert "1 block is no longer" in shell.type("@rollback one")
    text = saved(shell, tmp_path, "one")
    assert "ann@x.co" in text
    assert "@let x = 1" in text
    assert "bob" not in text
    assert "no longer" not in shell.type("@rollback one")


def test_a_rollback_to_a_snapshot_of_another_session(tmp_path: Path) -> None:
    database = str(tmp_path / "mine.db")
    before = Sandboxed(tmp_path, database, now=time.time() - 60)
    before.type(CREATED.format("ann"))
    Sandboxed(tmp_path, database).type("@snapshot")
    after = Sandboxed(tmp_path, database, now=time.time() + 60)
    after.type(CREATED.format("bob"))
    assert "no longer" not in before.type("@rollback")
    assert "1 block is no longer" in after.type("@rollback")
    assert "ann" in saved(before, tmp_path, "one")
    assert saved(after, tmp_path, "two") == ""
