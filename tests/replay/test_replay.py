"""Replaying pages on the sandbox: symbols, seeds, errata, and everything that makes an example fail or be skipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.diagnostics import Diagnostic, SourceText, Span
from stripe_shell.engine.links import Link, Mode
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.errors import ConfigurationError, OutcomeUnknown
from stripe_shell.render.files import open_rows
from stripe_shell.replay.errata import Errata, read_errata
from stripe_shell.replay.page import read_page
from stripe_shell.replay.runner import Replay, replay_page
from stripe_shell.replay.symbols import compare, is_symbol, substitute
from stripe_shell.spec.table import load_table
from stripe_shell.transports.sandbox import open_sandbox
from stripe_shell.wire import Request, Response

NOW = 1_769_860_800

CREATE = """\
/your-stripe-connection
action: create
entity: customer
email: a@b.co
name: Ann
Response:
{"id": "cus_1234567890", "object": "customer", "email": "a@b.co", "name": "Ann"}

"""
GET = """\
/your-stripe-connection
action: get
entity: customer
customer_id: cus_1234567890
Response:
{"id": "cus_1234567890", "name": "Ann"}

"""


class Recorder:
    """The sandbox in memory, and what it was sent."""

    def __init__(self) -> None:
        self._inner = open_sandbox(None, load_table())
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        return self._inner.send(request)


class Links:
    """One link in the mode that is asked for, and a live one."""

    def __init__(self, transport: Any, mode: Mode) -> None:
        self.default = Link("it", transport, mode)
        self.live = Link("live", transport, "live")

    def find(self, name: str | None, span: Span | None) -> Link | Diagnostic:
        return self.live if name == "live" else self.default

    def placeholder(self, name: str | None) -> bool:
        return name is not None and name.startswith("your-")


def replay(text: str, errata: str = "", *, mode: Mode = "sandbox", transport: Any = None, live: bool = False) -> Replay:
    engine = Engine(load_table(), Links(transport or Recorder(), mode), open_rows, live=live)
    corrections = read_errata(SourceText("page.errata.toml", errata)) if errata else Errata()
    events = list(
        replay_page(engine, read_page(SourceText("page", text)), corrections, Scope(NOW, "seed"), run_id="run")
    )
    whole = events[-1]
    assert isinstance(whole, Replay)
    assert events[:-1] == list(whole.results)
    return whole


def verdicts(whole: Replay) -> list[str]:
    return [result.verdict for result in whole.results]


def problems(whole: Replay) -> list[tuple[str, tuple[int, int], str]]:
    found = [*whole.diagnostics, *(problem for result in whole.results for problem in result.diagnostics)]
    return [(d.code, d.span.location() if d.span else (0, 0), d.label) for d in found if d.severity == "error"]


# --- comparing ------------------------------------------------------------------------------------------


def test_an_example_that_answers_as_documented_passes() -> None:
    whole = replay(CREATE + GET)
    assert verdicts(whole) == ["passed", "passed"]
    assert whole.exit_code == 0
    assert whole.passed == 2


@pytest.mark.parametrize(
    ("before", "after", "value", "actual"),
    [
        ('"name": "Ann"}', '"name": "Bob"}', '"Bob"', 'actual "Ann"'),
        ('"object": "customer"', '"object": "person"', '"person"', 'actual "customer"'),
        ('"email": "a@b.co"', '"email": null', "null", 'actual "a@b.co"'),
        ('"name": "Ann"}', '"nickname": "Ann"}', '"Ann"', "actual absent"),
        ('"name": "Ann"}', '"livemode": true}', "true", "actual false"),
        ('"name": "Ann"}', '"balance": 1}', "1}", "actual 0"),
        ('"name": "Ann"}', '"address": {"city": "Bonn"}}', '{"city', "actual null"),
        ('"name": "Ann"}', '"preferred_locales": ["en"]}', '"en"', "actual absent"),
    ],
)
def test_one_changed_value_makes_it_fail_at_its_place(before: str, after: str, value: str, actual: str) -> None:
    text = CREATE.replace(before, after)
    whole = replay(text)
    assert verdicts(whole) == ["failed"]
    assert problems(whole) == [("E401", SourceText("page", text).location(text.index(value)), actual)]
    assert whole.exit_code == 4


def test_a_symbol_is_one_object_throughout_the_page() -> None:
    recorder = Recorder()
    whole = replay(CREATE + GET, transport=recorder)
    assert whole.exit_code == 0
    _, got = recorder.requests
    assert got.path.startswith("/v1/customers/cus_")
    assert "1234567890" not in got.path
    other = replay(CREATE + GET.replace('{"id": "cus_1234567890"', '{"id": "cus_0987654321"'))
    assert verdicts(other)[1] == "failed"


def test_symbols_are_replaced_inside_texts_and_directives_too() -> None:
    text = (
        CREATE
        + """\
/x
action: update
entity: customer
id: cus_1234567890
metadata: {"of": "see cus_1234567890"}
@expect metadata.of == "see cus_1234567890"
@match {"id": "cus_1234567890"}
Response:
{"metadata": {"of": "see cus_1234567890"}}
"""
    )
    assert verdicts(replay(text)) == ["passed", "passed"]


def test_rows_match_distinct_rows_in_any_order_and_more_may_be_there() -> None:
    second = CREATE.replace("cus_1234567890", "cus_0987654321").replace("a@b.co", "b@b.co")
    third = CREATE.replace("cus_1234567890", "cus_1111111111").replace("a@b.co", "c@b.co")
    rows = '{"data": [{"id": "cus_1234567890"}, {"email": "b@b.co"}]}'
    text = f"{CREATE}{second}{third}/x\naction: list\nentity: customers\nResponse:\n{rows}\n"
    assert verdicts(replay(text)) == ["passed"] * 4
    twice = text.replace('{"email": "b@b.co"}]', '{"email": "a@b.co"}]')
    assert verdicts(replay(twice))[-1] == "failed"


def test_a_documented_refusal_is_compared() -> None:
    refused = """\
/x
action: get
entity: customer
id: cus_none
Response:
{"error": {"type": "invalid_request_error", "code": "resource_missing"}}
"""
    assert verdicts(replay(refused)) == ["passed"]
    assert verdicts(replay(refused.replace("resource_missing", "other"))) == ["failed"]
    assert replay(refused.replace('{"error": {', '{"x": {')).exit_code == 3


def test_a_call_that_fails_is_3() -> None:
    whole = replay(GET.replace("cus_1234567890", "cus_none"))
    assert verdicts(whole) == ["failed"]
    assert whole.exit_code == 3


def test_a_page_that_does_not_fit_the_table_is_2_and_nothing_is_sent() -> None:
    recorder = Recorder()
    whole = replay(CREATE + GET.replace("customer_id", "custmer_id"), transport=recorder)
    assert whole.results == ()
    assert whole.exit_code == 2
    assert recorder.requests == []


def test_two_examples_may_save_their_answers_under_one_name() -> None:
    text = CREATE.replace("name: Ann", "name: Ann\n@as customer") * 2
    assert replay(text.replace("cus_1234567890", "cus_none")).exit_code == 4
    assert all(problem[0] != "E305" for problem in problems(replay(text)))


# --- seeds ----------------------------------------------------------------------------------------------


def test_what_is_used_before_it_is_created_is_created_early_and_once() -> None:
    recorder = Recorder()
    whole = replay(GET + CREATE, transport=recorder)
    assert verdicts(whole) == ["passed", "passed"]
    creates = [request for request in recorder.requests if request.method == "POST"]
    assert len({request.idempotency_key for request in creates}) == 1
    listed = recorder.send(Request("GET", "/v1/customers")).json()
    assert len(listed["data"]) == 1


def test_what_is_never_created_is_seeded_from_its_row_in_dependency_order() -> None:
    text = """\
/x
action: list
entity: prices
Response:
{"data": [{"id": "price_1234567890", "object": "price", "currency": "usd", "unit_amount": 500,
           "product": "prod_1234567890"}]}

/x
action: list
entity: products
Response:
{"data": [{"id": "prod_1234567890", "object": "product", "name": "Plan"}]}
"""
    recorder = Recorder()
    assert verdicts(replay(text, transport=recorder)) == ["passed", "passed"]
    assert [request.path for request in recorder.requests[:2]] == ["/v1/products", "/v1/prices"]


def test_a_row_that_is_shown_canceled_is_canceled() -> None:
    text = (
        """\
/x
action: list
entity: subscriptions
status: canceled
Response:
{"data": [{"id": "sub_1234567890", "object": "subscription", "customer": "cus_1234567890", "status": "canceled"}]}

"""
        + CREATE
    )
    errata = """
[[erratum]]
symbol = "sub_1234567890"
reason = "the row names no price"
[erratum.seed]
trial_period_days = 3
[[erratum.seed.items]]
price_data = { currency = "usd", unit_amount = 5, product = "prod_1234567890", recurring = { interval = "month" } }
"""
    product = '\n/x\naction: create\nentity: product\nname: P\nResponse:\n{"id": "prod_1234567890"}\n'
    assert verdicts(replay(text + product, errata)) == ["passed"] * 3


def test_the_parts_of_an_object_come_with_it() -> None:
    text = """\
/x
action: create
entity: subscription
customer: cus_1234567890
price_id: price_1234567890
trial_period_days: 3
Response:
{"id": "sub_1234567890", "items": {"data": [{"id": "si_1234567890", "price": {"id": "price_1234567890"}}]}}

/x
action: get
entity: subscription
id: sub_1234567890
Response:
{"items": {"data": [{"id": "si_1234567890"}]}}

/x
action: get
entity: price
id: price_1234567890
Response:
{"id": "price_1234567890", "object": "price", "currency": "usd", "unit_amount": 500,
 "recurring": {"interval": "month"}, "product": "prod_1234567890"}

/x
action: create
entity: product
name: P
Response:
{"id": "prod_1234567890"}

"""
    assert verdicts(replay(text + CREATE)) == ["passed"] * 5


def test_what_a_page_does_not_say_enough_of_cannot_be_seeded() -> None:
    text = '/x\naction: list\nentity: prices\nResponse:\n{"data": [{"id": "price_1234567890", "object": "price"}]}\n'
    whole = replay(text)
    assert verdicts(whole) == ["failed"]
    assert "the page does not say its `currency`" in problems(whole)[0][2]
    seed = '{ currency = "usd", unit_amount = 5, product_data = { name = "P" } }'
    errata = f'[[erratum]]\nsymbol = "price_1234567890"\nreason = "r"\nseed = {seed}\n'
    assert verdicts(replay(text, errata)) == ["passed"]


def test_a_symbol_that_the_page_never_shows() -> None:
    whole = replay(GET.replace('{"id": "cus_1234567890", "name": "Ann"}', "{}"))
    assert "the page never shows what cus_1234567890 is" in problems(whole)[0][2]
    assert whole.exit_code == 4


def test_objects_that_depend_on_each_other() -> None:
    text = """\
/x
action: list
entity: products
Response:
{"data": [{"id": "prod_1234567890", "object": "product", "name": "P", "default_price": "price_1234567890"}]}

/x
action: list
entity: prices
Response:
{"data": [{"id": "price_1234567890", "object": "price", "currency": "usd", "product": "prod_1234567890"}]}
"""
    whole = replay(text)
    assert verdicts(whole) == ["failed", "failed"]
    assert any("depend on each other" in label for _, _, label in problems(whole))


TRANSACTIONS = """\
/x
action: list
entity: balance_transactions
type: payment
Response:
{"data": [{"id": "txn_1234567890", "object": "balance_transaction", "amount": 10000, "currency": "usd",
           "description": "Payout", "type": "payment"}]}

"""


def test_what_nobody_can_create_is_put_into_the_sandbox() -> None:
    assert verdicts(replay(TRANSACTIONS)) == ["passed"]


def test_elsewhere_it_is_skipped_with_the_reason_never_passed() -> None:
    recorder = Recorder()
    whole = replay(TRANSACTIONS + CREATE, mode="test", transport=recorder)
    assert verdicts(whole) == ["skipped", "passed"]
    assert whole.results[0].reason == ("txn_1234567890: a balance_transaction cannot be created on a real account")
    assert whole.passed == 1
    assert whole.exit_code == 0
    assert not any(request.path.startswith("/_sandbox") for request in recorder.requests)


PRODUCTS = """\
/x
action: list
entity: products
Response:
{"data": [{"id": "prod_1234567890", "object": "product", "name": "P"}]}
"""


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"error": "x"}'])
def test_a_seed_that_is_answered_oddly_fails_its_example(answer: bytes) -> None:
    class Odd:
        def send(self, request: Request) -> Response:
            return Response(200 if request.method == "GET" else 400, {}, answer)

    whole = replay(PRODUCTS, transport=Odd())
    assert verdicts(whole) == ["failed"]


def test_a_seed_whose_outcome_is_unknown_ends_the_replay() -> None:
    class Dead:
        def send(self, request: Request) -> Response:
            raise OutcomeUnknown("lost")

    with pytest.raises(OutcomeUnknown):
        replay(PRODUCTS, transport=Dead())


# --- live -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize("text", [CREATE, GET, CREATE + "/live\naction: list\nentity: products\n"])
def test_a_live_connection_is_refused_whatever_is_allowed(text: str, allowed: bool) -> None:
    recorder = Recorder()
    mode: Mode = "sandbox" if "/live" in text else "live"
    whole = replay(text, mode=mode, transport=recorder, live=allowed)
    assert whole.exit_code == 2
    assert [code for code, _, _ in problems(whole)] == ["E503"]
    assert recorder.requests == []


def test_a_connection_whose_mode_is_unknown_counts_as_live() -> None:
    assert replay(GET, mode="unknown").exit_code == 2


# --- errata ---------------------------------------------------------------------------------------------

LISTING = (
    CREATE
    + """\
/x
action: list
entity: customers
Response:
{"object": "list", "data": [
  {"id": "cus_1234567890", "name": "Someone", "email": "other@b.co"},
  {"id": "cus_0987654321", "object": "customer", "name": "Not there", "email": "x@b.co"}
]}
"""
)

SHAPE = """
[[erratum]]
example = "list customers"
path = "data[0]"
says = "cus_1234567890"
row = "shape"
reason = "another name in the other section"
"""
ABSENT = """
[[erratum]]
example = "list customers"
path = "data[1]"
says = "cus_0987654321"
row = "absent"
reason = "the filter wins"
"""
FILTER = LISTING.replace("entity: customers", "entity: customers\nemail: a@b.co")


def test_errata_settle_what_the_page_gets_wrong() -> None:
    whole = replay(FILTER, SHAPE + ABSENT)
    assert problems(whole) == []
    assert whole.exit_code == 0
    assert [erratum.row for erratum in whole.results[1].errata] == ["shape", "absent"]


@pytest.mark.parametrize("errata", [SHAPE, ABSENT, ""])
def test_removing_an_erratum_makes_it_fail(errata: str) -> None:
    whole = replay(FILTER, errata)
    assert whole.exit_code == 4
    assert {code for code, _, _ in problems(whole)} == {"E401"}


def test_removing_a_row_of_the_page_does_not_move_the_others() -> None:
    """A difference behind a row that an erratum takes out stands where the page has it."""
    text = FILTER.replace(
        '"cus_1234567890", "name": "Someone", "email": "other@b.co"', '"cus_1234567890", "name": "Wrong"'
    )
    swapped = text.replace('{"id": "cus_1234567890", "name": "Wrong"},\n', "").replace(
        '"email": "x@b.co"}\n', '"email": "x@b.co"},\n  {"id": "cus_1234567890", "name": "Wrong"}\n'
    )
    errata = ABSENT.replace("data[1]", "data[0]")
    whole = replay(swapped, errata)
    assert problems(whole) == [("E401", (16, 36), 'actual "Ann"')]


@pytest.mark.parametrize(
    ("text", "errata", "why"),
    [
        (
            FILTER.replace("Someone", "Ann").replace("other@b.co", "a@b.co"),
            SHAPE + ABSENT,
            "the answer is as documented",
        ),
        (
            FILTER,
            SHAPE + ABSENT + SHAPE.replace("list customers", "list plans"),
            "the page has no example `list plans`",
        ),
        (FILTER, SHAPE.replace("data[0]", "data[1]") + ABSENT, "the page says"),
        (FILTER, SHAPE.replace("cus_1234567890", "cus_1111111111") + ABSENT, "the page says"),
        (FILTER, SHAPE + ABSENT.replace("data[1]", "data[7]"), "the page says absent"),
        (LISTING, SHAPE + ABSENT, "the row cus_0987654321 is in the answer"),
        (
            FILTER,
            SHAPE + ABSENT + '[[erratum]]\nsymbol = "cus_1234567890"\nseed = { name = "x" }\nreason = "r"\n',
            "`cus_1234567890` needs no seed",
        ),
        (
            FILTER,
            SHAPE + ABSENT + '[[erratum]]\nsymbol = "cus_0987654321"\nseed = { name = "Not there" }\nreason = "r"\n',
            "the page itself says so",
        ),
        (FILTER, SHAPE + ABSENT + '[[reading]]\ntext = "nowhere"\nsettled = "s"\nreason = "r"\n', "does not say"),
        (
            CREATE,
            '[[erratum]]\nexample = "create customer"\npath = "name"\nsays = "Ann"\nexpect = "Bob"\nreason = "r"\n',
            "the answer is as documented",
        ),
    ],
)
def test_an_erratum_that_is_no_longer_needed_fails(text: str, errata: str, why: str) -> None:
    whole = replay(text, errata)
    assert whole.exit_code == 4
    found = [*whole.diagnostics, *(problem for result in whole.results for problem in result.diagnostics)]
    outdated = [problem for problem in found if problem.code == "E405"]
    assert len(outdated) == 1
    assert why in outdated[0].message
    assert outdated[0].span is not None
    assert outdated[0].span.text in {"[[erratum]]", "[[reading]]"}


def test_an_erratum_of_a_value() -> None:
    errata = '[[erratum]]\nexample = "create customer"\npath = "name"\nsays = "Bob"\nexpect = "Ann"\nreason = "r"\n'
    assert replay(CREATE.replace('"name": "Ann"', '"name": "Bob"'), errata).exit_code == 0
    wrong = errata.replace('"Ann"', '"Cid"')
    assert problems(replay(CREATE.replace('"name": "Ann"', '"name": "Bob"'), wrong))[0][0] == "E401"


def test_a_row_that_shows_its_shape_only_must_have_that_shape() -> None:
    whole = replay(FILTER.replace('"name": "Someone"', '"name": 5'), SHAPE + ABSENT)
    assert [code for code, _, _ in problems(whole)] == ["E401"]


def test_a_reading_changes_nothing() -> None:
    assert replay(CREATE, '[[reading]]\ntext = "name: Ann"\nsettled = "s"\nreason = "r"\n').exit_code == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[erratum", "is not TOML"),
        ("erratum = 5", "is written [[erratum]]"),
        ("[erratum]\nreason = 'r'", "is written [[erratum]]"),
        ("[[errata]]\nreason = 'r'", "`errata` is neither"),
        ("[[erratum]]", "1: a `reason` is needed"),
        ("\n[[erratum]]\nreason = 5\nsymbol = 'x'", "2: `reason` is a text"),
        ("[[erratum]]\nreason = 'r'", "either the `example`"),
        ("[[erratum]]\nreason = 'r'\nsymbol = 's'\nexample = 'e'", "either the `example`"),
        ("[[erratum]]\nreason = 'r'\nsymbol = 's'", "`symbol` needs `seed`"),
        ("[[erratum]]\nreason = 'r'\nsymbol = 's'\nseed = 5", "`seed` is a table"),
        ("[[erratum]]\nreason = 'r'\nexample = 'e'", "needs `path` and `says`"),
        ("[[erratum]]\nreason = 'r'\nexample = 'e'\npath = 'p'\nsays = 1", "either `expect` or `row`"),
        (
            "[[erratum]]\nreason = 'r'\nexample = 'e'\npath = 'p'\nsays = 1\nrow = 'gone'",
            '`row` is "absent" or "shape"',
        ),
        ("[[erratum]]\nreason = 'r'\nexample = 'e'\npath = 'a[x]'\nsays = 1\nexpect = 2", "`path` is like"),
        ("[[erratum]]\nreason = 'r'\nexample = 'e'\npath = 5\nsays = 1\nexpect = 2", "`path` is a text"),
        ("[[erratum]]\nreason = 'r'\nsymbl = 's'", "unknown key `symbl`"),
        ("[[reading]]\nreason = 'r'\ntext = 't'", "needs `text` and `settled`"),
    ],
)
def test_errata_that_are_not_right_say_where(text: str, why: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_errata(SourceText("e.toml", text))
    assert why in str(caught.value)
    assert str(caught.value).startswith("e.toml")


# --- symbols --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["cus_1234567890", "price_0987654321", "bt_us_1234567890"])
def test_documented_ids_are_symbols(text: str) -> None:
    assert is_symbol(text)


@pytest.mark.parametrize(
    "text", ["cus_123456789", "cus_12345678901", "cus_abc", "1234567890", "Cus_1234567890", 5, None]
)
def test_nothing_else_is_one(text: Any) -> None:
    assert not is_symbol(text)


def test_a_symbol_is_bound_to_an_id_of_its_prefix_that_is_free() -> None:
    assert compare("cus_1234567890", "cus_x", {}).bindings == {"cus_1234567890": "cus_x"}
    assert compare("cus_1234567890", "prod_x", {}).differences
    assert compare("cus_1234567890", "cus_x", {"cus_0987654321": "cus_x"}).differences
    assert compare("cus_1234567890", "cus_y", {"cus_1234567890": "cus_x"}).differences
    assert compare("cus_1234567890", None, {}).differences


def test_symbols_are_substituted_wherever_they_stand() -> None:
    bound = {"cus_1234567890": "cus_x"}
    data = {"a": ["cus_1234567890", {"b": "see cus_1234567890 and prod_1234567890"}], "c": 5}
    assert substitute(data, bound) == {"a": ["cus_x", {"b": "see cus_x and prod_1234567890"}], "c": 5}


# --- the source document ----------------------------------------------------------------------------------

PAGE = Path(__file__).parents[2] / ".." / "shared" / "seed" / "stripe-connection.txt"
ERRATA = Path(__file__).parents[1] / "errata" / "stripe-connection.errata.toml"
documented = pytest.mark.skipif(not PAGE.exists(), reason="the source document is not here")


@documented
def test_the_source_document_11_of_11() -> None:
    whole = replay(PAGE.read_text(), ERRATA.read_text())
    assert problems(whole) == []
    assert whole.passed == len(whole.results) == 11


@documented
@pytest.mark.parametrize("number", range(8))
def test_every_erratum_of_the_source_document_is_needed(number: int) -> None:
    head, *entries = ERRATA.read_text().split("[[erratum]]")
    assert len(entries) == 8
    last, marker, readings = entries[-1].partition("[[reading]]")
    entries[-1] = last
    kept = [entry for index, entry in enumerate(entries) if index != number]
    text = head + "".join(f"[[erratum]]{entry}" for entry in kept) + marker + readings
    assert replay(PAGE.read_text(), text).exit_code == 4


@documented
def test_one_changed_value_of_every_example_of_the_source_document_is_found_at_its_place() -> None:
    text, errata = PAGE.read_text(), ERRATA.read_text()
    for example in read_page(SourceText("page", text)).examples:
        span = example.places["object",]
        whole = replay(text[: span.start] + '"thing"' + text[span.end :], errata)
        assert ("E401", span.location()) in [problem[:2] for problem in problems(whole)], example.name
        assert whole.passed == 10


@documented
def test_the_answers_of_the_source_document_are_json() -> None:
    for example in read_page(SourceText("page", PAGE.read_text())).examples:
        assert json.loads(example.block.response.text if example.block.response else "null") == example.expected
