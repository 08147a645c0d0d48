"""`stripe-shell connections`: list, add, test, remove, default."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from stripe_shell.cli import main
from tests.fakes import pinkconnect, stripe
from tests.fakes.web import Backend, serving

Run = Callable[..., tuple[int, str, str]]
KEY = "sk_test_51Abcdefghijklmnopqrstuv"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit code, standard output, standard error of `stripe-shell connections …`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "STRIPE_API_KEY", "STRIPE_API_BASE"):
        monkeypatch.delenv(name, raising=False)

    def run_it(*words: str, given: str = "", **environ: str) -> tuple[int, str, str]:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        code = main(["connections", *words])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run_it


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".config" / "stripe-shell" / "connections.toml"


def test_a_first_connection_makes_a_private_file(run: Run, file: Path) -> None:
    code, out, err = run("add", "eu", "kind=stripe", "key=env:EU", "retries=3", "timeout=2.5", "read_only=true")
    assert (code, out) == (0, "")
    assert err == f"`eu` is in {file}; `stripe-shell connections test eu` tries it\n"
    assert file.read_text() == (
        '[connections.eu]\nkind = "stripe"\nkey = "env:EU"\nretries = 3\ntimeout = 2.5\nread_only = true\n'
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_is_added_stands_behind_what_was_there(run: Run, file: Path) -> None:
    file.parent.mkdir(parents=True)
    before = '# mine\n\n  [connections.box]   # a box\nkind="sandbox"\n'
    file.write_text(before)
    file.chmod(0o600)
    code, _, err = run("add", "/pink", "kind=pinkconnect", "connection_id=c", "token=env:T", "headers.X-A=b")
    assert code == 0, err
    assert file.read_text() == (
        f'{before}\n[connections.pink]\nkind = "pinkconnect"\nconnection_id = "c"\ntoken = "env:T"\nheaders.X-A = "b"\n'
    )


def test_tables_are_written_with_dots(run: Run, file: Path) -> None:
    oauth = "token.oauth2_client_credentials"
    words = [f"{oauth}.url=https://x/token", f"{oauth}.client_id=i", f"{oauth}.client_secret=env:S"]
    assert run("add", "pink", "kind=pinkconnect", "connection_id=c", *words)[0] == 0
    assert f'{oauth}.client_secret = "env:S"\n' in file.read_text()


@pytest.mark.parametrize("setting", ["key={}", "key=value:{}", "account={}", "token.rs256_jwt.key={}", "headers.X={}"])
def test_a_key_in_an_argument_is_refused_and_not_repeated(run: Run, file: Path, setting: str) -> None:
    code, out, err = run("add", "eu", "kind=stripe", setting.format(KEY))
    assert code == 1
    assert "never stand in arguments" in err
    assert KEY not in out + err
    assert not file.exists()


def test_a_key_from_standard_input_goes_to_the_file_alone(run: Run, file: Path) -> None:
    code, out, err = run("add", "eu", "kind=stripe", "key=-", given=f"{KEY}\n")
    assert code == 0
    assert KEY not in out + err
    assert f'key = "{KEY}"\n' in file.read_text()
    assert run("add", "us", "kind=stripe", "key=-", given="")[0] == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["add"], "connections add NAME kind=KIND"),
        (["add", "eu", "stripe"], "`stripe` is not SETTING=VALUE"),
        (["add", "eu"], "kind= is one of stripe, sandbox, paragon, pinkconnect, proxy"),
        (["add", "eu", "kind=strip"], "kind= is one of"),
        (["add", "eu", "kind=stripe", "key=env:A", "retries=x"], "retries is a number, not `x`"),
        (["add", "eu", "kind=stripe", "key=env:A", "read_only=yes"], "read_only is true or false, not `yes`"),
        (["add", "eu", "kind=stripe", "key=env:A", "retrys=1"], "did you mean `retries`?"),
        (["add", "eu", "kind=stripe", "key=evn:A"], "did you mean `env:`?"),
        (["add", "eu", "kind=stripe"], "`key` is missing"),
        (["add", "a b", "kind=sandbox"], "a name consists of letters"),
        (["add", "sandbox", "kind=stripe", "key=env:A"], "`/sandbox` always means the sandbox"),
        (["remove", "eu"], "has no connection `eu`"),
        (["remove", "stripe"], "`/stripe` always exists"),
        (["remove"], "connections remove NAME"),
        (["default", "sandbx"], "did you mean `sandbox`?"),
        (["test", "sandbx"], "did you mean `sandbox`?"),
        (["lst"], "did you mean `list`?"),
    ],
)
def test_what_cannot_be_done_is_told_and_writes_nothing(run: Run, file: Path, words: list[str], message: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert message in err
    assert not file.exists()


def test_one_name_is_one_connection(run: Run, file: Path) -> None:
    run("add", "eu", "kind=stripe", "key=env:EU")
    code, _, err = run("add", "eu", "kind=sandbox")
    assert code == 1
    assert "has a connection `eu` already" in err


def test_remove_and_default(run: Run, file: Path) -> None:
    run("add", "eu", "kind=stripe", "key=env:EU")
    run("add", "box", "kind=sandbox", "path=:memory:")
    assert run("default")[1] == "sandbox\n"
    assert run("default", "box")[0] == 0
    assert run("default")[1] == "box\n"
    code, _, err = run("remove", "box")
    assert code == 1
    assert "`box` is the default connection; choose another one first" in err
    assert run("remove", "eu")[0] == 0
    assert file.read_text() == 'default = "box"\n\n[connections.box]\nkind = "sandbox"\npath = ":memory:"\n'


def test_a_broken_file_is_not_made_worse(run: Run, file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("spec = 3\n")
    file.chmod(0o600)
    for words in (["add", "eu", "kind=sandbox"], ["remove", "eu"], ["default", "sandbox"], ["list"], ["test"]):
        code, _, err = run(*words)
        assert code == 1
        assert "error[E505]: spec: input should be 'documented' or 'stripe'" in err
    assert file.read_text() == "spec = 3\n"


# --- test -------------------------------------------------------------------------------------------------------


def test_a_test_says_what_was_reached_as_whom_and_with_which_key(run: Run, backend: Backend) -> None:
    with serving(stripe.FakeStripe(backend)) as server:
        run("add", "eu", "kind=stripe", "key=env:EU", f"url={server.url}")
        code, out, err = run("test", "eu", EU=stripe.KEY)
        assert code == 0
        lines = {line[:17].strip(): line[17:] for line in out.splitlines()}
        assert lines["/eu"] == "stripe"
        assert lines["reached"].startswith(f"{server.url} in ")
        assert lines["as"].startswith("acct_")
        assert lines["mode"] == "test"
        assert lines["API version"] == "2026-10-28.endive"
        assert lines["credential from"] == "the environment variable EU"
        assert [seen.target for seen in server.seen] == ["/v1/account"]
        assert stripe.KEY not in out + err


def test_a_test_finds_out_the_mode_that_a_key_does_not_tell(run: Run, backend: Backend) -> None:
    with serving(pinkconnect.FakePinkConnect(backend)) as server:
        address = f"url={server.url}/connect/{{service}}/{{connection_id}}{{path}}"
        given = f"connection_id={pinkconnect.CONNECTION}"
        code, _, err = run("add", "pink", "kind=pinkconnect", given, address, "token=env:PINK")
        assert code == 0, err
        code, out, _ = run("test", "pink", "--format", "json", PINK=pinkconnect.TOKEN)
        row = json.loads(out)
        assert (code, row["mode"], row["problem"]) == (0, "test", "")
        assert [seen.path.rpartition("/")[2] for seen in server.seen] == ["account", "balance"]


def test_a_test_that_fails_says_why(run: Run, backend: Backend) -> None:
    with serving(stripe.FakeStripe(backend)) as server:
        run("add", "eu", "kind=stripe", "key=env:EU", f"url={server.url}", "retries=0")
        code, out, _ = run("test", "eu", EU=KEY)
        assert code == 3
        assert "problem          answered 401: Invalid API Key provided" in out
        assert "credential from  the environment variable EU" in out
    code, out, _ = run("test", "eu")
    assert code == 3
    assert "no connection (connection refused)" in out
    code, out, _ = run("test", "stripe")
    assert code == 3
    assert "set the environment variable STRIPE_API_KEY to its key" in out


def test_the_sandbox_can_be_tested_too(run: Run) -> None:
    code, out, _ = run("test", "--memory")
    assert code == 0
    assert "reached          this process in " in out
    assert "lives in         :memory:" in out
