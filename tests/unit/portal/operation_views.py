"""Operations as the live page gets them: with the real steps of a failover, and a trail."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from services.domain.event import CloudEvent
from services.domain.failover.steps import steps_for
from services.domain.operation import Operation, Sent, State
from services.domain.snapshot import Snapshot
from services.usecases.operations import OperationView, step_views
from tests import builders as b

WANTED = {
    "expected_zone": b.ZONES[0],
    "expected_primary": "production-app",
    "to_zone": b.ZONES[1],
    "expected_seconds": "24",
    "expected_low": "17",
    "expected_high": "31",
    "expected_source": "The median of 11 failovers.",
    "budget_seconds": "1296",
    "budget_left": "836",
    "commands": "aws rds reboot-db-instance --force-failover\naws rds describe-events",
}
PROBED = (("baseline_zone", b.ZONES[0]), ("baseline_accepts", "yes"))


def failover(state: State, sent: Sent = Sent.NO, ago: float = 20, **changes: Any) -> Operation:
    """A failover of production-app that was sent some seconds before `NOW`, if it was sent."""
    values: dict[str, Any] = {
        "wanted": tuple(WANTED.items()),
        "requested_by": "operator",
        "requested_at": b.NOW - timedelta(minutes=10),
        "sent": sent,
        "sent_at": None if sent is Sent.NO else b.NOW - timedelta(seconds=ago),
        "receipt": "6c1e-a09f" if sent is Sent.YES else "",
    }
    if sent is not Sent.NO:
        values |= {"step": "fail-over", "step_since": values["sent_at"], "notes": PROBED}
    if state not in (State.AWAITING_APPROVAL, State.REQUESTED):
        values["started_at"] = b.NOW - timedelta(seconds=ago + 5)
    return b.operation("op-1", state=state, **(values | changes))


def view(operation: Operation, events: Sequence[CloudEvent] = (), snapshot: Snapshot | None = None) -> OperationView:
    """Everything around it; events newest first."""
    trail = (b.trail_entry(operation.id, sentence=f"{operation.requested_by} asked for it."),)
    steps = step_views(operation, steps_for(operation.target_kind, name=operation.target, region="us-east-1"))
    return OperationView(operation, trail, steps, tuple(events), snapshot or b.snapshot())
