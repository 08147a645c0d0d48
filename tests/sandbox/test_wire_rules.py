"""The wire: bodies, replays, depth of expand, shapes of metadata, unknown names, URLs and email addresses."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from stripe_shell.spec.search_fields import SEARCHABLE
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request

from .conftest import Client, Json, open_client

FORM = "application/x-www-form-urlencoded"


def _post(stripe: Client, body: bytes, kind: str, path: str = "/v1/customers") -> Json:
    request = Request("POST", path, "", body, {"Content-Type": kind})
    answer: Json = stripe.sandbox.send(request).json()
    return answer


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "text/plain", "TEXT/XML"])
@pytest.mark.parametrize("path", ["/v1/customers", "/v1/payment_intents", "/v1/customers/cus_1"])
def test_a_body_that_is_no_form(stripe: Client, kind: str, path: str) -> None:
    """JSON and plain text are refused on v1, as Stripe words it."""
    error = _post(stripe, b'{"name": "x"}', kind, path)["error"]
    assert error["type"] == "invalid_request_error"
    assert error["message"].startswith("Invalid request (check that your POST content type is application/x-www-form-")


@pytest.mark.parametrize("kind", [FORM, FORM.upper(), f"{FORM}; charset=utf-8", "Application/X-WWW-Form-Urlencoded"])
def test_a_form(stripe: Client, kind: str) -> None:
    """Media types do not depend on the case of their letters."""
    assert _post(stripe, b"name=Ann", kind)["name"] == "Ann"


def test_a_replay_names_the_request_that_it_repeats(stripe: Client) -> None:
    """`Original-Request` is the id of the first one; the replay has an id of its own. Errors that ran do, too."""
    declined = {"payment_method": "pm_card_chargeDeclined", "payment_method_types": ["card"], "confirm": True}
    paths = {"/v1/customers": {"name": "Ann"}, "/v1/payment_intents": {"amount": 100, "currency": "usd", **declined}}
    for path, params in paths.items():
        first = stripe.send("POST", path, params, key=path)
        again = stripe.send("POST", path, dict(reversed(params.items())), key=path)
        assert first.header("original-request") is None
        assert again.header("original-request") == first.header("request-id") != again.header("request-id")
        assert (again.status, again.body) == (first.status, first.body)


def test_a_file_that_knows_no_original_request(tmp_path: Path) -> None:
    """A file of the fifth layout is migrated: what it saved is replayed without the header."""
    path = tmp_path / "sandbox.db"
    client = open_client(path)
    first = client.send("POST", "/v1/customers", {"name": "Ann"}, key="k")
    client.sandbox.store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE idempotency DROP COLUMN request")
        connection.execute("PRAGMA user_version = 5")
    connection.close()
    client = open_client(path)
    again = client.send("POST", "/v1/customers", {"name": "Ann"}, key="k")
    assert (again.body, again.header("original-request")) == (first.body, None)
    assert again.header("idempotent-replayed") == "true"
    client.sandbox.store.close()


@pytest.mark.parametrize(
    ("path", "levels"),
    [
        ("/v1/subscriptions", "data.items.data.price.product"),
        ("/v1/customers/cus_1", "default_source.customer.default_source.customer.default_source"),
        ("/v1/invoices", "data.customer.default_source.customer.default_source"),
    ],
)
def test_five_levels(stripe: Client, path: str, levels: str) -> None:
    """Refused with the code, before anything is looked up; four are taken."""
    error = stripe.refused("GET", path, {"expand": [levels]})
    assert (error["status"], error["code"]) == (400, "property_expansion_max_depth")
    assert error["message"] == f"You cannot expand more than 4 levels of a property. Property: {levels}"


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"a": ["37018189"]}, 'Invalid value type: ["37018189"] must be a string'),
        ({"a": {"b": "c"}}, 'Invalid value type: {"b": "c"} must be a string'),
        (
            {"a": "x" * 501},
            "Metadata values can have up to 500 characters, but you passed in a value that is 501 characters. "
            f"Invalid value: {'x' * 501}",
        ),
        (
            {"k" * 41: "x"},
            "Metadata keys can have up to 40 characters, but you passed in a key that is 41 characters. "
            f"Invalid key: {'k' * 41}",
        ),
        (
            {f"k{at}": "x" for at in range(51)},
            "Metadata can have up to 50 keys, but you've set 51. Email us at support+metadata@stripe.com for more "
            "information.",
        ),
    ],
)
@pytest.mark.parametrize("path", ["/v1/customers", "/v1/products"])
def test_metadata_of_a_wrong_shape(stripe: Client, path: str, metadata: Json, message: str) -> None:
    """The parameter is `metadata`."""
    error = stripe.refused("POST", path, {"name": "x", "metadata": metadata})
    assert (error["status"], error["message"], error["param"]) == (400, message, "metadata")


@pytest.mark.parametrize(
    ("path", "params", "meant"),
    [
        ("/v1/customers", {"emial": "a@example.com"}, "email"),
        ("/v1/customers", {"invoice_settings": {"default_payment_methods": "x"}}, "default_payment_method"),
        ("/v1/products", {"name": "x", "default_price": "price_1"}, "default_price_data"),
        ("/v1/payment_intents", {"amount": 1, "currency": "usd", "payment_methods": "x"}, "payment_method"),
        ("/v1/customers", {"zzzzzz": "x"}, None),
    ],
)
def test_an_unknown_name(stripe: Client, path: str, params: Json, meant: str | None) -> None:
    """A known name that is near is named."""
    error = stripe.refused("POST", path, params)
    assert error["code"] == "parameter_unknown"
    assert error["message"].partition(". Did you mean ")[2] == (f"{meant}?" if meant else "")


def test_every_documented_search_field(stripe: Client, table: Table) -> None:
    """Each is found in a query, in its own kind of comparison."""
    count = 0
    for kind, fields in SEARCHABLE.items():
        for name in (*fields.tokens, *fields.strings):
            stripe.get(f"/v1/{table.plural(kind)}/search", {"query": f"{name}:'x' OR -{name}:'y'"})
            count += 1
        for name in fields.numbers:
            stripe.get(f"/v1/{table.plural(kind)}/search", {"query": f"{name}>1 AND {name}<=5"})
            count += 1
        stripe.get(f"/v1/{table.plural(kind)}/search", {"query": "metadata['a']:'b'"})
    assert count > 40


@pytest.mark.parametrize("url", ["nope", "https://", "undefined/settings", "ftp://a.b/c", "https:// a.b", "//a.b"])
@pytest.mark.parametrize(
    ("path", "params", "param"),
    [
        ("/v1/products", {"name": "x", "images": ["https://a.example/1.png", "{url}"]}, "images[1]"),
        ("/v1/products", {"name": "x", "url": "{url}"}, "url"),
        ("/v1/webhook_endpoints", {"url": "{url}", "enabled_events": ["*"]}, "url"),
        ("/v1/checkout/sessions", {"mode": "setup", "currency": "usd", "success_url": "{url}"}, "success_url"),
    ],
)
def test_a_url_that_is_none(stripe: Client, url: str, path: str, params: Json, param: str) -> None:
    """Wherever the table takes one, in lists and below the top level."""
    filled = {name: _filled(value, url) for name, value in params.items()}
    error = stripe.refused("POST", path, filled)
    assert (error["code"], error["message"], error["param"]) == ("url_invalid", "Not a valid URL", param)


def _filled(value: object, url: str) -> object:
    if isinstance(value, list):
        return [_filled(item, url) for item in value]
    return value.replace("{url}", url) if isinstance(value, str) else value


@pytest.mark.parametrize("name", ["email", "a@", "@example.com", "a b@example.com", "a@example.com "])
def test_an_email_address_that_is_none(stripe: Client, name: str) -> None:
    """Of a customer, a receipt and a refund."""
    pay = {"amount": 1000, "currency": "usd", "receipt_email": name}
    for path, params in (("/v1/customers", {"email": name}), ("/v1/payment_intents", pay)):
        error = stripe.refused("POST", path, params)
        assert (error["code"], error["message"]) == ("email_invalid", f"Invalid email address: {name}")
    refund = {"charge": "ch_1", "instructions_email": name}
    assert stripe.refused("POST", "/v1/refunds", refund)["code"] == "email_invalid"


def test_metadata_without_keys(stripe: Client) -> None:
    """`metadata[]=x` is a list; `metadata[0]=x`, which the encoders of several languages send, is a key."""
    assert _post(stripe, b"metadata[]=x", FORM)["error"]["message"] == "Invalid object"
    assert _post(stripe, b"metadata[0]=x", FORM)["metadata"] == {"0": "x"}
