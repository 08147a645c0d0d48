"""Results at the prompt: cards, rows and their numbers, pages, what stands behind a block, and the status line."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from stripe_shell.connections import Connections
from stripe_shell.connections.connection import Connection
from stripe_shell.connections.credentials import CredentialResult
from stripe_shell.connections.settings.schema import SandboxProfile
from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.errors import UsageError
from stripe_shell.records import replace
from stripe_shell.render.console import Console
from stripe_shell.render.files import open_rows
from stripe_shell.render.run_printer import RunPrinter
from stripe_shell.repl.chosen_fields import read_fields
from stripe_shell.repl.running import run_text
from stripe_shell.repl.session import NOWHERE, ReplSession
from stripe_shell.repl.trailing import TrailingCommand, split_trailing
from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.clock import FixedClock
from stripe_shell.sandbox.ids import RandomIds
from stripe_shell.spec.table import load_table
from stripe_shell.transports.sandbox import SandboxTransport

NOW = 1_795_867_200


class Screen(Console):
    """A terminal of 100 columns without colours that remembers what it shows."""

    def __init__(self) -> None:
        self.written = io.StringIO()
        super().__init__(self.written, self.written, plain=True)

    @property
    def terminal(self) -> bool:
        return True

    @property
    def width(self) -> int | None:
        return 100


class Shell:
    """A session on a sandbox in memory; each text returns what it has shown."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        self.console = Screen()
        sandbox = Sandbox(clock=FixedClock(NOW), ids=RandomIds(5))
        transport = SandboxTransport(sandbox)
        connection = Connection(
            "sandbox",
            SandboxProfile(kind="sandbox"),
            ":memory:",
            find=lambda: CredentialResult(None),
            opener=lambda _: transport,
        )
        links = Connections([connection], "sandbox")
        around = replace(NOWHERE, seed="session", clock=lambda: float(NOW))
        scope = Scope(now=NOW, seed="seed", environment=environment or {})
        self.session = ReplSession(
            Engine(load_table(), links, open_rows), scope, links, RunPrinter(self.console, repeats=True), around
        )

    def __call__(self, text: str) -> str:
        before = len(self.console.written.getvalue())
        run_text(self.session, SourceText("<prompt>", text))
        return self.console.written.getvalue()[before:]

    def lines(self, text: str) -> list[str]:
        return self(text).splitlines()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell({"HOME": str(tmp_path)})


def customers(shell: Shell, count: int) -> None:
    for number in range(1, count + 1):
        shell(f"create customer email=c{number}@x.co name=C{number}")


def charges(shell: Shell) -> None:
    for amount, currency in ((2000, "usd"), (500, "usd"), (3000, "jpy")):
        shell(
            f"create payment_intent amount={amount} currency={currency} payment_method=pm_card_visa confirm=true"
            " automatic_payment_methods.enabled=true automatic_payment_methods.allow_redirects=never"
        )


# --- cards and the status line --------------------------------------------------------------------------


def test_a_create_shows_a_card_and_the_events(shell: Shell) -> None:
    lines = shell.lines("create customer email=ann@x.co name=Ann")
    assert lines[0].startswith("● customer  cus_")
    assert [line.split() for line in lines[1:3]] == [["name", "Ann"], ["email", "ann@x.co"]]
    assert len(lines) <= 12
    assert lines[-1].startswith("✓ create customer  ")
    assert lines[-1].endswith("  → customer.created")


def test_an_update_shows_what_has_changed(shell: Shell) -> None:
    shell("create customer email=ann@x.co name=Ann")
    lines = shell.lines("update customer id=${last.id} name=Anne")
    assert lines[0].endswith("     name  Ann → Anne")
    assert lines[1].startswith("✓ update customer  ")
    assert lines[1].endswith("  → customer.updated")
    assert len(lines) == 2


def test_several_changes_stand_below_one_another(shell: Shell) -> None:
    shell("create customer email=ann@x.co name=Ann")
    lines = shell.lines("update customer id=${last.id} name=Anne email=anne@x.co")
    assert [line.split() for line in lines[1:3]] == [
        ["email", "ann@x.co", "→", "anne@x.co"],
        ["name", "Ann", "→", "Anne"],
    ]


def test_an_update_without_a_change_says_so(shell: Shell) -> None:
    shell("create customer email=ann@x.co name=Ann")
    assert "nothing has changed" in shell("update customer id=${last.id} name=Ann")


def test_an_object_that_is_not_known_is_shown_as_a_card(shell: Shell) -> None:
    shell("create customer email=ann@x.co name=Ann")
    shell.session.results.seen._places.clear()
    assert "→ Anne" not in shell("update customer id=${last.id} name=Anne")


def test_a_card_knows_the_objects_that_the_session_has_seen(shell: Shell) -> None:
    shell("create product name=Pro")
    shell("create price product=${last.id} amount=2_000 currency=usd interval=month\n@as pro")
    default = "invoice_settings.default_payment_method=pm_card_visa"
    shell(f"create customer email=ann@x.co name=Ann payment_method=pm_card_visa {default}")
    lines = shell.lines("create subscription customer=${last.id} items[0].price=${pro.id}")
    text = "\n".join(lines)
    assert "customer        Ann · ann@x.co  cus_" in text
    assert "1 × Pro  20.00 USD / month  price_" in text  # noqa: RUF001
    assert "latest invoice  " in text
    assert "20.00 USD  in_" in text, text
    assert "→ customer.subscription.created, " in lines[-1]
    assert lines[-1].endswith(" events")


def test_a_failure_has_a_line_of_its_own(shell: Shell) -> None:
    lines = shell.lines("get customer id=cus_none")
    assert lines[0].startswith("✗ retrieve customer  404  ")
    assert "No such customer" in "\n".join(lines)


def test_a_chosen_format_is_used(shell: Shell) -> None:
    shell("@format json")
    assert '"email": "ann@x.co"' in shell("create customer email=ann@x.co name=Ann")


# --- lists ----------------------------------------------------------------------------------------------


def test_rows_are_numbered_and_the_next_page_goes_on(shell: Shell) -> None:
    customers(shell, 12)
    lines = shell.lines("list customers")
    assert [line.split()[0] for line in lines[1:11]] == [str(number) for number in range(1, 11)]
    assert lines[11] == "10 of 12+ · Enter next page · @open 2 · @out customers.csv"
    more = shell.lines("")
    assert [line.split()[:2] for line in more[1:3]] == [["11", "C2"], ["12", "C1"]]
    assert more[3] == "11-12 of 12 · @open 12 · @out customers.csv"
    assert shell("") == ""
    shell("get customer id=${last[12].id}")
    assert shell.session.scope.captures["last"].body["name"] == "C1"


def test_enter_after_something_else_is_no_page(shell: Shell) -> None:
    customers(shell, 12)
    shell("list customers")
    shell("@let x = 1")
    assert shell("") == ""
    assert "C2" in shell("@more")


def test_no_more_pages(shell: Shell) -> None:
    with pytest.raises(UsageError, match="there is no result yet"):
        shell("@more")
    customers(shell, 1)
    with pytest.raises(UsageError, match="no list"):
        shell("@more")
    shell("list customers")
    with pytest.raises(UsageError, match="no more rows"):
        shell("@more")


def test_an_empty_list_says_so(shell: Shell) -> None:
    assert shell("list customers") == "no customers\n"


def test_pages_of_a_search(shell: Shell) -> None:
    customers(shell, 12)
    shell("search customer query='email~\"x.co\"'")
    assert shell("").splitlines()[1].split()[0] == "11"


def test_a_row_is_named_by_its_number(shell: Shell) -> None:
    customers(shell, 3)
    shell("list customers")
    lines = shell.lines("update customer 2 name=Bob")
    assert lines[0].startswith("→ update customer id=cus_")
    assert "C2 → Bob" in lines[1]
    assert "C1" in shell("get customers 3")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("update customer 4 name=x", "there is no row 4: the list has 3 rows"),
        ("update customer 0 name=x", "there is no row 0"),
        ("cancel subscription 2", "row 2 is a customer, not a subscription"),
        ("@open 9", "there is no row 9"),
    ],
)
def test_a_row_that_is_not_there(shell: Shell, text: str, problem: str) -> None:
    customers(shell, 3)
    shell("list customers")
    with pytest.raises(UsageError, match=problem):
        shell(text)


def test_a_number_needs_a_list(shell: Shell) -> None:
    with pytest.raises(UsageError, match="no list was shown yet"):
        shell("cancel subscription 2")


def test_numbers_hold_until_another_list_is_shown(shell: Shell) -> None:
    customers(shell, 3)
    shell("list customers")
    shell("update customer 1 name=A")
    assert "C2 → B" in shell("update customer 2 name=B")


def test_a_long_cell_is_cut_and_that_is_said(shell: Shell) -> None:
    shell(f"create customer email=ann@x.co name={'x' * 200}")
    lines = shell.lines("list customers")
    assert "x…" in lines[1]
    assert "name cut, @full shows all" in lines[2]
    assert "x" * 200 in shell("@full")


# --- commands -------------------------------------------------------------------------------------------


def test_open_walks_into_an_answer_and_follows_an_id(shell: Shell) -> None:
    shell("create product name=Pro")
    shell("create price product=${last.id} amount=2_000 currency=usd interval=month")
    assert shell.lines("@open recurring")[0].split() == ["interval", "month"]
    lines = shell.lines("@open product")
    assert lines[0].startswith("→ retrieve product id=prod_")
    assert lines[1].startswith("● product  prod_")


def test_open_shows_everything(shell: Shell) -> None:
    shell("create customer email=ann@x.co name=Ann")
    text = shell("@open")
    assert "next_invoice_sequence" in text
    assert "empty  " in text


def test_open_a_row_and_then_a_part_of_it(shell: Shell) -> None:
    shell('create customer email=ann@x.co name=Ann address={"city": "Rome"}')
    customers(shell, 2)
    shell("list customers")
    assert "● customer  cus_" in shell("@open 3")
    assert "Rome" in shell("@open address")
    assert "Rome" in shell("@open 3.address.city")
    assert "C2" in shell("@open 1")


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("nmae", "the answer has no `nmae`; did you mean `name`"),
        ("address.city", "`address` has no `city`"),
        ("a..b", "no path"),
    ],
)
def test_open_nothing(shell: Shell, path: str, problem: str) -> None:
    shell("create customer email=ann@x.co name=Ann")
    with pytest.raises(UsageError, match=problem):
        shell(f"@open {path}")


def test_diff(shell: Shell) -> None:
    shell("create customer email=ann@x.co name=Ann\n@as ann")
    shell("create customer email=bob@x.co name=Bob\n@as bob")
    assert "Ann → Bob" in shell("@diff ann bob")
    shell("update customer id=${bob.id} name=Rob")
    assert shell("@diff").split() == ["name", "Bob", "→", "Rob"]
    shell("list customers")
    assert "Rob → Ann" in shell("@diff 1 2")
    with pytest.raises(UsageError, match="`eve` is no row"):
        shell("@diff ann eve")


def test_events(shell: Shell) -> None:
    with pytest.raises(UsageError, match="no call yet"):
        shell("@events")
    shell("create customer email=ann@x.co name=Ann")
    assert "customer.created" in shell("@events")
    assert "● event  evt_" in shell("@open 1")
    shell("list customers")
    assert "caused none" in shell("@events")


def test_fields_are_remembered_by_kind(shell: Shell) -> None:
    customers(shell, 2)
    shell("list customers")
    assert shell.lines("@fields email,id")[0].split() == ["#", "email", "id"]
    assert shell.lines("list customers")[0].split() == ["#", "email", "id"]
    assert shell("@fields") == "email, id\n"
    assert [line.split()[0] for line in shell.lines("get customer 1")[2:4]] == ["email", "id"]
    shell("list customers")
    assert "name" in shell.lines("@fields -")[0]
    with pytest.raises(UsageError, match="did you mean `email`"):
        shell("@fields emial")


def test_fields_are_remembered_in_later_sessions(shell: Shell, tmp_path: Path) -> None:
    customers(shell, 1)
    shell("list customers")
    shell("@fields email,id")
    shell("create product name=Pro")
    shell("@fields name")
    file = tmp_path / ".local/state/stripe-shell/fields.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_fields({"HOME": str(tmp_path)}) == {"customer": ("email", "id"), "product": ("name",)}
    shell("list customers")
    shell("@fields -")
    assert read_fields({"HOME": str(tmp_path)}) == {"product": ("name",)}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"customer": "id"}', '{"customer": [1]}', '{"customer": []}', "\xff"])
def test_a_file_of_fields_that_is_none_chooses_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "stripe-shell").mkdir()
    (tmp_path / "stripe-shell" / "fields.json").write_text(text, encoding="latin-1")
    assert read_fields({"XDG_STATE_HOME": str(tmp_path)}) == {}


def test_fields_that_cannot_be_kept_hold_for_the_session(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    shell = Shell({"XDG_STATE_HOME": str(tmp_path / "state")})
    customers(shell, 1)
    shell("list customers")
    assert "for this session alone" in shell("@fields email,id")
    assert shell.lines("list customers")[0].split() == ["#", "email", "id"]


def test_sort(shell: Shell) -> None:
    customers(shell, 3)
    assert [line.split()[1] for line in shell.lines("list customers @sort name")[1:4]] == ["C1", "C2", "C3"]
    assert [line.split()[1] for line in shell.lines("@sort -name")[1:4]] == ["C3", "C2", "C1"]
    assert shell.session.scope.captures["last"].body["data"][0]["name"] == "C3"
    with pytest.raises(UsageError, match="no `nmae`"):
        shell("@sort nmae")


def test_sums_of_each_currency_for_themselves(shell: Shell) -> None:
    charges(shell)
    lines = shell.lines("list payment_intents @sum amount by currency")
    assert [line.split() for line in lines] == [
        ["currency", "rows", "amount"],
        ["jpy", "1", "3,000", "JPY"],
        ["usd", "2", "25.00", "USD"],
    ]
    assert len(shell.lines("@sum amount")) == 3
    with pytest.raises(UsageError, match="no row has a number at `status`"):
        shell("@sum status")
    with pytest.raises(UsageError, match="did you mean `amount`"):
        shell("@sum amuont")


def test_count(shell: Shell) -> None:
    charges(shell)
    assert shell("list payment_intents @count").split() == ["rows", "3"]
    assert "succeeded" in shell("@count by status")


def test_what_there_is_more_of_is_said(shell: Shell) -> None:
    customers(shell, 12)
    assert "of the 10 rows that were fetched; there are more" in shell("list customers @count")
    assert "there are more" not in shell("list customers limit=all @count")


def test_chart(shell: Shell) -> None:
    charges(shell)
    lines = shell.lines("list payment_intents @chart amount by created day")
    assert len(lines) == 2
    assert all(line.startswith("2026-11-28") and line.endswith("█") for line in lines)
    bars = {line.split()[0]: line.count("█") for line in shell.lines("@chart by currency")}
    assert bars["usd"] > bars["jpy"] > 0
    with pytest.raises(UsageError, match="by which member"):
        shell("@chart amount")


def test_out_and_a_file(shell: Shell, tmp_path: Path) -> None:
    customers(shell, 2)
    assert shell(f"list customers @out {tmp_path}/a.csv") == f"2 rows → {tmp_path}/a.csv\n"
    assert (tmp_path / "a.csv").read_text().count("\n") == 3
    shell(f"list customers > {tmp_path}/b.json")
    assert [row["name"] for row in json.loads((tmp_path / "b.json").read_text())] == ["C2", "C1"]
    shell(f"> {tmp_path}/c.txt")
    assert json.loads((tmp_path / "c.txt").read_text())["object"] == "list"
    shell(f"@out {tmp_path}/d.jsonl")
    assert len((tmp_path / "d.jsonl").read_text().splitlines()) == 2
    with pytest.raises(UsageError, match="end the name"):
        shell("@out customers")
    with pytest.raises(UsageError, match="cannot be written"):
        shell(f"> {tmp_path}/none/x.csv")


def test_a_secret_is_in_no_file(shell: Shell, tmp_path: Path) -> None:
    shell("@secret code = hunter22")
    shell("create customer email=ann@x.co name=${code}")
    shell(f"> {tmp_path}/a.json")
    assert "hunter22" not in (tmp_path / "a.json").read_text()


def test_a_command_of_the_system(shell: Shell, capfd: pytest.CaptureFixture[str]) -> None:
    customers(shell, 2)
    shown = shell('list customers | grep -c \'"object": "customer"\'')
    assert shown == '$ grep -c \'"object": "customer"\'\n'
    assert capfd.readouterr().out == "2\n"
    assert "ended with code 3" in shell("| exit 3")


@pytest.mark.parametrize(
    "text", ["list customers\n| cat", "/sandbox list customers | cat\n\n/sandbox list customers", "| cat\n| cat"]
)
def test_a_text_of_several_lines_runs_no_command(shell: Shell, text: str, capfd: pytest.CaptureFixture[str]) -> None:
    customers(shell, 1)
    shown = shell(text)
    assert "`|` works at the prompt, in a text of one line" in shown
    assert capfd.readouterr().out == ""


def test_a_failure_runs_nothing_behind_it(shell: Shell, capfd: pytest.CaptureFixture[str]) -> None:
    assert "$ cat" not in shell("get customer id=cus_none | cat")
    assert capfd.readouterr().out == ""


def test_pager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINES", "12")
    file = tmp_path / "paged"
    shell = Shell({"PAGER": f"cat > {file}"})
    customers(shell, 1)
    assert not file.exists()
    assert shell("@open") == ""
    assert "next_invoice_sequence" in file.read_text()
    shell("@pager off")
    assert "next_invoice_sequence" in shell("@open")
    assert shell("@pager") == "off (one of auto, on, off)\n"
    with pytest.raises(UsageError, match="not one of auto, on, off"):
        shell("@pager of")


def test_a_pager_that_cannot_be_started_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINES", "12")
    shell = Shell({"PAGER": "no-such-pager 2>/dev/null"})
    customers(shell, 1)
    assert "next_invoice_sequence" in shell("@open")


@pytest.mark.parametrize(("pager", "choice"), [("", "auto"), ("cat", "auto"), ("cat", "on")])
def test_without_a_pager_results_are_shown_as_they_are(
    monkeypatch: pytest.MonkeyPatch, pager: str, choice: str
) -> None:
    monkeypatch.setenv("LINES", "12")
    shell = Shell({"PAGER": pager})
    shell(f"@pager {choice}")
    customers(shell, 1)
    assert "next_invoice_sequence" in shell("@open")


@pytest.mark.parametrize(
    ("text", "head", "behind"),
    [
        ("list customers", "list customers", []),
        ("list customers | jq . > x", "list customers", [("|", "jq . > x")]),
        ("list customers @sort name @out a.csv", "list customers", [("sort", "name"), ("out", "a.csv")]),
        ("list customers > a b.csv", "list customers", [(">", "a b.csv")]),
        ("@sum amount by currency", "", [("sum", "amount by currency")]),
        ("| wc", "", [("|", "wc")]),
        ('create customer name="a | b" email=a@b.co', 'create customer name="a | b" email=a@b.co', []),
        ("@let x = a | b", "@let x = a | b", []),
        ("@expect amount > 3", "@expect amount > 3", []),
        ("create customer email=ann@sum name=x", "create customer email=ann@sum name=x", []),
        ("list customers\n| wc", "list customers\n| wc", []),
        ("# a | b", "# a | b", []),
    ],
)
def test_what_stands_behind_a_block(text: str, head: str, behind: list[tuple[str, str]]) -> None:
    assert split_trailing(text) == (head, [TrailingCommand(*each) for each in behind])
