"""Bank accounts: of customers, who verify them by two small deposits, and of accounts that are paid out to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from stripe_shell.sandbox import errors, methods, sources
from stripe_shell.sandbox.banks import (
    BANK_NAME,
    ROUTING_NUMBER,
    VERIFIED_TOKEN,
    VERIFYING,
    bank_of_name,
)
from stripe_shell.sandbox.context import Context, Json
from stripe_shell.sandbox.resource import Resource, action
from stripe_shell.spec.model import Operation

#: The name of a token whose account is still to be verified.
_UNVERIFIED: Final = "btok_us"


class BankAccount(Resource):
    """`/v1/customers/{customer}/sources`, `…/bank_accounts`, and the external accounts of accounts."""

    object = "bank_account"
    absent = ("account", "available_payout_methods", "default_for_currency", "future_requirements", "requirements")
    indexed = ("customer", "account")
    defaults: ClassVar = {"bank_name": BANK_NAME, "status": "new"}

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """An external account may be given as data too."""
        return super().take_legacy(operation, params) | sources.take_data(params)

    def create(self, ctx: Context, params: Json) -> Json:
        """Make one of a token or of an account's data, on the customer or account of the path."""
        source = params.get("source") or params.get("external_account") or params.get("bank_account")
        if not source:
            raise errors.missing_parameter("external_account" if "account" in ctx.path else "source")
        customer, account = ctx.path.get("customer"), ctx.path.get("account")
        made = self.make(ctx, source, customer=customer, account=account, metadata=params.get("metadata"))
        if customer:
            sources.become_default(ctx, customer, made["id"])
        if account and params.get("default_for_currency"):
            sources.make_default_for_currency(ctx, made)
        return made

    def make(
        self,
        ctx: Context,
        source: Any,
        *,
        customer: str | None = None,
        account: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Json:
        """A new bank account of a token or of data, stored and told. Raises StripeError for what is none."""
        number, members = self._of_token(ctx, source) if isinstance(source, str) else self.view(ctx, source)
        made = self.fresh(ctx)
        made |= members | {"customer": customer, "metadata": dict(metadata or {})}
        if account:
            made |= sources.account_members(ctx, made, account, ["standard"])
        ctx.hidden(made)["number"] = number
        ctx.insert(made)
        ctx.emit(sources.event(made, "created"), made)
        return made

    def view(self, ctx: Context, data: Mapping[str, Any]) -> tuple[str, Json]:
        """The account number, and the members of a bank account with this data. Raises StripeError for none."""
        number = str(data.get("account_number") or "").replace(" ", "")
        if not number:
            raise errors.missing_parameter("bank_account[account_number]")
        names = ("account_holder_name", "account_holder_type", "account_type")
        return number, {
            **{name: data.get(name) for name in names},
            "country": data.get("country") or "US",
            "currency": (data.get("currency") or "usd").lower(),
            "fingerprint": methods.fingerprint(ctx, number),
            "last4": number[-4:],
            "routing_number": data.get("routing_number") or ROUTING_NUMBER,
        }

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Change the holder or the metadata, or make it the account's default."""
        self.echo(obj, params)
        if params.get("default_for_currency") and obj.get("account"):
            sources.make_default_for_currency(ctx, obj)
        changed = ctx.save(obj)
        if changed:
            ctx.emit(sources.event(obj, "updated"), obj, changed)
        return obj

    def delete(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Take it from its customer or account."""
        return sources.remove(ctx, obj)

    @action
    def verify(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Verify it by the two deposits: 32 and 45 are right."""
        if obj["status"] == "verified":
            raise errors.invalid("This bank account has already been verified.")
        said = ",".join(str(amount) for amount in sorted(params.get("amounts") or ()))
        if said not in VERIFYING:
            obj["status"] = "verification_failed" if said == "10,11" else obj["status"]
            raise errors.card_error(
                "The amounts provided do not match the amounts that were sent to the bank account.",
                "bank_account_verification_failed",
                keeps_rows=False,
            )
        obj["status"] = "verified"
        ctx.emit("customer.source.updated", obj, ctx.save(obj))
        return obj

    def _of_token(self, ctx: Context, token: str) -> tuple[str, Json]:
        unverified = token == _UNVERIFIED
        named = bank_of_name(VERIFIED_TOKEN if unverified else token)
        if named is not None:
            _, members = self.view(ctx, {"account_number": named.number})
            return named.number, members | {"status": "new" if unverified else "verified"}
        made = ctx.get("token", token, param="source")
        if made["type"] != "bank_account":
            raise errors.invalid(f"The token {token} is not a bank account token.", param="source")
        methods.use_token(ctx, made, "source")
        number = str(ctx.hidden(made).get("number"))
        kept = {name: value for name, value in made["bank_account"].items() if name not in ("id", "object")}
        return number, kept
