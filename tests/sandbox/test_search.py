"""The search language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.search import parse_query
from stripe_shell.sandbox.resources.customer import Customer
from stripe_shell.spec.table import load_table

from .conftest import Client

CUSTOMERS = Customer(load_table(), "customer")


@pytest.fixture
def people(stripe: Client) -> Client:
    """Four customers, an hour apart."""
    rows = [
        {"name": "Jane Doe", "email": "jane@example.com", "metadata": {"tier": "Gold", "n": "7"}},
        {"name": "John Jane Smith", "email": "john@example.com", "metadata": {"tier": "silver"}},
        {"name": "Zoë", "email": "zoe@example.org", "phone": "+49 30 123", "metadata": {"odd": '100% "A_B"'}},
        {"name": 'The "Boss"', "email": "boss@example.org"},
    ]
    for row in rows:
        stripe.post("/v1/customers", row)
        stripe.clock.advance(3600)
    return stripe


def found(stripe: Client, query: str) -> list[str]:
    page = stripe.get("/v1/customers/search", {"query": query})
    assert page["object"] == "search_result"
    assert page["url"] == "/v1/customers/search"
    return sorted(row["name"] for row in page["data"])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('email:"jane@example.com"', ["Jane Doe"]),
        ("email:'JANE@EXAMPLE.COM'", ["Jane Doe"]),
        ('name:"jane"', ["Jane Doe", "John Jane Smith"]),
        ('name:"jane doe"', ["Jane Doe"]),
        ('name:"doe jane"', []),
        ('name:"jan"', []),
        ('name~"jan"', ["Jane Doe", "John Jane Smith"]),
        ('email~"example.org"', ['The "Boss"', "Zoë"]),
        ('name:"Zoë"', ["Zoë"]),
        ('name:"the \\"boss\\""', ['The "Boss"']),
        ('metadata["tier"]:"gold"', ["Jane Doe"]),
        ("metadata['n']:'7'", ["Jane Doe"]),
        ('metadata["odd"]:"100% \\"a_b\\""', ["Zoë"]),
        ('metadata["odd"]~"100%"', ["Zoë"]),
        ('-metadata["tier"]:null', ["Jane Doe", "John Jane Smith"]),
        ('metadata["tier"]:null', ['The "Boss"', "Zoë"]),
        ("phone:null", ["Jane Doe", "John Jane Smith", 'The "Boss"']),
        ('name:"jane" AND metadata["tier"]:"gold"', ["Jane Doe"]),
        ('name:"jane" metadata["tier"]:"gold"', ["Jane Doe"]),
        ('name:"zoë" or email:"john@example.com"', ["John Jane Smith", "Zoë"]),
        ('-name:"jane"', ['The "Boss"', "Zoë"]),
        ("created>1780315200", ["John Jane Smith", 'The "Boss"', "Zoë"]),
        ("created<=1780315200", ["Jane Doe"]),
        ("created:1780315200", ["Jane Doe"]),
    ],
)
def test_finding(people: Client, query: str, names: list[str]) -> None:
    assert found(people, query) == names


@pytest.mark.parametrize(
    "query",
    [
        "",
        "x",
        'name:"a" AND email:"b" OR phone:"c"',
        'nope:"a"',
        'description:"a"',
        'name>"a"',
        'name~"ab"',
        "name:jane",
        'created:"soon"',
        'created~"178"',
        'name:"unclosed',
        '(name:"a")',
        'metadata:"x"',
        'name["x"]:"y"',
        " AND ".join(['name:"a"'] * 11),
        'name:"a" AND',
    ],
)
def test_refusals(people: Client, query: str) -> None:
    error = people.refused("GET", "/v1/customers/search", {"query": query})
    assert (error["status"], error["type"]) == (400, "invalid_request_error")


def test_pages_and_total_count(people: Client) -> None:
    query = {"query": "created>0", "limit": 3}
    first = people.get("/v1/customers/search", query)
    assert (len(first["data"]), first["has_more"]) == (3, True)
    assert "total_count" not in first
    rest = people.get("/v1/customers/search", {**query, "page": first["next_page"]})
    assert (len(rest["data"]), rest["has_more"], rest["next_page"]) == (1, False, None)
    counted = people.get("/v1/customers/search", {**query, "expand": ["total_count"]})
    assert counted["total_count"] == 4
    assert counted["data"] == first["data"]


def test_too_old_a_version(people: Client) -> None:
    """Named by the header, or the account's own."""
    query = {"query": "created>0"}
    message = (
        "Search is not supported on api version 2019-12-03. Update your API version, or set the API Version of this "
        "request to 2020-08-27 or greater."
    )
    header = {"Stripe-Version": "2019-12-03"}
    assert people.refused("GET", "/v1/customers/search", query, headers=header)["message"] == message
    people.sandbox.set_default_version("2019-12-03")
    assert people.refused("GET", "/v1/customers/search", query)["message"] == message


def test_partly_refunded_charges(stripe: Client) -> None:
    amounts = {"ch_none": 0, "ch_part": 5, "ch_full": 10}
    stripe.sandbox.seed(
        {"object": "charge", "id": name, "amount": 10, "amount_refunded": part, "refunded": part == 10}
        for name, part in amounts.items()
    )
    for query, charge in (
        ('refunded:"true"', "ch_full"),
        ('refunded:"false"', "ch_part"),
        ("refunded:null", "ch_none"),
    ):
        page = stripe.get("/v1/charges/search", {"query": query})
        assert [row["id"] for row in page["data"]] == [charge]


@given(st.text(alphabet="abc:\"'\\[]()<>=~- ANDOR12.nul", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_query(text, CUSTOMERS)
    except StripeError as error:
        assert error.status == 400
