"""What the command line says of what people bring from elsewhere: options of curl, cents, comments, very long lines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Command

FIXTURES = {"fixtures": [{"name": "c", "path": "/v1/customers", "method": "post"}]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-d", "email=a@example.com", "-d", "name=Ann"], "write `email=a@example.com` without -d"),
        (["-demail=a@example.com"], "write `email=a@example.com` without -d"),
        (["--data", "items[0][price]=p"], "write `items[0][price]=p` without --data"),
        (["--data-urlencode=email=a"], "write `email=a` without --data-urlencode"),
        (["-d"], "write `name=value` without -d"),
        (["--email=a@example.com"], "unknown option --email; a parameter is written `email=a@example.com`"),
    ],
)
def test_parameters_as_other_tools_take_them(stripe_shell: Command, words: list[str], said: str) -> None:
    """The message has the word that works."""
    result = stripe_shell("--memory", "create", "customer", *words)
    assert (result.code, result.out) == (1, "")
    assert result.err == f"stripe-shell: {said}\n"


@pytest.mark.parametrize(("typed", "cents"), [("10.50", "1050"), ("0,99", "99"), ("1299.00", "129900")])
def test_an_amount_with_cents(stripe_shell: Command, typed: str, cents: str) -> None:
    """The number to write is said, of amounts alone."""
    result = stripe_shell("--memory", "create", "payment_intent", f"amount={typed}", "currency=usd")
    assert (result.code, f"{cents} cents for {typed}" in result.err) == (2, True)
    result = stripe_shell("--memory", "list", "customer", "limit=10.50")
    assert (result.code, "cents" in result.err) == (2, False)


def test_a_template_version_in_quotes(stripe_shell: Command, home: Path) -> None:
    """The text is named as the mistake, not its number; another number still is not known."""
    for version, said in (("0", "write 0 without quotes"), (7, "template version 7 is not known")):
        (home / "v.json").write_text(json.dumps({"_meta": {"template_version": version}, **FIXTURES}))
        result = stripe_shell("convert", "v.json", "--to", "stripe")
        assert (result.code, said in result.err) == (2, True)


def test_a_comment_in_json(stripe_shell: Command, home: Path) -> None:
    """A JSON file is no script, whatever it begins with."""
    for text in ("// mine\n{}", "/* mine */ {}", "# mine\n{}"):
        (home / "c.json").write_text(text)
        result = stripe_shell("convert", "c.json", "--to", "stripe")
        assert result.code == 2
        assert "JSON has no comments" in result.err


def test_a_very_long_line(stripe_shell: Command, home: Path) -> None:
    """An excerpt shows the part around the place, and its carets stand below the place."""
    entries = [{"name": f"c{at}", "path": "/v1/customers", "method": "post"} for at in range(800)]
    text = json.dumps({"fixtures": entries[:400], "odd": 1, "_meta": {"template_version": 0}, "x": "y" * 60_000})
    (home / "long.json").write_text(text)
    result = stripe_shell("convert", "long.json", "--to", "stripe")
    assert max(map(len, result.err.splitlines())) < 300
    assert len(result.err) < 2500
    rows = result.err.splitlines()
    marked = [(rows[at - 1], row) for at, row in enumerate(rows) if set(row.partition("|")[2].strip()[:1]) == {"^"}]
    assert len(marked) == 2
    for line, carets in marked:
        start = carets.index("^")
        assert line[start - 1 :].startswith(("…", ": 1,", ' 1, "_meta', ' "yyy', "1, ")) or line[start] in '1"'


def test_the_place_of_what_raw_sends(stripe_shell: Command, home: Path) -> None:
    """A refused parameter of `@raw` is marked in its own line, not at a neighbour with the same parent."""
    block = "/sandbox\naction: create\nentity: price\ncurrency: usd\nunit_amount: 1\nrecurring.interval: month\n"
    (home / "raw.stripe").write_text(f"{block}product_data.name: x\n@raw recurring.agregate=sum\n")
    result = stripe_shell("run", "raw.stripe", "--memory")
    assert "--> raw.stripe:8:6" in result.err
    assert "8 | @raw recurring.agregate=sum" in result.err


@pytest.mark.parametrize(
    ("images", "kept"),
    [
        ("https://a.example/w_200,h_100/a.jpg", ["https://a.example/w_200,h_100/a.jpg"]),
        ("https://a.example/1.png, https://b.example/2.png", ["https://a.example/1.png", "https://b.example/2.png"]),
        ("https://a.example/1,2.png,http://b.example/x", ["https://a.example/1,2.png", "http://b.example/x"]),
    ],
)
def test_a_comma_in_a_url(stripe_shell: Command, images: str, kept: list[str]) -> None:
    """It belongs to the URL unless another URL follows."""
    result = stripe_shell("--memory", "create", "product", "name=x", f"images={images}", "--format", "json")
    assert json.loads(result.out)["images"] == kept


@pytest.mark.parametrize("column", ["Created (UTC)", "crm id (metadata)", "Card Last4"])
def test_a_column_of_stripes_own_export(stripe_shell: Command, home: Path, column: str) -> None:
    """The one message has the form that works, and that form works."""
    (home / "data.csv").write_text(f"id,{column}\ncus_A,2021\n")
    loop = '@foreach row in "data.csv" key=id\n  /sandbox\n  action: create\n  entity: customer\n  email: a@b.co\n'
    (home / "bad.stripe").write_text(f"@spec stripe\n{loop}  name: ${{row.{column}}}\n@end\n")
    result = stripe_shell("check", "bad.stripe")
    written = f'${{row."{column}"}}'
    assert (result.code, result.err.count("error[")) == (2, 1)
    assert f"write `{written}`" in result.err
    (home / "good.stripe").write_text(f"@spec stripe\n{loop}  name: {written}\n@end\n")
    assert stripe_shell("check", "good.stripe").code == 0


def test_results_that_cannot_be_written(home: Path) -> None:
    """A full disk: one sentence and exit code 3, no traceback."""
    command = [sys.executable, "-m", "stripe_shell", "--memory", "create", "customer", "email=a@b.co", "name=A"]
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert run.returncode == 3
    assert run.stderr == "stripe-shell: cannot write to standard output: No space left on device\n"
