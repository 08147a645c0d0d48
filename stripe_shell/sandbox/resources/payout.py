"""Payouts: debited from the balance at once, then paid or failed when they arrive."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.currencies import check_payout
from stripe_shell.sandbox.objects import jobs
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action, job
from stripe_shell.sandbox.objects.private_fields import MethodPrivate
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import ledger, legacy_sources, transfers
from stripe_shell.sandbox.payments.test_banks import FAILURES, bank_of_number

from .bank_account import BankAccount

#: Seconds for which a payout stays `pending` and can be canceled.
_WAITS = 3600
#: The test debit card whose payouts fail with `could_not_process` (docs.stripe.com/connect/testing).
_UNPAYABLE_CARD = "4000056655665572"


class Payout(Resource):
    """`/v1/payouts`. Those of connected accounts with a schedule are automatic, all others manual."""

    object = "payout"
    id_param = "payout"
    defaults: ClassVar = {
        "automatic": False,
        "method": "standard",
        "reconciliation_status": "not_applicable",
        "source_type": "card",
        "status": "pending",
        "type": "bank_account",
    }
    indexed = ("destination", "status")

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets destination and arrival date; debits the balance. Raises StripeError if it is too low."""
        if obj["amount"] < 1:
            raise errors.below_minimum("amount", 1)
        check_payout(obj["amount"], obj["currency"])
        ledger.check_funds(ctx, obj["amount"], obj["currency"], "payout")
        instant = obj["method"] == "instant"
        target = self._destination(ctx, obj)
        obj["destination"] = target["id"]
        if obj["automatic"]:
            obj["reconciliation_status"] = "in_progress"
        obj["type"] = target["object"]
        obj["arrival_date"] = ctx.now() if instant else ledger.available_on(ctx.now())
        row = self._record_transaction(ctx, obj, "payout", -obj["amount"], "STRIPE PAYOUT")
        obj["balance_transaction"] = row["id"]

    def after_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Schedules `depart` (within an hour) and `arrive`; both are due at once for an instant payout."""
        jobs.schedule(ctx, min(_WAITS, obj["arrival_date"] - ctx.now()), obj, "depart")
        jobs.schedule(ctx, obj["arrival_date"] - ctx.now(), obj, "arrive")

    @job
    def depart(self, ctx: Context, obj: Json) -> None:
        """Sets the status to `in_transit`, after which a payout cannot be canceled. Runs as a job."""
        if obj["status"] == "pending":
            obj["status"] = "in_transit"
            ctx.emit("payout.updated", obj, ctx.save(obj))

    @job
    def arrive(self, ctx: Context, obj: Json) -> None:
        """Sets the status to `paid`, or `failed` for test accounts that fail. Runs as a job on the arrival date."""
        if obj["status"] not in ("pending", "in_transit"):
            return
        failure = _failure(transfers.on_account(ctx, ctx.platform), obj["destination"])
        if failure:
            obj |= {"failure_code": failure, "failure_message": FAILURES[failure], "status": "failed"}
            row = self._record_transaction(ctx, obj, "payout_failure", obj["amount"], "STRIPE PAYOUT FAILURE")
            obj["failure_balance_transaction"] = row["id"]
        else:
            obj["status"] = "paid"
        reconciled = obj["reconciliation_status"] == "in_progress"
        if reconciled:
            obj["reconciliation_status"] = "completed"
        changed = ctx.save(obj)
        ctx.emit(f"payout.{obj['status']}", obj)
        ctx.emit("payout.updated", obj, changed)
        if reconciled:
            ctx.emit("payout.reconciliation_completed", obj)

    @action
    def cancel(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Cancels a pending payout and credits the balance. Raises StripeError for any other status."""
        if obj["status"] != "pending":
            raise errors.invalid(f"Payouts can only be canceled while they are pending; this one is {obj['status']}.")
        obj["status"] = "canceled"
        row = self._record_transaction(ctx, obj, "payout_cancel", obj["amount"], "STRIPE PAYOUT CANCELED")
        obj["failure_balance_transaction"] = row["id"]
        changed = ctx.save(obj)
        ctx.emit("payout.canceled", obj)
        ctx.emit("payout.updated", obj, changed)
        return obj

    @action
    def reverse(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Creates a payout of the negative amount to reverse a paid one (docs.stripe.com/connect/payout-reversals)."""
        if obj["status"] != "paid" or obj["original_payout"]:
            raise errors.invalid("Only payouts that are paid, and are not reversals themselves, can be reversed.")
        if obj["reversed_by"]:
            raise errors.invalid(f"Payout {obj['id']} has already been reversed.")
        copied = ("automatic", "currency", "destination", "method", "source_type", "type")
        reversal = self.new(ctx, {name: obj[name] for name in copied})
        reversal |= {
            "amount": -obj["amount"],
            "arrival_date": ctx.now(),
            "original_payout": obj["id"],
            "status": "paid",
        }
        self.echo(reversal, params)
        reversal["balance_transaction"] = self._record_transaction(
            ctx, reversal, "payout", obj["amount"], "STRIPE PAYOUT REVERSAL"
        )["id"]
        obj["reversed_by"] = reversal["id"]
        ctx.emit("payout.updated", obj, ctx.save(obj))
        ctx.insert(reversal)
        ctx.emit("payout.created", reversal)
        ctx.emit("payout.paid", reversal)
        return reversal

    def _record_transaction(self, ctx: Context, obj: Json, kind: str, amount: int, description: str) -> Json:
        return ledger.record_transaction(ctx, kind, amount, obj["currency"], obj["id"], description=description)

    def _destination(self, ctx: Context, obj: Json) -> Json:
        """Returns the external account named, or the default one of the currency. Creates one for the platform."""
        known = legacy_sources.external_accounts(transfers.on_account(ctx, ctx.platform), ctx.account)
        if obj["destination"]:
            target = next((account for account in known if account["id"] == obj["destination"]), None)
            if target is None:
                raise errors.missing("external account", obj["destination"], param="destination")
            return target
        fitting = [account for account in known if account["currency"] == obj["currency"]]
        if fitting:
            return next((account for account in fitting if account["default_for_currency"]), fitting[0])
        if ctx.account != ctx.platform:
            raise errors.invalid(
                f"Sorry, you don't have any external accounts in that currency ({obj['currency']}).", param="currency"
            )
        data = {"account_number": "000123456789", "currency": obj["currency"], "country": "US"}
        return ctx.handler(BankAccount).make(ctx, data, account=ctx.account)


def _failure(ctx: Context, key: str) -> str:
    """Returns the failure code of payouts to an external account, or an empty string."""
    target = ctx.find("bank_account", key) or ctx.find("card", key)
    number = str(ctx.private(target, MethodPrivate).get("number") or "") if target else ""
    if number == _UNPAYABLE_CARD:
        return "could_not_process"
    facts = bank_of_number(number)
    return facts.failure if facts else ""
