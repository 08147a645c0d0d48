"""Any id is a command; verbs with ids; words in the other order."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_shell.errors import UsageError
from stripe_shell.repl.short_ways import ShortWay, ids_in, short_way, smallest_unit
from stripe_shell.spec.id_prefixes import ID_PREFIXES
from stripe_shell.spec.table import load_table
from tests.repl.fakes import FakeTransport, respond, session
from tests.repl.sandboxed import Sandboxed
from tests.repl.test_commands import run

TABLE = load_table()
PI, CUS, SUB, INV = "pi_3xXABC123", "cus_NffrFeUfNV2Hib", "sub_1xXETyBg550", "in_1abcDEF123456"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (PI, f"retrieve payment_intent id={PI}"),
        (f"  {CUS}  ", f"retrieve customer id={CUS}"),
        (f"/stripe {CUS}", f"/stripe retrieve customer id={CUS}"),
        (f"get {CUS}", f"retrieve customer id={CUS}"),
        (f"show {CUS}", f"retrieve customer id={CUS}"),
        (f"get customer {CUS}", f"retrieve customer id={CUS}"),
        (f"customers retrieve {CUS}", f"retrieve customer id={CUS}"),
        (f"cancel {SUB}", f"cancel subscription id={SUB}"),
        (f"/stripe cancel {SUB} prorate=true", f"/stripe cancel subscription id={SUB} prorate=true"),
        (f"void {INV}", f"void_invoice invoice id={INV}"),
        (f"finalize {INV}", f"finalize_invoice invoice id={INV}"),
        (f"pay {INV}", f"pay invoice id={INV}"),
        (f"delete customer {CUS}", f"delete customer id={CUS}"),
        (f"update customer {CUS} name=Anne", f"update customer id={CUS} name=Anne"),
        (f'/stripe update customer {CUS} name="Anne Lee"', f'/stripe update customer id={CUS} name="Anne Lee"'),
        ("update customer ${last.id} name=Anne", "update customer id=${last.id} name=Anne"),
        ("/sandbox cancel subscriptions ${s.id}", "/sandbox cancel subscription id=${s.id}"),
        ("get customer ${c.id}", "retrieve customer id=${c.id}"),
        ("get customer ${last.data[0].id}", "retrieve customer id=${last.data[0].id}"),
        (
            "get customer.card ${card.id} customer=${c.id}",
            "retrieve customer.card id=${card.id} customer=${c.id}",
        ),
        (f"refund {PI}", f"create refund payment_intent={PI}"),
        ("customers list", "list customer"),
        ("customers", "list customer"),
        ("customers limit=3", "list customer limit=3"),
        (f"invoices list customer={CUS}", f"list invoice customer={CUS}"),
        ("balance", "retrieve balance"),
        ("cs_test_a1b2C3d4", "retrieve checkout.session id=cs_test_a1b2C3d4"),
        ("cs_live_a1b2C3d4", "retrieve checkout.session id=cs_live_a1b2C3d4"),
        ("sub_sched_1abcDEF12345", "retrieve subscription_schedule id=sub_sched_1abcDEF12345"),
        ("price_1abcDEF123456", "retrieve price id=price_1abcDEF123456"),
        (f"https://dashboard.stripe.com/acct_1abcDEF123/test/payments/{PI}", f"retrieve payment_intent id={PI}"),
        (
            f"12:00 charge ch_3xXABC123 of {CUS}, failed",
            f"retrieve charge id=ch_3xXABC123\n\nretrieve customer id={CUS}",
        ),
        (f"charge {PI}", f"retrieve payment_intent id={PI}"),
        (f'{{"id":"{CUS}"}},', f"retrieve customer id={CUS}"),
        (f"{CUS} {CUS}", f"retrieve customer id={CUS}"),
    ],
)
def test_what_a_text_means(text: str, wanted: str) -> None:
    found = short_way(text, TABLE)
    assert found is not None
    assert found.text == wanted
    assert found.requests == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "help",
        "exit",
        "list customers",
        f"get customer id={CUS}",
        "create customer email=a@b.co name=Ann",
        f"create customer name={CUS}",
        f"updte customer {CUS} name=Anne",
        "hello world",
        "payment",
        "sk_test_abcdef123456",
        "whsec_Abcdef123456",
        "payment_method_types invoice_settings",
        "my_variable_1A",
        f"@open {CUS}",
        f"# {CUS}",
        f"/sandbox get customer id={CUS}",
        "list customers ${c.id}",
        "update customer ${c.id} Anne",
        "create customer ${c.id}",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert short_way(text, TABLE) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("card_1abcDEF123456", "a customer.card is found by its customer too"),
        (f"refund {CUS}", "a refund is of a pi_… or a ch_…"),
        (f"cancl {SUB}", "`subscription` has no action `cancl`; it has cancel,"),
        (f"capture {CUS}", "`customer` has no action `capture`"),
    ],
)
def test_what_cannot_be(text: str, why: str) -> None:
    with pytest.raises(UsageError) as error:
        short_way(text, TABLE)
    assert why in str(error.value)


def test_a_request() -> None:
    assert short_way("req_Abc123Def456", TABLE) == ShortWay(requests=("req_Abc123Def456",))


def test_every_kind_of_object_is_known_by_its_id() -> None:
    """Or the id says why it cannot be retrieved."""
    found = 0
    for prefix in sorted(set(ID_PREFIXES.values())):
        name = f"{prefix}_1abcDEF123456"
        assert ids_in(f"see {name}.") == [name]
        try:
            way = short_way(name, TABLE)
        except UsageError as error:
            assert prefix in str(error) or "found by" in str(error)
        else:
            assert way is not None
            found += 1
    assert found > 60


@pytest.mark.parametrize(
    ("amount", "currency", "wanted"),
    [("20.00", "usd", 2000), ("20", "usd", 2000), ("20.5", "usd", 2050), ("500", "jpy", 500), ("1.250", "kwd", 1250)],
)
def test_smallest_unit(amount: str, currency: str, wanted: int) -> None:
    assert smallest_unit(amount, currency) == wanted


@pytest.mark.parametrize(("amount", "currency"), [("20.001", "usd"), ("5.5", "jpy"), ("x", "usd"), ("-1", "usd")])
def test_no_amount(amount: str, currency: str) -> None:
    with pytest.raises(UsageError, match="no amount in"):
        smallest_unit(amount, currency)


# --- at the prompt --------------------------------------------------------------------------------------------------


def pay(shell: Sandboxed, amount: int = 5000, currency: str = "usd") -> str:
    card = "payment_method=pm_card_visa allowed_payment_method_types=card confirm=true"
    shell.type(f"create payment_intent amount={amount} currency={currency} {card}")
    return shell.value("id")


def test_an_id_is_retrieved(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    shell.type("create customer email=a@b.co name=Ann")
    name = shell.value("id")
    shown = shell.type(name)
    assert f"→ retrieve customer id={name}" in shown
    assert "Ann" in shown
    assert "✓" in shown or "retrieve customer" in shown


@pytest.mark.parametrize(
    ("currency", "typed", "wanted"), [("usd", "20.00", 2000), ("jpy", "2000", 2000), ("usd", "20", 2000)]
)
def test_a_refund_in_the_currency_of_its_payment(tmp_path: Path, currency: str, typed: str, wanted: int) -> None:
    shell = Sandboxed(tmp_path)
    paid = pay(shell, currency=currency)
    assert f"→ create refund payment_intent={paid} amount={wanted}" in shell.type(f"refund {paid} {typed}")
    assert (shell.value("object"), shell.value("amount")) == ("refund", str(wanted))


def test_a_refund_with_too_many_decimals_sends_nothing(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    paid = pay(shell)
    assert "`20.001` is no amount in USD, which has 2 decimals" in shell.type(f"refund {paid} 20.001")
    shell.type("list refunds")
    assert shell.value("data") == "[]"


def test_a_refund_of_nothing(tmp_path: Path) -> None:
    shown = Sandboxed(tmp_path).type("refund pi_3xXABC123 20.00")
    assert "resource_missing" in shown or "No such payment_intent" in shown
    assert "nothing else was sent" in shown


def test_a_log_line(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    paid = pay(shell)
    charge = shell.value("latest_charge")
    shown = shell.type(f"[error] webhook for {paid} ({charge}) timed out")
    assert f"→ retrieve payment_intent id={paid}" in shown
    assert f"→ retrieve charge id={charge}" in shown


def test_a_log_line_runs_no_command_of_the_system(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    paid = pay(shell)
    shown = shell.type(f"12:00 webhook of {paid} failed | touch {tmp_path}/made")
    assert f"→ retrieve payment_intent id={paid}" in shown
    shell.type(f"[error] of {paid} > {tmp_path}/made")
    assert not (tmp_path / "made").exists()


def test_a_request_shows_what_it_caused(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    paid = pay(shell)
    assert shell.state.last is not None
    shown = shell.type(str(shell.state.last.request_id))
    assert "payment_intent.succeeded" in shown
    assert paid in shown
    assert "caused none of the newest" in shell.type("req_Nobody12345678")


def test_a_live_write_is_confirmed_all_the_same() -> None:
    body = {"id": PI, "object": "payment_intent", "currency": "usd", "amount": 5000}
    state, transport, _ = session(lambda _: respond(body), default="stripe", live=True)
    assert isinstance(transport, FakeTransport)
    shown = run(state, f"refund {PI} 20.00")
    assert "nothing was sent" in shown
    assert {request.method for request in transport.sent} == {"GET"}


def test_a_reference_after_action_and_entity_is_the_id(tmp_path: Path) -> None:
    typed = Sandboxed(tmp_path)
    typed.type("/sandbox\naction: create\nentity: customer\nemail: ann@x.co\nname: Ann\n@as c\n")
    name = typed.value("id")
    shown = typed.type('update customer ${last.id} name="Anne Lee"')
    assert shown.startswith("→ update customer id=${last.id} name=")
    assert typed.value("name") == "Anne Lee"
    typed.type(f"update customer {name} name=Ann @count")
    assert typed.value("name") == "Ann"
    typed.type("get customer ${c.id}")
    assert typed.value("id") == name
