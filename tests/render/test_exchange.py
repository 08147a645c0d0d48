"""What `--verbose` and `--dry-run` show of a request and its response."""

from __future__ import annotations

from stripe_shell.render.exchange import render_exchange, render_request
from stripe_shell.wire import Request, Response

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_request_is_shown_decoded() -> None:
    request = Request("POST", "/v1/customers", body=b"name=Ann%20Lee&email=a%40b.co", headers=FORM, idempotency_key="k")
    assert render_request(request) == (
        "POST /v1/customers\n"
        "Content-Type: application/x-www-form-urlencoded\n"
        "Idempotency-Key: k\n"
        "name=Ann Lee\n"
        "email=a@b.co"
    )


def test_a_value_cannot_look_like_a_line_or_drive_the_terminal() -> None:
    request = Request("POST", "/v1/customers", body=b"name=x%0A%3C%20200%1B%5B2J", headers=FORM)
    shown = render_exchange(request, Response(200, {"X": "\x9b2J"}, b'{"id":\n"\x1b[2J"}', 3.2))
    assert shown.split("\n")[2:] == [
        "> name=x\\n< 200\\u001b[2J",
        "< 200 (3 ms)",
        "< X: \\u009b2J",
        '< {"id":',
        '< "\\u001b[2J"}',
    ]


def test_no_answer() -> None:
    assert render_exchange(Request("GET", "/v1/balance"), None) == "> GET /v1/balance\n< no answer"
