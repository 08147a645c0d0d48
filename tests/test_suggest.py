"""What is suggested: a text with the cursor at `|`, and what the menu then begins with."""

from __future__ import annotations

import time
from typing import Any

import pytest

from stripe_shell.lang.cursor import cursor_context
from stripe_shell.repl.commands import commands
from stripe_shell.spec.table import load_table
from stripe_shell.suggest.fields import missing
from stripe_shell.suggest.known import IdScope, KnownIds
from stripe_shell.suggest.matching import closest_first
from stripe_shell.suggest.menu import suggest
from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources

HERE = IdScope("sandbox", "sandbox")
ELSEWHERE = IdScope("stripe", "live")
CUSTOMER = {"id": "cus_9", "object": "customer", "address": {"city": "Oslo"}, "tags": ["a", "b"]}


def known() -> KnownIds:
    found = KnownIds()
    rows = [{"id": f"cus_{n}", "object": "customer", "email": f"ann{n}@x.co"} for n in (3, 2, 1)]
    found.learn(HERE, {"object": "list", "data": rows})
    found.learn(HERE, {"id": "price_1", "object": "price", "unit_amount": 500, "currency": "usd", "product": "prod_1"})
    found.learn(HERE, {"id": "clock_1", "object": "test_helpers.test_clock", "name": "leap"})
    found.learn(HERE, {"id": "acct_1", "object": "account"})
    found.learn(ELSEWHERE, {"id": "cus_live", "object": "customer"})
    return found


def around(**changes: Any) -> SuggestionSources:
    given: dict[str, Any] = {
        "table": load_table(),
        "known": known(),
        "place": HERE,
        "connections": {"sandbox": "sandbox", "stripe": "LIVE", "eu-test": "test"},
        "names": {"customer": CUSTOMER, "last": CUSTOMER, "plan": "gold", "now": "epoch seconds"},
        "environment": ["PRICE_ID", "HOME"],
        "commands": commands(),
    }
    return SuggestionSources(**(given | changes))


def offers(marked: str, **changes: Any) -> list[Suggestion]:
    before, _, after = marked.partition("|")
    return suggest(cursor_context(before + after, len(before)), around(**changes))


CREATE_CUSTOMER = "/sandbox\naction: create\nentity: customer\n"
SUBSCRIBE = "/sandbox\naction: create\nentity: subscription\n"
LIST_CUSTOMERS = "/sandbox\naction: list\nentity: customers\n"
UPDATE_CUSTOMER = "/sandbox\naction: update\nentity: customer\n"

#: The text, and the names that the menu begins with (all of them where the last one is `.`).
MENUS = [
    # connections
    ("/|", ["sandbox", "stripe", "eu-test", "."]),
    ("/str|", ["stripe", "."]),
    ("/test|", ["eu-test", "."]),
    ("/nowhere|", ["."]),
    # actions
    ("/sandbox\naction: |", ["create", "get", "update", "list", "delete", "search"]),
    ("/sandbox\naction: RET|", ["retrieve"]),
    ("/sandbox\nentity: payment_intent\naction: c|", ["create", "cancel", "capture", "confirm"]),
    ("/sandbox\nentity: balance\naction: |", ["get", "retrieve", "."]),
    ("/sandbox\nentity: nonsense\naction: |", ["."]),
    ("cre|", ["create"]),
    ("ge|", ["get"]),
    ("hel|", ["help", "."]),
    ("qui|", ["quit", "."]),
    # entities
    ("/sandbox\naction: create\nentity: cust|", ["customer", "customer_session"]),
    ("/sandbox\naction: finalize_invoice\nentity: |", ["invoice", "."]),
    ("/sandbox\naction: list\nentity: cust|", ["customers"]),
    ("create payment_i|", ["payment_intent", "."]),
    ("create checkout|", ["checkout.session", "."]),
    # names of parameters
    ("/sandbox\n|", ["action", "entity", "."]),
    ("/sandbox\naction: create\n|", ["entity", "."]),
    (CREATE_CUSTOMER + "|", ["email", "name", "description", "address."]),
    (CREATE_CUSTOMER + "email: a@b.co\n|", ["name", "description", "address."]),
    (CREATE_CUSTOMER + "|\nname: Ann", ["email", "description"]),
    (CREATE_CUSTOMER + "ph|", ["phone", "."]),
    (CREATE_CUSTOMER + "PH|", ["phone", "."]),
    (CREATE_CUSTOMER + "tex|", ["tax_exempt", "."]),
    (CREATE_CUSTOMER + "address.|", ["city", "country", "line1", "line2", "postal_code", "state", "."]),
    (CREATE_CUSTOMER + "address.city: Oslo\naddress.ci|", ["."]),
    (CREATE_CUSTOMER + "address[po|", ["postal_code", "."]),
    (CREATE_CUSTOMER + "metadata.|", ["."]),
    (SUBSCRIBE + "|", ["customer_id", "price_id", "trial_period_days"]),
    (SUBSCRIBE + "customer: cus_1\n|", ["price_id", "trial_period_days"]),
    (
        SUBSCRIBE + "items[0].|",
        ["billing_thresholds.", "current_trial.", "discounts[0].", "metadata.", "plan", "price", "price_data."],
    ),
    (SUBSCRIBE + "items[0].price: x\nitems|", ["items[0].", "items[1].", "add_invoice_items[0]."]),
    (SUBSCRIBE + "items[0].price_data.|", ["currency", "product"]),
    (LIST_CUSTOMERS + "created[|", ["gt", "gte", "lt", "lte", "."]),
    (LIST_CUSTOMERS + "created|", ["created", "created.", "."]),
    (UPDATE_CUSTOMER + "|", ["customer_id", "name", "description", "email"]),
    (UPDATE_CUSTOMER + "id: cus_1\n|", ["name", "description", "email"]),
    ("/sandbox\naction: create\nentity: payment_intent\n|", ["amount", "currency"]),
    ("/sandbox\naction: create\nentity: price\n|", ["currency", "amount", "interval"]),
    ("create customer email=a@b.co |", ["name", "description"]),
    # values
    (CREATE_CUSTOMER + "tax_exempt: |", ["exempt", "none", "reverse", "."]),
    (CREATE_CUSTOMER + "tax_exempt: rev|", ["reverse", "."]),
    (CREATE_CUSTOMER + "name: |", ["."]),
    (SUBSCRIBE + "cancel_at_period_end: |", ["true", "false", "."]),
    (SUBSCRIBE + "trial_end: |", ["now", "now+1h", "now+1d", "now+7d", "now+14d"]),
    (SUBSCRIBE + "trial_end: now+1|", ["now+1h", "now+1d", "now+14d", "now+1mo", "now+1y", "."]),
    (LIST_CUSTOMERS + "created[gte]: |", ["now-1h", "now-1d"]),
    (LIST_CUSTOMERS + "limit: a|", ["all", "."]),
    ("/sandbox\naction: create\nentity: price\ncurrency: |", ["usd", "eur", "gbp"]),
    ("/sandbox\naction: create\nentity: price\ncurrency: JP|", ["jpy", "."]),
    ("create customer tax_exempt=|", ["exempt", "none", "reverse", "."]),
    (SUBSCRIBE + "collection_method: |", ["charge_automatically", "send_invoice", "."]),
    # ids
    (SUBSCRIBE + "customer: |", ["${customer.id}", "${last.id}", "cus_3", "cus_2", "cus_1", "."]),
    (SUBSCRIBE + "customer_id: cus|", ["cus_3", "cus_2", "cus_1", "."]),
    (SUBSCRIBE + "customer_id: ann2@|", ["cus_2", "."]),
    (SUBSCRIBE + "price_id: |", ["price_1", "."]),
    (SUBSCRIBE + "items[0].price: |", ["price_1", "."]),
    (SUBSCRIBE + "on_behalf_of: |", ["acct_1", "."]),
    (CREATE_CUSTOMER + "test_clock: |", ["clock_1", "."]),
    (UPDATE_CUSTOMER + "id: cus_2|", ["cus_2", "."]),
    (UPDATE_CUSTOMER + "customer_id: |", ["${customer.id}", "${last.id}", "cus_3"]),
    (LIST_CUSTOMERS + "starting_after: cus|", ["cus_3", "cus_2", "cus_1", "."]),
    ("get customer id=cus|", ["cus_3", "cus_2", "cus_1", "."]),
    # expansion
    (SUBSCRIBE + "expand: cust|", ["customer", "."]),
    (SUBSCRIBE + "expand: customer, latest|", ["latest_invoice", "."]),
    (SUBSCRIBE + "expand: latest_invoice.cust|", ["latest_invoice.customer", "."]),
    (LIST_CUSTOMERS + "expand: |", ["data.", "."]),
    (LIST_CUSTOMERS + "expand: data.def|", ["data.default_source", "."]),
    # references
    (SUBSCRIBE + "customer: ${|", ["customer", "last", "plan", "now", "env:", "."]),
    (SUBSCRIBE + "customer: ${cu|", ["customer", "."]),
    (SUBSCRIBE + "customer: ${customer.|", ["customer.id", "customer.object", "customer.address"]),
    (SUBSCRIBE + "description: ${customer.address.|", ["customer.address.city", "."]),
    (SUBSCRIBE + "description: ${customer.tags|", ["customer.tags", "customer.tags[0]", "."]),
    (SUBSCRIBE + "description: ${plan.|", ["."]),
    (SUBSCRIBE + "price_id: ${env:|", ["env:HOME", "env:PRICE_ID", "."]),
    # directives and commands
    (CREATE_CUSTOMER + "@|", ["@as", "@expect", "@match", "@fails"]),
    (CREATE_CUSTOMER + "@ex|", ["@expect", "."]),
    ("@|", ["@help", "@connect", "@format"]),
    ("@le|", ["@let", "."]),
    (CREATE_CUSTOMER + "@as |", ["customer", "."]),
    (CREATE_CUSTOMER + "@fails card_error/|", ["card_error/card_declined", "card_error/insufficient_funds"]),
    (CREATE_CUSTOMER + "@pages |", ["all", "5", "."]),
    (SUBSCRIBE + "@expect stat|", ["status", "status_details", "."]),
    (SUBSCRIBE + "@expect $h|", ["$http", "."]),
    (SUBSCRIBE + "@expect items.data|", ["items.data", "items.data[0]", "items.data[*]", "."]),
    (SUBSCRIBE + "@expect items.data[0].pri|", ["items.data[0].price", "."]),
    (SUBSCRIBE + "@expect status |", ["==", "!="]),
    (SUBSCRIBE + "@expect status start|", ["startswith", "."]),
    (SUBSCRIBE + "@expect status == tr|", ["trialing", "."]),
    (SUBSCRIBE + "@expect livemode == |", ["true", "false", "."]),
    (SUBSCRIBE + "@expect all items.data[*].|", ["items.data[*].billed_until"]),
    ("@format js|", ["json", "jsonl", "."]),
    ("@connect str|", ["stripe", "."]),
    ("@spec |", ["stripe", "documented", "."]),
    ("@help create custo|", ["customer", "customer_session"]),
    # nowhere
    ("# a com|", ["."]),
    (CREATE_CUSTOMER + "Response:\n{|", ["."]),
]


@pytest.mark.parametrize(("marked", "menu"), MENUS, ids=[text.replace("\n", " ") for text, _ in MENUS])
def test_menu(marked: str, menu: list[str]) -> None:
    shown = [suggestion.display for suggestion in offers(marked)]
    if menu[-1] == ".":
        assert shown == menu[:-1]
    else:
        assert shown[: len(menu)] == menu


@pytest.mark.parametrize(
    ("marked", "inserted"),
    [
        (CREATE_CUSTOMER + "em|", "email: "),
        ("create customer em|", "email="),
        (CREATE_CUSTOMER + "addr|", "address."),
        (CREATE_CUSTOMER + "address[ci|", "city]: "),
        (SUBSCRIBE + "item|", "items[0]."),
        ("/sandbox\nact|", "action: "),
        ("create cust|", "customer "),
        (CREATE_CUSTOMER + "@ex|", "expect "),
        (CREATE_CUSTOMER + "@tear|", "teardown"),
        (SUBSCRIBE + "@expect stat|", "status "),
        (LIST_CUSTOMERS + "expand: d|", "data."),
    ],
)
def test_text_that_is_inserted(marked: str, inserted: str) -> None:
    assert offers(marked)[0].text == inserted


def test_the_text_takes_the_place_of_what_was_typed() -> None:
    text = SUBSCRIBE + "items[0].qu"
    found = offers(f"{text}|")[0]
    assert text[: found.start] + found.text == SUBSCRIBE + "items[0].quantity: "


@pytest.mark.parametrize(
    ("marked", "meta"),
    [
        (CREATE_CUSTOMER + "email|", "string ≤ 512 · where receipts and invoices go"),
        (CREATE_CUSTOMER + "tax_exempt|", "enum: exempt | none | reverse"),
        (SUBSCRIBE + "customer_id|", "id of customer"),
        (SUBSCRIBE + "default_payment_method|", "id of payment_method"),
        (SUBSCRIBE + "customer_id: cus_1|", "ann1@x.co"),
        (SUBSCRIBE + "price_id: p|", "5.00 USD"),
        ("/stri|", "LIVE"),
        ("@spec st|", "what Stripe itself requires"),
        (CREATE_CUSTOMER + "@pag|", "follow the pages of a list"),
        ("/sandbox\naction: create\nentity: price\ncurrency: jpy|", "Japanese yen · amounts are whole"),
    ],
)
def test_what_stands_beside_it(marked: str, meta: str) -> None:
    assert offers(marked)[0].meta == meta


def test_required_ones_are_marked() -> None:
    required = [suggestion.display for suggestion in offers(CREATE_CUSTOMER + "|") if suggestion.required]
    assert required == ["email", "name"]


def test_without_the_document_only_stripe_requires() -> None:
    found = offers(CREATE_CUSTOMER + "|", document=False)
    assert not any(suggestion.required for suggestion in found)


def test_ids_of_another_account_are_never_offered() -> None:
    assert [s.display for s in offers(SUBSCRIBE + "customer: cus|", place=ELSEWHERE)] == ["cus_live"]
    assert not offers(SUBSCRIBE + "customer: cus|", place=None)
    assert not offers(SUBSCRIBE + "customer: cus|", place=IdScope("sandbox", "sandbox", "acct_2"))


@pytest.mark.parametrize(
    ("marked", "lacking"),
    [
        ("|", ()),
        ("/sandbox\n|", ("action", "entity")),
        ("/sandbox\naction: |", ("entity",)),
        (CREATE_CUSTOMER + "|", ("email", "name")),
        (CREATE_CUSTOMER + "email: |", ("name",)),
        (SUBSCRIBE + "customer: x\n|", ("price_id",)),
        (SUBSCRIBE + "customer_id: x\nitems[0].price: y\n|", ()),
        (UPDATE_CUSTOMER + "|", ("customer_id",)),
        (UPDATE_CUSTOMER + "id: cus_1\n|", ()),
        ("create customer email=a@b.co |", ("name",)),
        ("/sandbox\naction: nonsense\nentity: customer\n|", ()),
    ],
)
def test_missing(marked: str, lacking: tuple[str, ...]) -> None:
    before = marked.partition("|")[0]
    assert missing(cursor_context(before, len(before)), load_table()) == lacking


# --- ids ------------------------------------------------------------------------------------------------


def found(ids: KnownIds, typed: str, limit: int = 10) -> list[str]:
    return [each.id for each in ids.find(HERE, "customer", typed, limit)]


def test_newest_first_and_seen_again_is_new_again() -> None:
    ids = KnownIds()
    for name in ("a", "b", "c", "a"):
        ids.learn(HERE, {"id": f"cus_{name}", "object": "customer"})
    assert found(ids, "cus_") == ["cus_a", "cus_c", "cus_b"]


def test_the_first_row_of_a_list_is_the_newest() -> None:
    ids = KnownIds()
    ids.learn(HERE, {"data": [{"id": "cus_2", "object": "customer"}, {"id": "cus_1", "object": "customer"}]})
    assert found(ids, "") == ["cus_2", "cus_1"]


def test_nested_objects_are_learnt() -> None:
    ids = KnownIds()
    price = {"id": "price_1", "object": "price", "product": {"id": "prod_1", "object": "product"}}
    ids.learn(HERE, {"id": "sub_1", "object": "subscription", "items": {"data": [{"id": "si_1", "price": price}]}})
    assert sorted(ids.kinds(HERE)) == ["price", "product", "subscription"]


def test_deleted_objects_are_forgotten() -> None:
    ids = KnownIds()
    ids.learn(HERE, {"id": "cus_1", "object": "customer"})
    ids.learn(HERE, {"id": "cus_1", "object": "customer", "deleted": True})
    assert found(ids, "") == []


def test_the_oldest_go_when_there_are_too_many() -> None:
    ids = KnownIds(most=3)
    for number in range(5):
        ids.learn(HERE, {"id": f"cus_{number}", "object": "customer"})
    assert found(ids, "") == ["cus_4", "cus_3", "cus_2"]
    assert len(ids) == 3


@pytest.mark.parametrize(
    "typed", ["cus_", "cus_0001", "cus_19999", "", "nothing", "lee", "le", "ann lee19", "a7@", "an zz"]
)
def test_twenty_thousand_ids_cost_less_than_a_scan(typed: str) -> None:
    """Against what cannot be avoided without an index: looking at every id and label once."""
    many = KnownIds()
    rows = [
        {"id": f"cus_{number:05d}", "object": "customer", "name": f"Ann Lee{number}", "email": f"a{number}@x.co"}
        for number in range(20_000)
    ]
    many.learn(HERE, rows)
    names = [f"{row['id']} {row['name']} {row['email']}" for row in rows]

    def scan() -> list[str]:
        return sorted((name for name in names if typed in name.lower()), key=str.lower, reverse=True)[:50]

    found(many, typed, 50), scan()
    assert best(lambda: found(many, typed, 50)) < 3 * best(scan)


def test_an_id_that_comes_is_found_without_searching_all_anew() -> None:
    """Joining the searched text costs as much as a scan; it must not follow each new id."""
    many = KnownIds()
    many.learn(HERE, [{"id": f"cus_{n:05d}", "object": "customer", "name": f"Ann{n}"} for n in range(5_000)])
    many.find(HERE, "customer", "ann1", 5)
    many.learn(HERE, {"id": "cus_new", "object": "customer", "name": "Zoe"})
    assert found(many, "zoe") == ["cus_new"]
    many.learn(HERE, {"id": "cus_new", "object": "customer", "name": "Mia"})
    assert (found(many, "zoe"), found(many, "mia")) == ([], ["cus_new"])
    many.learn(HERE, {"id": "cus_04999", "object": "customer", "deleted": True})
    assert found(many, "ann4999") == []


def test_labels_show_no_control_characters() -> None:
    ids = KnownIds()
    ids.learn(HERE, {"id": "cus_1", "object": "customer", "name": "Ann\x1b[31m\u202e Lee\n"})
    assert ids.find(HERE, "customer", "lee", 1)[0].label == "Ann[31m Lee"


def best(work: Any, rounds: int = 7) -> float:
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def test_large_and_small_ranges_find_the_same() -> None:
    many, few = KnownIds(), KnownIds()
    rows = [{"id": f"cus_{number:05d}", "object": "customer"} for number in range(3_000)]
    many.learn(HERE, rows)
    few.learn(HERE, rows[:20])
    assert found(few, "cus_", 5) == [f"cus_{n:05d}" for n in range(5)]
    assert found(many, "cus_", 5) == [f"cus_{n:05d}" for n in range(5)]


# --- matching -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("pay", ["payment", "payload", "prepayment"]),
        ("PAY", ["payment", "payload", "prepayment"]),
        ("meth", ["payment_method"]),
        ("pm", ["payment_method"]),
        ("zzz", []),
        ("", ["prepayment", "payment", "payload"]),
    ],
)
def test_matching(typed: str, found: list[str]) -> None:
    names = ["prepayment", "payment", "payload", "payment_method"]
    shown = closest_first(typed, names, str)
    wanted = sorted(found, key=found.index)
    assert [name for name in shown if name in wanted] == wanted
    assert bool(shown) == bool(found)
