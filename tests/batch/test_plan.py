"""Plans: what a run would write and to how much money, its confirmation, and the fuse of `@most`."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter

import pytest

from stripe_shell.cli import main
from stripe_shell.engine.foreach import LoopRow
from stripe_shell.engine.outcome import RunStep
from stripe_shell.engine.run import interpreter
from stripe_shell.engine.run.unsent_rows import UnsentLoop

from .support import Batch, BatchResult

CURRENCIES = ("usd", "eur", "jpy")

CHARGES = """@foreach row in "charges.csv" key=n jobs=4
  /sandbox create charge amount=${row.amount} currency=${row.currency} source=tok_visa metadata.n=${row.n}
@end
"""

REFUNDS = """/sandbox list charges
@pages all
@as charges

@foreach charge in ${charges.data} key=id
  /sandbox get charge id=${charge.id}
  @as fresh

  /sandbox
  action: create
  entity: refund
  charge: ${charge.id}
  amount: ${fresh.amount - fresh.amount_refunded}
  @when ${fresh.refunded} == false
  @total ${fresh.amount - fresh.amount_refunded} ${fresh.currency}
@end
"""


def script(batch: Batch, text: str) -> None:
    (batch.folder / "b.stripe").write_text(text, encoding="utf-8")


def charges(batch: Batch, count: int, refunded: int, partly: int) -> None:
    """Makes charges in three currencies; the first ones are refunded, the next ones partly."""
    rows = [f"{n},{500 + n},{CURRENCIES[n % 3]}\n" for n in range(count)]
    (batch.folder / "charges.csv").write_text("n,amount,currency\n" + "".join(rows))
    script(batch, CHARGES)
    assert batch.run().code == 0
    ids = [each["id"] for each in sorted(objects(batch, "charge"), key=lambda each: int(each["metadata"]["n"]))]
    done = [f"/sandbox create refund charge={each}\n" for each in ids[:refunded]]
    done += [f"/sandbox create refund charge={each} amount=101\n" for each in ids[refunded : refunded + partly]]
    other = batch.folder / "other.stripe"
    other.write_text("\n".join(done))
    if done:
        assert main(["run", str(other), "--db", str(batch.folder / "s.db"), "--no-journal"]) == 0


def objects(batch: Batch, kind: str) -> list[dict[str, object]]:
    database = sqlite3.connect(batch.folder / "s.db")
    found = [json.loads(text) for (text,) in database.execute("SELECT json FROM objects WHERE object=?", (kind,))]
    database.close()
    return found


def left(batch: Batch) -> tuple[int, Counter[str]]:
    """The charges that can be refunded, and what is left of them by currency, from the state of the server."""
    money: Counter[str] = Counter()
    count = 0
    for each in objects(batch, "charge"):
        rest = int(str(each["amount"])) - int(str(each["amount_refunded"]))
        count += rest > 0
        money[str(each["currency"])] += rest
    return count, money


def shown(money: Counter[str]) -> list[str]:
    """How sums are written."""
    return [
        f"{money[each]:,} {each}" if each == "jpy" else f"{money[each] // 100:,}.{money[each] % 100:02d} {each}"
        for each in sorted(money)
    ]


def refunds(batch: Batch) -> int:
    return len(objects(batch, "refund"))


def run_plan(batch: Batch, *options: str) -> BatchResult:
    """Runs the plan of the folder in this process."""
    batch._capsys.readouterr()
    code = main(["run", str(batch.folder / "plan.json"), *options])
    said = batch._capsys.readouterr()
    return BatchResult(code, said.out, said.err)


@pytest.fixture
def planned(batch: Batch) -> Batch:
    charges(batch, 30, 3, 4)
    script(batch, REFUNDS)
    return batch


def plan(batch: Batch) -> BatchResult:
    return batch.run("--plan", str(batch.folder / "plan.json"))


def test_the_plan_and_the_run_have_the_sums_of_the_server(planned: Batch) -> None:
    count, money = left(planned)
    before = refunds(planned)
    told = plan(planned)
    assert told.code == 0, told.err
    assert f"plan of {planned.folder / 'b.stripe'}: 30 rows · {count} writes · {' · '.join(shown(money))}" in told.out
    assert "3 skipped" in told.out
    assert "skipped 3: `${fresh.refunded} == false` does not hold: true" in told.out
    assert told.out.count("POST /v1/refunds") == 3
    assert refunds(planned) == before
    run = run_plan(planned)
    assert run.code == 0, run.err
    assert (
        f"27 rows done · 3 skipped · 0 failed · 0 unknown · 0 not run · {count} writes · {' · '.join(shown(money))}"
        in run.err
    )
    assert left(planned) == (0, Counter(dict.fromkeys(CURRENCIES, 0)))


def test_a_charge_that_is_refunded_in_between_is_skipped(planned: Batch) -> None:
    assert plan(planned).code == 0
    before = refunds(planned)
    mine = next(each for each in objects(planned, "charge") if each["amount_refunded"] == 0)
    assert main(["create", "refund", f"charge={mine['id']}", "--db", str(planned.folder / "s.db")]) == 0
    run = run_plan(planned)
    assert run.code == 0, run.err
    assert "26 rows done · 4 skipped · 0 failed · 0 unknown · 0 not run · 26 writes" in run.err
    assert refunds(planned) == before + 27


def test_another_amount_than_planned_is_never_sent(planned: Batch) -> None:
    assert plan(planned).code == 0
    mine = next(each for each in objects(planned, "charge") if each["amount_refunded"] == 0)
    assert main(["create", "refund", f"charge={mine['id']}", "amount=1", "--db", str(planned.folder / "s.db")]) == 0
    run = run_plan(planned)
    assert run.code == 6
    assert "what the plan relied on has changed" in run.err
    assert [each["amount_refunded"] for each in objects(planned, "charge") if each["id"] == mine["id"]] == [1]


@pytest.mark.parametrize("words", [["--plan={}"], ["--plan", "{}"], ["{}", "--plan"]])
def test_the_file_of_a_plan_stands_behind_it_or_an_equals_sign(batch: Batch, words: list[str]) -> None:
    script(batch, "/sandbox create customer email=a@b.co name=A\n")
    told = batch.run(*[word.format(batch.folder / "plan.json") for word in words])
    assert told.code == 0, told.err
    assert re.search(r"\b1 write\b", told.out)
    assert run_plan(batch).code == 0
    assert batch.made("customer") == ["a@b.co"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--plan="], "--plan needs a value"),
        (["--plan=plan.txt"], "--plan=plan.txt: the name of a plan ends in .json"),
        (["--plan=a.json", "b.json"], "takes one script and one plan"),
        (["--dry-run=a.json"], "--dry-run takes no value"),
    ],
)
def test_what_is_no_file_of_a_plan_is_refused(batch: Batch, words: list[str], says: str) -> None:
    script(batch, "/sandbox create customer email=a@b.co name=A\n")
    refused = batch.run(*words)
    assert refused.code == 1
    assert says in refused.err
    assert not list(batch.folder.glob("*.json"))


#: Loops that only write, each with whether its rows are planned as a whole; `{}` stands for the path of the data.
WRITING = {
    "row": ("key=n", "/sandbox create product name=${row.name} metadata.n=${row.n}", True),
    "money": ("key=n", "/sandbox create payment_intent amount=${row.n} currency=usd description=${row.name}", True),
    "two": ("key=n", "/sandbox create customer email=${row.name}@b.co name=A\n@as c\n\n"
        "/sandbox create invoice_item customer=${c.id} amount=${row.n} currency=eur\n\n"
        "/sandbox create invoice customer=${c.id}", True),
    "equal steps": ("key=n", "/sandbox create product name=A\n\n/sandbox create product name=A", True),
    "stamp": ("key=n stamp=metadata.run", "/sandbox create product name=${row.name}", True),
    "total": ("key=n", "/sandbox create product name=${row.name}\n@total ${row.n} jpy", True),
    "uuid": ("key=n", "/sandbox create product name=${uuid}", True),
    "now": ("key=n", "/sandbox create product name=${now}", True),
    "default": ("key=n", "/sandbox create customer email=a@b.co name=A\n@as c\n\n"
        "/sandbox update customer id=${c.id} name=${row.empty:-${c.created}}", True),
    "no key": ("", "/sandbox create product name=${row.name}", True),
    "where": ('key=n where="${row.n} > 2"', "/sandbox create product name=${row.name}", True),
    "jobs": ("key=n jobs=4", "/sandbox create product name=${row.name}", True),
    "own key": ("key=n", "/sandbox create product name=${row.name}\n@idempotency_key k-${row.n}", True),
    "account": ("key=n", "/sandbox create product name=A\n@account acct_${row.n}", True),
    "expect": ("key=n", "/sandbox create product name=${row.name}\n@expect name == ${row.name}", True),
    "delete": ("key=n", "/sandbox delete product id=prod_${row.n}", True),
    "json": ("key=n", "/sandbox POST /v2/core/accounts contact_email=${row.name}@b.co", False),
    "when": ("key=n", "/sandbox create product name=${row.name}\n@when ${row.n} > 2", False),
    "let": ("key=n", "@let word = ${row.name}\n\n/sandbox create product name=${word}", False),
    "reads": ("key=n", "/sandbox list products\n\n/sandbox create product name=${row.name}", False),
}  # fmt: skip


def _as_before(batch: Batch, monkeypatch: pytest.MonkeyPatch, *options: str) -> tuple[list[int], bool]:
    """Plans a script, block by block too; returns the codes, and whether the two plans are the same to the byte."""
    told, written = [], []
    for number in range(2):
        with monkeypatch.context() as patched:
            if number:
                patched.setattr(interpreter, "unsent_loop", lambda *args, **kwargs: None)
            path = batch.folder / f"plan{number}.json"
            told.append(batch.run(f"--plan={path}", *options))
            written.append(path.read_bytes() if path.exists() else b"")
    return [each.code for each in told], (told[0].out, written[0]) == (told[1].out, written[1])


@pytest.mark.parametrize("name", WRITING)
def test_rows_that_are_planned_as_a_whole_are_planned_as_block_by_block(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    options, body, as_a_whole = WRITING[name]
    rows = "".join(f"{n},p{n},\n" for n in range(1, 7))
    (batch.folder / "rows.csv").write_text(f"n,name,empty\n{rows}")
    loop = f'@foreach row in "rows.csv" {options}\n{body}\n@end\n'
    again = re.sub(r"(@as |@let |[$][{])(c|word)", r"\1other", loop)
    script(batch, f"{loop}\n{again}")
    planned: list[bool] = []
    plan_row = UnsentLoop.plan_row

    def noted(self: UnsentLoop, row: LoopRow) -> RunStep | None:
        step = plan_row(self, row)
        planned.append(step is not None)
        return step

    monkeypatch.setattr(UnsentLoop, "plan_row", noted)
    assert _as_before(batch, monkeypatch) == ([0, 0], True)
    assert bool(planned) == as_a_whole
    assert all(planned)
    assert _as_before(batch, monkeypatch, "--rows", "2-3") == ([0, 0], True)


def test_a_row_with_a_problem_is_told_as_block_by_block(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    (batch.folder / "rows.csv").write_text("n,unit\n1,usd\n2,gold\n3,usd\n")
    script(
        batch,
        '@foreach row in "rows.csv" key=n\n/sandbox create product name=${row.n}\n@total ${row.n} ${row.unit}\n@end\n',
    )
    assert _as_before(batch, monkeypatch) == ([3, 3], True)
    assert "`@total` is `2 gold`" in batch.run("--plan").err


def test_a_run_of_which_rows_are_done_is_planned_as_block_by_block(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    (batch.folder / "rows.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(6)))
    script(batch, '@foreach row in "rows.csv" key=n\n/sandbox create product name=p${row.n}\n@end\n')
    assert batch.run("--rows", "2").code == 0
    assert _as_before(batch, monkeypatch) == ([0, 0], True)
    assert "6 rows · 4 writes" in batch.run("--plan").out


def test_a_plan_of_another_script_data_or_account_is_refused(batch: Batch) -> None:
    (batch.folder / "rows.csv").write_text("email\na@b.co\n")
    text = '@foreach row in "rows.csv" key=email\n  /sandbox create customer email=${row.email} name=A\n@end\n'
    script(batch, text)
    assert plan(batch).code == 0
    script(batch, text.replace("name=A", "name=B"))
    refused = run_plan(batch)
    assert (refused.code, batch.made("customer")) == (6, [])
    assert "the script is not the one that was planned with" in refused.err
    script(batch, text)
    (batch.folder / "rows.csv").write_text("email\na@b.co\nc@d.co\n")
    assert run_plan(batch).code == 6
    (batch.folder / "rows.csv").write_text("email\na@b.co\n")
    planned = json.loads((batch.folder / "plan.json").read_text())
    planned["facts"]["account"] = ["sandbox: acct_other"]
    (batch.folder / "plan.json").write_text(json.dumps(planned))
    assert run_plan(batch).code == 6
    assert batch.made("customer") == []


def test_what_is_not_in_the_plan_is_left_out(batch: Batch) -> None:
    (batch.folder / "rows.csv").write_text("email\na@b.co\nc@d.co\n")
    script(batch, '@foreach row in "rows.csv" key=email\n  /sandbox create customer email=${row.email} name=A\n@end\n')
    assert plan(batch).code == 0
    planned = json.loads((batch.folder / "plan.json").read_text())
    planned["writes"].pop(next(iter(planned["writes"])))
    (batch.folder / "plan.json").write_text(json.dumps(planned))
    run = run_plan(batch)
    assert (run.code, batch.made("customer")) == (0, ["c@d.co"])


def test_the_end_of_a_run_counts_what_the_plan_counts(batch: Batch) -> None:
    (batch.folder / "rows.csv").write_text("n,amount\n1,500\n2,700\n")
    script(
        batch,
        "/sandbox create payment_intent amount=50 currency=usd\n\n"
        '@foreach row in "rows.csv" key=n\n/sandbox create payment_intent amount=${row.amount} currency=usd\n@end\n\n'
        "/sandbox create payment_intent amount=60 currency=jpy\n",
    )
    assert "2 rows · 4 writes · 60 jpy · 12.50 usd\n" in plan(batch).out
    assert "0 not run · 4 writes · 60 jpy · 12.50 usd\n" in run_plan(batch).err
    assert len(objects(batch, "payment_intent")) == 4


def test_writes_that_depend_on_writes_are_planned_and_sent(batch: Batch) -> None:
    (batch.folder / "rows.csv").write_text("email\na@b.co\nc@d.co\n")
    script(
        batch,
        '@foreach row in "rows.csv" key=email\n  /sandbox create customer email=${row.email} name=A\n  @as made\n\n'
        "  /sandbox update customer id=${made.id} metadata.of=${made.created}\n"
        "  @when ${made.email} == ${row.email}\n@end\n",
    )
    told = plan(batch)
    assert "2 rows · 4 writes" in told.out
    assert "2 of them depend on a response" in told.out
    assert run_plan(batch).code == 0
    assert len(batch.made("customer")) == 2


def test_amounts_that_writes_of_the_run_tell_are_said_to_be_unknown(batch: Batch) -> None:
    (batch.folder / "rows.csv").write_text("n,amount\n1,500\n2,700\n3,0\n")
    script(
        batch,
        '@foreach row in "rows.csv" key=n\n  /sandbox create product name=p${row.n}\n  @as p\n\n'
        "  /sandbox create price product=${p.id} unit_amount=${row.amount} currency=usd\n  @as price\n\n"
        "  /sandbox create payment_intent amount=${price.unit_amount} currency=usd\n"
        "  @when ${price.unit_amount} > 0\n@end\n",
    )
    told = plan(batch)
    assert "3 rows · 9 writes\n" in told.out
    assert "create payment_intent: 3 writes · 3 whose amount is not known yet · 3 of them depend on a" in told.out
    run = run_plan(batch)
    assert "3 rows done · 0 skipped · 0 failed · 0 unknown · 0 not run · 8 writes · 12.00 usd" in run.err
    assert sorted(str(each["amount"]) for each in objects(batch, "payment_intent")) == ["500", "700"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("250 jpy, 15.000 kwd, 10.99 usd", 0), ("250 jpy, 15 kwd, 10.99 usd", 0), ("4 WRITES", 0),
        ("4 writes, 250 jpy, 15.000 kwd, 10.99 usd", 0), ("3 writes, 250 jpy, 15.000 kwd, 10.99 usd", 2),
        ("250 jpy, 15.000 kwd", 2), ("250 jpy, 15.001 kwd, 10.99 usd", 2), ("250 jpy, 15.000 kwd, 10.99 eur", 2),
        ("2.50 jpy", 1), ("15.0001 kwd", 1),
    ],
)  # fmt: skip
def test_each_currency_is_confirmed_in_its_own_unit(batch: Batch, said: str, code: int) -> None:
    rows = "n,amount,currency\n1,1000,usd\n2,250,jpy\n3,15000,kwd\n4,99,usd\n"
    (batch.folder / "rows.csv").write_text(rows)
    intent = "/sandbox create payment_intent amount=${row.amount} currency=${row.currency}\n"
    script(batch, '/sandbox list products\n\n@foreach row in "rows.csv" key=n\n' + intent + "@end\n")
    assert batch.run("--plan").code == 0  # the list has made the file of the sandbox
    assert batch.run("--confirm", said).code == code
    assert len(objects(batch, "payment_intent")) == (0 if code else 4)


def test_a_canary_and_a_run_that_goes_on_are_confirmed_by_their_own_rows(batch: Batch) -> None:
    (batch.folder / "rows.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(6)))
    script(batch, '@foreach row in "rows.csv" key=n\n  /sandbox create product name=p${row.n}\n@end\n')
    assert batch.run("--rows", "2", "--confirm", "6 writes").code == 2
    assert batch.run("--rows", "2", "--confirm", "2 writes").code == 0
    assert len(batch.made("product", "name")) == 2
    assert batch.run("--confirm", "6 writes").code == 2
    assert len(batch.made("product", "name")) == 2
    assert batch.run("--confirm", "4 writes").code == 0
    assert batch.made("product", "name") == [f"p{n}" for n in range(6)]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (["27 writes"], 0), (["26 writes"], 2), (["28 writes"], 2), (["1 usd"], 2), (["MONEY"], 0),
        (["MONEY", "27 writes"], 0), (["CENT"], 2), (["PART"], 2),
    ],
)  # fmt: skip
def test_the_confirmation_must_equal_the_plan(planned: Batch, said: list[str], code: int) -> None:
    _, money = left(planned)
    before = refunds(planned)
    exact = [each.replace(",", "") for each in shown(money)]
    off = [each.replace(",", "") for each in shown(money + Counter({"usd": 1}))]
    words = [{"MONEY": ", ".join(exact), "CENT": ", ".join(off), "PART": exact[0]}.get(each, each) for each in said]
    result = planned.run(*[option for each in words for option in ("--confirm", each)])
    assert result.code == code, result.err
    assert refunds(planned) - before == (27 if code == 0 else 0)


def test_what_is_no_confirmation_is_a_mistake(planned: Batch) -> None:
    assert planned.run("--confirm", "yes").code == 1
    assert planned.run("--confirm", "5.001 usd").code == 1


@pytest.mark.parametrize("jobs", [1, 8])
@pytest.mark.parametrize(("most", "sent"), [("20 writes", 20), ("0.50 usd", 0), ("20.00 usd", None)])
def test_the_fuse_lets_not_one_write_more_through(batch: Batch, jobs: int, most: str, sent: int | None) -> None:
    rows = "".join(f"{n},{n + 50}\n" for n in range(60))
    (batch.folder / "rows.csv").write_text(f"n,amount\n{rows}")
    loop = (
        f'@foreach row in "rows.csv" key=n jobs={jobs}\n'
        "  /sandbox create payment_intent amount=${row.amount} currency=usd metadata.n=${row.n}\n@end\n"
    )
    script(batch, f"@most {most}\n{loop}")
    blown = batch.run()
    amounts = [int(str(each["amount"])) for each in objects(batch, "payment_intent")]
    assert blown.code == 3
    assert "`@most` allows" in blown.err
    assert "error[E508]" in blown.err
    if sent is not None and most != "0.50 usd":
        assert len(amounts) == sent
    if most.endswith("usd"):
        limit = int(most.split(".", maxsplit=1)[0]) * 100 + (50 if most.startswith("0.50") else 0)
        assert sum(amounts) <= limit
    told = batch.run("--plan", "--new")
    assert told.code == 2
    assert "`@most` allows" in told.err


def test_the_fuse_counts_what_earlier_processes_wrote(batch: Batch) -> None:
    rows = "".join(f"{n}\n" for n in range(10))
    (batch.folder / "rows.csv").write_text(f"n\n{rows}")
    loop = '@foreach row in "rows.csv" key=n\n  /sandbox create product name=p${row.n}\n@end\n'
    script(batch, f"@most 4 writes\n{loop}")
    assert batch.run().code == 3
    assert len(batch.made("product", "name")) == 4
    script(batch, f"@most 6 writes\n{loop}")
    assert batch.run("--resume").code == 3
    assert len(batch.made("product", "name")) == 6
    script(batch, f"@most 10 writes\n{loop}")
    assert batch.run("--resume").code == 0
    assert len(batch.made("product", "name")) == 10


def test_a_new_plan_looks_anew(batch: Batch) -> None:
    charges(batch, 3, 0, 0)
    script(batch, REFUNDS)
    assert "3 writes" in plan(batch).out
    mine = objects(batch, "charge")[0]["id"]
    assert main(["create", "refund", f"charge={mine}", "--db", str(batch.folder / "s.db")]) == 0
    assert "2 writes" in plan(batch).out
