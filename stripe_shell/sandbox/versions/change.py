"""The base class of a version change: what a version of the API changed in requests and answers."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from stripe_shell.sandbox.objects.context import Answer, Context

Json = dict[str, Any]

#: Labels of entries in the source of the facts, which are for developers.
_ENTRY = re.compile(r" \((?:entry|entries) [^)]*\)")


class VersionChange:
    """One change that a version made. A subclass in `changes/` has the methods that the change needs.

    `version` made the change, so that versions before it need it undone. `kinds` are the objects whose answers it
    changes, `operations` the requests (`create subscription`). `certainty` is `A` where a machine-made difference and
    a page of the documentation agree, `B` for one source, `C` for an inference; the docstring says what changed, with
    the slug of the page of docs.stripe.com/changelog where there is one.
    """

    version: ClassVar[str]
    certainty: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]] = ()
    operations: ClassVar[tuple[str, ...]] = ()
    #: Operations that are gone, with those that answer for them: `("upcoming invoice", "create_preview invoice")`.
    successors: ClassVar[tuple[tuple[str, str], ...]] = ()
    #: Parameters that the resources themselves take in older forms, so that nothing needs to be carried.
    accepted: ClassVar[tuple[str, ...]] = ()
    #: Parameters as errors of today name them, with the older names: `("discounts[0][coupon]", "coupon")`.
    names: ClassVar[tuple[tuple[str, str], ...]] = ()
    #: Operations whose requests of this version and later ones are refused where they still have what is gone.
    refused: ClassVar[tuple[str, ...]] = ()
    #: Whether no table shows the change: a default, a refusal, or what Stripe does by itself.
    unseen: ClassVar[bool] = False
    #: Whether `accepted` are parameters of many operations, which no list of changes names.
    anywhere: ClassVar[bool] = False
    #: Whether a request may still have it where nobody chose the version, as scripts for older versions do.
    spares_default: ClassVar[bool] = True

    def refuses(self, operation: str, form: str | None) -> bool:
        """Whether requests of an operation, whose response has this `Shape.form`, go through `refuse_request`."""
        return operation in self.refused

    def refuse_request(self, operation: str, params: Json) -> None:
        """Raises StripeError for what the version of the change no longer takes. `params` are not validated yet."""

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Mutates `params`: a request of before the change becomes one of after it. Raises StripeError."""

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Mutates an object: the form of after the change becomes the one of before it."""

    def answer(self, ctx: Context, operation: str, found: Answer) -> Answer:
        """Returns what an operation of before the change answers, given the answer of its successor."""
        return found


def summary_of(change: VersionChange) -> str:
    """Returns the first paragraph of a change's docstring, in one line and without the labels of entries."""
    told = (type(change).__doc__ or "").strip().split("\n\n")[0]
    return _ENTRY.sub("", " ".join(told.split()))
