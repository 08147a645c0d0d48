"""Standard rates of sales taxes by country, and of US states, and whether an account is registered there.

Stripe computes rates by address and product; the sandbox knows the standard rate of a country (2026) and the base rate
of a state, without counties and cities.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from stripe_shell.records import record
from stripe_shell.sandbox.objects.context import Context, Json

_VAT: Final[Mapping[str, str]] = {
    "AT": "20",
    "BE": "21",
    "BG": "20",
    "CH": "8.1",
    "CY": "19",
    "CZ": "21",
    "DE": "19",
    "DK": "25",
    "EE": "24",
    "ES": "21",
    "FI": "25.5",
    "FR": "20",
    "GB": "20",
    "GR": "24",
    "HR": "25",
    "HU": "27",
    "IE": "23",
    "IT": "22",
    "LT": "21",
    "LU": "17",
    "LV": "21",
    "MT": "18",
    "NL": "21",
    "NO": "25",
    "PL": "23",
    "PT": "23",
    "RO": "21",
    "SE": "25",
    "SI": "22",
    "SK": "23",
    "ZA": "15",
}
#: The countries of the European Union: those with VAT but Switzerland, Norway, the United Kingdom and South Africa.
EU: Final = frozenset(_VAT) - {"CH", "GB", "NO", "ZA"}
_GST: Final[Mapping[str, str]] = {"AU": "10", "CA": "5", "IN": "18", "NZ": "15", "SG": "9"}
_CONSUMPTION_TAX: Final[Mapping[str, str]] = {"JP": "10"}
_STATES: Final[Mapping[str, str]] = {
    "AZ": "5.6",
    "CA": "7.25",
    "CO": "2.9",
    "FL": "6",
    "GA": "4",
    "IL": "6.25",
    "MA": "6.25",
    "MI": "6",
    "NC": "4.75",
    "NJ": "6.625",
    "NV": "6.85",
    "NY": "4",
    "OH": "5.75",
    "PA": "6",
    "TN": "7",
    "TX": "6.25",
    "UT": "4.85",
    "VA": "4.3",
    "WA": "6.5",
}


@record
class LocalTax:
    """The tax of a location: `percentage` as text, `kind` as Stripe's `tax_type`, and where it is levied.

    `collected` says whether the account has a registration there.
    """

    country: str
    state: str | None
    percentage: str
    kind: str
    name: str
    level: str
    collected: bool

    @property
    def rate(self) -> Fraction:
        """The rate as a fraction of the net amount, 0 where the account does not collect."""
        return Fraction(self.percentage) / 100 if self.collected else Fraction(0)


def local_tax(ctx: Context, address: Mapping[str, Any] | None) -> LocalTax | None:
    """Returns the tax at an address; None where the sandbox knows no rate."""
    country, state = (str((address or {}).get(name) or "") for name in ("country", "state"))
    if country == "US":
        if state not in _STATES:
            return None
        collected = _is_registered(ctx, "US", state)
        return LocalTax("US", state, _STATES[state], "sales_tax", "Sales Tax", "state", collected)
    for rates, kind, name in (
        (_VAT, "vat", "VAT"),
        (_GST, "gst", "GST"),
        (_CONSUMPTION_TAX, "jct", "Consumption Tax"),
    ):
        if country in rates:
            return LocalTax(country, None, rates[country], kind, name, "country", _is_registered(ctx, country, None))
    return None


def _is_registered(ctx: Context, country: str, state: str | None) -> bool:
    return any(_is_active(ctx, each, state) for each in ctx.iterate("tax.registration") if each["country"] == country)


def _is_active(ctx: Context, registration: Json, state: str | None) -> bool:
    now = ctx.now()
    ends = registration["expires_at"]
    stated = ((registration["country_options"] or {}).get("us") or {}).get("state")
    return registration["active_from"] <= now and (ends is None or ends > now) and (state is None or stated == state)
