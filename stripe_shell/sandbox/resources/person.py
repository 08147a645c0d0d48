"""Persons associated with a connected account."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import PersonPrivate, TokenPrivate
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import transfers
from stripe_shell.sandbox.payments.accounts import persons, requirements, state, verification

#: Identity numbers, and the flags that say that they were given.
_NUMBERS: Final = {
    "id_number": "id_number_provided",
    "id_number_secondary": "id_number_secondary_provided",
    "ssn_last_4": "ssn_last_4_provided",
}


class Person(Resource):
    """`/v1/accounts/{account}/persons`. Identity numbers are not stored, only whether they were provided."""

    object = "person"
    indexed = ("account",)
    unechoed: ClassVar = (*_NUMBERS, "person_token")

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates a person, and counts the state of the account in the path anew."""
        account = ctx.get("account", ctx.path["account"], status=404)
        keeper = transfers.on_account(ctx, ctx.platform)
        obj = self.make(keeper, account, params)
        state.refresh_by_id(ctx, account["id"])
        return obj

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Updates a person, and counts the state of the account anew."""
        keeper = transfers.on_account(ctx, ctx.platform)
        self.change(keeper, obj, params)
        state.refresh_by_id(ctx, obj["account"])
        return obj

    def delete(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Deletes a person. Raises StripeError for the one that an individual's account is about."""
        keeper = transfers.on_account(ctx, ctx.platform)
        account = keeper.get("account", obj["account"])
        if account["business_type"] == "individual" and requirements.is_representative(obj):
            raise errors.invalid("You cannot delete the person that represents an individual's account.")
        last = dict(obj)
        remains = keeper.delete(obj)
        transfers.on_account(ctx, obj["account"]).emit("person.deleted", last)
        state.refresh_by_id(ctx, obj["account"])
        return remains

    def make(self, ctx: Context, account: Json, params: Json) -> Json:
        """Creates, stores and returns a person of an account, and emits `person.created`."""
        _use_token(ctx, params)
        obj = persons.new_person(ctx, account)
        self._take(ctx, obj, params)
        ctx.insert(obj)
        transfers.on_account(ctx, account["id"]).emit("person.created", obj)
        return obj

    def change(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates and saves a person, and emits `person.updated`."""
        _use_token(ctx, params)
        self._take(ctx, obj, params)
        changed = ctx.save(obj)
        if changed:
            transfers.on_account(ctx, obj["account"]).emit("person.updated", obj, changed)

    def take_individual(self, ctx: Context, account: Json, given: Json) -> None:
        """Creates or changes the person that an account's parameter `individual` is about: its representative."""
        known = ctx.all("person", account=account["id"])
        found = next(filter(requirements.is_representative, known), None)
        if found is None:
            relationship = {"representative": True} | (given.get("relationship") or {})
            self.make(ctx, account, {**given, "relationship": relationship})
        else:
            self.change(ctx, found, given)

    def _take(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: copies the parameters; of the identity numbers, only that they were given."""
        self.echo(obj, params)
        private = ctx.private(obj, PersonPrivate)
        for name, flag in _NUMBERS.items():
            if params.get(name):
                obj[flag] = True
                if name != "id_number_secondary":
                    private["id_number"] = verification.outcome_of_number(params[name])
        given: Any = params.get("verification") or {}
        if (given.get("document") or {}).get("front"):
            private["document"] = verification.outcome_of_document(given["document"]["front"])
        if (given.get("additional_document") or {}).get("front"):
            private["additional_document"] = verification.outcome_of_document(given["additional_document"]["front"])


def _use_token(ctx: Context, params: Json) -> None:
    """Mutates `params`: adds the data of a person token. Raises StripeError for an unknown one."""
    if params.get("person_token"):
        token = ctx.get("token", params.pop("person_token"), param="person_token")
        params.update(ctx.private(token, TokenPrivate).get("data") or {})
