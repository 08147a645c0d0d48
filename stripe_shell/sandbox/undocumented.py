"""Calls that Stripe's description lacks and that its own command-line tool makes all the same."""

from __future__ import annotations

from typing import Final

from stripe_shell.spec.model import Operation, Shape

_SESSION: Final = Shape("reference", schema="checkout.session")
_AUTHORIZATION: Final = Shape("reference", schema="issuing.authorization")

#: Their parameters are not checked.
OPERATIONS: Final = (
    Operation(
        entity="checkout.session",
        action="retrieve_page",
        id="GetPaymentPagesSession",
        method="GET",
        path="/v1/payment_pages/{session}",
        path_params=("session",),
        params=Shape("any"),
        response=_SESSION,
        path_words={"session": "checkout.session"},
        object_param="session",
    ),
    Operation(
        entity="checkout.session",
        action="confirm_page",
        id="PostPaymentPagesSessionConfirm",
        method="POST",
        path="/v1/payment_pages/{session}/confirm",
        path_params=("session",),
        params=Shape("any"),
        response=_SESSION,
        path_words={"session": "checkout.session"},
        object_param="session",
    ),
    Operation(
        entity="issuing.authorization",
        action="create_test",
        id="PostIssuingCardsCardTestAuthorizations",
        method="POST",
        path="/v1/issuing/cards/{card}/test/authorizations",
        path_params=("card",),
        params=Shape("any"),
        response=_AUTHORIZATION,
        path_words={"card": "issuing.card"},
    ),
)


def match_undocumented(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The call that a request means and the values in its path, or None."""
    segments = path.split("/")
    for operation in OPERATIONS:
        wanted = operation.path.split("/")
        pairs = list(zip(wanted, segments, strict=False))
        if operation.method == method and len(wanted) == len(segments) and all(_fits(*pair) for pair in pairs):
            return operation, {name[1:-1]: value for name, value in pairs if name.startswith("{")}
    return None


def _fits(wanted: str, segment: str) -> bool:
    return segment != "" if wanted.startswith("{") else wanted == segment
