"""Operations that Stripe's OpenAPI description lacks and that the official Stripe CLI uses."""

from __future__ import annotations

from typing import Final, Literal

from stripe_shell.spec.model import Operation, Shape


def _page_call(method: Literal["GET", "POST"], path: str, action: str, name: str) -> Operation:
    """Returns an operation on the payment page of a Checkout Session."""
    return Operation(
        entity="checkout.session",
        action=action,
        id=name,
        method=method,
        path=path,
        path_params=("session",),
        params=Shape("any"),
        response=Shape("reference", schema="checkout.session"),
        path_words={"session": "checkout.session"},
        object_param="session",
    )


#: The operations; their parameters are not validated.
OPERATIONS: Final = (
    _page_call("GET", "/v1/payment_pages/{session}", "retrieve_page", "GetPaymentPagesSession"),
    _page_call("POST", "/v1/payment_pages/{session}/confirm", "confirm_page", "PostPaymentPagesSessionConfirm"),
    Operation(
        entity="issuing.authorization",
        action="create_test",
        id="PostIssuingCardsCardTestAuthorizations",
        method="POST",
        path="/v1/issuing/cards/{card}/test/authorizations",
        path_params=("card",),
        params=Shape("any"),
        response=Shape("reference", schema="issuing.authorization"),
        path_words={"card": "issuing.card"},
    ),
)


def match_undocumented(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """Returns the operation for a method and path, with the path parameters, or None."""
    segments = path.split("/")
    for operation in OPERATIONS:
        wanted = operation.path.split("/")
        pairs = list(zip(wanted, segments, strict=False))
        if (
            operation.method == method
            and len(wanted) == len(segments)
            and all(_segment_matches(*pair) for pair in pairs)
        ):
            return operation, {name[1:-1]: value for name, value in pairs if name.startswith("{")}
    return None


def _segment_matches(expected: str, segment: str) -> bool:
    return segment != "" if expected.startswith("{") else expected == segment
