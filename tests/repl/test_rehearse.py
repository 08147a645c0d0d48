"""@try: what a block would do, on copies; only GETs are sent before it is confirmed. A loopback server counts them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.wire import Request, Response, encode_form
from tests.loopback import listening
from tests.repl.sandboxed import Sandboxed

Json = dict[str, Any]


class Account:
    """An account of Stripe on a loopback server; remembers what was asked."""

    def __init__(self) -> None:
        self.sandbox = Sandbox()
        self.asked: list[str] = []

    def send(self, request: Request) -> Response:
        self.asked.append(f"{request.method} {request.path}")
        headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
        key = request.headers.get("Idempotency-Key")
        return self.sandbox.send(
            Request(request.method, request.path, request.query, request.body, headers, idempotency_key=key)
        )

    def post(self, path: str, params: Json | None = None) -> Json:
        response = self.sandbox.send(Request("POST", path, body=encode_form(params or {}).encode()))
        body: Json = response.json()
        assert response.ok, body
        return body

    def get(self, path: str) -> Json:
        body: Json = self.sandbox.send(Request("GET", path)).json()
        return body

    @property
    def writes(self) -> list[str]:
        return [each for each in self.asked if not each.startswith("GET ")]


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def shell(tmp_path: Path, account: Account) -> Iterator[Callable[[str], Sandboxed]]:
    """A session on a key of this mode."""
    with listening(account.send) as address:
        yield lambda mode: Sandboxed(
            tmp_path, environ={"STRIPE_API_KEY": f"sk_{mode}_abcdefghijklmnop", "STRIPE_API_BASE": address}
        )


def customer(account: Account) -> Json:
    card = {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
    return account.post("/v1/customers", {"email": "a@b.co", "name": "Ann", **card})


def paid(account: Account) -> Json:
    card = {"payment_method": "pm_card_visa", "allowed_payment_method_types": ["card"], "confirm": True}
    return account.post("/v1/payment_intents", {"amount": 5000, "currency": "usd", **card})


def subscribed(account: Account) -> Json:
    product = account.post("/v1/products", {"name": "Pro"})["id"]
    data = {"product": product, "currency": "usd", "unit_amount": 2000, "recurring": {"interval": "month"}}
    price = account.post("/v1/prices", data)["id"]
    return account.post("/v1/subscriptions", {"customer": customer(account)["id"], "items": [{"price": price}]})


def test_a_refund_is_rehearsed_and_then_sent(shell: Callable[[str], Sandboxed], account: Account) -> None:
    intent = paid(account)
    prompt = shell("test")
    prompt.answers = ["yes"]
    shown = prompt.type(f"@try create refund payment_intent={intent['id']} amount=1000")
    assert "objects fetched from /stripe by" in shown
    assert re.search(r"^● refund  re_\w+ +succeeded$", shown, re.M)
    assert "✓ create refund  rehearsed  → refund.created, charge.refunded" in shown
    assert re.search(r"^● charge  ch_\w+     amount_refunded  0.00 USD → 10.00 USD$", shown, re.M)
    assert "@open" not in shown[: shown.index("rehearsed")]  # there is nothing yet that could be opened
    assert prompt.questions == ["That was the rehearsal. Send it to /stripe now? Type yes: "]
    assert account.writes == ["POST /v1/refunds"]
    assert account.asked.index("POST /v1/refunds") == len(account.asked) - 1
    assert account.get(f"/v1/charges/{intent['latest_charge']}")["amount_refunded"] == 1000


def test_without_a_yes_only_gets_are_sent(shell: Callable[[str], Sandboxed], account: Account) -> None:
    subscription = subscribed(account)
    prompt = shell("test")
    prompt.answers = ["y"]
    shown = prompt.type(f"@try cancel {subscription['id']}")
    assert re.search(r"^○ subscription  sub_\w+ +canceled$", shown, re.M)
    assert re.search(r"^  status +active → canceled$", shown, re.M)
    assert "customer.subscription.deleted" in shown
    assert "nothing was sent" in shown
    assert account.writes == []
    assert 3 <= len(account.asked) <= 30
    assert "last" not in prompt.state.scope.captures
    assert prompt.state.kept.items == []
    assert account.get(f"/v1/subscriptions/{subscription['id']}")["status"] == "active"


def test_a_live_block_is_confirmed_by_its_own_question(shell: Callable[[str], Sandboxed], account: Account) -> None:
    intent = paid(account)
    prompt = shell("live")
    shown = prompt.type(f"@try create refund payment_intent={intent['id']} amount=1000")
    assert "amount_refunded  0.00 USD → 10.00 USD" in shown
    assert len(prompt.questions) == 1
    assert "LIVE" in prompt.questions[0]
    assert "nothing was sent" in shown
    assert account.writes == []


def test_the_next_block_is_rehearsed(shell: Callable[[str], Sandboxed], account: Account) -> None:
    ann = customer(account)["id"]
    prompt = shell("test")
    assert "the next block is rehearsed first" in prompt.type("@try")
    prompt.answers = ["yes"]
    shown = prompt.type(f"/stripe\naction: update\nentity: customer\nid: {ann}\nname: Anne\n")
    assert "name  Ann → Anne" in shown
    assert account.writes == [f"POST /v1/customers/{ann}"]
    prompt.type(f"update customer id={ann} name=Annie")  # and no other one
    assert len(prompt.questions) == 1
    assert account.get(f"/v1/customers/{ann}")["name"] == "Annie"


def test_several_blocks_see_each_other(shell: Callable[[str], Sandboxed], account: Account) -> None:
    ann = customer(account)["id"]
    prompt = shell("test")
    prompt.type("@try")
    text = "/stripe create invoice customer={ann}\n@as bill\n\n/stripe finalize_invoice invoice id=${bill.id}\n"
    shown = prompt.type(text.replace("{ann}", ann))
    assert "invoice.finalized" in shown
    assert account.writes == []


def test_the_lines_of_an_invoice_come_along(shell: Callable[[str], Sandboxed], account: Account) -> None:
    ann = customer(account)["id"]
    account.post("/v1/invoiceitems", {"customer": ann, "amount": 700, "currency": "usd"})
    bill = account.post("/v1/invoices", {"customer": ann, "pending_invoice_items_behavior": "include"})
    prompt = shell("test")
    shown = prompt.type(f"@try pay {bill['id']}")
    assert re.search(r"amount_paid +0.00 USD → 7.00 USD", shown)
    assert "charge.succeeded" in shown
    assert account.writes == []


def test_a_rehearsal_that_fails_says_so_and_asks(shell: Callable[[str], Sandboxed], account: Account) -> None:
    prompt = shell("test")
    shown = prompt.type("@try delete customer cus_Nobody12345678")
    assert "not found there: cus_Nobody12345678" in shown
    assert "the rehearsal failed" in shown
    assert "nothing was sent" in shown
    assert account.writes == []


def test_mistakes_are_found_before_anything_is_fetched(shell: Callable[[str], Sandboxed], account: Account) -> None:
    prompt = shell("test")
    assert "E20" in prompt.type("@try update customer id=cus_Nobody12345678 emial=x")
    assert account.asked == []
    assert not prompt.state.rehearsing


def test_reads_run_at_once(shell: Callable[[str], Sandboxed], account: Account) -> None:
    prompt = shell("test")
    assert "there is nothing to rehearse" in prompt.type("@try list customers")
    assert account.asked == ["GET /v1/customers"]
    assert prompt.questions == []


def test_no_more_than_thirty_gets(shell: Callable[[str], Sandboxed], account: Account) -> None:
    ann = customer(account)["id"]
    others = [account.post("/v1/customers", {})["id"] for _ in range(40)]
    prompt = shell("test")
    shown = prompt.type(f"@try update customer id={ann} description={'-'.join(others)}".replace("-cus", " cus"))
    assert account.writes == []
    prompt.type("@try")
    text = "\n".join(f"/stripe update customer id={name} name=x\n" for name in others)
    shown = prompt.type(text)
    assert "by 30 GETs, the most that are sent" in shown


def test_nothing_is_rehearsed_in_the_sandbox(tmp_path: Path) -> None:
    shown = Sandboxed(tmp_path).type("@try create customer email=a@b.co name=Ann")
    assert "in the sandbox nothing needs a rehearsal" in shown


def test_files_are_not_written(shell: Callable[[str], Sandboxed], account: Account, tmp_path: Path) -> None:
    ann = customer(account)["id"]
    prompt = shell("test")
    target = tmp_path / "rows.json"
    prompt.type("@try")
    prompt.type(f"/stripe list customers\n@out {target}\n\n/stripe update customer id={ann} name=x\n")
    assert not target.exists()
    assert account.writes == []
