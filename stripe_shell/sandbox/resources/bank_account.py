"""Bank accounts: sources of customers, verified by microdeposits, and external accounts of accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.private_fields import MethodPrivate
from stripe_shell.sandbox.payments import legacy_sources, payment_methods
from stripe_shell.sandbox.payments.accounts.countries import currency_of
from stripe_shell.sandbox.payments.test_banks import BANK_NAME, ROUTING_NUMBER, VERIFIED_TOKEN, VERIFYING, bank_of_name

#: The test token of an unverified bank account.
_UNVERIFIED: Final = "btok_us"


class BankAccount(legacy_sources.AttachedSource):
    """`/v1/customers/{customer}/sources`, `…/bank_accounts`, `/v1/accounts/{account}/external_accounts`."""

    object = "bank_account"
    event_prefix = "customer.source"
    absent = ("account", "available_payout_methods", "default_for_currency", "future_requirements", "requirements")
    defaults: ClassVar = {"bank_name": BANK_NAME, "status": "new"}

    def fill(self, ctx: Context, obj: Json, source: Any, customer: str | None, account: str | None) -> str | None:
        """Mutates `obj`: copies the bank account of a token or of data. Returns the account number."""
        number, members = self._of_token(ctx, source) if isinstance(source, str) else self.view(ctx, source)
        obj |= members | {"customer": customer}
        return number

    def view(self, ctx: Context, data: Mapping[str, Any]) -> tuple[str, Json]:
        """Returns the account number and the members of a bank account. Raises StripeError without a number."""
        number = str(data.get("account_number") or "").replace(" ", "")
        if not number:
            raise errors.missing_parameter("bank_account[account_number]")
        names = ("account_holder_name", "account_holder_type", "account_type")
        country = data.get("country") or "US"
        return number, {
            **{name: data.get(name) for name in names},
            "country": country,
            "currency": (data.get("currency") or currency_of(country)).lower(),
            "fingerprint": payment_methods.fingerprint(ctx, number),
            "last4": number[-4:],
            "routing_number": data.get("routing_number") or (None if number[:2].isalpha() else ROUTING_NUMBER),
        }

    @action
    def verify(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Verifies the account by the amounts of two microdeposits: 32 and 45 in test mode. Saves it."""
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
        stored = ctx.get("token", token, param="source")
        if stored["type"] != "bank_account":
            raise errors.invalid(f"The token {token} is not a bank account token.", param="source")
        payment_methods.use_token(ctx, stored, "source")
        number = str(ctx.private(stored, MethodPrivate).get("number"))
        kept = {name: value for name, value in stored["bank_account"].items() if name not in ("id", "object")}
        return number, kept
