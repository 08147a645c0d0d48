"""Texts of objects in an older version are kept as long as they depend on nothing but the object."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stripe_shell.sandbox.versions.chain import Chain, chain_at
from stripe_shell.sandbox.versions.change import VersionChange
from stripe_shell.sandbox.versions.kept_texts import KeptTexts, WatchedContext
from stripe_shell.spec.table import load_table
from stripe_shell.transports.sandbox import open_sandbox
from stripe_shell.wire import Request, encode_form

OLD = "2020-08-27"


class Account:
    """A sandbox in memory, and a client that asks in a version."""

    def __init__(self) -> None:
        self.sandbox = open_sandbox(None, load_table())

    def send(self, method: str, path: str, version: str | None = OLD, **params: Any) -> Any:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        headers |= {"Stripe-Version": version} if version else {}
        form = encode_form(params)
        query, body = (form, b"") if method == "GET" else ("", form.encode())
        response = self.sandbox.send(Request(method, path, query, body, headers))
        assert response.ok, response.body
        return response.json()


@pytest.fixture
def account() -> Account:
    return Account()


def test_a_list_says_the_same_again_and_what_changed_since(account: Account) -> None:
    made = [account.send("POST", "/v1/customers", name=f"Ann {number}")["id"] for number in range(3)]
    first = account.send("GET", "/v1/customers")
    assert account.send("GET", "/v1/customers") == first
    assert [account.send("GET", f"/v1/customers/{each}") for each in reversed(made)] == first["data"]
    account.send("POST", f"/v1/customers/{made[1]}", name="Ben")
    names = [each["name"] for each in account.send("GET", "/v1/customers")["data"]]
    assert names == ["Ann 2", "Ben", "Ann 0"]


def test_versions_do_not_share_texts(account: Account) -> None:
    account.send("POST", "/v1/customers", name="Ann")
    shown = {version: account.send("GET", "/v1/customers", version) for version in (None, OLD, "2024-06-20", None, OLD)}
    assert shown[OLD] == account.send("GET", "/v1/customers", OLD)
    assert shown[OLD] != shown[None]


class Reading(VersionChange):
    """A change that needs more than the object, such as the time."""

    version, kinds = "2021-01-01", ("customer",)

    def downgrade_answer(self, ctx: Any, obj: Any) -> None:
        obj["seen"] = ctx.now()


def test_what_depends_on_more_than_the_object_is_not_kept(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    account.send("POST", "/v1/customers", name="Ann")
    account.send("GET", "/v1/customers")
    chain = chain_at(load_table(), OLD)
    assert chain is not None
    monkeypatch.setattr(chain, "carried_back", KeptTexts())
    monkeypatch.setattr(chain, "_answers", {"customer": [Reading()]})
    assert "seen" in account.send("GET", "/v1/customers")["data"][0]
    assert not chain.carried_back._texts


def test_a_watched_context_knows_whether_it_was_read() -> None:
    watched = WatchedContext(Account())  # type: ignore[arg-type]
    assert not watched.was_read
    assert watched.sandbox
    assert watched.was_read


def test_the_oldest_texts_make_room() -> None:
    kept = KeptTexts()
    for number in range(3000):
        kept.keep(str(number), json.dumps(number))
    assert (kept.get("0"), kept.get("2999")) == (None, "2999")
    assert Chain(load_table(), ()).carried_back.get("2999") is None
