"""Running scripts and blocks from the command line: what goes where, exit codes, quoting, formats, secrets."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import responses

from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.setup import set_up
from stripe_shell.diagnostics import SourceText
from stripe_shell.render.console import Console
from stripe_shell.render.run_printer import RunPrinter
from stripe_shell.repl.running import run_text
from stripe_shell.repl.session import ReplSession

from .conftest import LIVE_KEY, TEST_KEY, Command, spawn

ANYWHERE = re.compile(r"https://api\.stripe\.com/.*")

CREATE = "/sandbox create customer email=a@b.co name=A\n"

FIVE_MISTAKES = """\
/sandbox
action: creat
entity: customer

/sandbox
action: create
entity: custommer

/sandbox
action: create
entity: customer
emial: a@b.co
name: A

/sandbox
action: update
entity: customer
id: ${custmer.id}

/sandbx
action: get
entity: customer
id: cus_1
"""


@pytest.fixture
def stripe(monkeypatch: pytest.MonkeyPatch) -> Iterator[responses.RequestsMock]:
    """Stripe, answering every request with an object."""
    monkeypatch.setenv("STRIPE_API_KEY", TEST_KEY)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in (responses.GET, responses.POST, responses.DELETE):
            mock.add(method, url=ANYWHERE, json={"id": "obj_1"})
        yield mock


# --- where things go ------------------------------------------------------------------------------------


def test_a_block_shows_its_result_on_standard_output_and_nothing_else(stripe_shell: Command) -> None:
    result = stripe_shell("--memory", "create", "customer", "email=a@b.co", "name=Ann Lee")
    assert result.code == 0
    assert json.loads(result.out)["name"] == "Ann Lee"
    assert result.err == ""


def test_a_script_says_how_it_goes_on_standard_error(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text(CREATE + "\n" + CREATE)
    result = stripe_shell("run", "--memory", "--format", "jsonl", "a.stripe")
    assert result.code == 0
    assert [json.loads(line)["object"] for line in result.out.splitlines()] == ["customer", "customer"]
    assert result.err.count("ok         create customer cus_") == 2
    assert "a.stripe: 2 passed, 0 failed" in result.err


def test_a_script_from_standard_input(stripe_shell: Command) -> None:
    result = stripe_shell("--memory", "--format", "jsonl", stdin=CREATE)
    assert result.code == 0
    assert json.loads(result.out)["email"] == "a@b.co"
    assert "<stdin>: 1 passed, 0 failed" in result.err
    assert stripe_shell("run", "-", "--memory", stdin=CREATE).code == 0


def test_texts_of_the_command_line(stripe_shell: Command) -> None:
    result = stripe_shell("--memory", "-c", "create customer email=a@b.co name=A\n@as c\n\nget customer id=${c.id}")
    assert result.code == 0, result.err
    assert "<-c>: 2 passed, 0 failed" in result.err


def test_a_list_that_is_not_all_says_how_to_get_the_rest(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text((CREATE + "\n") * 2)
    stripe_shell("run", "--db", "s.db", "a.stripe")
    assert "`limit=all` brings all" in stripe_shell("--db", "s.db", "list", "customers", "limit=1").err
    assert stripe_shell("--db", "s.db", "list", "customers", "limit=2").err == ""
    everything = stripe_shell("--db", "s.db", "list", "customers", "limit=all")
    assert len(json.loads(everything.out)["data"]) == 2


@pytest.mark.parametrize("name", ["table", "json", "jsonl", "csv", "yaml"])
def test_every_format(name: str, stripe_shell: Command) -> None:
    result = stripe_shell("--memory", "create", "customer", "email=a@b.co", "name=Ann Lee", "--format", name)
    assert result.code == 0
    assert "Ann Lee" in result.out


# --- exit codes -----------------------------------------------------------------------------------------


def test_five_mistakes_are_five_diagnostics_and_nothing_is_sent(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text(CREATE + "\n" + FIVE_MISTAKES)
    result = stripe_shell("run", "--db", "s.db", "a.stripe")
    assert result.code == 2
    assert result.out == ""
    for place, hint in [
        ("E205]: unknown action `creat`\n  --> a.stripe:4:9", "did you mean `create`?"),
        ("E206]: unknown entity `custommer`\n  --> a.stripe:9:9", "did you mean `customer`?"),
        ("E201]: unknown parameter `emial` for create customer\n   --> a.stripe:14:1", "did you mean `email`?"),
        ("E301]: undefined name `custmer`\n   --> a.stripe:20:7", "define it with `@let custmer"),
        ("E208]: unknown connection `/sandbx`\n   --> a.stripe:22:2", "did you mean `/sandbox`?"),
    ]:
        assert place in result.err
        assert hint in result.err
    assert result.err.count("error[") == 5
    assert "nothing was sent" in result.err
    assert json.loads(stripe_shell("--db", "s.db", "list", "customers").out)["data"] == []


@pytest.mark.parametrize("command", [("check",), ("run", "--db", "s.db")])
def test_what_is_no_currency_is_an_error_before_anything_is_sent(
    command: tuple[str, ...], stripe_shell: Command, home: Path
) -> None:
    (home / "a.stripe").write_text("/sandbox create price product=prod_1 amount=5 currency=dollar\n")
    (home / "rows.csv").write_text("id,currency\n1,usd\n2,euros\n")
    loop = '@foreach row in "rows.csv" key=id\n/sandbox create topup amount=5 currency=${row.currency}\n@end\n'
    (home / "b.stripe").write_text(loop)
    result = stripe_shell(*command, "a.stripe", "b.stripe")
    assert result.code == 2
    assert "E204]: `currency` cannot be `dollar`" in result.err
    assert "did you mean `usd`, US dollar?" in result.err
    assert "`currency` cannot be `euros`" in result.err
    assert json.loads(stripe_shell("--db", "s.db", "list", "prices").out)["data"] == []


def test_a_currency_that_is_not_in_the_list_is_sent_with_a_warning(stripe_shell: Command) -> None:
    result = stripe_shell("--memory", "create", "product", "name=x", "default_price_data.currency=xyz")
    assert "W208" in result.err
    assert result.code == 3


def test_all_scripts_are_checked_before_the_first_one_is_sent(stripe_shell: Command, home: Path) -> None:
    (home / "good.stripe").write_text(CREATE)
    (home / "bad.stripe").write_text("/sandbox create customer emial=x\n")
    result = stripe_shell("run", "--db", "s.db", "good.stripe", "bad.stripe")
    assert result.code == 2
    assert json.loads(stripe_shell("--db", "s.db", "list", "customers").out)["data"] == []


def test_a_call_that_fails_is_3(stripe_shell: Command) -> None:
    result = stripe_shell("--memory", "get", "customer", "id=cus_none")
    assert result.code == 3
    assert result.out == ""
    assert "error[E403]: retrieve customer failed: 404 resource_missing" in result.err
    assert "No such customer" in result.err


def test_an_expectation_that_fails_is_4_and_shows_the_result(stripe_shell: Command) -> None:
    result = stripe_shell("--memory", "-c", "create customer email=a@b.co name=A\n@expect name == B")
    assert result.code == 4
    assert json.loads(result.out)["name"] == "A"
    assert "error[E402]: expected name == B\n" in result.err
    assert 'actual "A"' in result.err


def test_several_kinds_of_failure_in_several_scripts(stripe_shell: Command, home: Path) -> None:
    (home / "three.stripe").write_text("/sandbox get customer id=cus_none\n")
    (home / "four.stripe").write_text("/sandbox list customers\n@expect data count == 1\n")
    assert stripe_shell("run", "--memory", "four.stripe", "three.stripe").code == 4
    assert stripe_shell("run", "--memory", "--keep-going", "four.stripe", "three.stripe").code == 3
    assert stripe_shell("run", "--memory", "--continue-on-error", "three.stripe", "four.stripe").code == 3


def test_a_run_that_stops_says_what_it_did_not_run(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text("/sandbox get customer id=cus_none\n\n" + CREATE + "\n" + CREATE)
    assert "a.stripe: 0 passed, 1 failed, 2 not run" in stripe_shell("run", "--memory", "a.stripe").err
    assert "a.stripe: 2 passed, 1 failed" in stripe_shell("run", "--memory", "--keep-going", "a.stripe").err


@pytest.mark.parametrize(
    "words",
    [
        ["run"],
        ["run", "missing.stripe"],
        ["run", "."],
        ["run", "latin.stripe"],
        ["check", "missing.stripe"],
        ["fmt", "missing.stripe"],
        ["--formt", "json", "list", "customers"],
        ["--format", "xml", "list", "customers"],
        ["--format"],
        ["--live=yes", "list", "customers"],
        ["--api-key", TEST_KEY, "list", "customers"],
        ["--memory", "--db", "x.db", "list", "customers"],
        ["--connection", "nowhere", "list", "customers"],
        ["--var", "x", "list", "customers"],
        ["--var", "1x=2", "list", "customers"],
        ["--var", "now=2", "list", "customers"],
        ["--var", "x=\udcff", "list", "customers"],
        ["-c", "list customers", "left over"],
        ["check", "--fix", "-"],
        ["spec", "custommer"],
        ["spec", "creat", "customer"],
        ["spec", "a", "b", "c"],
        ["replay", "missing.txt"],
    ],
)
def test_a_command_line_that_is_not_understood_is_1(words: list[str], stripe_shell: Command, home: Path) -> None:
    (home / "latin.stripe").write_bytes(b"# caf\xe9\n")
    result = stripe_shell(*words)
    assert result.code == 1
    assert result.out == ""
    assert result.err.startswith("stripe-shell: ")
    assert TEST_KEY not in result.err


def test_standard_input_that_is_no_text(stripe_shell: Command) -> None:
    result = stripe_shell("--memory", stdin=b"# caf\xe9\n")
    assert result.code == 1
    assert "standard input is not UTF-8 text (byte 5)" in result.err


def test_a_block_that_is_no_text_is_2(stripe_shell: Command) -> None:
    result = stripe_shell("--memory", "create", "customer", "email=a@b.co", "name=caf\udce9")
    assert result.code == 2
    assert "not UTF-8" in result.err


def test_ctrl_c_during_a_write_is_5_and_names_the_key(stripe_shell: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_transport: object, _request: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("stripe_shell.transports.sandbox.SandboxTransport.send", interrupt)
    result = stripe_shell("--memory", "create", "customer", "email=a@b.co", "name=A")
    assert result.code == 5
    assert "error[E502]: create customer: the outcome is unknown" in result.err
    assert re.search(r"send it again with `@idempotency_key ss1-[0-9a-f]{40}`", result.err)
    assert stripe_shell("--memory", "list", "customers").code == 130


def test_settings_may_ask_for_no_more_than_stripe_does(stripe_shell: Command, home: Path) -> None:
    folder = home.parent / "config" / "stripe-shell"
    folder.mkdir(parents=True)
    assert stripe_shell("--memory", "create", "customer").code == 2
    assert stripe_shell("--memory", "--spec", "stripe", "create", "customer").code == 0
    (folder / "connections.toml").write_text('spec = "stripe"\n')
    (folder / "connections.toml").chmod(0o600)
    assert stripe_shell("--memory", "create", "customer").code == 0
    assert stripe_shell("--memory", "--spec", "documented", "create", "customer").code == 2


# --- live keys, and keys at all ---------------------------------------------------------------------------


def test_a_live_key_refuses_writes(stripe_shell: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", LIVE_KEY)
    with responses.RequestsMock() as mock:
        result = stripe_shell("create", "customer", "email=a@b.co", "name=A")
        assert len(mock.calls) == 0
    assert result.code == 2
    assert "error[E503]: create customer writes, and the connection `stripe` is in LIVE mode" in result.err
    assert "`--live` allows writes" in result.err


def test_live_writes_that_are_asked_for(
    stripe_shell: Command, stripe: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", LIVE_KEY)
    assert stripe_shell("create", "customer", "email=a@b.co", "name=A").code == 2
    assert len(stripe.calls) == 0
    assert stripe_shell("--live", "create", "customer", "email=a@b.co", "name=A").code == 0
    assert stripe_shell("get", "customer", "id=cus_1").code == 0
    assert [call.request.method for call in stripe.calls] == ["POST", "GET"]


def test_a_dry_run_shows_live_writes_and_sends_nothing(stripe_shell: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", LIVE_KEY)
    with responses.RequestsMock() as mock:
        result = stripe_shell("--dry-run", "create", "customer", "email=a@b.co", "name=A")
        assert len(mock.calls) == 0
    assert result.code == 0
    assert result.out.startswith("POST /v1/customers\n")
    assert "\nemail=a@b.co\nname=A\n" in result.out


def test_no_key_shows_anywhere(stripe_shell: Command, stripe: responses.RequestsMock, home: Path) -> None:
    """Not in requests, not where Stripe echoes it, not in problems, not in results."""
    stripe.replace(
        responses.POST,
        url=ANYWHERE,
        json={"error": {"type": "invalid_request_error", "message": f"Invalid API Key: {TEST_KEY}", "param": TEST_KEY}},
        status=401,
    )
    echo = {"id": "cus_1", "name": f"x{TEST_KEY}", "description": f"\u001b[31m{TEST_KEY}"}
    stripe.replace(responses.GET, url=ANYWHERE, json=echo)
    key = "${env:STRIPE_API_KEY}"
    (home / "a.stripe").write_text(
        f"/stripe get customer id={key}\n@expect name == {key}\n@as c\n\n"
        f"/stripe create customer email={key} name={key} metadata.x={TEST_KEY}\n@idempotency_key {key}\n"
    )
    for words in (
        ["run", "a.stripe", "--verbose", "--keep-going"],
        ["run", "a.stripe", "--dry-run"],
        *(["run", "a.stripe", "--format", name, "--keep-going"] for name in ("table", "csv", "yaml", "jsonl")),
        ["check", "a.stripe"],
        ["check", "a.stripe", "--format", "json"],
        ["create", "customer", f"emial={TEST_KEY}", f"name={TEST_KEY}"],
        [TEST_KEY, "customer"],
        ["fmt", "a.stripe", "--diff"],
    ):
        result = stripe_shell(*words)
        assert TEST_KEY not in result.out + result.err, words
        assert "qrstuvwx" not in result.out + result.err, words
        assert "\x1b" not in result.err, words


HIDDEN = 'hunter2 "quoted" und schön'


def test_no_secret_of_a_script_shows_anywhere(
    stripe_shell: Command, stripe: responses.RequestsMock, home: Path
) -> None:
    refusal = {"error": {"type": "invalid_request_error", "message": f"No such thing: {HIDDEN}", "code": HIDDEN}}
    stripe.replace(
        responses.GET, url=ANYWHERE, json={"id": "cus_1", "name": HIDDEN, "metadata": {HIDDEN: f"x{HIDDEN}"}}
    )
    stripe.replace(responses.POST, url=ANYWHERE, json=refusal, status=400)
    (home / "a.stripe").write_text(
        f"@secret word = {HIDDEN}\n@secret other-word = {HIDDEN}\n"
        if False
        else f"@secret word = {HIDDEN}\n"
        "@let derived = x${word}\n\n"
        '/stripe get customer id=cus_1\n@expect name == ${word}!\n@match {"name": "${derived}"}\n@out x.csv\n\n'
        "/stripe create customer email=a@b.co name=${word} description=${derived}\n"
    )
    (home / "bad.stripe").write_text(f'@secret my-word = {HIDDEN}\n@secret word = "{HIDDEN}\n')
    for words in (
        ["run", "a.stripe", "--verbose", "--keep-going"],
        ["run", "a.stripe", "--dry-run"],
        *(["run", "a.stripe", "--format", name, "--keep-going"] for name in ("table", "csv", "yaml", "json")),
        ["check", "bad.stripe"],
        ["check", "bad.stripe", "--format", "json"],
        ["run", "bad.stripe"],
        ["fmt", "bad.stripe"],
        ["fmt", "a.stripe", "--diff"],
    ):
        result = stripe_shell(*words)
        assert "hunter2" not in result.out + result.err, words
    assert "hunter2" not in (home / "x.csv").read_text()


def test_a_mistake_of_the_programs_own_shows_no_secret(stripe_shell: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", TEST_KEY)

    def fail(*_args: object, **_kwargs: object) -> None:
        raise ValueError(f"the key is {TEST_KEY}")

    monkeypatch.setattr("stripe_shell.cli.script_run.run_prepared", fail)
    result = stripe_shell("list", "customers")
    assert result.code == 70
    assert "ValueError: the key is sk_test_…uvwx" in result.err


# --- one-shot quoting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "Ann Lee",
        'Ann "the" Lee',
        "it's",
        "'quoted'",
        '"quoted"',
        "5 $ and $HOME and `x`",
        "a\nb\n",
        "tab\there",
        "  blanks  ",
        "schön ☂ 日本",
        "a=b=c",
        "# no comment",
        "@as x",
        "/sandbox",
        "a: b",
        "[not json",
        "{not: json}",
        '"""',
        "back\\slash \\n",
        "-5",
        "a, b",
        "\u00a0nbsp",
        "\u200bzero width",
        "x" * 300,
    ],
)
def test_a_value_arrives_as_it_was_typed(value: str, stripe_shell: Command) -> None:
    result = stripe_shell("--dry-run", "--spec", "stripe", "create", "customer", f"description={value}")
    assert result.code == 0, result.err
    sent = stripe_shell("--memory", "--spec", "stripe", "create", "customer", f"description={value}")
    if value.strip():
        assert json.loads(sent.out)["description"] == value


def test_values_are_typed_as_in_a_script(stripe_shell: Command) -> None:
    words = ['metadata={"a":"b",\n "c": "d e"}', "balance=-2_000", "preferred_locales=en, de", "address[city]=Bonn"]
    result = stripe_shell("--dry-run", "--spec", "stripe", "create", "customer", *words, "description=")
    assert result.code == 0, result.err
    assert result.out.splitlines()[4:] == [
        "metadata[a]=b",
        "metadata[c]=d e",
        "balance=-2000",
        "preferred_locales[0]=en",
        "preferred_locales[1]=de",
        "address[city]=Bonn",
        "description=",
        "",
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["list", "customers", "limit=3"],
        ["list", "limit=3", "customers"],
        ["limit=3", "list", "customers"],
        ["action=list", "entity=customers", "limit=3"],
        ["list", "entity=customers", "limit=3"],
        ["/sandbox", "list", "customers", "limit=3"],
        ["/sandbox", "action=list", "limit=3", "entity=customers"],
    ],
)
def test_action_and_entity_may_stand_anywhere(words: list[str], stripe_shell: Command) -> None:
    result = stripe_shell("--dry-run", *words)
    assert result.code == 0, result.err
    assert result.out.splitlines()[0] == "GET /v1/customers"
    assert "limit=3" in result.out


@pytest.mark.parametrize("words", [["get", "customer", "cus_1"], ["create", "a b=c"], ["create"], ["list", "=x"]])
def test_a_block_that_is_none_is_2(words: list[str], stripe_shell: Command) -> None:
    assert stripe_shell("--memory", *words).code == 2


def test_a_word_that_should_be_a_parameter_says_how(stripe_shell: Command) -> None:
    assert "`cus_1` is not `key=value`" in stripe_shell("get", "customer", "cus_1").err


def test_variables_of_the_command_line(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text("@let name = Written\n\n/sandbox create customer email=${mail} name=${name}\n")
    words = ["run", "--memory", "--format", "jsonl", "a.stripe", "--var", "mail=x=y@b.co"]
    assert json.loads(stripe_shell(*words).out)["email"] == "x=y@b.co"
    assert json.loads(stripe_shell(*words, "--var=name=Given").out)["name"] == "Given"
    assert stripe_shell("run", "--memory", "a.stripe").code == 2


# --- the same requests through every door -------------------------------------------------------------------

BLOCKS = [
    (["create", "customer"], {"email": "a@b.co", "name": "Ann Lee", "description": "Note: order #42, x=1"}),
    (["create", "customer"], {"email": "a@b.co", "name": "A", "metadata": '{"a": "b", "n": "1"}'}),
    (["create", "customer"], {"email": "a@b.co", "name": "A", "metadata.order.id": "6735", "balance": "2_000"}),
    (["update", "customer"], {"customer_id": "cus_1", "description": "", "address.postal_code": "02139"}),
    (["get", "customer"], {"id": "cus_1", "expand": "subscriptions,sources"}),
    (["list", "customers"], {"limit": "10", "created[gte]": "1769860800"}),
    (["create", "subscription"], {"customer_id": "cus_1", "price_id": "price_1", "trial_period_days": "14"}),
    (["create", "product"], {"name": "Premium Plan", "active": "true"}),
    (["delete", "product"], {"product_id": "prod_1"}),
    (["create", "price"], {"product": "prod_1", "currency": "usd", "amount": "2_000", "interval": "month"}),
]


def as_lines(words: list[str], params: dict[str, str]) -> str:
    lines = ["/your-stripe-connection", f"action: {words[0]}", f"entity: {words[1]}"]
    return "\n".join([*lines, *(f"{key}: {value}".rstrip() for key, value in params.items())]) + "\n"


def as_inline(words: list[str], params: dict[str, str]) -> str:
    pairs = (
        f"{key}={value if value[:1] == '{' or ' ' not in value else json.dumps(value)}" for key, value in params.items()
    )
    return " ".join([*words, *pairs]) + "\n"


def sent(mock: responses.RequestsMock) -> list[tuple[str | None, str | None, list[tuple[str, str]], dict[str, str]]]:
    """The requests on the wire, without what is drawn anew for every run."""
    rows = []
    for call in mock.calls:
        body = call.request.body or b""
        text = body.decode() if isinstance(body, bytes) else str(body)
        headers = {name: value for name, value in call.request.headers.items() if name != "Idempotency-Key"}
        rows.append((call.request.method, call.request.url, parse_qsl(text, keep_blank_values=True), headers))
    mock.calls.reset()
    return rows


@pytest.mark.parametrize(("words", "params"), BLOCKS, ids="-".join)
def test_every_door_sends_the_same(
    words: list[str], params: dict[str, str], stripe_shell: Command, stripe: responses.RequestsMock, home: Path
) -> None:
    (home / "a.stripe").write_text(as_lines(words, params))
    assert stripe_shell("run", "a.stripe").code == 0
    # The journal of a script that writes names the account.
    by_file = [each for each in sent(stripe) if each[:2] != ("GET", "https://api.stripe.com/v1/account")]
    assert len(by_file) == 1
    assert stripe_shell(stdin=as_lines(words, params)).code == 0
    assert sent(stripe) == by_file
    assert stripe_shell("-c", as_inline(words, params)).code == 0
    assert sent(stripe) == by_file
    assert stripe_shell(stdin="/stripe " + as_inline(words, params)).code == 0
    assert sent(stripe) == by_file
    assert stripe_shell(*words, *(f"{key}={value}" for key, value in params.items())).code == 0
    assert sent(stripe) == by_file
    for typed in (as_inline(words, params), as_lines(words, params)):
        at_the_prompt(typed)
        assert sent(stripe) == by_file


def at_the_prompt(text: str) -> None:
    screen = Console(io.StringIO(), io.StringIO())
    setup = set_up(Arguments("prompt"), os.environ, screen)
    session = ReplSession(setup.engine, setup.scope, setup.connections, RunPrinter(screen, repeats=True))
    run_text(session, SourceText("<prompt>", text))
    assert session.last is not None
    assert session.last.status == "passed"


# --- processes ------------------------------------------------------------------------------------------------


def test_a_process_reads_a_script_from_a_pipe() -> None:
    done = spawn("--memory", "--format", "jsonl", stdin=CREATE.encode())
    assert done.returncode == 0
    assert json.loads(done.stdout)["email"] == "a@b.co"
    assert b"\x1b" not in done.stdout + done.stderr


def unread(*words: str) -> tuple[int, str]:
    """Exit code and messages of a process whose results nobody reads."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "stripe_shell", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()
    return process.returncode, said


def test_a_process_whose_reader_has_gone_is_not_0() -> None:
    assert unread("spec") == (141, "")


def test_a_run_whose_reader_has_gone_says_that_it_stopped(home: Path) -> None:
    (home / "a.stripe").write_text(CREATE * 2)
    code, said = unread("run", "--memory", "a.stripe")
    assert code == 141
    assert "a.stripe: stopped, as nobody reads the results any more" in said
    assert "Traceback" not in said


def test_a_process_without_standard_input_or_output() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    for closed, words in (("<&-", ""), (">&-", "spec"), ("2>&-", "spec nowhere")):
        command = f"{sys.executable} -m stripe_shell {words} {closed}"
        done = subprocess.run(["sh", "-c", command], capture_output=True, env=environment, timeout=60, check=False)
        assert b"Traceback" not in done.stdout + done.stderr
        assert done.returncode in (0, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a.stripe",), "`a.stripe` is a file; did you mean `stripe-shell run a.stripe`?"),
        (("gone.stripe",), "`gone.stripe` is a file; did you mean `stripe-shell run gone.stripe`?"),
        (("chekc",), "unknown command `chekc`; did you mean `check`?"),
        (("chekc", "a.stripe"), "unknown command `chekc`; did you mean `check`?"),
        (("conections", "--memory"), "unknown command `conections`; did you mean `connections`?"),
    ],
)
def test_a_slip_in_the_command_is_told(words: tuple[str, ...], said: str, stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text("/sandbox list customers\n")
    result = stripe_shell(*words)
    assert (result.code, result.out) == (1, "")
    assert said in result.err
