"""Secrets stay out of sight: in masks, in repr, in escaped and quoted spellings."""

from __future__ import annotations

import html
import json
import traceback
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_shell.secrets import Credential, Secrets, mask, mask_key

KEY = "sk_test_51Abcdefghijklmnopqrstuv"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"key {KEY}.", "key sk_test_…stuv."),
        ("rk_live_0123456789abcdef", "rk_live_…cdef"),
        ("sk_org_live_0123456789abcdef", "sk_org_live_…cdef"),
        ("sk_live_abcdef", "sk_live_…"),
        ("sk_0123456789abcdef", "sk_…cdef"),
        ("whsec_abcdefghijklmnop", "whsec_…mnop"),
        ("ask_test_abcdefgh, task_live_abcdefgh", "ask_test_abcdefgh, task_live_abcdefgh"),
        ("pk_id_of_a_thing, sk_short, cus_1234567890", "pk_id_of_a_thing, sk_short, cus_1234567890"),
    ],
)
def test_what_looks_like_a_key_is_masked_unasked(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_masking_twice_changes_nothing() -> None:
    once = mask(f"{KEY} hunter2", ["hunter2"])
    assert once == "sk_test_…stuv ********"
    assert mask(once, ["hunter2"]) == once


@given(st.text(min_size=6), st.text(), st.text())
def test_a_known_secret_never_comes_through(secret: str, before: str, after: str) -> None:
    shown = mask(before + secret + after, [secret])
    assert secret not in shown or secret in before + "********" + after


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=6))
def test_a_secret_is_found_in_json_and_in_a_url(secret: str) -> None:
    texts = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote_plus(secret))
    assert {mask(text, [secret]) for text in texts} == {mask_key(secret)}


SPECIAL = "p@ss:w/rd?&=%'\"<~\\ü🎉 end>"


@pytest.mark.parametrize(
    "text",
    [
        SPECIAL,
        json.dumps(SPECIAL)[1:-1],
        json.dumps(SPECIAL, ensure_ascii=False)[1:-1],
        json.dumps(SPECIAL)[1:-1].replace("/", "\\/"),  # PHP
        "".join(c if c.isalnum() or ord(c) > 0xFFFF else f"\\u{ord(c):04X}" for c in SPECIAL),
        json.dumps(SPECIAL)[1:-1].replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),  # Go
        json.dumps(SPECIAL)[1:-1].replace("<", "\\u003C").replace(">", "\\u003E").replace("'", "\\u0027"),  # .NET
        quote(SPECIAL),
        quote(SPECIAL, safe=""),
        quote(SPECIAL, safe="/:@!$&'()*+,;=~"),
        quote_plus(SPECIAL).lower(),
        html.escape(SPECIAL),
        html.escape(SPECIAL, quote=False),
        html.escape(SPECIAL).replace("&#x27;", "&#39;"),
        repr(SPECIAL)[1:-1],
    ],
)
def test_a_secret_is_found_however_a_server_writes_it(text: str) -> None:
    assert mask(f"a {text} b", [SPECIAL]) == "a ******** b"


def test_the_longer_of_two_secrets_wins() -> None:
    assert mask("hunter2000", ["hunter2", "hunter2000"]) == "********"


def test_an_empty_secret_hides_nothing() -> None:
    assert mask("text", [""]) == "text"
    assert Secrets().plus("").values == frozenset()


def test_short_keys_keep_no_tail() -> None:
    assert mask_key("sk_test_123") == "sk_test_…"
    assert mask_key("anything else") == mask_key("whsec_") == "********"


def test_a_credential_does_not_show_itself() -> None:
    credential = Credential(KEY)
    assert KEY not in f"{credential} {credential!r} {[credential]} {Secrets().plus(KEY)!r}"
    assert credential.reveal() == KEY
    try:
        raise ValueError(credential)
    except ValueError as error:
        assert KEY not in "".join(traceback.format_exception(error))


def test_data_without_a_secret_is_not_copied() -> None:
    data = {"a": ["x", 1, None, True, {"b": "c"}]}
    assert Secrets().plus("hunter22", "7").mask_data(data) is data


@pytest.mark.parametrize(
    ("data", "masked"),
    [
        ({"a": [{"b": "my hunter22"}]}, {"a": [{"b": "my ********"}]}),
        ({"hunter22": 1}, {"********": 1}),
        ({"a": 7, "b": True}, {"a": "********", "b": True}),
        (["x\nsk_test_abcdefghijklmnopqrstuv"], ["x\nsk_test_…stuv"]),
        (["a", "hunter", "22"], ["a", "hunter", "22"]),
    ],
)
def test_a_secret_anywhere_in_data_is_masked(data: object, masked: object) -> None:
    assert Secrets().plus("hunter22", "7").mask_data(data) == masked


@pytest.mark.parametrize("before", ["", " ", '"', "=", "é", "/", "-"])
@pytest.mark.parametrize("key", ["sk_test_abcdefghijklmnop", "rk_live_abcdefgh1234", "whsec_abcdefgh1234"])
def test_a_key_is_found_wherever_it_begins(before: str, key: str) -> None:
    text = f"risk_level of a bank_account {before}{key}"
    assert key not in Secrets().mask(text)
    assert Secrets().mask("risk_level bank_account network_status") == "risk_level bank_account network_status"


def test_data_without_secrets_is_returned_as_it_is() -> None:
    data = {"a": [{"b": "x", "n": 1, "t": True, "none": None}], "c": ""}
    for secrets in (Secrets(), Secrets().plus("None", "hidden")):
        assert secrets.mask_data(data) is data
    assert Secrets().plus("1").mask_data(data) != data
    assert Secrets().plus("b").mask_data(data) != data
