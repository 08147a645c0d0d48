"""Objects in an older version are kept as texts, and answered as if each were rendered from scratch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from stripe_shell.sandbox.versions.chain import Chain
from tests.sandbox.conftest import NOW, Client, Json, open_client
from tests.sandbox.shop import Shop

from .older import older
from .population import get, populate, readings, updates

VERSIONS = ("2020-08-27", "2024-06-20", "2025-08-27.basil")
DAY = 86_400


class Watched:
    """An account with every kind of object, and all that can be read of it in older versions."""

    def __init__(self, stripe: Client) -> None:
        self.stripe = stripe
        populate(stripe, 1)
        self.paths = [path for _, path in readings(stripe, 30)]

    def look(self, versions: Iterable[str]) -> dict[tuple[str, str], bytes]:
        """Reads everything in some versions."""
        return {(path, version): get(self.stripe, path, version).body for path in self.paths for version in versions}

    def compare(self, done: str, versions: Iterable[str] = VERSIONS) -> None:
        """Raises AssertionError where an answer is another one than from scratch."""
        kept = self.look(versions)
        self.stripe.sandbox.store.forget_kept()
        scratch = self.look(versions)
        wrong = [place for place, body in kept.items() if without_ids(body) != without_ids(scratch[place])]
        assert not wrong, f"after {done}: {wrong}"

    def ids(self) -> list[tuple[str, str]]:
        """Kind and id of every live object, the oldest first."""
        with self.stripe.sandbox.store.read() as session:
            rows = session.rows("SELECT object, id FROM objects WHERE deleted = 0 AND account > 0 AND id != ''")
        return [(str(kind), str(key)) for kind, key in rows]

    def newest(self, kind: str) -> str:
        return [key for each, key in self.ids() if each == kind][-1]


def without_ids(body: bytes) -> Any:
    """The answer without the id of its request, which an error's address has."""
    found = json.loads(body)
    return {} if "error" in found else found


@pytest.fixture
def watched(stripe: Client) -> Watched:
    return Watched(stripe)


def test_every_object_may_change_under_the_others(watched: Watched) -> None:
    """Metadata of each object in turn: whatever shows it must show it new, in the version with the most changes."""
    paths, changed = updates(), set[str]()
    watched.compare("nothing", VERSIONS[:1])
    for kind, key in watched.ids():
        if kind not in paths:
            continue
        response = watched.stripe.send("POST", paths[kind].format(key), {"metadata": {"seen": key}})
        if response.ok:
            changed.add(kind)
            watched.compare(f"the update of {kind} {key}", VERSIONS[:1])
    assert {"charge", "coupon", "customer", "invoice", "payment_intent", "price", "product", "refund"} <= changed
    assert len(changed) >= 20, changed


def steps(watched: Watched) -> Iterator[tuple[str, str, Json]]:
    """What happens to an account, each on what was there before."""
    customer = watched.stripe.get("/v1/customers")["data"][0]["id"]
    intent = watched.stripe.get("/v1/refunds", {"limit": 1})["data"][0]["payment_intent"]
    yield "POST", "/v1/refunds", {"payment_intent": intent, "amount": 300}
    yield "POST", f"/v1/coupons/{watched.newest('coupon')}", {"name": "Ten"}
    yield "POST", f"/v1/tax_rates/{watched.newest('tax_rate')}", {"display_name": "MwSt"}
    yield "POST", f"/v1/promotion_codes/{watched.newest('promotion_code')}", {"active": False}
    yield "POST", f"/v1/prices/{watched.newest('price')}", {"nickname": "Monthly"}
    yield "POST", f"/v1/products/{watched.newest('product')}", {"name": "Platinum"}
    watched.stripe.post("/v1/invoiceitems", {"customer": customer, "amount": 5000, "currency": "usd"})
    invoice = watched.stripe.post("/v1/invoices", {"customer": customer, "pending_invoice_items_behavior": "include"})
    yield "POST", f"/v1/invoices/{invoice['id']}/finalize", {}
    yield "POST", f"/v1/invoices/{invoice['id']}/pay", {"paid_out_of_band": True}
    yield "POST", "/v1/credit_notes", {"invoice": invoice["id"], "amount": 50, "out_of_band_amount": 50}
    subscription = watched.stripe.get("/v1/subscriptions")["data"][0]
    item = subscription["items"]["data"][0]["id"]
    yield "POST", f"/v1/subscriptions/{subscription['id']}", {"items": [{"id": item, "quantity": 3}]}
    yield "POST", f"/v1/subscriptions/{subscription['id']}", {"discounts": ""}
    yield "POST", f"/v1/subscription_schedules/{watched.newest('subscription_schedule')}/release", {}
    yield "POST", f"/v1/disputes/{watched.newest('dispute')}/close", {}
    yield "DELETE", f"/v1/coupons/{watched.newest('coupon')}", {}
    yield "DELETE", f"/v1/subscriptions/{subscription['id']}", {}
    yield "DELETE", f"/v1/customers/{customer}", {}


def test_a_life_is_shown_as_it_goes_on(watched: Watched) -> None:
    watched.compare("nothing")
    for method, path, params in steps(watched):
        response = watched.stripe.send(method, path, params)
        assert response.ok, (path, response.body)
        watched.compare(f"{method} {path}")


def test_another_client_of_the_file_changes_it(tmp_path: Path) -> None:
    ours, theirs = open_client(tmp_path / "shared.db", 1), open_client(tmp_path / "shared.db", 2)
    watched = Watched(ours)
    watched.compare("nothing")
    for path, params in (
        (f"/v1/coupons/{watched.newest('coupon')}", {"name": "Ten"}),
        (f"/v1/prices/{watched.newest('price')}", {"nickname": "Monthly"}),
        ("/v1/refunds", {"charge": watched.newest("charge"), "amount": 10}),
    ):
        theirs.post(path, params)
        watched.compare(path)
    for client in (ours, theirs):
        client.sandbox.store.close()


def test_time_passes_over_what_is_kept(stripe: Client) -> None:
    """A coupon that expires is invalid in a discount that shows it, though neither has been changed."""
    shop = Shop(stripe)
    once = {"percent_off": 5, "duration": "forever", "redeem_by": NOW + DAY}
    coupon = stripe.post("/v1/coupons", once)["id"]
    made = shop.subscribe(shop.customer(), shop.price(), discounts=[{"coupon": coupon}])

    def valid() -> list[bool]:
        """Twice, the second time of what is kept."""
        path = f"/v1/subscriptions/{made['id']}"
        return [older(stripe, "2020-08-27").get(path)["discount"]["coupon"]["valid"] for _ in range(2)]

    assert valid() == [True, True]
    stripe.clock.advance(DAY)
    assert valid() == [False, False]
    stripe.clock.advance(-1)
    assert valid() == [True, True]


def test_what_is_expanded_is_kept_apart(stripe: Client) -> None:
    shop = Shop(stripe)
    path = f"/v1/subscriptions/{shop.subscribe(shop.customer(), shop.price())['id']}"
    client = older(stripe, "2020-08-27")
    for _ in range(2):
        assert isinstance(client.get(path)["customer"], str)
        shown = client.get(path, {"expand": ["customer"]})
        assert (shown["customer"]["object"], type(shown["latest_invoice"])) == ("customer", str)
        shown = client.get(path, {"expand": ["latest_invoice"]})
        assert (type(shown["customer"]), shown["latest_invoice"]["object"]) == (str, "invoice")


def test_a_text_that_is_kept_is_not_carried_back_again(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what was read before nor, after a change, what does not depend on it."""
    carried: list[tuple[str, str]] = []
    carry = Chain.downgrade

    def counted(chain: Chain, ctx: Any, kind: str, obj: Json) -> None:
        carried.append((kind, str(obj.get("id"))))
        carry(chain, ctx, kind, obj)

    monkeypatch.setattr(Chain, "downgrade", counted)
    lists = [path for path in watched.paths if "?" in path and "payment_methods" not in path]
    first = [get(watched.stripe, path, VERSIONS[0]).body for path in lists]
    assert carried
    carried.clear()
    assert [get(watched.stripe, path, VERSIONS[0]).body for path in lists] == first
    assert not carried
    waiting = watched.stripe.post("/v1/payment_intents", {"amount": 900, "currency": "usd"})["id"]
    get(watched.stripe, "/v1/payment_intents?limit=30", VERSIONS[0])
    assert set(carried) == {("payment_intent", waiting), ("list", "None")}


def test_accounts_do_not_share_texts(stripe: Client) -> None:
    """The same object in two accounts, whose coupons of one id have another name in each."""
    coupon = stripe.post("/v1/coupons", {"percent_off": 5, "duration": "forever"})
    code = stripe.post("/v1/promotion_codes", {"promotion": {"type": "coupon", "coupon": coupon["id"]}})
    other = stripe.sandbox.account_of_key("sk_test_other")
    stripe.sandbox.seed([{**coupon, "name": "Theirs"}, code], account=other)
    client = older(stripe, "2020-08-27")
    path = f"/v1/promotion_codes/{code['id']}"
    for _ in range(2):
        names = [client.get(path, account=account)["coupon"]["name"] for account in (None, other)]
        assert names == [None, "Theirs"]


@pytest.mark.parametrize("foreign", [False, True], ids=["one process", "two processes"])
def test_what_was_answered_is_seen_by_whoever_asks_afterwards(tmp_path: Path, foreign: bool) -> None:
    """Threads read a code in three versions while another renames its coupon: none sees a name from before."""
    stripe = open_client(tmp_path / "shared.db", 1)
    other = open_client(tmp_path / "shared.db", 2) if foreign else stripe
    coupon = stripe.post("/v1/coupons", {"percent_off": 5, "duration": "forever", "name": "0"})["id"]
    code = stripe.post("/v1/promotion_codes", {"promotion": {"type": "coupon", "coupon": coupon}})["id"]
    answered, stale, reads = [0], list[tuple[str, int, int]](), [0]
    done = Event()

    def read(version: str) -> None:
        while not done.is_set():
            least = answered[0]
            seen = int(get(stripe, f"/v1/promotion_codes/{code}", version).json()["coupon"]["name"])
            reads[0] += 1
            if seen < least:
                stale.append((version, seen, least))

    threads = [Thread(target=read, args=(version,)) for version in VERSIONS]
    for thread in threads:
        thread.start()
    for number in range(1, 200):
        other.post(f"/v1/coupons/{coupon}", {"name": str(number)})
        answered[0] = number
    done.set()
    for thread in threads:
        thread.join()
    assert stale == []
    assert reads[0] >= len(VERSIONS)
    for client in {id(each): each for each in (stripe, other)}.values():
        client.sandbox.store.close()
