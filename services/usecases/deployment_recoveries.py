"""Which deployment a recovery is about, and which recoveries a deployment had: both are told from what each keeps."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.domain.deployment.event import Rollout
from services.domain.operation import Operation, State
from services.ports import Store
from services.usecases.deployment_requests import OF
from services.usecases.deployment_reviews import by_stack
from services.usecases.deployment_steps import split

KIND = "recover"
RECENT = 20
"""Among so many of the newest deployments of an environment the one is looked for that a recovery is about."""
ROWS = 100
_EVENTS = 2000
_AMISS = (State.RUNNING, State.STUCK, State.FAILED)


def recovered(store: Store, environment: str, stack: str) -> Operation | None:
    """The deployment whose rollout of a stack there is to recover from: the newest that began with the stack. None when
    that one went well, or when the stack was changed from outside since: then what failed was not Haven's."""
    recent = store.operations.list(environment=environment, kind="deploy", limit=RECENT)
    found = next((each for each in recent if _began_with(each, stack)), None)
    if found is None or found.state not in _AMISS:
        return None
    own = by_stack(store.stack_events.of(environment, stack, limit=_EVENTS)).get(stack, ())
    return None if own and _foreign(own[-1], found) else found


def recoveries(store: Store, environment: str, since: datetime) -> Mapping[str, Sequence[Operation]]:
    """By deployment its recoveries, oldest first, of those that were asked for since a time."""
    found: dict[str, list[Operation]] = {}
    before: datetime | None = None
    while True:
        part = store.operations.list(environment=environment, kind=KIND, before=before, limit=ROWS)
        for each in part:
            if each.wants(OF) and each.requested_at >= since:
                found.setdefault(each.wants(OF), []).insert(0, each)
        if len(part) < ROWS or part[-1].requested_at < since:
            return found
        before = part[-1].requested_at


def _began_with(operation: Operation, stack: str) -> bool:
    """Whether a deployment came as far as this stack, with something sent."""
    names = {operation.step, *(name for name, _ in operation.seen)}
    return operation.irreversible and any(split(name)[1] == stack for name in names)


def _foreign(rollout: Rollout, operation: Operation) -> bool:
    """Whether the newest change of a stack is somebody else's, begun after the deployment had ended."""
    ended = operation.finished_at
    return not rollout.ours and ended is not None and rollout.began_at > ended
