"""`spec --version`, `spec --diff` and `check --version`: the tables of versions, and what a move breaks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stripe_shell.cli import main
from stripe_shell.spec.versions.known import known_versions

SCRIPT = """\
@version 2024-06-20

/sandbox
action: create
entity: subscription
customer: cus_1
items[0].price: price_1
coupon: x
@expect current_period_end exists

/sandbox
action: create
entity: product
name: x
features[0].name: fast
@version 2023-10-16
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "old.stripe"
    path.write_text(SCRIPT)
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_the_table_of_a_version(capsys: pytest.CaptureFixture[str]) -> None:
    _, old, _ = run(capsys, "spec", "create", "subscription", "--version", "2024-06-20")
    _, new, _ = run(capsys, "spec", "create", "subscription")
    assert "(Stripe 2024-06-20)" in old
    assert "\n  coupon " in old
    assert "\n  coupon " not in new
    assert run(capsys, "spec", "upcoming", "invoice", "--version", "2024-06-20")[0] == 0


def test_what_changed_for_an_entity(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "spec", "--diff", "2025-02-24.acacia", "2025-03-31.basil", "subscription")
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "2025-03-31.basil"
    assert "  create subscription" in lines
    assert "    - coupon   string?" in lines
    assert "  subscription (answers)" in lines
    assert "    - current_period_end   integer" in lines
    assert all("invoice" not in line.split()[0] for line in lines if line.startswith("  ") and line[2] != " ")
    assert "2025-02-24.acacia to 2025-03-31.basil" in err


@pytest.mark.parametrize(
    ("older", "newer", "line"),
    [
        ("2023-10-16", "2024-04-10", "  ~ create payment_intent   before: The default `capture_method` of"),
        ("2025-08-27.basil", "2025-09-30.clover", "  ~ create subscription   before: The default `billing_mode`"),
        ("2025-02-24.acacia", "2025-03-31.basil", "  ~ create coupon   before: A coupon of an amount may be for ever."),
    ],
)
def test_what_no_table_shows(capsys: pytest.CaptureFixture[str], older: str, newer: str, line: str) -> None:
    """Defaults, refusals and what Stripe does by itself are told beside what was added and removed."""
    entity = line.split()[2]
    _, out, _ = run(capsys, "spec", "--diff", older, newer, entity)
    assert [each for each in out.splitlines() if each.startswith(line)]
    _, before, _ = run(capsys, "spec", "--diff", newer, "2026-10-28.endive", entity)
    assert line not in before


def test_two_versions_in_the_other_order_are_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("subscription", "--format", "json")
    _, one, _ = run(capsys, "spec", "--diff", "2024-06-20", "2025-03-31.basil", *words)
    _, other, _ = run(capsys, "spec", "--diff", "2025-03-31.basil", "2024-06-20", *words)
    assert one == other
    assert {"version": "2025-03-31.basil", "where": "request", "subject": "create subscription", "sign": "-"} | {
        "path": "coupon",
        "detail": "string?",
    } in json.loads(one)


def test_what_changed_for_a_script(capsys: pytest.CaptureFixture[str], script: str) -> None:
    _, out, _ = run(capsys, "spec", "--diff", "2023-10-16", script)
    assert "    - features   " in out
    assert "    - coupon   string?" in out
    assert "  create refund" not in out


def test_what_a_move_breaks(capsys: pytest.CaptureFixture[str], script: str) -> None:
    assert run(capsys, "check", script, "--spec", "stripe") == (0, "", f"{script}: no problem found\n")
    code, _, err = run(capsys, "check", script, "--spec", "stripe", "--version", "2026-10-28.endive")
    assert code == 2
    assert "unknown parameter `coupon` for create subscription" in err
    assert err.count("= removed in 2025-03-31.basil") == 2
    assert "= before that version: A subscription has `current_period_start` and `current_period_end`" in err
    assert "features" not in err


def test_a_move_that_breaks_nothing(capsys: pytest.CaptureFixture[str], script: str) -> None:
    code, _, err = run(capsys, "check", script, "--spec", "stripe", "--version", "2025-02-24.acacia")
    assert (code, err) == (0, f"{script}: nothing breaks in 2025-02-24.acacia\n")


PHASES = 'phases: [{"items": [{"price": "price_1"}], "iterations": 2}]'
#: By a block, its parameters separated by `; `: the first version that breaks it, and what is said then.
MOVES: dict[str, tuple[str, ...]] = {
    'create payment_intent; amount: 500; currency: usd; payment_method_types: ["card"]': (
        "2026-09-30.endive",
        "`payment_method_types` is no longer supported",
        "= removed in 2026-09-30.endive",
    ),
    "create coupon; amount_off: 500; currency: usd; duration: forever": (
        "2025-03-31.basil",
        "cannot have a `duration` of `forever`",
        "= removed in 2025-03-31.basil",
    ),
    "upcoming invoice; customer: cus_1": (
        "2025-03-31.basil",
        "unknown action `upcoming`",
        "= removed in 2025-03-31.basil; `create_preview invoice` answers for it",
    ),
    "list customer; include: total_count": (
        "2025-03-31.basil",
        "unknown parameter `include`",
        "= removed in 2025-03-31.basil",
        "= before that version: A list takes `include[]=total_count`",
    ),
    "create checkout.session; mode: payment; ui_mode: embedded; return_url: https://x.test": (
        "2026-03-25.dahlia",
        "`ui_mode` cannot be `embedded`",
        "= removed in 2026-03-25.dahlia",
        "= before that version: A Checkout Session's `ui_mode`",
    ),
    f"create subscription_schedule; customer: cus_1; start_date: now; {PHASES}": (
        "2025-09-30.clover",
        "unknown parameter `phases[0].iterations`",
        "= removed in 2025-09-30.clover",
    ),
    "create subscription; customer: cus_1; items[0].price: price_1; coupon: x": (
        "2025-03-31.basil",
        "unknown parameter `coupon`",
        "= write `discounts[0][coupon]` from that version on",
    ),
}


@pytest.mark.parametrize("block", MOVES)
def test_a_block_without_a_version_is_judged_by_the_one_that_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, block: str
) -> None:
    """Whether it is wrong in the newest version as well plays no part."""
    first, *said = MOVES[block]
    last = known_versions()[known_versions().index(first) - 1]
    words, *params = block.split("; ")
    action, entity = words.split(" ")
    script = tmp_path / "a.stripe"
    script.write_text("\n".join(["/sandbox", f"action: {action}", f"entity: {entity}", *params, ""]))
    given = ("check", str(script), "--spec", "stripe", "--version")
    assert run(capsys, *given, last) == (0, "", f"{script}: nothing breaks in {last}\n")
    code, _, err = run(capsys, *given, first)
    assert code == 2
    assert [each for each in said if each not in err] == []
    assert "(entry" not in err


@pytest.mark.parametrize(
    "words",
    [
        ("spec", "customer", "--version", "2024-6-20"),
        ("spec", "--diff", "2024-06-21"),
        ("spec", "--diff", "2024-06-20", "nonsense"),
        ("check", "x.stripe", "--version", "soon"),
        ("check", "x.stripe", "--version", "2024-06-20", "--fix"),
    ],
)
def test_what_does_not_exist_is_said(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    code, out, err = run(capsys, *words)
    assert (code, out) == (1, "")
    assert err.startswith("stripe-shell: ")
