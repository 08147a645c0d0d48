"""What is wrong with a settings file is said, all of it, at its lines, with a remedy, and without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_shell.connections.settings.positions import find_place, public_text
from stripe_shell.connections.settings.read import ConnectionSettings, parse_settings
from stripe_shell.connections.settings.schema import JwtTable, OAuthTable, ProxyProfile, StripeProfile
from stripe_shell.diagnostics import SourceText
from stripe_shell.errors import ConfigurationError

PATH = Path("connections.toml")
EU = '[connections.eu]\nkind = "stripe"\n'
PINK = '[connections.pink]\nkind = "pinkconnect"\nconnection_id = "c"\ntoken = "env:T"\n'
OAUTH = "[connections.pink.token.oauth2_client_credentials]"


def settings(text: str) -> ConnectionSettings:
    return parse_settings(text, PATH)


def complaint(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        settings(text)
    return str(caught.value).removeprefix("connections.toml cannot be used.\n")


@pytest.mark.parametrize(
    ("text", "message", "line", "hint"),
    [
        ('spec = "strip"', "spec: input should be 'documented' or 'stripe'", 1, ""),
        ("\nspecs = 1", "specs: is no setting", 2, "did you mean `spec`?"),
        ('default = "eu"', "default: There is no connection `eu` (known: sandbox, stripe)", 1, ""),
        (f'{EU}key = "env:A"\nretrys = 1', "connections.eu.retrys: is no setting", 4, "did you mean `retries`?"),
        (f"{EU}key = 3", "connections.eu.key: input should be a valid string", 3, ""),
        (EU, "connections.eu: `key` is missing", 1, 'e.g. key = "env:NAME_OF_A_VARIABLE"'),
        (f'{EU}key = "evn:A"', "connections.eu.key: names no source of credentials", 3, "did you mean `env:`?"),
        (f'{EU}key = "env:"', "connections.eu.key: `env:` needs the name of an environment variable", 3, ""),
        (f'{EU}key = "keyring:a"', "connections.eu.key: `keyring:` needs SERVICE/USER", 3, ""),
        (f'{EU}key = "stdin:x"', "connections.eu.key: `stdin:` takes nothing behind it", 3, ""),
        (f'{EU}key = "env:A"\nretries = 99', "connections.eu.retries: must be between 0 and 10", 4, ""),
        (f'{EU}key = "env:A"\nretries = "2"', "connections.eu.retries: input should be a valid integer", 4, ""),
        (f'{EU}key = "env:A"\ntimeout = 0', "connections.eu.timeout: must be between 0.1 and 3600", 4, ""),
        (f'{EU}key = "env:A"\nread_only = 1', "connections.eu.read_only: input should be a valid boolean", 4, ""),
        (f'{EU}key = "env:A"\ncolour = "pink"', "connections.eu.colour: input should be 'red', ", 4, ""),
        (f'{EU}key = "env:A"\nrate_limit = "9/d"', "connections.eu.rate_limit: must be requests a second, or", 4, ""),
        (f'{EU}key = "env:A"\ntoken = "env:A"', "connections.eu.token: is no setting", 4, ""),
        (f'{EU}key = "env:A"\nheaders = {{ Authorization = "x" }}', "headers.Authorization: is written by the", 4, ""),
        (f'{EU}key = "env:A"\n[connections.eu.headers]\n"a b" = "x"', "headers.a b: is no name of a header", 5, ""),
        ('[connections.eu]\nkind = "strpe"', "connections.eu.kind: must be one of", 2, "did you mean `stripe`?"),
        ("[connections.eu]", "connections.eu.kind: must be one of stripe, sandbox, paragon,", 1, ""),
        ("connections.eu = 3", "connections.eu: must be a table: [connections.NAME]", 1, ""),
        ("connections = 3", "connections: must be a table: [connections.NAME]", 1, ""),
        ('[connections.sandbox]\nkind = "stripe"', "`/sandbox` always means the sandbox", 2, "choose another name"),
        ('[connections."a b"]\nkind = "sandbox"', "connections.a b: a name consists of letters,", 1, ""),
        ('[connections.b]\nkind = "sandbox"\nurl = "u"\npath = "p"', "`path` and `url` exclude each other", 4, ""),
        ("spec = ", "this is not TOML: invalid value", 1, ""),
        ("a = 1\nb = = 2\n", "this is not TOML: invalid value", 2, ""),
        ('[connections.p]\nkind = "paragon"\nproject = "x"', "connections.p: `token` is missing", 1, "headers."),
        ('[connections.p]\nkind = "paragon"\ntoken = "env:A"', "`project` is missing", 1, "url asks for it"),
        ('[connections.p]\nkind = "proxy"', "connections.p: `url` is missing", 1, "e.g. url = "),
        (f'{PINK}url = "https://x"', "connections.pink.url: must end with `{path}`", 5, ""),
        (f'{PINK}url = "https://{{hst}}/{{path}}"', "`{hst}` is nothing that can be filled in", 5, "known: {host}"),
        (f'{PINK}query_in = "body"', "query_in: must be `url` or `header:NAME`", 5, ""),
        (f'{PINK}strip_prefix = "v1"', "strip_prefix: must look like `/v1`", 5, ""),
        (f'{PINK}headers = {{ auth-token = "" }}', "no header says where the `{token}` goes", 1, "e.g. Auth"),
        (PINK.replace('"env:T"', "3"), "token: must be a source such as `env:NAME`, or one of", 4, ""),
        (PINK.replace('"env:T"', "{ oauth = {} }"), "token: must be a source such as `env:NAME`, or one of", 4, ""),
        (PINK.replace('token = "env:T"', f'{OAUTH}\nurl = "u"'), "`client_id` is missing", 4, ""),
        (PINK.replace('token = "env:T"', f'{OAUTH}\nurll = "u"'), "urll: is no setting", 5, "did you mean `url`?"),
        (PINK.replace('"env:T"', "{ rs256_jwt = {} }"), "token.rs256_jwt: `key` is missing", 4, ""),
        (PINK.replace('"env:T"', '{ rs256_jwt = { key = "env:K", lifetime = 5 } }'), "between 60 and 86400", 4, ""),
    ],
)
def test_a_problem_with_its_place_and_remedy(text: str, message: str, line: int, hint: str) -> None:
    shown = complaint(text)
    problem = next((part for part in shown.split("error[E505]: ") if message in part.partition("\n")[0]), "")
    assert problem, shown
    assert f"connections.toml:{line}:" in problem
    assert hint in problem


def test_all_problems_are_told_in_the_order_of_their_lines() -> None:
    shown = complaint(f'spec = "x"\n{EU}retries = 99\nkye = "a"\n{PINK}body = "xml"\n')
    lines = [int(line.split(":")[1]) for line in shown.splitlines() if "-->" in line]
    assert lines == sorted(lines)
    assert len(lines) == 5


def test_how_a_problem_is_drawn() -> None:
    assert complaint(f'{EU}kye = "sk_live_0123456789abcdef"\nkey = "env:A"\n') == (
        "error[E505]: connections.eu.kye: is no setting\n"
        "  --> connections.toml:3:1\n"
        "3 | kye = ********\n"
        "  | ^^^ did you mean `key`?"
    )


SECRET = "correct-horse-battery-staple"


@pytest.mark.parametrize(
    "text",
    [
        f'{EU}key = ["{SECRET}"]',
        f'{EU}key = "{SECRET}" x',
        f'{EU}kye = "{SECRET}"',
        f'{EU}key = """\n{SECRET}\n',
        f"{EU}{SECRET}",
        f'{EU}retries = 99\nkey = "{SECRET}"',
        PINK.replace('"env:T"', f'{{ rs256_jwt = {{ kee = "{SECRET}" }} }}'),
        f'{PINK}headers = {{ X-Key = "{SECRET}", "a b" = "{SECRET}" }}',
        f'{EU}key = "exec:vault --token {SECRET}"\nretries = 99',
        f'{EU}key = "evn:{SECRET}"',
        'spec = "sk_live_0123456789abcdef"',
    ],
)
def test_no_problem_shows_what_may_be_a_key(text: str) -> None:
    shown = complaint(text)
    assert SECRET not in shown
    assert "0123456789ab" not in shown


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")))
def test_the_public_text_has_the_same_lines(text: str) -> None:
    assert public_text(text).count("\n") == text.count("\n")
    find_place(SourceText("x", public_text(text)), ("connections", "eu", "key"))


# --- what is right ----------------------------------------------------------------------------------------------


def test_everything_that_a_profile_can_say() -> None:
    text = f"""
{EU}key = "env:A"
url = "https://x.example.com"
account = "acct_1"
api_version = "2026-01-01.a"
retries = 5
timeout = 20
connect_timeout = 2.5
rate_limit = "25000/h"
largest_answer = 32
headers = {{ X-A = "b" }}
read_only = true
colour = "green"
fetch_ids = "always"
"""
    profile = settings(text).connections["eu"]
    assert isinstance(profile, StripeProfile)
    assert profile == StripeProfile(
        "stripe", "https://x.example.com", "acct_1", "2026-01-01.a", 5, 20, 2.5, 25000 / 3600, 32, {"X-A": "b"}, True,
        "green", "always", "env:A",
    )  # fmt: skip


def test_a_kind_of_proxy_fills_in_what_is_not_said() -> None:
    profile = settings(PINK).connections["pink"]
    assert isinstance(profile, ProxyProfile)
    assert (profile.host, profile.service) == ("proxy.pinkfish.ai", "stripe")
    assert profile.url == "https://{host}/connect/{service}/{connection_id}{path}"
    assert profile.headers == {"auth-token": "{token}"}
    own = f'{PINK}host = "h"\nheaders = {{ Auth-Token = "Bearer {{token}}", X-B = "c" }}\n'
    profile = settings(own).connections["pink"]
    assert isinstance(profile, ProxyProfile)
    assert profile.host == "h"
    assert profile.headers == {"Auth-Token": "Bearer {token}", "X-B": "c"}


def test_the_two_ways_to_write_a_token_table() -> None:
    table = '{ oauth2_client_credentials = { url = "u", client_id = "i", client_secret = "env:S" } }'
    below = f'{OAUTH}\nurl = "u"\nclient_id = "i"\nclient_secret = "env:S"\n'
    for text in (PINK.replace('"env:T"', table), PINK.replace('token = "env:T"\n', below)):
        profile = settings(text).connections["pink"]
        assert isinstance(profile, ProxyProfile)
        assert profile.token == OAuthTable("u", "i", "env:S")
        assert profile.credential == "env:S"


def test_claims_come_over_those_of_the_kind() -> None:
    token = '{ rs256_jwt = { key = "env:K", claims = { aud = "mine", extra = 3 } } }'
    text = f'[connections.p]\nkind = "paragon"\nproject = "x"\nuser = "u"\ntoken = {token}\n'
    profile = settings(text).connections["p"]
    assert isinstance(profile, ProxyProfile)
    assert isinstance(profile.token, JwtTable)
    assert profile.token.claims == {"sub": "{user}", "aud": "mine", "extra": 3}
