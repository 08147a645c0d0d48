"""Settings that need no pydantic: what `fit` accepts is what pydantic accepts, and comes out alike."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stripe_shell.connections.settings.fitting import fit
from stripe_shell.connections.settings.read import _members, _schema, _Written
from stripe_shell.connections.settings.schema import JwtTable, OAuthTable, ProxyProfile, SandboxProfile, StripeProfile

MODELS = [_Written, StripeProfile, SandboxProfile, ProxyProfile, OAuthTable, JwtTable]
WORDS = st.sampled_from(
    ["", "env:KEY", "stripe", "proxy", "form", "auto", "never", "test", "red", "full", "documented"]
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, 1, 30, 2**53, 2**53 + 1, 10**400])
PLAIN = st.none() | st.booleans() | NUMBERS | WORDS
VALUES = PLAIN | st.lists(PLAIN, max_size=2) | st.dictionaries(WORDS, PLAIN | st.dictionaries(WORDS, PLAIN), max_size=2)

FILE = """
default = "relay"
keep_runs = 7
[connections.relay]
kind = "proxy"
url = "https://relay.example.com{path}"
token = "env:RELAY_TOKEN"
timeout = 30
rate_limit = "600/m"
headers = {Authorization = "Bearer {token}", X-Team = "billing"}
[connections.local]
kind = "sandbox"
path = "local.db"
"""


@pytest.mark.parametrize("model", MODELS)
@given(data=st.data())
def test_what_fits_is_what_pydantic_accepts(model: type[Any], data: st.DataObject) -> None:
    names = _members(model)
    written = data.draw(st.dictionaries(st.sampled_from([*names, "nothing"]), VALUES, max_size=3))
    fitted = fit(model, written, names)
    try:
        validated = model(**dict(_schema(model).model_validate(written)))
    except (ValidationError, OverflowError):
        assert fitted is None
        return
    if fitted is not None:
        assert repr(fitted) == repr(validated)  # not a number is not equal to itself


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (_Written, {"spec": "documented", "keep_runs": 3, "default": "stripe"}),
        (StripeProfile, {"kind": "stripe", "key": "env:KEY", "timeout": 30, "headers": {"X-Team": "a"}}),
        (SandboxProfile, {"kind": "sandbox", "path": ":memory:", "read_only": True, "fetch_ids": "never"}),
        (JwtTable, {"key": "file:key.pem", "claims": {"sub": "x", "n": [1]}, "lifetime": 60}),
    ],
)
def test_what_is_usual_fits(model: type[Any], data: dict[str, Any]) -> None:
    fitted = fit(model, data, _members(model))
    assert fitted is not None
    assert {name: getattr(fitted, name) for name in data} == data


def test_a_file_without_a_problem_needs_no_pydantic(tmp_path: Path) -> None:
    path = tmp_path / "connections.toml"
    path.write_text(FILE)
    path.chmod(0o600)
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from stripe_shell.connections.settings.read import read_settings\n"
        "settings = read_settings(Path(sys.argv[1]))\n"
        "relay = settings.connections['relay']\n"
        "print(relay.timeout, relay.rate_limit, 'pydantic' in sys.modules)\n"
    )
    command = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("30.0 10.0 False\n", "")
