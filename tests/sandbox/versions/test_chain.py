"""The chain of version changes: requests carried forward, answers carried back, nothing stored in an older form."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stripe_shell.sandbox.versions.chain import all_changes, chain_at
from stripe_shell.spec.table import load_table
from stripe_shell.spec.versions.known import OLDEST, known_versions
from tests.sandbox.conftest import Client, open_client
from tests.sandbox.shop import Shop

from .older import older

CHANGES = Path(__file__).parents[3] / "stripe_shell" / "sandbox" / "versions" / "changes"
TABLE = load_table()


def old(version: str) -> dict[str, dict[str, str]]:
    return {"headers": {"Stripe-Version": version}}


def test_the_changes_are_in_order_and_in_files_that_name_their_version() -> None:
    versions = [change.version for change in all_changes()]
    assert versions == sorted(versions, reverse=True)
    for change in all_changes():
        name = type(change).__module__.rpartition(".")[2]
        date, _, train = change.version.partition(".")
        assert name.startswith(f"{train}_" if train else f"v{date.replace('-', '_')}_")
        assert change.version in known_versions()
        assert change.certainty in ("A", "B", "C")
        assert (type(change).__doc__ or "").strip()


def test_a_change_names_objects_and_operations_that_exist() -> None:
    for change in all_changes():
        table = chain_at(TABLE, OLDEST)
        assert table is not None
        for kind in change.kinds:
            assert TABLE.schema_of_object(kind) is not None, kind
        for name in (*change.operations, *(gone for gone, _ in change.successors)):
            operation = table.table.operation(*name.split(" "))
            assert operation is not None
            assert operation.name == name
        for _, successor in change.successors:
            assert TABLE.operation(*successor.split(" ")) is not None, successor


def test_the_page_lists_the_changes() -> None:
    """`scripts/generate_versions_page.py` writes the table of docs/versions.md anew."""
    script = CHANGES.parents[3] / "scripts" / "generate_versions_page.py"
    assert subprocess.run([sys.executable, script, "--check"], check=False).returncode == 0
    text = (CHANGES.parents[3] / "docs" / "versions.md").read_text()
    assert all(f"| {change.version} |" in text for change in all_changes())


def test_the_current_version_has_no_chain() -> None:
    assert chain_at(TABLE, TABLE.version) is None
    assert chain_at(TABLE, known_versions()[-1]) is None
    assert chain_at(TABLE, "2024-06-20") is chain_at(TABLE, "2024-06-20")


def test_four_versions_see_their_form_of_one_object(stripe: Client) -> None:
    product = stripe.post("/v1/products", {"name": "Gold", "features": [{"name": "fast"}]}, **old("2023-10-16"))
    assert product["features"] == [{"name": "fast"}]
    path = f"/v1/products/{product['id']}"
    for version in ("2020-08-27", "2023-10-16"):
        assert stripe.get(path, **old(version))["features"] == [{"name": "fast"}]
        assert "marketing_features" not in stripe.get(path, **old(version))
    for version in ("2024-04-10", TABLE.version):
        assert stripe.get(path, **old(version))["marketing_features"] == [{"name": "fast"}]
        assert "features" not in stripe.get(path, **old(version))


def test_four_clients_of_four_versions_share_one_file(tmp_path: Path) -> None:
    """Each opens the file by itself and sees its own form of the same subscription; the newest one is stored."""
    versions = ("2020-08-27", "2024-06-20", "2025-08-27.basil", TABLE.version)
    clients = [older(open_client(tmp_path / "shared.db", seed), version) for seed, version in enumerate(versions)]
    shop = Shop(clients[1])
    made = shop.subscribe(shop.customer(), shop.price())
    path = f"/v1/subscriptions/{made['id']}"
    for number, client in enumerate(clients):
        client.post(path, {"metadata": {f"by_{number}": client.version}})
    seen = [client.get(path, {"expand": ["latest_invoice"]}) for client in clients]
    assert all(each["metadata"] == {f"by_{n}": version for n, version in enumerate(versions)} for each in seen)
    assert ["current_period_end" in each for each in seen] == [True, True, False, False]
    assert ["payment_intent" in each["latest_invoice"] for each in seen] == [True, True, False, False]
    assert ["discount" in each for each in seen] == [True, True, False, False]
    with clients[0].sandbox.store.read() as session:
        (text,) = session.rows("SELECT json FROM objects WHERE id = ?", (made["id"],))[0]
    assert json.loads(str(text)) == clients[3].get(path)
    for client in clients:
        client.sandbox.store.close()


def test_a_parameter_is_judged_in_the_version_that_is_asked_for(stripe: Client) -> None:
    given = {"name": "Gold", "features": [{"name": "fast"}]}
    message = stripe.refused("POST", "/v1/products", given)["message"]
    assert message == "Received unknown parameter: features. Did you mean marketing_features?"
    assert stripe.refused("POST", "/v1/products", given, **old("2024-04-10"))["code"] == "parameter_unknown"


def test_objects_in_lists_and_in_objects_are_carried_back(stripe: Client) -> None:
    shop = Shop(stripe)
    subscription = shop.subscribe(shop.customer(), shop.price())
    end = subscription["items"]["data"][0]["current_period_end"]
    seen = stripe.get("/v1/subscriptions", {"expand": ["data.customer"]}, **old("2024-06-20"))["data"][0]
    assert (seen["current_period_end"], seen["customer"]["object"]) == (end, "customer")
    assert "current_period_end" not in seen["items"]["data"][0]
    invoice = stripe.get("/v1/invoices", {"expand": ["data.parent.subscription_details.subscription"]})["data"][0]
    assert "current_period_end" not in invoice["parent"]["subscription_details"]["subscription"]


UNKNOWN = (
    "2024-06-21",  # a day without a version
    "2019-2-19",  # not normalized
    "2025-03-31",  # without its train
    "2025-03-31.acacia",  # the train of another date
    "2026-09-30.Endive",
    "2025-03-30.preview",
    "2019-05-16, 2019-12-03",  # two headers
    "latest",
)


@pytest.mark.parametrize("version", UNKNOWN)
def test_a_version_that_does_not_exist_is_refused(stripe: Client, version: str) -> None:
    """In Stripe's words, which repeat the header as it came, and without a code or a parameter."""
    response = stripe.send("GET", "/v1/customers", **old(version))
    error = response.json()["error"]
    said = {"message": f"Invalid Stripe API version: {version}", "type": "invalid_request_error"}
    assert (response.status, error) == (400, said)
    endpoint = {"url": "https://x.test", "enabled_events": ["*"], "api_version": version}
    assert stripe.refused("POST", "/v1/webhook_endpoints", endpoint)["param"] == "api_version"


@pytest.mark.parametrize(
    ("header", "version"),
    [
        ("2025-02-24.preview", "2025-02-24.acacia"),
        ("2023-10-16.preview", "2023-10-16"),
        ("2022-11-15; feature_beta=v3", "2022-11-15"),
        ("2022-11-15;a=v1;b=v2", "2022-11-15"),
        (" 2024-06-20 ", "2024-06-20"),
        ("2011-01-01", "2011-01-01"),
        ("2026-11-18.endive", "2026-11-18.endive"),
    ],
)
def test_previews_and_betas_are_served_as_the_version_of_their_date(stripe: Client, header: str, version: str) -> None:
    """The answer names the version; a version before 2020-08-27 has the form of that one, a later one the newest."""
    response = stripe.send("POST", "/v1/payment_intents", {"amount": 500, "currency": "usd"}, **old(header))
    assert (response.status, response.header("stripe-version")) == (200, version)
    assert ("charges" in response.json()) is (version < "2022-11-15")
    assert ("invoice" in response.json()) is (version < "2025-03-31")
