"""Requests of more parameters than any framework takes are refused before they are decoded."""

from __future__ import annotations

import json

import pytest

from stripe_shell.sandbox.request.limits import MOST_PARAMETERS
from stripe_shell.wire import Request

from .conftest import Client

MANY = MOST_PARAMETERS + 1


def pairs(template: str, count: int = MANY) -> bytes:
    return "&".join(template.format(n=n) for n in range(count)).encode()


def parts(count: int) -> bytes:
    one = b'--x\r\nContent-Disposition: form-data; name="n"\r\n\r\nv\r\n'
    return one * count + b"--x--\r\n"


FORM, JSON, MULTIPART = "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("/v1/customers", FORM, pairs("unknown{n}=1")),
        ("/v1/customers", FORM, pairs("metadata[k{n}]=1")),
        ("/v1/customers", FORM, pairs("preferred_locales[]=en")),
        ("/v1/customers", FORM, pairs("expand[]=a{n}")),
        ("/v2/core/event_destinations", JSON, json.dumps({"a": [1] * MANY}).encode()),
        ("/v2/core/event_destinations", JSON, json.dumps({"a": [{str(n): 1} for n in range(MANY)]}).encode()),
        ("/v1/files", MULTIPART, parts(MANY)),
    ],
    ids=["unknown", "metadata", "list", "expand", "elements", "members", "parts"],
)
def test_too_many_parameters_are_refused(stripe: Client, path: str, kind: str, body: bytes) -> None:
    answer = stripe.sandbox.send(Request("POST", path, body=body, headers={"Content-Type": kind}))
    assert (answer.status, answer.json()["error"]["type"]) == (400, "invalid_request_error")
    assert answer.json()["error"]["message"] == f"Invalid request: more than {MOST_PARAMETERS} parameters."


def test_too_long_a_query_is_refused(stripe: Client) -> None:
    assert stripe.sandbox.send(Request("GET", "/v1/customers", query=pairs("expand[]=a").decode())).status == 400


def test_as_many_as_are_allowed_are_read(stripe: Client) -> None:
    answer = stripe.sandbox.send(Request("POST", "/v1/customers", body=pairs("metadata[k{n}]=1", MOST_PARAMETERS)))
    assert answer.json()["error"]["message"].startswith("Metadata can have up to 50 keys")
