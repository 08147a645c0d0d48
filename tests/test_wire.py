"""The wire: form encoding and its inverse, requests, responses, and JSON whose numbers stay as written."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_shell import wire
from stripe_shell.records import replace
from stripe_shell.wire import (
    Elements,
    ExactFloat,
    Request,
    Response,
    decode_form,
    encode_form,
    form_pairs,
    form_text,
    parse_json,
    split_name,
)

# Keys without brackets, as Stripe has them; objects that do not look like lists.
keys = st.text(min_size=1).filter(lambda key: not set("[]") & set(key))
names = keys.filter(lambda key: not key.isdecimal())
leaves = st.text()
trees = st.dictionaries(
    names,
    st.recursive(
        leaves,
        lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(names, inner, min_size=1, max_size=4),
        max_leaves=12,
    ),
)


@given(trees)
def test_decode_form_undoes_encode_form(tree: dict[str, Any]) -> None:
    assert decode_form(encode_form(tree)) == tree


@given(trees)
def test_any_other_reader_sees_the_same_pairs(tree: dict[str, Any]) -> None:
    assert parse_qsl(encode_form(tree), keep_blank_values=True, errors="surrogatepass") == list(form_pairs(tree))


@given(st.text())
def test_decode_form_takes_any_text(text: str) -> None:
    assert isinstance(decode_form(text), dict)


@given(trees)
def test_encoded_text_is_ascii_with_literal_brackets(tree: dict[str, Any]) -> None:
    encoded = encode_form(tree)
    assert encoded.isascii()
    assert "%5B" not in encoded.partition("=")[0]


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ({"email": "a@b.co", "name": "Ann Lee"}, "email=a%40b.co&name=Ann%20Lee"),
        ({"items": [{"price": "p", "quantity": 2}]}, "items[0][price]=p&items[0][quantity]=2"),
        ({"active": True, "livemode": False}, "active=true&livemode=false"),
        ({"name": None, "tags": [], "metadata": {}, "x": ""}, "name=&tags=&metadata=&x="),
        ({"created": {"gte": 1780000000}}, "created[gte]=1780000000"),
        ({"metadata": {"order.id": "6735"}}, "metadata[order.id]=6735"),
        ({"amount": 12345678901234567890}, "amount=12345678901234567890"),
        ({"percent_off": ExactFloat("12.10")}, "percent_off=12.10"),
        ({"a": ("x", "y")}, "a[0]=x&a[1]=y"),
    ],
)
def test_form_spelling(tree: dict[str, Any], text: str) -> None:
    assert encode_form(tree) == text


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", {}),
        ("&&", {}),
        ("a", {"a": ""}),
        ("k[]=1&k[]=2", {"k": ["1", "2"]}),
        ("k[1]=b&k[0]=a", {"k": ["a", "b"]}),
        ("k[0]=a&k[2]=c", {"k": {"0": "a", "2": "c"}}),
        ("i[][a]=1&i[][b]=2&i[][a]=3", {"i": [{"a": "1", "b": "2"}, {"a": "3"}]}),
        ("i[][a]=1&i[][][x]=2", {"i": [{"a": "1"}, [{"x": "2"}]]}),
        ("a=1&a=2", {"a": "2"}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("a[b]=2&a=1", {"a": "1"}),
        ("a[b=1", {"a[b": "1"}),
        ("[a]=1", {"[a]": "1"}),
        ("a%5Bb%5D=c+d%2B", {"a": {"b": "c d+"}}),
        ("k[00]=a", {"k": {"00": "a"}}),
        ("k[\u0660]=a", {"k": {"\u0660": "a"}}),
        ("k[" + "9" * 5000 + "]=a", {"k": {"9" * 5000: "a"}}),
    ],
)
def test_form_reading(text: str, tree: dict[str, Any]) -> None:
    assert decode_form(text) == tree


@given(st.lists(st.sampled_from(["%", "4", "0", "+", "a", "é", "%C3", "%A9", "%ED%A0%80", "%zz", "１", "_"])))  # noqa: RUF001
def test_values_are_unquoted_as_by_the_standard_library(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        expected = unquote_plus(text, errors="surrogatepass")
    except UnicodeDecodeError:
        with pytest.raises(UnicodeDecodeError):
            decode_form(f"k={text}")
        return
    assert decode_form(f"k={text}") == {"k": expected}


def test_endless_nesting_is_one_odd_name() -> None:
    name = "a" + "[b]" * 100_000
    assert decode_form(f"{name}=1") == {name: "1"}
    assert split_name("a" + "[b]" * 31) == ["a", *["b"] * 31]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3))
def test_numbers_with_a_point_keep_their_text(number: Any) -> None:
    read = parse_json(f"[{number:f}]")[0]
    assert str(read) == form_text(read) == f"{number:f}"
    assert read == float(number)


def test_exact_float_is_a_float_to_everybody_else() -> None:
    number = parse_json("12.10")
    assert number == 12.1
    assert hash(number) == hash(12.1)
    assert json.dumps(number) == "12.1"
    assert f"{number}" == "12.10"


def test_whole_numbers_are_exact() -> None:
    assert parse_json("12345678901234567890") == 12345678901234567890


@pytest.mark.parametrize("text", ["", "{", "NaN", "[Infinity]", "-Infinity", b"\xff", "[" * 200_000, "9" * 5000])
def test_what_is_no_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        Response(200, {}, text.encode() if isinstance(text, str) else text).json()


def test_request_target_and_kind() -> None:
    assert Request("GET", "/v1/customers", "limit=3").target == "/v1/customers?limit=3"
    assert Request("DELETE", "/v1/customers/cus_1").target == "/v1/customers/cus_1"
    assert not Request("GET", "/v1/customers").writes
    assert Request("DELETE", "/v1/customers/cus_1").writes


def test_response_headers_in_any_case() -> None:
    response = Response(201, {"Request-Id": "req_1"}, b"{}")
    assert response.ok
    assert response.header("request-id") == "req_1"
    assert response.header("Retry-After") is None


def test_elements_without_an_index_are_no_map() -> None:
    found = decode_form("metadata[]=a&metadata[]=b&other[0]=a&rows[][x]=1")
    assert found == {"metadata": ["a", "b"], "other": ["a"], "rows": [{"x": "1"}]}
    assert [type(found[name]) for name in ("metadata", "other", "rows")] == [Elements, list, Elements]


def test_a_body_is_parsed_once_for_a_check_and_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    monkeypatch.setattr(wire, "parse_json", lambda body: read.append(body) or {"a": [1]})
    response = Response(200, {}, b'{"a": [1]}')
    assert response.parse_ahead() == response.json() == {"a": [1]}
    assert len(read) == 1
    assert response.json() is not response.json()
    assert len(read) == 3
    assert replace(response, body=b"[]").json() == {"a": [1]}
    assert read[-1] == b"[]"


def test_another_body_is_not_what_was_parsed_ahead() -> None:
    response = Response(200, {}, b'{"a": 1}')
    response.parse_ahead()
    other = replace(response, body=b"[2.50]")
    assert str(other.json()) == "[2.50]"
    assert response.json() == {"a": 1}
    assert response == Response(200, {}, b'{"a": 1}')
