"""The statuses of subscriptions and schedules: requests reach each allowed change, and every other one raises."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.subscriptions import states
from stripe_shell.sandbox.billing.subscriptions.states import SCHEDULE, SUBSCRIPTION, StatusChange
from stripe_shell.spec.table import Table

from .conftest import NOW, Client, Json
from .shop import DAY, HOUR, Shop, at

SANDBOX = Path(__file__).parents[2] / "stripe_shell/sandbox"
MONTH = at("2026-07-01T12:00:00") - NOW

Step = Callable[[Shop, Json], object]


@pytest.fixture
def shop(stripe: Client) -> Shop:
    """A business without anything yet."""
    return Shop(stripe)


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> list[StatusChange]:
    """The changes of status so far, those that a request takes back included."""
    made: list[StatusChange] = []

    def noting(set_status: Callable[..., None]) -> Callable[..., None]:
        def note(obj: Json, status: str, *, new: bool = False) -> None:
            before = None if new else obj["status"]
            set_status(obj, status, new=new)
            if before != status:
                made.append((before, status))

        return note

    for name in ("set_status", "set_schedule_status"):
        monkeypatch.setattr(states, name, noting(getattr(states, name)))
    return made


# --- subscriptions in each status ------------------------------------------------------------------------------------


def active(shop: Shop) -> Json:
    return shop.subscribe(shop.customer(), shop.price(1000))


def trialing(shop: Shop) -> Json:
    return shop.subscribe(shop.customer(), shop.price(1000), trial_period_days=14)


def trialing_without_method(shop: Shop, behavior: str) -> Json:
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    return shop.subscribe(shop.customer(None), shop.price(1000), trial_period_days=7, trial_settings=settings)


def incomplete(shop: Shop) -> Json:
    return shop.subscribe(shop.customer(), shop.price(1000), payment_behavior="default_incomplete")


def past_due(shop: Shop) -> Json:
    """A subscription whose renewal was declined."""
    subscription = active(shop)
    decline(shop, subscription)
    shop.stripe.clock.advance(MONTH + 2 * HOUR)
    return shop.subscription(subscription)


def unpaid(shop: Shop) -> Json:
    """A subscription after its last retry, on an account that keeps such subscriptions."""
    subscription = past_due(shop)
    exhaust_retries(shop, subscription)
    return shop.subscription(subscription)


def paused(shop: Shop) -> Json:
    subscription = trialing_without_method(shop, "pause")
    shop.stripe.clock.advance(7 * DAY)
    return shop.subscription(subscription)


# --- what happens to them --------------------------------------------------------------------------------------------


def attach(shop: Shop, subscription: Json, card: str) -> str:
    path = f"/v1/payment_methods/{card}/attach"
    return str(shop.stripe.post(path, {"customer": subscription["customer"]})["id"])


def decline(shop: Shop, subscription: Json) -> None:
    """Gives the customer a default card that declines."""
    method = attach(shop, subscription, "pm_card_chargeCustomerFail")
    path = f"/v1/customers/{subscription['customer']}"
    shop.stripe.post(path, {"invoice_settings": {"default_payment_method": method}})


def pay(shop: Shop, subscription: Json) -> None:
    """Pays the latest invoice with a good card."""
    invoice = shop.invoice(shop.subscription(subscription)["latest_invoice"])
    if invoice["status"] == "draft":
        shop.stripe.post(f"/v1/invoices/{invoice['id']}/finalize")
    method = attach(shop, subscription, "pm_card_visa")
    shop.stripe.post(f"/v1/invoices/{invoice['id']}/pay", {"payment_method": method})


def cancel(shop: Shop, subscription: Json) -> None:
    shop.stripe.delete(f"/v1/subscriptions/{subscription['id']}")


def pause(shop: Shop, subscription: Json) -> None:
    shop.stripe.post(f"/v1/subscriptions/{subscription['id']}/pause")


def wait(seconds: int) -> Step:
    return lambda shop, subscription: shop.stripe.clock.advance(seconds)


def end_trial(shop: Shop, subscription: Json) -> None:
    shop.update(subscription, trial_end="now")


def begin_trial(shop: Shop, subscription: Json) -> None:
    shop.update(subscription, trial_end=shop.stripe.clock.now() + 5 * DAY)


def begin_trial_when_paid(shop: Shop, subscription: Json) -> None:
    """Begins a trial with an invoice that is declined: the update waits, and the old status is put back."""
    decline(shop, subscription)
    one_off = shop.price(90_000, None, "Setup")
    held = shop.update(
        subscription,
        add_invoice_items=[{"price": one_off["id"]}],
        payment_behavior="pending_if_incomplete",
        trial_end=shop.stripe.clock.now() + 5 * DAY,
    )
    assert held["pending_update"]["trial_end"]
    assert held["status"] == subscription["status"]


def fail_an_invoice(shop: Shop, subscription: Json) -> None:
    """Bills something of the subscription, and declines it."""
    customer = subscription["customer"]
    decline(shop, subscription)
    item = {"customer": customer, "subscription": subscription["id"], "amount": 500, "currency": "usd"}
    shop.stripe.post("/v1/invoiceitems", item)
    invoice = shop.stripe.post("/v1/invoices", {"customer": customer, "subscription": subscription["id"]})
    shop.stripe.post(f"/v1/invoices/{invoice['id']}/finalize")
    shop.stripe.refused("POST", f"/v1/invoices/{invoice['id']}/pay")


def fail_a_renewal(shop: Shop, subscription: Json) -> None:
    decline(shop, subscription)
    shop.stripe.clock.advance(MONTH + 2 * HOUR)


def exhaust_retries(shop: Shop, subscription: Json) -> None:
    for days in rules.RETRY_AFTER_DAYS:
        shop.stripe.clock.advance(days * DAY)
        shop.subscription(subscription)


def resume(shop: Shop, subscription: Json) -> None:
    """Resumes it, and marks the invoice of the new cycle as uncollectible."""
    resumed = shop.stripe.post(f"/v1/subscriptions/{subscription['id']}/resume")
    shop.stripe.post(f"/v1/invoices/{resumed['latest_invoice']}/mark_uncollectible")


def pay_for_a_trial_while_paused(shop: Shop, subscription: Json) -> None:
    """A trial waits for its payment, a second one ends without a method, and then the first is paid."""
    begin_trial_when_paid(shop, subscription)
    waits = shop.subscription(subscription)["latest_invoice"]
    settings = {"end_behavior": {"missing_payment_method": "pause"}}
    shop.update(subscription, trial_end=shop.stripe.clock.now() + HOUR, trial_settings=settings)
    methods = shop.stripe.get("/v1/payment_methods", {"customer": subscription["customer"]})["data"]
    for method in methods:
        shop.stripe.post(f"/v1/payment_methods/{method['id']}/detach")
    shop.stripe.clock.advance(HOUR)
    assert shop.subscription(subscription)["status"] == "paused"
    method = attach(shop, subscription, "pm_card_visa")
    shop.stripe.post(f"/v1/invoices/{waits}/pay", {"payment_method": method})


def nothing(shop: Shop, subscription: Json) -> None:
    """Leaves it as it was created."""


def ends_in(behavior: str) -> Callable[[Shop], Json]:
    return lambda shop: trialing_without_method(shop, behavior)


#: How a request or the time makes each change: a subscription, what happens to it, and the status it then has.
WALK: dict[StatusChange, tuple[Callable[[Shop], Json], Step, str]] = {
    (None, "active"): (active, nothing, "active"),
    (None, "trialing"): (trialing, nothing, "trialing"),
    (None, "incomplete"): (incomplete, nothing, "incomplete"),
    ("incomplete", "active"): (incomplete, pay, "active"),
    ("incomplete", "incomplete_expired"): (incomplete, wait(24 * HOUR), "incomplete_expired"),
    ("incomplete", "canceled"): (incomplete, cancel, "canceled"),
    ("trialing", "active"): (trialing, end_trial, "active"),
    ("trialing", "paused"): (ends_in("pause"), wait(7 * DAY), "paused"),
    ("trialing", "past_due"): (trialing, fail_an_invoice, "past_due"),
    ("trialing", "unpaid"): (unpaid, begin_trial_when_paid, "unpaid"),
    ("trialing", "canceled"): (ends_in("cancel"), end_trial, "canceled"),
    ("active", "trialing"): (active, begin_trial, "trialing"),
    ("active", "past_due"): (active, fail_a_renewal, "past_due"),
    ("active", "paused"): (active, pause, "paused"),
    ("active", "canceled"): (active, cancel, "canceled"),
    ("past_due", "active"): (past_due, pay, "active"),
    ("past_due", "trialing"): (past_due, begin_trial, "trialing"),
    ("past_due", "unpaid"): (past_due, exhaust_retries, "unpaid"),
    ("past_due", "canceled"): (past_due, cancel, "canceled"),
    ("unpaid", "active"): (unpaid, pay, "active"),
    ("unpaid", "trialing"): (unpaid, begin_trial, "trialing"),
    ("unpaid", "canceled"): (unpaid, cancel, "canceled"),
    ("paused", "active"): (paused, resume, "active"),
    ("paused", "trialing"): (active, pay_for_a_trial_while_paused, "trialing"),
    ("paused", "canceled"): (paused, cancel, "canceled"),
}


@pytest.mark.parametrize("change", SUBSCRIPTION, ids=lambda change: f"{change[0]}-{change[1]}")
def test_every_allowed_change_is_reached(
    shop: Shop, changes: list[StatusChange], change: StatusChange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By requests and by time alone; `unpaid` on an account that keeps subscriptions after the last retry."""
    monkeypatch.setattr(rules, "AFTER_LAST_RETRY", "unpaid")
    begin, step, status = WALK[change]
    subscription = begin(shop)
    step(shop, subscription)
    assert shop.subscription(subscription)["status"] == status
    assert change in changes


# --- schedules -------------------------------------------------------------------------------------------------------


def schedule(shop: Shop, start: int | str = "now") -> Json:
    """A schedule of one month, which starts in a day unless it starts now."""
    phase = {"items": [{"price": shop.price()["id"]}], "duration": {"interval": "month", "interval_count": 1}}
    params = {"customer": shop.customer()["id"], "start_date": start, "phases": [phase]}
    return shop.stripe.post("/v1/subscription_schedules", params)


def later(shop: Shop) -> Json:
    return schedule(shop, NOW + DAY)


def from_subscription(shop: Shop) -> Json:
    return shop.stripe.post("/v1/subscription_schedules", {"from_subscription": active(shop)["id"]})


def post(action: str) -> Step:
    return lambda shop, made: shop.stripe.post(f"/v1/subscription_schedules/{made['id']}/{action}")


SCHEDULE_WALK: dict[StatusChange, tuple[Callable[[Shop], Json], Step]] = {
    (None, "not_started"): (later, nothing),
    (None, "active"): (from_subscription, nothing),
    ("not_started", "active"): (later, wait(DAY)),
    ("not_started", "canceled"): (later, post("cancel")),
    ("not_started", "released"): (later, post("release")),
    ("active", "completed"): (schedule, wait(MONTH + HOUR)),
    ("active", "canceled"): (schedule, post("cancel")),
    ("active", "released"): (schedule, post("release")),
}


@pytest.mark.parametrize("change", SCHEDULE, ids=lambda change: f"{change[0]}-{change[1]}")
def test_every_allowed_change_of_a_schedule_is_reached(
    shop: Shop, changes: list[StatusChange], change: StatusChange
) -> None:
    begin, step = SCHEDULE_WALK[change]
    made = begin(shop)
    step(shop, made)
    assert shop.stripe.get(f"/v1/subscription_schedules/{made['id']}")["status"] == change[1]
    assert change in changes or change == (None, "not_started"), "a schedule has this status from its defaults"


# --- everything else -------------------------------------------------------------------------------------------------

TABLES = {
    "subscription": (SUBSCRIPTION, states.set_status),
    "subscription_schedule": (SCHEDULE, states.set_schedule_status),
}


def statuses(allowed: Any) -> set[str]:
    return {status for change in allowed for status in change if status is not None}


@pytest.mark.parametrize("kind", TABLES)
def test_every_other_change_raises(kind: str) -> None:
    allowed, set_status = TABLES[kind]
    names = sorted(statuses(allowed))
    for before, after in product([None, *names], names):
        obj = {"object": kind, "id": "x_1", "status": before or names[0]}
        if before == after or (before, after) in allowed:
            set_status(obj, after, new=before is None)
            assert obj["status"] == after
            continue
        with pytest.raises(ValueError, match=f"^{kind} x_1 cannot change its status from {before} to {after}$"):
            set_status(obj, after, new=before is None)
        assert obj["status"] == (before or names[0])


@pytest.mark.parametrize("kind", TABLES)
def test_the_table_has_the_statuses_of_the_api(table: Table, kind: str) -> None:
    enum = table.schema(kind).fields["status"].shape.enum
    assert statuses(TABLES[kind][0]) == set(enum)


def test_the_walks_are_those_of_the_tables() -> None:
    assert set(WALK) == set(SUBSCRIPTION)
    assert set(SCHEDULE_WALK) == set(SCHEDULE)


def test_nothing_follows_the_final_statuses() -> None:
    assert statuses(SUBSCRIPTION) - {before for before, _ in SUBSCRIPTION} == set(rules.OVER)


# --- who sets a status -----------------------------------------------------------------------------------------------


def writes(tree: ast.AST) -> Iterator[str]:
    """The names of what gets a `status` by assignment, by `|=` with a dict or by `update`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and _is_status(node.slice):
            yield ast.unparse(node.value)
        elif isinstance(node, ast.AugAssign) and isinstance(node.value, ast.Dict) and _names_status(node.value):
            yield ast.unparse(node.target)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update":
            yield from (
                ast.unparse(node.func.value) for part in node.args if isinstance(part, ast.Dict) and _names_status(part)
            )


def _is_status(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value == "status"


def _names_status(node: ast.Dict) -> bool:
    return any(_is_status(key) for key in node.keys)


def test_the_status_is_set_in_one_place() -> None:
    """In the files of subscriptions and schedules nothing else sets a status; elsewhere none of theirs."""
    for path in SANDBOX.rglob("*.py"):
        if path.name == "states.py":
            continue
        own = path.parent.name == "subscriptions" or path.name in ("subscription.py", "subscription_schedule.py")
        names = set(writes(ast.parse(path.read_text()))) - {"members"}  # what a pending update will set
        if not own:
            names &= {"subscription", "sub", "schedule", "subscription_schedule"}
        assert names == set(), path


@pytest.mark.parametrize(
    "text", ["obj['status'] = 'active'", "obj |= {'status': 'active'}", "obj.update({'status': 'active'})"]
)
def test_such_a_place_is_found(text: str) -> None:
    assert list(writes(ast.parse(text))) == ["obj"]
