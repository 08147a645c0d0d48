"""Traits of the key's own account: country, age, capabilities, and what only older accounts at Stripe may do.

Stripe serves card tokens on `/v1/charges`, and raw card numbers, to accounts that did so before; a new account is
refused. The default serves both. `legacy` is such an older account, `new` one of today.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import AccountPrivate
from stripe_shell.sandbox.payments.transfers import on_account

from . import countries
from .own import own_account

PRESETS: Final[Mapping[str, Json]] = {
    "legacy": {"age": 3650, "card_tokens": True, "raw_card_data": True},
    "new": {"age": 0, "card_tokens": False, "raw_card_data": False},
}
_FLAGS: Final = ("card_tokens", "raw_card_data")
_NAMES: Final = ("age", "capabilities", "country", *_FLAGS)
_DAY: Final = 86_400
_STATUSES: Final = ("active", "inactive", "pending")


def parse_traits(text: str) -> Json:
    """Returns the traits of a text such as `legacy,country=DE`. Raises ValueError for what is none.

    `age` is in days; `capabilities` are names joined by `+`.
    """
    traits: Json = {}
    for word in filter(None, (part.strip() for part in text.split(","))):
        name, sign, value = word.partition("=")
        if not sign:
            if name not in PRESETS:
                raise ValueError(f"`{name}` is no kind of account; there are {' and '.join(PRESETS)}")
            traits |= PRESETS[name]
        elif name in _FLAGS:
            traits[name] = {"true": True, "false": False}.get(value, value)
        elif name == "age":
            traits[name] = int(value) if value.isdecimal() else value
        else:
            traits[name] = value.split("+") if name == "capabilities" else value
    return checked_traits(traits)


def checked_traits(given: Mapping[str, Any]) -> Json:
    """Returns the traits as they are stored; a `kind` is replaced by its traits. Raises ValueError for invalid ones."""
    kind = given.get("kind")
    if kind is not None and kind not in PRESETS:
        raise ValueError(f"`{kind}` is no kind of account; there are {' and '.join(PRESETS)}")
    traits = {**PRESETS.get(str(kind), {}), **{name: value for name, value in given.items() if name != "kind"}}
    for name, value in traits.items():
        if name not in _NAMES:
            raise ValueError(f"`{name}` is no trait of an account; there are {', '.join(_NAMES)}")
        if name in _FLAGS and not isinstance(value, bool):
            raise ValueError(f"{name} is true or false")
        if name == "age" and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 36_500):
            raise ValueError("age is a number of days, at most 36500")
    if "country" in traits:
        traits["country"] = str(traits["country"]).upper()
        if not countries.is_known(traits["country"]):
            raise ValueError(f"country: Stripe has no accounts in `{traits['country']}`; such a country is DE")
    if "capabilities" in traits:
        traits["capabilities"] = _checked_capabilities(traits["capabilities"])
    return traits


def set_traits(ctx: Context, traits: Mapping[str, Any]) -> Json:
    """Stores traits of the key's own account beside those it has, and returns the account as it is then.

    Raises ValueError for a capability that Stripe does not know.
    """
    known = ctx.table.schema("account_capabilities").fields
    unknown = next((name for name in traits.get("capabilities") or () if name not in known), None)
    if unknown is not None:
        raise ValueError(f"`{unknown}` is no capability, such as card_payments")
    account = ctx.find("account", ctx.account)
    if account is None:
        account = own_account(ctx)
        ctx.insert(account)
    private = ctx.private(account, AccountPrivate)
    private["traits"] = {**(private.get("traits") or {}), **traits}
    _show(ctx, account, traits)
    ctx.save(account)
    return account


def has_trait(ctx: Context, name: str) -> bool:
    """Whether the account of the API key has a trait that is true or false; without any word on it, it has."""
    platform = on_account(ctx, ctx.platform)
    account = platform.find("account", ctx.platform)
    traits = platform.private(account, AccountPrivate).get("traits") if account is not None else None
    return bool((traits or {}).get(name, True))


def default_currency(ctx: Context) -> str:
    """Returns the default currency of the account that the request runs on."""
    return str(ctx.get("account", ctx.account)["default_currency"])


def check_raw_card_data(ctx: Context) -> None:
    """Raises StripeError (402) on an account that may not send card numbers."""
    if not has_trait(ctx, "raw_card_data"):
        raise errors.invalid(
            "Sending credit card numbers directly to the Stripe API is generally unsafe. We suggest you use test "
            "tokens that map to the test card you are using, see https://stripe.com/docs/testing. To enable testing "
            "raw card data APIs, see "
            "https://support.stripe.com/questions/enabling-access-to-raw-card-data-apis.",
            status=402,
        )


def _checked_capabilities(given: Any) -> Json:
    if isinstance(given, list):
        given = dict.fromkeys(map(str, given), "active")
    if not isinstance(given, dict) or not all(status in _STATUSES for status in given.values()):
        raise ValueError(f"capabilities are a list of names, or names with {', '.join(_STATUSES)}")
    return given


def _show(ctx: Context, account: Json, traits: Mapping[str, Any]) -> None:
    """Mutates `account`: shows the traits in its members."""
    if "country" in traits:
        account |= {"country": traits["country"], "default_currency": countries.currency_of(traits["country"])}
    if "age" in traits:
        account["created"] = ctx.now() - traits["age"] * _DAY
    if "capabilities" in traits:
        active = [name for name, status in traits["capabilities"].items() if status == "active"]
        account |= {
            "capabilities": dict(traits["capabilities"]),
            "charges_enabled": any(name.endswith("_payments") for name in active),
            "payouts_enabled": "transfers" in active,
        }
