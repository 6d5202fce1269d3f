"""What the last step of a deployment still waits for: by the facts it is judged on, for people to read meanwhile."""

from collections.abc import Sequence

from services.domain.deployment.plan import Plan
from services.domain.finding import Finding
from services.domain.findings import findings
from services.domain.operation import Operation, State
from services.domain.snapshot import Snapshot
from services.domain.status import Status
from services.ports import Store
from services.usecases.deployment_facts import amiss, judged_on
from services.usecases.deployment_shapes import Verifying
from services.usecases.deployment_steps import VERIFIED

_TROUBLE = (Status.DOWN, Status.DEGRADED)


def verifying(store: Store, plan: Plan, operation: Operation) -> Verifying | None:
    """What the newest reading shows, by the rule of the step itself; None unless the deployment is at that step."""
    if operation.step != VERIFIED or operation.state not in (State.RUNNING, State.STUCK):
        return None
    newest = store.snapshots.newest(operation.environment)
    if newest is None or not judged_on(newest, operation):
        return Verifying(None)
    kept = store.snapshots.at(operation.environment, operation.started_at or operation.requested_at)
    return Verifying(newest.taken_at, amiss(newest, plan), _new(kept[1], newest) if kept else ())


def _new(before: Snapshot, now: Snapshot) -> Sequence[Finding]:
    known = {each.id for each in findings(before)}
    return [each for each in findings(now) if each.id not in known and each.status in _TROUBLE]
