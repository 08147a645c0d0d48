"""The curl command: it sends what the transport sends, and holds no secret."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_shell.render.curl import render_curl
from stripe_shell.wire import Request, encode_form

BASE = "https://api.stripe.com"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Stripe-Version": "2026-10-28.endive"}


def test_a_read() -> None:
    request = Request("GET", "/v1/customers", "limit=3&created[gte]=1", headers=FORM)
    assert render_curl(request, BASE) == (
        "curl --globoff -X GET 'https://api.stripe.com/v1/customers?limit=3&created[gte]=1' \\\n"
        '  -H "Authorization: Bearer $STRIPE_API_KEY" \\\n'
        "  -H 'Content-Type: application/x-www-form-urlencoded' \\\n"
        "  -H 'Stripe-Version: 2026-10-28.endive'"
    )


def test_a_write() -> None:
    body = encode_form({"email": "a@b.co", "name": "Ann's", "metadata": {"a": "b"}}).encode()
    request = Request("POST", "/v1/customers", body=body, headers=FORM, idempotency_key="ss1-0", timeout_ms=2500)
    assert render_curl(request, BASE + "/", credentials=("Authorization: Bearer $OTHER",)) == (
        "curl --globoff -X POST https://api.stripe.com/v1/customers \\\n"
        '  -H "Authorization: Bearer $OTHER" \\\n'
        "  -H 'Idempotency-Key: ss1-0' \\\n"
        "  -H 'Content-Type: application/x-www-form-urlencoded' \\\n"
        "  -H 'Stripe-Version: 2026-10-28.endive' \\\n"
        "  --max-time 2.5 \\\n"
        "  --data-raw email=a%40b.co \\\n"
        "  --data-raw name=Ann%27s \\\n"
        "  --data-raw 'metadata[a]=b'"
    )


def sent_body(command: str) -> bytes:
    """The body that curl would send, by its own rules: `--data-raw` pieces are joined with `&`."""
    words = shlex.split(command)
    pieces = [words[index + 1] for index, word in enumerate(words) if word == "--data-raw"]
    return "&".join(pieces).encode()


@given(
    st.binary(max_size=200).filter(lambda body: all(0x20 <= byte < 0x7F for byte in body))
    | st.text("ab&='\"$`\\@ ").map(str.encode)
)
def test_the_body_is_exact(body: bytes) -> None:
    for headers in (FORM, {"Content-Type": "application/json"}):
        assert sent_body(render_curl(Request("POST", "/v1/customers", body=body, headers=headers), BASE)) == body


def test_a_body_that_is_no_text_goes_through_base64() -> None:
    body = b"--x\r\n\xff\x00\r\n--x--\r\n"
    pipe, _, curl = render_curl(Request("POST", "/v1/files", body=body), BASE).partition(" |\n")
    assert subprocess.run(["sh", "-c", pipe], capture_output=True, check=True).stdout == body
    assert curl.endswith("--data-binary @-")


@pytest.mark.parametrize("value", ["$(rm -rf /)", "`id`", "a'b", 'a"b', "a\\", "$HOME"])
def test_a_shell_runs_nothing_of_it(value: str) -> None:
    request = Request(
        "POST", f"/v1/{value}", body=value.encode(), headers={"Stripe-Account": value}, idempotency_key=value
    )
    command = render_curl(request, BASE).replace("curl", "printf '%s\\n'", 1)
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=True, env={"STRIPE_API_KEY": "K"}
    )
    assert done.stdout.splitlines()[2:] == [
        *("POST", f"{BASE}/v1/{value}", "-H", "Authorization: Bearer K", "-H", f"Idempotency-Key: {value}"),
        *("-H", f"Stripe-Account: {value}", "--data-raw", value),
    ]
