"""The sign and the colour of a state: active, waiting, ended, or in need of attention."""

from __future__ import annotations

from stripe_shell.render.cells import DIM, GREEN, RED, YELLOW, paint

_WAITING = frozenset(
    """trialing incomplete processing pending in_transit not_started open draft requires_action requires_capture
    requires_confirmation requires_payment_method paused restricted under_review warning_needs_response
    warning_under_review unverified no_payment_required advancing""".split()  # noqa: SIM905
)
_ENDED = frozenset(
    """canceled cancelled incomplete_expired void archived expired deleted inactive disabled released completed
    warning_closed reversed refunded charge_refunded closed""".split()  # noqa: SIM905
)
_BAD = frozenset("past_due unpaid uncollectible failed lost needs_response disputed delinquent blocked".split())  # noqa: SIM905


def sign(state: str) -> str:
    """Returns the sign of a state: `●` active, `◐` waiting, `○` ended, `▲` in need of attention."""
    return "▲" if state in _BAD else "◐" if state in _WAITING else "○" if state in _ENDED else "●"


def state_style(state: str) -> str:
    """Returns the SGR style of a state."""
    return RED if state in _BAD else YELLOW if state in _WAITING else DIM if state in _ENDED else GREEN


def painted_state(state: str, color: bool) -> str:
    """Returns the state in its colour."""
    return paint(state, state_style(state), color)
