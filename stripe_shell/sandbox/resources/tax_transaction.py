"""Tax transactions: made from a calculation, and reversed in full or in part."""

from __future__ import annotations

from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.tax.reversals import SHIPPING, TaxedAmount, left_of, share
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.pages import list_object
from stripe_shell.sandbox.objects.private_fields import PrivateFields
from stripe_shell.sandbox.objects.resource import Resource

#: What a transaction copies from its calculation, and a reversal from the transaction that it reverses.
_COPIED = ("currency", "customer", "customer_details", "ship_from_details", "tax_date")
#: What a line copies from the line that it records or reverses.
_LINE = ("product", "quantity", "reference", "tax_behavior", "tax_code")


class TaxTransaction(Resource):
    """`/v1/tax/transactions` (docs.stripe.com/api/tax/transactions, docs.stripe.com/tax/off-stripe)."""

    object = "tax.transaction"
    indexed = ("reference",)

    @action
    def create_from_calculation(self, ctx: Context, params: Json) -> Json:
        """Records a calculation that has not expired. Raises StripeError for a reference that is in use."""
        calculation = ctx.get("tax.calculation", params["calculation"], param="calculation")
        if calculation["expires_at"] <= ctx.now():
            raise errors.invalid(
                f"The tax calculation '{calculation['id']}' has expired. Calculations expire after 90 days.",
                param="calculation",
            )
        _check_posted(ctx, params.get("posted_at"), calculation["tax_date"])
        made = self._new(ctx, params, calculation)
        rows = [
            self._line(
                ctx, line, TaxedAmount(line["amount"], line["amount_tax"], False), metadata=line["metadata"] or {}
            )
            for line in calculation["line_items"]["data"]
        ]
        return self._store(ctx, made, rows, calculation["shipping_cost"])

    @action
    def create_reversal(self, ctx: Context, params: Json) -> Json:
        """Reverses what is left of a transaction, or a part of it. Raises StripeError for more than that."""
        original = ctx.get("tax.transaction", params["original_transaction"], param="original_transaction")
        left = left_of(original, _standing_reversals(ctx, original))
        if not any(part.amount or part.tax for part in left.values()):
            # Stripe's words, as an issue of a program that reverses transactions quotes them (2025-09).
            raise errors.invalid(
                f"You can't reverse transaction '{original['id']}' because it has been fully reversed.",
                param="original_transaction",
            )
        given = {line["original_line_item"]: line for line in params.get("line_items") or ()}
        parts = left if params["mode"] == "full" else _partial(original, params, left)
        made = self._new(ctx, params, original)
        made |= {"reversal": {"original_transaction": original["id"]}, "type": "reversal"}
        ctx.private(made, PrivateFields)["parent"] = original["id"]
        rows = [
            self._line(ctx, line, _negative(parts[line["id"]]), **_reversal_members(line, given.get(line["id"])))
            for line in original["line_items"]["data"]
            if line["id"] in parts
        ]
        shipping = _negative(parts[SHIPPING]) if SHIPPING in parts else None
        amounts = {"amount": shipping.amount, "amount_tax": shipping.tax} if shipping else {}
        return self._store(ctx, made, rows, {**original["shipping_cost"], **amounts} if shipping else None)

    def _new(self, ctx: Context, params: Json, source: Json) -> Json:
        """Returns a new transaction with what it copies. Raises StripeError for a reference that is in use."""
        if ctx.count("tax.transaction", reference=params["reference"]):
            raise errors.invalid(
                f"A transaction with the reference '{params['reference']}' already exists. References must be unique "
                "across all transactions, including reversals.",
                param="reference",
            )
        return ctx.new(
            "tax.transaction",
            metadata=params.get("metadata") or {},
            posted_at=params.get("posted_at") or ctx.now(),
            reference=params["reference"],
            reversal=None,
            type="transaction",
            **{name: source.get(name) for name in _COPIED},
        )

    def _line(self, ctx: Context, line: Json, part: TaxedAmount, **members: Any) -> Json:
        members = {"reversal": None, "type": "transaction", **members}
        copied = {name: line[name] for name in _LINE}
        return ctx.new(
            "tax.transaction_line_item", **{**copied, "amount": part.amount, "amount_tax": part.tax, **members}
        )

    def _store(self, ctx: Context, made: Json, rows: list[Json], shipping: Json | None) -> Json:
        made |= {
            "line_items": list_object(f"/v1/tax/transactions/{made['id']}/line_items", rows),
            "shipping_cost": shipping,
        }
        ctx.insert(made)
        return made


def _check_posted(ctx: Context, posted_at: int | None, tax_date: int) -> None:
    """Raises StripeError for a time of posting that is not between the tax date and now; a tax date may be ahead."""
    if posted_at is not None and not tax_date <= posted_at <= max(ctx.now(), tax_date):
        raise errors.invalid(
            "`posted_at` must be between the calculation's `tax_date` and the current time.", param="posted_at"
        )


def _standing_reversals(ctx: Context, original: Json) -> list[Json]:
    """Returns the reversals of a transaction that are not reversed themselves."""
    found = list(ctx.iterate("tax.transaction", parent=original["id"]))
    return [each for each in found if not ctx.count("tax.transaction", parent=each["id"])]


def _partial(original: Json, params: Json, left: dict[str, TaxedAmount]) -> dict[str, TaxedAmount]:
    """Returns what `flat_amount`, or `line_items` and `shipping_cost`, reverse of each line, as positive amounts."""
    if original["type"] == "reversal":
        raise errors.invalid("You can only reverse a reversal in full.", param="mode")
    flat = params.get("flat_amount")
    if flat is not None:
        _check_negative(flat, "flat_amount")
        if -flat > sum(part.total for part in left.values()):
            raise _too_much("flat_amount")
        return share(-flat, left)
    rows = {
        (line["original_line_item"], f"line_items[{at}]"): line
        for at, line in enumerate(params.get("line_items") or ())
    }
    if params.get("shipping_cost"):
        rows[SHIPPING, SHIPPING] = params["shipping_cost"]
    if not rows:
        raise errors.missing_parameter("line_items")
    return {key: _given_part(line, left.get(key), param) for (key, param), line in rows.items()}


def _given_part(given: Json, left: TaxedAmount | None, param: str) -> TaxedAmount:
    if left is None:
        owner = f"{param}[original_line_item]" if param != SHIPPING else SHIPPING
        raise errors.missing("tax transaction line item", str(given.get("original_line_item", "")), param=owner)
    for name, most in (("amount", left.amount), ("amount_tax", left.tax)):
        _check_negative(given[name], f"{param}[{name}]")
        if -given[name] > most:
            raise _too_much(f"{param}[{name}]")
    return TaxedAmount(-given["amount"], -given["amount_tax"], left.inclusive)


def _check_negative(value: int, param: str) -> None:
    if value > 0:
        raise errors.bad_value(param, "This value must be less than or equal to 0.")


def _too_much(param: str) -> errors.StripeError:
    return errors.invalid("You can't reverse more than the remaining amount of the original transaction.", param=param)


def _negative(part: TaxedAmount) -> TaxedAmount:
    return TaxedAmount(-part.amount, -part.tax, part.inclusive)


def _reversal_members(line: Json, given: Json | None) -> Json:
    """Returns what a reversing line has of its own: the line that it reverses, and what was given."""
    own: Json = {name: given[name] for name in ("metadata", "quantity", "reference") if name in given} if given else {}
    return {"metadata": {}, "reversal": {"original_line_item": line["id"]}, "type": "reversal", **own}
