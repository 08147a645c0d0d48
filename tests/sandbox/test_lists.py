"""Lists: order, limits, cursors, `has_more`, filters."""

from __future__ import annotations

import pytest

from .conftest import NOW, Client, Json


def names(page: Json) -> list[str]:
    return [row["name"] for row in page["data"]]


@pytest.fixture
def five(stripe: Client) -> list[str]:
    """Five customers, named 1 to 5, the first two in the same second."""
    made = []
    for number in range(1, 6):
        stripe.clock.advance(0 if number == 2 else 1)
        made.append(stripe.post("/v1/customers", {"name": str(number)})["id"])
    return made


def test_an_empty_list(stripe: Client) -> None:
    assert stripe.get("/v1/customers") == {"object": "list", "data": [], "has_more": False, "url": "/v1/customers"}


@pytest.mark.usefixtures("five")
def test_newest_first(stripe: Client) -> None:
    assert names(stripe.get("/v1/customers")) == ["5", "4", "3", "2", "1"]


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("limit", "count", "more"), [(0, 1, True), (-3, 1, True), (2, 2, True), (5, 5, False), (500, 5, False)]
)
def test_limit_is_clamped(stripe: Client, limit: int, count: int, more: bool) -> None:
    page = stripe.get("/v1/customers", {"limit": limit})
    assert (len(page["data"]), page["has_more"]) == (count, more)


def test_default_and_greatest_limit(stripe: Client) -> None:
    for _ in range(101):
        stripe.post("/v1/customers")
    assert len(stripe.get("/v1/customers")["data"]) == 10
    page = stripe.get("/v1/customers", {"limit": 1000})
    assert (len(page["data"]), page["has_more"]) == (100, True)


def test_a_limit_that_is_no_number(stripe: Client) -> None:
    error = stripe.refused("GET", "/v1/customers", {"limit": "many"})
    assert (error["status"], error["message"]) == (400, "Invalid integer: many")


@pytest.mark.parametrize(
    ("cursor", "index", "limit", "found", "more"),
    [
        ("starting_after", 4, 2, ["4", "3"], True),
        ("starting_after", 2, 2, ["2", "1"], False),
        ("starting_after", 0, 2, [], False),
        ("ending_before", 0, 2, ["3", "2"], True),
        ("ending_before", 2, 2, ["5", "4"], False),
        ("ending_before", 3, 2, ["5"], False),
        ("ending_before", 4, 2, [], False),
    ],
)
def test_cursors(  # noqa: PLR0917
    stripe: Client, five: list[str], cursor: str, index: int, limit: int, found: list[str], more: bool
) -> None:
    page = stripe.get("/v1/customers", {cursor: five[index], "limit": limit})
    assert (names(page), page["has_more"]) == (found, more)


def test_a_deleted_object_still_is_a_position(stripe: Client, five: list[str]) -> None:
    stripe.delete(f"/v1/customers/{five[2]}")
    assert names(stripe.get("/v1/customers")) == ["5", "4", "2", "1"]
    assert names(stripe.get("/v1/customers", {"starting_after": five[2]})) == ["2", "1"]
    assert names(stripe.get("/v1/customers", {"ending_before": five[2]})) == ["5", "4"]


def test_cursors_that_are_refused(stripe: Client, five: list[str]) -> None:
    error = stripe.refused("GET", "/v1/customers", {"starting_after": "cus_x"})
    assert (error["status"], error["param"], error["message"]) == (400, "starting_after", "No such customer: 'cus_x'")
    both = stripe.refused("GET", "/v1/customers", {"starting_after": five[0], "ending_before": five[1]})
    assert both["message"] == ("Received both starting_after and ending_before parameters. Please pass in only one.")
    assert "code" not in both and "param" not in both
    first = stripe.refused("GET", "/v1/customers", {"starting_after": five[0], "ending_before": "cus_x"})
    assert first["param"] == "ending_before"


def test_the_cursor_is_found_without_the_filter(stripe: Client) -> None:
    for email in ("a@x.y", "b@x.y", "a@x.y"):
        stripe.post("/v1/customers", {"email": email, "name": email[0]})
    middle = stripe.get("/v1/customers", {"email": "b@x.y"})["data"][0]["id"]
    page = stripe.get("/v1/customers", {"email": "a@x.y", "starting_after": middle})
    assert len(page["data"]) == 1


def test_email_is_exact_and_case_sensitive(stripe: Client) -> None:
    stripe.post("/v1/customers", {"email": "Jane@x.y"})
    assert len(stripe.get("/v1/customers", {"email": "Jane@x.y"})["data"]) == 1
    assert stripe.get("/v1/customers", {"email": "jane@x.y"})["data"] == []


def test_a_changed_member_is_found_by_its_new_value_only(stripe: Client) -> None:
    made = stripe.post("/v1/customers", {"email": "old@x.y"})
    stripe.post(f"/v1/customers/{made['id']}", {"email": "new@x.y"})
    assert stripe.get("/v1/customers", {"email": "old@x.y"})["data"] == []
    assert stripe.get("/v1/customers", {"email": "new@x.y"})["data"][0]["id"] == made["id"]


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("created", "found"),
    [
        (NOW + 2, ["3"]),
        ({"gt": NOW + 2}, ["5", "4"]),
        ({"gte": NOW + 2, "lt": NOW + 4}, ["4", "3"]),
        ({"lte": NOW + 1}, ["2", "1"]),
    ],
)
def test_created(stripe: Client, created: object, found: list[str]) -> None:
    assert names(stripe.get("/v1/customers", {"created": created})) == found


def test_filters_together(stripe: Client) -> None:
    shirt = stripe.post("/v1/products", {"name": "Shirt"})["id"]
    hat = stripe.post("/v1/products", {"name": "Hat"})["id"]
    for product, amount, active in ((shirt, 1, True), (shirt, 2, False), (hat, 3, True)):
        stripe.post("/v1/prices", {"product": product, "currency": "usd", "unit_amount": amount, "active": active})
    page = stripe.get("/v1/prices", {"product": shirt, "active": True, "type": "one_time"})
    assert [price["unit_amount"] for price in page["data"]] == [1]
    assert stripe.get("/v1/prices", {"recurring": {"interval": "month"}})["data"] == []


def test_a_filter_that_names_nothing(stripe: Client) -> None:
    gone = stripe.post("/v1/customers")["id"]
    stripe.delete(f"/v1/customers/{gone}")
    for customer in ("cus_x", gone):
        error = stripe.refused("GET", "/v1/invoices", {"customer": customer})
        assert (error["status"], error["code"], error["param"]) == (400, "resource_missing", "customer")
    assert stripe.get("/v1/balance_transactions", {"source": "ch_x"})["data"] == []
    assert stripe.get("/v1/balance_transactions", {"type": "charge"})["data"] == []


def test_lists_below_an_object_hold_what_belongs_to_it(stripe: Client) -> None:
    jane, joan = (stripe.post("/v1/customers")["id"] for _ in range(2))
    stripe.post(f"/v1/customers/{jane}/tax_ids", {"type": "eu_vat", "value": "DE123456789"})
    path = f"/v1/customers/{jane}/tax_ids"
    page = stripe.get(path)
    assert (len(page["data"]), page["url"]) == (1, path)
    assert stripe.get(f"/v1/customers/{joan}/tax_ids")["data"] == []


def test_generic_lists_below_an_object(stripe: Client) -> None:
    account = stripe.post("/v1/accounts", {"type": "custom"})["id"]
    other = stripe.post("/v1/accounts", {"type": "custom"})["id"]
    person = stripe.post(f"/v1/accounts/{account}/persons", {"first_name": "Jane"})
    assert person["account"] == account
    assert [row["id"] for row in stripe.get(f"/v1/accounts/{account}/persons")["data"]] == [person["id"]]
    assert stripe.get(f"/v1/accounts/{other}/persons")["data"] == []
    assert stripe.refused("GET", f"/v1/accounts/{other}/persons/{person['id']}")["status"] == 404


def test_v2_lists_page_by_address(stripe: Client) -> None:
    made = [stripe.post("/v2/core/accounts", {"display_name": str(number)})["id"] for number in range(3)]
    page = stripe.get("/v2/core/accounts", {"limit": 2})
    assert set(page) == {"data", "next_page_url", "previous_page_url"}
    assert [row["id"] for row in page["data"]] == made[:0:-1]
    path, _, query = page["next_page_url"].partition("?")
    token = dict(pair.split("=") for pair in query.split("&"))["page"]
    rest = stripe.get(path, {"limit": 2, "page": token})
    assert ([row["id"] for row in rest["data"]], rest["next_page_url"]) == (made[:1], None)
