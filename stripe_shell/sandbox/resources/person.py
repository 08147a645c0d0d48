"""Persons associated with a connected account."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource

_SECRETS = {
    "id_number": "id_number_provided",
    "id_number_secondary": "id_number_secondary_provided",
    "ssn_last_4": "ssn_last_4_provided",
}


class Person(Resource):
    """`/v1/accounts/{account}/persons`. Identity numbers are not stored, only whether they were provided."""

    object = "person"
    indexed = ("account",)

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: records which identity numbers were provided."""
        _note(obj, params)

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: records which identity numbers were provided."""
        _note(obj, params)


def _note(obj: Json, params: Json) -> None:
    for name, flag in _SECRETS.items():
        if params.get(name):
            obj[flag] = True
