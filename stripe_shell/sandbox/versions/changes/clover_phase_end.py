"""2025-09-30.clover: the computed end of a phase follows the billing cycle."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class ComputedPhaseEnd(VersionChange):
    """A phase of a new schedule ends so many intervals after the phase before it, whatever the billing cycle.

    Entry C5, page: billing-cycle-anchor-resets-during-phase-computation. A phase from 28 February on ends on 28 March,
    although the subscription renews on the 31st. See billing/subscriptions/schedule_phases.py.
    """

    version = "2025-09-30.clover"
    certainty = "A"
    unseen = True
    operations = ("create subscription_schedule",)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Asks for the older computation where a phase has no `end_date`."""
        for phase in params.get("phases") or ():
            if phase.get("end_date") is None:
                phase["counts_anew"] = True
