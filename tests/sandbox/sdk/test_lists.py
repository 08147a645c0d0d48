"""Sections 4, 5 and 7: lists and cursors, expand, metadata, search."""

from __future__ import annotations

import pytest

from .conftest import Sdk


def test_newest_first_and_cursors(sdk: Sdk) -> None:
    """§4: newest first, cursors are exclusive, the page before one is the nearest and still newest first."""
    made = [sdk.v1.customers.create(params={"name": str(number)}).id for number in range(5)]
    page = sdk.v1.customers.list(params={"limit": 2})
    assert ([row.id for row in page.data], page.has_more, page.url) == ([made[4], made[3]], True, "/v1/customers")
    page = sdk.v1.customers.list(params={"limit": 2, "starting_after": made[3]})
    assert ([row.id for row in page.data], page.has_more) == ([made[2], made[1]], True)
    page = sdk.v1.customers.list(params={"limit": 2, "ending_before": made[1]})
    assert ([row.id for row in page.data], page.has_more) == ([made[3], made[2]], True)
    page = sdk.v1.customers.list(params={"limit": 2, "ending_before": made[3]})
    assert ([row.id for row in page.data], page.has_more) == ([made[4]], False)


def test_the_sdk_walks_all_pages(sdk: Sdk) -> None:
    """§4: what the SDK's own paging finds, forwards and backwards, is everything once."""
    made = [sdk.v1.customers.create(params={"name": str(number)}).id for number in range(7)]
    assert [row.id for row in sdk.v1.customers.list(params={"limit": 3}).auto_paging_iter()] == made[::-1]
    backwards = sdk.v1.customers.list(params={"limit": 3, "ending_before": made[0]}).auto_paging_iter()
    assert [row.id for row in backwards] == made[1:]


def test_limits_are_clamped(sdk: Sdk) -> None:
    """§4: default 10; 0 and less become 1, more than 100 becomes 100, text is refused."""
    for number in range(12):
        sdk.v1.products.create(params={"name": str(number)})
    for limit, count in [(None, 10), (0, 1), (-5, 1), (12, 12), (1000, 12)]:
        params = {} if limit is None else {"limit": limit}
        assert len(sdk.v1.products.list(params=params).data) == count
    error = sdk.refused(sdk.v1.products.list, params={"limit": "many"})
    assert (error.http_status, error.code, error.param) == (400, "parameter_invalid_integer", "limit")


def test_both_cursors_are_too_many(sdk: Sdk) -> None:
    """§4: each is resolved, then the pair is refused, without a code."""
    keys = [sdk.v1.customers.create().id for _ in range(2)]
    error = sdk.refused(sdk.v1.customers.list, params={"starting_after": keys[0], "ending_before": keys[1]})
    assert error.user_message == ("Received both starting_after and ending_before parameters. Please pass in only one.")
    assert (error.code, error.param) == (None, None)


def test_deleted_objects(sdk: Sdk) -> None:
    """§4: what is deleted is not listed, but still a position."""
    made = [sdk.v1.customers.create().id for _ in range(3)]
    sdk.v1.customers.delete(made[1])
    assert [row.id for row in sdk.v1.customers.list().data] == [made[2], made[0]]
    assert [row.id for row in sdk.v1.customers.list(params={"starting_after": made[1]}).data] == [made[0]]


def test_subscription_items_are_oldest_first(sdk: Sdk) -> None:
    """§4, §23: the one list that is oldest first; its url carries the subscription."""
    prices = [sdk.price(name=name) for name in ("A", "B", "C")]
    made = sdk.subscribe(sdk.customer(), *prices)
    listed = sdk.v1.subscription_items.list(params={"subscription": made.id})
    assert [row.price.id for row in listed.data] == [price.id for price in prices]
    assert [row.price.id for row in made["items"].data] == [price.id for price in prices]
    assert made["items"].url == f"/v1/subscription_items?subscription={made.id}"
    error = sdk.refused(sdk.client.raw_request, "get", "/v1/subscription_items")
    assert (error.code, error.user_message) == ("parameter_missing", "Missing required param: subscription.")


def test_filters(sdk: Sdk) -> None:
    """§4: e-mail is exact and case-sensitive; an unknown customer is refused, an unknown source is an empty page."""
    sdk.v1.customers.create(params={"email": "Ann@example.com"})
    assert len(sdk.v1.customers.list(params={"email": "Ann@example.com"}).data) == 1
    assert sdk.v1.customers.list(params={"email": "ann@example.com"}).data == []
    error = sdk.refused(sdk.v1.charges.list, params={"customer": "cus_nothing"})
    assert (error.http_status, error.code, error.param) == (400, "resource_missing", "customer")
    assert sdk.v1.balance_transactions.list(params={"source": "ch_nothing"}).data == []
    assert sdk.v1.payment_methods.list().data == []


def test_created_ranges_and_lookup_keys(sdk: Sdk) -> None:
    """§4: `created` takes a number or bounds; prices are found by lookup key."""
    price = sdk.price(lookup_key="gold_monthly")
    created = price.created
    for bounds, count in [
        (created, 1),
        ({"gte": created}, 1),
        ({"gt": created}, 0),
        ({"lte": created}, 1),
        ({"lt": created}, 0),
    ]:
        assert len(sdk.v1.prices.list(params={"created": bounds}).data) == count
    assert [row.id for row in sdk.v1.prices.list(params={"lookup_keys": ["gold_monthly", "x"]}).data] == [price.id]
    assert sdk.v1.prices.list(params={"lookup_keys": ["x"]}).data == []


def test_expand(sdk: Sdk) -> None:
    """§5: objects in place of ids, on lists below `data`, four levels deep at most."""
    made = sdk.pay(customer=sdk.customer().id)
    found = sdk.v1.payment_intents.retrieve(
        made.id, params={"expand": ["customer", "latest_charge.balance_transaction"]}
    )
    assert found.customer.object == "customer"
    assert found.latest_charge.balance_transaction.net == 2000 - 88
    listed = sdk.v1.charges.list(params={"expand": ["data.payment_intent.customer"]}).data[0]
    assert listed.payment_intent.customer.email == "jane@example.com"
    error = sdk.refused(sdk.v1.charges.list, params={"expand": ["customer"]})
    assert error.user_message == (
        "This property cannot be expanded (customer). You may want to try expanding 'data.customer' instead."
    )
    error = sdk.refused(sdk.v1.payment_intents.retrieve, made.id, params={"expand": ["nope"]})
    assert error.user_message == "This property cannot be expanded (nope)."
    assert (error.code, error.param) == (None, None)


def test_a_bad_expand_creates_nothing(sdk: Sdk) -> None:
    """§1, §5: a bad path outranks a missing resource and an empty page, and a POST with one makes nothing."""
    assert "cannot be expanded" in sdk.refused(sdk.v1.customers.create, params={"expand": ["nope"]}).user_message
    assert sdk.v1.customers.list().data == []
    error = sdk.refused(sdk.v1.customers.retrieve, "cus_nothing", params={"expand": ["nope"]})
    assert error.http_status == 400


def test_expand_only_fields(sdk: Sdk) -> None:
    """§5: a charge's refunds and a customer's subscriptions are there only when they are asked for."""
    paid = sdk.pay()
    sdk.v1.refunds.create(params={"payment_intent": paid.id, "amount": 500})
    assert "refunds" not in sdk.v1.charges.retrieve(paid.latest_charge)
    refunds = sdk.v1.charges.retrieve(paid.latest_charge, params={"expand": ["refunds"]}).refunds
    assert (len(refunds.data), refunds.url) == (1, f"/v1/charges/{paid.latest_charge}/refunds")
    customer = sdk.customer()
    made = sdk.subscribe(customer, sdk.price())
    assert "subscriptions" not in sdk.v1.customers.retrieve(customer.id)
    found = sdk.v1.customers.retrieve(customer.id, params={"expand": ["subscriptions", "tax_ids"]})
    assert [row.id for row in found.subscriptions.data] == [made.id]
    assert found.tax_ids.data == []


def test_metadata(sdk: Sdk) -> None:
    """§5: updates merge, the empty text drops one key or all; previous_attributes show only what changed."""
    customer = sdk.v1.customers.create(params={"metadata": {"a": "1", "b": "2"}})
    update = sdk.v1.customers.update
    assert update(customer.id, params={"metadata": {"b": "3", "c": "4"}}).metadata.to_dict() == {
        "a": "1",
        "b": "3",
        "c": "4",
    }
    event = sdk.events(type="customer.updated")[-1]
    assert event.data.previous_attributes.to_dict() == {"metadata": {"b": "2", "c": None}}
    assert update(customer.id, params={"metadata": {"a": ""}}).metadata.to_dict() == {"b": "3", "c": "4"}
    assert update(customer.id, params={"metadata": ""}).metadata.to_dict() == {}


def test_search(sdk: Sdk) -> None:
    """§7: text in any case, substrings, numbers, negation, metadata; connectors are never mixed."""
    ann = sdk.v1.customers.create(params={"name": "Ann Lee", "email": "ann@example.com", "metadata": {"tier": "gold"}})
    bob = sdk.v1.customers.create(params={"name": "Bob Ray", "email": "bob@example.org"})
    for query, found in [
        ("name:'ann'", [ann]),
        ('email~"example"', [bob, ann]),
        ("metadata['tier']:'gold'", [ann]),
        ("-metadata['tier']:null", [ann]),
        ("-name:'ann'", [bob]),
        ("name:'ann' OR name:'bob'", [bob, ann]),
        ("name:'ann' AND email:'bob@example.org'", []),
        ("created>0", [bob, ann]),
    ]:
        answer = sdk.v1.customers.search(params={"query": query})
        assert [row.id for row in answer.data] == [row.id for row in found], query
    assert answer.object == "search_result"
    assert answer.url == "/v1/customers/search"
    for query in ["name:'a' AND name:'b' OR name:'c'", "shoe:'x'", "created~'100'", "name:'ann"]:
        error = sdk.refused(sdk.v1.customers.search, params={"query": query})
        assert error.http_status == 400, query


def test_search_pages_and_total(sdk: Sdk) -> None:
    """§7: `page` is opaque, the total only when it is asked for."""
    for number in range(5):
        sdk.v1.products.create(params={"name": f"Gold {number}"})
    first = sdk.v1.products.search(params={"query": "name:'gold'", "limit": 2, "expand": ["total_count"]})
    assert (len(first.data), first.has_more, first.total_count) == (2, True, 5)
    assert len(list(first.auto_paging_iter())) == 5


@pytest.mark.parametrize(
    ("resource", "query"),
    [
        ("charges", "amount>999 AND currency:'usd'"),
        ("payment_intents", "status:'succeeded'"),
        ("subscriptions", "status:'active'"),
        ("invoices", "total>=1000"),
        ("prices", "active:'true' AND lookup_key:'gold'"),
    ],
)
def test_search_elsewhere(sdk: Sdk, resource: str, query: str) -> None:
    """§7: seven resources can be searched; customers and products are above."""
    made = sdk.subscribe(sdk.customer(), sdk.price(lookup_key="gold"))
    assert made.status == "active"
    assert len(getattr(sdk.v1, resource).search(params={"query": query}).data) == 1
