"""Disputes: born with the payment, answered, won, lost, closed (sheet §2.2, §2.4, §8.1, §14.5, §17.3)."""

from __future__ import annotations

import pytest

from stripe_shell.spec.table import Table

from .conformity import departures
from .conftest import Client, Json

PAY = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"], "confirm": True}


def disputed(stripe: Client, name: str = "createDispute", **more: object) -> Json:
    intent = stripe.post("/v1/payment_intents", {**PAY, "payment_method": f"pm_card_{name}", **more})
    found: Json = stripe.get("/v1/disputes", {"payment_intent": intent["id"]})["data"][0]
    return found


def rows(stripe: Client) -> list[tuple[str, int, int]]:
    page = stripe.get("/v1/balance_transactions", {"type": "adjustment"})["data"]
    return [(row["reporting_category"], row["amount"], row["fee"]) for row in page]


def test_chargeback(stripe: Client, table: Table) -> None:
    """§17.3, §8.1: born inside the payment, between the charge's event and the intent's; amount and 15.00 are gone."""
    dispute = disputed(stripe)
    operation = table.operation("retrieve", "dispute")
    assert operation is not None
    assert list(departures(table, operation.response, dispute)) == []
    assert (dispute["status"], dispute["reason"], dispute["is_charge_refundable"]) == (
        "needs_response",
        "fraudulent",
        False,
    )
    assert dispute["id"].startswith("du_")
    assert dispute["payment_method_details"]["card"] == {
        "brand": "visa",
        "case_type": "chargeback",
        "network": "visa",
        "network_reason_code": "10.4",
    }
    said = {name: value for name, value in dispute["evidence"].items() if value is not None}
    assert (said, len(dispute["evidence"])) == ({"enhanced_evidence": {}}, 29)
    assert rows(stripe) == [("dispute", -2000, 1500)]
    assert stripe.event_types()[1:] == [
        "charge.succeeded",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "payment_intent.succeeded",
    ]
    assert stripe.get(f"/v1/charges/{dispute['charge']}")["disputed"] is True


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("createDisputeProductNotReceived", ("product_not_received", "needs_response", "chargeback", "13.1")),
        ("createDisputeInquiry", ("fraudulent", "warning_needs_response", "inquiry", "10")),
    ],
)
def test_other_disputes(stripe: Client, name: str, expected: tuple[str, ...]) -> None:
    """§14.5, §17.3."""
    dispute = disputed(stripe, name)
    card = dispute["payment_method_details"]["card"]
    assert (dispute["reason"], dispute["status"], card["case_type"], card["network_reason_code"]) == expected


def test_inquiry_withdraws_nothing(stripe: Client) -> None:
    """§17.3, §8.1: refundable, no ledger rows, no `funds_withdrawn`."""
    dispute = disputed(stripe, "createDisputeInquiry")
    assert (dispute["is_charge_refundable"], dispute["balance_transactions"], rows(stripe)) == (True, [], [])
    assert "charge.dispute.funds_withdrawn" not in stripe.event_types()


def test_due_date(stripe: Client) -> None:
    """§17.3: 23:59:59 UTC eight days later."""
    assert disputed(stripe)["evidence_details"]["due_by"] == 1_781_049_599


def test_a_manual_capture_is_disputed_when_captured(stripe: Client) -> None:
    """§17.3: the amount is the captured one."""
    intent = stripe.post(
        "/v1/payment_intents", {**PAY, "payment_method": "pm_card_createDispute", "capture_method": "manual"}
    )["id"]
    assert stripe.get("/v1/disputes")["data"] == []
    stripe.post(f"/v1/payment_intents/{intent}/capture", {"amount_to_capture": 1500})
    assert stripe.get("/v1/disputes", {"payment_intent": intent})["data"][0]["amount"] == 1500


def answered(stripe: Client, dispute: Json, text: str) -> Json:
    path = f"/v1/disputes/{dispute['id']}"
    under_review = stripe.post(path, {"evidence": {"uncategorized_text": text}})
    assert under_review["status"].endswith("under_review")
    assert under_review["evidence_details"]["submission_count"] == 1
    return stripe.get(path)


def test_won(stripe: Client) -> None:
    """§17.3, §8.1: `under_review`, then won: the amount comes back, the 15.00 do not."""
    dispute = answered(stripe, disputed(stripe), "winning_evidence")
    assert dispute["status"] == "won"
    assert rows(stripe) == [("dispute_reversal", 2000, 0), ("dispute", -2000, 1500)]
    assert stripe.event_types()[5:] == [
        "charge.dispute.updated",
        "charge.updated",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
        "charge.updated",
    ]


def test_lost(stripe: Client) -> None:
    """§17.3."""
    assert answered(stripe, disputed(stripe), "losing_evidence")["status"] == "lost"
    assert rows(stripe) == [("dispute", -2000, 1500)]


def test_inquiry_that_is_answered_or_escalates(stripe: Client) -> None:
    """§17.3: closed, or a chargeback with the funds withdrawn."""
    closed = answered(stripe, disputed(stripe, "createDisputeInquiry"), "losing_evidence")
    assert closed["status"] == "warning_closed"
    grown = answered(stripe, disputed(stripe, "createDisputeInquiry"), "escalate_inquiry_evidence")
    assert (grown["status"], grown["is_charge_refundable"]) == ("needs_response", False)
    assert rows(stripe) == [("dispute", -2000, 1500)]


def test_draft_evidence(stripe: Client) -> None:
    """§17.3: `submit=false` saves a draft; updates merge; a text limit in total."""
    dispute = disputed(stripe)
    path = f"/v1/disputes/{dispute['id']}"
    draft = stripe.post(path, {"evidence": {"customer_name": "Ann"}, "submit": False})
    assert (draft["status"], draft["evidence_details"]["has_evidence"]) == ("needs_response", True)
    merged = stripe.post(path, {"evidence": {"shipping_carrier": "DHL"}, "submit": False})
    assert (merged["evidence"]["customer_name"], merged["evidence"]["shipping_carrier"]) == ("Ann", "DHL")
    names = ("uncategorized_text", "refund_refusal_explanation", "product_description", "access_activity_log")
    more = (
        "cancellation_rebuttal",
        "cancellation_policy_disclosure",
        "duplicate_charge_explanation",
        "refund_policy_disclosure",
    )
    error = stripe.refused("POST", path, {"evidence": dict.fromkeys((*names, *more), "x" * 19_000)})
    assert "150,000" in error["message"]
    assert stripe.post(path, {"metadata": {"a": "1"}, "submit": False})["metadata"] == {"a": "1"}


def test_close(stripe: Client) -> None:
    """§17.3, §2.4: lost at once; a second time it is closed already."""
    dispute = disputed(stripe)
    path = f"/v1/disputes/{dispute['id']}/close"
    assert stripe.post(path)["status"] == "lost"
    assert stripe.refused("POST", path)["message"] == "This dispute is already closed"
    assert stripe.event_types()[-2:] == ["charge.dispute.closed", "charge.updated"]


def test_below_a_charge(stripe: Client) -> None:
    """§2.2: `No dispute for charge: …`, 404."""
    dispute = disputed(stripe)
    path = f"/v1/charges/{dispute['charge']}/dispute"
    assert stripe.get(path)["id"] == dispute["id"]
    assert stripe.post(path, {"metadata": {"a": "1"}, "submit": False})["metadata"] == {"a": "1"}
    assert stripe.post(f"{path}/close")["status"] == "lost"
    clean = stripe.post("/v1/payment_intents", {**PAY, "payment_method": "pm_card_visa"})["latest_charge"]
    error = stripe.refused("GET", f"/v1/charges/{clean}/dispute")
    assert (error["status"], error["message"]) == (404, f"No dispute for charge: {clean}")


def test_ledger_rows_of_a_dispute_are_not_found_by_source(stripe: Client) -> None:
    """§4: `balance_transactions?source={dispute}` is always empty, although the rows name it."""
    dispute = disputed(stripe)
    assert dispute["balance_transactions"][0]["source"] == dispute["id"]
    assert stripe.get("/v1/balance_transactions", {"source": dispute["id"]})["data"] == []
