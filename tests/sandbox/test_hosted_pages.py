"""What lives behind an address of Stripe's: payment links, the customer portal, verification; files and reports."""

from __future__ import annotations

import pytest

from .conftest import NOW, Client, Json


@pytest.fixture
def price(stripe: Client) -> str:
    made: str = stripe.post("/v1/prices", {"currency": "usd", "unit_amount": 1500, "product_data": {"name": "Shirt"}})[
        "id"
    ]
    return made


# --- payment links ---------------------------------------------------------------------------------------------


def test_a_link_sells_its_lines(stripe: Client, price: str) -> None:
    link = stripe.post("/v1/payment_links", {"line_items": [{"price": price, "quantity": 2}]})
    assert link["url"].startswith("https://buy.stripe.com/test_")
    assert (link["active"], link["currency"], link["customer_creation"]) == (True, "usd", "if_required")
    lines = stripe.get(f"/v1/payment_links/{link['id']}/line_items")["data"]
    assert [(line["quantity"], line["amount_total"]) for line in lines] == [(2, 3000)]
    change = {"line_items": [{"id": lines[0]["id"], "quantity": 3}], "active": False}
    assert stripe.post(f"/v1/payment_links/{link['id']}", change)["active"] is False
    after = stripe.get(f"/v1/payment_links/{link['id']}", {"expand": ["line_items"]})["line_items"]["data"]
    assert [(line["id"], line["amount_total"]) for line in after] == [(lines[0]["id"], 4500)]
    assert stripe.event_types()[-2:] == ["payment_link.created", "payment_link.updated"]
    assert stripe.get("/v1/payment_links", {"active": "true"})["data"] == []


def test_a_link_refuses_what_it_cannot_sell(stripe: Client, price: str) -> None:
    lines = [{"price": price, "quantity": 1}]
    many = stripe.refused("POST", "/v1/payment_links", {"line_items": lines * 21})
    assert "at most 20" in many["message"]
    trial = {"line_items": lines, "subscription_data": {"trial_period_days": 3}}
    assert stripe.refused("POST", "/v1/payment_links", trial)["param"] == "subscription_data"
    link = stripe.post("/v1/payment_links", {"line_items": lines})
    wrong = {"line_items": [{"id": "li_nobody", "quantity": 1}]}
    assert stripe.refused("POST", f"/v1/payment_links/{link['id']}", wrong)["param"] == "line_items[0][id]"


# --- the customer portal ---------------------------------------------------------------------------------------


def test_a_portal_without_a_configuration_gets_one(stripe: Client) -> None:
    customer = stripe.post("/v1/customers")["id"]
    first, second = (stripe.post("/v1/billing_portal/sessions", {"customer": customer}) for _ in range(2))
    assert first["url"].startswith("https://billing.stripe.com/p/session/test_")
    assert first["configuration"] == second["configuration"]
    made = stripe.get("/v1/billing_portal/configurations")["data"]
    assert [(each["id"], each["is_default"]) for each in made] == [(first["configuration"], True)]


def test_configurations_of_the_portal(stripe: Client) -> None:
    features = {"subscription_cancel": {"enabled": True, "mode": "immediately"}, "invoice_history": {"enabled": True}}
    made = stripe.post("/v1/billing_portal/configurations", {"features": features, "login_page": {"enabled": True}})
    assert made["is_default"] is True
    assert (
        made["features"]["subscription_cancel"] | {"enabled": True, "mode": "immediately"}
        == (made["features"]["subscription_cancel"])
    )
    assert made["features"]["customer_update"]["enabled"] is False
    assert made["login_page"]["url"].startswith("https://billing.stripe.com/p/login/test_")
    second = stripe.post(
        "/v1/billing_portal/configurations", {"features": features, "default_return_url": "https://example.com/home"}
    )
    assert second["is_default"] is False
    customer = stripe.post("/v1/customers")["id"]
    session = stripe.post("/v1/billing_portal/sessions", {"customer": customer, "configuration": second["id"]})
    assert session["return_url"] == "https://example.com/home"
    refused = stripe.refused("POST", f"/v1/billing_portal/configurations/{made['id']}", {"active": False})
    assert refused["param"] == "active"


def test_a_portal_is_one_customers(stripe: Client) -> None:
    assert stripe.refused("POST", "/v1/billing_portal/sessions")["param"] == "customer"
    assert stripe.refused("POST", "/v1/billing_portal/sessions", {"customer": "cus_x"})["code"] == "resource_missing"
    customer = stripe.post("/v1/customers")["id"]
    flow = {"type": "subscription_cancel", "subscription_cancel": {"subscription": "sub_x"}}
    refused = stripe.refused("POST", "/v1/billing_portal/sessions", {"customer": customer, "flow_data": flow})
    assert refused["param"] == "flow_data[subscription_cancel][subscription]"


# --- verification ----------------------------------------------------------------------------------------------


def test_a_verification_session(stripe: Client) -> None:
    made = stripe.post("/v1/identity/verification_sessions", {"type": "document", "metadata": {"user": "1"}})
    assert (made["status"], made["type"]) == ("requires_input", "document")
    assert made["client_secret"].startswith(f"{made['id']}_secret_")
    path = f"/v1/identity/verification_sessions/{made['id']}"
    canceled = stripe.post(f"{path}/cancel")
    assert (canceled["status"], canceled["url"], canceled["client_secret"]) == ("canceled", None, None)
    assert "canceled" in stripe.refused("POST", path, {"type": "id_number"})["message"]
    redacted = stripe.post(f"{path}/redact")
    assert (redacted["redaction"], redacted["metadata"]) == ({"status": "redacted"}, {})
    assert stripe.event_types() == [
        "identity.verification_session.created",
        "identity.verification_session.canceled",
        "identity.verification_session.redacted",
    ]


# --- reports and files -----------------------------------------------------------------------------------------


def test_a_report_is_done_in_the_next_moment(stripe: Client) -> None:
    kinds = stripe.get("/v1/reporting/report_types")["data"]
    assert "balance.summary.1" in [kind["id"] for kind in kinds]
    given = {"report_type": "balance.summary.1", "parameters": {"interval_start": NOW - 86_400, "interval_end": NOW}}
    run = stripe.post("/v1/reporting/report_runs", given)
    assert run["status"] == "pending"
    done = stripe.get(f"/v1/reporting/report_runs/{run['id']}")
    assert (done["status"], done["result"]["purpose"]) == ("succeeded", "finance_report_run")
    assert stripe.get(f"/v1/files/{done['result']['id']}")["type"] == "csv"
    assert stripe.event_types()[-1] == "reporting.report_run.succeeded"


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"report_type": "nonsense.1"}, "report_type"),
        (
            {"report_type": "payouts.summary.1", "parameters": {"interval_start": NOW, "interval_end": NOW}},
            "parameters[interval_start]",
        ),
    ],
)
def test_a_report_that_cannot_be_made(stripe: Client, given: Json, param: str) -> None:
    assert stripe.refused("POST", "/v1/reporting/report_runs", given)["param"] == param


def upload(stripe: Client, *parts: str) -> Json:
    head = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    fields = "".join(head.format(*part.split("=", 1)) for part in parts)
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename="C:\\\\x\\\\Logo.JPEG"\r\n\r\nabc\r\n--b--\r\n'
    from stripe_shell.wire import Request

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = stripe.sandbox.send(Request("POST", "/v1/files", body=(fields + file).encode(), headers=headers))
    body: Json = answer.json()
    assert answer.status == 200, body
    return body


def test_a_file_says_what_was_uploaded(stripe: Client) -> None:
    file = upload(stripe, "purpose=business_logo")
    assert (file["filename"], file["type"], file["size"]) == ("Logo.JPEG", "jpg", 3)
    assert stripe.get("/v1/files", {"purpose": "business_logo"})["data"] == [file]
    link = stripe.post("/v1/file_links", {"file": file["id"]})
    assert link["url"].startswith("https://files.stripe.com/links/")
    stripe.clock.advance(5)
    assert stripe.post(f"/v1/file_links/{link['id']}", {"expires_at": "now"})["expired"] is True


def test_a_file_with_its_link(stripe: Client) -> None:
    file = upload(stripe, "purpose=dispute_evidence", "file_link_data[create]=true")
    assert [link["file"] for link in file["links"]["data"]] == [file["id"]]


def test_a_file_is_an_upload(stripe: Client) -> None:
    assert stripe.refused("POST", "/v1/files", {"purpose": "dispute_evidence", "file": "x"})["param"] == "file"
