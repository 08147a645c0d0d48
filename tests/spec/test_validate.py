"""Validation reports every problem with its path, changes nothing; typing is the inverse of form encoding."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stripe_shell.spec.model import Field, Operation, Shape
from stripe_shell.spec.table import load_table
from stripe_shell.spec.validate import (
    Problem,
    fits,
    required_names,
    response_field,
    shape_at,
    type_label,
    typed,
    validate,
)
from stripe_shell.wire import decode_form, encode_form
from tests.spec.minimal import minimal_call

TABLE = load_table()
OPERATIONS = tuple(TABLE.operations())


def operation(name: str) -> Operation:
    found = TABLE.operation(*name.split())
    assert found is not None
    return found


def problems(name: str, params: dict[str, Any], document: bool = False) -> list[Problem]:
    call = operation(name)
    before = copy.deepcopy(params)
    found = validate(params, call.params, required_names(call, document))
    assert params == before
    return found


def kinds(name: str, params: dict[str, Any], document: bool = False) -> list[tuple[str, str]]:
    return [(problem.name, problem.kind) for problem in problems(name, params, document)]


# --- every operation -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", OPERATIONS, ids=lambda call: call.id)
def test_a_minimal_call_is_valid_and_nothing_less_is(call: Operation) -> None:
    path_params, params = minimal_call(call)
    required = required_names(call)
    assert set(path_params) == set(call.path_params)
    assert validate(params, call.params, required) == []
    assert validate(decode_form(encode_form(params)), call.params, required) == []
    for name in required:
        missing = [problem.path for problem in validate({}, call.params, required)]
        assert tuple(name.split(".")) in missing


# --- kinds of problems ---------------------------------------------------------------------------------------


def test_every_problem_of_a_call_is_reported_in_order() -> None:
    params = {
        "emial": "x",
        "line1": "High Street",
        "address": {"citi": "Berlin", "city": "x" * 5001},
        "balance": "1.5",
        "metadata": {"k" * 41: "v", "a[b": "v", "long": "x" * 501},
        "tax_exempt": "exampt",
    }
    assert kinds("create customer", params, document=True) == [
        ("emial", "unknown"),
        ("line1", "unknown"),
        ("address.citi", "unknown"),
        ("address.city", "too_long"),
        ("balance", "not_integer"),
        ("metadata." + "k" * 41, "bad_key"),
        ('metadata."a[b"', "bad_key"),
        ("metadata.long", "too_long"),
        ("tax_exempt", "enum"),
        ("email", "missing"),
        ("name", "missing"),
    ]


def test_required_by_the_document_or_by_stripe_alone() -> None:
    assert kinds("create customer", {}) == []
    assert kinds("create customer", {}, document=True) == [("email", "missing"), ("name", "missing")]
    assert kinds("create subscription", {"customer": "cus_1"}, document=True) == [("items[0].price", "missing")]
    assert kinds("create price", {}) == [("currency", "missing")]
    assert kinds("create subscription", {"items": [{"price_data": {"currency": "usd"}}]}) == [
        ("items[0].price_data.product", "missing"),
        ("items[0].price_data.recurring", "missing"),
    ]


@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("create payment_intent", {"amount": "ten"}, "not_integer"),
        ("create payment_intent", {"amount": 10.0}, "not_integer"),
        ("create payment_intent", {"amount": True}, "not_integer"),
        ("create payment_intent", {"amount": 2**63}, "out_of_range"),
        ("create payment_intent", {"confirm": "True"}, "not_boolean"),
        ("create payment_intent", {"confirm": 1}, "not_boolean"),
        ("create payment_intent", {"metadata": "x"}, "not_object"),
        ("create payment_intent", {"allowed_payment_method_types": "card"}, "not_array"),
        ("create payment_intent", {"allowed_payment_method_types": {"a": "card"}}, "not_array"),
        ("create payment_intent", {"shipping": "x"}, "not_object"),
        ("create payment_intent", {"shipping": []}, "not_object"),
        ("create payment_intent", {"description": {"a": "b"}}, "not_string"),
        ("create payment_intent", {"description": ["a"]}, "not_string"),
        ("create payment_intent", {"capture_method": "manualy"}, "enum"),
        ("create payment_intent", {"amount": ""}, "empty"),
        ("create payment_intent", {"currency": ""}, "empty"),
        ("create payment_intent", {"currency": None}, "empty"),
        ("create payment_intent", {"confirm": ""}, "empty"),
        ("create payment_intent", {"capture_method": ""}, "empty"),
        ("create payment_intent", {"shipping": ""}, "empty"),
        ("create payment_intent", {"allowed_payment_method_types": [""]}, "empty"),
        ("create payment_intent", {"metadata": {f"k{n}": "v" for n in range(51)}}, "too_many"),
        ("create price", {"unit_amount_decimal": "1.2.3"}, "not_decimal"),
        ("create price", {"unit_amount_decimal": "1e5"}, "not_decimal"),
        ("create subscription", {"application_fee_percent": "a lot"}, "not_number"),
        ("create subscription", {"application_fee_percent": float("nan")}, "not_number"),
        ("list charge", {"created": {"gte": "yesterday"}}, "not_time"),
        ("list charge", {"created": "yesterday"}, "not_time"),
        ("list charge", {"created": {"after": 1}}, "unknown"),
    ],
)
def test_kinds(name: str, params: dict[str, Any], expected: str) -> None:
    found = [problem for problem in problems(name, params) if problem.kind != "missing"]
    assert [problem.kind for problem in found] == [expected]


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("update customer", {"description": "", "address": "", "metadata": "", "tax_exempt": ""}),
        ("update customer", {"metadata": {"order": ""}, "name": None, "phone": 491555}),
        ("update customer", {"preferred_locales": {"0": "en", "7": "de"}, "balance": "-5"}),
        ("update customer", {"metadata": ["a", "b"]}),
        ("update customer", {"metadata": {}, "preferred_locales": [], "address": {}}),
        ("update subscription", {"trial_end": "now"}),
        ("update subscription", {"trial_end": 1_700_000_000, "cancel_at": "min_period_end"}),
        ("update subscription", {"application_fee_percent": "2.5"}),
        ("list charge", {"created": {"gte": "5", "lt": 7}, "limit": "3"}),
        ("list charge", {"created": "5"}),
        ("create price", {"currency": "usd", "unit_amount_decimal": "0.125", "product": "prod_1"}),
        ("create price", {"currency": "usd", "unit_amount_decimal": 12.5, "product": "prod_1"}),
    ],
)
def test_what_is_right(name: str, params: dict[str, Any]) -> None:
    assert kinds(name, params) == []


def test_suggestions_name_what_was_meant() -> None:
    def meant(name: str, params: dict[str, Any]) -> tuple[str | None, tuple[str, ...]]:
        (problem,) = (problem for problem in problems(name, params) if problem.kind != "missing")
        return problem.suggestion, problem.elsewhere

    assert meant("create customer", {"emial": "x"}) == ("email", ())
    assert meant("create subscription", {"trialPeriodDays": 3}) == ("trial_period_days", ())
    assert meant("create customer", {"line1": "x"}) == ("address.line1", ("address.line1",))
    assert meant("create price", {"interval": "month"}) == ("recurring.interval", ("recurring.interval",))
    assert meant("create subscription", {"price": "p"})[1] == ("add_invoice_items[0].price", "items[0].price")
    assert meant("create subscription", {"items": [{"prise": "p"}]}) == ("price", ())
    assert meant("create price", {"billing_scheme": "teired"}) == ("tiered", ())
    assert meant("create customer", {"zzzz": "x"}) == (None, ())


def test_an_enum_problem_lists_the_values_in_stripes_order() -> None:
    (problem,) = problems("update price", {"tax_behavior": "incl"})
    assert problem.allowed == ("exclusive", "inclusive", "unspecified")
    assert problem.expected == "enum: exclusive | inclusive | unspecified"
    assert problem.value == "incl"


def test_a_union_is_judged_by_its_nearest_variant() -> None:
    (problem,) = problems("update subscription", {"trial_end": "tomorrow"})
    assert (problem.path, problem.allowed, problem.expected) == (("trial_end",), ("now",), "now or time")
    (problem,) = problems("create account", {"bank_account": {"country": "DE", "account_number": 1, "iban": 2}})
    assert (problem.name, problem.kind) == ("bank_account.iban", "unknown")
    (problem,) = problems("update subscription", {"trial_end": {"at": 1}})
    assert (problem.name, problem.kind) == ("trial_end", "not_string")


# --- walking -------------------------------------------------------------------------------------------------


def test_shape_at() -> None:
    subscription = operation("create subscription").params
    assert shape_at(subscription, ()) is subscription
    for path, kind in {
        ("items", "0", "price"): "string",
        ("items", "[]", "price_data", "recurring", "interval_count"): "integer",
        ("metadata", "anything"): "string",
        ("billing_thresholds", "amount_gte"): "integer",
    }.items():
        found = shape_at(subscription, path)
        assert found is not None and found.kind == kind
    assert shape_at(subscription, ("items", "price")) is None
    assert shape_at(subscription, ("items", "0", "prise")) is None
    assert shape_at(subscription, ("customer", "id")) is None


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("id", "string ≤ 5000"),
        ("status", None),
        ("items.data.0.price.product", "id of product or deleted_product"),
        ("items.data.*.price.product.name", "string ≤ 5000"),
        ("latest_invoice.lines.data.0.amount", "integer"),
        ("customer.email", "string ≤ 5000"),
        ("customer.subscriptions.data.0.customer.id", "string ≤ 5000"),
        ("metadata.x", "string ≤ 500"),
        ("idd", ""),
        ("items.0.price", ""),
        ("id.x", ""),
        ("customer.emial", ""),
    ],
)
def test_response_field(path: str, label: str | None) -> None:
    response = operation("create subscription").response
    found = response_field(TABLE, response, tuple(path.split(".")))
    if label == "":
        assert found is None
    else:
        assert found is not None
        assert label is None or type_label(found) == label


def test_polymorphic_and_free_responses_are_tolerant() -> None:
    event = operation("retrieve event").response
    assert response_field(TABLE, event, ("data", "object", "whatever", "0")) is not None
    source = operation("retrieve customer.payment_source").response
    assert response_field(TABLE, source, ("last4",)) is not None
    assert response_field(TABLE, source, ("routing_number",)) is not None
    deleted = operation("retrieve customer").response
    assert response_field(TABLE, deleted, ("deleted",)) is not None


def test_type_labels() -> None:
    assert type_label(Shape("string", max_length=512)) == "string ≤ 512"
    assert type_label(Shape("time")) == "time"
    assert type_label(Shape("string", form="currency")) == "currency"
    assert type_label(Shape("map", items=Shape("string"))) == "map of string"
    assert type_label(Shape("array", items=Shape("object"))) == "array of object"
    assert type_label(Shape("string", enum=tuple("abcdefgh"))) == "enum: a | b | c | d | e | f | … (8)"
    assert type_label(Shape("reference", schema="customer", expandable=True)) == "id of customer"
    assert type_label(operation("list customer").response) == "list of customer"


# --- typed ---------------------------------------------------------------------------------------------------


def test_typed_gives_leaves_their_types() -> None:
    form = {
        "amount": "20",
        "currency": "usd",
        "confirm": "true",
        "allowed_payment_method_types": {"1": "klarna", "0": "card"},
        "metadata": ["a", "7"],
        "description": "02139",
        "off_session": "one_off",
        "unknown": "5",
        "shipping": "",
    }
    assert typed(form, operation("create payment_intent").params) == form | {
        "amount": 20,
        "confirm": True,
        "allowed_payment_method_types": ["card", "klarna"],
        "metadata": {"0": "a", "1": "7"},
    }
    assert typed({"unit_amount_decimal": 12.5}, operation("create price").params) == {"unit_amount_decimal": "12.5"}
    assert typed({"application_fee_percent": "2.50"}, operation("create subscription").params) == {
        "application_fee_percent": 2.5
    }
    assert typed({"trial_end": "5", "cancel_at": None}, operation("update subscription").params) == {
        "trial_end": 5,
        "cancel_at": None,
    }


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="[]"), min_size=1, max_size=8)
LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "integer": st.integers(-(2**63), 2**63 - 1),
    "time": st.integers(0, 2**40),
    "number": st.integers(-1000, 1000) | st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "decimal": st.from_regex(r"-?[0-9]{1,9}(\.[0-9]{1,12})?", fullmatch=True).filter(str.isascii),
    "any": TEXT,
}


@st.composite
def values(draw: st.DrawFn, shape: Shape, depth: int = 4) -> Any:
    """A value of this shape without empty parts, which form encoding cannot tell from the empty text."""
    if shape.kind == "union":
        variants = [variant for variant in shape.variants if can_be_filled(variant)]
        variant = draw(st.sampled_from(variants))
        value = draw(values(variant, depth))
        assume(next(other for other in shape.variants if fits(value, other)) is variant)
        return value
    if shape.kind == "array" and shape.items:
        return draw(st.lists(values(shape.items, depth - 1), min_size=1, max_size=3))
    if shape.kind == "map" and shape.items:
        return draw(st.dictionaries(KEYS, values(shape.items, depth - 1), min_size=1, max_size=3))
    if shape.kind == "object":
        return draw(objects(shape, depth))
    if shape.enum:
        return draw(st.sampled_from(shape.enum))
    return draw(LEAVES[shape.kind])


@st.composite
def objects(draw: st.DrawFn, shape: Shape, depth: int) -> dict[str, Any]:
    usable = [field for field in shape.fields.values() if can_be_filled(field.shape)]
    extra = draw(st.lists(st.sampled_from(usable), min_size=1, max_size=4 if depth > 0 else 1))
    chosen = {field.name: field for field in usable if field.required} | {field.name: field for field in extra}
    return {name: draw(values(field.shape, depth - 1)) for name, field in chosen.items()}


def can_be_filled(shape: Shape) -> bool:
    """Whether there is a value that is not empty (an object without fields has none) and travels in a form."""
    if shape.kind == "union":
        return any(can_be_filled(variant) for variant in shape.variants)
    if shape.kind in ("array", "map"):
        return shape.items is not None and can_be_filled(shape.items)
    if shape.kind == "object":
        filled = [can_be_filled(field.shape) for field in shape.fields.values() if field.required]
        return bool(shape.fields) and all(filled)
    return shape.kind in LEAVES


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_typing_undoes_form_encoding(data: st.DataObject) -> None:
    call = data.draw(st.sampled_from([o for o in OPERATIONS if can_be_filled(o.params)]), label="operation")
    params = data.draw(objects(call.params, 3), label="params")
    decoded = decode_form(encode_form(params))
    kinds_found = {problem.kind for problem in validate(decoded, call.params)}
    assert kinds_found <= {"too_long", "bad_key", "empty"}
    assert typed(decoded, call.params) == params
    assert typed(params, call.params) == params


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(OPERATIONS), st.data())
def test_validation_never_raises(call: Operation, data: st.DataObject) -> None:
    names = st.sampled_from([*call.params.fields, "nonsense", ""])
    params = data.draw(st.dictionaries(names, TREES, max_size=4))
    before = repr(params)
    found = validate(params, call.params)
    typed(params, call.params)
    assert repr(params) == before
    assert all(problem.path for problem in found)


def test_bounds_of_a_shape() -> None:
    shape = Shape("object", fields={"n": Field("n", Shape("integer", minimum=1, maximum=100))})
    assert [(p.kind, p.limit) for p in validate({"n": 0}, shape)] == [("out_of_range", 1)]
    assert [(p.kind, p.limit) for p in validate({"n": "101"}, shape)] == [("out_of_range", 100)]
    assert validate({"n": "100"}, shape) == []
