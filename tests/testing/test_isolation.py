"""Sandboxes of tests beside each other: keys, seeds and their copies."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.errors import ConfigurationError
from stripe_shell.testing.isolated import IsolatedSandbox
from stripe_shell.testing.server import TestServer

SEED = """\
@spec stripe
/sandbox create customer email=ada@example.com
@as customer
"""


def fetch(box: IsolatedSandbox, path: str, key: str | None = None) -> tuple[int, Any]:
    request = urllib.request.Request(box.base_url + path, headers={"Authorization": f"Bearer {key or box.key}"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "shop.stripe"
    path.write_text(SEED)
    return path


def test_two_sandboxes_do_not_see_each_other(
    server: TestServer, box: IsolatedSandbox, post: Callable[..., Any]
) -> None:
    other = IsolatedSandbox(server)
    customer = post("/v1/customers")
    assert fetch(box, f"/v1/customers/{customer['id']}")[0] == 200
    assert fetch(other, f"/v1/customers/{customer['id']}")[0] == 404
    assert fetch(other, "/v1/customers")[1]["data"] == []
    assert other.account != box.account
    other.close()


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/customers/search?query=x", "/_sandbox/reset"])
def test_a_key_of_no_test_is_refused(box: IsolatedSandbox, path: str) -> None:
    status, body = fetch(box, path, "sk_test_somebody")
    assert (status, "belongs to no test" in body["error"]["message"]) == (401, True)


def test_a_key_ends_with_its_test(server: TestServer, box: IsolatedSandbox) -> None:
    other = IsolatedSandbox(server)
    other.close()
    assert fetch(box, "/v1/customers", other.key)[0] == 401


def test_a_mistake_of_the_sandbox_fails_its_test(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    other = IsolatedSandbox(server)
    with monkeypatch.context() as patch:
        patch.setattr(type(other.sandbox.store), "write", lambda _: (_ for _ in ()).throw(ZeroDivisionError("ours")))
        request = urllib.request.Request(
            f"{other.base_url}/v1/customers", b"", {"Authorization": f"Bearer {other.key}"}, method="POST"
        )
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request)
        assert caught.value.code == 500
        caught.value.close()
    with pytest.raises(ZeroDivisionError, match="ours"):
        other.close()


def test_a_seed_runs_once_and_is_copied(server: TestServer, seed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stripe_shell.testing import seeds

    runs: list[Path] = []
    real = seeds.run_seed
    monkeypatch.setattr(seeds, "run_seed", lambda sandbox, path: runs.append(path) or real(sandbox, path))
    ids = set()
    for _ in range(3):
        box = IsolatedSandbox(server)
        ids.add(box.seed(seed)["customer"]["id"])
        assert len(fetch(box, "/v1/customers")[1]["data"]) == 1
        assert fetch(box, f"/v1/customers/{next(iter(ids))}")[0] == 200
        # What one test changes in its copy, no other one sees.
        with box.sandbox.context() as ctx:
            ctx.save({**ctx.find("customer", next(iter(ids))), "name": "changed"})
        box.close()
    assert (len(runs), len(ids)) == (1, 1)
    box = IsolatedSandbox(server)
    box.seed(seed)
    assert fetch(box, "/v1/customers")[1]["data"][0]["name"] is None
    box.close()


def test_a_seed_that_changed_is_run_again(server: TestServer, seed: Path) -> None:
    first = IsolatedSandbox(server)
    first.seed(seed)
    first.close()
    seed.write_text(SEED.replace("ada@", "grace.h@"))
    second = IsolatedSandbox(server)
    assert second.seed(seed)["customer"]["email"] == "grace.h@example.com"
    second.close()


def test_a_seed_adds_to_a_sandbox_in_use(box: IsolatedSandbox, post: Callable[..., Any], seed: Path) -> None:
    post("/v1/customers", email="first@example.com")
    box.seed(seed)
    assert len(fetch(box, "/v1/customers")[1]["data"]) == 2


def test_a_copy_of_a_seed_lives_on(server: TestServer, tmp_path: Path) -> None:
    """Scheduled jobs, fixtures taken before the seed, and the clock work on a copy too."""
    path = tmp_path / "subscribed.stripe"
    path.write_text(
        "@spec stripe\n/sandbox create customer payment_method=pm_card_visa\n"
        "invoice_settings.default_payment_method: pm_card_visa\n@as customer\n\n"
        "/sandbox\naction: create\nentity: price\ncurrency: usd\nunit_amount: 1000\nrecurring.interval: month\n"
        "product_data.name: Gold\n@as price\n\n"
        "/sandbox\naction: create\nentity: subscription\ncustomer: ${customer.id}\nitems[0].price: ${price.id}\n"
    )
    for _ in range(2):
        box = IsolatedSandbox(server)
        events, clock = box.events, box.clock
        box.seed(path)
        before = len(events.all("invoice.paid"))
        clock.advance("1 month 2 hours")
        assert (before, len(events.all("invoice.paid"))) == (1, 2)
        box.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("/live create customer\n", "a seed runs on the sandbox alone"),
        ("/sandbox create customer emial=a@b.co\n", "emial"),
        ("@spec stripe\n/sandbox get customer id=cus_none\n", "No such customer"),
    ],
)
def test_a_seed_that_fails_says_why(box: IsolatedSandbox, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.stripe"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        box.seed(path)


def test_a_seed_that_is_not_there(box: IsolatedSandbox, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be read: No such file"):
        box.seed(tmp_path / "none.stripe")
