"""Tax ids of customers and of the account."""

from __future__ import annotations

import re

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.listing import ListFilters, ListPage, equal
from stripe_shell.sandbox.objects.resource import Resource

#: Verification status by the test values of tax ids.
_VERIFICATIONS = {"000000000": "verified", "111111111": "unverified", "222222222": "pending"}

_FORMATS = {
    "au_abn": r"\d{11}",
    "br_cnpj": r"\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}",
    "br_cpf": r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}",
    "ca_bn": r"\d{9}",
    "ch_vat": r"CHE-?\d{3}\.?\d{3}\.?\d{3} ?(MWST|TVA|IVA)?",
    "eu_vat": r"(AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)[A-Z0-9+*]{2,13}",
    "gb_vat": r"(GB|XI)?(\d{9}|\d{12}|(GD|HA)\d{3})",
    "in_gst": r"\d{2}[A-Z]{5}\d{4}[A-Z][A-Z0-9]{3}",
    "jp_cn": r"\d{13}",
    "no_vat": r"\d{9}(MVA)?",
    "nz_gst": r"\d{8,9}",
    "us_ein": r"\d{2}-?\d{7}",
    "za_vat": r"4\d{9}",
}


class TaxId(Resource):
    """`/v1/customers/{customer}/tax_ids`, and `/v1/tax_ids` for the account's own."""

    object = "tax_id"
    event_prefix = "customer.tax_id"
    indexed = ("customer",)
    unechoed = ("owner",)

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates a tax id for the customer in the path, for `owner`, or for the account."""
        owner = params.get("owner") or {}
        customer = ctx.path.get("customer") or owner.get("customer")
        found = ctx.get("customer", customer, param="owner[customer]") if customer else None
        return self.make(ctx, found, params)

    def make(self, ctx: Context, customer: Json | None, data: Json) -> Json:
        """Creates and stores a tax id of a customer, or of the account if None. Raises StripeError for a bad format."""
        value, kind = data["value"], data["type"]
        pattern = _FORMATS.get(kind)
        if pattern and value not in _VERIFICATIONS and not re.fullmatch(pattern, value.replace(" ", ""), re.IGNORECASE):
            raise errors.invalid(f"Invalid value for {kind}.", code="tax_id_invalid", param="value")
        tax_id = self.new(ctx)
        tax_id |= {"type": kind, "value": value, "country": _country(kind, value), "owner": {"type": "self"}}
        tax_id["verification"] = {
            "status": _VERIFICATIONS.get(value, "pending"),
            "verified_address": None,
            "verified_name": None,
        }
        if customer is not None:
            tax_id |= {"customer": customer["id"], "owner": {"type": "customer", "customer": customer["id"]}}
        ctx.insert(tax_id)
        if customer is not None:
            ctx.emit("customer.tax_id.created", tax_id)
        return tax_id

    def delete(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Deletes the tax id."""
        remains = ctx.delete(obj)
        if obj["customer"]:
            ctx.emit("customer.tax_id.deleted", obj)
        return remains

    def list_page(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of the tax ids of the customer in the path or of `owner`, by default the account's own."""
        if not ctx.path and "owner" not in params:
            params = {**params, "owner": {"type": "self"}}
        return super().list_page(ctx, params)

    def filter_owner(self, ctx: Context, value: Json, filters: ListFilters) -> None:
        """Filters by owner. Raises StripeError for an unknown customer."""
        if value.get("customer"):
            ctx.get("customer", value["customer"], param="owner[customer]")
            filters.add_link("customer", value["customer"])
        filters.where.append(equal("owner.type", value["type"]))


def _country(kind: str, value: str) -> str | None:
    """Returns the country of a tax id: from its type, or for the European Union from its value."""
    if kind == "eu_vat":
        prefix = value[:2].upper()
        return {"EL": "GR"}.get(prefix, prefix) if prefix.isalpha() else None
    country = kind.partition("_")[0].upper()
    return None if country == "EU" else country
