"""No credential is found in anything that a run leaves behind or starts: 0 occurrences, in any spelling."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pexpect
import pytest

from tests.fakes import paragon, pinkconnect, stripe
from tests.fakes.web import Backend, Loopback, serving

ROOT = Path(__file__).parents[2]
SECONDS = 30

ENV_KEY = "sk_test_51EnvKey0123456789abcdefgh"
FILE_KEY = "sk_test_51FileKey0123456789abcdefg"
EXEC_KEY = "rk_live_51ExecKey0123456789abcdefg"
STDIN_KEY = "sk_test_51StdinKey0123456789abcdef"
TOML_KEY = "sk_live_51TomlKey0123456789abcdefg"
WRONG_KEY = "sk_test_51WrongKey0123456789abcdef"
GIVEN = (ENV_KEY, FILE_KEY, EXEC_KEY, STDIN_KEY, TOML_KEY, WRONG_KEY, pinkconnect.TOKEN, pinkconnect.CLIENT_SECRET)

# What is started: writes down what can be seen of it from outside, then what it was asked for.
RECORDER = """\
import pathlib, sys
here = pathlib.Path(__file__).parent
mine = pathlib.Path("/proc/self")
(here / f"seen-{sys.argv[1]}").write_bytes((mine / "cmdline").read_bytes() + b"\\0" + (mine / "environ").read_bytes())
if sys.argv[1] == "exec":
    print((here / "vault").read_text())
"""

SCRIPT = """\
@secret note = ${env:NOTE}
/{name}
action: create
entity: customer
email: a@b.co
name: Ann
description: ${{note}}
@as customer

/{name}
action: get
entity: customer
id: ${{customer.id}}
"""

NOTE = "a-note-that-is-nobodys-business-4711"


@dataclass
class House:
    """A home with a profile for every source, and all that was ever shown in it."""

    home: Path
    server: Loopback
    pink: Loopback
    extra: tuple[str, ...] = ()
    shown: list[tuple[str, str]] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TERM": "dumb",
            "LANG": "C.UTF-8",
            "ENV_KEY": ENV_KEY,
            "WRONG_KEY": WRONG_KEY,
            "PINK": pinkconnect.TOKEN,
            "PINK_SECRET": pinkconnect.CLIENT_SECRET,
            "NOTE": NOTE,
            "EDITOR": f"{sys.executable} {self.home / 'recorder.py'} editor",
        }

    def run(self, *words: str, given: str = "") -> int:
        """Run it; what it shows is kept."""
        done = subprocess.run(
            [sys.executable, "-m", "stripe_shell", *words],
            input=given, text=True, check=False, capture_output=True, env=self.environ, cwd=self.home, timeout=60,
        )  # fmt: skip
        self.shown += [(f"{words} stdout", done.stdout), (f"{words} stderr", done.stderr)]
        return done.returncode

    def left_behind(self) -> Iterator[tuple[str, str]]:
        """Everything that was shown, and every file but those that hold a key on purpose."""
        yield from self.shown
        for path in sorted(self.home.rglob("*")):
            if path.is_file() and path.name not in {"connections.toml", "vault", "recorder.py"}:
                yield str(path), path.read_bytes().decode("utf-8", "replace")


@pytest.fixture
def house(tmp_path: Path, backend: Backend) -> Iterator[House]:
    fakes = {key: stripe.FakeStripe(backend, key) for key in GIVEN if key not in (WRONG_KEY,)}

    def any_key(seen: Any) -> Any:
        key = seen.headers.get("authorization", "").removeprefix("Bearer ")
        return fakes.get(key, stripe.FakeStripe(backend))(seen)

    oauth = pinkconnect.FakePinkConnect(backend, token="oauth")
    given = pinkconnect.FakePinkConnect(backend)

    def either(seen: Any) -> Any:
        return given(seen) if seen.headers.get("auth-token") == pinkconnect.TOKEN else oauth(seen)

    with serving(any_key) as server, serving(either) as pink:
        house = House(tmp_path, server, pink)
        write_private(tmp_path / "vault", EXEC_KEY)
        write_private(tmp_path / "key-file" / "vault", FILE_KEY)
        write_private(tmp_path / "recorder.py", RECORDER)
        url = f'url = "{server.url}"\n'
        pink_url = f'url = "{pink.url}/connect/{{service}}/{{connection_id}}{{path}}"\n'
        config = f"""
[connections.by-env]
kind = "stripe"
key = "env:ENV_KEY"
{url}[connections.by-file]
kind = "stripe"
key = "file:{tmp_path}/key-file/vault"
{url}[connections.by-exec]
kind = "stripe"
key = "exec:{sys.executable} {tmp_path}/recorder.py exec"
{url}[connections.by-stdin]
kind = "stripe"
key = "stdin:"
{url}[connections.by-toml]
kind = "stripe"
key = "{TOML_KEY}"
{url}[connections.wrong]
kind = "stripe"
key = "env:WRONG_KEY"
{url}[connections.pink]
kind = "pinkconnect"
connection_id = "{pinkconnect.CONNECTION}"
token = "env:PINK"
{pink_url}[connections.oauth]
kind = "pinkconnect"
connection_id = "{pinkconnect.CONNECTION}"
{pink_url}[connections.oauth.token.oauth2_client_credentials]
url = "{pink.url}/oauth/token"
client_id = "{pinkconnect.CLIENT_ID}"
client_secret = "env:PINK_SECRET"
scope = "{pinkconnect.SCOPE}"
"""
        write_private(tmp_path / ".config" / "stripe-shell" / "connections.toml", config)
        yield house
        # Tokens that were given out during the run are secrets too.
        house.extra = tuple(oauth.given_out)


def write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)


def spellings(secret: str) -> set[str]:
    """The secret, most of it, and how it is written in JSON, a URL, a header of the other kind."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return {secret, secret[:-4], secret[9:-4], quote(secret, safe=""), json.dumps(secret)[1:-1], encoded[:-2]}


def occurrences(house: House, secrets: tuple[str, ...]) -> list[str]:
    return [
        f"{place}: {spelling}"
        for place, text in house.left_behind()
        for secret in secrets
        for spelling in spellings(secret)
        if spelling in text
    ]


REPORTS = ("junit", "html", "json", "tap")

PROMPT = r"(LIVE by-exec|oauth) via 127\.0\.0\.1:\d+ ?> "

NAMES = ("by-env", "by-file", "by-exec", "by-stdin", "by-toml", "pink", "oauth", "wrong")


def test_batch_runs_leave_no_secret_behind(house: House, backend: Backend) -> None:
    before = backend.count("/v1/customers")
    for name in NAMES:
        script = house.home / f"{name}.stripe"
        script.write_text(SCRIPT.replace("{{", "{").replace("}}", "}").replace("{name}", name))
        reports = [word for kind in REPORTS for word in ("--report", f"{kind}={name}.report.{kind}")]
        code = house.run(
            "run", script.name, "--live", "--confirm", "1 write", "--verbose", *reports, given=f"{STDIN_KEY}\n"
        )
        assert code == (3 if name == "wrong" else 0), house.shown[-1]
        assert {path.suffix for path in house.home.glob(f"{name}.report.*")} == {f".{kind}" for kind in REPORTS}
    for name in ("by-toml", "by-exec", "by-stdin"):
        house.run("run", f"{name}.stripe", "--dry-run", given=f"{STDIN_KEY}\n")
        house.run("check", f"{name}.stripe", given=f"{STDIN_KEY}\n")
        house.run("convert", f"{name}.stripe", "--to", "curl", given=f"{STDIN_KEY}\n")
        house.run("convert", f"{name}.stripe", "--to", "python", given=f"{STDIN_KEY}\n")
    assert backend.count("/v1/customers") == before + len(NAMES) - 1
    house.run("connections")
    house.run("connections", "list", "--format", "json")
    house.run("connections", "test", *NAMES, "--verbose", given=f"{STDIN_KEY}\n")
    house.run("connections", "add", "more", "kind=stripe", f"key={WRONG_KEY}")
    house.run("connections", "add", "more", "kind=stripe", "key=-", given=f"{STDIN_KEY}\n")
    house.run("connections", "default", "more")
    assert (house.home / "seen-exec").exists()
    tokens = tuple(seen.headers["auth-token"] for seen in house.pink.seen if "auth-token" in seen.headers)
    assert any(token.startswith("pink-oauth-") for token in tokens)
    assert occurrences(house, (*GIVEN, *tokens)) == []
    assert [found for found in occurrences(house, (NOTE,)) if "/seen-exec" not in found] == []
    assert "Bearer sk_test_…" in "".join(text for _, text in house.shown), "the exchange was shown"


def test_a_broken_settings_file_shows_no_secret(house: House) -> None:
    path = house.home / ".config" / "stripe-shell" / "connections.toml"
    whole = path.read_text()
    changes = [
        whole.replace("key =", broken) for broken in ("[connections.x", "key = [", "kye = ", "= =", "timeout = ")
    ]
    for changed in (*changes, whole.replace('"', ""), whole.replace('"', "", 3), whole + TOML_KEY):
        write_private(path, changed)
        assert house.run("list", "customers") in (1, 2)
    path.chmod(0o644)
    assert house.run("list", "customers") == 1
    assert occurrences(house, GIVEN) == []


def test_a_session_at_the_prompt_leaves_no_secret_behind(house: House) -> None:
    """Typed, edited, saved, recalled; with a key that a command brings, and one that is typed without being shown."""
    child = pexpect.spawn(
        sys.executable, ["-m", "stripe_shell", "--connection", "by-exec"],
        env=house.environ, cwd=str(house.home), encoding="utf-8", timeout=SECONDS, dimensions=(40, 120),
    )  # fmt: skip
    log: list[str] = []

    class Log:
        def write(self, text: str) -> None:
            log.append(text)

        def flush(self) -> None:
            pass

    child.logfile_read = Log()
    child.expect(PROMPT)
    for keys, wanted in (
        ("list customers limit=1\r", "no customers"),
        ("@secret note = ${env:NOTE}\r", ""),
        (
            f"create customer email=a@b.co name=Ann metadata.k={ENV_KEY}\r",
            "Type a@b.co to send it, d to see the request: ",
        ),
        ("a@b.co\r", "✓ "),
        ("/by-env create customer email=a@b.co name=Ann description=${note}\r\r", "✓ "),
        ("/wrong list customers\r\r", "credential came from the environment variable WRONG_KEY"),
        ("/by-stdin list customers\r\r", "key of /by-stdin: "),
        (f"{STDIN_KEY}\r", "customers.csv"),
        ("/oauth list customers limit=9\r\r", "customers.csv"),
        ("@curl\r", "curl --globoff"),
        ("@vars\r", "note  "),
        ("@history\r", "@vars"),
        ("@save kept\r", "saved to"),
        ("@edit\r", ""),
    ):
        child.send(keys)
        if keys != f"{STDIN_KEY}\r":
            child.expect_exact(keys.strip()[-8:])
        child.expect_exact(wanted)
        if not wanted.endswith(": "):
            child.expect(PROMPT)
    child.send("\x15\x04")
    child.expect(pexpect.EOF)
    command_line = " ".join([sys.executable, "-m", "stripe_shell", "--connection", "by-exec"])
    house.shown += [("screen", "".join(log).replace(ENV_KEY, "<typed>")), ("command line", command_line)]
    assert (house.home / "state" / "stripe-shell" / "history").exists()
    assert (house.home / "seen-editor").exists()
    assert (house.home / "kept.stripe").exists()
    tokens = tuple(seen.headers["auth-token"] for seen in house.pink.seen if "auth-token" in seen.headers)
    assert occurrences(house, (*GIVEN, *tokens)) == []
    assert [found for found in occurrences(house, (NOTE,)) if "/seen-exec" not in found] == [], "no secret as yet then"


def test_a_token_signed_here_is_not_shown(
    tmp_path: Path, backend: Backend, keys: tuple[str, Any], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from stripe_shell.cli import main

    pem, public = keys
    with serving(paragon.FakeParagon(backend, public_key=public)) as server:
        config = (
            f'[connections.it]\nkind = "paragon"\nproject = "{paragon.PROJECT}"\nuser = "u"\n'
            f'url = "{server.url}/projects/{{project}}/sdk/proxy/stripe{{path}}"\n'
            'token = { rs256_jwt = { key = "env:SIGNING" } }\n'
        )
        write_private(tmp_path / "stripe-shell" / "connections.toml", config)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        monkeypatch.setenv("SIGNING", pem)
        assert main(["--connection", "it", "--verbose", "list", "customers"]) == 0
        shown = "".join(capsys.readouterr())
        token = server.seen[0].headers["authorization"].removeprefix("Bearer ")
        assert "/sdk/proxy/stripe/v1/customers" in shown
        for secret in (token, token.rpartition(".")[2], *pem.splitlines()[1:-1]):
            assert secret not in shown


def test_a_mistake_of_the_program_shows_no_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A traceback quotes what went wrong: it is masked like everything else."""
    from stripe_shell.cli import main
    from stripe_shell.transports.stripe import HttpClient

    def fail(_exchange: HttpClient, wire: Any, _limits: Any) -> Any:
        raise RuntimeError(f"cannot send {wire.headers} of {wire}")

    monkeypatch.setattr(HttpClient, "attempt", fail)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STRIPE_API_KEY", ENV_KEY)
    assert main(["--connection", "stripe", "list", "customers"]) == 70
    shown = "".join(capsys.readouterr())
    assert "RuntimeError: cannot send" in shown
    assert "Traceback" in shown
    assert ENV_KEY not in shown
    assert ENV_KEY[9:-4] not in shown


def test_a_key_on_standard_input_and_a_script_there_exclude_each_other(house: House) -> None:
    assert house.run("run", "-", given=f"/by-stdin\naction: list\nentity: customers\n{STDIN_KEY}\n") == 2
    assert "its key should come from standard input, and there stands the script" in house.shown[-1][1]
