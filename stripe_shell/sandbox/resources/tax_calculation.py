"""Tax calculations: the tax on line items and shipping, by the customer's address and the account's registrations."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.money import half_up
from stripe_shell.sandbox.billing.tax.rates import EU, LocalTax, local_tax
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.pages import list_object
from stripe_shell.sandbox.objects.resource import Resource

#: General tangible and electronic goods, and shipping: the tax codes of what names none.
_TAX_CODE: Final = "txcd_10000000"
_SHIPPING_CODE: Final = "txcd_92010001"
_LASTS: Final = 90 * 86_400
_NO_DETAILS: Final[Json] = {"address": None, "address_source": None, "ip_address": None, "tax_ids": []}


class TaxCalculation(Resource):
    """`/v1/tax/calculations`."""

    object = "tax.calculation"
    unechoed = ("customer_details", "line_items", "shipping_cost")

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError without a customer or an address, and for two lines with one reference."""
        if not params.get("customer") and not params.get("customer_details"):
            raise errors.missing_parameter("customer_details")
        seen = set()
        for at, line in enumerate(params["line_items"]):
            reference = line.get("reference")
            if reference in seen:
                raise errors.invalid(
                    f"The reference '{reference}' is used by more than one line item. References must be unique across "
                    "the line items of a calculation.",
                    param=f"line_items[{at}][reference]",
                )
            seen |= {reference} - {None, ""}

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets the taxes of its lines, and the totals."""
        details = _customer_details(ctx, params)
        tax = local_tax(ctx, details["address"])
        exempt = details["taxability_override"]
        if exempt == "none" and _is_reverse_charge(ctx, details):
            exempt = "reverse_charge"
        if tax is not None and exempt != "none":
            tax = LocalTax(tax.country, tax.state, tax.percentage, tax.kind, tax.name, tax.level, False)
        reason = _reason(tax, exempt)
        rows = [_line(ctx, given, at, tax, reason) for at, given in enumerate(params["line_items"])]
        shipping = _shipping(params.get("shipping_cost"), tax)
        taxed = [*rows, *([shipping] if shipping else [])]
        sums = {
            kind: sum(row["amount_tax"] for row in taxed if row["tax_behavior"] == kind)
            for kind in ("exclusive", "inclusive")
        }
        obj |= {
            "amount_total": sum(row["amount"] for row in taxed) + sums["exclusive"],
            "customer_details": details,
            "expires_at": ctx.now() + _LASTS,
            "line_items": list_object(f"/v1/tax/calculations/{obj['id']}/line_items", rows),
            "shipping_cost": shipping,
            "tax_amount_exclusive": sums["exclusive"],
            "tax_amount_inclusive": sums["inclusive"],
            "tax_breakdown": _summary(taxed, tax, reason),
            "tax_date": params.get("tax_date") or ctx.now(),
        }


def _customer_details(ctx: Context, params: Json) -> Json:
    given = params.get("customer_details") or {}
    details = {**_NO_DETAILS, "taxability_override": "none", **given}
    customer = ctx.get("customer", params["customer"], param="customer") if params.get("customer") else None
    if customer is not None and not details["address"]:
        shipping = (customer.get("shipping") or {}).get("address")
        details |= {
            "address": shipping or customer["address"],
            "address_source": "shipping" if shipping else "billing" if customer["address"] else None,
        }
    if (details["address"] or {}).get("country"):
        parts = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
        details["address"] = parts | {name: value or None for name, value in details["address"].items()}
    if not (_is_located(details["address"] or {}) or details["ip_address"]):
        raise errors.invalid(
            "We could not determine the customer's tax location based on the provided customer address.",
            code="customer_tax_location_invalid",
            param="customer_details[address]",
        )
    return details


def _is_located(address: Mapping[str, Any]) -> bool:
    """Whether an address is enough to compute taxes (docs.stripe.com/tax/customer-locations#supported-formats)."""
    match address.get("country"):
        case "US":
            return bool(address.get("postal_code"))
        case "CA":
            return bool(address.get("postal_code") or address.get("state"))
        case country:
            return bool(country)


def _is_reverse_charge(ctx: Context, details: Json) -> bool:
    """Whether the customer owes the tax: a business in another country of the EU (docs.stripe.com/tax/zero-tax)."""
    here, there = ctx.get("account", ctx.account)["country"], (details["address"] or {}).get("country")
    business = any(given["type"] == "eu_vat" for given in details["tax_ids"])
    return business and here != there and here in EU and there in EU


def _reason(tax: LocalTax | None, exempt: str) -> str:
    if exempt != "none":
        return exempt
    if tax is None:
        return "not_supported"
    return "standard_rated" if tax.collected else "not_collecting"


def _line(ctx: Context, given: Mapping[str, Any], at: int, tax: LocalTax | None, reason: str) -> Json:
    behaviour = given.get("tax_behavior") or "exclusive"
    code = given.get("tax_code") or _product_code(ctx, given, at) or _TAX_CODE
    amount = given["amount"]
    due = _tax_of(amount, behaviour, tax)
    return ctx.new(
        "tax.calculation_line_item",
        amount=amount,
        amount_tax=due,
        metadata=given.get("metadata") or None,
        product=given.get("product"),
        quantity=given.get("quantity") or 1,
        reference=given.get("reference") or f"L{at + 1}",
        tax_behavior=behaviour,
        tax_breakdown=[_breakdown(amount, due, behaviour, tax, reason)],
        tax_code=code,
    )


def _product_code(ctx: Context, given: Mapping[str, Any], at: int) -> str | None:
    if not given.get("product"):
        return None
    code: str | None = ctx.get("product", given["product"], param=f"line_items[{at}][product]")["tax_code"]
    return code


def _shipping(given: Mapping[str, Any] | None, tax: LocalTax | None) -> Json | None:
    if not given:
        return None
    behaviour, amount = given.get("tax_behavior") or "exclusive", given.get("amount") or 0
    rate = {"shipping_rate": given["shipping_rate"]} if given.get("shipping_rate") else {}
    return {
        "amount": amount,
        "amount_tax": _tax_of(amount, behaviour, tax),
        **rate,
        "tax_behavior": behaviour,
        "tax_code": given.get("tax_code") or _SHIPPING_CODE,
    }


def _tax_of(amount: int, behaviour: str, tax: LocalTax | None) -> int:
    rate = tax.rate if tax is not None else Fraction(0)
    return half_up(amount * rate / (1 + rate) if behaviour == "inclusive" else amount * rate)


def _breakdown(amount: int, due: int, behaviour: str, tax: LocalTax | None, reason: str) -> Json:
    """Returns the tax of one line, with its jurisdiction and rate."""
    net = amount - due if behaviour == "inclusive" else amount
    place = {
        "country": tax.country if tax else "US",
        "display_name": (tax.state or tax.country) if tax else "US",
        "level": tax.level if tax else "country",
        "state": tax.state if tax else None,
    }
    rate = {"display_name": tax.name, "percentage_decimal": tax.percentage, "tax_type": tax.kind} if tax else None
    return {
        "amount": due,
        "jurisdiction": place,
        "sourcing": "destination",
        "tax_rate_details": rate if tax is not None and tax.collected else None,
        "taxability_reason": reason,
        "taxable_amount": net if reason == "standard_rated" else 0,
    }


def _summary(taxed: list[Json], tax: LocalTax | None, reason: str) -> list[Json]:
    """Returns the `tax_breakdown` of the whole calculation: one entry for each behaviour."""
    found = []
    for behaviour in ("exclusive", "inclusive"):
        rows = [row for row in taxed if row["tax_behavior"] == behaviour]
        if rows:
            due, amount = sum(row["amount_tax"] for row in rows), sum(row["amount"] for row in rows)
            collected = tax is not None and tax.collected
            found.append(
                {
                    "amount": due,
                    "inclusive": behaviour == "inclusive",
                    "tax_rate_details": {
                        "country": tax.country if tax else None,
                        "flat_amount": None,
                        "percentage_decimal": tax.percentage if tax is not None and collected else "0.0",
                        "rate_type": "percentage",
                        "state": tax.state if tax else None,
                        "tax_type": tax.kind if tax is not None and collected else None,
                    },
                    "taxability_reason": reason,
                    "taxable_amount": (amount - due if behaviour == "inclusive" else amount) if collected else 0,
                }
            )
    return found
