"""Connect: destination charges, direct charges with an application fee, transfers, and their reversals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.currencies import format_amount
from stripe_shell.sandbox.objects.carried_over import charge_to_transfer_group
from stripe_shell.sandbox.objects.context import Context, Json

from . import ledger


def on_account(ctx: Context, account: str) -> Context:
    """Returns a copy of the context for another account, in the same transaction, with a shared list of events."""
    if account == ctx.account:
        return ctx
    ctx.scheduled_jobs = True  # the other account may schedule jobs
    inner = ctx.fork()
    number = ctx.session.account(account)
    inner.account, inner.account_number = account, number or ctx.session.add_account(account)
    return inner


def application_of(ctx: Context) -> str:
    """Returns the id of the platform's application."""
    return f"ca_{ctx.platform.removeprefix('acct_')}{'0' * 8}"


def check_destination(ctx: Context, account: Any, param: str) -> str:
    """Returns the id of a connected account that can receive money. Raises StripeError for an invalid one."""
    if account == ctx.account:
        raise errors.invalid("Cannot transfer to your own account.", param=param)
    if ctx.find("account", account) is None:
        raise errors.missing("destination", str(account), param=param)
    return str(account)


def distribute(ctx: Context, charge: Json) -> None:
    """Stores the transfer and the application fee of a charge. Saves the charge."""
    data = charge.get("transfer_data")
    if data and data.get("destination"):
        _distribute_to(ctx, charge, data)
    elif charge.get("application_fee_amount") and ctx.account != ctx.platform:
        platform = on_account(ctx, ctx.platform)
        fee = collect_fee(platform, ctx.account, charge, charge["id"])
        charge |= {"application": application_of(ctx), "application_fee": fee["id"]}
        ctx.save(charge)


def _distribute_to(ctx: Context, charge: Json, data: Mapping[str, Any]) -> None:
    amount = data.get("amount") or charge["amount_captured"]
    transfer = send_money(
        ctx, amount, charge["currency"], data["destination"], charge=charge, fee=charge["application_fee_amount"] or 0
    )
    charge["transfer"] = transfer["id"]
    charge_to_transfer_group(ctx, charge)
    if charge["application_fee_amount"]:
        fee = collect_fee(ctx, data["destination"], charge, transfer["destination_payment"])
        charge["application_fee"] = fee["id"]
    ctx.save(charge)


def send_money(
    ctx: Context,
    amount: int,
    currency: str,
    destination: str,
    *,
    charge: Json | None = None,
    fee: int = 0,
    members: Mapping[str, Any] | None = None,
) -> Json:
    """Stores a transfer to a connected account, the payment there and both balance transactions. Returns the transfer.

    `amount` and `fee` are in the smallest currency unit; `fee` is the application fee. Funds from a `charge` become
    available at the same time as the charge's. `members` are further members of the transfer.
    """
    earned = ledger.balance_transaction_of(ctx, charge) if charge else None
    ready = earned["available_on"] if earned else None
    transfer = ctx.new("transfer", amount=amount, currency=currency, destination=destination, source_type="card")
    transfer |= {**_transfer_source(charge), **(members or {})}
    transfer["reversals"]["url"] = f"/v1/transfers/{transfer['id']}/reversals"
    row = ledger.record_transaction(
        ctx,
        "transfer",
        -amount,
        currency,
        transfer["id"],
        available_on=max(ready, ctx.now()) if ready else None,
        description=transfer["description"],
    )
    transfer["balance_transaction"] = row["id"]
    transfer["destination_payment"] = _receive_transfer(on_account(ctx, destination), transfer, ready, fee)
    ctx.insert(transfer)
    ctx.emit("transfer.created", transfer)
    return transfer


def _transfer_source(charge: Json | None) -> Json:
    """Returns the members of a transfer that name its source charge."""
    if charge is None:
        return {"source_transaction": None, "transfer_group": None}
    group = charge.get("transfer_group") or f"group_{charge['payment_intent'] or charge['id']}"
    return {"source_transaction": charge["id"], "transfer_group": group}


def _receive_transfer(account_ctx: Context, transfer: Json, ready: int | None, fee: int) -> str:
    """Stores the payment of a transfer in the destination account and returns its id."""
    amount, currency = transfer["amount"], transfer["currency"]
    payment = account_ctx.new(
        "charge",
        amount=amount,
        amount_captured=amount,
        application_fee_amount=fee or None,
        captured=True,
        currency=currency,
        paid=True,
        payment_method_details={"stripe_account": {}, "type": "stripe_account"},
        source_transfer=transfer["id"],
        status="succeeded",
    )
    payment["id"] = account_ctx.new_id("charge", "py")
    fees = ledger.fee_detail(fee, currency, "application_fee", application_of(account_ctx))
    row = ledger.record_transaction(
        account_ctx, "payment", amount, currency, payment["id"], fees=fees, available_on=ready
    )
    payment["balance_transaction"] = row["id"]
    account_ctx.insert(payment)
    account_ctx.emit("payment.created", payment)
    return str(payment["id"])


def collect_fee(platform: Context, account: str, charge: Json, source: str) -> Json:
    """Stores and returns the platform's application fee for a payment of a connected account."""
    amount, currency = charge["application_fee_amount"], charge["currency"]
    fee = platform.new(
        "application_fee",
        account=account,
        amount=amount,
        application=application_of(platform),
        charge=source,
        currency=currency,
        originating_transaction=charge["id"],
        fee_source={"type": "charge", "charge": charge["id"]},
    )
    fee["refunds"]["url"] = f"/v1/application_fees/{fee['id']}/refunds"
    row = ledger.record_transaction(platform, "application_fee", amount, currency, fee["id"])
    fee["balance_transaction"] = row["id"]
    platform.insert(fee)
    platform.emit("application_fee.created", fee)
    return fee


def reverse(
    ctx: Context,
    transfer: Json,
    amount: int | None,
    members: Mapping[str, Any] | None = None,
    refund: str | None = None,
) -> Json:
    """Reverses a transfer, fully (`amount` None) or partially. Saves the transfer and returns the reversal.

    Refunds the payment in the destination account. Raises StripeError for an amount above what is left.
    """
    amount, currency = _reversal_amount(transfer, amount), transfer["currency"]
    reversal = ctx.new(
        "transfer_reversal",
        amount=amount,
        currency=currency,
        source_refund=refund,
        transfer=transfer["id"],
        **(members or {}),
    )
    row = ledger.record_transaction(ctx, "transfer_refund", amount, currency, reversal["id"])
    reversal["balance_transaction"] = row["id"]
    reversal["destination_payment_refund"] = _reverse_payment(
        on_account(ctx, transfer["destination"]), transfer, amount
    )
    ctx.insert(reversal)
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] >= transfer["amount"]
    transfer["reversals"]["data"] = [reversal, *transfer["reversals"]["data"]][:10]
    transfer["reversals"]["total_count"] = ctx.count("transfer_reversal", transfer=transfer["id"])
    ctx.emit("transfer.reversed", transfer, ctx.save(transfer))
    return reversal


def _reversal_amount(transfer: Json, amount: int | None) -> int:
    """Returns the amount to reverse, all that is left for None. Raises StripeError for one that is not left."""
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = left if amount is None else amount
    if not left or amount > left:
        raise errors.invalid(
            f"Reversal amount ({format_amount(amount, transfer['currency'])}) is greater than unreversed amount "
            f"({format_amount(left, transfer['currency'])}) of transfer {transfer['id']}.",
            param="amount",
        )
    if amount < 1:
        raise errors.below_minimum("amount", 1)
    return amount


def _reverse_payment(account_ctx: Context, transfer: Json, amount: int) -> str | None:
    payment = account_ctx.find("charge", transfer.get("destination_payment"))
    if payment is None:
        return None
    refund = account_ctx.new(
        "refund", amount=amount, charge=payment["id"], currency=payment["currency"], status="succeeded"
    )
    refund["id"] = account_ctx.new_id("refund", "pyr")
    row = ledger.record_transaction(account_ctx, "payment_refund", -amount, payment["currency"], refund["id"])
    refund["balance_transaction"] = row["id"]
    account_ctx.insert(refund)
    payment["amount_refunded"] += amount
    payment["refunded"] = payment["amount_refunded"] >= payment["amount"]
    account_ctx.save(payment)
    return str(refund["id"])


def refund_fee(platform: Context, fee: Json, amount: int | None, metadata: Mapping[str, str] | None = None) -> Json:
    """Refunds an application fee, fully (`amount` None) or partially. Saves the fee and returns the refund.

    Raises StripeError for an amount above what is left.
    """
    left = fee["amount"] - fee["amount_refunded"]
    amount = left if amount is None else amount
    if not left:
        raise errors.invalid(f"Application fee {fee['id']} has already been refunded.", code="fee_already_refunded")
    if amount > left:
        raise errors.invalid(
            f"Refund amount ({format_amount(amount, fee['currency'])}) is greater than unrefunded amount on fee "
            f"({format_amount(left, fee['currency'])})",
            param="amount",
        )
    if amount < 1:
        raise errors.below_minimum("amount", 1)
    fee_refund = platform.new(
        "fee_refund", amount=amount, currency=fee["currency"], fee=fee["id"], metadata=dict(metadata or {})
    )
    row = ledger.record_transaction(platform, "application_fee_refund", -amount, fee["currency"], fee_refund["id"])
    fee_refund["balance_transaction"] = row["id"]
    platform.insert(fee_refund)
    there = on_account(platform, fee["account"])
    ledger.record_transaction(there, "application_fee_refund", amount, fee["currency"], fee_refund["id"])
    fee["amount_refunded"] += amount
    fee["refunded"] = fee["amount_refunded"] >= fee["amount"]
    fee["refunds"]["data"] = [fee_refund, *fee["refunds"]["data"]][:10]
    changed = platform.save(fee)
    platform.emit("application_fee.refunded", fee, changed)
    return fee_refund


def give_fee_back(ctx: Context, charge: Json, refunded: int) -> None:
    """Refunds the application fee in proportion to the refunded amount. Raises StripeError without a fee."""
    platform = on_account(ctx, ctx.platform)
    fee = platform.find("application_fee", charge["application_fee"]) if charge["application_fee"] else None
    if fee is None:
        raise errors.invalid(f"Charge {charge['id']} does not have an application fee.", param="refund_application_fee")
    amount = min(fee["amount"] * refunded // charge["amount_captured"], fee["amount"] - fee["amount_refunded"])
    if amount:
        refund_fee(platform, fee, amount)
