"""The plugin as pytest runs it: what is collected, how failures look, sandboxes, options."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# What the plugin imports late is here already, so that it need not be read again for each run of pytest within pytest.
import stripe_shell.pytest_plugin
import stripe_shell.replay.runner
import stripe_shell.transports.sandbox
from stripe_shell.sandbox.app import Sandbox

assert stripe_shell.pytest_plugin, stripe_shell.replay.runner
assert stripe_shell.transports.sandbox
Sandbox()

PASSES = """\
/sandbox create customer email=a@b.co name=Ann
@as customer
@expect id is cus

/sandbox list customers
@expect data count == 1
"""
FAILS = """\
@secret password = hunter2-hunter2

/sandbox create customer email=a@b.co name=Ann
@as customer

/sandbox
action: update
entity: customer
id: ${customer.id}
description: ${password}
@expect name == Bob

/sandbox get customer id=${customer.id}
"""
PAGE = """\
# A page

```
/your-stripe-connection
action: create
entity: customer
email: a@b.co
name: Ann
```

Response:

    {"id": "cus_1234567890", "name": "Bob"}

```
/your-stripe-connection get customer id=cus_1234567890
```
"""

OUTPUT = ("-p", "no:stripe_shell", "-p", "stripe_shell.pytest_plugin", "-p", "no:cacheprovider")


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, no settings."""
    for name in [name for name in os.environ if name.startswith(("STRIPE_", "XDG_", "PINKCONNECT", "PARAGON"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def run(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CI", raising=False)  # under it pytest repeats every failure at length in its summary
        return pytester.runpytest_inprocess(*OUTPUT, *words)


def test_every_block_is_a_test(pytester: pytest.Pytester) -> None:
    (pytester.path / "a.stripe").write_text(PASSES)
    (pytester.path / "b.stripe").write_text(PASSES)
    result = run(pytester, "-v", ".")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            "a.stripe::create customer (line 1) PASSED*",
            "a.stripe::list customers (line 5) PASSED*",
            "b.stripe::create customer (line 1) PASSED*",
        ]
    )


def test_a_failure_shows_the_diagnostic_the_exchange_and_no_secret(pytester: pytest.Pytester) -> None:
    (pytester.path / "a.stripe").write_text(FAILS)
    result = run(pytester, "-rs")
    result.assert_outcomes(passed=1, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "error*E402*: expected name == Bob",
            " *--> a.stripe:11:9",
            "11 | @expect name == Bob",
            '*^^^^^^^^^^^ actual "Ann"',
            "*exchange of update customer*",
            "> POST /v1/customers/cus_*",
            "> description=*******",
            "*SKIPPED*a.stripe:13: a block before it did not pass",
        ]
    )
    text = result.stdout.str()
    assert "hunter2" not in text
    assert "pytest_plugin.py" not in text


def test_a_script_that_does_not_pass_the_check_is_one_failure(pytester: pytest.Pytester) -> None:
    (pytester.path / "a.stripe").write_text("/sandbox create customer emial=a@b.co name=A\n\n/sandbox list customers\n")
    result = run(pytester)
    result.assert_outcomes(failed=1, skipped=2)
    result.stdout.fnmatch_lines(["error*E201*: unknown parameter `emial`*", "*did you mean `email`?*"])


def test_a_block_that_is_chosen_alone_runs_those_before_it(pytester: pytest.Pytester) -> None:
    (pytester.path / "a.stripe").write_text(PASSES)
    run(pytester, "-k", "list").assert_outcomes(passed=1, deselected=1)


def test_blocks_run_once_and_teardown_whatever_is_chosen(pytester: pytest.Pytester) -> None:
    script = PASSES + ("\n/sandbox delete customer id=${customer.id}\n@teardown\n@out deleted.json\n")
    (pytester.path / "a.stripe").write_text(script)
    run(pytester, "-k", "create").assert_outcomes(passed=1, deselected=2)
    assert '"deleted": true' in (pytester.path / "deleted.json").read_text()
    (pytester.path / "deleted.json").unlink()
    run(pytester).assert_outcomes(passed=3)
    assert (pytester.path / "deleted.json").exists()


def test_a_loop_is_one_test_and_shows_every_row_that_failed(pytester: pytest.Pytester) -> None:
    (pytester.path / "rows.csv").write_text("email,name\na@b.co,A\nb@b.co,B\n")
    block = "  /sandbox create customer email=${row.email} name=${row.name}\n"
    loop = f'@foreach row in "rows.csv" on_error=continue\n{block}'
    (pytester.path / "a.stripe").write_text(f"{loop}  @expect name == B\n@end\n\n/sandbox list customers\n")
    result = run(pytester, "-v")
    result.assert_outcomes(passed=1, failed=1)
    assert result.stdout.str().count("@expect name == B") == 1
    result.stdout.fnmatch_lines(["a.stripe::foreach row (line 1) FAILED*"])


def test_a_block_that_is_skipped_says_why(pytester: pytest.Pytester) -> None:
    (pytester.path / "a.stripe").write_text("/sandbox list customers\n@when 1 == 2\n")
    result = run(pytester, "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*`1 == 2` does not hold*"])


def test_an_empty_loop_and_an_empty_file(pytester: pytest.Pytester) -> None:
    (pytester.path / "rows.csv").write_text("email\n")
    (pytester.path / "a.stripe").write_text('@foreach row in "rows.csv"\n  /sandbox list customers\n@end\n')
    (pytester.path / "b.stripe").write_text("# nothing\n")
    run(pytester).assert_outcomes(skipped=1)


def test_strict_markers_without_xdist(pytester: pytest.Pytester) -> None:
    pytester.makefile(".stripe", shop="/sandbox create customer email=a@b.co name=Ann\n")
    result = pytester.runpytest_subprocess("--strict-markers", "-p", "no:xdist")
    result.assert_outcomes(passed=1)


def test_variables(pytester: pytest.Pytester) -> None:
    (pytester.path / "a.stripe").write_text("/sandbox create customer email=${mail} name=A\n@expect email == x@y.co\n")
    run(pytester).assert_outcomes(failed=1, skipped=1)
    run(pytester, "--stripe-var", "mail=x@y.co").assert_outcomes(passed=1)
    result = run(pytester, "--stripe-var", "1=2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--stripe-var 1=2: write NAME=VALUE"])


def test_a_connection(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    (pytester.path / "a.stripe").write_text("/your-stripe-connection create customer email=a@b.co name=A\n")
    monkeypatch.setenv("STRIPE_API_KEY", "sk_live_51Abcdefghijklmnopqrstuvwx")
    run(pytester).assert_outcomes(passed=1)
    result = run(pytester, "--stripe-connection", "stripe")
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(["error*E503*LIVE mode"])
    assert "sk_live_51Abc" not in result.stdout.str()
    run(pytester, "--stripe-connection", "nowhere").assert_outcomes(errors=1)


def test_a_file_that_is_no_text(pytester: pytest.Pytester) -> None:
    (pytester.path / "a.stripe").write_bytes(b"\xff\xfe")
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*a.stripe is not UTF-8 text (byte 0)*"])


# --- pages -------------------------------------------------------------------------------------------------------


def test_pages_are_collected_when_they_are_asked_for(pytester: pytest.Pytester) -> None:
    (pytester.path / "page.md").write_text(PAGE)
    (pytester.path / "other.md").write_text("# Nothing to run\n")
    assert run(pytester).ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result = run(pytester, "--stripe-docs", "-v")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "page.md::create customer (line 4) FAILED*",
            "page.md::get customer (line 16) PASSED*",
            "page.md::page PASSED*",
            "error*E401*: create customer: `name` differs from the documentation*",
            '*^^^^^ actual "Ann"',
        ]
    )


def test_errata_of_a_page(pytester: pytest.Pytester) -> None:
    (pytester.path / "page.md").write_text(PAGE)
    errata = pytester.path / "page.errata.toml"
    entry = '[[erratum]]\nexample = "create customer"\npath = "name"\nsays = "Bob"\nexpect = "Ann"\nreason = "a slip"\n'
    errata.write_text(entry)
    run(pytester, "--stripe-docs").assert_outcomes(passed=3)
    errata.write_text(entry + '\n[[reading]]\ntext = "not there"\nsettled = "x"\nreason = "y"\n')
    result = run(pytester, "--stripe-docs")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["error*E405*"])
    errata.write_text("[[erratum]]\n")
    run(pytester, "--stripe-docs").assert_outcomes(errors=1)


def test_a_page_that_does_not_fit(pytester: pytest.Pytester) -> None:
    (pytester.path / "page.txt").write_text("/sandbox create customer emial=a@b.co name=A\n")
    result = run(pytester, "--stripe-docs")
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(["error*E201*"])


def test_one_example_chosen_alone(pytester: pytest.Pytester) -> None:
    (pytester.path / "page.md").write_text(PAGE)
    run(pytester, "--stripe-docs", "-k", "get").assert_outcomes(passed=1, deselected=2)


def test_the_plugin_costs_nothing_where_there_is_no_script(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(
        "import sys\ndef test_it():\n    ours = {n for n in sys.modules if n.startswith('stripe_shell')}\n"
        "    assert ours == {'stripe_shell', 'stripe_shell.pytest_plugin', 'stripe_shell.pytest_plugin.fixtures'}\n"
    )
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", str(root))
    pytester.runpytest_subprocess(*OUTPUT).assert_outcomes(passed=1)
