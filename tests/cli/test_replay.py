"""`replay` on the command line: where errata are found, what is printed, exit codes, live keys."""

from __future__ import annotations

from pathlib import Path

import pytest
import responses

from .conftest import LIVE_KEY, PAGE, TEST_KEY, Command

ERRATA = """\
[[erratum]]
example = "create customer"
path = "name"
says = "Bob"
expect = "Ann"
reason = "a slip"

[[reading]]
text = "name: Ann"
settled = "names are names"
reason = "two readings"
"""


def test_a_page_that_differs_is_4_and_says_where(stripe_shell: Command, home: Path) -> None:
    (home / "page.txt").write_text(PAGE)
    result = stripe_shell("replay", "page.txt")
    assert result.code == 4
    assert result.out == "FAILED   create customer  (page.txt:1)\npage.txt: 0 of 1 examples; 0 errata\n"
    assert "error[E401]: create customer: `name` differs from the documentation" in result.err
    assert "--> page.txt:7:34" in result.err
    assert 'actual "Ann"' in result.err
    assert not (home.parent / "data").exists()


@pytest.mark.parametrize("name", ["page.errata.toml", "page.txt.errata.toml"])
def test_errata_are_found_beside_the_page(name: str, stripe_shell: Command, home: Path) -> None:
    (home / "page.txt").write_text(PAGE)
    (home / name).write_text(ERRATA)
    result = stripe_shell("replay", "page.txt")
    assert result.code == 0
    assert result.out.splitlines() == [
        "ok       create customer  (page.txt:1)",
        "         erratum: name: Bob → Ann: a slip",
        "         reading: names are names: two readings",
        "page.txt: 1 of 1 examples; 1 errata",
    ]


def test_errata_that_are_named_or_kept_elsewhere(
    stripe_shell: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "page.txt").write_text(PAGE)
    (home / "elsewhere").mkdir()
    (home / "elsewhere" / "page.errata.toml").write_text(ERRATA)
    assert stripe_shell("replay", "page.txt", "--errata", "elsewhere/page.errata.toml").code == 0
    monkeypatch.setenv("STRIPE_SHELL_ERRATA", "elsewhere")
    assert stripe_shell("replay", "page.txt").code == 0
    assert stripe_shell("replay", "page.txt", "--errata", "missing.toml").code == 1


def test_several_pages(stripe_shell: Command, home: Path) -> None:
    (home / "good.md").write_text(PAGE.replace("Bob", "Ann"))
    (home / "bad.txt").write_text(PAGE)
    result = stripe_shell("replay", "bad.txt", "good.md")
    assert result.code == 4
    assert "good.md: 1 of 1 examples" in result.out


def test_errata_that_are_not_right_are_1(stripe_shell: Command, home: Path) -> None:
    (home / "page.txt").write_text(PAGE)
    (home / "page.errata.toml").write_text("[[erratum]]\n")
    result = stripe_shell("replay", "page.txt")
    assert result.code == 1
    assert "page.errata.toml:1: a `reason` is needed" in result.err


def test_a_page_without_examples_is_1(stripe_shell: Command, home: Path) -> None:
    (home / "page.txt").write_text("Only prose.\n")
    result = stripe_shell("replay", "page.txt")
    assert result.code == 1
    assert "has no example" in result.err


def test_a_page_that_does_not_fit_is_2(stripe_shell: Command, home: Path) -> None:
    (home / "page.txt").write_text(PAGE.replace("email:", "emial:"))
    result = stripe_shell("replay", "page.txt")
    assert result.code == 2
    assert "did you mean `email`?" in result.err


@pytest.mark.parametrize("words", [[], ["--live"]])
def test_a_live_key_is_refused(
    words: list[str], stripe_shell: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", LIVE_KEY)
    (home / "page.txt").write_text(PAGE)
    with responses.RequestsMock() as mock:
        result = stripe_shell("replay", "page.txt", *words)
        assert len(mock.calls) == 0
    assert result.code == 2
    assert "error[E503]" in result.err


def test_what_cannot_be_had_on_an_account_is_skipped_with_the_reason(
    stripe_shell: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", TEST_KEY)
    row = '{"id": "txn_1234567890", "object": "balance_transaction"}'
    (home / "page.txt").write_text(
        f'/your-x\naction: list\nentity: balance_transactions\nResponse:\n{{"data": [{row}]}}\n'
    )
    with responses.RequestsMock() as mock:
        result = stripe_shell("replay", "page.txt")
        assert len(mock.calls) == 0
    assert result.code == 0
    assert "cannot be created on a real account" in result.out
    assert "page.txt: 0 of 1 examples, 1 skipped" in result.out


def test_a_seed_whose_outcome_is_unknown_is_5(
    stripe_shell: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", TEST_KEY)
    row = '{"id": "prod_1234567890", "object": "product", "name": "P"}'
    (home / "page.txt").write_text(f'/your-x\naction: list\nentity: products\nResponse:\n{{"data": [{row}]}}\n')
    with responses.RequestsMock() as mock:
        mock.post("https://api.stripe.com/v1/products", body="<html>", status=200)
        result = stripe_shell("replay", "page.txt")
    assert result.code == 5
    assert "Outcome unknown" in result.err
